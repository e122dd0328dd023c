namespace AttentionFlow.Kernels;

/// <summary>The moments of one replica, channel after channel.</summary>
internal sealed class HarmonicMoments(HarmonicBasis basis, int channels)
{
    private readonly double[] _numbers = new double[channels * basis.Moments];

    /// <summary>Order and layout.</summary>
    public HarmonicBasis Basis { get; } = basis;

    /// <summary>The moments of a channel.</summary>
    public Span<double> Channel(int channel) => _numbers.AsSpan(channel * Basis.Moments, Basis.Moments);

    /// <summary>The coefficients of every channel, one after the other.</summary>
    public double[] Coefficients(KernelSeries series, int channels)
    {
        double[] coefficients = new double[channels * Basis.Coefficients];
        for (int k = 0; k < channels; k++) Basis.ToCoefficients(Channel(k), series, coefficients.AsSpan(k * Basis.Coefficients, Basis.Coefficients));
        return coefficients;
    }
}
