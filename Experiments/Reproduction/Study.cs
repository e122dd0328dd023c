using AttentionFlow.Experiments.Configuration;

namespace AttentionFlow.Experiments;

/// <summary>A run that a figure needs.</summary>
/// <param name="Name">Its folder.</param>
/// <param name="Experiment">The experiment.</param>
public sealed record PlannedRun(string Name, Experiment Experiment);

/// <summary>A finished figure.</summary>
/// <param name="Number">Its number, the paper's where it is one of the paper's.</param>
/// <param name="File">Its name without ending.</param>
/// <param name="Svg">The picture.</param>
/// <param name="Caption">What is to be seen, in the notation of <see cref="Figures.Notation"/>.</param>
public sealed record FinishedFigure(string Number, string File, string Svg, string Caption);

/// <summary>What a study found, from the files of its runs alone.</summary>
/// <param name="Figures">In the order of the report.</param>
/// <param name="Checks">Measured against predicted.</param>
public sealed record Findings(IReadOnlyList<FinishedFigure> Figures, IReadOnlyList<Check> Checks);

/// <summary>One figure of the paper: the runs it needs, and what they show.</summary>
public abstract class Study
{
    /// <summary>Every study there is.</summary>
    public static readonly IReadOnlyList<Study> All = [new Figure2Study(), new Figure3Study()];

    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Its heading in the report.</summary>
    public abstract string Heading { get; }

    /// <summary>What it shows, for the report.</summary>
    public abstract string Introduction(bool quick);

    /// <summary>The runs, at full size or small enough for a look in a few seconds.</summary>
    public abstract IReadOnlyList<PlannedRun> Plan(bool quick);

    /// <summary>Reads the runs' files and compares them with the predictions.</summary>
    /// <param name="plan">What <see cref="Plan"/> gave.</param>
    /// <param name="folder">Where the runs' folders are.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public abstract Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder);
}
