using System.Reflection;

namespace AttentionFlow.Experiments.Studies;

/// <summary>
/// A run that a study needs: its folder and its experiment. What varies is in the experiment, or in a record of the study that derives
/// from this one, never in the name.
/// </summary>
internal record PlannedRun(string Name, Experiment Experiment)
{
    /// <summary>The points of a stored sweep, with settings <c>path=value</c> on top.</summary>
    /// <param name="sweep">Its name.</param>
    /// <param name="name">The name of the run of a point.</param>
    /// <param name="settings">The settings.</param>
    public static IEnumerable<PlannedRun> Of(string sweep, Func<SweepPoint, string> name, params IReadOnlyList<string> settings) =>
        StoredExperiments.FindSweep(sweep).Points.Select(point =>
            new PlannedRun(name(point), ExperimentReader.Parse(ExperimentReader.Write(point.Experiment), sweep, settings)));

    /// <summary>A stored experiment with settings <c>path=value</c>.</summary>
    public PlannedRun(string name, string stored, params IReadOnlyList<string> settings)
        : this(name, StoredExperiments.Load(stored, settings))
    {
    }

    public ObservationTable Observations(string folder) => new(Path.Combine(folder, Name));

    public RunRecord Record(string folder) => RunRecord.Read(Path.Combine(folder, Name, RunFolder.RunFile));

    /// <summary>A table of the run's folder, by column.</summary>
    public IReadOnlyDictionary<string, double[]> Read(string folder, string file) => CsvData.Read(Path.Combine(folder, Name, file));

    public IReadOnlyDictionary<string, double[]> Snapshots(string folder) => CsvData.Read(SnapshotFiles.In(Path.Combine(folder, Name)));

    /// <summary>The tokens of snapshots on S^2, one after the other.</summary>
    public static double[] Positions(IReadOnlyDictionary<string, double[]> snapshots) =>
        [.. snapshots["x0"].SelectMany((x, i) => new[] { x, snapshots["x1"][i], snapshots["x2"][i] })];
}

/// <param name="File">Name of its file, without ending. The page numbers its figures as they come.</param>
/// <param name="Caption">What is to be seen, in the notation of <see cref="Notation"/>; panels go by their letters. Bars and bands are from
/// 5 to 95 % of the seeds, and it says so.</param>
internal sealed record Picture(string File, string Svg, string Caption);

/// <summary>Numbers of which nothing is predicted, in the notation of <see cref="Notation"/>.</summary>
/// <param name="Rows">A cell for every heading.</param>
internal sealed record Measurements(string Caption, IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>What a study found, from the files of its runs and tables alone.</summary>
internal sealed class Findings(IEnumerable<Fact> facts, params IReadOnlyList<Picture> pictures)
{
    public IReadOnlyList<Fact> Facts { get; } = [.. facts];
    public IReadOnlyList<Picture> Pictures => pictures;

    /// <summary>Tables of the report, after the pictures; they pass or fail nothing.</summary>
    public IReadOnlyList<Measurements> Tables { get; init; } = [];
}

/// <summary>Studies that are reproduced together.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Heading">The heading of its report.</param>
/// <param name="Introduction">First lines of its report.</param>
internal sealed record StudyGroup(string Name, string Heading, string Introduction)
{
    /// <summary>Figures 2 and 3, reproduced by default.</summary>
    public static readonly StudyGroup Paper = new("paper", "Anti mode-collapse by auxiliary variables: the paper's figures, measured",
        "Mean-field self-attention on the sphere after Imaizumi, Koyama, Isobe and Hayashi, Anti Mode-Collapse in Mean-Field Transformer "
        + "via Auxiliary Variables, arXiv 2605.30229 (2026).");

    /// <summary>Figures of other papers that researchers of the field know.</summary>
    public static readonly StudyGroup Atlas = new("atlas", "Atlas: known figures of attention dynamics, measured",
        "The atlas draws anew, each from a sweep file, the figures that the literature of attention dynamics is known by, and sets closed "
        + "forms beside them.");

    public static IReadOnlyList<StudyGroup> All => [Paper, Atlas];
}

/// <summary>A question with a picture for an answer: the runs and tables it needs, and what they show beside the prediction.</summary>
/// <param name="place">Its place in the report and in lists.</param>
/// <param name="name">Its name on the command line.</param>
/// <param name="heading">Its heading in the report.</param>
internal abstract class Study(int place, string name, string heading)
{
    /// <summary>Every study there is: the classes that derive from this one, here and in the program that has begun.</summary>
    public static IReadOnlyList<Study> All { get; } =
    [
        .. from assembly in new[] { typeof(Study).Assembly, Assembly.GetEntryAssembly() ?? typeof(Study).Assembly }.Distinct()
           from type in assembly.GetTypes()
           where type.IsSubclassOf(typeof(Study))
           let study = (Study)Activator.CreateInstance(type)!
           orderby study.Place
           select study,
    ];

    public int Place => place;
    public string Name => name;
    public string Heading => heading;

    /// <summary>The group it is reproduced with, a name on the command line beside those of the studies; null: none.</summary>
    public virtual StudyGroup? Group => null;

    /// <summary>What it shows, for the report.</summary>
    public abstract string Introduction(bool quick);

    /// <summary>The runs, at full size or small enough for a look in a few seconds.</summary>
    public virtual IReadOnlyList<PlannedRun> Plan(bool quick) => [];

    /// <summary>Ordered pairs that <see cref="Tabulate"/> sums.</summary>
    public virtual double TabulatedPairs(bool quick) => 0;

    /// <summary>Computes what is no run in time, where there is such, and writes it as tables.</summary>
    /// <param name="quick">As for <see cref="Plan"/>.</param>
    /// <param name="folder">An existing folder for the tables, that of the runs' folders.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="progress">Is told of the pairs done.</param>
    /// <param name="stop">Ends it with an <see cref="OperationCanceledException"/>.</param>
    public virtual void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
    }

    /// <summary>Reads the files and compares them with the predictions.</summary>
    /// <param name="plan">What <see cref="Plan"/> gave.</param>
    /// <param name="folder">Where the runs' folders and the tables are.</param>
    public abstract Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder);

    /// <summary>The settings where the condition holds, else none.</summary>
    protected static string[] If(bool condition, params string[] settings) => condition ? settings : [];
}
