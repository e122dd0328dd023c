namespace AttentionFlow.Solver.Theory;

/// <summary>Normalised pulls e^{beta t}/N at any beta.</summary>
internal static class Pull
{
    /// <summary>
    /// factor e^{beta - below}/N. Under a bounded normalisation nothing overflows; else it is infinite where no double is as large.
    /// </summary>
    /// <param name="normalization">What gives N; not hardmax.</param>
    /// <param name="factor">At least 0.</param>
    /// <param name="beta">beta.</param>
    /// <param name="below">beta (1 - t).</param>
    /// <param name="z">e^{-beta} times the sum of the row.</param>
    /// <param name="bias">The sum of the couplings of the row.</param>
    /// <exception cref="ArgumentOutOfRangeException">Under hardmax, which has no such pull.</exception>
    public static double Of(Normalization normalization, double factor, double beta, double below, double z, double bias)
    {
        if (normalization.IsHard)
            throw new ArgumentOutOfRangeException(
                nameof(normalization), normalization.Name, "at infinite beta there is no pull to normalise");
        return normalization.IsBounded ? factor * Math.Exp(-below) * normalization.Scale(z, Math.Exp(beta), bias)
            : ScaledExponential.Times(factor / normalization.Divisor(ScaledExponential.Times(z, beta), bias), beta - below);
    }
}
