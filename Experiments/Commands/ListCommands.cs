using System.CommandLine;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Experiments.Commands;

/// <summary>The commands that say what there is: <c>list</c>, <c>schema</c>, <c>devices</c>.</summary>
internal static class ListCommands
{
    public static Command[] Make(Func<ParseResult, CommandContext> contextOf)
    {
        Option<bool> tables = new("--tables") { Description = "As tables in Markdown, those of docs/experiments.md." };
        Option<bool> sweep = new("--sweep") { Description = "That of the sweep file." };
        Command schema = Of("schema", "The JSON schema of the experiment file, with ranges and defaults.", (context, parsed) =>
            context.Output.Write((parsed.GetValue(tables), parsed.GetValue(sweep)) switch
            {
                (true, true) => KeyTables.Sweep(),
                (true, false) => KeyTables.Text(),
                (false, true) => SweepSchema.Text + "\n",
                _ => ExperimentSchema.Text + "\n",
            }));
        schema.Options.Add(tables);
        schema.Options.Add(sweep);
        Option<bool> sweeps = new("--sweeps") { Description = "The stored sweeps." };
        Command list = Of("list", "The stored experiments; each runs by its name.", (context, parsed) =>
        {
            if (parsed.GetValue(sweeps)) ListSweeps(context);
            else List(context);
        });
        list.Options.Add(sweeps);
        return
        [
            list,
            schema,
            Of("devices", "What can evaluate pair sums here, what cannot, and why.", (context, _) => Devices(context)),
        ];

        Command Of(string name, string description, Action<CommandContext, ParseResult> write)
        {
            Command command = new(name, description);
            command.SetAction(parsed => write(contextOf(parsed), parsed));
            return command;
        }
    }

    private static void List(CommandContext context)
    {
        var rows = StoredExperiments.Names.Select(name => (name, experiment: StoredExperiments.Load(name))).Select(e => new
        {
            e.name,
            title = e.experiment.Title,
            tokens = e.experiment.Tokens.Count,
            e.experiment.Replicas,
            e.experiment.Time.Horizon,
        }).ToArray();
        context.Write(rows, ["name", "title", "tokens", "replicas", "horizon"],
            rows.Select(r => (string[])[r.name, r.title, $"{r.tokens}", $"{r.Replicas}", $"{r.Horizon}"]));
    }

    private static void ListSweeps(CommandContext context)
    {
        var rows = StoredFiles.Sweeps.Names.Select(name => (name, sweep: StoredExperiments.FindSweep(name))).Select(s => new
        {
            s.name,
            title = s.sweep.Title,
            points = s.sweep.Points.Count,
            keys = s.sweep.Keys,
        }).ToArray();
        context.Write(rows, ["name", "title", "points", "keys"],
            rows.Select(r => (string[])[r.name, r.title, $"{r.points}", string.Join(", ", r.keys)]));
    }

    private static void Devices(CommandContext context)
    {
        if (MpiLaunch.Rank > 0) return; // one list is enough
        context.Write(DeviceCatalog.All, ["device", "available", "what"], DeviceCatalog.All.Select(d => (string[])
        [
            d.Name, d.WhyNot is null ? "yes" : "no", d.Description + (d.WhyNot is { } why ? $": {why}" : ""),
        ]));
    }
}
