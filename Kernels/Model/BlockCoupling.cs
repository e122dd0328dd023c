using System.ComponentModel;
using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Model;

/// <summary>b = 1 for equal labels, <paramref name="Across"/> for different ones.</summary>
/// <param name="Across">eps, any sign.</param>
[Kind("block", 3), Description("b = 1 for equal labels, 'across' for different ones.")]
public sealed record BlockCoupling(
    [Quantity("the coupling across blocks"), Description("b for different labels, any sign.")] double Across = 0.1) : Coupling
{
    /// <inheritdoc/>
    public override double Value(double s, double t) => s == t ? 1 : Across;

    /// <inheritdoc/>
    public override double Smallest => Math.Min(1, Across);

    /// <inheritdoc/>
    public override double Largest => Math.Max(1, Math.Abs(Across));

    internal override (int Query, int Key) TableRows => (1, 4);

    internal override void FillTables(double label, double weight, Span<double> query, Span<double> key)
    {
        query[0] = key[0] = label;
        key[1] = weight;
        key[2] = weight * Across;
        key[3] = Across > 0 ? Math.Log(Across) : 0;
    }

    internal override TResult UsePair<TResult>(IPairCouplingUser<TResult> user) => user.With<BlockPairs>();

    // Whole numbers in place of the distinct labels: they stay distinct in single precision (up to 2^24 of them).
    internal override double[] TableLabels(double[] labels)
    {
        var numbers = new Dictionary<double, double>();
        double[] numbered = new double[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            numbers.TryAdd(labels[i], numbers.Count);
            numbered[i] = numbers[labels[i]];
        }
        return numbered;
    }
}

/// <summary>b = s = t ? 1 : eps in lanes. Query: the number of the label. Key: the number of the label, w, w eps, log eps.</summary>
internal readonly unsafe struct BlockLanes<L, V, T> : ICouplingLanes<L, V, T>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(in LabelView<T> view, int query, int key, V y) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish(in LabelView<T> view, int query, int key, V factor, in Exp2<L, V, T> exp2) => L.Multiply(factor, Factor(view, query, key, exp2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2)
    {
        V same = L.Broadcast(view.Key + view.Stride + key), across = L.Broadcast(view.Key + 2 * (nint)view.Stride + key);
        return L.SelectEqual(L.Broadcast(view.Key + key), L.Load(view.Query + query), same, across);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) =>
        L.SelectEqual(L.Broadcast(view.Key + key), L.Load(view.Query + query), L.Constant(0), L.Broadcast(view.Key + 3 * (nint)view.Stride + key));
}

/// <summary>b = s = t ? 1 : eps of a pair. Query: the number of the label. Key: the number of the label, w, w eps.</summary>
internal readonly struct BlockPairs : IPairCoupling
{
    public static int NearRows => 3;

    public static T Bend<T, R, N>(T y, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => y;

    public static T Finish<T, R, N>(T factor, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => R.Multiply(factor, Factor<T, R, N>(numbers));

    public static T Factor<T, R, N>(N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> =>
        R.AreEqual(numbers.Query(0), numbers.Key(0)) ? numbers.Key(1) : numbers.Key(2);
}
