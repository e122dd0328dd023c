namespace AttentionFlow.Tests.Output;

public sealed class CsvDataTests : FolderFixture
{
    [Test]
    public void ColumnsAreFoundByName()
    {
        string path = Write("a,b\n1,10\n2,20\n3,30\n2,40\n");
        Assert.That(CsvData.Header(path), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(CsvData.Read(path)["b"], Is.EqualTo(new[] { 10.0, 20, 30, 40 }));
        Assert.That(CsvData.ReadWhere(path, "a", 2)["b"], Is.EqualTo(new[] { 20.0, 40 }));
        List<double> seen = new List<double>();
        CsvData.ReadRows(path, ["b", "a"], row =>
        {
            seen.AddRange(row);
            return row[1] < 2;
        });
        Assert.That(seen, Is.EqualTo(new[] { 10.0, 1, 20, 2 }));
    }

    [Test]
    public void FilesOfOthersMayQuoteAndEndLinesTheirWay() =>
        Assert.That(CsvData.Read(Write("\ufeff\"a\",\"b\"\r\n\"1\",2\r\n"))["a"], Is.EqualTo(new[] { 1.0 }));

    [TestCase("a,b\n1,2\n3,x\n", "column b of row 2 is 'x'"), TestCase("a,b\n1,NaN\n", "column b of row 1 is 'NaN'"), TestCase("a,b\n1,\n", "column b of row 1 is ''")]
    [TestCase("a,b\n1\n", "field"), TestCase("a,a\n1,2\n", "two columns"), TestCase("", "no header")]
    public void WhatIsNotATableOfNumbersIsAnErrorThatNamesTheFile(string text, string expected)
    {
        string path = Write(text);
        Assert.That(() => CsvData.Read(path), Throws.InstanceOf<IOException>().With.Message.StartsWith(path).And.Message.Contains(expected));
    }

    [Test]
    public void MissingColumnsAndFilesAreNamed()
    {
        string path = Write("a,b\n1,2\n");
        Assert.That(() => CsvData.ReadRows(path, ["c"], _ => true), Throws.InstanceOf<IOException>().With.Message.Contains("no column c among a, b"));
        Assert.That(() => CsvData.ReadWhere(path, "c", 0), Throws.InstanceOf<IOException>());
        Assert.That(() => CsvData.Read(Folder["none.csv"]), Throws.InstanceOf<IOException>().With.Message.StartsWith(Folder["none.csv"]));
    }

    private string Write(string text)
    {
        File.WriteAllText(Folder["t.csv"], text);
        return Folder["t.csv"];
    }
}
