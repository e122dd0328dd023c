using AttentionFlow.Kernels;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Kernels.Reference;
using AttentionFlow.Solver.Model;

namespace AttentionFlow.Solver.Flows;

/// <summary>
/// The mean-field self-attention flow: interaction + gauge + layer + the frozen part of a cloud (labels, weights), evaluated by a device.
/// </summary>
/// <remarks>
/// USA: dx_i/dt = P_{x_i} sum_j m_j b_ij k'(t_ij) Psi_i^T Psi_j x_j with t_ij = &lt;Psi_i x_i, Psi_j x_j&gt;; SA: the same divided by
/// Z_i = sum_j m_j b_ij k'(t_ij). Evaluated in the gauge frame y = Psi x, where kernels see no gauge: F_i is the raw sum with
/// differences, so P_{y_i} F_i keeps the tangential part near collapse; then dx_i = Psi_i^T P_{y_i} F_i (e^{c_i} or 1/Z_i), divided by the scale s_i of the scheme.
/// A layer makes it a mean over heads h of (F_hi + F_pi)/N_hi, F_p the prompts' pull and N = 1 (USA), Z_h + Z_p (SA), or the bias alone.
/// </remarks>
public sealed class Flow
{
    internal const int Grain = 4096;

    private readonly IPairSums _sums, _tokenSums;
    private readonly GaugeFrame _frame;
    private readonly double[] _y;
    private readonly double[] _labels, _weights;
    private readonly HeadTerm[] _heads;
    private readonly PromptTerm? _prompts;
    // sum_j m_j b_ij, with what the prompts add to it; empty where it is not asked for.
    private readonly double[] _bias = [];
    private readonly RowSums _rows;
    private readonly double[] _scales = [], _along = [];
    private Flow? _whole;
    private PairProblem? _contentProblem;
    private RowSums? _contentRows;
    private Attention? _attention;

    /// <summary>The flow of this interaction and gauge for clouds with the labels and weights of <paramref name="cloud"/>.</summary>
    /// <param name="interaction">beta, profile, coupling, normalisation, mask.</param>
    /// <param name="gauge">Psi.</param>
    /// <param name="cloud">Sizes, labels and weights; its positions are not kept.</param>
    /// <param name="sums">The device; not owned.</param>
    /// <param name="threads">Threads for the per-token work outside the pair sums.</param>
    /// <param name="layer">Heads, code, prompts; null: <see cref="Layer.Plain"/>.</param>
    /// <exception cref="ArgumentException">Softmax with a coupling that changes sign; a gauge or layer that does not suit interaction, dimension or labels.</exception>
    /// <exception cref="NotSupportedException">When the device does not support the problem.</exception>
    public Flow(Interaction interaction, Gauge gauge, Cloud cloud, IPairSums sums, int threads = 1, Layer? layer = null)
    {
        Layer = layer ?? Layer.Plain;
        if (Layer.WhyNot(interaction, cloud.Dimension) is { } why) throw new ArgumentException(why);
        (Interaction, Gauge, _sums, Threads) = (interaction, gauge, sums, threads);
        (Replicas, Tokens, Dimension) = (cloud.Replicas, cloud.Tokens, cloud.Dimension);
        GaugeFrame turn = gauge.Prepare(cloud.Labels, Dimension);
        _frame = ReferenceEquals(Frame, gauge) ? turn : Frame.Prepare(cloud.Labels, Dimension);
        (_labels, _weights) = ([.. cloud.Labels], [.. cloud.Weights]);
        _y = new double[cloud.Positions.Length];
        TokenArrays tokens = new(Replicas, Tokens, Dimension, _y, _weights, _labels);
        _tokenSums = interaction.Normalization == Normalization.Hardmax ? new HardmaxSums(threads) : sums;
        _heads = [.. Layer.Heads.Select(head => new HeadTerm(tokens, interaction, head, Layer.Code, turn))];
        _rows = _heads[0].Sums;
        _prompts = Layer.HasNoPrompts ? null : new PromptTerm(tokens, interaction, Layer, _frame, threads);
        string? unsupported = _heads.Select(h => _tokenSums.WhyNot(h.Problem, RowColumns.Force)).Append(_prompts?.Problem is { } problem ? sums.WhyNot(problem, RowColumns.Force) : null)
            .FirstOrDefault(reason => reason is not null);
        if (_heads.Any(h => h.TurnsRadialForce && _tokenSums.IsTangential(h.Problem, RowColumns.Force)))
            unsupported = "harmonic sums leave out the radial force, which a value matrix turns";
        if (unsupported is not null) throw new NotSupportedException(unsupported);
        if (interaction.Normalization == Normalization.Bias) _bias = Bias(tokens);
    }

    /// <summary>beta, profile, coupling, normalisation, mask.</summary>
    public Interaction Interaction { get; }

    /// <summary>Psi.</summary>
    public Gauge Gauge { get; }

    /// <summary>Heads, code, prompts.</summary>
    public Layer Layer { get; }

    /// <summary>From x to the frame in which the flow is evaluated and has its limit: the gauge, or nothing where that turns the logits alone.</summary>
    internal Gauge Frame => Layer.Code.Kind == CodeKind.LogitsOnly ? new IdentityGauge() : Gauge;

    /// <summary>Where the network normalises; post by default.</summary>
    /// <exception cref="NotSupportedException">When it needs the attention output, and the device gives its tangential part alone.</exception>
    public Scheme Scheme
    {
        get;
        init
        {
            if (value.NeedsOutput && _heads.Any(h => _tokenSums.IsTangential(h.Problem, RowColumns.Force)))
                throw new NotSupportedException($"harmonic sums leave out the radial force, which the scheme {value.GetType().Name} needs");
            (field, _scales) = (value, value is PostScheme ? [] : new double[Rows]);
            if (!Layer.IsPlain) _along = new double[_scales.Length];
        }
    } = new PostScheme();

    /// <summary>R.</summary>
    public int Replicas { get; }

    /// <summary>n.</summary>
    public int Tokens { get; }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>R n.</summary>
    public int Rows => Replicas * Tokens;

    /// <summary>Threads for the per-token work outside the pair sums.</summary>
    public int Threads { get; }

    /// <summary>xi, [R, n].</summary>
    public ReadOnlySpan<double> Labels => _labels;

    /// <summary>m, [R, n].</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>Positions of the last <see cref="Drift(double[], double[], CancellationToken)"/> in the gauge frame, y = Psi x, [R, n, d]; x under a code of the logits alone.</summary>
    public ReadOnlySpan<double> GaugePositions => _y;

    /// <summary>A bound on the rate at which tokens close in on the collapsed state, the stiffest the flow gets at the start.</summary>
    public double CollapseRate => Scheme.CollapseRate(Layer.CollapseRate(Interaction));

    /// <summary>Drift evaluations of all replicas so far; one of some replicas counts as their share.</summary>
    public double Evaluations { get; private set; }

    /// <summary>What the energy may fall by without meaning it: the device's relative error times the largest energy. Sums that choose their method know it once they have been used.</summary>
    public double EnergyRounding => _sums.RelativeError * Layer.LargestEnergy(Interaction);

    /// <summary>Why the flow climbs no energy, or null when it does.</summary>
    public string? WhyNoEnergy => Layer.WhyNoEnergy(Interaction);

    /// <summary>True when the flow climbs an energy.</summary>
    public bool HasEnergy => WhyNoEnergy is null;

    /// <summary>Why the flow has no attention matrix of the tokens alone, or null when it has.</summary>
    internal string? WhyNoAttention => Layer.IsPlain && Interaction.Normalization != Normalization.Hardmax ? null
        : "the attention matrix is measured without prompts, matrices, heads, codes and hardmax";

    /// <summary>Rows of the attention matrix at the last <see cref="Drift(double[], double[], CancellationToken)"/>.</summary>
    internal Attention Attention => _attention ??= new Attention(this, _sums, _heads[0].Problem, _rows);

    /// <summary>
    /// dx/dt at <paramref name="x"/>, both [R, n, d]; x on the sphere. The result is tangent: &lt;x_i, dx_i&gt; = 0 to rounding.
    /// <see cref="Energy"/>, <see cref="Dissipation"/> and <see cref="GaugePositions"/> then speak of this x.
    /// </summary>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set.</exception>
    public void Drift(double[] x, double[] drift, CancellationToken stop = default) => Drift(x, drift, .., stop);

    /// <summary>The rates of some replicas at a state of theirs; the others' entries stay as they are. Where the state has no radii, they are as at the start.</summary>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set.</exception>
    public void Drift(State at, State rate, Range replicas, CancellationToken stop = default)
    {
        (int replica, int count) = replicas.GetOffsetAndLength(Replicas);
        int first = replica * Tokens, rows = count * Tokens;
        Workers.For(rows, Grain, Threads, (from, to) =>
        {
            _frame.Enter(at.Positions, _y, first + from, first + to);
            foreach (HeadTerm head in _heads) head.Prepare(first + from, first + to);
        });
        foreach (HeadTerm head in _heads) _tokenSums.Sum(head.Problem, first..(first + rows), head.Sums, stop);
        _prompts?.Sum(at.Positions, first, rows, _sums, stop);
        Workers.For(rows, Grain, Threads, (from, to) =>
        {
            Finish(rate.Positions, first + from, first + to);
            if (_scales.Length > 0) Normalise(at.Radii, rate, first + from, first + to);
        });
        Count((double)count / Replicas);
    }

    /// <summary>The flow of a cloud that one replica has become, without the gauge, on the same device; its evaluations count here by their share of the pairs.</summary>
    internal Flow Part(Cloud cloud) => new(Interaction, new IdentityGauge(), cloud, _sums, Threads, Layer) { _whole = this };

    /// <summary>y = Psi x, both [R, n, d].</summary>
    internal void Enter(double[] x, double[] y) => Workers.For(Rows, Grain, Threads, (from, to) => _frame.Enter(x, y, from, to));

    /// <summary>x = Psi^T y, both [R, n, d].</summary>
    internal void Leave(double[] y, double[] x) => Workers.For(Rows, Grain, Threads, (from, to) => _frame.Leave(y, x, from, to));

    private void Count(double evaluations)
    {
        Evaluations += evaluations;
        _whole?.Count(evaluations * Tokens / _whole.Tokens * Tokens / _whole.Tokens / _whole.Replicas);
    }

    /// <summary>
    /// E = 1/2 sum_ij m_i m_j b_ij k(t_ij) of one replica at the last <see cref="Drift(double[], double[], CancellationToken)"/>, the mean over heads, and what prompts add; free,
    /// from the same sums. Of a flow that <see cref="HasEnergy"/>.
    /// </summary>
    public double Energy(int replica)
    {
        if (!Layer.IsPlain) return Enumerable.Range(replica * Tokens, Tokens).Sum(i => _weights[i] * (_heads.Sum(h => h.Value(i)) / (2 * _heads.Length) + (_prompts?.Value(i) ?? 0)));
        bool curved = Interaction.Profile.IsCurved(Interaction.Beta);
        double energy = 0, shift = double.NaN, unshift = 0;
        for (int i = replica * Tokens; i < (replica + 1) * Tokens; i++)
        {
            // The self form shifts all rows alike: one exponential for all of them.
            if (curved && _rows.Shift[i] != shift) (shift, unshift) = (_rows.Shift[i], Math.Exp(_rows.Shift[i]));
            if (curved) energy += _weights[i] * unshift * _rows.Z[i] / (2 * Interaction.Beta);
            else energy += _weights[i] * (_rows.Z[i] + Sphere.Dot(_y.AsSpan(i * Dimension, Dimension), _rows.Force.AsSpan(i * Dimension, Dimension))) / 2;
        }
        return energy;
    }

    /// <summary>dE/dt of one replica at the last <see cref="Drift(double[], double[], CancellationToken)"/>: sum_i m_i N_i s_i |dx_i|^2 with N = 1 (USA), Z (SA) or the bias. Of a flow that <see cref="HasEnergy"/>.</summary>
    public double Dissipation(int replica, ReadOnlySpan<double> drift)
    {
        Normalization normalization = Interaction.Normalization;
        double rate = 0, shift = double.NaN, unshift = 0, prompts = _prompts is null ? 0 : Math.Exp(_prompts.Shift);
        for (int i = replica * Tokens; i < (replica + 1) * Tokens; i++)
        {
            ReadOnlySpan<double> v = drift.Slice(i * Dimension, Dimension);
            if (normalization == Normalization.Softmax && _rows.Shift[i] != shift) (shift, unshift) = (_rows.Shift[i], Math.Exp(_rows.Shift[i]));
            double divisor = normalization switch
            {
                Normalization.Softmax => unshift * _rows.Z[i] + (_prompts is null ? 0 : prompts * _prompts.Z(i)),
                Normalization.Bias => _bias[i],
                _ => 1,
            };
            rate += _weights[i] * divisor * (_scales.Length > 0 ? _scales[i] : 1) * Sphere.Dot(v, v);
        }
        return rate;
    }

    /// <summary>
    /// G_energy = k(1)/2 - E_baseline of the content marginal (coupling 1, no gauge) at <paramref name="x"/>, one number a replica,
    /// without cancellation near collapse: e^beta/(2 beta) sum_ij m_i m_j (1 - e^{-beta |x_i - x_j|^2/2}); linear profile: (1 - |m|^2)/2.
    /// One pair sum for the exponential profile. Where the device has harmonic sums alone, 1 - sum_i m_i Z_i with an absolute error of tol k(1)/2, or beta (1 - |m|^2) when all
    /// tokens are so near to their mean (beta |x_i - m|^2 below 1e-6) that this is as good relatively.
    /// </summary>
    /// <param name="x">[R, n, d].</param>
    /// <param name="gap">[R].</param>
    /// <param name="stop">Stops the pair sum.</param>
    public void EnergyGap(double[] x, Span<double> gap, CancellationToken stop = default)
    {
        if (!Interaction.Profile.IsCurved(Interaction.Beta))
        {
            for (int r = 0; r < Replicas; r++) gap[r] = Mean.Variance(x, _weights, r * Tokens, Tokens, Dimension) / 2;
            return;
        }
        PairProblem content = Content(x);
        _contentRows ??= new RowSums(Rows, Dimension, _sums.WhyNot(content, RowColumns.Deficit) is null ? RowColumns.Deficit : RowColumns.None);
        _sums.Sum(content, .., _contentRows, stop);
        bool exact = _contentRows.Columns == RowColumns.Deficit;
        for (int r = 0; r < Replicas; r++)
        {
            double deficit = exact ? 0 : 1;
            for (int i = r * Tokens; i < (r + 1) * Tokens; i++)
                deficit += _weights[i] * (exact ? _contentRows.Deficit[i] : -_contentRows.Z[i]);
            gap[r] = Interaction.DiracEnergy * (exact ? deficit : Collapsed(x, r) ?? deficit);
        }
    }

    /// <summary>The content marginal as a problem: the tokens at <paramref name="x"/> with coupling 1 and no gauge.</summary>
    internal PairProblem Content(double[] x)
    {
        if (_contentProblem is null || !ReferenceEquals(_contentProblem.Q, x))
            _contentProblem = PairProblem.Self(Replicas, Tokens, Dimension, new Interaction(Interaction.Beta), x, _weights, _labels);
        return _contentProblem;
    }

    // beta (1 - |m|^2), the deficit to a relative 1e-6, of a cloud that has collapsed; null of one that has not.
    private double? Collapsed(double[] x, int replica)
    {
        int first = replica * Tokens;
        double[] mean = new double[Dimension];
        Mean.Of(x, _weights, first, Tokens, mean);
        double farthest = 0;
        for (int i = first; i < first + Tokens; i++) farthest = Math.Max(farthest, Sphere.Distance(x.AsSpan(i * Dimension, Dimension), mean));
        return Interaction.Beta * farthest * farthest < 1e-6 ? Interaction.Beta * Mean.Variance(x, _weights, first, Tokens, Dimension) : null;
    }

    // The weights sum to 1: with coupling 1 and all pairs there is nothing to sum.
    private double[] Bias(TokenArrays tokens)
    {
        double[] bias = [.. Enumerable.Repeat(1.0, Rows)];
        if (Interaction.Coupling is not OneCoupling || Interaction.Mask != Mask.None)
        {
            // Once, and not on the flow's device, which may know no linear profile.
            using SimdSums direct = new(Precision.Double, Threads);
            RowSums sums = new(Rows, Dimension, RowColumns.Force);
            direct.Sum(tokens.Self(Interaction with { Profile = Profile.Linear }), .., sums, CancellationToken.None);
            bias = sums.Z;
        }
        for (int i = 0; i < bias.Length && _prompts is not null; i++) bias[i] += _prompts.Strength;
        return bias;
    }

    // The drift in the flow's frame, rotated back.
    private void Finish(double[] drift, int from, int to)
    {
        if (Layer.IsPlain) FinishPlain(drift, from, to);
        else
            for (int i = from; i < to; i++) FinishToken(i, drift.AsSpan(i * Dimension, Dimension));
        if (!_frame.IsIdentity) _frame.Leave(drift, drift, from, to);
    }

    // P_y F scaled: one head without matrices, no prompts.
    private void FinishPlain(double[] drift, int from, int to)
    {
        Normalization normalization = Interaction.Normalization;
        double[] y = _y, force = _rows.Force, z = _rows.Z, shifts = _rows.Shift;
        int d = Dimension;
        double shift = double.NaN, unshift = 0;
        for (int i = from, at = from * d; i < to; i++, at += d)
        {
            bool bare = normalization is Normalization.Unnormalized or Normalization.Bias;
            if (bare && shifts[i] != shift) (shift, unshift) = (shifts[i], Math.Exp(shifts[i]));
            double scale = normalization == Normalization.Unnormalized ? unshift : normalization == Normalization.Bias ? unshift * Inverse(_bias[i]) : Inverse(z[i]);
            if (d == 3)
            {
                (double y0, double y1, double y2, double f0, double f1, double f2) = (y[at], y[at + 1], y[at + 2], force[at], force[at + 1], force[at + 2]);
                double dot = y0 * f0 + y1 * f1 + y2 * f2;
                (drift[at], drift[at + 1], drift[at + 2]) = (scale * (f0 - dot * y0), scale * (f1 - dot * y1), scale * (f2 - dot * y2));
                continue;
            }
            double along = Sphere.Dot(y.AsSpan(at, d), force.AsSpan(at, d));
            for (int c = at; c < at + d; c++) drift[c] = scale * (force[c] - along * y[c]);
        }
    }

    // The mean over heads of (F_h + F_p)/N_h, every sum with its own shift.
    private void FinishToken(int i, Span<double> drift)
    {
        drift.Clear();
        double radial = 0;
        foreach (HeadTerm head in _heads)
        {
            double shift = Math.Max(head.Sums.Shift[i], _prompts?.Shift ?? double.NegativeInfinity);
            double own = Math.Exp(head.Sums.Shift[i] - shift), prompts = _prompts is null ? 0 : Math.Exp(_prompts.Shift - shift);
            double scale = Interaction.Normalization switch
            {
                Normalization.Unnormalized => Math.Exp(shift),
                Normalization.Bias => Math.Exp(shift) * Inverse(_bias[i]),
                _ => Inverse(own * head.Sums.Z[i] + prompts * (_prompts?.Z(i) ?? 0)),
            } / _heads.Length;
            radial += head.AddField(i, scale * own, drift) + (_prompts?.AddField(i, scale * prompts, drift) ?? 0);
        }
        ReadOnlySpan<double> y = _y.AsSpan(i * Dimension, Dimension);
        double along = Sphere.Dot(y, drift);
        if (_along.Length > 0) _along[i] = along + radial;
        Sphere.AddScaled(drift, -along, y);
    }

    // P A becomes P A/s, and r its growth. A token without attention output stays.
    private void Normalise(double[] radii, State rate, int from, int to)
    {
        int d = Dimension;
        for (int i = from; i < to; i++)
        {
            Span<double> drift = rate.Positions.AsSpan(i * d, d);
            double along = Layer.IsPlain ? Along(i) : _along[i], length = Math.Sqrt(Sphere.Dot(drift, drift) + along * along);
            (_scales[i], double growth) =
                length == 0 && Scheme.NeedsOutput ? (1, 0) : Scheme.At(radii.Length > 0 ? radii[i] : Scheme.Start ?? 1, along, length);
            for (int c = 0; c < d; c++) drift[c] /= _scales[i];
            if (rate.Radii.Length > 0) rate.Radii[i] = growth;
        }
    }

    // <y, A>, A = F + Z y scaled as the drift, for plain tokens; the same in both frames.
    private double Along(int i) => (Sphere.Dot(_y.AsSpan(i * Dimension, Dimension), _rows.Force.AsSpan(i * Dimension, Dimension)) + _rows.Z[i]) * Interaction.Normalization switch
    {
        Normalization.Unnormalized => Math.Exp(_rows.Shift[i]),
        Normalization.Bias => Math.Exp(_rows.Shift[i]) * Inverse(_bias[i]),
        _ => Inverse(_rows.Z[i]),
    };

    // A token that sees nothing stays.
    private static double Inverse(double sum) => sum > 0 ? 1 / sum : 0;
}
