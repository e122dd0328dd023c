using System.Diagnostics;
using AttentionFlow.Kernels;
using AttentionFlow.Solver;
using AttentionFlow.Tests.Solver;
using NUnit.Framework;

namespace AttentionFlow.Tests.Kernels;

/// <summary>The table of docs/performance.md; takes some minutes, so it runs only when it is named.</summary>
public sealed class CoalescedGain
{
    [Test, Explicit("a measurement")]
    public void Measure()
    {
        const int n = 16384, d = 8;
        Interaction interaction = new(9) { Normalization = Normalization.Softmax };
        Cloud cloud = Clouds.Uniform(1, n, d);
        using FastSums sums = new(Summation.Auto, 1e-10, Precision.Double, Environment.ProcessorCount);
        Flow flow = new(interaction, new IdentityGauge(), cloud, sums, Environment.ProcessorCount);
        using SimdSums direct = new(Precision.Double, 1);
        TestContext.Progress.WriteLine("t, tolerance, cells, direct ms, coalesced ms, gain, error of Z, error of the force");
        double last = 0;
        foreach (double t in (double[])[5, 10, 20])
        {
            new Simulation(flow, Methods.RungeKutta4, 0.25, t - last).Run(cloud, []);
            last = t;
            PairProblem problem = PairProblem.Self(1, n, d, interaction, cloud.Positions, cloud.Weights, cloud.Labels);
            foreach (double tolerance in (double[])[1e-3, 1e-10])
            {
                using CoalescedSums coalesced = new(tolerance, Precision.Double, 1);
                (RowSums expected, double slow) = Time(direct, problem);
                (RowSums actual, double fast) = Time(coalesced, problem);
                double error = Enumerable.Range(0, n).Max(i => Math.Abs(actual.Z[i] / expected.Z[i] - 1));
                double[] force = HarmonicClouds.Tangential(problem, expected.Force), other = HarmonicClouds.Tangential(problem, actual.Force);
                double ofForce = Enumerable.Range(0, n).Max(i => Math.Sqrt(Enumerable.Range(i * d, d).Sum(c => Math.Pow(other[c] - force[c], 2))) / expected.Z[i]);
                TestContext.Progress.WriteLine(FormattableString.Invariant($"{t}, {tolerance:G2}, {coalesced.Cells}, {slow:F1}, {fast:F2}, {slow / fast:F1}, {error:G2}, {ofForce:G2}"));
            }
        }
    }

    private static (RowSums, double) Time(IPairSums sums, PairProblem problem)
    {
        RowSums into = Problems.Sum(sums, problem, Columns.Force);
        double best = double.PositiveInfinity;
        for (int i = 0; i < 5; i++)
        {
            long start = Stopwatch.GetTimestamp();
            sums.Sum(problem, .., into, CancellationToken.None);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return (into, best);
    }
}
