using System.IO.Compression;
using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>
/// NumPy's files: an array [time, token, d], at the times 0, 1, ..., is a replica; arrays [token, d] are a snapshot each. Several of the
/// first kind are several replicas, by name. In a .npz the arrays <c>time</c>, <c>label</c> and <c>weight</c>, of one axis, go with them,
/// and <c>logits</c> and <c>attention</c> are none of them.
/// </summary>
internal sealed class NumpyTrajectory : Trajectory
{
    private static readonly string[] Beside = ["time", "label", "weight", "logits", "attention"];

    private readonly IReadOnlyList<Entry> _entries;
    private readonly bool _normalize, _areReplicas;
    private readonly double[]? _labels, _weights;
    private readonly double[] _times;
    private readonly string[] _titles;

    private NumpyTrajectory(IReadOnlyList<string> files, IReadOnlyList<Entry> entries, bool normalize)
    {
        (Files, _entries, _normalize) = (files, entries, normalize);
        int[] axes = [.. entries.Select(e => e.Shape.Count).Distinct()];
        if (axes.Length > 1 || axes[0] is not (2 or 3) || entries.Any(e => e.Shape[^1] != entries[0].Shape[^1]))
            throw new ConfigurationException($"{entries[0].Name}: arrays of tokens are [time, token, d], or [token, d] one a time, all "
                + $"of one d; there are {string.Join(", ", entries.Take(4).Select(e => $"[{string.Join(", ", e.Shape)}]"))}"
                + $"{(entries.Count > 4 ? ", ..." : "")}.");
        if (entries.Any(e => e.Shape.Contains(0))) throw new ConfigurationException($"{entries[0].Name}: an array is empty.");
        if (entries[0].Shape[^1] < 2)
            throw new ConfigurationException($"{entries[0].Name}: d is {entries[0].Shape[^1]}; at least 2 is needed.");
        _areReplicas = axes[0] == 3;
        int count = _areReplicas ? entries.Max(e => e.Shape[0]) : entries.Count;
        (_times, _labels, _weights) = (BesideIn("time") ?? [], BesideIn("label"), BesideIn("weight"));
        _titles = [.. entries.Select(e => e.Title)];
        if (_titles.Distinct().Count() < entries.Count) _titles = [.. entries.Select(e => Path.GetFileNameWithoutExtension(e.File))];
        if (_times.Length == 0)
            _times = _areReplicas || entries.Count == 1 || entries.Any(e => e.Inside.Length > 0)
                ? [.. Enumerable.Range(0, count).Select(k => (double)k)]
                : [.. SourceFiles.InTime([.. entries.Select(e => e.File)]).Select(f => f.Time)];
        if (_times.Length < count || !_times.Zip(_times.Skip(1)).All(t => t.First < t.Second))
            throw new ConfigurationException($"{files[0]}: the array 'time' has {_times.Length} numbers; {count} that rise are needed.");
    }

    /// <inheritdoc/>
    public override int Dimension => _entries[0].Shape[^1];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Files { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> ReplicaNames => _areReplicas && _entries.Count > 1 ? _titles : [];

    /// <summary>Looks at the headers.</summary>
    /// <exception cref="ConfigurationException">A file is missing, or not what it should be.</exception>
    public static new NumpyTrajectory Open(IReadOnlyList<string> files, ColumnMap map, bool normalize)
    {
        if (map.Text.Length > 0) throw new ConfigurationException($"--map {Quoted.Short(map.Text)}: arrays have no columns.");
        Entry[] entries = [.. files.SelectMany(EntriesOf)];
        Entry[] tokens = [.. entries.Where(e => !Beside.Contains(e.Inside))];
        if (tokens.Length == 0) throw new ConfigurationException($"{files[0]}: there is no array of tokens in it.");
        bool areFiles = tokens.All(e => e.Inside.Length == 0) && tokens.Length > 1 && tokens.All(e => e.Shape.Count == 2);
        IReadOnlyList<Entry> ordered = areFiles
            ? [.. SourceFiles.InTime(files).Select(f => tokens.Single(e => e.File == f.Path))] : tokens;
        return new NumpyTrajectory(files, ordered, normalize);
    }

    /// <inheritdoc/>
    protected override void ReadFiles(Action<Snapshot> take, Action<long> read, CancellationToken stop)
    {
        SnapshotBuilder builder = new(Dimension, new(0, 0, -1, _labels is null ? -1 : 0, _weights is null ? -1 : 0, -1, [0, 1]),
            _normalize);
        NumpyArray[] open = _areReplicas ? [.. _entries.Select(e => e.Open())] : [];
        try
        {
            for (int k = 0; k < (_areReplicas ? _entries.Max(e => e.Shape[0]) : _entries.Count); k++)
                for (int r = 0; r < (_areReplicas ? _entries.Count : 1); r++)
                {
                    stop.ThrowIfCancellationRequested();
                    if (_areReplicas && k >= _entries[r].Shape[0]) continue;
                    Entry entry = _entries[_areReplicas ? r : k];
                    using NumpyArray? own = _areReplicas ? null : entry.Open();
                    double[] x = new double[entry.Shape[^2] * Dimension];
                    (own ?? open[r]).Read(x);
                    Add(entry, k, r, x, builder, take);
                    read(Bytes * (k * _entries.Count + r) / (_times.Length * _entries.Count));
                }
        }
        finally
        {
            foreach (NumpyArray array in open) array.Dispose();
        }
        if (builder.Finish() is { } last) take(last);
    }

    private void Add(Entry entry, int k, int replica, double[] x, SnapshotBuilder builder, Action<Snapshot> take)
    {
        int n = x.Length / Dimension;
        if ((_labels ?? _weights) is { } beside && beside.Length != n)
            throw new ConfigurationException($"{entry.Name}: {n} tokens, but {beside.Length} labels or weights.");
        for (int i = 0; i < n; i++)
            try
            {
                TokenRow row = new(_times[k], replica, i, _labels?[i] ?? 0, _weights?[i] ?? 0, 0);
                if (builder.Add(row, x.AsSpan(i * Dimension, Dimension)) is { } done) take(done);
            }
            catch (ConfigurationException e)
            {
                throw new ConfigurationException(Text.Of($"{entry.Name}, time {_times[k]}, token {i}: ") + $"{e.Message}.");
            }
    }

    /// <summary>
    /// The scores of attention that go with one replica: array <c>logits</c>, or <c>attention</c> of probabilities, [time, head, token,
    /// token], which read the tokens of that time. Null where there is none.
    /// </summary>
    /// <exception cref="ConfigurationException">It has another shape.</exception>
    public (NumpyArray Array, bool AreProbabilities)? OpenScores()
    {
        Entry[] given = [.. Files.SelectMany(EntriesOf)];
        if ((given.FirstOrDefault(e => e.Inside == "logits") ?? given.FirstOrDefault(e =>
            e.Inside == "attention")) is not { } entry) return null;
        NumpyArray array = entry.Open();
        if (_areReplicas && _entries.Count == 1 && array.Shape is [var times, _, var rows, var columns] && times <= _times.Length
            && rows == columns && rows == _entries[0].Shape[1]) return (array, entry.Inside == "attention");
        array.Dispose();
        throw new ConfigurationException($"{entry.Name}: the shape is [{string.Join(", ", entry.Shape)}]; [time, head, token, token] is "
            + $"expected, beside one array of tokens [time, token, d], which is [{string.Join(", ", _entries[0].Shape)}].");
    }

    private double[]? BesideIn(string name)
    {
        double[]? found = null;
        Entry[] arrays = [.. Files.SelectMany(EntriesOf).Where(e => e.Inside == name)];
        foreach (Entry entry in arrays)
        {
            using NumpyArray array = entry.Open();
            if (array.Shape.Count != 1) throw new ConfigurationException($"{entry.Name}: it has {array.Shape.Count} axes; one is "
                + $"expected.");
            double[] values = array.ReadAll();
            if (arrays.Length < Files.Count || (found is not null && !values.AsSpan().SequenceEqual(found)))
                throw new ConfigurationException($"{entry.Name}: it holds for all replicas; the files of others have none, or another.");
            found = values;
        }
        return found;
    }

    /// <summary>The arrays of a file, without what is in them; those of an archive in the order of the numbers in their names.</summary>
    internal static IReadOnlyList<Entry> EntriesOf(string file)
    {
        if (!file.EndsWith(".npz", StringComparison.OrdinalIgnoreCase)) return [Entry.Of(file, "")];
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(file);
            return [.. archive.Entries.Where(e => e.FullName.EndsWith(".npy", StringComparison.Ordinal))
                .Select(e => Entry.Of(file, e.FullName[..^4])).OrderBy(e => e.Order).ThenBy(e => e.Inside, StringComparer.Ordinal)];
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException($"{file}: this is not an archive of NumPy (numpy.savez).", e);
        }
    }

    /// <param name="File">The file.</param>
    /// <param name="Inside">The name in the archive; empty for a file that is an array.</param>
    /// <param name="Shape">Its shape.</param>
    internal sealed record Entry(string File, string Inside, IReadOnlyList<int> Shape)
    {
        public string Name => Inside.Length > 0 ? $"{File}, array {Quoted.Of(Inside)}" : File;

        public string Title => Inside.Length > 0 ? Inside : Path.GetFileNameWithoutExtension(File);

        // arr_10 comes after arr_9.
        public long Order => long.TryParse(string.Concat(Inside.Reverse().TakeWhile(char.IsAsciiDigit).Reverse()), out long n) ? n : -1;

        public static Entry Of(string file, string inside)
        {
            using NumpyArray array = OpenArray(file, inside);
            return new Entry(file, inside, array.Shape);
        }

        public NumpyArray Open() => OpenArray(File, Inside);

        private static NumpyArray OpenArray(string file, string inside)
        {
            string name = inside.Length > 0 ? $"{file}, array {Quoted.Of(inside)}" : file;
            if (inside.Length == 0) return NumpyArray.Open(name, System.IO.File.OpenRead(file));
            ZipArchive archive = ZipFile.OpenRead(file);
            return NumpyArray.Open(name, new Owned(archive.GetEntry(inside + ".npy")!.Open(), archive));
        }
    }

    // A stream in an archive that is closed with it.
    private sealed class Owned(Stream inner, IDisposable owner) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
        public override int Read(Span<byte> buffer) => inner.Read(buffer);
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            owner.Dispose();
            base.Dispose(disposing);
        }
    }
}
