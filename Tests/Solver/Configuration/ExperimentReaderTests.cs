using System.Text.Json.Nodes;
using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Output;
using FsCheck;
using FsCheck.Fluent;

namespace AttentionFlow.Tests.Configuration;

/// <summary>What the reader takes and gives: defaults, every kind, round trips, files beside the experiment.</summary>
public class ExperimentReaderTests : FolderFixture
{
    private static readonly string[] Sections = [
        """ "seed": 18446744073709551615, "title": "Überlauf", "replicas": 1e2, "device": "cpu", "precision": "single" """,
        """ "tokens": { "initial": { "angle": 0.25, "law": "cap", "axis": [0.6, 0, 0.8] } } """,
        """ "tokens": { "initial": { "law": "vonMisesFisher", "concentration": 4, "mean": [0, 1, 0] } } """,
        """ "tokens": { "dimension": 2, "initial": { "law": "clusters", "centres": [[1, 0], [0.6000001, 0.8]], "spread": 0 } } """,
        """ "tokens": { "count": 4, "dimension": 4, "initial": { "law": "equiangular", "cosine": -0.333 } } """,
        """ "tokens": { "count": 4, "dimension": 5, "initial": { "law": "span", "ambient": 1024 } } """,
        """ "tokens": { "count": 1, "dimension": 2, "initial": { "law": "equiangular", "cosine": -1 } } """,
        """ "tokens": { "initial": { "law": "symmetric" } }, "labels": { "law": "uniform" } """,
        """ "tokens": { "initial": { "law": "symmetric", "axis": null } }, "labels": { "law": "blocks", "count": 256 } """,
        """ "interaction": { "gauge": { "kind": "rotary" }, "normalization": "softmax", "beta": 0 } """,
        """ "tokens": { "dimension": 5 }, "interaction": { "gauge": { "kind": "rotary", "speeds": [-1e-300, 2.5] } } """,
        """ "interaction": { "gauge": { "kind": "path", "amplitude": 0.1, "waves": 2, "turns": -1 }, "mask": "causal" } """,
        """ "interaction": { "gauge": { "kind": "prefix", "targets": [[1, 0, 0], [0, 1, 0]], "weights": [1, 3] } } """,
        """ "interaction": { "gauge": { "kind": "phase", "target": { "law": "arc", "from": -1, "to": 5 } } }, "tokens": { "initial": { "law": "vonMisesFisher", "concentration": 3 } } """,
        """ "interaction": { "gauge": { "kind": "phase", "target": { "law": "vonMises", "mean": -1 } } } """,
        """ "interaction": { "gauge": { "kind": "phase", "target": { "law": "atoms", "angles": [0, 1], "weights": [2, 1] } } } """,
        """ "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "vonMisesFisher", "mean": [0, 0.6, 0.8], "count": 5 } } } """,
        """ "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "mixture", "means": [[1, 0, 0]], "concentrations": [4], "weights": [1] } } } """,
        """ "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "greatCircle" }, "weights": null } } """,
        """ "interaction": { "scheme": { "kind": "pre", "radius": 2 } } """,
        """ "interaction": { "scheme": { "kind": "peri" } } """,
        """ "interaction": { "scheme": { "kind": "nGPT", "alpha": 0.5 } } """,
        """ "interaction": { "scheme": { "kind": "sqrt" } } """,
        """ "interaction": { "noise": { "common": 3 } }, "time": { "method": "heun", "step": 0.1 } """,
        """ "interaction": { "matrices": { "value": { "kind": "brownian" } } }, "time": { "method": "euler", "redraw": 0.05 } """,
        """ "interaction": { "noise": { "kappa": 3, "splitting": "lie" } }, "time": { "method": "heun", "step": 0.1 } """,
        """ "interaction": { "coupling": { "kind": "distance", "length": 0.2 }, "profile": "linear" } """,
        """ "interaction": { "coupling": { "kind": "toeplitz", "constant": 0.3, "cosines": [1, 0.1] } } """,
        """ "interaction": { "coupling": { "kind": "block", "across": -0.5 } } """,
        """ "interaction": { "prompts": { "points": [[1, 0, 0], [0, 1, 0]], "weights": [1, 3], "strength": -0.5, "seen": "labelled" }, "pin": { "strength": 1 } } """,
        """ "interaction": { "prompts": { "points": { "law": "greatCircle", "count": 5 } } } """,
        """ "interaction": { "matrices": { "query": { "kind": "orthogonal" }, "key": { "kind": "gaussian", "scale": 2, "symmetric": true }, "value": { "kind": "product" } }, "heads": 3 } """,
        """ "interaction": { "matrices": { "value": { "kind": "diagonal", "entries": [1, -2, 0] } }, "normalization": "hardmax", "mask": "strict" } """,
        """ "interaction": { "code": { "kind": "additive", "radius": 0.5 }, "normalization": "bias" } """,
        """ "interaction": { "code": { "kind": "concatenated" } } """,
        """ "interaction": { "gauge": { "kind": "rotary" }, "code": { "kind": "logitsOnly" } } """,
        """ "time": { "horizon": 0.5, "method": "rk4", "step": 0.5 } """,
        """ "record": { "spacing": "logarithmic", "first": 0.01, "snapshots": 1, "tokens": 16, "observables": ["limit"] } """,
    ];

    [Test]
    public void WhatIsLeftOutTakesTheDefaults()
    {
        Experiment experiment = Parse("");
        Assert.That(experiment, Is.EqualTo(new Experiment()));
        Assert.That(experiment.Tokens, Is.EqualTo(new TokensSection { Count = 256, Dimension = 3, Initial = new UniformLaw() }));
        Assert.That(experiment.Interaction.Gauge, Is.TypeOf<IdentityGauge>());
        Assert.That(experiment.Time, Is.EqualTo(new TimeSection { Horizon = 20, Method = Methods.Tsit5 }));
        Assert.That(experiment.Record.Observables, Is.EqualTo(new[] { "energy", "gaps", "mean" }));
    }

    /// <summary>With matrices that are redrawn, every layer is an Euler step, and what is recorded falls on the ends of layers.</summary>
    [TestCase("\"redraw\": 0.1, \"horizon\": 5", 11, 51)]
    [TestCase("\"redraw\": 0.02", 21, 251)]
    [TestCase("\"redraw\": 1, \"horizon\": 7", 8, 8)]
    [TestCase("\"redraw\": 1, \"horizon\": 409", 2, 2)]
    [TestCase("\"redraw\": 3, \"horizon\": 3", 2, 2)]
    public void WhatIsLeftOutGoesWithRedrawnMatrices(string time, int snapshots, int observations)
    {
        Experiment experiment = Parse($$$""" "interaction": { "matrices": { "value": { "kind": "gaussian" } } }, "time": { {{{time}}} } """);
        Assert.That((experiment.Time.Method, experiment.Time.Step), Is.EqualTo((Methods.Euler, experiment.Time.Redraw)));
        Assert.That((experiment.Record.Snapshots, experiment.Record.Observations), Is.EqualTo((snapshots, observations)));
        Assert.That(ExperimentReader.Parse(ExperimentReader.Write(experiment), "x.json", []), Is.EqualTo(experiment));
        Experiment given = Parse($$$""" "interaction": { "matrices": { "value": { "kind": "gaussian" } } }, "time": { "method": "rk4", {{{time}}} }, "record": { "snapshots": 1, "observations": 2 } """);
        Assert.That((given.Time.Method, given.Record.Snapshots, given.Record.Observations), Is.EqualTo((Methods.RungeKutta4, 1, 2)));
    }

    [Test]
    public void APartThatNamesNoKindIsOfTheOneItHasByDefault()
    {
        Assert.That(Parse(""" "tokens": { "initial": { "gaugeFrame": true } } """).Tokens.Initial, Is.EqualTo(new UniformLaw { GaugeFrame = true }));
        Assert.That(Parse(""" "interaction": { "perceptron": { "inner": {} } } """), Is.EqualTo(Parse(""" "interaction": { "perceptron": { "inner": { "kind": "identity" } } } """)));
        Assert.That(Parse(""" "interaction": { "gauge": {}, "coupling": {} } """), Is.EqualTo(Parse("")));
        JsonNode perceptron = JsonNode.Parse(ExperimentSchema.Text)!["properties"]!["interaction"]!["properties"]!["perceptron"]!["properties"]!;
        Assert.That(perceptron["inner"]!["required"], Is.Null);
        Assert.That(perceptron["inner"]!["anyOf"]!.AsArray().Select(k => k!["required"]?.ToJsonString()),
            Is.EqualTo(new[] { null, "[\"kind\",\"entries\"]", "[\"kind\"]", "[\"kind\"]", "[\"kind\",\"path\"]" }), "product and brownian are no kinds of it");
        Assert.That(perceptron["outer"]!["required"]!.ToJsonString(), Is.EqualTo("[\"kind\"]"));
    }

    [TestCaseSource(nameof(Sections))]
    public void WritingAndReadingGivesTheSameExperiment(string section)
    {
        Experiment experiment = Parse(section);
        string text = ExperimentReader.Write(experiment);
        Experiment again = ExperimentReader.Parse(text, "elsewhere/experiment.json", []);
        Assert.That(again, Is.EqualTo(experiment));
        Assert.That(again, Is.Not.EqualTo(Parse("")));
        Assert.That(ExperimentReader.Write(again), Is.EqualTo(text));
    }

    [Test]
    public void AnyFiniteNumberSurvivesWritingAndReading() => Prop.ForAll((NormalFloat constant) =>
    {
        Experiment experiment = new() { Interaction = new() { Coupling = new ToeplitzCoupling(constant.Get, constant.Get / 3) } };
        return ExperimentReader.Parse(ExperimentReader.Write(experiment), "x.json", []).Equals(experiment);
    }).CheckReplayed();

    [Test]
    public void AWrittenExperimentNamesEveryKey()
    {
        JsonObject written = (JsonObject)JsonNode.Parse(ExperimentReader.Write(new()))!;
        JsonObject schema = (JsonObject)JsonNode.Parse(ExperimentSchema.Text)!;
        Assert.That(written.Select(p => p.Key), Is.EqualTo(((JsonObject)schema["properties"]!).Select(p => p.Key).Where(k => k != "$schema")));
        Assert.That(((JsonObject)written["record"]!).Select(p => p.Key), Is.EqualTo(((JsonObject)schema["properties"]!["record"]!["properties"]!).Select(p => p.Key)));
    }

    [Test]
    public void AnEmptyFileHasDefaultsAndMayNameItsSchema()
    {
        Assert.That(ExperimentReader.Write(ExperimentReader.Parse("""{ "$schema": "https://json-schema.org/x.json" }""", "x.json", [])), Is.EqualTo(ExperimentReader.Write(new())));
        Assert.That(() => ExperimentReader.Parse("""{ "$schema": 1 }""", "x.json", []), Throws.InstanceOf<ConfigurationException>().With.Message.Contains("$.$schema: unknown key"));
    }

    /// <summary>0.01, and less where the horizon is short.</summary>
    [TestCase(20, 0.01, 0.01), TestCase(1e8, 0.01, 0.01), TestCase(0.5, 0.005, 0.0005)]
    public void FixedStepsAndLogarithmicTimesHaveDefaults(double horizon, double step, double first)
    {
        Experiment experiment = Parse($$""" "time": { "method": "heun", "horizon": {{horizon.ToString(CultureInfo.InvariantCulture)}} }, "record": { "spacing": "logarithmic" } """);
        Assert.That((experiment.Time.Step, experiment.Record.First), Is.EqualTo(((double?)step, (double?)first)));
    }

    [Test]
    public void CommentsAndTrailingCommasAreAllowed()
    {
        Experiment experiment = ExperimentReader.Parse("""
            // An experiment.
            { "schemaVersion": 1, /* warm */ "interaction": { "beta": 0.5, }, }
            """, "x.json", []);
        Assert.That(experiment.Interaction.Beta, Is.EqualTo(0.5));
    }

    [Test]
    public void TheCultureOfTheMachineDoesNotMatter()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            // A German locale, which globalization-invariant mode does not know by name.
            CultureInfo german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (german.NumberFormat.NumberDecimalSeparator, german.NumberFormat.NumberGroupSeparator, german.TextInfo.ListSeparator) = (",", ".", ";");
            CultureInfo.CurrentCulture = german;
            Assert.That(0.5.ToString(CultureInfo.CurrentCulture), Is.EqualTo("0,5"));
            Experiment experiment = ExperimentReader.Parse("""{ "schemaVersion": 1 }""", "x.json", ["interaction.beta=2.5", "time.tolerance=1e-3"]);
            Assert.That(experiment.Interaction.Beta, Is.EqualTo(2.5));
            Assert.That(ExperimentReader.Parse(ExperimentReader.Write(experiment), "x.json", []), Is.EqualTo(experiment));
            Assert.That(() => ExperimentReader.Parse("""{ "schemaVersion": 1, "time": { "horizon": 0.25, "method": "heun", "step": 0.5 } }""", "x.json", []),
                Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo("x.json: $.time.step: 0.5 is longer than the run; the time step must be at most the horizon 0.25."));
            Assert.That(CloudFile.Read(Write("c.csv", "x0,x1\n0.6,0.8\n"), false).Positions, Is.EqualTo(new[] { 0.6, 0.8 }));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Test]
    public void UnitVectorsAreScaledToLengthOneAndThenStay()
    {
        Experiment experiment = Parse(""" "interaction": { "gauge": { "kind": "prefix", "base": [0, 0.6, 0.8000005], "targets": [[0.57735, 0.57735, 0.57735]] } } """);
        PrefixGauge prefix = (PrefixGauge)experiment.Interaction.Gauge;
        foreach (Sequence<double> x in prefix.Targets.Append(prefix.Base!)) Assert.That(x.Sum(c => c * c), Is.EqualTo(1).Within(4e-16));
    }

    [Test]
    public void TheSchemaFileIsTrue()
    {
        string stored = Repository.Text("data", "experiment.schema.json");
        Assert.That(stored, Is.EqualTo(ExperimentSchema.Text + "\n"), "Regenerate it: attentionflow schema > data/experiment.schema.json");
    }

    [Test]
    public void TheSchemaHoldsRangesNamesAndDefaults()
    {
        JsonNode properties = JsonNode.Parse(ExperimentSchema.Text)!["properties"]!;
        Assert.That(properties["interaction"]!["properties"]!["beta"]!.ToJsonString(), Is.EqualTo("""{"description":"Inverse temperature beta; a negative one gives far tokens the larger weights, and they still pull.","type":"number","minimum":-1000000000000,"maximum":1000000000000,"default":1}"""));
        Assert.That((double)properties["time"]!["properties"]!["step"]!["exclusiveMinimum"]!, Is.Zero);
        Assert.That(properties["time"]!["properties"]!["method"]!["enum"]!.AsArray().Select(n => (string?)n), Is.EqualTo(Tableau.All.Select(t => t.Name)));
        Assert.That((bool)properties["record"]!["additionalProperties"]!, Is.False);
    }

    [Test]
    public void ACloudFileGivesCountDimensionAndLabels()
    {
        Write("cloud.csv", "x0,x1,label\n1,0,0.25\n0,1,0.75\n-1,0,0.5\n");
        string path = Write("file.json", """{ "schemaVersion": 1, "tokens": { "initial": { "law": "file", "path": "cloud.csv" } } }""");
        Experiment experiment = ExperimentReader.Read(path, []);
        Assert.That(experiment.Tokens.Count, Is.EqualTo(3));
        Assert.That(experiment.Tokens.Dimension, Is.EqualTo(2));
        Assert.That(experiment.Labels, Is.TypeOf<ListedLabels>());
        Assert.That(((FileLaw)experiment.Tokens.Initial).Path, Is.EqualTo(Folder["cloud.csv"]));
        Assert.That(ExperimentReader.Parse(ExperimentReader.Write(experiment), "/elsewhere/experiment.json", []), Is.EqualTo(experiment));
        Assert.That(ExperimentReader.Read(path, ["labels.law=grid"]).Labels, Is.TypeOf<GridLabels>());
    }

    [TestCase("tokens.count=4", "--set tokens.count=4: $.tokens.count: 4 is not the number of rows of {0}, which is 2; this key may be left out.")]
    [TestCase("tokens.dimension=3", "--set tokens.dimension=3: $.tokens.dimension: 3 is not the dimension of {0}, which is 2; this key may be left out.")]
    [TestCase("labels.law=file", "--set labels.law=file: $.labels: the law 'file' needs a cloud file with a column 'label'.")]
    public void ACloudFileThatDoesNotAgreeIsRefused(string setting, string message)
    {
        string cloud = Write("cloud.csv", "x0,x1\n1,0\n0,1\n");
        string path = Write("file.json", """{ "schemaVersion": 1, "tokens": { "initial": { "law": "file", "path": "cloud.csv" } } }""");
        Assert.That(() => ExperimentReader.Read(path, [setting]),
            Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo(string.Format(CultureInfo.InvariantCulture, message, cloud)));
    }

    [Test]
    public void TargetsMayBeACsvFile()
    {
        string targets = Write("targets.csv", "x0,x1,x2,weight\n1,0,0,1\n0,1,0,2\n"), file = Write("p.json",
            """{ "schemaVersion": 1, "interaction": { "gauge": { "kind": "prefix", "targets": "targets.csv" } } }""");
        Assert.That(((PrefixGauge)ReadP().Interaction.Gauge).Targets.Path, Is.EqualTo(targets));
        RefusedP($"{file}: $.interaction.gauge: a target has 3 coordinates, the tokens 4.", "tokens.dimension=4");
        RefusedP("--set interaction.gauge.weights=[1,1]: $.interaction.gauge: "
            + $"{targets} has a column 'weight' already; leave the weights here or there out.", "interaction.gauge.weights=[1,1]");
        Write("targets.csv", "x0,x1,x2\n1,0,0\n2,0,0\n");
        RefusedP($"{file}: $.interaction.gauge.targets: {targets}, line 3: the point has length 2, not 1; a unit vector is expected.");
    }

    [Test]
    public void PromptsAndMatricesMayBeCsvFiles()
    {
        string points = Write("points.csv", "x0,x1,x2,weight\n1,0,0,1\n0,1,0,2\n"), matrix = Write("m.csv", "x0,x1,x2\n2,0,0\n0,1,0\n0,0,-3\n");
        string file = Write("p.json", """
            { "schemaVersion": 1, "interaction": { "heads": 2, "prompts": { "points": "points.csv" },
              "matrices": { "key": { "kind": "file", "path": "m.csv" } } } }
            """);
        Layer layer = ReadP().Layer;
        Assert.That(layer.Prompts!.Strengths, Is.EqualTo(new[] { 1.0 / 3, 2.0 / 3 }));
        Assert.That(layer.Heads.Select(h => h.Key!.ToArray()), Is.All.EqualTo(new double[,] { { 2, 0, 0 }, { 0, 1, 0 }, { 0, 0, -3 } }));
        RefusedP("--set interaction.prompts.weights=[1,1]: $.interaction.prompts: "
            + $"{points} has a column 'weight' already; leave the weights here or there out.", "interaction.prompts.weights=[1,1]");
        Write("m.csv", "x0,x1,x2\n2,0,0\n0,1,0\n");
        RefusedP($"{file}: $.interaction.matrices.key: {matrix} has 2 rows of 3 numbers; dimension 3 needs 3 rows of 3, or 6 for 2 heads.");
        Write("m.csv", "x0,x1,x2,weight\n2,0,0,1\n");
        RefusedP($"{file}: $.interaction.matrices.key.path: "
            + $"{matrix}, line 1: the column 'weight' does not belong to a matrix; its columns are x0, x1, ...");
        Write("m.csv", string.Concat("x0,x1,x2\n", string.Concat(Enumerable.Range(0, 6).Select(r => $"{r},0,0\n"))));
        Assert.That(ReadP().Layer.Heads.Select(h => h.Key![1, 0]), Is.EqualTo(new[] { 1, 4 }), "head after head");
        Assert.That(ReadP("""interaction.prompts.points={"law":"greatCircle","count":5}""").Layer.Prompts!.Points, Has.Count.EqualTo(5));
    }

    private Experiment ReadP(params string[] settings) => ExperimentReader.Read(Folder["p.json"], settings);

    private void RefusedP(string message, params string[] settings) =>
        Assert.That(() => ReadP(settings), Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo(message));

    /// <summary>Orthogonal ones are that, Gaussian ones have their scale, symmetric ones are recognised; every head and place has its own, the same for the same seed.</summary>
    [Test]
    public void RandomMatricesAreWhatTheySay()
    {
        const string text = """ "tokens": { "dimension": 40 }, "interaction": { "heads": 2, "matrices": { "query": { "kind": "orthogonal" }, "key": { "kind": "gaussian", "scale": 3 }, "value": { "kind": "gaussian", "symmetric": true } } } """;
        Layer layer = Parse(text).Layer, again = Parse(text).Layer, other = Parse(""" "seed": 2, """ + text).Layer;
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach (Head head in layer.Heads.Some())
        {
            Assert.That((head.Query!.TransposeThisAndMultiply(head.Query) - MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseIdentity(40)).InfinityNorm(), Is.LessThan(1e-12));
            // 1600 squares of normal numbers: 3.5 % in one standard deviation.
            Assert.That(Math.Pow(head.Key!.FrobeniusNorm(), 2) / 40, Is.EqualTo(9).Within(9 * 0.15));
            Assert.That(Math.Pow(head.Value!.FrobeniusNorm(), 2) / 40, Is.EqualTo(1).Within(0.2));
            Assert.That(head.Value!.IsSymmetric(), Is.True);
            Assert.That(head.GradientSign, Is.Zero, "V is not Q^T K");
        }
        Assert.That(again.Heads.Select(h => h.Key), Is.EqualTo(layer.Heads.Select(h => h.Key)));
        Assert.That(layer.Heads[1].Key, Is.Not.EqualTo(layer.Heads[0].Key));
        Assert.That(other.Heads[0].Key, Is.Not.EqualTo(layer.Heads[0].Key));
        Assert.That(Parse(""" "interaction": { "matrices": { "key": { "kind": "gaussian", "symmetric": true }, "value": { "kind": "product" } } } """).Layer.Heads[0].GradientSign, Is.EqualTo(1));
        Experiment gelu = Parse(""" "interaction": { "perceptron": { "inner": { "kind": "gaussian" } } } """), relu = Parse(""" "interaction": { "perceptron": { "outer": { "kind": "orthogonal" }, "activation": "relu", "strength": 2 } } """);
        Assert.That((gelu.Layer.Perceptron!.HasPotential, gelu.Layer.Perceptron.Activation, gelu.Layer.Perceptron.Strength), Is.EqualTo((true, Activation.Gelu, 1.0)));
        Assert.That((relu.Layer.Perceptron!.HasPotential, relu.Layer.Perceptron.Activation, relu.Layer.Perceptron.Strength), Is.EqualTo((false, Activation.Relu, 2.0)));
        Assert.That(ExperimentReader.Parse(ExperimentReader.Write(gelu), "x.json", []).Layer.Perceptron!.Inner, Is.EqualTo(gelu.Layer.Perceptron.Inner), "written and read");
        Experiment negative = Parse(""" "interaction": { "beta": -2 } """), linear = Parse(""" "interaction": { "beta": -2, "profile": "linear" } """);
        Assert.That((negative.Interaction.Pair.Beta, negative.Layer.HasNegativeBeta, linear.Layer.HasNegativeBeta), Is.EqualTo((2.0, true, false)));
        Assert.That(Parse(""" "interaction": { "matrices": { "key": { "kind": "gaussian" }, "value": { "kind": "product" } } } """).Layer.Heads[0].GradientSign, Is.Zero);
    }

    private static Experiment Parse(string section) => ExperimentReader.Parse($$"""{ "schemaVersion": 1, {{section}} }""", "x.json", []);

    private string Write(string name, string text)
    {
        File.WriteAllText(Folder[name], text);
        return Folder[name];
    }
}
