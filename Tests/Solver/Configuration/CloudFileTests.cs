using System.Text;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Configuration;

public class CloudFileTests : FolderFixture
{
    [Test]
    public void ColumnsMayComeInAnyOrder()
    {
        CloudData cloud = Read("\uFEFFweight,token,x1,label,x0\r\n3,7,0.8,-2,0.6\r\n\r\n1, 8 ,-1,\"2.5\",0\r\n", normalize: false);
        Assert.That(cloud.Count, Is.EqualTo(2));
        Assert.That(cloud.Dimension, Is.EqualTo(2));
        Assert.That(cloud.Positions, Is.EqualTo(new[] { 0.6, 0.8, 0, -1 }));
        Assert.That(cloud.Labels, Is.EqualTo(new[] { -2, 2.5 }));
        Assert.That(cloud.Weights, Is.EqualTo(new[] { 0.75, 0.25 }));
    }

    [Test]
    public void PointsNearTheSphereAreScaledToLengthOne()
    {
        CloudData cloud = Read("x0,x1,x2\n0.57735,0.57735,0.57735\n0,0,1.0000009\n", normalize: false);
        Assert.That(cloud.Positions[0], Is.EqualTo(1 / Math.Sqrt(3)).Within(2e-16));
        Assert.That(cloud.Positions.Skip(3), Is.EqualTo(new double[] { 0, 0, 1 }));
        Assert.That(cloud.Labels, Is.Null);
        Assert.That(cloud.Weights, Is.Null);
    }

    [Test]
    public void NormalizeTakesEveryLengthButZero() =>
        Assert.That(Read("x0,x1\n3e300,4e300\n3e-320,0\n-0.003,-0.004\n", normalize: true).Positions, Is.EqualTo(new[] { 0.6, 0.8, 1, 0, -0.6, -0.8 }).Within(2e-16));

    [TestCase("", ": the file is empty; a header line such as x0,x1,x2 is expected.")]
    [TestCase("x0,x1\n", ": there are no rows after the header.")]
    [TestCase("1,0\n0,1\n", ", line 1: the header is missing; the first line names the columns, such as x0,x1,x2.")]
    [TestCase("x0,x1,lable\n1,0,0\n", ", line 1: unknown column 'lable'; did you mean 'label'? Known: x0, x1, ..., label, weight, and token (which is ignored).")]
    [TestCase("x0,x1,energy\n1,0,0\n", ", line 1: unknown column 'energy'; known: x0, x1, ..., label, weight, and token (which is ignored).")]
    [TestCase("x0,x2\n1,0\n", ", line 1: there is a column 'x2' but no column 'x1'.")]
    [TestCase("x1,x2\n1,0\n", ", line 1: there is a column 'x1' but no column 'x0'.")]
    [TestCase("x0,x1,x1\n1,0,0\n", ", line 1: the column 'x1' appears twice.")]
    [TestCase("x0,label\n1,0\n", ", line 1: at least the columns x0 and x1 are needed.")]
    [TestCase("x0,x1\n1,0\n\n1\n", ", line 4: the number of values is 1, but the header has 2 columns.")]
    [TestCase("x0,x1\n1,0,\n", ", line 2: the line ends in a comma; leave the last comma of every line out (sed 's/,$//').")]
    [TestCase("x0,x1,\n1,0,\n", ", line 1: the line ends in a comma; leave the last comma of every line out (sed 's/,$//').")]
    [TestCase("x0;x1\n0,6;0,8\n", ", line 1: columns are separated by semicolons; commas are expected, and points in numbers (tr ',;' '.,').")]
    [TestCase("x0\tx1\n1\t0\n", ", line 1: columns are separated by tabs; commas are expected (tr '\\t' ',').")]
    [TestCase("1.0 0.0\n", ", line 1: columns are separated by spaces; commas are expected (tr -s ' ' ',').")]
    [TestCase("# x0,x1\n1,0\n", ", line 1: the header is a comment; numpy.savetxt leaves the '#' out with comments='' (and takes delimiter=',').")]
    [TestCase(",x0,x1\n0,1,0\n", ", line 1: a column has no name; a table saved with its index needs the index left out (pandas: index=False).")]
    [TestCase("root:x:0:0:/root\n", ", line 1: this is no header; the first line names the columns, such as x0,x1,x2.")]
    [TestCase("x0,\u001b[2J\n1,0\n", ", line 1: this is not a text; a CSV file of numbers is expected.")]
    [TestCase("x0,x1\n1,0\0\n", ", line 2: column x1: there is a NUL character; a text in UTF-8 is expected.")]
    [TestCase("x0,x1\n1,\"0,5\"\n", ", line 2: '0,5' in column x1 is not a number; numbers have a point, not a comma.")]
    [TestCase("x0,x1\n1,\u001b[2J\n", ", line 2: column x1: this is not a text; a CSV file of numbers is expected.")]
    [TestCase("x0,x1\n1,0\n0.6,0.8", ", line 3: the file ends without a line break, so its last number may be cut; if it is whole, end it with a line break.")]
    [TestCase("x0,x1,label\n1,0,1e300\n", ", line 2: column label: 1e300 is too large; a label must be at most 1000000000000000.")]
    [TestCase("x0,x1,weight\n1,0,5e-324\n", ", line 2: column weight: 5e-324 is too small; a weight must be at least 1E-100.")]
    [TestCase("snapshot,time,replica,token,label,x0,x1\n0,0,0,0,0.5,1,0\n", ", line 1: these are the snapshots of a run; take one, such as number 0 of replica 0, and drop the columns snapshot, "
        + "time and replica: awk -F, 'NR == 1 || $1 == 0 && $3 == 0' snapshots.csv | cut -d, -f4- > one.csv")]
    [TestCase("x0,x1\n1,0\n0,one\n", ", line 3: 'one' in column x1 is not a number.")]
    [TestCase("x0,x1\n1,\n", ", line 2: '' in column x1 is not a number.")]
    [TestCase("x0,x1\n1,0\n1,NaN\n", ", line 3: NaN in column x1 is not finite.")]
    [TestCase("x0,x1,label\n1,0,1e999\n", ", line 2: 1e999 in column label is not finite.")]
    [TestCase("x0,x1\n0,0\n", ", line 2: the point is zero; it has no direction.")]
    [TestCase("x0,x1\n1,0\n1,1\n", ", line 3: the point has length 1.41421356, not 1; write \"normalize\": true to scale every point to length 1.")]
    [TestCase("x0,x1\n0,1.0000012\n", ", line 2: the point has length 1.0000012, not 1; write \"normalize\": true to scale every point to length 1.")]
    [TestCase("x0,x1,weight\n1,0,1\n0,1,0\n", ", line 3: the weight 0 is not positive.")]
    [TestCase("x0,x1,weight\n1,0,-1\n", ", line 2: the weight -1 is not positive.")]
    [TestCase("x0,x1,weight\n1,0,1e308\n0,1,1e-308\n1,0,1e308\n", ", line 2: column weight: 1e308 is too large; a weight must be at most 1E+100.")]
    [TestCase("x0,x1\n1,0\n\"0,1\n", ", line 3: this is not valid CSV; a quote is misplaced or never closed.")]
    public void AWrongFileIsRefusedByLine(string text, string message) =>
        Assert.That(() => Read(text, normalize: false), Throws.InstanceOf<ConfigurationException>()
            .With.Message.EqualTo(Folder["points.csv"] + message));

    [TestCase("utf-16LE", "this is UTF-16 without a byte order mark; save the file as UTF-8 (iconv -f UTF-16LE -t UTF-8).")]
    [TestCase("latin1", "this is not UTF-8; save the file as UTF-8 (from Latin-1: iconv -f LATIN1 -t UTF-8).")]
    public void AnotherEncodingIsNamed(string encoding, string message)
    {
        File.WriteAllBytes(Folder["points.csv"], Encoding.GetEncoding(encoding).GetBytes("x0,x1,h\u00f6he\n1,0,0\n"));
        Assert.That(() => CloudFile.Read(Folder["points.csv"], false), Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo($"{Folder["points.csv"]}, line 1: {message}"));
    }

    [TestCase("1e200"), TestCase("-1000001")]
    public void AnEntryOfAMatrixHasTheRangeOfADiagonalOne(string entry)
    {
        File.WriteAllText(Folder["m.csv"], $"x0,x1\n1,0\n{entry},1\n");
        Assert.That(() => CloudFile.ReadMatrix(Folder["m.csv"]), Throws.InstanceOf<ConfigurationException>().With.Message.Match($"m.csv, line 3: column x0: {entry} is too (large|small); an entry must be at (most|least) -?1000000.$"));
    }

    [Test]
    public void AMissingFileIsNamed() =>
        Assert.That(() => CloudFile.Read("missing.csv", false), Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo("missing.csv: there is no such file."));

    [Test]
    public void ALargeFileIsReadToTheLastBit()
    {
        const int n = 100_000;
        StringBuilder text = new("token,label,x0,x1,x2\n");
        Random random = new(1);
        double[] expected = new double[3 * n];
        for (int i = 0; i < n; i++)
        {
            Span<double> x = expected.AsSpan(3 * i, 3);
            for (int k = 0; k < 3; k++) x[k] = random.NextDouble() - 0.5;
            Sphere.Rescale(x);
            text.Append(CultureInfo.InvariantCulture, $"{i},{(i + 0.5) / n},{x[0]},{x[1]},{x[2]}\n");
        }
        CloudData cloud = Read(text.ToString(), normalize: false);
        Assert.That(cloud.Count, Is.EqualTo(n));
        Assert.That(cloud.Positions.SequenceEqual(expected), Is.True);
        Assert.That(cloud.Labels![n - 1], Is.EqualTo((n - 0.5) / n));
    }

    private CloudData Read(string text, bool normalize)
    {
        File.WriteAllText(Folder["points.csv"], text);
        return CloudFile.Read(Folder["points.csv"], normalize);
    }
}
