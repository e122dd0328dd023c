using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Program;

public sealed class SourceTests
{
    private static readonly string[] Projects = ["Kernels", "Solver", "Experiments", "Encoders", "Torch"];

    private static readonly Lazy<Architecture> House = new(() => new ArchLoader().LoadAssemblies(
        typeof(PairProblem).Assembly, typeof(Cloud).Assembly, typeof(CommandLine).Assembly, typeof(AttentionFlow.Encoders.Commands.TraceCommand).Assembly).Build());

    // "" is the namespace of the project itself.
    [Category("Slow")]
    [TestCase("Kernels", "Model", "", "Ranks", "Reference", "Cpu", "Harmonic", "Fast", "Gpu", "Devices")]
    [TestCase("Solver", "", "Model", "Theory", "Flows", "Motion", "Observables", "Configuration", "Runs", "Verification", "Sweeps", "Trajectories", "Analysis", "Response")]
    [TestCase("Experiments", "Figures", "Pages", "Reports", "Studies", "Studies.Figure2", "Studies.Figure3", "Studies.Length", "Studies.Plateaus", "Studies.Atlas", "Benchmark", "Facts", "Commands")]
    [TestCase("Encoders", "Onnx", "Models", "Traces", "Studies", "Commands")]
    public void NoRoomUsesALaterOne(string project, params string[] rooms)
    {
        List<string> order = [.. rooms.Select(room => $"AttentionFlow.{project}.{room}".TrimEnd('.'))];
        string[] found = [.. House.Value.Types.Select(t => t.Namespace?.FullName ?? "").Distinct()];
        Assert.That(found.Where(name => $"{name}.".StartsWith($"AttentionFlow.{project}.", StringComparison.Ordinal)), Is.EquivalentTo(order));
        IEnumerable<string> back = from type in House.Value.Types
                                   let room = order.IndexOf(type.Namespace?.FullName ?? "")
                                   where room >= 0
                                   from target in type.Dependencies.Select(d => d.Target)
                                   where target is not GenericParameter && order.IndexOf(target.Namespace?.FullName ?? "") > room
                                   select $"{type.FullName} uses {target.FullName}";
        Assert.That(string.Join('\n', back.Distinct().Order(StringComparer.Ordinal)), Is.Empty);
    }

    [Test]
    public void NoLineIsLongerThan140Columns([ValueSource(nameof(Projects))] string project)
    {
        // uPlot is not ours.
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".js" or ".css" or ".html"
                && !file.Split(Path.DirectorySeparatorChar).Any(folder => folder is "obj" or "bin" or "uplot"))];
        Assert.That(files, Is.Not.Empty);
        Assert.That(files.SelectMany(file => File.ReadLines(file).Select((line, i) => (line.Length, Where: $"{Path.GetRelativePath(Repository.Root, file)}:{i + 1}")))
            .Where(line => line.Length > 140).Select(line => line.Where), Is.Empty);
    }
}
