using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>What is known about steps before a run starts.</summary>
public static class Stability
{
    private const double UselessRate = 1e12;
    private const double ToleranceOfFixedSteps = 1e-4, ShareOfTolerance = 0.1;

    /// <summary>The rate of collapse of a flow with nothing beside its interaction and gauge: <see cref="Layer.CollapseRate"/>.</summary>
    public static double CollapseRate(Interaction interaction) => Layer.Plain.CollapseRate(interaction);

    /// <summary>The largest step that is stable near collapse at this rate, <see cref="Flow.CollapseRate"/>, for this method.</summary>
    public static double LargestStep(double rate, Tableau method) => method.StabilityLimit / rate;

    /// <summary>
    /// The error of pair sums relative to Z_i that a run can bear: an error eps moves a token by at most 2 eps rate t in the time t, which
    /// is to stay below a fifth of the tolerance of a step, so eps = 0.1 tolerance/min(rate horizon, e^{2 beta}). Beyond e^{2 beta} in
    /// units of the rate no pull is too weak to have acted: pulls between tokens at an angle a are e^{-beta (1 - cos a)} of Z, and with
    /// this eps the weakest of them keep a relative error of a tenth of the tolerance.
    /// </summary>
    /// <param name="steps">Steps of one length promise nothing: theirs stands for a tolerance of 1e-4.</param>
    /// <param name="horizon">Time of the run.</param>
    /// <param name="rate">The rate of collapse, <see cref="Flow.CollapseRate"/>.</param>
    /// <param name="beta">The inverse temperature.</param>
    public static double ErrorBudget(StepControl steps, double horizon, double rate, double beta) =>
        ShareOfTolerance * ((steps as AdaptiveStep)?.Tolerance ?? ToleranceOfFixedSteps)
        / Math.Min(rate * horizon, Math.Exp(2 * beta));

    /// <summary>Null when the step is stable near collapse at this rate for this method, else a sentence with one that is.</summary>
    public static string? Advice(double rate, Tableau method, double step)
    {
        double limit = LargestStep(rate, method);
        if (step <= limit) return null;
        if (!(rate <= UselessRate)) return NoStep(rate);
        return FormattableString.Invariant(
            $"a step of {step:G4} cannot be stable near collapse: {method.Name} needs step x {rate:G4} <= {method.StabilityLimit:G4}; ")
            + FormattableString.Invariant($"use a step of {RoundDown(limit / 2):G2} or less, or tsit5, which chooses its own");
    }

    /// <summary>The largest step over which noise leaves tokens most of their direction, which decays at this rate: 1/(2 rate).</summary>
    public static double LargestNoisyStep(double rate) => 0.5 / rate;

    /// <summary>Null when tokens keep most of their direction over a step, else a sentence with a better one.</summary>
    public static string? Advice(Noise noise, double step, int dimension)
    {
        double rate = noise.Rate(dimension);
        return step <= LargestNoisyStep(rate) ? null : FormattableString.Invariant(
            $"a step of {step:G4} is long against the noise, which turns tokens at the rate (d - 1)/kappa = {rate:G4}; ")
            + FormattableString.Invariant($"use a step of {RoundDown(0.25 / rate):G2} or less");
    }

    /// <summary>
    /// The rate (d - 1)/2 at which Brownian value matrices turn tokens whose attention output has length 1.
    /// </summary>
    public static double BrownianRate(int dimension) => 0.5 * (dimension - 1);

    /// <summary>Null when tokens keep most of their direction until Brownian matrices are redrawn, else better advice.</summary>
    public static string? Advice(Redraw redraw, int dimension)
    {
        double rate = BrownianRate(dimension);
        return redraw.Laws.Value is not BrownianMatrix || redraw.Interval <= LargestNoisyStep(rate) ? null : FormattableString.Invariant(
            $"{redraw.Interval:G4} is long against matrices that turn tokens at the rate (d - 1)/2 = {rate:G4}; ")
            + FormattableString.Invariant($"use {RoundDown(0.25 / rate):G2} or less");
    }

    /// <summary>What to do about a run whose energy fell at some steps although the flow climbs it.</summary>
    public static string AfterDrops(Flow flow, Tableau method, StepControl step, long drops)
    {
        string better = step switch
        {
            AdaptiveStep adaptive => FormattableString.Invariant($"use a tolerance of {RoundDown(adaptive.Tolerance / 10):G2} or less"),
            FixedStep when !(flow.CollapseRate <= UselessRate) => NoStep(flow.CollapseRate),
            FixedStep { Length: double h } => FormattableString.Invariant(
                $"use a step of {RoundDown(Math.Min(h, LargestStep(flow.CollapseRate, method)) / 2):G2} or less, ")
                + "or tsit5, which chooses its own",
            _ => throw new ArgumentOutOfRangeException(nameof(step)),
        };
        return $"the energy fell at {drops} step{(drops == 1 ? "" : "s")}, which a flow that climbs it never does: "
            + $"the steps were too long; {better}";
    }

    private static string NoStep(double rate) =>
        FormattableString.Invariant($"no step is small enough near collapse, where tokens close in at the rate {rate:G4}; ")
            + "reduce abs(beta), use softmax, or, for a beta above 0, times in units of e^(-beta), \"unit\": \"collapse\"";

    // To one digit.
    private static double RoundDown(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return power * Math.Floor(value / power);
    }
}
