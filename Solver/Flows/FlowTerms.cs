using AttentionFlow.Kernels.Devices;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Flows;

/// <summary>The pair sums of a flow at one state, a term a head and one of the prompts: what drift and energy are read from.</summary>
internal sealed class FlowTerms
{
    /// <summary>Tokens that a thread takes at a time.</summary>
    public const int Grain = 4096;

    private readonly IPairSums _tokenSums, _sums;
    private readonly double[] _bias = [];
    private readonly int _threads;

    /// <summary>The terms of this interaction and layer.</summary>
    /// <param name="interaction">beta, profile, coupling, normalisation, mask.</param>
    /// <param name="layer">Heads, code, prompts.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="gauge">From x to y.</param>
    /// <param name="turn">Psi, for a code of the logits alone.</param>
    /// <param name="sums">The device.</param>
    /// <param name="threads">For the per-token work.</param>
    /// <exception cref="NotSupportedException">When the device does not support the problem.</exception>
    public FlowTerms(
        Interaction interaction, Layer layer, TokenArrays tokens, PreparedGauge gauge, PreparedGauge turn, IPairSums sums, int threads)
    {
        (Interaction, IsPlain, Tokens, Gauge, _sums, _threads) = (interaction, layer.IsPlain, tokens, gauge, sums, threads);
        Perceptron = layer.Perceptron;
        _tokenSums = Choice.SumsUnder(interaction.Normalization, sums, threads);
        Heads = [.. layer.Heads.Select(head => new HeadTerm(tokens, interaction, head, layer, turn, _tokenSums))];
        Prompts = layer.HasNoPrompts ? null : new PromptTerm(tokens, interaction, layer, gauge, turn, threads, sums);
        string? unsupported = Heads.Select(h => h.Plan.WhyNot).Append(Prompts?.Plan?.WhyNot).FirstOrDefault(why => why is not null);
        if (unsupported is not null) throw new NotSupportedException(unsupported);
        if (!interaction.Normalization.HasBias) return;
        _bias = Choice.Biases(tokens.Self(interaction), threads);
        for (int i = 0; i < _bias.Length && Prompts is not null; i++) _bias[i] += Prompts.Strength;
    }

    /// <summary>beta, profile, coupling, normalisation, mask.</summary>
    public Interaction Interaction { get; }

    /// <summary>One head without matrices, no code, no prompts, no perceptron: y itself is what pairs see.</summary>
    public bool IsPlain { get; }

    /// <summary>The tokens, at y.</summary>
    public TokenArrays Tokens { get; }

    /// <summary>From x to y.</summary>
    public PreparedGauge Gauge { get; }

    /// <summary>A term for every head.</summary>
    public HeadTerm[] Heads { get; }

    /// <summary>What prompts add; null: there are none.</summary>
    public PromptTerm? Prompts { get; }

    /// <summary>What acts on every token alone; null: nothing.</summary>
    public Perceptron? Perceptron { get; }

    /// <summary>Gives all replicas the matrices of an interval; so many replicas, one after the other, have the same.</summary>
    public void Draw(Redraw redraw, long number, int copies) => Workers.For(Tokens.Replicas / copies, 1, _threads, (from, to) =>
    {
        for (int r = from; r < to; r++)
        {
            (Matrix<double>? Logits, Matrix<double>? Values)[] drawn = redraw.Draw(r, number);
            for (int h = 0; h < Heads.Length; h++)
                for (int copy = r * copies; copy < (r + 1) * copies; copy++) Heads[h].Draw(copy, drawn[h].Logits, drawn[h].Values);
        }
    });

    /// <summary>Asks for forces with their part along y_i.</summary>
    public void AskRadial()
    {
        foreach (HeadTerm head in Heads) head.AskRadial(_tokenSums);
    }

    /// <summary>Plans sums anew: the tokens' weights have changed.</summary>
    public void Renew()
    {
        foreach (HeadTerm head in Heads) head.Renew(_tokenSums);
    }

    /// <summary>What was summed of the tokens so far: under hardmax not by the device.</summary>
    public SumStatistics Statistics => _tokenSums.Statistics;

    /// <summary>Sums the rows first..first+count-1 at x [R, n, d].</summary>
    public void Sum(double[] x, int first, int count, CancellationToken stop)
    {
        Workers.For(count, Grain, _threads, (from, to) =>
        {
            Gauge.Enter(x, Tokens.Y, first + from, first + to);
            foreach (HeadTerm head in Heads) head.Prepare(first + from, first + to);
        });
        foreach (HeadTerm head in Heads) _tokenSums.Sum(head.Plan, first..(first + count), head.Sums, stop);
        Prompts?.Sum(x, first, count, _sums, stop);
    }

    /// <summary>N_i.</summary>
    /// <param name="row">i.</param>
    /// <param name="sum">The row's sum, prompts included.</param>
    public double Divisor(int row, double sum) => Interaction.Normalization.Divisor(sum, Bias(row));

    /// <summary>e^c/N_i.</summary>
    /// <param name="row">i.</param>
    /// <param name="z">e^{-c} times the row's sum, prompts included.</param>
    /// <param name="unshift">e^c.</param>
    public double Scale(int row, double z, double unshift) => Interaction.Normalization.Scale(z, unshift, Bias(row));

    /// <summary>The same of the rows from <paramref name="row"/> on that share e^c.</summary>
    public void Scales(int row, ReadOnlySpan<double> z, double unshift, Span<double> scales) =>
        Interaction.Normalization.Scales(z, unshift, _bias.Length > 0 ? _bias.AsSpan(row, scales.Length) : [], scales);

    private double Bias(int row) => _bias.Length > 0 ? _bias[row] : 1;
}

/// <summary>What the terms of a flow know of its tokens.</summary>
/// <param name="Replicas">R.</param>
/// <param name="Tokens">n.</param>
/// <param name="Dimension">d.</param>
/// <param name="Y">Positions as the flow is evaluated, y = Psi x, [R, n, d]; their contents change.</param>
/// <param name="Weights">m, [R, n]; their contents change where weights move.</param>
/// <param name="Labels">xi, [R, n].</param>
internal sealed record TokenArrays(int Replicas, int Tokens, int Dimension, double[] Y, double[] Weights, double[] Labels)
{
    public int Rows => Replicas * Tokens;

    public ReadOnlySpan<double> At(int row) => Y.AsSpan(row * Dimension, Dimension);

    /// <summary>The tokens as a self form.</summary>
    public PairProblem Self(Interaction interaction) => PairProblem.Self(Replicas, Tokens, Dimension, interaction, Y, Weights, Labels);
}
