using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>
/// 2^y and 2^y - 1 in lanes, the same bits for every vector width, in fused operations, two vectors at a time to fill the pipes.
/// 2^y: y = m/16 + f, T = 2^{m/16} from a table of sixteen, 2^y = T + T f Q(f), with 1 + f Q(f) the polynomial of least relative error on [-1/32, 1/32].
/// 2^y - 1: y = k + f on [-1/2, 1/2] without a table.
/// </summary>
/// <remarks>
/// Largest relative error of 2^y, measured: single, degree 2: 5.4e-7; double, degree 6: 2.3e-16. Range: |y| &lt;= 100
/// in single and 996 in double; <see cref="WithUnderflow"/> also takes any y below and returns 0 there. 2^0 = 1 exactly.
/// </remarks>
internal static class Exp2<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>The largest |y|: 26 binary orders before the end of the normal numbers, so that products with weights stay normal too (others cost a hundred times more).</summary>
    public static double Range
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(T) == typeof(float) ? 100 : 996;
    }

    /// <summary>a -> 2^a and b -> 2^b for |a|, |b| at most <see cref="Range"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of(ref V a, ref V b)
    {
        L.SplitSixteenths(a, out V sixteenthsA, out V f);
        L.SplitSixteenths(b, out V sixteenthsB, out V g);
        V p, q;
        if (typeof(T) == typeof(float))
        {
            p = q = L.Constant(0.24024787237920323);
            L.Horner(ref p, f, ref q, g, 0.6931882800931597);
        }
        else
        {
            p = q = L.Constant(0.00015404211728455147);
            L.Horner(ref p, f, ref q, g, 0.0013333820232909134);
            L.Horner(ref p, f, ref q, g, 0.009618129102053445);
            L.Horner(ref p, f, ref q, g, 0.05550410865195458);
            L.Horner(ref p, f, ref q, g, 0.24022650695910167);
            L.Horner(ref p, f, ref q, g, 0.6931471805599468);
        }
        V powerA = L.Power(sixteenthsA), powerB = L.Power(sixteenthsB);
        a = L.MultiplyAdd(L.Multiply(powerA, f), p, powerA);
        b = L.MultiplyAdd(L.Multiply(powerB, g), q, powerB);
    }

    /// <summary>a -> 2^a and b -> 2^b for any a, b up to <see cref="Range"/>; 0 below -Range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WithUnderflow(ref V a, ref V b)
    {
        V y = a, z = b, lowest = L.Constant(-Range);
        a = L.ZeroBelow(y, lowest, y);
        b = L.ZeroBelow(z, lowest, z);
        Of(ref a, ref b);
        a = L.ZeroBelow(y, lowest, a);
        b = L.ZeroBelow(z, lowest, b);
    }

    /// <summary>
    /// a -> 2^a - 1 and b -> 2^b - 1 for any a, b up to <see cref="Range"/>, by 2^y - 1 = 2^k (2^f - 1) + (2^k - 1) without cancellation at 0:
    /// 2^f - 1 = f Q(f). Largest relative error, measured: single, degree 5 of Q, 2.0e-7; double, degree 10, 8.9e-16.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MinusOne(ref V a, ref V b)
    {
        // 2^y - 1 rounds to -1 long before 2^y ceases to be a normal number.
        V one = L.Constant(1), lowest = L.Constant(-Range), y = a, z = b;
        L.Split(L.ZeroBelow(y, lowest, y), out V powerA, out V f);
        L.Split(L.ZeroBelow(z, lowest, z), out V powerB, out V g);
        V p, q;
        if (typeof(T) == typeof(float))
        {
            p = q = L.Constant(1.5594678161326619e-4);
            L.Horner(ref p, f, ref q, g, 1.3406643902351759e-3);
            L.Horner(ref p, f, ref q, g, 9.617692972993062e-3);
            L.Horner(ref p, f, ref q, g, 5.550310551013797e-2);
            L.Horner(ref p, f, ref q, g, 0.24022652782887738);
            L.Horner(ref p, f, ref q, g, 0.6931472149680279);
        }
        else
        {
            p = q = L.Constant(4.078071929588337e-10);
            L.Horner(ref p, f, ref q, g, 7.072570412814423e-9);
            L.Horner(ref p, f, ref q, g, 1.0180647659234139e-7);
            L.Horner(ref p, f, ref q, g, 1.3215442675329823e-6);
            L.Horner(ref p, f, ref q, g, 1.5252727385193868e-5);
            L.Horner(ref p, f, ref q, g, 1.540353044157213e-4);
            L.Horner(ref p, f, ref q, g, 1.3333558153439966e-3);
            L.Horner(ref p, f, ref q, g, 9.618129107607003e-3);
            L.Horner(ref p, f, ref q, g, 5.550410866479039e-2);
            L.Horner(ref p, f, ref q, g, 0.24022650695910097);
            L.Horner(ref p, f, ref q, g, 0.6931471805599457);
        }
        V wholeA = L.ZeroBelow(y, lowest, L.Scale(one, powerA)), wholeB = L.ZeroBelow(z, lowest, L.Scale(one, powerB));
        a = L.MultiplyAdd(wholeA, L.Multiply(p, f), L.Subtract(wholeA, one));
        b = L.MultiplyAdd(wholeB, L.Multiply(q, g), L.Subtract(wholeB, one));
    }
}
