namespace AttentionFlow.Encoders.Onnx;

/// <summary>A node of the graph, NodeProto: an operator, the tensors it reads and those it makes, by their names.</summary>
/// <param name="Operator">Its type, such as Softmax.</param>
/// <param name="Inputs">Tensors read; an empty name stands for none.</param>
/// <param name="Outputs">Tensors made.</param>
internal sealed record OnnxNode(string Operator, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs)
{
    private const int InputField = 1, OutputField = 2, OperatorField = 4;

    private readonly IReadOnlyList<ProtoField> _others = []; // name, attributes, domain

    /// <summary>Reads a node.</summary>
    /// <exception cref="InvalidDataException">It is none, or makes nothing.</exception>
    public static OnnxNode Read(ProtoField field)
    {
        List<ProtoField> fields = ProtoField.Read(field.Value);
        string[] outputs = All(OutputField);
        if (outputs.Length == 0) throw new InvalidDataException("a node makes nothing");
        return new(Last(OperatorField), All(InputField), outputs,
            [.. fields.Where(f => f.Number is not (InputField or OutputField or OperatorField))]);

        string[] All(int number) => [.. fields.Where(f => f.Number == number).Select(f => f.Text)];

        string Last(int number) => All(number).LastOrDefault() ?? "";
    }

    private OnnxNode(string operation, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, IReadOnlyList<ProtoField> others)
        : this(operation, inputs, outputs) => _others = others;

    /// <summary>The tensor it makes first, or alone.</summary>
    public string Output => Outputs[0];

    /// <summary>The tensor it reads at a place; an empty name where there is none.</summary>
    public string Input(int place) => place < Inputs.Count ? Inputs[place] : "";

    /// <summary>The node as field 1 of a graph.</summary>
    public ProtoField Field => ProtoField.Of(1,
        [.. Inputs.Select(name => ProtoField.Of(InputField, name)), .. Outputs.Select(name => ProtoField.Of(OutputField, name)),
            ProtoField.Of(OperatorField, Operator), .. _others]);

    /// <summary>The same, reading another tensor in place of one.</summary>
    public OnnxNode Reading(string tensor, string insteadOf) =>
        this with { Inputs = [.. Inputs.Select(name => name == insteadOf ? tensor : name)] };
}
