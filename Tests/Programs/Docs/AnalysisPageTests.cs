using AttentionFlow.Solver.Analysis;
using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Program;
using AttentionFlow.Tests.Solver;

namespace AttentionFlow.Tests.Docs;

/// <summary>docs/analysis.md: its commands, on files of the kinds that it names; its tables of files and columns.</summary>
public sealed class AnalysisPageTests : FolderFixture
{
    private const double Beta = 6;
    private static readonly string Page = Repository.Text("docs", "analysis.md");

    /// <summary>Arrays as PyTorch would save them, [7, 24, 16], with heads that are softmax flows of a known beta.</summary>
    [Test]
    public void TheCommandsRun()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("the commands are those of sh");
        File.WriteAllText(Folder["dump.csv"], "step,px,pz,py,id\n0,1,0,0,2\n0,0,1,0,1\n100,1,0,0,1\n100,0,0,1,2\n");
        const string Atoms = "ITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\nITEM: ATOMS id type x y z \n";
        File.WriteAllText(Folder["dump.lammpstrj"], $"ITEM: TIMESTEP\n0\n{Atoms}2 1 0 3 4 \n1 1 1 0 0 \nITEM: TIMESTEP\n50\n{Atoms}1 1 1 0 0 \n2 1 3 0 4 \n");
        Directory.CreateDirectory(Folder["frames"]);
        foreach (string time in (string[])["0", "0.5", "10"]) File.WriteAllText(Folder[$"frames/snap_{time}.csv"], "x0,x1\n1,0\n0.6,0.8\n");
        double[] x = [.. Enumerable.Range(0, 7).SelectMany(t => Clouds.Uniform(1, 24, 16, seed: (ulong)t).Positions)];
        NumpyFiles.Archive(Folder["hidden.npz"], ("x", "<f8", [7, 24, 16], [.. x.Select(v => 3 * v)]), ("attention", "<f8", [6, 2, 24, 24], Attention(x)));
        string commands = string.Concat(Repository.Blocks(Page, "sh"));
        Answer answer = Shell.Sh($"set -e; cd '{Folder.FullPath}'; attentionflow() {{ $program \"$@\"; }}\n{commands}", minutes: 3);
        Assert.That(answer.Code, Is.Zero, answer.Error);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(CsvData.Read(Folder["out/snap-analysis/observables.csv"])["time"], Is.EqualTo(new[] { 0, 0.5, 10 }));
        Assert.That(CsvData.Read(Folder["out/dump-analysis/changes.csv"])["displacement"], Is.EqualTo(new[] { Math.Sqrt(2) }).Within(1e-15));
        Assert.That(CsvData.Read(Folder["out/atoms-analysis/changes.csv"])["displacement"], Is.EqualTo(new[] { 0.6 }).Within(1e-15), "one of two moves by 0.6 sqrt 2");
        Assert.That(CsvData.Read(Folder["out/atoms-analysis/observables.csv"])["radius_mean"], Is.EqualTo(new double[] { 3, 3 }));
        Assert.That(AnalysisRecord.Read(Folder["out/fitted/analysis.json"]).FittedBeta, Is.EqualTo(Beta).Within(1e-9));
        Assert.That(CsvData.Read(Folder["out/fitted/fit.csv"])["beta"], Has.All.EqualTo(Beta).Within(1e-9));
        Assert.That(CsvData.Read(Folder["out/hidden-analysis/observables.csv"])["time"], Has.Length.EqualTo(7));
    }

    [Test]
    public void TheFilesAndTheirColumnsAreDescribed()
    {
        string[] rows = [.. Page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))];
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach ((string file, IEnumerable<string> columns) in new (string, IEnumerable<string>)[]
        {
            (AnalysisFolder.ChangesFile, SnapshotChange.Columns.Select(c => c.Name)), (AnalysisFolder.ClustersFile, ClusterLives.Columns.Select(c => c.Name)),
            (AnalysisFolder.CosinesFile, CosineHistogram.Columns.Select(c => c.Name)), (AnalysisFolder.FitFile, BetaFit.Columns.Select(c => c.Name)),
        })
        {
            string row = rows.Single(r => r.StartsWith($"| `{file}` |", StringComparison.Ordinal));
            foreach (string column in columns) Assert.That(row, Does.Contain($"`{column}`"), file);
        }
        foreach (string name in TrajectoryAnalysis.OfTrajectories) Assert.That(Page, Does.Contain($"`{name}`"));
    }

    private static double[] Attention(double[] x)
    {
        const int N = 24, D = 16;
        List<double> attention = [];
        for (int t = 0; t < 6; t++)
            for (int row = 0; row < 2 * N; row++)
            {
                double[] weights = [.. Enumerable.Range(0, N).Select(j => Math.Exp(Beta * Sphere.Dot(x.AsSpan((t * N + row % N) * D, D), x.AsSpan((t * N + j) * D, D))))];
                attention.AddRange(weights.Select(w => w / weights.Sum()));
            }
        return [.. attention];
    }
}
