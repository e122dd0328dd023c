using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>Fourier moments and sums on the circle. Four rows of tokens at a time for moments, two for sums: one operation in flight hides another.</summary>
/// <remarks>Operations a token: 4 per degree for moments, 6 for Z and dZ/du.</remarks>
internal sealed unsafe class CircleKernel<L, V> : HarmonicKernel where L : struct, ILanes<V, double> where V : struct
{
    private const int Lanes = HarmonicBasis.Lanes, Tokens = HarmonicTile.Tokens;

    /// <inheritdoc/>
    public override HarmonicBasis Basis(int order) => new CircleBasis(order);

    /// <inheritdoc/>
    public override void Accumulate(HarmonicTile tile, HarmonicBasis basis)
    {
        for (int lane = 0; lane < Lanes; lane += L.Count)
            for (int i = lane; i < tile.Count; i += 4 * Lanes) Accumulate(tile.Position + i, tile.Weight + i, tile.Sums + lane, basis.Moments);
    }

    /// <inheritdoc/>
    public override void Evaluate(HarmonicTile tile, HarmonicBasis basis, double* coefficients)
    {
        for (int lane = 0; lane < Lanes; lane += L.Count)
            for (int i = lane; i < tile.Count; i += 2 * Lanes) Evaluate(tile.Position + i, tile.Result + i, coefficients, basis.Coefficients);
    }

    // Even degrees are in cos and sin, odd ones in cosOdd and sinOdd; see the signs of CircleBasis. Degree -1 stands at the start.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(double* position, double* weight, double* sums, int moments)
    {
        V zero = L.Constant(0), two = L.Constant(2);
        V cosA = L.Load(weight), cosB = L.Load(weight + Lanes), cosC = L.Load(weight + 2 * Lanes), cosD = L.Load(weight + 3 * Lanes);
        V xA = L.Load(position), xB = L.Load(position + Lanes), xC = L.Load(position + 2 * Lanes), xD = L.Load(position + 3 * Lanes);
        double* y = position + Tokens;
        V sinOddA = L.Multiply(cosA, L.Load(y)), sinOddB = L.Multiply(cosB, L.Load(y + Lanes));
        V sinOddC = L.Multiply(cosC, L.Load(y + 2 * Lanes)), sinOddD = L.Multiply(cosD, L.Load(y + 3 * Lanes));
        V cosOddA = L.NegativeMultiplyAdd(cosA, xA, zero), cosOddB = L.NegativeMultiplyAdd(cosB, xB, zero);
        V cosOddC = L.NegativeMultiplyAdd(cosC, xC, zero), cosOddD = L.NegativeMultiplyAdd(cosD, xD, zero);
        V sinA = zero, sinB = zero, sinC = zero, sinD = zero;
        xA = L.Multiply(two, xA);
        xB = L.Multiply(two, xB);
        xC = L.Multiply(two, xC);
        xD = L.Multiply(two, xD);
        double* end = sums + moments * Lanes;
        for (; sums < end; sums += 4 * Lanes)
        {
            L.Store(sums, L.Add(L.Load(sums), L.Add(L.Add(cosA, cosB), L.Add(cosC, cosD))));
            L.Store(sums + Lanes, L.Add(L.Load(sums + Lanes), L.Add(L.Add(sinA, sinB), L.Add(sinC, sinD))));
            cosOddA = L.MultiplyAdd(xA, cosA, cosOddA);
            cosOddB = L.MultiplyAdd(xB, cosB, cosOddB);
            cosOddC = L.MultiplyAdd(xC, cosC, cosOddC);
            cosOddD = L.MultiplyAdd(xD, cosD, cosOddD);
            sinOddA = L.MultiplyAdd(xA, sinA, sinOddA);
            sinOddB = L.MultiplyAdd(xB, sinB, sinOddB);
            sinOddC = L.MultiplyAdd(xC, sinC, sinOddC);
            sinOddD = L.MultiplyAdd(xD, sinD, sinOddD);
            L.Store(sums + 2 * Lanes, L.Add(L.Load(sums + 2 * Lanes), L.Add(L.Add(cosOddA, cosOddB), L.Add(cosOddC, cosOddD))));
            L.Store(sums + 3 * Lanes, L.Add(L.Load(sums + 3 * Lanes), L.Add(L.Add(sinOddA, sinOddB), L.Add(sinOddC, sinOddD))));
            cosA = L.NegativeMultiplyAdd(xA, cosOddA, cosA);
            cosB = L.NegativeMultiplyAdd(xB, cosOddB, cosB);
            cosC = L.NegativeMultiplyAdd(xC, cosOddC, cosC);
            cosD = L.NegativeMultiplyAdd(xD, cosOddD, cosD);
            sinA = L.NegativeMultiplyAdd(xA, sinOddA, sinA);
            sinB = L.NegativeMultiplyAdd(xB, sinOddB, sinB);
            sinC = L.NegativeMultiplyAdd(xC, sinOddC, sinC);
            sinD = L.NegativeMultiplyAdd(xD, sinOddD, sinD);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Evaluate(double* position, double* result, double* coefficients, int count)
    {
        V zero = L.Constant(0), one = L.Constant(1), two = L.Constant(2);
        V xA = L.Load(position), xB = L.Load(position + Lanes);
        V sinOddA = L.Load(position + Tokens), sinOddB = L.Load(position + Tokens + Lanes);
        V cosOddA = L.Subtract(zero, xA), cosOddB = L.Subtract(zero, xB), cosA = one, cosB = one, sinA = zero, sinB = zero;
        V zA = zero, zB = zero, slopeA = zero, slopeB = zero;
        xA = L.Multiply(two, xA);
        xB = L.Multiply(two, xB);
        for (double* end = coefficients + count; coefficients < end; coefficients += 8)
        {
            Add(coefficients, cosA, sinA, ref zA, ref slopeA, cosB, sinB, ref zB, ref slopeB);
            cosOddA = L.MultiplyAdd(xA, cosA, cosOddA);
            cosOddB = L.MultiplyAdd(xB, cosB, cosOddB);
            sinOddA = L.MultiplyAdd(xA, sinA, sinOddA);
            sinOddB = L.MultiplyAdd(xB, sinB, sinOddB);
            Add(coefficients + 4, cosOddA, sinOddA, ref zA, ref slopeA, cosOddB, sinOddB, ref zB, ref slopeB);
            cosA = L.NegativeMultiplyAdd(xA, cosOddA, cosA);
            cosB = L.NegativeMultiplyAdd(xB, cosOddB, cosB);
            sinA = L.NegativeMultiplyAdd(xA, sinOddA, sinA);
            sinB = L.NegativeMultiplyAdd(xB, sinOddB, sinB);
        }
        L.Store(result, zA);
        L.Store(result + Lanes, zB);
        L.Store(result + Tokens, slopeA);
        L.Store(result + Tokens + Lanes, slopeB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* c, V cosA, V sinA, ref V zA, ref V slopeA, V cosB, V sinB, ref V zB, ref V slopeB)
    {
        V a = L.Broadcast(c), b = L.Broadcast(c + 1), slopeCos = L.Broadcast(c + 2), slopeSin = L.Broadcast(c + 3);
        zA = L.MultiplyAdd(a, cosA, zA);
        zB = L.MultiplyAdd(a, cosB, zB);
        slopeA = L.MultiplyAdd(slopeCos, cosA, slopeA);
        slopeB = L.MultiplyAdd(slopeCos, cosB, slopeB);
        zA = L.MultiplyAdd(b, sinA, zA);
        zB = L.MultiplyAdd(b, sinB, zB);
        slopeA = L.MultiplyAdd(slopeSin, sinA, slopeA);
        slopeB = L.MultiplyAdd(slopeSin, sinB, slopeB);
    }
}
