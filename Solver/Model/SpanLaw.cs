namespace AttentionFlow.Solver.Model;

/// <summary>
/// Independent tokens, uniform on the sphere of a larger dimension, turned so that token i lies in the span of the first i + 1 axes
/// (Bartlett's decomposition of a Wishart matrix). The flow without gauge, code or matrices knows cosines alone and never leaves the span:
/// n tokens of R^1024 move as these in R^n do.
/// </summary>
/// <param name="Ambient">The larger dimension, at least d.</param>
[Kind("span"), Description("Independent, uniform on the sphere of a larger dimension, turned into the span of n axes: all cosines, "
    + "and so the flow without gauge, code or matrices, are those of the larger dimension. At most as many tokens as dimensions.")]
public sealed record SpanLaw(
    [Quantity("the larger dimension", AtLeast = 2, AtMost = 1_000_000), Description("The larger dimension, at least that of the tokens.")]
    int Ambient) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting)
    {
        (int n, int d) = (setting.Tokens, setting.Dimension);
        if (n > d) return $"{n} tokens span more than dimension {d}: at most as many tokens as dimensions can be turned into it";
        return Ambient >= d ? null : $"the larger dimension {Ambient} is below that of the tokens, {d}";
    }

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] point = new double[Ambient];
        for (int i = 0; i < tokens; i++)
        {
            Stream(seed, replica, i).OnSphere(point);
            Span<double> token = positions.Slice(i * d, d);
            token.Clear();
            point.AsSpan(0, i).CopyTo(token);
            token[i] = Sphere.Norm(point.AsSpan(i));
            Sphere.TryNormalize(token);
        }
    }
}
