namespace AttentionFlow.Tests.Docs;

/// <summary>docs/files.md and docs/model.md against the observables there are.</summary>
public sealed class FilesPageTests
{
    public static IEnumerable<string> Observables => Observable.All.Keys;

    [TestCaseSource(nameof(Observables))]
    public void EveryObservableHasARowWithItsColumns(string name)
    {
        Cloud cloud = new UniformLaw().Draw(1, 4, 3, seed: 1);
        Observable observable = Observable.All[name](new Flow(new Interaction(1), new IdentityGauge(), cloud, new ReferenceSums()));
        string[] cells = RowOf(Repository.Text("docs", "files.md"), name)!.Split(" | ");
        // Of numbered columns those up to 1 are named, then dots.
        string[] columns = [.. observable.Columns.Select(c => c.Name).Where(c => !int.TryParse(c.TrimStart([.. "abcdefghijklmnopqrstuvwxyz_"]), out int number) || number < 2)];
        bool dots = columns.Length < observable.Columns.Count;
        Assert.That(cells[1], Is.EqualTo(string.Join(", ", columns.Select(c => $"`{c}`")) + (dots ? ", ..." : "")));
    }

    [TestCaseSource(nameof(Observables))]
    public void EveryObservableHasAFormula(string name) => Assert.That(RowOf(Repository.Text("docs", "model.md"), name), Is.Not.Null);

    private static string? RowOf(string page, string name) => page.Split('\n').FirstOrDefault(line => line.StartsWith($"| `{name}` | ", StringComparison.Ordinal));
}
