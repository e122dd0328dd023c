using AttentionFlow.Tests.Kernels;

// `AttentionFlow.Tests bits`: the vector width in use and a hash of fixed pair sums. Tests run it with processor features switched off.
if (args is not ["bits"])
{
    Console.Error.WriteLine("The tests run by `dotnet test`; this program knows the argument `bits` only.");
    return 2;
}
Console.WriteLine($"{SimdSums.WidestVectorBits} {SimdBitsTests.Hash(SimdSums.WidestVectorBits)}");
return 0;
