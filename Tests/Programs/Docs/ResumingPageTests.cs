using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Program;

namespace AttentionFlow.Tests.Docs;

/// <summary>docs/resuming.md: its commands, and the lines that read a checkpoint.</summary>
public sealed class ResumingPageTests : FolderFixture
{
    private static readonly string Page = Repository.Text("docs", "resuming.md");

    [Test]
    public void TheCommandsOfThePagePass()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("the commands are those of sh");
        File.WriteAllText(Folder["long.json"], """{ "tokens": { "count": 8 }, "time": { "horizon": 400, "merge": {} }, "record": { "observations": 5 } }""");
        Answer answer = Shell.Sh($"set -e; cd '{Folder.FullPath}'; attentionflow() {{ $program \"$@\"; }}\n{Repository.Blocks(Page, "sh").Single()}", minutes: 5);
        Assert.That(answer.Code, Is.Zero, answer.Output + answer.Error);
        Assert.That(CsvData.Read(Folder["out/long/observables.csv"])["time"], Is.EqualTo(new[] { 0, 100, 200, 300, 400, 500.0 }));
        Assert.That(Shell.Record(Folder["out/long"]).GetProperty("pieces").GetArrayLength(), Is.EqualTo(1), "the second command found it complete");
    }

    [Test]
    public void NumpyReadsACheckpoint()
    {
        string python = DocumentedLinesTests.Interpreter("pandas", ["python3", "/usr/bin/python3", "python"], ["-c", "import numpy"]);
        Assert.That(Shell.RunSmall(Folder["run"]).Code, Is.Zero);
        File.WriteAllText(Folder["lines.py"], Repository.Blocks(Page, "python").Single());
        Answer answer = Shell.Sh($"cd '{Folder["run"]}' && {python} ../lines.py");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        using Checkpoint checkpoint = Checkpoint.Open(Path.Combine(Folder["run"], RunFolder.CheckpointFile));
        Assert.That(answer.Output.TrimEnd(), Is.EqualTo($"AttentionFlow checkpoint 1 1.0 {checkpoint.Header.Lists.Sum(list => list.Count)}"));
    }
}
