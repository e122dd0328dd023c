namespace AttentionFlow.Solver;

/// <summary>A law on the sphere from which prefix targets are taken. One record a file in this folder.</summary>
public abstract record TargetLaw
{
    /// <summary>G_0, ..., G_{T-1}, unit vectors; a random one is a function of (seed, its number).</summary>
    /// <param name="count">T >= 1.</param>
    /// <param name="seed">Seed of the run; all replicas see the same targets.</param>
    public abstract double[][] Draw(int count, ulong seed);
}
