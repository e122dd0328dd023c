namespace AttentionFlow.Solver.Theory;

/// <summary>
/// The long-time limit in the gauge frame, y = Psi x: a point (couplings that do not change sign: x*_i = Psi_i^T u), or a circle run
/// through once by the label (Toeplitz coupling c + a cos 2 pi (t - s)). The direction is chosen by the cloud; <see cref="Fit"/> finds the
/// best one.
/// </summary>
public abstract class PredictedLimit
{
    /// <summary>
    /// The limit predicted for this interaction and layer on S^{d-1}, or null and why there is none [arXiv 2605.30229, Theorems 1, 2, 4,
    /// Proposition 11]. The circle is where the Toeplitz flow leads from starts near it; for c > 0 or beta above 1.545 most independent
    /// starts settle elsewhere.
    /// </summary>
    public static PredictedLimit? For(Interaction interaction, int dimension, out string? why, Layer? layer = null)
    {
        layer ??= Layer.Plain;
        why = interaction.Mask != Mask.None ? "no limit is predicted under a mask"
            : interaction.Normalization.IsHard ? $"no limit is predicted under {interaction.Normalization.Name}"
            : layer.HasMovingWeights ? "no limit is predicted with weights that move"
            : layer.Perceptron is not null ? "no limit is predicted with a perceptron"
            : layer.HasNegativeBeta ? "no limit is predicted for a negative beta"
            : interaction.Profile.IsGeneral ? $"no limit is predicted for the profile '{interaction.Profile}'"
            : layer.Prompts is not null || layer.Pin is { Strength: < 0 } ? "no limit is predicted with prompts"
            : layer.Heads.Any(h => h.HasMatrices) ? "no limit is predicted with matrices"
            : layer.Code.Kind == CodeKind.Additive ? "no limit is predicted for an additive code"
            : layer is { Code.Kind: CodeKind.LogitsOnly, Pin: not null } ? "no limit is predicted for a pinning prompt that labels turn"
            : !layer.IsPlain && interaction.Coupling.Smallest < 0
                ? $"no limit is predicted for a '{interaction.Coupling.Name}' coupling together with a code or a pinning prompt"
            : null;
        if (why is not null) return null;
        switch (interaction.Coupling)
        {
            case
            {
                Smallest: < 0, Modes: [>= 0 and double constant, > 0
                and double amplitude]
            } when interaction.Normalization == Normalization.Unnormalized:
                double radius = ToeplitzCircle.Radius(interaction, constant / amplitude);
                if (dimension == 2 && radius is > 0 and < 1)
                {
                    why = "the predicted circle does not lie in the plane, "
                        + "and no limit is known for d = 2 here; leave \"limit\" out of the observables";
                    return null;
                }
                return radius > 0 ? new CircleLimit(radius) : new PointLimit();
            case { LeadsToPoint: true }:
                return new PointLimit();
            default:
                why = $"no limit is predicted for this '{interaction.Coupling.Name}' coupling; leave \"limit\" out of the observables";
                return null;
        }
    }

    /// <summary>
    /// The limit that is nearest to y [n, d], in the gauge frame: its positions [N, d] at the labels <paramref name="at"/>.
    /// </summary>
    public abstract double[] Fit(
        ReadOnlySpan<double> y, ReadOnlySpan<double> labels, ReadOnlySpan<double> weights, ReadOnlySpan<double> at, int d);
}

/// <summary>All tokens at one point u of the gauge frame; the best u is m/|m|.</summary>
public sealed class PointLimit : PredictedLimit
{
    /// <inheritdoc/>
    public override double[] Fit(
        ReadOnlySpan<double> y, ReadOnlySpan<double> labels, ReadOnlySpan<double> weights, ReadOnlySpan<double> at, int d)
    {
        double[] u = new double[d];
        Mean.Of(y, weights, 0, labels.Length, u);
        if (!Sphere.TryNormalize(u)) y[..d].CopyTo(u);
        double[] limit = new double[at.Length * d];
        for (int i = 0; i < at.Length; i++) u.CopyTo(limit, i * d);
        return limit;
    }
}

/// <summary>
/// y*(s) = sqrt(1 - r^2) e3 + r (e1 cos 2 pi s + e2 sin 2 pi s), (e1, e2, e3) orthonormal: for r = 1 a great circle. e1, e2 are the polar
/// factor of the first Fourier coefficients of y, e3 the mean outside their plane.
/// </summary>
/// <param name="radius">r, in (0, 1].</param>
public sealed class CircleLimit(double radius) : PredictedLimit
{
    /// <inheritdoc/>
    public override double[] Fit(
        ReadOnlySpan<double> y, ReadOnlySpan<double> labels, ReadOnlySpan<double> weights, ReadOnlySpan<double> at, int d)
    {
        double[] a = new double[d], b = new double[d], e3 = new double[d];
        double[] cosines = new double[labels.Length], sines = new double[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * labels[i]);
            (sines[i], cosines[i]) = (weights[i] * sin, weights[i] * cos);
        }
        Mean.Of(y, cosines, 0, labels.Length, a);
        Mean.Of(y, sines, 0, labels.Length, b);
        Mean.Of(y, weights, 0, labels.Length, e3);
        (double[] e1, double[] e2) = PolarFactor(a, b);
        double along1 = Sphere.Dot(e3, e1), along2 = Sphere.Dot(e3, e2);
        for (int c = 0; c < d; c++) e3[c] -= along1 * e1[c] + along2 * e2[c];
        if (!Sphere.TryNormalize(e3)) e3 = new double[d];
        double height = Math.Sqrt(1 - radius * radius);
        double[] limit = new double[at.Length * d];
        for (int i = 0; i < at.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * at[i]);
            for (int c = 0; c < d; c++) limit[i * d + c] = height * e3[c] + radius * (cos * e1[c] + sin * e2[c]);
        }
        return limit;
    }

    // The orthonormal pair nearest to (a, b): M (M^T M)^{-1/2} with the 2 x 2 root in closed form.
    private static (double[] E1, double[] E2) PolarFactor(double[] a, double[] b)
    {
        double p = Sphere.Dot(a, a), q = Sphere.Dot(a, b), r = Sphere.Dot(b, b);
        double root = Math.Sqrt(Math.Max(0, p * r - q * q)), trace = Math.Sqrt(p + r + 2 * root);
        if (!(root > 1e-12 * (p + r)))
        {
            double[] first = p >= r && p > 0 ? Sphere.Normalized(a) : r > 0 ? Sphere.Normalized(b) : Sphere.Axis(a.Length, 0);
            return (first, Sphere.Orthogonal(first));
        }
        // S = [[p, q], [q, r]]; S^{1/2} = (S + root I)/trace, its determinant is root.
        double s00 = (p + root) / trace, s01 = q / trace, s11 = (r + root) / trace;
        double[] e1 = new double[a.Length], e2 = new double[a.Length];
        for (int c = 0; c < a.Length; c++)
        {
            e1[c] = (s11 * a[c] - s01 * b[c]) / root;
            e2[c] = (s00 * b[c] - s01 * a[c]) / root;
        }
        return (e1, e2);
    }
}
