using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Configuration;

/// <summary>Reads experiment files strictly and writes them completely.</summary>
public static class ExperimentReader
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The experiment in the file <paramref name="path"/>, with settings of the form <c>interaction.beta=2</c> applied to it in order.
    /// </summary>
    /// <exception cref="ConfigurationException">The file is missing or wrong, a setting is wrong, or a cloud file it names is.</exception>
    public static Experiment Read(string path, IReadOnlyList<string> settings) => Parse(TextOf(path, "experiment"), path, settings);

    /// <summary>The text of an experiment file, or of another kind of file.</summary>
    /// <exception cref="ConfigurationException">It is missing, or no text.</exception>
    internal static string TextOf(string path, string kind)
    {
        try
        {
            return File.ReadAllText(path, Utf8);
        }
        catch (DecoderFallbackException e)
        {
            throw new ConfigurationException($"{path}: this is not UTF-8; save the file as UTF-8.", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or PathTooLongException
            or ArgumentException)
        {
            throw new ConfigurationException($"{Quoted.Short(path, 200)}: there is no such {kind} file.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ConfigurationException($"{path}: this is not a file that can be read.", e);
        }
    }

    /// <summary>
    /// The experiment in <paramref name="text"/>. Relative paths in it, and in settings, are relative to the folder of
    /// <paramref name="origin"/>, the file it comes from; the experiment holds them absolute, so that it can be written anywhere.
    /// Errors name that file, or the setting that made them. A cloud file gives the number of tokens and the dimension, and the labels
    /// where it has them and no law is named.
    /// </summary>
    public static Experiment Parse(string text, string origin, IReadOnlyList<string> settings)
    {
        Override[] edits = [.. settings.Select(s => new Override(s))];
        try
        {
            JsonObject root = StrictJson.ParseObject(text, origin);
            foreach (Override edit in edits) edit.Apply(root);
            return Resolve(root, Path.GetDirectoryName(Path.GetFullPath(origin))!, []);
        }
        catch (ConfigurationException e) when (edits.LastOrDefault(s => s.Concerns(e.Location)) is { } edit)
        {
            throw edit.Blame(e);
        }
        catch (ConfigurationException e) when (e.Location is not null)
        {
            throw e.Within(origin);
        }
    }

    /// <summary>The experiment in a tree, which is checked and made plain in place: paths of files absolute.</summary>
    /// <param name="root">The tree.</param>
    /// <param name="folder">What relative paths in it are relative to.</param>
    /// <param name="read">The files that were read for experiments before it, which are not read again; new ones are added.</param>
    /// <exception cref="ConfigurationException">The location is that in the tree.</exception>
    internal static Experiment Resolve(JsonObject root, string folder, Dictionary<(string, IFilePart), IFilePart> read)
    {
        if (root[ExperimentSchema.SchemaKey]?.GetValueKind() == JsonValueKind.String) root.Remove(ExperimentSchema.SchemaKey);
        new StrictWalk(folder).Check(root);
        Experiment written = root.Deserialize<Experiment>(ExperimentSchema.Options)!;
        Experiment experiment = WithIntervals(WithCloud(InputFiles.Read(written, read), root), root).WithDefaults();
        ExperimentRules.Check(experiment);
        return experiment;
    }

    /// <summary>
    /// The experiment as a complete experiment file, every key written, in the order of the schema, with a final line break. Reading it
    /// gives the same experiment, from any folder, as long as the files it names stay where they are.
    /// </summary>
    public static string Write(Experiment experiment) => JsonSerializer.Serialize(experiment, ExperimentSchema.Options) + "\n";

    // Where matrices are redrawn, what is left out goes with the times at which they are.
    private static Experiment WithIntervals(Experiment experiment, JsonObject root)
    {
        (TimeSection time, RecordSection record) = (experiment.Time, experiment.Record);
        if (experiment.Redraw is not { } redraw) return experiment;
        return experiment with
        {
            Time = root["time"]!["method"] is null ? time with { Method = Methods.Euler } : time,
            Record = record with
            {
                Snapshots = Count("snapshots", record.Snapshots),
                Observations = Count("observations", record.Observations),
            },
        };

        int Count(string key, int count) => root["record"]?[key] is null && record.Spacing == Spacing.Linear
            ? redraw.EvenCount(count, time.Horizon) : count;
    }

    // What the cloud file, or the snapshot, says of the tokens.
    private static Experiment WithCloud(Experiment experiment, JsonObject root)
    {
        InitialLaw law = experiment.Tokens.Initial;
        if ((law as FileLaw)?.Rows is not { } cloud && (cloud = (law as SnapshotLaw)?.Rows) is null) return experiment;
        (string path, int? sample) = law is FileLaw file ? (file.Path, file.Sample) : ((law as IFilePart)!.Path!, null);
        TokensSection tokens = experiment.Tokens;
        int count = sample ?? cloud.Count, replicas = law is SnapshotLaw ? cloud.Replicas : experiment.Replicas;
        string counted = sample is not null ? "sample" : law is FileLaw ? "number of rows" : "number of tokens";
        if (root["tokens"]!["count"] is not null && tokens.Count != count) throw Disagree("tokens.count", tokens.Count, counted, count);
        if (root["tokens"]!["dimension"] is not null && tokens.Dimension != cloud.Dimension)
            throw Disagree("tokens.dimension", tokens.Dimension, "dimension", cloud.Dimension);
        if (root["replicas"] is not null && experiment.Replicas != replicas)
            throw Disagree("replicas", experiment.Replicas, "number of replicas", replicas);
        bool labelled = experiment.Labels is ListedLabels || (cloud.Labels is not null && root["labels"] is null);
        return experiment with
        {
            Replicas = replicas,
            Tokens = tokens with { Count = count, Dimension = cloud.Dimension },
            Labels = !labelled ? experiment.Labels
                : new ListedLabels { Values = cloud.Labels, Sample = sample, Replicas = cloud.Replicas },
        };

        ConfigurationException Disagree(string key, int given, string what, int found) =>
            ConfigurationException.At($"$.{key}", $"{given} is not the {what} of {path}, which is {found}; this key may be left out.");
    }
}
