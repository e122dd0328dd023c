using System.IO.Compression;
using AttentionFlow.Solver.Observables;
using Parquet;
using Parquet.Schema;

namespace AttentionFlow.Solver.Runs;

/// <summary>Turns snapshots.csv into a parquet file: integer columns as int64, numbers as double, none nullable.</summary>
/// <remarks>
/// The same rows give the same bytes. Row groups hold 2^20 values, so memory does not grow with the file. Chosen by measurement
/// (docs/performance.md): zstd; the bytes of doubles split by their place, except columns that are rounded to five digits or fewer, where
/// whole doubles repeat.
/// </remarks>
internal static class ParquetTable
{
    private const int GroupValues = 1 << 20, FewDigits = 5;

    /// <summary>Writes the file, by way of NAME.part.</summary>
    /// <param name="csv">The table.</param>
    /// <param name="path">The parquet file.</param>
    /// <param name="columns">The columns of the table.</param>
    /// <param name="digits">Significant digits of coordinates and radius; null: all of a double.</param>
    /// <exception cref="IOException">It could not be read or written; NAME.part is gone.</exception>
    public static FileRecord Write(string csv, string path, IReadOnlyList<Column> columns, int? digits)
    {
        try
        {
            using HashedFile file = HashedFile.Open(path, null);
            DataField[] fields = [.. columns.Select(c => new DataField(c.Name, IsInteger(c) ? typeof(long) : typeof(double), false))];
            // By default it is SmallestSize, thirty times as slow for 2 % less.
            ParquetOptions options = new() { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Optimal };
            foreach ((int c, Column column) in columns.Index())
                options.ColumnEncodingHints[column.Name] = IsInteger(column) ? EncodingHint.DeltaBinaryPacked
                    : digits <= FewDigits && c >= RunColumns.FirstRounded ? EncodingHint.Default : EncodingHint.ByteSplitStream;
            ParquetWriter writer = WholeFile.Guard(path,
                () => ParquetWriter.CreateAsync(new ParquetSchema(fields), file, options).GetAwaiter().GetResult());
            double[][] group = [.. columns.Select(_ => new double[Math.Max(1, GroupValues / columns.Count)])];
            int filled = 0;
            long rows = 0;
            CsvData.ReadRows(csv, [.. columns.Select(c => c.Name)], row =>
            {
                for (int c = 0; c < group.Length; c++) group[c][filled] = row[c];
                if (++filled == group[0].Length) EndGroup();
                return true;
            });
            if (filled > 0) EndGroup();
            return WholeFile.Guard(path, () =>
            {
                writer.DisposeAsync().AsTask().GetAwaiter().GetResult(); // writes what closes the file
                FileRecord record = file.Record(Path.GetFileName(path), rows);
                file.Finish(path);
                return record;
            });

            void EndGroup() => rows += WholeFile.Guard(path, () =>
            {
                using ParquetRowGroupWriter part = writer.CreateRowGroup();
                for (int c = 0; c < fields.Length; c++)
                {
                    ReadOnlyMemory<double> values = group[c].AsMemory(0, filled);
                    (IsInteger(columns[c]) ? part.WriteAsync<long>(fields[c], Whole(values.Span)) : part.WriteAsync(fields[c], values))
                        .GetAwaiter().GetResult();
                }
                (int count, filled) = (filled, 0);
                return count;
            });
        }
        catch
        {
            WholeFile.DropPart(path);
            throw;
        }
    }

    private static bool IsInteger(Column column) => column.Type == ColumnType.Integer;

    private static long[] Whole(ReadOnlySpan<double> values)
    {
        long[] whole = new long[values.Length];
        for (int i = 0; i < whole.Length; i++) whole[i] = (long)values[i];
        return whole;
    }
}
