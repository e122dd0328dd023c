namespace AttentionFlow.Solver.Flows;

/// <summary>What a flow knows of its energy from the sums of its last drift.</summary>
internal sealed class FlowEnergy(FlowTerms terms)
{
    /// <summary>E of one replica.</summary>
    public double Energy(int replica)
    {
        (int n, double[] weights) = (terms.Tokens.Tokens, terms.Tokens.Weights);
        if (terms.IsPlain) return PlainEnergy(replica * n, (replica + 1) * n);
        return Enumerable.Range(replica * n, n)
            .Sum(i => weights[i] * (terms.Heads.Sum(h => h.Value(i)) / (2 * terms.Heads.Length) + (terms.Prompts?.Value(i) ?? 0)));
    }

    /// <summary>dE/dt of one replica, sum_i m_i N_i s_i |dx_i|^2.</summary>
    public double Dissipation(int replica, ReadOnlySpan<double> drift, FlowDrift scales)
    {
        (int n, int d) = (terms.Tokens.Tokens, terms.Tokens.Dimension);
        RowSums rows = terms.Heads[0].Sums;
        double rate = 0, shift = double.NaN, unshift = 0, prompts = terms.Prompts is null ? 0 : Math.Exp(terms.Prompts.Shift);
        for (int i = replica * n; i < (replica + 1) * n; i++)
        {
            ReadOnlySpan<double> v = drift.Slice(i * d, d);
            if (rows.Shift[i] != shift) (shift, unshift) = (rows.Shift[i], Math.Exp(rows.Shift[i]));
            double divisor = terms.Divisor(i, unshift * rows.Z[i] + (terms.Prompts is null ? 0 : prompts * terms.Prompts.Z(i)));
            rate += terms.Tokens.Weights[i] * divisor * scales.ScaleOf(i) * Sphere.Dot(v, v);
        }
        return rate;
    }

    private double PlainEnergy(int from, int to)
    {
        Interaction interaction = terms.Interaction;
        RowSums rows = terms.Heads[0].Sums;
        int d = terms.Tokens.Dimension;
        bool curved = interaction.Profile.IsCurved(interaction.Beta);
        double energy = 0, shift = double.NaN, unshift = 0;
        for (int i = from; i < to; i++)
        {
            if (rows.Shift[i] != shift) (shift, unshift) = (rows.Shift[i], Math.Exp(rows.Shift[i]));
            energy += curved ? terms.Tokens.Weights[i] * unshift * rows.Z[i] / (2 * interaction.Beta)
                : terms.Tokens.Weights[i] * (rows.Z[i] + Sphere.Dot(terms.Tokens.At(i), rows.Force.AsSpan(i * d, d))) / 2;
        }
        return energy;
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
            double deficit = exact ? 0 : 1;
            for (int i = r * tokens.Tokens; i < (r + 1) * tokens.Tokens; i++)
                deficit += tokens.Weights[i] * (exact ? _rows.Deficit[i] : -_rows.Z[i]);
            deficits[r] = exact ? deficit : Collapsed(x, r) ?? deficit;
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
