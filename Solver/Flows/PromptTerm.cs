namespace AttentionFlow.Solver.Flows;

/// <summary>
/// The prompts' pull: one pair sum over prompts that all tokens see, and O(n d) for one of a token's own, by its label or by the pinning
/// prompt. Forces are differences z - y in the flow's frame, where a prompt z of the frame of x is Psi_i z; under a negative beta z + y,
/// since -y is what then sees the prompts.
/// </summary>
internal sealed class PromptTerm
{
    private readonly TokenArrays _tokens;
    private readonly Interaction _interaction;
    private readonly PreparedGauge _gauge;
    private readonly double[] _x = [];
    private readonly List<(double[] Targets, double Strength)> _own = [];
    private readonly RowSums _sums;
    private readonly bool _exponential;
    private readonly int _threads, _sign;

    /// <summary>The term of the prompts of a layer that has some.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="interaction">beta and profile.</param>
    /// <param name="layer">The prompts.</param>
    /// <param name="gauge">From x to y.</param>
    /// <param name="turn">Psi, in whose frame the pinning prompt stands; <paramref name="gauge"/> but for a code of the logits
    /// alone.</param>
    /// <param name="threads">For the per-token work.</param>
    /// <param name="sums">What sums.</param>
    public PromptTerm(
        TokenArrays tokens, Interaction interaction, Layer layer, PreparedGauge gauge, PreparedGauge turn, int threads, IPairSums sums)
    {
        (_tokens, _gauge, _exponential) = (tokens, gauge, interaction.Profile.IsExponential(interaction.Beta));
        (_threads, _sign) = (threads, layer.Sign);
        _interaction = interaction with { Coupling = new OneCoupling(), Mask = Mask.None };
        RowColumns columns = interaction.Profile.IsGeneral ? RowColumns.Force | RowColumns.Value : RowColumns.Force;
        _sums = new RowSums(tokens.Rows, tokens.Dimension, columns);
        if (layer.Prompts is { Seen: SeenPrompts.All } all)
        {
            _x = gauge.IsIdentity && _sign > 0 ? tokens.Y : new double[tokens.Y.Length];
            PairProblem problem = PairProblem.Difference(tokens.Replicas, tokens.Tokens, all.Points.Count, tokens.Dimension,
                _interaction, _x, Repeat([.. all.Points.SelectMany(z => z)]), Repeat(all.Strengths),
                tokens.Labels, new double[tokens.Replicas * all.Points.Count]);
            Plan = sums.Plan(problem, columns);
        }
        else if (layer.Prompts is { } labelled)
        {
            double[] targets = [.. tokens.Labels.SelectMany(label => labelled.Of(label))];
            gauge.Enter(targets, targets, 0, tokens.Rows);
            _own.Add((targets, labelled.Strength));
        }
        if (layer.Pin is { } pin)
        {
            double[] targets = [.. Enumerable.Repeat(Sphere.OrLastAxis(pin.Point, tokens.Dimension), tokens.Rows).SelectMany(p => p)];
            if (turn != gauge)
            {
                turn.Leave(targets, targets, 0, tokens.Rows);
                gauge.Enter(targets, targets, 0, tokens.Rows);
            }
            _own.Add((targets, pin.Strength));
        }
        Strength = (layer.Prompts?.Strength ?? 0) + (layer.Pin?.Strength ?? 0);

        double[] Repeat(IReadOnlyList<double> values) => [.. Enumerable.Repeat(values, tokens.Replicas).SelectMany(v => v)];
    }

    /// <summary>What is summed, and how; null for nothing.</summary>
    public Plan? Plan { get; }

    /// <summary>The weight of all prompts that a token sees.</summary>
    public double Strength { get; }

    /// <summary>c, of every row.</summary>
    public double Shift => _exponential ? _interaction.Beta : 0;

    /// <summary>Z_i = e^{-c} sum_k lambda_k k'.</summary>
    public double Z(int row) => _sums.Z[row];

    /// <summary>Evaluates count rows from first on; y is known.</summary>
    public void Sum(double[] x, int first, int count, IPairSums sums, CancellationToken stop)
    {
        int d = _tokens.Dimension;
        if (Plan is not null)
        {
            for (int c = first * d; c < (first + count) * d && !ReferenceEquals(_x, _tokens.Y); c++) _x[c] = _sign * x[c];
            sums.Sum(Plan, first..(first + count), _sums, stop);
        }
        Workers.For(count, FlowTerms.Grain, _threads, (from, to) =>
        {
            if (Plan is not null) _gauge.Enter(_sums.Force, _sums.Force, first + from, first + to);
            else
            {
                Array.Clear(_sums.Z, first + from, to - from);
                Array.Clear(_sums.Force, (first + from) * d, (to - from) * d);
                if (_sums.Value.Length > 0) Array.Clear(_sums.Value, first + from, to - from);
            }
            foreach ((double[] targets, double strength) in _own)
                for (int i = first + from; i < first + to; i++) AddOwn(targets.AsSpan(i * d, d), strength, i);
        });
    }

    /// <summary>field += scale e^{-c} sum_k lambda_k k' z_k, up to a multiple of y_i, which it returns.</summary>
    public double AddField(int row, double scale, Span<double> field)
    {
        Sphere.AddScaled(field, scale, Force(row));
        return _sign * scale * _sums.Z[row];
    }

    /// <summary>sum_k lambda_k k(&lt;x_i, z_k>); in units of e^c/|beta| with the exponential profile.</summary>
    public double Value(int row, double exponent) => _exponential ? _sign * Math.Exp(Shift - exponent) * _sums.Z[row]
        : _interaction.Profile.IsGeneral ? _sign * _sums.Value[row] : _sign * _sums.Z[row] + Sphere.Dot(_tokens.At(row), Force(row));

    private Span<double> Force(int row) => _sums.Force.AsSpan(row * _tokens.Dimension, _tokens.Dimension);

    private void AddOwn(ReadOnlySpan<double> target, double strength, int row)
    {
        ReadOnlySpan<double> y = _tokens.At(row);
        Span<double> force = Force(row);
        double square = 0;
        for (int c = 0; c < y.Length; c++) square += (target[c] - _sign * y[c]) * (target[c] - _sign * y[c]);
        Profile profile = _interaction.Profile;
        double beta = _interaction.Beta, distance = Math.Sqrt(square);
        double a = strength * (_exponential ? Math.Exp(-beta * distance * distance / 2) : profile.Slope(beta, 1 - square / 2));
        _sums.Z[row] += a;
        if (profile.IsGeneral) _sums.Value[row] += strength * profile.Value(beta, 1 - square / 2);
        for (int c = 0; c < y.Length; c++) force[c] += a * (target[c] - _sign * y[c]);
    }
}
