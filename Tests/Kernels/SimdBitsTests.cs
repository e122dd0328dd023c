using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AttentionFlow.Tests.Kernels;

/// <summary>The bits of <see cref="SimdSums"/> depend neither on threads nor on row ranges nor on the vector width nor on the processor.</summary>
public sealed class SimdBitsTests
{
    private static readonly ConcurrentDictionary<int, Lazy<string>> Hashes = [];

    /// <summary>A hash of the results of a fixed set of problems, both precisions.</summary>
    public static string Hash(int vectorBits) => Hashes.GetOrAdd(vectorBits, bits => new(() => Compute(bits))).Value;

    private static string Compute(int vectorBits)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Precision precision in Enum.GetValues<Precision>())
        {
            using SimdSums sums = new SimdSums(precision, 2, vectorBits);
            foreach (PairProblem problem in Set()) Add(hash, Problems.Sum(sums, problem, Problems.AllColumns(problem)));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static IEnumerable<PairProblem> Set()
    {
        int seed = 100;
        foreach (Coupling coupling in Problems.Couplings)
            foreach (int d in (int[])[2, 3, 5, 9])
                foreach (double beta in (double[])[0, 1, 300])
                    yield return Problems.Self(++seed, 2, 37, d, new Interaction(beta) { Coupling = coupling }, evenWeights: d == 3);
        foreach (Profile profile in ProfileTests.General.Where(p => p is PolynomialProfile))
            foreach (int d in (int[])[3, 9])
                yield return Problems.Self(++seed, 2, 137, d, new Interaction(3) { Profile = profile, Coupling = Problems.Couplings[seed % 4] });
        // Several tiles of symmetric sums, the last one ragged.
        foreach (int d in (int[])[2, 3, 4, 5, 6])
        {
            yield return Problems.Self(++seed, 1, 609, d, new Interaction(d == 4 ? 300 : 2), evenWeights: true);
            yield return Problems.Self(++seed, 2, 203, d, new Interaction(2) { Coupling = Problems.Couplings[d % 4] }, evenWeights: true);
        }
        foreach (Mask mask in Enum.GetValues<Mask>())
            foreach (int d in (int[])[3, 9])
            {
                Interaction interaction = new(2) { Mask = mask, Coupling = Problems.Positive[++seed % Problems.Positive.Length] };
                yield return Problems.Self(seed, 1, 900, d, interaction);
                yield return Problems.General(seed, 1, 50, 900, d, interaction);
                yield return Problems.General(seed, 1, 50, 40, d, interaction, length: 20);
            }
    }

    private static void Add(IncrementalHash hash, RowSums sums)
    {
        foreach (double[] column in (double[][])[sums.Shift, sums.Z, sums.Force, sums.Deficit, sums.Largest, sums.Squares, sums.CouplingLog, sums.Value]) hash.AppendData(MemoryMarshal.AsBytes<double>(column));
    }

    [Test]
    public void SameBitsForEveryWidth()
    {
        string expected = Hash(128);
        Assert.That(Hash(256), Is.EqualTo(expected));
        Assert.That(Hash(512), Is.EqualTo(expected));
    }

    [TestCase("EnableAVX512", 256), TestCase("EnableAVX2", 128)]
    public void SameBitsWithoutWideInstructions(string feature, int widest)
    {
        ProcessStartInfo start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [typeof(SimdBitsTests).Assembly.Location, "bits"])
        { RedirectStandardOutput = true };
        start.Environment[$"DOTNET_{feature}"] = "0";
        using Process child = Process.Start(start)!;
        string[] answer = child.StandardOutput.ReadToEnd().Split();
        child.WaitForExit();
        Assert.That(child.ExitCode, Is.Zero);
        Assert.That(int.Parse(answer[0]), Is.LessThanOrEqualTo(widest));
        Assert.That(answer[1], Is.EqualTo(Hash(SimdSums.WidestVectorBits)));
    }

    [Test]
    public void SameBitsForEveryRowRangeAndThreadCount([Values] Precision precision, [Values(3, 4, 9)] int d)
    {
        foreach (Mask mask in (Mask[])[Mask.None, Mask.Causal])
        {
            Interaction interaction = new(2) { Coupling = new ToeplitzCoupling(0.2, 1), Mask = mask };
            SameBits(precision, Problems.Self(9, 3, 203, d, interaction));
            SameBits(precision, Problems.General(9, 3, 203, 150, d, interaction, length: 12));
        }
        // Symmetric sums: replicas of a tile, and several tiles.
        SameBits(precision, Problems.Self(9, 3, 203, d, new Interaction(2), evenWeights: true));
        SameBits(precision, Problems.Self(9, 1, 609, d, new Interaction(2), evenWeights: true));
        SameBits(precision, Problems.Self(9, 1, 609, d, new Interaction(2) { Coupling = new DistanceCoupling(0.2) }, evenWeights: true));
    }

    private static void SameBits(Precision precision, PairProblem problem)
    {
        using SimdSums one = new SimdSums(precision, 1);
        RowSums expected = Problems.Sum(one, problem, Problems.AllColumns(problem));
        foreach (int threads in (int[])[1, 2, 5])
        {
            using SimdSums sums = new SimdSums(precision, threads);
            foreach (int[] cuts in (int[][])[[0, 609], [0, 1, 609], [0, 5, 210, 211, 400, 609], [0, 203, 406, 609]])
            {
                RowSums actual = new RowSums(problem.Rows, problem.Dimension, expected.Columns);
                Plan plan = sums.Plan(problem, actual.Columns);
                for (int i = 1; i < cuts.Length; i++) sums.Sum(plan, cuts[i - 1]..cuts[i], actual, CancellationToken.None);
                Assert.That(actual.Z, Is.EqualTo(expected.Z));
                Assert.That(actual.Force, Is.EqualTo(expected.Force));
                Assert.That(actual.Deficit, Is.EqualTo(expected.Deficit));
                Assert.That(actual.Squares, Is.EqualTo(expected.Squares));
            }
        }
    }

    [Test]
    public void WritesNothingOutsideTheRange()
    {
        PairProblem problem = Problems.Self(9, 2, 40, 3, new Interaction(2));
        using SimdSums sums = new SimdSums(Precision.Double, 2);
        RowSums into = new RowSums(problem.Rows, 3, RowColumns.Force);
        into.Z.AsSpan().Fill(7);
        sums.Sum(sums.Plan(problem, into.Columns), 35..44, into, CancellationToken.None);
        Assert.That(into.Z.Select((z, row) => z == 7 == (row is < 35 or >= 44)), Is.All.True);
    }

    [Test]
    public void ColumnsDoNotChangeEachOther([Values] Precision precision, [Values(3, 6, 9)] int d)
    {
        foreach ((Coupling coupling, bool even) in Problems.Couplings.SelectMany(coupling => ((Coupling, bool)[])[(coupling, false), (coupling, true)]))
        {
            PairProblem problem = Problems.Self(4, 1, even ? 609 : 50, d, new Interaction(3) { Coupling = coupling }, even);
            using SimdSums sums = new SimdSums(precision, 1);
            RowSums expected = Problems.Sum(sums, problem, Problems.AllColumns(problem));
            foreach (RowColumns columns in (RowColumns[])[RowColumns.None, RowColumns.Force, RowColumns.Deficit, RowColumns.Squares, RowColumns.Force | RowColumns.Largest])
            {
                RowSums actual = Problems.Sum(sums, problem, columns);
                Assert.That(actual.Z, Is.EqualTo(expected.Z));
                if (actual.Force.Length > 0) Assert.That(actual.Force, Is.EqualTo(expected.Force));
                if (actual.Deficit.Length > 0) Assert.That(actual.Deficit, Is.EqualTo(expected.Deficit));
                if (actual.Squares.Length > 0) Assert.That(actual.Squares, Is.EqualTo(expected.Squares));
            }
        }
    }
}
