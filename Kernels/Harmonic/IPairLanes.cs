using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// Vectors of doubles read as pairs (a, b), (c, d), ...: what <see cref="CircleKernel{L, P, V}"/> needs beside <see cref="ILanes{V, T}"/>.
/// </summary>
internal unsafe interface IPairLanes<V> where V : struct
{
    /// <summary>(a, a), (c, c), ...</summary>
    static abstract V First(V pairs);

    /// <summary>(b, a), (d, c), ...</summary>
    static abstract V Swap(V pairs);

    /// <summary>(a, a), (b, b), ... of half as many numbers.</summary>
    static abstract V Spread(double* numbers);

    /// <summary>Stores a, c, ...</summary>
    static abstract void StoreFirst(double* address, V pairs);
}

/// <summary>One pair.</summary>
internal readonly unsafe struct PairLanes128 : IPairLanes<Vector128<double>>
{
    public static Vector128<double> First(Vector128<double> pairs) => Vector128.Shuffle(pairs, Vector128.Create(0L, 0));

    public static Vector128<double> Swap(Vector128<double> pairs) => Vector128.Shuffle(pairs, Vector128.Create(1L, 0));

    public static Vector128<double> Spread(double* numbers) => Vector128.Create(*numbers);

    public static void StoreFirst(double* address, Vector128<double> pairs) => *address = pairs.ToScalar();
}

/// <summary>Two pairs.</summary>
internal readonly unsafe struct PairLanes256 : IPairLanes<Vector256<double>>
{
    public static Vector256<double> First(Vector256<double> pairs) => Vector256.Shuffle(pairs, Vector256.Create(0L, 0, 2, 2));

    public static Vector256<double> Swap(Vector256<double> pairs) => Vector256.Shuffle(pairs, Vector256.Create(1L, 0, 3, 2));

    public static Vector256<double> Spread(double* numbers) => Vector256.Create(Vector128.Create(numbers[0]), Vector128.Create(numbers[1]));

    public static void StoreFirst(double* address, Vector256<double> pairs) => (address[0], address[1]) = (pairs[0], pairs[2]);
}

/// <summary>Four pairs; by name for the reason given at <see cref="Lanes512Double"/>.</summary>
internal readonly unsafe struct PairLanes512 : IPairLanes<Vector512<double>>
{
    public static Vector512<double> First(Vector512<double> pairs) =>
        Avx512F.IsSupported ? Avx512F.DuplicateEvenIndexed(pairs) : Vector512.Shuffle(pairs, Vector512.Create(0L, 0, 2, 2, 4, 4, 6, 6));

    public static Vector512<double> Swap(Vector512<double> pairs) =>
        Avx512F.IsSupported ? Avx512F.Permute2x64(pairs, 0x55) : Vector512.Shuffle(pairs, Vector512.Create(1L, 0, 3, 2, 5, 4, 7, 6));

    public static Vector512<double> Spread(double* numbers)
    {
        Vector512<double> low = Vector256.Load(numbers).ToVector512Unsafe();
        Vector512<long> places = Vector512.Create(0L, 0, 1, 1, 2, 2, 3, 3);
        return Avx512F.IsSupported ? Avx512F.PermuteVar8x64(low, places) : Vector512.Shuffle(low, places);
    }

    public static void StoreFirst(double* address, Vector512<double> pairs)
    {
        Vector512<long> places = Vector512.Create(0L, 2, 4, 6, 0, 2, 4, 6);
        (Avx512F.IsSupported ? Avx512F.PermuteVar8x64(pairs, places) : Vector512.Shuffle(pairs, places)).GetLower().Store(address);
    }
}
