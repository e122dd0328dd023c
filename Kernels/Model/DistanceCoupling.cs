using System.ComponentModel;
using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Model;

/// <summary>b = e^{-|s - t|/length}: the distance bias of ALiBi (Press et al. 2022). On grid labels s_i = (i - 1/2)/n under a causal or strict mask the recency bias e^{-lambda (i - j)/n}, length 1/lambda.</summary>
/// <param name="Length">Decay length in units of the label, > 0.</param>
[Kind("distance", 1), Description("b = e^(-|s - t|/length), the distance bias of ALiBi.")]
public sealed record DistanceCoupling(
    [Quantity("the length", AtLeast = 1e-300), Description("Decay length, in units of the label.")] double Length = 0.5) : Coupling
{
    /// <inheritdoc/>
    public override double Value(double s, double t) => Math.Exp(-Math.Abs(s - t) / Length);

    /// <inheritdoc/>
    public override double Smallest => 0;

    internal override (int Query, int Key) TableRows => (1, 2);

    internal override void FillTables(double label, double weight, Span<double> query, Span<double> key)
    {
        query[0] = key[0] = label / (Length * Math.Log(2));
        key[1] = weight;
    }

    internal override TResult UsePair<TResult>(IPairCouplingUser<TResult> user) => user.With<DistancePairs>();

    internal override double ExponentBound(double[] labels) => (labels.Max() - labels.Min()) / (Length * Math.Log(2));
}

/// <summary>b = e^{-|s - t|/l} in lanes, as 2^{-|s' - t'|} with s' = s log2(e)/l. Query: s'. Key: t', w.</summary>
internal readonly unsafe struct DistanceLanes<L, V, T> : ICouplingLanes<L, V, T>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(in LabelView<T> view, int query, int key, V y) =>
        L.Subtract(y, L.Abs(L.Subtract(L.Load(view.Query + query), view.Key + key)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish(in LabelView<T> view, int query, int key, V factor, in Exp2<L, V, T> exp2) => L.Multiply(factor, L.Broadcast(view.Key + view.Stride + key));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) =>
        Finish(view, query, key, exp2.WithUnderflow(Bend(view, query, key, L.Constant(0))), exp2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) =>
        L.Multiply(Bend(view, query, key, L.Constant(0)), L.Constant(0.69314718055994530942));
}

/// <summary>b = e^{-|s - t|/l} of a pair, as 2^{-|s' - t'|}. Query: s'. Key: t', w.</summary>
internal readonly struct DistancePairs : IPairCoupling
{
    public static int NearRows => 2;

    public static T Bend<T, R, N>(T y, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => R.Subtract(y, R.Abs(R.Subtract(numbers.Query(0), numbers.Key(0))));

    public static T Finish<T, R, N>(T factor, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => R.Multiply(factor, numbers.Key(1));

    public static T Factor<T, R, N>(N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> =>
        R.Multiply(R.Exp2(Bend<T, R, N>(R.Of(0), numbers)), numbers.Key(1));
}
