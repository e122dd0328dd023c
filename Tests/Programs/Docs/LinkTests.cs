using System.Text.RegularExpressions;

namespace AttentionFlow.Tests.Docs;

public sealed partial class LinkTests
{
    public static IEnumerable<string> Pages =>
        Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
            .Select(page => Path.GetRelativePath(Repository.Root, page)).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Pages))]
    public void RelativeLinksLeadToFilesAndHeadings(string page)
    {
        string path = Path.Combine(Repository.Root, page), text = WithoutCode(File.ReadAllText(path));
        foreach (string target in Link().Matches(text).Select(m => m.Groups["target"].Value))
        {
            if (target.Contains(':', StringComparison.Ordinal)) continue;
            string[] parts = target.Split('#');
            string file = parts[0].Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, parts[0]);
            Assert.That(File.Exists(file) || Directory.Exists(file), $"{page}: {target} leads to no file");
            if (parts.Length > 1) Assert.That(Anchors(File.ReadAllText(file)), Does.Contain(parts[1]), $"{page}: {target} leads to no heading");
        }
    }

    // As GitHub makes them: lower case, spaces to '-', other marks dropped.
    private static IEnumerable<string> Anchors(string page) => WithoutCode(page).Split('\n').Where(line => line.StartsWith('#'))
        .Select(line => string.Concat(line.TrimStart('#').Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-'));

    private static string WithoutCode(string page) => Fence().Replace(page, "");

    [GeneratedRegex(@"^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
