using System.Numerics;
using Parquet;
using Parquet.Schema;

namespace AttentionFlow.Solver;

/// <summary>Takes one row, its values in the order of the columns asked for; false stops the reading.</summary>
public delegate bool TakeRow(ReadOnlySpan<double> row);

/// <summary>The content of a parquet file is not what a table of numbers has.</summary>
public sealed class ParquetContentException : IOException
{
    internal ParquetContentException(string path, string problem, Exception? inner = null) : base($"{path}: {problem}", inner) =>
        Problem = problem;

    /// <summary>The message without the path.</summary>
    public string Problem { get; }
}

/// <summary>
/// Reads numbers from parquet files, by column name: flat columns of float, double or integers of up to 64 bits, with no value missing.
/// Columns that are not asked for may hold anything. Memory holds one row group of the columns asked for.
/// </summary>
public static class ParquetData
{
    private const double LargestInteger = 1L << 53;

    /// <summary>The names of the columns.</summary>
    /// <exception cref="IOException">The file cannot be read, or is no parquet file.</exception>
    public static IReadOnlyList<string> Header(string path)
    {
        using Opened file = new(path);
        return file.Names;
    }

    /// <summary>How many rows there are.</summary>
    /// <exception cref="IOException">The file cannot be read, or is no parquet file.</exception>
    public static long Rows(string path)
    {
        using Opened file = new(path);
        return file.Guard(reader => reader.RowGroups.Sum(group => group.RowCount));
    }

    /// <summary>Streams the rows of some columns through <paramref name="take"/>.</summary>
    /// <exception cref="IOException">The file cannot be read or is no parquet file; a column is missing or holds no numbers; a number is
    /// missing, not finite, or whole and beyond 2^53.</exception>
    public static void ReadRows(string path, IReadOnlyList<string> columns, TakeRow take)
    {
        double[] row = new double[columns.Count];
        foreach (double[][] group in Groups(path, columns))
            for (int i = 0; i < group[0].Length; i++)
            {
                for (int c = 0; c < row.Length; c++) row[c] = group[c][i];
                if (!take(row)) return;
            }
    }

    /// <summary>The values of some columns, at least one, a row group at a time.</summary>
    /// <inheritdoc cref="ReadRows"/>
    internal static IEnumerable<double[][]> Groups(string path, IReadOnlyList<string> columns)
    {
        using Opened file = new(path);
        Column[] sources = [.. columns.Select(file.Find)];
        long first = 1;
        for (int g = 0; g < file.Groups; g++)
        {
            int index = g;
            double[][] group = file.Guard(reader =>
            {
                using ParquetRowGroupReader rows = reader.OpenRowGroupReader(index);
                return sources.Select(source => source(rows, first)).ToArray();
            });
            first += group[0].Length;
            yield return group;
        }
    }

    // The values of a column in a row group whose first row has this number.
    private delegate double[] Column(ParquetRowGroupReader rows, long first);

    private static double[] Read<T>(ParquetRowGroupReader rows, DataField field, long first, string path)
        where T : struct, INumber<T>
    {
        double[] values = new double[checked((int)rows.RowCount)];
        if (field.IsNullable)
        {
            T?[] given = new T?[values.Length];
            rows.ReadAsync<T>(field, given).AsTask().GetAwaiter().GetResult();
            for (int i = 0; i < given.Length; i++)
                values[i] = given[i] is { } value ? Number(value, i) : throw Wrong(i, $"missing (null); it must be a finite number");
        }
        else
        {
            T[] given = new T[values.Length];
            rows.ReadAsync<T>(field, given).AsTask().GetAwaiter().GetResult();
            for (int i = 0; i < given.Length; i++) values[i] = Number(given[i], i);
        }
        return values;

        double Number(T given, int i)
        {
            double value = double.CreateChecked(given);
            if (!double.IsFinite(value)) throw Wrong(i, $"'{value}'; it must be a finite number");
            if (default(T) is not (float or double) && (Math.Abs(value) > LargestInteger || T.CreateSaturating(value) != given))
                throw Wrong(i, $"'{given}'; a whole number beyond 2^53 has no double of its own");
            return value;
        }

        ParquetContentException Wrong(int i, FormattableString what) =>
            new(path, FormattableString.Invariant($"column {field.Name} of row {first + i} is ") + FormattableString.Invariant(what));
    }

    // A file and its reader. What a spoilt file does to the reader is not to be foreseen, so any error of it is one of the file.
    private sealed class Opened : IDisposable
    {
        private readonly string _path;
        private readonly FileStream _stream;
        private readonly ParquetReader _reader = null!;

        public Opened(string path)
        {
            _path = path;
            try { _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new IOException($"{path}: {e.Message}", e);
            }
            try
            {
                _reader = Guard(_ => ParquetReader.CreateAsync(_stream).GetAwaiter().GetResult());
                Fields = Guard(reader => reader.Schema.Fields);
            }
            catch
            {
                _stream.Dispose();
                throw;
            }
        }

        public int Groups => _reader.RowGroupCount;

        public IReadOnlyList<Field> Fields { get; }

        public string[] Names => [.. Fields.Select(f => f.Name)];

        public T Guard<T>(Func<ParquetReader, T> read)
        {
            try { return read(_reader); }
            catch (Exception e) when (e is not (ParquetContentException or OutOfMemoryException))
            {
                string why = e.Message.ReplaceLineEndings(" ");
                throw new ParquetContentException(_path, $"this is not a parquet file that can be read: {why}", e);
            }
        }

        public Column Find(string name)
        {
            if (Fields.FirstOrDefault(f => f.Name == name) is not { } found)
                throw new ParquetContentException(_path, $"there is no column {name} among {string.Join(", ", Names)}");
            if (found is not DataField { IsArray: false, MaxRepetitionLevel: 0 } field)
                throw new ParquetContentException(_path, $"column {name} is nested or a list; a column of plain numbers is needed");
            return Type.GetTypeCode(field.ClrType) switch
            {
                TypeCode.Double => Of<double>(),
                TypeCode.Single => Of<float>(),
                TypeCode.Int64 => Of<long>(),
                TypeCode.UInt64 => Of<ulong>(),
                TypeCode.Int32 => Of<int>(),
                TypeCode.UInt32 => Of<uint>(),
                TypeCode.Int16 => Of<short>(),
                TypeCode.UInt16 => Of<ushort>(),
                TypeCode.SByte => Of<sbyte>(),
                TypeCode.Byte => Of<byte>(),
                _ => throw new ParquetContentException(_path,
                    $"column {name} is of type {field.ClrType.Name}; a column of float, double or integers is needed"),
            };

            Column Of<T>() where T : struct, INumber<T> => (rows, first) => Read<T>(rows, field, first, _path);
        }

        public void Dispose()
        {
            _reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _stream.Dispose();
        }
    }
}
