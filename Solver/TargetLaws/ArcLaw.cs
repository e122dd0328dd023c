namespace AttentionFlow.Solver;

/// <summary>Uniform on an arc: q(p) = from + p (to - from).</summary>
/// <param name="From">Where it begins, radians.</param>
/// <param name="To">Where it ends, from &lt; to &lt;= from + 2 pi.</param>
public sealed record ArcLaw(double From, double To) : CircleLaw
{
    /// <inheritdoc/>
    public override double Quantile(double p) => From + p * (To - From);
}
