namespace AttentionFlow.Solver;

/// <summary>Independent tokens, uniform on the spherical cap of all points within an angle of an axis.</summary>
/// <param name="Axis">Unit vector in R^d.</param>
/// <param name="Angle">Opening half-angle, 0 &lt; angle &lt;= pi, radians.</param>
public sealed record CapLaw(IReadOnlyList<double> Axis, double Angle) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => Axis.Count == dimension ? null
        : $"the axis of the cap has {Axis.Count} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] axis = Sphere.Normalized([.. Axis]);
        double[] side = new double[d];
        double lowest = Math.Cos(Angle);
        for (int i = 0; i < tokens; i++)
        {
            RandomStream random = Stream(seed, replica, i);
            Span<double> token = positions.Slice(i * d, d);
            if (lowest < 1 / Math.Sqrt(d))
            {
                // A good share of the sphere, in any dimension.
                do random.OnSphere(token);
                while (Sphere.Dot(token, axis) < lowest);
                continue;
            }
            // s = sin(polar angle) has the density s^{d-2} / sqrt(1 - s^2): propose from s^{d-2}, accept with cos(Angle) / sqrt(1 - s^2).
            double sin, cos;
            do
            {
                sin = Math.Sin(Angle) * Math.Pow(random.Uniform(), 1.0 / (d - 1));
                cos = Math.Sqrt(1 - sin * sin);
            }
            while (random.Uniform() * cos > lowest);
            do
            {
                random.OnSphere(side);
                double along = Sphere.Dot(side, axis);
                for (int c = 0; c < d; c++) side[c] -= along * axis[c];
            }
            while (!Sphere.TryNormalize(side));
            for (int c = 0; c < d; c++) token[c] = cos * axis[c] + sin * side[c];
            Sphere.TryNormalize(token);
        }
    }
}
