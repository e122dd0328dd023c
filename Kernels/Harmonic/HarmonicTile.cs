namespace AttentionFlow.Kernels;

/// <summary>
/// The memory of one thread: a tile of tokens, coordinate by coordinate, and what kernels make of it. Columns are <see cref="Tokens"/> long and
/// begin on cache lines.
/// </summary>
internal sealed unsafe class HarmonicTile
{
    /// <summary>Tokens in a tile, a multiple of every kernel's step.</summary>
    public const int Tokens = 256;

    /// <summary>Tokens a kernel takes at a time: a tile is filled up to a multiple of it with points of weight 0.</summary>
    public const int Step = 32;

    private readonly FixedBuffer<double> _columns = new(), _sums = new();

    /// <summary>Empty columns.</summary>
    public HarmonicTile() => _columns.Reserve(21 * Tokens);

    /// <summary>Tokens in use, padding included.</summary>
    public int Count { get; private set; }

    /// <summary>x, y and, on the sphere, z.</summary>
    public double* Position => _columns.Pointer;

    /// <summary>The weights of the channel at hand.</summary>
    public double* Weight => _columns.Pointer + 3 * Tokens;

    /// <summary>Two columns that a kernel may use.</summary>
    public double* Scratch => _columns.Pointer + 4 * Tokens;

    /// <summary>Six columns that a kernel may use.</summary>
    public double* State => _columns.Pointer + 6 * Tokens;

    /// <summary>Z and its gradient for the channel at hand: 1 + d columns (circle: Z and dZ/du).</summary>
    public double* Result => _columns.Pointer + 12 * Tokens;

    /// <summary>The sums over channels: Z and its gradient, and in the fifth column what errors are relative to.</summary>
    public double* Total => _columns.Pointer + 16 * Tokens;

    /// <summary>Accumulators: rows of <see cref="HarmonicBasis.Lanes"/> numbers.</summary>
    public double* Sums => _sums.Pointer;

    /// <summary>Room for this many rows of accumulators, cleared.</summary>
    public void ClearSums(int rows)
    {
        _sums.Reserve((long)rows * HarmonicBasis.Lanes);
        new Span<double>(Sums, rows * HarmonicBasis.Lanes).Clear();
    }

    /// <summary>Takes the tokens [first, first + count) of <paramref name="positions"/>, [.., d].</summary>
    public void Load(double[] positions, int dimension, int first, int count)
    {
        Pad(dimension, count);
        fixed (double* x = &positions[(long)first * dimension])
        {
            double* from = x, into = Position;
            if (dimension == 2)
                for (int i = 0; i < count; i++, from += 2) (into[i], into[Tokens + i]) = (from[0], from[1]);
            else
                for (int i = 0; i < count; i++, from += 3) (into[i], into[Tokens + i], into[2 * Tokens + i]) = (from[0], from[1], from[2]);
        }
    }

    /// <summary>Takes the tokens <paramref name="rows"/> of <paramref name="positions"/>.</summary>
    public void Gather(double[] positions, int dimension, ReadOnlySpan<int> rows)
    {
        Pad(dimension, rows.Length);
        for (int i = 0; i < rows.Length; i++)
            for (int c = 0; c < dimension; c++) Position[c * Tokens + i] = positions[rows[i] * dimension + c];
    }

    // The points (1, 0) and (0, 0, 1).
    private void Pad(int dimension, int count)
    {
        Count = (count + Step - 1) / Step * Step;
        for (int i = count; i < Count; i++)
            for (int c = 0; c < 3; c++) Position[c * Tokens + i] = c == (dimension == 2 ? 0 : 2) ? 1 : 0;
        new Span<double>(Weight + count, Count - count).Clear();
    }
}
