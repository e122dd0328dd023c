using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Experiments.Pages;

/// <summary>A token that is shown.</summary>
/// <param name="Replica">The number of its replica.</param>
/// <param name="Token">Its name.</param>
/// <param name="Label">xi; NaN where the source has none.</param>
/// <param name="Ordinal">Its place among the tokens of its replica.</param>
internal readonly record struct ShownToken(int Replica, long Token, double Label, int Ordinal);

/// <summary>
/// The tokens of a trajectory at all times, in single precision, thinned evenly while they are read so that memory does not grow with the
/// source: every 2nd, 4th, ... token of each replica, or snapshot.
/// </summary>
/// <param name="dimension">d.</param>
/// <param name="mostNumbers">How many numbers it may hold.</param>
internal sealed class TokenStore(int dimension, long mostNumbers)
{
    /// <summary>So many tokens are shown whatever is thinned, where there are as many.</summary>
    private const int FewTokens = 2000;

    private readonly Dictionary<int, Replica> _replicas = [];
    private List<ShownToken> _tokens = [];
    private List<(double Time, float[] Numbers)> _snapshots = [];
    private Snapshot? _last;
    private int _everyToken = 1, _everySnapshot = 1;

    /// <summary>d.</summary>
    public int Dimension => dimension;

    /// <summary>The tokens that are shown; rows of <see cref="Snapshots"/>.</summary>
    public IReadOnlyList<ShownToken> Tokens => _tokens;

    /// <summary>
    /// Times and numbers [tokens, d + 1]: coordinates, then the radius; NaN where there is none, or the token is not there.
    /// </summary>
    public IReadOnlyList<(double Time, float[] Numbers)> Snapshots => _snapshots;

    /// <summary>Numbers of a token at one time.</summary>
    public int Width => dimension + 1;

    /// <summary>How many tokens the source has, of all replicas together.</summary>
    public int AllTokens { get; private set; }

    /// <summary>How many snapshots the source has.</summary>
    public int AllSnapshots { get; private set; }

    /// <summary>Reads a trajectory.</summary>
    /// <exception cref="ConfigurationException">It is wrong.</exception>
    public static TokenStore Read(Trajectory trajectory, long mostNumbers, CancellationToken stop)
    {
        TokenStore store = new(trajectory.Dimension, mostNumbers);
        trajectory.Read(store.Add, _ => { }, stop);
        store.End();
        return store;
    }

    /// <summary>A store with a part of the numbers: tokens are left out evenly, down to 2,000, then snapshots, but not the last.</summary>
    /// <param name="share">In (0, 1).</param>
    public TokenStore Thinned(double share)
    {
        int tokens = Math.Max((int)(share * _tokens.Count), Math.Min(FewTokens, _tokens.Count));
        int snapshots = Math.Max((int)(share * _tokens.Count / tokens * _snapshots.Count), Math.Min(2, _snapshots.Count));
        int[] rows = [.. Enumerable.Range(0, tokens).Select(j => (int)((long)j * _tokens.Count / tokens))];
        return new TokenStore(dimension, mostNumbers)
        {
            _tokens = [.. rows.Select(row => _tokens[row])],
            _snapshots = [.. Enumerable.Range(0, snapshots).Select(j =>
                Fewer(_snapshots[snapshots == 1 ? 0 : (int)Math.Round((double)j * (_snapshots.Count - 1) / (snapshots - 1))], rows))],
            AllTokens = AllTokens, AllSnapshots = AllSnapshots,
        };
    }

    private void Add(Snapshot snapshot)
    {
        _last = snapshot;
        AllSnapshots++;
        if (snapshot.Number % _everySnapshot == 0) Keep(snapshot);
    }

    // What came last is shown, and rows that came later than a snapshot are not in it.
    private void End()
    {
        if (_last is null) return;
        if (_snapshots.Count == 0 || _snapshots[^1].Time != _last.Time) Keep(_last);
        int length = _tokens.Count * Width;
        for (int k = 0; k < _snapshots.Count; k++)
            if (_snapshots[k].Numbers is var numbers && numbers.Length < length)
            {
                float[] longer = new float[length];
                numbers.CopyTo(longer, 0);
                longer.AsSpan(numbers.Length).Fill(float.NaN);
                _snapshots[k] = (_snapshots[k].Time, longer);
            }
    }

    private void Keep(Snapshot snapshot)
    {
        int[][] rows = [.. snapshot.Replicas.Select(RowsOf)];
        float[] numbers = new float[_tokens.Count * Width];
        Array.Fill(numbers, float.NaN);
        foreach ((TokenSet set, int[] rowsOfSet) in snapshot.Replicas.Zip(rows))
            for (int i = 0; i < set.Count; i++)
            {
                if (rowsOfSet[i] < 0) continue;
                Span<float> target = numbers.AsSpan(rowsOfSet[i] * Width, Width);
                for (int c = 0; c < dimension; c++) target[c] = (float)set.Positions[i * dimension + c];
                if (set.Radii is { } radii) target[dimension] = (float)radii[i];
            }
        _snapshots.Add((snapshot.Time, numbers));
        while ((long)_tokens.Count * Width * _snapshots.Count > mostNumbers && (_tokens.Count > FewTokens || _snapshots.Count > 2)) Halve();
    }

    // Rows of the tokens of a set, -1 for those that are left out. Most sets have the tokens of the one before.
    private int[] RowsOf(TokenSet set)
    {
        if (!_replicas.TryGetValue(set.Replica, out Replica? replica)) _replicas[set.Replica] = replica = new Replica();
        if (replica.Last?.HasTokensOf(set) == true) return replica.Rows;
        int[] rows = new int[set.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            if (!replica.RowOf.TryGetValue(set.Name(i), out rows[i]))
            {
                int ordinal = replica.RowOf.Count;
                rows[i] = ordinal % _everyToken == 0 ? _tokens.Count : -1;
                replica.RowOf[set.Name(i)] = rows[i];
                AllTokens++;
                if (rows[i] >= 0) _tokens.Add(new ShownToken(set.Replica, set.Name(i), set.Labels?[i] ?? double.NaN, ordinal));
            }
        }
        (replica.Last, replica.Rows) = (set, rows);
        return rows;
    }

    private void Halve()
    {
        if (_tokens.Count > FewTokens)
        {
            _everyToken *= 2;
            KeepTokens(row => _tokens[row].Ordinal % _everyToken == 0);
        }
        else
        {
            _everySnapshot *= 2;
            _snapshots = [.. _snapshots.Where((_, k) => k % 2 == 0)];
        }
    }

    private void KeepTokens(Func<int, bool> isKept)
    {
        int[] kept = [.. Enumerable.Range(0, _tokens.Count).Where(isKept)], rowOf = new int[_tokens.Count];
        Array.Fill(rowOf, -1);
        for (int row = 0; row < kept.Length; row++) rowOf[kept[row]] = row;
        for (int k = 0; k < _snapshots.Count; k++) _snapshots[k] = Fewer(_snapshots[k], kept);
        foreach (Replica replica in _replicas.Values)
        {
            foreach (long token in replica.RowOf.Keys.ToArray())
                if (replica.RowOf[token] is >= 0 and int row) replica.RowOf[token] = rowOf[row];
            replica.Last = null;
        }
        _tokens = [.. kept.Select(row => _tokens[row])];
    }

    // Some of the rows, as far as they are there.
    private (double Time, float[] Numbers) Fewer((double Time, float[] Numbers) snapshot, int[] kept)
    {
        int rows = kept.TakeWhile(row => row * Width < snapshot.Numbers.Length).Count();
        float[] fewer = new float[rows * Width];
        for (int row = 0; row < rows; row++) snapshot.Numbers.AsSpan(kept[row] * Width, Width).CopyTo(fewer.AsSpan(row * Width));
        return (snapshot.Time, fewer);
    }

    private sealed class Replica
    {
        public Dictionary<long, int> RowOf { get; } = [];

        public TokenSet? Last { get; set; }

        public int[] Rows { get; set; } = [];
    }
}
