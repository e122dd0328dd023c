using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Experiments.Studies;

/// <summary>A run that a study needs.</summary>
/// <param name="Name">Its folder.</param>
/// <param name="Experiment">The experiment.</param>
public sealed record PlannedRun(string Name, Experiment Experiment);

/// <summary>A finished figure.</summary>
/// <param name="Number">Its number; 2 and 3 are those of the paper.</param>
/// <param name="File">Its name without ending.</param>
/// <param name="Svg">The picture.</param>
/// <param name="Caption">What is to be seen, in the notation of <see cref="Figures.Notation"/>.</param>
public sealed record FinishedFigure(string Number, string File, string Svg, string Caption);

/// <summary>What a study found, from the files of its runs and tables alone.</summary>
/// <param name="Figures">In the order of the report.</param>
/// <param name="Checks">Measured against predicted.</param>
public sealed record Findings(IReadOnlyList<FinishedFigure> Figures, IReadOnlyList<Check> Checks);

/// <summary>A question with a picture for an answer: the runs and tables it needs, and what they show beside the prediction.</summary>
public abstract class Study
{
    /// <summary>The figures of the paper.</summary>
    public static readonly IReadOnlyList<Study> Paper = [new Figure2Study(), new Figure3Study()];

    /// <summary>Every study there is.</summary>
    public static readonly IReadOnlyList<Study> All =
    [
        .. Paper, new GrowthStudy(), new FiniteTokensStudy(), new PlateausStudy(), new NoiseStudy(), new SchemesStudy(), new LongTimesStudy(), new WorkPrecisionStudy(),
        new CodeStrengthStudy(), new ToeplitzStudy(), new TargetsStudy(), new LengthStudy(), new EarlyWarningStudy(),
        new ControlsStudy(), new PromptsStudy(), new CausalStudy(), new LostInTheMiddleStudy(),
    ];

    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Its heading in the report.</summary>
    public abstract string Heading { get; }

    /// <summary>What it shows, for the report.</summary>
    public abstract string Introduction(bool quick);

    /// <summary>The runs, at full size or small enough for a look in a few seconds.</summary>
    public abstract IReadOnlyList<PlannedRun> Plan(bool quick);

    /// <summary>Ordered pairs that <see cref="Tabulate"/> sums.</summary>
    public virtual double TabulatedPairs(bool quick) => 0;

    /// <summary>Computes what is no run in time, where there is such, and writes it as tables.</summary>
    /// <param name="quick">As for <see cref="Plan"/>.</param>
    /// <param name="folder">An existing folder for the tables, that of the runs' folders.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="progress">Is told of the pairs done.</param>
    /// <param name="stop">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public virtual void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
    }

    /// <summary>Reads the files and compares them with the predictions.</summary>
    /// <param name="plan">What <see cref="Plan"/> gave.</param>
    /// <param name="folder">Where the runs' folders and the tables are.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public abstract Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder);
}
