using AttentionFlow.Kernels;
using AttentionFlow.Solver;

namespace AttentionFlow.Tests.Solver;

/// <summary>
/// Drift and energy as docs/model.md states them, pair by pair, with the matrices Psi_i inside the sum: it never enters the gauge frame and
/// shares no code with <see cref="Flow"/>, so it can judge it.
/// </summary>
internal static class Arbiter
{
    public static double[] Drift(Interaction interaction, Gauge gauge, Cloud cloud)
    {
        int d = cloud.Dimension;
        double[] drift = Output(interaction, gauge, cloud);
        for (int i = 0; i < cloud.Rows; i++)
        {
            Span<double> row = drift.AsSpan(i * d, d);
            double along = Sphere.Dot(row, cloud.Token(i));
            for (int c = 0; c < d; c++) row[c] -= along * cloud.Token(i)[c];
        }
        return drift;
    }

    /// <summary>A_i, before its projection.</summary>
    public static double[] Output(Interaction interaction, Gauge gauge, Cloud cloud)
    {
        int n = cloud.Tokens, d = cloud.Dimension;
        double[] output = new double[cloud.Positions.Length];
        for (int r = 0; r < cloud.Replicas; r++)
            for (int i = r * n; i < (r + 1) * n; i++)
            {
                double[,] psi = Matrix(gauge, cloud.Labels[i], d);
                double[] sum = new double[d];
                double z = 0;
                for (int j = r * n; j < (r + 1) * n; j++)
                {
                    double[] pulled = TransposeTimes(psi, Times(Matrix(gauge, cloud.Labels[j], d), cloud.Token(j)));
                    double t = Sphere.Dot(cloud.Token(i), pulled);
                    double slope = interaction.Profile == Profile.Linear ? 1 : Math.Exp(interaction.Beta * t);
                    double a = cloud.Weights[j] * B(interaction.Coupling, cloud.Labels[i], cloud.Labels[j]) * slope;
                    z += a;
                    for (int c = 0; c < d; c++) sum[c] += a * pulled[c];
                }
                double scale = interaction.Normalization == Normalization.Softmax ? 1 / z : 1;
                for (int c = 0; c < d; c++) output[i * d + c] = scale * sum[c];
            }
        return output;
    }

    public static double Energy(Interaction interaction, Gauge gauge, Cloud cloud, int replica)
    {
        int n = cloud.Tokens, d = cloud.Dimension;
        double energy = 0;
        for (int i = replica * n; i < (replica + 1) * n; i++)
            for (int j = replica * n; j < (replica + 1) * n; j++)
            {
                double t = Sphere.Dot(Times(Matrix(gauge, cloud.Labels[i], d), cloud.Token(i)), Times(Matrix(gauge, cloud.Labels[j], d), cloud.Token(j)));
                double k = interaction.Profile == Profile.Linear ? t : Math.Exp(interaction.Beta * t) / interaction.Beta;
                energy += cloud.Weights[i] * cloud.Weights[j] * B(interaction.Coupling, cloud.Labels[i], cloud.Labels[j]) * k / 2;
            }
        return energy;
    }

    public static double[,] Matrix(Gauge gauge, double s, int d)
    {
        double[,] psi = new double[d, d];
        for (int c = 0; c < d; c++) psi[c, c] = 1;
        switch (gauge)
        {
            case RotaryGauge rotary:
                for (int p = 0; p < rotary.Speeds.Count; p++)
                {
                    double w = rotary.Speeds[p] * s;
                    (psi[2 * p, 2 * p], psi[2 * p, 2 * p + 1], psi[2 * p + 1, 2 * p], psi[2 * p + 1, 2 * p + 1]) = (Math.Cos(w), -Math.Sin(w), Math.Sin(w), Math.Cos(w));
                }
                return psi;
            case PhaseGauge phase:
                double q = phase.Target.Quantile(s);
                (psi[0, 0], psi[0, 1], psi[1, 0], psi[1, 1]) = (Math.Cos(q), Math.Sin(q), -Math.Sin(q), Math.Cos(q));
                return psi;
            case PathGauge path:
                double y = path.Amplitude * Math.Sin(2 * Math.PI * path.Waves * s), z = 2 * Math.PI * path.Turns * s;
                double[,] ry = { { Math.Cos(y), 0, Math.Sin(y) }, { 0, 1, 0 }, { -Math.Sin(y), 0, Math.Cos(y) } };
                double[,] rz = { { Math.Cos(z), -Math.Sin(z), 0 }, { Math.Sin(z), Math.Cos(z), 0 }, { 0, 0, 1 } };
                for (int a = 0; a < 3; a++)
                    for (int b = 0; b < 3; b++) psi[a, b] = ry[a, 0] * rz[0, b] + ry[a, 1] * rz[1, b] + ry[a, 2] * rz[2, b];
                return psi;
            case PrefixGauge prefix:
                double[] g = prefix.Targets[(int)Math.Floor(s * prefix.Targets.Count)];
                double[] v = [.. prefix.Base.Zip(g, (u, target) => u + target)];
                double norm = Math.Sqrt(v.Sum(c => c * c));
                for (int a = 0; a < d; a++)
                    for (int b = 0; b < d; b++) psi[a, b] = 2 * v[a] * v[b] / (norm * norm) - (a == b ? 1 : 0);
                return psi;
            default:
                return psi;
        }
    }

    public static double B(Coupling coupling, double s, double t) => coupling switch
    {
        OneCoupling => 1,
        DistanceCoupling c => Math.Exp(-Math.Abs(s - t) / c.Length),
        ToeplitzCoupling c => c.Constant + c.Cosines.Select((a, m) => a * Math.Cos(2 * Math.PI * (m + 1) * (s - t))).Sum(),
        BlockCoupling c => s == t ? 1 : c.Across,
        _ => throw new NotSupportedException(),
    };

    private static double[] Times(double[,] m, ReadOnlySpan<double> x)
    {
        double[] y = new double[x.Length];
        for (int a = 0; a < x.Length; a++)
            for (int b = 0; b < x.Length; b++) y[a] += m[a, b] * x[b];
        return y;
    }

    private static double[] TransposeTimes(double[,] m, double[] x)
    {
        double[] y = new double[x.Length];
        for (int a = 0; a < x.Length; a++)
            for (int b = 0; b < x.Length; b++) y[a] += m[b, a] * x[b];
        return y;
    }
}
