namespace AttentionFlow.Experiments.Facts;

/// <summary>Orders and stability of the methods, and the error of adaptive steps.</summary>
internal sealed class MethodFacts() : Chapter(10, "Numerics")
{
    public override IEnumerable<Fact> Measure() => [.. Orders(), .. Stability(), .. Adaptive()];

    /// <summary>The slope of log error against log step.</summary>
    private IEnumerable<Fact> Orders()
    {
        Interaction interaction = Probe.Softmax(1.5);
        Gauge gauge = new RotaryGauge([Probe.Turn]);
        Cloud start = new UniformLaw().Draw(1, 12, 3, seed: 2);
        double[] exact = End(Methods.Tsit5, 512);
        foreach (Tableau method in Tableau.All)
        {
            // Short enough for the leading term, long enough to stay above rounding.
            int[] counts = method.Order <= 4 ? [16, 32, 64, 128] : [16, 20, 24, 32];
            double[] steps = [.. counts.Select(k => Math.Log(1.0 / k))];
            double[] errors = [.. counts.Select(k => Math.Log(Distance(End(method, k), exact)))];
            yield return Of($"order of {method.Name}", "slope of log error", method.Order, MathNet.Numerics.Fit.Line(steps, errors).B, 0.2);
        }

        double[] End(Tableau method, int steps) =>
            Probe.Move(interaction, start, 1, new Integration(method, 1.0 / steps) { Gauge = gauge }).Positions;
    }

    /// <summary>
    /// A tight pair under softmax closes in at the rate 1: a step multiplies its distance by R(-h), of magnitude 1 at the limit.
    /// </summary>
    private IEnumerable<Fact> Stability()
    {
        const double Angle = 1e-5; // the next term in the angle is a relative 1e-10
        foreach ((Tableau method, double limit) in ((Tableau, double)[])
            [(Methods.Euler, 2), (Methods.Heun, 2), (Methods.RungeKutta4, 2.785293563405282), (Methods.Tsit5, 3.5068469938049467)])
        {
            double low = 0.5, high = 5;
            while (high - low > 1e-9)
            {
                double step = (low + high) / 2;
                Cloud end = Probe.Move(Probe.Softmax(1), Probe.Angles(0, Angle), step, new Integration(method, step));
                if (Probe.Angle(end) <= Angle) low = step;
                else high = step;
            }
            yield return Of($"largest stable step of {method.Name} at rate 1", "the table of methods", limit, low, 1e-6);
        }
    }

    private IEnumerable<Fact> Adaptive()
    {
        Interaction interaction = Probe.Softmax(4);
        Cloud start = new UniformLaw().Draw(1, 24, 3, seed: 5);
        double[] exact = Probe.Move(interaction, start, 3, Integration.Adaptive(1e-12)).Positions;
        foreach (double tolerance in (double[])[1e-4, 1e-8])
            // The error of a run is of the order of the tolerance of a step: a factor 30 is granted.
            yield return Of($"error of adaptive steps of tolerance {tolerance}, beta = 4, t = 3", "of the order of the tolerance", 0,
                Distance(Probe.Move(interaction, start, 3, Integration.Adaptive(tolerance)).Positions, exact), 30 * tolerance);
    }

    private static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
