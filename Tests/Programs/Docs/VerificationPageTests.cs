using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Program;

namespace AttentionFlow.Tests.Docs;

/// <summary>docs/verification.md: its commands, and those of its workflow, in the folder that the first of them makes.</summary>
public sealed class VerificationPageTests : FolderFixture
{
    private static readonly string Page = Repository.Text("docs", "verification.md");

    [Test]
    public void TheCommandsOfThePageAndOfItsWorkflowPass()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("the commands are those of sh");
        string commands = Repository.Blocks(Page, "sh").Single();
        string[] workflow = [.. Repository.Blocks(Page, "yaml").Single().Split('\n').Select(line => line.Trim())
            .Where(line => line.StartsWith("run: attentionflow", StringComparison.Ordinal)).Select(line => line["run: ".Length..])];
        Assert.That(workflow, Has.Length.EqualTo(3));
        Answer answer = Sh($"{commands}{string.Join('\n', workflow)}");
        Assert.That(answer.Code, Is.Zero, answer.Output + answer.Error);
        Assert.That(answer.Output, Does.Contain("\nruns/rotary: whole\nruns/rotary: whole; the rerun is equal byte for byte\n").And.Contain("237 checks pass"));
        Assert.That(Page, Does.Contain("measures 237 quantities"));
        File.AppendAllText(Folder["runs/rotary/observables.csv"], "3,0\n");
        Assert.That(Sh(workflow[1]).Code, Is.EqualTo(1), "the step of the workflow fails where a run was changed");
    }

    [Test]
    public void EveryExitCodeOfThePageIsOneOfTheProgram()
    {
        string[] codes = [.. Page.Split('\n').SkipWhile(line => line != "| exit code | meaning |").Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')[1].Trim())];
        Assert.That(codes, Is.EqualTo(new[] { ExitCodes.Done, ExitCodes.VerificationFailed, ExitCodes.BadInput, ExitCodes.DeviceUnavailable, ExitCodes.InputOutput, ExitCodes.Stopped }.Select(c => $"{c}")));
    }

    private Answer Sh(string commands) => Shell.Sh($"set -e; cd '{Folder.FullPath}'; attentionflow() {{ $program \"$@\"; }}\n{commands}", minutes: 5);
}
