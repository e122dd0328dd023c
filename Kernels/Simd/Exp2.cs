using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>
/// 2^y and 2^y - 1 in lanes, the same bits for every vector width: y = k + f, 2^y = 2^k P(f) with P the polynomial of least relative
/// error on [-1/2, 1/2] and P(0) = 1, in fused operations. Two vectors at a time, to fill the pipes.
/// </summary>
/// <remarks>
/// Largest relative error, measured: single, degree 5: 2.1e-7; double, degree 10: 5.2e-16. Range: |y| &lt;= 100
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
        L.Split(a, out V powerA, out V f);
        L.Split(b, out V powerB, out V g);
        V p, q;
        if (typeof(T) == typeof(float))
        {
            p = q = L.Constant(1.3276472454890609e-3);
            L.Horner(ref p, f, ref q, g, 9.675540961325169e-3);
            L.Horner(ref p, f, ref q, g, 5.550713092088699e-2);
            L.Horner(ref p, f, ref q, g, 0.24022120237350464);
            L.Horner(ref p, f, ref q, g, 0.6931469440460205);
            L.Horner(ref p, f, ref q, g, 1);
        }
        else
        {
            // Even and odd powers apart: one operation more, but half the waiting.
            V f2 = L.Multiply(f, f), g2 = L.Multiply(g, g), oddP = L.Constant(1.0208537929657404e-7), oddQ = oddP;
            p = q = L.Constant(7.037278846726901e-9);
            L.Horner(ref oddP, f2, ref oddQ, g2, 1.5252658116409854e-5);
            L.Horner(ref p, f2, ref q, g2, 1.3215662835959238e-6);
            L.Horner(ref oddP, f2, ref oddQ, g2, 1.3333558228561767e-3);
            L.Horner(ref p, f2, ref q, g2, 1.5403529961127076e-4);
            L.Horner(ref oddP, f2, ref oddQ, g2, 5.550410866445883e-2);
            L.Horner(ref p, f2, ref q, g2, 9.618129108034596e-3);
            L.Horner(ref oddP, f2, ref oddQ, g2, 0.6931471805599497);
            L.Horner(ref p, f2, ref q, g2, 0.24022650695908768);
            L.Horner(ref p, f2, ref q, g2, 1);
            p = L.MultiplyAdd(oddP, f, p);
            q = L.MultiplyAdd(oddQ, g, q);
        }
        a = L.Scale(p, powerA);
        b = L.Scale(q, powerB);
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
