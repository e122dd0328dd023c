using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>run</c>: one experiment into a folder.</summary>
public static class RunCommand
{
    /// <summary>The command.</summary>
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string> file = new("FILE|NAME") { Description = "An experiment file, or the name of a stored one ('attentionflow list')." };
        Option<string[]> set = new("--set") { Description = "path=value: sets a key of the experiment, for example interaction.beta=2; may be repeated.", HelpName = "path=value" };
        Option<ulong?> seed = new("--seed")
        {
            Description = "Seed; the same as --set seed=N.", HelpName = "N",
            CustomParser = result => OptionValues.Whole(result, ulong.MaxValue) ?? OptionValues.Refuse<ulong?>(result, $"the seed is a whole number, at least 0 and at most {ulong.MaxValue}"),
        };
        Option<string?> device = new("--device") { Description = "Device; the same as --set device=D ('attentionflow devices').", HelpName = "D" };
        Option<string?> precision = new("--precision")
        {
            Description = "Arithmetic of the pair sums: single or double.", HelpName = "P", CustomParser = result => OptionValues.OneOf(result, ["single", "double"]),
        };
        Option<string?> folder = new("--out") { Description = "The folder to write; out/NAME by default.", HelpName = "DIR", CustomParser = OptionValues.Folder };
        Option<bool> overwrite = new("--overwrite") { Description = "Replace the run that is in the folder." };
        Command command = new("run", "Runs one experiment: snapshots, observables and provenance into a folder.")
        {
            file, set, seed, device, precision, folder, overwrite,
        };
        command.SetAction(parsed =>
        {
            List<string> settings = [.. parsed.GetValue(set) ?? []];
            if (parsed.GetValue(seed) is { } s) settings.Add($"seed={s}");
            if (parsed.GetValue(device) is { } d) settings.Add($"device={JsonSerializer.Serialize(d)}");
            if (parsed.GetValue(precision) is { } p) settings.Add($"precision=\"{p}\"");
            string name = parsed.GetRequiredValue(file);
            Experiment experiment = StoredExperiments.Find(name, settings);
            string target = parsed.GetValue(folder) ?? Path.Combine("out", Path.GetFileNameWithoutExtension(name));
            return Execute(contextOf(parsed), experiment, target, parsed.GetValue(overwrite));
        });
        return command;
    }

    private static int Execute(CommandContext context, Experiment experiment, string folder, bool overwrite)
    {
        RunRecord record = ProgressDisplay.Run(context.Quiet, ExperimentRun.Pairs(experiment), context.Error,
            progress =>
            {
                progress.Begin(experiment.Title.Length > 0 ? experiment.Title : Path.GetFileName(folder));
                return new ExperimentRun(context.Threads, progress, context.Warn).Execute(experiment, folder, overwrite, context.Stop);
            });
        if (context.Json) context.Output.Write(record.ToJson());
        else Summarize(context.Output, folder, record, experiment.Time.Merge is not null);
        if (record.Status == RunStatus.Complete)
        {
            // Again, below the results: the warning before the run is far up by now.
            if (record.Advice is not null) context.Warn(record.Advice);
            if (Alerts(record) is { Length: > 0 } alerts) context.Warn(alerts);
            return ExitCodes.Done;
        }
        context.Error.WriteLine($"attentionflow: {record.Advice}");
        return record.Status == RunStatus.Diverged ? ExitCodes.Diverged : ExitCodes.Stopped;
    }

    // One line; what there is to say of steps is the advice above.
    private static string Alerts(RunRecord record) => string.Join("; ", record.Alerts.Where(a => a.Indicator is not ("step" or "energy_drops")).Select(a => string.Create(CultureInfo.InvariantCulture,
        $"{a.Sign} from t = {a.Time:G4} ({a.Indicator} {a.ShownValue()}, level {a.Level:G4}; {a.Replicas} replica{(a.Replicas == 1 ? "" : "s")}): {a.Advice}")));

    private static void Summarize(TextWriter output, string folder, RunRecord record, bool merges)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{record.Status.ToString().ToLowerInvariant()} at t = {record.TimeReached:G6}{(record.Reason is { } reason ? $" ({reason})" : "")}: {record.Steps} steps, {record.Evaluations:G6} evaluations{(merges ? " (merged tokens count as their share of the pairs)" : "")}{Extra(record)} in {record.WallSeconds:F1} s on {record.Device} ({record.Precision}{Sums(record.Summation)})"));
        IReadOnlyDictionary<string, double[]> last = LastObservations(Path.Combine(folder, RunFolder.ObservablesFile));
        if (last["time"].Length > 0 && last.Count > 2)
        {
            int replicas = last["time"].Length;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"observables at t = {last["time"][0]:G6}{(replicas > 1 ? $", over {replicas} replicas" : "")}:"));
            output.Write(TextTable.Render(replicas > 1 ? ["  column", "median", "smallest", "largest"] : ["  column", "value"], last.Where(c => c.Key is not ("time" or "replica")).Select(c =>
            {
                double[] sorted = [.. c.Value.Order()];
                double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
                return replicas > 1 ? (string[])["  " + c.Key, Format(median), Format(sorted[0]), Format(sorted[^1])] : ["  " + c.Key, Format(median)];
            })));
        }
        output.WriteLine($"files in {folder}: {string.Join(", ", record.Files.Select(f => f.Name))}, {RunFolder.RunFile}");

        static string Extra(RunRecord r) => r.ObservationEvaluations > 0 ? FormattableString.Invariant($" and {r.ObservationEvaluations} for observables") : "";

        static string Sums(SummationRecord? summation) => summation is { Method: not "direct" } s
            ? FormattableString.Invariant($", {s.Method} sums, tolerance {s.Tolerance:G2}{(s.ErrorBound is { } bound ? $", bound {bound:G2}" : "")}{(s.Cells is { } cells ? $", {cells} cells at the end" : "")}{(s.RowsRedone > 0 ? $", {s.RowsRedone} rows redone directly" : "")}") : "";

        static string Format(double v) => v.ToString("G8", CultureInfo.InvariantCulture);
    }

    private static IReadOnlyDictionary<string, double[]> LastObservations(string path)
    {
        double last = double.NaN;
        CsvData.ReadRows(path, ["time"], row =>
        {
            last = row[0];
            return true;
        });
        return CsvData.ReadWhere(path, "time", last);
    }
}
