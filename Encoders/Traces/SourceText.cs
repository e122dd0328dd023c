using System.Security.Cryptography;
using System.Text;

namespace AttentionFlow.Encoders.Traces;

/// <summary>A text to be traced.</summary>
/// <param name="File">Name of its file; null for a text of the command line.</param>
/// <param name="Characters">The text.</param>
internal sealed record SourceText(string? File, string Characters)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>SHA-256 of the text in UTF-8.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Strict.GetBytes(Characters)));

    /// <summary>The text of a file.</summary>
    /// <exception cref="ConfigurationException">It is not there, or not UTF-8.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SourceText Read(string path)
    {
        if (!System.IO.File.Exists(path)) throw new ConfigurationException($"{Quoted.Short(path, 200)}: there is no such file.");
        byte[] bytes = WholeFile.Guard(path, () => System.IO.File.ReadAllBytes(path));
        try { return new(Path.GetFileName(path), Strict.GetString(bytes)); }
        catch (DecoderFallbackException e) { throw new ConfigurationException($"{path}: this is no text in UTF-8", e); }
    }
}
