using AttentionFlow.Kernels;

namespace AttentionFlow.Solver;

/// <summary>What is known about steps before a run starts.</summary>
public static class Stability
{
    private const double UselessRate = 1e12;

    /// <summary>
    /// A bound on the rate at which tokens close in on the collapsed state, the stiffest the flow gets: max |b| e^beta (exponential profile) or
    /// max |b| (linear) under USA, 1 under SA; what the scheme makes of it at the start (null: post).
    /// </summary>
    public static double CollapseRate(Interaction interaction, Scheme? scheme = null)
    {
        double rate = interaction.Normalization == Normalization.Softmax ? 1
            : interaction.Coupling.Largest * (interaction.Profile.IsCurved(interaction.Beta) ? Math.Exp(interaction.Beta) : 1);
        return scheme?.CollapseRate(rate) ?? rate;
    }

    /// <summary>The largest step that is stable near collapse for this method.</summary>
    public static double LargestStep(Interaction interaction, Tableau method, Scheme? scheme = null) => method.StabilityLimit / CollapseRate(interaction, scheme);

    /// <summary>Null when the step is stable near collapse for this method, else a sentence with one that is.</summary>
    public static string? Advice(Interaction interaction, Tableau method, double step, Scheme? scheme = null)
    {
        double rate = CollapseRate(interaction, scheme), limit = LargestStep(interaction, method, scheme);
        if (step <= limit) return null;
        if (!(rate <= UselessRate)) return FormattableString.Invariant($"no step is small enough near collapse, where tokens close in at the rate {rate:G4}; reduce beta or use softmax");
        return FormattableString.Invariant($"a step of {step:G4} cannot be stable near collapse: {method.Name} needs step x {rate:G4} <= {method.StabilityLimit:G4}; use a step of {RoundDown(limit / 2):G2} or less, or tsit5, which chooses its own");
    }

    /// <summary>What to do about a run whose energy fell at some steps although the flow climbs it.</summary>
    public static string AfterDrops(Flow flow, Tableau method, StepControl step, long drops)
    {
        string better = step switch
        {
            AdaptiveStep adaptive => FormattableString.Invariant($"use a tolerance of {RoundDown(adaptive.Tolerance / 10):G2} or less"),
            FixedStep { Length: double h } => FormattableString.Invariant($"use a step of {RoundDown(Math.Min(h, method.StabilityLimit / CollapseRate(flow.Interaction, flow.Scheme)) / 2):G2} or less, or tsit5, which chooses its own"),
            _ => throw new ArgumentOutOfRangeException(nameof(step)),
        };
        return $"the energy fell at {drops} step{(drops == 1 ? "" : "s")}, which a flow that climbs it never does: the steps were too long; {better}";
    }

    // To one digit.
    internal static double RoundDown(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return power * Math.Floor(value / power);
    }
}
