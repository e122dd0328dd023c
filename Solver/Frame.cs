namespace AttentionFlow.Solver;

/// <summary>What observers see: the state at one time, with the drift there.</summary>
/// <param name="Time">t.</param>
/// <param name="Step">Steps taken so far.</param>
/// <param name="Positions">x, [R, n, d]; to be copied by whoever keeps it.</param>
/// <param name="Drift">dx/dt at x, [R, n, d].</param>
/// <param name="Flow">The flow, whose last drift evaluation was at x.</param>
/// <param name="Stop">Stops the run: for observers that take long.</param>
public readonly record struct Frame(double Time, long Step, double[] Positions, double[] Drift, Flow Flow, CancellationToken Stop = default);

/// <summary>Looks at a run as it goes.</summary>
public interface IObserver
{
    /// <summary>The next time this observer wants to see; the integrator lands on it. Negative infinity: every step, wherever it ends. Positive infinity: never again.</summary>
    double NextTime { get; }

    /// <summary>Called at <see cref="NextTime"/> (or every step), with times that rise from call to call.</summary>
    void Observe(in Frame frame);
}
