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
        for (int i = 0; i < tokens; i++)
        {
            RandomStream random = Stream(seed, replica, i);
            // Polar angle of density sin^{d-2}: propose from theta^{d-2}, accept with (sin theta / theta)^{d-2}.
            double theta;
            do theta = Angle * Math.Pow(random.Uniform(), 1.0 / (d - 1));
            while (theta > 0 && random.Uniform() > Math.Pow(Math.Sin(theta) / theta, d - 2));
            do
            {
                random.OnSphere(side);
                double along = Sphere.Dot(side, axis);
                for (int c = 0; c < d; c++) side[c] -= along * axis[c];
            }
            while (!Sphere.TryNormalize(side));
            (double sin, double cos) = Math.SinCos(theta);
            Span<double> token = positions.Slice(i * d, d);
            for (int c = 0; c < d; c++) token[c] = cos * axis[c] + sin * side[c];
            Sphere.TryNormalize(token);
        }
    }
}
