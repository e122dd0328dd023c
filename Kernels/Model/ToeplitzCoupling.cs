using System.ComponentModel;
using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Model;

/// <summary>b = constant + sum_m cosines[m-1] cos(2 pi m (t - s)): periodic in the label with period 1, may change sign.</summary>
/// <param name="Constant">The mean value c.</param>
/// <param name="Cosines">a_m, m = 1, 2, ...</param>
[Kind("toeplitz", 2), Description("b = constant + sum_m cosines[m-1] cos(2 pi m (t - s)).")]
public sealed record ToeplitzCoupling(
    [Quantity("the constant"), Description("The mean value of b.")] double Constant,
    [Quantity("an amplitude"), Description("The amplitudes of the cosines, m = 1, 2, ...")] params Sequence<double> Cosines) : Coupling
{
    /// <summary>b = cos 2 pi (t - s).</summary>
    public ToeplitzCoupling() : this(0, 1) { }

    /// <inheritdoc/>
    public override double Smallest => FindSmallest();

    /// <inheritdoc/>
    public override double Largest => Math.Max(1, Math.Abs(Constant) + Cosines.Sum(Math.Abs));

    /// <inheritdoc/>
    public override double Value(double s, double t)
    {
        double u = 2 * Math.PI * (t - s), b = Constant;
        for (int m = 0; m < Cosines.Count; m++) b += Cosines[m] * Math.Cos((m + 1) * u);
        return b;
    }

    // Even and periodic: a grid on [0, 1/2] fine against the highest frequency, then golden section around its best point.
    private double FindSmallest()
    {
        int grid = 64 * (Cosines.Count + 1), best = 0;
        for (int i = 1; i <= grid; i++)
            if (Value(0, 0.5 * i / grid) < Value(0, 0.5 * best / grid)) best = i;
        double lo = 0.5 * Math.Max(best - 1, 0) / grid, hi = 0.5 * Math.Min(best + 1, grid) / grid;
        double ratio = (Math.Sqrt(5) - 1) / 2;
        for (int i = 0; i < 60; i++)
        {
            double a = hi - ratio * (hi - lo), b = lo + ratio * (hi - lo);
            if (Value(0, a) < Value(0, b)) hi = b;
            else lo = a;
        }
        double smallest = Math.Min(Value(0, (lo + hi) / 2), Math.Min(Value(0, lo), Value(0, hi)));
        double scale = Math.Abs(Constant) + Cosines.Sum(Math.Abs);
        return Math.Abs(smallest) <= 1e-14 * scale ? 0 : smallest;
    }

    internal override (int Query, int Key) TableRows => (2 * Cosines.Count, 2 * Cosines.Count + 2);

    internal override void FillTables(double label, double weight, Span<double> query, Span<double> key)
    {
        (key[2 * Cosines.Count], key[2 * Cosines.Count + 1]) = (weight * Constant, weight);
        for (int m = 0; m < Cosines.Count; m++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * (m + 1) * label);
            (query[2 * m], query[2 * m + 1]) = (cos, sin);
            (key[2 * m], key[2 * m + 1]) = (weight * Cosines[m] * cos, weight * Cosines[m] * sin);
        }
    }

    internal override TResult UsePair<TResult>(IPairCouplingUser<TResult> user) => user.With<ToeplitzPairs>();
}

/// <summary>
/// b = c + sum_m a_m cos 2 pi m (t - s) in lanes, by the addition theorem. Query: cos 2 pi m s, sin 2 pi m s for m = 1, 2, ...
/// Key: w a_m cos 2 pi m t, w a_m sin 2 pi m t for m = 1, 2, ..., then w c, w.
/// </summary>
internal readonly unsafe struct ToeplitzLanes<L, V, T> : ICouplingLanes<L, V, T>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(in LabelView<T> view, int query, int key, V y) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish(in LabelView<T> view, int query, int key, V factor, in Exp2<L, V, T> exp2) => L.Multiply(factor, Factor(view, query, key, exp2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2)
    {
        int last = view.KeyRows - 2;
        V b = L.Broadcast(view.Key + (nint)last * view.Stride + key);
        for (int row = 0; row < last; row++)
            b = L.MultiplyAdd(L.Broadcast(view.Key + (nint)row * view.Stride + key), L.Load(view.Query + (nint)row * view.QueryStride + query), b);
        return b;
    }

    // A lane at a time, by the logarithm of the library: entropies are wanted now and then only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V Log(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2)
    {
        T* lanes = stackalloc T[L.Count];
        L.Store(lanes, Factor(view, query, key, exp2));
        T* weight = view.Key + (nint)(view.KeyRows - 1) * view.Stride + key;
        for (int lane = 0; lane < L.Count; lane++)
        {
            if (typeof(T) == typeof(double)) ((double*)lanes)[lane] = LogOf(((double*)lanes)[lane] / *(double*)weight);
            else ((float*)lanes)[lane] = (float)LogOf(((float*)lanes)[lane] / *(float*)weight);
        }
        return L.Load(lanes);

        static double LogOf(double b) => b > 0 ? Math.Log(b) : 0;
    }
}

/// <summary>b = c + sum_m a_m cos 2 pi m (t - s) of a pair. The numbers are those of <see cref="ToeplitzLanes{L, V, T}"/>.</summary>
internal readonly struct ToeplitzPairs : IPairCoupling
{
    public static int NearRows => 3;

    public static T Bend<T, R, N>(T y, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => y;

    public static T Finish<T, R, N>(T factor, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T> => R.Multiply(factor, Factor<T, R, N>(numbers));

    public static T Factor<T, R, N>(N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T>
    {
        // Rows that are near are named one by one.
        int last = numbers.KeyRows - 2;
        if (last == 0) return numbers.Key(0);
        T b = R.MultiplyAdd(numbers.Key(0), numbers.Query(0), R.Multiply(numbers.Key(1), numbers.Query(1)));
        if (last == 2) return R.Add(b, numbers.Key(2));
        b = R.MultiplyAdd(numbers.Key(2), numbers.Query(2), b);
        for (int row = 3; row < last; row++) b = R.MultiplyAdd(numbers.Key(row), numbers.Query(row), b);
        return R.Add(b, numbers.Key(last));
    }
}
