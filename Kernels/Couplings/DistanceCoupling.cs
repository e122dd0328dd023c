using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>b = e^{-|s - t|/length}: the distance bias of ALiBi (Press et al. 2022). On grid labels s_i = (i - 1/2)/n under a causal or strict mask the recency bias e^{-lambda (i - j)/n}, length 1/lambda.</summary>
/// <param name="Length">Decay length in units of the label, > 0.</param>
public sealed record DistanceCoupling(double Length) : Coupling
{
    /// <inheritdoc/>
    public override string Name => "distance";

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
