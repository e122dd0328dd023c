using System.CommandLine;
using AttentionFlow.Experiments.Configuration;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>schema</c>: the JSON schema of the experiment file, with every default.</summary>
public static class SchemaCommand
{
    /// <summary>The command.</summary>
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Command command = new("schema", "The JSON schema of the experiment file, with ranges and defaults.");
        command.SetAction(parsed =>
        {
            contextOf(parsed).Output.Write(ExperimentSchema.Text + "\n");
            return ExitCodes.Done;
        });
        return command;
    }
}
