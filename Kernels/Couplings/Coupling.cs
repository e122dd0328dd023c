namespace AttentionFlow.Kernels;

/// <summary>The coupling b(s, t): a symmetric number per pair of labels. One record a file in this folder.</summary>
public abstract record Coupling
{
    private protected Coupling() { }

    /// <summary>Name in an experiment file.</summary>
    public abstract string Name { get; }

    /// <summary>b(s, t).</summary>
    public abstract double Value(double s, double t);

    /// <summary>The smallest value b takes over all labels (a lower bound that is attained or approached). Softmax needs it to be >= 0.</summary>
    public abstract double Smallest { get; }
}
