using System.Numerics;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Positions of one replica of the difference form in the form of the tiled kernels, made anew for every call: keys in tiles of
/// <see cref="Panel{T}.Size"/>, queries in panels of as many. Exponents are y = h_i + h_j + &lt;x_i, x_j>, x relative
/// to the mean of all tokens and scaled, h = -|x|^2/2; what the force is made of is relative to a tile's centre.
/// </summary>
internal sealed unsafe class TiledCloud<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly FixedBuffer<T> _keys = new(), _keyHalves = new(), _values = new(), _panels = new(), _panelHalves = new();
    private double[] _centres = [];
    private int _dimension;

    /// <summary>The keys' tiles.</summary>
    public TokenTiles Tiles { get; private set; } = null!;

    /// <summary>What positions were multiplied by: y = -|x_j - x_i|^2/2.</summary>
    public double Scale { get; private set; }

    /// <summary>Pairs with a larger y are near; only in loose tiles.</summary>
    public T NearExponent { get; private set; }

    /// <summary>Panels hold the tokens of tiles, else the queries in their order.</summary>
    public bool InTiles { get; private set; }

    /// <summary>The mean of all tokens.</summary>
    public Span<double> Mean => _centres.AsSpan(0, _dimension);

    // Coordinates with their padding.
    private int Width => Panel<T>.Width(_dimension);

    /// <summary>Takes the positions of a replica.</summary>
    /// <param name="queries">[m, d].</param>
    /// <param name="queryCount">m.</param>
    /// <param name="keys">[n, d]; the queries in the self form.</param>
    /// <param name="keyCount">n.</param>
    /// <param name="dimension">d.</param>
    /// <param name="beta">Of the exponents.</param>
    /// <param name="sorted">Keys may be taken in another order.</param>
    /// <param name="inTiles">Panels hold the tokens of tiles; self form only.</param>
    /// <param name="threads">At least 1.</param>
    public void Fill(
        double* queries, int queryCount, double* keys, int keyCount, int dimension, double beta, bool sorted, bool inTiles, int threads)
    {
        (_dimension, InTiles, Scale) = (dimension, inTiles, Math.Sqrt(beta / Math.Log(2)));
        bool self = queries == keys;
        double[] mean = new double[dimension];
        double radius = Centre(mean, queries, queryCount, self ? null : keys, self ? 0 : keyCount);
        Tiles = sorted ? TokenTiles.OfClusters(keys, keyCount, dimension, Panel<T>.Size, radius, beta)
            : TokenTiles.InOrder(keyCount, Panel<T>.Size, radius, beta);
        double near = Tiles.NearDistance * Scale;
        NearExponent = near > 0 ? T.CreateTruncating(-near * near / 2) : T.CreateTruncating(1e30);
        int tiles = Tiles.Count, panels = inTiles ? tiles : (queryCount - 1) / Panel<T>.Size + 1;
        _keys.Reserve((long)tiles * Panel<T>.Size * dimension);
        _keyHalves.Reserve((long)tiles * Panel<T>.Size);
        _values.Reserve((long)tiles * Panel<T>.Size * Width);
        _panels.Reserve((long)panels * Panel<T>.Size * dimension);
        _panelHalves.Reserve((long)panels * Panel<T>.Size);
        if (_centres.Length < (tiles + 1) * dimension) _centres = new double[(tiles + 1) * dimension];
        mean.CopyTo(_centres, 0);
        int grain = Math.Max(1, 20_000 / (Panel<T>.Size * dimension));
        Workers.For(tiles, grain, threads, (from, to) =>
        {
            for (int tile = from; tile < to; tile++) SetTile(keys, tile);
        });
        Workers.For(panels, grain, threads, (from, to) =>
        {
            for (int panel = from; panel < to; panel++) SetPanel(queries, queryCount, panel);
        });
    }

    /// <summary>The keys of a tile for exponents, [keys/8, d, 8].</summary>
    public T* Keys(int tile) => _keys.Pointer + (nint)tile * Panel<T>.Size * _dimension;

    /// <summary>Their h.</summary>
    public T* KeyHalves(int tile) => _keyHalves.Pointer + tile * Panel<T>.Size;

    /// <summary>A panel of queries, [d, Size].</summary>
    public T* Queries(int panel) => _panels.Pointer + (nint)panel * Panel<T>.Size * _dimension;

    /// <summary>Their h.</summary>
    public T* QueryHalves(int panel) => _panelHalves.Pointer + panel * Panel<T>.Size;

    /// <summary>
    /// The coordinates of a tile's keys from <paramref name="first"/> on, a multiple of two units, relative to its centre:
    /// [keys, columns], columns two units, or one at the end.
    /// </summary>
    public T* Values(int tile, int first) => _values.Pointer + (nint)Panel<T>.Size * ((nint)tile * Width + first);

    /// <summary>Columns from <paramref name="first"/> on, of those that go together.</summary>
    public int Columns(int first) => Math.Min(2 * Panel<T>.Unit, Width - first);

    /// <summary>A tile's centre; that of all loose tiles is the mean.</summary>
    public Span<double> CentreOf(int tile) =>
        _centres.AsSpan(Tiles.IsTight(tile) ? (tile + 1) * _dimension : 0, _dimension);

    private void SetTile(double* x, int tile)
    {
        int count = Tiles.TokensOf(tile), d = _dimension, padded = (count + Panel<T>.Rows - 1) / Panel<T>.Rows * Panel<T>.Rows;
        T* keys = Keys(tile), halves = KeyHalves(tile);
        Span<double> mean = Mean, centre = CentreOf(tile);
        if (Tiles.IsTight(tile)) SetCentre(centre, x, tile);
        for (int k = 0; k < padded; k++)
        {
            T* key = keys + k / Panel<T>.Rows * Panel<T>.Rows * d + k % Panel<T>.Rows;
            double squared = 0;
            double* token = x + (nint)Tiles.TokenOf(tile, Math.Min(k, count - 1)) * d;
            for (int c = 0; c < d; c++)
            {
                T value = k < count ? T.CreateTruncating((token[c] - mean[c]) * Scale) : T.Zero;
                key[c * Panel<T>.Rows] = value;
                squared += double.CreateTruncating(value) * double.CreateTruncating(value);
            }
            halves[k] = T.CreateTruncating(-squared / 2);
        }
        for (int first = 0; first < Width; first += 2 * Panel<T>.Unit)
        {
            int columns = Columns(first), end = Math.Min(columns, d - first);
            T* values = Values(tile, first);
            for (int k = 0; k < Panel<T>.Size; k++, values += columns)
            {
                if (k < count)
                {
                    double* token = x + (nint)Tiles.TokenOf(tile, k) * d + first;
                    for (int c = 0; c < end; c++) values[c] = T.CreateTruncating((token[c] - centre[first + c]) * Scale);
                    for (int c = end; c < columns; c++) values[c] = T.Zero;
                }
                else
                {
                    new Span<T>(values, columns).Clear();
                }
            }
        }
    }

    private void SetCentre(Span<double> centre, double* x, int tile)
    {
        int count = Tiles.TokensOf(tile);
        centre.Clear();
        for (int k = 0; k < count; k++)
            for (int c = 0; c < _dimension; c++) centre[c] += x[(nint)Tiles.TokenOf(tile, k) * _dimension + c];
        foreach (ref double coordinate in centre) coordinate /= count;
    }

    private void SetPanel(double* x, int tokens, int panel)
    {
        int d = _dimension, from = panel * Panel<T>.Size;
        int count = InTiles ? Tiles.TokensOf(panel) : Math.Min(tokens - from, Panel<T>.Size);
        T* queries = Queries(panel), halves = QueryHalves(panel);
        Span<double> mean = Mean;
        for (int lane = 0; lane < Panel<T>.Size; lane++)
        {
            double squared = 0;
            double* token = lane >= count ? null : x + (nint)(InTiles ? Tiles.TokenOf(panel, lane) : from + lane) * d;
            for (int c = 0; c < d; c++)
            {
                T value = lane < count ? T.CreateTruncating((token[c] - mean[c]) * Scale) : T.Zero;
                queries[c * Panel<T>.Size + lane] = value;
                squared += double.CreateTruncating(value) * double.CreateTruncating(value);
            }
            halves[lane] = T.CreateTruncating(-squared / 2);
        }
    }

    // The mean of all, and the largest distance from it.
    private static double Centre(double[] mean, double* x, int xCount, double* y, int yCount)
    {
        int d = mean.Length;
        fixed (double* m = mean, zero = new double[d])
        {
            for (int i = 0; i < xCount; i++) Doubles.AddDifference(m, 1, x + (nint)i * d, zero, d);
            for (int i = 0; i < yCount; i++) Doubles.AddDifference(m, 1, y + (nint)i * d, zero, d);
            foreach (ref double coordinate in mean.AsSpan()) coordinate /= xCount + yCount;
            double squared = 0;
            for (int i = 0; i < xCount; i++) squared = Math.Max(squared, Doubles.SquaredDistance(x + (nint)i * d, m, d));
            for (int i = 0; i < yCount; i++) squared = Math.Max(squared, Doubles.SquaredDistance(y + (nint)i * d, m, d));
            return Math.Sqrt(squared);
        }
    }
}
