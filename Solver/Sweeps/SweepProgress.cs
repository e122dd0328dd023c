using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Sweeps;

/// <summary>Joins the progress of points side by side into one.</summary>
internal sealed class SweepProgress(IProgressDisplay display, int points)
{
    private readonly Lock _lock = new();
    private int _ended;

    /// <summary>So many pairs are done, or more expected.</summary>
    public void Tell(double pairs, double expected, bool direct)
    {
        using Lock.Scope scope = _lock.EnterScope();
        if (expected != 0) display.Expect(expected);
        if (pairs != 0) display.Advance(pairs, $"{_ended} of {points} points", direct);
    }

    /// <summary>A point has ended.</summary>
    public void End(double missing)
    {
        using Lock.Scope scope = _lock.EnterScope();
        _ended++;
        display.Expect(-missing);
        display.Advance(0, $"{_ended} of {points} points");
    }
}

/// <summary>The progress of one point after the other.</summary>
internal sealed class PointProgress(SweepProgress all) : IProgressDisplay
{
    private double _missing;

    public void Begin(string name) { }

    /// <summary>A point begins, whose pairs are among those expected.</summary>
    public void Start(Experiment experiment) => _missing = RunWork.Pairs(experiment);

    public void Advance(double pairs, string detail, bool direct)
    {
        _missing -= pairs;
        all.Tell(pairs, 0, direct);
    }

    public void Expect(double pairs)
    {
        _missing += pairs;
        all.Tell(0, pairs, true);
    }

    /// <summary>The point has ended; what it has not done is expected no more.</summary>
    public void End() => all.End(_missing);
}
