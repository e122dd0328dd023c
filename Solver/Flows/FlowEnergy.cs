namespace AttentionFlow.Solver.Flows;

/// <summary>
/// What a flow knows of its energy from the sums of its last drift: in units of e^c/beta (linear profile: 1), c the largest exponent that
/// tokens or prompts can reach, so that nothing overflows; the unit comes last.
/// </summary>
internal sealed class FlowEnergy
{
    private readonly FlowTerms _terms;
    private readonly double _exponent, _inverseUnit, _largest;

    /// <summary>The energy of these terms.</summary>
    public FlowEnergy(FlowTerms terms, Layer layer)
    {
        Interaction interaction = terms.Interaction;
        _terms = terms;
        _exponent = layer.LargestExponent(interaction);
        _inverseUnit = interaction.Profile.IsCurved(interaction.Beta) ? interaction.Beta : 1;
        _largest = layer.LargestEnergyFactor(interaction);
    }

    /// <summary>The largest energy that <see cref="Layer.LargestEnergy"/> allows; infinite where no double is as large.</summary>
    public double Largest => Valued(_largest);

    /// <summary>E of one replica, infinite where no double is as large, and E/E_max.</summary>
    public (double Energy, double Ratio) Of(int replica)
    {
        (int n, double[] weights) = (_terms.Tokens.Tokens, _terms.Tokens.Weights);
        CompensatedSum sum = default;
        for (int i = replica * n; i < (replica + 1) * n; i++) sum.Add(weights[i] * (_terms.IsPlain ? PlainValue(i) : Value(i)));
        return (Valued(sum.Value), sum.Value / _largest);
    }

    /// <summary>dE/dt of one replica, sum_i m_i N_i s_i |dx_i|^2.</summary>
    public double Dissipation(int replica, ReadOnlySpan<double> drift, FlowDrift scales)
    {
        (int n, int d) = (_terms.Tokens.Tokens, _terms.Tokens.Dimension);
        RowSums rows = _terms.Heads[0].Sums;
        CompensatedSum rate = default;
        double unit = Math.Exp(_exponent - _terms.Interaction.UnitExponent);
        double prompted = _terms.Prompts is { } given ? Math.Exp(given.Shift - _exponent) : 0;
        for (int i = replica * n; i < (replica + 1) * n; i++)
        {
            ReadOnlySpan<double> v = drift.Slice(i * d, d);
            double z = InUnits(rows, i);
            if (_terms.Prompts is { } prompts) z += prompted * prompts.Z(i);
            // e^c/N_i; a row that sees nothing stays.
            double scale = _terms.Scale(i, z, unit);
            if (scale > 0) rate.Add(_terms.Tokens.Weights[i] * scales.ScaleOf(i) * Sphere.Dot(v, v) / scale);
        }
        return ScaledExponential.Times(rate.Value, _exponent);
    }

    private double Valued(double factor) => ScaledExponential.Times(factor / _inverseUnit, _exponent);

    // Z_i in units of e^c: as it stands in the self form, where no exponential is to be paid for.
    private double InUnits(RowSums rows, int i) =>
        rows.Shift[i] == _exponent ? rows.Z[i] : Math.Exp(rows.Shift[i] - _exponent) * rows.Z[i];

    private double PlainValue(int i)
    {
        RowSums rows = _terms.Heads[0].Sums;
        if (_terms.Interaction is { Profile: { } profile, Beta: double beta } && profile.IsCurved(beta))
            return InUnits(rows, i) / 2;
        int d = _terms.Tokens.Dimension;
        return (rows.Z[i] + Sphere.Dot(_terms.Tokens.At(i), rows.Force.AsSpan(i * d, d))) / 2;
    }

    private double Value(int i)
    {
        double heads = 0;
        foreach (HeadTerm head in _terms.Heads) heads += head.Value(i, _exponent);
        return heads / (2 * _terms.Heads.Length) + (_terms.Prompts?.Value(i, _exponent) ?? 0);
    }
}

/// <summary>The content marginal of a flow's tokens, which knows no labels: coupling 1, no gauge.</summary>
internal sealed class ContentMarginal(double beta, TokenArrays tokens, IPairSums sums)
{
    private readonly Interaction _interaction = new(beta);
    private PairProblem? _problem;
    private Plan? _plan;
    private RowSums? _rows;

    /// <summary>The tokens at x as a problem.</summary>
    public PairProblem At(double[] x)
    {
        if (_problem is null || !ReferenceEquals(_problem.Q, x))
            _problem = PairProblem.Self(tokens.Replicas, tokens.Tokens, tokens.Dimension, _interaction, x, tokens.Weights, tokens.Labels);
        return _problem;
    }

    /// <summary>1 - sum_ij m_i m_j e^{-beta |x_i - x_j|^2/2} of every replica.</summary>
    public void Deficits(double[] x, Span<double> deficits, CancellationToken stop)
    {
        PairProblem problem = At(x);
        if (_plan?.Problem != problem)
        {
            _plan = sums.Plan(problem, RowColumns.Deficit);
            if (_plan.WhyNot is not null) _plan = sums.Plan(problem, RowColumns.None);
            _rows ??= new RowSums(tokens.Rows, tokens.Dimension, _plan.Columns);
        }
        sums.Sum(_plan, .., _rows!, stop);
        bool exact = _rows!.Columns == RowColumns.Deficit;
        for (int r = 0; r < tokens.Replicas; r++)
        {
            ReadOnlySpan<double> weights = tokens.Weights.AsSpan(r * tokens.Tokens, tokens.Tokens);
            double sum = CompensatedSum.Of(weights, (exact ? _rows.Deficit : _rows.Z).AsSpan(r * tokens.Tokens, tokens.Tokens));
            deficits[r] = exact ? sum : Collapsed(x, r) ?? 1 - sum;
        }
    }

    // beta (1 - |m|^2), the deficit to a relative 1e-6, of a cloud that has collapsed; null of one that has not.
    private double? Collapsed(double[] x, int replica)
    {
        (int n, int d, int first) = (tokens.Tokens, tokens.Dimension, replica * tokens.Tokens);
        double[] mean = new double[d];
        Mean.Of(x, tokens.Weights, first, n, mean);
        double farthest = 0;
        for (int i = first; i < first + n; i++) farthest = Math.Max(farthest, Sphere.Distance(x.AsSpan(i * d, d), mean));
        return beta * farthest * farthest < 1e-6 ? beta * Mean.Variance(x, tokens.Weights, first, n, d) : null;
    }
}
