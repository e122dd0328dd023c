using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Lost in the middle: how much of the start of a token is left in the late tokens, against its place in the row.</summary>
internal sealed class LostInTheMiddleStudy() : Study(19, "lost-in-the-middle", "Lost in the middle")
{
    private const double Longest = 0.5;
    private const int Blocks = 12;
    private static readonly double[] Biases = [0.5, 2, 5];

    // Snapshots: a t = 1/4 and 1/2.
    private static readonly int[] Times = [1, 2];

    private sealed record BiasRun(double Lambda, int Tokens, int Seeds) : PlannedRun($"lost-in-the-middle-{Lambda}", "lost-in-the-middle",
        $"interaction.coupling.length={1 / Lambda}", $"tokens.count={Tokens}", $"replicas={Seeds}",
        $"time={{\"horizon\":{Longest / Bessel.I(1, 1)},\"method\":\"rk4\",\"step\":{Longest / Bessel.I(1, 1) / 8}}}",
        "record={\"snapshots\":3,\"observations\":2,\"observables\":[\"mean\"]}");

    public override string Introduction(bool quick) =>
        "The kinetic model of arXiv 2605.09213: tokens on the circle, uniform at the start, each sees those before it with the bias "
            + "e^{−λ(σ − σ′)} for recent ones, σ = j/n the place in the row, divided by the bias alone. What late tokens keep "
        + "of the start of an early one is n Cov(e^{−iθ_{σ}(t)}, e^{iθ_{σ₀}(0)}) → k_{λ}(σ, σ_{0}) (at/Y)^{1/2} I_{1}(2(atY)^{1/2}), "
        + "k_{λ} = λ e^{−λ(σ − σ₀)}/(1 − e^{−λσ}), Y = log((e^{λσ} − 1)/(e^{λσ₀} − 1)), a = I_{1}(β), t in the "
        + "time of the paper, which at β = 1 is that of this flow. Recent tokens act directly, the first ones through all that lie "
        + "between, those in the middle least. Measured among the last quarter of the tokens and in twelve blocks of "
        + $"starts, {(quick ? 250 : 500)} seeds of {Tokens(quick)} tokens, at n finite: some per cent are expected to be missing.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
        [.. Biases.Select(lambda => new BiasRun(lambda, Tokens(quick), quick ? 250 : 500))];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Profile[] profiles = [.. plan.Cast<BiasRun>().Select(run => new Profile(run, folder))];
        string svg = new Chart("Lost in the middle",
            "What late tokens keep of the start of an earlier one against its place in the row, "
                + "for three biases and at two times: high at both ends, low in the middle, on dashed predictions.",
            [.. profiles.Select(Panel)])
        {
            PerRow = 3, PlotHeight = 250,
            Notes = [$"Late tokens: 3/4 < σ ≤ 1, the mean over them. Bars: two standard errors over {profiles[0].Seeds} seeds. Dashed: "
                + "the limit n → ∞, averaged over the same pairs."],
        }.Render();
        return new Findings(profiles.SelectMany(Facts), new Picture("lost-in-the-middle", svg,
            $"Covariance of late tokens with the start of earlier ones, times n = {profiles[0].Tokens}, against the place of the earlier "
                + "token in the row, for weak, middle and strong bias to recent tokens, at two times t in units of 1/a, a = I_{1}(β). Bars "
                + "are of the regression over all seeds, two standard errors."));
    }

    private static int Tokens(bool quick) => quick ? 96 : 192;

    private static ChartPanel Panel(Profile profile) => new($"bias λ = {profile.Lambda}", new Axis("place σ_{0} of the earlier token", 0,
        0.75),
        new Axis("n Cov(late token, start)", 0, 1.08 * profile.Largest),
        [
            .. Times.SelectMany(time => (Series[])
            [
                Series.Predicted(Profile.Places, profile.Predicted(time)),
                Series.Measured(time == 2 ? "t = 1/(2a)" : "t = 1/(4a)", Palette.Series(time - 1), (Sign)time, Profile.Places,
                    profile.Measured(time))
                    .Between(profile.Measured(time).Zip(profile.Error(time), (m, e) => m - 2 * e), profile.Upper(time)),
            ]),
        ]);

    private static IEnumerable<Fact> Facts(Profile profile)
    {
        foreach (int time in Times)
        {
            (double[] measured, double[] error, double[] predicted) = (profile.Measured(time), profile.Error(time),
                profile.Predicted(time));
            string at = $"λ = {profile.Lambda}, t = {time * Longest / 2}/a";
            yield return Fact.AtMost($"{at}: largest (|measured − predicted| − 0.1 predicted)/error over {measured.Length} blocks",
                "n → ∞; 0.1 for n finite", 0,
                measured.Select((m, b) => (Math.Abs(m - predicted[b]) - 0.1 * predicted[b]) / error[b]).Max(), 4);
        }
    }

    /// <summary>The covariance by blocks of starts, for one bias.</summary>
    private sealed class Profile
    {
        private const int Shown = Blocks * 3 / 4;

        private readonly (double[] Measured, double[] Error)[] _times;

        public Profile(BiasRun run, string folder)
        {
            (Lambda, Tokens, Seeds) = (run.Lambda, run.Experiment.Tokens.Count, run.Experiment.Replicas);
            IReadOnlyDictionary<string, double[]> table = run.Snapshots(folder);
            _times = [.. Enumerable.Range(0, 3).Select(time => time == 0 ? default : Regress(table["x0"], table["x1"], time))];
        }

        public static double[] Places { get; } = [.. Enumerable.Range(0, Shown).Select(b => (b + 0.5) / Blocks)];
        public double Lambda { get; }
        public int Tokens { get; }
        public int Seeds { get; }
        public double Largest => Upper(2).Concat(Predicted(2)).Max();

        public double[] Measured(int time) => _times[time].Measured;

        public double[] Error(int time) => _times[time].Error;

        public IEnumerable<double> Upper(int time) => Measured(time).Zip(Error(time), (m, e) => m + 2 * e);

        public double[] Predicted(int time) => [.. Enumerable.Range(0, Shown).Select(block =>
        {
            double sum = 0, at = time * Longest / 2;
            foreach (int j in Late())
                foreach (int k in Early(block))
                {
                    (double s, double before) = ((j + 0.5) / Tokens, (k + 0.5) / Tokens);
                    double y = Math.Log((Math.Exp(Lambda * s) - 1) / (Math.Exp(Lambda * before) - 1));
                    sum += Lambda * Math.Exp(-Lambda * (s - before)) / (1 - Math.Exp(-Lambda * s)) * Math.Sqrt(at / y)
                        * Bessel.I(1, 2 * Math.Sqrt(at * y));
                }
            return sum / (Late().Count() * Early(block).Count());
        })];

        private IEnumerable<int> Late() => Enumerable.Range(0, Tokens).Where(j => 4 * j >= 3 * Tokens);

        private IEnumerable<int> Early(int block) => Enumerable.Range(block * Tokens / Blocks, Tokens / Blocks);

        /// <summary>
        /// The starts being independent, the covariances are the coefficients of the regression of where the late tokens are upon the
        /// starts, summed by blocks. All blocks at once, and what the late tokens have moved in place of where they are, leave the
        /// coefficients as they are and take out nearly all noise. Both coordinates of a seed are observations, by symmetry uncorrelated.
        /// </summary>
        private (double[] Measured, double[] Error) Regress(double[] x, double[] y, int time)
        {
            Matrix<double> starts = Matrix<double>.Build.Dense(2 * Seeds, Blocks,
                (row, block) => Early(block).Sum(k => Coordinate(row)[row / 2 * Tokens + k]));
            Vector<double> moved = Vector<double>.Build.Dense(2 * Seeds, row =>
                Late().Average(j => Coordinate(row)[(time * Seeds + row / 2) * Tokens + j] - Coordinate(row)[row / 2 * Tokens + j]));
            Matrix<double> inverse = starts.TransposeThisAndMultiply(starts).Inverse();
            Vector<double> coefficients = inverse * starts.TransposeThisAndMultiply(moved), rest = moved - starts * coefficients;
            double variance = rest.DotProduct(rest) / (2 * Seeds - Blocks);
            return ([.. coefficients.Take(Shown).Select(c => Tokens * c)],
                [.. Enumerable.Range(0, Shown).Select(b => Tokens * Math.Sqrt(variance * inverse[b, b]))]);

            double[] Coordinate(int row) => row % 2 == 0 ? x : y;
        }
    }
}
