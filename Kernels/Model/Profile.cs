using System.Runtime.Intrinsics;

namespace AttentionFlow.Kernels.Model;

/// <summary>
/// The profile k of the interaction and its slope k', by which pairs are weighed. beta k(t) is a function of beta t alone, and so is k'(t).
/// One record each.
/// </summary>
public abstract record Profile : INamed<Profile>
{
    /// <summary>k(t) = e^{beta t}/beta, k(t) = t at beta = 0.</summary>
    public static readonly Profile Exponential = new ExponentialProfile();

    /// <summary>k(t) = t.</summary>
    public static readonly Profile Linear = new LinearProfile();

    /// <summary>k'(t) = 1/(1 + e^{-beta t}).</summary>
    public static readonly Profile Sigmoid = new SigmoidProfile();

    /// <summary>k'(t) = (1 + beta t/p)^p, p = 2; others are records of their own.</summary>
    public static readonly Profile Polynomial = new PolynomialProfile();

    /// <inheritdoc/>
    public static IReadOnlyList<Profile> All { get; } = [Exponential, Linear, Sigmoid, Polynomial];

    private protected Profile() { }

    /// <summary>Name in an experiment file.</summary>
    public abstract string Name { get; }

    /// <summary>True for k' = e^{beta t}, beta > 0: pairs need an exponential.</summary>
    public virtual bool IsExponential(double beta) => false;

    /// <summary>
    /// True for a profile beside the exponential and the linear one: pairs are weighed by <see cref="Slope"/>, in double precision.
    /// </summary>
    public virtual bool IsGeneral => true;

    /// <summary>True when k' depends on t.</summary>
    public virtual bool IsCurved(double beta) => beta != 0;

    /// <summary>k(t); at most k(|t|) in magnitude.</summary>
    public abstract double Value(double beta, double t);

    /// <summary>k'(t); at most k'(|t|) in magnitude.</summary>
    public abstract double Slope(double beta, double t);

    /// <summary>Why sums of k'(t) are not known to be positive where |beta t| is at most this, and what to use; or null.</summary>
    public virtual string? WhyNotPositive(double logit) => null;

    /// <inheritdoc/>
    public sealed override string ToString() => Name;

    /// <summary>k and k' of several t, of a profile that <see cref="IsGeneral"/>.</summary>
    public virtual (Vector256<double> Value, Vector256<double> Slope) At(double beta, Vector256<double> t) =>
        throw new NotSupportedException();
}

/// <summary>k(t) = e^{beta t}/beta, so k'(t) = e^{beta t}; k(t) = t at beta = 0.</summary>
public sealed record ExponentialProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "exponential";

    /// <inheritdoc/>
    public override bool IsExponential(double beta) => beta != 0;

    /// <inheritdoc/>
    public override bool IsGeneral => false;

    /// <inheritdoc/>
    public override double Value(double beta, double t)
    {
        if (beta == 0) return t;
        double power = Math.Exp(beta * t);
        return double.IsFinite(power) ? power / beta : ScaledExponential.Times(1 / beta, beta * t);
    }

    /// <inheritdoc/>
    public override double Slope(double beta, double t) => Math.Exp(beta * t);
}

/// <summary>k(t) = t, so k'(t) = 1 for every beta.</summary>
public sealed record LinearProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "linear";

    /// <inheritdoc/>
    public override bool IsGeneral => false;

    /// <inheritdoc/>
    public override bool IsCurved(double beta) => false;

    /// <inheritdoc/>
    public override double Value(double beta, double t) => t;

    /// <inheritdoc/>
    public override double Slope(double beta, double t) => 1;
}
