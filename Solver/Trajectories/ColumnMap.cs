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
        if (places.Where(p => p >= 0).Concat(coordinates).GroupBy(p => p).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ConfigurationException($"{path}: the column '{Quoted.Short(columns[twice.Key])}' is named for two things.");
        string[] unused = [.. columns.Index().Where(c => !places.Contains(c.Index) && !coordinates.Contains(c.Index)
            && c.Item != "snapshot")
            .Select(c => c.Item)];
        return new ColumnPlaces(places[0], places[1], places[2], places[3], places[4], places[5], coordinates) { Unused = unused };

        int Place(string name, bool isNamed) => columns.IndexOf(name) is var place && (place >= 0 || !isNamed) ? place
            : throw new ConfigurationException($"{path}: there is no column '{Quoted.Short(name)}'; {Names.Hint(name, columns)}");

        int[] Numbered()
        {
            int[] found = [.. Enumerable.Range(0, columns.Count)
                .Select(k => Place(_names.GetValueOrDefault($"x{k}", $"x{k}"), _names.ContainsKey($"x{k}"))).TakeWhile(place =>
                    place >= 0)];
            string[] later = [.. _names.Keys.Concat(columns).Where(IsCoordinate).Where(name => !IsBelow(name, found.Length))];
            return later.Length == 0 || found.Length == 0 && _names.Keys.All(name => !IsCoordinate(name)) ? found
                : throw new ConfigurationException($"{path}: there is {later[0]}, but no x{found.Length}; coordinates are x0, x1, ... "
                    + $"without gaps.");
        }

        static bool IsBelow(string name, int count) =>
            uint.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out uint k) && k < count;

        // In the order of the numbers that the star stands for.
        int[] Matching(string star)
        {
            Regex form = new($"^{Regex.Escape(star).Replace("\\*", "([0-9]+)", StringComparison.Ordinal)}$", RegexOptions.CultureInvariant);
            (int Place, UInt128 Number)[] found = [.. Enumerable.Range(0, columns.Count).Select(i => (Place: i,
                Match: form.Match(columns[i])))
                .Where(f => f.Match.Success)
                .Select(f => (f.Place, UInt128.Parse(f.Match.Groups[1].Value, CultureInfo.InvariantCulture)))];
            return found.Length > 0 ? [.. found.OrderBy(f => f.Number).Select(f => f.Place)]
                : throw new ConfigurationException($"{path}: no column is like '{Quoted.Short(star)}', a number for the star.");
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
public sealed record ColumnPlaces(int Time, int Replica, int Token, int Label, int Weight, int Radius, IReadOnlyList<int> Coordinates)
{
    /// <summary>Columns that are nothing of these.</summary>
    public IReadOnlyList<string> Unused { get; init; } = [];

    /// <summary>What is to be known of a table with these columns, a sentence; null for nothing.</summary>
    public string? Advice => Unused.Count == 0 ? null : $"columns not used: {Quoted.Short(string.Join(", ", Unused), 200)}"
        + (Token < 0 ? "; tokens are told apart by their order" : "") + (Time < 0 ? "; a file is one snapshot" : "");
}
