using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// The amplitude of every degree l of a cloud on the circle or the sphere: (sum_ij w_i w_j P_l(&lt;x_i, x_j&gt;))^{1/2} with P_l(1) = 1,
/// that is |sum_j w_j e^{i l u_j}| on the circle and (4 pi/(2 l + 1) sum_m |sum_j w_j Y_lm(x_j)|^2)^{1/2} on the sphere. With weights that
/// sum to 1 a point has 1 everywhere, the uniform law 0 from degree 1 on, n independent uniform tokens n^{-1/2} in the mean square; degree
/// 1 is the length of the mean.
/// </summary>
/// <remarks>Time linear in n; the bits depend neither on threads nor on the vector width.</remarks>
public sealed class HarmonicSpectrum
{
    private readonly HarmonicKernel _kernel;
    private readonly HarmonicBasis _basis;
    private readonly HarmonicMemory _memory = new();
    private readonly int _threads;

    /// <summary>For clouds of one dimension.</summary>
    /// <param name="dimension">d, 2 or 3.</param>
    /// <param name="order">The highest degree L, up to <see cref="HarmonicSums.MaxOrder"/>.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="vectorBits">128, 256 or 512; null for the widest that the processor has.</param>
    /// <exception cref="NotSupportedException">In other dimensions.</exception>
    public HarmonicSpectrum(int dimension, int order, int threads, int? vectorBits = null)
    {
        if (dimension is not (2 or 3))
            throw new NotSupportedException($"the spectrum is known on the circle and the sphere, d = 2 and 3, not for d = {dimension}");
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, HarmonicSums.MaxOrder);
        _kernel = HarmonicKernel.For(dimension, Math.Min(vectorBits ?? 512, SimdSums.WidestVectorBits));
        (_basis, _threads) = (HarmonicBasis.Of(dimension, order), threads);
    }

    /// <summary>The amplitudes of the keys of a problem of this dimension and coupling 1, [R, L + 1].</summary>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set.</exception>
    public double[] Of(PairProblem problem, CancellationToken stop)
    {
        int degrees = _basis.Order + 1;
        HarmonicMoments?[] moments = new HarmonicMoments?[problem.Replicas];
        int[] replicas = [.. Enumerable.Range(0, problem.Replicas)];
        new MomentSums(problem, new LabelChannels(problem), _kernel, _memory, _threads, stop)
            .Add(replicas, [.. replicas.Select(_ => _basis)], moments);
        double[] amplitudes = new double[problem.Replicas * degrees];
        foreach (int r in replicas) _basis.AddPower(moments[r]!.Channel(0), 1, amplitudes.AsSpan(r * degrees, degrees));
        for (int i = 0; i < amplitudes.Length; i++) amplitudes[i] = Math.Sqrt(amplitudes[i]);
        return amplitudes;
    }
}
