using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionFlow.Solver.Configuration;

/// <summary>
/// The snapshot of a run from which another starts: read from the folder of that run, or from the copy that the other keeps, a table of the
/// same columns and the weights.
/// </summary>
internal static class SnapshotFile
{
    private const string OfExperiment = "experiment.json", OfRun = "run.json";

    private sealed record ListedFile(string? Name, string? Sha256);

    private sealed record ListedFiles(IReadOnlyList<ListedFile?>? Files);

    /// <summary>The law with its tokens, and the time of its snapshot.</summary>
    /// <exception cref="ConfigurationException">There is no such snapshot, or its files are not those that its run.json lists.</exception>
    public static SnapshotLaw Read(SnapshotLaw law)
    {
        if (law.Path is { } copy)
        {
            (CloudData cloud, double at) = SnapshotTable.Read(copy, law.Time, isCopy: true);
            return law with { Rows = cloud, Time = at };
        }
        string run = law.Run;
        string table = CheckFiles(run);
        Experiment source = Source(Path.Combine(run, OfExperiment));
        if (source.Record.Tokens < source.Tokens.Count)
            throw new ConfigurationException($"{run}: its snapshots hold {source.Record.Tokens} of its {source.Tokens.Count} tokens, "
                + "which is no state to start from; run it again with --set record.tokens=null.");
        (CloudData rows, double time) = SnapshotTable.Read(Path.Combine(run, table), law.Time, isCopy: false, source.Record.Digits);
        bool hasRadii = rows.Radii is not null;
        if ((rows.Replicas, rows.Count, rows.Dimension, hasRadii)
            != (source.Replicas, source.Tokens.Count, source.Tokens.Dimension, source.Interaction.Scheme.HasRadius))
            throw new ConfigurationException($"{run}: {table} does not hold the tokens of {OfExperiment}.");
        return law with { Time = time, Rows = rows with { Weights = rows.Weights ?? [.. source.Draw().Weights] } };
    }

    /// <summary>The copy that a run keeps of these tokens.</summary>
    public static string Text(SnapshotLaw law)
    {
        CloudData rows = law.Rows!;
        int d = rows.Dimension;
        StringBuilder text = new("time,replica,token,label,weight");
        for (int k = 0; k < d; k++) text.Append(CultureInfo.InvariantCulture, $",x{k}");
        text.Append(rows.Radii is null ? "\n" : ",radius\n");
        for (int i = 0; i < rows.Replicas * rows.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{law.Time},{i / rows.Count},{i % rows.Count},{rows.Labels![i]},{rows.Weights![i]}");
            for (int k = 0; k < d; k++) text.Append(CultureInfo.InvariantCulture, $",{rows.Positions[i * d + k]}");
            if (rows.Radii is not null) text.Append(CultureInfo.InvariantCulture, $",{rows.Radii[i]}");
            text.Append('\n');
        }
        return text.ToString();
    }

    // What is read of the run is what its run.json lists. The name of its table.
    private static string CheckFiles(string run)
    {
        ListedFile[] listed = Listed(run);
        string? table = new[] { SnapshotFiles.Csv, SnapshotFiles.Parquet }.FirstOrDefault(name => listed.Any(f => f.Name == name));
        if (table is null)
            throw new ConfigurationException($"{run}: its {OfRun} lists no {SnapshotFiles.Csv}, so the run is under way, or was killed or "
                + "failed; run --resume brings it to an end.");
        string[] needed = [OfExperiment, table, .. InputFiles.CopyNames.Where(name => listed.Any(f => f.Name == name))];
        foreach (string name in needed)
        {
            string path = Path.Combine(run, name);
            if (!File.Exists(path)) throw new ConfigurationException($"{path}: missing; {OfRun} lists it.");
            using FileStream file = File.OpenRead(path);
            string sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
            if (listed.All(f => f.Name != name || f.Sha256 != sha256))
                throw new ConfigurationException($"{path}: it is not the file that {OfRun} lists, whose SHA-256 is another; "
                    + "the run was changed after its end, and run --overwrite gives it again.");
        }
        return table;
    }

    private static ListedFile[] Listed(string run)
    {
        string path = Path.Combine(run, OfRun);
        if (!File.Exists(path)) throw new ConfigurationException($"{run}: there is no run in this folder, whose {OfRun} would be there.");
        try
        {
            ListedFiles? record = JsonSerializer.Deserialize<ListedFiles>(File.ReadAllText(path), JsonSerializerOptions.Web);
            return [.. (record?.Files ?? []).OfType<ListedFile>()];
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{path}: this is not the {OfRun} of a run.", e);
        }
    }

    // In the folder of a run every law has its copy. One that reads a run there might lead around in a circle.
    private static Experiment Source(string path)
    {
        if (StrictJson.ParseObject(File.ReadAllText(path), path)["tokens"] is JsonObject tokens && tokens["initial"] is JsonObject initial
            && initial["run"] is not null && initial["path"] is null)
            throw new ConfigurationException($"{path}: $.tokens.initial.path is missing; this is not the experiment of a run.");
        return ExperimentReader.Read(path, []);
    }
}
