using System.Numerics;
using AttentionFlow.Kernels.Gpu;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime.OpenCL;

namespace AttentionFlow.Tests.Kernels;

/// <summary>What the host does for a GPU: how work is laid out, positions on their way there, sums on their way back.</summary>
public sealed class GpuHostTests
{
    // Queries a block and keys a tile of the kernels: d = 3 single and double, d = 16 single, any d.
    private static readonly (int Block, int Tile)[] Kernels = [(512, 256), (256, 256), (128, 64), (64, 64)];

    // At d = 3 in single precision: blocks along the rows, splits, keys of a split.
    [TestCase(1, 1_000_000, 1954, 123, 8192)]
    [TestCase(1, 131_072, 256, 16, 8192)]
    [TestCase(1, 16_384, 32, 32, 512)]
    [TestCase(100, 256, 100, 1, 256)]
    [TestCase(100, 64, 100, 1, 256)]
    [TestCase(100, 1024, 200, 2, 512)]
    [TestCase(1, 10_000_000, 19532, 1221, 8192)]
    public void RowsAndKeysFillACard(int replicas, int n, long blocks, int splits, int splitKeys) =>
        Assert.That(GpuLaunch.Of(replicas, n, n, GpuLaunch.BlockQueries(n, 4), 256), Is.EqualTo(new GpuLaunch(blocks, splits, splitKeys)));

    // One query of a million keys: 123 blocks whoever asks for it, alone or among all.
    [Test]
    public void OneRowOfManyKeysIsSummedByManyBlocks()
    {
        foreach ((int block, int tile) in Kernels)
        {
            Assert.That(GpuLaunch.Of(1, 1_000_000, 1_000_000, block, tile).Splits, Is.InRange(120, 1024));
            Assert.That(GpuLaunch.Of(1, 1, 1_000_000, block, tile).Splits, Is.InRange(1024, 2048));
        }
    }

    [Test]
    public void SplitsCoverTheKeysAndAreNeitherManyNorLong([Values(1, 3, 100)] int replicas, [Values(1, 64, 2000, 131_072)] int queries)
    {
        foreach ((int block, int tile) in Kernels)
            foreach (int keys in (int[])[1, 63, 64, 257, 512, 513, 5000, 8192, 8193, 100_003, 20_000_000])
            {
                GpuLaunch launch = GpuLaunch.Of(replicas, queries, keys, block, tile);
                string where = $"{replicas} x {queries}, {keys} keys, block {block}, tile {tile}: {launch}";
                Assert.That(launch.Blocks, Is.EqualTo(replicas * (long)Math.Ceiling(queries / (double)block)), where);
                Assert.That(launch.SplitKeys % tile, Is.Zero, where);
                Assert.That((long)launch.Splits * launch.SplitKeys, Is.GreaterThanOrEqualTo(keys), where);
                Assert.That((launch.Splits - 1L) * launch.SplitKeys, Is.LessThan(keys), where);
                Assert.That(launch.SplitKeys, Is.LessThanOrEqualTo(8192), where);
                // Rounding to tiles loses a factor below two.
                if (keys > 512) Assert.That(2 * launch.Blocks * launch.Splits >= 2048 || launch.SplitKeys <= 512, where);
            }
    }

    // More warps than queries would idle.
    [TestCase(1, 4, 128), TestCase(128, 4, 128), TestCase(129, 4, 256), TestCase(1_000_000, 4, 512), TestCase(1_000_000, 1, 128)]
    public void BlocksHoldNoIdleWarps(int queries, int threadQueries, int block) =>
        Assert.That(GpuLaunch.BlockQueries(queries, threadQueries), Is.EqualTo(block));

    [Test]
    public void PositionsAreCentredScaledRoundedAndPadded([Values(1, 2, 3, 4, 5, 8, 11, 16, 17, 64)] int d, [Values(1, 3)] int threads)
    {
        int stride = d > 16 ? (d + 3) / 4 * 4 : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(d, 2));
        foreach ((int replicas, int points) in ((int, int)[])[(1, 1), (3, 7), (2, 64), (1, 66_000 / d + 3)])
        {
            Random random = new Random(d);
            double[] x = Problems.Numbers(replicas * points * d, random.NextDouble), means = Problems.Numbers(replicas * d, random.NextDouble);
            foreach ((double[]? from, double[]? centre) in ((double[]?, double[]?)[])[(x, means), (x, null), (null, means)])
            {
                float[] single = Filled<float>(float.NaN);
                double[] @double = Filled<double>(double.NaN);
                GpuPoints.Write(from, centre, 1.7, replicas, points, d, stride, single, 1, threads);
                GpuPoints.Write(from, centre, 1.7, replicas, points, d, stride, @double, 1, threads);
                double[] expected = new double[replicas * points * stride];
                for (int i = 0; i < replicas * points; i++)
                    for (int c = 0; c < d; c++)
                        expected[i * stride + c] = ((from?[i * d + c] ?? 0) - (centre?[i / points * d + c] ?? 0)) * 1.7;
                Assert.That(@double.AsSpan(1, expected.Length).SequenceEqual(expected));
                Assert.That(single.AsSpan(1, expected.Length).SequenceEqual([.. expected.Select(e => (float)e)]));
                Assert.That(double.IsNaN(@double[0]) && double.IsNaN(@double[^1]) && float.IsNaN(single[0]) && float.IsNaN(single[^1]));
            }

            T[] Filled<T>(T nothing) => [.. Enumerable.Repeat(nothing, replicas * points * stride + 2)];
        }
    }

    [Test]
    public void MeansDoNotDependOnThreads([Values(1, 2, 3, 5, 16, 17, 70)] int d)
    {
        double[] kept = [];
        foreach ((int replicas, int points) in ((int, int)[])[(1, 1), (3, 7), (100, 64), (2, 150_000 / d)])
        {
            Random random = new Random(d);
            double[] x = Problems.Numbers(replicas * points * d, () => 2 * random.NextDouble() - 1);
            double[] one = [.. GpuPoints.Means(x, replicas, points, d, 1, ref kept).Take(replicas * d)];
            double[] three = [.. GpuPoints.Means(x, replicas, points, d, 3, ref kept).Take(replicas * d)];
            Assert.That(three, Is.EqualTo(one));
            for (int i = 0; i < one.Length; i++)
            {
                int replica = i / d;
                double exact = Enumerable.Range(0, points).Sum(j => x[(replica * points + j) * d + i % d]) / points;
                Assert.That(one[i], Is.EqualTo(exact).Within(points * Math.Pow(2, -53)));
            }
        }
    }

    // Columns high + low, [columns, 2, rows], of rows that begin and end inside replicas.
    [Test]
    public void RowsComeBack([Values(1, 2, 3, 5, 16, 19)] int d, [Values] bool even, [Values(1, 3)] int threads)
    {
        const RowColumns columns = RowColumns.Force | RowColumns.Deficit | RowColumns.Largest | RowColumns.Squares | RowColumns.CouplingLog;
        const int first = 5;
        const double scale = 1.7;
        foreach ((int replicas, int n) in ((int, int)[])[(3, 13), (1, 9000)])
        {
            PairProblem problem = Problems.Self(4, replicas, n, d, new Interaction(2), evenWeights: even);
            int rows = problem.Rows - first - 3, stride = (d + 3) / 4 * 4, more = GpuColumns.Force + stride;
            Random random = new Random(8);
            float[] sums = [.. Problems.Numbers(2 * rows * (more + GpuColumns.More), random.NextDouble).Select(x => (float)x)];
            RowSums actual = new RowSums(problem.Rows, d, columns);
            new GpuRows<float>(problem, stride, scale, even, new double[replicas * d]).Read(sums, first, rows, actual, threads);
            Assert.That(actual.Shift, Is.EqualTo(Expected(1, (row, _) => 2)));
            Assert.That(actual.Z, Is.EqualTo(Expected(1, (row, _) => Weight(row) * Sum(row, GpuColumns.Z))));
            Assert.That(actual.Force, Is.EqualTo(Expected(d, (row, c) => Weight(row) / scale * Sum(row, GpuColumns.Force + c))));
            Assert.That(actual.Deficit, Is.EqualTo(Expected(1, (row, _) => Weight(row) * Sum(row, more + GpuColumns.Deficit))));
            Assert.That(actual.Largest, Is.EqualTo(Expected(1, (row, _) => Math.Abs(Weight(row)) * Sum(row, more + GpuColumns.Largest))));
            Assert.That(actual.Squares, Is.EqualTo(Expected(1, (row, _) => Weight(row) * Weight(row) * Sum(row, more + GpuColumns.Squares))));
            Assert.That(actual.CouplingLog, Is.EqualTo(Expected(1, (row, _) => Weight(row) * Sum(row, more + GpuColumns.CouplingLog))));

            double Weight(int row) => even ? problem.Weights[row / n * n] : 1;
            double Sum(int row, int column) => (double)sums[2 * column * rows + row - first] + sums[(2 * column + 1) * rows + row - first];
            double[] Expected(int width, Func<int, int, double> value) =>
            [
                .. Enumerable.Range(0, problem.Rows * width)
                    .Select(i => i / width >= first && i / width < first + rows ? value(i / width, i % width) : 0),
            ];
        }
    }

    [Test]
    public void OpenClDevicesSayWhatTheyAre()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(GpuDevices.Kind(CLDeviceType.CL_DEVICE_TYPE_GPU), Is.Empty);
        Assert.That(GpuDevices.Kind(CLDeviceType.CL_DEVICE_TYPE_CPU), Is.EqualTo("a processor and not a GPU, "));
        Assert.That(GpuDevices.WhyNot(CLCVersion.CL30, true, "AMD"), Is.Null);
        Assert.That(GpuDevices.WhyNot(CLCVersion.CL30, false, "Intel"), Is.EqualTo("its OpenCL lacks the generic address space, which ILGPU needs"));
        Assert.That(GpuDevices.WhyNot(CLCVersion.CL12, false, "NVIDIA Corporation"), Does.StartWith("ILGPU needs OpenCL C 2.0").And.EndWith("; use the device \"cuda\""));
        Assert.That(GpuDevices.WhyNot(CLCVersion.CL30, false, "NVIDIA Corporation"),
            Is.EqualTo("its OpenCL lacks the generic address space, which ILGPU needs; use the device \"cuda\""));
    }
}
