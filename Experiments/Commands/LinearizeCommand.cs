using System.CommandLine;
using System.Text.Json;
using AttentionFlow.Experiments.Studies;
using AttentionFlow.Solver.Response;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>linearize</c>: the eigenvalues of the drift's derivative at a state, equilibria, and branches of them.</summary>
internal static class LinearizeCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string> source = new("SOURCE")
        {
            HelpName = "SOURCE",
            Description = "An experiment file or the name of a stored one, which is run to its horizon; or the folder of a run, of "
                + "which the last snapshot is taken.",
        };
        Option<double?> time = new("--time")
        {
            Description = "The time of the state: to run to, 0 for the start, or that of a snapshot.", HelpName = "T",
            CustomParser = result => OptionValues.Number(result) is >= 0 and { } t ? t
                : OptionValues.Refuse<double?>(result, "a time of at least 0 is needed"),
        };
        Option<int> replica = new("--replica")
        {
            Description = "Which replica, counted from 0.", HelpName = "R", DefaultValueFactory = _ => 0,
            CustomParser = result => OptionValues.Whole(result, int.MaxValue) is { } r ? (int)r
                : OptionValues.Refuse<int>(result, "the number of a replica is needed, from 0"),
        };
        Option<string[]> set = new("--set")
        {
            Description = "path=value: sets a key of the experiment, for example interaction.beta=2; may be repeated.",
            HelpName = "path=value",
        };
        Option<int> modes = new("--modes")
        {
            Description = "How many modes are shown and written, those that grow fastest.", HelpName = "K", DefaultValueFactory = _ => 10,
            CustomParser = result => OptionValues.Whole(result, 1000) is >= 1 and { } k ? (int)k
                : OptionValues.Refuse<int>(result, "from 1 to 1000 modes can be had"),
        };
        Option<bool> equilibrium = new("--equilibrium") { Description = "Seek an equilibrium from that state by Newton's method first." };
        Option<BranchRange?> range = new("--continue")
        {
            Description = "Follow that equilibrium in a number of the interaction, through folds: interaction.beta=1..9. Implies "
                + "--equilibrium, at the first value.", HelpName = "path=A..B", CustomParser = BranchRange.Parse,
        };
        Option<int> steps = new("--steps")
        {
            Description = "Steps over the range where the tokens stay.", HelpName = "N", DefaultValueFactory = _ => 100,
            CustomParser = result => OptionValues.Whole(result, 100_000) is >= 2 and { } k ? (int)k
                : OptionValues.Refuse<int>(result, "from 2 to 100000 steps can be taken"),
        };
        Option<string?> folder = new("--out")
        {
            Description = "The folder to write; out/NAME-response by default.", HelpName = "DIR", CustomParser = OptionValues.Folder,
        };
        Option<bool> overwrite = new("--overwrite") { Description = "Replace the response that is in the folder." };
        source.CompletionSources.Add([.. StoredExperiments.Names]);
        Command command = new("linearize", "Stability of a state: growth rates and modes of small disturbances, equilibria, branches.")
        {
            source, time, replica, set, modes, equilibrium, range, steps, folder, overwrite,
        };
        command.SetAction(parsed =>
        {
            string name = parsed.GetRequiredValue(source);
            BranchRange? branch = parsed.GetValue(range);
            string[] settings = [.. parsed.GetValue(set) ?? [], .. branch is null ? [] : new[] { branch.At(branch.From) }];
            Experiment experiment = Read(name, parsed.GetValue(time), settings);
            string title = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(name));
            string target = parsed.GetValue(folder) ?? Path.Combine("out", $"{title}-response");
            CommandContext context = contextOf(parsed);
            using ResponseFolder into = ResponseFolder.Create(target, parsed.GetValue(overwrite));
            using ResponseState state = IsRun(name)
                ? ResponseState.OfSnapshot(experiment, parsed.GetValue(replica), context.Threads)
                : ResponseState.Of(experiment, parsed.GetValue(time), parsed.GetValue(replica), context.Threads, context.Stop);
            Linearization response = new(context, state, parsed.GetValue(modes));
            string? whyNot = response.Run(parsed.GetValue(equilibrium) || branch is not null, branch, parsed.GetValue(steps));
            response.Write(into, title, new ResponseRecord
            {
                Source = name, Continued = branch?.Path, Replica = parsed.GetValue(replica), Time = state.Time,
            });
            response.Say(target);
            if (whyNot is null) return ExitCodes.Done;
            context.Error.WriteLine($"attentionflow: {whyNot}");
            return ExitCodes.VerificationFailed;
        });
        return command;
    }

    private static bool IsRun(string name) => File.Exists(Path.Combine(name, RunFolder.RunFile));

    // Of a run, with the tokens of a snapshot in place of its start.
    private static Experiment Read(string name, double? time, string[] settings)
    {
        if (!IsRun(name)) return StoredExperiments.Find(name, settings);
        string start = JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["law"] = "snapshot", ["run"] = Path.GetFullPath(name), ["time"] = time,
        });
        const string Time = "$.tokens.initial.time: ", Run = "$.tokens.initial.run: ";
        try
        {
            return ExperimentReader.Read(Path.Combine(name, RunFolder.ExperimentFile), [$"tokens.initial={start}", .. settings]);
        }
        catch (ConfigurationException e) when (e.Message.Split(Time) is [_, var problem])
        {
            throw new ConfigurationException(Text.Of($"--time {time}: {problem}"), e);
        }
        catch (ConfigurationException e) when (e.Message.Split(Run) is [_, var problem])
        {
            throw new ConfigurationException(problem, e);
        }
    }
}
