using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Solver.Analysis;

/// <summary>
/// beta as the slope of logits on cosines, by least squares: logit_ij = beta &lt;x_i, x_j&gt; + a_i + error, with a constant a_i a row, for
/// softmax sees no shift of a row. From attention probabilities by their logarithms, which differ from logits by such a shift alone; zeros,
/// of a mask, are left out. Equal weights for all pairs.
/// </summary>
public sealed class BetaFit
{
    private double _xy, _xx, _yy;

    /// <summary>The columns of fit.csv.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        new("time", ColumnType.Number, "Time of the snapshot."),
        new("replica", ColumnType.Integer, "Number of the replica."),
        new("head", ColumnType.Integer, "Number of the head."),
        new("beta", ColumnType.Number, "Slope of the logits on the cosines of tokens, with a constant for each row."),
        new("r2", ColumnType.Number, "Share of the logits' squares, each row centred, that the slope explains."),
    ];

    /// <summary>The slope of all that was added; 0 where cosines do not vary.</summary>
    public double Beta => _xx > 0 ? _xy / _xx : 0;

    /// <summary>The explained share; 0 where logits do not vary.</summary>
    public double R2 => _xx > 0 && _yy > 0 ? _xy * _xy / (_xx * _yy) : 0;

    /// <summary>Adds what another fit has seen.</summary>
    public void Add(BetaFit other) => Add(other._xy, other._xx, other._yy);

    /// <summary>Adds sums over pairs, each row centred: of logits times cosines, squares of cosines, and squares of logits.</summary>
    public void Add(double products, double cosines, double logits) => (_xy, _xx, _yy) = (_xy + products, _xx + cosines, _yy + logits);

    /// <summary>Adds the rows of a head.</summary>
    /// <param name="set">The tokens that the head reads.</param>
    /// <param name="d">d.</param>
    /// <param name="scores">Logits or probabilities, [n, n], a row a query.</param>
    /// <param name="areProbabilities">Whether they are probabilities.</param>
    public void Add(TokenSet set, int d, ReadOnlySpan<double> scores, bool areProbabilities)
    {
        int n = set.Count;
        List<double> cosines = new(n), logits = new(n);
        for (int i = 0; i < n; i++)
        {
            cosines.Clear();
            logits.Clear();
            for (int j = 0; j < n; j++)
            {
                double score = scores[i * n + j];
                if (areProbabilities && !(score > 0)) continue;
                cosines.Add(Sphere.LaneDot(set.Positions.AsSpan(i * d, d), set.Positions.AsSpan(j * d, d)));
                logits.Add(areProbabilities ? Math.Log(score) : score);
            }
            if (cosines.Count < 2) continue;
            double cosine = cosines.Average(), logit = logits.Average();
            for (int j = 0; j < cosines.Count; j++)
            {
                double x = cosines[j] - cosine, y = logits[j] - logit;
                (_xy, _xx, _yy) = (_xy + x * y, _xx + x * x, _yy + y * y);
            }
        }
    }
}
