namespace AttentionFlow.Solver.Model;

/// <summary>The gauge Psi: an orthogonal matrix per label. One record a file in this folder.</summary>
[Kinds("kind")]
public abstract record Gauge
{
    /// <summary>Why this gauge cannot act in a setting, on its labels, or null.</summary>
    public virtual string? WhyNot(in Setting setting) => null;

    /// <summary>The gauge with what it leaves to the setting of a run, such as points to draw.</summary>
    public virtual Gauge In(in Setting setting) => this;

    /// <summary>Tables of Psi(label) for these labels.</summary>
    /// <exception cref="ArgumentException">When the dimension or a label does not suit.</exception>
    public PreparedGauge Prepare(ReadOnlySpan<double> labels, int dimension)
    {
        if (WhyNot(new Setting(labels.Length, dimension) { Labels = labels.ToArray() }) is { } why) throw new ArgumentException(why);
        return Tabulate(labels, dimension);
    }

    /// <summary>Builds the tables; dimension and gauge are known to suit each other.</summary>
    protected abstract PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension);
}

/// <summary>A gauge made ready for a list of labels: maps whole arrays [rows, d] into the gauge frame and back.</summary>
public abstract class PreparedGauge
{
    /// <summary>True for Psi = I, where callers may skip the copy.</summary>
    public virtual bool IsIdentity => false;

    /// <summary>y_i = Psi_i x_i for rows from..to-1; x and y may be the same array.</summary>
    public abstract void Enter(ReadOnlySpan<double> x, Span<double> y, int from, int to);

    /// <summary>x_i = Psi_i^T y_i for rows from..to-1; y and x may be the same array.</summary>
    public abstract void Leave(ReadOnlySpan<double> y, Span<double> x, int from, int to);
}

/// <summary>Psi = I.</summary>
[Kind("none", 0), Description("The identity.")]
public sealed record IdentityGauge : Gauge
{
    /// <inheritdoc/>
    protected override PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension) => new Prepared(dimension);

    private sealed class Prepared(int d) : PreparedGauge
    {
        public override bool IsIdentity => true;

        public override void Enter(ReadOnlySpan<double> x, Span<double> y, int from, int to) =>
            x[(from * d)..(to * d)].CopyTo(y[(from * d)..]);

        public override void Leave(ReadOnlySpan<double> y, Span<double> x, int from, int to) => Enter(y, x, from, to);
    }
}
