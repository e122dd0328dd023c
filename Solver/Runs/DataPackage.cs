using System.Text;
using System.Text.Json.Nodes;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>A table of a run as datapackage.json describes it.</summary>
internal sealed record TableDescription(string Title, IReadOnlyList<string> Key, IReadOnlyList<Column> Columns, FileRecord File);

/// <summary>datapackage.json: a tabular data package after version 1 of the Frictionless standards.</summary>
internal static class DataPackage
{
    public static string Text(string title, IEnumerable<TableDescription> tables)
    {
        JsonObject package = new JsonObject
        {
            ["profile"] = "tabular-data-package",
            ["name"] = NameOf(title),
            ["title"] = title,
            ["resources"] = new JsonArray([.. tables.Select(Resource)]),
        };
        return package.ToJsonString(OutputJson.Readable.Options) + "\n";
    }

    private static JsonObject Resource(TableDescription table)
    {
        bool isText = !SnapshotFiles.IsParquet(table.File.Name);
        JsonObject resource = new()
        {
            ["profile"] = "tabular-data-resource",
            ["name"] = Path.GetFileNameWithoutExtension(table.File.Name),
            ["title"] = table.Title,
            ["path"] = table.File.Name,
            ["format"] = isText ? "csv" : "parquet",
            ["mediatype"] = isText ? "text/csv" : "application/vnd.apache.parquet",
        };
        if (isText) resource["encoding"] = "utf-8";
        resource["bytes"] = table.File.Bytes;
        resource["hash"] = "sha256:" + table.File.Sha256;
        if (isText)
            resource["dialect"] = new JsonObject
            {
                ["delimiter"] = ",", ["lineTerminator"] = "\n", ["quoteChar"] = "\"", ["doubleQuote"] = true,
                ["header"] = true, ["caseSensitiveHeader"] = true,
            };
        resource["schema"] = new JsonObject
        {
            ["fields"] = new JsonArray([.. table.Columns.Select(Field)]),
            ["missingValues"] = new JsonArray(),
            ["primaryKey"] = new JsonArray([.. table.Key.Select(name => (JsonNode)name)]),
        };
        return resource;
    }

    private static JsonObject Field(Column column) => new()
    {
        ["name"] = column.Name,
        ["type"] = column.Type switch { ColumnType.Integer => "integer", ColumnType.Number => "number", _ => "string" },
        ["description"] = column.Description,
        ["constraints"] = new JsonObject { ["required"] = true },
    };

    /// <summary>The standard allows lower-case letters, digits, '.', '_' and '-' in a name.</summary>
    private static string NameOf(string title)
    {
        StringBuilder name = new StringBuilder();
        foreach (char c in title.ToLowerInvariant())
        {
            if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)) name.Append(c);
            else if (name.Length > 0 && name[^1] != '-') name.Append('-');
        }
        return name.ToString().Trim('-') is { Length: > 0 } some ? some : "run";
    }
}
