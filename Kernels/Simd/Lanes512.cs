using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels;

// The x86 operations by name wherever they exist: on some machines .NET reports Vector512.IsHardwareAccelerated = false (to spare the
// clock rate) and would then run the portable names in software. Elsewhere the portable names, in the arithmetic of Lanes256.

/// <summary>16 floats.</summary>
internal readonly unsafe struct Lanes512Single : ILanes<Vector512<float>, float>
{
    public static int Count => Vector512<float>.Count;

    public static Vector512<float> Constant(double value) => Vector512.Create((float)value);

    public static Vector512<float> Broadcast(float* address) =>
        Avx512DQ.IsSupported ? Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address)) : Vector512.Create(*address);

    public static Vector512<float> Load(float* address) => Avx512DQ.IsSupported ? Avx512F.LoadVector512(address) : Vector512.Load(address);

    public static void Store(float* address, Vector512<float> a)
    {
        if (Avx512DQ.IsSupported) Avx512F.Store(address, a);
        else a.Store(address);
    }

    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => Avx512DQ.IsSupported ? Avx512F.Add(a, b) : a + b;

    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => Avx512DQ.IsSupported ? Avx512F.Subtract(a, b) : a - b;

    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => Avx512DQ.IsSupported ? Avx512F.Multiply(a, b) : a * b;

    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512DQ.IsSupported ? Avx512F.FusedMultiplyAdd(a, b, c) : Vector512.FusedMultiplyAdd(a, b, c);

    public static Vector512<float> NegativeMultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512DQ.IsSupported ? Avx512F.FusedMultiplyAddNegated(a, b, c) : Vector512.FusedMultiplyAdd(-a, b, c);

    public static void Horner(ref Vector512<float> p, Vector512<float> f, ref Vector512<float> q, Vector512<float> g, double coefficient)
    {
        if (Avx512DQ.IsSupported)
        {
            p = Avx512F.FusedMultiplyAdd(p, f, Vector512.Create((float)coefficient));
            q = Avx512F.FusedMultiplyAdd(q, g, Vector512.Create((float)coefficient));
            return;
        }
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create((float)coefficient));
        q = Vector512.FusedMultiplyAdd(q, g, Vector512.Create((float)coefficient));
    }

    public static Vector512<float> Abs(Vector512<float> a) =>
        Avx512DQ.IsSupported ? Avx512F.And(a.AsInt32(), Vector512.Create(int.MaxValue)).AsSingle() : Vector512.Abs(a);

    // 0x08: the remainder after rounding to a whole number, ties to even; exact, like the subtraction after it.
    public static void Split(Vector512<float> y, out Vector512<float> power, out Vector512<float> f)
    {
        if (Avx512DQ.IsSupported)
        {
            f = Avx512DQ.Reduce(y, 0x08);
            power = Avx512F.Subtract(y, f);
            return;
        }
        power = y + Vector512.Create(12582912f);
        f = y - (power - Vector512.Create(12582912f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector512<float> y, out Vector512<float> sixteenths, out Vector512<float> f)
    {
        if (Avx512DQ.IsSupported)
        {
            sixteenths = Avx512F.Add(y, Vector512.Create(786432f));
            f = Avx512DQ.Reduce(y, 0x48);
            return;
        }
        sixteenths = y + Vector512.Create(786432f);
        f = y - (sixteenths - Vector512.Create(786432f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Power(Vector512<float> sixteenths)
    {
        Vector512<int> m = sixteenths.AsInt32();
        return Avx512DQ.IsSupported
            ? Avx512F.Add(Avx512F.PermuteVar16x32(Vector512.Load(Exp2Table.Single), m), Avx512F.ShiftLeftLogical(m, 19)).AsSingle()
            : Vector512.Create(Lanes256Single.Power(sixteenths.GetLower()), Lanes256Single.Power(sixteenths.GetUpper()));
    }

    public static Vector512<float> Scale(Vector512<float> p, Vector512<float> power) =>
        Avx512DQ.IsSupported ? Avx512F.Scale(p, power) : (p.AsInt32() + (power.AsInt32() << 23)).AsSingle();

    public static Vector512<float> ZeroBelow(Vector512<float> y, Vector512<float> bound, Vector512<float> value) => Avx512DQ.IsSupported
        ? Avx512F.BlendVariable(value, Vector512<float>.Zero, Avx512F.CompareLessThan(y, bound))
        : Vector512.AndNot(value, Vector512.LessThan(y, bound));

    public static Vector512<float> SelectEqual(Vector512<float> a, Vector512<float> b, Vector512<float> yes, Vector512<float> no) => Avx512DQ.IsSupported
        ? Avx512F.BlendVariable(no, yes, Avx512F.CompareEqual(a, b))
        : Vector512.ConditionalSelect(Vector512.Equals(a, b), yes, no);
}

/// <summary>8 doubles.</summary>
internal readonly unsafe struct Lanes512Double : ILanes<Vector512<double>, double>
{
    public static int Count => Vector512<double>.Count;

    public static Vector512<double> Constant(double value) => Vector512.Create(value);

    public static Vector512<double> Broadcast(double* address) =>
        Avx512DQ.IsSupported ? Avx512F.BroadcastScalarToVector512(Vector128.CreateScalarUnsafe(*address)) : Vector512.Create(*address);

    public static Vector512<double> Load(double* address) => Avx512DQ.IsSupported ? Avx512F.LoadVector512(address) : Vector512.Load(address);

    public static void Store(double* address, Vector512<double> a)
    {
        if (Avx512DQ.IsSupported) Avx512F.Store(address, a);
        else a.Store(address);
    }

    public static Vector512<double> Add(Vector512<double> a, Vector512<double> b) => Avx512DQ.IsSupported ? Avx512F.Add(a, b) : a + b;

    public static Vector512<double> Subtract(Vector512<double> a, Vector512<double> b) => Avx512DQ.IsSupported ? Avx512F.Subtract(a, b) : a - b;

    public static Vector512<double> Multiply(Vector512<double> a, Vector512<double> b) => Avx512DQ.IsSupported ? Avx512F.Multiply(a, b) : a * b;

    public static Vector512<double> MultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Avx512DQ.IsSupported ? Avx512F.FusedMultiplyAdd(a, b, c) : Vector512.FusedMultiplyAdd(a, b, c);

    public static Vector512<double> NegativeMultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Avx512DQ.IsSupported ? Avx512F.FusedMultiplyAddNegated(a, b, c) : Vector512.FusedMultiplyAdd(-a, b, c);

    public static void Horner(ref Vector512<double> p, Vector512<double> f, ref Vector512<double> q, Vector512<double> g, double coefficient)
    {
        if (Avx512DQ.IsSupported)
        {
            p = Avx512F.FusedMultiplyAdd(p, f, Vector512.Create(coefficient));
            q = Avx512F.FusedMultiplyAdd(q, g, Vector512.Create(coefficient));
            return;
        }
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(coefficient));
        q = Vector512.FusedMultiplyAdd(q, g, Vector512.Create(coefficient));
    }

    public static Vector512<double> Abs(Vector512<double> a) =>
        Avx512DQ.IsSupported ? Avx512F.And(a.AsInt64(), Vector512.Create(long.MaxValue)).AsDouble() : Vector512.Abs(a);

    // 0x08: the remainder after rounding to a whole number, ties to even; exact, like the subtraction after it.
    public static void Split(Vector512<double> y, out Vector512<double> power, out Vector512<double> f)
    {
        if (Avx512DQ.IsSupported)
        {
            f = Avx512DQ.Reduce(y, 0x08);
            power = Avx512F.Subtract(y, f);
            return;
        }
        power = y + Vector512.Create(6755399441055744d);
        f = y - (power - Vector512.Create(6755399441055744d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector512<double> y, out Vector512<double> sixteenths, out Vector512<double> f)
    {
        if (Avx512DQ.IsSupported)
        {
            sixteenths = Avx512F.Add(y, Vector512.Create(422212465065984d));
            f = Avx512DQ.Reduce(y, 0x48);
            return;
        }
        sixteenths = y + Vector512.Create(422212465065984d);
        f = y - (sixteenths - Vector512.Create(422212465065984d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Power(Vector512<double> sixteenths)
    {
        Vector512<long> m = sixteenths.AsInt64(), low = Vector512.Load(Exp2Table.Double), high = Vector512.Load(Exp2Table.Double + 8);
        return Avx512DQ.IsSupported
            ? Avx512F.Add(Avx512F.PermuteVar8x64x2(low, m, high), Avx512F.ShiftLeftLogical(m, 48)).AsDouble()
            : Vector512.Create(Lanes256Double.Power(sixteenths.GetLower()), Lanes256Double.Power(sixteenths.GetUpper()));
    }

    public static Vector512<double> Scale(Vector512<double> p, Vector512<double> power) =>
        Avx512DQ.IsSupported ? Avx512F.Scale(p, power) : (p.AsInt64() + (power.AsInt64() << 52)).AsDouble();

    public static Vector512<double> ZeroBelow(Vector512<double> y, Vector512<double> bound, Vector512<double> value) => Avx512DQ.IsSupported
        ? Avx512F.BlendVariable(value, Vector512<double>.Zero, Avx512F.CompareLessThan(y, bound))
        : Vector512.AndNot(value, Vector512.LessThan(y, bound));

    public static Vector512<double> SelectEqual(Vector512<double> a, Vector512<double> b, Vector512<double> yes, Vector512<double> no) => Avx512DQ.IsSupported
        ? Avx512F.BlendVariable(no, yes, Avx512F.CompareEqual(a, b))
        : Vector512.ConditionalSelect(Vector512.Equals(a, b), yes, no);
}
