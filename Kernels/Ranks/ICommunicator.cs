namespace AttentionFlow.Kernels.Ranks;

/// <summary>Processes that run the same program and exchange numbers: what is needed of MPI.</summary>
internal interface ICommunicator
{
    /// <summary>The number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>How many processes there are.</summary>
    int Size { get; }

    /// <summary>
    /// Rank r gives the numbers [starts[r], starts[r + 1]) of its array; all have all of them afterwards. Every rank calls it, with the
    /// same starts.
    /// </summary>
    /// <param name="numbers">Numbers from starts[0] to before starts[Size].</param>
    /// <param name="starts">Size + 1 places, not falling.</param>
    void AllGather(double[] numbers, ReadOnlySpan<int> starts);
}
