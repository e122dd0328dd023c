using FsCheck;

namespace AttentionFlow.Tests;

internal static class Properties
{
    /// <summary>Checks a property on the same hundred cases every day.</summary>
    public static void CheckReplayed(this Property property) => property.Check(Config.QuickThrowOnFailure.WithReplay(20261126, 1));
}
