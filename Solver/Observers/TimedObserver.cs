namespace AttentionFlow.Solver;

/// <summary>An observer of a list of times.</summary>
/// <param name="times">Rising.</param>
public abstract class TimedObserver(IReadOnlyList<double> times) : IObserver
{
    private double _last = double.NaN;

    /// <summary>How many times have been observed.</summary>
    protected int Seen { get; private set; }

    /// <inheritdoc/>
    public double NextTime => Seen < times.Count ? times[Seen] : double.PositiveInfinity;

    /// <inheritdoc/>
    public virtual bool NeedsDrift => true;

    /// <inheritdoc/>
    public void Observe(in Frame frame)
    {
        Record(frame);
        _last = frame.Time;
        Seen++;
    }

    /// <summary>The last time of a run that ends before the next time of the list.</summary>
    public void Ended(in Frame frame)
    {
        if (Seen < times.Count && frame.Time != _last) Observe(frame);
    }

    /// <summary>Records one time.</summary>
    protected abstract void Record(in Frame frame);
}
