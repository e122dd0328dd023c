using System.Buffers.Binary;
using System.Text;

namespace AttentionFlow.Encoders.Onnx;

/// <summary>
/// A field of a message in the wire format of Protocol Buffers: a tag, number * 8 + type, then a varint (type 0), eight bytes (1), a length
/// and as many bytes (2), or four bytes (5). Groups (3, 4) are refused: ONNX has none.
/// </summary>
/// <param name="Number">Number of the field.</param>
/// <param name="Type">Wire type.</param>
/// <param name="Value">What follows the tag and, under type 2, the length; not copied.</param>
/// <param name="Whole">All of it, tag included; not copied.</param>
internal readonly record struct ProtoField(int Number, int Type, ReadOnlyMemory<byte> Value, ReadOnlyMemory<byte> Whole)
{
    private const int Varint = 0, Eight = 1, Bytes = 2, Four = 5;

    /// <summary>The value of type 2 as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Value.Span);

    /// <summary>The values of a repeated number, packed or not.</summary>
    public IEnumerable<long> Numbers
    {
        get
        {
            for (int at = 0; at < Value.Length;) yield return (long)ReadVarint(Value.Span, ref at);
        }
    }

    /// <summary>The fields of a message, in their order.</summary>
    /// <exception cref="InvalidDataException">These bytes are no message.</exception>
    public static List<ProtoField> Read(ReadOnlyMemory<byte> message)
    {
        List<ProtoField> fields = [];
        ReadOnlySpan<byte> bytes = message.Span;
        for (int at = 0; at < bytes.Length;)
        {
            int start = at;
            ulong tag = ReadVarint(bytes, ref at);
            (ulong number, int type) = (tag >> 3, (int)(tag & 7));
            if (number is 0 or > (1 << 29) - 1) throw Broken($"{number} is no number of a field");
            ulong length = type switch
            {
                Varint => LengthOfVarint(bytes, at),
                Eight => 8,
                Bytes => ReadVarint(bytes, ref at),
                Four => 4,
                _ => throw Broken($"there is no wire type {type} in ONNX"),
            };
            int from = at;
            if (length > (ulong)(bytes.Length - from)) throw Broken("it ends within a field");
            at = from + (int)length;
            fields.Add(new((int)number, type, message[from..at], message[start..at]));
        }
        return fields;
    }

    /// <summary>A field of type 0.</summary>
    public static ProtoField Of(int number, long value) => Made(number, Varint, WriteVarint((ulong)value), hasLength: false);

    /// <summary>A field of type 2.</summary>
    public static ProtoField Of(int number, ReadOnlySpan<byte> value) => Made(number, Bytes, value, hasLength: true);

    /// <summary>A text.</summary>
    public static ProtoField Of(int number, string text) => Of(number, Encoding.UTF8.GetBytes(text));

    /// <summary>A message of these fields.</summary>
    public static ProtoField Of(int number, params IReadOnlyList<ProtoField> message) => Of(number, Message(message));

    /// <summary>The tag and the length of a message of these fields, which follow.</summary>
    public static ProtoField Opening(int number, IReadOnlyList<ProtoField> message)
    {
        byte[] whole = [.. WriteVarint((ulong)number << 3 | Bytes), .. WriteVarint((ulong)message.Sum(f => (long)f.Whole.Length))];
        return new(number, Bytes, default, whole);
    }

    /// <summary>A message of these fields, without a tag.</summary>
    public static byte[] Message(params IReadOnlyList<ProtoField> fields)
    {
        byte[] message = GC.AllocateUninitializedArray<byte>(fields.Sum(f => f.Whole.Length));
        int at = 0;
        foreach (ProtoField field in fields)
        {
            field.Whole.Span.CopyTo(message.AsSpan(at));
            at += field.Whole.Length;
        }
        return message;
    }

    /// <summary>Four bytes, little-endian.</summary>
    public static byte[] Single(float value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return bytes;
    }

    private static ProtoField Made(int number, int type, ReadOnlySpan<byte> value, bool hasLength)
    {
        byte[] whole = [.. WriteVarint((ulong)number << 3 | (uint)type), .. hasLength ? WriteVarint((ulong)value.Length) : [], .. value];
        return new(number, type, whole.AsMemory(whole.Length - value.Length), whole);
    }

    private static ulong LengthOfVarint(ReadOnlySpan<byte> bytes, int at)
    {
        int end = at;
        ReadVarint(bytes, ref end);
        return (ulong)(end - at);
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (at >= bytes.Length) throw Broken("it ends within a number");
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
        throw Broken("a number is longer than ten bytes");
    }

    private static byte[] WriteVarint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }

    private static InvalidDataException Broken(string why) => new(why);
}
