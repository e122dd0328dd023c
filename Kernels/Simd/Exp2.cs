using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>
/// 2^y and 2^y - 1 in lanes, the same bits for every vector width: y = k + f, 2^y = 2^k P(f) with P the polynomial of least relative
/// error on [-1/2, 1/2] and P(0) = 1, by Horner's rule in fused operations. Two vectors at a time, to fill the pipes.
/// </summary>
/// <remarks>
/// Largest relative error, measured: single, degree 5: 1.9e-7; double, degree 10: 4.0e-16. Range: results that are normal numbers, that is
/// |y| &lt;= 125 in single and 1021 in double; <see cref="WithUnderflow"/> also takes any y below and returns 0 there. 2^0 = 1 exactly.
/// </remarks>
internal static class Exp2<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>Below -Range results may be no normal numbers.</summary>
    public static double Range => typeof(T) == typeof(float) ? 125 : 1021;

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
        }
        else
        {
            p = q = L.Constant(7.037278846726901e-9);
            Step(ref p, f, ref q, g, 1.0208537929657404e-7);
            Step(ref p, f, ref q, g, 1.3215662835959238e-6);
            Step(ref p, f, ref q, g, 1.5252658116409854e-5);
            Step(ref p, f, ref q, g, 1.5403529961127076e-4);
            Step(ref p, f, ref q, g, 1.3333558228561767e-3);
        }
        bool single = typeof(T) == typeof(float);
        Step(ref p, f, ref q, g, single ? 9.675540961325169e-3 : 9.618129108034596e-3);
        Step(ref p, f, ref q, g, single ? 5.550713092088699e-2 : 5.550410866445883e-2);
        Step(ref p, f, ref q, g, single ? 0.24022120237350464 : 0.24022650695908768);
        Step(ref p, f, ref q, g, single ? 0.6931469440460205 : 0.6931471805599497);
        Step(ref p, f, ref q, g, 1);
        a = L.Scale(p, powerA);
        b = L.Scale(q, powerB);
    }

    /// <summary>a -> 2^a and b -> 2^b for any a, b up to <see cref="Range"/>; 0 below -Range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WithUnderflow(ref V a, ref V b)
    {
        V y = a, z = b, lowest = L.Constant(-Range);
        Of(ref a, ref b);
        a = L.ZeroBelow(y, lowest, a);
        b = L.ZeroBelow(z, lowest, b);
    }

    /// <summary>
    /// 2^y - 1 = 2^k (2^f - 1) + (2^k - 1) for any y up to <see cref="Range"/>, without cancellation at 0: 2^f - 1 = f Q(f). Largest relative
    /// error, measured: single, degree 5 of Q, 3e-7; double, degree 10, 1.1e-15.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V MinusOne(V y)
    {
        V one = L.Constant(1), lowest = L.Constant(-Range);
        L.Split(y, out V power, out V f);
        V q;
        if (typeof(T) == typeof(float))
        {
            q = L.Constant(1.5594678161326619e-4);
            q = L.MultiplyAdd(q, f, L.Constant(1.3406643902351759e-3));
            q = L.MultiplyAdd(q, f, L.Constant(9.617692972993062e-3));
            q = L.MultiplyAdd(q, f, L.Constant(5.550310551013797e-2));
            q = L.MultiplyAdd(q, f, L.Constant(0.24022652782887738));
            q = L.MultiplyAdd(q, f, L.Constant(0.6931472149680279));
        }
        else
        {
            q = L.Constant(4.078071929588337e-10);
            q = L.MultiplyAdd(q, f, L.Constant(7.072570412814423e-9));
            q = L.MultiplyAdd(q, f, L.Constant(1.0180647659234139e-7));
            q = L.MultiplyAdd(q, f, L.Constant(1.3215442675329823e-6));
            q = L.MultiplyAdd(q, f, L.Constant(1.5252727385193868e-5));
            q = L.MultiplyAdd(q, f, L.Constant(1.540353044157213e-4));
            q = L.MultiplyAdd(q, f, L.Constant(1.3333558153439966e-3));
            q = L.MultiplyAdd(q, f, L.Constant(9.618129107607003e-3));
            q = L.MultiplyAdd(q, f, L.Constant(5.550410866479039e-2));
            q = L.MultiplyAdd(q, f, L.Constant(0.24022650695910097));
            q = L.MultiplyAdd(q, f, L.Constant(0.6931471805599457));
        }
        V whole = L.ZeroBelow(y, lowest, L.Scale(one, power));
        V part = L.ZeroBelow(y, lowest, L.Multiply(q, f));
        return L.MultiplyAdd(whole, part, L.Subtract(whole, one));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ref V p, V f, ref V q, V g, double coefficient)
    {
        p = L.MultiplyAdd(p, f, L.Constant(coefficient));
        q = L.MultiplyAdd(q, g, L.Constant(coefficient));
    }
}
