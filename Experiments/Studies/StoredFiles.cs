using System.Reflection;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The files of a folder of data, which travel inside the program.</summary>
/// <param name="folder">The folder's name.</param>
internal sealed class StoredFiles(string folder)
{
    private const string Suffix = ".json";
    private static Assembly Here => typeof(StoredFiles).Assembly;

    /// <summary>The sweeps of data/sweeps.</summary>
    public static StoredFiles Sweeps { get; } = new("sweeps");

    /// <summary>Their names, sorted.</summary>
    public IReadOnlyList<string> Names { get; } =
    [
        .. Here.GetManifestResourceNames().Where(n => n.StartsWith(folder + "/", StringComparison.Ordinal))
            .Select(n => n[(folder.Length + 1)..^Suffix.Length]).Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of one, null where none has this name.</summary>
    public string? Text(string name)
    {
        using Stream? stream = Here.GetManifestResourceStream($"{folder}/{name}{Suffix}");
        if (stream is null) return null;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
