using System.CommandLine;
using AttentionFlow.Experiments.Studies;
using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Experiments.Commands;

/// <summary>The commands that say what there is: <c>list</c>, <c>schema</c>, <c>devices</c>.</summary>
internal static class ListCommands
{
    public static Command[] Make(Func<ParseResult, CommandContext> contextOf)
    {
        return
        [
            Of("list", "The stored experiments; each runs by its name.", List),
            Of("schema", "The JSON schema of the experiment file, with ranges and defaults.",
                context => context.Output.Write(ExperimentSchema.Text + "\n")),
            Of("devices", "What can evaluate pair sums here, what cannot, and why.", Devices),
        ];

        Command Of(string name, string description, Action<CommandContext> write)
        {
            Command command = new(name, description);
            command.SetAction(parsed => write(contextOf(parsed)));
            return command;
        }
    }

    private static void List(CommandContext context)
    {
        var rows = StoredExperiments.Names.Select(name => (name, experiment: StoredExperiments.Load(name))).Select(e => new
        {
            e.name, title = e.experiment.Title, tokens = e.experiment.Tokens.Count, e.experiment.Replicas, e.experiment.Time.Horizon,
        }).ToArray();
        context.Write(rows, ["name", "title", "tokens", "replicas", "horizon"],
            rows.Select(r => (string[])[r.name, r.title, $"{r.tokens}", $"{r.Replicas}", $"{r.Horizon}"]));
    }

    private static void Devices(CommandContext context) => context.Write(DeviceCatalog.All, ["device", "available", "what"],
        DeviceCatalog.All.Select(d => (string[])
        [
            d.Name, d.WhyNot is null ? "yes" : "no", d.Description + (d.WhyNot is { } why ? $": {why}" : ""),
        ]));
}
