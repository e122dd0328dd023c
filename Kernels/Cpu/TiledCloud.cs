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
        int count = Tiles.TokensOf(tile), d = _dimension;
        if (Tiles.IsTight(tile)) SetCentre(CentreOf(tile), x, tile);
        double** tokens = stackalloc double*[Panel<T>.Size];
        for (int k = 0; k < Panel<T>.Size; k++) tokens[k] = k < count ? x + (nint)Tiles.TokenOf(tile, k) * d : null;
        for (int k = 0; k < count; k += Panel<T>.Rows) SetEight(tokens + k, Keys(tile) + k * d, Panel<T>.Rows, KeyHalves(tile) + k);
        fixed (double* centre = CentreOf(tile))
            for (int first = 0; first < Width; first += 2 * Panel<T>.Unit)
            {
                int columns = Columns(first), real = Math.Min(columns, d - first);
                T* values = Values(tile, first);
                for (int k = 0; k < Panel<T>.Size; k++, values += columns)
                {
                    int set = tokens[k] is null ? 0 : real;
                    if (set > 0) Doubles.Relative(tokens[k] + first, centre + first, Scale, values, set);
                    new Span<T>(values + set, columns - set).Clear();
                }
            }
    }

    // Eight tokens relative to the mean, number c of all from into + c pitch on, zeros for those that are not there; and their halves.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetEight(double** tokens, T* into, nint pitch, T* halves)
    {
        const int some = 64;
        T* rows = stackalloc T[Panel<T>.Rows * some];
        double* squared = stackalloc double[Panel<T>.Rows];
        new Span<T>(rows, Panel<T>.Rows * some).Clear();
        new Span<double>(squared, Panel<T>.Rows).Clear();
        fixed (double* mean = Mean)
            for (int first = 0; first < _dimension; first += some)
            {
                int count = Math.Min(some, _dimension - first);
                for (int k = 0; k < Panel<T>.Rows; k++)
                    if (tokens[k] is not null)
                        squared[k] += Doubles.Relative(tokens[k] + first, mean + first, Scale, rows + k * some, count);
                T* row = rows;
                for (T* end = rows + count; row < end; row++, into += pitch)
                {
                    into[0] = row[0];
                    into[1] = row[some];
                    into[2] = row[2 * some];
                    into[3] = row[3 * some];
                    into[4] = row[4 * some];
                    into[5] = row[5 * some];
                    into[6] = row[6 * some];
                    into[7] = row[7 * some];
                }
            }
        for (int k = 0; k < Panel<T>.Rows; k++) halves[k] = T.CreateTruncating(-squared[k] / 2);
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
        int from = panel * Panel<T>.Size, count = InTiles ? Tiles.TokensOf(panel) : Math.Min(tokens - from, Panel<T>.Size);
        double** eight = stackalloc double*[Panel<T>.Rows];
        for (int lane = 0; lane < Panel<T>.Lanes(count); lane += Panel<T>.Rows)
        {
            for (int i = lane; i < lane + Panel<T>.Rows; i++)
                eight[i - lane] = i < count ? x + (nint)(InTiles ? Tiles.TokenOf(panel, i) : from + i) * _dimension : null;
            SetEight(eight, Queries(panel) + lane, Panel<T>.Size, QueryHalves(panel) + lane);
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
