using System.Runtime.Intrinsics;

namespace AttentionFlow.Kernels;

/// <summary>The work per token in one dimension and one vector width. Holds no state: threads share it.</summary>
internal abstract class HarmonicKernel
{
    /// <summary>The kernel of a dimension, 2 or 3, at a vector width.</summary>
    public static HarmonicKernel For(int dimension, int vectorBits) => (dimension, vectorBits) switch
    {
        (2, 128) => new CircleKernel<Lanes128Double, PairLanes128, Vector128<double>>(),
        (2, 256) => new CircleKernel<Lanes256Double, PairLanes256, Vector256<double>>(),
        (2, _) => new CircleKernel<Lanes512Double, PairLanes512, Vector512<double>>(),
        (_, 128) => new SphereKernel<Lanes128Double, Vector128<double>>(),
        (_, 256) => new SphereKernel<Lanes256Double, Vector256<double>>(),
        _ => new SphereKernel<Lanes512Double, Vector512<double>>(),
    };

    /// <summary>The basis of this order that <see cref="Accumulate"/> and <see cref="Evaluate"/> take.</summary>
    public abstract HarmonicBasis Basis(int order);

    /// <summary>Adds w times every function of the basis at the tile's tokens to the tile's accumulators.</summary>
    public abstract void Accumulate(HarmonicTile tile, HarmonicBasis basis);

    /// <summary>Writes Z and its tangential gradient times <paramref name="scale"/> at the tile's tokens.</summary>
    public abstract unsafe void Evaluate(HarmonicTile tile, HarmonicBasis basis, double* coefficients, double scale);
}
