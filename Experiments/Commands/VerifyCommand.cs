using System.CommandLine;
using AttentionFlow.Experiments.Facts;

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
            (bool again, string? on) = (parsed.GetValue(rerun), parsed.GetValue(device));
            if (again && given.Length == 0) throw new ConfigurationException("--rerun needs the folder of a run");
            if (on is not null && !again) throw new ConfigurationException("--device is the device of --rerun, which is not asked for");
            CommandContext context = contextOf(parsed);
            return given.Length > 0 ? new FolderVerification(context, again, on).Verify(given) : Facts(context, Chapter.All);
        });
        return command;
    }

    /// <summary>Measures the facts of these chapters and prints the table.</summary>
    public static int Facts(CommandContext context, IReadOnlyList<Chapter> chapters)
    {
        List<Fact> facts = [];
        foreach (Chapter chapter in chapters)
            foreach (Fact fact in chapter.Measure())
            {
                context.Stop.ThrowIfCancellationRequested();
                facts.Add(fact);
            }
        context.Write(facts, ["quantity", "source", "expected", "measured", "error", "tolerance", "verdict"],
            facts.Select(f => f.PlainCells()));
        if (!context.Json) context.Output.WriteLine($"\n{Fact.Summary(facts)}");
        return facts.All(f => f.Passed) ? ExitCodes.Done : ExitCodes.VerificationFailed;
    }
}
