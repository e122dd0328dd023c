namespace AttentionFlow.Kernels.Cpu;

/// <summary>Keys in tiles, a function of their positions alone.</summary>
/// <remarks>
/// A force sum_j a_ij (x_j - x_i) is summed over a tile as sum_j a_ij (x_j - c) + Z_i (c - x_i), c the tile's centre. With e the unit of the
/// precision and r the largest distance from c, both parts err by e Z_i r: nothing to speak of beside the tile's pull, unless that is of
/// keys much closer to x_i than r. Such near pairs are taken out and summed by differences in double precision; where tokens have
/// clustered, tiles end with clusters, so that r is as small as they are.
/// </remarks>
internal sealed class TokenTiles
{
    // A tile is tight when all its pair factors are within a factor e of each other, whatever the query there: then near pairs do not
    // outweigh the others.
    private const double TightExponent = 0.5;

    // Near is a distance below r over this.
    private const double NearRatio = 16;

    private readonly int[]? _order;
    private readonly (int First, int Count, bool IsTight)[] _tiles;

    private TokenTiles(int[]? order, (int First, int Count, bool IsTight)[] tiles) => (_order, _tiles) = (order, tiles);

    /// <summary>How many tiles.</summary>
    public int Count => _tiles.Length;

    /// <summary>The largest distance of two tokens that are near, for loose tiles.</summary>
    public double NearDistance { get; private init; }

    /// <summary>Tokens of a tile.</summary>
    public int TokensOf(int tile) => _tiles[tile].Count;

    /// <summary>True when a tile's centre is its own.</summary>
    public bool IsTight(int tile) => _tiles[tile].IsTight;

    /// <summary>The number of a token of a tile among the keys.</summary>
    public int TokenOf(int tile, int place)
    {
        int at = _tiles[tile].First + place;
        return _order is null ? at : _order[at];
    }

    /// <summary>Tiles of keys in their order.</summary>
    /// <param name="keys">n.</param>
    /// <param name="size">Most keys of a tile.</param>
    /// <param name="radius">The largest distance of a token from the mean.</param>
    /// <param name="beta">Of the pair factors.</param>
    public static TokenTiles InOrder(int keys, int size, double radius, double beta)
    {
        bool tight = beta * radius * radius <= TightExponent;
        return new(null, [.. Enumerable.Range(0, (keys - 1) / size + 1).Select(t => (t * size, Math.Min(size, keys - t * size), false))])
        {
            NearDistance = tight ? 0 : radius / NearRatio,
        };
    }
}
