using System.Runtime.Intrinsics;
using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>The work per token in one dimension and one vector width. Holds no state: threads share it.</summary>
internal abstract class HarmonicKernel
{
    /// <summary>The kernel of a dimension, 2 or 3, at a vector width.</summary>
    public static HarmonicKernel For(int dimension, int vectorBits) => (dimension, vectorBits) switch
    {
        (2, 128) => new CircleKernel<Lanes128<double>, PairLanes128, Vector128<double>>(),
        (2, 256) => new CircleKernel<Lanes256<double>, PairLanes256, Vector256<double>>(),
        (2, _) => new CircleKernel<Lanes512Double, PairLanes512, Vector512<double>>(),
        (_, 128) => new SphereKernel<Lanes128<double>, Vector128<double>>(),
        (_, 256) => new SphereKernel<Lanes256<double>, Vector256<double>>(),
        _ => new SphereKernel<Lanes512Double, Vector512<double>>(),
    };

    /// <summary>Adds w times every function of the basis at the tile's tokens to the tile's accumulators.</summary>
    public abstract void Accumulate(HarmonicTile tile, HarmonicBasis basis);

    /// <summary>Writes Z and its tangential gradient times <paramref name="scale"/> at the tile's tokens.</summary>
    public abstract unsafe void Evaluate(HarmonicTile tile, HarmonicBasis basis, double* coefficients, double scale);
}

/// <summary>
/// Harmonics up to an order, in the order and scaling that the vector kernel of this dimension uses: how its raw sums become moments, and
/// moments the coefficients of Z and its gradient.
/// </summary>
internal abstract class HarmonicBasis(int order)
{
    /// <summary>The lanes in which a kernel accumulates; fixed, so that sums have the same bits for every vector width.</summary>
    public const int Lanes = 8;

    /// <summary>The basis of an order that the kernels of a dimension, 2 or 3, take.</summary>
    public static HarmonicBasis Of(int dimension, int order) => dimension == 2 ? new CircleBasis(order) : new SphereBasis(order);

    /// <summary>The highest degree L.</summary>
    public int Order { get; } = order;

    /// <summary>Rows of <see cref="Lanes"/> numbers in which a kernel accumulates.</summary>
    public abstract int SumRows { get; }

    /// <summary>Numbers a set of moments has.</summary>
    public abstract int Moments { get; }

    /// <summary>Numbers a set of coefficients has.</summary>
    public abstract int Coefficients { get; }

    /// <summary>Adds a kernel's accumulators, lane by lane in a fixed order, to raw sums, as many as there are moments.</summary>
    public abstract unsafe void Reduce(double* rows, Span<double> sums);

    /// <summary>Turns raw sums into moments, in place.</summary>
    public abstract void ToMoments(Span<double> sums);

    /// <summary>
    /// The coefficients for which the kernel evaluates sum_l C_l sum_j w_j P_l(&lt;x, x_j&gt;) and its gradient, C the
    /// <paramref name="series"/>.
    /// </summary>
    public abstract void ToCoefficients(ReadOnlySpan<double> moments, double[] series, Span<double> coefficients);

    /// <summary>Adds factor sum_jk w_j w_k P_l(&lt;x_j, x_k&gt;), made of these moments, to power[l] for l = 0..L.</summary>
    public abstract void AddPower(ReadOnlySpan<double> moments, double factor, Span<double> power);
}

/// <summary>The moments of one replica, channel after channel.</summary>
internal sealed class HarmonicMoments(HarmonicBasis basis, int channels)
{
    private readonly double[] _numbers = new double[channels * basis.Moments];

    /// <summary>Order and layout.</summary>
    public HarmonicBasis Basis { get; } = basis;

    /// <summary>The moments of all channels.</summary>
    public Span<double> Numbers => _numbers;

    /// <summary>The moments of a channel.</summary>
    public Span<double> Channel(int channel) => _numbers.AsSpan(channel * Basis.Moments, Basis.Moments);

    /// <summary>The coefficients of every channel for a series, one after the other.</summary>
    public void ToCoefficients(double[] series, int channels, Span<double> coefficients)
    {
        for (int k = 0; k < channels; k++)
            Basis.ToCoefficients(Channel(k), series, coefficients.Slice(k * Basis.Coefficients, Basis.Coefficients));
    }
}
