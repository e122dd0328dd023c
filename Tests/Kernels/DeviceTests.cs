using AttentionFlow.Kernels;
using NUnit.Framework;

namespace AttentionFlow.Tests.Kernels;

/// <summary>Which devices the other tests see. <c>ATTENTIONFLOW_REQUIRE=ilgpu-cpu,cuda</c> names kinds whose absence is a failure.</summary>
public sealed class DeviceTests
{
    private static readonly string[] Required =
        (Environment.GetEnvironmentVariable("ATTENTIONFLOW_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // Named by the reason: a summary of skipped tests shows names.
    private static IEnumerable<TestCaseData> Kinds() =>
        from kind in (string[])["ilgpu-cpu", "cuda", "opencl"]
        let here = Devices.All.Any(d => d.WhyNot is null && d.Name.Split(':')[0] == kind)
        let why = here ? null : Devices.All.First(d => d.Name == kind).WhyNot
        select new TestCaseData(kind, why).SetName(here ? $"{kind} is tested" : $"no {kind} in these tests: {why}");

    [TestCaseSource(nameof(Kinds))]
    public void IsHere(string kind, string? why)
    {
        if (why is null) return;
        if (Required.Contains(kind)) Assert.Fail(why);
        Assert.Ignore(why);
    }
}
