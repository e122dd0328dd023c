using AttentionFlow.Kernels.Devices;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Encoders.Studies;

/// <summary>The flow of this project, softmax with the exponential profile and no gauge, from the embeddings of texts.</summary>
internal static class FlowMeasurement
{
    private const double Interval = 0.1, Tolerance = 1e-6;

    /// <summary>Follows the texts to the horizon, and appends their mean cosine and energy.</summary>
    /// <param name="model">Number of the model.</param>
    /// <param name="beta">Inverse temperature.</param>
    /// <param name="starts">Unit vectors of each text, [n, d].</param>
    /// <param name="d">d.</param>
    public static void Run(
        StudyTables tables, int model, double beta, IReadOnlyList<double[]> starts, int d, double horizon, int threads,
        CancellationToken stop)
    {
        int n = starts[0].Length / d;
        Cloud cloud = new(starts.Count, n, d, [.. starts.SelectMany(x => x)]);
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads);
        Flow flow = new(new Interaction(beta) { Normalization = Normalization.Softmax }, new IdentityGauge(), cloud, sums, threads);
        RunResult result = new Simulation(flow, Methods.Tsit5, new AdaptiveStep(Tolerance), horizon, threads)
            .Run(cloud, [new Record(tables.Flow, model)], stop);
        stop.ThrowIfCancellationRequested();
        if (result.Status != RunStatus.Complete) throw new InvalidOperationException($"the flow ended early: {result.Advice}");
    }

    private sealed class Record(CsvTable table, int model) : IObserver
    {
        private int _seen;

        public double NextTime => _seen * Interval;

        public void Observe(in Frame frame)
        {
            _seen++;
            Flow flow = frame.Flow;
            for (int r = 0; r < flow.Replicas; r++)
            {
                double variance = Mean.Variance(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, flow.Dimension);
                table.Append([model, r, frame.Time, 1 - variance * flow.Tokens / (flow.Tokens - 1), flow.EnergyRatio(r)]);
            }
        }
    }
}
