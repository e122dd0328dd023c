using System.Runtime.Intrinsics;

namespace AttentionFlow.Tests.Kernels;

/// <summary>The profiles beside the exponential and the linear one, and their sums on every device that is here.</summary>
public sealed class ProfileTests
{
    /// <summary>Several degrees, odd and even.</summary>
    public static readonly Profile[] General = [Profile.Sigmoid, new PolynomialProfile(1), Profile.Polynomial, new PolynomialProfile(5)];

    private static readonly double[] Betas = [0, 1e-9, 0.3, 4, 30, 1e4];

    private static IEnumerable<double> Places => Enumerable.Range(-20, 41).Select(i => i / 20.0).Concat([1e-12, -1e-7, 0.00099, -0.0101]);

    // Simpson's rule: its error is far below the tolerance on steps of 1/400 of a unit of beta t.
    [TestCaseSource(nameof(General))]
    public void TheSlopeIsTheDerivative(Profile profile)
    {
        foreach (double beta in Betas.Where(b => b <= 30))
            foreach (double t in Places)
            {
                int steps = 2 * (int)(20 + 400 * beta);
                double sum = 0, h = t / steps;
                for (int k = 0; k <= steps; k++) sum += (k == 0 || k == steps ? 1 : k % 2 == 0 ? 2 : 4) * profile.Slope(beta, k * h);
                Assert.That(profile.Value(beta, t), Is.EqualTo(sum * h / 3).Within(1e-12 * Math.Abs(t) * profile.Slope(beta, 1)), $"beta = {beta}, t = {t}");
            }
    }

    [TestCaseSource(nameof(General))]
    public void VectorsAndScalarsAgree(Profile profile)
    {
        foreach (double beta in Betas)
            foreach (double t in Places)
            {
                (Vector256<double> values, Vector256<double> slopes) = profile.At(beta, Vector256.Create(t));
                double value = values[1], slope = slopes[2];
                Assert.That(slope, Is.EqualTo(profile.Slope(beta, t)).Within(1e-14 * Math.Abs(profile.Slope(beta, t)) + 1e-300), $"slope at beta = {beta}, t = {t}");
                Assert.That(value, Is.EqualTo(profile.Value(beta, t)).Within(1e-14 * profile.Value(beta, Math.Abs(t))), $"value at beta = {beta}, t = {t}");
            }
    }

    // What bounds of rates and energies rest on.
    [TestCaseSource(nameof(General))]
    public void NothingExceedsWhatItIsAtTheOppositeSign(Profile profile)
    {
        foreach (double beta in Betas)
            foreach (double t in Places.Select(Math.Abs))
            {
                Assert.That(Math.Abs(profile.Slope(beta, -t)), Is.LessThanOrEqualTo(profile.Slope(beta, t)));
                Assert.That(Math.Abs(profile.Value(beta, -t)), Is.LessThanOrEqualTo(profile.Value(beta, t) * (1 + 1e-14)));
            }
    }

    [Test]
    public void ManyDegreesAreAnExponential([Values(0.5, 2, 4)] double beta)
    {
        // e^{beta t} (1 - (beta t)^2/(2 p)) and so on.
        PolynomialProfile profile = new(1_000_000);
        foreach (double t in Places) Assert.That(profile.Slope(beta, t), Is.EqualTo(Math.Exp(beta * t)).Within(1e-5 * Math.Exp(beta * t)));
    }

    [Test]
    public void OddDegreesMayTurnNegative()
    {
        Assert.That(new PolynomialProfile(3).WhyNotPositive(2.9), Is.Null);
        Assert.That(new PolynomialProfile(3).WhyNotPositive(3), Does.Contain("odd degree 3"));
        Assert.That(new PolynomialProfile(4).WhyNotPositive(30), Is.Null);
        Assert.That(Profile.Sigmoid.WhyNotPositive(1e9), Is.Null);
        Assert.That(new PolynomialProfile(3).Slope(4, -1), Is.Negative);
    }

    [TestCaseSource(typeof(PairSumsCases), nameof(PairSumsCases.All))]
    public void SumsAgreeWithTheReference(PairSumsCase implementation)
    {
        using IPairSums sums = implementation.Create();
        int seed = 0;
        foreach (Profile profile in General)
            foreach (Mask mask in Enum.GetValues<Mask>())
                foreach (int d in (int[])[2, 3, 9, 17])
                    foreach (string form in (string[])["self", "difference", "general", "origin"])
                    {
                        Coupling coupling = Problems.Couplings[++seed % Problems.Couplings.Length];
                        Interaction interaction = new(seed % 3 == 0 ? 0.7 : 4) { Profile = profile, Mask = mask, Coupling = coupling };
                        PairProblem self = Problems.Self(seed, 2, 101, d, interaction, evenWeights: seed % 2 == 0);
                        PairProblem problem = form switch
                        {
                            "self" => self,
                            "difference" => Problems.Difference(seed, self, queries: 70),
                            _ => Problems.General(seed, 2, 70, 101, d, interaction, withOrigin: form == "origin"),
                        };
                        Plan plan = sums.Plan(problem, Problems.AllColumns(problem));
                        if (plan.WhyNot is null) Compare(problem, Problems.Sum(sums, problem, plan.Columns));
                        else Assert.That(plan.WhyNot, Does.StartWith("GPUs know the profiles exponential and linear"));
                        bool isGpu = implementation.IsSimulated || implementation.Name.Contains("cuda") || implementation.Name.Contains("opencl");
                        Assert.That(plan.WhyNot is not null, Is.EqualTo(isGpu));
                    }
    }

    // On one processor; SimdBitsTests compares polynomials on several.
    [TestCaseSource(nameof(General))]
    public void BitsDependNeitherOnThreadsNorOnWidths(Profile profile)
    {
        PairProblem problem = Problems.Self(3, 2, 137, 3, new Interaction(4) { Profile = profile });
        RowSums expected = Sum(1, 128);
        foreach ((int threads, int bits) in ((int, int)[])[(2, 128), (1, 256), (3, 512)])
        {
            RowSums actual = Sum(threads, bits);
            Assert.That((actual.Z, actual.Force, actual.Value), Is.EqualTo((expected.Z, expected.Force, expected.Value)));
        }

        RowSums Sum(int threads, int bits)
        {
            using SimdSums sums = new(Precision.Single, threads, bits);
            return Problems.Sum(sums, problem, RowColumns.Force | RowColumns.Value);
        }
    }

    // Double whatever the precision: relative to the sums of magnitudes, of which no pair's is above k' and k of the longest tokens.
    private static void Compare(PairProblem p, RowSums actual)
    {
        RowSums exact = Problems.Sum(new ReferenceSums(), p, actual.Columns);
        double longest = p.IsDifference ? 1 : Problems.Longest(p.Q, p.Dimension) * Problems.Longest(p.K, p.Dimension);
        (Profile profile, double beta) = (p.Interaction.Profile, p.Interaction.Beta);
        double weights = Problems.Absolute(p).Weights.Sum() * Math.Max(1, p.Interaction.Coupling.Largest), slope = weights * profile.Slope(beta, longest);
        double reach = p.IsDifference ? 2 : Problems.Longest(p.V, p.Dimension) + Problems.Longest(p.Origin, p.Dimension);
        Check(exact.Z, actual.Z, slope, "Z");
        Check(exact.Force, actual.Force, slope * reach, "force");
        Check(exact.Value, actual.Value, weights * profile.Value(beta, longest), "value");
        Check(exact.Largest, actual.Largest, slope, "largest");
        Check(exact.Squares, actual.Squares, slope * slope, "squares");
        Check(exact.CouplingLog, actual.CouplingLog, 8 * slope, "log");
        Assert.That(actual.Shift, Is.All.EqualTo(0));

        void Check(double[] expected, double[] got, double size, string column) => Assert.That(got, Is.EqualTo(expected).Within(1e-14 * size), $"{column}: {p.Interaction}");
    }
}
