namespace AttentionFlow.Solver;

/// <summary>Two tokens, each of which may stand for many, became one.</summary>
/// <param name="Time">When they came closer than the merging distance, from dense output.</param>
/// <param name="Replica">Whose they are.</param>
/// <param name="Token">The lighter one, by an original token in it; in no later merger of the replica.</param>
/// <param name="Into">The heavier one, by an original token in it, under which it goes on.</param>
/// <param name="MassToken">Weight of the lighter one.</param>
/// <param name="MassInto">Weight of the heavier one before the merger.</param>
/// <param name="Left">How many tokens the replica is left with.</param>
public readonly record struct Merger(double Time, int Replica, int Token, int Into, double MassToken, double MassInto, int Left);
