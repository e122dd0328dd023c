using AttentionFlow.Kernels;

namespace AttentionFlow.Solver;

/// <summary>What the terms of a flow know of its tokens.</summary>
/// <param name="Replicas">R.</param>
/// <param name="Tokens">n.</param>
/// <param name="Dimension">d.</param>
/// <param name="Y">Positions in the frame in which the flow is evaluated, [R, n, d]; their contents change.</param>
/// <param name="Weights">m, [R, n].</param>
/// <param name="Labels">xi, [R, n].</param>
internal sealed record TokenArrays(int Replicas, int Tokens, int Dimension, double[] Y, double[] Weights, double[] Labels)
{
    public int Rows => Replicas * Tokens;

    public ReadOnlySpan<double> At(int row) => Y.AsSpan(row * Dimension, Dimension);

    /// <summary>The tokens as a self form.</summary>
    public PairProblem Self(Interaction interaction) => PairProblem.Self(Replicas, Tokens, Dimension, interaction, Y, Weights, Labels);
}
