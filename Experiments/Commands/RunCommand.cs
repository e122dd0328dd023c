using System.CommandLine;
using System.Text.Json;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>run</c>: one experiment into a folder.</summary>
internal static class RunCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string> file = new("FILE|NAME")
        {
            Description = "An experiment file, or the name of a stored one ('attentionflow list').",
        };
        Option<string[]> set = new("--set")
        {
            Description = "path=value: sets a key of the experiment, for example interaction.beta=2; may be repeated.",
            HelpName = "path=value",
        };
        Option<ulong?> seed = new("--seed")
        {
            Description = "Seed; the same as --set seed=N.", HelpName = "N",
            CustomParser = result => OptionValues.Whole(result, ulong.MaxValue)
                ?? OptionValues.Refuse<ulong?>(result, $"the seed is a whole number, at least 0 and at most {ulong.MaxValue}"),
        };
        Option<string?> device = new("--device")
        {
            Description = "Device; the same as --set device=D ('attentionflow devices').", HelpName = "D",
        };
        Option<string?> precision = new("--precision")
        {
            Description = "Arithmetic of the pair sums: single or double.", HelpName = "P",
            CustomParser = result => OptionValues.OneOf(result, ["single", "double"]),
        };
        Option<string?> folder = new("--out")
        {
            Description = "The folder to write; out/NAME by default.", HelpName = "DIR", CustomParser = OptionValues.Folder,
        };
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
        return context.Unfinished(record);
    }

    // One line; what there is to say of steps is the advice above.
    private static string Alerts(RunRecord record)
    {
        return string.Join("; ", record.Alerts.Where(a => a.Indicator is not ("step" or "energy_drops")).Select(Sentence));

        static string Sentence(Alert a)
        {
            string replicas = $"{a.Replicas} replica{(a.Replicas == 1 ? "" : "s")}";
            return $"{a.Sign} from t = {a.Time:G4} ({a.Indicator} {a.ShownValue()}, level {a.Level:G4}; {replicas}): {a.Advice}";
        }
    }

    private static void Summarize(TextWriter output, string folder, RunRecord record, bool merges)
    {
        string reason = record.Reason is { } why ? $" ({why})" : "";
        string share = merges ? " (merged tokens count as their share of the pairs)" : "";
        string extra = record.ObservationEvaluations > 0 ? $" and {record.ObservationEvaluations} for observables" : "";
        output.WriteLine($"{record.Status.ToString().ToLowerInvariant()} at t = {record.TimeReached:G6}{reason}: {record.Steps} steps, "
            + $"{record.Evaluations:G6} evaluations{share}{extra} in {record.WallSeconds:F1} s on {record.Device} "
            + $"({record.Precision}{Sums(record.Summation)})");
        IReadOnlyDictionary<string, double[]> last = LastObservations(Path.Combine(folder, RunFolder.ObservablesFile));
        int replicas = last["time"].Length;
        if (replicas > 0 && last.Count > 2)
        {
            output.WriteLine($"observables at t = {last["time"][0]:G6}{(replicas > 1 ? $", over {replicas} replicas" : "")}:");
            output.Write(TextTable.Render(replicas > 1 ? ["  column", "median", "smallest", "largest"] : ["  column", "value"],
                last.Where(c => c.Key is not ("time" or "replica")).Select(c => Cells(c.Key, [.. c.Value.Order()]))));
        }
        output.WriteLine($"files in {folder}: {string.Join(", ", record.Files.Select(f => f.Name))}, {RunFolder.RunFile}");

        static string[] Cells(string column, double[] sorted)
        {
            double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
            return ["  " + column, $"{median:G8}", .. sorted.Length > 1 ? (string[])[$"{sorted[0]:G8}", $"{sorted[^1]:G8}"] : []];
        }
    }

    private static string Sums(SummationRecord? summation)
    {
        if (summation is not { Method: not "direct" } s) return "";
        string bound = s.ErrorBound is { } b ? $", bound {b:G2}" : "", cells = s.Cells is { } c ? $", {c} cells at the end" : "";
        string tolerance = s.Tolerance is { } t ? $", tolerance {t:G2}" : "";
        string redone = s.RowsRedone > 0 ? $", {s.RowsRedone} rows redone directly" : "";
        return $", {s.Method} sums{tolerance}{bound}{cells}{redone}";
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
