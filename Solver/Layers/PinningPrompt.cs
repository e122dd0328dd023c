namespace AttentionFlow.Solver;

/// <summary>
/// A prompt u in the gauge frame, seen by all: the drift gains lambda k'(&lt;y_i, u>) u there, the energy lambda sum_i m_i k(&lt;y_i, u>). It fixes the direction of
/// a limit that the cloud would choose else.
/// </summary>
/// <param name="Point">u, a unit vector.</param>
/// <param name="Strength">lambda.</param>
public sealed record PinningPrompt(double[] Point, double Strength);
