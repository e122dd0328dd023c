using AttentionFlow.Encoders.Models;
using AttentionFlow.Solver.Observables;
using CsvHelper;

namespace AttentionFlow.Encoders.Traces;

/// <summary>
/// The folder of a trace, locked while it is written: snapshots.csv as that of a run, attention.csv, gradient.csv where it was asked for,
/// tokens.csv, datapackage.json, and last trace.json, which vouches for all of them.
/// </summary>
internal sealed class TraceFolder : IDisposable
{
    public const string RecordFile = "trace.json", AttentionFile = "attention.csv", GradientFile = "gradient.csv",
        TokensFile = "tokens.csv";

    /// <summary>The folder in it that holds the analysis of its snapshots.</summary>
    public const string AnalysisFolder = "analysis";

    private static readonly string[] Names =
        [RecordFile, RunFolder.PackageFile, RunFolder.SnapshotsFile, AttentionFile, GradientFile, TokensFile];

    private static readonly Column Replica = new("replica", ColumnType.Integer, "Number of the text, from 0.");
    private static readonly IReadOnlyList<string> AttentionKey = ["layer", "replica", "head"], GradientKey = ["layer", "replica"],
        TokensKey = ["replica", "position"];

    /// <summary>attention.csv.</summary>
    public static IReadOnlyList<Column> AttentionColumns { get; } =
    [
        new("layer", ColumnType.Integer, "Number of the layer, from 1; layers that are gone through again count on."),
        Replica,
        new("head", ColumnType.Integer, "Number of the head, from 0."),
        .. AttentionIndicators.Columns,
    ];

    /// <summary>gradient.csv.</summary>
    public static IReadOnlyList<Column> GradientColumns { get; } =
    [
        new("layer", ColumnType.Integer, "Number of the layer, from 0; layers that are gone through again count on."),
        Replica,
        .. LayerGradient.Columns,
    ];

    /// <summary>tokens.csv.</summary>
    public static IReadOnlyList<Column> TokensColumns { get; } =
    [
        Replica,
        new("position", ColumnType.Integer, "Where the encoder is given the token, from 0: the label in snapshots.csv."),
        new("token", ColumnType.Integer, "The token in snapshots.csv; -1 for one of the prompt, which is not there."),
        new("kind", ColumnType.Text, "special for [CLS] and [SEP], prompt, or text."),
        new("origin", ColumnType.Integer, "The position it would have without a shuffle."),
        new("code", ColumnType.Integer, "The position whose code it has; -1 for none."),
        new("id", ColumnType.Integer, "Its row in the vocabulary."),
        new("piece", ColumnType.Text, "The word piece."),
    ];

    private readonly FolderLock _lock;

    private TraceFolder(FolderLock held) => _lock = held;

    /// <summary>Takes a folder, which is made where there is none, for this process; changes no file in it.</summary>
    /// <exception cref="FolderNotEmptyException">There is something in it and <paramref name="overwrite"/> is false, or a file that no
    /// earlier trace wrote is in the way.</exception>
    /// <exception cref="IOException">Another process works in it, or it cannot be made.</exception>
    public static TraceFolder Open(string path, bool overwrite)
    {
        FolderLock held = FolderLock.Take(path, RecordFile);
        try
        {
            if (!overwrite && FolderLock.IsNotEmpty(held.Folder)) throw new FolderNotEmptyException(path, before: null);
            TraceRecord? earlier = TraceRecord.Earlier(Path.Combine(held.Folder, RecordFile));
            foreach (string name in Names.Where(name => !IsOwn(Path.Combine(held.Folder, name), name, earlier)))
                throw new FolderNotEmptyException(Path.Combine(path, name), "trace");
            return new(held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Writes all files in place of those of an earlier trace.</summary>
    /// <param name="record">What is known of the trace; its files and its end are filled in.</param>
    /// <param name="texts">One a replica.</param>
    /// <param name="title">Title of the data package.</param>
    /// <returns>The record as written.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public TraceRecord Write(TraceRecord record, IReadOnlyList<TextTrace> texts, string title)
    {
        WholeFile.WriteText(PathOf(RecordFile), (record with { Process = Environment.ProcessId }).ToJson());
        foreach (string name in Names.Where(name => name != RecordFile))
        {
            File.Delete(PathOf(name));
            WholeFile.DropPart(PathOf(name));
        }
        TableDescription[] tables =
        [
            Table(RunFolder.SnapshotsFile, "Hidden states of every text after every layer", RunColumns.SnapshotKey,
                RunColumns.Snapshots(texts[0].Layers[0].Dimension, hasRadius: true), table => WriteSnapshots(table, texts)),
            Table(AttentionFile, "Indicators of the attention of every head", AttentionKey, AttentionColumns,
                table => WriteAttention(table, texts)),
            .. texts[0].Gradients.Count == 0 ? [] : (TableDescription[])
            [
                Table(GradientFile, "Growth of small disturbances of the embeddings", GradientKey, GradientColumns,
                    table => WriteGradients(table, texts)),
            ],
            new("Tokens of every text", TokensKey, TokensColumns, WriteTokens(texts)),
        ];
        FileRecord package = WholeFile.WriteText(PathOf(RunFolder.PackageFile), DataPackage.Text(title, tables));
        record = record with { Files = [.. tables.Select(t => t.File), package], End = RunRecord.Now() };
        WholeFile.WriteText(PathOf(RecordFile), record.ToJson());
        return record;
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    // What is not there is nobody's; a trace that was killed owns what it may have written.
    private static bool IsOwn(string path, string name, TraceRecord? earlier)
    {
        bool isThere = WholeFile.IsThere(path), isPart = WholeFile.IsThere(path + WholeFile.PartSuffix);
        return earlier is null ? !isThere && !isPart
            : !isThere || name == RecordFile || earlier.Process is not null || earlier.Files.Any(f => f.Name == name && f.IsAt(path));
    }

    private TableDescription Table(
        string name, string title, IReadOnlyList<string> key, IReadOnlyList<Column> columns, Action<CsvTable> write)
    {
        using CsvTable table = new(PathOf(name), columns);
        write(table);
        return new(title, key, columns, table.Complete());
    }

    private static void WriteSnapshots(CsvTable table, IReadOnlyList<TextTrace> texts)
    {
        int d = texts[0].Layers[0].Dimension;
        for (int l = 0; l < texts[0].Layers.Count; l++)
            for (int r = 0; r < texts.Count; r++)
            {
                LayerState state = texts[r].Layers[l];
                double[] rows = new double[state.Tokens * table.Columns.Count];
                for (int i = 0; i < state.Tokens; i++)
                {
                    Span<double> row = rows.AsSpan(i * table.Columns.Count, table.Columns.Count);
                    (row[0], row[1], row[2], row[3], row[4]) = (l, l, r, i, texts[r].Shown[i]);
                    state.Positions.AsSpan(i * d, d).CopyTo(row[5..]);
                    row[^1] = state.Radii[i];
                }
                table.Append(rows);
            }
    }

    private static void WriteAttention(CsvTable table, IReadOnlyList<TextTrace> texts)
    {
        foreach (int layer in texts[0].Heads.Select(h => h.Layer).Distinct())
            for (int r = 0; r < texts.Count; r++)
                foreach (HeadValues head in texts[r].Heads.Where(h => h.Layer == layer))
                    table.Append([layer, r, head.Head, .. head.Values]);
    }

    private static void WriteGradients(CsvTable table, IReadOnlyList<TextTrace> texts)
    {
        for (int l = 0; l < texts[0].Gradients.Count; l++)
            for (int r = 0; r < texts.Count; r++) table.Append([l, r, .. texts[r].Gradients[l].Values]);
    }

    private FileRecord WriteTokens(IReadOnlyList<TextTrace> texts) => WholeFile.Guard(PathOf(TokensFile), () =>
    {
        using HashedFile file = HashedFile.Open(PathOf(TokensFile), earlier: null);
        long rows = 0;
        using (CsvWriter writer = CsvWriter.Create(file, new CsvWriterOptions { NewLine = "\n" }, leaveOpen: true))
        {
            foreach (Column column in TokensColumns) writer.WriteField(column.Name);
            writer.EndRecord();
            for (int r = 0; r < texts.Count; r++)
            {
                int token = 0;
                foreach ((int position, Token t) in texts[r].Tokens.Tokens.Index())
                {
                    foreach (int number in (int[])[r, position, t.Kind == TokenKind.Prompt ? -1 : token++]) writer.WriteField(number);
                    writer.WriteField(t.Kind.ToString().ToLowerInvariant());
                    foreach (int number in (int[])[t.Origin, t.Code, t.Piece.Id]) writer.WriteField(number);
                    writer.WriteField(t.Piece.Text);
                    writer.EndRecord();
                    rows++;
                }
            }
        }
        FileRecord record = file.Record(TokensFile, rows);
        file.Finish(PathOf(TokensFile));
        return record;
    });

    private string PathOf(string name) => Path.Combine(_lock.Folder, name);
}
