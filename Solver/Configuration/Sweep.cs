using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace AttentionFlow.Solver.Configuration;

/// <summary>A sweep: one experiment with many values of some of its keys.</summary>
/// <param name="Title">One line; may be empty.</param>
/// <param name="Keys">The keys that vary, in the order of the file: list, zip, grid.</param>
/// <param name="Points">The experiments, at least one, no two the same.</param>
/// <param name="Text">A sweep file that says the same wherever it lies: the base in it, paths absolute.</param>
public sealed record Sweep(string Title, IReadOnlyList<string> Keys, IReadOnlyList<SweepPoint> Points, string Text);

/// <summary>One experiment of a sweep.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Parameters">The keys that the sweep sets in it, and their values.</param>
/// <param name="Experiment">The experiment.</param>
/// <param name="Hash">The letter p, so that no program takes it for a number, and twelve hexadecimal digits of the SHA-256 of the
/// experiment, every default filled in, and of the files it reads: the same wherever these lie, and whatever else is in the sweep.</param>
public sealed record SweepPoint(int Number, IReadOnlyList<Parameter> Parameters, Experiment Experiment, string Hash)
{
    private const int HashDigits = 12;

    // A key that is null is as good as not there: one that a later version adds changes no hash.
    private static readonly JsonSerializerOptions WithoutNulls =
        new(ExperimentSchema.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The value of a key as a table shows it: text plainly, the rest as JSON; empty where this point does not set it.</summary>
    public string this[string key] => Parameters.FirstOrDefault(p => p.Key == key)?.Shown ?? "";

    /// <summary><c>interaction.beta = 2, seed = 1</c>.</summary>
    public string ParametersShown => string.Join(", ", Parameters.Select(p => $"{p.Key} = {Quoted.Short(p.Shown)}"));

    /// <summary>The hash of an experiment.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="fileHashes">The hashes of files known by their paths; new ones are added.</param>
    internal static string HashOf(Experiment experiment, Dictionary<string, string> fileHashes)
    {
        (Experiment copied, IReadOnlyList<InputCopy> files) = InputFiles.Copied(experiment);
        // A title says nothing of the numbers.
        StringBuilder text = new(JsonSerializer.Serialize(copied with { Title = "" }, WithoutNulls));
        foreach (InputCopy file in files)
        {
            string? hash = file.Text is { } made ? Sha256(Encoding.UTF8.GetBytes(made)) : null;
            if (hash is null && !fileHashes.TryGetValue(file.Source, out hash))
                fileHashes[file.Source] = hash = Sha256(File.ReadAllBytes(file.Source));
            text.Append(file.Name).Append(' ').Append(hash).Append('\n');
        }
        return "p" + Sha256(Encoding.UTF8.GetBytes(text.ToString()))[..HashDigits];
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>A key of an experiment and a value that a sweep gives it.</summary>
/// <param name="Key">As <c>--set</c> takes it: interaction.beta.</param>
/// <param name="Value">Any JSON value.</param>
public sealed record Parameter(string Key, JsonNode? Value)
{
    /// <summary>Text plainly, anything else as JSON.</summary>
    public string Shown { get; } = SweepSchema.Shown(Value);
}
