namespace AttentionFlow.Kernels.Model;

/// <summary>
/// k'(t) = 1/(1 + e^{-beta t}), the weights of sigmoid attention without its bias [arXiv 2409.04431]; k(t) = log((1 + e^{beta t})/2)/beta,
/// t/2 at beta = 0.
/// </summary>
public sealed record SigmoidProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "sigmoid";

    // log((1 + e^x)/2) = x/2 + log cosh(x/2) = (x + |x|)/2 + log((1 + e^{-|x|})/2).
    /// <inheritdoc/>
    public override double Value(double beta, double t)
    {
        double x = beta * t, size = Math.Abs(x);
        return size < 0.01 ? t * (0.5 + x / 8 - x * x * x / 192) : ((x + size) / 2 + Math.Log((1 + Math.Exp(-size)) / 2)) / beta;
    }

    /// <inheritdoc/>
    public override double Slope(double beta, double t) => 1 / (1 + Math.Exp(-beta * t));
}
