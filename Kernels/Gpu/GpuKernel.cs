using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>What decides which kernel sums a problem: one is compiled for each that occurs.</summary>
/// <param name="Dimension">That of the kernel: 2, 3, 4, 8, 16, up to 32, up to 64, or 0 for the one that takes any.</param>
/// <param name="Coupling">The record type of the coupling.</param>
/// <param name="Even">Equal weights under the coupling one: they are multiplied afterwards.</param>
/// <param name="Curved">True when pairs carry an exponential.</param>
/// <param name="Difference">The difference form, else the general one.</param>
/// <param name="Masked">Some pairs are left out.</param>
/// <param name="More">Columns other than Z and F are asked for.</param>
/// <param name="Close">Forces are sums of differences: see <see cref="GpuSpread.AllowsProducts"/>.</param>
internal readonly record struct GpuShape(
    int Dimension, Type Coupling, bool Even, bool Curved, bool Difference, bool Masked, bool More, bool Close)
{
    public static GpuShape Of(PairProblem problem, RowColumns columns, bool even) => new(
        problem.Dimension switch { <= 2 => 2, 3 => 3, 4 => 4, <= 8 => 8, <= 16 => 16, <= 32 => 32, <= 64 => 64, _ => 0 },
        problem.Interaction.Coupling.GetType(), even, problem.Interaction.Profile.IsExponential(problem.Interaction.Beta),
        problem.IsDifference, problem.Interaction.Mask != Mask.None,
        (columns & ~(RowColumns.Force | RowColumns.Radial)) != RowColumns.None,
        !GpuSpread.AllowsProducts(problem));

    /// <summary>Whether the weights of each replica are equal, under the coupling one.</summary>
    public static bool HasEvenWeights(PairProblem p) => p.Interaction.Coupling.IsOne && Enumerable.Range(0, p.Replicas)
        .All(r => !p.Weights.AsSpan(r * p.Keys, p.Keys).ContainsAnyExcept(p.Weights[r * p.Keys]));
}

/// <summary>The kernel of a shape, with what a launch must know of it.</summary>
/// <param name="Tiled">In thread blocks.</param>
/// <param name="Plain">A row a thread; null where blocks are all there is.</param>
/// <param name="Queries">Queries a thread holds, or a block where blocks have a fixed size.</param>
/// <param name="Threads">Those of a block; 0 for any number.</param>
/// <param name="Numbers">Numbers of a point in memory; 0 for any multiple of <see cref="BlockedKernel.Block"/>.</param>
/// <param name="TileKeys">Keys of a tile.</param>
internal sealed record GpuKernel<T>(
    Action<GpuCall<T>> Tiled, Action<Index1D, GpuCall<T>>? Plain, int Queries, int Threads, int Numbers, int TileKeys)
    where T : unmanaged
{
    /// <summary>The kernel of a shape, not compiled yet.</summary>
    /// <param name="shape">What it sums.</param>
    /// <param name="coupling">The coupling.</param>
    /// <param name="threads">Threads of a block that the device has room for; null for a row a thread.</param>
    public static GpuKernel<T> For<R>(GpuShape shape, Coupling coupling, int? threads) where R : struct, IReal<T> =>
        shape.Even
        ? new Choice<R>(shape, threads).With<EvenMath<T, R, GpuNumbers<T, R>>>()
        : coupling.Use<T, R, GpuNumbers<T, R>, GpuKernel<T>>(new Choice<R>(shape, threads));

    /// <summary>Queries of a block, where blocks have up to so many threads.</summary>
    public int BlockQueries(int threads, int queries) =>
        Threads > 0 ? Queries : GpuLaunch.BlockQueries(queries, Queries, threads);

    /// <summary>Threads of a block of so many queries.</summary>
    public int BlockThreads(int queries) => Threads > 0 ? Threads : queries / Queries;

    private sealed class Choice<R>(GpuShape shape, int? threads) : ICouplingUser<T, GpuNumbers<T, R>, GpuKernel<T>>
        where R : struct, IReal<T>
    {
        public GpuKernel<T> With<C>()
            where C : struct, ICouplingMath<T, GpuNumbers<T, R>> => shape.Curved ? WithProfile<C, On>() : WithProfile<C, Off>();

        private GpuKernel<T> WithProfile<C, P>() where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice =>
            shape.More ? WithColumns<C, P, On>() : WithColumns<C, P, Off>();

        private GpuKernel<T> WithColumns<C, P, X>()
            where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where X : struct, IChoice =>
            shape.Masked ? WithMask<C, P, X, On>() : WithMask<C, P, X, Off>();

        private GpuKernel<T> WithMask<C, P, X, M>()
            where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where X : struct, IChoice
            where M : struct, IChoice =>
            shape.Dimension switch
            {
                2 => InRegisters<C, P, X, M, Twice<Coordinate<T, R>, T>>(),
                3 => InRegisters<C, P, X, M, Triple<T, R>>(),
                4 => InRegisters<C, P, X, M, Twice<Twice<Coordinate<T, R>, T>, T>>(),
                8 => InRegisters<C, P, X, M, Twice<Twice<Twice<Coordinate<T, R>, T>, T>, T>>(),
                16 => InRegisters<C, P, X, M, Twice<Twice<Twice<Twice<Coordinate<T, R>, T>, T>, T>, T>>(),
                _ => shape.Difference ? InBlocks<C, P, X, M, On>() : InBlocks<C, P, X, M, Off>(),
            };

        private GpuKernel<T> InRegisters<C, P, X, M, V>()
            where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where X : struct, IChoice
            where V : unmanaged, IVector<V, T> where M : struct, IChoice =>
            !shape.Close ? WithQuery<V, ProductQuery<T, R, V, C, M, X>>(largest: 4)
            : shape.Difference ? WithQuery<V, DifferenceQuery<T, R, V, C, P, M, X>>(largest: 4)
            : WithQuery<V, GeneralQuery<T, R, V, C, P, M, X>>(largest: 2);

        // As many queries in a thread as there are registers for: docs/performance.md.
        private GpuKernel<T> WithQuery<V, Q>(int largest) where V : unmanaged, IVector<V, T> where Q : struct, IGpuQuery<T, V>
        {
            int queries = shape.More ? 1 : Math.Min(largest, (typeof(T) == typeof(float) ? 16 : 8) / V.Count);
            return queries switch
            {
                >= 4 => Of<V, Both<Both<Q, T, V>, T, V>, Q>(),
                >= 2 => Of<V, Both<Q, T, V>, Q>(),
                _ => Of<V, Q, Q>(),
            };
        }

        private static GpuKernel<T> Of<V, B, Q>()
            where V : unmanaged, IVector<V, T> where B : struct, IGpuQuery<T, V> where Q : struct, IGpuQuery<T, V> =>
            new(TiledKernel.Sum<T, V, B>, PlainKernel.Sum<T, V, Q>, B.Count, 0, V.Count, TiledKernel.TileNumbers / V.Count);

        private GpuKernel<T> InBlocks<C, P, X, M, D>()
            where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where X : struct, IChoice
            where M : struct, IChoice where D : struct, IChoice =>
            shape.Close ? Blocked<C, P, X, M, D, On, Twice<Twice<Coordinate<T, R>, T>, T>>()
            : Blocked<C, P, X, M, D, Off, Twice<Twice<Coordinate<T, R>, T>, T>>();

        private GpuKernel<T> Blocked<C, P, X, M, D, F, V>()
            where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where X : struct, IChoice
            where M : struct, IChoice where D : struct, IChoice where F : struct, IChoice where V : unmanaged, IBlock<V, T> =>
            new BlockedChoice<T, R, V, Factors<T, R, V, C, P, D, M, X, F>, F>(shape.Dimension, threads).Choose();
    }
}
