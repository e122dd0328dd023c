using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// Singular values of dx(t)/dx(0) along the tangent vectors that a run carries: by how much small disturbances of the input have grown. At
/// most <see cref="double.MaxValue"/>.
/// </summary>
internal sealed class GradientObservable : Observable
{
    // Half precision rounds to 2^-11 of a number.
    private const double Lost = 1.0 / 2048;

    /// <summary>For this flow.</summary>
    /// <exception cref="NotSupportedException">The drift has no derivative.</exception>
    public GradientObservable(Flow flow) => LyapunovObservable.ThrowIfNone(flow);

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("gradient_max", "Largest singular value of dx(t)/dx(0) along the tangent vectors carried."),
        Number("gradient_min", "Smallest singular value of dx(t)/dx(0) along the tangent vectors carried."),
        Number("gradient_mean", "Geometric mean of these singular values."),
    ];

    public override IReadOnlyList<WarningLevel> Warnings =>
    [
        new("gradient_min", "gradients vanish", Lost, Below: true,
            "a disturbance of the input is lost in the rounding of half precision: a shorter horizon, or, without noise, the scheme "
            + "\"pre\" or \"peri\", under which it falls like 1/t"),
        new("gradient_max", "gradients explode", 1 / Lost, Below: false,
            "a disturbance of half precision's rounding becomes as large as the state: a lower beta, or a shorter horizon"),
    ];

    public override bool NeedsDrift => false;

    public override bool NeedsTangents => true;

    public override void Measure(in Frame frame, Span<double> values)
    {
        for (int r = 0; r < frame.Flow.Replicas; r++)
        {
            double[] logs = LyapunovObservable.Of(frame, r).Singular;
            (values[3 * r], values[3 * r + 1], values[3 * r + 2]) = (Value(logs[0]), Value(logs[^1]), Value(logs.Average()));
        }

        static double Value(double log) => Math.Min(Math.Exp(log), double.MaxValue);
    }
}

/// <summary>
/// Leading finite-time Lyapunov exponents, log R_ii/t of the tangent vectors that a run carries, in the order of Gram and Schmidt's method;
/// 0 at t = 0.
/// </summary>
internal sealed class LyapunovObservable : Observable
{
    /// <summary>For this flow.</summary>
    /// <exception cref="NotSupportedException">The drift has no derivative.</exception>
    public LyapunovObservable(Flow flow)
    {
        ThrowIfNone(flow);
        Columns = [.. Enumerable.Range(1, flow.Tangents).Select(k => Number($"lyapunov{k}", $"Finite-time Lyapunov exponent {k}."))];
    }

    public override IReadOnlyList<Column> Columns { get; }

    public override bool NeedsDrift => false;

    public override bool NeedsTangents => true;

    public override void Measure(in Frame frame, Span<double> values)
    {
        int k = Columns.Count;
        for (int r = 0; r < frame.Flow.Replicas; r++)
            for (int j = 0; j < k; j++) values[r * k + j] = frame.Time > 0 ? Of(frame, r).Diagonal[j] / frame.Time : 0;
    }

    internal static void ThrowIfNone(Flow flow)
    {
        if (flow.Layer.HasMovingWeights)
            throw new NotSupportedException("tangent vectors are those of tokens whose weights are frozen; "
                + "leave \"gradient\" and \"lyapunov\" out");
        if (flow.Interaction.Normalization is { IsHard: true, Name: var name })
            throw new NotSupportedException($"under {name} the drift jumps where the nearest token changes, so it has no derivative; "
                + "leave \"gradient\" and \"lyapunov\" out");
    }

    /// <summary>What became of the vectors; nothing yet at the beginning, which need not be that of a run.</summary>
    internal static TangentGrowth Of(in Frame frame, int replica) => frame.Growth.Count > 0 ? frame.Growth[replica]
        : frame.Time == 0 ? new(new double[frame.Flow.Tangents], new double[frame.Flow.Tangents])
        : throw new InvalidOperationException("only a run carries tangent vectors");
}
