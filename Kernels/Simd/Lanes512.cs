using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels;

// The x86 operations by name wherever they exist: on some machines .NET reports Vector512.IsHardwareAccelerated = false (to spare the
// clock rate) and would then run the portable names in software. Elsewhere the portable names, in the arithmetic of Lanes256.

/// <summary>16 floats.</summary>
internal readonly unsafe struct Lanes512Single : ILanes<Vector512<float>, float>
{
    private static bool Wide => Avx512F.IsSupported && Avx512DQ.IsSupported;

    private static Vector512<float> Rounder => Vector512.Create(12582912f);

    public static int Count => Vector512<float>.Count;

    public static Vector512<float> Constant(double value) => Vector512.Create((float)value);

    public static Vector512<float> Broadcast(float* address) =>
        Wide ? Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address)) : Vector512.Create(*address);

    public static Vector512<float> Load(float* address) => Wide ? Avx512F.LoadVector512(address) : Vector512.Load(address);

    public static void Store(float* address, Vector512<float> a)
    {
        if (Wide) Avx512F.Store(address, a);
        else a.Store(address);
    }

    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => Wide ? Avx512F.Add(a, b) : a + b;

    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => Wide ? Avx512F.Subtract(a, b) : a - b;

    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => Wide ? Avx512F.Multiply(a, b) : a * b;

    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Wide ? Avx512F.FusedMultiplyAdd(a, b, c) : Vector512.FusedMultiplyAdd(a, b, c);

    public static Vector512<float> NegativeMultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Wide ? Avx512F.FusedMultiplyAddNegated(a, b, c) : Vector512.FusedMultiplyAdd(-a, b, c);

    public static Vector512<float> Abs(Vector512<float> a) =>
        Wide ? Avx512F.And(a.AsInt32(), Vector512.Create(int.MaxValue)).AsSingle() : Vector512.Abs(a);

    // 0x08: the remainder after rounding to a whole number, ties to even; exact, like the subtraction after it.
    public static void Split(Vector512<float> y, out Vector512<float> power, out Vector512<float> f)
    {
        if (Wide)
        {
            f = Avx512DQ.Reduce(y, 0x08);
            power = Avx512F.Subtract(y, f);
            return;
        }
        power = y + Rounder;
        f = y - (power - Rounder);
    }

    public static Vector512<float> Scale(Vector512<float> p, Vector512<float> power) =>
        Wide ? Avx512F.Scale(p, power) : (p.AsInt32() + (power.AsInt32() << 23)).AsSingle();

    public static Vector512<float> ZeroBelow(Vector512<float> y, Vector512<float> bound, Vector512<float> value) => Wide
        ? Avx512F.BlendVariable(value, Vector512<float>.Zero, Avx512F.CompareLessThan(y, bound))
        : Vector512.AndNot(value, Vector512.LessThan(y, bound));

    public static Vector512<float> SelectEqual(Vector512<float> a, Vector512<float> b, Vector512<float> yes, Vector512<float> no) => Wide
        ? Avx512F.BlendVariable(no, yes, Avx512F.CompareEqual(a, b))
        : Vector512.ConditionalSelect(Vector512.Equals(a, b), yes, no);
}

/// <summary>8 doubles.</summary>
internal readonly unsafe struct Lanes512Double : ILanes<Vector512<double>, double>
{
    private static bool Wide => Avx512F.IsSupported && Avx512DQ.IsSupported;

    private static Vector512<double> Rounder => Vector512.Create(6755399441055744d);

    public static int Count => Vector512<double>.Count;

    public static Vector512<double> Constant(double value) => Vector512.Create(value);

    public static Vector512<double> Broadcast(double* address) =>
        Wide ? Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address)) : Vector512.Create(*address);

    public static Vector512<double> Load(double* address) => Wide ? Avx512F.LoadVector512(address) : Vector512.Load(address);

    public static void Store(double* address, Vector512<double> a)
    {
        if (Wide) Avx512F.Store(address, a);
        else a.Store(address);
    }

    public static Vector512<double> Add(Vector512<double> a, Vector512<double> b) => Wide ? Avx512F.Add(a, b) : a + b;

    public static Vector512<double> Subtract(Vector512<double> a, Vector512<double> b) => Wide ? Avx512F.Subtract(a, b) : a - b;

    public static Vector512<double> Multiply(Vector512<double> a, Vector512<double> b) => Wide ? Avx512F.Multiply(a, b) : a * b;

    public static Vector512<double> MultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Wide ? Avx512F.FusedMultiplyAdd(a, b, c) : Vector512.FusedMultiplyAdd(a, b, c);

    public static Vector512<double> NegativeMultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Wide ? Avx512F.FusedMultiplyAddNegated(a, b, c) : Vector512.FusedMultiplyAdd(-a, b, c);

    public static Vector512<double> Abs(Vector512<double> a) =>
        Wide ? Avx512F.And(a.AsInt64(), Vector512.Create(long.MaxValue)).AsDouble() : Vector512.Abs(a);

    // 0x08: the remainder after rounding to a whole number, ties to even; exact, like the subtraction after it.
    public static void Split(Vector512<double> y, out Vector512<double> power, out Vector512<double> f)
    {
        if (Wide)
        {
            f = Avx512DQ.Reduce(y, 0x08);
            power = Avx512F.Subtract(y, f);
            return;
        }
        power = y + Rounder;
        f = y - (power - Rounder);
    }

    public static Vector512<double> Scale(Vector512<double> p, Vector512<double> power) =>
        Wide ? Avx512F.Scale(p, power) : (p.AsInt64() + (power.AsInt64() << 52)).AsDouble();

    public static Vector512<double> ZeroBelow(Vector512<double> y, Vector512<double> bound, Vector512<double> value) => Wide
        ? Avx512F.BlendVariable(value, Vector512<double>.Zero, Avx512F.CompareLessThan(y, bound))
        : Vector512.AndNot(value, Vector512.LessThan(y, bound));

    public static Vector512<double> SelectEqual(Vector512<double> a, Vector512<double> b, Vector512<double> yes, Vector512<double> no) => Wide
        ? Avx512F.BlendVariable(no, yes, Avx512F.CompareEqual(a, b))
        : Vector512.ConditionalSelect(Vector512.Equals(a, b), yes, no);
}
