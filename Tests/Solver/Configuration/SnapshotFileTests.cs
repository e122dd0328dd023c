using System.Security.Cryptography;
using System.Text;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Configuration;

/// <summary>Snapshots that no run can start from.</summary>
public sealed class SnapshotFileTests : FolderFixture
{
    private const string Good = "time,replica,token,label,weight,x0,x1,radius\n2,0,0,0.1,0.25,1,0,1\n2,0,1,0.5,0.75,0.6,0.8,2\n2,1,0,0.2,0.5,0,1,3\n2,1,1,0.3,0.5,-1,0,4\n";

    [Test]
    public void ACopyIsReadNumberForNumber()
    {
        CloudData rows = Copy(Good, "null");
        Assert.That((rows.Replicas, rows.Count, rows.Dimension), Is.EqualTo((2, 2, 2)));
        Assert.That(rows.Positions, Is.EqualTo(new[] { 1, 0, 0.6, 0.8, 0, 1, -1, 0 }));
        Assert.That(rows.Labels, Is.EqualTo(new[] { 0.1, 0.5, 0.2, 0.3 }));
        Assert.That(rows.Weights, Is.EqualTo(new[] { 0.25, 0.75, 0.5, 0.5 }));
        Assert.That(rows.Radii, Is.EqualTo(new double[] { 1, 2, 3, 4 }));
    }

    /// <summary>A time that is written with fewer digits than it has.</summary>
    [Test]
    public void ATimeIsMetUpToRounding()
    {
        string copy = Good.Replace("\n2,", "\n0.30000000000000004,", StringComparison.Ordinal);
        Assert.That(Copy(copy, "0.3").Count, Is.EqualTo(2));
        Assert.That(() => Copy(copy, "0.300001"), Throws.TypeOf<ConfigurationException>().With.Message.Contains("there is no snapshot at 0.300001 in ").And.Message.Contains("; the only one is at 0.30000000000000004."));
    }

    [TestCase("", "", ": the file is empty.")]
    [TestCase("2,0,0,0.1,0.25,1,0,1\n2,0,1,0.5,0.75,0.6,0.8,2\n2,1,0,0.2,0.5,0,1,3\n2,1,1,0.3,0.5,-1,0,4\n", "", ": there is no snapshot in it.")]
    [TestCase("weight", "mass", ", line 1: there is no column 'weight'; this is no copy of a snapshot.")]
    [TestCase("replica", "cloud", ", line 1: there is no column 'replica'; this is no copy of a snapshot.")]
    [TestCase("0.6,0.8,2\n", "0.6,0.8\n", ", line 3: the number of values is 7, but the header has 8 columns.")]
    [TestCase("0.6,", "0.7,", ", line 3: the point is not on the unit sphere.")]
    [TestCase("0.6,", "x,", ", line 3: 'x' in column x0 is not a finite number.")]
    [TestCase("0.6,", "NaN,", ", line 3: 'NaN' in column x0 is not a finite number.")]
    [TestCase("0.8,2", "0.8,0", ", line 3: column radius: 0 is not positive.")]
    [TestCase("0.75,0.6", "-0.75,0.6", ", line 3: column weight: -0.75 is not positive.")]
    [TestCase("0.75,0.6", "0.7,0.6", ": the weights of replica 0 do not sum to 1.")]
    [TestCase("2,0,1,0.5", "2,0,1,1e16", ", line 3: column label: 10000000000000000 is too large; a label must be at most 1000000000000000.")]
    [TestCase("2,0,1,0.5", "2,0,2,0.5", ", line 3: this is token 2 of replica 0; tokens are in order, as many in every replica.")]
    [TestCase("2,1,1,0.3", "2,2,0,0.3", ", line 5: this is token 0 of replica 2; tokens are in order, as many in every replica.")]
    [TestCase("2,1,1,0.3,0.5,-1,0,4\n", "", ", line 4: the last replica has 1 tokens, the first 2.")]
    [TestCase("2,1,1", "1,1,1", ", line 5: snapshots are in the order of their times.")]
    [TestCase("-1,0,4\n", "-1,0,4", ", line 5: the file ends without a line break, so its last number may be cut.")]
    public void AWrongCopyIsRefusedByLine(string before, string after, string message)
    {
        string text = before.Length == 0 ? "" : Good.Replace(before, after, StringComparison.Ordinal);
        Assert.That(() => Copy(text, "null"), Throws.TypeOf<ConfigurationException>()
            .With.Message.EqualTo($"{Folder["e.json"]}: $.tokens.initial.path: {Folder["c.csv"]}{message}"));
    }

    /// <summary>Labels differ between replicas; every one must suit the gauge.</summary>
    [Test]
    public void TheLabelsOfAllReplicasAreHeldAgainstTheGauge()
    {
        const string Gauge = "interaction.gauge={\"kind\":\"prefix\",\"targets\":[[1,0],[0,1]]}";
        File.WriteAllText(Folder["c.csv"], Good);
        Assert.That(() => Parse(""" "run": "r", "path": "c.csv" """, Gauge), Throws.Nothing);
        File.WriteAllText(Folder["c.csv"], Good.Replace("2,1,1,0.3,", "2,1,1,7,", StringComparison.Ordinal));
        Assert.That(() => Parse(""" "run": "r", "path": "c.csv" """, Gauge), Throws.TypeOf<ConfigurationException>().With.Message.Contains("label 7 sees no target"));
    }

    [Test]
    public void ACopyThatIsMissingIsNamed() => Assert.That(() => Parse(""" "run": "r", "path": "none.csv" """), Refused("path", $"{Folder["none.csv"]}: there is no such file."));

    /// <summary>What is said of a folder, and of one that was changed.</summary>
    [Test]
    public void AFolderThatIsNoWholeRunIsRefused()
    {
        string run = Folder["run"], table = Path.Combine(run, "snapshots.csv"), experiment = Path.Combine(run, "experiment.json"), record = Path.Combine(run, "run.json");
        Assert.That(Source, Refused("run", $"{run}: there is no run in this folder, whose run.json would be there."));
        Make();
        Assert.That(() => Parse(""" "run": "run", "time": 0.4 """), Refused("time", $"there is no snapshot at 0.4 in {table}; the nearest are at 0 and 0.5."));
        Assert.That(() => Parse(""" "run": "run", "time": 7 """), Refused("time", $"there is no snapshot at 7 in {table}; the nearest are at 0.5 and 1."));
        string text = File.ReadAllText(table), vouched = File.ReadAllText(record);
        File.WriteAllText(table, text.Replace("0.5,0,1,", "0.5,0,2,", StringComparison.Ordinal));
        Assert.That(Source, Refused("run", $"{table}: it is not the file that run.json lists, whose SHA-256 is another; the run was changed after its end, and run --overwrite gives it again."));
        Vouch(table, text);
        Assert.That(Source, Refused("run", $"{table}, line 6: this is token 2 of replica 0; tokens are in order, as many in every replica."), "where run.json was made to fit");
        File.WriteAllText(table, text);
        File.WriteAllText(record, vouched);
        string resolved = File.ReadAllText(experiment);
        File.WriteAllText(experiment, resolved.Replace("\"count\": 3", "\"count\": 4", StringComparison.Ordinal));
        Assert.That(Source, Throws.TypeOf<ConfigurationException>().With.Message.Contains($"{experiment}: it is not the file"));
        Vouch(experiment, resolved);
        Assert.That(Source, Refused("run", $"{run}: snapshots.csv does not hold the tokens of experiment.json."));
        File.WriteAllText(experiment, resolved);
        File.WriteAllText(record, vouched);
        File.Delete(table);
        Assert.That(Source, Refused("run", $"{table}: missing; run.json lists it."));
        File.WriteAllText(record, vouched.Replace("snapshots.csv", "other.csv", StringComparison.Ordinal));
        Assert.That(Source, Refused("run", $"{run}: its run.json lists no snapshots.csv, so the run is under way, or was killed or failed; run --resume brings it to an end."));
        File.WriteAllText(record, "[]");
        Assert.That(Source, Refused("run", $"{record}: this is not the run.json of a run."));

        // run.json with the file that is there, in place of the one it lists.
        void Vouch(string path, string before) => File.WriteAllText(record, File.ReadAllText(record).Replace(Sha256(before), Sha256(File.ReadAllText(path)), StringComparison.Ordinal));
    }

    /// <summary>Sizes are those of the run, and may be said.</summary>
    [TestCase("replicas=3", "$.replicas: 3 is not the number of replicas of {0}, which is 1; this key may be left out.")]
    [TestCase("tokens.count=4", "$.tokens.count: 4 is not the number of tokens of {0}, which is 3; this key may be left out.")]
    [TestCase("tokens.dimension=3", "$.tokens.dimension: 3 is not the dimension of {0}, which is 2; this key may be left out.")]
    public void OtherSizesAreRefused(string setting, string message)
    {
        Make();
        message = string.Format(CultureInfo.InvariantCulture, message, Path.Combine(Folder["run"], "snapshots.csv"));
        Assert.That(() => Parse(""" "run": "run" """, setting), Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"--set {setting}: {message}"));
        Assert.That(Parse(""" "run": "run" """, "replicas=1", "tokens.count=3", "tokens.dimension=2").Tokens.Count, Is.EqualTo(3));
    }

    [Test]
    public void ARunThatKeptSomeTokensIsRefused()
    {
        Make(tokens: 2);
        Assert.That(Source, Refused("run", $"{Folder["run"]}: its snapshots hold 2 of its 3 tokens, which is no state to start from; run it again with --set record.tokens=null."));
    }

    /// <summary>Folders made by hand to lead around in a circle.</summary>
    [Test]
    public void ARunThatStartsFromItselfIsRefused()
    {
        Make();
        string experiment = Path.Combine(Folder["run"], "experiment.json"), record = Path.Combine(Folder["run"], "run.json"), before = File.ReadAllText(experiment);
        string circle = """{ "schemaVersion": 1, "tokens": { "initial": { "law": "snapshot", "run": "." } } }""";
        File.WriteAllText(experiment, circle);
        File.WriteAllText(record, File.ReadAllText(record).Replace(Sha256(before), Sha256(circle), StringComparison.Ordinal));
        Assert.That(Source, Refused("run", $"{experiment}: $.tokens.initial.path is missing; this is not the experiment of a run."));
    }

    private void Source() => Parse(""" "run": "run" """);

    private void Make(int? tokens = null)
    {
        Experiment experiment = new()
        {
            Tokens = new() { Count = 3, Dimension = 2 }, Time = new() { Horizon = 1 },
            Record = new() { Snapshots = 3, Observations = 2, Observables = ["mean"], Tokens = tokens },
        };
        Assert.That(new ExperimentRun(1, new Nobody(), _ => { }).Execute(experiment, Folder["run"], overwrite: false, default).Status, Is.EqualTo(RunStatus.Complete));
    }

    private CloudData Copy(string text, string time)
    {
        File.WriteAllText(Folder["c.csv"], text);
        return ((SnapshotLaw)Parse($$""" "run": "r", "path": "c.csv", "time": {{time}} """).Tokens.Initial).Rows!;
    }

    private Experiment Parse(string law, params string[] settings) =>
        ExperimentReader.Parse($$"""{ "schemaVersion": 1, "tokens": { "initial": { "law": "snapshot", {{law}} } } }""", Folder["e.json"], settings);

    private NUnit.Framework.Constraints.EqualStringConstraint Refused(string key, string why) =>
        Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"{Folder["e.json"]}: $.tokens.initial.{key}: {why}");

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed class Nobody : IProgressDisplay
    {
        public void Begin(string name) { }

        public void Advance(double pairs, string detail, bool direct) { }
    }
}
