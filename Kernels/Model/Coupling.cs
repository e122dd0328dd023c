namespace AttentionFlow.Kernels.Model;

/// <summary>The coupling b(s, t): a symmetric number per pair of labels. One record a file in this folder.</summary>
[Kinds("kind")]
public abstract record Coupling
{
    private protected Coupling() { }

    /// <summary>Name in an experiment file.</summary>
    public string Name => KindAttribute.NameOf(this);

    /// <summary>b(s, t).</summary>
    public abstract double Value(double s, double t);

    /// <summary>The smallest value b takes over all labels (a lower bound that is attained or approached). Softmax needs it to be >= 0.</summary>
    public abstract double Smallest { get; }

    /// <summary>A bound on |b| over all labels, at least 1: how much faster than e^beta a flow may get.</summary>
    public virtual double Largest => 1;

    /// <summary>How many numbers per query and per key <see cref="FillTables"/> writes.</summary>
    internal abstract (int Query, int Key) TableRows { get; }

    /// <summary>
    /// What pairs need of a token, so that no pair calls a transcendental function: as a query <paramref name="query"/>, as a key of this
    /// weight <paramref name="key"/>. The lane struct beside each coupling says what the numbers are.
    /// </summary>
    internal abstract void FillTables(double label, double weight, Span<double> query, Span<double> key);

    /// <summary>The labels in the form that <see cref="FillTables"/> takes.</summary>
    internal virtual double[] TableLabels(double[] labels) => labels;

    /// <summary>Calls the user with the pair struct in the file of this coupling.</summary>
    internal abstract TResult UsePair<TResult>(IPairCouplingUser<TResult> user);

    /// <summary>A bound on |log2 b| over these labels where b enters the exponent of a pair; 0 where it does not.</summary>
    internal virtual double ExponentBound(double[] labels) => 0;
}
