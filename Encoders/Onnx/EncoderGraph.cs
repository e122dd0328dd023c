namespace AttentionFlow.Encoders.Onnx;

/// <summary>An attention of the graph: a Softmax whose result is multiplied with values.</summary>
/// <param name="Logits">What it reads, [1, heads, n, n].</param>
/// <param name="Matrices">What it makes, [1, heads, n, n].</param>
internal sealed record AttentionNode(string Logits, string Matrices);

/// <summary>
/// What is found in the graph of an encoder like BERT: a layer normalisation of the embeddings, then for every layer an attention and two
/// layer normalisations, after which the residual stream is read.
/// </summary>
/// <param name="Model">The graph.</param>
/// <param name="Hidden">Names of the hidden states: of the embeddings, then after every layer.</param>
/// <param name="Attention">The attention of every layer.</param>
/// <param name="Positions">The Gather of positional codes; null where none was found.</param>
/// <param name="Width">d.</param>
internal sealed record EncoderGraph(
    OnnxModel Model, IReadOnlyList<string> Hidden, IReadOnlyList<AttentionNode> Attention, OnnxNode? Positions, int Width)
{
    /// <summary>The names of what an encoder is given.</summary>
    public const string Ids = "input_ids", Mask = "attention_mask", Types = "token_type_ids";

    /// <summary>What is asked of it: the hidden states, the logits and the matrices of every layer.</summary>
    public string[] Results => [.. Hidden, .. Attention.Select(a => a.Logits), .. Attention.Select(a => a.Matrices)];

    /// <summary>How many tokens there is a positional code for.</summary>
    public int MostTokens => Positions is null ? int.MaxValue : (int)Model.Weights[Positions.Input(0)][0];

    /// <summary>Finds them.</summary>
    /// <exception cref="InvalidDataException">The graph is another one; says what was found.</exception>
    public static EncoderGraph Of(OnnxModel model)
    {
        Normalisation[] normalisations = [.. model.Nodes.Select(node => NormalisationAt(model, node)).OfType<Normalisation>()];
        AttentionNode[] attention = [.. model.Nodes.Where(node => IsAttention(model, node))
            .Select(node => new AttentionNode(node.Input(0), node.Output))];
        string order = Order(model, normalisations, attention), expected = "n" + string.Concat(attention.Select(_ => "ann"));
        // A head may have normalisations of its own.
        bool isKnown = attention.Length > 0 && order.StartsWith(expected, StringComparison.Ordinal)
            && order.AsSpan(expected.Length).IndexOfAnyExcept('n') < 0;
        normalisations = [.. normalisations.Take(1 + 2 * attention.Length)];
        if (!isKnown || !normalisations.Zip(normalisations.Skip(1)).All(pair => IsResidual(model, pair.First, pair.Second)))
            throw new InvalidDataException(Unknown(model, order, isKnown));
        if (!model.Inputs.Contains(Ids) || model.Inputs.Except([Ids, Mask, Types]).Any())
            throw new InvalidDataException($"it is given {string.Join(", ", model.Inputs)}; an encoder is given {Ids}, {Mask}, {Types}");
        return new(model, [.. normalisations.Where((_, i) => i % 2 == 0).Select(n => n.Result)], attention,
            PositionsOf(model, normalisations[0].Summed), (int)model.Weights[normalisations[0].Weights][^1]);
    }

    /// <summary>Refuses a graph that rounds hidden states to a few whole numbers, where small differences are steps or nothing.</summary>
    /// <exception cref="InvalidDataException">It does.</exception>
    public void ThrowIfRounded()
    {
        if (Model.Nodes.FirstOrDefault(n => n.Operator.Contains("QuantizeLinear") || n.Operator.StartsWith("QLinear")) is { } found)
            throw new InvalidDataException(
                $"its graph rounds hidden states to whole numbers ({found.Operator}), so it has no derivative; leave --gradient out");
    }

    private static string Order(OnnxModel model, Normalisation[] normalisations, AttentionNode[] attention)
    {
        HashSet<string> results = [.. normalisations.Select(n => n.Result)], matrices = [.. attention.Select(a => a.Matrices)];
        return string.Concat(model.Nodes.Select(node =>
            results.Contains(node.Output) ? "n" : matrices.Contains(node.Output) ? "a" : ""));
    }

    // Where the sum that is normalised has the last normalised state in it, that is the residual stream; where sublayers read what is
    // normalised, and the stream passes by, it has not.
    private static bool IsResidual(OnnxModel model, Normalisation earlier, Normalisation later) =>
        model.Maker(later.Summed) is { Operator: "Add" } sum && sum.Inputs.Contains(earlier.Result);

    // What is missing, from what is there: a for an attention, n for a layer normalisation, in the order of evaluation.
    private static string Unknown(OnnxModel model, string order, bool isKnown)
    {
        (string, int)[] operators = [.. model.Nodes.CountBy(node => node.Operator).OrderByDescending(o => o.Value)
            .ThenBy(o => o.Key, StringComparer.Ordinal).Select(o => (o.Key, o.Value))];
        string found = string.Join(", ", operators.Take(12).Select(o => $"{o.Item2} {o.Item1}")) + (operators.Length > 12 ? ", .." : "");
        string shown = order.Length == 0 ? "none of them" : order.Length > 40 ? order[..40] + ".." : order;
        string what = isKnown ? "the residual stream passes by its layer normalisations" : $"found: {shown}";
        return "this is no encoder like BERT, which is a layer normalisation (n), then for every layer an attention (a) and two layer "
            + $"normalisations of the residual stream: nannann..; {what}; operators: {found}; inputs: {string.Join(", ", model.Inputs)}";
    }

    /// <param name="Summed">The tensor that is normalised.</param>
    /// <param name="Weights">The stored tensor that scales it, [d].</param>
    /// <param name="Result">The tensor that is made.</param>
    private sealed record Normalisation(string Summed, string Weights, string Result);

    // The layer normalisation that this node begins or is in: LayerNormalization, or (x - mean)/Sqrt, Mul, Add.
    private static Normalisation? NormalisationAt(OnnxModel model, OnnxNode node)
    {
        if (node.Operator == "LayerNormalization" && IsVector(node.Input(1)))
            return new(node.Input(0), node.Input(1), node.Output);
        if (node.Operator != "Sqrt" || Reader(node, "Div") is not { } divided || divided.Input(1) != node.Output) return null;
        if (model.Maker(divided.Input(0)) is not { Operator: "Sub" } centred) return null;
        if (Reader(divided, "Mul") is not { } scaled || Stored(scaled) is not { } weights) return null;
        return Reader(scaled, "Add") is { } shifted && Stored(shifted) is not null
            ? new(centred.Input(0), weights, shifted.Output) : null;

        OnnxNode? Reader(OnnxNode made, string operation) =>
            model.Readers(made.Output).ToArray() is [{ } only] && only.Operator == operation ? only : null;

        string? Stored(OnnxNode reader) => reader.Inputs.FirstOrDefault(IsVector);

        bool IsVector(string tensor) => model.Weights.TryGetValue(tensor, out IReadOnlyList<long>? sizes) && sizes.Count == 1;
    }

    private static bool IsAttention(OnnxModel model, OnnxNode node) => node.Operator == "Softmax"
        && model.Readers(node.Output).Any(reader => reader.Operator == "MatMul"
            || (reader.Operator is "Dropout" or "Identity" && model.Readers(reader.Output).Any(next => next.Operator == "MatMul")));

    // Of the stored tables whose rows add up to the embeddings, the one that is not read at words or types.
    private static OnnxNode? PositionsOf(OnnxModel model, string embeddings)
    {
        Stack<string> open = new([embeddings]);
        HashSet<string> seen = [];
        OnnxNode? found = null;
        while (open.TryPop(out string? tensor))
        {
            if (!seen.Add(tensor) || model.Maker(tensor) is not { } maker) continue;
            if (maker.Operator == "Gather" && model.Weights.TryGetValue(maker.Input(0), out IReadOnlyList<long>? sizes) && sizes.Count == 2)
            {
                if (maker.Input(1) is not (Ids or Types)) found = maker;
                continue;
            }
            foreach (string input in maker.Inputs) open.Push(input);
        }
        return found;
    }
}
