using System.Text.Encodings.Web;
using System.Text.Json;

namespace AttentionFlow.Experiments.Commands;

/// <summary>How results are written with <c>--json</c>.</summary>
public static class JsonOutput
{
    /// <summary>camelCase, indented, readable characters.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
