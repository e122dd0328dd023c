namespace AttentionFlow.Solver;

/// <summary>A law of angles, which the phase gauge reaches. One record a file in this folder.</summary>
public abstract record CircleLaw
{
    /// <summary>q(p) = the angle below which the law has the mass p, 0 &lt;= p &lt;= 1; radians, rising in p over at most one turn.</summary>
    public abstract double Quantile(double p);
}
