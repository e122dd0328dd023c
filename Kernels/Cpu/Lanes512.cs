using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels.Cpu;

// The x86 operations by name: on some machines .NET reports Vector512.IsHardwareAccelerated = false (to spare the clock rate) and would
// run the portable names in software. For processors with AVX-512 (F and DQ) only.

/// <summary>16 floats.</summary>
internal readonly unsafe struct Lanes512Single : ILanes<Vector512<float>, float>
{
    public static int Count => Vector512<float>.Count;

    public static Vector512<float> Constant(double value) => Vector512.Create((float)value);

    public static Vector512<float> Broadcast(float* address) =>
        Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address));

    public static Vector512<float> Load(float* address) => Avx512F.LoadVector512(address);

    public static void Store(float* address, Vector512<float> a) => Avx512F.Store(address, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* address, Vector512<float> a)
    {
        Lanes512Double.AddTo(address, Avx512F.ConvertToVector512Double(a.GetLower()));
        Lanes512Double.AddTo(address + 8, Avx512F.ConvertToVector512Double(a.GetUpper()));
    }

    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => Avx512F.Add(a, b);

    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => Avx512F.Subtract(a, b);

    public static Vector512<float> Subtract(Vector512<float> a, float* address) =>
        Avx512F.Subtract(a, Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address)));

    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => Avx512F.Multiply(a, b);

    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => Avx512F.Divide(a, b);

    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512F.FusedMultiplyAdd(a, b, c);

    public static Vector512<float> NegativeMultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512F.FusedMultiplyAddNegated(a, b, c);

    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Avx512F.Max(a, b);

    public static Vector512<float> Abs(Vector512<float> a) => Avx512F.And(a.AsInt32(), Vector512.Create(int.MaxValue)).AsSingle();

    // 0x08: the remainder after rounding to a whole number, ties to even; exact, like the subtraction after it.
    public static void Split(Vector512<float> y, out Vector512<float> power, out Vector512<float> f)
    {
        f = Avx512DQ.Reduce(y, 0x08);
        power = Avx512F.Subtract(y, f);
    }

    // 0x48: the same for sixteenths.
    public static void SplitSixteenths(Vector512<float> y, out Vector512<float> sixteenths, out Vector512<float> f)
    {
        sixteenths = Avx512F.Add(y, Vector512.Create(786432f));
        f = Avx512DQ.Reduce(y, 0x48);
    }

    public static Vector512<float> Power(Vector512<float> sixteenths) =>
        Avx512F.Add(Avx512F.PermuteVar16x32(Avx512F.LoadVector512(Exp2Table.Single), sixteenths.AsInt32()),
            Avx512F.ShiftLeftLogical(sixteenths.AsInt32(), 19)).AsSingle();

    public static Vector512<float> Scale(Vector512<float> p, Vector512<float> power) => Avx512F.Scale(p, power);

    public static Vector512<float> ZeroBelow(Vector512<float> y, Vector512<float> bound, Vector512<float> value) =>
        Avx512F.BlendVariable(value, Vector512<float>.Zero, Avx512F.CompareLessThan(y, bound));

    public static Vector512<float> SelectEqual(Vector512<float> a, Vector512<float> b, Vector512<float> yes, Vector512<float> no) =>
        Avx512F.BlendVariable(no, yes, Avx512F.CompareEqual(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp2(Vector512<float> y) => new Exp2<Lanes512Single, Vector512<float>, float>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector512<float> Log(Vector512<float> a)
    {
        Logarithm.InPlace(new Span<float>(&a, Count));
        return a;
    }
}

/// <summary>8 doubles.</summary>
internal readonly unsafe struct Lanes512Double : ILanes<Vector512<double>, double>
{
    public static int Count => Vector512<double>.Count;

    public static Vector512<double> Constant(double value) => Vector512.Create(value);

    public static Vector512<double> Broadcast(double* address) =>
        Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address));

    public static Vector512<double> Load(double* address) => Avx512F.LoadVector512(address);

    public static void Store(double* address, Vector512<double> a) => Avx512F.Store(address, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* address, Vector512<double> a) =>
        Avx512F.Store(address, Avx512F.Add(Avx512F.LoadVector512(address), a));

    public static Vector512<double> Add(Vector512<double> a, Vector512<double> b) => Avx512F.Add(a, b);

    public static Vector512<double> Subtract(Vector512<double> a, Vector512<double> b) => Avx512F.Subtract(a, b);

    public static Vector512<double> Subtract(Vector512<double> a, double* address) =>
        Avx512F.Subtract(a, Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address)));

    public static Vector512<double> Multiply(Vector512<double> a, Vector512<double> b) => Avx512F.Multiply(a, b);

    public static Vector512<double> Divide(Vector512<double> a, Vector512<double> b) => Avx512F.Divide(a, b);

    public static Vector512<double> MultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Avx512F.FusedMultiplyAdd(a, b, c);

    public static Vector512<double> NegativeMultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Avx512F.FusedMultiplyAddNegated(a, b, c);

    public static Vector512<double> Max(Vector512<double> a, Vector512<double> b) => Avx512F.Max(a, b);

    public static Vector512<double> Abs(Vector512<double> a) => Avx512F.And(a.AsInt64(), Vector512.Create(long.MaxValue)).AsDouble();

    // 0x08: the remainder after rounding to a whole number, ties to even; exact, like the subtraction after it.
    public static void Split(Vector512<double> y, out Vector512<double> power, out Vector512<double> f)
    {
        f = Avx512DQ.Reduce(y, 0x08);
        power = Avx512F.Subtract(y, f);
    }

    // 0x48: the same for sixteenths.
    public static void SplitSixteenths(Vector512<double> y, out Vector512<double> sixteenths, out Vector512<double> f)
    {
        sixteenths = Avx512F.Add(y, Vector512.Create(422212465065984d));
        f = Avx512DQ.Reduce(y, 0x48);
    }

    public static Vector512<double> Power(Vector512<double> sixteenths) =>
        Avx512F.Add(
            Avx512F.PermuteVar8x64x2(Avx512F.LoadVector512(Exp2Table.Double), sixteenths.AsInt64(),
                Avx512F.LoadVector512(Exp2Table.Double + 8)),
            Avx512F.ShiftLeftLogical(sixteenths.AsInt64(), 48)).AsDouble();

    public static Vector512<double> Scale(Vector512<double> p, Vector512<double> power) => Avx512F.Scale(p, power);

    public static Vector512<double> ZeroBelow(Vector512<double> y, Vector512<double> bound, Vector512<double> value) =>
        Avx512F.BlendVariable(value, Vector512<double>.Zero, Avx512F.CompareLessThan(y, bound));

    public static Vector512<double> SelectEqual(Vector512<double> a, Vector512<double> b, Vector512<double> yes, Vector512<double> no) =>
        Avx512F.BlendVariable(no, yes, Avx512F.CompareEqual(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp2(Vector512<double> y) => new Exp2<Lanes512Double, Vector512<double>, double>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector512<double> Log(Vector512<double> a)
    {
        Logarithm.InPlace(new Span<double>(&a, Count));
        return a;
    }
}
