using System.Text.RegularExpressions;

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

    /// <summary>The lines between <c>// begin: name</c> and <c>// end: name</c> in a file of Tests/Programs/Docs, without the indentation
    /// of the first.</summary>
    public static string Between(string file, string name)
    {
        string[] lines = Text("Tests", "Programs", "Docs", file).Split('\n');
        int first = Array.FindIndex(lines, l => l.Trim() == $"// begin: {name}") + 1;
        int end = Array.FindIndex(lines, l => l.Trim() == $"// end: {name}");
        int indentation = lines[first].Length - lines[first].TrimStart().Length;
        return string.Concat(lines[first..end].Select(l => (l.Length > indentation ? l[indentation..] : "") + "\n"));
    }

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
