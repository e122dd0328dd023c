using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Encoders.Studies;

/// <summary>The tables of the study.</summary>
internal static class EncoderTables
{
    public const string Fit = "encoder-fit.csv", Clouds = "encoder-clouds.csv", Pooled = "encoder-pooled.csv", Heads = "encoder-heads.csv",
        Flow = "encoder-flow.csv", Sentences = "encoder-sentences.csv";

    private static readonly Column
        Model = new("model", ColumnType.Integer, "0: minilm, 1: arctic-xs."),
        Variation = new("variant", ColumnType.Integer, string.Join(", ", Variant.All.Select(v => $"{v.Number}: {v.Name}")) + "."),
        Length = new("length", ColumnType.Integer, "Tokens of a text, [CLS] and [SEP] among them, a prompt not."),
        Layer = new("layer", ColumnType.Integer, "Number of the layer; 0 for the embeddings."),
        Text = new("text", ColumnType.Integer, "Number of the text."),
        Omitted = new("omitted", ColumnType.Integer, "The excerpt that is left out; -1 for none."),
        MeanCosine = Number("mean_cosine", "Mean cosine of different tokens."),
        Energy = Number("energy", "E/E_max at the fitted beta: mean of e^(beta (<x_i, x_j> - 1)) over all i, j.");

    public static IReadOnlyList<Column> FitColumns { get; } =
    [
        Model, Length, Number("beta", "Slope of the logits of all heads, layers and texts on cosines, both less the mean of their row."),
        Number("r2", "Share of the squares of these logits that it explains."),
    ];

    public static IReadOnlyList<Column> CloudColumns { get; } =
    [
        Model, Variation, Length, Layer, Text, MeanCosine, Number("stable_rank", "As the observable ranks has it."),
        Number("effective_rank", "As the observable ranks has it."), Number("hemisphere", "Largest margin of a half-space with all "
            + "tokens."),
        new("clusters", ColumnType.Integer, "Components of the graph <x_i, x_j> > 0.999."), Energy,
    ];

    public static IReadOnlyList<Column> PooledColumns { get; } =
        [Model, Variation, Length, Layer, Omitted, .. Pooling.Columns];

    public static IReadOnlyList<Column> HeadColumns { get; } =
    [
        Model, Variation, Length, Layer, new("head", ColumnType.Integer, "Number of the head."),
        Number("entropy_ratio", "Attention entropy over log n, mean over tokens and texts."),
        Number("entropy_ratio_error", "Its standard error over texts."),
        Number("one_hot_rows", "Share of the tokens with an attention above 1/2, mean over texts."),
        Number("one_hot_rows_error", "Its standard error over texts."),
        Number("beta", "Slope of the logits of all texts on cosines."), Number("r2", "Share of the squares that it explains."),
    ];

    public static IReadOnlyList<Column> FlowColumns { get; } =
        [Model, Text, Number("time", "Time t of the flow."), MeanCosine, Energy];

    public static IReadOnlyList<Column> SentenceColumns { get; } =
    [
        Model, Omitted, new("sentences", ColumnType.Integer, "How many sentences."),
        Number("mean_cosine", "Mean cosine of pooled vectors, one a sentence of Moby-Dick, the other of an address."),
        Number("participation", "Participation ratio of the covariance C of the pooled unit vectors of S sentences, P = (tr C)^2/tr C^2."),
        Number("participation_limit", "1/(1/P - 1/S), the ratio for S to infinity if they are independent."),
    ];

    private static Column Number(string name, string description) => new(name, ColumnType.Number, description);
}

/// <summary>The tables of the study while they are written.</summary>
internal sealed class StudyTables(string folder) : IDisposable
{
    public CsvTable Fit { get; } = new(Path.Combine(folder, EncoderTables.Fit), EncoderTables.FitColumns);
    public CsvTable Clouds { get; } = new(Path.Combine(folder, EncoderTables.Clouds), EncoderTables.CloudColumns);
    public CsvTable Pooled { get; } = new(Path.Combine(folder, EncoderTables.Pooled), EncoderTables.PooledColumns);
    public CsvTable Heads { get; } = new(Path.Combine(folder, EncoderTables.Heads), EncoderTables.HeadColumns);
    public CsvTable Flow { get; } = new(Path.Combine(folder, EncoderTables.Flow), EncoderTables.FlowColumns);
    public CsvTable Sentences { get; } = new(Path.Combine(folder, EncoderTables.Sentences), EncoderTables.SentenceColumns);

    private CsvTable[] All => [Fit, Clouds, Pooled, Heads, Flow, Sentences];

    /// <summary>Gives the files their names.</summary>
    public void Complete()
    {
        foreach (CsvTable table in All) table.Complete();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CsvTable table in All) table.Dispose();
    }
}
