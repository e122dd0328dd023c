namespace AttentionFlow.Solver;

/// <summary>
/// All pairs at one angle: x_i = a e_i + b sum_j e_j with a^2 = 1 - g and &lt;x_i, x_j&gt; = g, for n &lt;= d. The flow keeps such a state
/// equiangular [arXiv 2312.10794].
/// </summary>
/// <param name="Cosine">g, -1/(n-1) &lt;= g &lt;= 1.</param>
public sealed record EquiangularLaw(double Cosine) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension)
    {
        if (tokens > dimension) return $"an equiangular start needs at most as many tokens as dimensions; {tokens} tokens in dimension {dimension} are asked for";
        double lowest = tokens > 1 ? -1.0 / (tokens - 1) : -1;
        return Cosine >= lowest && Cosine <= 1 ? null : $"{tokens} unit vectors cannot all have the cosine {Cosine}; it must lie between {lowest} and 1";
    }

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double a = Math.Sqrt(1 - Cosine), b = (Math.Sqrt(Math.Max(0, 1 + (tokens - 1) * Cosine)) - a) / tokens;
        for (int i = 0; i < tokens; i++)
        {
            Span<double> token = positions.Slice(i * d, d);
            token[..tokens].Fill(b);
            token[tokens..].Clear();
            token[i] += a;
            Sphere.TryNormalize(token);
        }
    }
}
