using System.CommandLine;
using System.Text.Json;

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
