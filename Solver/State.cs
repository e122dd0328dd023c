namespace AttentionFlow.Solver;

/// <summary>
/// What a flow moves, or a rate of it: tokens, and their radii under a scheme that has such a state. An array stands for tokens without
/// radii.
/// </summary>
/// <param name="Positions">x or dx/dt, [R, n, d].</param>
/// <param name="Radii">r or dr/dt, [R, n]; empty where the scheme has none.</param>
public readonly record struct State(double[] Positions, double[] Radii)
{
    /// <summary>Tokens without radii.</summary>
    public static implicit operator State(double[] positions) => new(positions, []);

    /// <summary>Some rows, written or read.</summary>
    internal void Keep(Archive archive, string name, int first, int count, int dimension)
    {
        archive.Array(name, Positions, first * dimension, count * dimension);
        if (Radii.Length > 0) archive.Array(name + "Radii", Radii, first, count);
    }

    /// <summary>Copies the rows first..first+count-1 to the same rows of another state.</summary>
    public void CopyTo(State target, int first, int count, int dimension)
    {
        Positions.AsSpan(first * dimension, count * dimension).CopyTo(target.Positions.AsSpan(first * dimension));
        if (Radii.Length > 0) Radii.AsSpan(first, count).CopyTo(target.Radii.AsSpan(first));
    }
}
