using System.Text.RegularExpressions;
using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>
/// Which columns of a table are what: <c>time=layer,token=position,x=h_*</c>. What it does not name has its own name: time, replica, token,
/// label, weight, radius, and x0, x1, ... for the coordinates.
/// </summary>
public sealed class ColumnMap
{
    private static readonly string[] Roles = ["time", "replica", "token", "label", "weight", "radius"];

    private readonly Dictionary<string, string> _names = [];

    /// <summary>Every column has its own name.</summary>
    public static ColumnMap Identity { get; } = new();

    /// <summary>What was given, to be shown; empty for <see cref="Identity"/>.</summary>
    public string Text { get; private init; } = "";

    /// <summary>Reads a map.</summary>
    /// <exception cref="ConfigurationException">It is none.</exception>
    public static ColumnMap Parse(string text)
    {
        ColumnMap map = new() { Text = text };
        foreach (string entry in text.Split(','))
        {
            if (entry.Split('=', 2) is not [{ Length: > 0 } role, { Length: > 0 } column])
                throw Wrong(entry, "entries such as time=layer, separated by commas, are expected");
            if (!Roles.Contains(role) && role != "x" && !IsCoordinate(role))
                throw Wrong(entry, $"'{role}' is nothing that a column can be; "
                    + Names.Hint(role, [.. Roles, "x (with a star: x=h_*)", "x0", "x1", "..."]));
            if ((role == "x") != column.Contains('*'))
                throw Wrong(entry, role == "x" ? "all coordinates at once have a star: x=h_*" : "a star stands for the coordinates: x=h_*");
            if (!map._names.TryAdd(role, column)) throw Wrong(entry, $"'{role}' is there twice");
        }
        return map;

        static ConfigurationException Wrong(string entry, string what) => new($"--map {Quoted.Short(entry)}: {what}.");
    }

    /// <summary>The places of the columns in a header.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="header">Its columns.</param>
    /// <exception cref="ConfigurationException">A column that was named is not there, or there are fewer than two coordinates.</exception>
    public ColumnPlaces In(string path, IReadOnlyList<string> header)
    {
        List<string> columns = [.. header];
        int[] places = [.. Roles.Select(role => Place(_names.GetValueOrDefault(role, role), isNamed: _names.ContainsKey(role)))];
        int[] coordinates = _names.TryGetValue("x", out string? pattern) ? Matching(pattern) : Numbered();
        if (coordinates.Length < 2)
            throw new ConfigurationException($"{path}: coordinates are the columns x0, x1, ...; there are {columns.Count} columns: "
                + $"{Quoted.Short(string.Join(", ", columns), 200)}. Name others: --map x=h_* or --map x0=px,x1=py,x2=pz");
        return new ColumnPlaces(places[0], places[1], places[2], places[3], places[4], places[5], coordinates);

        int Place(string name, bool isNamed) => columns.IndexOf(name) is var place && (place >= 0 || !isNamed) ? place
            : throw new ConfigurationException($"{path}: there is no column '{Quoted.Short(name)}'; {Names.Hint(name, columns)}");

        int[] Numbered() => [.. Enumerable.Range(0, columns.Count)
            .Select(k => Place(_names.GetValueOrDefault($"x{k}", $"x{k}"), _names.ContainsKey($"x{k}"))).TakeWhile(place => place >= 0)];

        // In the order of the numbers that the star stands for, or else as they stand.
        int[] Matching(string star)
        {
            Regex form = new($"^{Regex.Escape(star).Replace("\\*", "(.+)", StringComparison.Ordinal)}$", RegexOptions.CultureInvariant);
            (int Place, string Part)[] found = [.. Enumerable.Range(0, columns.Count).Select(i => (Place: i, Match: form.Match(columns[i])))
                .Where(f => f.Match.Success && !places.Contains(f.Place)).Select(f => (f.Place, f.Match.Groups[1].Value))];
            if (found.Length == 0) throw new ConfigurationException($"{path}: no column is like '{Quoted.Short(star)}'.");
            bool areNumbers = found.All(f => ulong.TryParse(f.Part, NumberStyles.None, CultureInfo.InvariantCulture, out _));
            if (areNumbers) found = [.. found.OrderBy(f => ulong.Parse(f.Part, CultureInfo.InvariantCulture))];
            return [.. found.Select(f => f.Place)];
        }
    }

    private static bool IsCoordinate(string role) => role.Length > 1 && role[0] == 'x' && role[1..].All(char.IsAsciiDigit);
}

/// <summary>Places of columns in a header; -1 for one that is not there.</summary>
/// <param name="Time">t.</param>
/// <param name="Replica">The replica.</param>
/// <param name="Token">The token's name.</param>
/// <param name="Label">xi.</param>
/// <param name="Weight">m, up to a common factor.</param>
/// <param name="Radius">r.</param>
/// <param name="Coordinates">x0, x1, ...</param>
public sealed record ColumnPlaces(int Time, int Replica, int Token, int Label, int Weight, int Radius, IReadOnlyList<int> Coordinates);
