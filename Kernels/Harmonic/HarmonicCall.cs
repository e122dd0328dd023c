using System.Collections.Concurrent;

namespace AttentionFlow.Kernels;

/// <summary>One call of <see cref="HarmonicSums"/>: moments of the keys, then sums at the rows.</summary>
internal sealed unsafe class HarmonicCall(PairProblem problem, HarmonicPlan plan, HarmonicKernel kernel, ConcurrentBag<HarmonicTile> tiles,
    int threads, double tolerance, RowSums into, CancellationToken stop)
{
    // Moments are summed in lanes within a block, then over the blocks of a segment, then over segments: fixed by n alone.
    private const int TilesPerBlock = 16, MostSegments = 64;
    private readonly object _lock = new();
    private double _smallest;

    /// <summary>The largest bound on the relative error of a row that passed, so far.</summary>
    public double ErrorBound { get; private set; }

    /// <summary>Computes the moments of these replicas at a level and puts them into <paramref name="moments"/>.</summary>
    public void AddMoments(int level, int[] replicas, HarmonicMoments?[] moments)
    {
        HarmonicBasis basis = plan.Bases[level];
        int tokens = problem.Keys, blocks = (tokens - 1) / (TilesPerBlock * HarmonicTile.Tokens) + 1, segments = Math.Min(blocks, MostSegments);
        int items = replicas.Length * segments;
        var partial = new HarmonicMoments[items];
        Workers.For(items, Math.Max(1, items / (16 * threads)), threads, (from, to) => WithTile(tile =>
        {
            for (int item = from; item < to; item++)
            {
                long segment = item % segments;
                partial[item] = Segment(tile, basis, replicas[item / segments], (int)(segment * blocks / segments), (int)((segment + 1) * blocks / segments));
            }
        }));
        Workers.For(replicas.Length, 1, threads, (from, to) =>
        {
            for (int i = from; i < to; i++) moments[replicas[i]] = Merge(partial.AsSpan(i * segments, segments));
        });
    }

    /// <summary>Sums at these rows; returns those that the level's order does not serve.</summary>
    public RowSet Evaluate(int level, RowSet rows, HarmonicMoments?[] moments)
    {
        int tokens = problem.Keys;
        int[] replicas = rows.Replicas(tokens);
        double[][] coefficients = new double[problem.Replicas][];
        Workers.For(replicas.Length, 1, threads, (from, to) =>
        {
            for (int i = from; i < to; i++) coefficients[replicas[i]] = moments[replicas[i]]!.Coefficients(plan.Series, plan.Channels.Count);
        });
        List<(int At, int Count)> parts = rows.Parts(HarmonicTile.Tokens, tokens);
        var failed = new List<int>();
        _smallest = double.PositiveInfinity;
        Workers.For(parts.Count, Math.Clamp(parts.Count / (16 * threads), 1, 16), threads, (from, to) => WithTile(tile =>
        {
            var failedHere = new List<int>();
            double smallest = double.PositiveInfinity;
            for (int i = from; i < to; i++)
            {
                stop.ThrowIfCancellationRequested();
                (int at, int count) = parts[i];
                int replica = rows[at] / tokens;
                if (rows.IsRange) tile.Load(problem.Q, problem.Dimension, rows[at], count);
                else tile.Gather(problem.Q, problem.Dimension, rows.Listed(at, count));
                SumChannels(tile, plan.Bases[level], coefficients[replica], rows, at, count);
                Write(tile, plan.Error(level) * plan.Mass[replica], rows, at, count, failedHere, ref smallest);
            }
            lock (_lock)
            {
                failed.AddRange(failedHere);
                _smallest = Math.Min(_smallest, smallest);
            }
        }));
        ErrorBound = Math.Max(ErrorBound, 1 / (_smallest - 1));
        return RowSet.List(failed);
    }

    private void WithTile(Action<HarmonicTile> body)
    {
        if (!tiles.TryTake(out HarmonicTile? tile)) tile = new HarmonicTile();
        body(tile);
        tiles.Add(tile);
    }

    private HarmonicMoments Segment(HarmonicTile tile, HarmonicBasis basis, int replica, int firstBlock, int endBlock)
    {
        const int BlockTokens = TilesPerBlock * HarmonicTile.Tokens;
        int channels = plan.Channels.Count, tokens = problem.Keys;
        var sums = new HarmonicMoments(basis, channels);
        for (int block = firstBlock; block < endBlock; block++)
        {
            stop.ThrowIfCancellationRequested();
            int end = Math.Min(tokens - block * BlockTokens, BlockTokens) + block * BlockTokens;
            for (int channel = 0; channel < channels; channel++)
            {
                tile.ClearSums(basis.Moments);
                for (int token = block * BlockTokens; token < end; token += HarmonicTile.Tokens)
                {
                    int count = Math.Min(end - token, HarmonicTile.Tokens), first = replica * tokens + token;
                    tile.Load(problem.K, problem.Dimension, first, count);
                    plan.Channels.Weights(channel, first, count, tile.Weight);
                    kernel.Accumulate(tile, basis);
                }
                Span<double> into = sums.Channel(channel);
                double* s = tile.Sums;
                for (int i = 0; i < into.Length; i++, s += HarmonicBasis.Lanes) into[i] += s[0] + s[1] + (s[2] + s[3]) + (s[4] + s[5] + (s[6] + s[7]));
            }
        }
        return sums;
    }

    private HarmonicMoments Merge(ReadOnlySpan<HarmonicMoments> segments)
    {
        HarmonicMoments merged = segments[0];
        for (int channel = 0; channel < plan.Channels.Count; channel++)
        {
            Span<double> sums = merged.Channel(channel);
            foreach (HarmonicMoments segment in segments[1..])
            {
                ReadOnlySpan<double> more = segment.Channel(channel);
                for (int i = 0; i < sums.Length; i++) sums[i] += more[i];
            }
            merged.Basis.ToMoments(sums);
        }
        return merged;
    }

    // Leaves the sums in tile.Result when the coupling is one and nothing else is needed, in tile.Total otherwise.
    private void SumChannels(HarmonicTile tile, HarmonicBasis basis, double[] coefficients, RowSet rows, int at, int count)
    {
        LabelChannels channels = plan.Channels;
        fixed (double* k = coefficients)
        {
            if (IsPlain)
            {
                kernel.Evaluate(tile, basis, k);
                return;
            }
            new Span<double>(tile.Total, 5 * HarmonicTile.Tokens).Clear();
            for (int channel = 0; channel < channels.Count; channel++)
            {
                kernel.Evaluate(tile, basis, k + channel * basis.Coefficients);
                double scale = channels.ScaleFactor(channel);
                for (int i = 0; i < count; i++)
                {
                    double factor = channels.Factor(channel, rows[at + i]);
                    double* result = tile.Result + i, total = tile.Total + i;
                    for (int column = 0; column < 4; column++) total[column * HarmonicTile.Tokens] += factor * result[column * HarmonicTile.Tokens];
                    total[4 * HarmonicTile.Tokens] += scale * *result;
                }
            }
        }
    }

    private bool IsPlain => plan.Channels.ScaleIsZ && problem.Interaction.Coupling is OneCoupling;

    // error: of Z and F, absolute. A row passes when it is at most tol (scale - error).
    private void Write(HarmonicTile tile, double error, RowSet rows, int at, int count, List<int> failed, ref double smallest)
    {
        const int Column = HarmonicTile.Tokens;
        double* z = IsPlain ? tile.Result : tile.Total, scale = plan.Channels.ScaleIsZ ? z : z + 4 * Column, x = tile.Position;
        double beta = problem.Interaction.Beta, over = 1 / beta, least = error * (1 + 1 / tolerance), lowest = double.PositiveInfinity;
        bool force = into.Columns.HasFlag(Columns.Force);
        double[] shifts = into.Shift, sums = into.Z, forces = into.Force;
        for (int i = 0; i < count; i++)
        {
            int row = rows[at + i];
            shifts[row] = beta;
            sums[row] = z[i];
            if (!(scale[i] >= least)) failed.Add(row);
            else if (scale[i] < lowest) lowest = scale[i];
            if (!force) continue;
            if (problem.Dimension == 2)
            {
                double slope = z[Column + i] * over;
                (forces[2 * row], forces[2 * row + 1]) = (-slope * x[Column + i], slope * x[i]);
                continue;
            }
            (double x0, double x1, double x2) = (x[i], x[Column + i], x[2 * Column + i]);
            (double g0, double g1, double g2) = (z[Column + i] * over, z[2 * Column + i] * over, z[3 * Column + i] * over);
            double along = g0 * x0 + g1 * x1 + g2 * x2;
            (forces[3 * row], forces[3 * row + 1], forces[3 * row + 2]) = (g0 - along * x0, g1 - along * x1, g2 - along * x2);
        }
        smallest = Math.Min(smallest, lowest / error);
    }
}
