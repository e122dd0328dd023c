using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// Moments and sums of spherical harmonics: two rows of tokens at a time, two columns m at a time; see <see cref="SphereBasis"/>.
/// </summary>
/// <remarks>Operations a token: 3 per pair (l, m >= 0) for moments and 5 for Z and its gradient, beside 4 and 12 per m.</remarks>
internal sealed unsafe class SphereKernel<L, V> : HarmonicKernel where L : struct, ILanes<V, double> where V : struct
{
    private const int Lanes = HarmonicBasis.Lanes, Tokens = HarmonicTile.Tokens;
    private const int RowLanes = SphereBasis.MomentsPerRow * Lanes, Row8 = SphereBasis.CoefficientsPerRow;

    // A power (x + i y)^m below this is 0: products with polynomials (above 2^-L) would be denormal numbers, which cost a hundred times
    // more.
    private const double Tiny = 1e-200;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Accumulate(HarmonicTile tile, HarmonicBasis basis)
    {
        SphereBasis sphere = (SphereBasis)basis;
        double* position = tile.Position, c = tile.Scratch, sums = tile.Sums;
        int count = tile.Count;
        new Span<double>(tile.Weight, count).CopyTo(new Span<double>(c, count));
        new Span<double>(c + Tokens, count).Clear();
        bool mayVanish = Vanishes(position, count, basis.Order);
        fixed (double* recurrence = sphere.Recurrence)
            for (int pair = 0; pair < sphere.Pairs; pair++)
            {
                int row = sphere.Row(pair), rows = sphere.Row(pair + 1) - row;
                if (mayVanish) Clean(c, count);
                for (int lane = 0; lane < Lanes; lane += L.Count)
                    for (int i = lane; i < count; i += 4 * Lanes)
                        Accumulate(position + i, c + i, sums + row * RowLanes + lane, recurrence + row, rows);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Evaluate(HarmonicTile tile, HarmonicBasis basis, double* coefficients, double scale)
    {
        SphereBasis sphere = (SphereBasis)basis;
        double* position = tile.Position, z = tile.Z, gradient = tile.Gradient, state = tile.Scratch;
        int count = tile.Count;
        fixed (double* recurrence = sphere.Recurrence)
            for (int lane = 0; lane < Lanes; lane += L.Count)
                for (int i = lane; i < count; i += 2 * Lanes)
                {
                    Evaluate(position + i, state, sphere, recurrence, coefficients);
                    Finish(position + i, state, z + i, gradient + i, scale);
                    Finish(position + i + Lanes, state + 6 * Lanes, z + i + Lanes, gradient + i + Lanes, scale);
                }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Vanishes(double* x, int count, int order)
    {
        double smallest = 1, other = 1;
        for (int i = 0; i < count; i += 2)
        {
            smallest = Math.Min(smallest, x[i] * x[i] + x[Tokens + i] * x[Tokens + i]);
            other = Math.Min(other, x[i + 1] * x[i + 1] + x[Tokens + i + 1] * x[Tokens + i + 1]);
        }
        return Math.Pow(Math.Min(smallest, other), (order + 2) / 2.0) < Tiny * 1e20;
    }

    private static void Clean(double* c, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (Math.Abs(c[i]) < Tiny) c[i] = 0;
            if (Math.Abs(c[Tokens + i]) < Tiny) c[Tokens + i] = 0;
        }
    }

    // power: w c_m, and w s_m a column later; left at m + 2. What belongs to the four rows of tokens ends with A, B, C, D.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(double* position, double* power, double* sums, double* recurrence, int rows)
    {
        Turn(position, power, out V cA, out V sA, out V oddCA, out V oddSA);
        Turn(position + Lanes, power + Lanes, out V cB, out V sB, out V oddCB, out V oddSB);
        Turn(position + 2 * Lanes, power + 2 * Lanes, out V cC, out V sC, out V oddCC, out V oddSC);
        Turn(position + 3 * Lanes, power + 3 * Lanes, out V cD, out V sD, out V oddCD, out V oddSD);
        // Degree 0, where q = 1; then those of both columns; then the last, which only the even column has.
        L.Store(sums, L.Add(L.Load(sums), L.Add(L.Add(cA, cB), L.Add(cC, cD))));
        L.Store(sums + Lanes, L.Add(L.Load(sums + Lanes), L.Add(L.Add(sA, sB), L.Add(sC, sD))));
        if (rows == 1) return;
        L.Store(sums + 2 * Lanes, L.Add(L.Load(sums + 2 * Lanes), L.Add(L.Add(oddCA, oddCB), L.Add(oddCC, oddCD))));
        L.Store(sums + 3 * Lanes, L.Add(L.Load(sums + 3 * Lanes), L.Add(L.Add(oddSA, oddSB), L.Add(oddSC, oddSD))));
        double* z = position + 2 * Tokens, end = recurrence + rows - 1;
        V zA = L.Load(z), zB = L.Load(z + Lanes), zC = L.Load(z + 2 * Lanes), zD = L.Load(z + 3 * Lanes);
        V qA = zA, qB = zB, qC = zC, qD = zD, pA = L.Constant(1), pB = pA, pC = pA, pD = pA;
        recurrence++;
        sums += RowLanes;
        // Two rows at a time, so that no vector is copied from one name to the other.
        for (; recurrence + 1 < end; recurrence += 2, sums += 2 * RowLanes)
        {
            Next(recurrence, zA, qA, ref pA, zB, qB, ref pB);
            Next(recurrence, zC, qC, ref pC, zD, qD, ref pD);
            Add(sums, qA, cA, sA, qB, cB, sB, qC, cC, sC, qD, cD, sD);
            Add(sums + 2 * Lanes, qA, oddCA, oddSA, qB, oddCB, oddSB, qC, oddCC, oddSC, qD, oddCD, oddSD);
            Next(recurrence + 1, zA, pA, ref qA, zB, pB, ref qB);
            Next(recurrence + 1, zC, pC, ref qC, zD, pD, ref qD);
            Add(sums + 4 * Lanes, pA, cA, sA, pB, cB, sB, pC, cC, sC, pD, cD, sD);
            Add(sums + 6 * Lanes, pA, oddCA, oddSA, pB, oddCB, oddSB, pC, oddCC, oddSC, pD, oddCD, oddSD);
        }
        if (recurrence < end)
        {
            Next(recurrence, zA, qA, ref pA, zB, qB, ref pB);
            Next(recurrence, zC, qC, ref pC, zD, qD, ref pD);
            Add(sums, qA, cA, sA, qB, cB, sB, qC, cC, sC, qD, cD, sD);
            Add(sums + 2 * Lanes, qA, oddCA, oddSA, qB, oddCB, oddSB, qC, oddCC, oddSC, qD, oddCD, oddSD);
            (qA, qB, qC, qD) = (pA, pB, pC, pD);
            sums += RowLanes;
        }
        Add(sums, qA, cA, sA, qB, cB, sB, qC, cC, sC, qD, cD, sD);
    }

    // (c, s), (c, s) (x + i y), and in memory (c, s) (x + i y)^2.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(double* position, double* power, out V c, out V s, out V oddC, out V oddS)
    {
        V x = L.Load(position), y = L.Load(position + Tokens);
        c = L.Load(power);
        s = L.Load(power + Tokens);
        oddC = L.NegativeMultiplyAdd(s, y, L.Multiply(c, x));
        oddS = L.MultiplyAdd(s, x, L.Multiply(c, y));
        L.Store(power, L.NegativeMultiplyAdd(oddS, y, L.Multiply(oddC, x)));
        L.Store(power + Tokens, L.MultiplyAdd(oddS, x, L.Multiply(oddC, y)));
    }

    // p = z q + g p.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Next(double* recurrence, V zA, V qA, ref V pA, V zB, V qB, ref V pB)
    {
        V g = L.Broadcast(recurrence);
        pA = L.Multiply(pA, g);
        pB = L.Multiply(pB, g);
        pA = L.MultiplyAdd(zA, qA, pA);
        pB = L.MultiplyAdd(zB, qB, pB);
    }

    // In turns: the JIT would fold neighbouring steps of one sum into a form that copies a vector for each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* sums, V qA, V cA, V sA, V qB, V cB, V sB, V qC, V cC, V sC, V qD, V cD, V sD)
    {
        V c = L.Load(sums), s = L.Load(sums + Lanes);
        c = L.MultiplyAdd(qA, cA, c);
        s = L.MultiplyAdd(qA, sA, s);
        c = L.MultiplyAdd(qB, cB, c);
        s = L.MultiplyAdd(qB, sB, s);
        c = L.MultiplyAdd(qC, cC, c);
        s = L.MultiplyAdd(qC, sC, s);
        c = L.MultiplyAdd(qD, cD, c);
        s = L.MultiplyAdd(qD, sD, s);
        L.Store(sums, c);
        L.Store(sums + Lanes, s);
    }

    // Horner's rule in (x + i y) over m, downwards: state u, v of the value, du, dv of its derivative, uz, vz of its z derivative.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Evaluate(double* position, double* state, SphereBasis basis, double* recurrence, double* coefficients)
    {
        V zero = L.Constant(0);
        for (int i = 0; i < 12; i++) L.Store(state + i * Lanes, zero);
        V zA = L.Load(position + 2 * Tokens), zB = L.Load(position + 2 * Tokens + Lanes);
        for (int pair = basis.Pairs - 1; pair >= 0; pair--)
        {
            // Degree 0, where q = 1; then all; then the last, which only the even column's value has.
            double* k = coefficients + basis.Row(pair) * SphereBasis.CoefficientsPerRow, g = recurrence + basis.Row(pair);
            double* end = recurrence + basis.Row(pair + 1) - 1;
            V qA = zA, qB = zB, pA = L.Constant(1), pB = pA;
            V cA = L.Broadcast(k), sA = L.Broadcast(k + 1), cSlopeA = L.Broadcast(k + 2), sSlopeA = L.Broadcast(k + 3);
            V oddCA = L.Broadcast(k + 4), oddSA = L.Broadcast(k + 5), oddCSlopeA = L.Broadcast(k + 6), oddSSlopeA = L.Broadcast(k + 7);
            V cB = cA, sB = sA, cSlopeB = cSlopeA, sSlopeB = sSlopeA;
            V oddCB = oddCA, oddSB = oddSA, oddCSlopeB = oddCSlopeA, oddSSlopeB = oddSSlopeA;
            if (g < end)
            {
                g++;
                k += Row8;
                for (; g + 1 < end; g += 2, k += 2 * Row8)
                {
                    Next(g, zA, qA, ref pA, zB, qB, ref pB);
                    Add(k, qA, qB, ref cA, ref cB);
                    Add(k + 1, qA, qB, ref sA, ref sB);
                    Add(k + 2, qA, qB, ref cSlopeA, ref cSlopeB);
                    Add(k + 3, qA, qB, ref sSlopeA, ref sSlopeB);
                    Add(k + 4, qA, qB, ref oddCA, ref oddCB);
                    Add(k + 5, qA, qB, ref oddSA, ref oddSB);
                    Add(k + 6, qA, qB, ref oddCSlopeA, ref oddCSlopeB);
                    Add(k + 7, qA, qB, ref oddSSlopeA, ref oddSSlopeB);
                    Next(g + 1, zA, pA, ref qA, zB, pB, ref qB);
                    Add(k + Row8, pA, pB, ref cA, ref cB);
                    Add(k + Row8 + 1, pA, pB, ref sA, ref sB);
                    Add(k + Row8 + 2, pA, pB, ref cSlopeA, ref cSlopeB);
                    Add(k + Row8 + 3, pA, pB, ref sSlopeA, ref sSlopeB);
                    Add(k + Row8 + 4, pA, pB, ref oddCA, ref oddCB);
                    Add(k + Row8 + 5, pA, pB, ref oddSA, ref oddSB);
                    Add(k + Row8 + 6, pA, pB, ref oddCSlopeA, ref oddCSlopeB);
                    Add(k + Row8 + 7, pA, pB, ref oddSSlopeA, ref oddSSlopeB);
                }
                if (g < end)
                {
                    Next(g, zA, qA, ref pA, zB, qB, ref pB);
                    Add(k, qA, qB, ref cA, ref cB);
                    Add(k + 1, qA, qB, ref sA, ref sB);
                    Add(k + 2, qA, qB, ref cSlopeA, ref cSlopeB);
                    Add(k + 3, qA, qB, ref sSlopeA, ref sSlopeB);
                    Add(k + 4, qA, qB, ref oddCA, ref oddCB);
                    Add(k + 5, qA, qB, ref oddSA, ref oddSB);
                    Add(k + 6, qA, qB, ref oddCSlopeA, ref oddCSlopeB);
                    Add(k + 7, qA, qB, ref oddSSlopeA, ref oddSSlopeB);
                    (qA, qB) = (pA, pB);
                    k += Row8;
                }
                Add(k, qA, qB, ref cA, ref cB);
                Add(k + 1, qA, qB, ref sA, ref sB);
            }
            Horner(position, state, oddCA, oddSA, oddCSlopeA, oddSSlopeA, cA, sA, cSlopeA, sSlopeA);
            Horner(position + Lanes, state + 6 * Lanes, oddCB, oddSB, oddCSlopeB, oddSSlopeB, cB, sB, cSlopeB, sSlopeB);
        }
    }

    // The gradient of the polynomial, du, dv, uz, without its part along the position, times the scale. Apart, because the JIT inlines only
    // so much into one method.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish(double* position, double* state, double* value, double* gradient, double scale)
    {
        V x = L.Load(position), y = L.Load(position + Tokens), z = L.Load(position + 2 * Tokens), factor = L.Constant(scale);
        V gx = L.Multiply(L.Load(state + 2 * Lanes), factor), gy = L.Multiply(L.Load(state + 3 * Lanes), factor);
        V gz = L.Multiply(L.Load(state + 4 * Lanes), factor);
        V along = L.MultiplyAdd(gx, x, L.MultiplyAdd(gy, y, L.Multiply(gz, z)));
        L.Store(value, L.Load(state));
        L.Store(gradient, L.NegativeMultiplyAdd(along, x, gx));
        L.Store(gradient + Tokens, L.NegativeMultiplyAdd(along, y, gy));
        L.Store(gradient + 2 * Tokens, L.NegativeMultiplyAdd(along, z, gz));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* coefficient, V qA, V qB, ref V a, ref V b)
    {
        V k = L.Broadcast(coefficient);
        a = L.MultiplyAdd(k, qA, a);
        b = L.MultiplyAdd(k, qB, b);
    }

    // Two steps, odd column first. With P = u - i v: P = P (x + i y) + (c - i s); derivatives to (x + i y) and to z likewise.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Horner(double* position, double* state, V oddC, V oddS, V oddCSlope, V oddSSlope, V c, V s, V cSlope, V sSlope)
    {
        V x = L.Load(position), y = L.Load(position + Tokens);
        V u = L.Load(state), v = L.Load(state + Lanes);
        V du = L.Load(state + 2 * Lanes), dv = L.Load(state + 3 * Lanes);
        V uz = L.Load(state + 4 * Lanes), vz = L.Load(state + 5 * Lanes);
        V duOdd = L.MultiplyAdd(du, x, L.MultiplyAdd(dv, y, u)), dvOdd = L.MultiplyAdd(dv, x, L.NegativeMultiplyAdd(du, y, v));
        V uOdd = L.MultiplyAdd(u, x, L.MultiplyAdd(v, y, oddC)), vOdd = L.MultiplyAdd(v, x, L.NegativeMultiplyAdd(u, y, oddS));
        V uzOdd = L.MultiplyAdd(uz, x, L.MultiplyAdd(vz, y, oddCSlope));
        V vzOdd = L.MultiplyAdd(vz, x, L.NegativeMultiplyAdd(uz, y, oddSSlope));
        L.Store(state + 2 * Lanes, L.MultiplyAdd(duOdd, x, L.MultiplyAdd(dvOdd, y, uOdd)));
        L.Store(state + 3 * Lanes, L.MultiplyAdd(dvOdd, x, L.NegativeMultiplyAdd(duOdd, y, vOdd)));
        L.Store(state, L.MultiplyAdd(uOdd, x, L.MultiplyAdd(vOdd, y, c)));
        L.Store(state + Lanes, L.MultiplyAdd(vOdd, x, L.NegativeMultiplyAdd(uOdd, y, s)));
        L.Store(state + 4 * Lanes, L.MultiplyAdd(uzOdd, x, L.MultiplyAdd(vzOdd, y, cSlope)));
        L.Store(state + 5 * Lanes, L.MultiplyAdd(vzOdd, x, L.NegativeMultiplyAdd(uzOdd, y, sSlope)));
    }
}
