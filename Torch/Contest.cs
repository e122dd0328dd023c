using AttentionFlow.Experiments.Benchmark;
using AttentionFlow.Kernels;
using AttentionFlow.Kernels.Cpu;
using TorchSharp;

namespace AttentionFlow.Torch;

/// <summary>
/// One size: all forces of a uniform cloud by <see cref="SimdSums"/>, in one call and in two of half the rows each, and F/Z by PyTorch's
/// scaled_dot_product_attention, in turn, by processor time of the process.
/// </summary>
internal sealed class Contest(int dimension, int tokens, Precision precision)
{
    private const double WarmUp = 0.2, Shortest = 0.02, Budget = 3;
    private const int FewestRounds = 5;
    private readonly BenchProblem _problem = new(dimension, tokens);

    /// <summary>The row of the table.</summary>
    public string[] Run()
    {
        using SimdSums sums = new(precision, 1);
        Plan plan = sums.Plan(_problem.Problem, RowColumns.Force);
        RowSums into = new(tokens, dimension, RowColumns.Force);
        using torch.Tensor x = Positions(), q = x * (BenchProblem.Beta * Math.Sqrt(dimension)); // SDPA divides by sqrt(d).
        torch.Tensor? attention = null;
        Action[] calls =
        [
            () => sums.Sum(plan, .., into, CancellationToken.None),
            () =>
            {
                sums.Sum(plan, ..(tokens / 2), into, CancellationToken.None);
                sums.Sum(plan, (tokens / 2).., into, CancellationToken.None);
            },
            () =>
            {
                attention?.Dispose();
                attention = torch.nn.functional.scaled_dot_product_attention(q, x, x);
            },
        ];
        foreach (Action call in calls)
            for (int burst = 0; burst < 4; burst++)
            {
                Seconds(call, WarmUp);
                Thread.Sleep(30); // The JIT compiles again what was called often.
            }
        Ceiling ceiling = Limit();
        List<double>[] seconds = [[], [], []];
        for (double total = 0; total < Budget || seconds[0].Count < FewestRounds; total = seconds.Sum(s => s.Sum()))
            for (int which = 0; which < calls.Length; which++) seconds[which].Add(Seconds(calls[which], Shortest));
        ceiling = Limit() is { } later && later.SlotsPerSecond > ceiling.SlotsPerSecond ? later : ceiling;
        double[] rates = [.. seconds.Select(s => (double)tokens * tokens / s.Order().ElementAt(s.Count / 2))];
        double error = _problem.Error(into), theirs = ErrorOf(attention!);
        attention!.Dispose();
        return
        [
            $"{dimension}", $"{tokens}", precision.ToString().ToLowerInvariant(), $"{rates[0] / 1e6:F0}",
            $"{rates[0] / ceiling.PairsPerSecond(dimension):F2}", $"{rates[1] / 1e6:F0}", $"{rates[2] / 1e6:F0}",
            $"{rates[0] / rates[2]:F2}", $"{rates[1] / rates[2]:F2}", $"{error:0.0e-0}", $"{theirs:0.0e-0}",
        ];
    }

    private Ceiling Limit() => Ceiling.Measure(precision, 1, TimeBudget.Usual, CancellationToken.None);

    // Of a call, over as many as take the time.
    private static double Seconds(Action call, double shortest)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        for (int made = 1; ; made++)
        {
            call();
            double passed = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
            if (passed >= shortest) return passed / made;
        }
    }

    private torch.Tensor Positions()
    {
        using torch.Tensor all = torch.tensor(_problem.Problem.Q, [1, 1, tokens, dimension]);
        return all.to(precision == Precision.Single ? torch.ScalarType.Float32 : torch.ScalarType.Float64, copy: true);
    }

    private double ErrorOf(torch.Tensor attention)
    {
        using torch.Tensor wide = attention.to(torch.ScalarType.Float64);
        double[] values = wide.data<double>().ToArray();
        return _problem.Sample.Max(row => _problem.RowError(row, double.NaN, values.AsSpan(row * dimension, dimension)));
    }
}
