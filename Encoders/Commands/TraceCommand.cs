using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using AttentionFlow.Encoders.Models;
using AttentionFlow.Encoders.Traces;
using AttentionFlow.Experiments.Commands;

namespace AttentionFlow.Encoders.Commands;

/// <summary><c>trace</c>: the hidden states of texts in a trained encoder, layer by layer, into a folder.</summary>
internal static class TraceCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
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
        InterventionOptions interventions = new();
        Command command = new("trace", "Hidden states and attention of texts in a trained encoder, layer by layer, as a trajectory.")
        {
            model, texts, files, folder, overwrite, vocabulary,
        };
        foreach (Option option in interventions.All) command.Options.Add(option);
        model.CompletionSources.Add([.. EncoderFiles.Names]);
        command.SetAction(parsed =>
        {
            Text[] all = [.. (parsed.GetValue(texts) ?? []).Select(text => new Text(null, text)),
                .. (parsed.GetValue(files) ?? []).Select(Text.Read)];
            if (all.Length == 0) throw new ConfigurationException("a text is needed: as an argument after the model, or by --file");
            return Execute(contextOf(parsed), EncoderFiles.Find(parsed.GetRequiredValue(model), parsed.GetValue(vocabulary)), all,
                interventions.Of(parsed), parsed.GetValue(folder) ?? Path.Combine("out", "trace"), parsed.GetValue(overwrite));
        });
        return command;
    }

    /// <param name="File">Name of its file; null for an argument.</param>
    /// <param name="Characters">The text.</param>
    private sealed record Text(string? File, string Characters)
    {
        private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        public static Text Read(string path)
        {
            byte[] bytes = WholeFile.Guard(path, () => System.IO.File.ReadAllBytes(path));
            try { return new(Path.GetFileName(path), Strict.GetString(bytes)); }
            catch (DecoderFallbackException e) { throw new ConfigurationException($"{path}: this is no text in UTF-8", e); }
        }

        public string Shown(int replica) => File ?? $"text {replica}";
    }

    private static int Execute(
        CommandContext context, EncoderFiles files, Text[] texts, Interventions interventions, string path, bool overwrite)
    {
        using TraceFolder folder = TraceFolder.Open(path, overwrite);
        TraceRecord record = new()
        {
            Encoder = new(files.Name, Sha256(files.Model), Sha256(files.Vocabulary), 0, 0), Interventions = interventions,
            Threads = context.Threads,
        };
        using Models.Encoder encoder = new(files, interventions, context.Threads);
        record = record with
        {
            Encoder = record.Encoder with { Layers = encoder.Layers / interventions.Repeat, Width = encoder.Width },
        };
        WordPieces pieces = new(files.Vocabulary);
        TokenSequence[] sequences = [.. texts.Select((text, r) => TokensOf(text, r))];
        TextTrace[] traces;
        try
        {
            traces = ProgressDisplay.Run(context.Quiet, texts.Length, context.Error, progress =>
            {
                progress.Begin($"{files.Name}, {texts.Length} texts");
                return sequences.Select((tokens, r) =>
                {
                    TextTrace trace = TextTrace.Of(encoder, tokens, context.Threads, context.Stop);
                    progress.Advance(1, $"text {r + 1} of {texts.Length}", direct: false);
                    return trace;
                }).ToArray();
            });
        }
        catch (NonFiniteException e)
        {
            context.Error.WriteLine($"attentionflow: {files.Name}: the numbers ceased to be finite ({e.Message}); a higher --temperature?");
            return ExitCodes.Diverged;
        }
        record = folder.Write(record with
        {
            Texts = [.. texts.Select((text, r) => new TracedText(r, text.File, Sha256(Encoding.UTF8.GetBytes(text.Characters)),
                sequences[r].Tokens.Count, sequences[r].Cut))],
        }, traces, $"Trace of {files.Name}");
        // Observables of the folder, as 'analyze' makes them, go here.
        TraceSummary.Write(context, path, record, traces);
        return ExitCodes.Done;

        TokenSequence TokensOf(Text text, int r)
        {
            TokenSequence tokens = TokenSequence.Of(text.Characters, r, interventions, pieces, encoder.MostTokens);
            if (tokens.Tokens.All(t => t.Kind != TokenKind.Text)) throw new ConfigurationException($"{text.Shown(r)}: there is no word in it");
            if (tokens.Cut > 0)
                context.Warn($"{text.Shown(r)}: {tokens.Cut} tokens at its end are left out; the encoder takes {encoder.MostTokens}");
            return tokens;
        }
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
