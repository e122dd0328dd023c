namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// Real spherical harmonics (c_m, s_m) q_{l-m}^m(z) for m = 0..L, l = m..L, with c_m + i s_m = (x + i y)^m and q_n^m the monic polynomial
/// of degree n proportional to d^m P_{m+n}/dz^m (Gegenbauer, index m + 1/2). By the addition theorem P_l(&lt;x, x'&gt;) = sum_m G_lm (c_m
/// c_m' + s_m s_m') q(z) q(z').
/// </summary>
/// <remarks>
/// Recurrence: q_{n+1} = z q_n - g_n q_{n-1}, g_n = n (n + 2 m)/((2 n + 2 m + 1)(2 n + 2 m - 1)). Columns m and m + 1 (m even) share the
/// recurrence of column m, because q_n^m = q_n^{m+1} - e_n q_{n-2}^{m+1}, e_n = n (n - 1)/(4 (n + m + 1/2)(n + m - 1/2)): sums over q^m
/// become sums over q^{m+1} by M_n += e_n M_{n-2} upwards, coefficients of q^{m+1} coefficients of q^m by A_n += e_{n+2} A_{n+2} downwards.
/// All factors are positive and below 1/4: rounding grows by no more than about L. Derivatives: d q_n^m/dz = n q_{n-1}^{m+1}. Layout: pair
/// p = m/2 begins at degree-row <see cref="Row"/>(p); row n has the moments c_m, s_m, c_{m+1}, s_{m+1} and the coefficients of column m, of
/// its z derivative, of column m + 1 and of its derivative, each for c and s: all in q^m. Source: Gegenbauer's relations, Abramowitz and
/// Stegun 22.7.3 and 22.7.23.
/// </remarks>
internal sealed class SphereBasis : HarmonicBasis
{
    /// <summary>Numbers a row of moments has.</summary>
    public const int MomentsPerRow = 4;

    /// <summary>Numbers a row of coefficients has.</summary>
    public const int CoefficientsPerRow = 8;

    private readonly int[] _rows;
    private readonly double[] _weights;

    /// <summary>The basis with degrees up to <paramref name="order"/>.</summary>
    public SphereBasis(int order) : base(order)
    {
        Pairs = order / 2 + 1;
        _rows = new int[Pairs + 1];
        for (int p = 0; p < Pairs; p++) _rows[p + 1] = _rows[p] + order - 2 * p + 1;
        _weights = new double[2 * _rows[Pairs]];
        Recurrence = new double[_rows[Pairs]];
        double first = 1;
        for (int m = 0; m <= order; m++)
        {
            double g = m == 0 ? 1 : 2 * first;
            for (int l = m; l <= order; l++)
            {
                _weights[2 * (_rows[m / 2] + l - m) + m % 2] = g;
                g *= (2 * l + 1.0) * (2 * l + 1) / ((l + 1.0 - m) * (l + 1 + m));
            }
            first *= (2 * m + 1.0) / (2 * m + 2);
            if (m % 2 == 0)
                for (int n = 0; m + n <= order; n++)
                    Recurrence[_rows[m / 2] + n] = -n * (n + 2.0 * m) / ((2.0 * (n + m) + 1) * (2.0 * (n + m) - 1));
        }
    }

    /// <summary>Pairs of columns.</summary>
    public int Pairs { get; }

    /// <summary>-g_n of the even column of a pair, at its rows.</summary>
    public double[] Recurrence { get; }

    /// <summary>The first row of a pair.</summary>
    public int Row(int pair) => _rows[pair];

    public override int SumRows => Moments;

    public override int Moments => MomentsPerRow * _rows[Pairs];

    public override int Coefficients => CoefficientsPerRow * _rows[Pairs];

    public override unsafe void Reduce(double* rows, Span<double> sums)
    {
        for (int i = 0; i < sums.Length; i++, rows += Lanes)
            sums[i] += rows[0] + rows[1] + (rows[2] + rows[3]) + (rows[4] + rows[5] + (rows[6] + rows[7]));
    }

    public override void ToMoments(Span<double> sums)
    {
        for (int p = 0; p < Pairs; p++)
        {
            int m = 2 * p;
            Span<double> rows = sums[(MomentsPerRow * _rows[p])..(MomentsPerRow * _rows[p + 1])];
            for (int n = 2; n < Order - m; n++)
                for (int i = 2; i < 4; i++) rows[MomentsPerRow * n + i] += Exchange(n, m) * rows[MomentsPerRow * (n - 2) + i];
            // The odd column ends one row earlier.
            rows[^2..].Clear();
        }
    }

    public override void ToCoefficients(ReadOnlySpan<double> moments, double[] series, Span<double> coefficients)
    {
        coefficients.Clear();
        Span<double> value = stackalloc double[Order + 3], slope = stackalloc double[Order + 3];
        for (int m = 0; m <= Order; m++)
            for (int part = 0; part < 2; part++)
            {
                int row = _rows[m / 2], last = Order - m, odd = m % 2;
                value.Clear();
                slope.Clear();
                for (int n = 0; n <= last; n++)
                {
                    value[n] = series[m + n] * _weights[2 * (row + n) + odd]
                        * moments[MomentsPerRow * (row + n) + 2 * odd + part];
                    if (n > 0) slope[n - 1] = n * value[n];
                }
                Lower(slope, last, m);
                if (odd == 1)
                {
                    Lower(slope, last, m - 1);
                    Lower(value, last, m - 1);
                }
                for (int n = 0; n <= last; n++)
                {
                    coefficients[CoefficientsPerRow * (row + n) + 4 * odd + part] = value[n];
                    coefficients[CoefficientsPerRow * (row + n) + 4 * odd + 2 + part] = slope[n];
                }
            }
    }

    public override void AddPower(ReadOnlySpan<double> moments, double factor, Span<double> power)
    {
        for (int m = 0; m <= Order; m++)
            for (int l = m; l <= Order; l++)
            {
                int row = _rows[m / 2] + l - m;
                double c = moments[MomentsPerRow * row + 2 * (m % 2)], s = moments[MomentsPerRow * row + 2 * (m % 2) + 1];
                power[l] += factor * _weights[2 * row + m % 2] * (c * c + s * s);
            }
    }

    // e_n between columns m and m + 1.
    private static double Exchange(int n, int m) => n * (n - 1.0) / ((2.0 * (n + m) + 1) * (2.0 * (n + m) - 1));

    // Coefficients of q^{m+1} to coefficients of q^m, degrees 0..last; two numbers of room above.
    private static void Lower(Span<double> coefficients, int last, int m)
    {
        for (int n = last; n >= 0; n--) coefficients[n] += Exchange(n + 2, m) * coefficients[n + 2];
    }
}
