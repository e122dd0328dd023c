using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>How near the tables of a run are to those of the same experiment run again.</summary>
/// <param name="WhyNotBytes">Why equal bytes are not promised here, or null where they are.</param>
/// <param name="Tolerance">What numbers may differ by, relative to the larger of 1 and their magnitude; 0 where bytes are promised.</param>
/// <param name="SameBytes">Whether all tables are equal byte for byte.</param>
/// <param name="Difference">The first difference beyond that, a sentence; null for none.</param>
public sealed record RerunComparison(string? WhyNotBytes, double Tolerance, bool SameBytes, string? Difference)
{
    // A flow may amplify what rounding, summation or steps did to it; this much is granted.
    private const double Amplification = 1000;

    /// <summary>Compares the folder of a run with that of its rerun.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static RerunComparison Of(string folder, RunRecord record, Experiment experiment, string rerun, RunRecord again)
    {
        string? why = WhyNot(record, again);
        double tolerance = why is null ? 0 : ToleranceOf(experiment);
        string[] different = [.. RunFolder.TableNames.Where(name => !AreSame(Path.Combine(folder, name), Path.Combine(rerun, name)))];
        string? difference = different.Select(name => First(Path.Combine(folder, name), Path.Combine(rerun, name), tolerance))
            .FirstOrDefault(found => found is not null);
        if (difference is null && again.Status != record.Status)
            difference = $"{Path.Combine(folder, RunFolder.RunFile)}: the status is {record.Status}; that of the rerun is {again.Status}";
        return new RerunComparison(why, tolerance, different.Length == 0, difference);
    }

    /// <summary>Why two runs of one experiment need not have the same bytes, or null.</summary>
    private static string? WhyNot(RunRecord run, RunRecord again) =>
        Versions(run).FirstOrDefault(version => version != again.ProgramVersion) is { } other
            ? $"version {other} made it, this is {again.ProgramVersion}"
        : Hosts(run).FirstOrDefault(host => (host.Os, host.Architecture) != (again.Host.Os, again.Host.Architecture)) is { } host
            ? $"it was made on {host.Os}, {host.Architecture}"
        : again.DotnetVersion != run.DotnetVersion ? $".NET {run.DotnetVersion} made it, this is .NET {again.DotnetVersion}"
        : again.Device != run.Device ? $"device {run.Device} made it, this is {again.Device}"
        : run.Device is not ("cpu" or "reference") ? $"device {run.Device} may be another one here"
        : null;

    // Of the run and of every piece of it, where it was interrupted.
    private static IEnumerable<string> Versions(RunRecord run) => [run.ProgramVersion, .. (run.Pieces ?? []).Select(p => p.ProgramVersion)];

    private static IEnumerable<HostRecord> Hosts(RunRecord run) => [run.Host, .. (run.Pieces ?? []).Select(p => p.Host)];

    private static double ToleranceOf(Experiment experiment)
    {
        double sums = Math.Max(experiment.Precision == Precision.Single ? 1e-6 : 1e-12,
            experiment.Summation == Summation.Direct ? 0 : experiment.Tolerance ?? 0);
        double steps = experiment.Time.Control is AdaptiveStep adaptive ? 10 * adaptive.Tolerance : 0;
        return Math.Max(Amplification * sums, steps);
    }

    private static bool AreSame(string path, string other) =>
        File.Exists(path) == File.Exists(other) && (!File.Exists(path) || RunCheck.Measure(path) == RunCheck.Measure(other));

    private static string? First(string path, string other, double tolerance)
    {
        if (!File.Exists(path)) return $"{path}: missing; the rerun has it";
        if (!File.Exists(other)) return $"{path}: the rerun has no such file";
        using IEnumerator<string> ours = Lines(path), theirs = Lines(other);
        string[] header = [];
        for (long row = 0; ; row++)
        {
            bool here = ours.MoveNext(), there = theirs.MoveNext();
            if (!here && !there) return tolerance > 0 ? null : $"{path}: other bytes than the rerun's, in the same rows";
            if (!here || !there) return $"{path}, row {row}: {(here ? "there is one; the rerun has none" : "missing; the rerun has one")}";
            if (row == 0) header = ours.Current.Split(',');
            if (ours.Current == theirs.Current) continue;
            if (row == 0) return $"{path}: the header is {Quoted.Short(ours.Current, 200)}; that of the rerun is {theirs.Current}";
            string[] a = ours.Current.Split(','), b = theirs.Current.Split(',');
            if (a.Length != b.Length) return $"{path}, row {row}: {a.Length} fields; the rerun has {b.Length}";
            for (int c = 0; c < a.Length; c++)
                if (a[c] != b[c] && !AreNear(a[c], b[c], tolerance))
                    return $"{path}, row {row}: {header[Math.Min(c, header.Length - 1)]} is {Quoted.Short(a[c])}; the rerun has {b[c]}";
        }
    }

    private static IEnumerator<string> Lines(string path) => WholeFile.Guard(path, () => SnapshotFiles.Lines(path)).GetEnumerator();

    private static bool AreNear(string one, string other, double tolerance) =>
        double.TryParse(one, CultureInfo.InvariantCulture, out double a)
        && double.TryParse(other, CultureInfo.InvariantCulture, out double b)
        && Math.Abs(a - b) <= tolerance * Math.Max(1, Math.Max(Math.Abs(a), Math.Abs(b)));
}
