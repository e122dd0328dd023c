using System.Text.Json.Serialization;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;

namespace AttentionFlow.Tests.Output;

/// <summary>Parquet files: those that runs write, and those of others.</summary>
public sealed class ParquetDataTests : FolderFixture
{
    private static readonly double[] Extremes =
        [0.0, -0.0, double.Epsilon, -double.Epsilon, 2.2250738585072009e-308, double.MaxValue, double.MinValue, 0.1, 1.0 / 3, 1e-300, 1, -1, Math.BitDecrement(1.0)];

    /// <summary>The same bits and the same text, over the border of row groups too.</summary>
    [TestCase(3, null), TestCase(50, 4), TestCase(140_000, null)]
    public void WhatARunWritesComesBack(int rows, int? digits)
    {
        Column[] columns = [.. RunColumns.Snapshots(2, hasRadius: true)];
        Random random = new(1);
        double[][] table = [.. Enumerable.Range(0, rows).Select(i => new double[]
        {
            i / 1000, 0.1 * (i / 1000), i % 7, i, i < Extremes.Length ? Extremes[i] : random.NextDouble(), Extremes[i % Extremes.Length], Digit(random.NextDouble()), Digit(random.NextDouble() * 1e9),
        })];
        using (CsvTable csv = new(Folder["t.csv"], columns))
        {
            csv.Append([.. table.SelectMany(row => row)]);
            csv.Complete();
        }
        FileRecord record = ParquetTable.Write(Folder["t.csv"], Folder["t.parquet"], columns, digits);
        Assert.That((record.Name, record.Rows, record.IsAt(Folder["t.parquet"])), Is.EqualTo(("t.parquet", (long?)rows, true)));
        Assert.That(ParquetTable.Write(Folder["t.csv"], Folder["again.parquet"], columns, digits).Sha256, Is.EqualTo(record.Sha256), "the same bytes");
        Assert.That(Folder.Names, Has.None.EndsWith(".part"));
        Assert.That(ParquetData.Rows(Folder["t.parquet"]), Is.EqualTo(rows));
        Assert.That(ParquetData.Header(Folder["t.parquet"]), Is.EqualTo(columns.Select(c => c.Name)));
        int at = 0, different = 0;
        string[] asked = ["radius", "snapshot", "label", "x0", "time"];
        int[] places = [.. asked.Select(name => Array.FindIndex(columns, c => c.Name == name))];
        ParquetData.ReadRows(Folder["t.parquet"], asked, row =>
        {
            for (int c = 0; c < row.Length; c++)
                if (BitConverter.DoubleToInt64Bits(row[c]) != BitConverter.DoubleToInt64Bits(table[at][places[c]])) different++;
            return ++at < rows;
        });
        Assert.That((at, different), Is.EqualTo((rows, 0)));
        using (Stream text = SnapshotFiles.OpenText(Folder["t.parquet"]))
        using (FileStream copy = File.Create(Folder["copy.csv"])) text.CopyTo(copy);
        Assert.That(File.ReadAllBytes(Folder["copy.csv"]).AsSpan().SequenceEqual(File.ReadAllBytes(Folder["t.csv"])), "the text is the CSV file");
        Assert.That(CsvData.ReadWhere(Folder["t.parquet"], "token", 2)["radius"], Is.EqualTo(new[] { table[2][^1] }));

        double Digit(double value) => digits is { } count ? Digits.Round(value, count) : value;
    }

    /// <summary>Integers are int64 and numbers doubles, none nullable; nothing in the file tells when it was made.</summary>
    [Test]
    public void TheColumnsHaveTypes()
    {
        new SmallRun().Write(Folder["run"]);
        ParquetTable.Write(Folder["run/snapshots.csv"], Folder["t.parquet"], RunColumns.Snapshots(3), null);
        ParquetSchema schema = ParquetReader.ReadSchemaAsync(Folder["t.parquet"]).GetAwaiter().GetResult();
        Assert.That(schema.DataFields.Select(f => (f.Name, f.ClrType, f.IsNullable)),
            Is.EqualTo(RunColumns.Snapshots(3).Select(c => (c.Name, c.Type == ColumnType.Integer ? typeof(long) : typeof(double), false))));
    }

    [Test]
    public void FilesOfOthersMayHaveOtherTypes([Values] CompressionMethod compression)
    {
        if (compression is CompressionMethod.Lzo or CompressionMethod.LZ4) return; // the package writes neither
        Make(new ParquetOptions { CompressionMethod = compression },
            Of("f", [1.5f, -0.1f, float.MaxValue]), Of("i", [1, -2, int.MaxValue]), Of<long>("l", [1, -2, 1L << 53]), Of<uint>("u", [0, 1, uint.MaxValue]), Of<ulong>("ul", [0, 1, 1UL << 53]),
            Of<short>("s", [-7, 0, 7]), Of<byte>("b", [0, 1, 255]), Maybe<double>("n", [1.5, 2.5, -0.0]), Maybe<int>("ni", [3, 2, 1]), Of<decimal>("text", [1.0m, 2, 3]));
        List<double[]> rows = [];
        string[] columns = ["ni", "n", "b", "s", "ul", "u", "l", "i", "f"];
        ParquetData.ReadRows(Folder["t.parquet"], columns, row =>
        {
            rows.Add(row.ToArray());
            return true;
        });
        double large = 1L << 53;
        Assert.That(rows, Is.EqualTo(new double[][]
        {
            [3, 1.5, 0, -7, 0, 0, 1, 1, 1.5], [2, 2.5, 1, 0, 1, 1, -2, -2, -0.1f], [1, -0.0, 255, 7, large, uint.MaxValue, large, int.MaxValue, float.MaxValue],
        }));
        Assert.That(double.IsNegative(rows[2][1]));
        Assert.That(ParquetData.Header(Folder["t.parquet"]), Has.Count.EqualTo(10).And.Member("text"), "what is not asked for may be anything");
    }

    [Test]
    public void WhatHoldsNoNumbersIsRefused()
    {
        Make(null, Of("d", [1.0m, 2, 3]), Of("flag", [true, false, true]), Of("day", [DateTime.UnixEpoch, DateTime.UnixEpoch, DateTime.UnixEpoch]), Maybe<double>("gap", [1.5, null, 2]),
            Of("nan", [1.5, 2, double.NaN]), Of<float>("inf", [1.5f, float.NegativeInfinity, 1]), Of<long>("large", [1, (1L << 53) + 1, 1]), Of<ulong>("ularge", [1, 1, ulong.MaxValue]));
        Wrong("d", "column d is of type Decimal; a column of float, double or integers is needed");
        Wrong("flag", "column flag is of type Boolean; ");
        Wrong("day", "column day is of type DateTime; ");
        Wrong("gap", "column gap of row 2 is missing (null); it must be a finite number");
        Wrong("nan", "column nan of row 3 is 'NaN'; it must be a finite number");
        Wrong("inf", "column inf of row 2 is '-Infinity'; it must be a finite number");
        Wrong("large", "column large of row 2 is '9007199254740993'; a whole number beyond 2^53 has no double of its own");
        Wrong("ularge", "column ularge of row 3 is '18446744073709551615'; ");
        Wrong("x", "there is no column x among d, flag, day, gap, nan, inf, large, ularge");
    }

    [Test]
    public void NestedColumnsAreRefused()
    {
        using (FileStream file = File.Create(Folder["t.parquet"]))
            ParquetSerializer.SerializeAsync<Nested>([new(), new()], file).GetAwaiter().GetResult();
        Assert.That(ParquetData.Header(Folder["t.parquet"]), Is.EqualTo(new[] { "x", "point", "list" }));
        Wrong("point", "column point is nested or a list; a column of plain numbers is needed");
        Wrong("list", "column list is nested or a list; ");
        ParquetData.ReadRows(Folder["t.parquet"], ["x"], row => row[0] > 0);
    }

    [Test]
    public void AFileThatIsNoneIsNamed()
    {
        File.WriteAllText(Folder["t.parquet"], "x0,x1\n1,0\n");
        Wrong("x0", "this is not a parquet file that can be read: ");
        File.WriteAllText(Folder["t.parquet"], "");
        Wrong("x0", "this is not a parquet file that can be read: ");
        Assert.That(() => ParquetData.Header(Folder["none.parquet"]), Throws.InstanceOf<IOException>().With.Message.StartsWith(Folder["none.parquet"]));
        Assert.That(() => ParquetData.Header(Folder.FullPath), Throws.InstanceOf<IOException>().With.Message.StartsWith(Folder.FullPath));
    }

    /// <summary>Bytes are spoilt or missing: other numbers, or an error of reading; never another error.</summary>
    [Test]
    public void ASpoiltFileIsAnErrorOfReading()
    {
        Make(new ParquetOptions { CompressionMethod = CompressionMethod.Zstd }, Of("i", [.. Enumerable.Range(0, 500)]), Of("x", [.. Enumerable.Range(0, 500).Select(i => Math.Sin(i))]), Maybe("n", [.. Enumerable.Range(0, 500).Select(i => (double?)i)]));
        byte[] whole = File.ReadAllBytes(Folder["t.parquet"]);
        Random random = new(5);
        int errors = 0;
        for (int i = 0; i < 250; i++)
        {
            byte[] spoilt = i % 5 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            if (i % 5 > 0) spoilt[i % 5 == 1 ? spoilt.Length - 1 - random.Next(600) : random.Next(spoilt.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(Folder["t.parquet"], spoilt);
            try
            {
                ParquetData.ReadRows(Folder["t.parquet"], ["i", "x", "n"], _ => true);
            }
            catch (IOException error)
            {
                Assert.That(error.Message, Does.StartWith(Folder["t.parquet"]));
                errors++;
            }
        }
        Assert.That(errors, Is.GreaterThan(70));
    }

    private sealed class Nested
    {
        [JsonPropertyName("x")]
        public double X { get; set; } = 1;

        [JsonPropertyName("point")]
        public Alone Point { get; set; } = new();

        [JsonPropertyName("list")]
        public List<double> Numbers { get; set; } = [1, 2];
    }

    private sealed class Alone
    {
        public double Y { get; set; } = 3;
    }

    private void Wrong(string column, string said) =>
        Assert.That(() => ParquetData.ReadRows(Folder["t.parquet"], [column], _ => true), Throws.InstanceOf<IOException>().With.Message.StartsWith($"{Folder["t.parquet"]}: {said}"));

    private sealed record Values(DataField Field, Func<ParquetRowGroupWriter, Task> Write);

    private static Values Of<T>(string name, T[] values) where T : struct
    {
        DataField field = new(name, typeof(T), false);
        return new(field, group => group.WriteAsync<T>(field, values));
    }

    private static Values Maybe<T>(string name, T?[] values) where T : struct
    {
        DataField field = new(name, typeof(T), true);
        return new(field, group => group.WriteAsync<T>(field, values));
    }

    private void Make(ParquetOptions? options, params Values[] columns)
    {
        using FileStream file = File.Create(Folder["t.parquet"]);
        ParquetWriter writer = ParquetWriter.CreateAsync(new ParquetSchema(columns.Select(c => c.Field)), file, options).GetAwaiter().GetResult();
        using (ParquetRowGroupWriter group = writer.CreateRowGroup())
            foreach (Values column in columns) column.Write(group).GetAwaiter().GetResult();
        writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
