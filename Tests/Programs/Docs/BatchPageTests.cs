using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Program;

namespace AttentionFlow.Tests.Docs;

/// <summary>docs/batch.md: its commands at a smaller size, its lines of Python and R, its table of keys.</summary>
public sealed class BatchPageTests
{
    private const int Seeds = 3;
    private static readonly double[] Betas = [1, 2, 4, 8];
    private static readonly string Page = Repository.Text("docs", "batch.md");
    private readonly TemporaryFolder _folder = new();

    [OneTimeSetUp]
    public void RunTheCommands()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("the commands are those of sh");
        string sweep = Repository.Blocks(Page, "jsonc")[0];
        File.WriteAllText(_folder["beta.json"], sweep.Replace("\"count\": 50", $"\"count\": {Seeds}", StringComparison.Ordinal).Replace("\"count\": 64", "\"count\": 16", StringComparison.Ordinal));
        string commands = string.Concat(Repository.Blocks(Page, "sh"));
        Answer answer = Shell.Sh($"set -e; cd '{_folder.FullPath}'; attentionflow() {{ $program \"$@\"; }}; sbatch() {{ sh -n \"$1\"; }}\n{commands}");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        Assert.That(answer.Output, Does.Contain($"{Betas.Length * Seeds} of {Betas.Length * Seeds} points complete"));
    }

    [OneTimeTearDown]
    public void DropTheFolder() => _folder.Dispose();

    [Test]
    public void TheSweepIsTheStoredOne() => Assert.Multiple(() =>
    {
        File.WriteAllText(_folder["page.json"], Repository.Blocks(Page, "jsonc")[0]);
        Sweep page = StoredExperiments.FindSweep(_folder["page.json"]), stored = StoredExperiments.FindSweep("beta-seeds");
        Assert.That(page.Points.Select(p => p.Experiment with { Title = "" }), Is.EqualTo(stored.Points.Select(p => p.Experiment with { Title = "" })));
        Assert.That(Page, Does.Contain($"lists the {page.Points.Count} points"));
        File.WriteAllText(_folder["keys.json"], Repository.Blocks(Page, "jsonc")[1]);
        Assert.That(StoredExperiments.FindSweep(_folder["keys.json"]).Points, Has.Count.EqualTo(6));
    });

    [Test]
    public void TheLinesOfPythonDrawTheFigureAndPrintTheMedians()
    {
        string python = DocumentedLinesTests.Interpreter("pandas", ["/usr/bin/python3", "python3", "python"], ["-c", "import pandas, matplotlib"]);
        File.WriteAllText(_folder["figure.py"], Repository.Blocks(Page, "python").Single());
        Answer answer = Shell.Sh($"cd '{_folder.FullPath}' && {python} figure.py");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        Assert.That(new FileInfo(_folder["beta.png"]).Length, Is.GreaterThan(10_000));
        CheckMedians(answer.Output.TrimEnd().Split('\n')[^Betas.Length..], digits: 5);
    }

    [Test]
    public void TheLinesOfRPrintTheMedians()
    {
        string r = DocumentedLinesTests.Interpreter("r", ["Rscript"], ["--version"]);
        File.WriteAllText(_folder["medians.r"], Repository.Blocks(Page, "r").Single());
        Answer answer = Shell.Sh($"cd '{_folder.FullPath}' && {r} medians.r");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        CheckMedians(answer.Output.TrimEnd().Split('\n'), digits: 12);
    }

    [Test]
    public void TheTablesOfKeysAreTrue() => Assert.That(Page.Split("<!-- sweep keys -->\n")[1].Split("<!-- end of sweep keys -->")[0],
        Is.EqualTo(KeyTables.Sweep()), "attentionflow schema --sweep --tables");

    // The times from the tables of the runs themselves, on a straight line between recorded values.
    private void CheckMedians(string[] lines, int digits)
    {
        double[][] printed = [.. lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        Assert.That(printed.Select(p => p[0]), Is.EqualTo(Betas));
        foreach ((double beta, double count, double median) in printed.Select(p => (p[0], p[1], p[2])))
        {
            double?[] all = [.. SweepTable.Read(_folder["beta"]).Rows.Where(row => row.Values[0] == $"{beta}").Select(row => Crossing(Path.Combine(_folder["beta"], row.Folder)))];
            double[] times = [.. all.OfType<double>().Order().Some()];
            Assert.That((all.Length, times.Length), Is.EqualTo((Seeds, (int)count)));
            Assert.That(median, Is.EqualTo((times[(times.Length - 1) / 2] + times[times.Length / 2]) / 2).Within(Math.Pow(10, -digits) * median));
        }
    }

    private static double? Crossing(string run)
    {
        IReadOnlyDictionary<string, double[]> table = CsvData.Read(Path.Combine(run, RunFolder.ObservablesFile));
        (double[] t, double[] v) = (table["time"], table["speed"]);
        int i = Array.FindIndex(v, speed => speed < 1e-3);
        return i < 0 ? null : t[i - 1] + (v[i - 1] - 1e-3) * (t[i] - t[i - 1]) / (v[i - 1] - v[i]);
    }
}
