using AttentionFlow.Solver.Sweeps;

namespace AttentionFlow.Experiments.Commands;

/// <summary>The job array that runs the points of a sweep under Slurm.</summary>
internal static class SlurmScript
{
    /// <summary>Tasks in an array, by default: Slurm's own limit, where nobody has raised it.</summary>
    public const int MostTasks = 1000;

    /// <summary>The folder of the tasks' messages, in that of the sweep.</summary>
    public const string Messages = "slurm";

    /// <summary>The script, for sbatch.</summary>
    /// <param name="folder">The folder of the sweep, in which sweep.json is.</param>
    /// <param name="tasks">Tasks of the array, which share the points.</param>
    /// <param name="together">Tasks at a time; null for as many as there is room for.</param>
    /// <param name="threads">Threads of a task.</param>
    /// <param name="options">Further options of the sweep, each after a blank.</param>
    public static string Text(string folder, int tasks, int? together, int threads, string options)
    {
        string full = Path.GetFullPath(folder), messages = Path.Combine(full, Messages).Replace("%", "%%", StringComparison.Ordinal);
        string limit = together is { } most ? $"%{most}" : "";
        return $"""
            #!/bin/sh
            # The points of {Quoted.Line(Path.Combine(full, SweepFolder.SweepFile))} as a job array. Add what your cluster asks
            # for: --partition, --account, --time, --mem. A task that is ended early, by its time or by others, is queued again.
            #SBATCH --job-name=attentionflow
            #SBATCH --array=0-{tasks - 1}{limit}
            #SBATCH --cpus-per-task={threads}
            #SBATCH --requeue
            #SBATCH --signal=B:TERM@120
            #SBATCH --open-mode=append
            #SBATCH --output="{messages}/%a.out"

            trap '[ -n "$child" ] && kill -TERM "$child"' TERM
            {Program} sweep {Quoted.ForShell(Path.Combine(full, SweepFolder.SweepFile))} --out {Quoted.ForShell(full)} \
              --index "$SLURM_ARRAY_TASK_ID" --of {tasks}{options} --quiet &
            child=$!
            # Slurm signals this shell only. A wait that a signal ends is taken up again.
            wait "$child"
            code=$?
            while kill -0 "$child" 2>/dev/null; do
              wait "$child"
              code=$?
            done
            # 75: stopped, and to go on. Any other code is final.
            [ "$code" = {ExitCodes.Stopped} ] && scontrol requeue "${"{SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"}"
            exit "$code"

            """;
    }

    // This very program, whatever the path of the job is.
    private static string Program
    {
        get
        {
            string process = Environment.ProcessPath ?? "dotnet";
            bool isHost = Path.GetFileNameWithoutExtension(process) != "attentionflow";
            return isHost ? $"{Quoted.ForShell(process)} {Quoted.ForShell(Path.Combine(AppContext.BaseDirectory, "attentionflow.dll"))}"
                : Quoted.ForShell(process);
        }
    }
}
