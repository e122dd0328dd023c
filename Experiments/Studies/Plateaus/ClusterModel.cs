namespace AttentionFlow.Experiments.Studies.Plateaus;

/// <summary>
/// Clusters in place of tokens, softmax attention on the circle: the points that attract when the noise of independent tokens has grown up
/// (<see cref="Growth.BreakUp"/>), each with the mass of its basin, follow the flow and merge. Samples of the Gaussian velocity; nothing is
/// fitted.
/// </summary>
internal sealed class ClusterModel(Interaction interaction, int tokens)
{
    private const int Grid = 2048;
    private const double Step = 0.1;

    private readonly (double Time, double Number, IReadOnlyList<double> Amplitudes) _start = Growth.BreakUp(interaction, tokens);

    /// <summary>The number of clusters at a time, one for each sample.</summary>
    public double[] Counts(double time, int samples) => [.. Enumerable.Range(0, samples).Select(sample =>
    {
        (double[] angles, double[] masses) = Basins(Velocity(sample));
        for (double t = _start.Time; t < time; t += Step) Advance(angles, masses, Math.Min(Step, time - t));
        return (double)Components(angles);
    })];

    // The velocity at even angles.
    private double[] Velocity(int sample)
    {
        RandomStream random = new(1, RandomPurpose.Probes, sample, 0);
        double[] v = new double[Grid];
        for (int l = 1; l <= _start.Amplitudes.Count; l++)
        {
            double cosine = _start.Amplitudes[l - 1] * random.Normal(), sine = _start.Amplitudes[l - 1] * random.Normal();
            for (int k = 0; k < Grid; k++)
            {
                (double s, double c) = Math.SinCos(2 * Math.PI * (l * k % Grid) / Grid);
                v[k] += cosine * c + sine * s;
            }
        }
        return v;
    }

    // Falling zeros of the velocity, each with the share of the circle between the rising ones around it.
    private static (double[] Angles, double[] Masses) Basins(double[] v)
    {
        int first = Enumerable.Range(0, Grid).First(k => v[k] <= 0 && v[(k + 1) % Grid] > 0);
        List<double> angles = [], edges = [];
        for (int k = first; k <= first + Grid; k++)
        {
            double here = v[k % Grid], next = v[(k + 1) % Grid];
            if (here > 0 != next > 0) (here > 0 ? angles : edges).Add(2 * Math.PI * (k + here / (here - next)) / Grid);
        }
        return ([.. angles], [.. edges.Zip(edges.Skip(1), (from, to) => (to - from) / (2 * Math.PI))]);
    }

    // A classical Runge-Kutta step.
    private void Advance(double[] angles, double[] masses, double h)
    {
        double[] k1 = Drift(angles, masses), k2 = Drift(Moved(k1, h / 2), masses);
        double[] k3 = Drift(Moved(k2, h / 2), masses), k4 = Drift(Moved(k3, h), masses);
        for (int i = 0; i < angles.Length; i++) angles[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);

        double[] Moved(double[] drift, double by) => [.. angles.Zip(drift, (a, v) => a + by * v)];
    }

    private double[] Drift(double[] angles, double[] masses)
    {
        double[] drift = new double[angles.Length];
        for (int i = 0; i < angles.Length; i++)
        {
            double z = 0, force = 0;
            for (int j = 0; j < angles.Length; j++)
            {
                (double sine, double cosine) = Math.SinCos(angles[j] - angles[i]);
                double weight = masses[j] * Math.Exp(interaction.Beta * (cosine - 1));
                z += weight;
                force += weight * sine;
            }
            drift[i] = force / z;
        }
        return drift;
    }

    // On the circle nobody overtakes: neighbours stay neighbours. One gap too few means a point.
    private static int Components(double[] angles) => Math.Max(1, Enumerable.Range(0, angles.Length).Count(i =>
        Math.Cos(angles[(i + 1) % angles.Length] - angles[i]) <= 1 - Clusters.Delta));
}
