using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionFlow.Solver.Configuration;

/// <summary>JSON with comments and trailing commas but without duplicate keys.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The object that <paramref name="text"/>, of a kind of file, holds; <paramref name="origin"/> is named in errors of syntax.
    /// </summary>
    public static JsonObject ParseObject(string text, string origin, string kind = "an experiment file")
    {
        try
        {
            return Parse(text, "$") as JsonObject ?? throw ConfigurationException.At("$", $"{kind} holds one JSON object.");
        }
        catch (JsonException e)
        {
            (int line, int column) = ((int)(e.LineNumber ?? -1), 0);
            if (line >= 0) column = Column(text, line, (int)(e.BytePositionInLine ?? 0));
            string place = line >= 0 ? $", line {line + 1}, column {column}" : "";
            string message = line >= 0 && IsEnd(text, line, column) ? "the JSON ends too early"
                : $"not valid JSON: {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.')}";
            throw new ConfigurationException($"{origin}{place}: {message}.", e);
        }
    }

    /// <summary>Any JSON value, at <paramref name="path"/> of the file.</summary>
    /// <exception cref="JsonException">On errors of syntax.</exception>
    public static JsonNode? Parse(string text, string path)
    {
        JsonElement root = JsonElement.Parse(text, Options);
        try
        {
            RefuseDuplicates(root, path);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A text holds half of a surrogate pair", e);
        }
        return root.ValueKind switch
        {
            JsonValueKind.Object => JsonObject.Create(root),
            JsonValueKind.Array => JsonArray.Create(root),
            _ => JsonValue.Create(root),
        };
    }

    // Texts are looked at, too: one that is no valid UTF-16 throws.
    private static void RefuseDuplicates(JsonElement element, string path)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            HashSet<string> seen = [];
            foreach (JsonProperty property in element.EnumerateObject())
            {
                string child = $"{path}.{property.Name}";
                if (!seen.Add(property.Name)) throw ConfigurationException.At(child, "this key appears twice.");
                RefuseDuplicates(property.Value, child);
            }
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            int i = 0;
            foreach (JsonElement item in element.EnumerateArray()) RefuseDuplicates(item, $"{path}[{i++}]");
        }
        else if (element.ValueKind == JsonValueKind.String) _ = element.GetString();
    }

    // True when nothing but white space follows.
    private static bool IsEnd(string text, int line, int column)
    {
        string[] lines = text.Split('\n');
        return line >= lines.Length || (column > lines[line].TrimEnd().Length && lines[(line + 1)..].All(string.IsNullOrWhiteSpace));
    }

    // The reader counts bytes of UTF-8; an editor counts characters, from 1.
    private static int Column(string text, int line, int bytes)
    {
        string[] lines = text.Split('\n');
        if (line >= lines.Length) return 1;
        byte[] utf8 = Encoding.UTF8.GetBytes(lines[line]);
        return Encoding.UTF8.GetCharCount(utf8, 0, Math.Min(bytes, utf8.Length)) + 1;
    }
}
