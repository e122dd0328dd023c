namespace AttentionFlow.Kernels;

/// <summary>The registry: from coupling, profile, dimension and columns to the kernel the JIT specialises for them.</summary>
internal static unsafe class KernelChoice<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>The kernel.</summary>
    /// <param name="interaction">Coupling, profile and beta.</param>
    /// <param name="dimension">d.</param>
    /// <param name="even">True when b = 1 and the equal weights are multiplied later.</param>
    /// <param name="steep">True when a pair factor may be too small for a normal number.</param>
    /// <param name="dots">True when the force may be summed without differences: <see cref="AnyDimension{L, V, T, C, P, Dots, Deficit}"/>.</param>
    /// <param name="deficit">True when the deficit is asked for.</param>
    public static PairKernel<T> For(Interaction interaction, int dimension, bool even, bool steep, bool dots, bool deficit)
    {
        bool curved = interaction.Profile.IsCurved(interaction.Beta);
        return interaction.Coupling switch
        {
            OneCoupling => even ? WithCoupling<EvenLanes<L, V, T>>() : WithCoupling<OneLanes<L, V, T>>(),
            DistanceCoupling => WithCoupling<DistanceLanes<L, V, T>>(),
            ToeplitzCoupling => WithCoupling<ToeplitzLanes<L, V, T>>(),
            BlockCoupling => WithCoupling<BlockLanes<L, V, T>>(),
            var unknown => throw new NotSupportedException($"the coupling '{unknown.Name}' has no lanes: add them to KernelChoice"),
        };

        PairKernel<T> WithCoupling<C>() where C : struct, ICouplingLanes<L, V, T> =>
            !curved ? WithProfile<C, LinearLanes>() : steep ? WithProfile<C, SteepLanes>() : WithProfile<C, ExponentialLanes>();

        PairKernel<T> WithProfile<C, P>() where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes =>
            deficit ? WithColumns<C, P, On>() : WithColumns<C, P, Off>();

        PairKernel<T> WithColumns<C, P, D>() where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes where D : struct, IChoice =>
            dimension switch
            {
                2 => LowDimension<L, V, T, C, P, Two, D>.Sum,
                3 => LowDimension<L, V, T, C, P, Three, D>.Sum,
                4 => LowDimension<L, V, T, C, P, Four, D>.Sum,
                5 => LowDimension<L, V, T, C, P, Five, D>.Sum,
                6 => LowDimension<L, V, T, C, P, Six, D>.Sum,
                _ => dots ? AnyDimension<L, V, T, C, P, On, D>.Sum : AnyDimension<L, V, T, C, P, Off, D>.Sum,
            };
    }
}
