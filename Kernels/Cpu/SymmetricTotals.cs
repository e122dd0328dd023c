using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Symmetric sums added up in double: totals lie in groups of <see cref="SymmetricLayout{T}.Group"/> tokens, in each a row of Z, then the
/// d components of F. The order of additions is the same for every width of vectors.
/// </summary>
internal static unsafe class SymmetricTotals<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Adds the sums of queries, and leaves zeros in their place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddQueries(double* totals, T* sums, int count)
    {
        for (int i = 0; i < count; i += 4) Add(totals + i, sums + i);
        new Span<T>(sums, count).Clear();
    }

    // Four sums.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* totals, T* sums)
    {
        if (typeof(T) == typeof(float)) Add(totals, Vector128.Load((float*)sums));
        else (Vector256.Load(totals) + Vector256.Load((double*)sums)).Store(totals);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* totals, Vector128<float> sums)
    {
        (Vector128<double> lower, Vector128<double> upper) = Vector128.Widen(sums);
        (Vector128.Load(totals) + lower).Store(totals);
        (Vector128.Load(totals + 2) + upper).Store(totals + 2);
    }

    /// <summary>Adds the sums of the keys [first, end), over their lanes, and leaves zeros in their place.</summary>
    /// <param name="totals">Of the replica's groups.</param>
    /// <param name="rows">Rows of sums.</param>
    /// <param name="sums">As a kernel leaves them.</param>
    /// <param name="from">The key with which they begin.</param>
    /// <param name="first">The first to be added.</param>
    /// <param name="end">After the last.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddKeys(double* totals, int rows, T* sums, int from, int first, int end)
    {
        int lanes = SymmetricLayout<T>.Lanes, group = SymmetricLayout<T>.Group;
        first = first / 4 * 4;
        for (int row = 0; row < rows; row++, sums += SymmetricLayout<T>.Pitch)
        {
            for (int key = first; key < end; key += 4)
            {
                double* to = totals + (nint)key / group * group * rows + row * group + key % group;
                T* at = sums + (key - from) * lanes;
                if (typeof(T) == typeof(float))
                {
                    Add(to, OverLanes((float*)at, lanes));
                }
                else
                {
                    (Vector128.Load(to) + OverLanes((double*)at, lanes)).Store(to);
                    (Vector128.Load(to + 2) + OverLanes((double*)at + 2 * lanes, lanes)).Store(to + 2);
                }
            }
            new Span<T>(sums + (first - from) * lanes, (end - first) * lanes).Clear();
        }
    }

    // Of four keys: lane l and l + 8, then + 4, + 2, + 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> OverLanes(float* at, int lanes)
    {
        Vector128<float> ab = Halves(Quarters(at), Quarters(at + lanes));
        Vector128<float> cd = Halves(Quarters(at + 2 * lanes), Quarters(at + 3 * lanes));
        return Sse.IsSupported ? Sse.Shuffle(ab, cd, 0x88) + Sse.Shuffle(ab, cd, 0xDD)
            : Vector128.Create(ab[0], ab[2], cd[0], cd[2]) + Vector128.Create(ab[1], ab[3], cd[1], cd[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quarters(float* at) =>
        Vector128.Load(at) + Vector128.Load(at + 8) + (Vector128.Load(at + 4) + Vector128.Load(at + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Halves(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.MoveLowToHigh(a, b) + Sse.MoveHighToLow(b, a)
            : Vector128.Create(a.GetLower(), b.GetLower()) + Vector128.Create(a.GetUpper(), b.GetUpper());

    // Of two keys: lane l and l + 4, then + 2, + 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> OverLanes(double* at, int lanes)
    {
        Vector128<double> a = Halves(at), b = Halves(at + lanes);
        return Sse2.IsSupported ? Sse2.UnpackLow(a, b) + Sse2.UnpackHigh(a, b)
            : Vector128.Create(a[0], b[0]) + Vector128.Create(a[1], b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Halves(double* at) =>
        Vector128.Load(at) + Vector128.Load(at + 4) + (Vector128.Load(at + 2) + Vector128.Load(at + 6));
}
