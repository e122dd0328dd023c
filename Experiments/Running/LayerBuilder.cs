using AttentionFlow.Experiments.Configuration;
using AttentionFlow.Solver;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Experiments;

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
