using System.CommandLine;
using System.Security.Cryptography;
using AttentionFlow.Encoders.Models;
using AttentionFlow.Encoders.Traces;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Solver.Analysis;

namespace AttentionFlow.Encoders.Commands;

/// <summary><c>trace</c>: the hidden states of texts in a trained encoder, layer by layer, into a folder.</summary>
internal static class TraceCommand
{
    /// <summary>The program that has it.</summary>
    public static Extension Program { get; } = new("attentionflow-encoders", Make);

    private static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string> model = new("MODEL")
        {
            Description = $"{string.Join(" or ", EncoderFiles.Names)}, or the path of an .onnx file of an encoder like BERT.",
        };
        Argument<string[]> texts = new("TEXT") { Description = "Texts, one a replica.", Arity = ArgumentArity.ZeroOrMore };
        Option<string[]> files = new("--file")
        {
            Description = "A file that holds one more text (UTF-8); may be repeated.", HelpName = "FILE",
        };
        Option<string?> folder = new("--out")
        {
            Description = "The folder to write; out/trace by default.", HelpName = "DIR", CustomParser = OptionValues.Folder,
        };
        Option<bool> overwrite = new("--overwrite") { Description = "Replace the trace that is in the folder." };
        Option<string?> vocabulary = new("--vocab")
        {
            Description = "The word pieces of the encoder, one a line; by default its own, or vocab.txt beside the model.",
            HelpName = "FILE", CustomParser = OptionValues.File,
        };
        Option<bool> bare = new("--no-analysis") { Description = "Write the trace alone, without the folder analysis; a second less." };
        Option<int?> gradient = new("--gradient")
        {
            Description = "Also by how much small disturbances of the embeddings have grown, along K random directions.", HelpName = "K",
            CustomParser = result => OptionValues.Whole(result, 4096) is { } k && k >= 1 ? (int)k
                : OptionValues.Refuse<int?>(result, "a whole number from 1 to 4096 is needed"),
        };
        InterventionOptions interventions = new();
        Command command = new("trace", "Hidden states and attention of texts in a trained encoder, layer by layer, as a trajectory.")
        {
            model, texts, files, folder, overwrite, vocabulary, bare, gradient,
        };
        foreach (Option option in interventions.All) command.Options.Add(option);
        model.CompletionSources.Add([.. EncoderFiles.Names]);
        command.SetAction(parsed =>
        {
            SourceText[] all = [.. (parsed.GetValue(texts) ?? []).Select(text => new SourceText(null, text)),
                .. (parsed.GetValue(files) ?? []).Select(SourceText.Read)];
            if (all.Length == 0) throw new ConfigurationException("a text is needed: as an argument after the model, or by --file");
            return Execute(contextOf(parsed), EncoderFiles.Find(parsed.GetRequiredValue(model), parsed.GetValue(vocabulary)), all,
                interventions.Of(parsed), parsed.GetValue(gradient), parsed.GetValue(folder) ?? Path.Combine("out", "trace"),
                parsed.GetValue(overwrite), !parsed.GetValue(bare));
        });
        return command;
    }

    private static int Execute(
        CommandContext context, EncoderFiles files, SourceText[] texts, Interventions interventions, int? gradient, string path,
        bool overwrite, bool isAnalysed)
    {
        DateTime start = RunRecord.Now();
        Task<string> sha256 = Task.Run(() => Sha256(files.Model));
        using Encoder encoder = new(files, interventions, context.Threads, isDisturbed: gradient is not null);
        TokenSequence[] sequences = Sequences(context, encoder, texts, interventions);
        ThrowIfTooMany(gradient, encoder, texts, sequences);
        using TraceFolder folder = TraceFolder.Open(path, overwrite);
        TextTrace[] traces;
        try { traces = Follow(context, encoder, sequences, gradient); }
        catch (NonFiniteException e)
        {
            context.Error.WriteLine($"attentionflow: {files.Name}: the numbers ceased to be finite ({e.Message}); a higher --temperature?");
            return ExitCodes.Diverged;
        }
        TraceRecord record = new()
        {
            Encoder = new(files.Name, sha256.Result, Sha256(files.Vocabulary), encoder.Layers / interventions.Repeat, encoder.Width),
            Interventions = interventions,
            Gradient = gradient,
            Threads = context.Threads,
            Start = start,
            Texts = [.. texts.Select((text, r) =>
                new TracedText(r, text.File, text.Sha256, sequences[r].Tokens.Count, sequences[r].Cut))],
        };
        // Side by side: the tables are text, and long.
        Task<TraceRecord> written = Task.Run(() => folder.Write(record, traces, $"Trace of {files.Name}"));
        if (isAnalysed) Analyse(context, files.Name, new TraceTrajectory(traces, SnapshotsOf(written, path)), traces, path, overwrite);
        record = written.GetAwaiter().GetResult();
        TraceSummary.Write(context, path, record, traces, isAnalysed);
        return ExitCodes.Done;
    }

    private static async Task<string> SnapshotsOf(Task<TraceRecord> written, string path)
    {
        await written.ConfigureAwait(false);
        return Path.Combine(path, RunFolder.SnapshotsFile);
    }

    // As 'analyze' does, with the flow whose beta explains most of all heads' logits.
    private static void Analyse(
        CommandContext context, string model, TraceTrajectory trajectory, TextTrace[] traces, string path, bool overwrite)
    {
        BetaFit fit = new();
        foreach (HeadValues head in traces.SelectMany(t => t.Heads)) fit.Add(head.Fit);
        Experiment? experiment = fit.Beta > 0 ? ExperimentReader.Parse("{}", "trace", [$"tokens.dimension={trajectory.Dimension}",
            "interaction.normalization=softmax", $"interaction.beta={fit.Beta.ToString("R", CultureInfo.InvariantCulture)}"]) : null;
        using AnalysisFolder folder = AnalysisFolder.Create(Path.Combine(path, TraceFolder.AnalysisFolder), overwrite);
        AnalyzeCommand.Write(context with { Quiet = true }, $"{Text.Plural(traces.Length, "text")} in {model}", trajectory,
            new AnalysisRequest { Experiment = experiment, Threads = context.Threads }, folder,
            new AnalysisRecord { Sources = [], FittedBeta = fit.Beta, FittedShare = fit.R2 }, "layer");
    }

    private static TokenSequence[] Sequences(CommandContext context, Encoder encoder, SourceText[] texts, Interventions interventions)
    {
        WordPieces pieces = new(encoder.Files.Vocabulary);
        TokenSequence[] sequences =
            [.. texts.Select((text, r) => TokenSequence.Of(text.Characters, r, interventions, pieces, encoder.MostTokens))];
        foreach ((int r, TokenSequence tokens) in sequences.Index())
        {
            string name = NameOf(texts, r);
            if (tokens.Tokens.All(t => t.Kind != TokenKind.Text)) throw new ConfigurationException($"{name}: there is no word in it");
            if (tokens.Cut > 0)
                context.Warn($"{name}: {tokens.Cut} tokens at its end are left out; the encoder takes {encoder.MostTokens}");
        }
        return sequences;
    }

    private static void ThrowIfTooMany(int? gradient, Encoder encoder, SourceText[] texts, TokenSequence[] sequences)
    {
        foreach ((int r, TokenSequence tokens) in sequences.Index())
            if (gradient > tokens.Tokens.Count * encoder.Width)
                throw new ConfigurationException($"--gradient {gradient}: {NameOf(texts, r)} has {tokens.Tokens.Count} tokens of "
                    + $"{encoder.Width} numbers, so at most {tokens.Tokens.Count * encoder.Width} directions");
    }

    private static string NameOf(SourceText[] texts, int r) => texts[r].File ?? $"text {r}";

    private static TextTrace[] Follow(CommandContext context, Encoder encoder, TokenSequence[] sequences, int? gradient) =>
        ProgressDisplay.Run(context.Quiet, sequences.Length, context.Error, progress =>
        {
            progress.Begin(Quoted.Short(encoder.Files.Name));
            TextTrace[] traces = new TextTrace[sequences.Length];
            for (int r = 0; r < traces.Length; r++)
            {
                traces[r] = TextTrace.Of(encoder, sequences[r], gradient, context.Threads, context.Stop);
                progress.Advance(1, $"text {r + 1} of {traces.Length}", direct: false);
            }
            return traces;
        });

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
