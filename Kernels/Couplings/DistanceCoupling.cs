using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>b = e^{-|s - t|/length}: the distance bias of ALiBi (Press et al. 2022).</summary>
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
    public static void Bend(in LabelView<T> view, int query, int key, ref V a, ref V b)
    {
        V t = L.Broadcast(view.Key + key);
        a = L.Subtract(a, L.Abs(L.Subtract(t, L.Load(view.Query + query))));
        b = L.Subtract(b, L.Abs(L.Subtract(t, L.Load(view.Query + query + L.Count))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish(in LabelView<T> view, int query, int key, ref V a, ref V b)
    {
        V weight = L.Broadcast(view.Key + view.Stride + key);
        a = L.Multiply(a, weight);
        b = L.Multiply(b, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Factor(in LabelView<T> view, int query, int key, out V a, out V b)
    {
        a = b = L.Constant(0);
        Bend(view, query, key, ref a, ref b);
        Exp2<L, V, T>.WithUnderflow(ref a, ref b);
        Finish(view, query, key, ref a, ref b);
    }
}
