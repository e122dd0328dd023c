using System.CommandLine;
using System.Diagnostics;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>reproduce</c>: figures from the stored experiments, every predicted number beside the measured one.</summary>
internal static class ReproduceCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf, string[] args)
    {
        // Looking for the studies takes time that no other command has to spend.
        bool isAsked = args.Contains("reproduce");
        string[] names = isAsked ? [.. Study.All.Select(s => s.Name), .. StudyGroup.All.Select(g => g.Name), "all"] : [];
        Argument<string> study = new("study")
        {
            Description = "One study; paper: figures 2 and 3 of the paper; atlas: known figures of other papers; or all."
                + (isAsked ? $" Known: {string.Join(", ", names)}." : ""),
            DefaultValueFactory = _ => StudyGroup.Paper.Name, HelpName = "STUDY",
            CustomParser = result => OptionValues.OneOf(result, names),
        };
        Option<string?> folder = new("--out")
        {
            Description = "The folder to write, out/reproduce or out/reproduce-quick by default; what an earlier reproduce wrote there is "
                + "replaced.",
            HelpName = "DIR", CustomParser = OptionValues.Folder,
        };
        Option<bool> quick = new("--quick") { Description = "Fewer seeds and tokens, longer steps: a look in a few seconds." };
        study.CompletionSources.Add([.. names]);
        Command command = new("reproduce", "The paper's figures 2 and 3, or another study: CSV, SVG and one self-contained HTML page.")
        {
            study, folder, quick,
        };
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetRequiredValue(study);
            Study[] studies = [.. Study.All.Where(s => wanted == "all" || s.Name == wanted || s.Group?.Name == wanted)];
            bool isQuick = parsed.GetValue(quick);
            string target = parsed.GetValue(folder) ?? Path.Combine("out", isQuick ? "reproduce-quick" : "reproduce");
            using ReproduceFolder reproduce = ReproduceFolder.Open(target);
            return Execute(contextOf(parsed), studies, reproduce, isQuick, string.Join(' ', parsed.Tokens.Select(t => t.Value)));
        });
        return command;
    }

    private static int Execute(CommandContext context, Study[] studies, ReproduceFolder folder, bool quick, string command)
    {
        Stopwatch watch = Stopwatch.StartNew();
        (Study Study, IReadOnlyList<PlannedRun> Runs)[] plans = [.. studies.Select(s => (s, s.Plan(quick)))];
        // What cannot be replaced is to be known before the minutes, not after.
        foreach (string run in plans.SelectMany(p => p.Runs).Select(r => Path.Combine(folder.Runs, r.Name)).Where(Directory.Exists))
            RunFolder.Create(run, overwrite: true).Dispose();
        foreach ((Study study, IReadOnlyList<PlannedRun> runs) in plans)
            if (Compute(context, study, runs, folder, quick) is { } unfinished)
                return context.Unfinished(unfinished, "; no figure was drawn");
        return Publish(context, plans, folder, quick, command, watch.Elapsed);
    }

    /// <summary>
    /// Draws the figures of finished runs, whose folders are in folder/runs, writes the report, prints the facts: 0 when all pass, else 1.
    /// </summary>
    public static int Publish(
        CommandContext context, (Study Study, IReadOnlyList<PlannedRun> Runs)[] plans, ReproduceFolder folder, bool quick, string command,
        TimeSpan wall)
    {
        string runs = folder.Runs;
        (Study Study, Findings Findings)[] found = [.. plans.Select(p => (p.Study, p.Study.Evaluate(p.Runs, runs)))];
        foreach (Picture picture in found.SelectMany(f => f.Findings.Pictures))
            folder.Write(picture.File + ".svg", picture.Svg);
        string report = folder.Write(PageName([.. plans.Select(p => p.Study)]),
            Report(found, Alerts(plans.SelectMany(p => p.Runs), runs), command, quick, wall, context.Threads));
        Fact[] facts = [.. found.SelectMany(f => f.Findings.Facts)];
        context.Write(facts, ["quantity", "predicted", "measured", "tolerance", "verdict"],
            facts.Select(f => f.PlainCells()).Select(c => (string[])[c[0], c[2], c[3], c[5], c[6]]));
        if (!context.Json) context.Output.WriteLine($"\n{Fact.Summary(facts)}; the report is {Quoted.Line(report)}");
        return facts.All(c => c.Passed) ? ExitCodes.Done : ExitCodes.VerificationFailed;
    }

    // A study or group of studies keeps beside it the pages of others.
    private static string PageName(Study[] studies) => (studies, Common(studies)) switch
    {
        (_, { } group) when group == StudyGroup.Paper => "report.html",
        ([Study only], _) => only.Name + ".html",
        (_, { } group) => group.Name + ".html",
        _ => "report.html",
    };

    private static StudyGroup? Common(Study[] studies) => studies.All(s => s.Group == studies[0].Group) ? studies[0].Group : null;

    // Null when all completed, else the record of the run that did not. The advice to runs is in their run.json; what it means here, the
    // study's section says.
    private static RunRecord? Compute(
        CommandContext context, Study study, IReadOnlyList<PlannedRun> plan, ReproduceFolder folder, bool quick)
    {
        double pairs = plan.Sum(p => RunWork.Pairs(p.Experiment)) + study.TabulatedPairs(quick);
        return ProgressDisplay.Run(context.Quiet, pairs, context.Error, progress =>
        {
            ExperimentRun run = context.Runs(progress, _ => { }, "the same command goes on from there");
            foreach (PlannedRun planned in plan)
            {
                progress.Begin(planned.Name);
                RunRecord record = run.Ensure(planned.Experiment, Path.Combine(folder.Runs, planned.Name), context.Stop);
                if (record.Status != RunStatus.Complete) return record;
            }
            folder.Tabulate(study, quick, context.Threads, progress, context.Stop);
            return null;
        });
    }

    private static (string, Alert)[] Alerts(IEnumerable<PlannedRun> plan, string folder) =>
        [.. plan.SelectMany(p => p.Record(folder).Alerts.Select(a => (p.Name, a)))];

    private static string Report(
        (Study Study, Findings Findings)[] found, (string, Alert)[] alerts, string command, bool quick, TimeSpan wall, int threads)
    {
        StudyGroup? group = Common([.. found.Select(f => f.Study)]);
        HtmlReport report = new(found is [(Study only, _)] ? only.Heading
            : group?.Heading ?? "Mean-field self-attention, measured against theory");
        report.Paragraph((group is null ? "" : group.Introduction + " ")
            + "Every picture and number below comes from the CSV files in the folder runs beside this page.");
        if (quick) report.Warning("This is the quick version: fewer seeds and tokens, longer steps. Run without --quick for the full "
            + "sizes.");
        foreach ((Study study, Findings findings) in found)
        {
            (found.Length > 1 ? report.Section(study.Heading) : report).Paragraph(study.Introduction(quick));
            foreach (Picture picture in findings.Pictures) report.Figure(picture.Svg, picture.Caption);
            foreach (Measurements table in findings.Tables) report.Table(table.Caption, table.Headings, table.Rows);
            report.Facts("Measured against predicted.", findings.Facts);
        }
        report.Alerts("Warning levels that runs crossed.", alerts);
        RunRecord sample = new() { Seed = 1, Device = "", Precision = "" };
        return report.Section("How this was made").Provenance(new Dictionary<string, string>
        {
            ["command"] = $"attentionflow {command}",
            ["program version"] = sample.ProgramVersion,
            ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
            ["time taken"] = $"{wall.TotalSeconds:F0} s on {Numbers.Count(threads, "thread")}",
            ["seed"] = "1",
            ["system"] = $"{sample.Host.Os}, {sample.Host.Architecture}, {sample.Host.VectorBits}-bit vectors",
        }).ToHtml();
    }
}
