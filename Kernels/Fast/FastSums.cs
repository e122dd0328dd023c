using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Harmonic;
using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Fast;

/// <summary>
/// Direct, harmonic or coalesced sums, chosen by a fixed rule: the same choice on every machine and every day.
/// </summary>
/// <remarks>
/// Harmonic or direct is a matter of the problem; coalesced sums take the replicas that have few enough cells at this call for them to be the cheapest.
/// Auto takes harmonic sums only where they resolve the weakest pull there is: their errors are relative to Z, and clusters at an angle a pull each other with
/// e^{-beta (1 - cos a)} of it, at the least e^{-2 beta}, of which a hundredth is asked for. The errors of coalesced sums are relative to every pull, so they are taken at any beta.
/// Columns other than the force are coalesced or direct; where sums are harmonic, direct up to n = 4096 and beyond that refused.
/// <para/>
/// Cost in ns per token and core, as measured on AVX-512 cores: direct 0.6 (double) or 0.24 (single) per key, in any dimension; coalesced the same per cell and 150; harmonic
/// 20 + (0.092 + 22/n) (L + 1)^2 on the sphere, 8 + 0.085 (2 L + 1) + 2000/n on the circle, times 2 M + 1 channels for a Toeplitz coupling with M cosines, with L the order for ordinary rows.
/// </remarks>
public sealed class FastSums : IPairSums
{
    private const double ShareOfWeakestPull = 0.01;
    private const int MostKeysOfDirectColumns = 4096;
    private const double CostOfCells = 150;

    private readonly SimdSums _direct;
    private readonly HarmonicSums _harmonic;
    private readonly CoalescedSums _coalesced;
    private readonly Summation _summation;
    private readonly ConditionalWeakTable<PairProblem, object> _choices = [];

    /// <summary>Sums by this rule.</summary>
    /// <param name="summation">Auto, Fast or Coalesced.</param>
    /// <param name="tolerance">Error allowed relative to Z_i, see <see cref="HarmonicSums"/> and <see cref="CoalescedSums"/>.</param>
    /// <param name="precision">Arithmetic of direct and coalesced sums; harmonic ones are always double.</param>
    /// <param name="threads">At least 1.</param>
    public FastSums(Summation summation, double tolerance, Precision precision, int threads)
    {
        if (summation == Summation.Direct) throw new ArgumentException("direct sums are SimdSums", nameof(summation));
        (_summation, _direct, _harmonic) = (summation, new SimdSums(precision, threads), new HarmonicSums(tolerance, threads));
        _coalesced = new CoalescedSums(tolerance, precision, threads);
    }

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <summary>The tolerance when sums have been harmonic or coalesced, else that of direct ones.</summary>
    public double RelativeError => Harmonic + Coalesced > 0 ? Math.Max(_harmonic.Tolerance, _direct.RelativeError) : _direct.RelativeError;

    /// <summary>Evaluations so far in which rows were summed by harmonics.</summary>
    public long Harmonic { get; private set; }

    /// <summary>Evaluations so far in which rows were summed over cells.</summary>
    public long Coalesced { get; private set; }

    /// <summary>Evaluations so far in which rows were summed directly by choice.</summary>
    public long Direct { get; private set; }

    /// <summary>The highest degree used so far.</summary>
    public int Order { get; private set; }

    /// <summary>The number of cells at the last evaluation that used them, of the replica that had the most.</summary>
    public int Cells { get; private set; }

    /// <summary>The largest bound on the error relative to Z_i so far.</summary>
    public double ErrorBound { get; private set; }

    /// <summary>Rows summed directly so far, because no order serves them.</summary>
    public long RowsRedone { get; private set; }

    /// <summary>Null when this tolerance of harmonic sums resolves the pull between any two clusters, else a sentence that says from which angle on it does not.</summary>
    public static string? Advice(Interaction interaction, double tolerance)
    {
        double cosine = 1 + Math.Log(tolerance / ShareOfWeakestPull) / interaction.Beta;
        return cosine <= -1 ? null : FormattableString.Invariant(
            $"errors are up to {tolerance:G2} of Z, so the pull between clusters more than {Math.Acos(Math.Min(1, cosine)) * 180 / Math.PI:F0} degrees apart is not resolved to 1 %; use a tolerance of {ShareOfWeakestPull * Math.Exp(-2 * interaction.Beta):G1} or direct sums where it matters");
    }

    /// <inheritdoc/>
    public string? WhyNot(PairProblem problem, RowColumns columns)
    {
        if (IsHarmonic(problem)) return IsDirectColumn(problem, columns) ? _direct.WhyNot(problem, columns) : _harmonic.WhyNot(problem, columns);
        // Fast was asked for: not to know a problem is an error, but for other keys than the tokens themselves, such as prompts. The others may always sum directly.
        bool known = _summation != Summation.Fast || (problem.IsDifference && !problem.IsSelf);
        bool refused = !known && _coalesced.WhyNot(problem, RowColumns.None) is not null;
        return refused ? $"fast sums are harmonic or coalesced, and neither knows {Unknown(problem)}" : _direct.WhyNot(problem, columns);
    }

    /// <inheritdoc/>
    public bool IsTangential(PairProblem problem, RowColumns columns) => IsHarmonic(problem) && !IsDirectColumn(problem, columns);

    /// <summary>True when this problem's sums are harmonic wherever they are not coalesced.</summary>
    public bool IsHarmonic(PairProblem problem) => (bool)_choices.GetValue(problem, p => _summation != Summation.Coalesced && _harmonic.WhyNot(p, RowColumns.Force) is null
        && (_summation == Summation.Fast || (IsCheaper(p) && Advice(p.Interaction, _harmonic.Tolerance) is null)));

    /// <summary>True when this problem's sums may be coalesced.</summary>
    public bool IsCoalescible(PairProblem problem) => problem.Keys >= CoalescedSums.FewestTokens && _coalesced.WhyNot(problem, RowColumns.None) is null;

    /// <summary>True when the cost model gives harmonic sums a lower cost than direct ones; the problem must be one they support.</summary>
    public bool IsCheaper(PairProblem problem) => HarmonicCost(problem) < DirectCost(problem.Keys);

    /// <inheritdoc/>
    public void Sum(PairProblem problem, Range rows, RowSums into, CancellationToken stop)
    {
        if (WhyNot(problem, into.Columns) is { } why) throw new NotSupportedException(why);
        bool harmonic = IsHarmonic(problem) && !IsDirectColumn(problem, into.Columns);
        List<Range> left = [rows];
        if (_coalesced.WhyNot(problem, into.Columns) is null)
        {
            left = _coalesced.SumWithin(problem, rows, into, MostCells(problem, harmonic), stop);
            if (_coalesced.Cells > 0)
            {
                Coalesced++;
                Cells = _coalesced.Cells;
                ErrorBound = Math.Max(ErrorBound, _coalesced.ErrorBound);
            }
        }
        if (left.Count == 0) return;
        if (harmonic) Harmonic++;
        else Direct++;
        foreach (Range range in left)
        {
            if (harmonic) SumHarmonic(problem, range, into, stop);
            else _direct.Sum(problem, range, into, stop);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _direct.Dispose();
        _harmonic.Dispose();
        _coalesced.Dispose();
    }

    // What keeps a problem from being coalesced, in the words of who asked for it; its harmonics are known to be none.
    private static string Unknown(PairProblem problem)
    {
        Interaction interaction = problem.Interaction;
        if (!problem.IsSelf) return "queries, keys and values that differ, as with matrices or a code";
        if (interaction.Mask != Mask.None) return "a mask";
        if (!interaction.Profile.IsCurved(interaction.Beta)) return interaction.Beta == 0 ? "beta = 0" : $"the profile '{interaction.Profile.Name}'";
        return interaction.Coupling.IsConstantOnLabels ? "negative weights here" : FormattableString.Invariant($"the coupling '{interaction.Coupling.Name}' at d = {problem.Dimension}, beta = {interaction.Beta:G4}");
    }

    private static bool IsDirectColumn(PairProblem problem, RowColumns columns) => (columns & ~RowColumns.Force) != RowColumns.None && problem.Keys <= MostKeysOfDirectColumns;

    private void SumHarmonic(PairProblem problem, Range rows, RowSums into, CancellationToken stop)
    {
        _harmonic.Sum(problem, rows, into, stop);
        Order = Math.Max(Order, _harmonic.Order);
        ErrorBound = Math.Max(ErrorBound, _harmonic.ErrorBound);
        RowsRedone += _harmonic.RowsRedone;
    }

    // Fewer than a quarter of the tokens, and cheaper than harmonic sums.
    private int MostCells(PairProblem problem, bool harmonic)
    {
        int quarter = problem.Keys / 4;
        return harmonic ? (int)Math.Clamp((HarmonicCost(problem) - CostOfCells) / DirectCost(1), 0, quarter) : quarter;
    }

    private double DirectCost(int keys) => keys * (_direct.Precision == Precision.Double ? 0.6 : 0.24);

    private double HarmonicCost(PairProblem problem)
    {
        int order = _harmonic.UsualOrder(problem);
        int channels = 2 * problem.Interaction.Coupling.Modes!.Count - 1;
        double modes = 2 * order + 1, harmonics = (order + 1) * (order + 1);
        return channels * (problem.Dimension == 2 ? 8 + 0.085 * modes + 2000.0 / problem.Keys : 20 + (0.092 + 22.0 / problem.Keys) * harmonics);
    }
}
