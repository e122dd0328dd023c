using System.Reflection;

namespace AttentionFlow.Kernels;

/// <summary>In place of the folder Ilgpu where its packages are not there: no device, and the reason.</summary>
internal static class Gpu
{
    /// <summary>What there would be.</summary>
    public static IReadOnlyList<DeviceInfo> Find()
    {
        string why = "this program was built without ILGPU: " +
            typeof(Gpu).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "IlgpuWhyNot").Value;
        return [new("cuda", "NVIDIA GPUs", why), new("opencl", "OpenCL GPUs", why), new("ilgpu-cpu", "ILGPU's simulator of a GPU", why)];
    }

    /// <summary>Never called: there is nothing to open.</summary>
    public static IPairSums Open(string name, Precision precision, int threads) => throw new DeviceUnavailableException($"device '{name}' is not available");
}
