namespace AttentionFlow.Kernels.Model;

/// <summary>b = 1 for equal labels, <paramref name="Across"/> for different ones.</summary>
/// <param name="Across">eps, any sign.</param>
[Kind("block", 3), Description("b = 1 for equal labels, 'across' for different ones.")]
public sealed record BlockCoupling(
    [Quantity("the coupling across blocks", AtLeast = -1e9, AtMost = 1e9)]
    [Description("b for different labels, any sign.")] double Across = 0.1) : Coupling
{
    /// <inheritdoc/>
    public override double Value(double s, double t) => s == t ? 1 : Across;

    /// <inheritdoc/>
    public override double Smallest => Math.Min(1, Across);

    /// <inheritdoc/>
    public override double Largest => Math.Max(1, Math.Abs(Across));

    /// <inheritdoc/>
    public override bool IsConstantOnLabels => true;

    /// <inheritdoc/>
    public override bool LeadsToPoint => Across > 0;

    internal override (int Query, int Key) TableRows => (1, 4);

    internal override void FillTables(double label, double weight, Span<double> query, Span<double> key)
    {
        query[0] = key[0] = label;
        key[1] = weight;
        key[2] = weight * Across;
        key[3] = Across > 0 ? Math.Log(Across) : 0;
    }

    internal override TResult Use<V, A, N, TResult>(ICouplingUser<V, N, TResult> user) => user.With<BlockMath<V, A, N>>();

    // Whole numbers in place of the distinct labels: they stay distinct in single precision (up to 2^24 of them).
    internal override double[] TableLabels(double[] labels)
    {
        Dictionary<double, double> numbers = new Dictionary<double, double>();
        double[] numbered = new double[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            numbers.TryAdd(labels[i], numbers.Count);
            numbered[i] = numbers[labels[i]];
        }
        return numbered;
    }
}

/// <summary>b = s = t ? 1 : eps. Query: the number of the label. Key: the number of the label, w, w eps, log eps.</summary>
internal readonly struct BlockMath<V, A, N> : ICouplingMath<V, N>
    where V : struct where A : struct, IArithmetic<V> where N : struct, IPairNumbers<V>
{
    public static int NearRows => 3;

    public static bool Bends => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(V y, ref N numbers) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(ref N numbers) => A.SelectEqual(numbers.Key(0), numbers.Query(0), numbers.Key(1), numbers.Key(2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(ref N numbers) => A.SelectEqual(numbers.Key(0), numbers.Query(0), A.Constant(0), numbers.Key(3));
}
