namespace AttentionFlow.Experiments.Pages;

/// <summary>The limit that theory predicts for a replica: curves, or points.</summary>
/// <param name="Replica">The replica whose last snapshot chose the direction.</param>
/// <param name="Curves">Each a list of coordinates; a closed one repeats its first point.</param>
/// <param name="Points">Coordinates of points.</param>
internal sealed record LimitShape(int Replica, IReadOnlyList<double[]> Curves, double[] Points)
{
    private const int Nodes = 256, MostReplicas = 8, MostPoints = 64;

    // Of neighbouring nodes of one curve.
    private const double Jump = 0.35, Same = 1e-6;

    /// <summary>Those of the replicas of a run, up to 8, in d coordinates; none where nothing is predicted.</summary>
    /// <param name="experiment">The run.</param>
    /// <param name="store">Its tokens.</param>
    public static IReadOnlyList<LimitShape> Of(Experiment experiment, TokenStore store)
    {
        int d = store.Dimension;
        if (experiment.Noise is not null || store.Snapshots.Count == 0) return [];
        if (PredictedLimit.For(experiment.Interaction.Pair, d, out _, experiment.Layer) is not { } limit) return [];
        Gauge gauge = experiment.Layer.Code.Kind == CodeKind.LogitsOnly ? new IdentityGauge() : experiment.Gauge;
        float[] last = store.Snapshots[^1].Numbers;
        return
        [
            .. from replica in Enumerable.Range(0, store.Tokens.Count).GroupBy(row => store.Tokens[row].Replica).Take(MostReplicas)
               let rows = replica.Where(row => !float.IsNaN(last[row * store.Width])).ToArray()
               where rows.Length > 0 && !rows.Any(row => double.IsNaN(store.Tokens[row].Label))
               select Shape(replica.Key, Law(rows), d),
        ];

        double[] Law(int[] rows)
        {
            double[] labels = [.. rows.Select(row => store.Tokens[row].Label)], weights = new double[rows.Length];
            Array.Fill(weights, 1.0 / rows.Length);
            double[] y = [.. rows.SelectMany(row => Enumerable.Range(0, d).Select(c => (double)last[row * store.Width + c]))];
            gauge.Prepare(labels, d).Enter(y, y, 0, rows.Length);
            double[] at = labels.All(s => s is >= 0 and < 1) && labels.Distinct().Count() > MostPoints
                ? new GridLabels().Draw(1, Nodes, seed: 0) : [.. labels.Distinct().Order()];
            double[] law = limit.Fit(y, labels, weights, at, d);
            gauge.Prepare(at, d).Leave(law, law, 0, at.Length);
            return law;
        }
    }

    private static LimitShape Shape(int replica, double[] law, int d)
    {
        double[][] nodes = [.. law.Chunk(d)];
        List<double[]> distinct = [];
        foreach (double[] node in nodes)
        {
            if (distinct.Count > MostPoints) break;
            if (distinct.All(other => Sphere.Distance(other, node) > Same)) distinct.Add(node);
        }
        bool[] jumps = [.. nodes.Select((node, i) => Sphere.Distance(node, nodes[(i + 1) % nodes.Length]) > Jump)];
        if (distinct.Count <= MostPoints && (distinct.Count < nodes.Length || nodes.Length < 3) || jumps.Count(j => j) > nodes.Length / 4)
            return new LimitShape(replica, [], [.. (distinct.Count <= MostPoints ? distinct : [.. nodes]).SelectMany(p => p)]);
        List<double[]> curves = [];
        List<double> curve = [];
        for (int i = 0; i < nodes.Length; i++)
        {
            curve.AddRange(nodes[i]);
            if (!jumps[i] && i < nodes.Length - 1) continue;
            if (!jumps[i] && IsClosed(nodes)) curve.AddRange(nodes[0]);
            curves.Add([.. curve]);
            curve.Clear();
        }
        return new LimitShape(replica, curves, []);
    }

    // The step from the last node to the first is like the others.
    private static bool IsClosed(double[][] nodes) =>
        Sphere.Distance(nodes[^1], nodes[0]) < 3 * Enumerable.Range(1, nodes.Length - 1).Max(i => Sphere.Distance(nodes[i - 1], nodes[i]));

    /// <summary>
    /// Whether labels s and s + 1 mean the same in this run, so that colours of labels should meet: gauge and coupling do not tell them
    /// apart. Null where nothing tells labels apart.
    /// </summary>
    public static bool? IsCyclic(Experiment experiment)
    {
        const double end = 1 - 1e-9, tolerance = 1e-6;
        Coupling coupling = experiment.Interaction.Coupling;
        if (experiment.Interaction.Mask != Mask.None) return false;
        if (experiment.Gauge is IdentityGauge && coupling.IsOne && experiment.Layer.Code.Kind is (CodeKind.None or CodeKind.LogitsOnly))
            return null;
        double[] others = [0.1, 0.37, 0.5, 0.83];
        if (others.Any(s => !(Math.Abs(coupling.Value(0, s) - coupling.Value(end, s)) < tolerance))) return false;
        int d = experiment.Tokens.Dimension;
        if (experiment.Gauge.WhyNot(new Setting(2, d) { Labels = (double[])[0, end] }) is not null) return false;
        double[] x = [.. Enumerable.Repeat(Sphere.Normalized([.. Enumerable.Range(0, d).Select(c => 1.0 + c)]), 2).SelectMany(c => c)];
        experiment.Gauge.Prepare([0, end], d).Enter(x, x, 0, 2);
        return Sphere.Distance(x.AsSpan(0, d), x.AsSpan(d)) < tolerance;
    }
}
