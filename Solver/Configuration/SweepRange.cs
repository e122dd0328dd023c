using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionFlow.Solver.Configuration;

/// <summary>Numbers in a row: { "from", "count" and, as wanted, "step" or "to", and "scale" }.</summary>
internal static class SweepRange
{
    private const int MostDigits = 15;

    private static readonly string[] Keys = ["from", "to", "count", "step", "scale"];

    /// <summary>
    /// The numbers. With "to", the last one, they are spread evenly, or evenly in the logarithm; without, each is "step" above the one
    /// before, 1 where that is left out. Those that are not whole are rounded to 15 digits, so that 0.1 to 1 has 0.3 in it.
    /// </summary>
    public static IEnumerable<JsonNode?> Values(JsonObject range, string where)
    {
        if (range.Select(p => p.Key).FirstOrDefault(key => !Keys.Contains(key)) is { } unknown)
            throw ConfigurationException.At($"{where}.{Quoted.Short(unknown)}", $"unknown key; {Names.Hint(unknown, Keys)}");
        decimal count = Whole(range, "count", where);
        if (count < 1) throw ConfigurationException.At($"{where}.count", "a range has at least one value.");
        if (count > SweepSchema.MostValues)
            throw ConfigurationException.At($"{where}.count", $"too large; at most {SweepSchema.MostValues} values are possible.");
        string scale = Scale(range, where);
        if (range["to"] is null)
        {
            if (scale == "log") throw ConfigurationException.At($"{where}.to", "this key is missing; a logarithmic range ends there.");
            return Steps(range, (int)count, where);
        }
        if (range["step"] is not null) throw ConfigurationException.At($"{where}.step", "a range has \"to\" or \"step\", not both.");
        return Between(Number(range, "from", where), Number(range, "to", where), (int)count, scale == "log", where);
    }

    private static IEnumerable<JsonNode?> Steps(JsonObject range, int count, string where)
    {
        if (IsWholeOrAbsent(range["from"]) && IsWholeOrAbsent(range["step"]))
        {
            (decimal from, decimal step) = (Whole(range, "from", where), range["step"] is null ? 1 : Whole(range, "step", where));
            return Enumerable.Range(0, count).Select(i => (JsonNode)JsonValue.Create(from + i * step));
        }
        (double first, double by) = (Number(range, "from", where), range["step"] is null ? 1 : Number(range, "step", where));
        return Enumerable.Range(0, count).Select(i => Rounded(first + i * by));
    }

    private static IEnumerable<JsonNode?> Between(double from, double to, int count, bool log, string where)
    {
        if (log && !(from > 0 && to > 0)) throw ConfigurationException.At(where, "a logarithmic range lies above 0.");
        return Enumerable.Range(0, count).Select(i => count == 1 ? 0 : (double)i / (count - 1))
            .Select(share => Rounded(log ? from * Math.Pow(to / from, share) : from * (1 - share) + to * share));
    }

    private static JsonValue Rounded(double value) =>
        JsonValue.Create(double.Parse(value.ToString($"G{MostDigits}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));

    private static string Scale(JsonObject range, string where) => range["scale"] is not { } node ? "linear"
        : SweepSchema.Shown(node) is "linear" or "log" ? SweepSchema.Shown(node)
        : throw ConfigurationException.At($"{where}.scale", $"{Quoted.Of(SweepSchema.Shown(node))} is unknown; known: linear, log.");

    private static double Number(JsonObject range, string key, string where) =>
        range[key] is { } node && node.GetValueKind() == JsonValueKind.Number
        && double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture) is var value && double.IsFinite(value)
            ? value : throw Missing(range, key, where, "a number");

    private static decimal Whole(JsonObject range, string key, string where) =>
        range[key] is { } node && IsWhole(node) ? decimal.Parse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)
            : throw Missing(range, key, where, "a whole number");

    private static bool IsWhole(JsonNode node) => node.GetValueKind() == JsonValueKind.Number
        && decimal.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value)
        && value == decimal.Truncate(value) && Math.Abs(value) <= ulong.MaxValue;

    private static bool IsWholeOrAbsent(JsonNode? node) => node is null || IsWhole(node);

    private static ConfigurationException Missing(JsonObject range, string key, string where, string what) =>
        ConfigurationException.At($"{where}.{key}", range.ContainsKey(key)
            ? $"{Quoted.Of(SweepSchema.Shown(range[key]))} is not {what}; {what} is expected."
            : $"this key is missing; {what} is expected.");
}
