using System.Collections.Concurrent;
using System.Text;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>Ten thousand spoilt experiment and cloud files through the program: each is refused in one line or runs, and nothing else happens.</summary>
[Category("Slow")]
public class FuzzTests : FolderFixture
{
    private const int Count = 10_000;

    // Larger runs are read only; every run is stopped after a moment, and has seconds to come back.
    private const double MostNumbers = 1e5, MostPairs = 1e6;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(40), Patience = TimeSpan.FromSeconds(20);
    private static readonly int[] Documented =
        [ExitCodes.Done, ExitCodes.BadInput, ExitCodes.DeviceUnavailable, ExitCodes.Diverged, ExitCodes.InputOutput, ExitCodes.Stopped];

    [Test]
    public void EverySpoiltFileIsRefusedInOneLineOrRuns()
    {
        Mutants mutants = new();
        ConcurrentBag<string> faults = [];
        ConcurrentDictionary<string, int> seen = [];
        ParallelOptions two = new() { MaxDegreeOfParallelism = 2 };
        Parallel.ForEach(Partitioner.Create(0, Count, 50), two, range =>
        {
            for (int number = range.Item1; number < range.Item2 && faults.Count < 20; number++)
            {
                (byte[] experiment, byte[] cloud) = mutants[number];
                string folder = Directory.CreateDirectory(Folder[$"{number}"]).FullName;
                File.WriteAllBytes(Path.Combine(folder, "e.json"), experiment);
                File.WriteAllBytes(Path.Combine(folder, "c.csv"), cloud);
                string outcome = Outcome(folder, out string? fault);
                if (fault is not null) faults.Add($"mutant {number}, {outcome}: {fault}\n{Encoding.UTF8.GetString(experiment)}\n{Encoding.UTF8.GetString(cloud)}");
                seen.AddOrUpdate(outcome, 1, (_, n) => n + 1);
                // What was stopped may have left work behind that still closes its files.
                if (outcome is not ("hangs" or "75")) Directory.Delete(folder, recursive: true);
            }
        });
        TestContext.Out.WriteLine(string.Join(", ", seen.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}")));
        Assert.That(faults, Is.Empty, string.Join("\n\n", faults));
        // A run that a busy machine stops at its first step was one, too.
        Assert.That(seen.GetValueOrDefault("0") + seen.GetValueOrDefault("75"), Is.GreaterThan(Count / 10), "runs");
        Assert.That(seen.GetValueOrDefault("2"), Is.GreaterThan(Count / 4), "refusals");
    }

    private static string Outcome(string folder, out string? fault)
    {
        string file = Path.Combine(folder, "e.json"), target = Path.Combine(folder, "run");
        fault = null;
        try
        {
            if (IsLarge(ExperimentReader.Read(file, []))) return "large";
        }
        catch (ConfigurationException) { }
        catch (Exception e)
        {
            fault = e.ToString();
            return "read";
        }
        using StringWriter output = new(), error = new();
        using CancellationTokenSource stop = new();
        // Pages take longer than such runs; every tenth has them.
        string[] bare = int.TryParse(Path.GetFileName(folder), out int number) && number % 10 == 0 ? [] : ["--no-report"];
        Task<int> run = Task.Run(() => CommandLine.Run(["run", file, "--out", target, "--threads", "1", "--quiet", .. bare], output, error, stop: stop.Token));
        stop.CancelAfter(Moment);
        try
        {
            if (!run.Wait(Patience)) fault = "the run does not end";
        }
        catch (AggregateException e)
        {
            fault = e.ToString();
        }
        if (fault is not null) return "hangs";
        fault = Fault(run.Result, error.ToString(), target);
        return $"{run.Result}";
    }

    // What is wrong with an exit code, what was said and the files.
    private static string? Fault(int code, string error, string target)
    {
        if (!Documented.Contains(code)) return $"exit {code}: {error}";
        if ((code == 0) != (error.Length == 0)) return $"exit {code} with the message '{error}'";
        if (code != 0 && (!error.StartsWith("attentionflow: ", StringComparison.Ordinal) || error.TrimEnd('\n').Any(c => char.IsControl(c)) || error.Length > 3000)) return $"no message: {error}";
        if (code == ExitCodes.Diverged && !error.Contains(" t = ", StringComparison.Ordinal)) return $"no time: {error}";
        bool isWritten = code is 0 or ExitCodes.Diverged or ExitCodes.Stopped && File.Exists(Path.Combine(target, RunFolder.RunFile));
        if (!isWritten) return null;
        string status = code switch { 0 => "", ExitCodes.Diverged => "the status is diverged", _ => "the status is stopped" };
        // Work that a signal left behind in this process frees the folder when it comes to its end.
        for (int wait = 0; File.Exists(Path.Combine(target, ".attentionflow.lock")) && wait < 1000; wait++) Thread.Sleep(20);
        return RunVerification.Problems(target).FirstOrDefault(p => status.Length == 0 || !p.Contains(status, StringComparison.Ordinal));
    }

    private static bool IsLarge(Experiment experiment)
    {
        (int n, int d) = (experiment.Tokens.Count, experiment.Tokens.Dimension);
        double points = Math.Max(experiment.Interaction.Prompts?.Points.Law?.Count ?? 0, experiment.Interaction.Gauge is PrefixGauge g ? g.Targets.Law?.Count ?? 0 : 0);
        return (double)experiment.Replicas * n * d > MostNumbers || points * d > MostNumbers || (double)d * d * experiment.Interaction.Heads > MostNumbers
            || RunWork.PairsPerEvaluation(experiment) > MostPairs || experiment.Record.Snapshots > 1000 || experiment.Record.Observations > 1000
            || experiment.Device.StartsWith("ilgpu", StringComparison.Ordinal);
    }
}
