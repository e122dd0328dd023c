namespace AttentionFlow.Tests.Docs;

/// <summary>The launchers of both kinds of MPI library, of which Debian has both side by side.</summary>
internal static class MpiLauncher
{
    /// <summary>Starts ranks of a program, with more ranks than processors if need be; skips the test where there is no launcher.</summary>
    /// <param name="library">"Open MPI" or "MPICH".</param>
    /// <param name="ranks">How many.</param>
    /// <param name="program">The program and its arguments.</param>
    public static Process Start(string library, int ranks, params string[] program)
    {
        (string[] names, string sign, string package) = library == "MPICH" ? ((string[])["mpiexec.mpich", "mpiexec"], "HYDRA", "mpich")
            : (["mpirun.openmpi", "mpirun"], "Open", "openmpi-bin");
        string? launcher = names.FirstOrDefault(name => Version(name).Contains(sign, StringComparison.Ordinal));
        if (launcher is null) Requirement.Absent($"there is no launcher of {library} here (Debian: {package})", package);
        // A rank has ten seconds between SIGTERM and SIGKILL: the machine may be busy.
        string[] options = library == "MPICH" ? []
            : ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "odls_base_sigkill_timeout", "10"];
        return Process.Start(new ProcessStartInfo(launcher!, [.. options, "-n", $"{ranks}", .. program])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
    }

    private static string Version(string name)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(name, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return text;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
