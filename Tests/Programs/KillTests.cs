using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>
/// Programs that are killed at random moments, again and again, and go on: in the end every file but run.json is that of a run that nobody
/// disturbed. ATTENTIONFLOW_KILLS says how many kills, all kinds of run together; 20 by default.
/// </summary>
[NonParallelizable, Category("Slow")]
public sealed class KillTests : FolderFixture
{
    private static readonly string[] Clusters = ["two-clusters", "--set", "tokens.initial={\"law\":\"uniform\"}", "--set", "interaction.beta=4", "--set", "time.horizon=20", "--set"];

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("ATTENTIONFLOW_KILLS"), out int kills) ? kills : 20;

    private static readonly (string Name, string[] Arguments)[] Kinds =
    [
        ("fixed", ["figure3-rotary", "--set", "tokens.count=200"]),
        ("adaptive", [.. Clusters, "tokens.count=500", "--set", "time.merge=null", "--set", "time.tolerance=1e-7"]),
        ("merging", [.. Clusters, "tokens.count=500", "--set", "record.plateaus=true", "--set", "time.tolerance=1e-7"]),
        ("noise", ["noisy-transition", "--set", "time.horizon=30"]),
        ("replicas", [.. Clusters, "replicas=4", "--set", "tokens.count=300", "--set", "time.merge=null", "--set", "time.tolerance=1e-8"]),
        ("radii", [.. Clusters, "tokens.count=300", "--set", "interaction.scheme={\"kind\":\"pre\"}", "--set", "time.merge=null", "--set", "time.tolerance=1e-7"]),
        ("harmonic", [.. Clusters, "tokens.count=4000", "--set", "summation=fast", "--set", "time.horizon=3"]),
        ("coalesced", [.. Clusters, "tokens.count=1000", "--set", "summation=coalesced", "--set", "interaction.beta=9", "--set", "time.horizon=30"]),
        ("ilgpu-cpu", [.. Clusters, "tokens.count=48", "--set", "device=ilgpu-cpu", "--set", "time.horizon=4"]),
    ];

    private static IEnumerable<TestCaseData> Cases() => Kinds.Select((kind, number) =>
        new TestCaseData(kind.Arguments, Kills / Kinds.Length + (number < Kills % Kinds.Length ? 1 : 0), 100 + number).SetArgDisplayNames(kind.Name));

    [TestCaseSource(nameof(Cases))]
    public void WhateverIsKilledGoesOnToTheSameBytes(string[] arguments, int kills, int seed)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("there are no signals here");
        Random random = new(seed);
        Assert.That(Shell.Run(["run", .. arguments, "--quiet", "--out", Folder["whole"]]).Code, Is.Zero);
        double seconds = Shell.Record(Folder["whole"]).GetProperty("wallSeconds").GetDouble();
        int done = 0;
        for (; done < kills; done++)
        {
            using Process process = Start();
            // Once in six before it has begun.
            if (random.Next(6) > 0) WaitUntilItWorks(process);
            process.WaitForExit(TimeSpan.FromSeconds(seconds * 2.0 / (kills + 1) * random.NextDouble()));
            if (process.HasExited) break;
            if (random.Next(4) == 0) Shell.Sh($"kill -TERM {process.Id} || true");
            else process.Kill();
            Shell.End(process);
        }
        using Process last = Start();
        Answer answer = Shell.End(last, minutes: 3);
        Assert.That(answer.Code, Is.Zero, answer.Error);
        Assert.That(Names("run"), Is.EqualTo(Names("whole")));
        foreach (string name in Names("whole").Where(name => name != RunFolder.RunFile))
            Assert.That(File.ReadAllBytes(Path.Combine(Folder["run"], name)), Is.EqualTo(File.ReadAllBytes(Path.Combine(Folder["whole"], name))), name);
        Assert.That(RunFolder.Verify(Folder["run"]), Is.Empty);
        int pieces = Shell.Record(Folder["run"]).TryGetProperty("pieces", out JsonElement list) ? list.GetArrayLength() : 0;
        TestContext.Out.WriteLine($"{done} kills, went on {pieces} times from a checkpoint");
    }

    private Process Start() =>
        Shell.Start(Folder.FullPath, null, ["run", .. (string[])TestContext.CurrentContext.Test.Arguments[0]!, "--quiet", "--out", "run", "--resume", "--checkpoint", "0.0005"]);

    private string[] Names(string folder) => [.. new DirectoryInfo(Folder[folder]).GetFiles().Select(f => f.Name).Order(StringComparer.Ordinal)];

    private void WaitUntilItWorks(Process process)
    {
        string record = Path.Combine(Folder["run"], RunFolder.RunFile);
        for (Stopwatch wait = Stopwatch.StartNew(); !process.HasExited && wait.Elapsed < TimeSpan.FromSeconds(30); Thread.Sleep(5))
            try
            {
                if (File.Exists(record) && RunRecord.Read(record).Process == process.Id) return;
            }
            catch (IOException)
            {
                // It is being replaced.
            }
    }
}
