using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>The threads of a block: X of them side by side over queries, Y over keys or coordinates.</summary>
internal interface IGroupShape
{
    static abstract int X { get; }

    static abstract int Y { get; }

    /// <summary>The larger of the sizes of a tile of factors and of a slab of queries and keys.</summary>
    static abstract int Larger(int tile, int slab);
}

/// <summary>128 threads.</summary>
internal readonly struct FullGroup : IGroupShape
{
    public static int X => 8;

    public static int Y => 16;

    public static int Larger(int tile, int slab) => Math.Max(tile, slab);
}

/// <summary>Four threads: for tests on ILGPU's CPU accelerator.</summary>
internal readonly struct SmallGroup : IGroupShape
{
    public static int X => 2;

    public static int Y => 2;

    public static int Larger(int tile, int slab) => slab;
}

/// <summary>One thread: for ILGPU's CPU accelerator, whose barriers cost more than the sums.</summary>
internal readonly struct NoGroup : IGroupShape
{
    public static int X => 1;

    public static int Y => 1;

    public static int Larger(int tile, int slab) => slab;
}

/// <summary>The shared memory of a thread block.</summary>
internal struct BlockMemory<T, V, W> where T : unmanaged where V : unmanaged where W : unmanaged
{
    /// <summary>First a slab of queries and keys, [queries + keys, slab + 1], then the tile's factors, [queries, keys/4 + 1].</summary>
    public ArrayView<V> Tile;
    /// <summary>|k|^2 of the tile's keys.</summary>
    public ArrayView<V> Norms;
    /// <summary>A slab of the values of some of the tile's keys.</summary>
    public ArrayView<W> Values;
    /// <summary>[parts, queries], and [queries]: sums of the factors that forces were multiplied by.</summary>
    public ArrayView<T> Rests, Rest;
    /// <summary>[parts, queries]: the largest exponents; then [queries]: what earlier sums are multiplied by.</summary>
    public ArrayView<T> Scales;
}

/// <summary>Where a block's queries and sums are.</summary>
internal struct BlockPlace
{
    /// <summary>The first query and key of the replica.</summary>
    public long Row, Key;
    /// <summary>The first query, counted from that of its replica; those of a replica.</summary>
    public int Query, QueryCount;
    /// <summary>Those of the block's queries that are in this launch.</summary>
    public int From, To;
    /// <summary>True when these are all.</summary>
    public bool IsWhole;
    /// <summary>Where the force of the block's first query begins in <see cref="GpuCall{T}.Parts"/>.</summary>
    public long Force;

    public static BlockPlace Of<T>(in GpuCall<T> call, int replica, int query, int queries, bool more) where T : unmanaged
    {
        BlockPlace place = default;
        place.Row = (long)replica * call.QueryCount;
        place.Key = (long)replica * call.KeyCount;
        place.Query = query;
        place.QueryCount = call.QueryCount;
        long columns = GpuColumns.Force + call.Stride + (more ? GpuColumns.More : 0), first = place.Row + query - call.FirstRow;
        place.Force = (Grid.IdxY * columns + GpuColumns.Force) * 2 * call.Rows + first;
        place.From = first < 0 ? (int)-first : 0;
        place.To = call.QueryCount - query < queries ? call.QueryCount - query : queries;
        if (call.Rows - first < place.To) place.To = (int)(call.Rows - first);
        place.IsWhole = place.From == 0 && place.To == queries;
        return place;
    }
}

/// <summary>A few points' coordinates in registers.</summary>
internal interface IPoints<V> where V : unmanaged
{
    static abstract int Count { get; }

    /// <summary>From shared memory, <paramref name="step"/> apart.</summary>
    void Load(ArrayView<V> from, long at, long step);

    /// <summary>
    /// Of the block's queries from number <paramref name="query"/> on, <paramref name="step"/> apart, rows of <paramref name="width"/>.
    /// </summary>
    void Load(ArrayView<V> from, in BlockPlace place, int query, int step, int width, int at);

    /// <summary>Points <paramref name="i"/>, i + step, ... of what is copied, which are at <paramref name="at"/>, ...</summary>
    void Load(ArrayView<V> from, in BlockCopy copy, int i, long at);

    /// <summary>Writes them to shared memory.</summary>
    void Save(ArrayView<V> into, in BlockCopy copy, int i, long at);
}

/// <summary>One point.</summary>
internal struct Point<V> : IPoints<V> where V : unmanaged
{
    public V X;

    public static int Count => 1;

    public void Load(ArrayView<V> from, long at, long step) => X = from[at];

    public void Load(ArrayView<V> from, in BlockPlace place, int query, int step, int width, int at)
    {
        int there = place.Query + query;
        if (there >= place.QueryCount) there = place.QueryCount - 1;
        X = from[(place.Row + there) * width + at];
    }

    public void Load(ArrayView<V> from, in BlockCopy copy, int i, long at) => X = i < copy.There ? from[at] : default;

    public readonly void Save(ArrayView<V> into, in BlockCopy copy, int i, long at)
    {
        if (copy.IsFull || i < copy.Points) into[at] = X;
    }
}

/// <summary>Twice as many points.</summary>
internal struct Two<P, V> : IPoints<V> where P : struct, IPoints<V> where V : unmanaged
{
#pragma warning disable CS0649 // assigned by their own Load
    public P A, B;
#pragma warning restore CS0649

    public static int Count => 2 * P.Count;

    public void Load(ArrayView<V> from, long at, long step)
    {
        A.Load(from, at, step);
        B.Load(from, at + P.Count * step, step);
    }

    public void Load(ArrayView<V> from, in BlockPlace place, int query, int step, int width, int at)
    {
        A.Load(from, place, query, step, width, at);
        B.Load(from, place, query + P.Count * step, step, width, at);
    }

    public void Load(ArrayView<V> from, in BlockCopy copy, int i, long at)
    {
        A.Load(from, copy, i, at);
        B.Load(from, copy, i + P.Count * copy.Step, at + P.Count * copy.FromStep);
    }

    public readonly void Save(ArrayView<V> into, in BlockCopy copy, int i, long at)
    {
        A.Save(into, copy, i, at);
        B.Save(into, copy, i + P.Count * copy.Step, at + P.Count * copy.IntoStep);
    }
}

/// <summary>Brings a slab of coordinates of some points to shared memory, with zeros where there are none.</summary>
internal struct BlockCopy
{
    /// <summary>Points; how many of them there are; how far apart those of a thread are.</summary>
    public int Points, There, Step;
    /// <summary>True when all threads have something to copy.</summary>
    public bool IsFull;
    /// <summary>How far apart these are in either memory.</summary>
    public long FromStep, IntoStep;

    /// <summary>Copies <paramref name="width"/> vectors of each of <paramref name="points"/> points.</summary>
    /// <param name="from">[rows, blocks].</param>
    /// <param name="blocks">Vectors of a point.</param>
    /// <param name="first">The first point.</param>
    /// <param name="there">How many points there are from there on.</param>
    /// <param name="slab">Their first vector.</param>
    /// <param name="into">Goes there, from <paramref name="at"/> on, points <paramref name="pitch"/> apart.</param>
    /// <param name="at">See above.</param>
    /// <param name="pitch">See above.</param>
    /// <param name="points">See above.</param>
    /// <param name="width">A power of two.</param>
    /// <param name="threads">Of the block, a power of two.</param>
    public static void Copy<V, L>(ArrayView<V> from, int blocks, long first, int there, int slab,
        ArrayView<V> into, int at, int pitch, int points, int width, int threads)
        where V : unmanaged where L : struct, IPoints<V>
    {
        int lanes = Math.Min(width, threads);
        BlockCopy copy = default;
        int mine = Group.IdxX / lanes;
        (copy.Points, copy.Step) = (points, threads / lanes);
        copy.IsFull = L.Count * copy.Step == points && lanes == width;
        (copy.FromStep, copy.IntoStep) = (copy.Step * (long)blocks, copy.Step * (long)pitch);
        for (int c = Group.IdxX & (lanes - 1); c < width; c += lanes)
        {
            copy.There = slab + c >= blocks ? 0 : there < points ? there : points;
            long fromThere = (first + mine) * blocks + slab + c, intoThere = at + mine * (long)pitch + c;
            L some = default;
            some.Load(from, copy, mine, fromThere);
            some.Save(into, copy, mine, intoThere);
            if (copy.IsFull) return;
            for (int i = L.Count * copy.Step; i < points; i += L.Count * copy.Step)
            {
                some.Load(from, copy, mine + i, fromThere + i * (long)blocks);
                some.Save(into, copy, mine + i, intoThere + i * (long)pitch);
            }
        }
    }
}
