using System.Runtime.InteropServices;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// 2^y and 2^y - 1 in lanes, the same bits for every vector width, in fused operations. 2^y: y = m/16 + f, T = 2^{m/16} from a table of
/// sixteen, 2^y = T + T f Q(f), with 1 + f Q(f) the polynomial of least relative error on [-1/32, 1/32]. 2^y - 1: y = k + f on [-1/2, 1/2]
/// without a table.
/// </summary>
/// <remarks>
/// Largest relative error of 2^y, measured: single, degree 2: 5.4e-7; double, degree 6: 2.3e-16. Range: |y| &lt;= 100 in single and 996 in
/// double; <see cref="WithUnderflow"/> also takes any y below and returns 0 there. 2^0 = 1 exactly.
/// </remarks>
internal readonly unsafe struct Exp2<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>
    /// The largest |y|: 26 binary orders before the end of the normal numbers, so that products with weights stay normal too (others cost a
    /// hundred times more).
    /// </summary>
    public static double Range
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(T) == typeof(float) ? 100 : 996;
    }

    private readonly V _c1, _c2, _c3, _c4, _c5, _c6;

    /// <summary>Takes the coefficients of Q from memory: the JIT writes constants out anew for every use, which costs registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Exp2()
    {
        T* q = typeof(T) == typeof(float) ? (T*)Exp2Table.SingleCoefficients : (T*)Exp2Table.DoubleCoefficients;
        (_c1, _c2) = (L.Broadcast(q), L.Broadcast(q + 1));
        if (typeof(T) == typeof(double))
            (_c3, _c4, _c5, _c6) = (L.Broadcast(q + 2), L.Broadcast(q + 3), L.Broadcast(q + 4), L.Broadcast(q + 5));
        else _c3 = _c4 = _c5 = _c6 = _c2;
    }

    /// <summary>2^y for |y| at most <see cref="Range"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Of(V y)
    {
        L.SplitSixteenths(y, out V sixteenths, out V f);
        V q = _c2;
        if (typeof(T) == typeof(double))
        {
            q = L.MultiplyAdd(_c6, f, _c5);
            q = L.MultiplyAdd(q, f, _c4);
            q = L.MultiplyAdd(q, f, _c3);
            q = L.MultiplyAdd(q, f, _c2);
        }
        q = L.MultiplyAdd(q, f, _c1);
        V power = L.Power(sixteenths);
        return L.MultiplyAdd(L.Multiply(power, f), q, power);
    }

    /// <summary>2^y for any y up to <see cref="Range"/>; 0 below -Range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V WithUnderflow(V y)
    {
        V lowest = L.Constant(-Range);
        return L.ZeroBelow(y, lowest, Of(L.ZeroBelow(y, lowest, y)));
    }

    /// <summary>
    /// 2^y - 1 for any y up to <see cref="Range"/>, by 2^y - 1 = 2^k (2^f - 1) + (2^k - 1) without cancellation at 0: 2^f - 1 = f Q(f).
    /// Largest relative error, measured: single, degree 5 of Q, 2.0e-7; double, degree 10, 8.9e-16.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V MinusOne(V y)
    {
        // 2^y - 1 rounds to -1 long before 2^y ceases to be a normal number.
        V one = L.Constant(1), lowest = L.Constant(-Range);
        L.Split(L.ZeroBelow(y, lowest, y), out V power, out V f);
        V p;
        if (typeof(T) == typeof(float))
        {
            p = L.Constant(Exp2Polynomial.Single5);
            p = L.MultiplyAdd(p, f, L.Constant(Exp2Polynomial.Single4));
            p = L.MultiplyAdd(p, f, L.Constant(Exp2Polynomial.Single3));
            p = L.MultiplyAdd(p, f, L.Constant(Exp2Polynomial.Single2));
            p = L.MultiplyAdd(p, f, L.Constant(Exp2Polynomial.Single1));
            p = L.MultiplyAdd(p, f, L.Constant(Exp2Polynomial.Single0));
        }
        else
        {
            // Even and odd powers apart: half the waiting.
            V f2 = L.Multiply(f, f), odd = L.Constant(Exp2Polynomial.Double9);
            p = L.Constant(Exp2Polynomial.Double10);
            p = L.MultiplyAdd(p, f2, L.Constant(Exp2Polynomial.Double8));
            odd = L.MultiplyAdd(odd, f2, L.Constant(Exp2Polynomial.Double7));
            p = L.MultiplyAdd(p, f2, L.Constant(Exp2Polynomial.Double6));
            odd = L.MultiplyAdd(odd, f2, L.Constant(Exp2Polynomial.Double5));
            p = L.MultiplyAdd(p, f2, L.Constant(Exp2Polynomial.Double4));
            odd = L.MultiplyAdd(odd, f2, L.Constant(Exp2Polynomial.Double3));
            p = L.MultiplyAdd(p, f2, L.Constant(Exp2Polynomial.Double2));
            odd = L.MultiplyAdd(odd, f2, L.Constant(Exp2Polynomial.Double1));
            p = L.MultiplyAdd(p, f2, L.Constant(Exp2Polynomial.Double0));
            p = L.MultiplyAdd(odd, f, p);
        }
        V whole = L.ZeroBelow(y, lowest, L.Scale(one, power));
        return L.MultiplyAdd(whole, L.Multiply(p, f), L.Subtract(whole, one));
    }
}

/// <summary>
/// 2^{j/16}, j = 0 .. 15, rounded to nearest, as bits from which j has been taken away where m shifted left by 19 (single) or 48 (double)
/// puts it: with m = 16 k + j, entry [m mod 16] plus that shifted m has the bits of 2^{m/16}.
/// </summary>
internal static unsafe class Exp2Table
{
    public static long* Double
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (long*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(DoubleBits));
    }

    public static int* Single
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(SingleBits));
    }

    public static double* DoubleCoefficients
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (double*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(DoubleQ));
    }

    public static float* SingleCoefficients
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(SingleQ));
    }

    private static ReadOnlySpan<double> DoubleQ =>
    [
        0.6931471805599468, 0.24022650695910167, 0.05550410865195458, 0.009618129102053445, 0.0013333820232909134, 0.00015404211728455147,
    ];

    private static ReadOnlySpan<float> SingleQ => [0.6931882800931597f, 0.24024787237920323f];

    private static ReadOnlySpan<long> DoubleBits =>
    [
        0x3ff0000000000000, 0x3fefb5586cf9890f, 0x3fef72b83c7d517b, 0x3fef387a6e756238,
        0x3fef06fe0a31b715, 0x3feedea64c123422, 0x3feebfdad5362a27, 0x3feeab07dd485429,
        0x3feea09e667f3bcd, 0x3feea11473eb0187, 0x3feeace5422aa0db, 0x3feec49182a3f090,
        0x3feee89f995ad3ad, 0x3fef199bdd85529c, 0x3fef5818dcfba487, 0x3fefa4afa2a490da,
    ];

    private static ReadOnlySpan<int> SingleBits =>
    [
        0x3f800000, 0x3f7daac3, 0x3f7b95c2, 0x3f79c3d3, 0x3f7837f0, 0x3f76f532, 0x3f75fed7, 0x3f75583f,
        0x3f7504f3, 0x3f7508a4, 0x3f75672a, 0x3f76248c, 0x3f7744fd, 0x3f78ccdf, 0x3f7ac0c7, 0x3f7d257d,
    ];
}
