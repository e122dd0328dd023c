using AttentionFlow.Experiments.Studies;
using AttentionFlow.Solver.Analysis;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Experiments.Commands;

/// <summary>What <c>analyze</c> is given: a trajectory, and where it is that of a run, what the run says of it.</summary>
/// <param name="Name">For titles.</param>
/// <param name="Trajectory">The tokens.</param>
/// <param name="Map">Which columns are what; null for their own names.</param>
/// <param name="Normalized">Whether points are scaled to length 1.</param>
/// <param name="Folder">The folder of the run; null where it is none.</param>
/// <param name="Traced">The experiment of a trace; null where it is none.</param>
internal sealed record AnalysisSource(
    string Name, Trajectory Trajectory, string? Map, bool Normalized, string? Folder, string? Traced = null)
{
    private Cloud? _start;

    /// <summary>Weights of a run's tokens, which its snapshots do not have; null where it is no run.</summary>
    public double[]? WeightsOf(TokenKey tokens) => Folder is null ? null : WeightsIn(_start ??= Run(Folder, []).Draw(), tokens);

    /// <summary>What is to be known of a run's snapshots, a sentence; null for nothing.</summary>
    public string? Advice => Folder is not null && Run(Folder, []) is { Record.Tokens: { } kept } run && kept < run.Tokens.Count
        ? $"the snapshots keep {kept} of the run's {run.Tokens.Count} tokens, and these are the observables of the tokens kept"
        : Trajectory.Advice;

    /// <summary>What the times are called.</summary>
    public string TimeName => Traced is not null ? "layer"
        : (Map ?? "").Split(',').FirstOrDefault(e => e.StartsWith("time=", StringComparison.Ordinal))?[5..] ?? "t";

    /// <summary>Looks at the sources: one folder, or files.</summary>
    /// <exception cref="ConfigurationException">They are not what they should be.</exception>
    public static AnalysisSource Open(string[] sources, ColumnMap map, bool normalize)
    {
        string? folder = sources.FirstOrDefault(Directory.Exists);
        if (folder is not null && sources.Length > 1) throw new ConfigurationException($"{folder}: a folder is analysed by itself.");
        string? given = map.Text.Length > 0 ? map.Text : null;
        if (folder is null)
        {
            if (sources.Length == 1 && !File.Exists(sources[0]) && Directory.Exists(Path.Combine("out", sources[0])))
                throw new ConfigurationException($"{sources[0]}: there is no such file; do you mean {Path.Combine("out", sources[0])}?");
            string name = Path.GetFileNameWithoutExtension(sources[0]).Replace("*", "", StringComparison.Ordinal).TrimEnd('_', '-', '.');
            return new AnalysisSource(name.Length > 0 ? name : "trajectory", Trajectory.Open(sources, map, normalize), given, normalize,
                Folder: null);
        }
        string snapshots = SnapshotFiles.In(folder);
        bool isUnderWay = File.Exists(Path.Combine(folder, RunFolder.RunFile));
        if (!File.Exists(snapshots))
            throw new ConfigurationException($"{folder}: there is no {RunFolder.SnapshotsFile} in it"
                + (isUnderWay ? "; the run is under way, or was killed: 'run --resume' ends it."
                    : "; files of one snapshot each are named by a pattern, 'DIR/*.csv'."));
        string? run = File.Exists(Path.Combine(folder, RunFolder.ExperimentFile)) ? folder : null;
        // Coordinates of few digits are no unit vectors.
        normalize |= run is not null && Run(run, []).Record.Digits is not null;
        string title = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        string traced = Path.Combine(folder, "analysis", RunFolder.ExperimentFile);
        return new AnalysisSource(title, Trajectory.Open([snapshots], map, normalize), given, normalize, run,
            run is null && File.Exists(traced) ? traced : null);
    }

    /// <summary>The experiment whose flow the tokens follow; null for none.</summary>
    /// <param name="asked">A file, or the name of a stored experiment; null: that of the run.</param>
    /// <param name="settings">Settings on top.</param>
    /// <exception cref="ConfigurationException">It is wrong, or of another dimension.</exception>
    public Experiment? ExperimentOf(string? asked, IReadOnlyList<string> settings)
    {
        int d = Trajectory.Dimension;
        Experiment experiment;
        if (asked is not null) experiment = StoredExperiments.Find(asked, settings);
        else if (Folder is not null) experiment = Run(Folder, settings);
        else if (Traced is not null) experiment = ExperimentReader.Read(Traced, settings);
        else if (settings.Count == 0) return null;
        else if (settings.Any(s => s.StartsWith("interaction.beta=", StringComparison.Ordinal)))
            experiment = ExperimentReader.Parse("{}", "analyze", [$"tokens.dimension={d}", .. settings]);
        else
            throw new ConfigurationException($"--set {settings[0]}: without an experiment an interaction needs its beta, "
                + "--set interaction.beta=..; --experiment FILE names one.");
        return experiment.Tokens.Dimension == d ? experiment
            : throw ConfigurationException.At("$.tokens.dimension", $"{experiment.Tokens.Dimension} is not the dimension of "
                + $"{Trajectory.Files[0]}, which is {d}; --set tokens.dimension={d}.");
    }

    private static Experiment Run(string folder, IReadOnlyList<string> settings) =>
        ExperimentReader.Read(Path.Combine(folder, RunFolder.ExperimentFile), settings);

    // Of some of a run's tokens, as of a cloud by themselves.
    private static double[]? WeightsIn(Cloud cloud, TokenKey key)
    {
        if (key.Replica >= cloud.Replicas || (key.Tokens?[^1] ?? key.Count - 1) >= cloud.Tokens) return null;
        ReadOnlySpan<double> own = cloud.Weights.AsSpan(key.Replica * cloud.Tokens, cloud.Tokens);
        if (key.Count == cloud.Tokens) return own.ToArray();
        double[] some = new double[key.Count];
        for (int i = 0; i < some.Length; i++) some[i] = own[(int)(key.Tokens?[i] ?? i)];
        double sum = CompensatedSum.Of(some);
        return [.. some.Select(w => w / sum)];
    }
}
