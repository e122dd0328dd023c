namespace AttentionFlow.Solver.Model;

/// <summary>
/// A rotary path in SO(3): Psi(s) = R_y(amplitude sin(2 pi waves s)) R_z(2 pi turns s), right-handed. Limit of the flow: the wavy curve
/// Psi(s)^T u.
/// </summary>
/// <param name="Amplitude">Tilt, radians.</param>
/// <param name="Waves">Tilts per unit of label.</param>
/// <param name="Turns">Turns about the z axis per unit of label.</param>
[Kind("path", 3), Description("R_y(amplitude sin(2 pi waves s)) R_z(2 pi turns s), right-handed, for dimension 3.")]
public sealed record PathGauge(
    [Quantity("the amplitude", AtLeast = -1e9, AtMost = 1e9)]
    [Description("Radians by which the path swings about the y axis.")] double Amplitude = 0.5,
    [Quantity("the number of waves", AtLeast = -1e9, AtMost = 1e9), Description("Swings over the labels [0, 1].")] double Waves = 3,
    [Quantity("the number of turns", AtLeast = -1e9, AtMost = 1e9)]
    [Description("Turns about the z axis over the labels [0, 1].")] double Turns = 1) : Gauge
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) =>
        setting.Dimension == 3 ? null : $"a path gauge lives in dimension 3, not {setting.Dimension}";

    /// <inheritdoc/>
    protected override PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension)
    {
        double[] matrices = new double[9 * labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            (double sy, double cy) = Math.SinCos(Amplitude * Math.Sin(2 * Math.PI * Waves * labels[i]));
            (double sz, double cz) = Math.SinCos(2 * Math.PI * Turns * labels[i]);
            ReadOnlySpan<double> psi = [cy * cz, -cy * sz, sy, sz, cz, 0, -sy * cz, sy * sz, cy];
            psi.CopyTo(matrices.AsSpan(9 * i));
        }
        return new Prepared(matrices);
    }

    private sealed class Prepared(double[] matrices) : PreparedGauge
    {
        public override void Enter(ReadOnlySpan<double> x, Span<double> y, int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                ReadOnlySpan<double> m = matrices.AsSpan(9 * i, 9);
                (double a, double b, double c) = (x[3 * i], x[3 * i + 1], x[3 * i + 2]);
                y[3 * i] = m[0] * a + m[1] * b + m[2] * c;
                y[3 * i + 1] = m[3] * a + m[4] * b + m[5] * c;
                y[3 * i + 2] = m[6] * a + m[7] * b + m[8] * c;
            }
        }

        public override void Leave(ReadOnlySpan<double> y, Span<double> x, int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                ReadOnlySpan<double> m = matrices.AsSpan(9 * i, 9);
                (double a, double b, double c) = (y[3 * i], y[3 * i + 1], y[3 * i + 2]);
                x[3 * i] = m[0] * a + m[3] * b + m[6] * c;
                x[3 * i + 1] = m[1] * a + m[4] * b + m[7] * c;
                x[3 * i + 2] = m[2] * a + m[5] * b + m[8] * c;
            }
        }
    }
}
