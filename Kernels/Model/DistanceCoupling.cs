namespace AttentionFlow.Kernels.Model;

/// <summary>
/// b = e^{-|s - t|/length}: the distance bias of ALiBi (Press et al. 2022). On grid labels s_i = (i - 1/2)/n under a causal or strict mask
/// the recency bias e^{-lambda (i - j)/n}, length 1/lambda.
/// </summary>
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

    internal override TResult Use<V, A, N, TResult>(ICouplingUser<V, N, TResult> user) => user.With<DistanceMath<V, A, N>>();

    internal override double ExponentBound(double[] labels) => (labels.Max() - labels.Min()) / (Length * Math.Log(2));
}

/// <summary>b = e^{-|s - t|/l}, as 2^{-|s' - t'|} with s' = s log2(e)/l. Query: s'. Key: t', w.</summary>
internal readonly struct DistanceMath<V, A, N> : ICouplingMath<V, N>
    where V : struct where A : struct, IArithmetic<V> where N : struct, IPairNumbers<V>
{
    public static int NearRows => 2;

    public static bool Bends => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(V y, ref N numbers) => A.Subtract(y, A.Abs(A.Subtract(numbers.Query(0), numbers.Key(0))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(ref N numbers) => numbers.Key(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(ref N numbers) => A.Multiply(Bend(A.Constant(0), ref numbers), A.Constant(0.69314718055994530942));
}
