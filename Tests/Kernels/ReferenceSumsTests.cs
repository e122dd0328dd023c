using AttentionFlow.Tests.Solver;

namespace AttentionFlow.Tests.Kernels;

/// <summary>The arbiter against the definition, written a second time: a_ij = b_ij e^{beta q.k}, no shift, no differences.</summary>
public sealed class ReferenceSumsTests
{
    private const int R = 2, M = 5, N = 7, D = 3;

    private static double[] Random(int seed, int count)
    {
        Random random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextDouble() - 1)];
    }

    private static bool Sees(Mask mask, int i, int j) => mask == Mask.None || (mask == Mask.Causal ? j <= i : mask == Mask.Strict ? j < i : mask == Mask.Reversed ? j >= i : j > i);

    [Test]
    public void GeneralFormMatchesItsDefinition([Values] Mask mask, [ValueSource(typeof(Clouds), nameof(Clouds.Profiles))] Profile profile, [Values] bool withOrigin)
    {
        foreach (Coupling coupling in Problems.Couplings)
        {
            Interaction interaction = new Interaction(1.7) { Coupling = coupling, Mask = mask, Profile = profile };
            double[] queryLabels = [.. Random(5, R * M).Select(Math.Abs)], keyLabels = [.. Random(6, R * N).Select(Math.Abs)];
            if (coupling is BlockCoupling) (queryLabels, keyLabels) = ([.. queryLabels.Select(x => Math.Floor(2 * x))], [.. keyLabels.Select(x => Math.Floor(2 * x))]);
            PairProblem p = PairProblem.General(R, M, N, D, interaction, Random(1, R * M * D), Random(2, R * N * D), Random(3, R * N * D),
                withOrigin ? Random(4, R * M * D) : null, Random(7, R * N), queryLabels, keyLabels);
            CompareWithDefinition(p);
        }
    }

    [Test]
    public void SelfFormMatchesItsDefinition([Values] Mask mask, [ValueSource(typeof(Clouds), nameof(Clouds.Profiles))] Profile profile)
    {
        foreach (Coupling coupling in Problems.Couplings)
            CompareWithDefinition(Problems.Self(1, R, N, D, new Interaction(1.7) { Coupling = coupling, Mask = mask, Profile = profile }));
    }

    private static void CompareWithDefinition(PairProblem p)
    {
        RowColumns columns = RowColumns.Force | RowColumns.Largest | RowColumns.Squares;
        if (p.Interaction.Coupling.Smallest >= 0) columns |= RowColumns.CouplingLog;
        bool deficit = p.WhyNever(RowColumns.Deficit) is null;
        if (deficit) columns |= RowColumns.Deficit;
        if (p.Interaction.Profile.IsGeneral) columns |= RowColumns.Value;
        RowSums sums = Problems.Sum(new ReferenceSums(), p, columns);
        for (int row = 0; row < p.Rows; row++)
        {
            int replica = row / p.Queries;
            double z = 0, largest = 0, squares = 0, log = 0, d = 0, value = 0;
            double[] f = new double[D];
            for (int j = 0; j < p.Keys; j++)
            {
                if (!Sees(p.Interaction.Mask, row % p.Queries, j)) continue;
                int key = replica * p.Keys + j;
                double dot = 0, b = Clouds.B(p.Interaction.Coupling, p.QueryLabels[row], p.KeyLabels[key]);
                for (int c = 0; c < D; c++) dot += p.Q[row * D + c] * p.K[key * D + c];
                double slope = Clouds.Slope(p.Interaction.Profile, p.Interaction.Beta, dot), a = p.Weights[key] * b * slope;
                z += a;
                value += p.Weights[key] * b * Clouds.K(p.Interaction.Profile, p.Interaction.Beta, dot);
                largest = Math.Max(largest, Math.Abs(a));
                squares += a * a;
                log += a * Math.Log(b);
                d += p.Weights[key] * b * (1 - slope * Math.Exp(-p.Interaction.Beta));
                for (int c = 0; c < D; c++) f[c] += a * (p.V[key * D + c] - (p.Origin?[row * D + c] ?? 0));
            }
            double scale = Math.Exp(sums.Shift[row]);
            Assert.That(scale * sums.Z[row], Is.EqualTo(z).Within(1e-13 * scale));
            Assert.That(scale * sums.Largest[row], Is.EqualTo(largest).Within(1e-13 * scale));
            Assert.That(scale * scale * sums.Squares[row], Is.EqualTo(squares).Within(1e-13 * scale * scale));
            if (columns.HasFlag(RowColumns.CouplingLog)) Assert.That(scale * sums.CouplingLog[row], Is.EqualTo(log).Within(1e-12 * scale));
            if (p.Interaction.Profile.IsGeneral) Assert.That(sums.Value[row], Is.EqualTo(value).Within(1e-13));
            if (deficit) Assert.That(sums.Deficit[row], Is.EqualTo(d).Within(1e-13));
            for (int c = 0; c < D; c++) Assert.That(scale * sums.Force[row * D + c], Is.EqualTo(f[c]).Within(1e-13 * scale));
        }
    }

    [Test]
    public void StrictMaskLeavesTheFirstRowEmpty()
    {
        RowSums sums = Problems.Sum(new ReferenceSums(), Problems.Self(1, 1, 3, 2, new Interaction(1) { Mask = Mask.Strict }), RowColumns.Force);
        Assert.That((sums.Z[0], sums.Force[0], sums.Force[1]), Is.EqualTo((0.0, 0.0, 0.0)));
    }

    [Test]
    public void DeficitIsFiniteAtAnyTemperature()
    {
        PairProblem p = PairProblem.Self(1, 2, 2, new Interaction(1000), [1, 0, -1, 0], [0.5, 0.5], [0, 0]);
        Assert.That(Problems.Sum(new ReferenceSums(), p, RowColumns.Deficit).Deficit, Is.EqualTo(new[] { 0.5, 0.5 }));
    }

    [Test]
    public void NegativeCouplingsHaveNoLogarithm() =>
        Assert.That(new ReferenceSums().Plan(Problems.Self(1, 1, 2, 2, new Interaction(1) { Coupling = new BlockCoupling(-1) }), RowColumns.CouplingLog).WhyNot, Does.Contain("block"));
}
