namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// How the sums of a problem are shared out: queries to thread blocks, keys to splits, which are added up afterwards. A function of the
/// sizes and of the kernel, not of the device or the rows asked for, so that the order of a row's sum is one, too.
/// </summary>
/// <param name="Blocks">Thread blocks along the rows of the whole problem.</param>
/// <param name="Splits">Along the keys.</param>
/// <param name="SplitKeys">Keys of a split, a multiple of a tile.</param>
internal readonly record struct GpuLaunch(long Blocks, int Splits, int SplitKeys)
{
    // Blocks that keep a large card busy (H200, d = 3: 1.80e12 pairs a second with 512, 1.95e12 with 2,048, 2.01e12 with 8,192).
    private const int ManyBlocks = 2048;
    // Few rows of many keys are to be summed by many blocks, and a launch to end soon wherever it is cut.
    private const int MostSplitKeys = 8192;
    // Shorter splits cost more to write and to add up than full cards gain: at d = 3 some 70 bytes a row and split.
    private const int FewestSplitKeys = 512;
    // What CUDA takes along the second axis of a grid.
    private const int MostSplits = 65_535;

    /// <summary>Threads of a full block; four warps hold enough queries for the latency of shared memory.</summary>
    public const int BlockThreads = 128;

    /// <summary>Queries of a block, whose threads hold so many each: not more warps than the queries of a replica need.</summary>
    /// <param name="queries">Of a replica.</param>
    /// <param name="threadQueries">Of a thread.</param>
    /// <param name="threads">Of a full block.</param>
    public static int BlockQueries(int queries, int threadQueries, int threads = BlockThreads) =>
        threadQueries * Math.Min(threads, ((queries - 1) / threadQueries / 32 + 1) * 32);

    /// <summary>Blocks and splits of so many queries and keys in each replica.</summary>
    /// <param name="replicas">R.</param>
    /// <param name="queries">Of a replica.</param>
    /// <param name="keys">Of a replica.</param>
    /// <param name="blockQueries">Of a block, as on a GPU.</param>
    /// <param name="tileKeys">Keys of a tile.</param>
    public static GpuLaunch Of(int replicas, int queries, int keys, int blockQueries, int tileKeys)
    {
        long blocks = (long)replicas * Ratio(queries, blockQueries);
        int tiles = Ratio(keys, tileKeys);
        int wanted = Math.Max((int)((ManyBlocks - 1) / blocks + 1), Ratio(keys, MostSplitKeys));
        int splits = Math.Min(MostSplits, Math.Min(wanted, Ratio(keys, Math.Max(tileKeys, FewestSplitKeys))));
        int splitTiles = Ratio(tiles, splits);
        return new GpuLaunch(blocks, Ratio(tiles, splitTiles), splitTiles * tileKeys);
    }

    // Rounded up.
    private static int Ratio(int a, int b) => (a - 1) / b + 1;
}
