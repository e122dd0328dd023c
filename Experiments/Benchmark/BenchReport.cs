namespace AttentionFlow.Experiments.Benchmark;

/// <summary>What <c>bench</c> found; <c>--json</c> writes it as it is.</summary>
/// <param name="Beta">Inverse temperature of all cases; profile exponential, equal weights, force column.</param>
/// <param name="Ceilings">The highest of the ceilings measured between the rows.</param>
/// <param name="Rows">A row for every implementation and size.</param>
/// <param name="Choices">The cost model against the clock.</param>
/// <param name="Notes">What is missing and why, a line each.</param>
internal sealed record BenchReport(
    BenchMachine Machine, double Beta, IReadOnlyList<BenchCeiling> Ceilings, IReadOnlyList<BenchRow> Rows,
    IReadOnlyList<BenchChoice> Choices, IReadOnlyList<string> Notes)
{
    /// <summary>
    /// The time of the choice at <see cref="BenchCase.Loose"/> over that at <see cref="BenchCase.Tight"/>, both in double precision: the
    /// most over all sizes. Asking for less should never cost more.
    /// </summary>
    public double? LooserOverTighter
    {
        get
        {
            double[] ratios =
            [
                .. Choices.Where(c => c.Precision == "double").GroupBy(c => (c.Dimension, c.Tokens)).Where(g => g.Count() > 1)
                    .Select(g => g.MaxBy(c => c.Tolerance)!.AutoSeconds / g.MinBy(c => c.Tolerance)!.AutoSeconds),
            ];
            return ratios.Length > 0 ? ratios.Max() : null;
        }
    }
}

/// <summary>The machine, without its name.</summary>
/// <param name="VectorBits">The vector width in use.</param>
/// <param name="Processors">Processors this process may use.</param>
internal sealed record BenchMachine(string Architecture, int VectorBits, int Processors, int Threads, string Runtime, string Version,
    string Date);

/// <summary>A <see cref="Ceiling"/>.</summary>
internal sealed record BenchCeiling(string Precision, int Threads, int Lanes, double SlotsPerSecond);

/// <summary>One number.</summary>
/// <param name="Implementation">cpu, harmonic, reference, or the name of a GPU or a peer.</param>
/// <param name="PairsPerSecond">n^2 over that, also where no pairs are formed.</param>
/// <param name="NanosecondsPerToken">For harmonic sums, else null.</param>
/// <param name="LimitPairsPerSecond">Lanes x slots / operations, for sums over pairs, else null.</param>
/// <param name="Share">The part of the limit that is reached, or null.</param>
/// <param name="Error">Against the reference, on a few rows: the larger of |Z - Z'|/Z' and |P(F - F')|/Z', P the projection on the tangent
/// space.</param>
/// <param name="ErrorBound">What <paramref name="Error"/> should stay below; null for peers.</param>
/// <param name="OursOverTheirs">For peers: our rate at the same precision, size and number of threads over theirs.</param>
internal sealed record BenchRow(
    string Implementation, string Precision, double? Tolerance, int Dimension, int Tokens, int Threads, double Seconds,
        double PairsPerSecond,
    double? NanosecondsPerToken, double? LimitPairsPerSecond, double? Share, double Error, double? ErrorBound, double? OursOverTheirs)
{
    public bool IsPeer => ErrorBound is null;

    /// <summary>True when the error is beyond its bound, or no number.</summary>
    public bool Fails => ErrorBound is { } bound && !(Error <= bound);
}

/// <summary>Direct against harmonic sums on one thread, and what the cost model behind <c>auto</c> takes.</summary>
/// <param name="DirectIsEstimate">True where direct sums would have taken too long: from the rate of the size before.</param>
/// <param name="AutoOverFaster">Seconds of what the cost model takes over those of the faster.</param>
internal sealed record BenchChoice(
    int Dimension, int Tokens, string Precision, double Tolerance, double DirectSeconds, bool DirectIsEstimate, double HarmonicSeconds,
    string Faster, string Auto, double AutoOverFaster)
{
    /// <summary>Seconds of what the cost model takes.</summary>
    public double AutoSeconds => AutoOverFaster * Math.Min(DirectSeconds, HarmonicSeconds);

    /// <summary>True when the cost model's choice is more than 10 % slower than the faster.</summary>
    public bool IsSlow => AutoOverFaster > 1.1;
}
