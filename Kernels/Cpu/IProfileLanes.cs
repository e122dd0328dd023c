namespace AttentionFlow.Kernels.Cpu;

/// <summary>A profile in lanes; the structs that implement it are in the files of the profiles.</summary>
internal interface IProfileLanes
{
    /// <summary>True when a pair carries 2^y, y = -beta log2(e) |x_j - x_i|^2 / 2.</summary>
    static abstract bool IsCurved { get; }

    /// <summary>True when 2^y may be too small for a normal number and must then become 0.</summary>
    static abstract bool MayUnderflow { get; }
}
