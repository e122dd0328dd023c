namespace AttentionFlow.Experiments.Studies.Atlas;

/// <summary>
/// Clusters of the circle under USA, in the unit e^{-beta} of time, followed along the length s of their path in place of time: dx/ds =
/// v/|v|, dt = ds/|v|, |v| over tokens. Velocities and times are kept by their logarithms, so that times beyond doubles, or mergers
/// that last a share of 10^{-16} of the time before, are no matter.
/// </summary>
internal sealed class StaircasePath(double beta, double[] angles, double longest)
{
    private const double Merging = 1e-6, Largest = 700;
    private readonly int _tokens = angles.Length;
    private double[] _angles = [.. angles];
    private double[] _masses = [.. angles.Select(_ => 1.0 / angles.Length)];

    public double Length { get; private set; }

    /// <summary>log t.</summary>
    public double LogTime { get; private set; } = double.NegativeInfinity;

    public int Clusters => _angles.Length;

    /// <summary>E over that of a point.</summary>
    public double Energy => Enumerable.Range(0, Clusters).Sum(i => Enumerable.Range(0, Clusters).Sum(j =>
        _masses[i] * _masses[j] * Math.Exp(-beta * Below(_angles[i] - _angles[j]))));

    /// <summary>A step by the classical Runge-Kutta method; then the nearest neighbours are one where they have met.</summary>
    public void Step()
    {
        double h = Math.Min(longest, 0.1 * NearestGap());
        (double[] k1, double log1) = Direction(_angles);
        (double[] k2, double log2) = Direction(Moved(k1, h / 2));
        (double[] k3, double log3) = Direction(Moved(k2, h / 2));
        (double[] k4, double log4) = Direction(Moved(k3, h));
        // Simpson's rule for ds/|v|.
        double slowest = Math.Min(Math.Min(log1, log2), Math.Min(log3, log4));
        double sum = Math.Exp(slowest - log1) + 2 * Math.Exp(slowest - log2) + 2 * Math.Exp(slowest - log3) + Math.Exp(slowest - log4);
        LogTime = LogSum(LogTime, Math.Log(h * sum / 6) - slowest);
        _angles = [.. _angles.Select((a, i) => a + h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]))];
        Length += h;
        if (NearestGap() < Merging) Merge();
    }

    /// <summary>log(e^a + e^b).</summary>
    public static double LogSum(double a, double b) => Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Min(Largest, Math.Abs(a - b))));

    /// <summary>1 - cos.</summary>
    public static double Below(double angle) => 2 * Math.Sin(angle / 2) * Math.Sin(angle / 2);

    private double NearestGap() => Enumerable.Range(1, Clusters - 1).Select(i => _angles[i] - _angles[i - 1]).DefaultIfEmpty(1).Min();

    private double[] Moved(double[] direction, double h) => [.. _angles.Select((a, i) => a + h * direction[i])];

    // v/|v| and log |v|.
    private (double[] Direction, double LogSpeed) Direction(double[] at)
    {
        double shift = beta * Enumerable.Range(1, at.Length - 1).Min(i => Below(at[i] - at[i - 1]));
        double[] v = [.. at.Select(own => at.Select((other, j) =>
            _masses[j] * Math.Sin(other - own) * Math.Exp(shift - beta * Below(other - own))).Sum())];
        double speed = Math.Sqrt(v.Select((vi, i) => _tokens * _masses[i] * vi * vi).Sum());
        return ([.. v.Select(vi => vi / speed)], Math.Log(speed) - shift);
    }

    private void Merge()
    {
        int at = Enumerable.Range(1, Clusters - 1).MinBy(i => _angles[i] - _angles[i - 1]);
        double mass = _masses[at - 1] + _masses[at];
        double middle = (_masses[at - 1] * _angles[at - 1] + _masses[at] * _angles[at]) / mass;
        _angles = [.. _angles[..(at - 1)], middle, .. _angles[(at + 1)..]];
        _masses = [.. _masses[..(at - 1)], mass, .. _masses[(at + 1)..]];
    }
}
