namespace AttentionFlow.Tests.Solver;

/// <summary>Drift and energy as docs/model.md states them, pair by pair, with Psi_i and the matrices of heads inside the sum: it never
/// enters the gauge frame and shares no code with <see cref="Flow"/>, so it can judge it.</summary>
internal static class Arbiter
{
    public static double[] Drift(Interaction interaction, Gauge gauge, Cloud cloud, Layer? layer = null)
    {
        int d = cloud.Dimension;
        double[] drift = Output(interaction, gauge, cloud, layer);
        for (int i = 0; i < cloud.Rows; i++)
        {
            Span<double> row = drift.AsSpan(i * d, d);
            double along = Sphere.Dot(row, cloud.Token(i));
            for (int c = 0; c < d; c++) row[c] -= along * cloud.Token(i)[c];
        }
        return drift;
    }

    /// <summary>A_i, before its projection.</summary>
    public static double[] Output(Interaction interaction, Gauge gauge, Cloud cloud, Layer? layer = null)
    {
        layer ??= Layer.Plain;
        int d = cloud.Dimension;
        double[] output = new double[cloud.Positions.Length];
        for (int i = 0; i < cloud.Rows; i++)
            foreach (Head head in layer.Heads)
            {
                double[] field = new double[d];
                double z = 0, bias = 0;
                foreach (Pull pull in Pulls(interaction, gauge, cloud, layer, head, i))
                {
                    z += pull.Factor;
                    bias += pull.Bias;
                    for (int c = 0; c < d; c++) field[c] += pull.Factor * pull.Value[c];
                }
                double divisor = interaction.Normalization.Name switch { "unnormalized" => 1, "bias" => bias, _ => z };
                for (int c = 0; c < d && divisor > 0; c++) output[i * d + c] += field[c] / divisor / layer.Heads.Count;
            }
        for (int i = 0; i < cloud.Rows && layer.Perceptron is not null; i++)
        {
            Perceptron p = layer.Perceptron;
            double[,] psi = Matrix(layer.Code.Kind == CodeKind.LogitsOnly ? new IdentityGauge() : gauge, cloud.Labels[i], d);
            double[] hidden = [.. Times(p.Inner.ToArray(), Times(psi, cloud.Token(i))).Select((u, k) => p.Strength * Sigma(p.Activation, u + p.Bias[k]))];
            double[] added = TransposeTimes(psi, Times(p.Outer.ToArray(), hidden));
            for (int c = 0; c < d; c++) output[i * d + c] += added[c];
        }
        return output;
    }

    private static double Sigma(Activation activation, double u) => activation switch
    {
        Activation.Relu => u > 0 ? u : 0,
        Activation.Gelu => u * MathNet.Numerics.Distributions.Normal.CDF(0, 1, u),
        _ => (Math.Exp(2 * u) - 1) / (Math.Exp(2 * u) + 1),
    };

    public static double Energy(Interaction interaction, Gauge gauge, Cloud cloud, int replica, Layer? layer = null)
    {
        layer ??= Layer.Plain;
        int n = cloud.Tokens;
        double energy = 0, beta = layer.HasNegativeBeta ? -interaction.Beta : interaction.Beta;
        for (int i = replica * n; i < (replica + 1) * n; i++)
            foreach (Head head in layer.Heads)
                foreach (Pull pull in Pulls(interaction, gauge, cloud, layer, head, i))
                {
                    double k = Clouds.K(interaction.Profile, beta, pull.Cosine);
                    // V = -Q^T K: the flow climbs the energy of V = Q^T K with the other sign.
                    double sign = pull.IsToken && head is { Query: null, Key: { } key, Value: { } value } && (key + value).InfinityNorm() == 0 ? -1 : 1;
                    energy += sign * cloud.Weights[i] * pull.Bias * k * (pull.IsToken ? 0.5 : 1) / layer.Heads.Count;
                }
        for (int i = replica * n; i < (replica + 1) * n && layer.Perceptron is not null; i++)
        {
            Perceptron p = layer.Perceptron;
            double[] inner = Times(p.Inner.ToArray(), Times(Matrix(gauge, cloud.Labels[i], cloud.Dimension), cloud.Token(i)));
            energy += cloud.Weights[i] * p.Strength * inner.Select((u, k) => MathNet.Numerics.Integrate.GaussLegendre(v => Sigma(p.Activation, v), 0, u + p.Bias[k], 32)).Sum();
        }
        return energy;
    }

    // One key: its logit/beta, the weight times the coupling, the factor of its value, the value in the frame of x.
    private sealed record Pull(bool IsToken, double Cosine, double Bias, double Factor, double[] Value);

    private static List<Pull> Pulls(Interaction interaction, Gauge gauge, Cloud cloud, Layer layer, Head head, int i)
    {
        int n = cloud.Tokens, first = i / n * n, d = cloud.Dimension;
        double[,] psi = Matrix(gauge, cloud.Labels[i], d);
        double[] yi = Coded(Times(psi, cloud.Token(i)), cloud.Labels[i]), q = Times(head.Query?.ToArray(), yi);
        List<Pull> pulls = [];
        for (int j = first; j < first + n; j++)
        {
            if (interaction.Mask == Mask.Causal && j > i || interaction.Mask == Mask.Strict && j >= i || interaction.Normalization == Normalization.Hardmax && j == i) continue;
            double[] yj = Coded(Times(Matrix(gauge, cloud.Labels[j], d), cloud.Token(j)), cloud.Labels[j]);
            double t = Sphere.Dot(q, Times(head.Key?.ToArray(), yj));
            if (layer.Code.Kind == CodeKind.Concatenated) t += layer.Code.Radius * layer.Code.Radius * Math.Cos(2 * Math.PI * (cloud.Labels[i] - cloud.Labels[j]));
            double[] value = layer.Code.Kind == CodeKind.LogitsOnly ? Times(head.Value?.ToArray(), cloud.Token(j)) : TransposeTimes(psi, Times(head.Value?.ToArray(), yj));
            Add(true, t, cloud.Weights[j] * Clouds.B(interaction.Coupling, cloud.Labels[i], cloud.Labels[j]), value);
        }
        if (layer.Prompts is { } prompts)
            for (int k = 0; k < prompts.Points.Count; k++)
            {
                double share = prompts.Seen == SeenPrompts.All ? prompts.Strengths[k] : k == (int)Math.Floor(cloud.Labels[i] * prompts.Points.Count) ? prompts.Strength : 0;
                Add(false, Sphere.Dot(cloud.Token(i), prompts.Points[k]), share, [.. prompts.Points[k]]);
            }
        if (layer.Pin is { Point: { } u } pin) Add(false, Sphere.Dot(Times(psi, cloud.Token(i)), u), pin.Strength, TransposeTimes(psi, [.. u]));
        if (interaction.Normalization != Normalization.Hardmax || pulls.Count == 0) return pulls;
        int up = layer.HasNegativeBeta ? -1 : 1;
        double largest = pulls.Max(p => up * p.Cosine);
        return [.. pulls.Where(p => up * p.Cosine >= largest - 1e-12).Select(p => p with { Factor = p.Bias })];
        void Add(bool isToken, double t, double bias, double[] value) =>
            pulls.Add(new(isToken, t, bias, bias * Clouds.Slope(interaction.Profile, (layer.HasNegativeBeta ? -1 : 1) * interaction.Beta, t), value));
        double[] Coded(double[] y, double s)
        {
            if (layer.Code.Kind != CodeKind.Additive) return y;
            y[0] += layer.Code.Radius * Math.Cos(2 * Math.PI * s);
            y[1] += layer.Code.Radius * Math.Sin(2 * Math.PI * s);
            return y;
        }
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
                Sequence<double> g = prefix.Targets[(int)Math.Floor(s * prefix.Targets.Count)];
                double[] v = [.. prefix.Base!.Zip(g, (u, target) => u + target)];
                double norm = Math.Sqrt(v.Sum(c => c * c));
                for (int a = 0; a < d; a++)
                    for (int b = 0; b < d; b++) psi[a, b] = 2 * v[a] * v[b] / (norm * norm) - (a == b ? 1 : 0);
                return psi;
            default:
                return psi;
        }
    }

    private static double[] Times(double[,]? m, ReadOnlySpan<double> x)
    {
        if (m is null) return x.ToArray();
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
