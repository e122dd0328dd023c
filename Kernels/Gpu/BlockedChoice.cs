namespace AttentionFlow.Kernels.Gpu;

/// <summary>Chooses the squares that the threads of a <see cref="BlockedKernel"/> hold; F: forces of differences.</summary>
/// <param name="dimension">As in <see cref="GpuShape"/>.</param>
/// <param name="threads">Threads of a block that the device has room for; null for one.</param>
internal sealed class BlockedChoice<T, R, V, E, F>(int dimension, int? threads)
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IBlock<V, T> where E : struct, IFactors<T, V>
    where F : struct, IChoice
{
    /// <summary>The kernel: for a full block eight queries a thread, else one.</summary>
    public GpuKernel<T> Choose() => (dimension, threads) switch
    {
        (_, null) => Few<NoGroup>(),
        (_, < 128) => Few<SmallGroup>(),
        (32, _) => Full<Twice<Coordinate<T, R>, T>, On>(),
        (64, _) => Full<V, On>(),
        _ => Full<V, Off>(),
    };

    // One query and sixteen keys.
    private static GpuKernel<T> Few<G>() where G : struct, IGroupShape =>
        Make<V, Point<V>, Point<V>, Point<V>, Force<T, R, V, V, F>, G, Off, TwoExponents<TwoExponents<TwoExponents<TwoExponents<
            KeyExponents<Dot<T, V>, T, V, Point<V>>, T, V, Point<V>>, T, V, Point<V>>, T, V, Point<V>>, T, V, Point<V>>>();

    // Squares of eight queries, doubled three times.
    private static GpuKernel<T> Full<W, O>() where W : unmanaged, IBlock<W, T> where O : struct, IChoice =>
        Full2<W, O, Two<Point<V>, V>, Two<Point<W>, W>, TwoDots<Dot<T, V>, T, V, Point<V>>,
            TwoForces<Force<T, R, V, W, F>, T, V, W, Point<W>>>();

    private static GpuKernel<T> Full2<W, O, Q, N, S, A>()
        where W : unmanaged, IBlock<W, T> where O : struct, IChoice where Q : struct, IPoints<V> where N : struct, IPoints<W>
        where S : struct, IDots<T, V, Q> where A : struct, IForces<T, V, W, N> =>
        Full4<W, O, Two<Q, V>, Two<N, W>, TwoDots<S, T, V, Q>, TwoForces<A, T, V, W, N>>();

    private static GpuKernel<T> Full4<W, O, Q, N, S, A>()
        where W : unmanaged, IBlock<W, T> where O : struct, IChoice where Q : struct, IPoints<V> where N : struct, IPoints<W>
        where S : struct, IDots<T, V, Q> where A : struct, IForces<T, V, W, N> =>
        Of<W, Two<Q, V>, Two<N, W>, TwoDots<S, T, V, Q>, TwoForces<A, T, V, W, N>, FullGroup, O>();

    // In double precision four keys a thread, elsewhere eight.
    private static GpuKernel<T> Of<W, Q, N, S, A, G, O>()
        where W : unmanaged, IBlock<W, T> where O : struct, IChoice where Q : struct, IPoints<V> where N : struct, IPoints<W>
        where S : struct, IDots<T, V, Q> where A : struct, IForces<T, V, W, N> where G : struct, IGroupShape =>
        typeof(T) == typeof(double)
            ? Make<W, Q, N, Two<Point<V>, V>, A, G, O,
                TwoExponents<TwoExponents<KeyExponents<S, T, V, Q>, T, V, Q>, T, V, Q>>()
            : Make<W, Q, N, Two<Two<Point<V>, V>, V>, A, G, O,
                TwoExponents<TwoExponents<TwoExponents<KeyExponents<S, T, V, Q>, T, V, Q>, T, V, Q>, T, V, Q>>();

    private static GpuKernel<T> Make<W, Q, N, L, A, G, O, K>()
        where W : unmanaged, IBlock<W, T> where O : struct, IChoice where Q : struct, IPoints<V> where N : struct, IPoints<W>
        where L : struct, IPoints<V> where A : struct, IForces<T, V, W, N> where G : struct, IGroupShape
        where K : struct, IExponents<T, V, Q> =>
        new(BlockedKernel.Sum<T, V, W, Q, N, K, L, A, E, G, O>, null, Q.Count * G.X, G.X * G.Y, 0, K.Count * G.Y);
}
