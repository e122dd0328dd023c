using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionFlow.Encoders.Models;

/// <summary>Attention of one layer.</summary>
/// <param name="Heads">H.</param>
/// <param name="Logits">What the softmax sees, [H, n, n].</param>
/// <param name="Matrices">What it makes of it, [H, n, n].</param>
internal sealed record LayerAttention(int Heads, float[] Logits, float[] Matrices);

/// <summary>What was seen after a layer.</summary>
/// <param name="Number">Number of the layer; 0 for the embeddings.</param>
/// <param name="Hidden">Hidden states, [n, d].</param>
/// <param name="Attention">The attention in the layer; null for the embeddings.</param>
internal sealed record EncoderLayer(int Number, float[] Hidden, LayerAttention? Attention);

/// <summary>
/// An encoder under interventions, which are changes of its graph; one that changes nothing leaves the bits of the result as they are. The
/// same numbers from run to run for a given number of threads.
/// </summary>
internal sealed class Encoder : IDisposable
{
    private const string CodesInput = "attentionflow/position_codes";

    private readonly SessionOptions _options;
    private readonly RunOptions _run;
    private readonly EncoderGraph _graph;
    private readonly InferenceSession _first;
    private readonly InferenceSession? _given;
    private readonly bool _givesCodes;
    private readonly int _repeat;

    /// <summary>Loads an encoder.</summary>
    /// <param name="files">Its files.</param>
    /// <param name="interventions">Temperature, positional codes and repetitions are looked at.</param>
    /// <param name="threads">Threads of a product of matrices.</param>
    /// <param name="isDisturbed">Whether <see cref="StatesFrom"/> is to be had, and small differences are to be seen in its states.</param>
    /// <exception cref="ConfigurationException">It is no encoder like BERT, has no positional codes to be changed, or rounds states so that
    /// small differences are lost.</exception>
    /// <exception cref="DeviceUnavailableException">ONNX Runtime has no native library for this platform.</exception>
    public Encoder(EncoderFiles files, Interventions interventions, int threads, bool isDisturbed = false)
    {
        (Files, _repeat, _givesCodes) = (files, interventions.Repeat, interventions.Positions == PositionalCodes.Permuted);
        (_options, _run) = OptionsOf(threads);
        try
        {
            _graph = Changed(files, interventions);
            if (isDisturbed) _graph.ThrowIfRounded();
            _first = new(_graph.Model.ToBytes(), _options);
            if (_repeat == 1 && !isDisturbed) return;
            EncoderGraph given = Changed(files, interventions);
            given.Model.GiveInstead(given.Hidden[0], 1, null, given.Width);
            _given = new(given.Model.ToBytes(), _options);
        }
        catch (Exception e)
        {
            Dispose();
            if (e is InvalidDataException or OnnxRuntimeException) throw new ConfigurationException($"{files.Name}: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Its files.</summary>
    public EncoderFiles Files { get; }

    /// <summary>Dimension d of a hidden state.</summary>
    public int Width => _graph.Width;

    /// <summary>How many layers a text goes through, repetitions included.</summary>
    public int Layers => _graph.Attention.Count * _repeat;

    /// <summary>How many tokens it takes at most.</summary>
    public int MostTokens => _graph.MostTokens;

    /// <summary>Version of ONNX Runtime.</summary>
    public static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Takes a text through the layers; each is handed out once, and not kept.</summary>
    /// <exception cref="ConfigurationException">A tensor has not the type or the shape that it has in BERT.</exception>
    public IEnumerable<EncoderLayer> Run(TokenSequence tokens)
    {
        float[] hidden = [];
        for (int pass = 0; pass < _repeat; pass++)
        {
            using IDisposableReadOnlyCollection<OrtValue> results = pass == 0 ? Pass(tokens, null, _graph.Results)
                : Pass(tokens, hidden, [.. _graph.Results.Skip(1)]);
            if (pass == 0) yield return new(0, Values(results[0], tokens.Tokens.Count, _graph.Width), null);
            int skipped = pass == 0 ? 1 : 0, layers = _graph.Attention.Count;
            for (int l = 0; l < layers; l++)
            {
                hidden = Values(results[skipped + l], tokens.Tokens.Count, _graph.Width);
                yield return new(pass * layers + l + 1, hidden, new(Heads(results[skipped + layers + l]),
                    Values(results[skipped + layers + l], tokens.Tokens.Count, tokens.Tokens.Count),
                    Values(results[skipped + 2 * layers + l], tokens.Tokens.Count, tokens.Tokens.Count)));
            }
        }
    }

    /// <summary>The states after every layer, [n, d], where those of layer 0 are given; each is handed out once, and not kept.</summary>
    /// <exception cref="InvalidOperationException">The encoder was not loaded for it.</exception>
    public IEnumerable<float[]> StatesFrom(TokenSequence tokens, float[] embeddings)
    {
        if (_given is null) throw new InvalidOperationException("this encoder is not given its states");
        float[] hidden = embeddings;
        yield return hidden;
        for (int pass = 0; pass < _repeat; pass++)
        {
            using IDisposableReadOnlyCollection<OrtValue> results = Pass(tokens, hidden, [.. _graph.Hidden.Skip(1)]);
            foreach (OrtValue result in results) yield return hidden = Values(result, tokens.Tokens.Count, _graph.Width);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _first?.Dispose();
        _given?.Dispose();
        _run.Dispose();
        _options.Dispose();
    }

    private static (SessionOptions, RunOptions) OptionsOf(int threads)
    {
        try
        {
            SessionOptions options = new()
            {
                IntraOpNumThreads = threads, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };
            // Threads that wait in a loop take processor time from others, and from the rest of the program.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            return (options, new RunOptions());
        }
        catch (TypeInitializationException e)
        {
            throw new DeviceUnavailableException(
                "the native library of ONNX Runtime does not load; it is there for Linux and Windows on x64 "
                + $"and arm64, and macOS on arm64, and this is {RuntimeInformation.RuntimeIdentifier}", e);
        }
    }

    private static EncoderGraph Changed(EncoderFiles files, Interventions interventions)
    {
        OnnxModel model = new(files.Model);
        EncoderGraph graph = EncoderGraph.Of(model);
        if (interventions.Positions != PositionalCodes.Kept)
        {
            OnnxNode codes = graph.Positions
                ?? throw new InvalidDataException("no table of positional codes is added to its embeddings, so none can be changed");
            if (interventions.Positions == PositionalCodes.Permuted)
            {
                model.AddWholeInput(CodesInput, 1, null);
                model.Replace(codes, codes.Reading(CodesInput, codes.Input(1)));
            }
            else
                model.Change(codes.Output, "Mul", 0);
        }
        if (interventions.Temperature is { } temperature)
            foreach (AttentionNode attention in graph.Attention) model.Change(attention.Logits, "Div", (float)temperature);
        foreach (string tensor in graph.Results) model.AddOutput(tensor);
        return graph;
    }

    private IDisposableReadOnlyCollection<OrtValue> Pass(TokenSequence tokens, float[]? hidden, string[] results)
    {
        int n = tokens.Tokens.Count;
        Dictionary<string, OrtValue> given = [];
        try
        {
            foreach (string name in _graph.Model.Inputs)
                given[name] = Whole(name switch
                {
                    EncoderGraph.Ids => tokens.Tokens.Select(t => (long)t.Piece.Id),
                    EncoderGraph.Mask => Enumerable.Repeat(1L, n),
                    _ => Enumerable.Repeat(0L, n),
                });
            if (_givesCodes) given[CodesInput] = Whole(tokens.Tokens.Select(t => (long)t.Code));
            if (hidden is not null) given[_graph.Hidden[0]] = OrtValue.CreateTensorValueFromMemory(hidden, [1, n, _graph.Width]);
            return (hidden is null ? _first : _given!).Run(_run, given, results);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ConfigurationException($"{Files.Name}: {e.Message}", e);
        }
        finally
        {
            foreach (OrtValue value in given.Values) value.Dispose();
        }

        OrtValue Whole(IEnumerable<long> values) => OrtValue.CreateTensorValueFromMemory(values.ToArray(), [1, n]);
    }

    private static int Heads(OrtValue value) => (int)value.GetTensorTypeAndShape().Shape[1];

    private static float[] Values(OrtValue value, int rows, int columns)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        if (info.ElementDataType != TensorElementType.Float
            || info.Shape is not ([1, _, _] or [1, _, _, _]) || info.Shape[^2] != rows || info.Shape[^1] != columns)
            throw new ConfigurationException($"a tensor of the encoder is {info.ElementDataType} [{string.Join(", ", info.Shape)}]; hidden "
                + "states are Float [1, n, d], logits and attention Float [1, heads, n, n]");
        return value.GetTensorDataAsSpan<float>().ToArray();
    }
}
