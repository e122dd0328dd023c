using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionFlow.Solver.Configuration;

/// <summary>Reads sweep files strictly: every point is read as an experiment before any of them is run.</summary>
public sealed class SweepReader
{
    private readonly string _origin, _folder;
    private readonly JsonObject _root;
    private readonly JsonObject _base;
    private readonly Dictionary<(string, IFilePart), IFilePart> _read = [];
    private readonly Dictionary<string, string> _fileHashes = [];

    private SweepReader(string text, string origin, Func<string, string?> stored)
    {
        (_origin, _folder) = (origin, Path.GetDirectoryName(Path.GetFullPath(origin))!);
        _root = StrictJson.ParseObject(text, origin, "a sweep file");
        _base = Base(stored);
    }

    /// <summary>The sweep in the file <paramref name="path"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="stored">The text of a stored experiment by its name, null where there is none.</param>
    /// <exception cref="ConfigurationException">The file is missing or wrong, or an experiment is; the message names the point.</exception>
    public static Sweep Read(string path, Func<string, string?> stored) => Parse(ExperimentReader.TextOf(path, "sweep"), path, stored);

    /// <summary>The sweep in <paramref name="text"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">The file it comes from, named in errors; relative paths in it are relative to its folder.</param>
    /// <param name="stored">As for <see cref="Read"/>.</param>
    /// <exception cref="ConfigurationException">It is wrong, or an experiment is; the message names the point.</exception>
    public static Sweep Parse(string text, string origin, Func<string, string?> stored)
    {
        try
        {
            return new SweepReader(text, origin, stored).Expand();
        }
        catch (ConfigurationException e) when (e.Location is not null)
        {
            throw e.Within(origin);
        }
    }

    private Sweep Expand()
    {
        string title = _root[SweepSchema.Title] is not { } node ? "" : node.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>() : throw ConfigurationException.At("$.title", "this is no text; one line of text is expected.");
        SweepAxis[] axes = SweepAxis.Of(_root, new StrictWalk(_folder));
        int[] lengths = [.. axes.Select(axis => axis.Length)];
        SweepPoint[] points = new SweepPoint[SweepAxis.Count(lengths)];
        Dictionary<string, int> numbers = [];
        for (int number = 0; number < points.Length; number++)
        {
            int[] entries = SweepAxis.Indices(number, lengths);
            SweepPoint point = points[number] = Point(number, [.. axes.SelectMany((axis, a) => axis[entries[a]])]);
            if (!numbers.TryAdd(point.Hash, number))
                throw new ConfigurationException($"{_origin}: the points {numbers[point.Hash]} and {number} are the same experiment: "
                    + $"{point.ParametersShown}; leave one of the two out.");
        }
        return new Sweep(title, [.. points.SelectMany(p => p.Parameters).Select(p => p.Key).Distinct()], points, Text());
    }

    private SweepPoint Point(int number, IReadOnlyList<SweepValue> values)
    {
        Override[] edits = [.. values.Select(v => v.Edit(number))];
        JsonObject root = (JsonObject)_base.DeepClone();
        try
        {
            foreach (Override edit in edits) edit.Apply(root);
            Experiment experiment = ExperimentReader.Resolve(root, _folder, _read);
            return new SweepPoint(number, [.. values.Select(v => new Parameter(v.Key, v.Value))], experiment,
                SweepPoint.HashOf(experiment, _fileHashes));
        }
        catch (ConfigurationException e) when (edits.LastOrDefault(edit => edit.Concerns(e.Location)) is { } edit)
        {
            throw edit.Blame(e).Within(_origin);
        }
        catch (ConfigurationException e) when (e.Location is not null)
        {
            throw e.Within($"{_origin}: point {number}");
        }
    }

    // The tree of the base, an experiment by itself, with the paths in it absolute.
    private JsonObject Base(Func<string, string?> stored)
    {
        if (_root.Select(p => p.Key).FirstOrDefault(key => !SweepSchema.Keys.Contains(key)) is { } unknown)
            throw ConfigurationException.At($"$.{Quoted.Short(unknown)}", $"unknown key; {Names.Hint(unknown, SweepSchema.Keys)}");
        JsonNode node = _root[SweepSchema.Base] ?? throw ConfigurationException.At("$.base",
            "this key is missing; it holds an experiment, the path of its file or the name of a stored one.");
        (string origin, string folder, JsonObject tree) = node switch
        {
            JsonObject own => ($"{_origin}: $.base", _folder, (JsonObject)own.DeepClone()),
            JsonValue value when value.GetValueKind() == JsonValueKind.String => Named(value.GetValue<string>(), stored),
            _ => throw ConfigurationException.At("$.base", "an experiment, the path of its file or the name of a stored one is expected."),
        };
        try
        {
            ExperimentReader.Resolve(tree, folder, _read);
            return tree;
        }
        catch (ConfigurationException e) when (e.Location is not null)
        {
            throw e.Within(origin);
        }
    }

    private (string Origin, string Folder, JsonObject Tree) Named(string name, Func<string, string?> stored)
    {
        if (name.Length == 0 || name.Contains('\0')) throw ConfigurationException.At("$.base", "this names no experiment.");
        string path = Path.GetFullPath(name, _folder);
        string? text = File.Exists(path) ? ExperimentReader.TextOf(path, "experiment") : stored(name);
        if (text is null)
            throw ConfigurationException.At("$.base", $"{Quoted.Of(name)} is neither a file, seen from the folder of the sweep, "
                + "nor a stored experiment ('attentionflow list' shows the stored ones).");
        string origin = File.Exists(path) ? path : name;
        return (origin, Path.GetDirectoryName(path)!, StrictJson.ParseObject(text, origin));
    }

    // With the values as they were read.
    private string Text()
    {
        JsonObject text = [];
        foreach (string key in SweepSchema.Keys.Where(key => key != ExperimentSchema.SchemaKey))
            if (_root[key] is { } node) text[key] = key == SweepSchema.Base ? _base.DeepClone() : node.DeepClone();
        return text.ToJsonString(ExperimentSchema.Options) + "\n";
    }
}
