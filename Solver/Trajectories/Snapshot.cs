namespace AttentionFlow.Solver.Trajectories;

/// <summary>The tokens of one replica at one time.</summary>
/// <param name="Replica">The number of the replica.</param>
/// <param name="Positions">x, [n, d], rows of unit length.</param>
public sealed record TokenSet(int Replica, double[] Positions)
{
    /// <summary>n.</summary>
    public required int Count { get; init; }

    /// <summary>Names of the tokens, rising; null where they are 0, 1, ..., n - 1.</summary>
    public long[]? Tokens { get; init; }

    /// <summary>xi, [n]; null where the source has none.</summary>
    public double[]? Labels { get; init; }

    /// <summary>m, [n], with the sum 1; null for equal weights.</summary>
    public double[]? Weights { get; init; }

    /// <summary>r, [n]; null where the source has none and its rows have unit length.</summary>
    public double[]? Radii { get; init; }

    /// <summary>The name of token number <paramref name="index"/>.</summary>
    public long Name(int index) => Tokens is null ? index : Tokens[index];

    /// <summary>Whether these are the tokens of another set, by name.</summary>
    public bool HasTokensOf(TokenSet other) => Count == other.Count && (Tokens is null ? other.Tokens is null
        : other.Tokens is not null && Tokens.AsSpan().SequenceEqual(other.Tokens));
}

/// <summary>All replicas of a trajectory at one time.</summary>
/// <param name="Number">Of the snapshot, from 0.</param>
/// <param name="Time">t.</param>
/// <param name="Dimension">d.</param>
/// <param name="Replicas">At least one, by rising number; their numbers of tokens may differ.</param>
public sealed record Snapshot(int Number, double Time, int Dimension, IReadOnlyList<TokenSet> Replicas)
{
    /// <summary>The set of a replica, or null where this snapshot has none.</summary>
    public TokenSet? Of(int replica)
    {
        foreach (TokenSet set in Replicas)
            if (set.Replica == replica) return set;
        return null;
    }
}
