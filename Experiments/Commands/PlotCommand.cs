using System.CommandLine;
using AttentionFlow.Experiments.Reports;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>plot</c>: one figure of runs or of a sweep, for print.</summary>
internal static class PlotCommand
{
    /// <summary>Makes the command.</summary>
    /// <param name="contextOf">Makes what it is given.</param>
    /// <param name="formats">Forms beside SVG that this program writes.</param>
    public static Command Make(Func<ParseResult, CommandContext> contextOf, IReadOnlyDictionary<string, FigureWriter> formats)
    {
        string[] known = ["svg", "pdf", "png"];
        Argument<string[]> folders = new("DIR")
        {
            Description = "The folder of a run, a sweep or an analysis; several of runs for one figure.", Arity = ArgumentArity.OneOrMore,
        };
        Option<string[]> observables = new("--observable")
        {
            Description = "A column of observables.csv; may be repeated, a panel each. The first by default.", HelpName = "NAME",
        };
        Option<bool> tokens = new("--tokens") { Description = "The tokens: of one run at chosen times, of several at their ends." };
        Option<string?> format = new("--format")
        {
            Description = "svg, pdf or png, by default what --out ends in, or svg; pdf and png are written by the program of the project "
                + "Plots.", HelpName = "F",
            CustomParser = result => OptionValues.OneOf(result, known),
        };
        Option<int> columns = new("--columns")
        {
            Description = "Columns of a journal's page: 1, 86 mm wide, or 2, 178 mm.", HelpName = "N", DefaultValueFactory = _ => 1,
            CustomParser = result => OptionValues.Whole(result, 2) is >= 1 and var n ? (int)n
                : OptionValues.Refuse<int>(result, "a figure is 1 or 2 columns wide"),
        };
        Option<string?> file = new("--out")
        {
            Description = "The file to write; what is drawn, as NAME.svg in DIR, or in out for several.", HelpName = "FILE",
            CustomParser = OptionValues.File,
        };
        format.CompletionSources.Add(known);
        Command command = new("plot", "One figure, 86 or 178 mm wide, from files alone: observables or tokens.")
        {
            folders, observables, tokens, format, columns, file,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(tokens) && result.GetResult(observables) is not null)
                result.AddError("--tokens and --observable are two figures; ask for one");
        });
        command.SetAction(parsed =>
        {
            string[] given = parsed.GetRequiredValue(folders), names = parsed.GetValue(observables) ?? [];
            string ending = Path.GetExtension(parsed.GetValue(file) ?? "").TrimStart('.').ToLowerInvariant();
            string form = parsed.GetValue(format) ?? (known.Contains(ending) ? ending : "svg");
            if (known.Contains(ending) && ending != form)
                throw new ConfigurationException($"--format {form}: the name of --out {parsed.GetValue(file)} says {ending}; "
                    + "give one of them.");
            if (form != "svg" && !formats.ContainsKey(form))
                throw new ConfigurationException($"--format {form}: this program writes svg; pdf and png are written by that of the "
                    + "project Plots: dotnet run -c Release --project Plots -- plot ...");
            ReportCommand.Check(given, target: null);
            CommandContext context = contextOf(parsed);
            PlotFigure figure = new(parsed.GetValue(columns));
            string svg = Draw(figure, given, names, parsed.GetValue(tokens), context.Stop);
            string what = parsed.GetValue(tokens) ? "tokens" : names.Length > 0 ? string.Join('-', names) : "observable";
            string target = parsed.GetValue(file) ?? Path.Combine(given.Length == 1 ? given[0] : "out", $"{what}.{form}");
            Write(figure, svg, target, formats.GetValueOrDefault(form));
            context.Output.Write(context.Json ? JsonOutput.Of(new { file = Path.GetFullPath(target) }) : Quoted.Line(target) + "\n");
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Draw(PlotFigure figure, string[] folders, string[] names, bool tokens, CancellationToken stop)
    {
        bool isSweep = ReportFiles.IsSweep(folders[0]), isAnalysis = ReportFiles.IsAnalysis(folders[0]);
        if (tokens && (isSweep || isAnalysis))
            throw new ConfigurationException($"--tokens: {folders[0]} is no run; its report shows tokens where it has them.");
        if (isSweep) return figure.Sweep(folders[0], names);
        if (isAnalysis) return figure.Observables([PlotFigure.OfAnalysis(folders[0])], names);
        IReadOnlyList<ReportedRun> runs = ReportedRun.Read(folders, stop);
        return tokens ? figure.Tokens(runs) : figure.Observables([.. runs.Select(r => r.Observed)], names);
    }

    private static void Write(PlotFigure figure, string svg, string target, FigureWriter? write)
    {
        string full = Path.GetFullPath(target);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        if (write is null)
        {
            WholeFile.WriteText(full, figure.Printed(svg));
            return;
        }
        using MemoryStream bytes = new();
        write(svg, figure.Millimetres, bytes);
        WholeFile.WriteBytes(full, bytes.ToArray());
    }
}
