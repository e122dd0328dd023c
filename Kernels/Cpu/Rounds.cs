namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// The order of symmetric sums, a function of the size alone: the tokens of a replica are cut into tiles, and in each of as many rounds
/// every tile meets one other, or itself. So blocks of a round are independent, and a row's sum has one order.
/// </summary>
/// <param name="Tokens">n.</param>
internal readonly record struct Rounds(int Tokens)
{
    // A tile's sums over lanes cost some hundredth of its pairs; a block is what a thread does at a time.
    private const int LargestTile = 1024, Few = 512, FewTiles = 4;

    /// <summary>Tokens of a tile, but for the last, a multiple of <see cref="SymmetricLayout{T}.Keys"/>.</summary>
    public int Tile { get; } = TileOf(Tokens);

    /// <summary>Tiles, and rounds.</summary>
    public int Tiles => (Tokens - 1) / Tile + 1;

    /// <summary>Blocks of a round; of an odd one of an even number of tiles the last is missing.</summary>
    public int Blocks => Tiles / 2 + 1;

    /// <summary>The tiles that meet in a block: I + J = round modulo the number of tiles, I &lt;= J; false where there is none.</summary>
    public bool Block(int round, int block, out int i, out int j)
    {
        int tiles = Tiles;
        (i, j) = (((round + 1) / 2 + block) % tiles, (round / 2 - block + tiles) % tiles);
        if (i > j) (i, j) = (j, i);
        return 2 * block + round % 2 <= tiles;
    }

    private static int TileOf(int tokens)
    {
        const int keys = SymmetricLayout<float>.Keys;
        if (tokens <= Few) return Few;
        return Math.Clamp((tokens / FewTiles + keys - 1) / keys * keys, keys, LargestTile);
    }
}
