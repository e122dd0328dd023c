namespace AttentionFlow.Kernels;

/// <summary>The arithmetic of a pair sum. Positions go in and sums come out as double either way.</summary>
public enum Precision
{
    /// <summary>32 bits a number; sums leave for double at least every 1024 keys.</summary>
    Single,
    /// <summary>64 bits a number.</summary>
    Double,
}
