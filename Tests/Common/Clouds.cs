namespace AttentionFlow.Tests.Solver;

/// <summary>Clouds, gauges and interactions that the tests share.</summary>
internal static class Clouds
{
    public static readonly double Turn = 2 * Math.PI;

    /// <summary>USA and SA.</summary>
    public static readonly Normalization[] Normalizations = [Normalization.Unnormalized, Normalization.Softmax];

    public static Normalization Named(string name) => Normalization.All.Single(n => n.Name == name);

    public static Cloud Uniform(int replicas, int tokens, int dimension, ulong seed = 1, double[]? weights = null)
    {
        Cloud drawn = new UniformLaw().Draw(replicas, tokens, dimension, seed, new UniformLabels());
        return new Cloud(replicas, tokens, dimension, drawn.Positions, drawn.Labels, weights);
    }

    /// <summary>Positive weights over about two decades, each replica summing to 1.</summary>
    public static double[] Weights(int replicas, int tokens, ulong seed = 9)
    {
        double[] weights = new double[replicas * tokens];
        for (int r = 0; r < replicas; r++)
        {
            Span<double> part = weights.AsSpan(r * tokens, tokens);
            double sum = 0;
            for (int i = 0; i < tokens; i++) sum += part[i] = Math.Pow(10, 2 * new RandomStream(seed, RandomPurpose.Labels, r, i, 77).Uniform());
            for (int i = 0; i < tokens; i++) part[i] /= sum;
        }
        return weights;
    }

    public static IEnumerable<Gauge> GaugesOn(int dimension)
    {
        yield return new IdentityGauge();
        yield return new RotaryGauge([.. Enumerable.Range(1, dimension / 2).Select(p => Turn / p)]);
        yield return new PhaseGauge(new VonMisesLaw(0.3, 2));
        yield return new PrefixGauge(Sphere.Axis(dimension, dimension - 1), [Sphere.Axis(dimension, 0), Sphere.Axis(dimension, 1), Sphere.Normalized([.. Enumerable.Repeat(-1.0, dimension)])]);
        if (dimension == 3) yield return new PathGauge(0.5, 3, 1);
    }

    public static IEnumerable<Coupling> Couplings() =>
        [new OneCoupling(), new DistanceCoupling(0.3), new ToeplitzCoupling(0.2, 1, -0.4), new ToeplitzCoupling(2, 1, 0.5), new BlockCoupling(0.25)];

    public static IEnumerable<Interaction> Interactions()
    {
        foreach (Coupling coupling in Couplings())
            foreach (Profile profile in Profiles.Where(p => !p.IsGeneral || coupling is OneCoupling or ToeplitzCoupling))
                foreach (Normalization normalization in Normalization.All.Where(n => !n.IsHard))
                {
                    Interaction interaction = new(1.7) { Profile = profile, Coupling = coupling, Normalization = normalization };
                    if (normalization.WhyNot(coupling) is null) yield return interaction;
                }
    }

    /// <summary>All, and a polynomial of odd degree.</summary>
    public static readonly Profile[] Profiles = [.. Profile.All, new PolynomialProfile(3)];

    /// <summary>k(t) as docs/model.md states it, beta of either sign.</summary>
    public static double K(Profile profile, double beta, double t) => profile switch
    {
        ExponentialProfile => Math.Exp(beta * t) / beta,
        LinearProfile => t,
        SigmoidProfile => (Math.Log(1 + Math.Exp(beta * t)) - Math.Log(2)) / beta,
        PolynomialProfile { Degree: var p } => p / ((p + 1) * beta) * (Math.Pow(1 + beta * t / p, p + 1) - 1),
        _ => throw new NotSupportedException(),
    };

    /// <summary>k'(t) as docs/model.md states it, beta of either sign.</summary>
    public static double Slope(Profile profile, double beta, double t) => profile switch
    {
        ExponentialProfile => Math.Exp(beta * t),
        LinearProfile => 1,
        SigmoidProfile => 1 / (1 + Math.Exp(-beta * t)),
        PolynomialProfile { Degree: var p } => Math.Pow(1 + beta * t / p, p),
        _ => throw new NotSupportedException(),
    };

    /// <summary>b(s, t) as docs/model.md states it.</summary>
    public static double B(Coupling coupling, double s, double t) => coupling switch
    {
        OneCoupling => 1,
        DistanceCoupling c => Math.Exp(-Math.Abs(s - t) / c.Length),
        ToeplitzCoupling c => c.Constant + c.Cosines.Select((a, m) => a * Math.Cos(2 * Math.PI * (m + 1) * (s - t))).Sum(),
        BlockCoupling c => s == t ? 1 : c.Across,
        _ => throw new NotSupportedException(),
    };

    /// <summary>Labels on a few blocks where the coupling or gauge asks for equality to matter, else as drawn.</summary>
    public static Cloud WithLabelsFor(Coupling coupling, Cloud cloud) => coupling is BlockCoupling
        ? new Cloud(cloud.Replicas, cloud.Tokens, cloud.Dimension, cloud.Positions, [.. cloud.Labels.Select(s => Math.Floor(3 * s) / 3)], cloud.Weights)
        : cloud;

    /// <summary>Integrates to <paramref name="horizon"/> with the reference sums.</summary>
    public static Cloud Integrate(Interaction interaction, Gauge gauge, Cloud cloud, Tableau method, double step, double horizon, params IObserver[] observers)
    {
        Cloud moved = cloud.Copy();
        new Simulation(FlowOf(interaction, moved, gauge), method, step, horizon).Run(moved, observers);
        return moved;
    }

    /// <summary>One that may be moved.</summary>
    public static Cloud Copy(this Cloud cloud) =>
        new(cloud.Replicas, cloud.Tokens, cloud.Dimension, [.. cloud.Positions], cloud.Labels, [.. cloud.Weights]);

    public static Flow FlowOf(Interaction interaction, Cloud cloud, Gauge? gauge = null) =>
        new(interaction, gauge ?? new IdentityGauge(), cloud, new ReferenceSums());

    public static double[] DriftAt(this Flow flow, double[] x)
    {
        double[] drift = new double[x.Length];
        flow.Drift(x, drift);
        return drift;
    }

    /// <summary>What an observable of this name makes of a cloud.</summary>
    public static double[] Measure(string name, Interaction interaction, Gauge gauge, Cloud cloud, bool needsDrift = true)
    {
        Flow flow = FlowOf(interaction, cloud, gauge);
        double[] drift = needsDrift ? flow.DriftAt(cloud.Positions) : new double[cloud.Positions.Length];
        return Observable.All[name](flow).Values(new Frame(0, 0, cloud.Positions, drift, flow), cloud.Replicas);
    }

    public static double[] Values(this Observable observable, in Frame frame, int replicas = 1)
    {
        double[] values = new double[replicas * observable.Columns.Count];
        observable.Measure(frame, values);
        return values;
    }

    /// <summary>The slope of log error against log step.</summary>
    public static double Slope(double[] steps, double[] errors) =>
        MathNet.Numerics.Fit.Line([.. steps.Select(h => Math.Log(h))], [.. errors.Select(e => Math.Log(e))]).B;

    public static double LargestDifference(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double largest = a.Length == b.Length ? 0 : double.PositiveInfinity;
        for (int i = 0; i < a.Length; i++) largest = Math.Abs(a[i] - b[i]) <= largest ? largest : Math.Abs(a[i] - b[i]);
        return largest;
    }
}
