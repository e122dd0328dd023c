using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using AttentionFlow.Tests.Docs;
using NUnit.Framework;
using Assembly = System.Reflection.Assembly;

namespace AttentionFlow.Tests.Program;

/// <summary>The order of the rooms, and the width of lines.</summary>
public sealed class SourceTests
{
    private static readonly string[] Projects = ["Kernels", "Solver", "Experiments"];

    // "" is the namespace of the project itself.
    [Ignore("the last uses of later rooms are being mended")]
    [TestCase("AttentionFlow.Kernels", "Kernels", "Model", "", "Reference", "Cpu", "Harmonic", "Fast", "Gpu", "Devices")]
    [TestCase("AttentionFlow.Solver", "Solver", "", "Model", "Theory", "Flows", "Motion", "Observables", "Configuration", "Runs")]
    [TestCase("attentionflow", "Experiments", "Figures", "Studies", "Benchmark", "Commands")]
    public void NoRoomUsesALaterOne(string assembly, string project, params string[] rooms)
    {
        List<string> order = [.. rooms.Select(room => $"AttentionFlow.{project}.{room}".TrimEnd('.'))];
        IType[] types = [.. new ArchLoader().LoadAssembly(Assembly.Load(assembly)).Build().Types.Where(t => Starts(t, project))];
        Assert.That(types.Select(t => t.Namespace.FullName).Distinct(), Is.EquivalentTo(order), "the rooms");
        Assert.That((from type in types
                     from target in type.Dependencies.Select(d => d.Target)
                     where order.IndexOf(target.Namespace.FullName) > order.IndexOf(type.Namespace.FullName)
                     select $"{type.FullName} uses {target.FullName}").Distinct().Order(StringComparer.Ordinal), Is.Empty);
    }

    [Ignore("lines are wrapped last")]
    [Test]
    public void NoLineIsLongerThan140Columns([ValueSource(nameof(Projects))] string project)
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))];
        Assert.That(files, Is.Not.Empty);
        Assert.That(files.SelectMany(file => File.ReadLines(file).Select((line, i) => (line.Length, Where: $"{Path.GetRelativePath(Repository.Root, file)}:{i + 1}")))
            .Where(line => line.Length > 140).Select(line => line.Where), Is.Empty);
    }

    private static bool Starts(IType type, string project) => $"{type.Namespace.FullName}.".StartsWith($"AttentionFlow.{project}.", StringComparison.Ordinal);
}
