using System.Globalization;

namespace AttentionFlow.Kernels.Ranks;

/// <summary>What an MPI launcher (mpirun, mpiexec, srun) told this process by its environment, before any MPI library is loaded.</summary>
public static class MpiLaunch
{
    /// <summary>How many ranks were started; null where this process was not started by a launcher.</summary>
    public static int? Ranks { get; } = Number("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
        ?? (Number("PMIX_RANK") is null ? null : Number("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"));

    /// <summary>The number of this process; 0 where it is alone.</summary>
    public static int Rank { get; } = Ranks is null ? 0 : Number("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK") ?? 0;

    /// <summary>Its number among those on the same machine.</summary>
    public static int LocalRank { get; } =
        Ranks is null ? 0 : Number("OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID") ?? 0;

    /// <summary>Whether the launcher is that of Open MPI.</summary>
    internal static bool IsOpenMpi { get; } = Number("OMPI_COMM_WORLD_SIZE") is not null;

    private static int? Number(params string[] names) => names.Select(name =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : (int?)null)
        .FirstOrDefault(n => n is not null);
}
