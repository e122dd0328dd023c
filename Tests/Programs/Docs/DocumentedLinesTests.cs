using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Output;

/// <summary>Runs the lines of docs/files.md that load snapshots, as they stand there.</summary>
public sealed class DocumentedLinesTests
{
    [Test]
    public void PandasPrintsTheLengthsOfTheMeans() =>
        Check("python", "pandas", ["python3", "/usr/bin/python3", "python"], ["-c", "import pandas"]);

    [Test]
    public void RPrintsTheLengthsOfTheMeans() => Check("r", "r", ["Rscript"], ["--version"]);

    private static void Check(string language, string requirement, string[] interpreters, string[] probe)
    {
        string lines = Block(language), interpreter = Interpreter(requirement, interpreters, probe);
        using TemporaryFolder folder = new TemporaryFolder();
        SmallRun run = new SmallRun();
        run.Write(folder["run"]);
        File.WriteAllText(folder["lines"], lines);
        (int status, string? output) = Run(interpreter, [folder["lines"]], folder["run"])!.Value;
        Assert.That(status, Is.Zero, output);
        string[][] printed = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToArray();
        Assert.That(printed.Select(p => p[0]), Is.EqualTo(Enumerable.Range(0, SmallRun.Replicas).Select(r => $"{r}")), output);
        Assert.That(printed.Select(p => double.Parse(p[1], CultureInfo.InvariantCulture)), Is.EqualTo(run.FinalLengths).Within(1e-14), output);
    }

    /// <summary>The first of these programs that runs the probe; without one the test is skipped, or fails where it is required.</summary>
    internal static string Interpreter(string requirement, string[] interpreters, string[] probe)
    {
        string? interpreter = interpreters.FirstOrDefault(candidate => Run(candidate, probe, Path.GetTempPath()) is (0, _));
        string why = $"none of {string.Join(", ", interpreters)} runs '{string.Join(' ', probe)}'";
        if (interpreter is null) Requirement.Absent(why, requirement);
        return interpreter!;
    }

    private static string Block(string language)
    {
        IReadOnlyList<string> blocks = Repository.Blocks(Repository.Text("docs", "files.md"), language);
        Assert.That(blocks, Has.Count.EqualTo(1), $"blocks of {language} in docs/files.md");
        return blocks[0];
    }

    /// <summary>Exit status and output, with standard error where the status is not 0; null where there is no such program.</summary>
    private static (int Status, string Output)? Run(string program, string[] arguments, string folder)
    {
        ProcessStartInfo start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        Process process;
        try { process = Process.Start(start)!; }
        catch (System.ComponentModel.Win32Exception) { return null; }
        using (process)
        {
            (Task<string>? output, Task<string>? errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                process.Kill(entireProcessTree: true);
                return (-1, $"{program}: no end after two minutes");
            }
            Task.WaitAll(output, errors);
            return (process.ExitCode, process.ExitCode == 0 ? output.Result : output.Result + errors.Result);
        }
    }
}
