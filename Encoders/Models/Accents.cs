namespace AttentionFlow.Encoders.Models;

/// <summary>
/// Letters without their accents, as BERT reads them in a vocabulary of lower case: the canonical decompositions of Unicode 14, less the
/// marks, of Latin, Greek and Cyrillic letters. The program runs without the tables of the system, which .NET's own would need.
/// </summary>
internal static class Accents
{
    private static readonly Dictionary<char, char> Plain = Read();

    /// <summary>The text with every accented letter replaced by its plain one.</summary>
    public static string Without(string text) => string.Create(text.Length, text, (made, given) =>
    {
        for (int i = 0; i < made.Length; i++) made[i] = Plain.GetValueOrDefault(given[i], given[i]);
    });

    // Two lines: the letters, and what each becomes.
    private static Dictionary<char, char> Read()
    {
        using StreamReader reader = new(typeof(Accents).Assembly.GetManifestResourceStream("accents.txt")!);
        return reader.ReadLine()!.Zip(reader.ReadLine()!).ToDictionary(pair => pair.First, pair => pair.Second);
    }
}
