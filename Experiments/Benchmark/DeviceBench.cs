using System.Diagnostics;
using System.Runtime.InteropServices;
using AttentionFlow.Kernels.Gpu;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>What <c>bench --device</c> found; <c>--json</c> writes it as it is.</summary>
/// <param name="Device">Its name.</param>
/// <param name="Beta">As in <see cref="BenchReport"/>, whose other settings hold, too.</param>
/// <param name="Notes">What was left out, a line each.</param>
internal sealed record DeviceReport(
    BenchMachine Machine, string Device, string Description, double Beta, IReadOnlyList<DeviceRow> Rows, IReadOnlyList<string> Notes);

/// <summary>One number.</summary>
/// <param name="Tokens">Of a replica.</param>
/// <param name="Queries">Rows that are summed, of all replicas together.</param>
/// <param name="FirstSeconds">The first call, in which a GPU's driver compiles the kernel, unless a row above has the same.</param>
/// <param name="Seconds">A call, the median.</param>
/// <param name="KernelSeconds">Of a call, from a launch to its synchronisation, the median; null where the device has no kernels.</param>
/// <param name="LimitPairsPerSecond">Of a GPU, in the difference form, else null.</param>
/// <param name="Share">The kernels' part of that limit, or null.</param>
/// <param name="Error">See <see cref="BenchRow"/>.</param>
/// <param name="IsRepeatable">Whether a second call gave the same bits.</param>
internal sealed record DeviceRow(
    string Precision, int Dimension, int Replicas, int Tokens, int Queries, double FirstSeconds, double Seconds, double? KernelSeconds,
    double PairsPerSecond, double? KernelPairsPerSecond, double? LimitPairsPerSecond, double? Share, double Error, double ErrorBound,
    bool IsRepeatable)
{
    /// <summary>True when the error is beyond its bound, or no number, or when two calls differ.</summary>
    public bool Fails => !(Error <= ErrorBound && IsRepeatable);
}

/// <param name="Tokens">Of a replica.</param>
/// <param name="Queries">The first rows alone are summed, all if null.</param>
internal sealed record DeviceCase(int Dimension, int Replicas, int Tokens, int? Queries)
{
    private const long MostNumbers = 1 << 26;

    /// <summary>Dimensions of heads and hidden states; a hundred replicas; few rows of many keys.</summary>
    public static IReadOnlyList<DeviceCase> Usual { get; } =
    [
        .. from tokens in (int[])[64, 256, 1024] select new DeviceCase(3, 100, tokens, null),
        .. from dimension in (int[])[2, 3, 4, 8, 16, 32, 64, 128, 384, 1024]
           from tokens in (int[])[1024, 16_384, 131_072, 1 << 20]
           where (long)tokens * dimension <= MostNumbers
           select new DeviceCase(dimension, 1, tokens, null),
        .. from queries in (int[])[1, 1024] select new DeviceCase(3, 1, 1 << 20, queries),
    ];

    public long Pairs => (Queries ?? (long)Replicas * Tokens) * Tokens;
}

/// <summary>Measures one device on problems of the sizes that GPUs are for.</summary>
internal sealed class DeviceBench(string device, TimeBudget budget, int threads, Action<string> say, CancellationToken stop)
{
    private readonly List<DeviceRow> _rows = [];
    private readonly List<string> _notes = [];

    /// <summary>Measures the cases one by one, in each of the device's precisions; a set token ends it with what there is.</summary>
    /// <exception cref="DeviceUnavailableException">There is no such device here.</exception>
    public DeviceReport Run(IReadOnlyList<DeviceCase> cases)
    {
        DeviceInfo? info = DeviceCatalog.All.FirstOrDefault(d => d.Name == device || d.Name == device + ":0");
        Precision[] precisions = device == "reference" ? [Precision.Double] : [Precision.Single, Precision.Double];
        try
        {
            foreach (Precision precision in precisions) Measure(cases, precision, info);
        }
        catch (OperationCanceledException)
        {
            _notes.Add("stopped early");
        }
        return new DeviceReport(BenchRun.Machine(threads), device, info?.Description ?? "", BenchProblem.Beta, _rows, _notes);
    }

    private void Measure(IReadOnlyList<DeviceCase> cases, Precision precision, DeviceInfo? info)
    {
        using IPairSums sums = DeviceCatalog.Open(device, precision, threads);
        foreach (DeviceCase one in cases)
        {
            stop.ThrowIfCancellationRequested();
            string name = $"{BenchRun.Name(precision)}, d = {one.Dimension}, {one.Replicas} x {one.Tokens}";
            if (Rate(precision, one.Dimension) is { } rate && one.Pairs / rate > budget.LongestCall)
            {
                _notes.Add($"{name}: left out, a call would take about {one.Pairs / rate:F1} s");
                continue;
            }
            say($"bench: {device} {name}");
            try
            {
                _rows.Add(Measure(sums, one, precision, info?.Rates?.PairsPerSecond(precision, one.Dimension)));
            }
            catch (DeviceUnavailableException error)
            {
                _notes.Add($"{name}: left out, {error.Message}");
            }
        }
    }

    // From the largest problem so far.
    private double? Rate(Precision precision, int dimension) =>
        _rows.LastOrDefault(r => r.Precision == BenchRun.Name(precision) && r.Dimension == dimension)?.PairsPerSecond;

    private DeviceRow Measure(IPairSums sums, DeviceCase one, Precision precision, double? limit)
    {
        BenchProblem problem = new(one.Dimension, one.Tokens, one.Replicas, one.Queries);
        int rows = one.Queries ?? problem.Problem.Rows;
        RowSums into = new(problem.Problem.Rows, one.Dimension, RowColumns.Force);
        Plan plan = sums.Plan(problem.Problem, RowColumns.Force);
        long start = Stopwatch.GetTimestamp();
        Call();
        double first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        byte[] bits = Bits(into);
        double seconds = Timing.Median(Call, budget, stop);
        double? kernels = sums is IlgpuSums gpu ? KernelSeconds(gpu, Call) : null;
        // Of IlgpuSums; that of SimdSums is larger for many keys in double precision.
        double unit = Math.Pow(2, precision == Precision.Single ? -24 : -53);
        double bound = Math.Max(problem.RoundingBound(precision), 2 * (520 + (16 + 2 * one.Dimension) * BenchProblem.Beta) * unit);
        return new DeviceRow(BenchRun.Name(precision), one.Dimension, one.Replicas, one.Tokens, rows, first, seconds, kernels,
            one.Pairs / seconds, one.Pairs / kernels, limit, one.Pairs / kernels / limit, problem.Error(into), bound,
            bits.AsSpan().SequenceEqual(Bits(into)));

        void Call() => sums.Sum(plan, ..rows, into, stop);
    }

    private double KernelSeconds(IlgpuSums sums, Action call)
    {
        Stopwatch clock = new();
        sums.KernelClock = clock;
        List<double> seconds = [];
        long start = Stopwatch.GetTimestamp();
        while (seconds.Count == 0 || Stopwatch.GetElapsedTime(start).TotalSeconds < budget.Repeats / 2)
        {
            clock.Reset();
            call();
            seconds.Add(Math.Max(1, clock.ElapsedTicks) / (double)Stopwatch.Frequency);
        }
        sums.KernelClock = null;
        seconds.Sort();
        return seconds[seconds.Count / 2];
    }

    private static byte[] Bits(RowSums sums) =>
        [.. MemoryMarshal.AsBytes(sums.Z.AsSpan()), .. MemoryMarshal.AsBytes(sums.Force.AsSpan())];
}
