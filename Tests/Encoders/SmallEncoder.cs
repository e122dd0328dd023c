using System.Runtime.InteropServices;
using System.Text;

namespace AttentionFlow.Tests.Encoders;

/// <summary>An encoder like BERT with random weights, small enough to be written out: two layers, three heads, d = 12, 24 positions.</summary>
/// <param name="decomposed">Whether layer normalisations are Sqrt, Div, Mul, Add instead of one node.</param>
internal sealed class SmallEncoder(bool decomposed = true)
{
    public const int Words = 40, MostTokens = 24, Width = 12, Heads = 3, Layers = 2, Inner = 20;
    private const int PerHead = Width / Heads;

    private readonly List<ProtoField> _nodes = [], _stored = [];
    private readonly Dictionary<string, float[]> _weights = [];
    private readonly Random _random = new(5);
    private byte[]? _model;

    /// <summary>The last node, if it is to be left out: the graph is then no encoder.</summary>
    public bool EndsEarly { get; init; }

    /// <summary>Whether sublayers read what is normalised, and the residual stream passes by.</summary>
    public bool NormalisesFirst { get; init; }

    /// <summary>Whether sublayers add nothing to the residual stream: layer normalisations alone are left.</summary>
    public bool IsStill { get; init; }

    /// <summary>Whether units are tanh, not ReLU, which has a kink.</summary>
    public bool IsSmooth { get; init; }

    /// <summary>Another name for the ids.</summary>
    public string Ids { get; init; } = EncoderGraph.Ids;

    /// <summary>Words w0, w1, ...</summary>
    public static byte[] Vocabulary { get; } = Encoding.UTF8.GetBytes(
        string.Concat(((string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]).Concat(Enumerable.Range(0, Words - 5).Select(i => $"w{i}")).Select(w => w + "\n")));

    public EncoderFiles Files => new("small", Model, Vocabulary);

    public byte[] Model => _model ??= Make();

    /// <summary>A text of different words.</summary>
    public static string Text(int words) => string.Join(' ', Enumerable.Range(0, words).Select(i => $"w{i * 7 % (Words - 5)}"));

    /// <summary>Hidden states, logits and matrices in double precision, from the weights alone.</summary>
    public (List<double[,]> Hidden, List<double[][,]> Logits, List<double[][,]> Matrices) Reference(TokenSequence tokens)
    {
        _ = Model;
        int n = tokens.Tokens.Count;
        double[,] h = new double[n, Width];
        for (int i = 0; i < n; i++)
            for (int c = 0; c < Width; c++)
                h[i, c] = _weights["word"][tokens.Tokens[i].Piece.Id * Width + c] + _weights["type"][c] + _weights["code"][i * Width + c];
        return ReferenceFrom(Normalised(h, "n0"));
    }

    /// <summary>The same from given states of layer 0.</summary>
    public (List<double[,]> Hidden, List<double[][,]> Logits, List<double[][,]> Matrices) ReferenceFrom(double[,] h)
    {
        int n = h.GetLength(0);
        (List<double[,]> hidden, List<double[][,]> logits, List<double[][,]> matrices) = ([h], [], []);
        for (int l = 0; l < Layers; l++)
        {
            double[,] q = Dense(h, $"q{l}", Width), k = Dense(h, $"k{l}", Width), v = Dense(h, $"v{l}", Width), mixed = new double[n, Width];
            (double[][,] ofLogits, double[][,] ofMatrices) = (new double[Heads][,], new double[Heads][,]);
            for (int head = 0; head < Heads; head++)
            {
                (double[,] s, double[,] a) = (new double[n, n], new double[n, n]);
                for (int i = 0; i < n; i++)
                {
                    for (int j = 0; j < n; j++)
                        for (int c = head * PerHead; c < (head + 1) * PerHead; c++) s[i, j] += q[i, c] * k[j, c] / Math.Sqrt(PerHead);
                    double sum = Enumerable.Range(0, n).Sum(j => Math.Exp(s[i, j]));
                    for (int j = 0; j < n; j++)
                    {
                        a[i, j] = Math.Exp(s[i, j]) / sum;
                        for (int c = head * PerHead; c < (head + 1) * PerHead; c++) mixed[i, c] += a[i, j] * v[j, c];
                    }
                }
                (ofLogits[head], ofMatrices[head]) = (s, a);
            }
            h = Normalised(Sum(Dense(mixed, $"o{l}", Width), h), $"n{2 * l + 1}");
            double[,] inner = Dense(h, $"u{l}", Inner);
            for (int i = 0; i < n; i++)
                for (int c = 0; c < Inner; c++) inner[i, c] = IsSmooth ? Math.Tanh(inner[i, c]) : Math.Max(0, inner[i, c]);
            h = Normalised(Sum(Dense(inner, $"d{l}", Width), h), $"n{2 * l + 2}");
            hidden.Add(h);
            logits.Add(ofLogits);
            matrices.Add(ofMatrices);
        }
        return (hidden, logits, matrices);
    }

    private static double[,] Sum(double[,] x, double[,] y)
    {
        double[,] sum = new double[x.GetLength(0), Width];
        for (int i = 0; i < x.GetLength(0); i++)
            for (int c = 0; c < Width; c++) sum[i, c] = x[i, c] + y[i, c];
        return sum;
    }

    private double[,] Dense(double[,] x, string name, int width)
    {
        (float[] w, float[] b) = (_weights[name], _weights[name + "b"]);
        double[,] made = new double[x.GetLength(0), width];
        for (int i = 0; i < x.GetLength(0); i++)
            for (int c = 0; c < width; c++)
            {
                made[i, c] = b[c];
                for (int k = 0; k < x.GetLength(1); k++) made[i, c] += x[i, k] * w[k * width + c];
            }
        return made;
    }

    private double[,] Normalised(double[,] x, string name)
    {
        double[,] made = new double[x.GetLength(0), Width];
        for (int i = 0; i < x.GetLength(0); i++)
        {
            double[] row = [.. Enumerable.Range(0, Width).Select(c => x[i, c])];
            double mean = row.Average(), deviation = Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + 1e-12);
            for (int c = 0; c < Width; c++) made[i, c] = (row[c] - mean) / deviation * _weights[name][c] + _weights[name + "b"][c];
        }
        return made;
    }

    private byte[] Make()
    {
        Whole("zero", 0);
        Whole("zeros", [1], 0);
        Whole("one", 1);
        Whole("ones", [1], 1);
        Whole("oneAndTwo", [2], 1, 2);
        Whole("split", [4], 0, 0, Heads, PerHead);
        Whole("join", [3], 0, 0, Width);
        Whole("positions", [1, MostTokens], [.. Enumerable.Range(0, MostTokens).Select(i => (long)i)]);
        Store("1", [], 1);
        Store("-10000", [], -10000);
        Store("root", [], MathF.Sqrt(PerHead));
        Store("2", [], 2);
        Store("epsilon", [], 1e-12f);
        Draw("word", [Words, Width], 1, 0);
        Draw("type", [2, Width], 0.3, 0);
        Draw("code", [MostTokens, Width], 0.7, 0);
        Node("Shape", "shape", Ids);
        Node("Gather", "length", "shape", "one");
        Node("Unsqueeze", "end", "length", "zeros");
        Node("Slice", "range", "positions", "zeros", "end", "ones");
        Node("Gather", "words", "word", Ids);
        Node("Gather", "types", "type", EncoderGraph.Types);
        Node("Add", "wordsOfTypes", "words", "types");
        Node("Gather", "codes", "code", "range");
        Node("Add", "embeddings", "wordsOfTypes", "codes");
        Node("Unsqueeze", "seen", EncoderGraph.Mask, "oneAndTwo");
        NodeWith("Cast", "seenNumber", ["seen"], Attribute("to", 1));
        Node("Sub", "unseen", "1", "seenNumber");
        Node("Mul", "mask", "unseen", "-10000");
        string h = Normalise("n0", "embeddings");
        for (int l = 0; l < Layers; l++) h = NormalisesFirst ? LayerOfNormalised(l, h) : Layer(l, h);
        if (NormalisesFirst) h = Normalise("end", h);
        if (EndsEarly) _nodes.RemoveAt(_nodes.Count - 1);
        else Node("Identity", "last_hidden_state", h);
        return ProtoField.Message(ProtoField.Of(1, 8), ProtoField.Of(8, ProtoField.Of(1, ""), ProtoField.Of(2, 17)),
            ProtoField.Of(7, [.. _nodes, ProtoField.Of(2, "small"), .. _stored,
                .. ((string[])[Ids, EncoderGraph.Mask, EncoderGraph.Types]).Select(name => Value(11, name, 7)), Value(12, "last_hidden_state", 1)]));
    }

    private string Layer(int l, string h)
    {
        Attend(l, h);
        Node("Add", $"s{l}", Linear($"o{l}", $"joined{l}", Width, Width), h);
        string middle = Normalise($"n{2 * l + 1}", $"s{l}");
        Node(IsSmooth ? "Tanh" : "Relu", $"r{l}", Linear($"u{l}", middle, Width, Inner));
        Node("Add", $"e{l}", Linear($"d{l}", $"r{l}", Inner, Width), middle);
        return Normalise($"n{2 * l + 2}", $"e{l}");
    }

    private string LayerOfNormalised(int l, string h)
    {
        string read = l == 0 ? h : Normalise($"a{l}", h);
        Attend(l, read);
        Node("Add", $"s{l}", Linear($"o{l}", $"joined{l}", Width, Width), l == 0 ? "embeddings" : h);
        Node("Add", $"e{l}", Linear($"d{l}", Normalise($"m{l}", $"s{l}"), Width, Width), $"s{l}");
        return $"e{l}";
    }

    private void Attend(int l, string h)
    {
        foreach (string part in (string[])["q", "k", "v"])
        {
            Node("Reshape", $"{part}{l}split", Linear($"{part}{l}", h, Width, Width), "split");
            NodeWith("Transpose", $"{part}{l}heads", [$"{part}{l}split"], Order(part == "k" ? [0, 2, 3, 1] : [0, 2, 1, 3]));
        }
        Node("MatMul", $"products{l}", $"q{l}heads", $"k{l}heads");
        Node("Div", $"scaled{l}", $"products{l}", "root");
        Node("Add", $"logits{l}", $"scaled{l}", "mask");
        NodeWith("Softmax", $"attention{l}", [$"logits{l}"], Attribute("axis", -1));
        Node("MatMul", $"mixed{l}", $"attention{l}", $"v{l}heads");
        NodeWith("Transpose", $"back{l}", [$"mixed{l}"], Order([0, 2, 1, 3]));
        Node("Reshape", $"joined{l}", $"back{l}", "join");
    }

    private string Linear(string name, string x, int rows, int columns)
    {
        bool isNothing = IsStill && name[0] is ('o' or 'd');
        Draw(name, [rows, columns], isNothing ? 0 : 1 / Math.Sqrt(rows) * (name[0] is 'q' or 'k' ? 2 : 1), 0);
        Draw(name + "b", [columns], isNothing ? 0 : 0.2, 0);
        Node("MatMul", name + "x", x, name);
        Node("Add", name + "y", name + "b", name + "x");
        return name + "y";
    }

    private string Normalise(string name, string x)
    {
        Draw(name, [Width], 0.2, 1);
        Draw(name + "b", [Width], 0.2, 0);
        if (!decomposed)
        {
            NodeWith("LayerNormalization", name + "z", [x, name, name + "b"], ProtoField.Of(5, ProtoField.Of(1, "epsilon"), ProtoField.Of(20, 1), Single(2, 1e-12f)));
            return name + "z";
        }
        NodeWith("ReduceMean", name + "m", [x], Order([-1], "axes"));
        Node("Sub", name + "c", x, name + "m");
        Node("Pow", name + "p", name + "c", "2");
        NodeWith("ReduceMean", name + "v", [name + "p"], Order([-1], "axes"));
        Node("Add", name + "e", name + "v", "epsilon");
        Node("Sqrt", name + "s", name + "e");
        Node("Div", name + "d", name + "c", name + "s");
        Node("Mul", name + "w", name + "d", name);
        Node("Add", name + "z", name + "w", name + "b");
        return name + "z";
    }

    private void Node(string operation, string output, params string[] inputs) => NodeWith(operation, output, inputs);

    private void NodeWith(string operation, string output, string[] inputs, params ProtoField[] attributes) => _nodes.Add(ProtoField.Of(1,
        [.. inputs.Select(name => ProtoField.Of(1, name)), ProtoField.Of(2, output), ProtoField.Of(4, operation), .. attributes]));

    // Attributes: name, type (2 for a whole number, 7 for several), value.
    private static ProtoField Attribute(string name, long value) => ProtoField.Of(5, ProtoField.Of(1, name), ProtoField.Of(20, 2), ProtoField.Of(3, value));

    private static ProtoField Order(long[] values, string name = "perm") =>
        ProtoField.Of(5, [ProtoField.Of(1, name), ProtoField.Of(20, 7), .. values.Select(v => ProtoField.Of(8, v))]);

    private static ProtoField Single(int number, float value) => ProtoField.Read(((byte[])[(byte)(number << 3 | 5), .. ProtoField.Single(value)]).AsMemory())[0];

    private void Draw(string name, int[] sizes, double deviation, double mean) => Store(name, sizes,
        [.. Enumerable.Range(0, sizes.Aggregate(1, (a, b) => a * b)).Select(_ => (float)(mean + deviation * Math.Sqrt(3) * (2 * _random.NextDouble() - 1)))]);

    private void Store(string name, int[] sizes, params float[] values)
    {
        _weights[name] = values;
        Tensor(name, 1, sizes, MemoryMarshal.AsBytes(values.AsSpan()));
    }

    private void Whole(string name, long[] sizes, params long[] values) => Tensor(name, 7, [.. sizes.Select(s => (int)s)], MemoryMarshal.AsBytes(values.AsSpan()));

    private void Whole(string name, int value) => Whole(name, [], value);

    private void Tensor(string name, int type, int[] sizes, ReadOnlySpan<byte> bytes) => _stored.Add(ProtoField.Of(5,
        [.. sizes.Select(size => ProtoField.Of(1, size)), ProtoField.Of(2, type), ProtoField.Of(8, name), ProtoField.Of(9, bytes)]));

    private static ProtoField Value(int number, string name, int type) => ProtoField.Of(number, ProtoField.Of(1, name), ProtoField.Of(2, ProtoField.Of(1, ProtoField.Of(1, type))));
}
