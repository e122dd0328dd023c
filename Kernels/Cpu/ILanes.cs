namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// The operations on a vector <typeparamref name="V"/> of numbers <typeparamref name="T"/> that pair sums are made of. All act
/// lane by lane and round once (IEEE, to nearest), so a lane's bits are the same for every width and on every machine.
/// </summary>
internal unsafe interface ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>Numbers per vector.</summary>
    static abstract int Count { get; }

    static abstract V Constant(double value);

    /// <summary>The number at this address in every lane.</summary>
    static abstract V Broadcast(T* address);

    static abstract V Load(T* address);

    static abstract void Store(T* address, V a);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    /// <summary>a - the number at this address; the latter may stay in memory.</summary>
    static abstract V Subtract(V a, T* address);

    static abstract V Multiply(V a, V b);

    /// <summary>a b + c, rounded once.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>c - a b, rounded once.</summary>
    static abstract V NegativeMultiplyAdd(V a, V b, V c);

    /// <summary>p f + coefficient, rounded once.</summary>
    static abstract V Horner(V p, V f, double coefficient);

    static abstract V Abs(V a);

    /// <summary>The larger; b where they are equal or one is not a number.</summary>
    static abstract V Max(V a, V b);

    /// <summary>y = k + f with k the nearest whole number (ties to even), f exact in [-1/2, 1/2]. <paramref name="power"/> stands for 2^k.</summary>
    static abstract void Split(V y, out V power, out V f);

    /// <summary>y = m/16 + f with m the nearest whole number (ties to even), f exact in [-1/32, 1/32]. <paramref name="sixteenths"/> has m in its lowest bits.</summary>
    static abstract void SplitSixteenths(V y, out V sixteenths, out V f);

    /// <summary>2^{m/16}, rounded to nearest, for the m of <see cref="SplitSixteenths"/>: see <see cref="Exp2Table"/>.</summary>
    static abstract V Power(V sixteenths);

    /// <summary>p 2^k; p and the result must be normal numbers.</summary>
    static abstract V Scale(V p, V power);

    /// <summary><paramref name="value"/>, but 0 where y &lt; bound.</summary>
    static abstract V ZeroBelow(V y, V bound, V value);

    /// <summary>a = b ? yes : no.</summary>
    static abstract V SelectEqual(V a, V b, V yes, V no);
}
