namespace AttentionFlow.Kernels.Cpu;

/// <summary>How the tokens of a replica lie in a row of a buffer: keys, then queries, both padded; in the self form one place for both.</summary>
/// <param name="Keys">Places for keys.</param>
/// <param name="FirstQuery">Where queries begin.</param>
/// <param name="Queries">Places for queries, a multiple of two vectors.</param>
/// <param name="Stride">Numbers from one row to the next.</param>
internal readonly record struct BufferLayout(int Keys, int FirstQuery, int Queries, int Stride)
{
    /// <summary>True where kernels work on tiles: beyond the dimensions of the fused ones, and for the general form.</summary>
    public static bool IsTiled(PairProblem problem) => !problem.IsDifference || problem.Dimension is < 2 or > SimdSums.LargestFused;

    /// <summary>The layout for queries taken <paramref name="group"/> at a time, of numbers of <paramref name="size"/> bytes.</summary>
    public static BufferLayout Of(PairProblem problem, int group, int size)
    {
        // Many rows begin an odd number of pairs of cache lines apart, so that they do not compete for the same sets, and end in a zero.
        bool tiled = IsTiled(problem);
        int unit = tiled ? 128 / size : group, keys = Places(problem.Keys), queries = Places(problem.Queries);
        return problem.IsSelf ? new(keys = Odd(keys), 0, keys, keys) : new(keys, keys, queries, Odd(keys + queries));

        int Places(int tokens) => (tiled ? tokens / unit + 1 : (tokens - 1) / unit + 1) * unit;

        int Odd(int places) => tiled ? (places / unit | 1) * unit : places;
    }
}
