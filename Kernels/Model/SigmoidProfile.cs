using System.Runtime.Intrinsics;

namespace AttentionFlow.Kernels.Model;

/// <summary>
/// k'(t) = 1/(1 + e^{-beta t}), the weights of sigmoid attention without its bias [arXiv 2409.04431]; k(t) = log((1 + e^{beta t})/2)/beta,
/// t/2 at beta = 0.
/// </summary>
/// <remarks>Its vectors call .NET's exponential and logarithm, whose last bit depends on whether the processor has FMA.</remarks>
public sealed record SigmoidProfile : Profile
{
    // Below this |beta t| a series has more digits.
    private const double Small = 0.01;

    /// <inheritdoc/>
    public override string Name => "sigmoid";

    // log((1 + e^x)/2) = x/2 + log cosh(x/2) = (x + |x|)/2 + log((1 + e^{-|x|})/2).
    /// <inheritdoc/>
    public override double Value(double beta, double t)
    {
        double x = beta * t, size = Math.Abs(x);
        return size < Small ? t * (0.5 + x / 8 - x * x * x / 192) : ((x + size) / 2 + Math.Log((1 + Math.Exp(-size)) / 2)) / beta;
    }

    /// <inheritdoc/>
    public override double Slope(double beta, double t) => 1 / (1 + Math.Exp(-beta * t));

    /// <inheritdoc/>
    public override (Vector256<double> Value, Vector256<double> Slope) At(double beta, Vector256<double> t)
    {
        Vector256<double> x = beta * t, size = Vector256.Abs(x), power = Vector256.Exp(-size), sum = Vector256<double>.One + power;
        Vector256<double> value = Vector256.ConditionalSelect(Vector256.LessThan(size, Vector256.Create(Small)),
            t * (Vector256.Create(0.5) + x / 8 - x * x * x / 192), (0.5 * (x + size) + Vector256.Log(0.5 * sum)) / beta);
        Vector256<double> above = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256<double>.Zero), power, Vector256<double>.One);
        return (value, above / sum);
    }
}
