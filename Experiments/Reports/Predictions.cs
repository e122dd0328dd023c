namespace AttentionFlow.Experiments.Reports;

/// <summary>What columns of observables come to in the end, where theory says so.</summary>
internal static class Predictions
{
    private const int MostLabels = 2000;

    /// <summary>
    /// The limits of columns: at a point in the gauge frame (<see cref="PointLimit"/>) E = k(1)/2 times the mean of b, and with b = 1
    /// uniform attention, entropies log n; with no gauge also |m| = 1 and one cluster; of the circle (<see cref="CircleLimit"/>) its
    /// energy, |m| and covariance; with noise and the linear profile |m| of the stationary law.
    /// </summary>
    public static IReadOnlyDictionary<string, double> Of(Experiment experiment)
    {
        Interaction interaction = experiment.Interaction.Pair;
        int d = experiment.Tokens.Dimension;
        if (experiment.Noise is { } noise)
            return noise is { Kappa: { } kappa, Common: null } && experiment.Layer.IsPlain
                && interaction is { Coupling.IsOne: true, Mask: Mask.None }
                && interaction.Profile == Profile.Linear && interaction.Normalization == Normalization.Unnormalized
                ? new Dictionary<string, double> { ["mean_norm"] = NoisyFlow.MeanNorm(d, kappa) } : [];
        if (!experiment.Layer.IsPlain) return new Dictionary<string, double>();
        return PredictedLimit.For(interaction, d, out string? _, experiment.Layer) switch
        {
            PointLimit => Point(experiment, interaction),
            CircleLimit => Circle(interaction),
            _ => new Dictionary<string, double>(),
        };
    }

    private static Dictionary<string, double> Point(Experiment experiment, Interaction interaction)
    {
        Dictionary<string, double> limits = [];
        int n = experiment.Tokens.Count;
        if (interaction.Coupling.IsOne)
        {
            limits["energy"] = interaction.DiracEnergy;
            limits["energy_ratio"] = 1;
            foreach (string column in (string[])["attention_entropy_mean", "attention_entropy_min", "entropy_floor"])
                limits[column] = Math.Log(n);
            (limits["participation"], limits["participation_ratio"], limits["sink"], limits["flat_rows"]) = (n, 1, 1, 1);
        }
        else if (n <= MostLabels && !experiment.Labels.IsRandom)
        {
            double[] labels = experiment.Draw().Labels[..n];
            limits["energy"] = interaction.DiracEnergy * labels.Average(s => labels.Average(t => interaction.Coupling.Value(s, t)));
        }
        if (experiment.Gauge is IdentityGauge)
            (limits["mean_norm"], limits["clusters"], limits["mean_cosine"], limits["hemisphere"]) = (1, 1, 1, 1);
        return limits.Where(l => double.IsFinite(l.Value)).ToDictionary();
    }

    private static Dictionary<string, double> Circle(Interaction interaction)
    {
        (double constant, double amplitude) = (interaction.Coupling.Modes![0], interaction.Coupling.Modes[1]);
        double r = ToeplitzCircle.Radius(interaction, constant / amplitude);
        Dictionary<string, double> limits = new()
        {
            ["mean_norm"] = Math.Sqrt(1 - r * r), ["covariance0"] = r * r / 2, ["covariance1"] = r * r / 2, ["covariance2"] = 0,
        };
        if (interaction.Profile.IsExponential(interaction.Beta))
            limits["energy"] = amplitude * ToeplitzCircle.Energy(interaction.Beta, constant / amplitude, interaction.Beta * r * r);
        return limits;
    }
}
