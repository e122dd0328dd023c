using System.ComponentModel;
using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Model;

/// <summary>b = 1: labels act through the gauge alone.</summary>
[Kind("one", 0), Description("b = 1.")]
public sealed record OneCoupling : Coupling
{
    /// <inheritdoc/>
    public override double Value(double s, double t) => 1;

    /// <inheritdoc/>
    public override double Smallest => 1;

    internal override (int Query, int Key) TableRows => (0, 1);

    internal override void FillTables(double label, double weight, Span<double> query, Span<double> key) => key[0] = weight;

    internal override TResult UsePair<TResult>(IPairCouplingUser<TResult> user) => user.With<OnePairs>();
}

/// <summary>b = 1 in lanes. Key: w.</summary>
internal readonly unsafe struct OneLanes<L, V, T> : ICouplingLanes<L, V, T>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(in LabelView<T> view, int query, int key, V y) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish(in LabelView<T> view, int query, int key, V factor, in Exp2<L, V, T> exp2) => L.Multiply(factor, L.Broadcast(view.Key + key));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) => L.Broadcast(view.Key + key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) => L.Constant(0);
}

/// <summary>w b = 1 in lanes: equal weights, which multiply the row's sums afterwards.</summary>
internal readonly struct EvenLanes<L, V, T> : ICouplingLanes<L, V, T>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(in LabelView<T> view, int query, int key, V y) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish(in LabelView<T> view, int query, int key, V factor, in Exp2<L, V, T> exp2) => factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) => L.Constant(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) => L.Constant(0);
}

/// <summary>b = 1 of a pair. Key: w.</summary>
internal readonly struct OnePairs : IPairCoupling
{
    public static int NearRows => 1;

    public static T Bend<T, R, N>(T y, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => y;

    public static T Finish<T, R, N>(T factor, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => R.Multiply(factor, numbers.Key(0));

    public static T Factor<T, R, N>(N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => numbers.Key(0);
}

/// <summary>w b = 1 of a pair: equal weights, which multiply the row's sums afterwards.</summary>
internal readonly struct EvenPairs : IPairCoupling
{
    public static int NearRows => 0;

    public static T Bend<T, R, N>(T y, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => y;

    public static T Finish<T, R, N>(T factor, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => factor;

    public static T Factor<T, R, N>(N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => R.Of(1);
}
