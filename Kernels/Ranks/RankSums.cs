using System.Runtime.InteropServices;

namespace AttentionFlow.Kernels.Ranks;

/// <summary>
/// Shares the rows of a sum out to ranks that all have the same tokens, a consecutive part with an equal share of the pairs to each, and
/// gives every rank all results. A row's sum does not depend on the rows beside it, so the result is that of one device.
/// </summary>
/// <param name="name">Of the whole.</param>
/// <param name="team">The ranks; all make the same calls in the same order.</param>
/// <param name="inner">What sums on this rank; disposed with this.</param>
internal sealed class RankSums(string name, Team team, IPairSums inner) : IPairSums
{
    public string Name => name;

    public int Rank => team.Rank;

    public SumStatistics Statistics { get; } = new();

    /// <summary>Other sums, shared by the same ranks.</summary>
    public RankSums With(IPairSums other) => new(name, team, other);

    public Plan Plan(PairProblem problem, RowColumns columns)
    {
        Plan own = inner.Plan(problem, columns);
        return new Plan(problem, columns, own.WhyNot)
        {
            Method = own.Method, IsTangential = own.IsTangential, RelativeError = own.RelativeError, Cost = own.Cost, Advice = own.Advice,
            Tables = own,
        };
    }

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        // A rank that is to stop says so to the others first.
        (int first, int count) = plan.Begin(rows, into, CancellationToken.None);
        // So few are not worth it.
        int[] starts = count < team.Size ? [] : Shares(plan.Problem, first, count, team.Size);
        Range own = starts.Length == 0 ? first..(first + count) : starts[team.Rank]..starts[team.Rank + 1];
        double[] counted = new double[Statistics.Numbers.Length];
        double[] all = team.Together(() =>
        {
            inner.Sum((Plan)plan.Tables!, own, into, stop);
            inner.Statistics.Numbers.CopyTo(counted, 0);
            inner.Statistics.Numbers = new double[counted.Length];
        }, Check(plan, first, count), counted);
        Statistics.Add(starts.Length == 0 ? counted : all);
        if (starts.Length == 0) return;
        foreach (double[] column in into.Arrays.Where(column => column.Length > 0))
        {
            int width = column.Length / into.Z.Length;
            team.AllGather(column, (int[])[.. starts.Select(start => start * width)]);
        }
    }

    public double[] FromFirst(Func<double[]> make, ulong same = 0)
    {
        double[] numbers = [];
        double[] told = [0];
        int length = (int)team.Together(() =>
        {
            if (team.Rank == 0) numbers = make();
            told[0] = numbers.Length;
        }, check: (1UL << 61) ^ same, told)[0];
        if (team.Rank > 0) numbers = new double[length];
        team.AllGather(numbers, [0, .. Enumerable.Repeat(length, team.Size)]);
        return numbers;
    }

    public void Dispose() => inner.Dispose();

    /// <summary>
    /// Rows cut into consecutive parts, none empty, with nearly the same number of pairs under the mask each: part k is from entry k to
    /// before entry k + 1.
    /// </summary>
    internal static int[] Shares(PairProblem problem, int first, int count, int parts)
    {
        if (problem.Interaction.Mask == Mask.None)
            return [.. Enumerable.Range(0, parts + 1).Select(k => first + (int)((long)count * k / parts))];
        int[] starts = new int[parts + 1];
        (starts[0], starts[parts]) = (first, first + count);
        double total = 0, passed = 0;
        for (int row = first; row < first + count; row++) total += Keys(row);
        for (int k = 1, row = first; k < parts; k++)
        {
            for (; passed < total * k / parts; row++) passed += Keys(row);
            starts[k] = Math.Clamp(row, starts[k - 1] + 1, first + count - (parts - k));
        }
        return starts;

        int Keys(int row)
        {
            (int from, int to) = problem.KeysOf(row % problem.Queries);
            return to - from;
        }
    }

    // Of what the ranks must have in common: the tokens, bit by bit, and what is asked for.
    private static ulong Check(Plan plan, int first, int count)
    {
        PairProblem problem = plan.Problem;
        ulong hash = Hash([first, count, (double)plan.Columns, problem.Rows, problem.Keys, problem.Dimension], 0);
        hash = Hash(problem.Q, hash);
        if (!ReferenceEquals(problem.K, problem.Q)) hash = Hash(problem.K, hash);
        return ReferenceEquals(problem.V, problem.K) ? hash : Hash(problem.V, hash);
    }

    // Four lanes, so that multiplications overlap.
    private static ulong Hash(ReadOnlySpan<double> numbers, ulong seed)
    {
        const ulong factor = 0x9E3779B97F4A7C15;
        ReadOnlySpan<ulong> bits = MemoryMarshal.Cast<double, ulong>(numbers);
        ulong a = seed ^ (ulong)bits.Length, b = a + 1, c = a + 2, d = a + 3;
        int i = 0;
        for (; i + 4 <= bits.Length; i += 4)
        {
            a = Mix(a, bits[i]);
            b = Mix(b, bits[i + 1]);
            c = Mix(c, bits[i + 2]);
            d = Mix(d, bits[i + 3]);
        }
        for (; i < bits.Length; i++) a = Mix(a, bits[i]);
        return Mix(Mix(Mix(a, b), c), d);

        static ulong Mix(ulong hash, ulong value) => (System.Numerics.BitOperations.RotateLeft(hash, 29) ^ value) * factor;
    }
}
