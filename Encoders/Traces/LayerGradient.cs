using AttentionFlow.Encoders.Models;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Encoders.Traces;

/// <summary>
/// The derivative M = dh_l/dh_0 of all hidden states of a text after a layer with respect to those of layer 0, [n d, n d], along k
/// orthonormal directions V: by how much small disturbances of the embeddings have grown.
/// </summary>
/// <remarks>
/// Column j of M V is a central difference (h_l(h_0 + s v_j) - h_l(h_0 - s v_j))/(2 s) of the encoder itself with s = <see cref="Step"/>
/// |h_0|, the norms of a whole text. Rounding to single precision has some 1e-7/Step of |h_l|/|h_0| in it, and curvature some Step^2: in
/// trained encoders both are near 1e-5 where Step is 2^-8, and together above it where it is 2^-6 or 2^-10. With 2 s the one halves and the
/// other is four times as large; the difference is stated.
/// </remarks>
/// <param name="Layer">Number of the layer.</param>
/// <param name="Singular">Singular values of M V, [k], falling.</param>
/// <param name="Size">|h_l|/|h_0|.</param>
/// <param name="Error">The largest change of a singular value when s is doubled.</param>
internal sealed record LayerGradient(int Layer, double[] Singular, double Size, double Error)
{
    /// <summary>s/|h_0|.</summary>
    public const double Step = 1.0 / 256;

    // Of the stream of random numbers.
    private const uint FirstVector = 3;

    /// <summary>Columns of the values.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        new("gradient_max", ColumnType.Number, "Largest singular value of dh_l/dh_0 along the directions."),
        new("gradient_min", ColumnType.Number, "Smallest singular value of dh_l/dh_0 along the directions."),
        new("gradient_mean", ColumnType.Number, "Geometric mean of these singular values."),
        new("gradient_relative", ColumnType.Number, "gradient_mean in shares of the hidden states: over |h_l|/|h_0|."),
        new("gradient_error", ColumnType.Number, "Largest change of a singular value when the disturbances are twice as long."),
    ];

    /// <summary>One a column.</summary>
    public double[] Values => [Singular[0], Singular[^1], Mean, Mean / Size, Error];

    /// <summary>Geometric mean of the singular values.</summary>
    public double Mean => Math.Exp(Singular.Average(Math.Log));

    /// <summary>Orthonormal directions, the same for all texts of a length.</summary>
    /// <param name="k">How many; at most <paramref name="numbers"/>.</param>
    /// <param name="numbers">n d.</param>
    public static double[][] Directions(int k, int numbers)
    {
        double[][] directions = new double[k][];
        for (int j = 0; j < k; j++)
        {
            RandomStream random = new(0, RandomPurpose.Probes, 0, j, FirstVector);
            double[] v = directions[j] = new double[numbers];
            foreach (ref double c in v.AsSpan()) c = random.Normal();
            // Twice, for rounding's sake.
            for (int turn = 0; turn < 2; turn++)
            {
                for (int i = 0; i < j; i++) Sphere.AddScaled(v, -Sphere.LaneDot(directions[i], v), directions[i]);
                Sphere.TryNormalize(v);
            }
        }
        return directions;
    }

    /// <summary>Measures all layers.</summary>
    /// <param name="encoder">The encoder, loaded to be disturbed.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="embeddings">h_0, [n, d].</param>
    /// <param name="directions">Orthonormal, each [n, d].</param>
    /// <param name="threads">Threads of the singular values; the numbers do not depend on it.</param>
    /// <param name="stop">Is looked at after every direction.</param>
    /// <exception cref="NonFiniteException">The numbers ceased to be finite.</exception>
    public static LayerGradient[] Of(Encoder encoder, TokenSequence tokens, float[] embeddings, IReadOnlyList<double[]> directions,
        int threads, CancellationToken stop)
    {
        double[] sizes = [.. encoder.StatesFrom(tokens, embeddings).Select(Norm)];
        double step = Step * sizes[0];
        // By direction and layer.
        float[][][] near = new float[directions.Count][][], far = new float[directions.Count][][];
        for (int j = 0; j < directions.Count; j++)
        {
            stop.ThrowIfCancellationRequested();
            near[j] = Difference(encoder, tokens, embeddings, directions[j], step);
            far[j] = Difference(encoder, tokens, embeddings, directions[j], 2 * step);
        }
        LayerGradient[] layers = new LayerGradient[sizes.Length];
        Workers.For(layers.Length, 1, threads, (from, to) =>
        {
            for (int l = from; l < to; l++)
            {
                double[] singular = SingularValues([.. near.Select(v => v[l])], 2 * step);
                double[] rough = SingularValues([.. far.Select(v => v[l])], 4 * step);
                layers[l] = new(l, singular, sizes[l] / sizes[0], singular.Zip(rough, (a, b) => Math.Abs(a - b)).Max());
            }
        });
        if (layers.FirstOrDefault(layer => layer.Values.Any(value => !double.IsFinite(value))) is { } lost)
            throw new NonFiniteException(TraceFolder.GradientFile, Columns[0].Name, lost.Layer + 1, lost.Singular[0]);
        return layers;
    }

    // h_l(h_0 + s v) - h_l(h_0 - s v) of every layer.
    private static float[][] Difference(Encoder encoder, TokenSequence tokens, float[] embeddings, double[] v, double s)
    {
        return [.. encoder.StatesFrom(tokens, Disturbed(s)).Zip(encoder.StatesFrom(tokens, Disturbed(-s)),
            (plus, minus) => plus.Zip(minus, (a, b) => a - b).ToArray())];

        float[] Disturbed(double by) => [.. embeddings.Select((h, c) => (float)(h + by * v[c]))];
    }

    // Of the matrix with these columns over a number, from the products of columns.
    private static double[] SingularValues(float[][] columns, double over)
    {
        int k = columns.Length;
        double[] products = new double[k * k];
        double[][] wide = [.. columns.Select(column => Array.ConvertAll(column, c => c / over))];
        for (int i = 0; i < k; i++)
            for (int j = 0; j <= i; j++) products[i * k + j] = Sphere.LaneDot(wide[i], wide[j]);
        if (products.Any(product => !double.IsFinite(product))) return [.. Enumerable.Repeat(double.NaN, k)];
        return [.. SymmetricEigenvalues.Of(products, k).Select(square => Math.Sqrt(Math.Max(square, 0)))];
    }

    private static double Norm(float[] h) => Sphere.Norm(Array.ConvertAll(h, c => (double)c));
}
