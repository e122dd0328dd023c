using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionFlow.Solver.Sweeps;
using CsvHelper;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>collect</c>: the points of a sweep as one table.</summary>
internal static class CollectCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string> folder = new("DIR") { Description = "The folder of a sweep, which may be under way." };
        Option<bool> all = new("--long") { Description = "All rows of the observables, not only the last." };
        Option<Crossing[]> when = WhenOption("a column with the time of the first crossing");
        Option<string?> file = new("--out")
        {
            Description = "The CSV file to write; standard output by default.", HelpName = "FILE", CustomParser = OptionValues.File,
        };
        Command command = new("collect", "The points of a sweep as one table: parameters, status, last observables, alerts.")
        {
            folder, all, when, file,
        };
        command.SetAction(parsed => Execute(contextOf(parsed), parsed.GetRequiredValue(folder), parsed.GetValue(when) ?? [],
            parsed.GetValue(all), parsed.GetValue(file)));
        return command;
    }

    /// <summary><c>--when CONDITION</c>.</summary>
    /// <param name="what">What it makes.</param>
    public static Option<Crossing[]> WhenOption(string what) => new("--when")
    {
        Description = $"COLUMN<LEVEL or COLUMN>LEVEL: {what}, between recorded times on a straight line; may be repeated.",
        HelpName = "CONDITION", CustomParser = result =>
        {
            List<Crossing> conditions = [];
            foreach (string text in result.Tokens.Select(token => token.Value))
                if (Crossing.Parse(text) is { } crossing) conditions.Add(crossing);
                else result.AddError($"--when {Quoted.Short(text)}: a condition such as gap_energy<1e-3 is needed");
            return [.. conditions];
        },
    };

    private static int Execute(CommandContext context, string folder, Crossing[] when, bool all, string? file)
    {
        if (all && when.Length > 0)
            throw new ConfigurationException("--when: times of crossings go with one row a replica, not with --long.");
        if (!File.Exists(Path.Combine(folder, SweepFolder.PointsFile)))
            throw new ConfigurationException($"{folder}: there is no {SweepFolder.PointsFile} in it; 'attentionflow sweep' writes one.");
        Collection collection = Collection.Read(folder);
        foreach (Crossing crossing in when)
            if (collection.Observables.Count > 0 && !collection.Observables.Contains(crossing.Column))
                throw new ConfigurationException($"--when {crossing}: no point has the column '{crossing.Column}'; "
                    + Names.Hint(crossing.Column, collection.Observables));
        (IReadOnlyList<string> columns, IEnumerable<object?[]> rows) = all ? collection.Long() : collection.Summary(when);
        if (file is not null && File.Exists(file) && !IsTable(file))
            throw new FolderNotEmptyException(file, "collect");
        if (file is null) Write(context.Output);
        else
        {
            using FileStream part = WholeFile.OpenPart(file);
            using (StreamWriter writer = new(part, leaveOpen: true)) Write(writer);
            WholeFile.Finish(part, file);
        }
        return ExitCodes.Done;

        void Write(TextWriter output)
        {
            if (!context.Json) WriteCsv(output, columns, rows);
            else
                output.Write(JsonOutput.Of(rows.Select(row => columns.Zip(row)
                    .ToDictionary(c => c.First, c => Node(c.Second, collection.Keys.Contains(c.First))))));
        }
    }

    // Whether an earlier collect may have written it.
    private static bool IsTable(string file)
    {
        using StreamReader reader = new(file);
        return reader.ReadLine() is not { } line || line.StartsWith("point,", StringComparison.Ordinal) || line is "[" or "[]";
    }

    private static void WriteCsv(TextWriter output, IReadOnlyList<string> columns, IEnumerable<object?[]> rows)
    {
        using CsvWriter csv = CsvWriter.Create(output, new CsvWriterOptions { NewLine = "\n" }, leaveOpen: true);
        foreach (string column in columns) csv.WriteField(column);
        csv.EndRecord();
        foreach (object?[] row in rows)
        {
            foreach (object? cell in row)
                switch (cell)
                {
                    case long whole: csv.WriteField(whole); break;
                    case int whole: csv.WriteField(whole); break;
                    case double number: csv.WriteField(number); break;
                    default: csv.WriteField(cell as string ?? ""); break;
                }
            csv.EndRecord();
        }
    }

    // A parameter that is a number in the sweep is one here.
    private static JsonNode? Node(object? cell, bool isParameter)
    {
        if (cell is not string text || !isParameter) return JsonSerializer.SerializeToNode(cell);
        try { return JsonNode.Parse(text); }
        catch (JsonException) { return text.Length > 0 ? JsonValue.Create(text) : null; }
    }
}
