namespace AttentionFlow.Tests.Configuration;

public class SettingTests
{
    private const string Minimal = """{ "schemaVersion": 1 }""";
    private const string Toeplitz = """{ "schemaVersion": 1, "interaction": { "coupling": { "kind": "toeplitz", "constant": 0.3, "cosines": [1, 2] } } }""";

    [Test]
    public void SettingsReplaceAndCreate()
    {
        Experiment experiment = Parse(Minimal, "interaction.beta=2.", "$.time.method=rk4", "time.step=.1", "precision=\"single\"", "title=42", "seed = 7",
            "record.observables=[\"limit\"]", "interaction.gauge.kind=rotary", "interaction.gauge.speeds=[3.5]");
        Assert.That(experiment, Is.EqualTo(new Experiment
        {
            Title = "42", Seed = 7, Precision = Precision.Single,
            Interaction = new() { Beta = 2, Gauge = new RotaryGauge([3.5]) },
            Time = new() { Method = Methods.RungeKutta4, Step = 0.1 },
            Record = new() { Observables = ["limit"] },
        }));
    }

    [Test]
    public void TheOrderOfKindAndMembersDoesNotMatter() =>
        Assert.That(Parse(Minimal, "interaction.gauge.speeds=[3.5]", "interaction.gauge.kind=rotary"),
            Is.EqualTo(Parse(Minimal, "interaction.gauge.kind=rotary", "interaction.gauge.speeds=[3.5]")));

    [Test]
    public void ANewKindDropsTheMembersOfTheOld()
    {
        Assert.That(Parse(Toeplitz, "interaction.coupling.kind=block").Interaction.Coupling, Is.EqualTo(new BlockCoupling()));
        foreach (string same in new[] { "interaction.coupling.kind=toeplitz", "interaction.coupling.kind=\"toeplitz\"" })
            Assert.That(Parse(Toeplitz, same).Interaction.Coupling, Is.EqualTo(new ToeplitzCoupling(0.3, 1, 2)));
        const string mixture = """{ "schemaVersion": 1, "interaction": { "gauge": { "kind": "prefix", "targets": { "law": "mixture", "means": [[1, 0, 0]], "concentrations": [1] } } } }""";
        Assert.That(Parse(mixture, "interaction.gauge.targets.law=greatCircle").Interaction.Gauge, Is.EqualTo(new PrefixGauge(null, new GreatCircleTargets())));
    }

    [Test]
    public void WholeObjectsAndEntriesOfListsCanBeSet()
    {
        Assert.That(Parse(Toeplitz, """interaction.coupling={ "kind": "distance", "length": 3 }""").Interaction.Coupling, Is.EqualTo(new DistanceCoupling(3)));
        Assert.That(Parse(Toeplitz, "interaction.coupling.cosines[1]=0.5").Interaction.Coupling, Is.EqualTo(new ToeplitzCoupling(0.3, 1, 0.5)));
    }

    [TestCase("interaction.bta=2", "--set interaction.bta=2: $.interaction.bta: unknown key; did you mean 'beta'?")]
    [TestCase("tokns.count=2", "--set tokns.count=2: $.tokns: unknown key; did you mean 'tokens'?")]
    [TestCase("interaction.beta=NaN", "--set interaction.beta=NaN: $.interaction.beta: \"NaN\" is text; a number is expected.")]
    [TestCase("interaction.beta=two", "--set interaction.beta=two: $.interaction.beta: \"two\" is text; a number is expected.")]
    [TestCase("interaction.gauge.kind=prefix", "--set interaction.gauge.kind=prefix: $.interaction.gauge.targets: this key is missing; it has no default.")]
    [TestCase("interaction.gauge.speeds=[1]", "--set interaction.gauge.speeds=[1]: $.interaction.gauge.speeds: unknown key for 'none'; it belongs to 'rotary'.")]
    [TestCase("interaction.perceptron.outer.path=a.csv", "--set interaction.perceptron.outer.path=a.csv: $.interaction.perceptron.outer.kind: this key is missing; known for 'path': file.")]
    [TestCase("interaction.coupling.cosines[2]=1", "--set interaction.coupling.cosines[2]=1: $.interaction.coupling.cosines: this list has 2 entries, counted from 0; it has no [2].")]
    [TestCase("time={\"step\":1,\"step\":2}", "--set time={\"step\":1,\"step\":2}: $.time.step: this key appears twice.")]
    [TestCase("schemaVersion.x=1", "--set schemaVersion.x=1: $.schemaVersion: this is not an object; it has no 'x'.")]
    [TestCase("time[0]=1", "--set time[0]=1: $.time: this is not a list; it has no [0].")]
    [TestCase("beta", "--set beta: a setting has the form path=value, for example interaction.beta=2.")]
    [TestCase("time..step=1", "--set time..step=1: a setting has the form path=value, for example interaction.beta=2.")]
    [TestCase("=1", "--set =1: a setting has the form path=value, for example interaction.beta=2.")]
    public void AWrongSettingIsNamed(string setting, string message) =>
        Assert.That(() => Parse(Toeplitz, setting), Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo(message));

    private static Experiment Parse(string text, params string[] settings) => ExperimentReader.Parse(text, "x.json", settings);
}
