using System.Reflection;

namespace AttentionFlow.Kernels;

/// <summary>In place of the folder Ilgpu where its packages are not there: no device, and the reason.</summary>
internal static class Gpu
{
    private static readonly string WhyNot = "this program was built without ILGPU: " +
        typeof(Gpu).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "IlgpuWhyNot").Value;

    public static IReadOnlyList<DeviceInfo> Find() =>
        [new("cuda", "NVIDIA GPUs", WhyNot), new("opencl", "OpenCL GPUs", WhyNot), new("ilgpu-cpu", "ILGPU's simulator of a GPU", WhyNot)];

    public static IPairSums Open(string name, Precision precision, int threads) => throw new DeviceUnavailableException(WhyNot);

    public static IPairSums OpenTiled(Precision precision, int blockThreads) => throw new DeviceUnavailableException(WhyNot);

    public static string Ptx(PairProblem problem, Columns columns, Precision precision, int capability) => throw new DeviceUnavailableException(WhyNot);
}
