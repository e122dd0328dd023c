namespace AttentionFlow.Tests.Output;

/// <summary>The files of a small run: two replicas of five tokens on S^2 at three times.</summary>
internal sealed class SmallRun
{
    public const int Replicas = 2, Tokens = 5, Times = 3;
    private readonly Random _random = new(7);

    /// <summary>|m| of each replica at the last time.</summary>
    public double[] FinalLengths { get; } = new double[Replicas];

    public static RunRecord Record => new() { Seed = ulong.MaxValue, Device = "cpu", Precision = "double", Threads = 2, Alerts = [new Alert("rank collapse", "stable_rank", 0.1, 1, 1, 1.005, 1.01, "stop earlier")] };

    public RunRecord Write(string path, RunStatus status = RunStatus.Complete)
    {
        using RunFolder folder = RunFolder.Create(path, overwrite: false);
        RunRecord record = folder.Start("{ \"title\": \"Rotary code\" }\n", Record);
        CsvTable snapshots = folder.OpenSnapshots(3);
        CsvTable observables = folder.OpenObservables([new Column("mean_norm", ColumnType.Number, "|m|, the length of the mean token.")]);
        for (int time = 0; time < Times; time++)
            for (int replica = 0; replica < Replicas; replica++)
                observables.Append([time * 0.1, replica, FinalLengths[replica] = Snapshot(snapshots, time, replica)]);
        string? advice = status == RunStatus.Complete ? null : "Take a smaller step.";
        return folder.Finish(
            record with { Status = status, Advice = advice, TimeReached = 0.2, Steps = 20, Evaluations = 40, WallSeconds = 0.25 },
            "Rotary code on the sphere (\u03b2 = 1)");
    }

    private double Snapshot(CsvTable table, int time, int replica)
    {
        double[] mean = new double[3];
        for (int token = 0; token < Tokens; token++)
        {
            double[] x = [.. mean.Select(_ => 2 * _random.NextDouble() - 1)];
            double length = Math.Sqrt(x.Sum(v => v * v));
            table.Append([time, time * 0.1, replica, token, (token + 0.5) / Tokens, .. x.Select(v => v / length)]);
            for (int k = 0; k < 3; k++) mean[k] += x[k] / length / Tokens;
        }
        return Math.Sqrt(mean.Sum(v => v * v));
    }
}
