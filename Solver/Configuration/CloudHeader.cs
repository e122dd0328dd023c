namespace AttentionFlow.Solver.Configuration;

/// <summary>The columns that the first line of a file of points or of a matrix names, and what is wrong with one that names none.</summary>
internal sealed class CloudHeader
{
    private const string Convert = "save the file as UTF-8";
    private const string Spaces = "columns are separated by spaces; commas are expected (tr -s ' ' ',').";
    private static readonly string[] OfSnapshots = ["snapshot", "time", "replica"];

    /// <summary>The columns of a line.</summary>
    /// <param name="names">Its fields.</param>
    /// <param name="isMatrix">Whether x0, x1, ... alone are expected.</param>
    /// <exception cref="ConfigurationException">The line names no such columns; the message says what it seems to be.</exception>
    public CloudHeader(string[] names, bool isMatrix)
    {
        Names = names;
        Coordinates = [.. Enumerable.Range(0, names.Length).Select(k => Array.IndexOf(names, $"x{k}")).TakeWhile(c => c >= 0)];
        if ((WhyOtherwise(names) ?? WhyUnknown() ?? (isMatrix ? WhyNoMatrix() : null)) is { } why)
            throw new ConfigurationException(why);
        (Label, Weight) = (Array.IndexOf(names, "label"), Array.IndexOf(names, "weight"));
    }

    /// <summary>All columns.</summary>
    public string[] Names { get; }

    /// <summary>Where x0, x1, ... are.</summary>
    public int[] Coordinates { get; }

    /// <summary>Where the labels are; -1: there are none.</summary>
    public int Label { get; }

    /// <summary>Where the weights are; -1: there are none.</summary>
    public int Weight { get; }

    /// <summary>Why a line or a value can not be of a text in UTF-8, or null.</summary>
    public static string? WhyNoText(string text)
    {
        if (text.Contains('\0'))
            return text.Length > 2 && text[1] == '\0' ? $"this is UTF-16 without a byte order mark; {Convert} (iconv -f UTF-16LE -t UTF-8)."
                : "there is a NUL character; a text in UTF-8 is expected.";
        if (text.Any(c => char.IsControl(c) && c != '\t')) return "this is not a text; a CSV file of numbers is expected.";
        return text.Contains('\uFFFD') ? $"this is not UTF-8; {Convert} (from Latin-1: iconv -f LATIN1 -t UTF-8)." : null;
    }

    /// <summary>Why a line can not be the header of any table, or null.</summary>
    public static string? WhyNoTable(string[] names) => WhyOtherwise(names) ?? WhyTwice(names)
        ?? (names is [var one] && one.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length > 1 ? Spaces : null)
        ?? (names.Contains("") ? "a column has no name; a table saved with its index needs the index left out (pandas: index=False)."
            : null);

    private static string? WhyOtherwise(string[] names)
    {
        if (WhyNoText(string.Concat(names)) is { } why) return why;
        string first = names[0];
        if (first.StartsWith('#'))
            return "the header is a comment; numpy.savetxt leaves the '#' out with comments='' (and takes delimiter=',').";
        if (names.Length == 1 && first.Contains(';'))
            return "columns are separated by semicolons; commas are expected, and points in numbers (tr ',;' '.,').";
        if (names.Length == 1 && first.Contains('\t')) return "columns are separated by tabs; commas are expected (tr '\\t' ',').";
        if (first.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 1 } words && names.Length == 1
            && words.All(w => IsNumber(w) || IsKnown(w)))
            return Spaces;
        return names.All(IsNumber) ? "the header is missing; the first line names the columns, such as x0,x1,x2." : null;
    }

    private string? WhyUnknown()
    {
        if (Names.Length > 1 && Names[^1].Length == 0 && Names[..^1].All(n => n.Length > 0))
            return "the line ends in a comma; leave the last comma of every line out (sed 's/,$//').";
        if (WhyTwice(Names) is { } twice) return twice;
        if (OfSnapshots.All(Names.Contains))
            return "these are the snapshots of a run; take one, such as number 0 of replica 0, and drop the columns snapshot, time and "
                + "replica: awk -F, 'NR == 1 || $1 == 0 && $3 == 0' snapshots.csv | cut -d, -f4- > one.csv";
        string[] coordinates = [.. Coordinates.Select(c => Names[c])];
        if (Names.FirstOrDefault(h => !IsKnown(h) || (IsCoordinate(h) && !coordinates.Contains(h))) is not { } unknown)
            return Coordinates.Length < 2 ? "at least the columns x0 and x1 are needed." : null;
        if (IsCoordinate(unknown)) return $"there is a column '{Quoted.Short(unknown)}' but no column 'x{Coordinates.Length}'.";
        if (unknown.Length == 0 || unknown.StartsWith("Unnamed: ", StringComparison.Ordinal))
            return "a column has no name; a table saved with its index needs the index left out (pandas: index=False).";
        // A line of some other file is nobody's business.
        if (!IsWord(unknown)) return "this is no header; the first line names the columns, such as x0,x1,x2.";
        string[] known = [.. Enumerable.Range(0, Math.Max(Coordinates.Length, 1)).Select(k => $"x{k}"), "label", "weight", "token"];
        string hint = Configuration.Names.Nearest(unknown, known) is { } nearest ? $"did you mean '{nearest}'? K" : "k";
        return $"unknown column '{unknown}'; {hint}nown: x0, x1, ..., label, weight, and token (which is ignored).";
    }

    private static string? WhyTwice(string[] names) =>
        names.GroupBy(h => h).FirstOrDefault(g => g.Count() > 1 && IsWord(g.Key)) is { } twice
            ? $"the column '{twice.Key}' appears twice." : null;

    private string? WhyNoMatrix() => Names.Length == Coordinates.Length ? null
        : $"the column '{Names.First(n => !IsCoordinate(n))}' does not belong to a matrix; its columns are x0, x1, ...";

    private static bool IsKnown(string name) => name is "label" or "weight" or "token" || IsCoordinate(name);

    private static bool IsCoordinate(string name) => name.Length > 1 && name[0] == 'x' && name[1..].All(char.IsAsciiDigit);

    private static bool IsWord(string name) => name.Length is > 0 and <= 30 && name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-');

    private static bool IsNumber(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
