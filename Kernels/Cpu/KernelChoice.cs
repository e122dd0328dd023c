namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Sums the keys [from, to) for the queries of two vectors that begin at the place <paramref name="query"/>, into <paramref name="sums"/>:
/// rows of two vectors, Z first, then the d components of F, then those asked for of: deficit; largest factor and sum of squares; sum of
/// factors times log b.
/// <paramref name="tile"/> is scratch memory.
/// </summary>
internal unsafe delegate void PairKernel<T>(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile) where T : unmanaged;

/// <summary>What a kernel is specialised for beside coupling, profile and dimension.</summary>
/// <param name="Even">True when b = 1 and the equal weights are multiplied later.</param>
/// <param name="Masked">True when some lanes may not see some keys.</param>
/// <param name="Steep">True when a pair factor may be too small for a normal number.</param>
/// <param name="Tiled">True for <see cref="AnyDimension{L, V, T, C, P, M, Dots, Deficit, E}"/> whatever the dimension.</param>
/// <param name="Dots">True when the force may be summed without differences: see there.</param>
/// <param name="Columns">What is asked for.</param>
internal readonly record struct KernelTraits(bool Even, bool Masked, bool Steep, bool Tiled, bool Dots, RowColumns Columns);

/// <summary>The registry: from coupling, profile, dimension and columns to the kernel the JIT specialises for them.</summary>
internal static unsafe class KernelChoice<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>The kernel that sums.</summary>
    public static PairKernel<T> For(Interaction interaction, int dimension, KernelTraits traits)
    {
        Summing choice = new Summing(dimension, interaction, traits);
        return traits.Even ? choice.With<EvenMath<V, L, LaneNumbers<L, V, T>>>() : Use(interaction.Coupling, choice);
    }

    /// <summary>The kernel that makes factors of the exponents of a tile; where the profile is curved.</summary>
    public static FactorKernel<T> Factors(Interaction interaction, KernelTraits traits) => traits.Even
        ? new Factoring(traits).With<EvenMath<V, L, LaneNumbers<L, V, T>>>() : Use(interaction.Coupling, new Factoring(traits));

    /// <summary>The kernel that finds the largest exponents of a row, tiled.</summary>
    public static PairKernel<T> Largest(Coupling coupling, bool masked) => Use(coupling, new Finding(masked));

    /// <summary>The kernels for pairs that weigh the same for both tokens.</summary>
    public static SymmetricKernels<T> Symmetric(Interaction interaction, int dimension, bool even, bool steep)
    {
        Pairing choice = new(dimension, steep);
        return even ? choice.With<EvenMath<V, L, LaneNumbers<L, V, T>>>() : Use(interaction.Coupling, choice);
    }

    private static TKernel Use<TKernel>(Coupling coupling, ICouplingUser<V, LaneNumbers<L, V, T>, TKernel> user) =>
        coupling.Use<V, L, LaneNumbers<L, V, T>, TKernel>(user);

    private sealed class Finding(bool masked) : ICouplingUser<V, LaneNumbers<L, V, T>, PairKernel<T>>
    {
        public PairKernel<T> With<C>() where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> => masked
            ? AnyDimension<L, V, T, C, SteepLanes, On, Off, Off, NoExtras>.Largest
            : AnyDimension<L, V, T, C, SteepLanes, Off, Off, Off, NoExtras>.Largest;
    }

    private sealed class Pairing(int dimension, bool steep) : ICouplingUser<V, LaneNumbers<L, V, T>, SymmetricKernels<T>>
    {
        public SymmetricKernels<T> With<C>() where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> =>
            steep ? WithProfile<C, SteepLanes>() : WithProfile<C, ExponentialLanes>();

        private SymmetricKernels<T> WithProfile<C, P>()
            where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes =>
            new(WithSides<C, P, On, Off>(), WithSides<C, P, Off, On>(), WithSides<C, P, On, On>());

        private SymmetricKernel<T> WithSides<C, P, Q, K>()
            where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes
            where Q : struct, IChoice where K : struct, IChoice =>
            dimension switch
            {
                2 => SymmetricKernel<L, V, T, C, P, Two, Q, K>.Sum,
                3 => SymmetricKernel<L, V, T, C, P, Three, Q, K>.Sum,
                4 => SymmetricKernel<L, V, T, C, P, Four, Q, K>.Sum,
                5 => SymmetricKernel<L, V, T, C, P, Five, Q, K>.Sum,
                _ => SymmetricKernel<L, V, T, C, P, Six, Q, K>.Sum,
            };
    }

    private sealed class Summing(int dimension, Interaction interaction, KernelTraits traits) : Choosing<PairKernel<T>>(
        interaction.Profile.IsExponential(interaction.Beta), interaction.Profile.IsGeneral, traits)
    {
        protected override PairKernel<T> Of<C, P, M, D, E>() => (Traits.Tiled ? 0 : dimension) switch
        {
            2 => LowDimension<L, V, T, C, P, M, Two, D, E>.Sum,
            3 => LowDimension<L, V, T, C, P, M, Three, D, E>.Sum,
            4 => LowDimension<L, V, T, C, P, M, Four, D, E>.Sum,
            5 => LowDimension<L, V, T, C, P, M, Five, D, E>.Sum,
            6 => LowDimension<L, V, T, C, P, M, Six, D, E>.Sum,
            _ => Traits.Dots ? AnyDimension<L, V, T, C, P, M, On, D, E>.Sum : AnyDimension<L, V, T, C, P, M, Off, D, E>.Sum,
        };
    }

    private sealed class Factoring(KernelTraits traits) : Choosing<FactorKernel<T>>(true, false, traits)
    {
        protected override FactorKernel<T> Of<C, P, M, D, E>() => BlockFactors<L, V, T, C, P, M, D, E>.Sum;
    }

    private abstract class Choosing<TKernel>(bool curved, bool general, KernelTraits traits)
        : ICouplingUser<V, LaneNumbers<L, V, T>, TKernel>
    {
        protected KernelTraits Traits { get; } = traits;

        public TKernel With<C>() where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> =>
            Traits.Masked ? WithMask<C, On>() : WithMask<C, Off>();

        protected abstract TKernel Of<C, P, M, D, E>()
            where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes
            where M : struct, IChoice where D : struct, IChoice where E : struct, IExtras;

        private TKernel WithMask<C, M>() where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where M : struct, IChoice =>
            general ? WithProfile<C, GeneralLanes, M>()
            : !curved ? WithProfile<C, LinearLanes, M>()
            : Traits.Steep ? WithProfile<C, SteepLanes, M>() : WithProfile<C, ExponentialLanes, M>();

        private TKernel WithProfile<C, P, M>()
            where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes where M : struct, IChoice =>
            (Traits.Columns & (RowColumns.Deficit | RowColumns.Value)) == RowColumns.None ? WithDeficit<C, P, M, Off>()
            : WithDeficit<C, P, M, On>();

        private TKernel WithDeficit<C, P, M, D>()
            where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes where M : struct, IChoice
            where D : struct, IChoice =>
            Traits.Columns.HasFlag(RowColumns.CouplingLog) ? Of<C, P, M, D, SizesAndLogs>()
            : (Traits.Columns & (RowColumns.Largest | RowColumns.Squares)) != RowColumns.None ? Of<C, P, M, D, SizesOnly>()
            : Of<C, P, M, D, NoExtras>();
    }
}

/// <summary>A profile at compile time of a kernel.</summary>
internal interface IProfileLanes
{
    /// <summary>True when a pair carries 2^y, y = -beta log2(e) |x_j - x_i|^2 / 2.</summary>
    static abstract bool IsCurved { get; }

    /// <summary>True when 2^y may be too small for a normal number and must then become 0.</summary>
    static abstract bool MayUnderflow { get; }

    /// <summary>
    /// True when y = t and a pair carries <see cref="Profile.Slope"/>; in double precision, in tiles. The column of
    /// deficits is then that of values.
    /// </summary>
    static virtual bool IsGeneral => false;
}

/// <summary>k'(t) = e^{beta t}, where every pair factor is a normal number.</summary>
internal readonly struct ExponentialLanes : IProfileLanes
{
    public static bool IsCurved => true;

    public static bool MayUnderflow => false;
}

/// <summary>
/// The same where far pairs may be too weak for a normal number; where none is, the bits are those of <see cref="ExponentialLanes"/>.
/// </summary>
internal readonly struct SteepLanes : IProfileLanes
{
    public static bool IsCurved => true;

    public static bool MayUnderflow => true;
}

/// <summary>k'(t) = 1.</summary>
internal readonly struct LinearLanes : IProfileLanes
{
    public static bool IsCurved => false;

    public static bool MayUnderflow => false;
}

/// <summary>k' of a profile that <see cref="Profile.IsGeneral"/>.</summary>
internal readonly struct GeneralLanes : IProfileLanes
{
    public static bool IsCurved => true;

    public static bool MayUnderflow => false;

    public static bool IsGeneral => true;
}

/// <summary>The columns beside Z, F and D, at compile time of a kernel.</summary>
internal interface IExtras
{
    /// <summary>Largest factor and sum of squares.</summary>
    static abstract bool Sizes { get; }

    /// <summary>Sum of factors times log b; only with <see cref="Sizes"/>.</summary>
    static abstract bool Logs { get; }
}

internal readonly struct NoExtras : IExtras
{
    public static bool Sizes => false;

    public static bool Logs => false;
}

internal readonly struct SizesOnly : IExtras
{
    public static bool Sizes => true;

    public static bool Logs => false;
}

internal readonly struct SizesAndLogs : IExtras
{
    public static bool Sizes => true;

    public static bool Logs => true;
}
