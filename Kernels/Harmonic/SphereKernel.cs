using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>Moments and sums of spherical harmonics: two rows of tokens at a time, two columns m at a time; see <see cref="SphereBasis"/>.</summary>
/// <remarks>Operations a token: 3 per pair (l, m >= 0) for moments and 5 for Z and its gradient, beside 4 and 12 per m.</remarks>
internal sealed unsafe class SphereKernel<L, V> : HarmonicKernel where L : struct, ILanes<V, double> where V : struct
{
    private const int Lanes = HarmonicBasis.Lanes, Tokens = HarmonicTile.Tokens;

    // A power (x + i y)^m below this is 0: products with polynomials (above 2^-L) would be denormal numbers, which cost a hundred times more.
    private const double Tiny = 1e-200;

    /// <inheritdoc/>
    public override HarmonicBasis Basis(int order) => new SphereBasis(order);

    /// <inheritdoc/>
    public override void Accumulate(HarmonicTile tile, HarmonicBasis basis)
    {
        var sphere = (SphereBasis)basis;
        double* c = tile.Scratch, s = c + Tokens;
        new Span<double>(tile.Weight, tile.Count).CopyTo(new Span<double>(c, tile.Count));
        new Span<double>(s, tile.Count).Clear();
        bool mayVanish = Vanishes(tile, basis.Order);
        fixed (double* recurrence = sphere.Recurrence)
            for (int pair = 0; pair < sphere.Pairs; pair++)
            {
                int row = sphere.Row(pair), rows = sphere.Row(pair + 1) - row;
                if (mayVanish) Clean(c, tile.Count);
                for (int lane = 0; lane < Lanes; lane += L.Count)
                    for (int i = lane; i < tile.Count; i += 2 * Lanes)
                        Accumulate(tile.Position + i, c + i, tile.Sums + row * SphereBasis.MomentsPerRow * Lanes + lane, recurrence + row, rows);
            }
    }

    /// <inheritdoc/>
    public override void Evaluate(HarmonicTile tile, HarmonicBasis basis, double* coefficients)
    {
        var sphere = (SphereBasis)basis;
        fixed (double* recurrence = sphere.Recurrence)
            for (int lane = 0; lane < Lanes; lane += L.Count)
                for (int i = lane; i < tile.Count; i += 2 * Lanes)
                    Evaluate(tile.Position + i, tile.State + i, tile.Result + i, sphere, recurrence, coefficients);
    }

    private static bool Vanishes(HarmonicTile tile, int order)
    {
        double smallest = 1;
        double* x = tile.Position, y = x + Tokens, w = tile.Weight;
        for (int i = 0; i < tile.Count; i++)
        {
            double squared = x[i] * x[i] + y[i] * y[i];
            if (squared < smallest) smallest = squared;
        }
        return Math.Pow(smallest, (order + 2) / 2.0) < Tiny * 1e20;
    }

    private static void Clean(double* c, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (Math.Abs(c[i]) < Tiny) c[i] = 0;
            if (Math.Abs(c[Tokens + i]) < Tiny) c[Tokens + i] = 0;
        }
    }

    // power: w c_m, and w s_m a column later; left at m + 2.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(double* position, double* power, double* sums, double* recurrence, int rows)
    {
        V xA = L.Load(position), xB = L.Load(position + Lanes), yA = L.Load(position + Tokens), yB = L.Load(position + Tokens + Lanes);
        V cA = L.Load(power), cB = L.Load(power + Lanes), sA = L.Load(power + Tokens), sB = L.Load(power + Tokens + Lanes);
        V oddCA = L.NegativeMultiplyAdd(sA, yA, L.Multiply(cA, xA)), oddSA = L.MultiplyAdd(sA, xA, L.Multiply(cA, yA));
        V oddCB = L.NegativeMultiplyAdd(sB, yB, L.Multiply(cB, xB)), oddSB = L.MultiplyAdd(sB, xB, L.Multiply(cB, yB));
        L.Store(power, L.NegativeMultiplyAdd(oddSA, yA, L.Multiply(oddCA, xA)));
        L.Store(power + Lanes, L.NegativeMultiplyAdd(oddSB, yB, L.Multiply(oddCB, xB)));
        L.Store(power + Tokens, L.MultiplyAdd(oddSA, xA, L.Multiply(oddCA, yA)));
        L.Store(power + Tokens + Lanes, L.MultiplyAdd(oddSB, xB, L.Multiply(oddCB, yB)));
        V zA = L.Load(position + 2 * Tokens), zB = L.Load(position + 2 * Tokens + Lanes);
        V qA = L.Constant(1), qB = qA, beforeA = L.Constant(0), beforeB = beforeA;
        for (double* end = recurrence + rows; recurrence < end; recurrence++, sums += SphereBasis.MomentsPerRow * Lanes)
        {
            V g = L.Broadcast(recurrence);
            V nextA = L.MultiplyAdd(zA, qA, L.Multiply(g, beforeA)), nextB = L.MultiplyAdd(zB, qB, L.Multiply(g, beforeB));
            L.Store(sums, L.MultiplyAdd(qB, cB, L.MultiplyAdd(qA, cA, L.Load(sums))));
            L.Store(sums + Lanes, L.MultiplyAdd(qB, sB, L.MultiplyAdd(qA, sA, L.Load(sums + Lanes))));
            L.Store(sums + 2 * Lanes, L.MultiplyAdd(qB, oddCB, L.MultiplyAdd(qA, oddCA, L.Load(sums + 2 * Lanes))));
            L.Store(sums + 3 * Lanes, L.MultiplyAdd(qB, oddSB, L.MultiplyAdd(qA, oddSA, L.Load(sums + 3 * Lanes))));
            (beforeA, beforeB, qA, qB) = (qA, qB, nextA, nextB);
        }
    }

    // Horner's rule in (x + i y) over m, downwards: state u, v of the value, du, dv of its derivative, uz, vz of its z derivative.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Evaluate(double* position, double* state, double* result, SphereBasis basis, double* recurrence, double* coefficients)
    {
        V zero = L.Constant(0);
        for (int i = 0; i < 6; i++)
        {
            L.Store(state + i * Tokens, zero);
            L.Store(state + i * Tokens + Lanes, zero);
        }
        V zA = L.Load(position + 2 * Tokens), zB = L.Load(position + 2 * Tokens + Lanes);
        for (int pair = basis.Pairs - 1; pair >= 0; pair--)
        {
            V qA = L.Constant(1), qB = qA, beforeA = zero, beforeB = zero;
            V cA = zero, sA = zero, cSlopeA = zero, sSlopeA = zero, oddCA = zero, oddSA = zero, oddCSlopeA = zero, oddSSlopeA = zero;
            V cB = zero, sB = zero, cSlopeB = zero, sSlopeB = zero, oddCB = zero, oddSB = zero, oddCSlopeB = zero, oddSSlopeB = zero;
            double* k = coefficients + basis.Row(pair) * SphereBasis.CoefficientsPerRow, g = recurrence + basis.Row(pair);
            for (double* end = recurrence + basis.Row(pair + 1); g < end; g++, k += SphereBasis.CoefficientsPerRow)
            {
                V gamma = L.Broadcast(g);
                V nextA = L.MultiplyAdd(zA, qA, L.Multiply(gamma, beforeA)), nextB = L.MultiplyAdd(zB, qB, L.Multiply(gamma, beforeB));
                Add(k, qA, qB, ref cA, ref cB);
                Add(k + 1, qA, qB, ref sA, ref sB);
                Add(k + 2, qA, qB, ref cSlopeA, ref cSlopeB);
                Add(k + 3, qA, qB, ref sSlopeA, ref sSlopeB);
                Add(k + 4, qA, qB, ref oddCA, ref oddCB);
                Add(k + 5, qA, qB, ref oddSA, ref oddSB);
                Add(k + 6, qA, qB, ref oddCSlopeA, ref oddCSlopeB);
                Add(k + 7, qA, qB, ref oddSSlopeA, ref oddSSlopeB);
                (beforeA, beforeB, qA, qB) = (qA, qB, nextA, nextB);
            }
            Horner(position, state, oddCA, oddSA, oddCSlopeA, oddSSlopeA);
            Horner(position, state, cA, sA, cSlopeA, sSlopeA);
            Horner(position + Lanes, state + Lanes, oddCB, oddSB, oddCSlopeB, oddSSlopeB);
            Horner(position + Lanes, state + Lanes, cB, sB, cSlopeB, sSlopeB);
        }
        for (int row = 0; row <= Lanes; row += Lanes)
        {
            L.Store(result + row, L.Load(state + row));
            L.Store(result + Tokens + row, L.Load(state + 2 * Tokens + row));
            L.Store(result + 2 * Tokens + row, L.Load(state + 3 * Tokens + row));
            L.Store(result + 3 * Tokens + row, L.Load(state + 4 * Tokens + row));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* coefficient, V qA, V qB, ref V a, ref V b)
    {
        V k = L.Broadcast(coefficient);
        a = L.MultiplyAdd(k, qA, a);
        b = L.MultiplyAdd(k, qB, b);
    }

    // With P = u - i v: P = P (x + i y) + (c - i s); derivatives to (x + i y) and to z likewise.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Horner(double* position, double* state, V c, V s, V cSlope, V sSlope)
    {
        V x = L.Load(position), y = L.Load(position + Tokens);
        V u = L.Load(state), v = L.Load(state + Tokens);
        V du = L.Load(state + 2 * Tokens), dv = L.Load(state + 3 * Tokens);
        V uz = L.Load(state + 4 * Tokens), vz = L.Load(state + 5 * Tokens);
        L.Store(state + 2 * Tokens, L.MultiplyAdd(du, x, L.MultiplyAdd(dv, y, u)));
        L.Store(state + 3 * Tokens, L.MultiplyAdd(dv, x, L.NegativeMultiplyAdd(du, y, v)));
        L.Store(state, L.MultiplyAdd(u, x, L.MultiplyAdd(v, y, c)));
        L.Store(state + Tokens, L.MultiplyAdd(v, x, L.NegativeMultiplyAdd(u, y, s)));
        L.Store(state + 4 * Tokens, L.MultiplyAdd(uz, x, L.MultiplyAdd(vz, y, cSlope)));
        L.Store(state + 5 * Tokens, L.MultiplyAdd(vz, x, L.NegativeMultiplyAdd(uz, y, sSlope)));
    }
}
