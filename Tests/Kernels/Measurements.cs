using AttentionFlow.Kernels;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Fast;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Model;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Tests.Solver;
using NUnit.Framework;

namespace AttentionFlow.Tests.Kernels;

/// <summary>Tables of docs/performance.md; they take some minutes, so they run only when they are named.</summary>
public sealed class Measurements
{
    [Test, Explicit("a measurement")]
    public void RatesOfForms()
    {
        const int n = 4096;
        TestContext.Progress.WriteLine("precision, d, self form G/s; relative to it: causal (pairs seen), general, general with origin, all columns");
        foreach (Precision precision in Enum.GetValues<Precision>())
            foreach (int d in (int[])[3, 8, 64])
            {
                Interaction interaction = new(9), causal = interaction with { Mask = Mask.Causal };
                PairProblem self = Problems.Self(1, 1, n, d, interaction, evenWeights: true);
                PairProblem[] problems =
                [
                    self, PairProblem.Self(1, n, d, causal, self.Q, self.Weights, self.KeyLabels), General(null), General(self.Q), self,
                ];
                using SimdSums sums = new(precision, 1);
                double[] rates = [.. problems.Select((p, i) => (i == 1 ? (n + 1) / 2.0 * n : p.Pairs) / Time(sums, p, i == 4 ? Problems.AllColumns(p) : RowColumns.Force).Milliseconds / 1e6)];
                TestContext.Progress.WriteLine(FormattableString.Invariant($"{precision}, {d}, {rates[0]:F2}; {string.Join(", ", rates[1..].Select(r => FormattableString.Invariant($"{r / rates[0]:F2}")))}"));

                PairProblem General(double[]? origin) =>
                    PairProblem.General(1, n, n, d, interaction, self.Q, self.Q, self.Q, origin, self.Weights, self.KeyLabels, self.KeyLabels);
            }
    }

    [Test, Explicit("a measurement")]
    public void GainOfCells()
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
                (RowSums expected, double slow) = Time(direct, problem, RowColumns.Force);
                (RowSums actual, double fast) = Time(coalesced, problem, RowColumns.Force);
                double error = Enumerable.Range(0, n).Max(i => Math.Abs(actual.Z[i] / expected.Z[i] - 1));
                double[] force = HarmonicClouds.Tangential(problem, expected.Force), other = HarmonicClouds.Tangential(problem, actual.Force);
                double ofForce = Enumerable.Range(0, n).Max(i => Math.Sqrt(Enumerable.Range(i * d, d).Sum(c => Math.Pow(other[c] - force[c], 2))) / expected.Z[i]);
                TestContext.Progress.WriteLine(FormattableString.Invariant($"{t}, {tolerance:G2}, {coalesced.Statistics.Cells}, {slow:F1}, {fast:F2}, {slow / fast:F1}, {error:G2}, {ofForce:G2}"));
            }
        }
    }

    private static (RowSums Sums, double Milliseconds) Time(IPairSums sums, PairProblem problem, RowColumns columns)
    {
        RowSums into = Problems.Sum(sums, problem, columns);
        Plan plan = sums.Plan(problem, columns);
        double best = double.PositiveInfinity;
        // Processor time of the process: on a shared machine nearer to what the work takes than the clock.
        for (int i = 0; i < 7; i++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            sums.Sum(plan, .., into, CancellationToken.None);
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - start).TotalMilliseconds);
        }
        return (into, best);
    }
}
