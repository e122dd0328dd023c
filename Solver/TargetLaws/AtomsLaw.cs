namespace AttentionFlow.Solver;

/// <summary>Finitely many angles, each with a share of the mass.</summary>
/// <param name="Angles">At least one, radians; the labels see them in this order.</param>
/// <param name="Weights">A positive number an angle, up to a common factor; null: equal.</param>
public sealed record AtomsLaw(IReadOnlyList<double> Angles, IReadOnlyList<double>? Weights = null) : CircleLaw
{
    /// <inheritdoc/>
    public override double Quantile(double p) => Angles[Shares.Of(p, Weights, Angles.Count)];
}
