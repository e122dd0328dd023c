namespace AttentionFlow.Solver.Theory;

/// <summary>Linear growth of ripples on the uniform law.</summary>
public static class Growth
{
    /// <summary>
    /// Rate at which a ripple of degree l (and label frequency m under a Toeplitz coupling) grows: l (l + d - 2) lambda_l b_m / beta under
    /// USA, divided by lambda_0 b_0 under SA, by b_0 where the bias alone normalises; b_m = c for m = 0, a_m/2 else. Exponential profile,
    /// beta > 0 [arXiv 2312.10794; 2410.06833].
    /// </summary>
    public static double Rate(Interaction interaction, int dimension, int degree, int frequency = 0)
    {
        double rate = degree * (degree + dimension - 2.0) * Bessel.FunkHecke(dimension, degree, interaction.Beta) / interaction.Beta
            * LabelMode(interaction.Coupling, frequency);
        if (interaction.Normalization.IsHard)
            throw new NotSupportedException($"no growth rate is known under {interaction.Normalization.Name}");
        double bias = LabelMode(interaction.Coupling, 0);
        return rate / interaction.Normalization.Divisor(Bessel.FunkHecke(dimension, 0, interaction.Beta) * bias, bias);
    }

    private static double LabelMode(Coupling coupling, int frequency)
    {
        if (coupling.Modes is not { } modes)
            throw new NotSupportedException($"the coupling '{coupling.Name}' is no sum of label modes, so no growth rate is known");
        return frequency == 0 ? modes[0] : frequency < modes.Count ? modes[frequency] / 2 : 0;
    }
}
