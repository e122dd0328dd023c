namespace AttentionFlow.Kernels;

/// <summary>How pairs are summed.</summary>
public enum SumMethod
{
    /// <summary>Pair by pair.</summary>
    Direct,
    /// <summary>By harmonics of circle and sphere.</summary>
    Harmonic,
    /// <summary>Over cells of tokens that lie together, where there are few enough at the time; else directly.</summary>
    Coalesced,
    /// <summary>The keys of largest logit alone.</summary>
    Hardmax,
}

/// <summary>
/// What an implementation will do for a problem and these columns: whether it can, how, at what cost, with what error. Made once, when a
/// flow is built, and handed to every sum; it serves every instance of the class that made it, with the same settings.
/// </summary>
/// <remarks>One sum at a time. An implementation may derive from it, or keep its tables in <see cref="Tables"/>.</remarks>
/// <param name="problem">What is to be summed.</param>
/// <param name="columns">What is asked for beside Z.</param>
/// <param name="whyNot">Null when it can be done, else one sentence.</param>
public class Plan(PairProblem problem, RowColumns columns, string? whyNot = null)
{
    /// <summary>What is to be summed.</summary>
    public PairProblem Problem { get; } = problem;

    /// <summary>What is asked for beside Z.</summary>
    public RowColumns Columns { get; } = columns;

    /// <summary>Null when it can be done, else one sentence that says why not.</summary>
    public string? WhyNot { get; } = whyNot;

    /// <summary>How pairs are summed.</summary>
    public SumMethod Method { get; init; }

    /// <summary>True when F_i comes without its part along o_i: see <see cref="RowColumns.Radial"/>.</summary>
    public bool IsTangential { get; init; }

    /// <summary>Error of Z_i relative to it to be expected of rounding, or the tolerance; far below 1e-5 but for tolerances.</summary>
    public double RelativeError { get; init; } = 1e-13;

    /// <summary>Nanoseconds a row on one core, by a fixed model; NaN where there is none.</summary>
    public double Cost { get; init; } = double.NaN;

    /// <summary>What these sums do not resolve and what to do about it, in a sentence; null when there is nothing to say.</summary>
    public string? Advice { get; init; }

    /// <summary>What an implementation made of weights, labels and interaction at its first sum; it alone knows what.</summary>
    public object? Tables { get; set; }

    /// <summary>The rows as first and count, when there is nothing against this sum: what every implementation begins with.</summary>
    /// <exception cref="NotSupportedException">When <see cref="WhyNot"/> gives a reason.</exception>
    /// <exception cref="ArgumentException">When <paramref name="into"/> has other columns than the plan.</exception>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set.</exception>
    public (int First, int Count) Begin(Range rows, RowSums into, CancellationToken stop)
    {
        if (WhyNot is { } why) throw new NotSupportedException(why);
        if (into.Columns != Columns)
            throw new ArgumentException($"the plan is for the columns {Columns}, and there is room for {into.Columns}", nameof(into));
        stop.ThrowIfCancellationRequested();
        return rows.GetOffsetAndLength(Problem.Rows);
    }
}

/// <summary>What an implementation has summed so far.</summary>
public sealed class SumStatistics
{
    private readonly long[] _evaluations = new long[Enum.GetValues<SumMethod>().Length];

    /// <summary>Evaluations by a method; one that treats replicas differently counts under each.</summary>
    public long this[SumMethod method] => _evaluations[(int)method];

    /// <summary>Whether all was summed pair by pair.</summary>
    public bool IsDirect => this[SumMethod.Harmonic] + this[SumMethod.Coalesced] == 0;

    /// <summary>The largest <see cref="Plan.RelativeError"/> of the methods used; 0 before.</summary>
    public double RelativeError { get; private set; }

    /// <summary>The largest bound found on the error of sums that are not direct, relative to Z_i; 0 when there were none.</summary>
    public double ErrorBound { get; private set; }

    /// <summary>The highest degree of harmonics.</summary>
    public int Order { get; private set; }

    /// <summary>Rows of harmonic sums, all evaluations together.</summary>
    public long HarmonicRows { get; private set; }

    /// <summary>Rows summed again with a higher degree.</summary>
    public long RowsRaised { get; private set; }

    /// <summary>Rows of harmonic sums summed directly, because no degree serves them.</summary>
    public long RowsRedone { get; private set; }

    /// <summary>What to do about harmonic sums that left most rows to direct ones, in a sentence; else null.</summary>
    public string? Advice => RowsRedone <= HarmonicRows / 2 ? null
        : $"harmonic sums left {RowsRedone} of {HarmonicRows} rows to direct ones; use a larger tolerance, or \"direct\"";

    /// <summary>Cells at the last evaluation that had any, of the replica that had the most.</summary>
    public int Cells { get; private set; }

    /// <summary>All of it as numbers, for whoever goes on where another stopped.</summary>
    /// <exception cref="ArgumentException">Set to another number of numbers.</exception>
    public double[] Numbers
    {
        get => [.. _evaluations, RelativeError, ErrorBound, Order, HarmonicRows, RowsRaised, RowsRedone, Cells];
        set
        {
            int methods = _evaluations.Length;
            if (value.Length != methods + 7) throw new ArgumentException($"{value.Length} numbers; {methods + 7} are expected");
            for (int m = 0; m < methods; m++) _evaluations[m] = (long)value[m];
            (RelativeError, ErrorBound, Order) = (value[methods], value[methods + 1], (int)value[methods + 2]);
            (HarmonicRows, RowsRaised, RowsRedone) = ((long)value[methods + 3], (long)value[methods + 4], (long)value[methods + 5]);
            Cells = (int)value[methods + 6];
        }
    }

    /// <summary>Counts an evaluation.</summary>
    public void Count(SumMethod method, double relativeError)
    {
        _evaluations[(int)method]++;
        RelativeError = Math.Max(RelativeError, relativeError);
    }

    internal void AddHarmonics(int order, double bound, int rows, int raised, int redone)
    {
        (Order, ErrorBound) = (Math.Max(Order, order), Math.Max(ErrorBound, bound));
        (HarmonicRows, RowsRaised, RowsRedone) = (HarmonicRows + rows, RowsRaised + raised, RowsRedone + redone);
    }

    internal void AddCells(int cells, double bound) => (Cells, ErrorBound) = (cells, Math.Max(ErrorBound, bound));

    /// <summary>Adds one evaluation whose rows were shared, as each part counted it in <see cref="Numbers"/>.</summary>
    internal void Add(double[] parts)
    {
        int methods = _evaluations.Length;
        double[][] each = [.. parts.Chunk(methods + 7)];
        for (int k = 0; k < methods; k++) _evaluations[k] += (long)Most(k);
        (RelativeError, ErrorBound) = (Math.Max(RelativeError, Most(methods)), Math.Max(ErrorBound, Most(methods + 1)));
        Order = Math.Max(Order, (int)Most(methods + 2));
        (HarmonicRows, RowsRaised) = (HarmonicRows + Sum(methods + 3), RowsRaised + Sum(methods + 4));
        RowsRedone += Sum(methods + 5);
        if (Most(methods + 6) is > 0 and var cells) Cells = (int)cells;

        double Most(int k) => each.Max(numbers => numbers[k]);
        long Sum(int k) => (long)each.Sum(numbers => numbers[k]);
    }
}
