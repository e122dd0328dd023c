using AttentionFlow.Kernels.Harmonic;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// The number of <see cref="Solver.Clusters"/>: components of the graph &lt;x_i, x_j&gt; > 1 - 10^{-3}, angles below 0.0447 rad = 2.56
/// degrees. A dense cloud is one, however wide.
/// </summary>
internal sealed class ClustersObservable : Observable
{
    public override IReadOnlyList<Column> Columns { get; } =
        [new("clusters", ColumnType.Integer, "Connected components of the graph <x_i, x_j> > 1 - 0.001.")];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override void Measure(in Frame frame, Span<double> values)
    {
        int[] counts = frame.Clusters();
        for (int r = 0; r < counts.Length; r++) values[r] = counts[r];
    }
}

/// <summary>Root mean square of the speeds: (sum_i m_i |dx_i/dt|^2)^{1/2}.</summary>
internal sealed class SpeedObservable : Observable
{
    /// <summary>The speed of this flow.</summary>
    /// <exception cref="NotSupportedException">When its matrices are redrawn.</exception>
    public SpeedObservable(Flow flow)
    {
        if (flow.Layer.Redraw is not null)
            throw new NotSupportedException("where matrices are redrawn the drift jumps; leave \"speed\" out");
    }

    public override IReadOnlyList<Column> Columns { get; } = [Number("speed", "Root mean square of |dx_i/dt|, weighted by m_i.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        for (int r = 0; r < values.Length; r++) values[r] = frame.Speed(r);
    }
}

/// <summary>
/// The amplitudes of the degrees l = 1..16 of the content marginal on the circle or the sphere, (sum_ij m_i m_j P_l(&lt;x_i,
/// x_j&gt;))^{1/2}: <see cref="HarmonicSpectrum"/>.
/// </summary>
internal sealed class SpectrumObservable : Observable
{
    /// <summary>The highest degree.</summary>
    public const int Degrees = 16;

    private readonly HarmonicSpectrum _spectrum;

    /// <summary>The spectrum of this flow.</summary>
    /// <exception cref="NotSupportedException">When the dimension is not 2 or 3.</exception>
    public SpectrumObservable(Flow flow) => _spectrum = new HarmonicSpectrum(flow.Dimension, Degrees, flow.Threads);

    public override IReadOnlyList<Column> Columns { get; } =
        [.. Enumerable.Range(1, Degrees).Select(l => Number($"spectrum{l}",
            $"Amplitude of degree {l}: (sum_ij m_i m_j P(<x_i, x_j>))^(1/2), P the zonal harmonic of degree {l} with P(1) = 1."))];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override void Measure(in Frame frame, Span<double> values)
    {
        double[] amplitudes = _spectrum.Of(frame.Flow.Content(frame.Positions), frame.Stop);
        for (int r = 0; r < frame.Flow.Replicas; r++)
            amplitudes.AsSpan(r * (Degrees + 1) + 1, Degrees).CopyTo(values[(r * Degrees)..]);
    }
}
