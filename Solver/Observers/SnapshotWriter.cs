namespace AttentionFlow.Solver;

/// <summary>Writes positions to snapshots.csv: rows by snapshot, replica, token, of evenly spread tokens.</summary>
public sealed class SnapshotWriter : TimedObserver
{
    private const int RowsAtOnce = 4096;

    private readonly CsvTable _table;
    private readonly int _tokens;

    /// <summary>Writes to a table with the columns <see cref="RunColumns.Snapshots"/>.</summary>
    /// <param name="table">The table.</param>
    /// <param name="times">When.</param>
    /// <param name="tokens">How many tokens of a replica to keep, k = 0, 1, ..: the tokens floor(k n / tokens).</param>
    public SnapshotWriter(CsvTable table, IReadOnlyList<double> times, int tokens) : base(times) => (_table, _tokens) = (table, tokens);

    /// <inheritdoc/>
    public override bool NeedsDrift => false;

    /// <inheritdoc/>
    protected override void Record(in Frame frame)
    {
        Flow flow = frame.Flow;
        int d = flow.Dimension, width = 5 + d + (flow.Scheme.HasRadius ? 1 : 0), filled = 0;
        double[] buffer = new double[Math.Min(RowsAtOnce, flow.Replicas * _tokens) * width];
        for (int r = 0; r < flow.Replicas; r++)
            for (int k = 0; k < _tokens; k++)
            {
                int token = (int)((long)k * flow.Tokens / _tokens), row = r * flow.Tokens + token;
                Span<double> target = buffer.AsSpan(filled, width);
                (target[0], target[1], target[2], target[3], target[4]) = (Seen, frame.Time, r, token, flow.Labels[row]);
                frame.Positions.AsSpan(row * d, d).CopyTo(target[5..]);
                if (flow.Scheme.HasRadius) target[^1] = frame.Radii[row];
                filled += width;
                if (filled < buffer.Length) continue;
                _table.Append(buffer);
                filled = 0;
            }
        if (filled > 0) _table.Append(buffer.AsSpan(0, filled));
    }
}
