using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>4 floats.</summary>
internal readonly unsafe struct Lanes128Single : ILanes<Vector128<float>, float>
{
    public static int Count => Vector128<float>.Count;

    public static Vector128<float> Constant(double value) => Vector128.Create((float)value);

    public static Vector128<float> Broadcast(float* address) => Vector128.Create(*address);

    public static Vector128<float> Load(float* address) => Vector128.Load(address);

    public static void Store(float* address, Vector128<float> a) => a.Store(address);

    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    public static Vector128<float> Subtract(Vector128<float> a, float* address) => a - Vector128.Create(*address);

    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.FusedMultiplyAdd(a, b, c);

    public static Vector128<float> NegativeMultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Fma.IsSupported ? Fma.MultiplyAddNegated(a, b, c) : Vector128.FusedMultiplyAdd(-a, b, c);

    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    public static Vector128<float> Abs(Vector128<float> a) => Vector128.Abs(a);

    // 1.5 2^23: adding it rounds |y| < 2^22 to a whole number k and leaves k in the lowest bits.
    public static void Split(Vector128<float> y, out Vector128<float> power, out Vector128<float> f)
    {
        power = y + Vector128.Create(12582912f);
        f = y - (power - Vector128.Create(12582912f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector128<float> y, out Vector128<float> sixteenths, out Vector128<float> f)
    {
        sixteenths = y + Vector128.Create(786432f);
        f = y - (sixteenths - Vector128.Create(786432f));
    }

    // Indices by way of memory: faster than taken out of the register.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Power(Vector128<float> sixteenths)
    {
        Vector128<int> m = sixteenths.AsInt32(), copy = m;
        int* table = Exp2Table.Single;
        uint* at = (uint*)&copy;
        return (Vector128.Create(table[at[0] & 15], table[at[1] & 15], table[at[2] & 15], table[at[3] & 15]) + (m << 19)).AsSingle();
    }

    public static Vector128<float> Scale(Vector128<float> p, Vector128<float> power) => (p.AsInt32() + (power.AsInt32() << 23)).AsSingle();

    public static Vector128<float> ZeroBelow(Vector128<float> y, Vector128<float> bound, Vector128<float> value) =>
        Vector128.AndNot(value, Vector128.LessThan(y, bound));

    public static Vector128<float> SelectEqual(Vector128<float> a, Vector128<float> b, Vector128<float> yes, Vector128<float> no) =>
        Vector128.ConditionalSelect(Vector128.Equals(a, b), yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Exp2(Vector128<float> y) => new Exp2<Lanes128Single, Vector128<float>, float>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<float> Log(Vector128<float> a)
    {
        Logarithm.InPlace(new Span<float>(&a, Count));
        return a;
    }
}

/// <summary>2 doubles.</summary>
internal readonly unsafe struct Lanes128Double : ILanes<Vector128<double>, double>
{
    public static int Count => Vector128<double>.Count;

    public static Vector128<double> Constant(double value) => Vector128.Create(value);

    public static Vector128<double> Broadcast(double* address) => Vector128.Create(*address);

    public static Vector128<double> Load(double* address) => Vector128.Load(address);

    public static void Store(double* address, Vector128<double> a) => a.Store(address);

    public static Vector128<double> Add(Vector128<double> a, Vector128<double> b) => a + b;

    public static Vector128<double> Subtract(Vector128<double> a, Vector128<double> b) => a - b;

    public static Vector128<double> Subtract(Vector128<double> a, double* address) => a - Vector128.Create(*address);

    public static Vector128<double> Multiply(Vector128<double> a, Vector128<double> b) => a * b;

    public static Vector128<double> Divide(Vector128<double> a, Vector128<double> b) => a / b;

    public static Vector128<double> MultiplyAdd(Vector128<double> a, Vector128<double> b, Vector128<double> c) =>
        Vector128.FusedMultiplyAdd(a, b, c);

    public static Vector128<double> NegativeMultiplyAdd(Vector128<double> a, Vector128<double> b, Vector128<double> c) =>
        Fma.IsSupported ? Fma.MultiplyAddNegated(a, b, c) : Vector128.FusedMultiplyAdd(-a, b, c);

    public static Vector128<double> Max(Vector128<double> a, Vector128<double> b) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    public static Vector128<double> Abs(Vector128<double> a) => Vector128.Abs(a);

    // 1.5 2^52: adding it rounds |y| < 2^51 to a whole number k and leaves k in the lowest bits.
    public static void Split(Vector128<double> y, out Vector128<double> power, out Vector128<double> f)
    {
        power = y + Vector128.Create(6755399441055744d);
        f = y - (power - Vector128.Create(6755399441055744d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector128<double> y, out Vector128<double> sixteenths, out Vector128<double> f)
    {
        sixteenths = y + Vector128.Create(422212465065984d);
        f = y - (sixteenths - Vector128.Create(422212465065984d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Power(Vector128<double> sixteenths)
    {
        Vector128<long> m = sixteenths.AsInt64(), copy = m;
        long* table = Exp2Table.Double;
        uint* at = (uint*)&copy;
        return (Vector128.Create(table[at[0] & 15], table[at[2] & 15]) + (m << 48)).AsDouble();
    }

    public static Vector128<double> Scale(Vector128<double> p, Vector128<double> power) =>
        (p.AsInt64() + (power.AsInt64() << 52)).AsDouble();

    public static Vector128<double> ZeroBelow(Vector128<double> y, Vector128<double> bound, Vector128<double> value) =>
        Vector128.AndNot(value, Vector128.LessThan(y, bound));

    public static Vector128<double> SelectEqual(Vector128<double> a, Vector128<double> b, Vector128<double> yes, Vector128<double> no) =>
        Vector128.ConditionalSelect(Vector128.Equals(a, b), yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Exp2(Vector128<double> y) => new Exp2<Lanes128Double, Vector128<double>, double>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<double> Log(Vector128<double> a)
    {
        Logarithm.InPlace(new Span<double>(&a, Count));
        return a;
    }
}
