using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Model;

/// <summary>
/// Random matrices that are drawn anew at the times tau, 2 tau, ...: every replica has its own, which all its tokens share.
/// </summary>
/// <param name="Interval">tau, > 0.</param>
/// <param name="Laws">The laws of the matrices; what is not random stays.</param>
/// <param name="Setting">d, heads, seed, tau.</param>
public sealed record Redraw(double Interval, Matrices Laws, Setting Setting)
{
    // Times closer than this share of the interval are the same time.
    private const double SameShare = 1e-6;

    /// <summary>The number of the interval that begins at a time or holds it, from 0.</summary>
    public long NumberAt(double time) => (long)Math.Floor(time / Interval + SameShare);

    /// <summary>True when an interval begins at this time.</summary>
    public bool IsAt(double time) => Math.Abs(time / Interval - Math.Round(time / Interval)) <= SameShare;

    /// <summary>
    /// How many times, evenly spaced from 0 to a horizon, intervals begin at, <paramref name="most"/> at most; that many where none begins
    /// at the horizon.
    /// </summary>
    public int EvenCount(int most, double horizon)
    {
        if (most < 2 || horizon < Interval || !IsAt(horizon)) return most;
        long intervals = (long)Math.Round(horizon / Interval), parts = Math.Min(most - 1, intervals);
        while (intervals % parts != 0) parts--;
        return (int)parts + 1;
    }

    /// <summary>Why steps of this length can not be taken between two draws, or null.</summary>
    public string? WhyNot(double step)
    {
        double count = Math.Round(Interval / step);
        return count >= 1 && Math.Abs(Interval / step - count) <= 1e-12 * count ? null
            : Text.Of($"a step of {step} would go on beyond a draw; take {Interval} divided by a whole number");
    }

    /// <summary>Q^T K and V of every head in an interval, null for the identity: a function of (seed, replica, number).</summary>
    public (Matrix<double>? Logits, Matrix<double>? Values)[] Draw(int replica, long number)
    {
        Setting setting = Setting with
        {
            Seed = new RandomStream(Setting.Seed, RandomPurpose.Redraw, replica, (int)number, (uint)(number >> 32)).Word(),
        };
        return [.. Enumerable.Range(0, Setting.Heads).Select(head => Laws.Products(head, setting))];
    }
}
