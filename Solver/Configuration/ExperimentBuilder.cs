using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Model;
using AttentionFlow.Solver.Motion;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Configuration;

/// <summary>Makes the objects of the solver from the records of an experiment file.</summary>
public static class ExperimentBuilder
{
    private const double DefaultTolerance = 1e-4;

    /// <summary>beta, profile, coupling, normalisation, mask.</summary>
    public static Interaction Interaction(Experiment experiment) => new(experiment.Interaction.Beta)
    {
        Profile = Profile.All.Single(p => p.Name == experiment.Interaction.Profile),
        Normalization = experiment.Interaction.Normalization,
        Coupling = experiment.Interaction.Coupling.Build(),
        Mask = experiment.Interaction.Mask,
    };

    /// <summary>Psi.</summary>
    /// <exception cref="ConfigurationException">A targets file that cannot be used.</exception>
    public static Gauge Gauge(Experiment experiment) => experiment.Interaction.Gauge switch
    {
        NoGaugeSpec => new IdentityGauge(),
        RotaryGaugeSpec g => new RotaryGauge(g.Speeds),
        PathGaugeSpec g => new PathGauge(g.Amplitude, g.Waves, g.Turns),
        PhaseGaugeSpec g => new PhaseGauge(g.Target.Build()),
        PrefixGaugeSpec g => Prefix(g, experiment),
        var other => throw new NotSupportedException(other.GetType().Name),
    };

    /// <summary>The Brownian motion, null for none.</summary>
    public static Noise? Noise(Experiment experiment) =>
        experiment.Interaction.Noise is { } noise ? new Noise(noise.Kappa, experiment.Seed, noise.Splitting) : null;

    /// <summary>The initial cloud.</summary>
    /// <exception cref="ConfigurationException">A cloud file that cannot be used, or values that do not suit each other.</exception>
    public static Cloud Cloud(Experiment experiment, Gauge gauge)
    {
        TokensSpec tokens = experiment.Tokens;
        CloudData? file = tokens.Initial is FileInitialSpec spec ? CloudFile.Read(spec.Path, spec.Normalize) : null;
        InitialLaw law = tokens.Initial switch
        {
            UniformInitialSpec i => new UniformLaw(i.GaugeFrame),
            CapInitialSpec i => new CapLaw(i.Axis ?? LastAxis(tokens.Dimension), i.Angle),
            VonMisesFisherInitialSpec i => new VonMisesFisherLaw(i.Mean ?? LastAxis(tokens.Dimension), i.Concentration),
            ClustersInitialSpec i => new ClustersLaw(i.Centres, i.Spread),
            EquiangularInitialSpec i => new EquiangularLaw(i.Cosine),
            SymmetricInitialSpec i => new SymmetricLaw(i.Axis ?? LastAxis(tokens.Dimension)),
            _ => new ListedLaw(file!.Positions, file.Weights),
        };
        LabelLaw labels = experiment.Labels switch
        {
            GridLabelsSpec => new GridLabels(),
            UniformLabelsSpec => new UniformLabels(),
            BlocksLabelsSpec l => new BlockLabels(l.Count),
            _ => new ListedLabels(file?.Labels ?? throw ConfigurationException.At("$.labels", "the law \"file\" needs a cloud file with a label column")),
        };
        try
        {
            return law.Draw(experiment.Replicas, tokens.Count, tokens.Dimension, experiment.Seed, labels, gauge);
        }
        catch (ArgumentException error)
        {
            throw ConfigurationException.At("$", error.Message);
        }
    }

    /// <summary>How long the steps are.</summary>
    public static StepControl Step(TimeSpec time) => time.Step is { } step ? step
        : new AdaptiveStep(time.Tolerance ?? DefaultTolerance) { MergeDistance = time.Merge?.Distance ?? 0 };

    /// <summary>What ends the run before its horizon.</summary>
    public static Until? Until(TimeSpec time) => time.Until is { } until ? new Until(until.Clusters, until.Speed, until.Gap) : null;

    /// <summary>Snapshot and observation times.</summary>
    public static (double[] Snapshots, double[] Observations) Times(Experiment experiment)
    {
        return (Spread(experiment.Record.Snapshots), Spread(experiment.Record.Observations));

        double[] Spread(int count) => experiment.Record.Spacing == Spacing.Linear
            ? RecordTimes.Linear(count, experiment.Time.Horizon)
            : RecordTimes.Logarithmic(count, experiment.Record.First!.Value, experiment.Time.Horizon);
    }

    private static PrefixGauge Prefix(PrefixGaugeSpec spec, Experiment experiment)
    {
        (IReadOnlyList<IReadOnlyList<double>> targets, IReadOnlyList<double>? weights) = Points(spec.Targets, experiment);
        return new PrefixGauge(spec.Base ?? LastAxis(experiment.Tokens.Dimension), targets, spec.Weights ?? weights);
    }

    /// <summary>The points that are listed, in the file, or of the law, with the file's weights.</summary>
    internal static (IReadOnlyList<IReadOnlyList<double>> Points, IReadOnlyList<double>? Weights) Points(Points points, Experiment experiment)
    {
        CloudData? file = points.Path is { } path ? CloudFile.ReadUnit(path) : null;
        return (points.List ?? points.Law?.Build().Draw(points.Law.Count ?? experiment.Tokens.Count, experiment.Seed)
            ?? [.. Enumerable.Range(0, file!.Count).Select(i => file.Positions[(i * file.Dimension)..((i + 1) * file.Dimension)])], file?.Weights);
    }

    private static double[] LastAxis(int dimension) => Sphere.Axis(dimension, dimension - 1);
}

/// <summary>Makes the layer of a flow from the records of an experiment file.</summary>
internal static class LayerBuilder
{
    private static readonly string[] Places = ["query", "key", "value"];

    /// <summary>Heads, code, prompts.</summary>
    /// <exception cref="ConfigurationException">A file that cannot be used.</exception>
    public static Layer Layer(Experiment experiment)
    {
        InteractionSpec interaction = experiment.Interaction;
        int d = experiment.Tokens.Dimension;
        return new()
        {
            Heads = [.. Enumerable.Range(0, interaction.Heads).Select(head => Head(experiment, head))],
            Code = interaction.Code.Build(),
            Prompts = interaction.Prompts is { } prompts ? Prompts(prompts, experiment) : null,
            Pin = interaction.Pin is { } pin ? new PinningPrompt([.. pin.Point ?? Sphere.Axis(d, d - 1)], pin.Strength) : null,
        };
    }

    private static Prompts Prompts(PromptsSpec spec, Experiment experiment)
    {
        (IReadOnlyList<IReadOnlyList<double>> points, IReadOnlyList<double>? weights) = ExperimentBuilder.Points(spec.Points, experiment);
        return new Prompts(points, spec.Weights ?? weights, spec.Strength, spec.Seen);
    }

    private static Head Head(Experiment experiment, int head)
    {
        MatricesSpec matrices = experiment.Interaction.Matrices;
        Matrix<double>? query = Matrix(matrices.Query, experiment, head, 0), key = Matrix(matrices.Key, experiment, head, 1);
        return new(query, key, matrices.Value is ProductMatrixSpec ? new Head(query, key).Logits : Matrix(matrices.Value, experiment, head, 2));
    }

    private static Matrix<double>? Matrix(MatrixSpec spec, Experiment experiment, int head, int place)
    {
        int d = experiment.Tokens.Dimension;
        switch (spec)
        {
            case IdentityMatrixSpec:
                return null;
            case DiagonalMatrixSpec diagonal:
                return Matrix<double>.Build.DenseOfDiagonalArray([.. diagonal.Entries]);
            case FileMatrixSpec file:
                Matrix<double> rows = Matrix<double>.Build.DenseOfArray(CloudFile.ReadMatrix($"$.interaction.matrices.{Places[place]}.path", file.Path));
                return rows.RowCount == d ? rows : rows.SubMatrix(head * d, d, 0, d);
            case OrthogonalMatrixSpec:
                // The factor with a positive diagonal of R is uniform.
                var factors = Normal().QR();
                return factors.Q * Matrix<double>.Build.DenseOfDiagonalVector(factors.R.Diagonal().Map(r => r < 0 ? -1.0 : 1));
            case GaussianMatrixSpec gaussian:
                Matrix<double> g = Normal() * (gaussian.Scale / Math.Sqrt(d));
                return gaussian.Symmetric ? (g + g.Transpose()) / Math.Sqrt(2) : g;
            default:
                throw new NotSupportedException(spec.GetType().Name);
        }

        Matrix<double> Normal()
        {
            Matrix<double> m = Matrix<double>.Build.Dense(d, d);
            for (int row = 0; row < d; row++)
            {
                RandomStream random = new(experiment.Seed, RandomPurpose.Matrices, replica: head, token: row, step: (uint)place);
                for (int c = 0; c < d; c++) m[row, c] = random.Normal();
            }
            return m;
        }
    }
}
