using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using AttentionFlow.Experiments.Pages;
using AttentionFlow.Solver.Trajectories;
using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Pages;

/// <summary>The numbers of trajectory.html. What the page does with them: Tests/Pages.</summary>
public sealed partial class TrajectoryFileTests : FolderFixture
{
    [Test]
    public void TheLibraryIsTheOneItSays()
    {
        string folder = Path.Combine(Repository.Root, "Experiments", "Pages", "uplot");
        foreach (Match line in Hash().Matches(File.ReadAllText(Path.Combine(folder, "SOURCE.md"))).Some())
            Assert.That(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, line.Groups[2].Value)))), Is.EqualTo(line.Groups[1].Value));
        Assert.That(File.ReadAllText(Path.Combine(folder, "uPlot.iife.min.js")), Does.Contain("(v1.6.32)").And.Not.Contain("</script"));
    }

    [Test]
    public void NothingInThePageLeadsOutOfIt()
    {
        TrajectoryPage.Write(Folder["t.html"], [Seen(Cloud(4, 2))], TrajectoryPage.MostBytes);
        string page = File.ReadAllText(Folder["t.html"]).Replace("https://github.com/leeoniya/uPlot", "", StringComparison.Ordinal);
        foreach (string outside in (string[])["http:", "https:", "url(", "@import", "src=", "href=", "<link", "fetch(", "<!--title", "<!--data"])
            Assert.That(page, Does.Not.Contain(outside));
        Assert.That(page, Does.Contain("Content-Security-Policy").And.Contain("default-src 'none'"));
    }

    [Test]
    public void ATitleIsEscapedInHtmlAndJson()
    {
        const string title = "</script><img src=x onerror=alert(1)> & \"<!--\" -->";
        TrajectoryPage.Write(Folder["t.html"], [Seen(Cloud(4, 2) with { Title = title })], TrajectoryPage.MostBytes);
        string page = File.ReadAllText(Folder["t.html"]);
        Assert.That(page, Does.Not.Contain("<img").And.Contain("<title>&lt;/script&gt;&lt;img src=x"));
        Assert.That(About(page).GetProperty("runs")[0].GetProperty("name").GetString(), Is.EqualTo(title));
    }

    /// <summary>Beyond the size that is allowed tokens are left out evenly, down to some, then snapshots; the last one stays.</summary>
    [TestCase(6000, 20, 600_000, 2000, 6000, 20), TestCase(6000, 40, 600_000, 2000, 2000, 39), TestCase(500, 200, 400_000, 500, 500, 100)]
    public void WhatIsTooLargeIsThinnedEvenly(int tokens, int snapshots, long most, int least, int largest, int atMostSnapshots)
    {
        TrajectoryPage.Write(Folder["t.html"], [Seen(Cloud(tokens, snapshots))], most);
        Assert.That(new FileInfo(Folder["t.html"]).Length, Is.LessThan(most).And.GreaterThan(most / 2));
        JsonElement run = About(File.ReadAllText(Folder["t.html"])).GetProperty("runs")[0];
        double[] times = run.GetProperty("times").Deserialize<double[]>()!;
        Assert.That(run.GetProperty("tokens").GetInt32(), Is.InRange(least, largest));
        Assert.That((run.GetProperty("allTokens").GetInt32(), run.GetProperty("allSnapshots").GetInt32()), Is.EqualTo((tokens, snapshots)));
        Assert.That(times, Has.Length.LessThanOrEqualTo(atMostSnapshots).And.Exactly(1).EqualTo(snapshots - 1));
        double[] steps = [.. times.Zip(times.Skip(1), (a, b) => b - a)];
        Assert.That(steps.Max() - steps.Min(), Is.LessThanOrEqualTo(1));
        double[] names = Doubles(File.ReadAllText(Folder["t.html"]), run).AsSpan(run.GetProperty("tokens").GetInt32(), run.GetProperty("tokens").GetInt32()).ToArray();
        double[] gaps = [.. names.Zip(names.Skip(1), (a, b) => b - a)];
        Assert.That(gaps.Max() - gaps.Min(), Is.LessThanOrEqualTo(1));
    }

    /// <summary>Memory has a bound: a store that is full has every 2nd, 4th, ... token, then snapshot, and the last.</summary>
    [TestCase(5000, 9, 5000 * 4 * 4, 2500, 8), TestCase(100, 50, 100 * 4 * 20, 100, 20)]
    public void AStoreIsNeverLarger(int tokens, int snapshots, long most, int keptTokens, int largestSnapshots)
    {
        TokenStore store = TokenStore.Read(Cloud(tokens, snapshots).Trajectory, most, default);
        Assert.That((long)store.Tokens.Count * store.Width * (store.Snapshots.Count - 1), Is.LessThanOrEqualTo(most));
        Assert.That(store.Tokens, Has.Count.LessThanOrEqualTo(keptTokens));
        Assert.That(store.Snapshots, Has.Count.LessThanOrEqualTo(largestSnapshots + 1));
        Assert.That(store.Snapshots[^1].Time, Is.EqualTo(snapshots - 1));
        foreach ((ShownToken token, int row) in store.Tokens.Select((t, row) => (t, row)).Some())
            Assert.That(store.Snapshots[^1].Numbers[row * 4], Is.EqualTo((float)X((int)token.Token, snapshots - 1)[0]));
    }

    /// <summary>Tokens that come and go keep their rows; where they are not, there is nothing.</summary>
    [Test]
    public void TokensMayComeAndGo()
    {
        File.WriteAllText(Folder["t.csv"], "time,replica,token,x0,x1\n0,0,7,1,0\n0,0,9,0,1\n1,0,7,0,1\n1,1,3,-1,0\n2,0,9,1,0\n2,1,3,1,0\n");
        TokenStore store = TokenStore.Read(Trajectory.Open([Folder["t.csv"]], ColumnMap.Identity, normalize: false), 1000, default);
        Assert.That(store.Tokens.Select(t => (t.Replica, t.Token)), Is.EqualTo(new[] { (0, 7L), (0, 9L), (1, 3L) }));
        Assert.That(store.Snapshots.Select(s => (float[])[s.Numbers[0], s.Numbers[3], s.Numbers[6]]),
            Is.EqualTo(new float[][] { [1, 0, float.NaN], [0, float.NaN, -1], [float.NaN, 1, 1] }));
        TrajectoryPage.Write(Folder["t.html"],
            [Seen(new TrajectorySource("t", Trajectory.Open([Folder["t.csv"]], ColumnMap.Identity, normalize: false)))], 1_000_000);
        Assert.That(Positions(File.ReadAllText(Folder["t.html"]), planes: 2), Is.EqualTo(new short[]
        {
            32767, 0, -32768, 0, 32767, -32768, 0, -32768, -32767, 32767, -32768, 0, -32768, 32767, 32767, -32768, 0, 0,
        }));
    }

    /// <summary>Directions and shares of a cloud whose covariance is known: coordinate k is +-a_k, all signs together.</summary>
    [Test]
    public void PrincipalDirectionsAreThoseOfTheCovariance()
    {
        double[] a = [0.1, 0.5, 0.2, 0.7, 0.4];
        double length = Math.Sqrt(a.Sum(v => v * v));
        File.WriteAllLines(Folder["t.csv"], ["time,token,x0,x1,x2,x3,x4", .. Enumerable.Range(0, 32).Select(i => $"0,{i}," + string.Join(',', a.Select((v, k) =>
            ((i >> k & 1) == 0 ? v : -v) / length).Select(v => v.ToString("R", CultureInfo.InvariantCulture))))]);
        TokenStore store = TokenStore.Read(Trajectory.Open([Folder["t.csv"]], ColumnMap.Identity, normalize: false), 1000, default);
        PrincipalDirections directions = PrincipalDirections.Of([store]);
        Assert.That(directions.Shares, Is.EqualTo(new[] { 0.49, 0.25, 0.16 }.Select(v => v / (length * length))).Within(1e-6));
        double[] seen = new double[3];
        directions.Project<double>([1, 2, 3, 4, 5], seen);
        Assert.That(seen, Is.EqualTo((double[])[4, 2, 5]).Within(1e-5));
    }

    /// <summary>Median, 5 and 95 % quantiles over replicas, linear between values, as of 1, 2, 4, 8: 1.15, 3, 7.4.</summary>
    [Test]
    public void ObservablesOfReplicasAreSummed()
    {
        File.WriteAllText(Folder["o.csv"], "time,replica,a,b\n0,0,8,1\n0,1,1,1\n0,2,4,1\n0,3,2,1\n1,0,0,2\n1,1,0,2\n1,2,0,2\n1,3,1,2\n");
        ObservableSeries series = ObservableSeries.Read(Folder["o.csv"]);
        Assert.That((series.Names, series.Times), Is.EqualTo(((string[])["a", "b"], (double[])[0, 1])));
        Assert.That(series.Values, Is.EqualTo(new double[][] { [1.15, 0], [3, 0], [7.4, 0.85], [1, 2], [1, 2], [1, 2] }).Within(1e-12));
    }

    [TestCase("figure3-baseline", null), TestCase("figure3-rotary", true), TestCase("figure3-toeplitz", true), TestCase("figure3-distance", false), TestCase("figure3-prefix", false)]
    public void LabelsMeetWhereTheFlowDoesNotTellThemApart(string experiment, bool? expected) =>
        Assert.That(LimitShape.IsCyclic(StoredExperiments.Load(experiment)), Is.EqualTo(expected));

    /// <summary>The cluster of a token at the end, by size.</summary>
    [Test]
    public void ClustersAreThoseOfTheEnd()
    {
        File.WriteAllText(Folder["t.csv"], "time,token,x0,x1\n0,0,1,0\n0,1,0,1\n0,2,0,-1\n0,3,-1,0\n0,4,-1,0\n0,5,1,0\n1,0,1,0\n1,1,0,1\n1,2,0,-1\n1,3,0,1\n1,4,-1,0\n1,5,-1,0\n"
            .Replace("1,4,-1,0", "1,4,0,-1", StringComparison.Ordinal).Replace("1,0,1,0\n1,1,", "1,0,0,-1\n1,1,", StringComparison.Ordinal));
        TrajectoryPage.Write(Folder["t.html"],
            [Seen(new TrajectorySource("t", Trajectory.Open([Folder["t.csv"]], ColumnMap.Identity, normalize: false)))], 1_000_000);
        string page = File.ReadAllText(Folder["t.html"]);
        Assert.That(Doubles(page, About(page).GetProperty("runs")[0])[18..24], Is.EqualTo((double[])[0, 1, 0, 1, 0, -1]));
    }

    // Tokens that run around by their own speeds, with a scatter that does not pack well.
    private TrajectorySource Cloud(int tokens, int snapshots)
    {
        string path = Folder[$"{tokens}x{snapshots}.csv"];
        using (StreamWriter text = new(path))
        {
            text.WriteLine("time,token,x0,x1,x2");
            for (int t = 0; t < snapshots; t++)
                for (int i = 0; i < tokens; i++)
                    text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{t},{i},{X(i, t)[0]},{X(i, t)[1]},{X(i, t)[2]}"));
        }
        return new TrajectorySource("cloud", Trajectory.Open([path], ColumnMap.Identity, normalize: false));
    }

    private static double[] X(int i, int t)
    {
        RandomStream random = new(1, RandomPurpose.Labels, t, i);
        return Sphere.Normalized([random.Uniform() - 0.5, random.Uniform() - 0.5, random.Uniform() - 0.5]);
    }

    private static JsonElement About(string page) => JsonElement.Parse(Json().Match(page).Groups[1].Value);

    private static byte[] Numbers(string page)
    {
        using MemoryStream packed = new([.. Piece().Matches(page).SelectMany(m => Convert.FromBase64String(m.Groups[1].Value))]);
        using ZLibStream zip = new(packed, CompressionMode.Decompress);
        using MemoryStream bytes = new();
        zip.CopyTo(bytes);
        return bytes.ToArray();
    }

    // Replica, name, label and cluster of the tokens, of a page without observables.
    private static double[] Doubles(string page, JsonElement run) =>
        [.. Numbers(page).Chunk(8).Take(4 * run.GetProperty("tokens").GetInt32()).Select(b => BitConverter.ToDouble(b))];

    // [snapshot, plane, token], of a page without observables.
    private static short[] Positions(string page, int planes)
    {
        int n = About(page).GetProperty("runs")[0].GetProperty("tokens").GetInt32();
        byte[] bytes = Numbers(page)[(32 * n)..];
        short[] positions = new short[bytes.Length / 2];
        for (int at = 0; at < positions.Length; at++)
        {
            int zigzag = bytes[at / n * 2 * n + at % n] | bytes[at / n * 2 * n + n + at % n] << 8;
            short before = at < planes * n ? (short)0 : positions[at - planes * n];
            positions[at] = unchecked((short)(before + (zigzag >> 1 ^ -(zigzag & 1))));
        }
        return positions;
    }

    [GeneratedRegex("^    ([0-9a-f]{64})  (.+)$", RegexOptions.Multiline)]
    private static partial Regex Hash();

    [GeneratedRegex("<script type=\"application/json\" id=\"about\">(.*)</script>")]
    private static partial Regex Json();

    [GeneratedRegex("<script type=\"text/plain\" class=\"numbers0\">([^<]*)</script>")]
    private static partial Regex Piece();

    private static SeenTrajectory Seen(TrajectorySource source) => SeenTrajectory.Read(source, of: 1, CancellationToken.None);
}
