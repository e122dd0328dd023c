namespace AttentionFlow.Kernels.Model;

/// <summary>b = constant + sum_m cosines[m-1] cos(2 pi m (t - s)): periodic in the label with period 1, may change sign.</summary>
/// <param name="Constant">The mean value c.</param>
/// <param name="Cosines">a_m, m = 1, 2, ...</param>
[Kind("toeplitz", 2), Description("b = constant + sum_m cosines[m-1] cos(2 pi m (t - s)).")]
public sealed record ToeplitzCoupling(
    [Quantity("the constant", AtLeast = -1e9, AtMost = 1e9), Description("The mean value of b.")] double Constant,
    [Quantity("an amplitude", AtLeast = -1e9, AtMost = 1e9)]
    [Description("The amplitudes of the cosines, m = 1, 2, ...")] params Sequence<double> Cosines) : Coupling
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

    /// <inheritdoc/>
    public override IReadOnlyList<double>? Modes => [Constant, .. Cosines];

    // w a cos s by cos t is not w a cos t by cos s.
    internal override bool IsSymmetricToTheBit => false;

    internal override (int Query, int Key) TableRows => (2 * Cosines.Count, 2 * Cosines.Count + 2);

    internal override void FillTables(double label, double weight, Span<double> query, Span<double> key)
    {
        (key[0], key[^1]) = (weight * Constant, weight);
        for (int m = 0; m < Cosines.Count; m++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * (m + 1) * label);
            (query[2 * m], query[2 * m + 1]) = (cos, sin);
            (key[2 * m + 1], key[2 * m + 2]) = (weight * Cosines[m] * cos, weight * Cosines[m] * sin);
        }
    }

    internal override TResult Use<V, A, N, TResult>(ICouplingUser<V, N, TResult> user) => user.With<ToeplitzMath<V, A, N>>();
}

/// <summary>
/// b = c + sum_m a_m cos 2 pi m (t - s), by the addition theorem. Query: cos 2 pi m s, sin 2 pi m s for m = 1, 2, ... Key: w c, then w a_m
/// cos 2 pi m t, w a_m sin 2 pi m t for m = 1, 2, ..., then w.
/// </summary>
internal readonly struct ToeplitzMath<V, A, N> : ICouplingMath<V, N>
    where V : struct where A : struct, IArithmetic<V> where N : struct, IPairNumbers<V>
{
    public static int NearRows => 3;

    public static bool Bends => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(V y, ref N numbers) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(ref N numbers) => numbers.Dot(numbers.Key(0), numbers.KeyRows - 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(ref N numbers) => A.Log(A.Divide(Factor(ref numbers), numbers.Key(numbers.KeyRows - 1)));
}
