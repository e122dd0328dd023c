using System.Runtime.InteropServices;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Harmonic;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>Measures a grid.</summary>
internal sealed class BenchRun
{
    private readonly BenchGrid _grid;
    private readonly TimeBudget _budget;
    private readonly int[] _threads;
    private readonly Action<string> _say;
    private readonly CancellationToken _stop;
    private readonly Dictionary<(Precision Precision, int Threads), Ceiling> _ceilings = [];
    private readonly List<BenchRow> _rows = [];
    private readonly List<BenchChoice> _choices = [];
    private readonly List<string> _notes = [];

    private BenchRun(BenchGrid grid, TimeBudget budget, int threads, Action<string> say, CancellationToken stop) =>
        (_grid, _budget, _threads, _say, _stop) = (grid, budget, threads == 1 ? [1] : [1, threads], say, stop);

    /// <summary>Measures a grid on one thread and on <paramref name="threads"/>.</summary>
    /// <param name="stop">Ends it with an <see cref="OperationCanceledException"/>.</param>
    public static BenchReport Run(BenchGrid grid, TimeBudget budget, int threads, Action<string> say, CancellationToken stop)
    {
        BenchRun run = new(grid, budget, threads, say, stop);
        say("bench: warm-up and ceilings");
        using PeerSet? peers = grid.PeerWork is null ? null : PeerSet.Open(budget, stop);
        run.WarmUp(peers);
        run.RaiseCeilings();
        foreach (int dimension in grid.Dimensions)
        {
            foreach (int tokens in grid.Tokens(dimension)) run.Measure(dimension, tokens, peers);
            if (BenchCase.Gpus.Count == 0) continue;
            foreach (int tokens in grid.GpuTokens(dimension))
                run.MeasureGpus(new BenchProblem(dimension, tokens), new RowSums(tokens, dimension, RowColumns.Force));
        }
        run._notes.AddRange(DeviceCatalog.All.Where(d => d.WhyNot is not null).Select(d => $"{d.Name}: {d.WhyNot}"));
        if (peers is not null) run._notes.AddRange(peers.Notes);
        return new BenchReport(Machine(threads), BenchProblem.Beta,
            [.. run._ceilings.Values.Select(c => new BenchCeiling(Name(c.Precision), c.Threads, c.Lanes, c.SlotsPerSecond))],
            [.. run._rows.Select(run.WithShare)], run._choices, run._notes);
    }

    public static string Name(Precision precision) => precision == Precision.Single ? "single" : "double";

    // The JIT compiles in the background, after a tenth of a second and thirty calls: several rounds over everything, not one long one.
    private void WarmUp(PeerSet? peers)
    {
        BenchProblem[] problems = [.. _grid.Dimensions.Select(d => new BenchProblem(d, _grid.Tokens(d)[0]))];
        TimeBudget share = _budget with { WarmUp = _budget.WarmUp / 5, Repeats = 0 };
        for (int round = 0; round < 6; round++)
            foreach (BenchProblem problem in problems)
            {
                RowSums into = new(problem.Problem.Rows, problem.Problem.Dimension, RowColumns.Force);
                foreach (BenchCase one in BenchCase.All.Where(c => !c.IsSerial))
                {
                    using IPairSums sums = one.Open(_threads[^1]);
                    Plan plan = sums.Plan(problem.Problem, RowColumns.Force);
                    if (plan.WhyNot is null) Timing.Median(() => sums.Sum(plan, .., into, _stop), share, _stop);
                }
                peers?.WarmUp(problem, share);
            }
    }

    // Again and again, because other work on the machine can only make them look lower than they are.
    private void RaiseCeilings()
    {
        TimeBudget part = _budget with { WarmUp = _budget.WarmUp / 5, Repeats = _budget.Repeats / 5 };
        foreach (int threads in _threads)
            foreach (Precision precision in (Precision[])[Precision.Single, Precision.Double])
            {
                Ceiling found = Ceiling.Measure(precision, threads, part, _stop);
                if (!_ceilings.TryGetValue((precision, threads), out Ceiling? best) || found.SlotsPerSecond > best.SlotsPerSecond)
                    _ceilings[(precision, threads)] = found;
            }
    }

    private BenchRow WithShare(BenchRow row)
    {
        if (row.Tolerance is not null) return row;
        Precision precision = row.Precision == "single" ? Precision.Single : Precision.Double;
        if (BenchCase.Gpus.Any(g => g.Name == row.Implementation))
            return DeviceCatalog.All.First(d => d.Name == row.Implementation).Rates?.PairsPerSecond(precision, row.Dimension) is { } peak
                ? row with { LimitPairsPerSecond = peak, Share = row.PairsPerSecond / peak } : row;
        double limit = _ceilings[(precision, row.Threads)].PairsPerSecond(row.Dimension);
        return row with { LimitPairsPerSecond = limit, Share = row.PairsPerSecond / limit };
    }

    private void Measure(int dimension, int tokens, PeerSet? peers)
    {
        _stop.ThrowIfCancellationRequested();
        RaiseCeilings();
        _say($"bench: d = {dimension}, n = {tokens}");
        BenchProblem problem = new(dimension, tokens);
        RowSums into = new(tokens, dimension, RowColumns.Force);
        foreach (BenchCase one in BenchCase.All)
            foreach (int threads in one.IsSerial ? [1] : _threads) Measure(one, problem, threads, into);
        MeasureGpus(problem, into);
        Compare(problem, Precision.Single, BenchCase.Loose);
        Compare(problem, Precision.Double, BenchCase.Loose);
        Compare(problem, Precision.Double, BenchCase.Tight);
        if (peers is not null && tokens == _grid.Tokens(dimension).Where(n => (long)n * n * dimension <= _grid.PeerWork).Max())
            foreach (PeerResult result in peers.Measure(problem)) _rows.Add(Row(result, problem));
    }

    private void MeasureGpus(BenchProblem problem, RowSums into)
    {
        _stop.ThrowIfCancellationRequested();
        foreach (BenchCase one in BenchCase.Gpus)
        {
            try
            {
                Measure(one, problem, _threads[^1], into);
            }
            catch (DeviceUnavailableException error)
            {
                _notes.Add(error.Message);
            }
        }
    }

    private void Measure(BenchCase one, BenchProblem problem, int threads, RowSums into)
    {
        (int d, int n) = (problem.Problem.Dimension, problem.Problem.Keys);
        if (one.IsSerial && n > _grid.LargestReference) return;
        if (one.IsDirect && Expected(one, d, n, threads) is { } expected && expected > _budget.LongestCall)
        {
            _notes.Add($"{one.Name} {Name(one.Precision)}, d = {d}, n = {n}, threads {threads}: left out, a call would take about "
                + $"{expected:F1} s");
            return;
        }
        using IPairSums sums = one.Open(threads);
        Plan plan = sums.Plan(problem.Problem, RowColumns.Force);
        if (plan.WhyNot is not null) return;
        double seconds = Timing.Median(() => sums.Sum(plan, .., into, _stop), _budget, _stop);
        double bound = one.Tolerance ?? problem.RoundingBound(one.Precision);
        _rows.Add(new BenchRow(one.Name, Name(one.Precision), one.Tolerance, d, n, threads, seconds, (double)n * n / seconds,
            one.IsDirect ? null : seconds / n * 1e9, null, null, problem.Error(into), bound, null));
    }

    // From the largest n so far, by n^2.
    private double? Expected(BenchCase one, int d, int n, int threads) =>
        Find(one.Name, one.Precision, one.Tolerance, d, threads).LastOrDefault() is { } row ? (double)n * n / row.PairsPerSecond : null;

    private IEnumerable<BenchRow> Find(string name, Precision precision, double? tolerance, int d, int threads) => _rows.Where(r =>
        r.Implementation == name && r.Precision == Name(precision) && r.Tolerance == tolerance && r.Dimension == d && r.Threads == threads);

    private void Compare(BenchProblem problem, Precision precision, double tolerance)
    {
        (int d, int n) = (problem.Problem.Dimension, problem.Problem.Keys);
        if (Find("harmonic", Precision.Double, tolerance, d, 1).FirstOrDefault(r => r.Tokens == n) is not { } harmonic) return;
        if (Find("cpu", precision, null, d, 1).LastOrDefault() is not { } direct) return;
        bool estimate = direct.Tokens != n;
        double pairwise = estimate ? (double)n * n / direct.PairsPerSecond : direct.Seconds;
        using HarmonicSums harmonics = new(tolerance, 1);
        using SimdSums pairs = new(precision, 1);
        bool isHarmonic = harmonics.Plan(problem.Problem, RowColumns.Force).Cost < pairs.Plan(problem.Problem, RowColumns.Force).Cost;
        double fastest = Math.Min(pairwise, harmonic.Seconds);
        _choices.Add(new BenchChoice(d, n, Name(precision), tolerance, pairwise, estimate, harmonic.Seconds,
            Sums(harmonic.Seconds < pairwise), Sums(isHarmonic), (isHarmonic ? harmonic.Seconds : pairwise) / fastest));

        static string Sums(bool harmonic) => harmonic ? "harmonic" : "direct";
    }

    private BenchRow Row(PeerResult result, BenchProblem problem)
    {
        (int d, int n) = (problem.Problem.Dimension, problem.Problem.Keys);
        double rate = (double)n * n / result.Seconds;
        BenchRow? ours = Find("cpu", result.Precision, null, d, 1).FirstOrDefault(r => r.Tokens == n);
        return new BenchRow(result.Peer, Name(result.Precision), null, d, n, 1, result.Seconds, rate, null, null, null, result.Error, null,
            ours?.PairsPerSecond / rate);
    }

    /// <summary>This machine.</summary>
    public static BenchMachine Machine(int threads) => new(
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(), SimdSums.WidestVectorBits, Environment.ProcessorCount,
            threads,
        RuntimeInformation.FrameworkDescription, typeof(BenchRun).Assembly.GetName().Version!.ToString(3),
        DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
}
