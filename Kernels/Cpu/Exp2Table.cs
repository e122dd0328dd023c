using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// 2^{j/16}, j = 0 .. 15, rounded to nearest, as bits from which j has been taken away where m shifted left by 19 (single) or 48 (double) puts it: with m = 16 k + j, entry [m mod 16] plus
/// that shifted m has the bits of 2^{m/16}.
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
