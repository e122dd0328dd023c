namespace AttentionFlow.Kernels.Cpu;

/// <summary>Keys in tiles, a function of their positions alone.</summary>
/// <remarks>
/// A force sum_j a_ij (x_j - x_i) is summed over a tile as sum_j a_ij (x_j - c) + Z_i (c - x_i), c the tile's centre. With e the unit of
/// the precision and r the largest distance from c, both parts err by e Z_i r: nothing to speak of beside the tile's pull, unless that is
/// of keys much closer to x_i than r. Such near pairs are taken out and summed by differences in double precision; where tokens have
/// clustered, tiles end with clusters, so that r is as small as they are.
/// </remarks>
internal sealed class TokenTiles
{
    // A tile is tight when all its pair factors are within a factor e of each other, whatever the query there: then near pairs do not
    // outweigh the others.
    private const double TightExponent = 0.5;

    // Clusters that are looked for, and the tokens from which on one has tiles of its own.
    private const int MostClusters = 64, FewTokens = 48;

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
    public static TokenTiles InOrder(int keys, int size, double radius, double beta) =>
        new(null, [.. Cut(0, keys, size, false)]) { NearDistance = Near(radius, beta) };

    /// <summary>
    /// Tiles that end where clusters end: tokens that lie together with many others, cluster by cluster, behind the others in their order.
    /// </summary>
    /// <param name="x">[n, d].</param>
    /// <param name="keys">n.</param>
    /// <param name="dimension">d.</param>
    /// <param name="size">Most keys of a tile.</param>
    /// <param name="radius">The largest distance of a token from the mean.</param>
    /// <param name="beta">Of the pair factors.</param>
    public static unsafe TokenTiles OfClusters(double* x, int keys, int dimension, int size, double radius, double beta)
    {
        // All within one: a tile's radius is at most twice a cluster's.
        if (Near(radius, beta) == 0 || FindClusters(x, keys, dimension, TightExponent / beta / 4) is not { } clusterOf)
            return InOrder(keys, size, radius, beta);
        int[] sizes = new int[MostClusters];
        foreach (int cluster in clusterOf)
            if (cluster >= 0) sizes[cluster]++;
        int[] order = new int[keys];
        int at = 0;
        for (int j = 0; j < keys; j++)
            if (clusterOf[j] < 0 || sizes[clusterOf[j]] < FewTokens) order[at++] = j;
        List<(int First, int Count, bool IsTight)> tiles = [.. Cut(0, at, size, false)];
        for (int cluster = 0; cluster < MostClusters; cluster++)
        {
            if (sizes[cluster] < FewTokens) continue;
            tiles.AddRange(Cut(at, sizes[cluster], size, true));
            for (int j = 0; j < keys; j++)
                if (clusterOf[j] == cluster) order[at++] = j;
        }
        return new(order, [.. tiles]) { NearDistance = radius / NearRatio };
    }

    private static double Near(double radius, double beta) => beta * radius * radius <= TightExponent ? 0 : radius / NearRatio;

    // As few tiles as there can be, of nearly equal sizes where a cluster is cut.
    private static IEnumerable<(int First, int Count, bool IsTight)> Cut(int first, int count, int size, bool tight)
    {
        int tiles = (count + size - 1) / size;
        for (int t = 0; t < tiles; t++)
        {
            int from = tight ? (int)((long)count * t / tiles) : t * size, to = tight ? (int)((long)count * (t + 1) / tiles) : from + size;
            yield return (first + from, Math.Min(to, count) - from, tight);
        }
    }

    // Every token's cluster: in their order, a token joins the first founder within the radius, founds a cluster while there are few, or
    // has none (-1). Null when the first tokens nearly all found one: then the cloud is spread.
    private static unsafe int[]? FindClusters(double* x, int keys, int dimension, double squaredRadius)
    {
        int[] clusterOf = new int[keys], founders = new int[MostClusters];
        int clusters = 0;
        for (int j = 0; j < keys; j++)
        {
            if (j == MostClusters && clusters > 0.9 * MostClusters) return null;
            double* token = x + (nint)j * dimension;
            int cluster = 0;
            while (cluster < clusters && !Doubles.AreWithin(token, x + (nint)founders[cluster] * dimension, dimension, squaredRadius))
                cluster++;
            if (cluster == clusters && clusters < MostClusters) founders[clusters++] = j;
            clusterOf[j] = cluster < clusters ? cluster : -1;
        }
        return keys < MostClusters ? null : clusterOf;
    }
}
