using System.Globalization;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The growth spectrum: how fast the ripples of every degree grow out of the noise of independent tokens, on the circle and on the sphere.</summary>
public sealed class GrowthStudy : Study
{
    private static readonly string[] Surfaces = ["circle", "sphere"];
    private static readonly int[] Shown = [1, 2, 3, 5];

    /// <inheritdoc/>
    public override string Name => "growth";

    /// <inheritdoc/>
    public override string Heading => "Growth of ripples on the uniform law";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        $"Softmax attention from {(quick ? "20 000" : "a million")} independent uniform tokens, on S^{{1}} at β = 5 and on S^{{2}} at β = 9. Every degree l starts as noise of amplitude about n^{{−1/2}}; in the linear "
        + "regime it grows at the rate l(l + d − 2) λ_{l}/(β λ_{0}), λ_{l} the Funk-Hecke eigenvalues of e^{β⟨x,y⟩}. The runs end at t = 1.5, where the fastest degree has grown 2.8 times and "
        + "ripples are still small. Measured is log(Σ a_{l}(1.5)^{2}/Σ a_{l}(0)^{2})/3, sums over seeds, a_{l} the amplitude of degree l, with the jackknife error over seeds. What ripples of other degrees "
        + "contribute to a degree at second order, about n^{−1/2}, is in that error.";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. Surfaces.SelectMany(surface => Enumerable.Range(1, quick ? 4 : 6).Select(seed => new PlannedRun($"growth-{surface}-seed{seed}",
            StoredExperiments.Load($"growth-{surface}", [$"seed={seed}", .. quick ? ["tokens.count=20000"] : Array.Empty<string>()])))),
    ];

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Spectrum[] spectra = [.. plan.GroupBy(run => run.Experiment.Tokens.Dimension).Select(runs => new Spectrum([.. runs], folder))];
        string svg = new Chart("Growth of ripples on the uniform law",
            "Left: logarithm of the amplitude of some degrees over its first value against time, on straight dashed lines. Right: the rate of every degree, measured with error bars, on the dashed prediction.",
            [.. spectra.SelectMany(s => (ChartPanel[])[s.Amplitudes(), s.Rates()])])
        {
            Columns = 2, PlotHeight = 230,
            Notes = ["Signs: root mean square over seeds; on the right with bars of one standard error, most of them smaller than the signs."],
        }.Render();
        string caption = $"Linear growth out of the noise of {spectra[0].Tokens} tokens, {spectra[0].Seeds} seeds, softmax attention. Left: the amplitudes of four degrees, logarithmic, on lines with the predicted slope. "
            + "Right: the rate of every degree.";
        return new Findings([new FinishedFigure("4", "growth", svg, caption)], [.. spectra.SelectMany(s => s.Checks())]);
    }

    /// <summary>The runs on one surface.</summary>
    private sealed class Spectrum
    {
        private readonly ObservationTable[] _tables;
        private readonly Experiment _experiment;
        private readonly double[] _predicted, _measured, _error;

        public Spectrum(PlannedRun[] runs, string folder)
        {
            _experiment = runs[0].Experiment;
            _tables = [.. runs.Select(run => new ObservationTable(Path.Combine(folder, run.Name)))];
            Interaction interaction = _experiment.Interaction.Pair;
            int[] degrees = [.. Enumerable.Range(1, SpectrumObservable.Degrees)];
            _predicted = [.. degrees.Select(l => Growth.Rate(interaction, _experiment.Tokens.Dimension, l))];
            _measured = [.. degrees.Select(l => Rate(l, without: null))];
            _error = [.. degrees.Select(Jackknife)];
        }

        public int Seeds => _tables.Length;

        public string Tokens => _experiment.Tokens.Count.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', ' ');

        private string Surface => $"S^{{{_experiment.Tokens.Dimension - 1}}}, β = {_experiment.Interaction.Beta}";

        public ChartPanel Amplitudes()
        {
            double[] times = _tables[0].Times;
            List<Series> series = [];
            foreach ((int place, int l) in Shown.Index())
            {
                series.Add(new Series("predicted", Palette.Prediction, [0, times[^1]], [0, _predicted[l - 1] * times[^1]]) { Dashed = true, Width = 1.4 });
                series.Add(new Series($"l = {l}", Palette.Series(place), times, [.. times.Select((_, k) => Math.Log(Power(l, k, null) / Power(l, 0, null)) / 2)])
                {
                    Points = true, Sign = (Sign)(1 + place),
                });
            }
            double end = 1.04 * times[^1];
            return new ChartPanel($"{Surface}: amplitudes", new Axis("time t", end - 1.08 * times[^1], end), new Axis("log a_{l}(t)/a_{l}(0)", -0.06, 1.15 * _predicted.Max() * times[^1]), series);
        }

        public ChartPanel Rates()
        {
            double[] degrees = [.. Enumerable.Range(1, _predicted.Length).Select(l => (double)l)];
            double top = 1.15 * _predicted.Max(), low = Math.Min(-0.05, _measured.Zip(_error, (m, e) => m - e).Min() - 0.02);
            return new ChartPanel($"{Surface}: rates", new Axis("degree l", 0, degrees[^1] + 1), new Axis("growth rate d log a_{l}/dt", low, top),
            [
                new Series("predicted", Palette.Prediction, degrees, _predicted) { Dashed = true, Width = 1.4 },
                new Series($"measured, {Seeds} seeds of {Tokens} tokens", Palette.Blue, degrees, _measured)
                {
                    Points = true, Sign = Sign.Disc, Low = [.. _measured.Zip(_error, (m, e) => m - e)], High = [.. _measured.Zip(_error, (m, e) => m + e)],
                },
            ]);
        }

        public IEnumerable<Check> Checks()
        {
            // At second order ripples p and l - p change degree l by about (2 sum_p p^2 lambda_p^2)^{1/2}/(beta lambda_0) l n^{-1/2} = 0.6 l n^{-1/2} of its amplitude: five of these.
            double noise = 3 / Math.Sqrt((double)_experiment.Tokens.Count * Seeds);
            for (int l = 1; l <= 4; l++)
                yield return new Check($"{Surface}: growth rate of degree {l}", "l(l+d−2) λ_{l}/(β λ_{0})", _predicted[l - 1], _measured[l - 1], l * noise);
            yield return new Check($"{Surface}: fastest degree", "largest l(l+d−2) λ_{l}", Fastest(_predicted), Fastest(_measured), 0);
            yield return new Check($"{Surface}: largest |measured − predicted| rate over degrees 1 to 16", "the same; noise of order l n^{−1/2}", 0,
                _measured.Zip(_predicted, (m, p) => Math.Abs(m - p)).Max(), SpectrumObservable.Degrees * noise);
        }

        private static int Fastest(double[] rates) => Array.IndexOf(rates, rates.Max()) + 1;

        private double Power(int degree, int time, int? without) =>
            _tables.Where((_, seed) => seed != without).Average(table => Math.Pow(table.AtTime($"spectrum{degree}", table.Times[time])[0], 2));

        private double Rate(int degree, int? without) =>
            Math.Log(Power(degree, _tables[0].Times.Length - 1, without) / Power(degree, 0, without)) / (2 * _experiment.Time.Horizon);

        private double Jackknife(int degree)
        {
            double[] left = [.. Enumerable.Range(0, Seeds).Select(seed => Rate(degree, seed))];
            double mean = left.Average();
            return Math.Sqrt((Seeds - 1.0) / Seeds * left.Sum(rate => (rate - mean) * (rate - mean)));
        }
    }
}
