using System.Security.Cryptography;
using System.Text;

namespace AttentionFlow.Tests.Output;

[NonParallelizable]
public sealed class CsvTableTests : FolderFixture
{
    private static readonly Column[] IndexAndValue = [new("i", ColumnType.Integer, "An index."), new("value", ColumnType.Number, "A value.")];

    [Test]
    public void BytesAreUtf8WithoutMarkLineFeedsHeaderAndShortestDigits()
    {
        using CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue);
        table.Append([0, 0.1, 1, -2.5, 2, 1]);
        table.Append([3, 1e-300, 4, double.Epsilon, -5, -0.0]);
        FileRecord record = table.Complete();
        byte[] bytes = File.ReadAllBytes(Folder["t.csv"]);
        Assert.That(Encoding.UTF8.GetString(bytes), Is.EqualTo("i,value\n0,0.1\n1,-2.5\n2,1\n3,1E-300\n4,5E-324\n-5,-0\n"));
        Assert.That(bytes[0], Is.EqualTo((byte)'i'));
        Assert.That(record, Is.EqualTo(new FileRecord("t.csv", 6, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)))));
    }

    [Test]
    public void EmptyTableHasAHeader()
    {
        using CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue);
        table.Append([]);
        Assert.That(table.Complete().Rows, Is.Zero);
        Assert.That(File.ReadAllText(Folder["t.csv"]), Is.EqualTo("i,value\n"));
        Assert.That(CsvData.Read(Folder["t.csv"])["value"], Is.Empty);
    }

    [Test]
    public void EveryDoubleReadsBackAsTheSameBits()
    {
        double[] hard =
        [
            0.1, 1.0 / 3, Math.PI, -0.0, 0, double.Epsilon, -double.Epsilon, 2.2250738585072011e-308, 2.2250738585072014e-308,
            double.MaxValue, double.MinValue, 1e-300, 1e21, 1e23, 9007199254740993, 0.30000000000000004, 1 - double.BitDecrement(1),
        ];
        Random random = new Random(1);
        IEnumerable<double> drawn = Enumerable.Range(0, 100_000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)));
        double[] values = [.. hard, .. drawn.Where(double.IsFinite)];
        using CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue);
        table.Append([.. values.SelectMany((v, i) => new[] { i, v })]);
        table.Complete();
        double[] read = CsvData.Read(Folder["t.csv"])["value"];
        Assert.That(read.Select(BitConverter.DoubleToInt64Bits), Is.EqualTo(values.Select(BitConverter.DoubleToInt64Bits)));
    }

    [TestCase(double.NaN), TestCase(double.PositiveInfinity), TestCase(double.NegativeInfinity)]
    public void NonFiniteIsRefusedWithItsWholePostAndNothingEarlierIsLost(double bad)
    {
        using CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue);
        table.Append([0, 0.5, 1, 1.5]);
        NonFiniteException error = Assert.Throws<NonFiniteException>(() => table.Append([2, 2.5, 3, bad, 4, 4.5]))!;
        Assert.That((error.Column, error.Row), Is.EqualTo(("value", 4L)));
        Assert.That(error.Message, Does.StartWith("t.csv: column value of row 4 would be "));
        table.Append([2, 2.25]);
        Assert.That(table.Complete().Rows, Is.EqualTo(3));
        Assert.That(File.ReadAllText(Folder["t.csv"]), Is.EqualTo("i,value\n0,0.5\n1,1.5\n2,2.25\n"));
    }

    [Test]
    public void MistakesOfTheCallerAreNamed()
    {
        using CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue);
        Assert.That(() => table.Append([1]), Throws.ArgumentException.With.Message.Contains("whole rows of 2 columns"));
        Assert.That(() => table.Append([0.5, 1]), Throws.ArgumentException.With.Message.Contains("column i of row 1 holds whole numbers"));
        Assert.That(() => table.Append([1e16, 1]), Throws.ArgumentException);
        Assert.That(() => new CsvTable(Folder["u.csv"], [IndexAndValue[0], IndexAndValue[0]]), Throws.ArgumentException);
        table.Complete();
        Assert.That(() => table.Append([1, 1]), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void FinalNameAppearsWithCompleteOnly()
    {
        using (CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue))
        {
            table.Append([0, 0.5]);
            Assert.That(Folder.Names, Is.EqualTo(new[] { "t.csv.part" }));
            table.Complete();
            Assert.That(Folder.Names, Is.EqualTo(new[] { "t.csv" }));
        }
        using (CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue))
            table.Append([9, 9]);
        Assert.That(Folder.Names, Is.EqualTo(new[] { "t.csv" }));
        Assert.That(File.ReadAllText(Folder["t.csv"]), Is.EqualTo("i,value\n0,0.5\n"));
    }

    [Test]
    public void ManyRowsNeedLittleMemory()
    {
        const int posts = 20, rows = 50_000;
        double[] post = new double[rows * 4];
        Column[] columns = [IndexAndValue[0], .. Enumerable.Range(0, 3).Select(k => new Column($"x{k}", ColumnType.Number, "A coordinate."))];
        long before = GC.GetTotalAllocatedBytes(precise: true);
        using CsvTable table = new CsvTable(Folder["t.csv"], columns);
        for (int p = 0; p < posts; p++)
        {
            for (int i = 0; i < post.Length; i++) post[i] = i % 4 == 0 ? p * rows + i / 4 : Math.Sin(i + p);
            table.Append(post);
        }
        FileRecord record = table.Complete();
        // 32 MB of doubles pass through; what is allocated is the buffers of the queue, half a megabyte each.
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(16_000_000));
        Assert.That(record.Rows, Is.EqualTo(posts * rows));
        before = GC.GetTotalAllocatedBytes(precise: true);
        (long count, double sum) = (0L, 0.0);
        CsvData.ReadRows(Folder["t.csv"], ["x1", "i"], row => (++count, sum += row[1]) is not (0, _));
        Assert.That((count, sum), Is.EqualTo(((long)posts * rows, (posts * rows - 1.0) * posts * rows / 2)));
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(2_000_000));
    }

    [Test]
    public void RowsWiderThanABufferAreKeptWhole()
    {
        Column[] columns = Enumerable.Range(0, 70_000).Select(c => new Column($"c{c}", ColumnType.Integer, "")).ToArray();
        using CsvTable table = new CsvTable(Folder["t.csv"], columns);
        table.Append([.. Enumerable.Range(0, 140_000).Select(i => (double)i)]);
        Assert.That(table.Complete().Rows, Is.EqualTo(2));
        List<double> last = new List<double>();
        CsvData.ReadRows(Folder["t.csv"], ["c69999"], row =>
        {
            last.Add(row[0]);
            return true;
        });
        Assert.That(last, Is.EqualTo(new[] { 69_999.0, 139_999.0 }));
    }

    [Test]
    public void FolderThatIsNotThereIsAnErrorAtOnce() => Assert.That(
        () => new CsvTable(Folder["absent/t.csv"], IndexAndValue),
        Throws.InstanceOf<IOException>().With.Message.StartsWith(Folder["absent/t.csv"]));

    [Test, CancelAfter(60_000)]
    public void FullDiskComesOutOfTheNextCallAndNobodyHangs()
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("no /dev/full on this system");
        File.CreateSymbolicLink(Folder["t.csv.part"], "/dev/full");
        double[] post = new double[100_000];
        using (CsvTable table = new CsvTable(Folder["t.csv"], IndexAndValue))
        {
            IOException error = Assert.Throws<IOException>(() => { while (true) table.Append(post); })!;
            Assert.That(error.Message, Does.StartWith(Folder["t.csv"]));
            Assert.That(table.Complete, Throws.InstanceOf<IOException>());
        }
        Assert.That(Folder.Names, Is.Empty);
        File.CreateSymbolicLink(Folder["t.csv.part"], "/dev/full");
        using (CsvTable small = new CsvTable(Folder["t.csv"], IndexAndValue))
        {
            small.Append([1, 2]);
            Assert.That(small.Complete, Throws.InstanceOf<IOException>().With.Message.StartsWith(Folder["t.csv"]));
            Assert.That(small.Complete, Throws.InstanceOf<IOException>(), "a second try must not pass off the rest as whole");
        }
        Assert.That(Folder.Names, Is.Empty);
    }
}
