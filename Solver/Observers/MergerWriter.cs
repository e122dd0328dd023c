namespace AttentionFlow.Solver;

/// <summary>Writes mergers to mergers.csv as they happen: in the order of time for each replica.</summary>
/// <param name="table">A table with the columns <see cref="RunColumns.Mergers"/>.</param>
public sealed class MergerWriter(CsvTable table) : IObserver
{
    /// <inheritdoc/>
    public bool NeedsDrift => false;

    /// <inheritdoc/>
    public void Merged(in Merger merger) =>
        table.Append([merger.Time, merger.Replica, merger.Token, merger.Into, merger.MassToken, merger.MassInto, merger.Left]);
}
