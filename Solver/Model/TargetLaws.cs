namespace AttentionFlow.Solver.Model;

/// <summary>A law on the sphere from which prefix targets are taken. One record a file in this folder.</summary>
public abstract record TargetLaw
{
    /// <summary>G_0, ..., G_{T-1}, unit vectors; a random one is a function of (seed, its number).</summary>
    /// <param name="count">T >= 1.</param>
    /// <param name="seed">Seed of the run; all replicas see the same targets.</param>
    public abstract double[][] Draw(int count, ulong seed);
}

/// <summary>Independent targets of a mixture of von Mises-Fisher laws: the first uniform number of a target's stream picks its component.</summary>
/// <param name="Means">Unit vectors, one a component.</param>
/// <param name="Concentrations">kappa >= 0 of each component.</param>
/// <param name="Weights">A positive number a component, up to a common factor; null: equal.</param>
public sealed record MixtureTargets(IReadOnlyList<IReadOnlyList<double>> Means, IReadOnlyList<double> Concentrations, IReadOnlyList<double>? Weights = null) : TargetLaw
{
    /// <inheritdoc/>
    public override double[][] Draw(int count, ulong seed)
    {
        double[][] means = [.. Means.Select(m => Sphere.Normalized([.. m]))], targets = new double[count][];
        for (int k = 0; k < count; k++)
        {
            RandomStream random = new(seed, RandomPurpose.Targets, replica: 0, token: k);
            int component = Shares.Of(random.Uniform(), Weights, means.Length);
            random.VonMisesFisher(means[component], Concentrations[component], targets[k] = new double[means[component].Length]);
        }
        return targets;
    }
}

/// <summary>
/// The great circle of S^2 with a given normal, run through once, counter-clockwise about it: target k of T at the angle 2 pi (k + 1/2)/T. On n grid labels with T = n,
/// the label s sees the angle 2 pi s.
/// </summary>
/// <param name="Normal">Unit vector in R^3; for e_2 the circle starts at e_0.</param>
public sealed record GreatCircleTargets(IReadOnlyList<double> Normal) : TargetLaw
{
    /// <inheritdoc/>
    public override double[][] Draw(int count, ulong seed)
    {
        double[] n = Sphere.Normalized([.. Normal]), a = Sphere.Orthogonal(n);
        double[] b = [n[1] * a[2] - n[2] * a[1], n[2] * a[0] - n[0] * a[2], n[0] * a[1] - n[1] * a[0]];
        double[][] targets = new double[count][];
        for (int k = 0; k < count; k++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * (k + 0.5) / count);
            targets[k] = Sphere.Normalized([.. a.Zip(b, (x, y) => cos * x + sin * y)]);
        }
        return targets;
    }
}

/// <summary>[0, 1) cut into consecutive shares.</summary>
internal static class Shares
{
    /// <summary>The index of the share that p in [0, 1] falls into, shares proportional to the weights or equal; 1 belongs to the last.</summary>
    public static int Of(double p, IReadOnlyList<double>? weights, int count)
    {
        if (weights is null) return Math.Min((int)(p * count), count - 1);
        double at = p * weights.Sum(), cumulated = 0;
        for (int k = 0; k < count - 1; k++)
        {
            cumulated += weights[k];
            if (at < cumulated) return k;
        }
        return count - 1;
    }
}
