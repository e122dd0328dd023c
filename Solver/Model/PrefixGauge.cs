namespace AttentionFlow.Solver.Model;

/// <summary>
/// The prefix (prompt) gauge: Psi = 2 v v^T - I with v = (u + G)/|u + G|, the half turn that swaps the base u and the target G; symmetric,
/// an involution. Limit of the flow: x* = Psi u_inf, which is the target itself when u_inf = u [arXiv 2605.30229, Theorem 4].
/// </summary>
/// <remarks>
/// A label s in [0,1) sees the target whose share of [0,1) it falls into (shares proportional to the target weights, in order; floor(s T)
/// for T equal ones); a whole-number label k >= 1 sees target k. At G = -u, v is some unit vector orthogonal to u.
/// </remarks>
/// <param name="Base">u, a unit vector; null: the last basis vector.</param>
/// <param name="Targets">G_0, G_1, ..., unit vectors.</param>
/// <param name="Weights">A positive number a target, up to a common factor; null: those of the targets' file, else equal.</param>
[Kind("prefix", 4)]
[Description("Half turns that swap the base and the target of the label: 2 v v' - I, v the unit vector along base + target.")]
public sealed record PrefixGauge(
    [UnitVector, Description("The base u, a unit vector; null = the last basis vector.")] Sequence<double>? Base,
    [UnitVector, FilePath]
    [Description("The targets: a list of unit vectors, the path of a CSV file (x0, x1, ... and optionally weight), "
        + "relative to the experiment file, or a law.")]
    Points Targets,
    [Quantity("a target's weight", AtLeast = 1e-100, AtMost = 1e100)]
    [Description("The share of the labels that see each target, up to a common factor; null = equal, or the file's weight column.")]
    Sequence<double>? Weights = null) : Gauge
{
    /// <summary>The index of the target that a label sees, -1 for none.</summary>
    public int TargetOf(double label) => Targets.IndexOf(label, Weights);

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.WhyNot(Base, "the base")
        ?? Targets.WhyNot(setting, Weights, "target", setting.Labels);

    /// <inheritdoc/>
    public override Gauge In(in Setting setting) => this with { Targets = Targets.In(setting) };

    /// <inheritdoc/>
    protected override PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension)
    {
        double[] origin = Sphere.OrLastAxis(Base, dimension);
        double[][] axes = [.. Targets.Select(target => Axis(origin, target))];
        int[] seen = new int[labels.Length];
        for (int i = 0; i < labels.Length; i++) seen[i] = TargetOf(labels[i]);
        return new Prepared(axes, seen, dimension);
    }

    private static double[] Axis(double[] origin, Sequence<double> target)
    {
        double[] sum = [.. origin.Zip(target, (u, g) => u + g)];
        return Sphere.Norm(sum) > 1e-12 ? Sphere.Normalized(sum) : Sphere.Orthogonal(origin);
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
