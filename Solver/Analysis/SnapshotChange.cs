using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Solver.Analysis;

/// <summary>What became of the tokens of a replica from one snapshot to the next.</summary>
public static class SnapshotChange
{
    private const int Few = 8;

    /// <summary>The columns of changes.csv.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        new("time", ColumnType.Number, "Time of the snapshot."),
        new("replica", ColumnType.Integer, "Number of the replica."),
        new("since", ColumnType.Number, "Time of the snapshot before."),
        new("displacement", ColumnType.Number, "Root mean square of |x_i - x_i(since)|, weighted by m_i."),
        new("displacement_max", ColumnType.Number, "Largest |x_i - x_i(since)|."),
        new("cka", ColumnType.Number, "Linear CKA of the two: |Y^T X|^2/(|X^T X| |Y^T Y|) of centred tokens; 0 where one is a point."),
    ];

    /// <summary>Root mean square, weighted by m_i, and maximum of |x_i - y_i|.</summary>
    public static (double Rms, double Largest) Displacement(TokenSet now, TokenSet before, int d)
    {
        CompensatedSum square = default;
        double largest = 0;
        for (int i = 0; i < now.Count; i++)
        {
            double distance = Sphere.Distance(now.Positions.AsSpan(i * d, d), before.Positions.AsSpan(i * d, d));
            square.Add((now.Weights?[i] ?? 1.0 / now.Count) * distance * distance);
            largest = Math.Max(largest, distance);
        }
        return (Math.Sqrt(square.Value), largest);
    }

    /// <summary>
    /// Linear centred kernel alignment |Y^T X|_F^2/(|X^T X|_F |Y^T Y|_F) [arXiv 1905.00414], rows centred at their weighted mean and
    /// multiplied by the roots of their weights: 1 for tokens that are turned or scaled as a whole. 0 where one is a point. O(n d
    /// min(n, d)).
    /// </summary>
    public static double Cka(TokenSet now, TokenSet before, int d)
    {
        double[] x = Centred(now, d), y = Centred(before, d);
        (double xy, double xx, double yy) = now.Count < d ? Pairs(x, y, now.Count, d) : Products(x, y, now.Count, d);
        double nothing = Mean.Rounding(d) * Mean.Rounding(d);
        return xx > nothing && yy > nothing ? xy / Math.Sqrt(xx * yy) : 0;
    }

    private static double[] Centred(TokenSet set, int d)
    {
        double[] weights = set.Weights ?? [.. Enumerable.Repeat(1.0 / set.Count, set.Count)];
        double[] mean = new double[d], centred = [.. set.Positions];
        Mean.Of(set.Positions, weights, 0, set.Count, mean);
        for (int i = 0; i < set.Count; i++)
            for (int c = 0; c < d; c++) centred[i * d + c] = Math.Sqrt(weights[i]) * (centred[i * d + c] - mean[c]);
        return centred;
    }

    // By the matrices of products of tokens, [n, n]: |Y^T X|_F^2 = sum_ij <x_i, x_j> <y_i, y_j>.
    private static (double, double, double) Pairs(double[] x, double[] y, int n, int d)
    {
        double xy = 0, xx = 0, yy = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
            {
                double a = Sphere.LaneDot(x.AsSpan(i * d, d), x.AsSpan(j * d, d));
                double b = Sphere.LaneDot(y.AsSpan(i * d, d), y.AsSpan(j * d, d));
                int both = i == j ? 1 : 2;
                (xy, xx, yy) = (xy + both * a * b, xx + both * a * a, yy + both * b * b);
            }
        return (xy, xx, yy);
    }

    // By the matrices of products of coordinates, [d, d].
    private static (double, double, double) Products(double[] x, double[] y, int n, int d)
    {
        return (Square(x, y), Square(x, x), Square(y, y));

        double Square(double[] a, double[] b)
        {
            double[] sums = new double[d * d];
            for (int at = 0; at < n * d; at += d)
                for (int c = 0, k = 0; c < d; c++, k += d)
                    if (d > Few) Sphere.AddScaled(sums.AsSpan(k, d), a[at + c], b.AsSpan(at, d));
                    else
                        for (int e = 0; e < d; e++) sums[k + e] += a[at + c] * b[at + e];
            return Sphere.LaneDot(sums, sums);
        }
    }
}
