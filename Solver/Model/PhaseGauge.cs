namespace AttentionFlow.Solver.Model;

/// <summary>
/// The phase field: Psi(s) turns the plane (0,1) by -q(s), q the quantile function of a law of angles. Limit of the flow: x*(s) = R_{q(s)}
/// u, so labels uniform on [0, 1) carry u along its orbit into exactly that law, turned by the angle of u [arXiv 2605.30229, Theorem 2].
/// </summary>
/// <param name="Target">The law of the angles.</param>
[Kind("phase", 2)]
[Description("Phase field: the plane (0,1) turns back by the quantile of the label, so that the tokens end distributed as the target "
    + "on their orbit.")]
public sealed record PhaseGauge(
    [Description("The law of the angles at which the tokens end, counted from the angle of the common limit u.")] CircleLaw Target) : Gauge
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting)
    {
        if (Target.WhyNot is { } why) return why;
        foreach (double label in setting.Labels)
            if (!(label is >= 0 and <= 1)) return Text.Of($"label {label} has no phase: it must lie in [0, 1]");
        return null;
    }

    /// <inheritdoc/>
    protected override PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension)
    {
        double[] angles = new double[labels.Length], speeds = new double[dimension / 2];
        for (int i = 0; i < labels.Length; i++) angles[i] = Target.Quantile(labels[i]);
        speeds[0] = -1;
        return new RotaryGauge(speeds).Prepare(angles, dimension);
    }
}
