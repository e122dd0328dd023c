using System.CommandLine;
using AttentionFlow.Experiments.Benchmark;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>bench</c>: pairs a second of every implementation here, beside what this machine could do at most.</summary>
internal static class BenchCommand
{
    private static readonly string[] Headings =
        ["d", "n", "threads", "sums", "G pairs/s", "limit", "share", "ns/token", "error", "ours/theirs"];

    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Option<bool> peers = new("--peers")
        {
            Description = "Others beside ours: a C# loop, System.Numerics.Tensors, C++ (where there is g++), PyTorch (where python3 has "
                + "it).",
        };
        Option<string?> scaling = new("--scaling")
        {
            Description = "Instead: the time of one evaluation for 100 to 10^7 tokens on circle and sphere, with a figure, written to "
                + "this SVG file. Takes 1.5 GB of memory.",
            HelpName = "FILE", CustomParser = OptionValues.File,
        };
        Option<string?> ptx = new("--ptx")
        {
            Description = "Instead: the GPU kernels as PTX for ptxas, written to this folder.",
            HelpName = "DIR", CustomParser = OptionValues.Folder,
        };
        Option<string?> device = new("--device")
        {
            Description = "Instead: this device alone, in up to 1,024 dimensions, with replicas and with few rows; of a GPU the time of "
                + "its kernels, too.",
            HelpName = "D",
        };
        Command command = new("bench",
            "Pairs a second of every implementation here, with the share of this machine's limit. Takes about a minute and a half.")
        {
            peers, scaling, ptx, device,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(peers) && result.GetValue(scaling) is not null)
                result.AddError("--scaling measures no peers; leave one of the two out");
            if (result.GetValue(ptx) is not null && (result.GetValue(peers) || result.GetValue(scaling) is not null))
                result.AddError("--ptx measures nothing; leave it or the other options out");
            if (result.GetValue(device) is not null
                && (result.GetValue(peers) || result.GetValue(scaling) is not null || result.GetValue(ptx) is not null))
                result.AddError("--device measures one device alone; leave it or the other options out");
        });
        command.SetAction(parsed =>
        {
            CommandContext context = contextOf(parsed);
            if (parsed.GetValue(scaling) is { } file) return Scale(BenchGrid.Scaling, TimeBudget.Scaling, file, context);
            if (parsed.GetValue(ptx) is { } folder)
            {
                foreach (string path in PtxFiles.Write(folder)) context.Output.WriteLine(Quoted.Line(path));
                return ExitCodes.Done;
            }
            if (parsed.GetValue(device) is { } name)
            {
                DeviceBench bench = new(name, TimeBudget.Usual, context.Threads, context.Say, context.Stop);
                int code = Write(bench.Run(DeviceCase.Usual), context);
                context.Stop.ThrowIfCancellationRequested();
                return code;
            }
            BenchGrid grid = BenchGrid.Usual(parsed.GetValue(peers));
            return Write(BenchRun.Run(grid, TimeBudget.Usual, context.Threads, context.Say, context.Stop), context);
        });
        return command;
    }

    /// <summary>Measures a grid on circle and sphere, draws it and writes the table.</summary>
    internal static int Scale(BenchGrid grid, TimeBudget budget, string file, CommandContext context)
    {
        // A place that cannot be written is to be known before the minutes, not after.
        WholeFile.CheckWritable(file);
        BenchReport report = BenchRun.Run(grid, budget, context.Threads, context.Say, context.Stop);
        WholeFile.WriteText(file, ScalingFigure.Render(report));
        return Write(report with { Choices = [], Notes = [] }, context, ScalingFigure.Headings, ScalingFigure.Rows(report));
    }

    /// <summary>Writes the report; the exit code says whether all errors are within their bounds.</summary>
    internal static int Write(BenchReport report, CommandContext context)
    {
        bool peers = report.Rows.Any(r => r.IsPeer);
        return Write(report, context, peers ? Headings : Headings[..^1], report.Rows.Select(r => peers ? Cells(r) : Cells(r)[..^1]));
    }

    /// <summary>Writes what one device does; the exit code says whether all errors are within their bounds and all bits repeated.</summary>
    internal static int Write(DeviceReport report, CommandContext context)
    {
        string[] headings =
            ["precision", "d", "replicas", "n", "rows", "first ms", "ms", "kernel ms", "G pairs/s", "of kernel", "limit", "share", "error"];
        string table = TextTable.Render(headings, report.Rows.Select(Cells));
        context.Output.Write(context.Json ? JsonOutput.Of(report)
            : $"{report.Device}: {Quoted.Line(report.Description)}\n{Machine(report.Machine)}"
                + $"sums with force, beta = {report.Beta}, equal weights; limit of the difference form\n\n{table}"
                + (report.Notes.Count > 0 ? "\n" : "") + string.Concat(report.Notes.Select(note => note + "\n")));
        DeviceRow[] failed = [.. report.Rows.Where(r => r.Fails)];
        foreach (DeviceRow row in failed)
            context.Error.WriteLine($"attentionflow: {report.Device} {row.Precision}, d = {row.Dimension}, {row.Replicas} x {row.Tokens}: "
                + (row.IsRepeatable ? $"the error {row.Error:G2} is beyond {row.ErrorBound:G2}" : "two calls differ in their bits"));
        return failed.Length == 0 ? ExitCodes.Done : ExitCodes.VerificationFailed;
    }

    private static int Write(BenchReport report, CommandContext context, string[] headings, IEnumerable<string[]> rows)
    {
        context.Output.Write(context.Json ? JsonOutput.Of(report) : Text(report, TextTable.Render(headings, rows)));
        BenchRow[] failed = [.. report.Rows.Where(r => r.Fails)];
        foreach (BenchRow row in failed)
            context.Error.WriteLine(
                $"attentionflow: {Label(row)}, d = {row.Dimension}, n = {row.Tokens}: the error {row.Error:G2} is beyond "
                    + $"{row.ErrorBound:G2}");
        return failed.Length == 0 ? ExitCodes.Done : ExitCodes.VerificationFailed;
    }

    private static string Text(BenchReport report, string table)
    {
        List<string> parts =
        [
            Machine(report.Machine),
            .. report.Ceilings.Select(c =>
                $"ceiling, {c.Precision}, threads {c.Threads}: {c.SlotsPerSecond / 1e9:F2}e9 vector operations/s of {c.Lanes} lanes\n"),
            $"full evaluations with force, beta = {report.Beta}, equal weights; limit = lanes x operations/s / operations per pair\n\n",
                table,
        ];
        string[] headings = ["d", "n", "precision", "tolerance", "direct ms", "harmonic ms", "faster", "model", ""];
        if (report.Choices.Count > 0)
            parts.Add("\nThe cost model, one thread:\n" + TextTable.Render(headings, report.Choices.Select(Cells)));
        if (report.LooserOverTighter is { } ratio)
            parts.Add($"its choice at {BenchCase.Loose:0e-0} takes at most {ratio:F2} times the time of that at {BenchCase.Tight:0e-0}\n");
        if (report.Notes.Count > 0) parts.Add("\n" + string.Concat(report.Notes.Select(note => note + "\n")));
        return string.Concat(parts);
    }

    private static string Machine(BenchMachine m) =>
        $"{m.Architecture}, {m.VectorBits}-bit vectors, {Numbers.Count(m.Threads, "thread")}, {Numbers.Count(m.Processors, "processor")}, "
        + $"{m.Runtime}, attentionflow {m.Version}, {m.Date}\n";

    private static string[] Cells(DeviceRow r) =>
    [
        r.Precision, $"{r.Dimension}", $"{r.Replicas}", $"{r.Tokens}", $"{r.Queries}", Short(r.FirstSeconds * 1e3), Short(r.Seconds * 1e3),
        Short(r.KernelSeconds * 1e3), Short(r.PairsPerSecond / 1e9), Short(r.KernelPairsPerSecond / 1e9),
        Short(r.LimitPairsPerSecond / 1e9), Short(r.Share), $"{r.Error:0.0e-0}",
    ];

    private static string[] Cells(BenchRow r) =>
    [
        $"{r.Dimension}", $"{r.Tokens}", $"{r.Threads}", Label(r), Short(r.PairsPerSecond / 1e9), Short(r.LimitPairsPerSecond / 1e9),
        Short(r.Share), r.NanosecondsPerToken is { } ns ? $"{ns:F1}" : "", $"{r.Error:0.0e-0}", Short(r.OursOverTheirs),
    ];

    private static string[] Cells(BenchChoice c) =>
    [
        $"{c.Dimension}", $"{c.Tokens}", c.Precision, $"{c.Tolerance:0e-0}", (c.DirectIsEstimate ? "~" : "") + Short(c.DirectSeconds * 1e3),
        Short(c.HarmonicSeconds * 1e3), c.Faster, c.Auto, c.IsSlow ? $"the model is {c.AutoOverFaster * 100 - 100:F0} % slower" : "",
    ];

    private static string Label(BenchRow row) =>
        row.Tolerance is { } tolerance ? $"{row.Implementation} {tolerance:0e-0}"
            : row.Implementation == "reference" ? row.Implementation : $"{row.Implementation} {row.Precision}";

    // Three digits, no exponent.
    private static string Short(double? value) => value is not { } x ? "" : x >= 100 ? $"{x:F0}"
        : x >= 10 ? $"{x:F1}" : x >= 1 ? $"{x:F2}" : x >= 0.1 ? $"{x:F3}" : $"{x:F4}";
}
