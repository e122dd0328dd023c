using AttentionFlow.Solver.Response;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>The command linearize: sources, files, equilibria, branches, errors.</summary>
public class LinearizeTests : FolderFixture
{
    private static readonly string[] Point = ["--set", "tokens.count=6", "--set", "record.tokens=null", "--set", "time.horizon=30", "--quiet"];

    /// <summary>A cloud that has collapsed: d - 1 rotations, and -e^beta for all else.</summary>
    [Test]
    public void ACollapsedCloudHasTheSpectrumOfAPoint()
    {
        Answer answer = Shell.Run(["linearize", "figure2-baseline", "--equilibrium", "--out", Folder["a"], "--json", .. Point]);
        Assert.That(answer.Code, Is.Zero, answer.Error);
        JsonElement[] groups = [.. answer.Json.GetProperty("eigenvalues").EnumerateArray()];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(groups.Select(g => g.GetProperty("multiplicity").GetInt32()), Is.EqualTo(new[] { 2, 10 }));
        Assert.That(groups[0].GetProperty("what").GetString(), Is.EqualTo("rotation"));
        Assert.That(groups[1].GetProperty("real").GetDouble(), Is.EqualTo(-Math.E).Within(1e-10));
        Assert.That(answer.Json.GetProperty("index").GetInt32(), Is.Zero);
        Assert.That(Directory.EnumerateFiles(Folder["a"]).Select(Path.GetFileName), Is.EquivalentTo(new[]
        {
            "eigenvalues.csv", "modes.csv", "state.csv", "experiment.json", "datapackage.json", "response.json",
        }));
        Assert.That(CsvData.Read(Path.Combine(Folder["a"], "eigenvalues.csv"))["real"], Has.Length.EqualTo(12));
        Assert.That(CsvData.Read(Path.Combine(Folder["a"], "modes.csv"))["mode9"], Has.Length.EqualTo(18));
        Assert.That(Shell.Run("verify", Folder["a"]).Output, Does.EndWith(": whole\n"));
        Assert.That(ResponseRecord.Read(Path.Combine(Folder["a"], "response.json")), Has.Property("IsEquilibrium").True.And.Property("Rotations").EqualTo(2));
    }

    /// <summary>k' of degree 2 vanishes at beta t = -2: at a point softmax divides 0 by 0, and differences there are no derivative.</summary>
    [Test]
    public void WhatIsNoDerivativeIsSaid()
    {
        Answer answer = Shell.Run(["linearize", "figure2-baseline", "--time", "0", "--out", Folder["a"], .. Point[..^1], "--set", "tokens.initial.law=cap", "--set", "tokens.initial.angle=1e-300",
            "--set", "interaction.profile=polynomial", "--set", "interaction.beta=-2", "--set", "interaction.normalization=softmax"]);
        Assert.That(answer.Error, Is.EqualTo("attentionflow: warning: residuals are as large as rates: the drift has no derivative here, and these are no eigenvalues\n"));
        Assert.That(answer.Code, Is.Zero);
    }

    /// <summary>Beyond 400 unknowns as many modes are found as were asked for: where all of them are unstable, there may be more.</summary>
    [Test]
    public void SomeModesAreALeastNumber()
    {
        Answer answer = Shell.Run("linearize", "figure2-baseline", "--set", "tokens.count=60", "--set", "tokens.dimension=12", "--set", "record.tokens=null",
            "--set", "replicas=1", "--time", "0", "--modes", "3", "--out", Folder["a"], "--quiet");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        Assert.That(answer.Output, Does.Contain("at least 3 unstable modes (all that --modes asks for)"));
        Assert.That(ResponseRecord.Read(Path.Combine(Folder["a"], "response.json")), Has.Property("Index").EqualTo(3).And.Property("IsIndexExact").False);
    }

    /// <summary>A snapshot of a run, and the same experiment run to its time; state.csv is a cloud file with which it begins again.</summary>
    [Test]
    public void ARunsSnapshotIsTheStateAtItsTime()
    {
        Shell.RunSmall(Folder["run"], "--set", "time.step=0.05");
        Answer snapshot = Shell.Run("linearize", Folder["run"], "--time", "0.5", "--replica", "1", "--out", Folder["a"], "--json", "--modes", "3");
        Answer again = Shell.Run(["linearize", "figure2-baseline", "--time", "0.5", "--replica", "1", "--out", Folder["b"], "--json", "--modes", "3", .. Shell.Small, "--set", "time.step=0.05"]);
        File.WriteAllText(Folder["cloud.json"], """{ "schemaVersion": 1, "tokens": { "initial": { "law": "file", "path": "a/state.csv" } } }""");
        Answer file = Shell.Run("linearize", Folder["cloud.json"], "--time", "0", "--out", Folder["c"], "--json", "--modes", "3");
        Answer none = Shell.Run("linearize", Folder["run"], "--time", "0.4", "--out", Folder["d"]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(none.Error, Does.StartWith("attentionflow: --time 0.4: there is no snapshot at 0.4 in ").And.EndWith("the nearest are at 0 and 0.5.\n"));
        Assert.That((snapshot.Code, again.Code, file.Code), Is.EqualTo((0, 0, 0)), snapshot.Error + again.Error + file.Error);
        Assert.That(snapshot.Json.GetProperty("time").GetDouble(), Is.EqualTo(0.5));
        Assert.That(Leading(again), Is.EqualTo(Leading(snapshot)).Within(1e-9));
        Assert.That(Leading(file), Is.EqualTo(Leading(snapshot)).Within(1e-9));

        static double Leading(Answer answer) => answer.Json.GetProperty("eigenvalues")[0].GetProperty("real").GetDouble();
    }

    /// <summary>Three tokens at 120 degrees are a saddle that no change of beta makes stable; under a key of sign -1 they are stable from 2/3 on.</summary>
    [Test]
    public void ABranchChangesItsStability()
    {
        File.WriteAllText(Folder["three.csv"], "x0,x1\n1,0\n-0.5,0.8660254037844386\n-0.5,-0.8660254037844386\n");
        File.WriteAllText(Folder["three.json"], """
            { "schemaVersion": 1, "tokens": { "initial": { "law": "file", "path": "three.csv" } },
              "interaction": { "beta": 1, "matrices": { "key": { "kind": "diagonal", "entries": [-1, -1] } } }, "record": { "observables": ["mean"] } }
            """);
        Answer answer = Shell.Run("linearize", Folder["three.json"], "--time", "0", "--continue", "interaction.beta=0.1..1", "--steps", "10", "--out", Folder["a"]);
        Assert.That(answer.Code, Is.Zero, answer.Error);
        IReadOnlyDictionary<string, double[]> branch = CsvData.Read(Path.Combine(Folder["a"], "branch.csv"));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(branch["parameter"][0], Is.EqualTo(0.1));
        Assert.That(branch["parameter"][^1], Is.EqualTo(1));
        Assert.That(branch["parameter"].Where((_, k) => branch["kind"][k] == 2), Is.EqualTo(new[] { 2.0 / 3 }).Within(1e-9));
        Assert.That((branch["index"][0], branch["index"][^1]), Is.EqualTo((2, 0)));
        Assert.That(branch["mean_norm"], Has.All.Zero.Within(1e-9));
        // With beta = 1: itself e^-1, the two others at 120 degrees e^(1/2), and less for the sign of what it climbs.
        Assert.That(branch["energy"][^1], Is.EqualTo(-(Math.Exp(-1) + 2 * Math.Exp(0.5)) / 6).Within(1e-9));
        Assert.That(answer.Output, Does.Match(@"(?m)^change +0\.66666666\d\d "));
        Assert.That(File.ReadAllText(Path.Combine(Folder["a"], "branch.svg")), Does.Contain("interaction.beta").And.Contain("unstable"));
        Assert.That(Shell.Run("verify", Folder["a"]).Output, Does.EndWith(": whole\n"));
    }

    [TestCase("--replica 7", 2, "--replica 7: there are 2 replicas, counted from 0")]
    [TestCase("--continue interaction.beta", 2, "--continue interaction.beta: a number of the interaction and two ends are needed, for example interaction.beta=1..9")]
    [TestCase("--continue tokens.count=3..9", 2, "a number of the interaction and two ends are needed")]
    [TestCase("--continue interaction.betta=1..9", 2, "--set interaction.betta=1: $.interaction.betta: unknown key; did you mean 'beta'?")]
    [TestCase("--continue interaction.selection=0..1", 2, "--continue interaction.selection=1: $.interaction: linear response is that of tokens whose weights are frozen.")]
    [TestCase("--continue interaction.heads=1..3", 2, "$.interaction.heads: 1.6366197723675815 is not whole; a whole number is expected.")]
    [TestCase("--continue interaction.beta=1..400", 2, "--continue interaction.beta=400: $.interaction.beta: at 400 the rate")]
    [TestCase("--set interaction.scheme.kind=pre", 2, "$.interaction: linear response is that of tokens without radii: of the schemes post and nGPT.")]
    [TestCase("--set interaction.normalization=hardmax --set record.observables=[\"mean\"]", 2, "hardmax jumps")]
    [TestCase("--set time.redraw=0.05 --set time.step=0.05 --set interaction.matrices.value={\"kind\":\"gaussian\"} --set record.observables=[\"mean\"]", 2, "$.time.redraw: linear response is that of one drift, of matrices that stay")]
    [TestCase("--set interaction.noise={\"kappa\":3} --set record.observables=[\"mean\"]", 2, "$.interaction.noise: linear response is that of the drift alone")]
    [TestCase("--set tokens.count=70000", 2, "$.tokens.count: linear response sums all pairs directly, of 65536 tokens at most.")]
    [TestCase("--time 0 --set interaction.beta=900", 2, "$.interaction.beta: at 900 the rate at which tokens close in on each other, which grows like e^beta, has a square beyond the range of doubles; use \"softmax\", or times in units")]
    [TestCase("--time 0 --set interaction.beta=-400", 2, "$.interaction.beta: at -400 the rate at which tokens close in on each other, which grows like e^abs(beta), has a square beyond the range of doubles; use \"softmax\".")]
    [TestCase("--time -1", 2, "--time -1: a time of at least 0 is needed")]
    [TestCase("--modes 0", 2, "--modes 0: from 1 to 1000 modes can be had")]
    public void WhatCanNotBeHadIsRefused(string options, int code, string problem)
    {
        Answer answer = Shell.Run(["linearize", "figure2-baseline", "--out", Folder["a"], .. Shell.Small, .. options.Split(' ')]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(answer.Code, Is.EqualTo(code));
        Assert.That(answer.Error, Does.StartWith("attentionflow: ").And.Contain(problem));
        Assert.That(answer.Error.Trim().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(Directory.Exists(Folder["a"]), Is.False, "nothing is left behind");
    }

    [Test]
    public void ARunOfSomeTokensIsNoState()
    {
        Shell.RunSmall(Folder["run"], "--set", "record.tokens=2");
        Answer answer = Shell.Run("linearize", Folder["run"], "--out", Folder["a"]);
        Assert.That(answer.Code, Is.EqualTo(2));
        Assert.That(answer.Error, Does.StartWith($"attentionflow: {Folder["run"]}: its snapshots hold 2 of its ").And.Contain("--set record.tokens=null"));
    }

    /// <summary>A search that fails says so with exit code 1, and the files are those of the state from which it began.</summary>
    [Test]
    public void ASearchThatFailsSaysSo()
    {
        File.WriteAllText(Folder["turning.json"], """
            { "schemaVersion": 1, "tokens": { "count": 1, "dimension": 2 }, "record": { "observables": ["mean"] },
              "interaction": { "matrices": { "value": { "kind": "file", "path": "turn.csv" } } } }
            """);
        File.WriteAllText(Folder["turn.csv"], "x0,x1\n0,-1\n1,0\n");
        Answer answer = Shell.Run("linearize", Folder["turning.json"], "--time", "0", "--equilibrium", "--out", Folder["a"]);
        Assert.That(answer.Code, Is.EqualTo(1));
        Assert.That(answer.Error, Does.StartWith("attentionflow: --equilibrium: ").And.EndWith("max |F| = 2.72; start nearer to one, at another --time\n"));
        Assert.That(ResponseRecord.Read(Path.Combine(Folder["a"], "response.json")), Has.Property("IsEquilibrium").False.And.Property("Residual").EqualTo(Math.E).Within(1e-12));
        Assert.That(Shell.Run("linearize", Folder["turning.json"], "--out", Folder["a"]).Error, Does.Contain("the folder is not empty"));
        Assert.That(Shell.Run("linearize", Folder["turning.json"], "--replica", "3", "--out", Folder["a"], "--overwrite").Code, Is.EqualTo(2));
        Assert.That(Shell.Run("verify", Folder["a"]).Output, Does.EndWith(": whole\n"), "it stays where the next is refused");
    }
}
