using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Solver.Analysis;

/// <summary>Shares of the cosines of pairs of different tokens in bins of equal width over [-1, 1].</summary>
public sealed class CosineHistogram
{
    /// <summary>How many bins.</summary>
    public const int Bins = 40;

    /// <summary>All pairs of up to 724 tokens; of more tokens so many pairs, drawn with equal chance, the same in every analysis.</summary>
    public const int MostPairs = 1 << 18;

    /// <summary>The columns of cosines.csv.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        new("time", ColumnType.Number, "Time of the snapshot."),
        new("replica", ColumnType.Integer, "Number of the replica."),
        new("from", ColumnType.Number, "Lower end of the bin, which belongs to it."),
        new("to", ColumnType.Number, "Upper end of the bin; 1 belongs to the last."),
        new("share", ColumnType.Number, "Share of the pairs i < j whose cosine <x_i, x_j> lies in the bin."),
    ];

    private (int I, int J)[] _pairs = [];
    private int _drawnFor;

    /// <summary>The shares of the bins; of a single token, of itself.</summary>
    public double[] Shares(TokenSet set, int d)
    {
        long[] counts = new long[Bins];
        int n = set.Count;
        double[] x = set.Positions;
        if ((long)n * (n - 1) / 2 <= MostPairs)
            for (int i = 0; i < n; i++)
                for (int j = 0; j < i; j++) Count(i, j);
        else
            foreach ((int i, int j) in PairsOf(n)) Count(i, j);
        if (n == 1) counts[^1] = 1;
        double total = counts.Sum();
        return [.. counts.Select(count => count / total)];

        void Count(int i, int j)
        {
            double cosine = Sphere.LaneDot(x.AsSpan(i * d, d), x.AsSpan(j * d, d));
            counts[Math.Clamp((int)Math.Floor((cosine + 1) * (Bins / 2.0)), 0, Bins - 1)]++;
        }
    }

    private (int I, int J)[] PairsOf(int n)
    {
        if (n == _drawnFor) return _pairs;
        RandomStream random = new(0, RandomPurpose.Probes, 0, 0);
        _pairs = new (int, int)[MostPairs];
        foreach (ref (int I, int J) pair in _pairs.AsSpan())
        {
            int i = (int)(random.Uniform() * n), j = (int)(random.Uniform() * (n - 1));
            pair = (i, j < i ? j : j + 1);
        }
        _drawnFor = n;
        return _pairs;
    }

    /// <summary>The rows of a replica at a time.</summary>
    public double[] Rows(double time, TokenSet set, int d)
    {
        double[] shares = Shares(set, d), rows = new double[Bins * Columns.Count];
        for (int bin = 0; bin < Bins; bin++)
            ((double[])[time, set.Replica, (bin - Bins / 2) / (Bins / 2.0), (bin + 1 - Bins / 2) / (Bins / 2.0), shares[bin]])
                .CopyTo(rows.AsSpan(bin * Columns.Count));
        return rows;
    }
}
