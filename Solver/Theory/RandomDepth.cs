using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Two tokens of S^{d-1} under softmax whose value matrix is a Brownian motion W, Q^T K = I: dx_i = P_i dW a_i - (d-1)/2 |a_i|^2 x_i dt,
/// a_i = p x_i + q x_j, p + q = 1, p/q = e^{beta (1 - u)}. With P = p^2 + q^2 and Q = 2 p q their cosine u follows du = (1 - u^2) ((d-2) Q
/// - P u) dt + (2 P)^{1/2} (1 - u^2) dB, and z = artanh u the equation dz = ((d-2) Q + P u) dt + (2 P)^{1/2} dB.
/// </summary>
/// <remarks>
/// That is Ito's equation, the limit of layers that see their matrix once: Euler steps as long as time.redraw. Where tokens move on under
/// the same matrix, attention follows them, and the limit has Stratonovich's terms more: z drifts by q (p - q u - beta p (p - q)(1 - u^2))
/// besides.
/// </remarks>
public sealed class RandomDepth
{
    // Ends of the grid, where 1 - |u| is 2e-9; its spacing and the time step.
    private const double End = 10, Spacing = 1.0 / 16, TimeStep = 1.0 / 64;

    private static readonly GaussLegendreRule Rule = new(0, 1, 16);

    private readonly double _d, _beta;
    private readonly bool _continuous;

    /// <summary>The law of two tokens.</summary>
    /// <param name="dimension">d, at least 2.</param>
    /// <param name="beta">beta, at least 0.</param>
    /// <param name="continuous">Whether tokens move on under the same matrix.</param>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or beta is negative or not finite.</exception>
    public RandomDepth(int dimension, double beta, bool continuous = false)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, beta);
        (_d, _beta, _continuous) = (dimension, beta, continuous);
    }

    /// <summary>True when opposite tokens attract: cosh 2 beta > d - 2, but for Stratonovich's terms.</summary>
    public bool AntipodeAttracts => Ratio(double.NegativeInfinity) < 0;

    /// <summary>
    /// The probability that two tokens end opposite to each other: (S(1) - S(u))/(S(1) - S(-1)), S'(z) = e^{-int 2 drift/variance dz}
    /// the scale function; 0 where the antipode does not attract. They end together else: u = 1 attracts in every dimension.
    /// </summary>
    /// <param name="cosine">u at the start, in (-1, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">When the cosine is not in (-1, 1).</exception>
    public double AntipodalProbability(double cosine)
    {
        if (!(Math.Abs(cosine) < 1)) throw new ArgumentOutOfRangeException(nameof(cosine), cosine, "a cosine in (-1, 1) is expected");
        if (!AntipodeAttracts) return 0;
        double start = Math.Atanh(cosine);
        (double logAbove, double above) = Scale(start, 1);
        (double logBelow, double below) = Scale(start, -1);
        return 1 / (1 + Math.Exp(logBelow - logAbove) * below / above);
    }

    /// <summary>
    /// E u(t), by Kolmogorov's backward equation in z, Crank and Nicolson's method and extrapolation from two grids: to about 1e-6.
    /// </summary>
    /// <param name="cosine">u at the start, in [-0.999, 0.999].</param>
    /// <param name="time">t, at least 0.</param>
    public double MeanCosine(double cosine, double time)
    {
        if (!(Math.Abs(cosine) <= 0.999)) throw new ArgumentOutOfRangeException(nameof(cosine), cosine, "at most 0.999 is expected");
        Argument.AtLeast(0, time);
        return (4 * MeanCosine(cosine, time, 2) - MeanCosine(cosine, time, 1)) / 3;
    }

    // Drift and half the variance of z.
    private (double Drift, double Half) Rates(double z)
    {
        double u = Math.Tanh(z), gap = _beta * (1 - u), q = 1 / (1 + Math.Exp(gap)), p = 1 - q, half = p * p + q * q;
        double drift = 2 * p * q * (_d - 2) + half * u;
        return (_continuous ? drift + q * (p - q * u - gap * (1 + u) * p * (p - q)) : drift, half);
    }

    private double Ratio(double z) => Rates(z) is var (drift, half) ? drift / half : 0;

    // The integral of S'/S'(from) over the z above (side 1) or below, as the logarithm of a factor and what it multiplies. Panels short
    // against the width of S' and of its change; far away S' is an exponential.
    private (double Log, double Factor) Scale(double from, int side)
    {
        double reach = 20 + 0.5 * Math.Log(1 + 2 * _beta), end = side > 0 ? Math.Max(from, 0) + reach : Math.Min(from, 0) - reach;
        int panels = (int)Math.Ceiling(Math.Abs(end - from) * Math.Max(4, _d / 4));
        double length = (end - from) / panels, log = 0, largest = 0, sum = 0;
        for (int k = 0; k < panels; k++)
        {
            double begin = from + k * length;
            for (int i = 0; i < Rule.Order; i++)
                Add(log - Exponent(begin, Rule.GetAbscissa(i) * length), Rule.GetWeight(i) * Math.Abs(length));
            log -= Exponent(begin, length);
        }
        Add(log, 1 / Math.Abs(Ratio(end)));
        return (largest, sum);

        double Exponent(double begin, double width)
        {
            double integral = 0;
            for (int i = 0; i < Rule.Order; i++) integral += Rule.GetWeight(i) * Ratio(begin + Rule.GetAbscissa(i) * width);
            return integral * width;
        }

        void Add(double exponent, double weight)
        {
            if (exponent > largest) (sum, largest) = (sum * Math.Exp(largest - exponent), exponent);
            sum += weight * Math.Exp(exponent - largest);
        }
    }

    // On a grid refined so many times in space and time.
    private double MeanCosine(double cosine, double time, int refinement)
    {
        double h = Spacing / refinement, start = Math.Atanh(cosine);
        int n = 2 * (int)(End / h), steps = refinement * (int)Math.Ceiling(time / TimeStep), at = n / 2;
        // The start is a point of the grid.
        double[] v = [.. Enumerable.Range(0, n + 1).Select(i => Math.Tanh(Z(i)))], next = new double[n + 1], pivots = new double[n + 1];
        for (int step = 0; step < steps; step++)
        {
            double tau = time / steps;
            // (1 - tau/2 L) next = (1 + tau/2 L) v, by Gauss's elimination of a band; the ends stay.
            (next[0], pivots[0]) = (v[0], 0);
            for (int i = 1; i < n; i++)
            {
                (double drift, double half) = Rates(Z(i));
                double low = tau / 2 * (half / h - drift / 2) / h, high = tau / 2 * (half / h + drift / 2) / h, middle = low + high;
                double pivot = 1 + middle - low * pivots[i - 1];
                pivots[i] = high / pivot;
                next[i] = (low * v[i - 1] + (1 - middle) * v[i] + high * v[i + 1] + low * next[i - 1]) / pivot;
            }
            next[n] = v[n];
            for (int i = n - 1; i > 0; i--) next[i] += pivots[i] * next[i + 1];
            (v, next) = (next, v);
        }
        return v[at];

        double Z(int i) => start + (i - at) * h;
    }
}
