using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Model;

/// <summary>The activation sigma of a perceptron, taken entry by entry.</summary>
public enum Activation
{
    /// <summary>max(u, 0).</summary>
    Relu,
    /// <summary>u Phi(u), Phi the normal distribution function.</summary>
    Gelu,
    /// <summary>tanh u.</summary>
    Tanh,
}

/// <summary>The laws of a perceptron's matrices, and the rest of it.</summary>
/// <param name="Inner">W'.</param>
/// <param name="Outer">W; null: W'^T.</param>
/// <param name="Bias">b; null: 0.</param>
/// <param name="Activation">sigma.</param>
/// <param name="Strength">The factor of the whole.</param>
public sealed record PerceptronLaw(
    [NotKind("product", "brownian"), Description("The inner matrix W'.")] MatrixLaw Inner,
    [NotKind("product", "brownian")]
    [Description("The outer matrix W; null = the transpose of the inner one, with which the drift is a gradient.")]
    MatrixLaw? Outer = null,
    [Quantity("a bias", AtLeast = -1e6, AtMost = 1e6), Description("The d entries of the bias b; null = 0.")]
    Sequence<double>? Bias = null,
    [Description("sigma: relu, max(u, 0); gelu, u Phi(u) with the normal distribution function Phi; or tanh.")]
    Activation Activation = Activation.Gelu,
    [Quantity("the strength", AtLeast = -1e6, AtMost = 1e6), Description("The factor of the whole.")] double Strength = 1)
{
    /// <summary>Of the identity.</summary>
    public PerceptronLaw() : this(new IdentityMatrix()) { }

    /// <summary>Whether a matrix is drawn with the seed.</summary>
    public bool IsRandom => Inner.IsRandom || Outer?.IsRandom == true;

    /// <summary>Why its bias does not suit a setting, or null; the matrices are asked for themselves.</summary>
    public string? WhyNot(in Setting setting) => setting.WhyNot(Bias, "the bias");

    /// <summary>The perceptron; random matrices take the places behind query, key and value.</summary>
    public Perceptron Draw(in Setting setting)
    {
        Setting one = setting with { Heads = 1 };
        return new(setting.Dimension, Inner.Draw(0, 3, one), Outer?.Draw(0, 4, one), Outer is null, Bias, Activation, Strength);
    }
}

/// <summary>
/// A perceptron, which acts on every token alone, in the gauge frame, as value matrices do: the output A_i gains W sigma(W' y_i + b).
/// </summary>
public sealed class Perceptron
{
    // No slope of an activation is larger: that of gelu at sqrt 2.
    private const double LargestSlope = 1.13;

    private readonly double[] _inner, _outer, _bias;

    /// <summary>A perceptron of d numbers.</summary>
    /// <param name="dimension">d.</param>
    /// <param name="inner">W', d x d; null: the identity.</param>
    /// <param name="outer">W, d x d; null: the identity.</param>
    /// <param name="isTied">W is W'^T, whatever is given.</param>
    /// <param name="bias">b; null: 0.</param>
    /// <param name="activation">sigma.</param>
    /// <param name="strength">The factor of the whole.</param>
    /// <exception cref="ArgumentException">When sizes differ.</exception>
    public Perceptron(int dimension, Matrix<double>? inner, Matrix<double>? outer, bool isTied, IReadOnlyList<double>? bias = null,
        Activation activation = Activation.Gelu, double strength = 1)
    {
        Inner = inner ?? Matrix<double>.Build.DenseIdentity(dimension);
        Outer = isTied ? Inner.Transpose() : outer ?? Matrix<double>.Build.DenseIdentity(dimension);
        if (new[] { Inner, Outer }.Any(m => m.RowCount != dimension || m.ColumnCount != dimension))
            throw new ArgumentException($"the matrices of a perceptron must be {dimension} x {dimension}");
        (_inner, _outer) = (Inner.ToRowMajorArray(), Outer.ToRowMajorArray());
        _bias = bias is null ? new double[dimension] : [.. bias];
        if (_bias.Length != dimension) throw new ArgumentException($"the bias has {_bias.Length} entries, not {dimension}");
        (Activation, Strength) = (activation, strength);
        HasPotential = isTied || Outer.Equals(Inner.Transpose());
        double b = Math.Sqrt(_bias.Sum(v => v * v)), w = Inner.L2Norm();
        Steepness = 2 * w;
        Rate = Math.Abs(strength) * Outer.L2Norm() * (LargestSlope * w + w + b);
        LargestPotential = Math.Abs(strength) * Enumerable.Range(0, dimension).Sum(k =>
        {
            double u = Inner.Row(k).L2Norm() + Math.Abs(_bias[k]);
            return Math.Max(Primitive(u), Primitive(-u));
        });
    }

    /// <summary>W'.</summary>
    public Matrix<double> Inner { get; }

    /// <summary>W.</summary>
    public Matrix<double> Outer { get; }

    /// <summary>b.</summary>
    public IReadOnlyList<double> Bias => _bias;

    /// <summary>sigma.</summary>
    public Activation Activation { get; }

    /// <summary>The factor of the whole.</summary>
    public double Strength { get; }

    /// <summary>d.</summary>
    public int Dimension => _bias.Length;

    /// <summary>True when W = W'^T: then its drift is the gradient of <see cref="Potential"/>.</summary>
    public bool HasPotential { get; }

    /// <summary>A bound on the rates at which it moves neighbours towards or from each other.</summary>
    public double Rate { get; }

    /// <summary>2 |W'|: the slope changes over some 1/(2 |W'|) radians where the activation is bent most.</summary>
    internal double Steepness { get; }

    /// <summary>A bound on |<see cref="Potential"/>| on the sphere.</summary>
    public double LargestPotential { get; }

    /// <summary>sum_k Sigma((W' y + b)_k), Sigma' = sigma and Sigma(0) = 0, times the strength.</summary>
    public double Potential(ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int k = 0; k < _bias.Length; k++) sum += Primitive(InnerOf(k, y));
        return Strength * sum;
    }

    /// <summary>output += scale W sigma(W' y + b), times the strength.</summary>
    public void AddOutput(double scale, ReadOnlySpan<double> y, Span<double> output)
    {
        int d = _bias.Length;
        for (int k = 0; k < d; k++)
        {
            double s = scale * Strength * Slope(InnerOf(k, y));
            for (int c = 0; c < d; c++) output[c] += _outer[c * d + k] * s;
        }
    }

    private double InnerOf(int k, ReadOnlySpan<double> y) => Sphere.Dot(_inner.AsSpan(k * y.Length, y.Length), y) + _bias[k];

    // sigma.
    private double Slope(double u) => Activation switch
    {
        Activation.Relu => Math.Max(u, 0),
        Activation.Gelu => u * Normal(u),
        _ => Math.Tanh(u),
    };

    // Sigma, which is nowhere negative and rises with |u|. log cosh u without overflow.
    private double Primitive(double u) => Activation switch
    {
        Activation.Relu => u > 0 ? u * u / 2 : 0,
        Activation.Gelu => ((u * u - 1) * Normal(u) + u * Math.Exp(-u * u / 2) / Math.Sqrt(2 * Math.PI) + 0.5) / 2,
        _ => Math.Abs(u) + Math.Log((1 + Math.Exp(-2 * Math.Abs(u))) / 2),
    };

    // The normal distribution function.
    private static double Normal(double u) => SpecialFunctions.Erfc(-u / Math.Sqrt(2)) / 2;
}
