namespace AttentionFlow.Kernels;

/// <summary>A device of this catalogue.</summary>
/// <param name="Name">What <c>--device</c> takes.</param>
/// <param name="Description">What it is, here.</param>
/// <param name="WhyNot">Null when it is available, else one sentence.</param>
/// <param name="Rates">What its arithmetic units do at most, where that is known.</param>
public sealed record DeviceInfo(string Name, string Description, string? WhyNot, DeviceRates? Rates = null);

/// <summary>Scalar operations a second of a GPU: multiprocessors x clock x units of each.</summary>
/// <param name="Exponentials">2^y in single precision.</param>
/// <param name="Single">Instructions in single precision; exponentials take a place among them.</param>
/// <param name="Double">Instructions in double precision.</param>
public sealed record DeviceRates(double Exponentials, double Single, double Double)
{
    /// <summary>
    /// Pairs a second if nothing else were to be done, in the difference form, with equal weights: d differences, d for the exponent, d + 1
    /// for the sums, and for 2^y an exponential (single) or 14 instructions (double).
    /// </summary>
    public double PairsPerSecond(Precision precision, int dimension) =>
        precision == Precision.Single ? Math.Min(Exponentials, Single / (3 * dimension + 2)) : Double / (3 * dimension + 15);
}

/// <summary>A device was asked for that is not available here, or not for so much.</summary>
public sealed class DeviceUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A device failed at work.</summary>
public sealed class DeviceFailedException(string message, Exception? cause = null) : Exception(message, cause);
