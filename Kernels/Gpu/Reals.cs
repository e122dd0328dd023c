using ILGPU;
using ILGPU.Algorithms;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>The arithmetic of one pair at a time, for devices whose compilers know neither <c>INumber</c> nor vectors.</summary>
internal interface IReal<T> : IArithmetic<T> where T : unmanaged
{
    static abstract T Negate(T a);

    /// <summary>The smallest whole number that is not below a.</summary>
    static abstract T Ceiling(T a);

    static abstract bool IsPositive(T a);

    /// <summary>2^y - 1 without cancellation at 0, for y at most 1/2.</summary>
    static abstract T Exp2MinusOne(T y);

    /// <summary>Adds x to the sum high + low: in single precision without an error in the sum, in double to high alone.</summary>
    static abstract void Accumulate(ref T high, ref T low, T x);
}

/// <summary>Single precision: 2^y is the device's own, with a relative error near 2^-22 on NVIDIA.</summary>
internal readonly struct SingleReal : IReal<float>
{
    public static float Constant(double value) => (float)value;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float MultiplyAdd(float a, float b, float c) => a * b + c;

    public static float NegativeMultiplyAdd(float a, float b, float c) => c - a * b;

    public static float Divide(float a, float b) => a / b;

    public static float Negate(float a) => -a;

    public static float Abs(float a) => XMath.Abs(a);

    public static float Max(float a, float b) => XMath.Max(a, b);

    public static float Ceiling(float a) => XMath.Ceiling(a);

    public static float SelectEqual(float a, float b, float yes, float no) => a == b ? yes : no;

    public static bool IsPositive(float a) => a > 0;

    public static float Exp2(float y) => XMath.Exp2(y);

    public static float Exp2MinusOne(float y)
    {
        if (y < -0.5f) return Exp2(y) - 1;
        float q = (float)Exp2Polynomial.Single5;
        q = q * y + (float)Exp2Polynomial.Single4;
        q = q * y + (float)Exp2Polynomial.Single3;
        q = q * y + (float)Exp2Polynomial.Single2;
        q = q * y + (float)Exp2Polynomial.Single1;
        q = q * y + (float)Exp2Polynomial.Single0;
        return q * y;
    }

    public static float Log(float a) => a > 0 ? XMath.Log2(a) * 0.69314718f : 0;

    // Knuth's sum of two numbers and its error.
    public static void Accumulate(ref float high, ref float low, float x)
    {
        float sum = high + x, part = sum - high;
        low += (high - (sum - part)) + (x - part);
        high = sum;
    }
}

/// <summary>Double precision: 2^y in fused multiply-adds, because a device's own is slow, or good to single precision only.</summary>
/// <remarks>Largest relative error of <see cref="Exp2"/> and <see cref="Exp2MinusOne"/>, measured: 4e-16 and 9e-16.</remarks>
internal readonly struct DoubleReal : IReal<double>
{
    // Below this 2^y is no normal number, and nothing beside the 2^0 of any row's largest pair.
    private const double Lowest = -1000;
    // Adding it leaves a number below 2^51, rounded to a whole one, in the low bits.
    private const double Rounder = 6755399441055744;

    public static double Constant(double value) => value;

    public static double Add(double a, double b) => a + b;

    public static double Subtract(double a, double b) => a - b;

    public static double Multiply(double a, double b) => a * b;

    public static double MultiplyAdd(double a, double b, double c) => a * b + c;

    public static double NegativeMultiplyAdd(double a, double b, double c) => c - a * b;

    public static double Divide(double a, double b) => a / b;

    public static double Negate(double a) => -a;

    public static double Abs(double a) => XMath.Abs(a);

    public static double Max(double a, double b) => XMath.Max(a, b);

    public static double Ceiling(double a) => XMath.Ceiling(a);

    public static double SelectEqual(double a, double b, double yes, double no) => a == b ? yes : no;

    public static bool IsPositive(double a) => a > 0;

    public static double Exp2(double y)
    {
        y = XMath.Max(y, Lowest);
        double shifted = y + Rounder, f = y - (shifted - Rounder);
        return Scale(FractionMinusOne(f) + 1, shifted);
    }

    // 2^k (2^f - 1) + (2^k - 1).
    public static double Exp2MinusOne(double y)
    {
        y = XMath.Max(y, Lowest);
        double shifted = y + Rounder, f = y - (shifted - Rounder), whole = Scale(1, shifted);
        return whole * FractionMinusOne(f) + (whole - 1);
    }

    // a = 2^k m with m in [2/3, 4/3) and log m = 2 artanh s, s = (m - 1)/(m + 1), |s| <= 1/5.
    public static double Log(double a)
    {
        if (!(a > 0)) return 0;
        ulong bits = Interop.FloatAsInt(a) + (0x3FF0000000000000 - 0x3FE5555555555555);
        double m = Interop.IntAsFloat((bits & 0x000FFFFFFFFFFFFF) + 0x3FE5555555555555), s = (m - 1) / (m + 1), t = s * s;
        double q = 1.0 / 21;
        q = q * t + 1.0 / 19;
        q = q * t + 1.0 / 17;
        q = q * t + 1.0 / 15;
        q = q * t + 1.0 / 13;
        q = q * t + 1.0 / 11;
        q = q * t + 1.0 / 9;
        q = q * t + 1.0 / 7;
        q = q * t + 1.0 / 5;
        q = q * t + 1.0 / 3;
        q = q * t + 1;
        return ((int)(bits >> 52) - 1023) * 0.69314718055994531 + 2 * s * q;
    }

    public static void Accumulate(ref double high, ref double low, double x) => high += x;

    // 2^f - 1 = f Q(f) on [-1/2, 1/2].
    private static double FractionMinusOne(double f)
    {
        double q = Exp2Polynomial.Double10;
        q = q * f + Exp2Polynomial.Double9;
        q = q * f + Exp2Polynomial.Double8;
        q = q * f + Exp2Polynomial.Double7;
        q = q * f + Exp2Polynomial.Double6;
        q = q * f + Exp2Polynomial.Double5;
        q = q * f + Exp2Polynomial.Double4;
        q = q * f + Exp2Polynomial.Double3;
        q = q * f + Exp2Polynomial.Double2;
        q = q * f + Exp2Polynomial.Double1;
        q = q * f + Exp2Polynomial.Double0;
        return q * f;
    }

    // x 2^k, k in the low bits of shifted: an addition to the exponent of x.
    private static double Scale(double x, double shifted) =>
        Interop.IntAsFloat(Interop.FloatAsInt(x) + (Interop.FloatAsInt(shifted) << 52));
}
