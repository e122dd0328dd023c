namespace AttentionFlow.Solver.Model;

/// <summary>A law on the sphere from which prefix targets are taken. One record a file in this folder.</summary>
[Kinds("law")]
public abstract record TargetLaw
{
    /// <summary>T; null: as many as tokens.</summary>
    [Quantity("the number of targets", AtLeast = 1)]
    [Description("How many targets the labels share; null = as many as tokens, so that each grid label has its own.")]
    public int? Count { get; init; }

    /// <summary>Why this law has no points in a setting, or null.</summary>
    public abstract string? WhyNot(in Setting setting);

    /// <summary>G_0, ..., G_{T-1}, unit vectors; a random one is a function of (seed, its number).</summary>
    /// <param name="count">T >= 1.</param>
    /// <param name="seed">Seed of the run; all replicas see the same targets.</param>
    public abstract double[][] Draw(int count, ulong seed);
}

/// <summary>Independent targets of a von Mises-Fisher law.</summary>
/// <param name="Mean">Unit vector.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
[Kind("vonMisesFisher", 0), Description("Independent, density proportional to e^(concentration <mean, x>), drawn with the seed.")]
public sealed record VonMisesFisherTargets(
    [UnitVector, Description("The mean direction, a unit vector.")] Sequence<double> Mean,
    [Quantity("the concentration", AtLeast = 0, AtMost = 1e6), Description("The concentration; 0 = uniform.")]
    double Concentration = 1) : TargetLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.WhyNot(Mean, "the mean");

    /// <inheritdoc/>
    public override double[][] Draw(int count, ulong seed) => new MixtureTargets([Mean], [Concentration]).Draw(count, seed);
}

/// <summary>
/// Independent targets of a mixture of von Mises-Fisher laws: the first uniform number of a target's stream picks its component.
/// </summary>
/// <param name="Means">Unit vectors, one a component.</param>
/// <param name="Concentrations">kappa >= 0 of each component.</param>
/// <param name="Weights">A positive number a component, up to a common factor; null: equal.</param>
[Kind("mixture", 1), Description("Independent, from a mixture of von Mises-Fisher laws, drawn with the seed.")]
public sealed record MixtureTargets(
    [UnitVector, Description("The mean directions, unit vectors, one a component.")] Sequence<Sequence<double>> Means,
    [Quantity("a concentration", AtLeast = 0, AtMost = 1e6), Description("The concentration of each component; 0 = uniform.")]
    Sequence<double> Concentrations,
    [Quantity("a component's weight", AtLeast = 1e-100, AtMost = 1e100)]
    [Description("The probability of each component, up to a common factor; null = equal.")]
    Sequence<double>? Weights = null) : TargetLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) =>
        Concentrations.Count != Means.Count
            ? $"{Text.Plural(Concentrations.Count, "concentration")} for {Text.Plural(Means.Count, "mean")}; each mean needs one"
        : Weights is not null && Weights.Count != Means.Count
            ? $"{Text.Plural(Weights.Count, "weight")} for {Text.Plural(Means.Count, "mean")}; each mean needs one"
        : Shares.WhyNot(Weights) ?? setting.WhyNot(Means, "mean");

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
/// The great circle of S^2 with a given normal, run through once, counter-clockwise about it: target k of T at the angle 2 pi (k + 1/2)/T.
/// On n grid labels with T = n, the label s sees the angle 2 pi s.
/// </summary>
/// <param name="Normal">Unit vector in R^3; for e_2 the circle starts at e_0.</param>
[Kind("greatCircle", 2)]
[Description("Evenly spaced on the great circle with this normal, counter-clockwise about it, for dimension 3: "
    + "target k of T (from 0) at the angle 2 pi (k + 1/2)/T.")]
public sealed record GreatCircleTargets([UnitVector, Description("The normal, a unit vector.")] Sequence<double> Normal) : TargetLaw
{
    /// <summary>The great circle of the first two axes.</summary>
    public GreatCircleTargets() : this([0, 0, 1]) { }

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) =>
        setting.Dimension != 3 ? $"a great circle of targets lives in dimension 3, not {setting.Dimension}"
        : setting.WhyNot(Normal, "the normal");

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
    /// <summary>
    /// The index of the share that p in [0, 1] falls into, shares proportional to the weights or equal; 1 belongs to the last.
    /// </summary>
    public static int Of(double p, IReadOnlyList<double>? weights, int count)
    {
        if (weights is null) return Math.Min((int)(p * count), count - 1);
        // Halving and doubling are exact, and no sum overflows.
        int scale = -Math.ILogB(weights.Max());
        CompensatedSum total = default, cumulated = default;
        foreach (double weight in weights) total.Add(Math.ScaleB(weight, scale));
        for (int k = 0; k < count - 1; k++)
        {
            cumulated.Add(Math.ScaleB(weights[k], scale));
            if (p * total.Value < cumulated.Value) return k;
        }
        return count - 1;
    }

    /// <summary>w_k/sum_j w_j of positive weights, divided by the largest first, so that no sum overflows.</summary>
    public static double[] Normalized(IReadOnlyList<double> weights)
    {
        double largest = weights.Max();
        double[] shares = [.. weights.Select(w => w / largest)];
        double sum = CompensatedSum.Of(shares);
        for (int k = 0; k < shares.Length; k++) shares[k] /= sum;
        return shares;
    }

    /// <summary>Why positive weights have no shares, or null: one underflows, or loses digits, beside another.</summary>
    public static string? WhyNot(IReadOnlyList<double>? weights) =>
        weights is not { Count: > 0 } || double.IsNormal(weights.Min() / weights.Max() / weights.Count) ? null
            : Text.Of($"the weight {weights.Min()} is lost beside {weights.Max()}; weights may differ by a factor of 1e300");
}
