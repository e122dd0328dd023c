namespace AttentionFlow.Solver.Model;

/// <summary>
/// The prefix (prompt) gauge: Psi = 2 v v^T - I with v = (u + G)/|u + G|, the half turn that swaps the base u and the target
/// G; symmetric, an involution. Limit of the flow: x* = Psi u_inf, which is the target itself when u_inf = u
/// [arXiv 2605.30229, Theorem 4].
/// </summary>
/// <remarks>
/// A label s in [0,1) sees the target whose share of [0,1) it falls into (shares proportional to the target weights, in order;
/// floor(s T) for T equal ones); a whole-number label k >= 1 sees target k. At G = -u, v is some unit vector orthogonal to u.
/// </remarks>
public sealed record PrefixGauge : Gauge
{
    private readonly double[]? _weights;

    /// <summary>The gauge with this base and these targets, unit vectors, and optional positive target weights.</summary>
    /// <exception cref="ArgumentException">When there is no target, a vector is not of unit length within 1e-9, or weights do not match.</exception>
    public PrefixGauge(IReadOnlyList<double> basePoint, IReadOnlyList<IReadOnlyList<double>> targets, IReadOnlyList<double>? weights = null)
    {
        Base = [.. basePoint];
        Targets = [.. targets.Select(t => t.ToArray())];
        if (Targets.Count == 0) throw new ArgumentException("a prefix gauge needs at least one target");
        foreach (double[] point in Targets.Append(Base))
        {
            if (point.Length != Base.Length) throw new ArgumentException($"a target has {point.Length} coordinates, the base {Base.Length}");
            if (!(Math.Abs(Sphere.Norm(point) - 1) <= 1e-9)) throw new ArgumentException($"base and targets must be unit vectors; one has length {Sphere.Norm(point)}");
        }
        if (weights is not null && (weights.Count != Targets.Count || weights.Any(w => !(w > 0) || !double.IsFinite(w))))
            throw new ArgumentException($"target weights must be {Targets.Count} positive numbers, one per target");
        _weights = weights is null ? null : [.. weights];
    }

    /// <summary>u.</summary>
    public double[] Base { get; }

    /// <summary>G_0, G_1, ...</summary>
    public IReadOnlyList<double[]> Targets { get; }

    /// <summary>The index of the target that a label sees.</summary>
    /// <exception cref="ArgumentException">When the label is neither in [0,1) nor a whole number below the number of targets.</exception>
    public int TargetOf(double label)
    {
        if (label >= 0 && label < 1) return Shares.Of(label, _weights, Targets.Count);
        if (label >= 1 && label == Math.Floor(label) && label < Targets.Count) return (int)label;
        throw new ArgumentException($"label {label} sees no target: it must lie in [0, 1) or be a whole number below {Targets.Count}");
    }

    /// <inheritdoc/>
    public override string? WhyNot(int dimension) => Base.Length == dimension ? null
        : $"the prefix targets have {Base.Length} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension)
    {
        double[][] axes = [.. Targets.Select(Axis)];
        int[] seen = new int[labels.Length];
        for (int i = 0; i < labels.Length; i++) seen[i] = TargetOf(labels[i]);
        return new Prepared(axes, seen, dimension);
    }

    private double[] Axis(double[] target)
    {
        double[] sum = [.. Base.Zip(target, (u, g) => u + g)];
        return Sphere.Norm(sum) > 1e-12 ? Sphere.Normalized(sum) : Sphere.Orthogonal(Base);
    }

    private sealed class Prepared(double[][] axes, int[] seen, int d) : PreparedGauge
    {
        public override void Enter(ReadOnlySpan<double> x, Span<double> y, int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                ReadOnlySpan<double> v = axes[seen[i]], source = x.Slice(i * d, d);
                Span<double> target = y.Slice(i * d, d);
                double twice = 0;
                for (int c = 0; c < v.Length; c++) twice += 2 * v[c] * source[c];
                for (int c = 0; c < v.Length; c++) target[c] = twice * v[c] - source[c];
            }
        }

        public override void Leave(ReadOnlySpan<double> y, Span<double> x, int from, int to) => Enter(y, x, from, to);
    }
}
