namespace AttentionFlow.Solver;

/// <summary>
/// The great circle of S^2 with a given normal, run through once, counter-clockwise about it: target k of T at the angle 2 pi (k + 1/2)/T. On n grid labels with T = n,
/// the label s sees the angle 2 pi s.
/// </summary>
/// <param name="Normal">Unit vector in R^3; for e_2 the circle starts at e_0.</param>
public sealed record GreatCircleTargets(IReadOnlyList<double> Normal) : TargetLaw
{
    /// <inheritdoc/>
    public override double[][] Draw(int count, ulong seed)
    {
        double[] n = Sphere.Normalized([.. Normal]), a = Sphere.Orthogonal(n);
        double[] b = [n[1] * a[2] - n[2] * a[1], n[2] * a[0] - n[0] * a[2], n[0] * a[1] - n[1] * a[0]];
        double[][] targets = new double[count][];
        for (int k = 0; k < count; k++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * (k + 0.5) / count);
            targets[k] = Sphere.Normalized([.. a.Zip(b, (x, y) => cos * x + sin * y)]);
        }
        return targets;
    }
}
