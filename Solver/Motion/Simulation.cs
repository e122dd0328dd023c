using System.Text.Json.Serialization;
using AttentionFlow.Solver.Flows;
using static System.FormattableString;

namespace AttentionFlow.Solver.Motion;

/// <summary>How far a run got.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunStatus>))]
public enum RunStatus
{
    /// <summary>Under way, or ended without a chance to say so.</summary>
    [JsonStringEnumMemberName("running")] Running,
    /// <summary>The horizon was reached.</summary>
    [JsonStringEnumMemberName("complete")] Complete,
    /// <summary>Stopped before the horizon by whoever ran it; what is there is whole.</summary>
    [JsonStringEnumMemberName("stopped")] Stopped,
    /// <summary>The numbers ceased to be finite; the rows before that are there.</summary>
    [JsonStringEnumMemberName("diverged")] Diverged,
    /// <summary>An error ended it, named in the advice.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>The end of a run, with advice where there is some.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Time">The time reached: that of the cloud's positions.</param>
/// <param name="Steps">Steps taken, by the replica that took most.</param>
/// <param name="Evaluations">Drift evaluations of all replicas for the motion; one of some replicas counts as their share.</param>
/// <param name="Advice">What to do about it, or null.</param>
public sealed record RunResult(RunStatus Status, double Time, long Steps, double Evaluations, string? Advice)
{
    /// <summary>Steps that were refused and taken again shorter, of the same replica.</summary>
    public long Rejected { get; init; }

    /// <summary>Drift evaluations that only observers needed.</summary>
    public long ObservationEvaluations { get; init; }

    /// <summary>What ended it before the horizon, of <see cref="Simulation.Until"/>; null when the horizon did.</summary>
    public string? Reason { get; init; }
}

/// <summary>The loop in time, written once: it moves a cloud along a flow and shows observers the times they ask for.</summary>
/// <param name="flow">The flow.</param>
/// <param name="method">The method.</param>
/// <param name="step">The step; a number stands for a fixed one.</param>
/// <param name="horizon">Final time, > 0.</param>
/// <param name="threads">Threads for the per-token work.</param>
/// <exception cref="ArgumentException">An adaptive step with a method that estimates no error.</exception>
public sealed class Simulation(Flow flow, Tableau method, StepControl step, double horizon, int threads = 1)
{
    private readonly StepControl _step = WhyNot(flow, method, step) is { } why ? throw new ArgumentException(why, nameof(step)) : step;

    /// <summary>Why this method cannot follow this flow by such steps, or null.</summary>
    public static string? WhyNot(Flow flow, Tableau method, StepControl step) => step switch
    {
        AdaptiveStep when !method.IsAdaptive => $"{method.Name} estimates no error and takes fixed steps only",
        AdaptiveStep when flow.Layer.Redraw is not null => "matrices that are redrawn take fixed steps, which end where they are drawn",
        AdaptiveStep { MergeDistance: > 0 } => MergingMotion.WhyNot(flow),
        FixedStep { Length: double length } => flow.Layer.Redraw?.WhyNot(length),
        _ => null,
    };

    /// <summary>What ends the run before its horizon; null: nothing.</summary>
    public Until? Until { get; init; }

    /// <summary>Lets others write down how far the run is, and may hold where to go on.</summary>
    public RunState State { get; init; } = new();

    /// <summary>Brownian motion beside the drift; fixed steps only.</summary>
    /// <exception cref="ArgumentException">With an adaptive step.</exception>
    public Noise? Noise
    {
        get;
        init => field = value is null || _step is FixedStep ? value
            : throw new ArgumentException("noise takes fixed steps: an error estimate means nothing along a rough path", nameof(value));
    }

    /// <summary>Moves <paramref name="cloud"/> to the horizon, in place.</summary>
    /// <param name="cloud">The cloud the flow was made for.</param>
    /// <param name="observers">Called in this order.</param>
    /// <param name="stop">Stops within one pair sum; the state is then that of the last whole step or, under adaptive control, of the last
    /// recording time.</param>
    public RunResult Run(Cloud cloud, IReadOnlyList<IObserver> observers, CancellationToken stop = default)
    {
        if (flow.Scheme.Start is { } start && cloud.Radii is null) Array.Fill(cloud.Radii = new double[cloud.Rows], start);
        EnergyDrops? drops = flow.HasEnergy && Noise is null ? new(flow.Replicas) : null;
        IObserver[] seers = drops is null ? [.. observers] : [drops, .. observers];
        using Tangents? tangents = seers.Any(s => s.NeedsTangents)
            ? new(flow, new(cloud.Positions, cloud.Radii ?? []), method, threads, State) : null;
        Motion motion = MotionOf(cloud, tangents, seers);
        State.Enter();
        try
        {
            string? reason = Follow(motion, cloud, seers, stop);
            string? advice = drops?.Total > 0 ? Stability.AfterDrops(flow, method, _step, drops.Total) : null;
            return Result(RunStatus.Complete, advice) with { Reason = reason };
        }
        catch (OperationCanceledException)
        {
            State.AtEnd?.Invoke();
            return Result(RunStatus.Stopped, StoppedAt(motion.Time, horizon));
        }
        catch (StepCollapsedException error)
        {
            return Result(RunStatus.Diverged, error.Message);
        }
        catch (ArithmeticException error)
        {
            string advice = (_step is FixedStep { Length: double length } ? Stability.Advice(flow.CollapseRate, method, length) : null)
                ?? "the sums are beyond the range of double precision: change beta or the coupling, or leave the observable out";
            string at = error.Message.Contains(" t = ", StringComparison.Ordinal) ? "" : Invariant($" at t = {motion.Time:G6}");
            return Result(RunStatus.Diverged, $"{error.Message}{at}; {advice}");
        }
        finally
        {
            State.Exit();
        }

        RunResult Result(RunStatus status, string? advice) =>
            new(status, motion.Time, motion.Steps, flow.Evaluations - motion.ObservationEvaluations, advice)
            {
                Rejected = motion.Rejected, ObservationEvaluations = motion.ObservationEvaluations,
            };
    }

    /// <summary>What is said of a run that was stopped.</summary>
    internal static string StoppedAt(double time, double horizon) =>
        FormattableString.Invariant($"stopped at t = {time:G6} of {horizon:G6}");

    private Motion MotionOf(Cloud cloud, Tangents? tangents, IObserver[] seers)
    {
        return _step switch
        {
            FixedStep { Length: double length } => new FixedMotion(flow, cloud, method, length, Noise, threads, State, tangents, Tell),
            AdaptiveStep { MergeDistance: > 0 } when tangents is not null => throw new NotSupportedException(Tangents.NotMerging),
            AdaptiveStep { MergeDistance: > 0 } merging =>
                new MergingMotion(flow, cloud, method, merging, horizon, threads, State, Tell, TellMerger),
            AdaptiveStep { Tolerance: double tolerance } =>
                new AdaptiveMotion(flow, cloud, method, tolerance, horizon, threads, State, tangents, Tell),
            var other => throw new NotSupportedException(other.GetType().Name),
        };

        void Tell(Step step)
        {
            foreach (IObserver seer in seers) seer.Stepped(step);
        }

        void TellMerger(Merger merger)
        {
            foreach (IObserver seer in seers) seer.Merged(merger);
        }
    }

    // From recording time to recording time; what ended it before the horizon, or null.
    private string? Follow(Motion motion, Cloud cloud, IObserver[] seers, CancellationToken stop)
    {
        string? reason = null;
        if (State.Earlier is { } earlier)
        {
            Keep(earlier);
            motion.Recall(stop);
            motion.Counts = RunState.CountsOf(earlier);
            KeepObservers(earlier);
            State.Begin(Keep, () => motion.Counts, KeepObservers);
            motion.GoOn(stop);
        }
        else
        {
            motion.Begin(stop);
            State.Begin(Keep, () => motion.Counts, KeepObservers);
        }
        reason ??= Show();
        while (motion.Time < horizon && reason is null)
        {
            double next = horizon;
            foreach (IObserver seer in seers)
                if (seer.NextTime > motion.Time + motion.SameTime && seer.NextTime < next) next = seer.NextTime;
            motion.MoveTo(next, stop);
            reason = Show();
        }
        // Only a run that ends early leaves anything unseen.
        State.Freeze();
        State.AtEnd?.Invoke();
        Frame end = View(reason is not null && seers.Any(o => o.NeedsDrift), reason is not null && seers.Any(o => o.NeedsTangents));
        State.Show(() =>
        {
            foreach (IObserver seer in seers) seer.Ended(end);
        });
        return reason;

        string? Show()
        {
            IObserver[] due = [.. seers.Where(o => o.NextTime <= motion.Time + motion.SameTime)];
            if (due.Length == 0) return null;
            State.Freeze();
            Frame frame = View(Until?.Speed is not null || due.Any(o => o.NeedsDrift), due.Any(o => o.NeedsTangents));
            string? held = null;
            State.Show(() =>
            {
                foreach (IObserver seer in due) seer.Observe(frame);
                held = Until?.Holds(frame, motion.Left);
            });
            return held;
        }

        void Keep(Archive archive)
        {
            archive.Text("reason", ref reason);
            archive.Within("motion", motion.Keep);
        }

        void KeepObservers(Archive archive)
        {
            for (int k = 0; k < seers.Length; k++) archive.Within($"observer{k}", seers[k].Keep);
        }

        // The flow's last evaluation is to be that of the drift.
        Frame View(bool needsDrift, bool needsTangents)
        {
            IReadOnlyList<TangentGrowth> growth = needsTangents ? motion.Growth(stop) : [];
            double[] drift = needsDrift ? motion.Drift(stop) : [];
            flow.SetWeights(flow.StateOf(cloud).Weights, 0, flow.Rows);
            return new(motion.Time, motion.Steps, cloud.Positions, drift, flow, stop) { Radii = cloud.Radii ?? [], Growth = growth };
        }
    }
}
