using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;

namespace AttentionFlow.Tests.Solver;

/// <summary>Every public function of Theory, and Bessel, over its whole range: finite where there is a value, and right by an identity, a closed form or a bound.</summary>
public class TheoryProperties
{
    private static readonly double[] Edges = [0, 1e-290, 1e-150, 1e-8, 699.9, 700.1, 705, 710, 717, 745, 999, 1001, 1e4, 1e8];
    private static readonly double Largest = Math.Log(double.MaxValue);

    private static readonly Gen<double> Betas = Gen.Frequency(
        (1, Gen.Elements(Edges)), (3, Gen.Choose(-400, 400).Select(k => Math.Pow(10, k / 100.0))));

    private static readonly Gen<double> Unit = Gen.Frequency((1, Gen.Elements(0.0, 1, 0.5)), (4, Gen.Choose(0, 1_000_000).Select(k => k / 1e6)));
    private static readonly Gen<int> Dimensions = Gen.Frequency((4, Gen.Choose(2, 12)), (1, Gen.Elements(64, 340, 341, 1000)));
    private static readonly Normalization[] Soft = [.. Normalization.All.Where(n => !n.IsHard)];

    private static void Holds<T>(Gen<T> of, Func<T, bool> property) => Prop.ForAll(Arb.From(of), property).CheckReplayed();

    private static void Must(bool claim, [CallerArgumentExpression(nameof(claim))] string text = "")
    {
        if (!claim) throw new AssertionException(text);
    }

    private static bool Near(double actual, double expected, double relative, double absolute = 0) =>
        actual == expected || Math.Abs(actual - expected) <= relative * Math.Abs(expected) + absolute;

    /// <summary>Amos' bounds (Math. Comp. 1974), which close in on each other for large x and for large orders, and the recurrence.</summary>
    [Test]
    public void RatiosOfBesselFunctions() => Holds(
        from x in Betas
        from twice in Gen.Choose(1, 400)
        select (Order: twice / 2.0, X: x), at =>
    {
        (double v, double x) = at;
        double ratio = Bessel.Ratio(v, x), low = x / (v - 0.5 + double.Hypot(x, v + 0.5)), high = x / (v - 0.5 + double.Hypot(x, v - 0.5));
        Must(ratio >= low * (1 - 1e-14));
        Must(ratio <= high * (1 + 1e-14));
        Must(ratio <= 1);
        Must(Near(ratio, x * Bessel.RatioOverArgument(v, x), 1e-13, 1e-320));
        Must(Near(ratio * (2 * v + x * Bessel.Ratio(v + 1, x)), x, 1e-13, 1e-320));
        return true;
    });

    /// <summary>d = 3 is sinh(beta)/beta, the recurrence joins the degrees, and eigenvalue, ratio and logarithm are of one value.</summary>
    [Test]
    public void FunkHeckeEigenvalues() => Holds(
        from beta in Betas
        from d in Dimensions
        from l in Gen.Choose(1, 30)
        select (Beta: beta, D: d, L: l), at =>
    {
        (double beta, int d, int l) = at;
        double zero = Bessel.FunkHecke(d, 0, beta), log = Bessel.LogScaledFunkHecke(d, beta), of = Bessel.FunkHecke(d, l, beta);
        double recurrence = Bessel.DegreeRatio(d, l - 1, beta) - Bessel.DegreeRatio(d, l + 1, beta), middle = (2.0 * l + d - 2) * Bessel.DegreeRatio(d, l, beta);
        Must(zero >= 1 - 1e-14);
        Must(of >= 0);
        Must(of <= zero);
        Must(log <= 1e-15 * beta);
        Must(log >= -beta);
        Must(double.IsFinite(zero) ? Near(Math.Log(zero), log + beta, 1e-13, 1e-12) && Near(of, zero * Bessel.DegreeRatio(d, l, beta), 1e-11, 1e-300) : log + beta > Largest - 1);
        Must(Near(Bessel.LogScaledFunkHecke(3, beta), LogSphere(beta), 1e-13, 1e-13));
        Must(Near(beta * recurrence, middle, 1e-11, 4e-16 * beta));
        return true;
    });

    // log(e^{-beta} sinh(beta)/beta).
    private static double LogSphere(double beta) => beta == 0 ? 0 : beta < 1e-3 ? Math.Log(1 + beta * beta / 6) - beta : Math.Log((1 - Math.Exp(-2 * beta)) / (2 * beta));

    /// <summary>I_{1/2} in closed form, and the recurrence.</summary>
    [Test]
    public void BesselFunctions() => Holds(
        from x in Betas
        from twice in Gen.Choose(2, 60)
        select (Order: twice / 2.0, X: x), at =>
    {
        (double v, double x) = at;
        double half = x == 0 ? 0 : Math.Sqrt(2 * x / Math.PI) * Math.Exp(LogSphere(x));
        Must(Bessel.Scaled(v, x) is >= 0 and <= 1);
        Must(Near(Bessel.Scaled(0.5, x), half, 1e-13));
        Must(Near(x * (Bessel.Scaled(v - 1, x) - Bessel.Scaled(v + 1, x)), 2 * v * Bessel.Scaled(v, x), 1e-11, 1e-15 * x + 1e-300));
        Must(Bessel.I(v, x) == 0 || Bessel.I(v, x) == double.PositiveInfinity || Near(Math.Log(Bessel.I(v, x)), Math.Log(Bessel.Scaled(v, x)) + x, 1e-13, 1e-13) || Bessel.Scaled(v, x) < 1e-300);
        return true;
    });

    /// <summary>Nothing has more energy than a point; known circles and the uniform law in closed form; modes against quadrature.</summary>
    [Test]
    public void EnergiesOfKnownStates() => Holds(
        from beta in Betas
        from height in Unit
        from turn in Gen.Choose(-5000, 5000)
        from d in Dimensions
        select (Beta: beta, Height: height, Turn: turn / 100.0, D: d), at =>
    {
        (double beta, double c, double turn, int d) = at;
        double point = new Interaction(beta).DiracEnergy, circle = Energies.LatitudeCircle(beta, c), arc = Energies.LatitudeArc(beta, c, turn);
        double gap = Energies.MeanRotaryGap(beta, turn), uniform = Energies.Uniform(d, beta), square = Energies.PartTurnMeanSquared(turn, c);
        bool inRange = beta is > 1e-3 and < 100;
        Must(Between(uniform, point));
        Must(Between(circle, point));
        Must(Between(arc, point));
        Must(Between(gap, point));
        Must(square is >= 0 and <= 1 + 1e-15);
        Must(Near(Energies.LatitudeCircle(beta, 1), point, 1e-12));
        Must(Near(Energies.LatitudeArc(beta, -c, 0), point, 1e-12));
        Must(Near(Energies.LatitudeArc(beta, c, 6 * Clouds.Turn), circle, 1e-12, 1e-28));
        Must(Near(Energies.Uniform(3, beta), beta == 0 ? 0 : Math.Exp(LogSphere(beta) + beta) / (2 * beta), 1e-12 * Math.Max(1, beta) + 1e-13));
        Must(!inRange || Near(arc, Fine(v => (1 - v) * Math.Exp(beta * (c * c + (1 - c * c) * Math.Cos(turn * v)))) / beta, 1e-11));
        Must(!inRange || Near(point - gap, Fine(h => Energies.LatitudeArc(beta, h, turn)), 1e-11));
        Must(beta > 0 || arc == square / 2);
        Must(beta is > 1e-8 or 0 || Near(gap, Energies.MeanRotaryGap(0, turn), 1e-7));
        return true;

        bool Between(double energy, double point) => energy >= 0 && energy <= point * (1 + 1e-12) || beta == 0 && Math.Abs(energy) <= 0.5;
        static double Fine(Func<double, double> f) => Enumerable.Range(0, 20).Sum(k => MathNet.Numerics.Integration.GaussLegendreRule.Integrate(f, k / 20.0, (k + 1) / 20.0, 32));
    });

    /// <summary>What an equiangular state becomes after two times is what it becomes after their sum, on its way from the one fixed point to the other.</summary>
    [Test]
    public void EquiangularStates() => Holds(
        from beta in Betas
        from n in Gen.Elements(2, 3, 8, 1000, int.MaxValue)
        from share in Unit
        from normalization in Gen.Elements(Soft)
        from t in Gen.Choose(-300, 200)
        select (Beta: Math.Min(beta, 1e3), N: n, Share: share, Normalization: normalization, T: Math.Pow(10, t / 100.0)), at =>
    {
        (double beta, int n, double share, Normalization normalization, double t) = at;
        double lowest = -1 / (n - 1.0), g = lowest + share * (1 - lowest), gap = beta * (1 - g);
        double slope = Equiangular.Slope(normalization, beta, n, g), once = Equiangular.Cosine(normalization, beta, n, g, t), twice = Equiangular.Cosine(normalization, beta, n, g, 2 * t);
        double free = Equiangular.CosineAtBetaZero(n, g, t), entropy = Equiangular.AttentionEntropy(n, gap), pass = Equiangular.LowPass(n, gap);
        Must(slope >= 0);
        Must(once >= g - 1e-15);
        Must(once <= twice + 1e-15);
        Must(twice <= 1);
        Must(Near(Equiangular.Cosine(normalization, beta, n, once, t), twice, 0, 1e-9));
        Must(free >= g - 1e-15);
        Must(free <= 1);
        Must(Near(Equiangular.Cosine(Normalization.Softmax, 0, n, g, t), free, 0, 1e-12));
        Must(entropy >= 0);
        Must(entropy <= Math.Log(n) + 1e-14);
        Must(pass is >= 0 and <= 1);
        Must(!(g >= 0) || Equiangular.EffectiveRank(n, g) >= 1 - 1e-12);
        Must(share is 0 || Equiangular.LayerCosine(n, beta, g) is var cosine && cosine >= lowest - 1e-12 && cosine <= 1 + 1e-12);
        return true;
    });

    /// <summary>Times add up, and the way back from time to angle is the slope.</summary>
    [Test]
    public void TwoClusterTimes() => Holds(
        from beta in Betas
        from eps in Gen.Elements(1e-6, 0.1, 1, 30)
        from a in Gen.Choose(-1500, 300)
        from b in Gen.Choose(-1500, 300)
        from normalization in Gen.Elements(Soft)
        select (Beta: Math.Min(beta, 1e3), Eps: eps, A: 2 * Math.Atan(Math.Exp(a / 100.0)), B: 2 * Math.Atan(Math.Exp(b / 100.0)), Normalization: normalization), at =>
    {
        (double beta, double eps, double from, double to, Normalization normalization) = (at.Beta, at.Eps, Math.Max(at.A, at.B), Math.Min(at.A, at.B), at.Normalization);
        double middle = Math.Sqrt(from * to), time = TwoClusters.Time(normalization, beta, eps, from, to), bound = TwoClusters.Bound(beta, eps, from, to);
        double parts = TwoClusters.Time(normalization, beta, eps, from, middle) + TwoClusters.Time(normalization, beta, eps, middle, to);
        double step = 1e-6 * to, slope = -TwoClusters.Slope(normalization, beta, eps, to), measured = step / TwoClusters.Time(normalization, beta, eps, to + step / 2, to - step / 2);
        Must(time >= 0);
        Must(bound >= 0);
        Must(slope >= 0);
        Must(Near(time, parts, 1e-11, 1e-300));
        Must(slope == 0 || double.IsInfinity(slope) || slope < 1e-290 || to < 1e-5 || Near(measured, slope, 1e-5));
        Must(normalization != Normalization.Softmax || time >= bound * (1 - 1e-12));
        return true;
    });

    // From 179.99 and 179.999 degrees to 0.1, USA, beta = 1.
    [TestCase(179.99, 25.392, 5e-4), TestCase(179.999, 31.65, 5e-3)]
    public void TwoClustersNearlyOpposite(double degrees, double expected, double within) =>
        Assert.That(TwoClusters.Time(Normalization.Unnormalized, 1, 1, degrees * Math.PI / 180, 0.1), Is.EqualTo(expected).Within(within));

    /// <summary>On S^2 in closed form.</summary>
    [Test]
    public void UniformAttentionAtAnyTemperature() => Holds(
        from beta in Betas
        from d in Dimensions
        select (Beta: beta, D: d), at =>
    {
        (double beta, int d) = at;
        double pass = UniformAttention.LowPass(d, beta), entropy = UniformAttention.EntropyBelowLogTokens(d, beta), share = UniformAttention.ParticipationShare(d, beta);
        double coth = beta < 1e-3 ? beta / 3 : 1 / Math.Tanh(beta) - 1 / beta, tanh = beta == 0 ? 1 : Math.Tanh(beta) / beta;
        Must(pass is >= 0 and <= 1);
        Must(entropy <= 1e-15 * beta + 1e-13);
        Must(share is >= 0 and <= 1 + 1e-13);
        Must(beta == 0 || UniformAttention.LayerMeanGain(d, beta) > 1 || beta > 1e15);
        Must(Near(UniformAttention.LowPass(3, beta), coth, beta < 1e-3 ? 1e-6 : 1e-9));
        Must(Near(UniformAttention.ParticipationShare(3, beta), tanh, 1e-11));
        Must(Near(UniformAttention.EntropyBelowLogTokens(3, beta), LogSphere(beta) + beta * (1 - coth), 1e-12, 1e-15 * beta + 1e-13));
        return true;
    });

    /// <summary>|m| solves its equation; critical kappa on S^2 in closed form; two tokens at large steepness s = kappa e^beta/2 are (d - 1)/2s below 1, and elsewhere as a fine quadrature has it.</summary>
    [Test]
    public void NoisyFlows() => Holds(
        from beta in Betas
        from d in Dimensions
        from k in Gen.Choose(-800, 600)
        select (Beta: beta, D: d, Excess: Math.Pow(10, k / 100.0)), at =>
    {
        (double beta, int d, double excess) = at;
        Interaction interaction = new(beta), linear = interaction with { Profile = Profile.Linear };
        double kappa = d + excess, m = NoisyFlow.MeanNorm(d, kappa), critical = NoisyFlow.CriticalKappa(interaction, d), cosine = NoisyFlow.CosineOfTwo(interaction, d, kappa);
        double sphere = beta < 0.01 ? 3 * (1 - beta * beta / 10) : Math.Exp(Math.Log(2 * beta * beta * beta) - beta) / (beta * (1 + Math.Exp(-2 * beta)) - (1 - Math.Exp(-2 * beta)));
        double steepness = kappa / 2 * Math.Exp(beta);
        Must(m is > 0 and <= 1);
        Must(Near(VonMisesFisher.MeanLength(d, kappa * m), m, 1e-12));
        Must(Near(m, Math.Sqrt((kappa - d) * (d + 2)) / kappa, 10 * (kappa - d) / d));
        Must(critical >= 0);
        Must(critical <= d * (1 + 1e-13));
        Must(Near(NoisyFlow.CriticalKappa(interaction, 3), sphere, 1e-8, 1e-300));
        Must(NoisyFlow.CriticalKappa(linear, d) == d);
        Must(cosine is >= 0 and <= 1 + 1e-14);
        Must(steepness < 1e6 * d * (1 + beta) || Near(1 - cosine, (d - 1) / (2 * steepness), 1e-3, 1e-14));
        Must(beta is > 5 or (> 0 and < 0.01) || kappa > 50 || Near(cosine, Coarse(beta, d, kappa), 1e-10, 1e-12));
        Must(NoisyFlow.MeanNorm(d, d) == 0);
        Must(NoisyFlow.TricriticalBeta(d) is > 1 and < 2.5);
        return true;

        static double Coarse(double beta, int d, double kappa)
        {
            double Value(double w) => beta == 0 ? w : (Math.Exp(beta * w) - Math.Exp(beta)) / beta;
            double Density(double a) => Math.Exp(kappa / 2 * Value(Math.Cos(a))) * Math.Pow(Math.Sin(a), d - 2);
            double Integral(Func<double, double> f) => Enumerable.Range(0, 64).Sum(k => MathNet.Numerics.Integration.GaussLegendreRule.Integrate(f, k * Math.PI / 64, (k + 1) * Math.PI / 64, 64));
            return beta == 0 ? VonMisesFisher.MeanLength(d, kappa / 2) : Integral(a => Math.Cos(a) * Density(a)) / Integral(Density);
        }
    });

    [Test]
    public void MeansJustBeyondTheTransition() => Assert.Multiple(() =>
    {
        Assert.That(NoisyFlow.MeanNorm(2, 2.00001), Is.EqualTo(0.0031623).Within(5e-8));
        Assert.That(NoisyFlow.MeanNorm(3, 3.00002), Is.EqualTo(0.0033333).Within(5e-8));
        Assert.That(NoisyFlow.CosineOfTwo(new Interaction(50), 3, 2), Is.EqualTo(1).Within(1e-15));
        Assert.That(Energies.LatitudeArc(5, 0.2, 50), Is.EqualTo(2.7844).Within(5e-5));
        Assert.That(Energies.Uniform(3, 0), Is.Zero);
        Assert.That(Energies.LatitudeCircle(0, 0.6), Is.EqualTo(0.18).Within(1e-16));
        Assert.That(Energies.MeanRotaryGap(0), Is.EqualTo(1 / 3.0).Within(1e-16));
    });

    /// <summary>Without concentration the law is uniform, and the error has a closed form; with it, the error is that of the law turned over at no other point.</summary>
    [Test]
    public void VonMisesFisherLaws() => Holds(
        from beta in Betas
        from d in Dimensions
        from k in Gen.Choose(-300, 400)
        from c in Gen.Choose(-1000, 1000)
        select (Beta: Math.Min(beta, 1e3), D: d, Kappa: Math.Pow(10, k / 100.0), C: c / 1000.0), at =>
    {
        (double beta, int d, double kappa, double c) = at;
        VonMisesFisher law = new(d, kappa), uniform = new(d, 0);
        double drift = law.Drift(beta, c), error = law.SamplingError(beta), square = Math.Exp(Bessel.LogScaledFunkHecke(d, 2 * beta) - 2 * Bessel.LogScaledFunkHecke(d, beta));
        Must(drift >= 0);
        Must(drift <= kappa);
        Must(Near(drift, kappa * Bessel.RatioOverArgument(d / 2.0, Math.Sqrt(Math.Max(0, beta * beta + kappa * kappa + 2 * beta * kappa * c))), 1e-7));
        Must(error >= 0);
        Must(!double.IsNaN(error));
        Must(uniform.Drift(beta, c) == 0);
        Must(Near(uniform.SamplingError(beta), Math.Sqrt(square * (d - 1) * Bessel.RatioOverArgument(d / 2.0, 2 * beta)), 1e-8));
        return true;
    });

    /// <summary>No circle has more energy than the best; for c = 0 it leaves the equator at the critical beta.</summary>
    [Test]
    public void ToeplitzCircles() => Holds(
        from beta in Betas
        from c in Gen.Choose(-2000, 800)
        from u in Unit
        select (Beta: beta, C: c / 1000.0, U: u), at =>
    {
        (double beta, double c, double u) = at;
        double r = ToeplitzCircle.Radius(new Interaction(beta), c), m = ToeplitzCircle.MeanNorm(new Interaction(beta), c), lifted = ToeplitzCircle.MeanNorm(new Interaction(beta), 0);
        bool best = beta is 0 or > 700 || ToeplitzCircle.Energy(beta, c, Math.Min(beta, beta * r * r)) >= ToeplitzCircle.Energy(beta, c, beta * u) - 1e-13 * new Interaction(beta).DiracEnergy;
        Must(r is >= 0 and <= 1);
        Must(m is >= 0 and <= 1);
        Must(Near(r * r + m * m, 1, 1e-14));
        Must(best);
        Must(Near(lifted, beta > ToeplitzCircle.CriticalBeta ? Math.Sqrt(1 - ToeplitzCircle.CriticalBeta / beta) : 0, 1e-9, 1e-8));
        Must(beta is 0 or > 700 || double.IsFinite(ToeplitzCircle.Energy(beta, c, beta)));
        return true;
    });

    /// <summary>USA as the eigenvalues say; under softmax divided by lambda_0 b_0, finite at any beta; the linear profile knows degree 1 alone.</summary>
    [Test]
    public void GrowthRates() => Holds(
        from beta in Betas
        from d in Dimensions
        from l in Gen.Choose(0, 12)
        select (Beta: beta, D: d, L: l), at =>
    {
        (double beta, int d, int l) = at;
        Interaction plain = new(beta), soft = plain with { Normalization = Normalization.Softmax, Coupling = new ToeplitzCoupling(2, 1) };
        double rate = Growth.Rate(plain, d, l), limit = Growth.Rate(soft, d, l), linear = Growth.Rate(plain with { Profile = Profile.Linear }, d, l);
        double factor = l * (l + d - 2.0), eigenvalue = Bessel.FunkHecke(d, l, beta), expected = beta == 0 ? (l == 1 ? factor / d : 0) : factor * eigenvalue / beta;
        Must(rate >= 0);
        Must(!double.IsFinite(expected) || !(beta == 0 || double.IsNormal(eigenvalue)) || Near(rate, expected, 1e-11, 1e-300));
        Must(beta < 1e-100 || Near(limit, factor * Bessel.DegreeRatio(d, l, beta) / beta, 1e-11, 1e-300));
        Must(double.IsFinite(limit));
        Must(linear == (l == 1 ? factor / d : 0));
        return true;
    });

    /// <summary>
    /// A polynomial of degree p against the moments of a coordinate, which give lambda_l of powers of t: k = t + beta t^2/2 at p = 1; one of many degrees is exponential.
    /// </summary>
    [Test]
    public void GrowthRatesOfOtherProfiles([Values(2, 3, 8, 128)] int d, [Values(0.2, 3)] double beta)
    {
        Interaction first = new(beta) { Profile = new PolynomialProfile(1) }, many = new(beta) { Profile = new PolynomialProfile(100_000) }, sigmoid = new(beta) { Profile = Profile.Sigmoid };
        Assert.That(Growth.Rate(first, d, 1), Is.EqualTo((d - 1.0) / d).Within(1e-12));
        Assert.That(Growth.Rate(first, d, 2), Is.EqualTo(2 * beta / (d + 2)).Within(1e-12));
        Assert.That(Growth.Rate(first, d, 3), Is.EqualTo(0).Within(1e-12));
        Assert.That(Growth.Rate(first with { Normalization = Normalization.Softmax }, d, 1), Is.EqualTo((d - 1.0) / d).Within(1e-12));
        for (int l = 1; l < 4; l++) Assert.That(Growth.Rate(many, d, l), Is.EqualTo(Growth.Rate(new(beta), d, l)).Within(1e-4 * Growth.Rate(new(beta), d, l)));
        // k' - 1/2 is odd and k - t/2 even: no odd degree beyond the first grows, and k' has the mean 1/2.
        Assert.That(Growth.Rate(sigmoid, d, 3), Is.EqualTo(0).Within(1e-12));
        Assert.That(Growth.Rate(sigmoid with { Normalization = Normalization.Softmax }, d, 2), Is.EqualTo(2 * Growth.Rate(sigmoid, d, 2)).Within(1e-12));
        // Degree 3 does not grow, degree 4 does.
        IReadOnlyList<double> amplitudes = Growth.BreakUp(sigmoid, 1000).Amplitudes;
        Assert.That(amplitudes[3] / amplitudes[1], Is.LessThan(0));
        Assert.That(Math.Abs(amplitudes[^1] / amplitudes[0]), Is.LessThan(1e-8));
        Assert.That(NoisyFlow.CriticalKappa(first, d), Is.EqualTo(d).Within(1e-10 * d));
        Assert.That(() => NoisyFlow.CosineOfTwo(sigmoid, d, 1), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => new OrderedBranch(sigmoid, d), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => ToeplitzCircle.Radius(sigmoid, 0.1), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => LinearRates.EvenTokens(new(1) { Profile = Profile.Linear }, 5, 1), Throws.TypeOf<NotSupportedException>());
        Assert.That(PredictedLimit.For(sigmoid, d, out string? why), Is.Null);
        Assert.That(why, Is.EqualTo("no limit is predicted for the profile 'sigmoid'"));
    }

    /// <summary>Where a function has no value it says so.</summary>
    [Test]
    public void ArgumentsWithoutAValueAreRefused()
    {
        Normalization usa = Normalization.Unnormalized;
        Func<double, object>[] ofBeta =
        [
            b => Energies.Uniform(3, b), b => Energies.LatitudeCircle(b, 0), b => Energies.LatitudeArc(b, 0, 1), b => Energies.MeanRotaryGap(b), b => Equiangular.Slope(usa, b, 3, 0),
            b => Equiangular.Cosine(usa, b, 3, 0, 1), b => Equiangular.LayerCosine(3, b, 0), b => TwoClusters.Slope(usa, b, 1, 1), b => TwoClusters.Bound(b, 1, 2, 1), b => TwoClusters.Time(usa, b, 1, 2, 1),
            b => UniformAttention.LowPass(3, b), b => UniformAttention.EntropyBelowLogTokens(3, b), b => UniformAttention.ParticipationShare(3, b), b => UniformAttention.LayerMeanGain(3, b),
            b => NoisyFlow.MeanNorm(3, b), b => NoisyFlow.CosineOfTwo(new Interaction(1), 3, b), b => VonMisesFisher.MeanLength(3, b), b => new VonMisesFisher(3, b).Drift(1, 0), b => new VonMisesFisher(3, 1).SamplingError(b),
            b => ToeplitzCircle.Energy(b, 0, 0), b => Equiangular.LowPass(3, b - 1e-9), b => Equiangular.AttentionEntropy(3, b - 1e-9), b => Equiangular.EffectiveRank(3, b), b => Equiangular.CosineAtBetaZero(3, b - 0.6, 1),
            b => Bessel.I(0, b), b => Bessel.Scaled(0, b), b => Bessel.Ratio(1, b), b => Bessel.RatioOverArgument(1, b), b => Bessel.FunkHecke(3, 0, b), b => Bessel.LogScaledFunkHecke(3, b), b => Bessel.DegreeRatio(3, 1, b),
            b => NoisyFlow.MeanSquare(3, b, 5), b => UniformAttention.MeanEntropy(3, b, 5),
        ];
        Action[] others =
        [
            () => Energies.Uniform(1, 1), () => Energies.LatitudeCircle(1, 1.1), () => Energies.PartTurnMeanSquared(double.NaN, 0), () => Energies.LatitudeArc(1, -1.1, 1), () => Energies.MeanRotaryGap(1, double.PositiveInfinity),
            () => Equiangular.Slope(usa, 1, 1, 0), () => Equiangular.Slope(Normalization.Hardmax, 1, 3, 0), () => Equiangular.Cosine(usa, 1, 3, 0, -1), () => Equiangular.LayerCosine(3, 0, -0.5), () => Equiangular.EffectiveRank(0, 0.5),
            () => TwoClusters.Slope(Normalization.Hardmax, 1, 1, 1), () => TwoClusters.Time(usa, 1, 1, 1, 0), () => TwoClusters.Time(usa, 1, 1, 1, 2), () => TwoClusters.Time(usa, 1, 0, 2, 1), () => TwoClusters.Bound(1, 0, 2, 1),
            () => UniformAttention.LayerMeanGain(3, 0), () => ToeplitzCircle.Energy(0, 0, 0), () => ToeplitzCircle.Energy(1, 0, 1.1), () => ToeplitzCircle.Radius(new Interaction(1), double.NaN), () => Growth.Rate(new Interaction(1), 3, -1),
            () => NoisyFlow.MeanNorm(1, 3), () => NoisyFlow.TricriticalBeta(1), () => NoisyFlow.CriticalKappa(new Interaction(1), 0), () => new VonMisesFisher(1, 1).Drift(1, 0), () => new VonMisesFisher(3, 1).Drift(1, 1.5),
            () => NoisyFlow.MeanSquare(1, 1, 5), () => NoisyFlow.MeanSquare(3, 1, 0), () => UniformAttention.MeanEntropy(1, 1, 5), () => UniformAttention.MeanEntropy(3, 1, 0), () => Growth.BreakUp(new Interaction(1), 0),
        ];
        using IDisposable scope = Assert.EnterMultipleScope();
        for (int k = 0; k < ofBeta.Length; k++)
            foreach (double wrong in (double[])[-1, double.NaN, double.PositiveInfinity])
                if (wrong < double.PositiveInfinity || k is not (20 or 21))
                    Assert.That(() => ofBeta[k](wrong), Throws.InstanceOf<ArgumentOutOfRangeException>(), $"function {k} at {wrong}");
        for (int k = 0; k < others.Length; k++) Assert.That(() => others[k](), Throws.InstanceOf<ArgumentOutOfRangeException>(), $"call {k}");
    }
}
