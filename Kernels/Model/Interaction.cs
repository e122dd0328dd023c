namespace AttentionFlow.Kernels.Model;

/// <summary>Which pairs (query i, key j) take part, by their indices inside a replica.</summary>
public enum Mask
{
    /// <summary>All pairs.</summary>
    None,
    /// <summary>j &lt;= i.</summary>
    Causal,
    /// <summary>j &lt; i; the first row is empty (Z = 0, F = 0).</summary>
    Strict,
    /// <summary>j >= i, the transpose of <see cref="Causal"/>.</summary>
    Reversed,
    /// <summary>j > i, the transpose of <see cref="Strict"/>; with as many queries as keys the last row is empty.</summary>
    StrictReversed,
}

/// <summary>What a time of 1 means.</summary>
public enum TimeUnit
{
    /// <summary>The flow as it stands.</summary>
    One,
    /// <summary>
    /// e^{-beta}, the time in which unnormalised tokens that are near close in on each other: rates are multiplied by it.
    /// </summary>
    Collapse,
}

/// <summary>
/// The pair interaction h = b(xi, xi') k(t) without its gauge: inverse temperature, profile, coupling, normalisation, mask.
/// </summary>
/// <param name="Beta">Inverse temperature, beta >= 0.</param>
public sealed record Interaction(double Beta)
{
    /// <summary>The profile k; exponential by default.</summary>
    public Profile Profile { get; init; } = Profile.Exponential;

    /// <summary>USA, SA or another; USA by default.</summary>
    public Normalization Normalization { get; init; } = Normalization.Unnormalized;

    /// <summary>The coupling b; 1 by default.</summary>
    public Coupling Coupling { get; init; } = new OneCoupling();

    /// <summary>The mask; none by default.</summary>
    public Mask Mask { get; init; } = Mask.None;

    /// <summary>The unit of time; one by default.</summary>
    public TimeUnit Unit { get; init; } = TimeUnit.One;

    /// <summary>Rates are multiplied by e^{-this}: beta in units of collapse, else 0.</summary>
    public double UnitExponent => Unit == TimeUnit.Collapse && Profile.IsExponential(Beta) ? Beta : 0;

    /// <summary>
    /// k(1)/2, the largest energy when b = 1: that of all tokens at one point. Infinite where no double is as large.
    /// </summary>
    public double DiracEnergy => double.IsFinite(Profile.Value(Beta, 1)) || !Profile.IsExponential(Beta) ? Profile.Value(Beta, 1) / 2
        : ScaledExponential.Times(1 / (2 * Beta), Beta);
}
