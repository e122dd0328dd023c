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
        ("harmonic", [.. Clusters, "tokens.count=2000", "--set", "summation=fast", "--set", "time.horizon=2"]),
        ("coalesced", [.. Clusters, "tokens.count=1000", "--set", "summation=coalesced", "--set", "interaction.beta=9", "--set", "time.horizon=30"]),
        ("parquet", [.. Clusters, "tokens.count=3000", "--set", "summation=fast", "--set", "time.horizon=2", "--set", "record.format=parquet", "--set", "record.digits=6", "--set", "record.snapshots=101"]),
        ("ilgpu-cpu", [.. Clusters, "tokens.count=48", "--set", "device=ilgpu-cpu", "--set", "time.horizon=4"]),
    ];

    // A sweep takes the last share.
    private static int KillsOf(int number) => Kills / (Kinds.Length + 1) + (number < Kills % (Kinds.Length + 1) ? 1 : 0);

    private static IEnumerable<TestCaseData> Cases() => Kinds.Select((kind, number) =>
        new TestCaseData(kind.Arguments, KillsOf(number), 100 + number).SetArgDisplayNames(kind.Name));

    [TestCaseSource(nameof(Cases))]
    public void WhateverIsKilledGoesOnToTheSameBytes(string[] arguments, int kills, int seed)
    {
        Assert.That(Shell.Run(["run", .. arguments, "--quiet", "--out", Folder["whole"]]).Code, Is.Zero);
        double seconds = Shell.Record(Folder["whole"]).GetProperty("wallSeconds").GetDouble();
        KillAndGoOn(["run", .. arguments, "--quiet", "--out", "run", "--resume", "--checkpoint", "0.0005"], kills, seconds, new Random(seed), WaitUntilItWorks);
        Assert.That(RunFolder.Verify(Folder["run"]), Is.Empty);
        int pieces = Shell.Record(Folder["run"]).TryGetProperty("pieces", out JsonElement list) ? list.GetArrayLength() : 0;
        TestContext.Out.WriteLine($"went on {pieces} times from a checkpoint");
    }

    [Test]
    public void ASweepThatIsKilledGoesOnToTheSameBytes()
    {
        File.WriteAllText(Folder["sweep.json"], """
            { "base": { "tokens": { "count": 200 }, "interaction": { "normalization": "softmax" }, "time": { "tolerance": 1e-7 }, "record": { "snapshots": 3 } },
              "grid": { "interaction.beta": [2, 4], "seed": { "from": 1, "count": 6 } } }
            """);
        Stopwatch watch = Stopwatch.StartNew();
        Assert.That(Shell.Run(["sweep", Folder["sweep.json"], "--quiet", "--out", Folder["whole"]]).Code, Is.Zero);
        KillAndGoOn(["sweep", "sweep.json", "--quiet", "--out", "run", "--checkpoint", "0.0005"], KillsOf(Kinds.Length), watch.Elapsed.TotalSeconds, new Random(99),
            process => process.WaitForExit(TimeSpan.FromSeconds(0.5)));
    }

    // Starts the program, and kills it, so often; where it ends before, it is compared, and begins anew; at last it is left to end.
    private void KillAndGoOn(string[] arguments, int kills, double seconds, Random random, Action<Process> waitUntilItWorks)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("there are no signals here");
        int done = 0, ends = 0;
        for (; done < kills && ends <= kills;)
        {
            using Process process = Shell.Start(Folder.FullPath, null, arguments);
            // Once in six before it has begun.
            if (random.Next(6) > 0) waitUntilItWorks(process);
            process.WaitForExit(TimeSpan.FromSeconds(seconds * random.NextDouble()));
            if (process.HasExited)
            {
                AssertSame(Shell.End(process));
                Directory.Delete(Folder["run"], recursive: true);
                ends++;
                continue;
            }
            if (random.Next(4) == 0) Shell.Sh($"kill -TERM {process.Id} || true");
            else process.Kill();
            Shell.End(process);
            done++;
        }
        using Process last = Shell.Start(Folder.FullPath, null, arguments);
        AssertSame(Shell.End(last, minutes: 3));
        TestContext.Out.WriteLine($"{done} kills, {ends + 1} ends");
    }

    private void AssertSame(Answer answer)
    {
        Assert.That(answer.Code, Is.Zero, answer.Error);
        Assert.That(Names("run"), Is.EqualTo(Names("whole")));
        // These two hold dates and times taken.
        foreach (string name in Names("whole").Where(name => Path.GetFileName(name) is not (RunFolder.RunFile or "report.html")))
            Assert.That(File.ReadAllBytes(Path.Combine(Folder["run"], name)), Is.EqualTo(File.ReadAllBytes(Path.Combine(Folder["whole"], name))), name);
    }

    private string[] Names(string folder) => [.. Directory.GetFiles(Folder[folder], "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Folder[folder], f)).Order(StringComparer.Ordinal)];

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
