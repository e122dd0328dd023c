using System.Runtime.Intrinsics;

namespace AttentionFlow.Kernels.Model;

/// <summary>
/// k'(t) = (1 + beta t/p)^p, the polynomial kernel with the slope beta at t = 0, which becomes e^{beta t} as p grows; k(t) = p/((p + 1)
/// beta) ((1 + beta t/p)^{p+1} - 1), t at beta = 0.
/// </summary>
/// <param name="Degree">p, at least 1.</param>
public sealed record PolynomialProfile(int Degree = 2) : Profile
{
    /// <inheritdoc/>
    public override string Name => "polynomial";

    // ((1 + u)^{p+1} - 1)/u, u = beta t/p, is the sum of the powers of 1 + u from 0 to p.
    /// <inheritdoc/>
    public override double Value(double beta, double t)
    {
        double growth = 1 + beta / Degree * t, sum = 1;
        for (int power = 0; power < Degree; power++) sum = sum * growth + 1;
        return t * sum / (Degree + 1);
    }

    /// <inheritdoc/>
    public override double Slope(double beta, double t)
    {
        double growth = 1 + beta / Degree * t, power = 1;
        for (int k = 0; k < Degree; k++) power *= growth;
        return power;
    }

    /// <inheritdoc/>
    public override string? WhyNotPositive(double logit) => Degree % 2 == 0 || logit < Degree ? null
        : FormattableString.Invariant($"a polynomial of odd degree {Degree} is not positive where beta t goes down to {-logit:G6}; ")
            + "use an even degree";

    /// <inheritdoc/>
    public override (Vector256<double> Value, Vector256<double> Slope) At(double beta, Vector256<double> t)
    {
        Vector256<double> growth = Vector256<double>.One + beta / Degree * t, power = Vector256<double>.One, sum = power;
        for (int k = 0; k < Degree; k++) (power, sum) = (power * growth, sum * growth + Vector256<double>.One);
        return (t * sum / (Degree + 1.0), power);
    }
}
