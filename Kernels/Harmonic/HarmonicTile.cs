using System.Collections.Concurrent;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>Memory that calls of one instance reuse.</summary>
internal sealed class HarmonicMemory
{
    // Those that no thread is using.
    private readonly ConcurrentBag<HarmonicTile> _tiles = [];

    /// <summary>The coefficients of the replicas at hand.</summary>
    public FixedBuffer<double> Coefficients { get; } = new();

    /// <summary>Lends a tile to <paramref name="body"/>.</summary>
    public void WithTile(Action<HarmonicTile> body)
    {
        if (!_tiles.TryTake(out HarmonicTile? tile)) tile = new HarmonicTile();
        body(tile);
        _tiles.Add(tile);
    }
}

/// <summary>
/// The memory of one thread: a tile of tokens and what kernels make of it. Columns are <see cref="Tokens"/> long and begin on cache lines.
/// </summary>
internal sealed unsafe class HarmonicTile
{
    /// <summary>Tokens in a tile, a multiple of every kernel's step.</summary>
    public const int Tokens = 256;

    /// <summary>Tokens a kernel takes at a time: a tile is filled up to a multiple of it with points of weight 0.</summary>
    public const int Step = 32;

    private readonly FixedBuffer<double> _columns = new(), _sums = new();

    /// <summary>Empty columns.</summary>
    public HarmonicTile()
    {
        _columns.Reserve(23 * Tokens);
        Reset();
    }

    /// <summary>Tokens in use, padding included.</summary>
    public int Count { get; private set; }

    /// <summary>Circle: x, y, x, y, ... of the tokens; sphere: the columns x, y, z.</summary>
    public double* Position { get; private set; }

    /// <summary>The weights of the channel at hand. Somebody else's memory where that has them as they are.</summary>
    public double* Weight { get; set; }

    /// <summary>Z for the channel at hand. The memory it is meant for, where kernels can write there.</summary>
    public double* Z { get; set; }

    /// <summary>The tangential gradient of Z for the channel at hand, laid out as <see cref="Position"/>. As <see cref="Z"/>.</summary>
    public double* Gradient { get; set; }

    /// <summary>Two columns that a kernel may use.</summary>
    public double* Scratch => _columns.Pointer + 4 * Tokens;

    /// <summary>Sums over channels: Z, what errors are relative to, and the gradient [token, coordinate].</summary>
    public double* Total => _columns.Pointer + 10 * Tokens;

    /// <summary>Room for the gradient as [token, coordinate].</summary>
    public double* Joined => _columns.Pointer + 15 * Tokens;

    /// <summary>The sum over channels of dZ/dbeta.</summary>
    public double* Radial => _columns.Pointer + 18 * Tokens;

    /// <summary>Lets <see cref="Z"/> and <see cref="Gradient"/> be columns of no further use.</summary>
    public void Spare()
    {
        Z = _columns.Pointer + 19 * Tokens;
        Gradient = _columns.Pointer + 20 * Tokens;
    }

    /// <summary>Accumulators: rows of <see cref="HarmonicBasis.Lanes"/> numbers.</summary>
    public double* Sums => _sums.Pointer;

    /// <summary>Room for this many rows of accumulators, cleared.</summary>
    public void ClearSums(int rows)
    {
        _sums.Reserve((long)rows * HarmonicBasis.Lanes);
        new Span<double>(Sums, rows * HarmonicBasis.Lanes).Clear();
    }

    /// <summary>True for a tile that needs no padding, so that kernels may work in memory that is not its own.</summary>
    public static bool IsWhole(int count) => count % Step == 0;

    /// <summary>
    /// Takes <paramref name="count"/> tokens from pinned memory, [token, coordinate], which has to stay until the tile is done with.
    /// </summary>
    public void Load(double* tokens, int dimension, int count)
    {
        Reset();
        Pad(dimension, count);
        if (dimension == 3) Split(tokens, Position, count);
        else if (IsWhole(count)) Position = tokens;
        else new Span<double>(tokens, 2 * count).CopyTo(new Span<double>(Position, 2 * count));
    }

    /// <summary>Takes the tokens <paramref name="rows"/> of <paramref name="positions"/>.</summary>
    public void Gather(double* positions, int dimension, ReadOnlySpan<int> rows)
    {
        Reset();
        Pad(dimension, rows.Length);
        for (int i = 0; i < rows.Length; i++)
            for (int c = 0; c < dimension; c++)
                Position[dimension == 2 ? 2 * i + c : c * Tokens + i] = positions[(long)rows[i] * dimension + c];
    }

    private void Reset()
    {
        double* columns = _columns.Pointer;
        Position = columns;
        Weight = columns + 3 * Tokens;
        Z = columns + 6 * Tokens;
        Gradient = columns + 7 * Tokens;
    }

    /// <summary>Copies the gradients of the first <paramref name="count"/> tokens to [token, coordinate].</summary>
    public void CopyGradient(int dimension, int count, double* into)
    {
        if (dimension == 2) new Span<double>(Gradient, 2 * count).CopyTo(new Span<double>(into, 2 * count));
        else Join(Gradient, into, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Join(double* columns, double* into, int count)
    {
        for (int i = 0; i < count; i++, into += 3)
        {
            into[0] = columns[i];
            into[1] = columns[Tokens + i];
            into[2] = columns[2 * Tokens + i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Split(double* from, double* into, int count)
    {
        for (int i = 0; i < count; i++, from += 3)
        {
            into[i] = from[0];
            into[Tokens + i] = from[1];
            into[2 * Tokens + i] = from[2];
        }
    }

    // The points (1, 0) and (0, 0, 1).
    private void Pad(int dimension, int count)
    {
        Count = (count + Step - 1) / Step * Step;
        for (int i = count; i < Count; i++)
        {
            if (dimension == 2) (Position[2 * i], Position[2 * i + 1]) = (1, 0);
            else (Position[i], Position[Tokens + i], Position[2 * Tokens + i]) = (0, 0, 1);
            Weight[i] = 0;
        }
    }
}
