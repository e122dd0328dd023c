using System.Text.RegularExpressions;
using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>Files of one snapshot each, and the times in their names.</summary>
internal static partial class SourceFiles
{
    /// <summary>The files that a pattern with a star in its last part stands for; a name without one is that file.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        if (File.Exists(pattern)) return [pattern];
        string folder = Path.GetDirectoryName(pattern) is { Length: > 0 } given ? given : ".", last = Path.GetFileName(pattern);
        if (!last.Contains('*')) throw new ConfigurationException($"{Quoted.Short(pattern, 200)}: there is no such file.");
        if (folder.Contains('*') || !Directory.Exists(folder))
            throw new ConfigurationException($"{Quoted.Short(pattern, 200)}: there is no folder {Quoted.Short(folder, 200)}.");
        string[] found = [.. Directory.EnumerateFiles(folder, last).Order(StringComparer.Ordinal)];
        return found.Length > 0 ? found : throw new ConfigurationException($"{Quoted.Short(pattern, 200)}: no file has such a name.");
    }

    /// <summary>One file, which has times, or files of a snapshot each.</summary>
    /// <exception cref="ConfigurationException">There are several that have times, or <see cref="InTime"/> refuses them.</exception>
    public static IReadOnlyList<(string Path, double Time)> OfSnapshots(IReadOnlyList<string> files, bool hasTimes) =>
        files.Count == 1 || !hasTimes ? InTime(files)
            : throw new ConfigurationException($"{files[0]}: a file with a column of times is a trajectory by itself; give one, or "
                + "files of one snapshot each.");

    /// <summary>
    /// The files in the order of the times in their names: the number that is all they differ by, such as 0.5 in <c>snap_0.5.csv</c>.
    /// </summary>
    /// <exception cref="ConfigurationException">They differ by something else, or not at all.</exception>
    public static IReadOnlyList<(string Path, double Time)> InTime(IReadOnlyList<string> files)
    {
        if (files.Count == 1) return [(files[0], 0)];
        string[] names = [.. files.Select(f => Path.GetFileNameWithoutExtension(f))];
        int places = Number().Count(names[0]);
        for (int place = 0; place < places; place++)
        {
            Match?[] numbers = [.. names.Select(name => Number().Matches(name) is { } m && m.Count == places ? m[place] : null)];
            if (numbers.Any(m => m is null)) break;
            string Rest(int i) => names[i].Remove(numbers[i]!.Index, numbers[i]!.Length);
            double[] times = [.. numbers.Select(m => double.Parse(m!.Value, NumberStyles.Float, CultureInfo.InvariantCulture))];
            if (Enumerable.Range(1, names.Length - 1).Any(i => Rest(i) != Rest(0)) || times.Distinct().Count() < times.Length) continue;
            return [.. files.Zip(times).OrderBy(f => f.Second).Select(f => (f.First, f.Second))];
        }
        throw new ConfigurationException($"{Quoted.Short(files[0], 200)} and {files.Count - 1} others: the names of files of one snapshot "
            + "each differ by a number, the time.");
    }

    // No sign after a letter or digit: the dash in run-3 is none.
    [GeneratedRegex(@"(?<![\p{L}\d._])[-+]?\d+(\.\d+)?([eE][-+]?\d+)?|\d+(\.\d+)?([eE][-+]?\d+)?")]
    private static partial Regex Number();
}
