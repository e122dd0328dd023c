using System.Runtime.InteropServices;

namespace AttentionFlow.Solver.Flows;

/// <summary>
/// The mean-field self-attention flow: interaction + gauge + layer + what else is known of a cloud (labels, weights), evaluated by a
/// device.
/// </summary>
/// <remarks>
/// USA: dx_i/dt = P_{x_i} sum_j m_j b_ij k'(t_ij) Psi_i^T Psi_j x_j with t_ij = &lt;Psi_i x_i, Psi_j x_j&gt;; SA: the same divided by Z_i =
/// sum_j m_j b_ij k'(t_ij). Evaluated in the gauge frame y = Psi x, where kernels see no gauge: F_i is the raw sum with differences, so
/// P_{y_i} F_i keeps the tangential part near collapse; then dx_i = Psi_i^T P_{y_i} F_i (e^{c_i} or 1/Z_i), divided by the scale s_i of the
/// scheme. A layer makes it a mean over heads h of (F_hi + F_pi)/N_hi, F_p the prompts' pull and N = 1 (USA), Z_h + Z_p (SA), or the bias
/// alone.
/// </remarks>
public sealed class Flow
{
    private readonly IPairSums _sums;
    private readonly TokenArrays _tokens;
    private readonly FlowTerms _terms;
    private readonly FlowEnergy _energy;
    private readonly ContentMarginal _content;
    private FlowDrift _drift;
    private Flow? _whole;
    private (long Number, int Copies)? _drawn;
    private Attention? _attention;

    /// <summary>The flow of this interaction and gauge for clouds with the labels and weights of <paramref name="cloud"/>.</summary>
    /// <param name="interaction">beta, profile, coupling, normalisation, mask.</param>
    /// <param name="gauge">Psi.</param>
    /// <param name="cloud">Sizes, labels and weights; its positions are not kept.</param>
    /// <param name="sums">The device; not owned.</param>
    /// <param name="threads">Threads for the per-token work outside the pair sums.</param>
    /// <param name="layer">Heads, code, prompts; null: <see cref="Layer.Plain"/>.</param>
    /// <exception cref="ArgumentException">Softmax with a coupling that changes sign; a gauge or layer that does not suit interaction,
    /// dimension or labels.</exception>
    /// <exception cref="NotSupportedException">When the device does not support the problem.</exception>
    public Flow(Interaction interaction, Gauge gauge, Cloud cloud, IPairSums sums, int threads = 1, Layer? layer = null)
    {
        Layer = layer ?? Layer.Plain;
        if (Layer.WhyNot(interaction, cloud.Dimension) is { } why) throw new ArgumentException(why);
        (Interaction, Gauge, _sums, Threads) = (interaction, gauge, sums, threads);
        double[] y = new double[cloud.Positions.Length];
        _tokens = new(cloud.Replicas, cloud.Tokens, cloud.Dimension, y, [.. cloud.Weights], [.. cloud.Labels]);
        PreparedGauge turn = gauge.Prepare(cloud.Labels, Dimension);
        PreparedGauge outer = ReferenceEquals(OuterGauge, gauge) ? turn : OuterGauge.Prepare(cloud.Labels, Dimension);
        _terms = new FlowTerms(interaction, Layer, _tokens, outer, turn, sums, threads);
        if (Layer.HasMovingWeights && (sums.Name is not ("cpu" or "reference") || _terms.Heads.Any(h => h.Plan.Method != SumMethod.Direct)))
            throw new NotSupportedException("pairs whose weights move are summed directly, on the device \"cpu\" or \"reference\"");
        (_drift, _energy) = (new FlowDrift(_terms, new PostScheme()), new FlowEnergy(_terms, Layer));
        _content = new ContentMarginal(interaction.Beta, _tokens, sums);
        Tangents = Dimension + 1;
        MoveTo(0);
    }

    /// <summary>beta, profile, coupling, normalisation, mask.</summary>
    public Interaction Interaction { get; }

    /// <summary>Psi.</summary>
    public Gauge Gauge { get; }

    /// <summary>Heads, code, prompts.</summary>
    public Layer Layer { get; }

    /// <summary>
    /// From x to y, in which the flow is evaluated and has its limit: the gauge, or nothing where that turns the logits alone.
    /// </summary>
    internal Gauge OuterGauge => Layer.Code.Kind == CodeKind.LogitsOnly ? new IdentityGauge() : Gauge;

    /// <summary>Where the network normalises; post by default.</summary>
    public Scheme Scheme
    {
        get => _drift.Scheme;
        init => _drift = new FlowDrift(_terms, value);
    }

    /// <summary>
    /// k, how many tangent vectors of every replica a run carries where observers look at them: at most n (d - 1), the dimension of the
    /// tangent space; d + 1 by default.
    /// </summary>
    public int Tangents
    {
        get;
        init => field = Math.Clamp(value, 1, Tokens * (Dimension - 1));
    }

    /// <summary>The largest magnitude of a logit that bends the drift, or the steepness of the perceptron; 0 where nothing does.</summary>
    internal double LargestLogit => Math.Max(Layer.Perceptron?.Steepness ?? 0,
        Interaction.Profile.IsCurved(Interaction.Beta) ? Interaction.Beta * Layer.Heads.Max(h => Layer.Code.LargestLogit(h.LogitNorm)) : 0);

    /// <summary>R.</summary>
    public int Replicas => _tokens.Replicas;

    /// <summary>n.</summary>
    public int Tokens => _tokens.Tokens;

    /// <summary>d.</summary>
    public int Dimension => _tokens.Dimension;

    /// <summary>R n.</summary>
    public int Rows => _tokens.Rows;

    /// <summary>Threads for the per-token work outside the pair sums.</summary>
    public int Threads { get; }

    /// <summary>xi, [R, n].</summary>
    public ReadOnlySpan<double> Labels => _tokens.Labels;

    /// <summary>m, [R, n]; where they move, those of the last evaluation, or of the state that observers see.</summary>
    public ReadOnlySpan<double> Weights => _tokens.Weights;

    /// <summary>
    /// Positions of the last <see cref="Drift(double[], double[], CancellationToken)"/> in the gauge frame, y = Psi x, [R, n, d]; x under a
    /// code of the logits alone.
    /// </summary>
    public ReadOnlySpan<double> GaugePositions => _tokens.Y;

    /// <summary>
    /// A bound on the rate at which tokens close in on the collapsed state, the stiffest the flow gets at the start, or at which weights
    /// move, whichever is larger.
    /// </summary>
    public double CollapseRate => Math.Max(Scheme.CollapseRate(Layer.CollapseRate(Interaction)), Layer.SelectionRate(Interaction));

    /// <summary>Drift evaluations of all replicas so far; one of some replicas counts as their share.</summary>
    public double Evaluations { get; private set; }

    /// <summary>Pair sums under hardmax so far.</summary>
    internal long HardEvaluations => _terms.Statistics[SumMethod.Hardmax];

    /// <summary>
    /// What <see cref="EnergyRatio"/> may fall by without meaning it: the device's relative error. Sums that choose their method know it
    /// once they have been used.
    /// </summary>
    public double EnergyRounding => _sums.Statistics.RelativeError;

    /// <summary>
    /// E_max, <see cref="Layer.LargestEnergy"/>: k(1)/2 for plain tokens and couplings of at most 1. Infinite where no double is as large.
    /// </summary>
    public double LargestEnergy => _energy.Largest;

    /// <summary>Why the flow climbs no energy, or null when it does.</summary>
    public string? WhyNoEnergy => Layer.WhyNoEnergy(Interaction);

    /// <summary>True when the flow climbs an energy.</summary>
    public bool HasEnergy => WhyNoEnergy is null;

    /// <summary>Why the flow has no attention matrix of the tokens alone, or null when it has.</summary>
    internal string? WhyNoAttention => Interaction.Profile.IsGeneral
        ? $"the attention matrix is measured with the profiles exponential and linear, not '{Interaction.Profile}'"
        : Layer.HasMovingWeights ? "the attention matrix is measured with frozen weights"
        : Layer.HasPlainAttention && !Interaction.Normalization.IsHard ? null
        : "the attention matrix is measured without negative beta, prompts, matrices, heads, codes and hardmax";

    /// <summary>Rows of the attention matrix at the last <see cref="Drift(double[], double[], CancellationToken)"/>.</summary>
    internal Attention Attention => _attention ??= new Attention(this, _sums, _terms.Heads[0].Plan, _terms.Heads[0].Sums);

    /// <summary>
    /// dx/dt at <paramref name="x"/>, both [R, n, d]; x on the sphere. The result is tangent: &lt;x_i, dx_i&gt; = 0 to rounding.
    /// <see cref="Energy"/>, <see cref="Dissipation"/> and <see cref="GaugePositions"/> then speak of this x.
    /// </summary>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set.</exception>
    public void Drift(double[] x, double[] drift, CancellationToken stop = default) => Drift(x, drift, .., stop);

    /// <summary>
    /// The rates of some replicas at a state of theirs; the others' entries stay as they are. Where the state has no radii, they are as at
    /// the start; where it has no weights, they are <see cref="Weights"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set.</exception>
    public void Drift(State at, State rate, Range replicas, CancellationToken stop = default)
    {
        (int replica, int count) = replicas.GetOffsetAndLength(Replicas);
        int first = replica * Tokens, rows = count * Tokens;
        _energy.Forget(replica, count);
        SetWeights(at.Weights, first, rows);
        _terms.Sum(at.Positions, first, rows, stop);
        Workers.For(rows, FlowTerms.Grain, Threads, (from, to) => _drift.Finish(at.Radii, rate, first + from, first + to));
        for (int r = replica; r < replica + count && rate.Weights.Length > 0; r++)
            _energy.Select(r, rate.Weights.AsSpan(r * Tokens, Tokens));
        Count((double)count / Replicas);
    }

    /// <summary>Random matrices that are redrawn are from now on those of this time; without such nothing happens.</summary>
    /// <param name="time">The time.</param>
    /// <param name="copies">So many replicas, one after the other, have the same matrices.</param>
    public void MoveTo(double time, int copies = 1)
    {
        if (Layer.Redraw is not { } redraw || _drawn == (redraw.NumberAt(time), copies)) return;
        _drawn = (redraw.NumberAt(time), copies);
        _terms.Draw(redraw, redraw.NumberAt(time), copies);
    }

    /// <summary>The part of a cloud that this flow moves: the cloud's own arrays.</summary>
    internal State StateOf(Cloud cloud) =>
        new(cloud.Positions, cloud.Radii ?? []) { Weights = Layer.HasMovingWeights ? cloud.Weights : [] };

    /// <summary>Room for a state of this flow, or a rate of one.</summary>
    internal State NewState() => new(new double[Rows * Dimension], new double[Scheme.Start is null ? 0 : Rows])
    {
        Weights = new double[Layer.HasMovingWeights ? Rows : 0],
    };

    /// <summary>From here the rows first..first+count-1 have these weights [R, n]; empty: those that they have.</summary>
    internal void SetWeights(double[] weights, int first, int count)
    {
        if (weights.Length == 0) return;
        weights.AsSpan(first, count).CopyTo(_tokens.Weights.AsSpan(first));
        _terms.Renew();
        _content.Renew();
    }

    /// <summary>
    /// The flow of a cloud that one replica has become, without the gauge, on the same device; its evaluations count here by their share of
    /// the pairs.
    /// </summary>
    internal Flow Part(Cloud cloud) => new(Interaction, new IdentityGauge(), cloud, _sums, Threads, Layer) { _whole = this };

    /// <summary>y = Psi x, both [R, n, d].</summary>
    internal void Enter(double[] x, double[] y) =>
        Workers.For(Rows, FlowTerms.Grain, Threads, (from, to) => _terms.Gauge.Enter(x, y, from, to));

    /// <summary>x = Psi^T y, both [R, n, d].</summary>
    internal void Leave(double[] y, double[] x) =>
        Workers.For(Rows, FlowTerms.Grain, Threads, (from, to) => _terms.Gauge.Leave(y, x, from, to));

    /// <summary>How much was evaluated, as numbers. Under hardmax tokens have sums of their own.</summary>
    internal double[] Counts
    {
        get => [Evaluations, .. _sums.Statistics.Numbers, .. _terms.Statistics.Numbers];
        set
        {
            int half = value.Length / 2;
            (Evaluations, _sums.Statistics.Numbers, _terms.Statistics.Numbers) = (value[0], value[1..(half + 1)], value[(half + 1)..]);
        }
    }

    private void Count(double evaluations)
    {
        Evaluations += evaluations;
        _whole?.Count(evaluations * Tokens / _whole.Tokens * Tokens / _whole.Tokens / _whole.Replicas);
    }

    /// <summary>
    /// E = 1/2 sum_ij m_i m_j b_ij k(t_ij) of one replica at the last <see cref="Drift(double[], double[], CancellationToken)"/>, the mean
    /// over heads, and what prompts add; free, from the same sums. Of a flow that <see cref="HasEnergy"/>. Infinite where no double is as
    /// large.
    /// </summary>
    public double Energy(int replica) => _energy.Of(replica).Energy;

    /// <summary>E/E_max of the same, with <see cref="LargestEnergy"/>: at most 1 in magnitude, at any beta.</summary>
    public double EnergyRatio(int replica) => _energy.Of(replica).Ratio;

    /// <summary>Both, from one sum.</summary>
    internal (double Energy, double Ratio) EnergyAndRatio(int replica) => _energy.Of(replica);

    /// <summary>
    /// dE/dt of one replica at the last <see cref="Drift(double[], double[], CancellationToken)"/>: sum_i m_i N_i s_i |dx_i|^2 with N = 1
    /// (USA), Z (SA) or the bias. Of a flow that <see cref="HasEnergy"/>.
    /// </summary>
    public double Dissipation(int replica, ReadOnlySpan<double> drift) => _energy.Dissipation(replica, drift, _drift);

    /// <summary>
    /// G_energy = k(1)/2 - E_baseline of the content marginal (coupling 1, no gauge) at <paramref name="x"/>, one number a replica, without
    /// cancellation near collapse: e^beta/(2 beta) sum_ij m_i m_j (1 - e^{-beta |x_i - x_j|^2/2}); linear profile: (1 - |m|^2)/2. One pair
    /// sum for the exponential profile; all pairs one by one for a negative beta and for other profiles. Where the device has harmonic sums
    /// alone, 1 - sum_i m_i Z_i with an absolute error of tol k(1)/2, or beta (1 - |m|^2) when all tokens are so near to their mean (beta
    /// |x_i - m|^2 below 1e-6) that this is as good relatively.
    /// </summary>
    /// <param name="x">[R, n, d].</param>
    /// <param name="gap">[R].</param>
    /// <param name="stop">Stops the pair sum.</param>
    public void EnergyGap(double[] x, Span<double> gap, CancellationToken stop = default)
    {
        if (Interaction.Profile.IsGeneral)
            _content.Gaps(Interaction.Profile, Layer.Sign, x, gap, Threads, stop);
        else if (Layer.HasNegativeBeta)
            _content.GapsOfNegativeBeta(x, gap, Threads, stop);
        else if (Interaction.Profile.IsExponential(Interaction.Beta))
        {
            _content.Deficits(x, KnownContent(x), gap, stop);
            for (int r = 0; r < Replicas; r++) gap[r] = ScaledExponential.Times(gap[r] / (2 * Interaction.Beta), Interaction.Beta);
        }
        else
            for (int r = 0; r < Replicas; r++) gap[r] = Mean.Variance(x, _tokens.Weights, r * Tokens, Tokens, Dimension) / 2;
    }

    // Z of the last drift, where that was of the content marginal at x.
    private double[]? KnownContent(double[] x) =>
        _terms.IsPlain && _terms.Gauge.IsIdentity && Interaction is { Coupling.IsOne: true, Mask: Mask.None, Normalization.IsHard: false }
            && MemoryMarshal.AsBytes(x.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(_tokens.Y.AsSpan())) ? _terms.Heads[0].Sums.Z : null;

    /// <summary>The content marginal as a problem: the tokens at <paramref name="x"/> with coupling 1 and no gauge.</summary>
    internal PairProblem Content(double[] x) => _content.At(x);
}
