namespace AttentionFlow.Kernels;

/// <summary>k(t) = e^{beta t}/beta, so k'(t) = e^{beta t}; k(t) = t at beta = 0.</summary>
public sealed record ExponentialProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "exponential";

    /// <inheritdoc/>
    public override double Value(double beta, double t) => beta == 0 ? t : Math.Exp(beta * t) / beta;

    /// <inheritdoc/>
    public override bool IsCurved(double beta) => beta != 0;
}
