using MathNet.Numerics;

namespace AttentionFlow.Solver.Model;

/// <summary>A law of angles, which the phase gauge reaches. One record a file in this folder.</summary>
public abstract record CircleLaw
{
    /// <summary>q(p) = the angle below which the law has the mass p, 0 &lt;= p &lt;= 1; radians, rising in p over at most one turn.</summary>
    public abstract double Quantile(double p);
}

/// <summary>Uniform on an arc: q(p) = from + p (to - from).</summary>
/// <param name="From">Where it begins, radians.</param>
/// <param name="To">Where it ends, from &lt; to &lt;= from + 2 pi.</param>
public sealed record ArcLaw(double From, double To) : CircleLaw
{
    /// <inheritdoc/>
    public override double Quantile(double p) => From + p * (To - From);
}

/// <summary>
/// Density e^{kappa cos(a - mean)}/(2 pi I_0(kappa)); the quantile by inversion of the distribution function, to rounding. Symmetric about the mean
/// to the bit: q(1 - p) - mean = mean - q(p).
/// </summary>
/// <param name="Mean">Radians.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
public sealed record VonMisesLaw(double Mean, double Concentration) : CircleLaw
{
    /// <inheritdoc/>
    public override double Quantile(double p) => p <= 0.5 ? Mean + Below(p) : Mean - Below(1 - p);

    // The quantile of the law with mean 0, in [-pi, 0].
    private double Below(double p) =>
        p >= 0.5 ? 0 : Distribution(-Math.PI) >= p ? -Math.PI : FindRoots.OfFunction(a => Distribution(a) - p, -Math.PI, 0, 1e-15);

    // F(a) = 1/2 + a/2 pi + (1/pi) sum_l (I_l/I_0) sin(l a)/l on [-pi, pi], by Horner's scheme in the ratios I_l/I_{l-1}.
    private double Distribution(double a)
    {
        double ratio = 0, sum = 0;
        for (int l = Bessel.Terms(Concentration); l > 0; l--)
        {
            ratio = 1 / (2 * l / Concentration + ratio);
            sum = ratio * (Math.Sin(l * a) / l + sum);
        }
        return 0.5 + (a / 2 + sum) / Math.PI;
    }
}

/// <summary>Finitely many angles, each with a share of the mass.</summary>
/// <param name="Angles">At least one, radians; the labels see them in this order.</param>
/// <param name="Weights">A positive number an angle, up to a common factor; null: equal.</param>
public sealed record AtomsLaw(IReadOnlyList<double> Angles, IReadOnlyList<double>? Weights = null) : CircleLaw
{
    /// <inheritdoc/>
    public override double Quantile(double p) => Angles[Shares.Of(p, Weights, Angles.Count)];
}
