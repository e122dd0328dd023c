namespace AttentionFlow.Kernels.Model;

/// <summary>
/// The coupling b(s, t): a symmetric number per pair of labels. A coupling is one file of this folder: the record, which says what is known
/// of b, and beside it its <see cref="ICouplingMath{V, N}"/>. Nothing else in the product asks which coupling it has.
/// </summary>
[Kinds("kind")]
public abstract record Coupling
{
    private protected Coupling() { }

    /// <summary>Name in an experiment file.</summary>
    public string Name => KindAttribute.NameOf(this);

    /// <summary>b(s, t).</summary>
    public abstract double Value(double s, double t);

    /// <summary>
    /// The smallest value b takes over all labels (a lower bound that is attained or approached). Softmax needs it to be >= 0.
    /// </summary>
    public abstract double Smallest { get; }

    /// <summary>A bound on |b| over all labels, at least 1: how much faster than e^beta a flow may get.</summary>
    public virtual double Largest => 1;

    /// <summary>True when b = 1 whatever the labels.</summary>
    public virtual bool IsOne => false;

    /// <summary>
    /// True when b(s, t) depends on whether s = t alone: then tokens of one label that lie together may be summed as one.
    /// </summary>
    public virtual bool IsConstantOnLabels => IsOne;

    /// <summary>
    /// The a_m of b(s, t) = sum_m a_m cos 2 pi m (t - s), m = 0, 1, ..., a sum of 2 m + 1 products of functions of one label, where b is
    /// one: harmonic sums need it. Null where it is none.
    /// </summary>
    public virtual IReadOnlyList<double>? Modes => null;

    /// <summary>
    /// True when a flow under it is known to lead to one point: for every b >= 0 that lets no labels go their own way [arXiv 2605.30229].
    /// </summary>
    public virtual bool LeadsToPoint => Smallest >= 0;

    /// <summary>
    /// True when the mathematics rounds b(s, t) as b(t, s): then the factor of a pair of equal weights serves both its tokens.
    /// </summary>
    internal virtual bool IsSymmetricToTheBit => true;

    /// <summary>How many numbers per query and per key <see cref="FillTables"/> writes.</summary>
    internal abstract (int Query, int Key) TableRows { get; }

    /// <summary>
    /// What pairs need of a token, so that no pair calls a transcendental function: as a query <paramref name="query"/>, as a key of this
    /// weight <paramref name="key"/>. The mathematics beside each coupling says what the numbers are.
    /// </summary>
    internal abstract void FillTables(double label, double weight, Span<double> query, Span<double> key);

    /// <summary>The labels in the form that <see cref="FillTables"/> takes.</summary>
    internal virtual double[] TableLabels(double[] labels) => labels;

    /// <summary>
    /// Calls the user with the <see cref="ICouplingMath{V, N}"/> in the file of this coupling, over the arithmetic
    /// <typeparamref name="A"/>.
    /// </summary>
    internal abstract TResult Use<V, A, N, TResult>(ICouplingUser<V, N, TResult> user)
        where V : struct where A : struct, IArithmetic<V> where N : struct, IPairNumbers<V>;

    /// <summary>A bound on |log2 b| over these labels where b enters the exponent of a pair; 0 where it does not.</summary>
    internal virtual double ExponentBound(double[] labels) => 0;
}
