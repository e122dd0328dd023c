using System.IO.Compression;
using System.Text;

namespace AttentionFlow.Tests.Output;

/// <summary>Files as NumPy writes them.</summary>
internal static class NumpyFiles
{
    /// <summary>The bytes of a .npy.</summary>
    public static byte[] Array(string type, int[] shape, double[] values, bool fortran = false)
    {
        string axes = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        string header = $"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': ({axes}), }}";
        header = header.PadRight((10 + header.Length + 1 + 63) / 64 * 64 - 11) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)(header.Length & 255), (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header),
            .. values.SelectMany(v => type switch
            {
                "<f2" => BitConverter.GetBytes((Half)v), "<f4" => BitConverter.GetBytes((float)v), "<i8" => BitConverter.GetBytes((long)v),
                _ => BitConverter.GetBytes(v),
            })];
    }

    /// <summary>Writes a .npz.</summary>
    public static void Archive(string path, params (string Name, string Type, int[] Shape, double[] Values)[] arrays)
    {
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string array, string type, int[] shape, double[] values) in arrays)
        {
            using Stream stream = archive.CreateEntry(array + ".npy").Open();
            stream.Write(Array(type, shape, values));
        }
    }
}
