using AttentionFlow.Kernels.Ranks;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// Moments of the keys of a problem. They are summed in lanes within a block, then over the blocks of a segment, then over segments: an
/// order fixed by n alone.
/// </summary>
internal sealed unsafe class MomentSums(
    PairProblem problem, LabelChannels channels, HarmonicKernel kernel, HarmonicMemory memory, int threads, CancellationToken stop)
{
    private const int TilesPerBlock = 16, MostSegments = 64;

    /// <summary>
    /// Sums the moments of these replicas, each with its basis, into the entries of <paramref name="moments"/> with their numbers. A team
    /// whose ranks all ask for the same shares the segments out.
    /// </summary>
    public void Add(int[] replicas, HarmonicBasis[] bases, HarmonicMoments?[] moments, Team? team = null)
    {
        int tokens = problem.Keys, blocks = (tokens - 1) / (TilesPerBlock * HarmonicTile.Tokens) + 1;
        int segments = Math.Min(blocks, MostSegments);
        int items = replicas.Length * segments;
        HarmonicMoments[] partial = new HarmonicMoments[items];
        int[] starts = [.. Enumerable.Range(0, (team?.Size ?? 1) + 1).Select(rank => (int)((long)items * rank / (team?.Size ?? 1)))];
        (int ownFirst, int ownEnd) = (starts[team?.Rank ?? 0], starts[(team?.Rank ?? 0) + 1]);
        if (team is null) Sum();
        else
        {
            team.Together(Sum, 0);
            Exchange(partial, i => bases[i / segments], starts, team);
        }
        Workers.For(replicas.Length, 1, threads, (from, to) =>
        {
            for (int i = from; i < to; i++) moments[replicas[i]] = Merge(partial.AsSpan(i * segments, segments));
        });

        void Sum() => Workers.For(ownEnd - ownFirst, Math.Max(1, items / (16 * threads)), threads, (from, to) => memory.WithTile(tile =>
        {
            for (int item = ownFirst + from; item < ownFirst + to; item++)
            {
                long segment = item % segments;
                int place = item / segments;
                (long first, long end) = (segment * blocks / segments, (segment + 1) * blocks / segments);
                partial[item] = Segment(tile, bases[place], replicas[place], (int)first, (int)end);
            }
        }));
    }

    // All ranks get the parts of all.
    private void Exchange(HarmonicMoments[] partial, Func<int, HarmonicBasis> basis, int[] starts, Team team)
    {
        int[] places = [0, .. Enumerable.Range(0, partial.Length).Select(i => channels.Count * basis(i).Moments)];
        for (int i = 0; i < partial.Length; i++) places[i + 1] += places[i];
        double[] all = new double[places[^1]];
        for (int i = starts[team.Rank]; i < starts[team.Rank + 1]; i++) partial[i].Numbers.CopyTo(all.AsSpan(places[i]));
        team.AllGather(all, (int[])[.. starts.Select(start => places[start])]);
        for (int i = 0; i < partial.Length; i++)
        {
            partial[i] ??= new(basis(i), channels.Count);
            all.AsSpan(places[i], partial[i].Numbers.Length).CopyTo(partial[i].Numbers);
        }
    }

    private HarmonicMoments Segment(HarmonicTile tile, HarmonicBasis basis, int replica, int firstBlock, int endBlock)
    {
        const int BlockTokens = TilesPerBlock * HarmonicTile.Tokens;
        int tokens = problem.Keys;
        HarmonicMoments sums = new(basis, channels.Count);
        fixed (double* k = problem.K, weights = problem.Weights)
            for (int block = firstBlock; block < endBlock; block++)
            {
                stop.ThrowIfCancellationRequested();
                int end = Math.Min(tokens - block * BlockTokens, BlockTokens) + block * BlockTokens;
                for (int channel = 0; channel < channels.Count; channel++)
                {
                    tile.ClearSums(basis.SumRows);
                    for (int token = block * BlockTokens; token < end; token += HarmonicTile.Tokens)
                    {
                        int count = Math.Min(end - token, HarmonicTile.Tokens), first = replica * tokens + token;
                        tile.Load(k + (long)first * problem.Dimension, problem.Dimension, count);
                        if (channel == 0 && HarmonicTile.IsWhole(count)) tile.Weight = weights + first;
                        else channels.Weights(channel, first, count, tile.Weight);
                        kernel.Accumulate(tile, basis);
                    }
                    basis.Reduce(tile.Sums, sums.Channel(channel));
                }
            }
        return sums;
    }

    private HarmonicMoments Merge(ReadOnlySpan<HarmonicMoments> segments)
    {
        HarmonicMoments merged = segments[0];
        for (int channel = 0; channel < channels.Count; channel++)
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
}
