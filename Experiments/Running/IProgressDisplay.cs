using AttentionFlow.Experiments.Configuration;
using AttentionFlow.Solver;

namespace AttentionFlow.Experiments;

/// <summary>Shows how far the work has come; work is counted in ordered pairs.</summary>
public interface IProgressDisplay
{
    /// <summary>A piece of work begins.</summary>
    void Begin(string name);

    /// <summary>So many pairs more are done; <paramref name="detail"/> says where the run stands.</summary>
    void Advance(double pairs, string detail);
}

/// <summary>Tells a display about the steps of a run.</summary>
public sealed class ProgressObserver(IProgressDisplay display, Experiment experiment) : IObserver
{
    private readonly double _pairs = ExperimentRun.PairsPerEvaluation(experiment);
    private long _seen;

    /// <inheritdoc/>
    public double NextTime => double.NegativeInfinity;

    /// <inheritdoc/>
    public void Observe(in Frame frame)
    {
        display.Advance((frame.Flow.Evaluations - _seen) * _pairs, FormattableString.Invariant($"t = {frame.Time:G4} of {experiment.Time.Horizon:G4}"));
        _seen = frame.Flow.Evaluations;
    }
}
