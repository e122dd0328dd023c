namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// A coupling as a sum of products, b(s, t) = sum_k f_k(s) g_k(t): one set of moments, with weights w_j g_k(t_j), per term k, its channel.
/// </summary>
/// <remarks>
/// With the <see cref="Coupling.Modes"/> a_m: f = a_0, g = 1, then for m = 1, 2, ... f = a_m cos 2 pi m s, g = cos 2 pi m t and the same
/// with sines. When weights have both signs, a last channel with g = 1 and |w_j| carries the scale of errors and nothing else.
/// </remarks>
internal sealed class LabelChannels
{
    private readonly PairProblem _problem;
    private readonly IReadOnlyList<double> _modes;
    private readonly bool[] _signed;
    private readonly bool _anySigned;
    private readonly double _smallest;

    /// <summary>The channels of a problem whose coupling <see cref="Knows"/>.</summary>
    public LabelChannels(PairProblem problem)
    {
        _problem = problem;
        _modes = problem.Interaction.Coupling.Modes!;
        _smallest = problem.Interaction.Coupling.Smallest;
        _signed = [.. Enumerable.Range(0, problem.Replicas).Select(IsSigned)];
        _anySigned = _signed.Contains(true);
        Bound = Math.Abs(_modes[0]) + _modes.Skip(1).Sum(Math.Abs);
        Terms = 2 * _modes.Count - 1;
    }

    /// <summary>Couplings that are a short sum of products.</summary>
    public static bool Knows(Coupling coupling) => coupling.Modes is not null;

    /// <summary>b^2 for such a coupling, by cos p cos q = (cos (p + q) + cos (p - q))/2.</summary>
    public static Coupling Squared(Coupling coupling)
    {
        if (coupling.IsOne) return coupling;
        IReadOnlyList<double> modes = coupling.Modes!;
        double[] squares = new double[2 * modes.Count - 1];
        for (int p = 0; p < modes.Count; p++)
            for (int q = 0; q < modes.Count; q++)
            {
                squares[p + q] += modes[p] * modes[q] / 2;
                squares[Math.Abs(p - q)] += modes[p] * modes[q] / 2;
            }
        return new ToeplitzCoupling(squares[0], squares[1..]);
    }

    /// <summary>Terms of the sum.</summary>
    public int Terms { get; }

    /// <summary>Terms, and the channel of the scale where there is one.</summary>
    public int Count => Terms + (_anySigned ? 1 : 0);

    /// <summary>B, a bound on |b|.</summary>
    public double Bound { get; }

    /// <summary>
    /// True when no term of Z_i is negative in this replica: then errors are relative to Z_i. Else they are relative to S_i = B sum_j |w_j|
    /// e^{beta (t_ij - 1)}, B the bound on |b|.
    /// </summary>
    public bool ScaleIsZ(int replica) => !_signed[replica] && _smallest >= 0;

    /// <summary>The factor of the pairs in the scale of errors: its mean over labels, its least value, and at equal labels.</summary>
    public (double Mean, double Least, double Self) ScaleOf(int replica)
    {
        Coupling coupling = _problem.Interaction.Coupling;
        return ScaleIsZ(replica) ? (_modes[0], _smallest, coupling.Value(0, 0)) : (Bound, Bound, Bound);
    }

    /// <summary>w_j g_k(t_j) for the tokens [first, first + count).</summary>
    public unsafe void Weights(int channel, int first, int count, double* into)
    {
        ReadOnlySpan<double> weights = _problem.Weights.AsSpan(first, count), labels = _problem.KeyLabels.AsSpan(first, count);
        if (channel == 0) weights.CopyTo(new Span<double>(into, count));
        else if (channel == Terms)
            for (int i = 0; i < count; i++) into[i] = Math.Abs(weights[i]);
        else
            for (int i = 0; i < count; i++) into[i] = weights[i] * Wave(channel, labels[i]);
    }

    /// <summary>f_k(s) of a row.</summary>
    public double Factor(int channel, int row) => channel == 0 ? _modes[0]
        : channel == Terms ? 0 : _modes[(channel + 1) / 2] * Wave(channel, _problem.QueryLabels[row]);

    /// <summary>What this channel adds to the scale of errors when that is not Z.</summary>
    public double ScaleFactor(int channel, int replica) => channel == (_signed[replica] ? Terms : 0) ? Bound : 0;

    private static double Wave(int channel, double label)
    {
        double phase = 2 * Math.PI * ((channel + 1) / 2) * label;
        return channel % 2 == 1 ? Math.Cos(phase) : Math.Sin(phase);
    }

    private bool IsSigned(int replica) =>
        _problem.Weights.AsSpan(replica * _problem.Keys, _problem.Keys).ContainsAnyInRange(double.NegativeInfinity, -double.Epsilon);
}
