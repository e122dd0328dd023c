namespace AttentionFlow.Solver.Flows;

/// <summary>
/// What indicators need of the attention matrix A_ij = m_j b_ij k'(t_ij)/Z_i of a flow, row by row at its last drift, and products with it;
/// the matrix itself is never stored.
/// </summary>
/// <remarks>
/// Observables say what they need when they are made (<see cref="Ask"/>), so that one pair sum serves them all: none at all for
/// <see cref="Divergence"/> with coupling 1, whose terms are those of the drift, since sum_j A_ij (l_ij - beta) = beta &lt;y_i,
/// F_i&gt;/Z_i. Token weights that differ need a pair sum for <see cref="Squares"/> and one for <see cref="Largest"/>, because their terms
/// are weighted otherwise.
/// </remarks>
internal sealed class Attention
{
    private readonly Flow _flow;
    private readonly IPairSums _sums;
    private readonly PairProblem _problem;
    private readonly RowSums _drift;
    private readonly bool _even, _needsForce;
    private readonly List<(Plan Plan, RowSums Rows)> _passes = [];
    private readonly double[] _divergence, _squares, _largest;
    private RowColumns _asked;
    private double _at = -1;

    /// <summary>Of this flow, with the plan and the sums of its drift.</summary>
    public Attention(Flow flow, IPairSums sums, Plan plan, RowSums drift)
    {
        (_flow, _sums, _problem, _drift) = (flow, sums, plan.Problem, drift);
        _even = _problem.Weights.AsSpan().IndexOfAnyExcept(_problem.Weights[0]) < 0;
        _needsForce = plan.IsTangential;
        (_divergence, _squares, _largest) = (new double[flow.Rows], new double[flow.Rows], new double[flow.Rows]);
    }

    /// <summary>Columns of pair sums that <see cref="Divergence"/> takes beside those of the drift.</summary>
    public RowColumns ForDivergence =>
        (_problem.Interaction.Coupling.IsOne ? RowColumns.None : RowColumns.CouplingLog)
        | (_needsForce ? RowColumns.Force | RowColumns.Radial : RowColumns.None);

    /// <summary>Makes sure that these columns can be had.</summary>
    /// <exception cref="NotSupportedException">When they cannot, or when the flow has no attention matrix.</exception>
    public void Ask(RowColumns columns)
    {
        ThrowIfNone(_flow);
        if ((columns & ~_asked) == RowColumns.None) return;
        List<Plan> plans = [];
        columns |= _asked;
        if (_even) Add(_problem, columns);
        else
        {
            Add(_problem, columns & ~(RowColumns.Squares | RowColumns.Largest));
            Add(Weighted([.. _problem.Weights.Select(Math.Sqrt)]), columns & RowColumns.Squares);
            Add(Weighted([.. _problem.Weights.Select(_ => 1.0)]), columns & RowColumns.Largest);
        }
        _passes.Clear();
        _passes.AddRange(plans.Select(p => (p, new RowSums(_flow.Rows, _flow.Dimension, p.Columns))));
        (_asked, _at) = (columns, -1);

        void Add(PairProblem problem, RowColumns needed)
        {
            if (needed != RowColumns.None) plans.Add(Planned(problem, needed));
        }
    }

    /// <summary>sum_j A_ij log(A_ij/m_j) >= 0, the relative entropy of row i to the weights: log n - H_i. [R n].</summary>
    public ReadOnlySpan<double> Divergence(CancellationToken stop) => Of(_divergence, ForDivergence, stop);

    /// <summary>sum_j A_ij^2/m_j >= 1. [R n].</summary>
    public ReadOnlySpan<double> Squares(CancellationToken stop) => Of(_squares, RowColumns.Squares, stop);

    /// <summary>max_j A_ij/m_j >= 1. [R n].</summary>
    public ReadOnlySpan<double> Largest(CancellationToken stop) => Of(_largest, RowColumns.Largest, stop);

    /// <summary>A v, both [R n]; one pair sum.</summary>
    public void Apply(double[] v, double[] product, CancellationToken stop)
    {
        double[] weights = new double[v.Length];
        for (int i = 0; i < v.Length; i++) weights[i] = _problem.Weights[i] * v[i];
        Sum(Weighted(weights), product, stop);
        for (int i = 0; i < v.Length; i++) product[i] /= _drift.Z[i];
    }

    /// <summary>
    /// The adjoint with respect to sum_i m_i u_i v_i, (A* u)_j = sum_i m_i u_i A_ij/m_j, both [R n]; one pair sum, queries and keys
    /// exchanged.
    /// </summary>
    public void ApplyAdjoint(double[] u, double[] product, CancellationToken stop)
    {
        double[] weights = new double[u.Length];
        for (int i = 0; i < u.Length; i++) weights[i] = _problem.Weights[i] * u[i] / _drift.Z[i];
        Sum(Weighted(weights, transposed: true), product, stop);
    }

    /// <summary>Makes sure that products of A and its adjoint can be had, with vectors of any sign or with positive ones alone.</summary>
    /// <exception cref="NotSupportedException">When they cannot, or when the flow has no attention matrix.</exception>
    public void AskProducts(bool anySign)
    {
        ThrowIfNone(_flow);
        double[] weights = [.. _problem.Weights.Select((m, i) => anySign && i % 2 == 1 ? -m : m)];
        Planned(Weighted(weights, transposed: true), RowColumns.None);
    }

    // The shift of the self form is the same for all rows, and the same in sums and their transposes: it cancels.
    private void Sum(PairProblem problem, double[] product, CancellationToken stop) =>
        _sums.Sum(problem, RowColumns.None, stop).Z.CopyTo(product, 0);

    private PairProblem Weighted(double[] weights, bool transposed = false)
    {
        Interaction interaction = _problem.Interaction;
        if (transposed && interaction.Mask == Mask.Causal) interaction = interaction with { Mask = Mask.Reversed };
        return PairProblem.Self(_problem.Replicas, _problem.Keys, _problem.Dimension, interaction, _problem.Q, weights, _problem.KeyLabels);
    }

    private ReadOnlySpan<double> Of(double[] values, RowColumns needed, CancellationToken stop)
    {
        Ask(needed);
        if (_at == _flow.Evaluations) return values;
        foreach ((Plan plan, RowSums rows) in _passes)
        {
            _sums.Sum(plan, .., rows, stop);
            double scale = _even ? _flow.Tokens : 1;
            for (int i = 0; i < rows.Squares.Length; i++) _squares[i] = scale * rows.Squares[i] / (_drift.Z[i] * _drift.Z[i]);
            for (int i = 0; i < rows.Largest.Length; i++) _largest[i] = scale * rows.Largest[i] / _drift.Z[i];
        }
        SetDivergence();
        _at = _flow.Evaluations;
        return values;
    }

    private void SetDivergence()
    {
        // Both in one pass; without any, the drift's sums do.
        RowColumns needed = ForDivergence;
        RowSums? pass = needed == RowColumns.None ? null : _passes.Select(p => p.Rows).FirstOrDefault(r => r.Columns.HasFlag(needed));
        if (pass is null && needed != RowColumns.None) return;
        RowSums rows = _needsForce ? pass! : _drift;
        int d = _flow.Dimension;
        double beta = _problem.Interaction.Profile.IsExponential(_problem.Interaction.Beta) ? _problem.Interaction.Beta : 0;
        for (int i = 0; i < _flow.Rows; i++)
        {
            double logit = beta + beta * Sphere.Dot(_problem.Q.AsSpan(i * d, d), rows.Force.AsSpan(i * d, d)) / rows.Z[i];
            double coupling = pass?.CouplingLog is { Length: > 0 } logs ? logs[i] / rows.Z[i] : 0;
            double divergence = logit + coupling - rows.Shift[i] - Math.Log(rows.Z[i]);
            _divergence[i] = Math.Max(0, divergence);
        }
    }

    private static void ThrowIfNone(Flow flow)
    {
        Interaction interaction = flow.Interaction;
        const string leave = "leave \"attention_divergence\", \"attention_entropy\", \"attention_rows\", \"participation\", "
            + "\"participation_ratio\", \"sink\" and \"low_pass\" out";
        if (flow.WhyNoAttention is { } why) throw new NotSupportedException($"{why}; {leave}");
        if (interaction.Mask is not (Mask.None or Mask.Causal))
            throw new NotSupportedException($"an attention matrix is known without a mask and with the causal one; {leave}");
        if (interaction.Coupling.Smallest < 0)
            throw new NotSupportedException("an attention matrix needs a coupling that is never negative, and "
                + FormattableString.Invariant($"'{interaction.Coupling.Name}' falls to {interaction.Coupling.Smallest:G4}; {leave}"));
    }

    private Plan Planned(PairProblem problem, RowColumns columns)
    {
        Plan plan = _sums.Plan(problem, columns);
        if (plan.WhyNot is not { } why) return plan;
        string direct = _needsForce ? "\"summation\": \"direct\" or " : "";
        throw new NotSupportedException($"{why}; {direct}the device \"reference\" can do it");
    }
}
