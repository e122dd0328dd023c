namespace AttentionFlow.Solver;

/// <summary>An observer of a list of times.</summary>
/// <param name="times">Rising.</param>
public abstract class TimedObserver(IReadOnlyList<double> times) : IObserver
{
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
        Seen++;
    }

    /// <summary>Records one time.</summary>
    protected abstract void Record(in Frame frame);
}
