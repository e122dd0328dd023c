namespace AttentionFlow.Kernels.Model;

/// <summary>The arithmetic of one pair at a time, for devices whose compilers know neither <c>INumber</c> nor vectors. a b + c may be fused.</summary>
internal interface IReal<T> where T : unmanaged
{
    static abstract T Of(double value);

    static abstract T Add(T a, T b);

    static abstract T Subtract(T a, T b);

    static abstract T Multiply(T a, T b);

    /// <summary>a b + c.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    static abstract T Negate(T a);

    static abstract T Abs(T a);

    static abstract T Max(T a, T b);

    /// <summary>The smallest whole number that is not below a.</summary>
    static abstract T Ceiling(T a);

    static abstract bool AreEqual(T a, T b);

    static abstract bool IsPositive(T a);

    /// <summary>2^y for y below the largest exponent; 0, or a number too small to matter, far below.</summary>
    static abstract T Exp2(T y);

    /// <summary>2^y - 1 without cancellation at 0, for y at most 1/2.</summary>
    static abstract T Exp2MinusOne(T y);

    /// <summary>log2 a for a > 0.</summary>
    static abstract T Log2(T a);

    /// <summary>Adds x to the sum high + low: in single precision without an error in the sum, in double to high alone.</summary>
    static abstract void Accumulate(ref T high, ref T low, T x);
}
