using System.Text.RegularExpressions;
using NUnit.Framework;

namespace AttentionFlow.Tests.Docs;

/// <summary>The files of the repository that the tests read.</summary>
internal static partial class Repository
{
    /// <summary>The folder of AttentionFlow.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The text of a file, by its path from the root.</summary>
    public static string Text(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    /// <summary>The fenced blocks of this language on a page, each with its last line break.</summary>
    public static IReadOnlyList<string> Blocks(string page, string language) =>
        [.. Fence().Matches(page).Where(m => m.Groups["language"].Value == language).Select(m => m.Groups["lines"].Value)];

    private static string FindRoot()
    {
        DirectoryInfo folder = new(TestContext.CurrentContext.TestDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AttentionFlow.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("the tests run outside the repository");
        return folder.FullName;
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<lines>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
