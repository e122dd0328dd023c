using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Runs;

/// <summary>How the pairs of a cloud are summed: what an experiment names, or what its auto stands for.</summary>
/// <param name="Choice">Device and way of summing.</param>
/// <param name="Tolerance">Of sums that are not direct.</param>
/// <param name="Problem">The tokens and their interaction.</param>
/// <param name="Force">The columns of a drift.</param>
internal sealed record ChosenSums(Choice Choice, double Tolerance, PairProblem Problem, RowColumns Force)
{
    /// <summary>Chooses.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="cloud">The tokens.</param>
    /// <param name="interaction">Of the experiment, in its unit of time.</param>
    /// <param name="budget">The error that a run can bear; null: the tolerance of the sums.</param>
    /// <exception cref="ConfigurationException">The tokens cannot be summed in this way.</exception>
    public static ChosenSums Of(Experiment experiment, Cloud cloud, Interaction interaction, double? budget)
    {
        Layer layer = experiment.Layer;
        double tolerance = experiment.Tolerance ?? (experiment.Precision == Precision.Double ? 1e-10 : 1e-6);
        PairProblem problem = PairProblem.Self(cloud.Replicas, cloud.Tokens, cloud.Dimension, interaction, cloud.Positions, cloud.Weights,
            cloud.Labels);
        // Only some flows do with forces along the sphere alone.
        RowColumns force = experiment.Interaction.Scheme.NeedsOutput || layer.TurnsRadialForce ? RowColumns.Force | RowColumns.Radial
            : RowColumns.Force;
        Choice asked = new(experiment.Device, experiment.Summation);
        string? need = layer.HasNegativeBeta && asked.Summation is Summation.Fast or Summation.Coalesced ? "beta above 0"
            : asked.Summation == Summation.Coalesced && !interaction.Profile.IsExponential(interaction.Beta)
                ? "the exponential profile and beta above 0" : null;
        if (need is not null)
            throw ConfigurationException.At("$.summation",
                $"'{asked.Summation.ToString().ToLowerInvariant()}' sums need {need}; use \"direct\" or \"auto\".");
        if (layer.HasMovingWeights) asked = new(asked.Device == "auto" ? "cpu" : asked.Device, Summation.Direct);
        (Choice choice, tolerance) = asked.Resolve(
            problem, layer.HasSelfForm ? force : null, experiment.Precision, tolerance, budget ?? tolerance);
        return choice.WhyNot is { } unfit ? throw ConfigurationException.At("$.summation", unfit) : new(choice, tolerance, problem, force);
    }
}
