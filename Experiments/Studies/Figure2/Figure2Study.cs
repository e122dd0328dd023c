namespace AttentionFlow.Experiments.Studies.Figure2;

/// <summary>Figure 2: the collapse gap against time over seeds for baseline, rotary and prefix, at several n.</summary>
internal sealed class Figure2Study() : Study(2, "figure2", "Figure 2 of the paper: auxiliary variables keep the gap open")
{
    private const double Collapsed = 1e-12;
    private static readonly string[] Systems = ["baseline", "rotary", "prefix"];

    private sealed record SystemRun(string System, int Tokens, bool HasHalfStep, string[] Settings) : PlannedRun(
        $"figure2-{System}-n{Tokens}{(HasHalfStep ? "-half-step" : "")}", $"figure2-{System}", Settings);

    /// <summary>The table of a system at n, or of its twin with half the step.</summary>
    private delegate ObservationTable TableOf(string system, int tokens, bool halfStep = false);

    public override StudyGroup Group => StudyGroup.Paper;

    public override string Introduction(bool quick) =>
        $"Independent uniform starts on S^{{2}}, β = 1, unnormalised attention, projected Heun steps of {(quick ? "0.02" : "0.01")}. The "
            + "gap is "
        + "G_{energy} = e^{β}/(2β) − E_{1}, with E_{1} the energy of the bare positions x_{i}, without gauge and coupling: 0 when all "
        + "tokens are at one point. Without auxiliary variables every seed collapses; "
        + "with a rotary code or a prefix none does. The paper stops at t = 20; here the runs go on to t = 30, because a rare seed starts "
        + "close to "
        + "a balanced cloud and is late.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        string[] reduced = If(quick, "replicas=20", "record.tokens=32", "time.step=0.02");
        int[] sizes = quick ? [32, 64] : [64, 128, 256];
        string[] half = quick ? ["time.step=0.01", "replicas=10"] : ["time.step=0.005", "replicas=25"];
        return
        [
            .. Systems.SelectMany(system => (SystemRun[])
            [
                .. sizes.Select(n => new SystemRun(system, n, false, [.. reduced, $"tokens.count={n}"])),
                // The first seeds again: a replica's random numbers do not depend on how many there are.
                new SystemRun(system, sizes[0], true, [.. reduced, $"tokens.count={sizes[0]}", .. half]),
            ]),
        ];
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        SystemRun[] runs = [.. plan.Cast<SystemRun>()];
        Dictionary<(string, int, bool), ObservationTable> tables =
            runs.ToDictionary(run => (run.System, run.Tokens, run.HasHalfStep), run => run.Observations(folder));
        int[] sizes = [.. runs.Select(run => run.Tokens).Distinct()];
        ObservationTable largest = Table("rotary", sizes[^1]);
        string svg = GapFigure.Render([.. sizes.SelectMany(n => Systems.Select(system => Curve(system, n)))],
            new UniformSample(largest.Last("mean_norm")), $"|m| at t = 30, rotary, n = {sizes[^1]}");
        string caption = $"Figure 2 of the paper: collapse gap against time over {largest.Replicas} seeds, one panel per number of "
            + $"tokens n; on "
            + $"a logarithmic axis, cut at 10^{{−16}}, and on a linear one. Lines: median over seeds; bands: 5 to 95 % of them. "
            + $"{Letters.Of(sizes.Length)}: distribution over seeds of |m| at the end for the rotary code, whose limit is the latitude "
            + "circle at height u_{z}: |m| = |u_{z}|, uniform on [0, 1] for uniform starts.";
        return new Findings([.. CollapseFacts(sizes, Table), .. LimitFacts(sizes, Table)], new Picture("figure2", svg, caption));

        ObservationTable Table(string system, int tokens, bool halfStep = false) => tables[(system, tokens, halfStep)];

        GapCurve Curve(string system, int n) =>
            new(system, n, Table(system, n).Times, Gap(system, n, 0.5), Gap(system, n, 0.05), Gap(system, n, 0.95));

        double[] Gap(string system, int n, double share) => Table(system, n).Quantile("gap_energy", share);
    }

    private static IEnumerable<Fact> CollapseFacts(int[] sizes, TableOf table)
    {
        double horizon = table("baseline", sizes[0]).Times[^1];
        int seeds = Seeds(sizes, table);
        yield return new Fact($"baseline runs, of {seeds}, with all gaps below 10^{{-12}} at t = {horizon}", "2605.30229, fig. 2", seeds,
            sizes.Sum(n => CollapsedRuns(table("baseline", n), horizon)), 0);
        yield return Fact.AtLeast($"the same at the paper's t = {GapFigure.PaperHorizon}", "2605.30229, fig. 2; all but rare slow seeds",
            Math.Floor(0.99 * seeds), sizes.Sum(n => CollapsedRuns(table("baseline", n), GapFigure.PaperHorizon)));
        foreach (int n in sizes)
        {
            ObservationTable rotary = table("rotary", n);
            yield return new Fact($"rotary, n = {n}: mean G_{{energy}} over seeds", "mean of the latitude circles' gap over u_{z}",
                Energies.MeanRotaryGap(1), rotary.Last("gap_energy").Average(), 0.6 / Math.Sqrt(rotary.Replicas));
            UniformSample sample = new(rotary.Last("mean_norm"));
            yield return Fact.AtMost($"rotary, n = {n}: Kolmogorov distance of |m| to U[0, 1]", "Theorem 1, rotation invariance; level "
                + "0.001", rotary.Replicas == 100 ? 0.195 : sample.CriticalDistance(0.001), sample.Distance);
        }
        yield return new Fact("rotary: largest |G_{energy} − closed form at |m||", "e^{β}/(2β) − e^{βc²} I_{0}(β(1−c²))/(2β), c = |m|", 0,
            sizes.Max(n => CircleError(table("rotary", n))), 1e-9);
    }

    private static IEnumerable<Fact> LimitFacts(int[] sizes, TableOf table)
    {
        double horizon = table("baseline", sizes[0]).Times[^1];
        foreach (string system in Systems)
        {
            yield return new Fact($"{system}: largest |E − e/2| at t = {horizon}", "gauge equivalence: k(1)/2", 0,
                sizes.Max(n => table(system, n).Last("energy").Max(e => Math.Abs(e - Math.E / 2))), 1e-9);
            yield return new Fact($"{system}: largest distance of a token to its limit at t = {horizon}", "x* = Ψ^{T} u, Theorems 1 and 4",
                0, sizes.Max(n => table(system, n).Last("limit_distance").Max()), 1e-5);
        }
        int seeds = Seeds(sizes, table);
        foreach (string system in Systems.Skip(1))
            yield return new Fact($"{system}: runs, of {seeds}, whose gap stays open (above 10^{{-6}})", "2605.30229, fig. 2", seeds,
                sizes.Sum(n => table(system, n).Last("gap_energy").Count(g => g > 1e-6)), 0);
        foreach (string system in Systems)
        {
            ObservationTable twin = table(system, sizes[0], halfStep: true);
            yield return new Fact(
                $"{system}, n = {sizes[0]}, {twin.Replicas} seeds: largest change of G_{{energy}} when the step is halved",
                "order 2: far below the gap itself", 0, table(system, sizes[0]).LargestDifference(twin, "gap_energy"), 1e-3);
        }
    }

    private static int Seeds(int[] sizes, TableOf table) => sizes.Sum(n => table("baseline", n).Replicas);

    private static int CollapsedRuns(ObservationTable table, double time)
    {
        double[][] gaps = [table.AtTime("gap_mean", time), table.AtTime("gap_second", time), table.AtTime("gap_energy", time)];
        return Enumerable.Range(0, table.Replicas).Count(r => gaps.All(gap => gap[r] < Collapsed));
    }

    private static double CircleError(ObservationTable rotary) => Statistics.LargestDifference(
        rotary.Last("gap_energy"), rotary.Last("mean_norm").Select(c => Math.E / 2 - Energies.LatitudeCircle(1, c)));
}
