using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>
/// An array in NumPy's format .npy, versions 1 to 3, read as doubles from front to back: little-endian float16, 32, 64 and int32, int64,
/// in C order. Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
/// </summary>
internal sealed partial class NumpyArray : IDisposable
{
    private static readonly string[] Known = ["f2", "f4", "f8", "i4", "i8"];

    private readonly string _path;
    private readonly Stream _stream;
    private readonly string _type;
    private byte[] _buffer = [];

    private NumpyArray(string path, Stream stream, string type, int[] shape) =>
        (_path, _stream, _type, Shape) = (path, stream, type, shape);

    /// <summary>Its shape.</summary>
    public IReadOnlyList<int> Shape { get; }

    private int Size => _type[1] - '0';

    /// <summary>Reads the header.</summary>
    /// <param name="path">The file, and the array in it, for messages.</param>
    /// <param name="stream">At its beginning; owned from now on.</param>
    /// <exception cref="ConfigurationException">It is no such array.</exception>
    public static NumpyArray Open(string path, Stream stream)
    {
        byte[] start = new byte[8];
        if (stream.ReadAtLeast(start, 8, throwOnEndOfStream: false) < 8 || start[0] != 0x93
            || Encoding.ASCII.GetString(start, 1, 5) != "NUMPY")
            throw new ConfigurationException($"{path}: this is not an array of NumPy (numpy.save).");
        if (start[6] is not (1 or 2 or 3))
            throw new ConfigurationException($"{path}: version {start[6]} of NumPy's format; 1 to 3 are known.");
        byte[] length = new byte[start[6] == 1 ? 2 : 4];
        if (stream.ReadAtLeast(length, length.Length, throwOnEndOfStream: false) < length.Length) throw Cut(path);
        uint count = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(length) : BinaryPrimitives.ReadUInt32LittleEndian(length);
        byte[] text = new byte[Math.Min(count, 1 << 20)];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < count) throw Cut(path);
        string header = Encoding.UTF8.GetString(text);
        Match form = Header().Match(header);
        if (!form.Success) throw new ConfigurationException($"{path}: the header {Quoted.Of(header.Trim())} is not that of a plain array.");
        string type = form.Groups["type"].Value;
        if (form.Groups["order"].Value == "True")
            throw new ConfigurationException($"{path}: the array is in Fortran order; save numpy.ascontiguousarray(x).");
        if (type[0] != '<' || !Known.Contains(type[1..]))
            throw new ConfigurationException($"{path}: numbers of the type {Quoted.Of(type)}; save x.astype('<f8') or '<f4'.");
        int[] shape = [.. form.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size
                : throw new ConfigurationException($"{path}: the shape ({form.Groups["shape"].Value}) is too large."))];
        return new NumpyArray(path, stream, type[1..], shape);
    }

    /// <summary>Reads the next numbers; in C order.</summary>
    /// <exception cref="ConfigurationException">The file ends before, or a number is not finite.</exception>
    public void Read(Span<double> values)
    {
        int bytes = checked(values.Length * Size);
        if (_buffer.Length < bytes) _buffer = new byte[bytes];
        if (_stream.ReadAtLeast(_buffer.AsSpan(0, bytes), bytes, throwOnEndOfStream: false) < bytes) throw Cut(_path);
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> at = _buffer.AsSpan(i * Size, Size);
            values[i] = _type switch
            {
                "f2" => (double)BinaryPrimitives.ReadHalfLittleEndian(at),
                "f4" => BinaryPrimitives.ReadSingleLittleEndian(at),
                "f8" => BinaryPrimitives.ReadDoubleLittleEndian(at),
                "i4" => BinaryPrimitives.ReadInt32LittleEndian(at),
                _ => BinaryPrimitives.ReadInt64LittleEndian(at),
            };
            if (!double.IsFinite(values[i]))
                throw new ConfigurationException($"{_path}: there is a number that is not finite: {values[i]}.");
        }
    }

    /// <summary>All numbers of an array that fits in memory.</summary>
    public double[] ReadAll()
    {
        double[] values = new double[checked(Shape.Aggregate(1, (product, size) => checked(product * size)))];
        Read(values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static ConfigurationException Cut(string path) => new($"{path}: the file ends before the array does.");

    [GeneratedRegex(@"^\{(?=.*'descr': '(?<type>[<>|=][A-Za-z]\d+)')(?=.*'fortran_order': (?<order>True|False))"
        + @"(?=.*'shape': \((?<shape>[\d, ]*)\))")]
    private static partial Regex Header();
}
