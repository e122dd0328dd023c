using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>
/// Direct or harmonic sums, chosen for every problem by a fixed rule: the same choice on every machine and every day.
/// </summary>
/// <remarks>
/// Auto takes harmonic sums where they are cheaper and resolve the weakest pull there is: errors are relative to Z, and clusters at an angle a pull each other with
/// e^{-beta (1 - cos a)} of it, at the least e^{-2 beta}, of which a hundredth is asked for. Columns other than the force are summed directly up to n = 4096, beyond that refused where sums are harmonic.
/// <para/>
/// Cost in ns per token and core, as measured on AVX-512 cores: direct 0.6 (double) or 0.24 (single) per key; harmonic 20 + (0.092 + 30/n) (L + 1)^2 on the sphere,
/// 8 + 0.085 (2 L + 1) + 2000/n on the circle, times 2 M + 1 channels for a Toeplitz coupling with M cosines, with L the order for ordinary rows.
/// </remarks>
public sealed class FastSums : IPairSums
{
    private const double ShareOfWeakestPull = 0.01;
    private const int MostKeysOfDirectColumns = 4096;

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

    /// <summary>Null when this tolerance resolves the pull between any two clusters, else a sentence that says from which angle on it does not.</summary>
    public static string? Advice(Interaction interaction, double tolerance)
    {
        double cosine = 1 + Math.Log(tolerance / ShareOfWeakestPull) / interaction.Beta;
        return cosine <= -1 ? null : FormattableString.Invariant(
            $"errors are up to {tolerance:G2} of Z, so the pull between clusters more than {Math.Acos(Math.Min(1, cosine)) * 180 / Math.PI:F0} degrees apart is not resolved to 1 %; use a tolerance of {ShareOfWeakestPull * Math.Exp(-2 * interaction.Beta):G1} or direct sums where it matters");
    }

    /// <inheritdoc/>
    public string? WhyNot(PairProblem problem, Columns columns) =>
        IsHarmonic(problem) && !IsDirectColumn(problem, columns) || _always && _harmonic.WhyNot(problem, Columns.Force) is not null
            ? _harmonic.WhyNot(problem, columns) : _direct.WhyNot(problem, columns);

    /// <inheritdoc/>
    public bool IsTangential(PairProblem problem, Columns columns) => IsHarmonic(problem) && !IsDirectColumn(problem, columns);

    /// <summary>True when this problem's sums are harmonic.</summary>
    public bool IsHarmonic(PairProblem problem) => (bool)_choices.GetValue(problem, p =>
        _harmonic.WhyNot(p, Columns.Force) is null && (_always || (IsCheaper(p) && Advice(p.Interaction, _harmonic.Tolerance) is null)));

    /// <summary>True when the cost model gives harmonic sums the lower cost; the problem must be one they support.</summary>
    public bool IsCheaper(PairProblem problem) => HarmonicCost(problem) < DirectCost(problem);

    /// <inheritdoc/>
    public void Sum(PairProblem problem, Range rows, RowSums into, CancellationToken stop)
    {
        if (WhyNot(problem, into.Columns) is { } why) throw new NotSupportedException(why);
        if (!IsHarmonic(problem) || IsDirectColumn(problem, into.Columns))
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

    private static bool IsDirectColumn(PairProblem problem, Columns columns) => (columns & ~Columns.Force) != Columns.None && problem.Keys <= MostKeysOfDirectColumns;

    private double DirectCost(PairProblem problem) => problem.Keys * (_direct.Precision == Precision.Double ? 0.6 : 0.24);

    private double HarmonicCost(PairProblem problem)
    {
        int order = _harmonic.UsualOrder(problem);
        int channels = problem.Interaction.Coupling is ToeplitzCoupling toeplitz ? 2 * toeplitz.Cosines.Count + 1 : 1;
        double modes = 2 * order + 1, harmonics = (order + 1) * (order + 1);
        return channels * (problem.Dimension == 2 ? 8 + 0.085 * modes + 2000.0 / problem.Keys : 20 + (0.092 + 30.0 / problem.Keys) * harmonics);
    }
}
