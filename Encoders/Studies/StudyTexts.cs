using System.Text.RegularExpressions;

namespace AttentionFlow.Encoders.Studies;

/// <summary>The texts of the study, and what is made of them.</summary>
internal static partial class StudyTexts
{
    /// <summary>How many word pieces of one excerpt stand together in a mixed text.</summary>
    public const int MixedPieces = 16;

    /// <summary>The excerpts of data/texts, of both works in turn.</summary>
    public static IReadOnlyList<string> Excerpts()
    {
        string[] names = [.. typeof(StudyTexts).Assembly.GetManifestResourceNames().Where(name => name.StartsWith("texts/")).Order()];
        return [.. Enumerable.Range(0, names.Length).Select(i => Read(names[i % 2 * (names.Length / 2) + i / 2]))];
    }

    /// <summary>
    /// The sentences of a text: what ends in a full stop, question or exclamation mark, with quotation marks after it, before a space and a
    /// capital; of four words and more. What follows the last end is left out.
    /// </summary>
    public static IReadOnlyList<string> Sentences(string text) =>
        [.. Ends().Split(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))[..^1]
            .Where(sentence => sentence.Count(c => c == ' ') >= 3)];

    /// <summary>
    /// A text without a topic: pieces 16 k to 16 k + 15 are those of text (number + k) mod R at these places. As long as there are fewer
    /// such parts than texts, no two mixed texts share a piece.
    /// </summary>
    /// <param name="texts">The R texts in word pieces.</param>
    /// <param name="number">Number of the mixed text.</param>
    /// <param name="count">Its pieces, at most those of the shortest text.</param>
    public static IReadOnlyList<T> Mixed<T>(IReadOnlyList<IReadOnlyList<T>> texts, int number, int count) =>
        [.. Enumerable.Range(0, count).Select(i => texts[(number + i / MixedPieces) % texts.Count][i])];

    [GeneratedRegex("""(?<=[.!?]["')\]]*) (?=["'(\[]*[A-Z])""")]
    private static partial Regex Ends();

    private static string Read(string name)
    {
        using StreamReader reader = new(typeof(StudyTexts).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
