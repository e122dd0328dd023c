namespace AttentionFlow.Experiments.Facts;

/// <summary>Clouds whose numbers are known, and what the solver makes of them, on the device cpu in double precision.</summary>
internal static class Probe
{
    public const double Turn = 2 * Math.PI;

    public static Gauge NoGauge { get; } = new IdentityGauge();

    /// <summary>An interaction with softmax.</summary>
    public static Interaction Softmax(double beta) => new(beta) { Normalization = Normalization.Softmax };

    /// <summary>n tokens at even angles of the circle, with weights that a density gives them, or equal ones.</summary>
    public static Cloud Circle(int n, Func<double, double>? density = null)
    {
        double[] angles = [.. Enumerable.Range(0, n).Select(i => Turn * i / n)], weights = [.. angles.Select(density ?? (_ => 1.0))];
        return new Cloud(1, n, 2, [.. angles.SelectMany(a => new[] { Math.Cos(a), Math.Sin(a) })], null,
            [.. weights.Select(w => w / weights.Sum())]);
    }

    /// <summary>n tokens of the latitude circle at a height, over a turn (radians) of grid labels.</summary>
    public static Cloud Latitude(int n, double height, double turn = Turn)
    {
        double r = Math.Sqrt(1 - height * height);
        return new Cloud(1, n, 3, [.. Enumerable.Range(0, n).Select(i => turn * (i + 0.5) / n)
            .SelectMany(a => new[] { r * Math.Cos(a), r * Math.Sin(a), height })]);
    }

    /// <summary>Tokens of equal weight at these angles of the circle.</summary>
    public static Cloud Angles(params double[] angles) =>
        new(1, angles.Length, 2, [.. angles.SelectMany(a => new[] { Math.Cos(a), Math.Sin(a) })]);

    /// <summary>The angle between two tokens.</summary>
    public static double Angle(Cloud cloud, int i = 0, int j = 1) => 2 * Math.Asin(Sphere.Distance(cloud.Token(i), cloud.Token(j)) / 2);

    /// <summary>The mean token of a replica.</summary>
    public static double[] MeanOf(Cloud cloud, int replica = 0)
    {
        double[] mean = new double[cloud.Dimension];
        Mean.Of(cloud.Positions, cloud.Weights, replica * cloud.Tokens, cloud.Tokens, mean);
        return mean;
    }

    /// <summary>
    /// The rate at which a small mean of the uniform law of S^2 grows: its density is 1 + 3 mean z, and the drift is averaged over the
    /// uniform law, which is the first order in the mean; without softmax the drift is linear in it.
    /// </summary>
    public static double GrowthOfTheMean(Interaction interaction, double mean)
    {
        Cloud uniform = Quadrature.OnSphere(20);
        Cloud ripple = new(1, uniform.Tokens, 3, uniform.Positions, null,
            [.. uniform.Weights.Select((w, i) => w * (1 + 3 * mean * uniform.Token(i)[2]))]);
        double[] drift = Ask(interaction, ripple, (_, v) => v);
        return Enumerable.Range(0, uniform.Tokens).Sum(i => uniform.Weights[i] * drift[3 * i + 2]) / mean;
    }

    /// <summary>What a flow says after its drift was evaluated at the cloud; flow and drift.</summary>
    public static T Ask<T>(Interaction interaction, Cloud cloud, Func<Flow, double[], T> question, Gauge? gauge = null, Layer? layer = null,
        IPairSums? sums = null)
    {
        using IPairSums device = sums ?? DeviceCatalog.Open("cpu", Precision.Double, threads: 1);
        Flow flow = new(interaction, gauge ?? NoGauge, cloud, device, 1, layer);
        double[] drift = new double[cloud.Positions.Length];
        flow.Drift(cloud.Positions, drift);
        return question(flow, drift);
    }

    /// <summary>The columns of an observable.</summary>
    public static double[] Observe(string name, Interaction interaction, Cloud cloud, Gauge? gauge = null) =>
        Ask(interaction, cloud, (flow, drift) =>
        {
            Observable observable = Observable.All[name](flow);
            double[] values = new double[cloud.Replicas * observable.Columns.Count];
            observable.Measure(new Frame(0, 0, cloud.Positions, drift, flow), values);
            return values;
        }, gauge);

    /// <summary>The energy of a cloud.</summary>
    public static double Energy(Interaction interaction, Cloud cloud, Gauge? gauge = null, Layer? layer = null, IPairSums? sums = null) =>
        Ask(interaction, cloud, (flow, _) => flow.Energy(0), gauge, layer, sums);

    /// <summary>The cloud moved to a time; the one given stays.</summary>
    public static Cloud Move(Interaction interaction, Cloud cloud, double time, Integration how)
    {
        Cloud moved = new(cloud.Replicas, cloud.Tokens, cloud.Dimension, [.. cloud.Positions], cloud.Labels, [.. cloud.Weights]);
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 1);
        Flow flow = new(interaction, how.Gauge, moved, sums, 1, how.Layer) { Scheme = how.Scheme, Tangents = how.Tangents };
        RunResult result = new Simulation(flow, how.Method, how.Step, time) { Noise = how.Noise }.Run(moved, how.Observers);
        // What did not come to its end has no value.
        if (result.Status != RunStatus.Complete) Array.Fill(moved.Positions, double.NaN);
        return moved;
    }
}
