namespace AttentionFlow.Solver.Configuration;

/// <summary>A file that a run keeps of what it reads.</summary>
/// <param name="Name">Its name in the folder of the run.</param>
/// <param name="Source">What is read.</param>
/// <param name="Text">What the file holds; null: the bytes of the source.</param>
public sealed record InputCopy(string Name, string Source, string? Text = null);

/// <summary>The CSV files, and the runs, that an experiment names beside itself.</summary>
internal static class InputFiles
{
    /// <summary>A part that names a file: its place in the experiment, the name of the file's copy in a run folder, the part.</summary>
    public delegate IFilePart Change(string where, string copy, IFilePart part);

    /// <summary>The experiment with the rows of all files, each read once.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="read">Parts whose files were read before, by place and part without rows; those read now are added.</param>
    /// <exception cref="ConfigurationException">A file is missing or wrong; the message names place, file and line.</exception>
    public static Experiment Read(Experiment experiment, Dictionary<(string, IFilePart), IFilePart> read) =>
        Map(experiment, (where, _, part) =>
    {
        if (!read.TryGetValue((where, part), out IFilePart? whole)) read[(where, part)] = whole = CloudFile.At(where, () => WithRows(part));
        return whole;
    });

    private static IFilePart WithRows(IFilePart part) => part switch
    {
        FileLaw law => law with { Rows = CloudFile.Read(law.Path, law.Normalize) },
        SnapshotLaw law => SnapshotFile.Read(law),
        FileMatrix matrix => matrix with { Rows = CloudFile.ReadMatrix(matrix.Path) },
        Points points => points.With(CloudFile.ReadUnit(points.Path!)),
        _ => throw new NotSupportedException(part.GetType().Name),
    };

    /// <summary>The experiment with its files named as their copies in a run folder, and these copies.</summary>
    public static (Experiment Experiment, IReadOnlyList<InputCopy> Copies) Copied(Experiment experiment)
    {
        List<InputCopy> copies = [];
        Experiment copied = Map(experiment, (_, copy, part) =>
        {
            copies.Add(new(copy, part.Path!, part is SnapshotLaw { Path: null } law ? SnapshotFile.Text(law) : null));
            return part.At(copy);
        });
        return (copied, copies);
    }

    /// <summary>The names that copies have.</summary>
    public static readonly string[] CopyNames = ["cloud.csv", "targets.csv", "prompts.csv", "query.csv", "key.csv", "value.csv",
        "inner.csv", "outer.csv"];

    private static Experiment Map(Experiment experiment, Change change)
    {
        InteractionSection interaction = experiment.Interaction;
        Matrices matrices = interaction.Matrices;
        InitialLaw initial = experiment.Tokens.Initial;
        return experiment with
        {
            Tokens = experiment.Tokens with
            {
                Initial = Part(initial is SnapshotLaw { Path: null } ? "$.tokens.initial.run" : "$.tokens.initial.path", 0, initial),
            },
            Interaction = interaction with
            {
                Gauge = interaction.Gauge is not PrefixGauge g ? interaction.Gauge
                    : g with { Targets = Part("$.interaction.gauge.targets", 1, g.Targets) },
                Prompts = interaction.Prompts is { } p ? p with { Points = Part("$.interaction.prompts.points", 2, p.Points) } : null,
                Matrices = new(
                    Part("$.interaction.matrices.query.path", 3, matrices.Query),
                    Part("$.interaction.matrices.key.path", 4, matrices.Key),
                    Part("$.interaction.matrices.value.path", 5, matrices.Value)),
                Perceptron = interaction.Perceptron is not { } m ? null : m with
                {
                    Inner = Part("$.interaction.perceptron.inner.path", 6, m.Inner),
                    Outer = m.Outer is { } outer ? Part("$.interaction.perceptron.outer.path", 7, outer) : null,
                },
            },
        };

        T Part<T>(string where, int copy, T part) where T : class =>
            part is IFilePart { Path: not null } file ? (T)change(where, CopyNames[copy], file) : part;
    }
}
