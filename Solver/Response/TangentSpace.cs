namespace AttentionFlow.Solver.Response;

/// <summary>
/// The tangent space of the product of spheres at x: n (d - 1) coordinates in an orthonormal basis. That of token i are the first d - 1
/// columns of the reflection H = I - u u^T/(1 + |x_d|), u = x + sign(x_d) e_d, which takes e_d to -sign(x_d) x.
/// </summary>
/// <param name="x">Tokens, [n, d], of length 1.</param>
/// <param name="d">d.</param>
internal sealed class TangentSpace(double[] x, int d)
{
    /// <summary>n (d - 1).</summary>
    public int Count => x.Length / d * (d - 1);

    /// <summary>The vector of these coordinates, [n, d].</summary>
    public double[] Vector(double[] coordinates)
    {
        double[] v = new double[x.Length];
        for (int at = 0, from = 0; at < x.Length; at += d, from += d - 1)
        {
            coordinates.AsSpan(from, d - 1).CopyTo(v.AsSpan(at));
            Reflect(at, v.AsSpan(at, d));
        }
        return v;
    }

    /// <summary>The coordinates of some vector without a direction of its own, by number.</summary>
    public double[] Random(int number)
    {
        // A stream that nothing else draws from: no tokens, at their start, are such a vector.
        RandomStream random = new(0, RandomPurpose.Probes, replica: 0, token: number, step: 3);
        double[] coordinates = new double[Count];
        foreach (ref double c in coordinates.AsSpan()) c = random.Normal();
        return coordinates;
    }

    /// <summary>The coordinates of a vector, [n, d]; what it has across the tangent space is dropped.</summary>
    public double[] Coordinates(ReadOnlySpan<double> vector)
    {
        double[] coordinates = new double[Count];
        Span<double> row = new double[d];
        for (int at = 0, to = 0; at < x.Length; at += d, to += d - 1)
        {
            vector.Slice(at, d).CopyTo(row);
            Reflect(at, row);
            row[..(d - 1)].CopyTo(coordinates.AsSpan(to));
        }
        return coordinates;
    }

    /// <summary>The end of the geodesic that leaves x along v, both [n, d], as long as a scale times v.</summary>
    public static void Move(ReadOnlySpan<double> x, ReadOnlySpan<double> v, double scale, Span<double> end, int d)
    {
        for (int at = 0; at < x.Length; at += d)
        {
            ReadOnlySpan<double> along = v.Slice(at, d);
            double length = Sphere.Norm(along);
            (double sin, double cos) = Math.SinCos(scale * length);
            double share = length > 0 ? sin / length : 0;
            for (int c = 0; c < d; c++) end[at + c] = cos * x[at + c] + share * along[c];
        }
        Sphere.Retract(end, d);
    }

    private void Reflect(int at, Span<double> v)
    {
        ReadOnlySpan<double> token = x.AsSpan(at, d);
        double last = token[^1], sign = last < 0 ? -1 : 1;
        double dot = (Sphere.Dot(token, v) + sign * v[^1]) / (1 + Math.Abs(last));
        Sphere.AddScaled(v, -dot, token);
        v[^1] -= dot * sign;
    }
}
