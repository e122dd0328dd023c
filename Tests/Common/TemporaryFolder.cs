namespace AttentionFlow.Tests.Output;

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("attentionflow-").FullName;
    public string this[string name] => Path.Combine(FullPath, name);
    public string[] Names => [.. Directory.EnumerateFileSystemEntries(FullPath).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}

/// <summary>Tests with a folder each.</summary>
public abstract class FolderFixture
{
    private protected TemporaryFolder Folder { get; private set; } = null!;

    [SetUp]
    public void MakeFolder() => Folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => Folder.Dispose();
}
