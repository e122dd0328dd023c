using System.Reflection;
using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Program;

public class HelpTests
{
    [TestCase("", "reproduce", "run", "sweep", "collect", "linearize", "report", "verify", "list", "schema", "devices", "bench", "--version")]
    [TestCase("run", "FILE|DIR|NAME", "--set", "--seed", "--device", "--precision", "--out", "--overwrite")]
    [TestCase("reproduce", "figure2", "figure3", "growth", "finite-n", "plateaus", "noise", "hysteresis", "phase-diagrams", "staircase", "euler-clock", "leaders", "long-context", "early-modes", "schemes", "gradients", "long-times", "work-precision", "code-strength", "toeplitz", "targets", "length",
        "early-warning", "controls", "prompts", "causal", "lost-in-the-middle", "paper", "atlas", "all", "Exit codes:", "--out", "--quick")]
    [TestCase("verify", "DIR", "--rerun", "--device", "Exit codes:")]
    [TestCase("sweep", "FILE|NAME", "--out", "--jobs", "--index", "--of", "--dry-run", "--retry", "--slurm", "--checkpoint", "Exit codes:")]
    [TestCase("collect", "DIR", "--long", "--when", "--out")]
    [TestCase("linearize", "SOURCE", "--time", "--modes", "--equilibrium", "--continue", "--steps", "--out")]
    [TestCase("report", "DIR")]
    [TestCase("list", "--sweeps")]
    [TestCase("schema", "--tables", "--sweep")]
    [TestCase("devices")]
    [TestCase("bench", "--peers", "--scaling", "--ptx", "--device")]
    public void HelpNamesEveryOption(string command, params string[] words)
    {
        Answer answer = Shell.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        foreach (string word in (string[])[.. words, "--threads", "--quiet", "--json", "--help"]) Assert.That(answer.Output, Does.Contain(word));
        Assert.That(answer.Output.Split('\n').Where(line => line.TrimEnd().Length > 80), Is.Empty);
    }

    /// <summary>Every example runs, as far as its arguments go, and every exit code is named.</summary>
    [TestCase(""), TestCase("run"), TestCase("reproduce"), TestCase("sweep"), TestCase("linearize"), TestCase("verify")]
    public void HelpHasExamplesAndExitCodes(string command)
    {
        string help = Shell.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]).Output;
        string[] examples = [.. help.Split("Examples:")[1].Split("Exit codes:")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim()).Where(l => l.Length > 0)];
        foreach (string example in examples.Some()) Assert.That(Shell.Run([.. example.Split(' ')[1..], "--help"]).Error, Is.Empty, example);
        foreach (FieldInfo code in typeof(ExitCodes).GetFields().Some()) Assert.That(help, Does.Match($@"\b{code.GetRawConstantValue()} [a-z]"), code.Name);
    }

    [Test]
    public void TabCompletionIsAnswered() =>
        Assert.That(Shell.Run("[suggest:9]", "run --ove").Output.Trim(), Is.EqualTo("--overwrite"));

    [Test]
    public void TheListNamesEveryStoredExperiment()
    {
        Answer table = Shell.Run("list"), json = Shell.Run("list", "--json");
        Assert.That((table.Code, table.Error, json.Code, json.Error), Is.EqualTo((0, "", 0, "")));
        Assert.That(table.Output.TrimEnd().Split('\n').Skip(1).Select(line => line.Split(' ')[0]), Is.EqualTo(StoredExperiments.Names));
        Assert.That(json.Json.EnumerateArray().Select(e => e.GetProperty("name").GetString()), Is.EqualTo(StoredExperiments.Names));
    }

    [Test]
    public void TheListOfSweepsNamesEachWithItsPoints()
    {
        Answer table = Shell.Run("list", "--sweeps");
        Assert.That(table.Output.TrimEnd().Split('\n').Skip(1).Select(line => line.Split(' ')[0]),
            Is.EqualTo(Directory.EnumerateFiles(Path.Combine(Repository.Root, "data", "sweeps"), "*.json").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)));
        Assert.That(table.Output, Does.Match("(?m)^beta-seeds .* 200 +interaction.beta, seed$"));
    }

    [Test]
    public void TheStoredExperimentsAreTheFilesOfData() => Assert.That(StoredExperiments.Names,
        Is.EqualTo(Directory.EnumerateFiles(Path.Combine(Repository.Root, "data", "experiments"), "*.json").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)));

    [Test]
    public void DevicesSayWhatIsAvailableAndWhyNot()
    {
        Answer table = Shell.Run("devices"), json = Shell.Run("devices", "--json");
        Assert.That((table.Code, table.Error, json.Code, json.Error), Is.EqualTo((0, "", 0, "")));
        JsonElement[] devices = [.. json.Json.EnumerateArray()];
        Assert.That(devices.Select(d => d.GetProperty("name").GetString()), Is.EqualTo(DeviceCatalog.All.Select(d => d.Name)));
        foreach (DeviceInfo device in DeviceCatalog.All.Some()) Assert.That(table.Output, Does.Match($"(?m)^{device.Name} +{(device.WhyNot is null ? "yes" : "no")} "));
    }

    [Test]
    public void TheSchemaIsTheStoredOne()
    {
        Answer answer = Shell.Run("schema");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        Assert.That(answer.Output, Is.EqualTo(Repository.Text("data", "experiment.schema.json")), "Regenerate it: attentionflow schema > data/experiment.schema.json");
    }

    [Test]
    public void TheSchemaOfSweepsIsTheStoredOne() => Assert.That(Shell.Run("schema", "--sweep").Output, Is.EqualTo(Repository.Text("data", "sweep.schema.json")),
        "Regenerate it: attentionflow schema --sweep > data/sweep.schema.json");

    [Test]
    public void TheVersionIsOneLine() => Assert.That(Shell.Run("--version").Output, Does.Match(@"^\d+\.\d+\.\d+[^\n]*\r?\n$"));
}
