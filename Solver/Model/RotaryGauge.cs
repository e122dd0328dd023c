namespace AttentionFlow.Solver.Model;

/// <summary>
/// The rotary code (RoPE): the planes (0,1), (2,3), ... turn counter-clockwise by speed times label; odd d leaves the last axis. Limit of
/// the flow: x*(s) = Psi(s)^T u, for d = 3 a latitude circle [arXiv 2605.30229, Theorem 1].
/// </summary>
/// <param name="Speeds">Angle per unit of label, one per plane, floor(d/2) of them; radians.</param>
[Kind("rotary", 1)]
[Description("Rotary code: the planes (0,1), (2,3), ... turn counter-clockwise by speed x label; an odd last axis stays.")]
public sealed record RotaryGauge(
    [Quantity("a speed", AtLeast = -1e9, AtMost = 1e9)]
    [Description("Radians per unit of label, one for each of the floor(d/2) planes.")] Sequence<double> Speeds) : Gauge
{
    /// <summary>A full turn per unit of label, in two or three dimensions.</summary>
    public RotaryGauge() : this([2 * Math.PI]) { }

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => Speeds.Count == setting.Dimension / 2 ? null
        : $"{Text.Plural(Speeds.Count, "speed")} for {Text.Plural(setting.Dimension / 2, "plane")}: "
            + $"in dimension {setting.Dimension} a rotary gauge needs that many speeds";

    /// <inheritdoc/>
    protected override PreparedGauge Tabulate(ReadOnlySpan<double> labels, int dimension)
    {
        int planes = Speeds.Count;
        (double Sin, double Cos)[] turns = new (double, double)[labels.Length * planes];
        for (int i = 0; i < labels.Length; i++)
            for (int p = 0; p < planes; p++) turns[i * planes + p] = Math.SinCos(Speeds[p] * labels[i]);
        return new Prepared(turns, planes, dimension);
    }

    private sealed class Prepared((double Sin, double Cos)[] turns, int planes, int d) : PreparedGauge
    {
        public override void Enter(ReadOnlySpan<double> x, Span<double> y, int from, int to) => Turn(x, y, from, to, 1);

        public override void Leave(ReadOnlySpan<double> y, Span<double> x, int from, int to) => Turn(y, x, from, to, -1);

        private void Turn(ReadOnlySpan<double> x, Span<double> y, int from, int to, double sign)
        {
            for (int i = from, turn = from * planes, at = from * d; i < to; i++)
            {
                for (int p = 0; p < planes; p++, turn++, at += 2)
                {
                    (double sin, double cos) = turns[turn];
                    sin *= sign;
                    (double a, double b) = (x[at], x[at + 1]);
                    y[at] = cos * a - sin * b;
                    y[at + 1] = sin * a + cos * b;
                }
                if (d == 2 * planes) continue;
                y[at] = x[at];
                at++;
            }
        }
    }
}
