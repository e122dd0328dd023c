using System.CommandLine;
using System.CommandLine.Parsing;

namespace AttentionFlow.Experiments.Commands;

/// <summary>Values of options, and what is wrong with a command line, in the words of the experiment file's errors.</summary>
internal static class OptionValues
{
    /// <summary>A whole number up to <paramref name="largest"/>, or null where the value is none.</summary>
    public static ulong? Whole(ArgumentResult result, ulong largest) =>
        ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, null, out ulong value) && value <= largest ? value : null;

    /// <summary>A finite number, or null where the value is none.</summary>
    public static double? Number(ArgumentResult result) =>
        double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        && double.IsFinite(value) ? value : null;

    /// <summary>A name from a list.</summary>
    public static string? OneOf(ArgumentResult result, IReadOnlyList<string> known)
    {
        string name = result.Tokens[0].Value;
        return known.Contains(name) ? name : Refuse<string>(result, $"unknown; {Names.Hint(name, known)}");
    }

    public static string? Folder(ArgumentResult result) => Path(result, "folder");

    public static string? File(ArgumentResult result) => Path(result, "file");

    private static string? Path(ArgumentResult result, string what) =>
        result.Tokens[0].Value is { Length: > 0 } path ? path : Refuse<string>(result, $"the name of a {what} is needed");

    /// <summary>Adds the error <c>--option value: problem</c>.</summary>
    public static T? Refuse<T>(ArgumentResult result, string problem)
    {
        string option = result.Parent is OptionResult parent ? parent.Option.Name + " " : "";
        result.AddError($"{option}{Quoted.Short(result.Tokens[0].Value)}: {problem}");
        return default;
    }

    /// <summary>What is wrong with a command line that did not parse.</summary>
    public static string Problem(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string? stray = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        if (command is RootCommand)
        {
            string[] commands = [.. command.Subcommands.Select(c => c.Name)];
            return stray is null ? $"a command is needed: {string.Join(", ", commands)}"
                : $"{Quoted.Of(stray)} is not a command; " + (stray == "trace"
                    ? "the program of the project Encoders has it: dotnet run -c Release --project Encoders -- trace"
                    : Names.Hint(stray, commands));
        }
        if (stray is null) return parsed.Errors[0].Message;
        if (!stray.StartsWith('-')) return $"{Quoted.Of(stray)} is one argument too many for '{command.Name}'";
        IEnumerable<Option> options = command.Options.Concat(parsed.RootCommandResult.Command.Options);
        string? near = Names.Nearest(stray.TrimStart('-'), options.Select(o => o.Name.TrimStart('-')));
        return $"{Quoted.Of(stray)} is not an option of '{command.Name}'" + (near is null ? "" : $"; did you mean '--{near}'?");
    }
}
