using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// The operations on a vector <typeparamref name="V"/> of numbers <typeparamref name="T"/> that pair sums are made of. All act lane by lane
/// and round once (IEEE, to nearest), also a b + c, so a lane's bits are the same for every width and on every machine.
/// </summary>
internal unsafe interface ILanes<V, T> : IArithmetic<V> where V : struct where T : unmanaged
{
    /// <summary>Numbers per vector.</summary>
    static abstract int Count { get; }

    /// <summary>The number at this address in every lane.</summary>
    static abstract V Broadcast(T* address);

    static abstract V Load(T* address);

    static abstract void Store(T* address, V a);

    /// <summary>Adds every number to the double at its place.</summary>
    static abstract void AddTo(double* address, V a);

    /// <summary>a - the number at this address; the latter may stay in memory.</summary>
    static abstract V Subtract(V a, T* address);

    /// <summary>
    /// y = k + f with k the nearest whole number (ties to even), f exact in [-1/2, 1/2]. <paramref name="power"/> stands for 2^k.
    /// </summary>
    static abstract void Split(V y, out V power, out V f);

    /// <summary>
    /// y = m/16 + f with m the nearest whole number (ties to even), f exact in [-1/32, 1/32]. <paramref name="sixteenths"/> has m in its
    /// lowest bits.
    /// </summary>
    static abstract void SplitSixteenths(V y, out V sixteenths, out V f);

    /// <summary>2^{m/16}, rounded to nearest, for the m of <see cref="SplitSixteenths"/>: see <see cref="Exp2Table"/>.</summary>
    static abstract V Power(V sixteenths);

    /// <summary>p 2^k; p and the result must be normal numbers.</summary>
    static abstract V Scale(V p, V power);

    /// <summary><paramref name="value"/>, but 0 where y &lt; bound.</summary>
    static abstract V ZeroBelow(V y, V bound, V value);
}

/// <summary>128 bits of floats or doubles.</summary>
internal readonly unsafe struct Lanes128<T> : ILanes<Vector128<T>, T> where T : unmanaged, IFloatingPointIeee754<T>
{
    public static int Count => Vector128<T>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Constant(double value) =>
        typeof(T) == typeof(float) ? Vector128.Create((float)value).As<float, T>() : Vector128.Create(value).As<double, T>();

    public static Vector128<T> Broadcast(T* address) => Vector128.Create(*address);

    public static Vector128<T> Load(T* address) => Vector128.Load(address);

    public static void Store(T* address, Vector128<T> a) => a.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* address, Vector128<T> a)
    {
        if (typeof(T) == typeof(double))
        {
            (Vector128.Load(address) + a.AsDouble()).Store(address);
            return;
        }
        (Vector128<double> low, Vector128<double> high) = Vector128.Widen(a.AsSingle());
        (Vector128.Load(address) + low).Store(address);
        (Vector128.Load(address + Vector128<double>.Count) + high).Store(address + Vector128<double>.Count);
    }

    public static Vector128<T> Add(Vector128<T> a, Vector128<T> b) => a + b;

    public static Vector128<T> Subtract(Vector128<T> a, Vector128<T> b) => a - b;

    public static Vector128<T> Subtract(Vector128<T> a, T* address) => a - Vector128.Create(*address);

    public static Vector128<T> Multiply(Vector128<T> a, Vector128<T> b) => a * b;

    public static Vector128<T> Divide(Vector128<T> a, Vector128<T> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAdd(Vector128<T> a, Vector128<T> b, Vector128<T> c) => typeof(T) == typeof(float)
        ? Vector128.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector128.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> NegativeMultiplyAdd(Vector128<T> a, Vector128<T> b, Vector128<T> c) =>
        !Fma.IsSupported ? MultiplyAdd(-a, b, c)
        : typeof(T) == typeof(float) ? Fma.MultiplyAddNegated(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Fma.MultiplyAddNegated(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    public static Vector128<T> Abs(Vector128<T> a) => Vector128.Abs(a);

    public static Vector128<T> Max(Vector128<T> a, Vector128<T> b) => Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split(Vector128<T> y, out Vector128<T> power, out Vector128<T> f)
    {
        Vector128<T> rounder = Constant(Rounder<T>.Whole);
        power = y + rounder;
        f = y - (power - rounder);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector128<T> y, out Vector128<T> sixteenths, out Vector128<T> f)
    {
        Vector128<T> rounder = Constant(Rounder<T>.Sixteenths);
        sixteenths = y + rounder;
        f = y - (sixteenths - rounder);
    }

    // Indices by way of memory: faster than taken out of the register.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Power(Vector128<T> sixteenths)
    {
        Vector128<T> copy = sixteenths;
        uint* at = (uint*)&copy;
        if (typeof(T) == typeof(float))
        {
            int* table = Exp2Table.Single;
            Vector128<int> entries = Vector128.Create(table[at[0] & 15], table[at[1] & 15], table[at[2] & 15], table[at[3] & 15]);
            return (entries + (sixteenths.AsInt32() << 19)).As<int, T>();
        }
        long* doubles = Exp2Table.Double;
        return (Vector128.Create(doubles[at[0] & 15], doubles[at[2] & 15]) + (sixteenths.AsInt64() << 48)).As<long, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Scale(Vector128<T> p, Vector128<T> power) => typeof(T) == typeof(float)
        ? (p.AsInt32() + (power.AsInt32() << 23)).As<int, T>() : (p.AsInt64() + (power.AsInt64() << 52)).As<long, T>();

    public static Vector128<T> ZeroBelow(Vector128<T> y, Vector128<T> bound, Vector128<T> value) =>
        Vector128.AndNot(value, Vector128.LessThan(y, bound));

    public static Vector128<T> SelectEqual(Vector128<T> a, Vector128<T> b, Vector128<T> yes, Vector128<T> no) =>
        Vector128.ConditionalSelect(Vector128.Equals(a, b), yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Exp2(Vector128<T> y) => new Exp2<Lanes128<T>, Vector128<T>, T>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<T> Log(Vector128<T> a)
    {
        Logarithm.InPlace(new Span<T>(&a, Count));
        return a;
    }
}

/// <summary>256 bits of floats or doubles.</summary>
internal readonly unsafe struct Lanes256<T> : ILanes<Vector256<T>, T> where T : unmanaged, IFloatingPointIeee754<T>
{
    public static int Count => Vector256<T>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Constant(double value) =>
        typeof(T) == typeof(float) ? Vector256.Create((float)value).As<float, T>() : Vector256.Create(value).As<double, T>();

    public static Vector256<T> Broadcast(T* address) => Vector256.Create(*address);

    public static Vector256<T> Load(T* address) => Vector256.Load(address);

    public static void Store(T* address, Vector256<T> a) => a.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* address, Vector256<T> a)
    {
        if (typeof(T) == typeof(double))
        {
            (Vector256.Load(address) + a.AsDouble()).Store(address);
            return;
        }
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(a.AsSingle());
        (Vector256.Load(address) + low).Store(address);
        (Vector256.Load(address + Vector256<double>.Count) + high).Store(address + Vector256<double>.Count);
    }

    public static Vector256<T> Add(Vector256<T> a, Vector256<T> b) => a + b;

    public static Vector256<T> Subtract(Vector256<T> a, Vector256<T> b) => a - b;

    public static Vector256<T> Subtract(Vector256<T> a, T* address) => a - Vector256.Create(*address);

    public static Vector256<T> Multiply(Vector256<T> a, Vector256<T> b) => a * b;

    public static Vector256<T> Divide(Vector256<T> a, Vector256<T> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyAdd(Vector256<T> a, Vector256<T> b, Vector256<T> c) => typeof(T) == typeof(float)
        ? Vector256.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector256.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> NegativeMultiplyAdd(Vector256<T> a, Vector256<T> b, Vector256<T> c) =>
        !Fma.IsSupported ? MultiplyAdd(-a, b, c)
        : typeof(T) == typeof(float) ? Fma.MultiplyAddNegated(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Fma.MultiplyAddNegated(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    public static Vector256<T> Abs(Vector256<T> a) => Vector256.Abs(a);

    public static Vector256<T> Max(Vector256<T> a, Vector256<T> b) => Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split(Vector256<T> y, out Vector256<T> power, out Vector256<T> f)
    {
        Vector256<T> rounder = Constant(Rounder<T>.Whole);
        power = y + rounder;
        f = y - (power - rounder);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSixteenths(Vector256<T> y, out Vector256<T> sixteenths, out Vector256<T> f)
    {
        Vector256<T> rounder = Constant(Rounder<T>.Sixteenths);
        sixteenths = y + rounder;
        f = y - (sixteenths - rounder);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Power(Vector256<T> sixteenths)
    {
        if (typeof(T) == typeof(float))
        {
            if (!Avx2.IsSupported)
                return Vector256.Create(Lanes128<T>.Power(sixteenths.GetLower()), Lanes128<T>.Power(sixteenths.GetUpper()));
            Vector256<int> m = sixteenths.AsInt32();
            Vector256<float> low = Avx2.PermuteVar8x32(Vector256.Load((float*)Exp2Table.Single), m);
            Vector256<float> high = Avx2.PermuteVar8x32(Vector256.Load((float*)Exp2Table.Single + 8), m);
            return (Avx.BlendVariable(low, high, (m << 28).AsSingle()).AsInt32() + (m << 19)).As<int, T>();
        }
        // Sixteen doubles are too many for permutations; indices by way of memory are faster than taken out of the register, and than a
        // gather.
        Vector256<T> copy = sixteenths;
        uint* at = (uint*)&copy;
        long* table = Exp2Table.Double;
        Vector256<long> entries = Vector256.Create(table[at[0] & 15], table[at[2] & 15], table[at[4] & 15], table[at[6] & 15]);
        return (entries + (sixteenths.AsInt64() << 48)).As<long, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Scale(Vector256<T> p, Vector256<T> power) => typeof(T) == typeof(float)
        ? (p.AsInt32() + (power.AsInt32() << 23)).As<int, T>() : (p.AsInt64() + (power.AsInt64() << 52)).As<long, T>();

    public static Vector256<T> ZeroBelow(Vector256<T> y, Vector256<T> bound, Vector256<T> value) =>
        Vector256.AndNot(value, Vector256.LessThan(y, bound));

    public static Vector256<T> SelectEqual(Vector256<T> a, Vector256<T> b, Vector256<T> yes, Vector256<T> no) =>
        Vector256.ConditionalSelect(Vector256.Equals(a, b), yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Exp2(Vector256<T> y) => new Exp2<Lanes256<T>, Vector256<T>, T>().WithUnderflow(y);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector256<T> Log(Vector256<T> a)
    {
        Logarithm.InPlace(new Span<T>(&a, Count));
        return a;
    }
}

/// <summary>Numbers whose addition rounds a y that is small against them, and leaves the rounded one in the lowest bits.</summary>
internal static class Rounder<T>
{
    /// <summary>1.5 2^23 or 1.5 2^52: to whole numbers.</summary>
    public static double Whole
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(T) == typeof(float) ? 12582912 : 6755399441055744;
    }

    /// <summary>To sixteenths.</summary>
    public static double Sixteenths
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Whole / 16;
    }
}

/// <summary>The logarithm of the library, a lane at a time.</summary>
internal static class Logarithm
{
    /// <summary>log a where a > 0, else 0.</summary>
    public static void InPlace<T>(Span<T> lanes) where T : IFloatingPointIeee754<T>
    {
        foreach (ref T a in lanes) a = a > T.Zero ? T.CreateTruncating(Math.Log(double.CreateTruncating(a))) : T.Zero;
    }
}
