using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Runs;

/// <summary>What a run will sum, in ordered pairs.</summary>
public static class RunWork
{
    /// <summary>Ordered pairs of tokens of one evaluation of the drift: replicas x heads x tokens^2.</summary>
    public static double PairsPerEvaluation(Experiment experiment) =>
        (double)experiment.Replicas * experiment.Interaction.Heads * experiment.Tokens.Count * experiment.Tokens.Count;

    /// <summary>Ordered pairs that a run of this experiment sums for the drift; a first guess where the steps are adaptive.</summary>
    public static double Pairs(Experiment experiment)
    {
        const double evaluationsOfAnAdaptiveRun = 300;
        (double[] snapshots, double[] observations) = experiment.Times;
        if (experiment.Time.Step is not { } step)
            return PairsPerEvaluation(experiment) * (evaluationsOfAnAdaptiveRun + observations.Length);
        double steps = 0, last = 0, intervals = 0;
        foreach (double time in snapshots.Concat(observations).Order())
        {
            // As in FixedMotion: times closer than 1e-9 of a step are one.
            if (time <= last + 1e-9 * step) continue;
            steps += Math.Max(1, Math.Ceiling((time - last) / step - 1e-9));
            last = time;
            intervals++;
        }
        // Between two kicks the drift at the end of a step is evaluated at recording times only.
        double more = experiment.Interaction.Noise?.Splitting == Splitting.Strang ? intervals : 0;
        return PairsPerEvaluation(experiment) * (1 + steps * experiment.Time.Method.B.Length + more);
    }
}
