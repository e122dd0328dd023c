namespace AttentionFlow.Kernels.Ranks;

/// <summary>This process among the ranks that an MPI launcher started.</summary>
public static class Mpi
{
    private static Team? _team;
    private static bool _ended;

    /// <summary>Why no rank can be joined here, or null.</summary>
    public static string? WhyNot => MpiLaunch.Ranks is null
        ? "this process was not started by an MPI launcher; mpirun -n 4 attentionflow run FILE --device mpi"
        : MpiLibrary.Here is not null ? null
        : "the MPI library of the launcher was not found (libmpi.so.40 of Open MPI, libmpi.so.12 of MPICH)";

    /// <summary>The ranks and the library, in words.</summary>
    internal static string Description => WhyNot is null ? $"{MpiLaunch.Ranks} ranks, {MpiLibrary.Here!.Name}"
        : "processes on one machine or several that share the rows of every sum, by MPI";

    /// <summary>Whether all ranks know of a failure, and say so on rank 0.</summary>
    public static bool HasFailed => _team?.HasFailed == true;

    /// <summary>Joins the ranks of the launcher, and waits for all of them.</summary>
    /// <inheritdoc cref="Join"/>
    public static void Start() => Join().Together(() => { }, check: 1UL << 62);

    /// <summary>All ranks of the launcher; starts MPI at the first call.</summary>
    /// <exception cref="DeviceUnavailableException">When <see cref="WhyNot"/> gives a reason, or the library is not that of the launcher.
    /// </exception>
    internal static Team Join()
    {
        if (_team is not null) return _team;
        if (WhyNot is { } why) throw new DeviceUnavailableException($"device 'mpi' is not available: {why}");
        MpiLibrary library = MpiLibrary.Here!;
        library.Start();
        MpiCommunicator world = new(library);
        if (world.Size != MpiLaunch.Ranks)
            throw new DeviceUnavailableException($"the launcher started {MpiLaunch.Ranks} ranks, and {library.Name} sees {world.Size}; "
                + "use the launcher of that library, with srun the option --mpi");
        return _team = new Team(world);
    }

    /// <summary>Ends MPI where it was started: the last call of a process. Ranks still at work learn that this one is not.</summary>
    /// <param name="code">The exit code of this rank.</param>
    /// <returns>The exit code for all: that of the first rank that ended, by rank.</returns>
    public static int End(int code = 0)
    {
        if (_team is null || _ended) return code;
        _ended = true;
        code = _team.Leave(code);
        MpiLibrary.Here!.End();
        return code;
    }

    /// <summary>Ends MPI after an error: all other ranks, which may not know of it, end with this exit code.</summary>
    public static void Abort(int code)
    {
        if (_team is null || _ended) return;
        if (HasFailed) End(code);
        else MpiLibrary.Here!.Abort(code);
    }

    private sealed unsafe class MpiCommunicator : ICommunicator
    {
        private readonly MpiLibrary _library;

        public MpiCommunicator(MpiLibrary library)
        {
            _library = library;
            (Rank, Size) = library.World();
        }

        public int Rank { get; }

        public int Size { get; }

        public void AllGather(double[] numbers, ReadOnlySpan<int> starts)
        {
            int[] counts = new int[Size];
            for (int rank = 0; rank < Size; rank++) counts[rank] = starts[rank + 1] - starts[rank];
            fixed (double* all = numbers)
            fixed (int* count = counts, place = starts) _library.AllGather(all, count, place);
        }
    }
}
