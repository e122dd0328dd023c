namespace AttentionFlow.Solver;

/// <summary>Independent tokens of the von Mises-Fisher law, density proportional to e^{kappa &lt;mean, x&gt;}.</summary>
/// <param name="MeanDirection">Unit vector in R^d.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
public sealed record VonMisesFisherLaw(IReadOnlyList<double> MeanDirection, double Concentration) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => MeanDirection.Count == dimension ? null
        : $"the mean direction of the von Mises-Fisher law has {MeanDirection.Count} coordinates, the tokens {dimension}";

    /// <summary>
    /// Rejection of Wood [Communications in Statistics B 23, 157, 1994] for the cosine w: a uniform point of the sphere has the cosine t and the direction of its tangential part; w is the
    /// Moebius image of t, which has the density of the proposal.
    /// </summary>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] mean = Sphere.Normalized([.. MeanDirection]), point = new double[d];
        double kappa = Concentration, k = d - 1;
        // (-2 kappa + root)/k, without cancellation.
        double b = k / (2 * kappa + Math.Sqrt(4 * kappa * kappa + k * k)), centre = (1 - b) / (1 + b), highest = kappa * centre + k * Math.Log(1 - centre * centre);
        for (int i = 0; i < tokens; i++)
        {
            RandomStream random = Stream(seed, replica, i);
            double t, w;
            do
            {
                random.OnSphere(point);
                t = Sphere.Dot(point, mean);
                w = 1 - 2 * b * (1 + t) / ((1 - t) + b * (1 + t));
            }
            while (kappa * w + k * Math.Log(1 - centre * w) - highest < Math.Log(1 - random.Uniform()));
            double side = Math.Sqrt(Math.Max(0, (1 - w) * (1 + w))), length = Math.Sqrt(Math.Max(1e-300, (1 - t) * (1 + t)));
            Span<double> token = positions.Slice(i * d, d);
            for (int c = 0; c < d; c++) token[c] = w * mean[c] + side / length * (point[c] - t * mean[c]);
            Sphere.TryNormalize(token);
        }
    }
}
