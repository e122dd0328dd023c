using System.Numerics;
using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// The operations on a vector <typeparamref name="V"/> of numbers <typeparamref name="T"/> that pair sums are made of. All act
/// lane by lane and round once (IEEE, to nearest), also a b + c, so a lane's bits are the same for every width and on every machine.
/// </summary>
/// <remarks>
/// A struct for every width and type: one for both types asks for the type in most operations, and that is too long for the JIT's inlining
/// budget of a kernel (in .NET 10, 20 to 50 lane operations of the kernels for Toeplitz couplings in double precision stayed calls).
/// </remarks>
internal unsafe interface ILanes<V, T> : IArithmetic<V> where V : struct where T : unmanaged
{
    /// <summary>Numbers per vector.</summary>
    static abstract int Count { get; }

    /// <summary>The number at this address in every lane.</summary>
    static abstract V Broadcast(T* address);

    static abstract V Load(T* address);

    static abstract void Store(T* address, V a);

    /// <summary>a - the number at this address; the latter may stay in memory.</summary>
    static abstract V Subtract(V a, T* address);

    /// <summary>
    /// y = k + f with k the nearest whole number (ties to even), f exact in [-1/2, 1/2]. <paramref name="power"/> stands for 2^k.
    /// </summary>
    static abstract void Split(V y, out V power, out V f);

    /// <summary>
    /// y = m/16 + f with m the nearest whole number (ties to even), f exact in [-1/32, 1/32]. <paramref name="sixteenths"/> has m in its
    /// lowest bits.
    /// </summary>
    static abstract void SplitSixteenths(V y, out V sixteenths, out V f);

    /// <summary>2^{m/16}, rounded to nearest, for the m of <see cref="SplitSixteenths"/>: see <see cref="Exp2Table"/>.</summary>
    static abstract V Power(V sixteenths);

    /// <summary>p 2^k; p and the result must be normal numbers.</summary>
    static abstract V Scale(V p, V power);

    /// <summary><paramref name="value"/>, but 0 where y &lt; bound.</summary>
    static abstract V ZeroBelow(V y, V bound, V value);
}

/// <summary>The logarithm of the library, a lane at a time.</summary>
internal static class Logarithm
{
    /// <summary>log a where a > 0, else 0.</summary>
    public static void InPlace<T>(Span<T> lanes) where T : IFloatingPointIeee754<T>
    {
        foreach (ref T a in lanes) a = a > T.Zero ? T.CreateTruncating(Math.Log(double.CreateTruncating(a))) : T.Zero;
    }
}
