using System.Text.Json.Nodes;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Runs;

/// <summary>Whether and how the run in a folder can go on.</summary>
/// <param name="folder">As it is called.</param>
/// <param name="before">Its run.json.</param>
/// <param name="found">Its experiment.json.</param>
internal sealed class ResumeRules(string folder, RunRecord before, Experiment found)
{
    /// <summary>Refuses a run that has nothing to go on to, and a horizon that it has passed.</summary>
    /// <exception cref="ConfigurationException">It says why.</exception>
    public void Check(double? horizon)
    {
        if (before.Status == RunStatus.Diverged)
            throw new ConfigurationException(Text.Of($"{folder}: the run in it diverged at t = {before.TimeReached:G6} and would again; ")
                + "change the experiment and start anew with --overwrite.");
        if (horizon is not { } until) return;
        if (until < found.Time.Horizon)
            throw new ConfigurationException(Text.Of($"--until-time {until}: the run in {folder} is to t = {found.Time.Horizon} ")
                + "and can only be made longer.");
        if (found.Redraw is { } redraw && !redraw.IsAt(until))
            throw new ConfigurationException(Text.Of($"--until-time {until}: this is no multiple of $.time.redraw, {redraw.Interval}."));
        if (before.Reason is null && Extended(until) is { } extended && ExperimentRules.TooManyTimes(extended) is { } times)
            throw new ConfigurationException(Text.Of($"--until-time {until}: the recording times would go on by the same rule, to ")
                + Text.Of($"{times:G2} of them; at most {ExperimentRules.MostTimes:G2} are written. A new run can have fewer, see the ")
                + "law \"snapshot\".");
        if (before.Reason is { } reason)
            throw new ConfigurationException(Text.Of($"--until-time {until}: the run in {folder} ended at t = {before.TimeReached:G6} ")
                + $"because {reason}, as $.time.until asks.");
    }

    /// <summary>Refuses an experiment that is not that of the folder.</summary>
    /// <exception cref="ConfigurationException">It names the first key that differs.</exception>
    public void CheckSame(Experiment asked, int threads)
    {
        // As the run in the folder was resolved.
        string device = asked.Device == "auto" ? found.Device : asked.Device;
        using PreparedRun run = PreparedRun.Of(asked with { Device = device }, threads, out _);
        (Experiment copied, IReadOnlyList<InputCopy> inputs) = InputFiles.Copied(run.Experiment with
        {
            Time = run.Experiment.Time with { Horizon = found.Record.Horizons is { Count: > 0 } ? found.Time.Horizon : asked.Time.Horizon },
            Record = run.Experiment.Record with { Horizons = found.Record.Horizons },
            Title = found.Title, // says nothing of the numbers
        });
        JsonNode given = JsonNode.Parse(ExperimentReader.Write(copied))!;
        JsonNode here = JsonNode.Parse(ExperimentReader.Write(InputFiles.Copied(found).Experiment))!;
        if (Difference("$", here, given) is { } difference)
            throw new ConfigurationException($"{folder}: the run in it is of another experiment: {difference}; give it another --out, or "
                + "--overwrite.");
        foreach (InputCopy input in inputs)
            if (!before.Files.Any(f => f.IsOf(input)))
                throw new ConfigurationException($"{folder}: the run in it has read another {input.Source}, see its {input.Name}; "
                    + "give it another --out, or --overwrite.");
    }

    /// <summary>The experiment with a later horizon; null where it stays.</summary>
    public Experiment? Extended(double? horizon) => Extended(found, horizon);

    /// <summary>An experiment with a later horizon; null where it stays.</summary>
    public static Experiment? Extended(Experiment found, double? horizon) => !(horizon > found.Time.Horizon) ? null : found with
    {
        Time = found.Time with { Horizon = horizon.Value },
        Record = found.Record with { Horizons = [.. found.Record.Horizons ?? [], found.Time.Horizon] },
    };

    private static string? Difference(string path, JsonNode? here, JsonNode? given)
    {
        if (JsonNode.DeepEquals(here, given)) return null;
        if (here is JsonObject a && given is JsonObject b)
            foreach (string key in a.Select(p => p.Key).Union(b.Select(p => p.Key)))
                if (Difference($"{path}.{key}", a[key], b[key]) is { } inner) return inner;
        string other = path == "$.time.horizon" ? " (--until-time makes a run longer)" : "";
        return $"{path} is {Text(here)} there and {Text(given)} here{other}";

        static string Text(JsonNode? value) => Quoted.Short(value?.ToJsonString() ?? "null");
    }
}
