using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>8 floats.</summary>
internal readonly unsafe struct Lanes256Single : ILanes<Vector256<float>, float>
{
    public static int Count => Vector256<float>.Count;

    public static Vector256<float> Constant(double value) => Vector256.Create((float)value);

    public static Vector256<float> Broadcast(float* address) => Vector256.Create(*address);

    public static Vector256<float> Load(float* address) => Vector256.Load(address);

    public static void Store(float* address, Vector256<float> a) => a.Store(address);

    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    public static Vector256<float> Subtract(Vector256<float> a, float* address) => a - Vector256.Create(*address);

    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    public static Vector256<float> NegativeMultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Fma.IsSupported ? Fma.MultiplyAddNegated(a, b, c) : Vector256.FusedMultiplyAdd(-a, b, c);

    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), a, b);

    public static Vector256<float> Abs(Vector256<float> a) => Vector256.Abs(a);

    // 1.5 2^23: adding it rounds |y| < 2^22 to a whole number k and leaves k in the lowest bits.
    public static void Split(Vector256<float> y, out Vector256<float> power, out Vector256<float> f)
    {
        power = y + Vector256.Create(12582912f);
        f = y - (power - Vector256.Create(12582912f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector256<float> y, out Vector256<float> sixteenths, out Vector256<float> f)
    {
        sixteenths = y + Vector256.Create(786432f);
        f = y - (sixteenths - Vector256.Create(786432f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Power(Vector256<float> sixteenths)
    {
        if (!Avx2.IsSupported)
            return Vector256.Create(Lanes128Single.Power(sixteenths.GetLower()), Lanes128Single.Power(sixteenths.GetUpper()));
        Vector256<int> m = sixteenths.AsInt32();
        Vector256<float> low = Avx2.PermuteVar8x32(Vector256.Load((float*)Exp2Table.Single), m);
        Vector256<float> high = Avx2.PermuteVar8x32(Vector256.Load((float*)Exp2Table.Single + 8), m);
        return (Avx.BlendVariable(low, high, (m << 28).AsSingle()).AsInt32() + (m << 19)).AsSingle();
    }

    public static Vector256<float> Scale(Vector256<float> p, Vector256<float> power) => (p.AsInt32() + (power.AsInt32() << 23)).AsSingle();

    public static Vector256<float> ZeroBelow(Vector256<float> y, Vector256<float> bound, Vector256<float> value) =>
        Vector256.AndNot(value, Vector256.LessThan(y, bound));

    public static Vector256<float> SelectEqual(Vector256<float> a, Vector256<float> b, Vector256<float> yes, Vector256<float> no) =>
        Vector256.ConditionalSelect(Vector256.Equals(a, b), yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp2(Vector256<float> y) => new Exp2<Lanes256Single, Vector256<float>, float>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector256<float> Log(Vector256<float> a)
    {
        Logarithm.InPlace(new Span<float>(&a, Count));
        return a;
    }
}

/// <summary>4 doubles.</summary>
internal readonly unsafe struct Lanes256Double : ILanes<Vector256<double>, double>
{
    public static int Count => Vector256<double>.Count;

    public static Vector256<double> Constant(double value) => Vector256.Create(value);

    public static Vector256<double> Broadcast(double* address) => Vector256.Create(*address);

    public static Vector256<double> Load(double* address) => Vector256.Load(address);

    public static void Store(double* address, Vector256<double> a) => a.Store(address);

    public static Vector256<double> Add(Vector256<double> a, Vector256<double> b) => a + b;

    public static Vector256<double> Subtract(Vector256<double> a, Vector256<double> b) => a - b;

    public static Vector256<double> Subtract(Vector256<double> a, double* address) => a - Vector256.Create(*address);

    public static Vector256<double> Multiply(Vector256<double> a, Vector256<double> b) => a * b;

    public static Vector256<double> Divide(Vector256<double> a, Vector256<double> b) => a / b;

    public static Vector256<double> MultiplyAdd(Vector256<double> a, Vector256<double> b, Vector256<double> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    public static Vector256<double> NegativeMultiplyAdd(Vector256<double> a, Vector256<double> b, Vector256<double> c) =>
        Fma.IsSupported ? Fma.MultiplyAddNegated(a, b, c) : Vector256.FusedMultiplyAdd(-a, b, c);

    public static Vector256<double> Max(Vector256<double> a, Vector256<double> b) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), a, b);

    public static Vector256<double> Abs(Vector256<double> a) => Vector256.Abs(a);

    // 1.5 2^52: adding it rounds |y| < 2^51 to a whole number k and leaves k in the lowest bits.
    public static void Split(Vector256<double> y, out Vector256<double> power, out Vector256<double> f)
    {
        power = y + Vector256.Create(6755399441055744d);
        f = y - (power - Vector256.Create(6755399441055744d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector256<double> y, out Vector256<double> sixteenths, out Vector256<double> f)
    {
        sixteenths = y + Vector256.Create(422212465065984d);
        f = y - (sixteenths - Vector256.Create(422212465065984d));
    }

    // Sixteen doubles are too many for permutations; indices by way of memory are faster than taken out of the register, and than a
    // gather.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Power(Vector256<double> sixteenths)
    {
        Vector256<long> m = sixteenths.AsInt64(), copy = m;
        long* table = Exp2Table.Double;
        uint* at = (uint*)&copy;
        return (Vector256.Create(table[at[0] & 15], table[at[2] & 15], table[at[4] & 15], table[at[6] & 15]) + (m << 48)).AsDouble();
    }

    public static Vector256<double> Scale(Vector256<double> p, Vector256<double> power) =>
        (p.AsInt64() + (power.AsInt64() << 52)).AsDouble();

    public static Vector256<double> ZeroBelow(Vector256<double> y, Vector256<double> bound, Vector256<double> value) =>
        Vector256.AndNot(value, Vector256.LessThan(y, bound));

    public static Vector256<double> SelectEqual(Vector256<double> a, Vector256<double> b, Vector256<double> yes, Vector256<double> no) =>
        Vector256.ConditionalSelect(Vector256.Equals(a, b), yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Exp2(Vector256<double> y) => new Exp2<Lanes256Double, Vector256<double>, double>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector256<double> Log(Vector256<double> a)
    {
        Logarithm.InPlace(new Span<double>(&a, Count));
        return a;
    }
}
