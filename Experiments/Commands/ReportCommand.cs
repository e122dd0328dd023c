using System.CommandLine;
using AttentionFlow.Experiments.Pages;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>report</c>: the pages of runs, made from their files.</summary>
internal static class ReportCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string[]> folders = new("DIR") { Description = "Folders of runs.", Arity = ArgumentArity.OneOrMore };
        Command command = new("report", "Writes trajectory.html: tokens to be turned and played, of several runs side by side.")
        {
            folders,
        };
        command.SetAction(parsed =>
        {
            string[] given = parsed.GetRequiredValue(folders);
            CommandContext context = contextOf(parsed);
            string file = Path.Combine(given[0], TrajectoryPage.File);
            TrajectoryPage.Write(file, given, context.Stop);
            context.Say($"wrote {file}");
            return ExitCodes.Done;
        });
        return command;
    }
}
