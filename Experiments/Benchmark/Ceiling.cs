using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>What the arithmetic units here can do at most, as a loop of independent fused multiply-adds finds it.</summary>
/// <param name="Precision">Of the numbers in the lanes.</param>
/// <param name="Threads">Threads at work.</param>
/// <param name="Lanes">Numbers in a vector.</param>
/// <param name="SlotsPerSecond">Vector operations a second, all threads together.</param>
internal sealed record Ceiling(Precision Precision, int Threads, int Lanes, double SlotsPerSecond)
{
    private const int Steps = 4096;

    /// <summary>
    /// Operations on a vector of ordered pairs of equal weights, see docs/performance.md. Up to d = 6 half of d differences, d for the
    /// exponent, 8 (single) or 12 (double) for 2^y and twice d + 1 for the sums, since a factor serves both tokens. From d = 7 on both
    /// are dot products: no differences, but one more to begin the exponent; from d = 16 on a factor serves both tokens, too.
    /// </summary>
    public static double Operations(Precision precision, int dimension)
    {
        int power = precision == Precision.Single ? 8 : 12, d = dimension;
        return d <= SimdSums.LargestFused ? (power + 2 * d + 2 * (d + 1)) / 2.0
            : d < SimdSums.SmallestTiled ? power + 2 * d + 2 : (power + 3 * d + 2) / 2.0;
    }

    /// <summary>Pairs a second if no slot stayed empty: lanes x slots / operations.</summary>
    public double PairsPerSecond(int dimension) => Lanes * SlotsPerSecond / Operations(Precision, dimension);

    public static Ceiling Measure(Precision precision, int threads, TimeBudget budget, CancellationToken stop)
    {
        int bits = SimdSums.WidestVectorBits;
        (Action body, int slots) = (precision, bits) switch
        {
            (Precision.Single, 512) => Loop<Lanes512Single, Vector512<float>, float>(),
            (Precision.Single, 256) => Loop<Lanes256<float>, Vector256<float>, float>(),
            (Precision.Single, _) => Loop<Lanes128<float>, Vector128<float>, float>(),
            (Precision.Double, 512) => Loop<Lanes512Double, Vector512<double>, double>(),
            (Precision.Double, 256) => Loop<Lanes256<double>, Vector256<double>, double>(),
            (Precision.Double, _) => Loop<Lanes128<double>, Vector128<double>, double>(),
            _ => throw new ArgumentOutOfRangeException(nameof(precision)),
        };
        // Ranges short enough that a thread that comes late takes fewer of them.
        int ranges = threads * 32;
        double seconds = Timing.Shortest(() => Workers.For(ranges, 1, threads, (from, to) =>
        {
            for (int range = from; range < to; range++) body();
        }), budget, stop);
        return new Ceiling(precision, threads, bits / (precision == Precision.Single ? 32 : 64), (double)ranges * slots * Steps / seconds);
    }

    // Chains enough for the latency (four clocks) times the units (two on x86, up to four elsewhere), few enough for the registers.
    private static (Action Body, int Slots) Loop<L, V, T>() where L : struct, ILanes<V, T> where V : struct where T : unmanaged =>
        X86Base.IsSupported ? (static () => Sink<V>.Value = Twelve<L, V, T>(), 12) : (static () => Sink<V>.Value = Twenty<L, V, T>(), 20);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static V Twelve<L, V, T>() where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    {
        V factor = L.Constant(0.5), term = L.Constant(1);
        Four<L, V, T> a = new(term), b = a, c = a;
        for (int step = 0; step < Steps; step++)
        {
            a.Step(factor, term);
            b.Step(factor, term);
            c.Step(factor, term);
        }
        return L.Add(L.Add(a.Sum, b.Sum), c.Sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static V Twenty<L, V, T>() where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    {
        V factor = L.Constant(0.5), term = L.Constant(1);
        Four<L, V, T> a = new(term), b = a, c = a, d = a, e = a;
        for (int step = 0; step < Steps; step++)
        {
            a.Step(factor, term);
            b.Step(factor, term);
            c.Step(factor, term);
            d.Step(factor, term);
            e.Step(factor, term);
        }
        return L.Add(L.Add(L.Add(a.Sum, b.Sum), L.Add(c.Sum, d.Sum)), e.Sum);
    }

    private static class Sink<V>
    {
        public static V? Value { get; set; }
    }

    /// <summary>Four chains: the JIT keeps structs of up to four fields in registers.</summary>
    private struct Four<L, V, T>(V start) where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    {
        private V _a = start, _b = start, _c = start, _d = start;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step(V factor, V term)
        {
            _a = L.MultiplyAdd(_a, factor, term);
            _b = L.MultiplyAdd(_b, factor, term);
            _c = L.MultiplyAdd(_c, factor, term);
            _d = L.MultiplyAdd(_d, factor, term);
        }

        public readonly V Sum => L.Add(L.Add(_a, _b), L.Add(_c, _d));
    }
}
