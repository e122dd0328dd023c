using System.Globalization;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Theory;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Lost in the middle: how much of the start of a token is left in the late tokens, against its place in the row.</summary>
public sealed class LostInTheMiddleStudy : Study
{
    private const double Longest = 0.5;
    private const int Blocks = 12;
    private static readonly double[] Biases = [0.5, 2, 5];

    // Snapshots: at = 1/4 and 1/2.
    private static readonly int[] Times = [1, 2];

    /// <inheritdoc/>
    public override string Name => "lost-in-the-middle";

    /// <inheritdoc/>
    public override string Heading => "Lost in the middle";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        "The kinetic model of arXiv 2605.09213: tokens on the circle, uniform at the start, each sees those before it with the bias e^{−λ(σ − σ′)} for recent ones, σ = j/N the place in the row, divided by the bias alone. What late tokens keep "
        + "of the start of an early one is N Cov(e^{−iθ_{σ}(t)}, e^{iθ_{σ₀}(0)}) → k_{λ}(σ, σ_{0}) (at/Y)^{1/2} I_{1}(2(atY)^{1/2}), k_{λ} = λ e^{−λ(σ − σ₀)}/(1 − e^{−λσ}), Y = log((e^{λσ} − 1)/(e^{λσ₀} − 1)), a = I_{1}(β), t in the "
        + "time of the paper, which at β = 1 is that of this flow. Recent tokens act directly, the first ones through all that lie between, those in the middle least. Measured among the last quarter of the tokens and in twelve blocks of "
        + $"starts, {(quick ? 250 : 500)} seeds of {Tokens(quick)} tokens, at N finite: some per cent are expected to be missing.";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        string horizon = (Longest / Bessel.I(1, 1)).ToString("R", CultureInfo.InvariantCulture), step = (Longest / Bessel.I(1, 1) / 8).ToString("R", CultureInfo.InvariantCulture);
        return
        [
            .. Biases.Select(lambda => new PlannedRun(FormattableString.Invariant($"lost-in-the-middle-{lambda}"), StoredExperiments.Load("lost-in-the-middle",
            [
                FormattableString.Invariant($"interaction.coupling.length={1 / lambda}"), $"tokens.count={Tokens(quick)}", $"replicas={(quick ? 250 : 500)}", $"time={{\"horizon\":{horizon},\"method\":\"rk4\",\"step\":{step}}}",
                "record={\"snapshots\":3,\"observations\":2,\"observables\":[\"mean\"]}",
            ]))),
        ];
    }

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Profile[] profiles = [.. plan.Select(run => new Profile(run.Experiment, Path.Combine(folder, run.Name)))];
        string svg = new Chart("Lost in the middle", "What late tokens keep of the start of an earlier one against its place in the row, for three biases and at two times: high at both ends, low in the middle, on dashed predictions.",
            [.. profiles.Select(Panel)])
        {
            Columns = 3, PlotHeight = 250,
            Notes = [$"Late tokens: 3/4 < σ ≤ 1, the mean over them. Bars: two standard errors over {profiles[0].Seeds} seeds. Dashed: the limit N → ∞, averaged over the same pairs."],
        }.Render();
        string caption = $"Covariance of late tokens with the start of earlier ones, times N = {profiles[0].Tokens}, for weak, middle and strong bias to recent tokens.";
        return new Findings([new FinishedFigure("lost in the middle", "lost-in-the-middle", svg, caption)], [.. profiles.SelectMany(Checks)]);
    }

    private static int Tokens(bool quick) => quick ? 96 : 192;

    private static ChartPanel Panel(Profile profile) => new(string.Create(CultureInfo.InvariantCulture, $"bias λ = {profile.Lambda}"), new Axis("start of the token at σ_{0}", 0, 0.75), new Axis("N Cov", 0, 1.08 * profile.Largest),
        [.. Times.SelectMany(time => (Series[])
        [
            new Series("predicted", Palette.Prediction, Profile.Places, profile.Predicted(time)) { Dashed = true, Width = 1.4 },
            new Series(time == 2 ? "at = 1/2" : "at = 1/4", Palette.Series(time - 1), Profile.Places, profile.Measured(time))
            {
                Points = true, Sign = (Sign)time, Low = [.. profile.Measured(time).Zip(profile.Error(time), (m, e) => m - 2 * e)], High = [.. profile.Measured(time).Zip(profile.Error(time), (m, e) => m + 2 * e)],
            },
        ])]);

    private static IEnumerable<Check> Checks(Profile profile)
    {
        foreach (int time in Times)
        {
            (double[] measured, double[] error, double[] predicted) = (profile.Measured(time), profile.Error(time), profile.Predicted(time));
            string at = string.Create(CultureInfo.InvariantCulture, $"λ = {profile.Lambda}, at = {time * Longest / 2}");
            yield return new Check($"{at}: largest (|measured − predicted| − 0.1 predicted)/error over {measured.Length} blocks", "N → ∞; 0.1 for N finite", 0,
                Enumerable.Range(0, measured.Length).Max(b => (Math.Abs(measured[b] - predicted[b]) - 0.1 * predicted[b]) / error[b]), 4)
            { Comparison = Comparison.AtMost };
        }
    }

    /// <summary>The covariance by blocks of starts, for one bias.</summary>
    private sealed class Profile
    {
        private const int Shown = Blocks * 3 / 4;

        private readonly (double[] Measured, double[] Error)[] _times;

        public Profile(Experiment experiment, string folder)
        {
            Lambda = Math.Round(1 / ((DistanceCoupling)experiment.Interaction.Coupling).Length, 6);
            (Tokens, Seeds) = (experiment.Tokens.Count, experiment.Replicas);
            IReadOnlyDictionary<string, double[]> table = CsvData.Read(Path.Combine(folder, RunFolder.SnapshotsFile));
            (double[] x, double[] y) = (table["x0"], table["x1"]);
            _times = [.. Enumerable.Range(0, 3).Select(time => time == 0 ? default : Regress(x, y, time))];
        }

        public static double[] Places { get; } = [.. Enumerable.Range(0, Shown).Select(b => (b + 0.5) / Blocks)];

        public double Lambda { get; }

        public int Tokens { get; }

        public int Seeds { get; }

        public double Largest => Measured(2).Zip(Error(2), (m, e) => m + 2 * e).Concat(Predicted(2)).Max();

        public double[] Measured(int time) => _times[time].Measured;

        public double[] Error(int time) => _times[time].Error;

        public double[] Predicted(int time) => [.. Enumerable.Range(0, Shown).Select(block =>
        {
            double sum = 0, at = time * Longest / 2;
            foreach (int j in Late())
                foreach (int k in Early(block))
                {
                    (double s, double before) = ((j + 0.5) / Tokens, (k + 0.5) / Tokens);
                    double y = Math.Log((Math.Exp(Lambda * s) - 1) / (Math.Exp(Lambda * before) - 1));
                    sum += Lambda * Math.Exp(-Lambda * (s - before)) / (1 - Math.Exp(-Lambda * s)) * Math.Sqrt(at / y) * Bessel.I(1, 2 * Math.Sqrt(at * y));
                }
            return sum / (Late().Count() * Early(block).Count());
        })];

        private IEnumerable<int> Late() => Enumerable.Range(0, Tokens).Where(j => 4 * j >= 3 * Tokens);

        private IEnumerable<int> Early(int block) => Enumerable.Range(block * Tokens / Blocks, Tokens / Blocks);

        /// <summary>
        /// The starts being independent, the covariances are the coefficients of the regression of where the late tokens are upon the starts, summed by blocks. All blocks at once, and what the
        /// late tokens have moved in place of where they are, leave the coefficients as they are and take out nearly all noise. Both coordinates of a seed are observations, by symmetry uncorrelated.
        /// </summary>
        private (double[] Measured, double[] Error) Regress(double[] x, double[] y, int time)
        {
            Matrix<double> starts = Matrix<double>.Build.Dense(2 * Seeds, Blocks, (row, block) => Early(block).Sum(k => Coordinate(row)[row / 2 * Tokens + k]));
            Vector<double> moved = Vector<double>.Build.Dense(2 * Seeds, row => Late().Average(j => Coordinate(row)[(time * Seeds + row / 2) * Tokens + j] - Coordinate(row)[row / 2 * Tokens + j]));
            Matrix<double> inverse = starts.TransposeThisAndMultiply(starts).Inverse();
            Vector<double> coefficients = inverse * starts.TransposeThisAndMultiply(moved), rest = moved - starts * coefficients;
            double variance = rest.DotProduct(rest) / (2 * Seeds - Blocks);
            return ([.. coefficients.Take(Shown).Select(c => Tokens * c)], [.. Enumerable.Range(0, Shown).Select(b => Tokens * Math.Sqrt(variance * inverse[b, b]))]);

            double[] Coordinate(int row) => row % 2 == 0 ? x : y;
        }
    }
}
