using AttentionFlow.Kernels;

namespace AttentionFlow.Solver;

/// <summary>Takes steps of one method with one flow; holds the stages.</summary>
public sealed class Stepper
{
    private const int Grain = 4096;

    private readonly Flow _flow;
    private readonly Tableau _tableau;
    private readonly int _threads;
    private readonly double[][] _k;
    private readonly double[] _stage;

    /// <summary>A stepper; <paramref name="threads"/> for the per-token work.</summary>
    public Stepper(Flow flow, Tableau tableau, int threads = 1)
    {
        (_flow, _tableau, _threads) = (flow, tableau, threads);
        int numbers = flow.Rows * flow.Dimension;
        _k = [.. tableau.B.Select(_ => new double[numbers])];
        _stage = new double[numbers];
    }

    /// <summary>The drift of the last <see cref="Begin"/>, [R, n, d].</summary>
    public double[] Drift => _k[0];

    /// <summary>Evaluates the drift at x: the first stage of the step that follows, and what observers look at.</summary>
    public void Begin(double[] x, CancellationToken stop = default) => _flow.Drift(x, _k[0], stop);

    /// <summary>Replaces x, for which <see cref="Begin"/> was called, by the state a time h later.</summary>
    public void Advance(double[] x, double h, CancellationToken stop = default)
    {
        for (int s = 1; s < _k.Length; s++)
        {
            Combine(x, h, _tableau.A[s], _stage);
            _flow.Drift(_stage, _k[s], stop);
        }
        Combine(x, h, _tableau.B, x);
    }

    // target = N(x + h sum_j coefficients[j] k_j); target may be x.
    private void Combine(double[] x, double h, double[] coefficients, double[] target) =>
        Workers.For(_flow.Rows, Grain, _threads, (from, to) =>
        {
            int d = _flow.Dimension, start = from * d, length = (to - from) * d;
            Span<double> sum = target.AsSpan(start, length);
            x.AsSpan(start, length).CopyTo(sum);
            for (int j = 0; j < coefficients.Length; j++)
                if (coefficients[j] != 0) Sphere.AddScaled(sum, h * coefficients[j], _k[j].AsSpan(start, length));
            Sphere.Retract(sum, d);
        });
}
