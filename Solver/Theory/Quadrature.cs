using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver.Theory;

/// <summary>Gauss-Legendre quadrature: on the sphere; on panels, for integrands with a peak at one end or with many scales.</summary>
internal static class Quadrature
{
    private static readonly GaussLegendreRule Rule = new(-1, 1, 32);

    /// <summary>A weighted cloud on S^2 that integrates polynomials of degree 2 order - 1 exactly: Gauss-Legendre latitudes, even
    /// longitudes.</summary>
    public static Cloud OnSphere(int order)
    {
        GaussLegendreRule rule = new(-1, 1, order);
        List<double> x = [], weights = [];
        for (int i = 0; i < order; i++)
            for (int j = 0; j < 2 * order; j++)
            {
                double z = rule.Abscissas[i], r = Math.Sqrt(1 - z * z);
                x.AddRange([r * Math.Cos(Math.PI * j / order), r * Math.Sin(Math.PI * j / order), z]);
                weights.Add(rule.Weights[i] / (4 * order));
            }
        return new Cloud(1, weights.Count, 3, [.. x], null, [.. weights]);
    }

    /// <summary>Nodes and weights on [low, high], cut into panels of 32 nodes each.</summary>
    public static IEnumerable<(double Node, double Weight)> Nodes(double low, double high, int panels)
    {
        double half = (high - low) / (2 * panels);
        for (int panel = 0; panel < panels; panel++)
            for (int i = 0; i < Rule.Order; i++)
                yield return (low + half * (2 * panel + 1 + Rule.GetAbscissa(i)), half * Rule.GetWeight(i));
    }

    /// <summary>Integral of f over [from, to] on panels of this length at most.</summary>
    public static double Panels(Func<double, double> f, double from, double to, double length)
    {
        double panels = Math.Max(1, Math.Ceiling((to - from) / length));
        CompensatedSum sum = default;
        for (double k = 0; k < panels; k++)
            sum.Add(Panel(f, from + (to - from) * (k / panels), from + (to - from) * ((k + 1) / panels)));
        return sum.Value;
    }

    /// <summary>Integral of f over [0, to] on panels that double in length from <paramref name="smallest"/> on.</summary>
    public static double FromZero(Func<double, double> f, double to, double smallest)
    {
        CompensatedSum sum = default;
        foreach ((double from, double end) in Doubling(to, smallest, 1)) sum.Add(Panel(f, from, end));
        return sum.Value;
    }

    /// <summary>
    /// Integral of value(a) e^{log(a)} over the angles [0, pi], as the logarithm of a factor and what it multiplies, so that nothing
    /// overflows. Resolves peaks of any width from <paramref name="smallest"/> on at both ends, and those that sin^{d-2} makes
    /// anywhere.
    /// </summary>
    public static (double Log, double Factor) OverAngles(
        Func<double, double> log, Func<double, double> value, int dimension, double smallest)
    {
        List<(double Log, double Value)> terms = [];
        foreach ((double from, double to) in Doubling(Math.PI / 2, smallest, 1 + (int)(Math.Sqrt(dimension) / 4)))
            for (int i = 0; i < Rule.Order; i++)
            {
                double angle = (from + to) / 2 + (to - from) / 2 * Rule.GetAbscissa(i), weight = (to - from) / 2 * Rule.GetWeight(i);
                terms.Add((log(angle), weight * value(angle)));
                terms.Add((log(Math.PI - angle), weight * value(Math.PI - angle)));
            }
        double largest = terms.Max(t => t.Log);
        CompensatedSum sum = default;
        foreach ((double exponent, double term) in terms) sum.Add(Math.Exp(exponent - largest) * term);
        return (largest, sum.Value);
    }

    /// <summary>The x in [low, high] at which a falling function passes 0, to the last bit; an end where it does not.</summary>
    public static double Root(Func<double, double> falling, double low, double high)
    {
        while (true)
        {
            double middle = low + (high - low) / 2;
            if (middle <= low || middle >= high) return middle;
            if (falling(middle) > 0) low = middle;
            else high = middle;
        }
    }

    private static double Panel(Func<double, double> f, double from, double to)
    {
        double sum = 0;
        for (int i = 0; i < Rule.Order; i++) sum += Rule.GetWeight(i) * f((from + to) / 2 + (to - from) / 2 * Rule.GetAbscissa(i));
        return (to - from) / 2 * sum;
    }

    // [0, s], [s, 2 s], [2 s, 4 s], ... up to the end, each in so many parts.
    private static IEnumerable<(double From, double To)> Doubling(double end, double smallest, int parts)
    {
        for (double from = 0, to = Math.Clamp(smallest, end * 1e-150, end); from < end; (from, to) = (to, Math.Min(2 * to, end)))
            for (int k = 0; k < parts; k++) yield return (from + (to - from) * k / parts, from + (to - from) * (k + 1) / parts);
    }
}
