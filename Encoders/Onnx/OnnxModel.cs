namespace AttentionFlow.Encoders.Onnx;

/// <summary>
/// The graph of an ONNX model (ModelProto), to be read and changed; weights stay where they are in the bytes. What is not named here is
/// passed on as it stands.
/// </summary>
internal sealed class OnnxModel
{
    private const int GraphField = 7; // of ModelProto
    private const int NodeField = 1, InitializerField = 5, InputField = 11, OutputField = 12; // of GraphProto
    private const int SingleType = 1, WholeType = 7; // of TensorProto.DataType: FLOAT, INT64

    private readonly List<ProtoField> _model, _graph;
    private readonly List<OnnxNode> _nodes;
    private readonly Dictionary<string, IReadOnlyList<long>> _weights = [];

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidDataException">These bytes are no model with a graph.</exception>
    public OnnxModel(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            _model = ProtoField.Read(bytes);
            _graph = [.. _model.Where(f => f.Number == GraphField).SelectMany(f => ProtoField.Read(f.Value))];
            _nodes = [.. _graph.Where(f => f.Number == NodeField).Select(OnnxNode.Read)];
            if (_nodes.Count == 0) throw new InvalidDataException("there is no graph in it");
            _graph.RemoveAll(f => f.Number == NodeField);
            foreach (ProtoField field in _graph.Where(f => f.Number == InitializerField))
            {
                List<ProtoField> tensor = ProtoField.Read(field.Value);
                _weights[tensor.LastOrDefault(f => f.Number == 8).Text] = [.. tensor.Where(f => f.Number == 1).SelectMany(f => f.Numbers)];
            }
            Inputs = [.. Names(InputField).Where(name => !_weights.ContainsKey(name))];
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"this is no ONNX model: {e.Message}", e);
        }
    }

    /// <summary>The nodes, in an order of evaluation.</summary>
    public IReadOnlyList<OnnxNode> Nodes => _nodes;

    /// <summary>The sizes of the stored tensors by their names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Weights => _weights;

    /// <summary>The tensors to be given.</summary>
    public IReadOnlyList<string> Inputs { get; }

    /// <summary>The tensors that are results.</summary>
    public IReadOnlyList<string> Outputs => [.. Names(OutputField)];

    /// <summary>The nodes that read a tensor.</summary>
    public IEnumerable<OnnxNode> Readers(string tensor) => _nodes.Where(node => node.Inputs.Contains(tensor));

    /// <summary>The node that makes a tensor; null for one that is stored or given.</summary>
    public OnnxNode? Maker(string tensor) => _nodes.Find(node => node.Outputs.Contains(tensor));

    /// <summary>Makes a tensor a result.</summary>
    public void AddOutput(string tensor)
    {
        if (!Outputs.Contains(tensor)) _graph.Add(ProtoField.Of(OutputField, ProtoField.Of(1, tensor)));
    }

    /// <summary>Adds a tensor of whole numbers to be given.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="sizes">Its sizes; null for any.</param>
    public void AddWholeInput(string tensor, params IReadOnlyList<long?> sizes) => AddInput(tensor, WholeType, sizes);

    /// <summary>Makes a tensor of single precision one to be given: nobody makes it any more.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="sizes">Its sizes; null for any.</param>
    public void GiveInstead(string tensor, params IReadOnlyList<long?> sizes)
    {
        Rename(Maker(tensor)!, tensor);
        AddInput(tensor, SingleType, sizes);
    }

    /// <summary>Puts a node in place of another.</summary>
    public void Replace(OnnxNode node, OnnxNode by) => _nodes[_nodes.IndexOf(node)] = by;

    /// <summary>Puts f(tensor, number) in the place of a tensor that a node makes.</summary>
    /// <param name="tensor">Its name, which f(tensor, number) has from now on.</param>
    /// <param name="operation">f: Mul, Div.</param>
    /// <param name="number">The number.</param>
    public void Change(string tensor, string operation, float number)
    {
        (string constant, OnnxNode maker) = ($"{tensor}/{operation}", Maker(tensor)!);
        _graph.Add(ProtoField.Of(InitializerField,
            ProtoField.Of(2, SingleType), ProtoField.Of(8, constant), ProtoField.Of(9, ProtoField.Single(number))));
        int after = _nodes.IndexOf(maker) + 1;
        _nodes.Insert(after, new(operation, [Rename(maker, tensor), constant], [tensor]));
    }

    /// <summary>The model as bytes.</summary>
    public byte[] ToBytes()
    {
        ProtoField[] graph = [.. _nodes.Select(node => node.Field), .. _graph];
        ProtoField[] others = [.. _model.Where(f => f.Number != GraphField)];
        return ProtoField.Message([.. others, ProtoField.Opening(GraphField, graph), .. graph]);
    }

    // Lets a node make a tensor under another name.
    private string Rename(OnnxNode maker, string tensor)
    {
        string other = tensor + "/before";
        Replace(maker, maker with { Outputs = [.. maker.Outputs.Select(name => name == tensor ? other : name)] });
        return other;
    }

    private void AddInput(string tensor, int type, IReadOnlyList<long?> sizes) => _graph.Add(ProtoField.Of(InputField,
        ProtoField.Of(1, tensor), ProtoField.Of(2, ProtoField.Of(1, ProtoField.Of(1, type),
            ProtoField.Of(2, [.. sizes.Select(size => size is { } n ? ProtoField.Of(1, ProtoField.Of(1, n)) : ProtoField.Of(1))])))));

    private IEnumerable<string> Names(int number) => _graph.Where(f => f.Number == number)
        .Select(f => ProtoField.Read(f.Value).LastOrDefault(part => part.Number == 1)).Where(f => f.Number == 1).Select(f => f.Text);
}
