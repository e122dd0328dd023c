using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The growth spectrum: how fast the ripples of every degree grow out of the noise of independent tokens, on the circle and on the
/// sphere.</summary>
internal sealed class GrowthStudy() : Study(4, "growth", "Growth of ripples on the uniform law")
{
    private static readonly string[] Surfaces = ["circle", "sphere"];
    private static readonly int[] Shown = [1, 2, 3, 4];

    public override string Introduction(bool quick) =>
        $"Softmax attention from {(quick ? "20 000" : "a million")} independent uniform tokens, on S^{{1}} at β = 5 and on S^{{2}} at β = "
            + $"9. Every degree l starts as noise of amplitude about n^{{−1/2}}; in the linear "
        + "regime it grows at the rate l(l + d − 2) λ_{l}/(β λ_{0}), λ_{l} the Funk-Hecke eigenvalues of e^{β⟨x,y⟩}. The runs end at t = "
        + "1.5, where the fastest degree has grown 2.8 times and "
        + "ripples are still small. Measured is log(Σ a_{l}(1.5)^{2}/Σ a_{l}(0)^{2})/3, sums over seeds, a_{l} the amplitude of degree l. "
        + "What ripples of other degrees contribute to a degree at second order, about n^{−1/2}, makes seeds differ.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. from surface in Surfaces
           from seed in Enumerable.Range(1, quick ? 4 : 6)
           select new PlannedRun($"growth-{surface}-seed{seed}", $"growth-{surface}", [$"seed={seed}", .. If(quick, "tokens.count=20000")]),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Spectrum[] spectra = [.. plan.GroupBy(run => run.Experiment.Tokens.Dimension).Select(runs => new Spectrum([.. runs], folder))];
        string svg = new Chart("Growth of ripples on the uniform law",
            "(a), (c): logarithm of the amplitude of some degrees over its first value against time, on straight dashed lines. (b), "
                + "(d): the "
                + "rate of every degree, measured with bars over seeds, on the dashed prediction.",
            [.. spectra.SelectMany(s => (ChartPanel[])[s.Amplitudes(), s.Rates()])])
        {
            PerRow = 2, PlotHeight = 230,
            Notes = ["Signs: root mean square over seeds; bars in (b) and (d): 5 to 95 % of seeds, most of them smaller than the signs."],
        }.Render();
        return new Findings(spectra.SelectMany(s => s.Facts()), new Picture("growth", svg, "Linear growth out of the noise of "
            + $"{spectra[0].Tokens} tokens, {spectra[0].Seeds} seeds, softmax attention. (a), (c): the amplitudes of four degrees, "
            + "logarithmic, on lines with the predicted slope. " + "(b), (d): the rate of every degree; bars: 5 to 95 % of seeds."));
    }

    /// <summary>The runs on one surface.</summary>
    private sealed class Spectrum
    {
        private readonly ObservationTable[] _tables;
        private readonly Experiment _experiment;
        private readonly double[] _degrees, _predicted, _measured;
        private readonly double[][] _seeds;

        public Spectrum(PlannedRun[] runs, string folder)
        {
            _experiment = runs[0].Experiment;
            _tables = [.. runs.Select(run => run.Observations(folder))];
            Interaction interaction = _experiment.Interaction.Pair;
            int[] degrees = [.. Enumerable.Range(1, SpectrumObservable.Degrees)];
            _degrees = [.. degrees.Select(l => (double)l)];
            _predicted = [.. degrees.Select(l => Growth.Rate(interaction, _experiment.Tokens.Dimension, l))];
            _measured = [.. degrees.Select(l => Rate(l, Power))];
            _seeds = [.. degrees.Select(l => _tables.Select(table => Rate(l, (degree, k) => Power(table, degree, k))).ToArray())];
        }

        public int Seeds => _tables.Length;
        public string Tokens => _experiment.Tokens.Count.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', ' ');
        private string Surface => $"S^{{{_experiment.Tokens.Dimension - 1}}}, β = {_experiment.Interaction.Beta}";

        public ChartPanel Amplitudes()
        {
            double[] times = _tables[0].Times;
            double end = 1.04 * times[^1];
            return new ChartPanel($"{Surface}: amplitudes", new Axis("time t", end - 1.08 * times[^1], end),
                new Axis("log a_{l}(t)/a_{l}(0)", -0.06, 1.15 * _predicted.Max() * times[^1]),
            [
                .. Shown.SelectMany((l, place) => (Series[])
                [
                    Series.Predicted([0, times[^1]], t => _predicted[l - 1] * t),
                    Series.Measured($"l = {l}", Palette.Series(place), (Sign)(1 + place), times,
                        times.Select((_, k) => Math.Log(Power(l, k) / Power(l, 0)) / 2)),
                ]),
            ]);
        }

        public ChartPanel Rates()
        {
            double[] low = [.. _seeds.Select(rates => Quantile(rates, 0.05))], high = [.. _seeds.Select(rates => Quantile(rates, 0.95))];
            return new ChartPanel($"{Surface}: rates", new Axis("degree l", 0, _degrees[^1] + 1),
                new Axis("growth rate d log a_{l}/dt", Math.Min(-0.05, low.Min() - 0.02), 1.15 * _predicted.Max()),
            [
                Series.Predicted(_degrees, _predicted),
                Series.Measured($"measured, {Seeds} seeds of {Tokens} tokens", Palette.Blue, Sign.Disc, _degrees, _measured)
                    .Between(low, high),
            ]);
        }

        public IEnumerable<Fact> Facts()
        {
            // At second order ripples p and l - p change degree l by about (2 sum_p p^2 lambda_p^2)^{1/2}/(beta lambda_0) l n^{-1/2}
            // = 0.6 l n^{-1/2} of its amplitude: five of these.
            double noise = 3 / Math.Sqrt((double)_experiment.Tokens.Count * Seeds);
            for (int l = 1; l <= 4; l++)
                yield return new Fact($"{Surface}: growth rate of degree {l}", "l(l+d−2) λ_{l}/(β λ_{0})",
                    _predicted[l - 1], _measured[l - 1], l * noise);
            yield return new Fact($"{Surface}: fastest degree", "largest l(l+d−2) λ_{l}", Fastest(_predicted), Fastest(_measured), 0);
            yield return new Fact($"{Surface}: largest |measured − predicted| rate over degrees 1 to 16",
                "the same; noise of order l n^{−1/2}", 0, LargestDifference(_measured, _predicted), SpectrumObservable.Degrees * noise);
        }

        private static int Fastest(double[] rates) => Array.IndexOf(rates, rates.Max()) + 1;

        private double Power(int degree, int time) => _tables.Average(table => Power(table, degree, time));

        private static double Power(ObservationTable table, int degree, int time) =>
            Math.Pow(table.AtTime($"spectrum{degree}", table.Times[time])[0], 2);

        private double Rate(int degree, Func<int, int, double> power) =>
            Math.Log(power(degree, _tables[0].Times.Length - 1) / power(degree, 0)) / (2 * _experiment.Time.Horizon);
    }
}
