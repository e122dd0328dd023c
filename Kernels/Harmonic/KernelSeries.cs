namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// The expansion e^{beta (t - 1)} = sum_l C_l P_l(t) on the circle (P_l(cos u) = cos l u, C_0 = e^{-beta} I_0, C_l = 2 e^{-beta} I_l) and
/// on the sphere S^2 (Legendre polynomials, C_l = (2 l + 1) e^{-beta} i_l, i_l the modified spherical Bessel functions), with its exact
/// tails.
/// </summary>
/// <remarks>
/// By Miller's backward recursion, normalised with sum_l C_l = 1 (t = 1): nothing overflows for any beta, and relative errors are a few
/// units down to C_l = 1e-30. Source: Funk-Hecke, docs of model.md section 9; Abramowitz and Stegun 9.6.34, 10.2.36.
/// </remarks>
internal sealed class KernelSeries
{
    private readonly double[] _beyond, _radialBeyond;

    /// <summary>The series for the sphere in <paramref name="dimension"/> = 2 or 3 dimensions and <paramref name="beta"/> > 0.</summary>
    public KernelSeries(int dimension, double beta)
    {
        // C_l falls below 1e-30 near l = sqrt(2 beta ln 1e30) + ln 1e30 / 6; the recursion starts well beyond.
        int last = (int)(Math.Sqrt(140 * beta) + 12), start = last + 60;
        double[] c = new double[start + 2];
        c[start] = 1e-250;
        int half = dimension - 2;
        for (int l = start; l > 0; l--)
        {
            c[l - 1] = c[l + 1] + (2 * l + half) / beta * c[l];
            if (c[l - 1] > 1e200)
                for (int k = l - 1; k <= start; k++) c[k] *= 1e-250;
        }
        // I_l' = I_{l+1} + (l/beta) I_l, and so for i_l.
        double[] slopes = [.. Enumerable.Range(0, start + 1).Select(l => c[l + 1] - c[l] + l / beta * c[l])];
        double sum = 0;
        for (int l = start; l >= 0; l--)
        {
            double multiple = dimension == 3 ? 2 * l + 1 : l == 0 ? 1 : 2;
            (c[l], slopes[l]) = (c[l] * multiple, slopes[l] * multiple);
            sum += c[l];
        }
        (Coefficients, Slopes) = (new double[last + 1], new double[last + 1]);
        (_beyond, _radialBeyond) = (new double[last + 1], new double[last + 1]);
        double value = 0, slope = 0, radial = 0;
        for (int l = start; l >= 0; l--)
        {
            if (l <= last)
                (Coefficients[l], Slopes[l], _beyond[l], _radialBeyond[l]) = (c[l] / sum, slopes[l] / sum, Math.Max(value, slope), radial);
            value += c[l] / sum;
            slope += c[l] / sum * (dimension == 3 ? Math.Sqrt(l * (l + 1) / 2.0) : l) / beta;
            radial += Math.Abs(slopes[l]) / sum;
        }
    }

    /// <summary>C_l for l = 0, 1, ..., down to about 1e-30.</summary>
    public double[] Coefficients { get; }

    /// <summary>dC_l/dbeta, the coefficients of (t - 1) e^{beta (t - 1)}.</summary>
    public double[] Slopes { get; }

    /// <summary>
    /// A bound on what the degrees above <paramref name="order"/> contribute: to e^{beta (t - 1)}, sum C_l, and to its tangential gradient
    /// over beta, sum C_l max|grad P_l| / beta with max|grad P_l| = l on the circle and at most sqrt(l (l + 1)/2) on S^2. The larger of the
    /// two.
    /// </summary>
    /// <param name="order">L.</param>
    /// <param name="radial">Whether (t - 1) e^{beta (t - 1)} is to be bounded too, by sum |dC_l/dbeta|.</param>
    public double ErrorBeyond(int order, bool radial = false) =>
        order >= _beyond.Length ? 0 : radial ? Math.Max(_beyond[order], _radialBeyond[order]) : _beyond[order];

    /// <summary>
    /// The smallest order whose <see cref="ErrorBeyond"/> is at most <paramref name="error"/>, as far as the series is known.
    /// </summary>
    public int OrderFor(double error, bool radial = false)
    {
        int order = _beyond.Length - 1;
        while (order > 0 && ErrorBeyond(order - 1, radial) <= error) order--;
        return order;
    }
}
