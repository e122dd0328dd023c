using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Sweeps;

namespace AttentionFlow.Solver.Analysis;

/// <summary>What is asked of a trajectory.</summary>
public sealed record AnalysisRequest
{
    /// <summary>The flow that the tokens are taken to follow; null: only what positions alone tell.</summary>
    public Experiment? Experiment { get; init; }

    /// <summary>The observables; null: all that can be had.</summary>
    public IReadOnlyList<string>? Observables { get; init; }

    /// <summary>Levels whose crossings are asked for.</summary>
    public IReadOnlyList<Crossing> When { get; init; } = [];

    /// <summary>Weights of a replica's tokens where the trajectory has none; null: equal ones.</summary>
    public Func<TokenKey, double[]?>? WeightsOf { get; init; }

    /// <summary>Threads of the pair sums and of the per-token work.</summary>
    public int Threads { get; init; } = 1;
}

/// <summary>The tokens of a replica, by name.</summary>
/// <param name="Replica">The replica.</param>
/// <param name="Tokens">Their names; null for 0, 1, ...</param>
/// <param name="Count">How many.</param>
public readonly record struct TokenKey(int Replica, long[]? Tokens, int Count);
