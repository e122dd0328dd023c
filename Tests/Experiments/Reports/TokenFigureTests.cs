using AttentionFlow.Experiments.Pages;
using AttentionFlow.Experiments.Reports;
using AttentionFlow.Solver.Trajectories;
using AttentionFlow.Tests.Figures;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Reports;

/// <summary>Pictures of tokens of any dimension, with labels of any kind.</summary>
public sealed class TokenFigureTests : FolderFixture
{
    [TestCase(2, 1, 1), TestCase(3, 1, 1), TestCase(3, 3, 3), TestCase(2, 9, 4), TestCase(8, 5, 4)]
    public void AFewTimesAreShown(int dimension, int snapshots, int panels)
    {
        (string svg, string caption) = TokenFigures.Times(Cloud(dimension, snapshots, (t, i) => Point(dimension, t, i)));
        FigureText.AssertSound(svg);
        string[] titles = [.. FigureText.Named(svg, "text").Select(t => t.Value).Where(t => t.Contains("t = ", StringComparison.Ordinal))];
        Assert.That(titles, Has.Length.EqualTo(panels));
        Assert.That(titles[0], Does.EndWith("t = 0"));
        Assert.That(titles[^1], Does.EndWith($"t = {snapshots - 1}"));
        Assert.That(caption, dimension > 3 ? Does.Contain("Of 8 dimensions") : Does.Not.Contain("variance"));
    }

    /// <summary>Coordinate k is +-a_k, all signs together: the variances are a_k^2, of which three of five are 0.9/0.95.</summary>
    [Test]
    public void TheShareOfTheVarianceIsSaid()
    {
        double[] a = [0.1, 0.5, 0.2, 0.7, 0.4];
        Assert.That(TokenFigures.Times(Cloud(5, 1, (_, i) => [.. a.Select((v, k) => (i >> k & 1) == 0 ? v : -v)])).Caption,
            Does.Contain("they hold 94.7 % of the variance"));
        // Three orthonormal vectors of R^8 hold all that lies in their span.
        double[][] span = [[1, 1, 1, 1, 1, 1, 1, 1], [1, -1, 1, -1, 1, -1, 1, -1], [1, 1, -1, -1, 1, 1, -1, -1]];
        Assert.That(TokenFigures.Times(Cloud(8, 2, (t, i) => Span(Point(3, t, i)))).Caption,
            Does.Contain("they hold 100 % of the variance"));

        double[] Span(double[] y) => [.. Enumerable.Range(0, 8).Select(c => span.Zip(y, (v, s) => s * v[c]).Sum())];
    }

    /// <summary>Labels are spread over [0, 1); a table without them is coloured by the order of its tokens.</summary>
    [Test]
    public void LabelsOfAnySizeHaveColours()
    {
        string Drawn(Func<int, double>? label) => TokenFigures.Times(Cloud(3, 1, (t, i) => Point(3, t, i), label)).Svg;
        string spread = Drawn(i => i / 31.0 * (1 - 1e-9));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Drawn(i => 10 * i - 70), Is.EqualTo(spread), "outside [0, 1)");
        Assert.That(Drawn(i => i / 31.0), Is.EqualTo(spread), "1 is outside");
        Assert.That(Drawn(null), Is.EqualTo(Drawn(i => i / 32.0)), "none");
        Assert.That(Drawn(_ => 7), Is.EqualTo(Drawn(_ => 0)), "all the same");
        Assert.That(Drawn(i => i / 64.0), Is.Not.EqualTo(Drawn(i => i / 32.0)), "labels in [0, 1) are what they are");
    }

    [Test]
    public void EndsOfSeveralRunsStandSideBySide()
    {
        SeenTrajectory[] runs = [Cloud(3, 2, (t, i) => Point(3, t, i)), Cloud(3, 4, (t, i) => Point(3, t + 7, i))];
        (string svg, string _) = TokenFigures.Ends(runs, ["<first>", "second & last"]);
        FigureText.AssertSound(svg);
        Assert.That(string.Join('|', FigureText.Named(svg, "text").Select(t => t.Value)), Does.Contain("<first>")
            .And.Contain("second & last"));
    }

    /// <summary>Where weights move and tokens coincide, numbers at clusters are not what they weigh.</summary>
    [TestCase(1, true, true), TestCase(0, true, false), TestCase(1, false, false)]
    public void WhereWeightsMoveItIsSaidThatNumbersCountTokens(double selection, bool coincide, bool isSaid)
    {
        SeenTrajectory cloud = Cloud(3, 1, (_, i) => coincide ? [0, 0, i < 20 ? 1 : -1] : Point(3, 0, i));
        Experiment experiment = new() { Interaction = new InteractionSection { Selection = selection } };
        string caption = TokenFigures.Times(cloud with { Source = cloud.Source with { Experiment = experiment } }).Caption;
        Assert.That(caption, isSaid ? Does.Contain("Numbers at clusters count tokens, not their weights") : Does.Not.Contain("weight"));
    }

    private SeenTrajectory Cloud(int dimension, int snapshots, Func<int, int, double[]> point, Func<int, double>? label = null)
    {
        string path = Folder[$"{Guid.NewGuid():N}.csv"];
        string[] columns = [.. Enumerable.Range(0, dimension).Select(c => $"x{c}")];
        File.WriteAllLines(path, [$"time,token,{(label is null ? "" : "label,")}{string.Join(',', columns)}",
            .. Enumerable.Range(0, 32 * snapshots).Select(r => $"{r / 32},{r % 32},"
                + (label is null ? "" : label(r % 32).ToString("R", CultureInfo.InvariantCulture) + ",")
                + string.Join(',', Sphere.Normalized(point(r / 32, r % 32)).Select(x => x.ToString("R", CultureInfo.InvariantCulture))))]);
        TrajectorySource source = new("cloud", Trajectory.Open([path], ColumnMap.Identity, normalize: true));
        return SeenTrajectory.Read(source, of: 1, CancellationToken.None);
    }

    private static double[] Point(int dimension, int time, int token)
    {
        RandomStream random = new(1, RandomPurpose.Labels, time, token);
        return [.. Enumerable.Range(0, dimension).Select(_ => random.Uniform() - 0.5)];
    }
}
