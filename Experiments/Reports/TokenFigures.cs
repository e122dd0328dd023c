using AttentionFlow.Experiments.Pages;

namespace AttentionFlow.Experiments.Reports;

/// <summary>
/// Tokens of the first replica on spheres, or circles: at times of one run, or of several runs at their ends. Beyond three dimensions along
/// the three directions in which the tokens vary most.
/// </summary>
internal static class TokenFigures
{
    private const int MostTimes = 4, MostTokens = 2000;

    /// <summary>The start, two times between, and the end of a run, which may be of one snapshot.</summary>
    /// <param name="run">The run.</param>
    /// <param name="style">How wide, and for which screen.</param>
    /// <returns>The figure and its caption.</returns>
    public static (string Svg, string Caption) Times(SeenTrajectory run, SphereFigure? style = null)
    {
        int count = run.Tokens.Snapshots.Count, shown = Math.Min(count, MostTimes);
        int[] snapshots = [.. Enumerable.Range(0, shown).Select(k => shown == 1 ? 0
            : (int)Math.Round((double)k * (count - 1) / (shown - 1)))];
        PrincipalDirections? directions = Directions([run]);
        SpherePanel[] panels = [.. snapshots.Select(k =>
            Panel(run, k, $"t = {Numbers.ForPeople(run.Tokens.Snapshots[k].Time)}", directions, hasLimit: k == count - 1))];
        return (Draw("Tokens at chosen times", panels, style), Caption([run], panels, directions));
    }

    /// <summary>The last snapshots of several runs of one dimension.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="titles">A title for each.</param>
    /// <param name="style">How wide, and for which screen.</param>
    public static (string Svg, string Caption) Ends(
        IReadOnlyList<SeenTrajectory> runs, IReadOnlyList<string> titles, SphereFigure? style = null)
    {
        PrincipalDirections? directions = Directions(runs);
        SpherePanel[] panels = [.. runs.Select((run, i) =>
            Panel(run, run.Tokens.Snapshots.Count - 1, Short(titles[i]), directions, hasLimit: true))];
        return (Draw("Tokens at the ends of runs", panels, style), Caption(runs, panels, directions));
    }

    private static string Draw(string title, SpherePanel[] panels, SphereFigure? style)
    {
        Camera camera = panels[0].Dimension == 2 ? Camera.Above
            : Camera.For(SphereView.Points(panels[^1].Positions, panels[^1].Dimension));
        style ??= new SphereFigure { PerRow = panels.Length is 2 or 4 ? 2 : 3 };
        return (style with { Title = title }).Render([.. panels.Select(p => p with { Camera = camera })]);
    }

    // What fits above a sphere.
    private static string Short(string title) => title.Length <= 30 ? title : $"..{title[^28..]}";

    private static PrincipalDirections? Directions(IReadOnlyList<SeenTrajectory> runs) =>
        runs[0].Tokens.Dimension > 3 ? PrincipalDirections.Of([.. runs.Select(r => r.Tokens)]) : null;

    private static string Caption(IReadOnlyList<SeenTrajectory> runs, SpherePanel[] panels, PrincipalDirections? directions)
    {
        string replica = runs.Any(r => r.Replicas > 1) ? $" of replica {runs[0].Tokens.Tokens[0].Replica}" : "";
        string thinned = runs.Any(r => OfFirst(r.Tokens).Count > MostTokens) ? $", {MostTokens} of them" : "";
        string along = directions is null ? ""
            : $" Of {runs[0].Tokens.Dimension} dimensions the three directions are shown along which the tokens vary most; they hold "
                + $"{Numbers.ForPeople(Math.Round(100 * directions.Shares.Sum(), 1))} % of the variance over all times.";
        string limit = runs.Any(r => r.Source.Experiment is { } e && LimitShape.Of(e, r.Tokens).Count > 0)
            ? " Rings and bands are the predicted limit, which may take longer than the run." : "";
        string counts = runs.Any(r => r.Source.Experiment is { Interaction.Selection: not 0 }) && panels.Any(SphereView.HasGroups)
            ? " Numbers at clusters count tokens, not their weights, which move under selection: those are in the column weight of the "
                + "snapshots." : "";
        return $"The tokens{replica}{thinned}, coloured by label, from one side throughout.{counts}{limit}{along}";
    }

    private static List<int> OfFirst(TokenStore store)
    {
        int first = store.Tokens[0].Replica;
        return [.. Enumerable.Range(0, store.Tokens.Count).Where(row => store.Tokens[row].Replica == first)];
    }

    private static SpherePanel Panel(SeenTrajectory run, int snapshot, string title, PrincipalDirections? directions, bool hasLimit)
    {
        TokenStore store = run.Tokens;
        (int d, float[] numbers) = (store.Dimension, store.Snapshots[snapshot].Numbers);
        int[] rows = [.. OfFirst(store).Where(row => !float.IsNaN(numbers[row * store.Width]))];
        int every = (rows.Length + MostTokens - 1) / MostTokens;
        rows = [.. rows.Where((_, i) => i % every == 0)];
        double[] x = [.. rows.SelectMany(row => numbers.AsSpan(row * store.Width, d).ToArray().Select(c => (double)c))];
        LimitShape? limit = hasLimit && run.Source.Experiment is { } experiment
            ? LimitShape.Of(experiment, store).FirstOrDefault(l => l.Replica == store.Tokens[0].Replica) : null;
        return new SpherePanel(title, Math.Min(d, 3), Shown(x, d, directions), Labels([.. rows.Select(row => store.Tokens[row].Label)]))
        {
            PredictedCurves = [.. (limit?.Curves ?? []).Select(c => Shown(c, d, directions))],
            PredictedPoints = Shown(limit?.Points ?? [], d, directions),
            Cyclic = run.Source.Experiment is { } of && LimitShape.IsCyclic(of) == true,
            Axes = directions is null ? "x" : "p",
        };
    }

    private static double[] Shown(double[] x, int d, PrincipalDirections? directions)
    {
        if (directions is null) return x;
        double[] shown = new double[x.Length / d * 3];
        for (int i = 0; i < x.Length / d; i++) directions.Project<double>(x.AsSpan(i * d, d), shown.AsSpan(i * 3, 3));
        return shown;
    }

    // To [0, 1); tokens without labels by their order.
    private static double[] Labels(double[] labels)
    {
        if (labels.Any(double.IsNaN)) return [.. labels.Select((_, i) => (double)i / labels.Length)];
        (double least, double most) = (labels.Min(), labels.Max());
        return least >= 0 && most < 1 ? labels : [.. labels.Select(s => most > least ? (s - least) / (most - least) * (1 - 1e-9) : 0)];
    }
}
