namespace AttentionFlow.Solver;

/// <summary>
/// Writes energy plateaus to plateaus.csv: spans of time, at least a factor 2 long, in which t dE/dt stays below a hundredth of k(1)/2 at the end of every step. In
/// a metastable run each is a stair: the energy of a number of clusters that hardly move.
/// </summary>
public sealed class PlateauWriter : IObserver
{
    private const double Flat = 0.01, Shortest = 2;

    private readonly CsvTable _table;
    private readonly Span?[] _open;

    private sealed record Span(double Start, double End, double Energy, double Slope);

    /// <summary>Writes to a table with the columns <see cref="RunColumns.Plateaus"/>.</summary>
    /// <exception cref="NotSupportedException">When the flow climbs no energy.</exception>
    public PlateauWriter(CsvTable table, Flow flow)
    {
        EnergyObservable.ThrowIfNone(flow);
        (_table, _open) = (table, new Span?[flow.Replicas]);
    }

    /// <inheritdoc/>
    public bool NeedsDrift => false;

    /// <inheritdoc/>
    public void Stepped(in Step step)
    {
        if (step.Time == 0) return;
        double slope = step.Time * step.Rate;
        if (!(slope < Flat * step.Flow.Interaction.DiracEnergy)) Close(step.Replica);
        else if (_open[step.Replica] is not { } open) _open[step.Replica] = new Span(step.Time, step.Time, step.Energy, slope);
        else _open[step.Replica] = slope < open.Slope ? new Span(open.Start, step.Time, step.Energy, slope) : open with { End = step.Time };
    }

    /// <inheritdoc/>
    public void Ended(in Frame frame)
    {
        for (int r = 0; r < _open.Length; r++) Close(r);
    }

    private void Close(int replica)
    {
        if (_open[replica] is { } open && open.End >= Shortest * open.Start) _table.Append([replica, open.Start, open.End, open.Energy]);
        _open[replica] = null;
    }
}
