namespace AttentionFlow.Kernels;

/// <summary>The work per token in one dimension and one vector width. Holds no state: threads share it.</summary>
internal abstract class HarmonicKernel
{
    /// <summary>The basis of this order that <see cref="Accumulate"/> and <see cref="Evaluate"/> take.</summary>
    public abstract HarmonicBasis Basis(int order);

    /// <summary>Adds w times every function of the basis at the tile's tokens to the tile's accumulators.</summary>
    public abstract void Accumulate(HarmonicTile tile, HarmonicBasis basis);

    /// <summary>Writes Z and its gradient at the tile's tokens to the tile's results.</summary>
    public abstract unsafe void Evaluate(HarmonicTile tile, HarmonicBasis basis, double* coefficients);
}
