using System.Text.Json.Nodes;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Configuration;

public sealed class SweepReaderTests : FolderFixture
{
    [Test]
    public void PointsAreListTimesZipTimesGridTheFirstSlowest()
    {
        Sweep sweep = Read("""
            {
              "title": "All axes", "base": {},
              "grid": { "seed": [1, 2], "interaction.beta": [1, 4] },
              "zip": { "tokens.count": [8, 16], "replicas": [2, 1] },
              "list": [{ "interaction.normalization": "softmax" }, { "time.horizon": 2 }]
            }
            """);
        Assert.That(sweep.Keys, Is.EqualTo(new[] { "interaction.normalization", "tokens.count", "replicas", "seed", "interaction.beta", "time.horizon" }));
        Assert.That(sweep.Points, Has.Count.EqualTo(16));
        Assert.That(sweep.Points.Select(p => p.Number), Is.EqualTo(Enumerable.Range(0, 16)));
        Assert.That(sweep.Points.Select(p => (p.Experiment.Time.Horizon, p.Experiment.Tokens.Count, p.Experiment.Replicas, p.Experiment.Seed, p.Experiment.Interaction.Beta)),
            Is.EqualTo(from horizon in (double[])[20, 2]
                       from size in ((int, int)[])[(8, 2), (16, 1)]
                       from seed in (ulong[])[1, 2]
                       from beta in (double[])[1, 4]
                       select (horizon, size.Item1, size.Item2, seed, beta)));
        Assert.That(sweep.Points[0]["interaction.normalization"], Is.EqualTo("softmax"));
        Assert.That(sweep.Points[8]["interaction.normalization"], Is.Empty);
        Assert.That(sweep.Points[8].ParametersShown, Is.EqualTo("time.horizon = 2, tokens.count = 8, replicas = 2, seed = 1, interaction.beta = 1"));
    }

    [Test]
    public void WithoutAxesTheBaseIsThePoint() => Assert.That(Read("""{ "base": {} }""").Points.Single().Experiment, Is.EqualTo(new Experiment().WithDefaults()));

    [TestCase("""{ "from": 1, "count": 3 }""", "1 2 3")]
    [TestCase("""{ "from": 18446744073709551613, "count": 3 }""", "18446744073709551613 18446744073709551614 18446744073709551615")]
    [TestCase("""{ "from": 7, "count": 3, "step": 5 }""", "7 12 17")]
    [TestCase("""{ "from": 0.1, "count": 3, "step": 0.1 }""", "0.1 0.2 0.3")]
    [TestCase("""{ "from": 0.1, "to": 1, "count": 10 }""", "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1")]
    [TestCase("""{ "from": 2, "to": 1, "count": 3 }""", "2 1.5 1")]
    [TestCase("""{ "from": 0, "to": 1, "count": 4 }""", "0 0.333333333333333 0.666666666666667 1")]
    [TestCase("""{ "from": 1e-4, "to": 0.1, "count": 4, "scale": "log" }""", "0.0001 0.001 0.01 0.1")]
    [TestCase("""{ "from": 16, "to": 256, "count": 5, "scale": "log" }""", "16 32 64 128 256")]
    [TestCase("""{ "from": 3, "to": 9, "count": 1 }""", "3")]
    public void ARangeHasTheseNumbers(string range, string expected) =>
        Assert.That(SweepRange.Values(JsonNode.Parse(range)!.AsObject(), "$").Select(v => v!.ToJsonString()), Is.EqualTo(expected.Split(' ')));

    [TestCase("""{ "grid": {} }""", "$.base: this key is missing; it holds an experiment, the path of its file or the name of a stored one.")]
    [TestCase("""{ "base": 3 }""", "$.base: an experiment, the path of its file or the name of a stored one is expected.")]
    [TestCase("""{ "base": "nothing" }""", "$.base: 'nothing' is neither a file, seen from the folder of the sweep, nor a stored experiment ('attentionflow list' shows the stored ones).")]
    [TestCase("""{ "base": { "interaction": { "bta": 1 } } }""", "$.base: $.interaction.bta: unknown key; did you mean 'beta'?")]
    [TestCase("""{ "base": {}, "gridd": {} }""", "$.gridd: unknown key; did you mean 'grid'? Known: $schema, title, base, list, zip, grid.")]
    [TestCase("""{ "base": {}, "title": 3 }""", "$.title: this is no text; one line of text is expected.")]
    [TestCase("""{ "base": {}, "grid": {} }""", "$.grid: an object with at least one key of the experiment is expected.")]
    [TestCase("""{ "base": {}, "grid": [] }""", "$.grid: an object with at least one key of the experiment is expected.")]
    [TestCase("""{ "base": {}, "list": [] }""", "$.list: a list of at least one object is expected.")]
    [TestCase("""{ "base": {}, "list": [{}] }""", "$.list[0]: an object with at least one key of the experiment is expected.")]
    [TestCase("""{ "base": {}, "grid": { "seed": [] } }""", """$.grid.seed: a list of at least one value is expected, or a range: { "from": 1, "count": 50 }.""")]
    [TestCase("""{ "base": {}, "grid": { "seed": 3 } }""", """$.grid.seed: a list of at least one value is expected, or a range: { "from": 1, "count": 50 }.""")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1 } } }""", "$.grid.seed.count: this key is missing; a whole number is expected.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "count": 0 } } }""", "$.grid.seed.count: a range has at least one value.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "count": 1e9 } } }""", "$.grid.seed.count: too large; at most 1000000 values are possible.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "count": 2.5 } } }""", "$.grid.seed.count: '2.5' is not a whole number; a whole number is expected.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": "x", "count": 2 } } }""", "$.grid.seed.from: 'x' is not a number; a number is expected.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "to": 2, "step": 1, "count": 2 } } }""", "$.grid.seed.step: a range has \"to\" or \"step\", not both.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "count": 2, "scale": "lg" } } }""", "$.grid.seed.scale: 'lg' is unknown; known: linear, log.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "count": 2, "scale": "log" } } }""", "$.grid.seed.to: this key is missing; a logarithmic range ends there.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 0, "to": 2, "count": 2, "scale": "log" } } }""", "$.grid.seed: a logarithmic range lies above 0.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "cuont": 2 } } }""", "$.grid.seed.cuont: unknown key; did you mean 'count'? Known: from, to, count, step, scale.")]
    [TestCase("""{ "base": {}, "grid": { "seed": [1] }, "zip": { "seed": [2] } }""", "$.grid.seed: this key is set twice; it stands in $.zip.seed, too.")]
    [TestCase("""{ "base": {}, "zip": { "seed": [2], "interaction.beta": [1, 2] } }""", "$.zip.interaction.beta: 2 values, where seed has 1; the keys of a zip go side by side.")]
    [TestCase("""{ "base": {}, "grid": { "seed..x": [2] } }""", "$.grid.seed..x: this is no key of an experiment, such as interaction.beta.")]
    [TestCase("""{ "base": {}, "grid": { "seed": { "from": 1, "count": 2000 }, "interaction.beta": { "from": 1, "count": 2000 } } }""", "$.grid: 4E+06 points are too many; at most 1000000 are possible.")]
    // Points.
    [TestCase("""{ "base": {}, "grid": { "interaction.bta": [1] } }""", "point 0, $.grid.interaction.bta = 1: $.interaction.bta: unknown key; did you mean 'beta'?")]
    [TestCase("""{ "base": {}, "grid": { "seed": [1, 2.5] } }""", "point 1, $.grid.seed = 2.5: $.seed: 2.5 is not whole; a whole number is expected.")]
    [TestCase("""{ "base": {}, "list": [{ "seed": 1 }, { "time.horizon": "x" }] }""", "point 1, $.list[1].time.horizon = x: $.time.horizon: \"x\" is text; a number is expected.")]
    [TestCase("""{ "base": { "time": { "method": "rk4" } }, "zip": { "time.step": [1, 50] } }""", "point 1, $.zip.time.step = 50: $.time.step: 50 is longer than the run; the time step must be at most the horizon 20.")]
    [TestCase("""{ "base": {}, "grid": { "seed": [1, 2, 1.0] } }""", "the points 0 and 2 are the same experiment: seed = 1; leave one of the two out.")]
    public void WhatIsWrongIsRefusedWithItsPlace(string text, string expected) =>
        Assert.That(() => Read(text), Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"{Folder["sweep.json"]}: {expected}"));

    [Test]
    public void TheHashIsThatOfTheExperimentAlone()
    {
        string one = Read("""{ "base": { "tokens": { "count": 9 } }, "grid": { "seed": [1, 2] } }""").Points[1].Hash;
        Assert.That(one, Does.Match("^p[0-9a-f]{12}$"));
        // The same by another way, and written in full.
        Assert.That(Read("""{ "base": {}, "list": [{ "tokens.count": 9, "seed": 2 }] }""").Points[0].Hash, Is.EqualTo(one));
        Assert.That(Read("""{ "base": {}, "list": [{ "tokens.count": 9.0, "seed": 2, "interaction.beta": 1 }] }""").Points[0].Hash, Is.EqualTo(one));
        Assert.That(Read("""{ "base": {}, "list": [{ "tokens.count": 10, "seed": 2 }] }""").Points[0].Hash, Is.Not.EqualTo(one));
    }

    [Test]
    public void FilesCountByTheirBytesAndNotByTheirPlace()
    {
        Directory.CreateDirectory(Folder["in"]);
        File.WriteAllText(Folder["in/base.json"], """{ "tokens": { "initial": { "law": "file", "path": "a.csv" } } }""");
        string[] tokens = ["x0,x1\n1,0\n0,1\n", "x0,x1\n1,0\n0,-1\n"];
        File.WriteAllText(Folder["in/a.csv"], tokens[0]);
        File.WriteAllText(Folder["b.csv"], tokens[0]);
        File.WriteAllText(Folder["c.csv"], tokens[1]);
        Sweep sweep = Read("""{ "base": "in/base.json", "grid": { "tokens.initial.path": ["c.csv"], "seed": [1, 2] } }""");
        string other = Read("""{ "base": "in/base.json", "grid": { "tokens.initial.path": ["b.csv"] } }""").Points[0].Hash;
        Assert.That(other, Is.EqualTo(Read("""{ "base": "in/base.json" }""").Points[0].Hash), "the same bytes elsewhere");
        Assert.That(sweep.Points[0].Hash, Is.Not.EqualTo(other));
        // The copy says the same from another folder.
        Directory.CreateDirectory(Folder["far"]);
        File.WriteAllText(Folder["far/sweep.json"], sweep.Text);
        Sweep again = SweepReader.Read(Folder["far/sweep.json"], _ => null);
        Assert.That(again.Points.Select(p => p.Hash), Is.EqualTo(sweep.Points.Select(p => p.Hash)));
        Assert.That(again.Text, Is.EqualTo(sweep.Text));
    }

    [Test]
    public void AFileIsReadOnceForAllPoints()
    {
        File.WriteAllText(Folder["a.csv"], "x0,x1\n1,0\n0,1\n");
        Sweep sweep = Read("""{ "base": { "tokens": { "initial": { "law": "file", "path": "a.csv" } } }, "grid": { "interaction.beta": [1, 2] } }""");
        Assert.That(((FileLaw)sweep.Points[1].Experiment.Tokens.Initial).Rows, Is.SameAs(((FileLaw)sweep.Points[0].Experiment.Tokens.Initial).Rows));
    }

    private Sweep Read(string text)
    {
        File.WriteAllText(Folder["sweep.json"], text);
        return SweepReader.Read(Folder["sweep.json"], _ => null);
    }
}
