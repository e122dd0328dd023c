using System.Runtime.ExceptionServices;

namespace AttentionFlow.Kernels.Devices;

/// <summary>
/// Shares the rows of a sum out to several devices of the same kind, in equal parts, at the same time. A row's sum does not depend on the
/// rows beside it, so the result is that of one device.
/// </summary>
internal sealed class SplitSums : IPairSums
{
    private readonly IPairSums[] _parts;

    private SplitSums(string name, IPairSums[] parts) => (Name, _parts) = (name, parts);

    /// <summary>Opens every part; when one cannot be opened, those before it are closed.</summary>
    /// <param name="name">Of the whole.</param>
    /// <param name="parts">Names of the parts.</param>
    /// <param name="open">Opens a part.</param>
    public static SplitSums Open(string name, IReadOnlyList<string> parts, Func<string, IPairSums> open)
    {
        List<IPairSums> opened = [];
        try
        {
            foreach (string part in parts) opened.Add(open(part));
            return new SplitSums(name, [.. opened]);
        }
        catch
        {
            foreach (IPairSums part in opened) part.Dispose();
            throw;
        }
    }

    public string Name { get; }

    public SumStatistics Statistics { get; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns)
    {
        Plan[] parts = [.. _parts.Select(p => p.Plan(problem, columns))];
        return new Plan(problem, columns, parts.Select(p => p.WhyNot).FirstOrDefault(why => why is not null))
        {
            Method = parts[0].Method, IsTangential = parts[0].IsTangential, RelativeError = parts.Max(p => p.RelativeError), Tables = parts,
        };
    }

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        (int first, int count) = plan.Begin(rows, into, stop);
        Plan[] parts = (Plan[])plan.Tables!;
        // A thread each, not of the pool: it waits for its device.
        Exception?[] failures = new Exception?[_parts.Length];
        Thread[] threads =
        [
            .. Enumerable.Range(0, _parts.Length)
                .Select(k => new Thread(() => failures[k] = Try(() => _parts[k].Sum(parts[k], Share(k), into, stop)))),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if (failures.FirstOrDefault(f => f is not null) is { } failure) ExceptionDispatchInfo.Throw(failure);
        Statistics.Count(plan.Method, plan.RelativeError);

        Range Share(int k) => (first + (int)((long)count * k / _parts.Length))..(first + (int)((long)count * (k + 1) / _parts.Length));
    }

    public void Dispose()
    {
        foreach (IPairSums part in _parts) part.Dispose();
    }

    private static Exception? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }
}
