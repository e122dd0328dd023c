using AttentionFlow.Encoders.Models;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Encoders.Traces;

/// <summary>The tokens of a text after a layer as a cloud on the sphere: x_i = h_i/|h_i| and r_i = |h_i|, in double precision.</summary>
internal sealed class LayerState
{
    private readonly Lazy<double[]> _cosines, _eigenvalues;

    /// <summary>Some tokens after a layer.</summary>
    /// <param name="layer">What was seen.</param>
    /// <param name="d">Dimension.</param>
    /// <param name="tokens">Which tokens, by their positions; null for all.</param>
    /// <exception cref="NonFiniteException">A hidden state is not finite.</exception>
    /// <exception cref="ConfigurationException">A hidden state is zero, and has no direction.</exception>
    public LayerState(EncoderLayer layer, int d, IReadOnlyList<int>? tokens = null)
    {
        (Layer, Dimension) = (layer.Number, d);
        tokens ??= [.. Enumerable.Range(0, layer.Hidden.Length / d)];
        Radii = new double[tokens.Count];
        Positions = new double[tokens.Count * d];
        for (int i = 0; i < tokens.Count; i++)
        {
            Span<double> x = Positions.AsSpan(i * d, d);
            for (int c = 0; c < d; c++) x[c] = layer.Hidden[tokens[i] * d + c];
            Radii[i] = Sphere.Norm(x);
            if (!double.IsFinite(Radii[i])) throw new NonFiniteException(RunFolder.SnapshotsFile, "radius", i + 1, Radii[i]);
            if (!Sphere.TryNormalize(x))
                throw new ConfigurationException($"the hidden state of token {tokens[i]} after layer {Layer} is zero; it has no direction");
        }
        (_cosines, _eigenvalues) = (new(CosinesOf), new(EigenvaluesOf));
    }

    /// <summary>Number of the layer.</summary>
    public int Layer { get; }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>x, [n, d].</summary>
    public double[] Positions { get; }

    /// <summary>r, [n].</summary>
    public double[] Radii { get; }

    /// <summary>n.</summary>
    public int Tokens => Radii.Length;

    /// <summary>The cosines of all pairs, [n, n].</summary>
    public double[] Cosines => _cosines.Value;

    /// <summary>Mean cosine of different tokens, as the observable ranks has it.</summary>
    public double MeanCosine
    {
        get
        {
            CompensatedSum sum = default;
            foreach (double cosine in Cosines) sum.Add(cosine);
            for (int i = 0; i < Tokens; i++) sum.Add(-Cosines[i * Tokens + i]);
            return Tokens == 1 ? 1 : sum.Value / Tokens / (Tokens - 1);
        }
    }

    /// <summary>Effective rank of the tokens, as the observable ranks has it.</summary>
    public double EffectiveRank => RanksObservable.EffectiveRank(_eigenvalues.Value);

    /// <summary>Stable rank of the tokens, as the observable ranks has it.</summary>
    public double StableRank => 1 / _eigenvalues.Value[0];

    private double[] EigenvaluesOf()
    {
        double[] weights = new double[Tokens];
        Array.Fill(weights, 1.0 / Tokens);
        return Mean.MomentEigenvalues(Positions, weights, 0, Tokens, new double[Dimension]);
    }

    private double[] CosinesOf()
    {
        double[] cosines = new double[Tokens * Tokens];
        for (int i = 0; i < Tokens; i++)
            for (int j = 0; j <= i; j++)
                cosines[i * Tokens + j] = cosines[j * Tokens + i] =
                    Sphere.LaneDot(Positions.AsSpan(i * Dimension, Dimension), Positions.AsSpan(j * Dimension, Dimension));
        return cosines;
    }
}
