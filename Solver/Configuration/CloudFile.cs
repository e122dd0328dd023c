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
    private static CloudData Open(string path, bool? normalize, string advice) =>
        Open(path, (csv, isCut) => new Reading(path, csv, normalize, advice).Run(isCut));

    /// <summary>What <paramref name="read"/> makes of the records of a file; it is told whether the last line is cut.</summary>
    internal static T Open<T>(string path, Func<CsvReader, bool, T> read) => Open(path, File.OpenRead, read);

    /// <summary>The same, of a file that is opened otherwise.</summary>
    internal static T Open<T>(string path, Func<string, Stream> open, Func<CsvReader, bool, T> read)
    {
        try
        {
            using Stream file = open(path);
            bool isCut = EndsWithinALine(file);
            using CsvReader csv = CsvReader.Create(file, Options);
            return read(csv, isCut);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
        {
            throw new ConfigurationException($"{Quoted.Short(path, 200)}: there is no such file.", e);
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

    // A file that can not be sought, such as a pipe, has ended where it ended.
    private static bool EndsWithinALine(Stream file)
    {
        if (!file.CanSeek || file.Length == 0) return false;
        file.Seek(-1, SeekOrigin.End);
        int last = file.ReadByte();
        file.Seek(0, SeekOrigin.Begin);
        return last is not ('\n' or '\r' or 0); // 0: half of a UTF-16 line break
    }

    /// <summary>What <paramref name="read"/> gives for a file named at <paramref name="location"/>; errors name both, unless they name
    /// a place of their own.</summary>
    internal static T At<T>(string location, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ConfigurationException e) when (e.Location is null)
        {
            throw ConfigurationException.At(location, e.Message);
        }
    }

    // Rows of a matrix, with normalize = null, may have any length.
    private sealed class Reading(string path, CsvReader csv, bool? normalize, string advice)
    {
        private static readonly QuantityAttribute AnEntry = new("an entry") { AtLeast = -1e6, AtMost = 1e6 };
        private static readonly QuantityAttribute AWeight = new("a weight") { AtLeast = 1e-100, AtMost = 1e100 };
        private static readonly QuantityAttribute ALabel = new("a label") { AtLeast = -1e15, AtMost = 1e15 };
        private readonly List<double> _positions = [], _labels = [], _weights = [];
        private CloudHeader _header = null!;

        public CloudData Run(bool isCut)
        {
            if (!csv.Read()) throw new ConfigurationException($"{path}: the file is empty; a header line such as x0,x1,x2 is expected.");
            try
            {
                _header = new CloudHeader(csv.Current.ToArray(), isMatrix: normalize is null);
            }
            catch (ConfigurationException e)
            {
                throw Wrong(e.Message);
            }
            double[] point = new double[_header.Coordinates.Length];
            while (csv.Read()) ReadRow(point);
            int count = _positions.Count / point.Length;
            if (count == 0) throw new ConfigurationException($"{path}: there are no rows after the header.");
            if (isCut)
                throw Wrong("the file ends without a line break, so its last number may be cut; if it is whole, end it with a line break.");
            Sequence<double>? given = _header.Label < 0 ? null : [.. _labels];
            Sequence<double>? shares = _header.Weight < 0 ? null : [.. Shares.Normalized(_weights)];
            return new(count, point.Length, [.. _positions], given, shares);
        }

        private void ReadRow(double[] point)
        {
            int columns = _header.Names.Length;
            if (csv.FieldCount == columns + 1 && csv.GetString(columns).Length == 0)
                throw Wrong("the line ends in a comma; leave the last comma of every line out (sed 's/,$//').");
            if (csv.FieldCount != columns) throw Wrong($"the number of values is {csv.FieldCount}, but the header has {columns} columns.");
            for (int k = 0; k < point.Length; k++) point[k] = Number(_header.Coordinates[k], normalize is null ? AnEntry : null);
            if (normalize is not null) Scale(point);
            _positions.AddRange(point);
            if (_header.Label >= 0) _labels.Add(Number(_header.Label, ALabel));
            if (_header.Weight < 0) return;
            double weight = Number(_header.Weight);
            if (weight <= 0) throw Wrong($"the weight {Quoted.Short(csv.GetString(_header.Weight))} is not positive.");
            _weights.Add(Number(_header.Weight, AWeight));
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

        private double Number(int column, QuantityAttribute? range = null)
        {
            ReadOnlySpan<byte> field = csv.GetSpan(column);
            // A number may be followed by NUL characters, says double.Parse.
            bool isNumber = double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
            if (isNumber && !field.Contains((byte)0) && double.IsFinite(value) && range?.WhyNot(value, "") is null) return value;
            string text = csv.GetString(column), name = _header.Names[column], shown = Quoted.Short(text);
            throw Wrong(CloudHeader.WhyNoText(text) is { } why ? $"column {name}: {why}"
                : !isNumber ? $"{Quoted.Of(text)} in column {name} is not a number"
                    + (text.Contains(',') ? "; numbers have a point, not a comma." : ".")
                : !double.IsFinite(value) ? $"{shown} in column {name} is not finite."
                : $"column {name}: {range!.WhyNot(value, shown)}.");
        }

        private ConfigurationException Wrong(string problem) => new($"{path}, line {csv.LineNumber}: {problem}");
    }
}
