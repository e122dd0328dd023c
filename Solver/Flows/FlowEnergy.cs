using System.Runtime.Intrinsics;
using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver.Flows;

/// <summary>
/// What a flow knows of its energy from the sums of its last drift: in units of e^c/beta (other profiles: 1), c the largest exponent that
/// tokens or prompts can reach, so that nothing overflows; the unit comes last.
/// </summary>
internal sealed class FlowEnergy
{
    // Rows that are scaled together.
    private const int Block = 512;

    private readonly FlowTerms _terms;
    private readonly double _exponent, _inverseUnit, _largest, _selection;
    private readonly bool _isExponential;
    private readonly (double Energy, double Ratio)?[] _known;

    /// <summary>The energy of these terms.</summary>
    public FlowEnergy(FlowTerms terms, Layer layer)
    {
        Interaction interaction = terms.Interaction;
        _terms = terms;
        _exponent = layer.LargestExponent(interaction);
        _isExponential = interaction.Profile.IsExponential(interaction.Beta);
        _inverseUnit = _isExponential ? interaction.Beta : 1;
        _known = new (double, double)?[terms.Tokens.Replicas];
        (_largest, _selection) = (layer.LargestEnergyFactor(interaction), layer.Selection);
    }

    /// <summary>The largest energy that <see cref="Layer.LargestEnergy"/> allows; infinite where no double is as large.</summary>
    public double Largest => Valued(_largest);

    /// <summary>E of one replica, infinite where no double is as large, and E/E_max.</summary>
    public (double Energy, double Ratio) Of(int replica)
    {
        if (_known[replica] is { } known) return known;
        (int n, double[] weights) = (_terms.Tokens.Tokens, _terms.Tokens.Weights);
        CompensatedSum sum = default;
        if (!_terms.IsPlain || _terms.Interaction.Profile.IsGeneral)
            for (int i = replica * n; i < (replica + 1) * n; i++) sum.Add(weights[i] * Value(i, 1));
        else if (_isExponential)
        {
            RowSums rows = _terms.Heads[0].Sums;
            for (int i = replica * n; i < (replica + 1) * n; i++) sum.Add(weights[i] * (InUnits(rows, i) / 2));
        }
        else
            for (int i = replica * n; i < (replica + 1) * n; i++) sum.Add(weights[i] * LinearValue(i));
        _known[replica] = (Valued(sum.Value), sum.Value / _largest);
        return _known[replica]!.Value;
    }

    /// <summary>The sums of these replicas are no longer those that <see cref="Of"/> saw.</summary>
    public void Forget(int replica, int count) => Array.Clear(_known, replica, count);

    /// <summary>d(log m_i)/dt = alpha (U_i - sum_k m_k U_k), U_i = dE/dm_i, of the tokens of one replica.</summary>
    public void Select(int replica, Span<double> growth)
    {
        double rate = _selection * ScaledExponential.Times(1 / _inverseUnit, _exponent - _terms.Interaction.UnitExponent);
        Excess(replica, growth);
        foreach (ref double g in growth) g *= rate;
    }

    /// <summary>
    /// dE/dt of one replica, sum_i m_i N_i s_i |dx_i|^2, and alpha sum_i m_i (U_i - sum_k m_k U_k)^2 where weights move.
    /// </summary>
    public double Dissipation(int replica, ReadOnlySpan<double> drift, FlowDrift scales)
    {
        (int n, int d) = (_terms.Tokens.Tokens, _terms.Tokens.Dimension);
        RowSums rows = _terms.Heads[0].Sums;
        CompensatedSum rate = default;
        double unit = Math.Exp(_exponent - _terms.Interaction.UnitExponent);
        double prompted = _terms.Prompts is { } given ? Math.Exp(given.Shift - _exponent) : 0;
        Span<double> z = stackalloc double[Math.Min(Block, n)], factors = stackalloc double[z.Length];
        for (int first = replica * n, count; first < (replica + 1) * n; first += count)
        {
            count = Math.Min(z.Length, (replica + 1) * n - first);
            for (int i = 0; i < count; i++) z[i] = InUnits(rows, first + i);
            for (int i = 0; i < count && _terms.Prompts is { } prompts; i++) z[i] += prompted * prompts.Z(first + i);
            // e^c/N_i; a row that sees nothing stays.
            _terms.Scales(first, z[..count], unit, factors[..count]);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<double> v = drift.Slice((first + i) * d, d);
                if (factors[i] > 0)
                    rate.Add(_terms.Tokens.Weights[first + i] * scales.ScaleOf(first + i) * Sphere.Dot(v, v) / factors[i]);
            }
        }
        if (_selection != 0) rate.Add(_selection * unit * SquaredExcess(replica) / (_inverseUnit * _inverseUnit));
        return ScaledExponential.Times(rate.Value, _exponent);
    }

    // U_i - sum_k m_k U_k, in units of e^c/beta.
    private void Excess(int replica, Span<double> excess)
    {
        int first = replica * excess.Length;
        for (int i = 0; i < excess.Length; i++) excess[i] = Value(first + i, 2);
        double mean = CompensatedSum.Of(_terms.Tokens.Weights.AsSpan(first, excess.Length), excess);
        foreach (ref double u in excess) u -= mean;
    }

    // Its mean square.
    private double SquaredExcess(int replica)
    {
        int n = _terms.Tokens.Tokens;
        double[] excess = new double[n];
        Excess(replica, excess);
        foreach (ref double u in excess.AsSpan()) u *= u;
        return CompensatedSum.Of(_terms.Tokens.Weights.AsSpan(replica * n, n), excess);
    }

    private double Valued(double factor) => ScaledExponential.Times(factor / _inverseUnit, _exponent);

    // Z_i in units of e^c: as it stands in the self form, where no exponential is to be paid for.
    private double InUnits(RowSums rows, int i) =>
        rows.Shift[i] == _exponent ? rows.Z[i] : Math.Exp(rows.Shift[i] - _exponent) * rows.Z[i];

    private double LinearValue(int i)
    {
        RowSums rows = _terms.Heads[0].Sums;
        int d = _terms.Tokens.Dimension;
        return (rows.Z[i] + Sphere.Dot(_terms.Tokens.At(i), rows.Force.AsSpan(i * d, d))) / 2;
    }

    // What a token has of E/m_i: once as a query; and as a query and a key, which is dE/dm_i.
    private double Value(int i, int times)
    {
        double heads = 0;
        foreach (HeadTerm head in _terms.Heads) heads += head.Value(i, _exponent);
        double tokens = times * (heads / (2 * _terms.Heads.Length)) + (_terms.Prompts?.Value(i, _exponent) ?? 0);
        return _terms.Perceptron is not { } perceptron ? tokens
            : tokens + perceptron.Potential(_terms.Tokens.At(i)) * _inverseUnit * Math.Exp(-_exponent);
    }
}

/// <summary>The content marginal of a flow's tokens, which knows no labels: coupling 1, no gauge.</summary>
internal sealed class ContentMarginal(double beta, TokenArrays tokens, IPairSums sums)
{
    // The mean of k' over a way of 0.1/(1 + beta) to rounding.
    private static readonly GaussLegendreRule Rule = new(0, 1, 4);
    private static readonly Vector256<double> Nodes = Vector256.Create(Rule.Abscissas), Shares = Vector256.Create(Rule.Weights);

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

    /// <summary>The weights have changed.</summary>
    public void Renew() => (_problem, _plan) = (null, null);

    /// <summary>1 - sum_ij m_i m_j e^{-beta |x_i - x_j|^2/2} of every replica.</summary>
    /// <param name="x">[R, n, d].</param>
    /// <param name="known">Z of the content marginal at x, in units of e^beta, or null: for a device without the column Deficit.</param>
    /// <param name="deficits">[R].</param>
    /// <param name="stop">Stops the pair sum.</param>
    public void Deficits(double[] x, double[]? known, Span<double> deficits, CancellationToken stop)
    {
        PairProblem problem = At(x);
        if (_plan?.Problem != problem)
        {
            _plan = sums.Plan(problem, RowColumns.Deficit);
            if (_plan.WhyNot is not null) _plan = sums.Plan(problem, RowColumns.None);
        }
        bool exact = _plan.Columns == RowColumns.Deficit;
        double[]? z = exact ? null : known;
        if (z is null)
        {
            _rows ??= new RowSums(tokens.Rows, tokens.Dimension, _plan.Columns);
            sums.Sum(_plan, .., _rows, stop);
            z = exact ? _rows.Deficit : _rows.Z;
        }
        for (int r = 0; r < tokens.Replicas; r++)
        {
            ReadOnlySpan<double> weights = tokens.Weights.AsSpan(r * tokens.Tokens, tokens.Tokens);
            double sum = CompensatedSum.Of(weights, z.AsSpan(r * tokens.Tokens, tokens.Tokens));
            deficits[r] = exact ? sum : Collapsed(x, r) ?? 1 - sum;
        }
    }

    /// <summary>
    /// k(1)/2 - E of every replica at -beta: e^{-beta}/(2 beta) sum_ij m_i m_j (e^{beta |x_i - x_j|^2/2} - 1), pair by pair.
    /// </summary>
    public void GapsOfNegativeBeta(double[] x, Span<double> gaps, int threads, CancellationToken stop)
    {
        PairGaps(x, gaps, half => Math.Exp(beta * (half - 2)) * ScaledExponential.Deficit(beta * half), threads, stop);
        foreach (ref double gap in gaps) gap = ScaledExponential.Times(gap / (2 * beta), beta);
    }

    /// <summary>k(1)/2 - E of every replica: sum_ij m_i m_j (k(1) - k(1 - |x_i - x_j|^2/2))/2, pair by pair.</summary>
    /// <param name="profile">k, where <paramref name="sign"/> is 1; where it is -1, -k(-t) takes its place.</param>
    /// <param name="sign">Of beta.</param>
    /// <param name="x">[R, n, d].</param>
    /// <param name="gaps">[R].</param>
    /// <param name="threads">Of the pairs.</param>
    /// <param name="stop">Stops the pair sum.</param>
    public void Gaps(Profile profile, int sign, double[] x, Span<double> gaps, int threads, CancellationToken stop)
    {
        double point = profile.Value(beta, sign);
        PairGaps(x, gaps, Drop, threads, stop);
        foreach (ref double gap in gaps) gap /= 2;

        // The difference would cancel near collapse, the integral of its slope does not.
        double Drop(double half) => half * (1 + beta) > 0.1 ? sign * (point - profile.Value(beta, sign * (1 - half)))
            : half * Vector256.Dot(Shares, profile.At(beta, sign * (Vector256<double>.One - half * Nodes)).Slope);
    }

    // sum_ij m_i m_j drop(|x_i - x_j|^2/2) of every replica.
    private void PairGaps(double[] x, Span<double> gaps, Func<double, double> drop, int threads, CancellationToken stop)
    {
        (int n, int d) = (tokens.Tokens, tokens.Dimension);
        double[] rows = new double[tokens.Rows];
        Workers.For(rows.Length, 16, threads, (from, to) =>
        {
            stop.ThrowIfCancellationRequested();
            for (int i = from; i < to; i++)
                for (int j = i + 1; j < (i / n + 1) * n; j++)
                {
                    double squared = 0;
                    for (int c = 0; c < d; c++) squared += (x[j * d + c] - x[i * d + c]) * (x[j * d + c] - x[i * d + c]);
                    // Both ways.
                    rows[i] += 2 * tokens.Weights[j] * drop(squared / 2);
                }
        });
        for (int r = 0; r < gaps.Length; r++)
            gaps[r] = CompensatedSum.Of(tokens.Weights.AsSpan(r * n, n), rows.AsSpan(r * n, n));
    }

    // beta (1 - |m|^2), the deficit to a relative 1e-6, of a cloud that has collapsed; null of one that has not.
    private double? Collapsed(double[] x, int replica)
    {
        (int n, int d, int first) = (tokens.Tokens, tokens.Dimension, replica * tokens.Tokens);
        // Tokens further apart than twice the radius in question are not both within it of their mean: most clouds are seen off so.
        for (int i = first + 1; i < first + n; i++)
            if (beta * Math.Pow(Sphere.Distance(x.AsSpan(i * d, d), x.AsSpan(first * d, d)), 2) > 4.1e-6) return null;
        double[] mean = new double[d];
        Mean.Of(x, tokens.Weights, first, n, mean);
        double farthest = 0;
        for (int i = first; i < first + n; i++) farthest = Math.Max(farthest, Sphere.Distance(x.AsSpan(i * d, d), mean));
        return beta * farthest * farthest < 1e-6 ? beta * Mean.Variance(x, tokens.Weights, first, n, d) : null;
    }
}
