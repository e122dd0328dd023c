using System.CommandLine;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>verify</c>: folders of runs against themselves, or run again; without a folder, the solver against closed forms.</summary>
internal static class VerifyCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string[]> folders = new("DIR")
        {
            Description = "Folders of runs, or of reproduce.", Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> rerun = new("--rerun")
        {
            Description = "Run the experiment of each folder again, in a temporary folder, and compare the tables: bytes where the same "
                + "version runs on the same system, else within a tolerance that is printed.",
        };
        Option<string?> device = new("--device") { Description = "Device of the rerun; that of the run by default.", HelpName = "D" };
        Command command = new("verify",
            "Checks folders of runs: files, hashes, rows, times, start, numbers. Without a folder: the solver against closed forms.")
        {
            folders, rerun, device,
        };
        command.SetAction(parsed =>
        {
            string[] given = parsed.GetValue(folders) ?? [];
            if (given.Length == 0) throw new ConfigurationException("a folder is needed");
            FolderVerification verification = new(contextOf(parsed), parsed.GetValue(rerun), parsed.GetValue(device));
            return verification.Verify(given);
        });
        return command;
    }
}
