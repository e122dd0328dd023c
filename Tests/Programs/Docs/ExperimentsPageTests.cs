using System.Reflection;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Docs;

/// <summary>docs/experiments.md against the schema, the stored experiments and the exit codes.</summary>
public sealed class ExperimentsPageTests
{
    private static readonly string Page = Repository.Text("docs", "experiments.md");

    [Test]
    public void TheTablesOfKeysAreTrue() => Assert.That(Page.Split("<!-- keys -->\n")[1].Split("<!-- end of keys -->")[0], Is.EqualTo(KeyTables.Text()),
        "attentionflow schema --tables");

    [Test]
    public void EveryStoredExperimentLoadsAndIsDescribed()
    {
        Assert.That(StoredExperiments.Names, Is.Not.Empty);
        foreach (string name in StoredExperiments.Names)
        {
            Assert.That(StoredExperiments.Load(name).Title, Is.Not.Empty);
            Assert.That(Page, Does.Contain($"| `{name}` |"));
        }
    }

    [Test]
    public void EveryExitCodeIsListed()
    {
        foreach (FieldInfo code in typeof(ExitCodes).GetFields().Some()) Assert.That(Page, Does.Contain($"\n| {code.GetRawConstantValue()} |"), code.Name);
    }

    [Test]
    public void TheExampleWithACloudReads()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["own.csv"], Repository.Blocks(Page, "csv").Single());
        File.WriteAllText(folder["own.json"], Repository.Blocks(Page, "jsonc").Single());
        Experiment experiment = ExperimentReader.Read(folder["own.json"], []);
        Assert.That((experiment.Tokens.Count, experiment.Tokens.Dimension), Is.EqualTo((3, 3)));
        Assert.That(experiment.Labels, Is.TypeOf<ListedLabels>());
        Assert.That(experiment.Draw().Weights, Is.EqualTo(new[] { 0.25, 0.25, 0.5 }));
    }
}
