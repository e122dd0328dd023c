namespace AttentionFlow.Tests.Docs;

/// <summary>The examples of docs/library.md, which are the lines between the markers here.</summary>
public sealed class LibraryExampleTests
{
    // The limit of a rotary run is a latitude circle at height |m| (model.md), and the energy that of a point.
    [Test]
    public void TheTenLinesRun()
    {
        // begin: flow
        Interaction interaction = new(Beta: 1) { Normalization = Normalization.Unnormalized };
        Gauge gauge = new RotaryGauge([2 * Math.PI]);
        Cloud cloud = new UniformLaw().Draw(replicas: 1, tokens: 256, dimension: 3, seed: 1, new GridLabels(), gauge);
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 2);
        Flow flow = new(interaction, gauge, cloud, sums, threads: 2);
        RunResult result = new Simulation(flow, Methods.Tsit5, new AdaptiveStep(Tolerance: 1e-4), horizon: 20, threads: 2).Run(cloud, observers: []);
        double[] mean = new double[3];
        Mean.Of(cloud.Positions, cloud.Weights, first: 0, count: 256, mean);
        Console.WriteLine($"{result.Status} at t = {result.Time}, E = {flow.Energy(replica: 0)}, |m| = {Sphere.Norm(mean)}");
        // end: flow
        double height = Sphere.Norm(mean), limit = Energies.LatitudeCircle(beta: 1, height);
        double[] gap = new double[1];
        flow.EnergyGap(cloud.Positions, gap);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(result.Status, Is.EqualTo(RunStatus.Complete));
        Assert.That(flow.Energy(0), Is.EqualTo(Math.E / 2).Within(1e-9));
        Assert.That(gap[0], Is.EqualTo(Math.E / 2 - limit).Within(1e-9));
    }

    // begin: observer
    /// <summary>Keeps E at every step.</summary>
    private sealed class EnergyTrace : IObserver
    {
        public List<(double Time, double Energy)> Seen { get; } = [];

        public void Stepped(in Step step) => Seen.Add((step.Time, step.Energy));
    }
    // end: observer

    // begin: law
    /// <summary>Independent tokens, uniform on the great circle of the first two axes.</summary>
    private sealed record EquatorLaw : InitialLaw
    {
        protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
        {
            for (int i = 0; i < tokens; i++)
            {
                RandomStream random = new(seed, RandomPurpose.InitialPositions, replica, i);
                (positions[i * d + 1], positions[i * d]) = Math.SinCos(2 * Math.PI * random.Uniform());
            }
        }
    }
    // end: law

    [Test]
    public void OwnObserversAndLawsWork()
    {
        Cloud cloud = new EquatorLaw().Draw(1, 16, 3, seed: 1);
        using ReferenceSums sums = new();
        EnergyTrace energies = new();
        new Simulation(new Flow(new Interaction(1), new IdentityGauge(), cloud, sums), Methods.Heun, 0.1, 1).Run(cloud, [energies]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(energies.Seen, Has.Count.EqualTo(11));
        Assert.That(energies.Seen.Select(e => e.Energy), Is.Ordered);
        Assert.That(Enumerable.Range(0, 16).Select(i => cloud.Token(i)[2]), Has.All.Zero, "a great circle is invariant");
    }

    [Test]
    public void ThePageShowsTheseLines()
    {
        string[] examples = [.. new[] { "flow", "observer", "law" }.Select(name => Repository.Between("LibraryExampleTests.cs", name))];
        Assert.That(Repository.Blocks(Repository.Text("docs", "library.md"), "csharp"), Is.EqualTo(examples));
    }
}
