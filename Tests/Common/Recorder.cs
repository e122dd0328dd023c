namespace AttentionFlow.Tests.Solver;

/// <summary>Keeps what a run shows at its times, and its mergers.</summary>
internal sealed class Recorder(params double[] times) : TimedObserver(times), IObserver
{
    public bool Needs { get; init; }
    public double Last { get; } = times[^1];
    public List<double> Times { get; } = [];
    public List<long> Steps { get; } = [];
    public List<double[]> States { get; } = [];
    public List<double[]> Drifts { get; } = [];
    public List<Merger> Mergers { get; } = [];
    public override bool NeedsDrift => Needs;
    void IObserver.Merged(in Merger merger) => Mergers.Add(merger);

    protected override void Record(in Frame frame)
    {
        Times.Add(frame.Time);
        Steps.Add(frame.Step);
        States.Add([.. frame.Positions]);
        Drifts.Add([.. frame.Drift]);
    }
}
