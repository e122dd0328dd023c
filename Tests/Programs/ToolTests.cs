using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>The packages, and the program as the tool that one of them is.</summary>
[Category("Slow")]
public sealed class ToolTests
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    [Test]
    public void ThePackedToolInstallsFromAFolderAndRuns()
    {
        using TemporaryFolder folder = new();
        string packages = folder["packages"], tools = folder["tools"], run = folder["run"];
        Start(Shell.Dotnet, "pack", Path.Combine(Repository.Root, "AttentionFlow.sln"), "--no-build", "-c", Configuration, "-o", packages);
        string[] names = [.. Directory.EnumerateFiles(packages).Select(file => Path.GetFileName(file).Split(".0.1.")[0])];
        Assert.That(names, Is.EquivalentTo(["AttentionFlow", "AttentionFlow.Kernels", "AttentionFlow.Solver"]));
        Start(Shell.Dotnet, "tool", "install", "AttentionFlow", "--tool-path", tools, "--source", packages);
        string tool = Path.Combine(tools, OperatingSystem.IsWindows() ? "attentionflow.exe" : "attentionflow");
        Assert.That(Start(tool, "list"), Does.Contain("figure2-baseline"));
        Start(tool, ["run", "figure2-baseline", "--quiet", "--out", run, .. Shell.Small]);
        Assert.That(RunVerification.Problems(run), Is.Empty);
    }

    private static string Start(string program, params string[] args)
    {
        ProcessStartInfo start = new(program, args)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        if (Path.GetDirectoryName(Shell.Dotnet) is { Length: > 0 } root) start.Environment["DOTNET_ROOT"] = root;
        // A build server that stays would keep the output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        using Process process = Process.Start(start)!;
        Answer answer = Shell.End(process, minutes: 5);
        Assert.That(answer.Code, Is.Zero, answer.Output + answer.Error);
        return answer.Output;
    }
}
