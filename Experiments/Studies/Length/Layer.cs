namespace AttentionFlow.Experiments.Studies.Length;

/// <summary>One evaluation of attention and its output.</summary>
internal sealed class Layer(double beta, Cloud cloud, IPairSums sums, int threads, CancellationToken stop)
{
    /// <summary>
    /// Low-pass norm and mean entropy of the layer, residual and mean cosine of its output, growth of |m|: the last five columns of the
    /// table.
    /// </summary>
    public double[] Measure()
    {
        Flow flow = new(Interaction, new IdentityGauge(), cloud, sums, threads);
        double[] drift = new double[cloud.Positions.Length];
        flow.Drift(cloud.Positions, drift, stop);
        Frame before = new(0, 0, cloud.Positions, drift, flow, stop), after = before with { Positions = Output() };
        double[] lowPass = new double[1], entropies = new double[2], ranks = new double[4];
        new LowPassObservable(flow).Measure(before, lowPass);
        new AttentionEntropyObservable(flow).Measure(before, entropies);
        new RanksObservable(flow).Measure(after, ranks);
        return [lowPass[0], entropies[0], ranks[0], ranks[3], MeanNorm(after.Positions) / MeanNorm(before.Positions)];
    }

    private double MeanNorm(double[] x)
    {
        double[] mean = new double[cloud.Dimension];
        Mean.Of(x, cloud.Weights, 0, cloud.Tokens, mean);
        return Sphere.Norm(mean);
    }

    private Interaction Interaction { get; } = new(beta) { Normalization = Normalization.Softmax };

    /// <summary>sum_j A_ij x_j = x_i + F_i/Z_i, in difference form, returned to the sphere.</summary>
    public double[] Output()
    {
        PairProblem problem = PairProblem.Self(1, cloud.Tokens, cloud.Dimension, Interaction, cloud.Positions, cloud.Weights, cloud.Labels);
        RowSums rows = sums.Sum(problem, RowColumns.Force, stop);
        double[] output = [.. cloud.Positions];
        for (int i = 0; i < cloud.Rows; i++)
        {
            Span<double> token = output.AsSpan(i * cloud.Dimension, cloud.Dimension);
            for (int c = 0; c < token.Length; c++) token[c] += rows.Force[i * token.Length + c] / rows.Z[i];
            Sphere.TryNormalize(token);
        }
        return output;
    }
}
