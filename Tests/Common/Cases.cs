// Those that change what a process has once (environment, processor time) are marked [NonParallelizable].
[assembly: Parallelizable(ParallelScope.Fixtures)]

namespace AttentionFlow.Tests;

internal static class Cases
{
    /// <summary>The cases of a loop, of which there must be some: a loop over none would pass.</summary>
    public static IReadOnlyList<T> Some<T>(this IEnumerable<T> cases)
    {
        T[] all = [.. cases];
        Assert.That(all, Is.Not.Empty, "a loop over no cases");
        return all;
    }
}
