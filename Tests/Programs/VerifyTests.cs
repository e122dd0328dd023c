using System.Text.Json.Nodes;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary><c>verify</c> finds what was done to the folder of a run, also where run.json was made to fit.</summary>
public class VerifyTests : FolderFixture
{
    private static readonly string[] Merging =
    [
        "long-times", "--set", "tokens.count=24", "--set", "record.tokens=24", "--set", "interaction.beta=4", "--set", "time.horizon=300", "--set", "record.plateaus=true",
        "--set", "record.snapshots=4", "--set", "record.observations=9",
    ];

    private string Run => Folder["run"];

    /// <summary>What was done, to which file, and what is said of it once run.json lists the new bytes.</summary>
    private static readonly (string What, string File, Func<string, string> Change, string Said)[] Attacks =
    [
        ("a digit of a position", "snapshots.csv", s => Field(s, 40, 6, x => (double.Parse(x, CultureInfo.InvariantCulture) + 1e-9).ToString(CultureInfo.InvariantCulture)), "snapshots.csv, row 40: |x|^2 is "),
        ("a digit of the start, on the sphere", "snapshots.csv", s => Field(s, 3, 6, x => x[0] == '-' ? x[1..] : "-" + x), "snapshots.csv, row 3: the token starts "),
        ("a digit of a mean", "observables.csv", s => Field(s, 1, s.Split('\n')[0].Split(',').Index().First(c => c.Item == "mean0").Index, _ => "0.25"), "observables.csv, row 1: mean0 is 0.25; the tokens of snapshots.csv at this time have "),
        ("a time", "observables.csv", s => Field(s, 5, 0, _ => "0.6"), "observables.csv, row 5: the time is 0.6; recording time 2 of the experiment is 0.5"),
        ("a label", "snapshots.csv", s => Field(s, 50, 4, _ => "0.5"), "snapshots.csv, row 50: the label is 0.5; the experiment gives the token "),
        ("a number that is none", "observables.csv", s => Field(s, 4, 3, _ => "NaN"), "observables.csv, row 4: gap_mean is 'NaN'; a finite number is needed"),
        ("a whole number that is none", "snapshots.csv", s => Field(s, 4, 3, _ => "3.5"), "snapshots.csv, row 4: token is '3.5'; a whole number is needed"),
        ("a number in other digits", "observables.csv", s => Field(s, 5, 0, _ => "0.50"), "observables.csv, row 5: time is written 0.50; a run writes 0.5"),
        ("a missing row", "snapshots.csv", s => Lines(s, (line, i) => i == 20 ? [] : [line]), "snapshots.csv, row 20: snapshot, replica and token are 0, 1, 4; 0, 1, 3 is next"),
        ("a row twice", "observables.csv", s => Lines(s, (line, i) => i == 6 ? [line, line] : [line]), "observables.csv, row 7: the replica is 1; 0 is next"),
        ("a missing field", "observables.csv", s => Lines(s, (line, i) => [i == 6 ? line[..line.LastIndexOf(',')] : line]), "observables.csv, row 6: "),
        ("a truncated table", "snapshots.csv", s => string.Concat(s.Split('\n').Take(65).Select(l => l + "\n")), "snapshots.csv: there are rows of 2 times; the experiment has 3 recording times"),
        ("an empty table", "observables.csv", _ => "", "observables.csv: it is empty"),
        ("another table", "observables.csv", _ => "time,replica,clusters\n0,0,1\n", "observables.csv: the header is time,replica,clusters; the experiment gives time,replica,energy"),
        ("another seed", "experiment.json", s => s.Replace("\"seed\": 1,", "\"seed\": 2,", StringComparison.Ordinal), "snapshots.csv, row 1: the token starts "),
        ("another horizon", "experiment.json", s => s.Replace("\"horizon\": 1,", "\"horizon\": 2,", StringComparison.Ordinal), "run.json: timeReached is 1; the horizon of the experiment is 2"),
        ("an unknown key", "experiment.json", s => s.Replace("\"horizon\"", "\"horizont\"", StringComparison.Ordinal), "$.time.horizont"),
        ("an unresolved experiment", "experiment.json", s => s.Replace("\"device\": \"cpu\"", "\"device\": \"auto\"", StringComparison.Ordinal), "experiment.json: it is not resolved"),
        ("another field", "datapackage.json", s => s.Replace("\"name\": \"gap_mean\"", "\"name\": \"gap\"", StringComparison.Ordinal), "datapackage.json: observables.csv has the fields "),
    ];

    public static IEnumerable<string> Names => Attacks.Select(a => a.What);

    [TestCaseSource(nameof(Names))]
    public void AChangeIsFoundByTheHashAndWithoutIt(string what)
    {
        Make(Run);
        (string _, string file, Func<string, string> change, string said) = Attacks.Single(a => a.What == what);
        string path = Path.Combine(Run, file), before = File.ReadAllText(path), after = change(before);
        Assert.That(after, Is.Not.EqualTo(before), "the attack changes nothing");
        File.WriteAllText(path, after);
        Found($"{path}: the SHA-256 is ");
        Vouch(Run);
        Assert.That(RunFolder.Verify(Run), Is.Empty, "now the files are those of run.json");
        Found(said);
    }

    /// <summary>The same of a parquet file: a byte by the hash, a number by the content.</summary>
    [Test]
    public void AChangeOfAParquetFileIsFound()
    {
        Make(Run, "--set", "record.format=parquet");
        Assert.That(Shell.Run("verify", Run, "--rerun", "--quiet"), Is.EqualTo(new Answer(0, $"{Run}: whole; the rerun is equal byte for byte\n", "")));
        string path = Path.Combine(Run, SnapshotFiles.Parquet), text = string.Concat(SnapshotFiles.Lines(path).Select(line => line + "\n"));
        byte[] whole = File.ReadAllBytes(path);
        foreach ((string what, string _, Func<string, string> change, string said) in Attacks.Where(a => a.File == "snapshots.csv" && !a.Said.Contains("whole number", StringComparison.Ordinal)))
        {
            File.WriteAllText(Folder["changed.csv"], change(text));
            ParquetTable.Write(Folder["changed.csv"], path, RunColumns.Snapshots(3), null);
            Found($"{path}: the SHA-256 is ");
            Vouch(Run);
            Assert.That(RunFolder.Verify(Run), Is.Empty, what);
            Found(said.Replace(RunFolder.SnapshotsFile, SnapshotFiles.Parquet, StringComparison.Ordinal));
        }
        // Cut off.
        File.WriteAllBytes(path, whole[..^5]);
        Found($"{path}: this is not a parquet file that can be read: ");
        Vouch(Run);
        Found($"{path}: this is not a parquet file that can be read: ");
        File.WriteAllBytes(path, whole);
        Vouch(Run);
        Assert.That(RunVerification.Problems(Run), Is.Empty);
    }

    /// <summary>A number that nothing else tells is found by the rerun, in the words of CSV.</summary>
    [Test]
    public void ARerunComparesParquetFilesByNumbersToo()
    {
        Make(Run, "--set", "record.format=parquet", "--set", "record.observables=[\"energy\"]");
        string path = Path.Combine(Run, SnapshotFiles.Parquet);
        string[] lines = [.. SnapshotFiles.Lines(path)];
        string[] one = lines[40].Split(','), other = lines[41].Split(',');
        // Two tokens of the second snapshot change places.
        (lines[40], lines[41]) = (string.Join(',', one.Take(5).Concat(other.Skip(5))), string.Join(',', other.Take(5).Concat(one.Skip(5))));
        File.WriteAllText(Folder["changed.csv"], string.Concat(lines.Select(line => line + "\n")));
        ParquetTable.Write(Folder["changed.csv"], path, RunColumns.Snapshots(3), null);
        Vouch(Run);
        Assert.That(Shell.Run("verify", Run), Is.EqualTo(new Answer(0, $"{Run}: whole\n", "")));
        Answer answer = Shell.Run("verify", Run, "--rerun", "--quiet");
        Assert.That(answer.Code, Is.EqualTo(1));
        Assert.That(answer.Output, Does.StartWith($"{path}, row 40: x0 is {other[5]}; the rerun has {one[5]}\n"));
    }

    /// <summary>What rounding allows, and nothing more: a last digit is found on the sphere, a digit too many by itself, a mean by its bound.</summary>
    [TestCase(3), TestCase(8), TestCase(15)]
    public void RoundedSnapshotsAreHeldAgainstTheirDigits(int digits)
    {
        Make(Run, "--set", $"record.digits={digits}");
        string path = Path.Combine(Run, "snapshots.csv"), text = File.ReadAllText(path), x = text.Split('\n')[40].Split(',')[6];
        double unit = 10 * Digits.Error(digits), value = double.Parse(x, CultureInfo.InvariantCulture);
        Assert.That(RunVerification.Problems(Run), Is.Empty);
        Change(40, value + 0.1 * unit * Math.Abs(value), $"x1 is ");
        Change(40, Digits.Round(value + Math.CopySign(unit, value), digits), "|x|^2 is ");
        Assert.That(Math.Abs(value), Is.GreaterThan(0.5), "so that the length tells");
        File.WriteAllText(path, text);
        Vouch(Run);
        string observables = Path.Combine(Run, "observables.csv"), table = File.ReadAllText(observables);
        int column = Array.IndexOf(table.Split('\n')[0].Split(','), "mean0");
        double mean = double.Parse(table.Split('\n')[1].Split(',')[column], CultureInfo.InvariantCulture);
        File.WriteAllText(observables, Field(table, 1, column, _ => (mean + 2.1 * Digits.Error(digits) + 1e-12).ToString(CultureInfo.InvariantCulture)));
        Vouch(Run);
        Found("observables.csv, row 1: mean0 is ");

        void Change(int row, double changed, string said)
        {
            File.WriteAllText(path, Field(text, row, 6, _ => changed.ToString(CultureInfo.InvariantCulture)));
            Vouch(Run);
            Found($"snapshots.csv, row {row}: {said}");
        }
    }

    [Test]
    public void TwoTablesThatChangedPlacesAreFound()
    {
        Make(Run);
        Swap(Path.Combine(Run, "snapshots.csv"), Path.Combine(Run, "observables.csv"));
        Found("snapshots.csv: the SHA-256 is ");
        Vouch(Run);
        Found("snapshots.csv: the header is time,replica,energy");
    }

    /// <summary>Another seed: a table of the same shape, whose means are not those of the snapshots.</summary>
    [Test]
    public void TheTableOfAnotherRunIsFound()
    {
        Make(Run);
        Make(Folder["other"], "--seed", "2");
        Swap(Path.Combine(Run, "observables.csv"), Path.Combine(Folder["other"], "observables.csv"));
        Found("observables.csv: the SHA-256 is ");
        Vouch(Run);
        Found("observables.csv, row 1: mean0 is ");
    }

    /// <summary>A number that nothing else in the folder depends on: the rerun alone can tell.</summary>
    [Test]
    public void ARerunFindsADigitThatNothingElseTells()
    {
        Make(Run);
        string path = Path.Combine(Run, "observables.csv"), digits = File.ReadAllText(path).Split('\n')[5].Split(',')[2];
        File.WriteAllText(path, Field(File.ReadAllText(path), 5, 2, _ => "0.75"));
        Vouch(Run);
        Assert.That(Shell.Run("verify", Run), Is.EqualTo(new Answer(0, $"{Run}: whole\n", "")));
        Assert.That(Shell.Run("verify", Run, "--rerun", "--quiet"), Is.EqualTo(new Answer(1,
            $"{path}, row 5: energy is 0.75; the rerun has {digits}\n{Run}: 1 problem; the rerun is not equal byte for byte\n", "")));
    }

    [Test]
    public void ARerunOfTheSameVersionIsEqualByteForByte([Values(1, 2)] int threads)
    {
        Make(Run);
        Assert.That(Shell.Run("verify", Run, "--rerun", "--quiet", "--threads", $"{threads}"), Is.EqualTo(new Answer(0, $"{Run}: whole; the rerun is equal byte for byte\n", "")));
    }

    [TestCase("\"programVersion\": \"", "\"programVersion\": \"0.0.9-", "version 0.0.9-")]
    [TestCase("\"os\": \"", "\"os\": \"Plan 9, not ", "it was made on Plan 9, not ")]
    public void WhereBytesAreNotPromisedNumbersAreComparedWithinATolerance(string member, string changed, string why)
    {
        Make(Run);
        string record = Path.Combine(Run, "run.json"), path = Path.Combine(Run, "observables.csv");
        File.WriteAllText(record, File.ReadAllText(record).Replace(member, changed, StringComparison.Ordinal));
        string energy = File.ReadAllText(path).Split('\n')[5].Split(',')[2];
        Change(1e-13);
        Answer near = Shell.Run("verify", Run, "--rerun", "--quiet");
        Assert.That((near.Code, near.Error), Is.EqualTo((0, "")), near.Output);
        Assert.That(near.Output, Does.StartWith($"{Run}: whole; the rerun is equal within 1E-09 of max(1, |value|), for bytes are not promised: {why}"));
        Change(1e-6);
        Answer far = Shell.Run("verify", Run, "--rerun", "--quiet");
        Assert.That(far.Code, Is.EqualTo(1));
        Assert.That(far.Output, Does.StartWith($"{path}, row 5: energy is ").And.Contain($"; the rerun has {energy}\n"));

        void Change(double by)
        {
            string number = (double.Parse(energy, CultureInfo.InvariantCulture) + by).ToString(CultureInfo.InvariantCulture);
            File.WriteAllText(path, Field(File.ReadAllText(path), 5, 2, _ => number));
            Vouch(Run);
        }
    }

    /// <summary>Recording times go on beyond the first horizon; the tables are those of one run to the second.</summary>
    [Test]
    public void ARunThatWasMadeLongerIsWholeAndGivenAgain()
    {
        Make(Run);
        Assert.That(Shell.Run("run", Run, "--resume", "--until-time", "1.7", "--quiet").Code, Is.Zero);
        Assert.That(Shell.Run("verify", Run, "--rerun", "--quiet"), Is.EqualTo(new Answer(0, $"{Run}: whole; the rerun is equal byte for byte\n", "")));
        string record = Path.Combine(Run, "run.json"), text = File.ReadAllText(record);
        int piece = text.LastIndexOf("\"programVersion\": \"", StringComparison.Ordinal) + "\"programVersion\": \"".Length;
        File.WriteAllText(record, text.Insert(piece, "0.0.9-"));
        Assert.That(Shell.Run("verify", Run, "--rerun", "--quiet").Code, Is.Zero);
        Assert.That(Shell.Run("verify", Run, "--rerun", "--quiet", "--device", "reference").Output, Does.Contain("bytes are not promised: version 0.0.9-"), "of a piece");
    }

    /// <summary>The last step before each horizon ends there, in the rerun as well.</summary>
    [Test]
    public void SoIsOneWithAdaptiveSteps()
    {
        Assert.That(Shell.RunSmall(Run, "--set", "time.step=null", "--set", "time.method=tsit5", "--quiet").Code, Is.Zero);
        foreach (string time in new[] { "1.7", "2.5" })
            Assert.That(Shell.Run("run", Run, "--resume", "--until-time", time, "--quiet").Code, Is.Zero);
        Assert.That(Shell.Run("verify", Run, "--rerun", "--quiet"), Is.EqualTo(new Answer(0, $"{Run}: whole; the rerun is equal byte for byte\n", "")));
    }

    [Test]
    public void ADeviceMayBeNamedForTheRerun()
    {
        Make(Run);
        Answer answer = Shell.Run("verify", Run, "--rerun", "--quiet", "--device", "reference");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")), answer.Output);
        Assert.That(answer.Output, Does.EndWith("for bytes are not promised: device cpu made it, this is reference\n"));
        Make(Folder["gpu"], "--device", "ilgpu-cpu", "--precision", "single");
        Answer gpu = Shell.Run("verify", Folder["gpu"], "--rerun", "--quiet", "--device", "cpu");
        Assert.That((gpu.Code, gpu.Error), Is.EqualTo((0, "")), gpu.Output);
        Assert.That(gpu.Output, Does.Contain("the rerun is equal within 0.001 of max(1, |value|)"));
        Answer absent = Shell.Run("verify", Run, "--rerun", "--quiet", "--device", "quantum");
        Assert.That(absent.Code, Is.EqualTo(ExitCodes.DeviceUnavailable));
        Assert.That(absent.Output, Does.Contain("device 'quantum' is not known").And.EndWith($"{Run}: could not be verified\n"));
    }

    [TestCase("--rerun needs the folder of a run", "--rerun"), TestCase("--device is the device of --rerun, which is not asked for", "--device", "cpu")]
    public void OptionsThatMeanNothingAreRefused(string said, params string[] options) =>
        Assert.That(Shell.Run(["verify", .. options]), Is.EqualTo(new Answer(2, "", $"attentionflow: {said}{Environment.NewLine}")));

    /// <summary>Mergers and plateaus: who is left, with which mass, in which order.</summary>
    [TestCase("mergers.csv", 2, 6, "5", "mergers.csv, row 2: left is 5; 22 are left of replica 0")]
    [TestCase("mergers.csv", 1, 4, "0.5", "mergers.csv, row 1: mass_token is 0.5; what token ")]
    [TestCase("mergers.csv", 2, 0, "1E-05", "mergers.csv, row 2: the time is 1E-05; ")]
    [TestCase("mergers.csv", 1, 3, "99", "there are 1 replicas and 24 tokens, from 0")]
    [TestCase("plateaus.csv", 1, 2, "1E-05", "plateaus.csv, row 1: the end is 1E-05; ")]
    public void MergersAndPlateausAreHeldAgainstThemselves(string file, int row, int column, string value, string said)
    {
        Assert.That(Shell.Run(["run", .. Merging, "--quiet", "--out", Run]).Code, Is.Zero);
        Assert.That(RunVerification.Problems(Run), Is.Empty);
        string path = Path.Combine(Run, file);
        File.WriteAllText(path, Field(File.ReadAllText(path), row, column, _ => value));
        Vouch(Run);
        Found(said);
    }

    /// <summary>A run that time.until ended has one more time than it was to record by then, and no two.</summary>
    [Test]
    public void ARunThatEndedEarlyHasNoTimesBeyondItsEnd()
    {
        Make(Run, "--set", "time.until={\"clusters\":16}", "--set", "record.snapshots=1");
        string path = Path.Combine(Run, "snapshots.csv"), whole = File.ReadAllText(path);
        Assert.That(RunVerification.Problems(Run), Is.Empty);
        string[] rows = whole.TrimEnd('\n').Split('\n')[1..];
        for (int snapshot = 1; snapshot <= 2; snapshot++)
            whole += string.Concat(rows.Select(row => $"{snapshot}{row[row.IndexOf(',')..]}\n"));
        File.WriteAllText(path, whole);
        Vouch(Run);
        Found("snapshots.csv, row 33: the time 0 is one too many; the experiment has 1 recording times (and 1 more like it)");
    }

    [Test]
    public void AlertsAreThoseOfTheRows()
    {
        Make(Run, "--set", "record.observables=[\"ranks\"]", "--set", "tokens.initial={\"law\":\"cap\",\"axis\":[0,0,1],\"angle\":0.1}");
        string path = Path.Combine(Run, "run.json");
        JsonNode record = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.That(record["alerts"]!.AsArray(), Has.Count.EqualTo(1));
        record["alerts"] = new JsonArray();
        File.WriteAllText(path, record.ToJsonString());
        Found("run.json does not list the alert 'rank collapse' (stable_rank ");
    }

    /// <summary>Whatever stands in the files that describe a run, it is a problem of the folder, not an error of the program.</summary>
    [TestCase("run.json", "{"), TestCase("run.json", "[]"), TestCase("run.json", "{\"seed\":1,\"device\":\"cpu\",\"precision\":\"double\",\"files\":null}")]
    [TestCase("run.json", "{\"seed\":1,\"device\":\"cpu\",\"precision\":\"double\",\"files\":[null]}"), TestCase("run.json", "{\"seed\":1,\"device\":\"cpu\",\"precision\":\"double\",\"files\":[{\"name\":null}]}"), TestCase("run.json", "{\"seed\":1,\"device\":\"cpu\",\"precision\":\"double\",\"files\":[{}]}")]
    [TestCase("run.json", "{\"seed\":1,\"device\":\"cpu\",\"precision\":\"double\",\"status\":\"complete\",\"files\":[{\"name\":\"../x\",\"bytes\":0,\"sha256\":\"\"}],\"host\":null}")]
    [TestCase("datapackage.json", "null"), TestCase("datapackage.json", "3"), TestCase("datapackage.json", "{\"resources\":[null,3,{\"path\":{}},{\"path\":\"snapshots.csv\",\"schema\":7}]}")]
    [TestCase("experiment.json", "{}"), TestCase("experiment.json", "{\"tokens\":{\"count\":2000000000}}"), TestCase("experiment.json", "")]
    public void AFileThatIsNoneOfARunIsAProblem(string file, string text)
    {
        Make(Run);
        File.WriteAllText(Path.Combine(Run, file), text);
        foreach (string[] more in (string[][])[[], ["--rerun"]])
        {
            Answer answer = Shell.Run(["verify", Run, "--quiet", .. more]);
            Assert.That(answer.Error, Is.Empty);
            Assert.That(answer.Code, Is.EqualTo(1).Or.EqualTo(74), answer.Output);
            Assert.That(answer.Output, Does.Contain(Path.Combine(Run, file)).And.Not.Contain("should not happen"));
        }
    }

    [TestCase("figure2-rotary", "time.until={\"gap\":0.5}"), TestCase("figure3-rotary", "record.snapshots=1"), TestCase("schemes", "interaction.scheme={\"kind\":\"pre\"}")]
    [TestCase("long-times", "time.until={\"clusters\":2}"), TestCase("figure3-path", "precision=single"), TestCase("million", "record.tokens=7")]
    [TestCase("noisy-transition", "record.spacing=logarithmic"), TestCase("figure3-rotary", "record.spacing=logarithmic"), TestCase("figure3-prefix", "time.step=0.03")]
    public void WholeRunsOfAllKindsAreWholeAndGivenAgain(string name, string setting)
    {
        Assert.That(Shell.Run("run", name, "--out", Run, "--quiet", "--set", "tokens.count=64", "--set", "time.horizon=1.7", "--set", "replicas=2", "--set", "record.tokens=13",
            "--set", "record.snapshots=4", "--set", "record.observations=6", "--set", setting).Code, Is.Zero);
        Answer answer = Shell.Run("verify", Run, "--rerun", "--quiet");
        Assert.That(answer, Is.EqualTo(new Answer(0, $"{Run}: whole; the rerun is equal byte for byte\n", "")));
    }

    [Test]
    public void AFileThatTheRunDidNotWriteIsFound()
    {
        Make(Run);
        File.WriteAllText(Path.Combine(Run, "mergers.csv"), "time\n");
        File.WriteAllText(Path.Combine(Run, "notes.txt"), "mine");
        Found("mergers.csv: run.json does not list it");
        Assert.That(RunVerification.Problems(Run), Has.Count.EqualTo(1), "notes are nobody's");
    }

    [Test]
    public void SeveralFoldersAreVerifiedAndTheWorstIsTheExitCode()
    {
        Make(Run);
        Make(Folder["bad"]);
        File.AppendAllText(Path.Combine(Folder["bad"], "observables.csv"), "1,0\n");
        Directory.CreateDirectory(Folder["empty"]);
        Answer answer = Shell.Run("verify", Folder["empty"], Folder["bad"], Run, Folder["absent"]);
        Assert.That((answer.Code, answer.Error), Is.EqualTo((2, "")));
        Assert.That(answer.Output, Does.StartWith($"{Folder["empty"]}: this is not the folder of a run: there is no run.json in it\n{Folder["empty"]}: could not be verified\n"));
        Assert.That(answer.Output, Does.EndWith($"{Run}: whole\n{Folder["absent"]}: there is no such folder\n{Folder["absent"]}: could not be verified\n"));
        Answer json = Shell.Run("verify", Folder["bad"], Run, "--json");
        Assert.That(json.Code, Is.EqualTo(1));
        Assert.That(json.Json.EnumerateArray().Select(f => (f.GetProperty("code").GetInt32(), f.GetProperty("problems").GetArrayLength() > 0)), Is.EqualTo(new[] { (1, true), (0, false) }));
    }

    [Test]
    public void AFolderInUseAndAStoppedRunAreNamed()
    {
        Make(Run);
        using (RunFolder.Create(Run, overwrite: true))
        {
            Answer held = Shell.Run("verify", Run);
            Assert.That(held.Code, Is.EqualTo(74));
            Assert.That(held.Output, Does.Contain("works in this folder; wait for it\n"));
        }
        Assert.That(Shell.RunSmall(Folder["diverged"], "--set", "interaction.beta=700", "--set", "record.observables=[\"mean\"]", "--quiet").Code, Is.EqualTo(ExitCodes.Diverged));
        Answer diverged = Shell.Run("verify", Folder["diverged"], "--rerun");
        Assert.That((diverged.Code, diverged.Output), Is.EqualTo((1, $"{Path.Combine(Folder["diverged"], "run.json")}: the status is diverged, not complete\n{Folder["diverged"]}: 1 problem\n")));
    }

    [Test]
    public void TheFolderOfAReproduceIsVerifiedWithItsRuns()
    {
        Make(Folder["all/runs/one"]);
        string name = Path.Combine(Folder["all"], "figure.svg");
        using (ReproduceFolder folder = ReproduceFolder.Open(Folder["all"])) folder.Write("figure.svg", "<svg/>");
        Assert.That(Shell.Run("verify", Folder["all"]), Is.EqualTo(new Answer(0, $"{Folder["all"]}: whole\n{Path.Combine(Folder["all"], "runs", "one")}: whole\n", "")));
        File.WriteAllText(name, "<svg />");
        Answer answer = Shell.Run("verify", Folder["all"]);
        Assert.That(answer.Code, Is.EqualTo(1));
        Assert.That(answer.Output, Does.StartWith($"{name}: 7 bytes; reproduce.json says 6\n"));
    }

    private static void Make(string folder, params string[] more) => Assert.That(Shell.RunSmall(folder, ["--quiet", .. more]).Code, Is.Zero);

    private void Found(string said)
    {
        Answer answer = Shell.Run("verify", Run);
        Assert.That((answer.Code, answer.Error), Is.EqualTo((1, "")), answer.Output);
        Assert.That(answer.Output, Does.Contain(said));
    }

    private static string Field(string table, int row, int column, Func<string, string> change) => Lines(table, (line, i) =>
        [i == row ? string.Join(',', line.Split(',').Select((field, c) => c == column ? change(field) : field)) : line]);

    private static string Lines(string table, Func<string, int, string[]> change) =>
        string.Concat(table.TrimEnd('\n').Split('\n').SelectMany(change).Select(line => line + "\n"));

    private static void Swap(string one, string other)
    {
        (string a, string b) = (File.ReadAllText(one), File.ReadAllText(other));
        File.WriteAllText(one, b);
        File.WriteAllText(other, a);
    }

    private static long? ReadableRows(string path)
    {
        try { return SnapshotFiles.Lines(path).Count() - 1; }
        catch (ParquetContentException) { return null; }
    }

    // Makes run.json and datapackage.json list what is there.
    private static void Vouch(string folder)
    {
        string path = Path.Combine(folder, "run.json"), package = Path.Combine(folder, "datapackage.json");
        JsonNode record = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (JsonNode file in record["files"]!.AsArray().Select(f => f!).OrderBy(f => (string)f["name"]! == "datapackage.json"))
        {
            string name = (string)file["name"]!;
            FileRecord there = FileRecord.Of(Path.Combine(folder, name));
            string text = File.ReadAllText(package);
            if (file["rows"] is not null)
            {
                File.WriteAllText(package, text.Replace($"\"bytes\": {file["bytes"]}", $"\"bytes\": {there.Bytes}", StringComparison.Ordinal).Replace((string)file["sha256"]!, there.Sha256, StringComparison.Ordinal));
                if (ReadableRows(Path.Combine(folder, name)) is { } rows) file["rows"] = rows;
            }
            (file["bytes"], file["sha256"]) = (there.Bytes, there.Sha256);
            if (name == "experiment.json") record["experimentSha256"] = there.Sha256;
        }
        File.WriteAllText(path, record.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }
}
