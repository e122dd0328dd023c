using AttentionFlow.Kernels;

namespace AttentionFlow.Solver;

/// <summary>
/// Spread of the logits l_ij = beta t_ij and the entropy it leaves at least [arXiv 2303.06296]: with s_i^2 = sum_j m_j (l_ij - mean)^2, row i has
/// H_i >= log(1 + (n-1) e^{-D}) + (n-1) D e^{-D}/(1 + (n-1) e^{-D}), D = s_i n/sqrt(n-1); equal on equiangular states. O(n d^2), no pair sum.
/// </summary>
/// <remarks>
/// Under the causal mask means, and n, count the tokens that a row sees. Tokens of less than the mean weight make lower entropies possible: where the smallest n m_j
/// is w &lt; 1, the floor is log w plus the expression for n/w tokens. Coupling 1 only: the spread of l + log b needs the matrix.
/// </remarks>
public sealed class EntropyFloorObservable : Observable
{
    private readonly int _tokens;

    /// <summary>The floor for this flow; n is its number of tokens.</summary>
    /// <exception cref="NotSupportedException">When the coupling is not 1, or the flow has a mask other than the causal one.</exception>
    public EntropyFloorObservable(Flow flow)
    {
        if (flow.WhyNoAttention is { } why) throw new NotSupportedException($"{why}; leave \"entropy_floor\" out");
        if (flow.Interaction.Coupling is not OneCoupling)
            throw new NotSupportedException($"the spread of logits is known for the coupling \"one\", not \"{flow.Interaction.Coupling.Name}\"; leave \"entropy_floor\" out");
        if (flow.Interaction.Mask is not (Mask.None or Mask.Causal)) throw new NotSupportedException("the spread of logits is known without a mask and with the causal one");
        _tokens = flow.Tokens;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
    [
        Number("entropy_floor", "Least of the lower bounds on H_i that follow from the spread of the logits of row i."),
        Number("logit_spread", "Largest standard deviation of the logits beta t_ij of a row, over the keys j that it sees, weighted by m_j."),
    ];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        double beta = flow.Interaction.Profile.IsCurved(flow.Interaction.Beta) ? flow.Interaction.Beta : 0;
        bool causal = flow.Interaction.Mask == Mask.Causal;
        for (int r = 0; r < flow.Replicas; r++)
        {
            Seen seen = new(flow.Dimension, _tokens);
            double floor = double.PositiveInfinity, spread = 0;
            int first = r * flow.Tokens, end = first + flow.Tokens;
            for (int i = first; i < end; i++)
            {
                seen.Add(flow.GaugePositions.Slice(i * flow.Dimension, flow.Dimension), flow.Weights[i]);
                if (causal) Take(i);
            }
            for (int i = first; i < end && !causal; i++) Take(i);
            (values[2 * r], values[2 * r + 1]) = (floor, spread);

            void Take(int i)
            {
                double s = beta * seen.Deviation(flow.GaugePositions.Slice(i * flow.Dimension, flow.Dimension));
                (floor, spread) = (Math.Min(floor, seen.Floor(s)), Math.Max(spread, s));
            }
        }
    }

    // Mean and scatter of the keys seen so far, updated without cancellation (Welford).
    private sealed class Seen(int d, int tokens)
    {
        private readonly double[] _mean = new double[d], _delta = new double[d], _scatter = new double[d * d];
        private double _weight, _smallest = 1;

        public void Add(ReadOnlySpan<double> y, double weight)
        {
            _smallest = Math.Min(_smallest, tokens * weight);
            if (weight == 0) return;
            double before = _weight;
            _weight += weight;
            for (int a = 0; a < d; a++) _delta[a] = y[a] - _mean[a];
            for (int a = 0; a < d; a++)
            {
                _mean[a] += weight / _weight * _delta[a];
                Sphere.AddScaled(_scatter.AsSpan(a * d, d), weight * before / _weight * _delta[a], _delta);
            }
        }

        // Standard deviation of <y, y_j> over the keys j.
        public double Deviation(ReadOnlySpan<double> y)
        {
            double square = 0;
            for (int a = 0; a < d; a++) square += y[a] * Sphere.Dot(y, _scatter.AsSpan(a * d, d));
            return Math.Sqrt(Math.Max(0, square / _weight));
        }

        public double Floor(double s)
        {
            // A weight of 1/n, rounded, is no light token.
            double lightest = _smallest < 1 - 1e-12 ? _smallest : 1, n = tokens * _weight / lightest;
            return Math.Log(lightest) + (n > 1 + 1e-12 ? Equiangular.AttentionEntropy(n, s * n / Math.Sqrt(n - 1)) : 0);
        }
    }
}
