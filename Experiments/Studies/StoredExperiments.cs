namespace AttentionFlow.Experiments.Studies;

/// <summary>The experiments of data/experiments, which travel inside the program.</summary>
internal static class StoredExperiments
{
    private static readonly StoredFiles Files = new("experiments");

    /// <summary>Their names, sorted.</summary>
    public static IReadOnlyList<string> Names => Files.Names;

    /// <summary>The text of one.</summary>
    public static string Text(string name) =>
        TextOrNull(name) ?? throw new ArgumentException($"no stored experiment is called '{name}'");

    /// <summary>The text of one, or null where none has this name.</summary>
    public static string? TextOrNull(string name) => Files.Text(name);

    /// <summary>One of them, with settings <c>path=value</c> applied.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static Experiment Load(string name, params IReadOnlyList<string> settings) => ExperimentReader.Parse(Text(name), name, settings);

    /// <summary>
    /// A file where there is one of this name, else the experiment.json of a folder of this name, else a stored experiment.
    /// </summary>
    /// <exception cref="ConfigurationException">None is there, or the file is wrong.</exception>
    public static Experiment Find(string fileOrName, IReadOnlyList<string> settings)
    {
        if (File.Exists(fileOrName)) return ExperimentReader.Read(fileOrName, settings);
        string inFolder = Path.Combine(fileOrName, RunFolder.ExperimentFile);
        if (File.Exists(inFolder)) return ExperimentReader.Read(inFolder, settings);
        if (Names.Contains(fileOrName)) return Load(fileOrName, settings);
        if (Directory.Exists(fileOrName))
            throw new ConfigurationException($"{Quoted.Short(fileOrName)}: there is no {RunFolder.ExperimentFile} in this folder.");
        string hint = Solver.Configuration.Names.Nearest(fileOrName, Names) is { } near ? $"; did you mean '{near}'?" : "";
        throw new ConfigurationException(
            $"{Quoted.Of(fileOrName)} is neither a file nor a stored experiment{hint} ('attentionflow list' shows the stored ones)");
    }

    /// <summary>A sweep file where there is one of this name, else a stored sweep.</summary>
    /// <exception cref="ConfigurationException">None is there, or the file is wrong.</exception>
    public static Sweep FindSweep(string fileOrName)
    {
        string? stored = File.Exists(fileOrName) ? null : StoredFiles.Sweeps.Text(fileOrName);
        if (stored is not null) return SweepReader.Parse(stored, fileOrName, TextOrNull);
        if (!File.Exists(fileOrName) && Solver.Configuration.Names.Nearest(fileOrName, StoredFiles.Sweeps.Names) is { } near)
            throw new ConfigurationException($"{Quoted.Of(fileOrName)} is neither a file nor a stored sweep; did you mean '{near}'?");
        return SweepReader.Read(fileOrName, TextOrNull);
    }
}
