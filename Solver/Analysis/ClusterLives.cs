using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Solver.Analysis;

/// <summary>
/// The lives of clusters of two tokens and more, from snapshot to snapshot: a cluster goes on as the one that holds most of its tokens (of
/// equal ones the first), if no other gave that more (of equal ones the older). Where another gave more it has merged into that; what holds
/// most of no cluster is born, from the cluster that most of its tokens were in. Clusters are those of <see cref="Clusters"/>.
/// </summary>
/// <param name="table">Takes a row when a life has ended, columns <see cref="Columns"/>.</param>
public sealed class ClusterLives(CsvTable table)
{
    private readonly Dictionary<int, Tracked> _replicas = [];

    private sealed record Life(int Number, double Start, int From, int First)
    {
        public double End { get; set; } = Start;
        public int Most { get; set; } = First;
        public int Last { get; set; } = First;
    }

    // Lives by component, and the component of every token, or -1 for a lone one.
    private sealed record Tracked(TokenSet Set, int[] Components, Life[] Lives, int Born);

    /// <summary>The columns of clusters.csv.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        new("replica", ColumnType.Integer, "Number of the replica."),
        new("cluster", ColumnType.Integer, "Number of the cluster in its replica, in the order of births."),
        new("start", ColumnType.Number, "Time of the first snapshot that has it."),
        new("end", ColumnType.Number, "Time of the last snapshot that has it."),
        new("from", ColumnType.Integer, "The cluster that it split off; -1 for none."),
        new("into", ColumnType.Integer, "The cluster that it became part of; -1 where it is there to the end, or dissolves."),
        new("tokens_start", ColumnType.Integer, "Its tokens at the start."),
        new("tokens_most", ColumnType.Integer, "The most tokens it had."),
        new("tokens_end", ColumnType.Integer, "Its tokens at the end."),
    ];

    /// <summary>Looks at a replica of the next snapshot.</summary>
    public void See(double time, TokenSet set, int dimension)
    {
        (int[] components, int[] sizes) = ComponentsOf(set, dimension);
        Tracked? before = _replicas.GetValueOrDefault(set.Replica);
        // Without the same tokens there is no identity.
        if (before is not null && !before.Set.HasTokensOf(set))
        {
            foreach (Life life in before.Lives) Write(set.Replica, life, into: -1);
            before = new Tracked(set, [.. components.Select(_ => -1)], [], before.Born);
        }
        Life[] lives = new Life[sizes.Length];
        int born = before?.Born ?? 0;
        List<(Life Life, int Into)> ended = before is null ? [] : GoOn(before, components, lives);
        for (int c = 0; c < lives.Length; c++)
        {
            if (lives[c] is { } life) (life.End, life.Most, life.Last) = (time, Math.Max(life.Most, sizes[c]), sizes[c]);
            else lives[c] = new Life(born++, time, before is null ? -1 : Parent(before, components, c), sizes[c]);
        }
        foreach ((Life life, int into) in ended) Write(set.Replica, life, into < 0 ? -1 : lives[into].Number);
        _replicas[set.Replica] = new Tracked(set, components, lives, born);
    }

    /// <summary>Writes those that are there at the end.</summary>
    public void End()
    {
        foreach ((int replica, Tracked tracked) in _replicas.OrderBy(r => r.Key))
            foreach (Life life in tracked.Lives.OrderBy(l => l.Number)) Write(replica, life, into: -1);
    }

    private static (int[] Components, int[] Sizes) ComponentsOf(TokenSet set, int dimension)
    {
        int[] labels = Clusters.Labels(set.Positions, 0, set.Count, dimension);
        int[] sizes = new int[labels.Length == 0 ? 0 : labels.Max() + 1], numbers = new int[sizes.Length];
        foreach (int label in labels) sizes[label]++;
        int count = 0;
        for (int c = 0; c < sizes.Length; c++) numbers[c] = sizes[c] > 1 ? count++ : -1;
        return ([.. labels.Select(label => numbers[label])], [.. sizes.Where(size => size > 1)]);
    }

    // Gives the components of now the lives that go on in them; returns those that do not, and the component that took most of each.
    private static List<(Life Life, int Into)> GoOn(Tracked before, int[] components, Life[] lives)
    {
        Dictionary<(int Before, int Now), int> shared = [];
        for (int i = 0; i < components.Length; i++)
            if (before.Components[i] >= 0 && components[i] >= 0)
                shared[(before.Components[i], components[i])] = shared.GetValueOrDefault((before.Components[i], components[i])) + 1;
        int[] goesTo = [.. before.Lives.Select(_ => -1)], most = new int[before.Lives.Length];
        foreach (((int was, int now), int count) in shared.OrderBy(s => s.Key.Now))
            if (count > most[was]) (goesTo[was], most[was]) = (now, count);
        int[] heir = [.. lives.Select(_ => -1)];
        for (int was = 0; was < goesTo.Length; was++)
        {
            if (goesTo[was] is not (>= 0 and var now)) continue;
            bool isMore = heir[now] < 0 || most[was] > most[heir[now]]
                || (most[was] == most[heir[now]] && before.Lives[was].Number < before.Lives[heir[now]].Number);
            if (isMore) heir[now] = was;
        }
        for (int now = 0; now < heir.Length; now++)
            if (heir[now] >= 0) lives[now] = before.Lives[heir[now]];
        return [.. Enumerable.Range(0, goesTo.Length).Where(was => !heir.Contains(was)).Select(was => (before.Lives[was], goesTo[was]))];
    }

    private static int Parent(Tracked before, int[] components, int component)
    {
        int[] counts = new int[before.Lives.Length];
        for (int i = 0; i < components.Length; i++)
            if (components[i] == component && before.Components[i] >= 0) counts[before.Components[i]]++;
        int most = counts.Length == 0 ? 0 : counts.Max();
        return most == 0 ? -1 : before.Lives[Array.IndexOf(counts, most)].Number;
    }

    private void Write(int replica, Life life, int into) =>
        table.Append([replica, life.Number, life.Start, life.End, life.From, into, life.First, life.Most, life.Last]);
}
