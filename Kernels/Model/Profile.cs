namespace AttentionFlow.Kernels.Model;

/// <summary>The profile k of the interaction and its derivative. Instances are the two fields below.</summary>
public abstract record Profile : INamed<Profile>
{
    /// <summary>k(t) = e^{beta t}/beta, k(t) = t at beta = 0.</summary>
    public static readonly Profile Exponential = new ExponentialProfile();

    /// <summary>k(t) = t.</summary>
    public static readonly Profile Linear = new LinearProfile();

    /// <inheritdoc/>
    public static IReadOnlyList<Profile> All { get; } = [Exponential, Linear];

    private protected Profile() { }

    /// <summary>Name in an experiment file.</summary>
    public abstract string Name { get; }

    /// <summary>k(t).</summary>
    public abstract double Value(double beta, double t);

    /// <summary>True when k' depends on t, that is when pairs need an exponential.</summary>
    public abstract bool IsCurved(double beta);
}

/// <summary>k(t) = e^{beta t}/beta, so k'(t) = e^{beta t}; k(t) = t at beta = 0.</summary>
public sealed record ExponentialProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "exponential";

    /// <inheritdoc/>
    public override double Value(double beta, double t)
    {
        if (beta == 0) return t;
        double power = Math.Exp(beta * t);
        return double.IsFinite(power) ? power / beta : ScaledExponential.Times(1 / beta, beta * t);
    }

    /// <inheritdoc/>
    public override bool IsCurved(double beta) => beta != 0;
}

/// <summary>k(t) = t, so k'(t) = 1 for every beta.</summary>
public sealed record LinearProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "linear";

    /// <inheritdoc/>
    public override double Value(double beta, double t) => t;

    /// <inheritdoc/>
    public override bool IsCurved(double beta) => false;
}
