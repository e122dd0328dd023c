namespace AttentionFlow.Solver.Model;

/// <summary>
/// The phase field: Psi(s) turns the plane (0,1) by -q(s), q the quantile function of a law of angles. Limit of the flow: x*(s) = R_{q(s)} u, so labels
/// uniform on [0, 1) carry u along its orbit into exactly that law, turned by the angle of u [arXiv 2605.30229, Theorem 2].
/// </summary>
/// <param name="Target">The law of the angles.</param>
public sealed record PhaseGauge(CircleLaw Target) : Gauge
{
    /// <inheritdoc/>
    protected override PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension)
    {
        double[] angles = new double[labels.Length], speeds = new double[dimension / 2];
        for (int i = 0; i < labels.Length; i++)
            angles[i] = labels[i] is >= 0 and <= 1 ? Target.Quantile(labels[i])
                : throw new ArgumentException($"label {labels[i]} has no phase: it must lie in [0, 1]");
        speeds[0] = -1;
        return new RotaryGauge(speeds).Prepare(angles, dimension);
    }
}
