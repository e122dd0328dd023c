using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AttentionFlow.Tests.Reports;

/// <summary>Small runs, and their pages read back.</summary>
internal static partial class Reported
{
    /// <summary>A run of 16 tokens and two replicas, in milliseconds.</summary>
    public static readonly string[] Small =
    [
        "--set", "replicas=2", "--set", "tokens.count=16", "--set", "record.tokens=16", "--set", "time.horizon=1", "--set", "time.step=0.1",
        "--set", "record.observations=5", "--set", "record.snapshots=3",
    ];

    /// <summary>Runs the program; its progress is left out.</summary>
    public static (int Code, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CommandLine.Run(args, output, error);
        return (code, output.ToString(), Progress().Replace(error.ToString(), ""));
    }

    /// <summary>A small run into a folder.</summary>
    public static (int Code, string Output, string Error) RunSmall(string folder, params string[] more) =>
        Run(["run", "figure2-baseline", "--out", folder, .. Small, .. more]);

    /// <summary>The report in a folder, which is well-formed.</summary>
    public static XDocument Page(string folder) => XDocument.Parse(File.ReadAllText(Path.Combine(folder, "report.html")));

    /// <summary>The elements of a name.</summary>
    public static XElement[] Named(this XContainer page, string name) => [.. page.Descendants().Where(e => e.Name.LocalName == name)];

    /// <summary>The cells of the table whose caption holds these words.</summary>
    public static string[][] Table(this XContainer page, string caption) =>
        [.. page.Named("table").Single(t => t.Named("caption")[0].Value.Contains(caption, StringComparison.Ordinal)).Named("tr")
            .Select(row => row.Elements().Select(cell => cell.Value).ToArray())];

    /// <summary>Asserts that every link of the page leads to what is there.</summary>
    public static void AssertLinks(string folder)
    {
        foreach (XElement link in Page(folder).Named("a").Some())
            Assert.That(Path.Exists(Path.Combine(folder, Uri.UnescapeDataString(link.Attribute("href")!.Value))), link.ToString());
    }

    [GeneratedRegex(@"^ *\d+ %  .*\r?\n", RegexOptions.Multiline)]
    private static partial Regex Progress();
}
