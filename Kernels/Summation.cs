namespace AttentionFlow.Kernels;

/// <summary>How pairs are summed.</summary>
public enum Summation
{
    /// <summary>The cheaper of the two, by a fixed cost model of sizes, beta and tolerance.</summary>
    Auto,
    /// <summary>Pair by pair, n^2.</summary>
    Direct,
    /// <summary>By harmonics, linear in n, to a tolerance; refused where there are none.</summary>
    Fast,
}
