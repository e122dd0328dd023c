using AttentionFlow.Tests.Kernels;

// `AttentionFlow.Tests bits`: the vector width in use and a hash of fixed pair sums. Tests run it with processor features switched off.
// `AttentionFlow.Tests ranks`: whether this process still finds a null reference after it has joined the ranks of an MPI launcher.
switch (args)
{
    case ["bits"]:
        Console.WriteLine($"{SimdSums.WidestVectorBits} {SimdBitsTests.Hash(SimdSums.WidestVectorBits)}");
        return 0;
    case ["ranks"]:
        Mpi.Join();
        try
        {
            Console.WriteLine(args.FirstOrDefault(word => word == "none")!.Length);
        }
        catch (NullReferenceException)
        {
            Console.WriteLine($"found by one of {MpiLaunch.Ranks}");
        }
        Mpi.End();
        return 0;
    default:
        Console.Error.WriteLine("The tests run by `dotnet test`; this program knows the arguments `bits` and `ranks` only.");
        return 2;
}
