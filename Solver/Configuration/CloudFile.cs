using CsvHelper;

namespace AttentionFlow.Solver.Configuration;

/// <summary>
/// CSV files of points: a header line, then a point a line. Columns, in any order: x0, x1, ..., and optionally label, weight and token
/// (which is ignored).
/// </summary>
public static class CloudFile
{
    // The header is read as a record, so that its line is known.
    private static readonly CsvReaderOptions Options = new()
    {
        HasHeader = false,
        Separator = ',',
        TrimWhitespace = true,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        MaxRecordSize = 1 << 24,
    };

    /// <summary>The points of <paramref name="path"/>, each scaled to length 1.</summary>
    /// <param name="path">The CSV file.</param>
    /// <param name="normalize">Accept points of any length but zero; else they must have length 1 within 1e-6.</param>
    /// <exception cref="ConfigurationException">The file is missing or wrong; the message names file and line.</exception>
    public static CloudData Read(string path, bool normalize) =>
        Open(path, normalize, "write \"normalize\": true to scale every point to length 1");

    /// <summary>The points of a file of prompts or targets, of length 1 within 1e-6, then renormalised.</summary>
    /// <exception cref="ConfigurationException">The file is missing or wrong; the message names file and line.</exception>
    internal static CloudData ReadUnit(string path) => Open(path, normalize: false, "a unit vector is expected");

    // The advice is for a point of another length.
    private static CloudData Open(string path, bool? normalize, string advice)
    {
        try
        {
            using CsvReader csv = CsvReader.FromFile(path, Options);
            return new Reading(path, csv, normalize, advice).Run();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"{path}: there is no such file.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ConfigurationException($"{path}: this is not a file that can be read.", e);
        }
        catch (CsvFormatException e)
        {
            throw new ConfigurationException($"{path}, line {e.LineNumber}: this is not valid CSV; a quote is misplaced or never closed.",
                e);
        }
    }

    /// <summary>The rows of a matrix as they stand: columns x0, x1, ... alone, at least one row.</summary>
    /// <exception cref="ConfigurationException">The file is missing or wrong; the message names file and line.</exception>
    internal static CloudData ReadMatrix(string path) => Open(path, normalize: null, "");

    /// <summary>What <paramref name="read"/> gives for a file named at <paramref name="location"/>; errors name both.</summary>
    internal static T At<T>(string location, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ConfigurationException e)
        {
            throw ConfigurationException.At(location, e.Message);
        }
    }

    // Rows of a matrix, with normalize = null, may have any length.
    private sealed class Reading(string path, CsvReader csv, bool? normalize, string advice)
    {
        private readonly List<double> _positions = [], _labels = [], _weights = [];
        private int[] _coordinates = [];
        private string[] _header = [];
        private int _labelColumn, _weightColumn, _lightest;
        private long _lightestLine;

        public CloudData Run()
        {
            if (!csv.Read()) throw new ConfigurationException($"{path}: the file is empty; a header line such as x0,x1,x2 is expected.");
            ReadHeader();
            double[] point = new double[_coordinates.Length];
            while (csv.Read()) ReadRow(point);
            int count = _positions.Count / point.Length;
            if (count == 0) throw new ConfigurationException($"{path}: there are no rows after the header.");
            Sequence<double>? given = _labelColumn < 0 ? null : [.. _labels], shares = _weightColumn < 0 ? null : NormalizedWeights();
            return new(count, point.Length, [.. _positions], given, shares);
        }

        private void ReadHeader()
        {
            _header = csv.Current.ToArray();
            if (_header.All(h => double.TryParse(h, NumberStyles.Float, CultureInfo.InvariantCulture, out _)))
                throw Wrong("the header is missing; the first line names the columns, such as x0,x1,x2.");
            if (_header.GroupBy(h => h).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw Wrong($"the column '{twice.Key}' appears twice.");
            _coordinates = [.. Enumerable.Range(0, _header.Length).Select(k => Array.IndexOf(_header, $"x{k}")).TakeWhile(c => c >= 0)];
            string[] known = [.. Enumerable.Range(0, Math.Max(_coordinates.Length, 1)).Select(k => $"x{k}"), "label", "weight", "token"];
            if (_header.FirstOrDefault(h => !known.Contains(h)) is { } unknown)
            {
                if (unknown.Length > 1 && unknown[0] == 'x' && unknown[1..].All(char.IsAsciiDigit))
                    throw Wrong($"there is a column '{unknown}' but no column 'x{_coordinates.Length}'.");
                if (unknown.Length == 0)
                    throw Wrong("a column has no name; a table saved with its index needs the index left out (pandas: index=False).");
                if (_header.Length == 1 && unknown.Contains(';')) throw Wrong("columns are separated by semicolons; commas are expected.");
                string hint = Names.Nearest(unknown, known) is { } nearest ? $"did you mean '{nearest}'? K" : "k";
                throw Wrong($"unknown column '{unknown}'; {hint}nown: x0, x1, ..., label, weight, and token (which is ignored).");
            }
            if (_coordinates.Length < 2) throw Wrong("at least the columns x0 and x1 are needed.");
            if (normalize is null && _header.Length > _coordinates.Length)
                throw Wrong($"the column '{_header.Except(_coordinates.Select(c => _header[c])).First()}' does not belong to a matrix; its "
                + $"columns are x0, x1, ...");
            _labelColumn = Array.IndexOf(_header, "label");
            _weightColumn = Array.IndexOf(_header, "weight");
        }

        private void ReadRow(double[] point)
        {
            if (csv.FieldCount != _header.Length)
                throw Wrong($"the number of values is {csv.FieldCount}, but the header has {_header.Length} columns.");
            for (int k = 0; k < point.Length; k++) point[k] = Number(_coordinates[k]);
            if (normalize is not null) Scale(point);
            _positions.AddRange(point);
            if (_labelColumn >= 0) _labels.Add(Number(_labelColumn));
            if (_weightColumn < 0) return;
            double weight = Number(_weightColumn);
            if (_weights.Count == 0 || weight < _weights[_lightest]) (_lightest, _lightestLine) = (_weights.Count, csv.LineNumber);
            if (weight <= 0) throw Wrong($"the weight {csv.GetString(_weightColumn)} is not positive.");
            _weights.Add(weight);
        }

        private void Scale(double[] point)
        {
            double length = Sphere.Rescale(point);
            if (length == 0) throw Wrong("the point is zero; it has no direction.");
            if (normalize == false && !(Math.Abs(length - 1) <= Sphere.FileTolerance))
            {
                string shown = length.ToString("G9", CultureInfo.InvariantCulture);
                throw Wrong($"the point has length {shown}, not 1; {advice}.");
            }
        }

        private double Number(int column)
        {
            if (!double.TryParse(csv.GetSpan(column), NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
                throw Wrong($"'{csv.GetString(column)}' in column {_header[column]} is not a number.");
            return double.IsFinite(value) ? value : throw Wrong($"{csv.GetString(column)} in column {_header[column]} is not finite.");
        }

        private Sequence<double> NormalizedWeights() => Shares.WhyNot(_weights) is { } why
            ? throw new ConfigurationException($"{path}, line {_lightestLine}: {why}.") : Shares.Normalized(_weights);

        private ConfigurationException Wrong(string problem) => new($"{path}, line {csv.LineNumber}: {problem}");
    }
}
