using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Theory;

/// <summary>A stationary law of the noisy flow that is not uniform.</summary>
/// <param name="Entropy">H, the integral of log p over the law, p its density against the uniform law: 0 for p = 1, else positive.</param>
/// <param name="Kappa">The inverse strength of the noise under which it is stationary; in units of <see cref="NoisyFlow.CriticalKappa"/>
/// <see cref="KappaRatio"/>.</param>
/// <param name="KappaRatio">Kappa over its critical value.</param>
/// <param name="Mean">The length of its mean, in (0, 1).</param>
/// <param name="FreeEnergy">kappa (F - F of the uniform law), F = H/kappa - E: negative where it is the better one.</param>
/// <param name="IsStable">Whether F has a minimum here among the laws about one axis.</param>
public sealed record OrderedLaw(double Entropy, double Kappa, double KappaRatio, double Mean, double FreeEnergy, bool IsStable);

/// <summary>
/// The ordered stationary laws of the flow under noise sqrt(2/kappa): USA, coupling 1, n to infinity; one for every entropy H > 0.
/// </summary>
/// <remarks>
/// <para>The equation of McKean and Vlasov, dp/dt = (1/kappa) Laplace p - div(p grad k*p), falls along the free energy F = H/kappa - E, E =
/// 1/2 the integral of k over pairs, and rests where p = e^{kappa k*p}/Z. About an axis, w the cosine with it, C_l the ultraspherical
/// polynomials with C_l(1) = 1 and N_l the number of harmonics of degree l, Funk and Hecke's formula makes that p = e^{x d v}/Z, v = sum_l
/// g_l m_l C_l(w), m_l the mean of C_l, g_l = N_l lambda_l/(N_1 lambda_1), x = kappa lambda_1/beta, which is kappa over its critical
/// value. m_1 is the length of the mean.</para>
/// <para>Of the laws of entropy H such a one has most energy E(H), 1/kappa = dE/dH: it is symmetric about an axis, for k rises (Riesz and
/// Baernstein). As E is convex in p (all lambda_l > 0), p' = e^{x d v}/Z with x such that its entropy is H has no less energy than p, and
/// p', p'', ... come to it. It is stable where E(H) is concave. Beyond the tricritical beta E(H) is convex for small H: kappa(H) falls from
/// its critical value to the spinodal, then rises; and the tangent of E(H) that goes through the uniform law touches it at coexistence.
/// </para>
/// </remarks>
public sealed class OrderedBranch
{
    /// <summary>The largest beta that is served; the work rises like its square.</summary>
    public const double LargestBeta = 100;

    private const double SmallestEntropy = 1e-6, NarrowestShare = 0.2;
    private readonly double _beta, _critical;
    private readonly int _dimension;
    private readonly Lazy<OrderedLaw?> _spinodal;
    private readonly double[] _strengths;
    private readonly double[] _weights;
    // C_l at the nodes, l = 1, 2, ...
    private readonly double[][] _harmonics;

    /// <summary>The branch of an interaction: its profile and beta count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or beta is above <see cref="LargestBeta"/>.</exception>
    /// <exception cref="NotSupportedException">For profiles other than exponential and linear.</exception>
    public OrderedBranch(Interaction interaction, int dimension)
    {
        NoisyFlow.ThrowIfGeneral(interaction);
        Argument.AtLeast(2, dimension);
        _beta = interaction.Profile.IsExponential(interaction.Beta) ? interaction.Beta : 0;
        Argument.Within(_beta, 0, LargestBeta);
        (_dimension, _critical) = (dimension, NoisyFlow.CriticalKappa(interaction, dimension));
        _spinodal = new(Turn);
        _strengths = [.. Strengths()];
        int degrees = _strengths.Length;
        // Products of two harmonics go through some 50 rad on a panel; sin^{d-2} is d^{-1/2} wide.
        (double Angle, double Weight)[] nodes = [.. Quadrature.Nodes(0, Math.PI, 4 + degrees / 8 + (int)(Math.Sqrt(dimension) / 3))];
        double[] cosines = [.. nodes.Select(node => Math.Cos(node.Angle))];
        double[] measure = [.. nodes.Select(node => node.Weight * Math.Pow(Math.Sin(node.Angle), dimension - 2))];
        double mass = measure.Sum();
        _weights = [.. measure.Select(m => m / mass)];
        _harmonics = new double[degrees][];
        for (int l = 1; l <= degrees; l++)
        {
            double[] before = l > 1 ? _harmonics[l - 2] : cosines;
            _harmonics[l - 1] = l == 1 ? cosines
                : [.. cosines.Select((w, i) => ((2 * l + dimension - 4) * w * before[i] - (l - 1) * (l > 2 ? _harmonics[l - 3][i] : 1))
                    / (l + dimension - 3))];
        }
    }

    /// <summary>The law of entropy H.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When the entropy is below 1e-6, or so large that the law is narrower than the
    /// quadrature resolves.</exception>
    public OrderedLaw At(double entropy)
    {
        Argument.AtLeast(SmallestEntropy, entropy);
        double[] means = [1, .. new double[_strengths.Length - 1]], p = _weights;
        double ratio = 1, change = double.PositiveInfinity, last;
        do
        {
            (ratio, p) = WithEntropy(entropy, Field(means), ratio);
            double[] next = [.. _harmonics.Select(c => Sphere.Dot(p, c))];
            (last, change) = (change, next.Zip(means, (a, b) => Math.Abs(a - b)).Max());
            means = next;
        }
        // Its steps fall like a geometric series, down to rounding.
        while (change > 1e-12 || (change < last && change > 0));
        double energy = _strengths.Zip(means, (g, m) => g * m * m).Sum() / 2;
        return new OrderedLaw(entropy, ratio * _critical, ratio, means[0], entropy - ratio * _dimension * energy,
            Curvature(ratio, p) > 0);
    }

    /// <summary>The law where the branch turns round: ordered laws need its kappa at least. Null up to the tricritical beta, where they
    /// need the critical one.</summary>
    public OrderedLaw? Spinodal => _spinodal.Value;

    /// <summary>The law whose free energy is that of the uniform law: below its kappa the uniform law is the better one, above it the
    /// ordered one. Null up to the tricritical beta, where nothing jumps.</summary>
    public OrderedLaw? Coexistence => Spinodal is not { } spinodal ? null
        : At(Quadrature.Root(h => At(h).FreeEnergy, spinodal.Entropy, Beyond(spinodal.Entropy, law => law.FreeEnergy < 0)));

    /// <summary>The stable ordered law under this noise, or null where there is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When the law is narrower than the quadrature resolves.</exception>
    public OrderedLaw? Under(double kappa)
    {
        double least = Spinodal is { } spinodal ? spinodal.Entropy : SmallestEntropy;
        return !(kappa > At(least).Kappa) ? null
            : At(Quadrature.Root(h => kappa - At(h).Kappa, least, Beyond(least, law => law.Kappa > kappa)));
    }

    private OrderedLaw? Turn() => _beta <= NoisyFlow.TricriticalBeta(_dimension) ? null
        : At(Quadrature.Root(h => At(h).IsStable ? -1 : 1, SmallestEntropy, Beyond(1.0 / 16, law => law.IsStable)));

    // An entropy, raised by quarters as often as it takes.
    private double Beyond(double entropy, Predicate<OrderedLaw> holds)
    {
        while (!holds(At(entropy))) entropy *= 1.25;
        return entropy;
    }

    // N_l lambda_l over that of l = 1, until what is left is rounding.
    private IEnumerable<double> Strengths()
    {
        double strength = 1, largest = 1, growth = double.PositiveInfinity;
        for (int l = 1; growth > 1 || strength > 1e-18 * largest; l++)
        {
            yield return strength;
            double harmonics = (2.0 * l + _dimension) / (2.0 * l + _dimension - 2) * (l + _dimension - 2) / (l + 1);
            growth = Bessel.Ratio(_dimension / 2.0 + l, _beta) * harmonics;
            largest = Math.Max(largest, strength *= growth);
        }
    }

    // d v at the nodes.
    private double[] Field(double[] means)
    {
        double[] field = new double[_weights.Length];
        for (int l = 0; l < means.Length; l++) Sphere.AddScaled(field, _dimension * _strengths[l] * means[l], _harmonics[l]);
        return field;
    }

    // The x > 0 at which e^{x field}/Z has this entropy, and that law. Newton's steps inside a bracket: dH/dx = x var(field).
    private (double Ratio, double[] Law) WithEntropy(double entropy, double[] field, double start)
    {
        double low = 0, high = double.PositiveInfinity, x = start;
        double[] law = new double[_weights.Length];
        while (true)
        {
            double largest = x * field.Max(), mass = 0, mean = 0, square = 0, found = 0;
            for (int i = 0; i < law.Length; i++) mass += law[i] = _weights[i] * Math.Exp(x * field[i] - largest);
            for (int i = 0; i < law.Length; i++)
            {
                law[i] /= mass;
                double log = x * field[i] - largest - Math.Log(mass);
                // p log p - p + 1: no cancellation for laws that are nearly uniform.
                found += law[i] * log - _weights[i] * Less(log);
                mean += law[i] * field[i];
                square += law[i] * field[i] * field[i];
            }
            // On so few nodes there is no more to be had.
            if (found < entropy && law.Max() > NarrowestShare)
                throw new ArgumentOutOfRangeException(nameof(entropy), entropy, "the law is narrower than the quadrature resolves");
            if (found < entropy) low = x;
            else high = x;
            double next = x + (entropy - found) / (x * (square - mean * mean));
            if (!(next > low && next < high)) next = double.IsInfinity(high) ? 2 * x : (low + high) / 2;
            if (Math.Abs(next - x) <= 1e-15 * x || next <= low || next >= high) return (x, law);
            x = next;
        }
    }

    // e^x - 1.
    private static double Less(double x) => Math.Abs(x) < 1 ? 2 * Math.Exp(x / 2) * Math.Sinh(x / 2) : Math.Exp(x) - 1;

    // det(1 - A), A_lk = x d (g_l g_k)^{1/2} cov(C_l, C_k): A has the eigenvalues of the map of means. F has a minimum where it is
    // positive: at most one of them is above 1, as the law has most energy of its entropy.
    private double Curvature(double ratio, double[] law)
    {
        int degrees = _strengths.Length;
        double[] means = [.. _harmonics.Select(c => Sphere.Dot(law, c))];
        Matrix<double> deviations = Matrix<double>.Build.Dense(law.Length, degrees,
            (i, l) => Math.Sqrt(law[i] * ratio * _dimension * _strengths[l]) * (_harmonics[l][i] - means[l]));
        return (Matrix<double>.Build.DenseIdentity(degrees) - deviations.TransposeThisAndMultiply(deviations)).Determinant();
    }
}
