using System.CommandLine;
using System.Text.Json;
using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>list</c>: the stored experiments.</summary>
public static class ListCommand
{
    /// <summary>The command.</summary>
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Command command = new("list", "The stored experiments; each runs by its name.");
        command.SetAction(parsed =>
        {
            CommandContext context = contextOf(parsed);
            var rows = StoredExperiments.Names.Select(name => (name, experiment: StoredExperiments.Load(name)))
                .Select(e => new { e.name, title = e.experiment.Title, tokens = e.experiment.Tokens.Count, e.experiment.Replicas, e.experiment.Time.Horizon }).ToList();
            if (context.Json) context.Output.WriteLine(JsonSerializer.Serialize(rows, JsonOutput.Options));
            else context.Output.Write(TextTable.Render(["name", "title", "tokens", "replicas", "horizon"],
                rows.Select(r => (string[])[r.name, r.title, $"{r.tokens}", $"{r.Replicas}", $"{r.Horizon}"])));
            return ExitCodes.Done;
        });
        return command;
    }
}

/// <summary><c>schema</c>: the JSON schema of the experiment file, with every default.</summary>
public static class SchemaCommand
{
    /// <summary>The command.</summary>
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Option<bool> tables = new("--tables") { Description = "As tables in Markdown, those of docs/experiments.md." };
        Command command = new("schema", "The JSON schema of the experiment file, with ranges and defaults.") { tables };
        command.SetAction(parsed =>
        {
            contextOf(parsed).Output.Write(parsed.GetValue(tables) ? KeyTables.Text() : ExperimentSchema.Text + "\n");
            return ExitCodes.Done;
        });
        return command;
    }
}

/// <summary><c>devices</c>: what can evaluate pair sums here, what cannot, and why.</summary>
public static class DevicesCommand
{
    /// <summary>The command.</summary>
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Command command = new("devices", "What can evaluate pair sums here, what cannot, and why.");
        command.SetAction(parsed =>
        {
            CommandContext context = contextOf(parsed);
            if (context.Json) context.Output.WriteLine(JsonSerializer.Serialize(DeviceCatalog.All, JsonOutput.Options));
            else context.Output.Write(TextTable.Render(["device", "available", "what"],
                DeviceCatalog.All.Select(d => (string[])[d.Name, d.WhyNot is null ? "yes" : "no", d.Description + (d.WhyNot is { } why ? $": {why}" : "")])));
            return ExitCodes.Done;
        });
        return command;
    }
}
