using MathNet.Numerics.LinearAlgebra;
using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The negative controls: positions that act on the logits alone delay the collapse, and positions that act on the values prevent
/// it.</summary>
internal sealed class ControlsStudy() : Study(16, "controls", "Negative controls")
{
    private const double Horizon = 100, Floor = 1e-12;
    private static readonly double[] Betas = [1, 2];

    private static readonly Control[] Controls =
    [
        new("rotary", "figure2-rotary", Palette.Blue, Sign.Disc, null),
        new("rotary, logits alone", "code-logits", Palette.Purple, Sign.Square,
            (beta, c, s) => Math.Exp(beta * (1 - c * c) * (Math.Cos(2 * Math.PI * s) - 1))),
        new("distance bias (ALiBi)", "figure3-distance", Palette.Ochre, Sign.Triangle, (_, _, s) => Math.Exp(-2 * Math.Abs(s))),
        new("concatenated code", "code-concatenated", Palette.Green, Sign.Diamond,
            (beta, _, s) => Math.Exp(beta * (Math.Cos(2 * Math.PI * s) - 1))),
    ];

    /// <summary>
    /// A code: the coupling b(s − s') of beta, height and distance that its attention has among tokens at one point; null where values turn
    /// too.
    /// </summary>
    private sealed record Control(string Name, string Stored, string Colour, Sign Sign, Func<double, double, double, double>? Coupling);

    private sealed record ControlRun(Control Control, double Beta, int Seeds) : PlannedRun($"{Control.Stored}-beta{Beta}", Control.Stored,
        $"interaction.beta={Beta}", "interaction.normalization=softmax", "tokens.count=64", $"replicas={Seeds}",
        $"time={{\"horizon\":{Horizon},\"method\":\"tsit5\",\"tolerance\":1e-10}}",
        "record={\"snapshots\":1,\"observations\":401,\"observables\":[\"gaps\",\"mean\",\"limit\"]}");

    public override string Introduction(bool quick) =>
        $"Four ways to tell tokens where they stand, softmax attention on S^{{2}} from the same {Seeds(quick)} independent starts, β = 1 "
            + "and 2. A rotary code of logits and values keeps the gap open: its limit is the latitude circle at the height c "
        + "of the common point of the gauge frame. A rotary code of the logits alone, as in language models, the distance bias e^{−|s − "
        + "s′|/0.5} and a concatenated code are weights of attention only, and every positive weight ends "
        + "in a point. How fast is a matter of these weights: near the point u the tokens obey δ′ = (A − 1)δ, A_{ij} = b_{ij}/Σ_{j} "
        + "b_{ij}, so that 1 − |m|^{2} falls at the rate 2(1 − λ_{2}(A)): 2(1 − I_{1}(x)/I_{0}(x)) "
        + "with x = β(1 − c^{2}) for the logits alone, c the height of u, and x = β for the concatenated code; without positions it would "
        + "be 2. Where the rate comes near that, all modes have nearly the same one, and the last takes long to be alone.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
        [.. Betas.SelectMany(beta => Controls.Select(control => new ControlRun(control, beta, Seeds(quick))))];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Outcome[] outcomes = [.. plan.Cast<ControlRun>().Select(run => new Outcome(run, folder))];
        string svg = new Chart("Negative controls", "(a), (b): collapse gap against time for four codes at two temperatures; all "
            + "but the rotary code collapse. (c): the rate of the last stage against the height of the limit point, on dashed "
            + "predictions.",
            [.. Betas.Select(beta => GapPanel(beta, [.. outcomes.Where(o => o.Beta == beta)])), RatePanel(outcomes)])
        {
            PerRow = 3, PlotHeight = 250,
            Notes = ["Lines: median over seeds; band: 5 to 95 % of seeds. (c): a sign for every seed."],
        }.Render();
        return new Findings(outcomes.SelectMany(Facts), new Picture("controls", svg, "The gap of four codes from the same "
            + $"starts, {outcomes[0].Heights.Length} seeds of 64 tokens, and the rate of 1 − |m|^{{2}} in the last stage. Lines: median "
            + "over seeds; bands: 5 to 95 % of them. Dashed in (a) and (b): the gap of the rotary limit with each seed's own c, median "
            + "over seeds; in (c): 2(1 − λ_{2}(A)), the same for both β of the distance bias. Near the rate 2 a few seeds of the logits "
            + "alone lie up to 5 % above it: the next "
            + "mode is nearly as slow as the last and has not died out while 1 − |m|^{2} is above rounding."));
    }

    private static int Seeds(bool quick) => quick ? 5 : 20;

    private static ChartPanel GapPanel(double beta, Outcome[] outcomes) =>
        new($"gap, β = {beta}", new Axis("time t", 0, 60), new Axis("G_{energy}", Floor, 10, Log: true), [.. outcomes.Select(Gap)])
        {
            References = [new Reference(Median([.. outcomes.Single(o => o.Control.Coupling is null).PredictedGaps]), "predicted")],
        };

    private static Series Gap(Outcome o)
    {
        Series line = new(o.Control.Name, o.Control.Colour, o.Table.Times, o.Table.Quantile("gap_energy", 0.5)) { Sign = o.Control.Sign };
        // The others are wide while they fall, and nothing later.
        return o.Control.Coupling is null ? line.Between(o.Table.Quantile("gap_energy", 0.05), o.Table.Quantile("gap_energy", 0.95)) : line;
    }

    private static ChartPanel RatePanel(Outcome[] outcomes) =>
        new("rate of the last stage", new Axis("height |c| of the limit u", -0.03, 1.03), new Axis("rate of 1 − |m|^{2}", 0, 2.1),
        [
            .. outcomes.Where(o => o.Control.Coupling is not null).SelectMany(o => (Series[])
            [
                Series.Predicted(Grid(0, 1, 100), o.PredictedRate),
                Series.Measured(o.Beta == 1 ? o.Control.Name : "", o.Control.Colour, o.Control.Sign, o.Heights, o.Rates) with
                {
                    Filled = o.Beta != 1,
                },
            ]),
            Series.Measured("β = 1", Palette.Note, Sign.Disc, [], []), Series.Measured("β = 2", Palette.Note, Sign.Disc, [], []) with
            {
                Filled = true,
            },
        ]);

    private static IEnumerable<Fact> Facts(Outcome o)
    {
        string at = $"{o.Control.Name}, β = {o.Beta}";
        if (o.Control.Coupling is null)
        {
            yield return new Fact($"{at}: largest |G_{{energy}} − predicted| at t = {Horizon}", "latitude circle at the seed's own c", 0,
                LargestDifference(o.Gaps, o.PredictedGaps), 1e-8);
            yield break;
        }
        yield return new Fact($"{at}: largest G_{{energy}} at t = {Horizon}", "a point", 0, o.Gaps.Max(), Floor);
        const double separate = 1.5; // nearer to 2 the modes are too close to each other to be told apart in this time
        yield return new Fact($"{at}: largest |rate/predicted − 1| over seeds with a predicted rate up to {separate}",
            "2(1 − λ_{2}(A)) with the seed's own c", 0,
            o.Heights.Zip(o.Rates).Where(s => o.PredictedRate(s.First) <= separate)
                .Max(s => Math.Abs(s.Second / o.PredictedRate(s.First) - 1)), 0.01);
    }

    /// <summary>What a code came to, one value a seed.</summary>
    private sealed class Outcome
    {
        // Before, the tokens gather and slower modes than the last still die out; after, the tolerance of the steps shows.
        private const double From = 1e-13, To = 1e-18;

        private readonly int _tokens;

        public Outcome(ControlRun run, string folder)
        {
            (Control, Beta, Table, _tokens) = (run.Control, run.Beta, run.Observations(folder), run.Experiment.Tokens.Count);
            Gaps = Table.Last("gap_energy");
            // Of a full turn |m| is |c|.
            Heights = Control.Coupling is null ? Table.Last("mean_norm") : [.. Table.Last("mean2").Select(Math.Abs)];
            Rates = Control.Coupling is null ? [] : [.. Enumerable.Range(0, Table.Replicas).Select(Rate)];
        }

        public Control Control { get; }
        public double Beta { get; }
        public ObservationTable Table { get; }
        public double[] Gaps { get; }
        public double[] Heights { get; }
        public double[] Rates { get; }
        public IEnumerable<double> PredictedGaps => Heights.Select(c => Math.Exp(Beta) / (2 * Beta) - Energies.LatitudeCircle(Beta, c));

        /// <summary>2(1 - lambda_2(A)); A is similar to the symmetric b_ij/(z_i z_j)^{1/2}, z the row sums of b.</summary>
        public double PredictedRate(double height)
        {
            Matrix<double> b = Matrix<double>.Build.Dense(_tokens, _tokens,
                (i, j) => Control.Coupling!(Beta, height, (i - j) / (double)_tokens));
            Vector<double> z = b.RowSums();
            Matrix<double> a = Matrix<double>.Build.Dense(_tokens, _tokens, (i, j) => b[i, j] / Math.Sqrt(z[i] * z[j]));
            return 2 * (1 - a.Evd(Symmetricity.Symmetric).EigenValues.Select(v => v.Real).OrderDescending().ElementAt(1));
        }

        private double Rate(int seed)
        {
            double[] gaps = [.. Table.Times.Select(t => Table.AtTime("gap_second", t)[seed])];
            int[] late = [.. Enumerable.Range(0, gaps.Length).Where(k => gaps[k] is < From and > To)];
            return late.Length < 3 ? double.NaN : -Slope(late.Select(k => Table.Times[k]), late.Select(k => Math.Log(gaps[k])));
        }
    }
}
