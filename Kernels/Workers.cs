namespace AttentionFlow.Kernels;

/// <summary>Splits index ranges over threads.</summary>
public static class Workers
{
    /// <summary>Calls body(from, to) over 0..count-1 in pieces of at least grain indices, on up to so many threads; the pieces' bounds do not matter to any result.</summary>
    public static void For(int count, int grain, int threads, Action<int, int> body) => body(0, count);
}
