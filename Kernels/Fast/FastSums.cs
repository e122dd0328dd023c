using System.Globalization;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Harmonic;
using AttentionFlow.Kernels.Ranks;

namespace AttentionFlow.Kernels.Fast;

/// <summary>
/// Direct, harmonic or coalesced sums, as their plan says; coalesced ones take the replicas that have few enough cells at this call for
/// them to be the cheapest.
/// </summary>
internal sealed class FastSums : IPairSums
{
    private readonly Summation _summation;
    private readonly double _tolerance;
    private readonly SimdSums _direct;
    private readonly HarmonicSums _harmonic;
    private readonly CoalescedSums _coalesced;

    /// <summary>Sums by this rule.</summary>
    /// <param name="summation">Auto, Fast or Coalesced.</param>
    /// <param name="tolerance">Error allowed relative to Z_i, see <see cref="HarmonicSums"/> and <see cref="CoalescedSums"/>.</param>
    /// <param name="precision">Arithmetic of direct and coalesced sums; harmonic ones are always double.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="team">Ranks that share harmonic moments, see <see cref="HarmonicSums"/>; null for none.</param>
    public FastSums(Summation summation, double tolerance, Precision precision, int threads, Team? team = null)
    {
        if (summation == Summation.Direct) throw new ArgumentException("direct sums are SimdSums", nameof(summation));
        (_summation, _tolerance, _direct) = (summation, tolerance, new SimdSums(precision, threads));
        _harmonic = new HarmonicSums(tolerance, threads, team: team) { Statistics = Statistics };
        _coalesced = new CoalescedSums(tolerance, precision, threads) { Statistics = Statistics };
    }

    public string Name => "cpu";

    public SumStatistics Statistics { get; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns) => FastPlan.For(_summation, _tolerance, _direct.Precision, problem, columns);

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        plan.Begin(rows, into, stop);
        FastPlan fast = (FastPlan)plan;
        List<Range> left = fast.Coalesced is { } coalesced ? _coalesced.SumWithin(coalesced, rows, into, fast.MostCells, stop) : [rows];
        if (left.Count == 0) return;
        if (fast.Harmonic is { } harmonic)
        {
            foreach (Range range in left) _harmonic.Evaluate(harmonic, range, into, stop);
            Statistics.Count(harmonic.Method, fast.RelativeError);
        }
        else
        {
            foreach (Range range in left) _direct.Sum(fast.Direct, range, into, stop);
            Statistics.Count(SumMethod.Direct, fast.Direct.RelativeError);
        }
    }

    public void Dispose()
    {
        _direct.Dispose();
        _harmonic.Dispose();
        _coalesced.Dispose();
    }
}

/// <summary>The rule that chooses between direct, harmonic and coalesced sums: the same choice on every machine and every day.</summary>
/// <remarks>
/// Harmonic or direct is a matter of cost, at a tolerance that suits whoever sums: their errors are relative to Z, those of coalesced sums
/// to every pull. Columns that harmonics lack are coalesced or direct; where the rest is harmonic, direct up to n = 16,384 and beyond that
/// refused.
/// <para/>
/// Cost in ns per token and core, as measured on AVX-512 cores: direct 0.6 (double) or 0.24 (single) per key, in any dimension; coalesced
/// the same per cell and 150; harmonic 20 + (0.092 + 22/n) (L + 1)^2 on the sphere, 8 + 0.085 (2 L + 1) + 2000/n on the circle, times
/// 2 M + 1 channels for a Toeplitz coupling with M cosines, with L the order for ordinary rows; 1.6 times as much with the force's part
/// along x_i; and the direct sum beside it where the tolerance is so small that rounding leaves most rows to it.
/// </remarks>
internal sealed class FastPlan : Plan
{
    private const int MostKeysOfDirectColumns = 16_384;
    private const double CostOfCells = 150;

    private FastPlan(Plan direct, HarmonicPlan? harmonic, CoalescedPlan? coalesced, string? whyNot, double costOfAPair)
        : base(direct.Problem, direct.Columns, whyNot)
    {
        (Direct, Harmonic, Coalesced, IsTangential) = (direct, harmonic, coalesced, harmonic?.IsTangential ?? false);
        Method = harmonic is not null ? SumMethod.Harmonic : coalesced is not null ? SumMethod.Coalesced : SumMethod.Direct;
        RelativeError = Math.Max(harmonic?.RelativeError ?? coalesced?.RelativeError ?? 0, direct.RelativeError);
        Cost = harmonic?.Cost ?? direct.Cost;
        // Fewer than a quarter of the tokens, and cheaper than harmonic sums.
        MostCells = Problem.Keys / 4;
        if (harmonic is not null) MostCells = (int)Math.Clamp((harmonic.Cost - CostOfCells) / costOfAPair, 0, MostCells);
    }

    /// <summary>For replicas that are neither coalesced nor harmonic.</summary>
    public Plan Direct { get; }

    /// <summary>For replicas that are not coalesced, where harmonics are the choice.</summary>
    public HarmonicPlan? Harmonic { get; }

    /// <summary>For replicas of at most <see cref="MostCells"/> cells, where there may be any.</summary>
    public CoalescedPlan? Coalesced { get; }

    /// <summary>Beyond it, cells do not pay.</summary>
    public int MostCells { get; }

    /// <summary>The choice for a problem.</summary>
    public static FastPlan For(Summation summation, double tolerance, Precision precision, PairProblem problem, RowColumns columns)
    {
        Plan direct = SimdSums.PlanFor(precision, problem, columns);
        HarmonicPlan? harmonic = summation == Summation.Coalesced ? null
            : HarmonicPlan.For(tolerance, problem, columns & HarmonicPlan.Known) as HarmonicPlan;
        if (summation == Summation.Auto && !(harmonic?.Cost < direct.Cost)) harmonic = null;
        string? whyNot = direct.WhyNot;
        if (harmonic is null)
        {
            // Fast was asked for: not to know a problem is an error, but for other keys than the tokens themselves, such as prompts.
            // The others may always sum directly.
            bool known = summation != Summation.Fast || (problem.IsDifference && !problem.IsSelf);
            if (!known && CoalescedPlan.WhyNever(problem, RowColumns.None) is not null)
                whyNot = $"fast sums are harmonic or coalesced, and neither knows {Unknown(problem)}";
        }
        else if ((columns & ~HarmonicPlan.Known) == RowColumns.None) whyNot = null;
        else if (problem.Keys <= MostKeysOfDirectColumns) harmonic = null;
        else
            whyNot = $"{HarmonicPlan.For(tolerance, problem, columns).WhyNot}, and direct ones of more than {MostKeysOfDirectColumns} "
                + "tokens are not taken unasked";
        CoalescedPlan? coalesced = problem.Keys < CoalescedSums.FewestTokens ? null : CoalescedPlan.For(tolerance, direct) as CoalescedPlan;
        return new FastPlan(direct, harmonic, coalesced, whyNot, SimdSums.CostOfAPair(precision))
        {
            Advice = harmonic?.LeavesMostRows != true ? null : string.Create(CultureInfo.InvariantCulture,
                $"rounding leaves most rows of harmonic sums at {tolerance:G2} to direct ones; use a larger tolerance, or \"direct\""),
        };
    }

    // What keeps a problem from being coalesced, in the words of who asked for it; its harmonics are known to be none.
    private static string Unknown(PairProblem problem)
    {
        Interaction interaction = problem.Interaction;
        if (!problem.IsSelf) return "queries, keys and values that differ, as with matrices or a code";
        if (interaction.Mask != Mask.None) return "a mask";
        if (!interaction.Profile.IsExponential(interaction.Beta))
            return interaction.Beta == 0 ? "beta = 0" : $"the profile '{interaction.Profile.Name}'";
        return interaction.Coupling.IsConstantOnLabels ? "negative weights here" : string.Create(CultureInfo.InvariantCulture,
            $"the coupling '{interaction.Coupling.Name}' at d = {problem.Dimension}, beta = {interaction.Beta:G4}");
    }
}
