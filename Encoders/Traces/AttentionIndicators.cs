using AttentionFlow.Solver.Analysis;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Encoders.Traces;

/// <summary>What the rows of an attention matrix say, as the columns of <see cref="AttentionIndicators"/> have it.</summary>
/// <param name="Entropy">Mean entropy of a row.</param>
/// <param name="LeastEntropy">Least entropy of a row.</param>
/// <param name="Participation">Mean of 1/sum_j A_ij^2.</param>
/// <param name="OneHot">Share of the rows with an entry above 1/2.</param>
/// <param name="Flat">Share of the rows with H_i > 0.99 log n.</param>
internal readonly record struct RowIndicators(double Entropy, double LeastEntropy, double Participation, double OneHot, double Flat);

/// <summary>
/// Indicators of an attention matrix A [n, n] that is there, with those names and definitions that the observables of a flow have (equal
/// weights), and the inverse temperature that fits its logits best.
/// </summary>
internal static class AttentionIndicators
{
    private const double OneHot = 0.5, Flat = 0.99, LowPassTolerance = 1e-4;

    /// <summary>The columns of the values.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        Number("attention_entropy_mean", "Mean over tokens i of H_i = -sum_j A_ij log A_ij."),
        Number("attention_entropy_min", "Least H_i."),
        Number("entropy_ratio", "attention_entropy_mean / log n."),
        Number("entropy_floor", "Least of the lower bounds on H_i that follow from the spread of the logits of row i."),
        Number("logit_spread", "Largest standard deviation of the logits of a row."),
        Number("participation", "Mean over tokens i of 1/sum_j A_ij^2, the number of tokens that i attends to."),
        Number("one_hot_rows", "Share of the tokens i with max_j A_ij > 1/2."),
        Number("flat_rows", "Share of the tokens i with H_i > 0.99 log n."),
        Number("sink", "Largest sum_i A_ij over the tokens j: what the most attended token receives."),
        Number("low_pass", "Spectral norm of (I - 11^T/n) A."),
        Number("beta", "Slope of the logits on the cosines of the hidden states that enter the layer, both less the mean of their row."),
        Number("fit", "Share of the variance of the logits in their rows that beta times the cosines explain, from 0 to 1."),
    ];

    /// <summary>Measures one head.</summary>
    /// <param name="n">Tokens, at least 2.</param>
    /// <param name="matrix">A, [n, n].</param>
    /// <param name="logits">What the softmax saw, [n, n].</param>
    /// <param name="cosines">Of the hidden states that enter the layer, [n, n].</param>
    /// <param name="values">One a column.</param>
    /// <returns>The fit of beta, to be joined with others.</returns>
    public static BetaFit Measure(
        int n, ReadOnlySpan<float> matrix, ReadOnlySpan<float> logits, ReadOnlySpan<double> cosines, Span<double> values)
    {
        double[] a = new double[n * n], received = new double[n];
        for (int k = 0; k < a.Length; k++) a[k] = matrix[k];
        RowIndicators rows = RowsOf(n, a, received);
        (double spread, BetaFit fit) = FitOf(n, logits, cosines);
        ReadOnlySpan<double> measured =
        [
            rows.Entropy, rows.LeastEntropy, rows.Entropy / Math.Log(n),
            Equiangular.AttentionEntropy(n, spread * (n / Math.Sqrt(n - 1))), spread,
            rows.Participation, rows.OneHot, rows.Flat, received.Max(), LowPass(n, a), fit.Beta, fit.R2,
        ];
        measured.CopyTo(values);
        return fit;
    }

    /// <summary>What the rows of a matrix say.</summary>
    /// <param name="n">Tokens, at least 2.</param>
    /// <param name="matrix">A, [n, n].</param>
    public static RowIndicators RowsOf(int n, ReadOnlySpan<float> matrix)
    {
        double[] a = new double[n * n];
        for (int k = 0; k < a.Length; k++) a[k] = matrix[k];
        return RowsOf(n, a, new double[n]);
    }

    private static RowIndicators RowsOf(int n, double[] a, double[] received)
    {
        CompensatedSum entropy = default, participation = default;
        double least = double.PositiveInfinity;
        (int oneHot, int flat) = (0, 0);
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> attention = a.AsSpan(i * n, n);
            (double h, double squares, double largest) = Row(attention);
            entropy.Add(h);
            participation.Add(1 / squares);
            least = Math.Min(least, h);
            if (largest > OneHot) oneHot++;
            if (h > Flat * Math.Log(n)) flat++;
            Sphere.AddScaled(received, 1, attention);
        }
        return new(entropy.Value / n, least, participation.Value / n, (double)oneHot / n, (double)flat / n);
    }

    /// <summary>The logits of a head against the cosines of the hidden states that enter its layer.</summary>
    /// <inheritdoc cref="Measure"/>
    /// <returns>The largest standard deviation of the logits of a row, and the fit of beta.</returns>
    public static (double Spread, BetaFit Fit) FitOf(int n, ReadOnlySpan<float> logits, ReadOnlySpan<double> cosines)
    {
        double[] row = new double[n];
        double spread = 0, alongCosines = 0, ofLogits = 0, ofCosines = 0;
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> cosine = cosines.Slice(i * n, n);
            for (int j = 0; j < n; j++) row[j] = logits[i * n + j];
            double meanLogit = CompensatedSum.Of(row) / n, meanCosine = CompensatedSum.Of(cosine) / n, square = 0;
            for (int j = 0; j < n; j++)
            {
                (double l, double c) = (row[j] - meanLogit, cosine[j] - meanCosine);
                square += l * l;
                alongCosines += l * c;
                ofCosines += c * c;
            }
            ofLogits += square;
            spread = Math.Max(spread, Math.Sqrt(square / n));
        }
        BetaFit fit = new();
        fit.Add(alongCosines, ofCosines, ofLogits);
        return (spread, fit);
    }

    private static (double Entropy, double Squares, double Largest) Row(ReadOnlySpan<double> attention)
    {
        CompensatedSum entropy = default, squares = default;
        double largest = 0;
        foreach (double share in attention)
        {
            if (share > 0) entropy.Add(-share * Math.Log(share));
            squares.Add(share * share);
            largest = Math.Max(largest, share);
        }
        return (entropy.Value, squares.Value, largest);
    }

    private static double LowPass(int n, double[] a)
    {
        double[] weights = new double[n], norm = new double[1];
        Array.Fill(weights, 1.0 / n);
        new GolubKahan(1, n, weights, LowPassTolerance).Norms(
            (v, product) =>
            {
                for (int i = 0; i < n; i++) product[i] = Sphere.Dot(a.AsSpan(i * n, n), v);
                Centre(product);
            },
            (u, product) =>
            {
                double[] centred = [.. u];
                Centre(centred);
                Array.Clear(product);
                for (int i = 0; i < n; i++) Sphere.AddScaled(product, centred[i], a.AsSpan(i * n, n));
            }, norm);
        return norm[0];

        static void Centre(double[] u)
        {
            double mean = CompensatedSum.Of(u) / u.Length;
            foreach (ref double value in u.AsSpan()) value -= mean;
        }
    }

    private static Column Number(string name, string description) => new(name, ColumnType.Number, description);
}
