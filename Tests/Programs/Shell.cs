using System.Text.RegularExpressions;

namespace AttentionFlow.Tests.Program;

/// <summary>What a command left behind.</summary>
internal sealed record Answer(int Code, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}

/// <summary>Runs the program in this process, or as one of its own.</summary>
internal static partial class Shell
{
    /// <summary>Settings that make figure2-baseline a matter of milliseconds.</summary>
    public static readonly string[] Small =
    [
        "--set", "replicas=2", "--set", "tokens.count=16", "--set", "record.tokens=16", "--set", "time.horizon=1", "--set", "time.step=0.1",
        "--set", "record.observations=5", "--set", "record.snapshots=3",
    ];

    /// <summary>Runs the program in this process. Its progress, of which there are lines where the machine is busy, is left out.</summary>
    public static Answer Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CommandLine.Run(args, output, error);
        return new Answer(code, output.ToString(), WithoutProgress(error.ToString()));
    }

    /// <summary>Runs the small experiment into a folder.</summary>
    public static Answer RunSmall(string folder, params string[] more) => Run(["run", "figure2-baseline", "--out", folder, .. Small, .. more]);

    /// <summary>Starts the program as a process of its own.</summary>
    public static Process Start(string workingDirectory, IReadOnlyDictionary<string, string>? variables, params string[] args)
    {
        ProcessStartInfo start = new(Dotnet, [Dll, .. args])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = workingDirectory,
        };
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Waits for the end of a process, which must come within a minute, or several.</summary>
    public static Answer End(Process process, int minutes = 1)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        bool ended = process.WaitForExit(TimeSpan.FromMinutes(minutes));
        if (!ended) process.Kill();
        Assert.That(ended, "the program did not end");
        return new Answer(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs a line of sh with the program as <c>$program</c>.</summary>
    public static Answer Sh(string line, int minutes = 1)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["program"] = $"{Dotnet} {Dll}";
        using Process process = Process.Start(start)!;
        return End(process, minutes);
    }

    /// <summary>The files of a run that the run's numbers are in.</summary>
    public static IEnumerable<byte[]> Tables(string folder) =>
        [File.ReadAllBytes(Path.Combine(folder, "observables.csv")), File.ReadAllBytes(Path.Combine(folder, "snapshots.csv"))];

    /// <summary>run.json.</summary>
    public static JsonElement Record(string folder) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "run.json"))).RootElement;

    /// <summary>What was said beside progress.</summary>
    public static string WithoutProgress(string error) => Progress().Replace(error, "");

    [GeneratedRegex(@"^ *\d+ %  .*\r?\n", RegexOptions.Multiline)]
    private static partial Regex Progress();

    /// <summary>The host of this process, or the one that the path finds.</summary>
    public static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The words that start the program.</summary>
    public static string[] Program => [Dotnet, Dll];

    private static string Dll => Path.Combine(AppContext.BaseDirectory, "attentionflow.dll");
}
