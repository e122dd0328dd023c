using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json.Serialization;

namespace AttentionFlow.Experiments.Pages;

/// <summary>What the script of the page is told of a run beside its numbers; null members are left out.</summary>
/// <param name="Name">Its title.</param>
/// <param name="Dimension">d.</param>
/// <param name="Components">Coordinates a token has in the numbers: 2, or 3.</param>
/// <param name="Tokens">Tokens shown, of all replicas together.</param>
/// <param name="AllTokens">Tokens of the source.</param>
/// <param name="AllSnapshots">Snapshots of the source.</param>
/// <param name="Times">Of the snapshots shown.</param>
/// <param name="IsLabelled">Whether tokens have labels.</param>
/// <param name="IsCyclic">Whether the colours of labels meet; null where labels mean nothing.</param>
internal sealed record PageRun(string Name, int Dimension, int Components, int Tokens, int AllTokens, int AllSnapshots,
    double[] Times, bool IsLabelled, bool? IsCyclic)
{
    private const int Largest = short.MaxValue, Absent = short.MinValue;

    /// <summary>Smallest and largest radius; null where there are none, or all are one.</summary>
    public double[]? Radii { get; init; }

    /// <summary>Shares of the variance along the directions shown, beyond d = 3.</summary>
    public IReadOnlyList<double>? Shares { get; init; }

    /// <summary>Predicted limits, by replica.</summary>
    public IReadOnlyList<LimitShape> Limits { get; init; } = [];

    /// <summary>Columns of observables.</summary>
    public IReadOnlyList<string> Observables { get; init; } = [];

    /// <summary>Times of observables.</summary>
    public int ObservableTimes { get; init; }

    /// <summary>Lists of numbers a column: 1 for values, 3 for the median and the 5 and 95 % quantiles.</summary>
    public int ObservableParts { get; init; } = 1;

    /// <summary>
    /// zlib of, little-endian: as doubles the times of the observables, the lists of their columns, and of each token replica, name, label
    /// and cluster; then for each snapshot, component and the radius where there is one, the change since the snapshot before in
    /// 1/32767 (of the radius: of its logarithm's range, from -32767), as zigzag (0, -1, 1, -2, ...), low bytes of all tokens, then high
    /// ones. A token that is not there is at -32768.
    /// </summary>
    [JsonIgnore]
    public byte[] Numbers { get; private init; } = [];

    /// <summary>Makes it of what a run's files say.</summary>
    /// <param name="source">The run.</param>
    /// <param name="store">Its tokens.</param>
    /// <param name="series">Its observables; null for none.</param>
    /// <param name="directions">What is shown of more than three coordinates.</param>
    public static PageRun Of(TrajectorySource source, TokenStore store, ObservableSeries? series, PrincipalDirections? directions)
    {
        int d = store.Dimension, components = Math.Min(d, 3);
        (double Low, double High)? radii = RadiiOf(store);
        IReadOnlyList<LimitShape> limits = source.Experiment is { } run && store.Tokens.Count > 0 ? LimitShape.Of(run, store) : [];
        return new PageRun(source.Title, d, components, store.Tokens.Count, store.AllTokens, store.AllSnapshots,
            [.. store.Snapshots.Select(s => s.Time)], store.Tokens.Any(t => !double.IsNaN(t.Label)),
            source.Experiment is { } labelled ? LimitShape.IsCyclic(labelled) : false)
        {
            Radii = radii is { } r ? [r.Low, r.High] : null,
            Shares = directions?.Shares,
            Limits = [.. limits.Select(l => l with { Curves = [.. l.Curves.Select(c => Shown(c, d, directions))],
                Points = Shown(l.Points, d, directions) })],
            Observables = series?.Names ?? [],
            ObservableTimes = series?.Times.Length ?? 0,
            ObservableParts = series is { Names.Count: > 0 } ? series.Values.Count / series.Names.Count : 1,
            Numbers = Deflated(store, series, directions, radii),
        };
    }

    // Coordinates as they are shown, to 4 decimals.
    private static double[] Shown(double[] points, int d, PrincipalDirections? directions)
    {
        if (directions is null) return [.. points.Select(x => Math.Round(x, 4))];
        double[] shown = new double[points.Length / d * 3];
        for (int i = 0; i < points.Length / d; i++) directions.Project<double>(points.AsSpan(i * d, d), shown.AsSpan(i * 3, 3));
        return [.. shown.Select(x => Math.Round(x, 4))];
    }

    private static (double, double)? RadiiOf(TokenStore store)
    {
        (double low, double high) = (double.PositiveInfinity, 0);
        foreach ((_, float[] numbers) in store.Snapshots)
            for (int at = store.Dimension; at < numbers.Length; at += store.Width)
                if (numbers[at] is > 0 and float r) (low, high) = (Math.Min(low, r), Math.Max(high, r));
        return high > 1.001 * low ? (low, high) : null;
    }

    private static byte[] Deflated(
        TokenStore store, ObservableSeries? series, PrincipalDirections? directions, (double Low, double High)? radii)
    {
        using MemoryStream bytes = new();
        using (ZLibStream zip = new(bytes, CompressionLevel.Optimal))
        {
            if (series is not null)
                foreach (double[] list in (IEnumerable<double[]>)[series.Times, .. series.Values]) Write(zip, list);
            Write(zip, [.. store.Tokens.Select(t => (double)t.Replica)]);
            Write(zip, [.. store.Tokens.Select(t => (double)t.Token)]);
            Write(zip, [.. store.Tokens.Select(t => t.Label)]);
            Write(zip, [.. EndClusters(store).Select(c => (double)c)]);
            WritePositions(zip, store, directions, radii);
        }
        return bytes.ToArray();
    }

    private static void Write(Stream stream, double[] values)
    {
        byte[] bytes = new byte[8 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8 * i), values[i]);
        stream.Write(bytes);
    }

    private static void WritePositions(
        Stream stream, TokenStore store, PrincipalDirections? directions, (double Low, double High)? radii)
    {
        int d = store.Dimension, n = store.Tokens.Count, components = Math.Min(d, 3), planes = components + (radii is null ? 0 : 1);
        short[] before = new short[planes * n];
        byte[] bytes = new byte[2 * planes * n];
        double[] shown = new double[3];
        double low = Math.Log(radii?.Low ?? 1), range = Math.Log(radii?.High ?? 1) - low;
        foreach ((_, float[] numbers) in store.Snapshots)
        {
            for (int i = 0; i < n; i++)
            {
                ReadOnlySpan<float> x = numbers.AsSpan(i * store.Width, store.Width);
                bool isThere = !float.IsNaN(x[0]);
                if (isThere && directions is not null) directions.Project(x[..d], shown);
                for (int p = 0; p < planes; p++)
                {
                    double value = p == components ? 2 * (Math.Log(x[d]) - low) / range - 1 : directions is null ? x[p] : shown[p];
                    short now = !isThere || double.IsNaN(value) ? (short)Absent
                        : (short)Math.Round(Largest * Math.Clamp(value, -1, 1));
                    short change = unchecked((short)(now - before[p * n + i]));
                    ushort zigzag = unchecked((ushort)((change << 1) ^ (change >> 15)));
                    (bytes[2 * p * n + i], bytes[(2 * p + 1) * n + i]) = ((byte)zigzag, (byte)(zigzag >> 8));
                    before[p * n + i] = now;
                }
            }
            stream.Write(bytes);
        }
    }

    // The cluster in which each token is at the end, by falling size over all replicas; -1 for one that is alone or not there.
    private static int[] EndClusters(TokenStore store)
    {
        int[] cluster = new int[store.Tokens.Count];
        Array.Fill(cluster, -1);
        if (store.Snapshots.Count == 0) return cluster;
        (int d, float[] last) = (store.Dimension, store.Snapshots[^1].Numbers);
        List<int[]> clusters = [];
        foreach (IGrouping<int, int> replica in Enumerable.Range(0, cluster.Length)
            .Where(row => !float.IsNaN(last[row * store.Width])).GroupBy(row => store.Tokens[row].Replica))
        {
            int[] rows = [.. replica];
            double[] x = new double[rows.Length * d];
            for (int i = 0; i < rows.Length; i++)
                for (int c = 0; c < d; c++) x[i * d + c] = last[rows[i] * store.Width + c];
            int[] labels = Clusters.Labels(x, 0, rows.Length, d);
            clusters.AddRange(rows.Index().GroupBy(r => labels[r.Index], r => r.Item).Select(g => g.ToArray()).Where(g => g.Length > 1));
        }
        foreach ((int number, int[] rows) in clusters.OrderByDescending(c => c.Length).Index())
            foreach (int row in rows) cluster[row] = number;
        return cluster;
    }
}
