using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>What a kernel is specialised for beside coupling, profile and dimension.</summary>
/// <param name="Even">True when b = 1 and the equal weights are multiplied later.</param>
/// <param name="Masked">True when some lanes may not see some keys.</param>
/// <param name="Steep">True when a pair factor may be too small for a normal number.</param>
/// <param name="Tiled">True for <see cref="AnyDimension{L, V, T, C, P, Dots, Deficit, E}"/> whatever the dimension.</param>
/// <param name="Dots">True when the force may be summed without differences: see there.</param>
/// <param name="Columns">What is asked for.</param>
internal readonly record struct KernelTraits(bool Even, bool Masked, bool Steep, bool Tiled, bool Dots, RowColumns Columns);

/// <summary>The registry: from coupling, profile, dimension and columns to the kernel the JIT specialises for them.</summary>
internal static unsafe class KernelChoice<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>The kernel that sums.</summary>
    public static PairKernel<T> For(Interaction interaction, int dimension, KernelTraits traits)
    {
        bool curved = interaction.Profile.IsCurved(interaction.Beta);
        return interaction.Coupling switch
        {
            OneCoupling => traits.Even ? WithCoupling<EvenLanes<L, V, T>>() : WithCoupling<OneLanes<L, V, T>>(),
            DistanceCoupling => WithCoupling<DistanceLanes<L, V, T>>(),
            ToeplitzCoupling => WithCoupling<ToeplitzLanes<L, V, T>>(),
            BlockCoupling => WithCoupling<BlockLanes<L, V, T>>(),
            var unknown => throw new NotSupportedException($"the coupling '{unknown.Name}' has no lanes: add them to KernelChoice"),
        };

        PairKernel<T> WithCoupling<C>() where C : struct, ICouplingLanes<L, V, T> => traits.Masked ? WithMask<MaskedLanes<L, V, T, C>>() : WithMask<C>();

        PairKernel<T> WithMask<C>() where C : struct, ICouplingLanes<L, V, T> =>
            !curved ? WithProfile<C, LinearLanes>() : traits.Steep ? WithProfile<C, SteepLanes>() : WithProfile<C, ExponentialLanes>();

        PairKernel<T> WithProfile<C, P>() where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes =>
            traits.Columns.HasFlag(RowColumns.Deficit) ? WithDeficit<C, P, On>() : WithDeficit<C, P, Off>();

        PairKernel<T> WithDeficit<C, P, D>() where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes where D : struct, IChoice =>
            traits.Columns.HasFlag(RowColumns.CouplingLog) ? WithColumns<C, P, D, SizesAndLogs>()
            : (traits.Columns & (RowColumns.Largest | RowColumns.Squares)) != RowColumns.None ? WithColumns<C, P, D, SizesOnly>() : WithColumns<C, P, D, NoExtras>();

        PairKernel<T> WithColumns<C, P, D, E>() where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes where D : struct, IChoice where E : struct, IExtras =>
            (traits.Tiled ? 0 : dimension) switch
            {
                2 => LowDimension<L, V, T, C, P, Two, D, E>.Sum,
                3 => LowDimension<L, V, T, C, P, Three, D, E>.Sum,
                4 => LowDimension<L, V, T, C, P, Four, D, E>.Sum,
                5 => LowDimension<L, V, T, C, P, Five, D, E>.Sum,
                6 => LowDimension<L, V, T, C, P, Six, D, E>.Sum,
                _ => traits.Dots ? AnyDimension<L, V, T, C, P, On, D, E>.Sum : AnyDimension<L, V, T, C, P, Off, D, E>.Sum,
            };
    }

    /// <summary>The kernel that finds the largest exponents of a row, tiled.</summary>
    public static PairKernel<T> Largest(Coupling coupling, bool masked)
    {
        return coupling is DistanceCoupling ? WithCoupling<DistanceLanes<L, V, T>>() : WithCoupling<EvenLanes<L, V, T>>();

        PairKernel<T> WithCoupling<C>() where C : struct, ICouplingLanes<L, V, T> => masked
            ? AnyDimension<L, V, T, MaskedLanes<L, V, T, C>, SteepLanes, Off, Off, NoExtras>.Largest : AnyDimension<L, V, T, C, SteepLanes, Off, Off, NoExtras>.Largest;
    }
}
