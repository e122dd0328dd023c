using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>
/// Direct or harmonic sums, chosen for every problem by a fixed cost model: the same choice on every machine and every day.
/// </summary>
/// <remarks>
/// Cost in ns per token and core, as measured on AVX-512 cores: direct 0.6 (double) or 0.24 (single) per key; harmonic 20 + (0.092 + 30/n) (L + 1)^2 on the sphere,
/// 8 + 0.085 (2 L + 1) + 2000/n on the circle, times 2 M + 1 channels for a Toeplitz coupling with M cosines, with L the order for ordinary rows.
/// </remarks>
public sealed class FastSums : IPairSums
{
    private readonly SimdSums _direct;
    private readonly HarmonicSums _harmonic;
    private readonly bool _always;
    private readonly ConditionalWeakTable<PairProblem, object> _choices = [];

    /// <summary>Sums by this rule.</summary>
    /// <param name="summation">Auto or Fast.</param>
    /// <param name="tolerance">Error allowed to harmonic sums relative to Z_i, see <see cref="HarmonicSums"/>.</param>
    /// <param name="precision">Arithmetic of direct sums; harmonic ones are always double.</param>
    /// <param name="threads">At least 1.</param>
    public FastSums(Summation summation, double tolerance, Precision precision, int threads)
    {
        if (summation == Summation.Direct) throw new ArgumentException("direct sums are SimdSums", nameof(summation));
        (_always, _direct, _harmonic) = (summation == Summation.Fast, new SimdSums(precision, threads), new HarmonicSums(tolerance, threads));
    }

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <summary>The tolerance when harmonic sums have been used, else that of direct ones.</summary>
    public double RelativeError => Calls > 0 ? _harmonic.RelativeError : _direct.RelativeError;

    /// <summary>Harmonic evaluations so far.</summary>
    public long Calls { get; private set; }

    /// <summary>The highest degree used so far.</summary>
    public int Order { get; private set; }

    /// <summary>The largest bound on the error relative to Z_i so far.</summary>
    public double ErrorBound { get; private set; }

    /// <summary>Rows summed directly so far, because no order serves them.</summary>
    public long RowsRedone { get; private set; }

    /// <inheritdoc/>
    public string? WhyNot(PairProblem problem, Columns columns)
    {
        if (_always || IsHarmonic(problem)) return _harmonic.WhyNot(problem, columns);
        return _direct.WhyNot(problem, columns);
    }

    /// <summary>True when this problem's sums are harmonic.</summary>
    public bool IsHarmonic(PairProblem problem) => (bool)_choices.GetValue(problem, p =>
        _harmonic.WhyNot(p, Columns.Force) is null && (_always || HarmonicCost(p) < DirectCost(p)));

    /// <inheritdoc/>
    public void Sum(PairProblem problem, Range rows, RowSums into, CancellationToken stop)
    {
        if (WhyNot(problem, into.Columns) is { } why) throw new NotSupportedException(why);
        if (!IsHarmonic(problem))
        {
            _direct.Sum(problem, rows, into, stop);
            return;
        }
        _harmonic.Sum(problem, rows, into, stop);
        Calls++;
        Order = Math.Max(Order, _harmonic.Order);
        ErrorBound = Math.Max(ErrorBound, _harmonic.ErrorBound);
        RowsRedone += _harmonic.RowsRedone;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _direct.Dispose();
        _harmonic.Dispose();
    }

    private double DirectCost(PairProblem problem) => problem.Keys * (_direct.Precision == Precision.Double ? 0.6 : 0.24);

    private double HarmonicCost(PairProblem problem)
    {
        int order = _harmonic.UsualOrder(problem);
        int channels = problem.Interaction.Coupling is ToeplitzCoupling toeplitz ? 2 * toeplitz.Cosines.Count + 1 : 1;
        double modes = 2 * order + 1, harmonics = (order + 1) * (order + 1);
        return channels * (problem.Dimension == 2 ? 8 + 0.085 * modes + 2000.0 / problem.Keys : 20 + (0.092 + 30.0 / problem.Keys) * harmonics);
    }
}
