using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Runs;

/// <summary>Shows how far the work has come; work is counted in ordered pairs.</summary>
public interface IProgressDisplay
{
    /// <summary>A piece of work begins.</summary>
    void Begin(string name);

    /// <summary>
    /// So many pairs more are done; <paramref name="detail"/> says where the run stands. Pairs that are not summed one by one,
    /// <paramref name="direct"/> = false, make no rate.
    /// </summary>
    void Advance(double pairs, string detail, bool direct = true);

    /// <summary>So many pairs more than thought, or fewer, are to be done in all.</summary>
    void Expect(double pairs) { }
}

/// <summary>Tells a display about the steps of a run.</summary>
public sealed class ProgressObserver(IProgressDisplay display, Experiment experiment, IPairSums sums) : IObserver
{
    private readonly double _pairs = RunWork.PairsPerEvaluation(experiment);
    private readonly double[] _times = experiment.Times.Observations;
    private double _expected = RunWork.Pairs(experiment);
    private double _seen;
    private double _before;
    private int _reached;

    /// <inheritdoc/>
    public double NextTime => experiment.Time.Step is null && _reached < _times.Length ? _times[_reached] : double.PositiveInfinity;

    /// <inheritdoc/>
    public bool NeedsDrift => false;

    /// <inheritdoc/>
    public void Observe(in Frame frame) => (_reached, _before) = (_reached + 1, frame.Time);

    /// <inheritdoc/>
    public void Stepped(in Step step)
    {
        if (step.Replica > 0) return;
        if (experiment.Time.Step is null) Expect(step);
        display.Advance((step.Flow.Evaluations - _seen) * _pairs,
            FormattableString.Invariant($"t = {step.Time:G4} of {experiment.Time.Horizon:G4}"), sums.Statistics.IsDirect);
        _seen = step.Flow.Evaluations;
    }

    /// <inheritdoc/>
    public void Keep(Archive archive)
    {
        archive.Number("seen", ref _seen);
        archive.Number("before", ref _before);
        archive.Whole("reached", ref _reached);
        if (archive.IsReading) display.Expect(-_seen * _pairs);
    }

    // Adaptive steps: the share of the recording times that are behind, and of the way to the next one, is the share of the work.
    private void Expect(in Step step)
    {
        double next = _reached < _times.Length ? _times[_reached] : experiment.Time.Horizon;
        double way = next > _before ? Math.Clamp((step.Time - _before) / (next - _before), 0, 1) : 0;
        double share = Math.Max(1e-6, (Math.Max(0, _reached - 1) + way) / (_times.Length - 1));
        double expected = step.Flow.Evaluations * _pairs / share;
        display.Expect(expected - _expected);
        _expected = expected;
    }
}
