using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace AttentionFlow.Solver.Model;

/// <summary>The laws of the matrices of a layer's heads.</summary>
/// <param name="Query">Q.</param>
/// <param name="Key">K.</param>
/// <param name="Value">V.</param>
public sealed record Matrices(
    [NotKind("product", "brownian"), Description("The query matrix Q of every head.")] MatrixLaw Query,
    [NotKind("product", "brownian"), Description("The key matrix K of every head.")] MatrixLaw Key,
    [Description("The value matrix V of every head.")] MatrixLaw Value)
{
    /// <summary>Three identities.</summary>
    public Matrices() : this(new IdentityMatrix(), new IdentityMatrix(), new IdentityMatrix()) { }

    /// <summary>True when the matrices of all heads are the same.</summary>
    public bool AreShared => !Query.DiffersByHead && !Key.DiffersByHead && !Value.DiffersByHead;

    /// <summary>True when some matrix is drawn with the seed.</summary>
    public bool AreRandom => Query.IsRandom || Key.IsRandom || Value.IsRandom;

    /// <summary>A head, numbered from 0.</summary>
    public Head Draw(int head, in Setting setting)
    {
        Matrix<double>? query = Query.Draw(head, 0, setting), key = Key.Draw(head, 1, setting);
        return new(query, key, Value is ProductMatrix ? new Head(query, key).Logits : Value.Draw(head, 2, setting));
    }

    /// <summary>Q^T K and V of the same head, null for the identity.</summary>
    public (Matrix<double>? Logits, Matrix<double>? Values) Products(int head, in Setting setting)
    {
        Matrix<double>? logits = Head.Product(Query.Draw(head, 0, setting), Key.Draw(head, 1, setting));
        return (logits, Value is ProductMatrix ? logits : Value.Draw(head, 2, setting));
    }
}

/// <summary>The law of a square matrix. One record a file in this folder.</summary>
[Kinds("kind")]
public abstract record MatrixLaw
{
    /// <summary>Why this law gives no matrix in a setting, or null.</summary>
    public virtual string? WhyNot(in Setting setting) => null;

    /// <summary>Whether it is drawn with the seed.</summary>
    public virtual bool IsRandom => false;

    /// <summary>Whether every head has its own.</summary>
    public virtual bool DiffersByHead => false;

    /// <summary>d x d, null for the identity; a random one is a function of (seed, head, place).</summary>
    /// <param name="head">From 0.</param>
    /// <param name="place">0, 1, 2 for query, key and value.</param>
    /// <param name="setting">d, heads, seed.</param>
    public abstract Matrix<double>? Draw(int head, int place, in Setting setting);

    private protected static Matrix<double> Normal(int head, int place, in Setting setting)
    {
        int d = setting.Dimension;
        Matrix<double> m = Matrix<double>.Build.Dense(d, d);
        for (int row = 0; row < d; row++)
        {
            RandomStream random = new(setting.Seed, RandomPurpose.Matrices, replica: head, token: row, step: (uint)place);
            for (int c = 0; c < d; c++) m[row, c] = random.Normal();
        }
        return m;
    }
}

/// <summary>The identity.</summary>
[Kind("identity", 0), Description("The identity.")]
public sealed record IdentityMatrix : MatrixLaw
{
    /// <inheritdoc/>
    public override Matrix<double>? Draw(int head, int place, in Setting setting) => null;
}

/// <summary>A diagonal matrix.</summary>
/// <param name="Entries">d numbers.</param>
[Kind("diagonal", 1), Description("A diagonal matrix.")]
public sealed record DiagonalMatrix(
    [Quantity("an entry", AtLeast = -1e6, AtMost = 1e6), Description("The d entries of the diagonal.")]
    Sequence<double> Entries) : MatrixLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.WhyNot(Entries, "the diagonal");

    /// <inheritdoc/>
    public override Matrix<double>? Draw(int head, int place, in Setting setting) =>
        Matrix<double>.Build.DenseOfDiagonalArray([.. Entries]);
}

/// <summary>Random orthogonal, uniform (Haar).</summary>
[Kind("orthogonal", 2), Description("Random orthogonal, uniform (Haar), drawn with the seed; every head has its own.")]
public sealed record OrthogonalMatrix : MatrixLaw
{
    /// <inheritdoc/>
    public override bool IsRandom => true;

    /// <inheritdoc/>
    public override bool DiffersByHead => true;

    /// <inheritdoc/>
    public override Matrix<double>? Draw(int head, int place, in Setting setting)
    {
        // The factor with a positive diagonal of R is uniform.
        QR<double> factors = Normal(head, place, setting).QR();
        return factors.Q * Matrix<double>.Build.DenseOfDiagonalVector(factors.R.Diagonal().Map(r => r < 0 ? -1.0 : 1));
    }
}

/// <summary>Random, independent normal entries of variance scale^2/d.</summary>
/// <param name="Scale">Root mean square length of the image of a unit vector.</param>
/// <param name="Symmetric">(G + G^T)/sqrt 2 in place of G.</param>
[Kind("gaussian", 3), Description("Random, independent normal entries of variance scale^2/d, drawn with the seed; every head has its own.")]
public sealed record GaussianMatrix(
    [Quantity("the scale", AtLeast = 0, AtMost = 1e6), Description("Root mean square length of the image of a unit vector.")]
    double Scale = 1,
    [Description("(G + G^T)/sqrt 2 in place of G.")] bool Symmetric = false) : MatrixLaw
{
    /// <inheritdoc/>
    public override bool IsRandom => true;

    /// <inheritdoc/>
    public override bool DiffersByHead => true;

    /// <inheritdoc/>
    public override Matrix<double>? Draw(int head, int place, in Setting setting)
    {
        Matrix<double> g = Normal(head, place, setting) * (Scale / Math.Sqrt(setting.Dimension));
        return Symmetric ? (g + g.Transpose()) / Math.Sqrt(2) : g;
    }
}

/// <summary>The rows of a file.</summary>
/// <param name="Path">The CSV file.</param>
[Kind("file", 4), Description("The rows of a CSV file with the columns x0, x1, ...: d of them; of several heads also d for each, head "
    + "after head.")]
public sealed record FileMatrix(
    [FilePath, Description("Path of the CSV file, relative to the experiment file.")] string Path) : MatrixLaw, IFilePart
{
    /// <summary>The rows; null: not read yet.</summary>
    public CloudData? Rows { get; init; }

    /// <inheritdoc/>
    public override bool DiffersByHead => true;

    /// <inheritdoc/>
    public IFilePart At(string path) => this with { Path = path };

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting)
    {
        if (Rows is null) return $"{Path} has not been read";
        (int d, int heads) = (setting.Dimension, setting.Heads);
        return Rows.Dimension == d && (Rows.Count == d || Rows.Count == heads * d) ? null
            : $"{Path} has {Text.Plural(Rows.Count, "row")} of {Text.Plural(Rows.Dimension, "number")}; dimension {d} needs {d} rows of {d}"
                + (heads > 1 ? $", or {heads * d} for {heads} heads" : "");
    }

    /// <inheritdoc/>
    public override Matrix<double>? Draw(int head, int place, in Setting setting)
    {
        int d = setting.Dimension;
        Matrix<double> rows = Matrix<double>.Build.DenseOfRowMajor(Rows!.Count, Rows.Dimension, Rows.Positions);
        return rows.RowCount == d ? rows : rows.SubMatrix(head * d, d, 0, d);
    }
}

/// <summary>Q^T K, for the value alone.</summary>
[Kind("product", 5), Description("For the value alone: Q^T K, with which the flow climbs an energy where it is symmetric.")]
public sealed record ProductMatrix : MatrixLaw
{
    /// <inheritdoc/>
    public override Matrix<double>? Draw(int head, int place, in Setting setting) =>
        throw new NotSupportedException("a product is made of the query and key of its head");
}

/// <summary>Independent standard normal entries over tau^{1/2}: in the time tau the steps of a Brownian motion.</summary>
[Kind("brownian", 6), Description("For the value alone, with time.redraw: independent standard normal entries over redraw^(1/2), so that "
    + "the matrices of short intervals add up to a Brownian motion.")]
public sealed record BrownianMatrix : MatrixLaw
{
    /// <inheritdoc/>
    public override bool IsRandom => true;

    /// <inheritdoc/>
    public override bool DiffersByHead => true;

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.Redraw is null ? "'brownian' needs $.time.redraw" : null;

    /// <inheritdoc/>
    public override Matrix<double>? Draw(int head, int place, in Setting setting) =>
        Normal(head, place, setting) / Math.Sqrt(setting.Redraw!.Value);
}
