namespace AttentionFlow.Tests.Docs;

/// <summary>What a machine may lack: interpreters, compilers, devices.</summary>
internal static class Requirement
{
    /// <summary>Skips the test, or fails it where ATTENTIONFLOW_REQUIRE names the requirement.</summary>
    public static void Absent(string why, string requirement)
    {
        string required = Environment.GetEnvironmentVariable("ATTENTIONFLOW_REQUIRE") ?? "";
        if (required.Split([',', ' ', ';']).Contains(requirement)) Assert.Fail($"{why}, and ATTENTIONFLOW_REQUIRE names {requirement}");
        Assert.Ignore(why);
    }
}
