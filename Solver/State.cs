namespace AttentionFlow.Solver;

/// <summary>
/// What a flow moves, or a rate of it: tokens, their radii under a scheme that has such a state, and their weights where they move. An
/// array stands for tokens of frozen weights without radii.
/// </summary>
/// <param name="Positions">x or dx/dt, [R, n, d].</param>
/// <param name="Radii">r or dr/dt, [R, n]; empty where the scheme has none.</param>
public readonly record struct State(double[] Positions, double[] Radii)
{
    /// <summary>m, each replica summing to 1, or d(log m)/dt, [R, n]; empty where weights are frozen.</summary>
    public double[] Weights { get; init; } = [];

    /// <summary>Tokens of frozen weights without radii.</summary>
    public static implicit operator State(double[] positions) => new(positions, []);

    /// <summary>The same in arrays of its own.</summary>
    public State Copy() => new([.. Positions], [.. Radii]) { Weights = [.. Weights] };

    /// <summary>Some rows, written or read.</summary>
    internal void Keep(Archive archive, string name, int first, int count, int dimension)
    {
        archive.Array(name, Positions, first * dimension, count * dimension);
        if (Radii.Length > 0) archive.Array(name + "Radii", Radii, first, count);
        if (Weights.Length > 0) archive.Array(name + "Weights", Weights, first, count);
    }

    /// <summary>Copies the rows first..first+count-1 to the same rows of another state.</summary>
    public void CopyTo(State target, int first, int count, int dimension)
    {
        Positions.AsSpan(first * dimension, count * dimension).CopyTo(target.Positions.AsSpan(first * dimension));
        if (Radii.Length > 0) Radii.AsSpan(first, count).CopyTo(target.Radii.AsSpan(first));
        if (Weights.Length > 0) Weights.AsSpan(first, count).CopyTo(target.Weights.AsSpan(first));
    }
}
