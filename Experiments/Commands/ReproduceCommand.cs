using System.CommandLine;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>reproduce</c>: the paper's figures.</summary>
public static class ReproduceCommand
{
    /// <summary>The command.</summary>
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Command command = new("reproduce", "x");
        command.SetAction(parsed => 0);
        return command;
    }
}
