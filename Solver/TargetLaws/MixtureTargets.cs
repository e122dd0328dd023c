namespace AttentionFlow.Solver;

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
