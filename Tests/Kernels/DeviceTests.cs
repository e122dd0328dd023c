using AttentionFlow.Kernels;
using NUnit.Framework;

namespace AttentionFlow.Tests.Kernels;

/// <summary>Which devices the other tests see. <c>ATTENTIONFLOW_REQUIRE=ilgpu-cpu,cuda</c> names kinds whose absence is a failure.</summary>
public sealed class DeviceTests
{
    private static readonly string[] Required =
        (Environment.GetEnvironmentVariable("ATTENTIONFLOW_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [Test]
    public void IsHere([Values("ilgpu-cpu", "cuda", "opencl")] string kind)
    {
        if (Devices.All.Any(d => d.WhyNot is null && d.Name.Split(':')[0] == kind)) return;
        string why = $"no {kind} in these tests: {Devices.All.First(d => d.Name == kind).WhyNot}";
        if (Required.Contains(kind)) Assert.Fail(why);
        Assert.Ignore(why);
    }
}
