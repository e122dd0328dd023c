using System.CommandLine;
using System.Text.Json;
using AttentionFlow.Kernels;

namespace AttentionFlow.Experiments.Commands;

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
            if (context.Json) context.Output.WriteLine(JsonSerializer.Serialize(Devices.All, JsonOutput.Options));
            else context.Output.Write(TextTable.Render(["device", "available", "what"],
                Devices.All.Select(d => (string[])[d.Name, d.WhyNot is null ? "yes" : "no", d.Description + (d.WhyNot is { } why ? $": {why}" : "")])));
            return ExitCodes.Done;
        });
        return command;
    }
}
