using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Kernels;

/// <summary>The sharing of rows between ranks, with threads in the place of processes.</summary>
public sealed class RankSumsTests
{
    private static readonly Interaction Plain = new(2), Causal = new(2) { Mask = Mask.Causal }, Toeplitz = new(9) { Coupling = new ToeplitzCoupling(0.6, 0.3) };

    // More than one block of harmonic moments; an outlier, whose row is raised; clouds of which one has cells and one has not.
    private static readonly (string Name, PairProblem Problem, RowColumns Columns, Func<Team?, IPairSums> Open)[] Sums =
    [
        ("direct", Problems.Self(1, 2, 101, 3, Plain), Problems.AllColumns(Problems.Self(1, 1, 4, 3, Plain)), _ => new SimdSums(Precision.Single, 1)),
        ("causal", Problems.Self(2, 2, 64, 4, Causal), RowColumns.Force, _ => new SimdSums(Precision.Double, 1)),
        ("general", Problems.General(3, 2, 30, 40, 3, Plain), RowColumns.Force | RowColumns.Squares, _ => new SimdSums(Precision.Double, 1)),
        ("hardmax", Problems.Self(4, 1, 50, 3, Plain), RowColumns.Force, _ => new HardmaxSums(1)),
        ("harmonic", HarmonicClouds.Problem("outlier", 5, 9000, 3, new Interaction(9), decades: false), RowColumns.Force, team => new HarmonicSums(1e-3, 1, team: team)),
        ("toeplitz", HarmonicClouds.Problem("uniform", 6, 9000, 2, Toeplitz, decades: true), RowColumns.Force | RowColumns.Radial | RowColumns.Squares, team => new FastSums(Summation.Fast, 1e-8, Precision.Double, 1, team)),
        ("replicas", Problems.Self(7, 3, 1000, 3, new Interaction(4), evenWeights: true), RowColumns.Force, team => new FastSums(Summation.Auto, 1e-8, Precision.Double, 1, team)),
        ("symmetric", Problems.Self(9, 1, 609, 3, Plain, evenWeights: true), RowColumns.Force | RowColumns.Largest, _ => new SimdSums(Precision.Double, 1)),
        ("coalesced", Clusters(8), RowColumns.Force | RowColumns.Deficit, team => new FastSums(Summation.Auto, 1e-6, Precision.Double, 1, team)),
    ];

    [Test]
    public void AllRanksHaveTheBitsAndTheStatisticsOfOne([Values(1, 2, 3, 4, 7)] int ranks, [Range(0, 8)] int which)
    {
        (string name, PairProblem problem, RowColumns columns, Func<Team?, IPairSums> open) = Sums[which];
        using IPairSums one = open(null);
        RowSums expected = Problems.Sum(one, problem, columns);
        double[] counted = Counted(one);
        foreach ((RowSums rows, double[] numbers) in OnThreads(ranks, team =>
        {
            using RankSums sums = new(name, team, open(team));
            return (Problems.Sum(sums, problem, columns), Counted(sums));
        }))
        {
            foreach ((double[] actual, double[] wanted) in rows.Arrays.Zip(expected.Arrays)) Assert.That(actual, Is.EqualTo(wanted), name);
            Assert.That(numbers, Is.EqualTo(counted), name);
        }
    }

    [Test]
    public void PartsHaveTheBitsOfTheWhole()
    {
        PairProblem problem = Problems.Self(1, 2, 101, 3, Plain);
        using SimdSums one = new(Precision.Double, 1);
        double[] expected = Problems.Sum(one, problem, RowColumns.None).Z;
        // Of fewer rows than ranks each rank sums all.
        foreach (Range range in (Range[])[20..150, 50..52])
            foreach (RowSums rows in OnThreads(3, team =>
            {
                using RankSums sums = new("ranks", team, new SimdSums(Precision.Double, 1));
                RowSums into = new(problem.Rows, 3, RowColumns.None);
                sums.Sum(sums.Plan(problem, into.Columns), range, into, CancellationToken.None);
                return into;
            }))
                Assert.That(rows.Z, Is.EqualTo(expected.Select((z, row) => row >= range.Start.Value && row < range.End.Value ? z : 0)));
    }

    [Test]
    public void SharesHaveEqualPairsAndNoneIsEmpty([Values] Mask mask, [Values(1, 2, 5, 37)] int parts)
    {
        PairProblem problem = Problems.Self(1, 2, 37, 3, new Interaction(1) { Mask = mask });
        int first = 10, count = problem.Rows - 15;
        int[] starts = RankSums.Shares(problem, first, count, parts);
        Assert.That((starts.Length, starts[0], starts[^1]), Is.EqualTo((parts + 1, first, first + count)));
        double[] pairs = [.. starts.Zip(starts.Skip(1), (from, to) => Enumerable.Range(from, to - from).Sum(row => (double)Keys(row)))];
        Assert.That(starts.Zip(starts.Skip(1), (from, to) => to - from), Is.All.GreaterThan(0));
        // A row more or less, at either end.
        if (parts < 37) Assert.That(pairs, Is.All.EqualTo(pairs.Sum() / parts).Within(2.0 * problem.Keys));
        int Keys(int row) => problem.KeysOf(row % problem.Queries) is var (from, to) ? to - from : 0;
    }

    [Test]
    public void OneRankThatStopsStopsAllAtTheSameSum()
    {
        PairProblem problem = Problems.Self(1, 1, 100, 3, Plain);
        using CancellationTokenSource stop = new();
        int[] sums = OnThreads(3, team =>
        {
            using RankSums shared = new("ranks", team, new SimdSums(Precision.Double, 1));
            Plan plan = shared.Plan(problem, RowColumns.None);
            RowSums into = new(100, 3, RowColumns.None);
            for (int done = 0; ; done++)
                try
                {
                    if (team.Rank == 1 && done == 2) stop.Cancel();
                    shared.Sum(plan, .., into, team.Rank == 1 ? stop.Token : CancellationToken.None);
                }
                catch (OperationCanceledException)
                {
                    return done;
                }
        });
        Assert.That(sums, Is.EqualTo((int[])[2, 2, 2]));
    }

    // In moments, which are a call of their own within the sum.
    [Test]
    public void OneRankThatStopsInMomentsStopsAll()
    {
        (_, PairProblem problem, RowColumns columns, Func<Team?, IPairSums> open) = Sums[4];
        Assert.That(OnThreads(2, team =>
        {
            using RankSums shared = new("ranks", team, open(team));
            try
            {
                shared.Sum(shared.Plan(problem, columns), .., new RowSums(problem.Rows, 3, columns), new CancellationToken(team.Rank == 1));
                return "done";
            }
            catch (OperationCanceledException)
            {
                return "stopped";
            }
        }), Is.All.EqualTo("stopped"));
    }

    [Test]
    public void OneRankThatFailsFailsAllWithItsReason()
    {
        PairProblem problem = Problems.Self(1, 1, 100, 3, Plain);
        string[] reasons = OnThreads(3, team =>
        {
            using RankSums shared = new("ranks", team, team.Rank == 1 ? new Broken() : new SimdSums(Precision.Double, 1));
            return Assert.Throws<DeviceFailedException>(() => Problems.Sum(shared, problem, RowColumns.None))!.Message + (team.HasFailed ? "" : "?");
        });
        Assert.That(reasons, Is.All.EqualTo($"rank 1 on {Environment.MachineName}: the fan stands still"));
    }

    [Test]
    public void OtherTokensAreFound([Values(0, 1, 2)] int other)
    {
        string[] reasons = OnThreads(3, team =>
        {
            PairProblem problem = Problems.Self(1, 1, 101, 3, Plain);
            // The last bit of one number.
            if (team.Rank == other) problem.Q[150] = Math.BitIncrement(problem.Q[150]);
            using RankSums shared = new("ranks", team, new SimdSums(Precision.Double, 1));
            return Assert.Throws<DeviceFailedException>(() => Problems.Sum(shared, problem, RowColumns.None))!.Message;
        });
        Assert.That(reasons, Is.All.StartsWith($"rank {(other == 0 ? 1 : other)} has other tokens, or another experiment, than rank 0; "));
    }

    // In a sum, or in the moments within it.
    [Test]
    public void ARankThatEndsIsNotWaitedFor([Values(0, 4)] int which)
    {
        (_, PairProblem problem, RowColumns columns, Func<Team?, IPairSums> open) = Sums[which];
        Assert.That(OnThreads(3, team =>
        {
            if (team.Rank == 1) return team.Leave(70);
            using RankSums shared = new("ranks", team, open(team));
            Assert.That(() => Problems.Sum(shared, problem, columns), Throws.TypeOf<OperationCanceledException>());
            Assert.That(() => Problems.Sum(shared, problem, columns), Throws.TypeOf<OperationCanceledException>());
            return team.Leave(75);
        }), Is.All.EqualTo(70));
    }

    [Test]
    public void AllEndWithTheCodeOfTheFirst() => Assert.That(OnThreads(3, team => team.Leave(team.Rank)), Is.All.Zero);

    [Test]
    public void AllGetWhatTheFirstMakes([Values(0, 1, 1000)] int count) => Assert.That(OnThreads(3, team =>
    {
        using RankSums shared = new("ranks", team, new SimdSums(Precision.Double, 1));
        return shared.FromFirst(() => team.Rank == 0 ? [.. Enumerable.Range(7, count).Select(k => (double)k)] : throw new InvalidOperationException());
    }), Is.All.EqualTo(Enumerable.Range(7, count).Select(k => (double)k)));

    [Test]
    public void AProcessOfNoLauncherHasNoRanks()
    {
        Assert.That(Mpi.WhyNot, Does.StartWith("this process was not started by an MPI launcher; "));
        Assert.That(() => DeviceCatalog.Open("mpi", Precision.Double, 1), Throws.TypeOf<DeviceUnavailableException>());
    }

    // UCX, a library below MPI, would end the process.
    [TestCase("Open MPI"), TestCase("MPICH")]
    public void MpiLeavesTheSignalsOfTheRuntimeAlone(string library)
    {
        using Process process = MpiLauncher.Start(library, 2, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", typeof(RankSumsTests).Assembly.Location, "ranks");
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That((process.ExitCode, output.Split("found by one of 2").Length - 1), Is.EqualTo((0, 2)), error.Result);
    }

    // Two replicas: two points, 300 tokens each, and uniform tokens.
    private static PairProblem Clusters(int seed)
    {
        double[] x = Problems.Sphere(new Random(seed), 1200, 5);
        for (int i = 2; i < 600; i++) x.AsSpan(i % 2 * 5, 5).CopyTo(x.AsSpan(i * 5));
        double[] weights = [.. Enumerable.Repeat(1.0 / 600, 1200)];
        return PairProblem.Self(2, 600, 5, new Interaction(3), x, weights, new double[1200]);
    }

    private static double[] Counted(IPairSums sums) => sums.Statistics.Numbers;

    private static T[] OnThreads<T>(int ranks, Func<Team, T> program)
    {
        T[] results = new T[ranks];
        Exception?[] failures = new Exception?[ranks];
        using Barrier barrier = new(ranks);
        double[][] shown = new double[ranks][];
        Thread[] threads = [.. Enumerable.Range(0, ranks).Select(rank => new Thread(() =>
        {
            try { results[rank] = program(new Team(new ThreadRank(rank, shown, barrier))); }
            catch (Exception failure) { failures[rank] = failure; }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) Assert.That(thread.Join(TimeSpan.FromSeconds(60)), "a rank waits for another that has left");
        Assert.That(failures, Is.All.Null);
        return results;
    }

    private sealed class ThreadRank(int rank, double[][] shown, Barrier barrier) : ICommunicator
    {
        public int Rank => rank;
        public int Size => shown.Length;

        public void AllGather(double[] numbers, ReadOnlySpan<int> starts)
        {
            // Only its own part: the rest is for the others to give.
            double[] own = shown[rank] = new double[numbers.Length];
            numbers.AsSpan(starts[rank]..starts[rank + 1]).CopyTo(own.AsSpan(starts[rank]));
            Assert.That(barrier.SignalAndWait(TimeSpan.FromSeconds(30)), "a rank waits for another that has left");
            for (int other = 0; other < shown.Length; other++)
                shown[other].AsSpan(starts[other]..starts[other + 1]).CopyTo(numbers.AsSpan(starts[other]));
            Assert.That(barrier.SignalAndWait(TimeSpan.FromSeconds(30)), "a rank waits for another that has left");
        }
    }

    private sealed class Broken : IPairSums
    {
        public string Name => "broken";
        public SumStatistics Statistics { get; } = new();
        public Plan Plan(PairProblem problem, RowColumns columns) => new(problem, columns);
        public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop) => throw new InvalidOperationException("the fan stands still");
        public void Dispose() { }
    }
}
