using System.CommandLine;
using AttentionFlow.Experiments.Reports;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>report</c>: the pages of runs, of a sweep or of an analysis, made from their files.</summary>
internal static class ReportCommand
{
    private static readonly string Several = Path.Combine("out", "report");

    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string[]> folders = new("DIR")
        {
            Description = $"The folder of a run, a sweep or an analysis; up to {ObservableCharts.MostRuns} of runs side by side.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> target = new("--out")
        {
            Description = $"The folder to write into: DIR itself by default, {Several} where there are several.", HelpName = "DIR",
            CustomParser = OptionValues.Folder,
        };
        Command command = new("report", "Pages from files alone: report.html, and trajectory.html to be turned and played.")
        {
            folders, target,
        };
        command.SetAction(parsed =>
        {
            string[] given = parsed.GetRequiredValue(folders);
            CommandContext context = contextOf(parsed);
            string into = parsed.GetValue(target) ?? (given.Length == 1 ? given[0] : Several);
            Check(given, parsed.GetValue(target));
            IReadOnlyList<string> pages = ProgressDisplay.Run(context.Quiet, 1, context.Error, progress =>
            {
                progress.Begin("report");
                return ReportFiles.IsSweep(given[0]) ? ReportFiles.OfSweep(given[0], into, context.Stop)
                    : ReportFiles.IsAnalysis(given[0]) ? ReportFiles.OfAnalysis(given[0], context.Stop)
                    : ReportFiles.OfRuns(given, into, context.Stop);
            });
            if (context.Json) context.Output.Write(JsonOutput.Of(new { folder = Path.GetFullPath(into), pages }));
            else context.Output.WriteLine($"pages in {Quoted.Line(into)}: {string.Join(", ", pages)}");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Refuses folders that are not shown together.</summary>
    public static void Check(string[] folders, string? target)
    {
        if (folders.Length > ObservableCharts.MostRuns)
            throw new ConfigurationException($"{folders.Length} runs are too many to be told apart, {ObservableCharts.MostRuns} are the "
                + "most; the report of a sweep shows hundreds.");
        if (folders.FirstOrDefault(f => ReportFiles.IsSweep(f) || ReportFiles.IsAnalysis(f)) is { } alone && folders.Length > 1)
            throw new ConfigurationException($"{alone}: runs stand side by side; a sweep or an analysis is shown by itself.");
        if (target is not null && ReportFiles.IsAnalysis(folders[0]))
            throw new ConfigurationException($"--out {target}: the page of an analysis is one of its files; leave --out out.");
        foreach (IGrouping<string, string> same in folders.GroupBy(Path.GetFullPath).Where(g => g.Count() > 1))
            throw new ConfigurationException($"{same.First()}: this folder is given twice.");
    }
}
