namespace AttentionFlow.Kernels;

/// <summary>The arithmetic of a pair sum. Positions go in and sums come out as double either way.</summary>
public enum Precision
{
    /// <summary>32 bits a number; sums leave for double at least every 1024 keys.</summary>
    Single,
    /// <summary>64 bits a number.</summary>
    Double,
}

/// <summary>How pairs are summed.</summary>
public enum Summation
{
    /// <summary>
    /// The cheapest of the others that resolves the weakest pull, by a fixed cost model of sizes, beta, tolerance and, at every call, the
    /// number of cells.
    /// </summary>
    Auto,
    /// <summary>Pair by pair, n^2.</summary>
    Direct,
    /// <summary>
    /// To a tolerance: by harmonics, linear in n, or over cells; directly where neither is cheaper, refused where neither is known.
    /// </summary>
    Fast,
    /// <summary>
    /// To a tolerance: tokens that lie together are one key; directly where there are too many cells or where cells are not known.
    /// </summary>
    Coalesced,
}
