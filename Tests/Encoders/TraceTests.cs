using AttentionFlow.Tests.Output;
using CsvHelper;

namespace AttentionFlow.Tests.Encoders;

/// <summary>The command <c>trace</c> and its folder, with the small encoder.</summary>
public sealed class TraceTests : FolderFixture
{
    private static readonly string[] Files = ["attention.csv", "datapackage.json", "snapshots.csv", "tokens.csv", "trace.json"];

    private string Model => Folder["small.onnx"];

    private string Out => Folder["out"];

    [SetUp]
    public void WriteModel()
    {
        File.WriteAllBytes(Model, new SmallEncoder().Model);
        File.WriteAllBytes(Folder["vocab.txt"], SmallEncoder.Vocabulary);
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CommandLine.Run(args, output, error, TraceCommand.Program);
        return (code, output.ToString(), error.ToString());
    }

    private (int Code, string Output, string Error) Trace(params string[] more) => Run(["trace", Model, "--out", Out, "--quiet", .. more]);

    [Test]
    public void AFolderHoldsTheTrajectoryOfEveryText()
    {
        File.WriteAllText(Folder["long.txt"], SmallEncoder.Text(12));
        (int code, string output, string error) = Trace("w1 w2 w3", "--file", Folder["long.txt"]);
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(Directory.GetFiles(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal), Is.EqualTo(Files));
        Assert.That(output.Split('\n')[1], Does.Match("^layer +mean_cosine +effective_rank +entropy_ratio$"));
        IReadOnlyDictionary<string, double[]> rows = CsvData.Read(Path.Combine(Out, "snapshots.csv"));
        Assert.That(rows.Keys, Is.EqualTo(RunColumns.Snapshots(SmallEncoder.Width, hasRadius: true).Select(c => c.Name)));
        // Layers, then texts, then tokens: 5 and 14 of them.
        (double, double, double, double, double)[] keys = [.. from layer in Enumerable.Range(0, 3) from text in (int[])[0, 1]
            from token in Enumerable.Range(0, text == 0 ? 5 : 14) select ((double)layer, (double)layer, (double)text, (double)token, (double)token)];
        Assert.That(rows["snapshot"].Select((s, i) => (s, rows["time"][i], rows["replica"][i], rows["token"][i], rows["label"][i])), Is.EqualTo(keys));
        EncoderFiles files = EncoderFiles.Find(Model);
        EncoderLayer[][] layers = [.. ((string[])["w1 w2 w3", SmallEncoder.Text(12)]).Select(text =>
            TestEncoders.Layers(files, new(), TestEncoders.Tokens(files, text, new()), CommandLine.DefaultThreads))];
        for (int i = 0; i < keys.Length; i++)
        {
            (int layer, int text, int token) = ((int)keys[i].Item1, (int)keys[i].Item3, (int)keys[i].Item4);
            double[] hidden = [.. layers[text][layer].Hidden.Skip(token * SmallEncoder.Width).Take(SmallEncoder.Width).Select(h => (double)h)];
            Assert.That(rows["radius"][i], Is.EqualTo(Sphere.Norm(hidden)));
            Assert.That(Enumerable.Range(0, SmallEncoder.Width).Select(c => rows[$"x{c}"][i]), Is.EqualTo(Sphere.Normalized(hidden)));
        }
        IReadOnlyDictionary<string, double[]> attention = CsvData.Read(Path.Combine(Out, "attention.csv"));
        Assert.That(attention.Keys, Is.EqualTo(((string[])["layer", "replica", "head"]).Concat(AttentionIndicators.Columns.Select(c => c.Name))));
        Assert.That(attention["layer"].Zip(attention["replica"], attention["head"]), Is.EqualTo(
            from layer in (double[])[1, 2] from text in (double[])[0, 1] from head in (double[])[0, 1, 2] select (layer, text, head)));
        Assert.That(attention["attention_entropy_mean"].Zip(attention["entropy_floor"], attention["replica"]),
            Is.All.Matches<(double H, double Floor, double Text)>(a => a.H >= a.Floor && a.H <= Math.Log(a.Text == 0 ? 5 : 14) + 1e-6));
    }

    /// <summary>trace.json vouches for every file, and datapackage.json describes the columns.</summary>
    [Test]
    public void TheRecordSaysWhereTheNumbersComeFrom()
    {
        (int code, string output, string error) = Trace("w1 w2", "--json", "--temperature", "0.5", "--positions", "permuted", "--repeat", "2", "--seed", "7", "--prompt", "w5");
        Assert.That((code, error), Is.EqualTo((0, "")));
        JsonElement record = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "trace.json"))).RootElement, shown = JsonDocument.Parse(output).RootElement;
        Assert.That(record.GetProperty("interventions").GetRawText().Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal),
            Is.EqualTo("""{"temperature":0.5,"shuffle":false,"positions":"permuted","prompt":"w5","repeat":2,"seed":7}"""));
        Assert.That(record.GetProperty("encoder").GetProperty("sha256").GetString(), Is.EqualTo(FileRecord.Of(Model).Sha256));
        Assert.That(record.GetProperty("texts")[0].GetProperty("tokens").GetInt32(), Is.EqualTo(5));
        Assert.That(record.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()).Append("trace.json").Order(StringComparer.Ordinal), Is.EqualTo(Files));
        foreach (JsonElement file in record.GetProperty("files").EnumerateArray())
            Assert.That(FileRecord.Of(Path.Combine(Out, file.GetProperty("name").GetString()!)).Sha256, Is.EqualTo(file.GetProperty("sha256").GetString()));
        Assert.That(shown.GetProperty("layers").GetArrayLength(), Is.EqualTo(5));
        Assert.That(shown.GetProperty("layers")[1].GetProperty("entropyRatio").GetDouble(), Is.InRange(0.0, 1.0));
        JsonElement package = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "datapackage.json"))).RootElement;
        foreach (JsonElement table in package.GetProperty("resources").EnumerateArray())
            Assert.That(table.GetProperty("schema").GetProperty("fields").EnumerateArray().Select(f => f.GetProperty("name").GetString()),
                Is.EqualTo(CsvData.Header(Path.Combine(Out, table.GetProperty("path").GetString()!))));
    }

    /// <summary>Tokens of a prompt act on the others, but only those are shown.</summary>
    [Test]
    public void APromptActsAndIsNotShown()
    {
        Assert.That(Trace("w1 \" w2", "--prompt", "w5 w6 w7").Code, Is.Zero);
        string[][] tokens = Rows("tokens.csv");
        Assert.That(tokens.Select(t => string.Join(' ', t)), Is.EqualTo(new[]
        {
            "replica position token kind origin code id piece",
            "0 0 0 special 0 0 2 [CLS]", "0 1 -1 prompt 1 1 10 w5", "0 2 -1 prompt 2 2 11 w6", "0 3 -1 prompt 3 3 12 w7",
            "0 4 1 text 4 4 6 w1", "0 5 2 text 5 5 1 [UNK]", "0 6 3 text 6 6 7 w2", "0 7 4 special 7 7 3 [SEP]",
        }));
        IReadOnlyDictionary<string, double[]> rows = CsvData.ReadWhere(Path.Combine(Out, "snapshots.csv"), "snapshot", 1);
        Assert.That(rows["token"].Zip(rows["label"]), Is.EqualTo(new[] { (0.0, 0.0), (1, 4), (2, 5), (3, 6), (4, 7) }));
        EncoderFiles files = EncoderFiles.Find(Model);
        float[] hidden = TestEncoders.Layers(files, new(), TestEncoders.Tokens(files, "w5 w6 w7 w1 \" w2", new()), CommandLine.DefaultThreads)[1].Hidden;
        Assert.That(rows["radius"], Is.EqualTo(((int[])[0, 4, 5, 6, 7]).Select(i => Sphere.Norm([.. hidden[(i * 12)..((i + 1) * 12)].Select(h => (double)h)]))));
    }

    /// <summary>One table more, with a row a layer and text; nothing else changes, and the next trace takes it away again.</summary>
    [Test]
    public void GradientsAreATableOfTheirOwn()
    {
        Assert.That(Run("trace", Model, "w1 w2 w3", "w5 w6", "--out", Folder["plain"], "--quiet").Code, Is.Zero);
        (int code, string output, string error) = Trace("w1 w2 w3", "w5 w6", "--gradient", "3");
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.Match("entropy_ratio +gradient_mean +gradient_relative\n0 .* 1 +1\n").And.Contain("along 3 directions; a disturbance twice as long changes them by at most"));
        Assert.That(Directory.GetFiles(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal), Is.EqualTo(Files.Append("gradient.csv").Order(StringComparer.Ordinal)));
        foreach (string name in (string[])["snapshots.csv", "attention.csv", "tokens.csv"])
            Assert.That(File.ReadAllText(Path.Combine(Out, name)), Is.EqualTo(File.ReadAllText(Path.Combine(Folder["plain"], name))));
        IReadOnlyDictionary<string, double[]> rows = CsvData.Read(Path.Combine(Out, "gradient.csv"));
        Assert.That(rows["layer"].Zip(rows["replica"]), Is.EqualTo(from layer in (double[])[0, 1, 2] from text in (double[])[0, 1] select (layer, text)));
        Assert.That(rows["gradient_max"].Zip(rows["gradient_mean"], rows["gradient_min"]), Is.All.Matches<(double Max, double Mean, double Min)>(g => g.Max >= g.Mean && g.Mean >= g.Min && g.Min > 0));
        IReadOnlyDictionary<string, double[]> shown = CsvData.Read(Path.Combine(Out, "snapshots.csv"));
        double[] sizes = [.. Enumerable.Range(0, 3).Select(l => Sphere.Norm([.. shown["radius"].Where((_, i) => shown["snapshot"][i] == l && shown["replica"][i] == 1)]))];
        for (int l = 0; l < 3; l++)
            Assert.That(rows["gradient_relative"][2 * l + 1], Is.EqualTo(rows["gradient_mean"][2 * l + 1] * sizes[0] / sizes[l]).Within(1e-12));
        Assert.That(JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "trace.json"))).RootElement.GetProperty("gradient").GetInt32(), Is.EqualTo(3));
        Assert.That(File.ReadAllText(Path.Combine(Folder["plain"], "trace.json")), Does.Not.Contain("gradient"));
        Assert.That(Run("verify", Out).Code, Is.Zero);
        Assert.That(Trace("w1", "--overwrite", "--json").Output, Does.Not.Contain("gradient"));
        Assert.That(Directory.GetFiles(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal), Is.EqualTo(Files));
    }

    [Test]
    public void AFolderIsReplacedOnlyWhereATraceWroteIt()
    {
        Assert.That(Trace("w1 w2").Code, Is.Zero);
        byte[] first = File.ReadAllBytes(Path.Combine(Out, "snapshots.csv"));
        Assert.That(Trace("w3").Error, Does.Contain("the folder is not empty; give --overwrite"));
        Assert.That(Trace("w3", "--overwrite").Code, Is.Zero);
        Assert.That(Trace("w1 w2", "--overwrite").Code, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(Out, "snapshots.csv")), Is.EqualTo(first), "the same bytes again");
        File.AppendAllText(Path.Combine(Out, "tokens.csv"), "mine\n");
        (int code, string _, string error) = Trace("w3", "--overwrite");
        Assert.That((code, error), Is.EqualTo((2, $"attentionflow: {Path.Combine(Out, "tokens.csv")}: no earlier trace wrote this file as it is, so it is not replaced; move it, or give another --out\n")));
        Assert.That(File.ReadAllBytes(Path.Combine(Out, "snapshots.csv")), Is.EqualTo(first));
        using FolderLock held = FolderLock.Take(Folder["held"], "trace.json");
        Assert.That(Run("trace", Model, "w1", "--out", Folder["held"]).Code, Is.EqualTo(74));
    }

    /// <summary>A trace that was killed owns what it may have written.</summary>
    [Test]
    public void AfterAKillTheFolderIsReplaced()
    {
        Assert.That(Trace("w1 w2").Code, Is.Zero);
        string record = Path.Combine(Out, "trace.json");
        File.WriteAllText(record, File.ReadAllText(record).Replace("\"start\":", "\"process\": 1,\n  \"start\":", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(Out, "attention.csv"), "half");
        File.WriteAllText(Path.Combine(Out, "tokens.csv.part"), "half");
        Assert.That(Trace("w3", "--overwrite"), Is.EqualTo((0, Trace("w3", "--overwrite").Output, "")));
        Assert.That(Directory.GetFiles(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal), Is.EqualTo(Files));
    }

    [TestCase(2, "a text is needed: as an argument after the model, or by --file", "MODEL")]
    [TestCase(2, "text 1: there is no word in it", "MODEL", "w1", " ")]
    [TestCase(2, "--temperature 0: a number from 1e-6 to 1e6 is needed (attentionflow-encoders trace --help shows what there is)", "MODEL", "w1", "--temperature", "0")]
    [TestCase(2, "--repeat 0: a whole number from 1 to 1000 is needed (attentionflow-encoders trace --help shows what there is)", "MODEL", "w1", "--repeat", "0")]
    [TestCase(2, "--gradient 0: a whole number from 1 to 4096 is needed (attentionflow-encoders trace --help shows what there is)", "MODEL", "w1", "--gradient", "0")]
    [TestCase(2, "--gradient 37: text 1 has 3 tokens of 12 numbers, so at most 36 directions\n", "MODEL", "w1 w2", "w1", "--gradient", "37")]
    [TestCase(2, "--positions on: unknown; known: off, permuted (attentionflow-encoders trace --help shows what there is)", "MODEL", "w1", "--positions", "on")]
    [TestCase(2, "minilmm: there is no such file, nor an encoder of this name; did you mean 'minilm'? Known: minilm, arctic-xs.", "minilmm", "w1")]
    [TestCase(2, "vocab.txt: this is no ONNX model: ", "VOCAB", "w1", "--vocab", "VOCAB")]
    [TestCase(2, "nowhere/vocab.txt: there is no such file; --vocab names the word pieces of MODEL, one a line.", "MODEL", "w1", "--vocab", "nowhere/vocab.txt")]
    [TestCase(2, "nowhere.txt: ", "MODEL", "--file", "nowhere.txt")]
    [TestCase(2, "MODEL: this is no text in UTF-8", "MODEL", "--file", "MODEL")]
    public void WrongArgumentsAreRefused(int code, string error, params string[] args)
    {
        (int ended, string _, string said) = Run(["trace", "--out", Out, "--quiet", .. args.Select(Named)]);
        Assert.That(ended, Is.EqualTo(code));
        Assert.That(said, Does.StartWith("attentionflow: " + Named(error)));
        Assert.That(Directory.Exists(Out), Is.False);

        string Named(string text) => text.Replace("MODEL", Model, StringComparison.Ordinal).Replace("VOCAB", Folder["vocab.txt"], StringComparison.Ordinal);
    }

    [Test]
    public void HelpNamesEveryOptionAndTheOtherCommandsAreThere()
    {
        (int code, string help, string error) = Run("trace", "--help");
        Assert.That((code, error), Is.EqualTo((0, "")));
        foreach (string option in (string[])["MODEL", "TEXT", "--file", "--out", "--overwrite", "--vocab", "--temperature", "--shuffle", "--positions", "--prompt", "--repeat", "--seed", "--gradient", "--threads", "--json"])
            Assert.That(help, Does.Contain(option));
        Assert.That(help.Split('\n').Where(line => line.TrimEnd().Length > 80), Is.Empty);
        Assert.That(Run("list").Output, Does.Contain("figure2-baseline"));
    }

    private string[][] Rows(string name)
    {
        using CsvReader reader = CsvData.Open(Path.Combine(Out, name));
        List<string[]> rows = [CsvData.HeaderOf(reader)];
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, rows[0].Length).Select(c => reader.GetString(c))]);
        return [.. rows];
    }

    /// <summary>The folder analysis measures what the trace shows, under a softmax flow, and analyze of the trace does the same again.</summary>
    [Test]
    public void ATraceIsAnalysedUnlessNotAskedFor()
    {
        Assert.That(Run("trace", Model, "w1 w2 w3 w4", "w5 w6", "--out", Out, "--quiet").Code, Is.Zero);
        Assert.That(Run("trace", Model, "w1 w2 w3 w4", "w5 w6", "--out", Folder["bare"], "--quiet", "--no-analysis").Code, Is.Zero);
        Assert.That(Run("analyze", Out, "--out", Folder["again"], "--quiet").Code, Is.Zero);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Directory.Exists(Path.Combine(Folder["bare"], "analysis")), Is.False);
        Assert.That(File.ReadAllText(Path.Combine(Folder["bare"], "snapshots.csv")), Is.EqualTo(File.ReadAllText(Path.Combine(Out, "snapshots.csv"))));
        Assert.That(File.ReadAllText(Path.Combine(Folder["again"], "observables.csv")), Is.EqualTo(File.ReadAllText(Path.Combine(Out, "analysis", "observables.csv"))));
        Assert.That(Run("verify", Out, Path.Combine(Out, "analysis")).Code, Is.Zero);
    }
}
