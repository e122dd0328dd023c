using AttentionFlow.Experiments.Commands;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Figure 2: the collapse gap against time over seeds for baseline, rotary and prefix, at several n.</summary>
public sealed class Figure2Study : Study
{
    private const double PaperHorizon = 20, Collapsed = 1e-12;
    private const string Twin = "-half-step";
    private static readonly string[] Systems = ["baseline", "rotary", "prefix"];

    /// <inheritdoc/>
    public override string Name => "figure2";

    /// <inheritdoc/>
    public override string Heading => "Figure 2: auxiliary variables keep the gap open";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        $"Independent uniform starts on S^{{2}}, β = 1, unnormalised attention, projected Heun steps of {(quick ? "0.02" : "0.01")}. The gap is "
        + "G_{energy} = e^{β}/(2β) − E_{1}, with E_{1} the energy of the bare positions x_{i}, without gauge and coupling: 0 when all tokens are at one point. Without auxiliary variables every seed collapses; "
        + "with a rotary code or a prefix none does. The paper stops at t = 20; here the runs go on to t = 30, because a rare seed starts close to "
        + "a balanced cloud and is late.";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        List<PlannedRun> runs = [];
        foreach (string system in Systems)
        {
            foreach (int n in quick ? [32, 64] : new[] { 64, 128, 256 }) runs.Add(Run(system, $"n{n}", $"tokens.count={n}"));
            int small = quick ? 32 : 64;
            // The first seeds again: a replica's random numbers do not depend on how many there are.
            runs.Add(Run(system, $"n{small}{Twin}", $"tokens.count={small}", quick ? "time.step=0.01" : "time.step=0.005", quick ? "replicas=10" : "replicas=25"));
        }
        return runs;

        PlannedRun Run(string system, string variant, params string[] settings)
        {
            string[] reduced = quick ? ["replicas=20", "record.tokens=32", "time.step=0.02"] : [];
            return new PlannedRun($"figure2-{system}-{variant}", StoredExperiments.Load($"figure2-{system}", [.. reduced, .. settings]));
        }
    }

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Dictionary<string, ObservationTable> tables = plan.ToDictionary(run => run.Name, run => new ObservationTable(Path.Combine(folder, run.Name)));
        int[] sizes = [.. plan.Select(run => run.Experiment.Tokens.Count).Distinct()];
        ObservationTable Table(string system, int n, string variant = "") => tables[$"figure2-{system}-n{n}{variant}"];

        List<GapCurve> curves = [];
        foreach (int n in sizes)
            foreach (string system in Systems)
            {
                ObservationTable table = Table(system, n);
                curves.Add(new GapCurve(system, n, table.Times, table.Quantile("gap_energy", 0.5), table.Quantile("gap_energy", 0.05), table.Quantile("gap_energy", 0.95)));
            }
        ObservationTable largest = Table("rotary", sizes[^1]);
        string svg = new Figure2 { PaperHorizon = PaperHorizon, SampleLabel = $"|m| at t = 30, rotary, n = {sizes[^1]}" }.Render(curves, new UniformSample(largest.Last("mean_norm")));
        string caption = $"Collapse gap against time over {largest.Replicas} seeds, one panel per number of tokens n; logarithmic, cut at 10^{{-16}}. "
            + "Right: distribution over seeds of |m| at the end for the rotary code, whose limit is the latitude circle at height u_{z}: |m| = |u_{z}|, "
            + "uniform on [0, 1] for uniform starts.";
        return new Findings([new FinishedFigure("2", "figure2", svg, caption)], [.. Checks(sizes, Table)]);
    }

    private static IEnumerable<Check> Checks(int[] sizes, Func<string, int, string, ObservationTable> table)
    {
        double horizon = table("baseline", sizes[0], "").Times[^1];
        int seeds = sizes.Sum(n => table("baseline", n, "").Replicas);
        yield return new Check($"baseline runs, of {seeds}, with all gaps below 10^{{-12}} at t = {horizon}", "2605.30229, fig. 2", seeds,
            sizes.Sum(n => CollapsedRuns(table("baseline", n, ""), horizon)), 0);
        yield return new Check($"the same at the paper's t = {PaperHorizon}", "2605.30229, fig. 2; all but rare slow seeds", Math.Floor(0.99 * seeds),
            sizes.Sum(n => CollapsedRuns(table("baseline", n, ""), PaperHorizon)), 0)
        { Comparison = Comparison.AtLeast };
        foreach (int n in sizes)
        {
            ObservationTable rotary = table("rotary", n, "");
            yield return new Check($"rotary, n = {n}: mean G_{{energy}} over seeds", "mean of the latitude circles' gap over u_{z}", Energies.MeanRotaryGap(1),
                rotary.Last("gap_energy").Average(), 0.6 / Math.Sqrt(rotary.Replicas));
            UniformSample sample = new(rotary.Last("mean_norm"));
            yield return new Check($"rotary, n = {n}: Kolmogorov distance of |m| to U[0, 1]", "Theorem 1, rotation invariance; level 0.001",
                rotary.Replicas == 100 ? 0.195 : sample.CriticalDistance(0.001), sample.Distance, 0)
            { Comparison = Comparison.AtMost };
        }
        yield return new Check("rotary: largest |G_{energy} − closed form at |m||", "e^{β}/(2β) − e^{βc²} I_{0}(β(1−c²))/(2β), c = |m|", 0,
            sizes.Max(n => CircleError(table("rotary", n, ""))), 1e-9);
        foreach (string system in Systems)
        {
            yield return new Check($"{system}: largest |E − e/2| at t = {horizon}", "gauge equivalence: k(1)/2", 0,
                sizes.Max(n => table(system, n, "").Last("energy").Max(e => Math.Abs(e - Math.E / 2))), 1e-9);
            yield return new Check($"{system}: largest distance of a token to its limit at t = {horizon}", "x* = Ψ^{T} u, Theorems 1 and 4", 0,
                sizes.Max(n => table(system, n, "").Last("limit_distance").Max()), 1e-5);
        }
        foreach (string system in Systems.Skip(1))
            yield return new Check($"{system}: runs, of {seeds}, whose gap stays open (above 10^{{-6}})", "2605.30229, fig. 2", seeds,
                sizes.Sum(n => table(system, n, "").Last("gap_energy").Count(g => g > 1e-6)), 0);
        foreach (string system in Systems)
            yield return new Check($"{system}, n = {sizes[0]}, {table(system, sizes[0], Twin).Replicas} seeds: largest change of G_{{energy}} when the step is halved", "order 2: far below the gap itself", 0,
                table(system, sizes[0], "").LargestDifference(table(system, sizes[0], Twin), "gap_energy"), 1e-3);
    }

    private static int CollapsedRuns(ObservationTable table, double time)
    {
        double[][] gaps = [table.AtTime("gap_mean", time), table.AtTime("gap_second", time), table.AtTime("gap_energy", time)];
        return Enumerable.Range(0, table.Replicas).Count(r => gaps.All(gap => gap[r] < Collapsed));
    }

    private static double CircleError(ObservationTable rotary) =>
        rotary.Last("mean_norm").Zip(rotary.Last("gap_energy"), (c, gap) => Math.Abs(gap - (Math.E / 2 - Energies.LatitudeCircle(1, c)))).Max();
}
