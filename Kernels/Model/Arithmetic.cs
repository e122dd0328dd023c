namespace AttentionFlow.Kernels.Model;

/// <summary>
/// The arithmetic in which couplings are written: on a CPU a <typeparamref name="V"/> is a vector, one number a lane, on a GPU one number.
/// A product and the sum after it may be rounded once or twice.
/// </summary>
internal interface IArithmetic<V> where V : struct
{
    /// <summary>The number, in every lane.</summary>
    static abstract V Constant(double value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a b + c.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>c - a b.</summary>
    static abstract V NegativeMultiplyAdd(V a, V b, V c);

    static abstract V Abs(V a);

    /// <summary>The larger; b where they are equal or one is not a number.</summary>
    static abstract V Max(V a, V b);

    /// <summary>a = b ? yes : no.</summary>
    static abstract V SelectEqual(V a, V b, V yes, V no);

    /// <summary>2^y for y below the largest exponent; 0, or a number too small to matter, far below.</summary>
    static abstract V Exp2(V y);

    /// <summary>log a where a > 0, else 0. Slow on a CPU: for columns that are wanted now and then only.</summary>
    static abstract V Log(V a);
}

/// <summary>A choice made at compile time of a kernel.</summary>
internal interface IChoice
{
    static abstract bool IsOn { get; }
}

internal readonly struct On : IChoice
{
    public static bool IsOn => true;
}

internal readonly struct Off : IChoice
{
    public static bool IsOn => false;
}

/// <summary>
/// Coefficients of Q in 2^f - 1 = f Q(f) on [-1/2, 1/2], of least relative error: degree 5 for single, 10 for double precision.
/// </summary>
internal static class Exp2Polynomial
{
    public const double
        Single0 = 0.6931472149680279, Single1 = 0.24022652782887738, Single2 = 5.550310551013797e-2,
        Single3 = 9.617692972993062e-3, Single4 = 1.3406643902351759e-3, Single5 = 1.5594678161326619e-4;

    public const double
        Double0 = 0.6931471805599457, Double1 = 0.24022650695910097, Double2 = 5.550410866479039e-2,
        Double3 = 9.618129107607003e-3, Double4 = 1.3333558153439966e-3, Double5 = 1.540353044157213e-4,
        Double6 = 1.5252727385193868e-5, Double7 = 1.3215442675329823e-6, Double8 = 1.0180647659234139e-7,
        Double9 = 7.072570412814423e-9, Double10 = 4.078071929588337e-10;
}
