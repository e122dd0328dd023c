namespace AttentionFlow.Kernels.Model;

/// <summary>b = 1: labels act through the gauge alone.</summary>
[Kind("one", 0), Description("b = 1.")]
public sealed record OneCoupling : Coupling
{
    /// <inheritdoc/>
    public override double Value(double s, double t) => 1;

    /// <inheritdoc/>
    public override double Smallest => 1;

    /// <inheritdoc/>
    public override bool IsOne => true;

    /// <inheritdoc/>
    public override IReadOnlyList<double>? Modes => [1];

    internal override (int Query, int Key) TableRows => (0, 1);

    internal override void FillTables(double label, double weight, Span<double> query, Span<double> key) => key[0] = weight;

    internal override TResult Use<V, A, N, TResult>(ICouplingUser<V, N, TResult> user) => user.With<OneMath<V, A, N>>();
}

/// <summary>b = 1. Key: w.</summary>
internal readonly struct OneMath<V, A, N> : ICouplingMath<V, N>
    where V : struct where A : struct, IArithmetic<V> where N : struct, IPairNumbers<V>
{
    public static int NearRows => 1;

    public static bool Bends => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(V y, ref N numbers) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(ref N numbers) => numbers.Key(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(ref N numbers) => A.Constant(0);
}
