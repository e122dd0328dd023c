namespace AttentionFlow.Tests.Kernels;

public sealed class SplitSumsTests
{
    [Test]
    public void SharedRowsHaveTheSameBits([Values(1, 2, 3, 5)] int parts)
    {
        PairProblem problem = Problems.Self(2, 2, 101, 3, new Interaction(2));
        using SimdSums one = new SimdSums(Precision.Single, 1);
        using SplitSums split = SplitSums.Open("two", [.. Enumerable.Range(0, parts).Select(k => $"{k}")], _ => new SimdSums(Precision.Single, 1));
        RowSums expected = Problems.Sum(one, problem, RowColumns.Force | RowColumns.Deficit), actual = Problems.Sum(split, problem, RowColumns.Force | RowColumns.Deficit);
        Assert.That(actual.Z, Is.EqualTo(expected.Z));
        Assert.That(actual.Force, Is.EqualTo(expected.Force));
        Assert.That(actual.Deficit, Is.EqualTo(expected.Deficit));
        RowSums some = new RowSums(problem.Rows, 3, RowColumns.None);
        split.Sum(split.Plan(problem, some.Columns), 50..53, some, CancellationToken.None);
        Assert.That(some.Z.Select((z, row) => z == (row is >= 50 and < 53 ? expected.Z[row] : 0)), Is.All.True);
    }

    [Test]
    public void WhatOneCannotDoNoneDoes()
    {
        PairProblem linear = Problems.Self(1, 1, 4, 3, new Interaction(1) { Profile = Profile.Linear });
        using SplitSums split = SplitSums.Open("two", ["0", "1"], name => name == "0" ? new Probe() : new ReferenceSums());
        Assert.That(split.Plan(linear, RowColumns.Deficit).WhyNot, Does.Contain("deficit"));
        Assert.That(() => Problems.Sum(split, linear, RowColumns.Deficit), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void WhatWasOpenedIsClosedWhenTheNextIsAbsent()
    {
        Probe first = new Probe();
        Assert.That(() => SplitSums.Open("two", ["0", "1"], name => name == "0" ? first : throw new DeviceUnavailableException("not here")), Throws.TypeOf<DeviceUnavailableException>());
        Assert.That(first.IsClosed);
    }

    private sealed class Probe : IPairSums
    {
        public bool IsClosed { get; private set; }
        public string Name => "probe";
        public SumStatistics Statistics { get; } = new();
        public Plan Plan(PairProblem problem, RowColumns columns) => new(problem, columns);
        public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop) { }
        public void Dispose() => IsClosed = true;
    }
}
