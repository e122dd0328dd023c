using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// Attention entropy H_i = -sum_j A_ij log(A_ij/(n m_j)), from 0 to log n (equal weights), its mean over rows, weighted by m_i, and its
/// least value [arXiv 2303.06296]. Free from the sums of the drift with coupling 1, else one pair sum.
/// </summary>
internal sealed class AttentionEntropyObservable : Observable
{
    private readonly double _logTokens;

    /// <summary>The entropy of this flow's attention; n is its number of tokens.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public AttentionEntropyObservable(Flow flow)
    {
        flow.Attention.Ask(flow.Attention.ForDivergence);
        _logTokens = Math.Log(flow.Tokens);
        // e^H is the number of tokens a row attends to: below two it has chosen one. Clouds of up to three tokens have half of log n for a
        // level.
        Warnings = [new("attention_entropy_mean", "entropy collapse", Math.Min(Math.Log(2), _logTokens / 2), Below: true,
            "a token attends to fewer than two tokens on average: lower interaction.beta (temperature scaling)")];
    }

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("attention_entropy_mean",
            "Mean over tokens i, weighted by m_i, of the attention entropy H_i = -sum_j A_ij log(A_ij/(n m_j))."),
        Number("attention_entropy_min", "Least H_i."),
    ];

    public override IReadOnlyList<WarningLevel> Warnings { get; }

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        ReadOnlySpan<double> divergence = flow.Attention.Divergence(frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            ReadOnlySpan<double> rows = divergence.Slice(r * flow.Tokens, flow.Tokens);
            double mean = CompensatedSum.Of(flow.Weights.Slice(r * flow.Tokens, flow.Tokens), rows), largest = 0;
            foreach (double row in rows) largest = Math.Max(largest, row);
            (values[2 * r], values[2 * r + 1]) = (_logTokens - mean, _logTokens - largest);
        }
    }
}

/// <summary>
/// Degenerate rows of the attention matrix, as shares weighted by m_i: one-hot, max_j A_ij/(n m_j) > 1/2, and flat, H_i > 0.99 log n.
/// Columns of the pair sum that all indicators share. Under the causal mask n counts the tokens that a row sees, and the first row, which
/// sees itself alone, is one-hot.
/// </summary>
internal sealed class AttentionRowsObservable : Observable
{
    private const double OneHot = 0.5, Flat = 0.99;

    private readonly int _tokens;

    /// <summary>The rows of this flow's attention; n is its number of tokens.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public AttentionRowsObservable(Flow flow)
    {
        flow.Attention.Ask(RowColumns.Largest | flow.Attention.ForDivergence);
        _tokens = flow.Tokens;
    }

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("one_hot_rows", "Share of the tokens i, weighted by m_i, with max_j A_ij/(n m_j) > 1/2."),
        Number("flat_rows", "Share of the tokens i, weighted by m_i, with H_i > 0.99 log n, n the tokens that i sees."),
    ];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        ReadOnlySpan<double> largest = flow.Attention.Largest(frame.Stop), divergence = flow.Attention.Divergence(frame.Stop);
        bool causal = flow.Interaction.Mask == Mask.Causal;
        for (int r = 0; r < flow.Replicas; r++)
        {
            CompensatedSum oneHot = default, flat = default, seen = default;
            for (int i = r * flow.Tokens; i < (r + 1) * flow.Tokens; i++)
            {
                seen.Add(flow.Weights[i]);
                if (largest[i] > OneHot * _tokens) oneHot.Add(flow.Weights[i]);
                double highest = Math.Log(causal ? _tokens * seen.Value : _tokens);
                if (highest > 1e-12 && Math.Log(_tokens) - divergence[i] > Flat * highest) flat.Add(flow.Weights[i]);
            }
            (values[2 * r], values[2 * r + 1]) = (oneHot.Value, flat.Value);
        }
    }
}

/// <summary>
/// Spread of the logits l_ij = beta t_ij and the entropy it leaves at least [arXiv 2303.06296]: with s_i^2 = sum_j m_j (l_ij - mean)^2, row
/// i has H_i >= log(1 + (n-1) e^{-D}) + (n-1) D e^{-D}/(1 + (n-1) e^{-D}), D = s_i n/sqrt(n-1); equal on equiangular states. O(n d^2), no
/// pair sum.
/// </summary>
/// <remarks>
/// Under the causal mask means, and n, count the tokens that a row sees. Tokens of less than the mean weight make lower entropies possible:
/// where the smallest n m_j is w &lt; 1, the floor is log w plus the expression for n/w tokens. Coupling 1 only: the spread of l + log b
/// needs the matrix.
/// </remarks>
internal sealed class EntropyFloorObservable : Observable
{
    private readonly int _tokens;

    /// <summary>The floor for this flow; n is its number of tokens.</summary>
    /// <exception cref="NotSupportedException">When the coupling is not 1, or the flow has a mask other than the causal one.</exception>
    public EntropyFloorObservable(Flow flow)
    {
        if (flow.WhyNoAttention is { } why) throw new NotSupportedException($"{why}; leave \"entropy_floor\" out");
        if (!flow.Interaction.Coupling.IsOne)
            throw new NotSupportedException("the spread of logits is known for the coupling \"one\", "
                + $"not \"{flow.Interaction.Coupling.Name}\"; leave \"entropy_floor\" out");
        if (flow.Interaction.Mask is not (Mask.None or Mask.Causal))
            throw new NotSupportedException("the spread of logits is known without a mask and with the causal one");
        _tokens = flow.Tokens;
    }

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("entropy_floor", "Least of the lower bounds on H_i that follow from the spread of the logits of row i."),
        Number("logit_spread",
            "Largest standard deviation of the logits beta t_ij of a row, over the keys j that it sees, weighted by m_j."),
    ];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        double beta = flow.Interaction.Profile.IsExponential(flow.Interaction.Beta) ? flow.Interaction.Beta : 0;
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
        private readonly double[] _delta = new double[d], _scatter = new double[d * d];
        private readonly CompensatedSum[] _mean = new CompensatedSum[d];
        private CompensatedSum _weight;
        private double _smallest = 1;

        public void Add(ReadOnlySpan<double> y, double weight)
        {
            _smallest = Math.Min(_smallest, tokens * weight);
            double before = _weight.Value;
            _weight.Add(weight);
            double share = weight / _weight.Value;
            for (int a = 0; a < d; a++) _delta[a] = y[a] - _mean[a].Value;
            for (int a = 0; a < d; a++)
            {
                _mean[a].Add(share * _delta[a]);
                Sphere.AddScaled(_scatter.AsSpan(a * d, d), share * before * _delta[a], _delta);
            }
        }

        // Standard deviation of <y, y_j> over the keys j.
        public double Deviation(ReadOnlySpan<double> y)
        {
            double square = 0;
            for (int a = 0; a < d; a++) square += y[a] * Sphere.LaneDot(y, _scatter.AsSpan(a * d, d));
            return Math.Sqrt(Math.Max(0, square / _weight.Value));
        }

        public double Floor(double s)
        {
            // A weight of 1/n, rounded, is no light token.
            double lightest = _smallest < 1 - 1e-12 ? _smallest : 1, n = tokens * _weight.Value / lightest;
            return Math.Log(lightest) + (n > 1 + 1e-12 ? Equiangular.AttentionEntropy(n, s * (n / Math.Sqrt(n - 1))) : 0);
        }
    }
}

/// <summary>
/// Participation 1/sum_j A_ij^2/(n m_j), the number of tokens that row i attends to, from 1 to n (equal weights): n times the
/// <see cref="ParticipationRatioObservable"/>.
/// </summary>
internal sealed class ParticipationObservable(Flow flow) : Observable
{
    private readonly ParticipationRatioObservable _ratio = new(flow);
    private readonly int _tokens = flow.Tokens;

    public override IReadOnlyList<Column> Columns { get; } =
        [Number("participation",
            "Mean over tokens i, weighted by m_i, of 1/sum_j A_ij^2/(n m_j), the number of tokens that i attends to.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        _ratio.Measure(frame, values);
        foreach (ref double value in values) value *= _tokens;
    }
}

/// <summary>
/// Sink max_j sum_i m_i A_ij/m_j, the attention that the most attended token receives in units of its weight: 1 when all receive alike, up
/// to n (equal weights). One pair sum, of the transposed matrix.
/// </summary>
internal sealed class SinkObservable : Observable
{
    /// <summary>The sink of this flow's attention.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public SinkObservable(Flow flow) => flow.Attention.AskProducts(anySign: false);

    public override IReadOnlyList<Column> Columns { get; } =
        [Number("sink", "Largest sum_i m_i A_ij/m_j over the tokens j: n times the mean of column j with equal weights.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        double[] ones = new double[flow.Rows], received = new double[flow.Rows];
        Array.Fill(ones, 1);
        flow.Attention.ApplyAdjoint(ones, received, frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            values[r] = 0;
            foreach (double column in received.AsSpan(r * flow.Tokens, flow.Tokens)) values[r] = Math.Max(values[r], column);
        }
    }
}
