namespace AttentionFlow.Encoders.Studies;

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
