using AttentionFlow.Solver.Trajectories;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Trajectories;

/// <summary>Tokens from files of others: names, orders, kinds of numbers, and what is wrong with them.</summary>
public class TrajectoryTests : FolderFixture
{
    private const string Own = "time,replica,token,x0,x1\n0,0,0,1,0\n0,0,1,0,1\n0.5,0,0,0.6,0.8\n0.5,0,1,0,-1\n";

    [Test]
    public void ColumnsHaveTheirOwnNamesOrThoseOfTheMap()
    {
        string own = Write("own.csv", Own);
        string other = Write("other.csv", "id,step,py,px\n1,0,1,0\n0,0,0,1\n1,0.5,-1,0\n0,0.5,0.8,0.6\n");
        string star = Write("star.csv", "layer,position,h_10,h_9\n0,0,0,1\n0,1,1,0\n0.5,0,0.8,0.6\n0.5,1,-1,0\n");
        double[][] expected = [[1, 0, 0, 1], [0.6, 0.8, 0, -1]];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Positions(Read([own])), Is.EqualTo(expected));
        Assert.That(Positions(Read([other], "time=step,token=id,x0=px,x1=py")), Is.EqualTo(expected), "tokens in any order");
        Assert.That(Positions(Read([star], "time=layer,token=position,x=h_*")), Is.EqualTo(expected), "9 comes before 10");
        Assert.That(Read([own]).Select(s => s.Time), Is.EqualTo(new[] { 0, 0.5 }));
    }

    [Test]
    public void ReplicasAreNumbersOrNamesAndMayDifferInTokens()
    {
        string path = Write("texts.csv", "time,replica,x0,x1\n0,whale,1,0\n0,whale,0,1\n0,union,0,1\n1,whale,1,0\n1,whale,1,0\n1,union,1,0\n");
        Trajectory trajectory = Trajectory.Open([path], ColumnMap.Identity, normalize: false);
        List<Snapshot> snapshots = [];
        trajectory.Read(snapshots.Add, _ => { }, default);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(snapshots[0].Replicas.Select(r => (r.Replica, r.Count)), Is.EqualTo(new[] { (0, 2), (1, 1) }));
        Assert.That(trajectory.ReplicaNames, Is.EqualTo(new[] { "whale", "union" }));
    }

    /// <summary>Numbers are read as double.Parse reads them, those of 17 digits, halves between doubles and subnormals included.</summary>
    [Test]
    public void NumbersAreReadToTheLastBit()
    {
        RandomStream random = new(5, RandomPurpose.Probes, 0, 0);
        List<string> labels = ["9007199254740993", "0.1", "1e-300", "4.9e-324", "2.2250738585072011e-308", "-0", "1E5", "0.30000000000000004"];
        for (int i = 0; i < 3000; i++)
        {
            double value = BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(random.Normal()) ^ (long)(random.Uniform() * (1L << 52)));
            labels.Add(value.ToString(i % 3 == 0 ? "R" : i % 3 == 1 ? "E20" : "F30", CultureInfo.InvariantCulture));
        }
        labels.RemoveAll(l => Math.Abs(double.Parse(l, CultureInfo.InvariantCulture)) > 1e15);
        string path = Write("labels.csv", "label,x0,x1\n" + string.Concat(labels.Select(l => $"{l},1,0\n")));
        Assert.That(Read([path])[0].Replicas[0].Labels!.Select(BitConverter.DoubleToInt64Bits),
            Is.EqualTo(labels.Select(l => BitConverter.DoubleToInt64Bits(double.Parse(l, CultureInfo.InvariantCulture)))));
    }

    [Test]
    public void PointsKeepTheirBitsOrAreScaled()
    {
        string single = Write("single.csv", $"x0,x1\n{0.6f:R},{0.8f:R}\n"), any = Write("any.csv", "x0,x1\n3,4\n1,0\n");
        double third = Math.Sqrt(1 / 3.0);
        string exact = Write("exact.csv", FormattableString.Invariant($"x0,x1,x2\n{third},{third},{third}\n"));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Sphere.Norm(Read([single])[0].Replicas[0].Positions), Is.EqualTo(1).Within(2e-16), "numbers of single precision");
        Assert.That(Read([exact])[0].Replicas[0].Positions, Is.EqualTo(new[] { third, third, third }));
        TokenSet scaled = Read([any], normalize: true)[0].Replicas[0];
        Assert.That(scaled.Positions, Is.EqualTo(new[] { 0.6, 0.8, 1, 0 }).Within(1e-15));
        Assert.That(scaled.Radii, Is.EqualTo(new double[] { 5, 1 }));
    }

    [Test]
    public void FilesOfOneSnapshotEachAreInTheOrderOfTheNumbersInTheirNames()
    {
        foreach ((string name, double x) in new[] { ("run2_t10.0.csv", 1.0), ("run2_t9.5.csv", -1), ("run2_t100.csv", 0.6) })
            Write(name, FormattableString.Invariant($"x0,x1\n{x},{Math.Sqrt(1 - x * x)}\n"));
        List<Snapshot> read = Read([Folder["run2_*.csv"]]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(read.Select(s => s.Time), Is.EqualTo(new[] { 9.5, 10, 100 }));
        Assert.That(read.Select(s => s.Replicas[0].Positions[0]), Is.EqualTo(new[] { -1, 1, 0.6 }));
    }

    [Test]
    public void ColumnsThatAreNotUsedAreNamed()
    {
        string path = Write("t.csv", "id,x0,x1,snapshot,charge\n1,1,0,0,2\n");
        Assert.That(Trajectory.Open([path], ColumnMap.Identity, false).Advice, Is.EqualTo("columns not used: id, charge; tokens are told apart by their order; a file is one snapshot"));
        Assert.That(Trajectory.Open([Write("own.csv", Own)], ColumnMap.Identity, false).Advice, Is.Null);
    }

    /// <summary>Files are replicas by their names where their arrays have one name; times that are not of all are refused.</summary>
    [Test]
    public void SeveralArchivesAreReplicas()
    {
        NumpyFiles.Archive(Folder["a.npz"], ("x", "<f8", [2, 1, 2], [1, 0, 0, 1]));
        NumpyFiles.Archive(Folder["b.npz"], ("x", "<f8", [2, 1, 2], [0, 1, 0, 1]));
        NumpyFiles.Archive(Folder["c.npz"], ("x", "<f8", [2, 1, 2], [0, 1, 0, 1]), ("time", "<f8", [2], [0, 5]));
        Assert.That(Trajectory.Open([Folder["a.npz"], Folder["b.npz"]], ColumnMap.Identity, false).ReplicaNames, Is.EqualTo(new[] { "a", "b" }));
        Assert.That(() => Trajectory.Open([Folder["a.npz"], Folder["c.npz"]], ColumnMap.Identity, false),
            Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"{Folder["c.npz"]}, array 'time': it holds for all replicas; the files of others have none, or another."));
    }

    [Test]
    public void WeightsSumToOne()
    {
        TokenSet set = Read([Write("w.csv", "weight,x0,x1\n3,1,0\n1,0,1\n")])[0].Replicas[0];
        Assert.That(set.Weights, Is.EqualTo(new[] { 0.75, 0.25 }));
    }

    [TestCase("<f8"), TestCase("<f4"), TestCase("<f2")]
    public void ArraysOfNumPy(string type)
    {
        double[] x = [1, 0, 0, 1, 0.5, 0.75, 0, -2, 1, 1, 0, 4]; // [3, 2, 2], exact in every type
        Save("one.npy", type, [3, 2, 2], x);
        NumpyFiles.Archive(Folder["many.npz"], ("arr_10", type, [2, 2], x[8..]), ("arr_2", type, [2, 2], x[4..8]), ("arr_1", type, [2, 2], x[..4]));
        NumpyFiles.Archive(Folder["times.npz"], ("x", type, [3, 2, 2], x), ("time", "<f8", [3], [0.5, 2, 3]), ("label", "<i8", [2], [7, 8]));
        NumpyFiles.Archive(Folder["replicas.npz"], ("b", type, [1, 2, 2], x[..4]), ("a", type, [3, 2, 2], x));
        double[][] expected = [.. x.Chunk(4).Select(c => c.Chunk(2).SelectMany(p => Sphere.Normalized(p)).ToArray())];
        List<Snapshot> times = Read([Folder["times.npz"]], normalize: true), replicas = Read([Folder["replicas.npz"]], normalize: true);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Positions(Read([Folder["one.npy"]], normalize: true)), Is.EqualTo(expected).Within(1e-15));
        Assert.That(Positions(Read([Folder["many.npz"]], normalize: true)), Is.EqualTo(expected).Within(1e-15), "by the numbers in their names");
        Assert.That(times.Select(s => s.Time), Is.EqualTo(new[] { 0.5, 2, 3 }));
        Assert.That(times[2].Replicas[0].Labels, Is.EqualTo(new double[] { 7, 8 }));
        Assert.That(times[1].Replicas[0].Radii, Is.EqualTo(new[] { Math.Sqrt(0.8125), 2 }).Within(1e-15));
        Assert.That(replicas.Select(s => s.Replicas.Count), Is.EqualTo(new[] { 2, 1, 1 }), "replicas may end earlier");
    }

    [TestCase("x0,x1\n1,0\n", "time=t", "there is no column 't'; known: x0, x1.")]
    [TestCase("t,a,b\n0,1,0\n", "", "coordinates are the columns x0, x1, ...; there are 3 columns: t, a, b. Name others: --map x=h_* or --map x0=px,x1=py,x2=pz")]
    [TestCase("time,x0,x1\n1,1,0\n0,1,0\n", "", "line 3: the time 0 comes after 1; rows come in the order of their times (sort them: in DuckDB COPY (FROM 'in.csv' ORDER BY the columns of time, replica and token) TO 'out.csv').")]
    [TestCase("x0,x1,x3\n1,0,0\n", "", "there is x3, but no x2; coordinates are x0, x1, ... without gaps.")]
    [TestCase("a,b,c\n1,0,0\n", "x0=a,x1=b,x3=c", "there is x3, but no x2; coordinates are x0, x1, ... without gaps.")]
    [TestCase("a,b,c\n1,0,0\n", "x0=a,x1=a,x2=c", "the column 'a' is named for two things.")]
    [TestCase("t,h_x,b\n1,0,0\n", "time=t,x=h_*", "no column is like 'h_*', a number for the star.")]
    [TestCase("time x0 x1\n0 1 0\n", "", "line 1: columns are separated by spaces; commas are expected (tr -s ' ' ',').")]
    [TestCase("x0,x1\n1,0\n0.6,0.9\n", "", "line 3: the point has length 1.08166538, not 1; --normalize takes points of any length, which is their radius (a run's own snapshots of few digits: give its folder).")]
    [TestCase("x0,x1\n0,0\n", "", "line 2: the point is zero; it has no direction.")]
    [TestCase("x0,x1\n1,0\n1,\n", "", "line 3: column x1 is empty; a number is expected.")]
    [TestCase("x0,x1\n1,0x\n", "", "line 2: '0x' in column x1 is not a finite number.")]
    [TestCase("x0,x1\n1,nan\n", "", "line 2: 'nan' in column x1 is not a finite number.")]
    [TestCase("x0,x1\n1,0\n1\n", "", "line 3: the number of values is 1, but the header has 2 columns.")]
    [TestCase("x0,x1\n1,0", "", "the file ends without a line break, so its last number may be cut.")]
    [TestCase("token,x0,x1\n1,1,0\n0,1,0\n1,1,0\n", "", "at time 0, token 1 is there twice; a column that tells replicas apart is named by --map replica=COLUMN.")]
    [TestCase("token,x0,x1\n1.5,1,0\n", "", "line 2: '1.5' in column token is not a whole number.")]
    [TestCase("weight,x0,x1\n0,1,0\n", "", "line 2: the weight 0 is not positive.")]
    [TestCase("replica,x0,x1\n0,1,0\nb,1,0\n", "", "line 3: the replica 'b' is a text among whole numbers, or a number among texts.")]
    [TestCase("x0;x1\n1;0\n", "", "line 1: columns are separated by semicolons; commas are expected, and points in numbers (tr ',;' '.,').")]
    [TestCase("x0,x0,x1\n1,1,0\n", "", "line 1: the column 'x0' appears twice.")]
    public void WhatIsWrongIsNamed(string text, string map, string problem)
    {
        string path = Write("wrong.csv", text);
        string message = Assert.Throws<ConfigurationException>(() => Read([path], map))!.Message;
        Assert.That(message.StartsWith(path, StringComparison.Ordinal) ? message[path.Length..].TrimStart(',', ':', ' ') : message, Is.EqualTo(problem));
    }

    [TestCase("layer=time", "--map layer=time: 'layer' is nothing that a column can be; did you mean")]
    [TestCase("x=h", "--map x=h: all coordinates at once have a star: x=h_*.")]
    [TestCase("time=t*", "--map time=t*: a star stands for the coordinates: x=h_*.")]
    [TestCase("time", "--map time: entries such as time=layer, separated by commas, are expected.")]
    [TestCase("time=a,time=b", "--map time=b: 'time' is there twice.")]
    public void AMapThatIsNoneIsRefused(string map, string problem) =>
        Assert.That(() => ColumnMap.Parse(map), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith(problem));

    [Test]
    public void WhatIsWrongWithArraysIsNamed()
    {
        File.WriteAllText(Folder["no.npy"], "not an array");
        Save("big.npy", ">f8", [1, 2], [1, 0]);
        Save("cut.npy", "<f8", [2, 2, 2], [1, 0, 0, 1]);
        Save("four.npy", "<f8", [1, 1, 1, 2], [1, 0]);
        Save("nan.npy", "<f8", [1, 2], [1, double.NaN]);
        Save("fortran.npy", "<f8", [2, 2], [1, 0, 0, 1], fortran: true);
        using IDisposable scope = Assert.EnterMultipleScope();
        Refuses("no.npy", "this is not an array of NumPy (numpy.save).");
        Refuses("big.npy", "numbers of the type '>f8'; save x.astype('<f8') or '<f4'.");
        Refuses("cut.npy", "the file ends before the array does.");
        Refuses("four.npy", "arrays of tokens are [time, token, d], or [token, d] one a time, all of one d; there are [1, 1, 1, 2].");
        Refuses("nan.npy", "there is a number that is not finite: NaN.");
        Refuses("fortran.npy", "the array is in Fortran order; save numpy.ascontiguousarray(x).");

        void Refuses(string name, string problem) => Assert.That(() => Read([Folder[name]]),
            Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"{Folder[name]}: {problem}"));
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(Folder[name], text);
        return Folder[name];
    }

    private static List<Snapshot> Read(string[] paths, string map = "", bool normalize = false)
    {
        List<Snapshot> read = [];
        Trajectory.Open(paths, map.Length > 0 ? ColumnMap.Parse(map) : ColumnMap.Identity, normalize).Read(read.Add, _ => { }, default);
        return read;
    }

    private static double[][] Positions(IEnumerable<Snapshot> snapshots) => [.. snapshots.Select(s => s.Replicas[0].Positions)];

    private void Save(string name, string type, int[] shape, double[] values, bool fortran = false) =>
        File.WriteAllBytes(Folder[name], NumpyFiles.Array(type, shape, values, fortran));
}
