using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// Fourier moments and sums on the circle. A vector holds pairs (cos l u, sin l u), so that tokens stay as they lie in memory.
/// </summary>
/// <remarks>Operations a token: 4 per degree for moments, 6 for Z and dZ/du.</remarks>
internal sealed unsafe class CircleKernel<L, P, V> : HarmonicKernel
    where L : struct, ILanes<V, double> where P : struct, IPairLanes<V> where V : struct
{
    private const int Lanes = HarmonicBasis.Lanes, Tokens = HarmonicTile.Tokens, PerDegree = CircleBasis.CoefficientsPerDegree;

    // (-1, 1) and (1, 0), four times each.
    private static readonly double[] Signs = [-1, 1, -1, 1, -1, 1, -1, 1, 1, 0, 1, 0, 1, 0, 1, 0];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Accumulate(HarmonicTile tile, HarmonicBasis basis)
    {
        double* position = tile.Position, weight = tile.Weight, start = tile.Scratch, sums = tile.Sums;
        int count = tile.Count, rows = basis.SumRows;
        fixed (double* signs = Signs)
            for (int lane = 0; lane < Lanes; lane += L.Count)
                for (int i = lane; i < 2 * count; i += 8 * Lanes)
                {
                    Start(position + i, weight + i / 2, signs, start);
                    Accumulate(start, sums + lane, sums + lane + rows * Lanes);
                }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Evaluate(HarmonicTile tile, HarmonicBasis basis, double* coefficients, double scale)
    {
        double* position = tile.Position, gradient = tile.Gradient, z = tile.Z;
        int count = tile.Count, rows = basis.SumRows;
        fixed (double* signs = Signs)
            for (int lane = 0; lane < Lanes; lane += L.Count)
                for (int i = lane; i < 2 * count; i += 4 * Lanes)
                    Evaluate(position + i, z + i / 2, gradient + i, signs, coefficients + lane, rows * PerDegree, scale);
    }

    // Even degrees are in the vectors e, odd ones in o; see the signs of CircleBasis. Eight rows of four tokens, A to H. Degree -1 stands
    // at the start.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(double* start, double* sums, double* end)
    {
        V xA = L.Load(start), eA = L.Load(start + Lanes), oA = L.Load(start + 2 * Lanes);
        V xB = L.Load(start + 3 * Lanes), eB = L.Load(start + 4 * Lanes), oB = L.Load(start + 5 * Lanes);
        V xC = L.Load(start + 6 * Lanes), eC = L.Load(start + 7 * Lanes), oC = L.Load(start + 8 * Lanes);
        V xD = L.Load(start + 9 * Lanes), eD = L.Load(start + 10 * Lanes), oD = L.Load(start + 11 * Lanes);
        V xE = L.Load(start + 12 * Lanes), eE = L.Load(start + 13 * Lanes), oE = L.Load(start + 14 * Lanes);
        V xF = L.Load(start + 15 * Lanes), eF = L.Load(start + 16 * Lanes), oF = L.Load(start + 17 * Lanes);
        V xG = L.Load(start + 18 * Lanes), eG = L.Load(start + 19 * Lanes), oG = L.Load(start + 20 * Lanes);
        V xH = L.Load(start + 21 * Lanes), eH = L.Load(start + 22 * Lanes), oH = L.Load(start + 23 * Lanes);
        for (; sums < end; sums += 2 * Lanes)
        {
            L.Store(sums, L.Add(L.Load(sums), L.Add(L.Add(L.Add(eA, eB), L.Add(eC, eD)), L.Add(L.Add(eE, eF), L.Add(eG, eH)))));
            oA = L.MultiplyAdd(xA, eA, oA);
            oB = L.MultiplyAdd(xB, eB, oB);
            oC = L.MultiplyAdd(xC, eC, oC);
            oD = L.MultiplyAdd(xD, eD, oD);
            oE = L.MultiplyAdd(xE, eE, oE);
            oF = L.MultiplyAdd(xF, eF, oF);
            oG = L.MultiplyAdd(xG, eG, oG);
            oH = L.MultiplyAdd(xH, eH, oH);
            L.Store(sums + Lanes,
                L.Add(L.Load(sums + Lanes), L.Add(L.Add(L.Add(oA, oB), L.Add(oC, oD)), L.Add(L.Add(oE, oF), L.Add(oG, oH)))));
            eA = L.NegativeMultiplyAdd(xA, oA, eA);
            eB = L.NegativeMultiplyAdd(xB, oB, eB);
            eC = L.NegativeMultiplyAdd(xC, oC, eC);
            eD = L.NegativeMultiplyAdd(xD, oD, eD);
            eE = L.NegativeMultiplyAdd(xE, oE, eE);
            eF = L.NegativeMultiplyAdd(xF, oF, eF);
            eG = L.NegativeMultiplyAdd(xG, oG, eG);
            eH = L.NegativeMultiplyAdd(xH, oH, eH);
        }
    }

    // Per row 2 x; the degree 0, w (1, 0); the degree -1, w (-x, y). Apart, because the JIT inlines only so much into one method.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Start(double* position, double* weight, double* signs, double* start)
    {
        V minusPlus = L.Load(signs), firstOnly = L.Load(signs + Lanes);
        for (double* end = start + 24 * Lanes; start < end; start += 3 * Lanes, position += Lanes, weight += Lanes / 2)
        {
            V p = L.Load(position), w = P.Spread(weight);
            L.Store(start, Twice(p));
            L.Store(start + Lanes, L.Multiply(w, firstOnly));
            L.Store(start + 2 * Lanes, L.Multiply(w, L.Multiply(p, minusPlus)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Evaluate(
        double* position, double* z, double* gradient, double* signs, double* coefficients, int count, double scale)
    {
        V minusPlus = L.Load(signs), firstOnly = L.Load(signs + Lanes), factor = L.Constant(scale), zero = L.Constant(0);
        V xA = L.Load(position), xB = L.Load(position + Lanes), xC = L.Load(position + 2 * Lanes), xD = L.Load(position + 3 * Lanes);
        V oA = L.Multiply(xA, minusPlus), oB = L.Multiply(xB, minusPlus), oC = L.Multiply(xC, minusPlus), oD = L.Multiply(xD, minusPlus);
        V eA = firstOnly, eB = firstOnly, eC = firstOnly, eD = firstOnly;
        V zA = zero, zB = zero, zC = zero, zD = zero, dA = zero, dB = zero, dC = zero, dD = zero;
        xA = Twice(xA);
        xB = Twice(xB);
        xC = Twice(xC);
        xD = Twice(xD);
        for (double* end = coefficients + count; coefficients < end; coefficients += 2 * PerDegree)
        {
            V k = L.Load(coefficients), slope = L.Load(coefficients + Lanes);
            Add(k, eA, eB, eC, eD, ref zA, ref zB, ref zC, ref zD);
            Add(slope, eA, eB, eC, eD, ref dA, ref dB, ref dC, ref dD);
            oA = L.MultiplyAdd(xA, eA, oA);
            oB = L.MultiplyAdd(xB, eB, oB);
            oC = L.MultiplyAdd(xC, eC, oC);
            oD = L.MultiplyAdd(xD, eD, oD);
            k = L.Load(coefficients + PerDegree);
            slope = L.Load(coefficients + PerDegree + Lanes);
            Add(k, oA, oB, oC, oD, ref zA, ref zB, ref zC, ref zD);
            Add(slope, oA, oB, oC, oD, ref dA, ref dB, ref dC, ref dD);
            eA = L.NegativeMultiplyAdd(xA, oA, eA);
            eB = L.NegativeMultiplyAdd(xB, oB, eB);
            eC = L.NegativeMultiplyAdd(xC, oC, eC);
            eD = L.NegativeMultiplyAdd(xD, oD, eD);
        }
        factor = L.Multiply(factor, minusPlus);
        Finish(position, z, gradient, zA, dA, factor);
        Finish(position + Lanes, z + Lanes / 2, gradient + Lanes, zB, dB, factor);
        Finish(position + 2 * Lanes, z + 2 * Lanes / 2, gradient + 2 * Lanes, zC, dC, factor);
        Finish(position + 3 * Lanes, z + 3 * Lanes / 2, gradient + 3 * Lanes, zD, dD, factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Twice(V p)
    {
        V x = P.First(p);
        return L.Add(x, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(V k, V a, V b, V c, V d, ref V sumA, ref V sumB, ref V sumC, ref V sumD)
    {
        sumA = L.MultiplyAdd(k, a, sumA);
        sumB = L.MultiplyAdd(k, b, sumB);
        sumC = L.MultiplyAdd(k, c, sumC);
        sumD = L.MultiplyAdd(k, d, sumD);
    }

    // Z, and dZ/du (-y, x) times the scale.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(double* position, double* z, double* gradient, V sum, V slope, V factor)
    {
        P.StoreFirst(z, L.Add(sum, P.Swap(sum)));
        V along = L.Multiply(L.Add(slope, P.Swap(slope)), factor);
        L.Store(gradient, L.Multiply(along, P.Swap(L.Load(position))));
    }
}
