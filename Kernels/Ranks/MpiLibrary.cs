using System.Runtime.InteropServices;

namespace AttentionFlow.Kernels.Ranks;

/// <summary>
/// An MPI library of this machine: Open MPI, whose handles are addresses of symbols, or MPICH and those with its binary interface (Intel
/// MPI, MVAPICH, Cray MPICH), whose handles are fixed numbers.
/// </summary>
/// <remarks>Sources: mpi.h of Open MPI 4.1 and of MPICH 4.0; the MPICH ABI Compatibility Initiative.</remarks>
internal sealed unsafe partial class MpiLibrary
{
    private const int Serialized = 2; // MPI_THREAD_SERIALIZED of both

    private static readonly string[] OpenMpiNames = ["libmpi.so.40", "libmpi.40.dylib"];
    private static readonly string[] MpichNames = ["libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib"];
    private static readonly string[] AnyNames = ["libmpi.so", "libmpi.dylib"];

    private readonly nint _handle, _world, _double, _inPlace;

    private MpiLibrary(string name, nint handle)
    {
        _handle = handle;
        bool isOpenMpi = NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world", out _world);
        (Name, IsOpenMpi) = ($"{(isOpenMpi ? "Open MPI" : "MPICH")} ({name})", isOpenMpi);
        // An int in a register: the upper half of a wider one does not count.
        (_world, _double, _inPlace) = isOpenMpi ? (_world, NativeLibrary.GetExport(handle, "ompi_mpi_double"), 1)
            : (0x44000000, 0x4c00080b, -1);
    }

    /// <summary>The library that goes with the launcher, if one is here; looked for once.</summary>
    public static MpiLibrary? Here => Found.Value;

    private static Lazy<MpiLibrary?> Found { get; } = new(() =>
    {
        // UCX, below both libraries, would take the signals by which the runtime finds null references.
        if (!OperatingSystem.IsWindows()) _ = SetVariable("UCX_ERROR_SIGNALS", "", overwrite: 0);
        string[] names = [.. MpiLaunch.IsOpenMpi ? OpenMpiNames : MpichNames, .. AnyNames, .. MpiLaunch.IsOpenMpi ? [] : OpenMpiNames];
        foreach (string name in names)
            if (NativeLibrary.TryLoad(name, out nint handle) && NativeLibrary.TryGetExport(handle, "MPI_Allgatherv", out _)
                && new MpiLibrary(name, handle) is var library && (library.IsOpenMpi || !MpiLaunch.IsOpenMpi)) return library;
        return null;
    });

    /// <summary>What it is and where it was found.</summary>
    public string Name { get; }

    /// <summary>Whether it is Open MPI.</summary>
    public bool IsOpenMpi { get; }

    /// <summary>MPI_Init_thread; once a process, before all others.</summary>
    public void Start()
    {
        int provided;
        Check(((delegate* unmanaged<nint, nint, int, int*, int>)Function("MPI_Init_thread"))(0, 0, Serialized, &provided),
            "MPI_Init_thread");
        if (provided < Serialized)
            throw new DeviceUnavailableException($"{Name} does not let one thread after another call it (MPI_THREAD_SERIALIZED)");
    }

    /// <summary>MPI_Comm_rank and MPI_Comm_size of MPI_COMM_WORLD.</summary>
    public (int Rank, int Size) World()
    {
        int rank, size;
        Check(((delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_rank"))(_world, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_size"))(_world, &size), "MPI_Comm_size");
        return (rank, size);
    }

    /// <summary>MPI_Allgatherv of doubles, in place.</summary>
    public void AllGather(double* numbers, int* counts, int* places) =>
        Check(((delegate* unmanaged<nint, int, nint, double*, int*, int*, nint, nint, int>)Function("MPI_Allgatherv"))(
            _inPlace, 0, _double, numbers, counts, places, _double, _world), "MPI_Allgatherv");

    /// <summary>MPI_Finalize; waits for all ranks.</summary>
    public void End() => Check(((delegate* unmanaged<int>)Function("MPI_Finalize"))(), "MPI_Finalize");

    /// <summary>MPI_Abort: ends all ranks with an exit code.</summary>
    public void Abort(int code) => ((delegate* unmanaged<nint, int, int>)Function("MPI_Abort"))(_world, code);

    // Of the process itself: Environment.SetEnvironmentVariable is for its children and for managed code.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);

    private nint Function(string name) => NativeLibrary.GetExport(_handle, name);

    private void Check(int code, string function)
    {
        if (code != 0) throw new DeviceFailedException($"{function} of {Name} failed with code {code}");
    }
}
