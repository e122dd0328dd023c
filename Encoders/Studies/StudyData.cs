namespace AttentionFlow.Encoders.Studies;

/// <summary>Rows of a table by some of its columns.</summary>
internal sealed class KeyedTable
{
    private readonly IReadOnlyDictionary<string, double[]> _columns;
    private readonly ILookup<string, int> _rows;

    public KeyedTable(string path, params string[] keys)
    {
        _columns = CsvData.Read(path);
        _rows = Enumerable.Range(0, _columns[keys[0]].Length).ToLookup(row => Key([.. keys.Select(k => _columns[k][row])]));
    }

    /// <summary>The different values of a column, rising.</summary>
    public int[] Values(string column) => [.. _columns[column].Distinct().Order().Select(v => (int)v)];

    /// <summary>A column of the rows with these keys, in the order of the file.</summary>
    public double[] Of(string column, params IReadOnlyList<double> keys) => [.. _rows[Key(keys)].Select(row => _columns[column][row])];

    private static string Key(IReadOnlyList<double> keys) => string.Join(' ', keys);
}

/// <summary>A place in the tables: an encoder, a variant, a length and a layer.</summary>
internal readonly record struct Place(int Model, Variant Variant, int Length, int Layer)
{
    public double[] Keys => [Model, Variant.Number, Length, Layer];
}

/// <summary>The tables of the study, read back: numbers with their standard errors over texts.</summary>
internal sealed class StudyData(string folder)
{
    private static readonly string[] PlaceKeys = ["model", "variant", "length", "layer"];

    private readonly KeyedTable _clouds = new(Path.Combine(folder, EncoderTables.Clouds), PlaceKeys);
    private readonly KeyedTable _pooled = new(Path.Combine(folder, EncoderTables.Pooled), PlaceKeys);
    private readonly KeyedTable _heads = new(Path.Combine(folder, EncoderTables.Heads), PlaceKeys);
    private readonly KeyedTable _fit = new(Path.Combine(folder, EncoderTables.Fit), "model");
    private readonly KeyedTable _flow = new(Path.Combine(folder, EncoderTables.Flow), "model", "text");
    private readonly KeyedTable _sentences = new(Path.Combine(folder, EncoderTables.Sentences), "model");

    public int[] Models => _fit.Values("model");
    public int[] Lengths => _pooled.Values("length");
    public int Texts => _clouds.Values("text").Length;
    public int Layers => _pooled.Values("layer")[^1];
    public int FlowTexts => _flow.Values("text").Length;

    /// <summary>The length at which codes are changed and the flow starts.</summary>
    public int Length => (int)_fit.Of("length", Models[0])[0];

    public (double Beta, double R2) Fit(int model) => (_fit.Of("beta", model)[0], _fit.Of("r2", model)[0]);

    /// <summary>One number a text.</summary>
    public double[] ByText(string column, Place at) => _clouds.Of(column, at.Keys);

    /// <summary>A column of the clouds, or of the pooled texts.</summary>
    public Estimate Of(string column, Place at) =>
        IsOfClouds(column) ? Estimate.OfTexts(ByText(column, at)) : Jackknife(_pooled.Of(column, at.Keys));

    /// <summary>A column at one place less the same at another; the texts are the same.</summary>
    public Estimate Change(string column, Place to, Place from)
    {
        if (IsOfClouds(column)) return Estimate.OfTexts([.. ByText(column, to).Zip(ByText(column, from), (a, b) => a - b)]);
        return Jackknife([.. _pooled.Of(column, to.Keys).Zip(_pooled.Of(column, from.Keys), (a, b) => a - b)]);
    }

    /// <summary>A function of the columns of the pooled texts.</summary>
    public Estimate Pooled(Place at, Func<Func<string, double>, double> f)
    {
        Dictionary<string, double[]> columns = Pooling.Columns.ToDictionary(c => c.Name, c => _pooled.Of(c.Name, at.Keys));
        return Jackknife([.. columns["own"].Select((_, row) => f(column => columns[column][row]))]);
    }

    /// <summary>One number a head: of the mean over texts, and its error.</summary>
    public Estimate[] Heads(string column, Place at) =>
        [.. _heads.Of(column, at.Keys).Zip(_heads.Of(column + "_error", at.Keys), (v, e) => new Estimate(v, e))];

    /// <summary>Times, mean cosines and energies along the flow of a text.</summary>
    public (double[] Times, double[] Cosines, double[] Energies) Flow(int model, int text) =>
        (_flow.Of("time", model, text), _flow.Of("mean_cosine", model, text), _flow.Of("energy", model, text));

    public Estimate Sentences(string column, int model) => Jackknife(_sentences.Of(column, model));

    private static bool IsOfClouds(string column) => EncoderTables.CloudColumns.Any(c => c.Name == column);

    // The row without omission comes first.
    private static Estimate Jackknife(double[] rows) => Estimate.Jackknife(rows[0], rows[1..]);
}
