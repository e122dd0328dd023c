namespace AttentionFlow.Solver.Theory;

/// <summary>Linear growth of ripples on the uniform law.</summary>
public static class Growth
{
    /// <summary>
    /// Rate at which a ripple of degree l (and label frequency m under a Toeplitz coupling) grows: l (l + d - 2) lambda_l b_m / beta under
    /// USA, divided by lambda_0 b_0 under SA, by b_0 where the bias alone normalises; b_m = c for m = 0, a_m/2 else [arXiv 2312.10794;
    /// 2410.06833]. Linear profile, or beta = 0: lambda_l/beta is 1/d for l = 1, else 0, and lambda_0 is 1. Infinite where no double is as
    /// large.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or degree or frequency is negative.</exception>
    /// <exception cref="NotSupportedException">Under hardmax, and for a coupling that is no sum of label modes.</exception>
    public static double Rate(Interaction interaction, int dimension, int degree, int frequency = 0)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, degree);
        Argument.AtLeast(0, frequency);
        if (interaction.Normalization.IsHard)
            throw new NotSupportedException($"no growth rate is known under {interaction.Normalization.Name}");
        double bias = LabelMode(interaction.Coupling, 0);
        double factor = degree * (degree + dimension - 2.0) * LabelMode(interaction.Coupling, frequency);
        if (factor == 0) return 0;
        bool curved = interaction.Profile.IsCurved(interaction.Beta);
        if (!curved) return degree == 1 ? factor / dimension / interaction.Normalization.Divisor(bias, bias) : 0;
        // lambda_l/lambda_0/beta, where beta may be the least of all doubles; rows in units of lambda_0.
        double beta = interaction.Beta, ratio = Bessel.RatioOverArgument(dimension / 2.0, beta);
        for (int l = 2; l <= degree; l++) ratio *= Bessel.Ratio(dimension / 2.0 - 1 + l, beta);
        double log = beta + Bessel.LogScaledFunkHecke(dimension, beta);
        return Math.Sign(factor) * Pull.Of(interaction.Normalization, Math.Abs(factor) * ratio, log, 0, bias, bias);
    }

    /// <summary>
    /// When the noise of n independent tokens on the circle has grown to a density disturbed by its own size, sum_l (2/n) (e^{2 g_l t} - 1)
    /// = 1, g_l the growth rates, and how many points of the circle attract then: the velocity is a Gaussian field with amplitudes a_l
    /// = (g_l/l) e^{g_l t}, its falling zeros number (sum l^2 a_l^2/sum a_l^2)^{1/2} in the mean (Rice). With n to infinity the fastest
    /// degree, slowly: the spectrum narrows with (log n)^{-1/2}.
    /// </summary>
    /// <returns>The time, the number, and a_l up to a factor, l = 1, 2, ... as far as they matter.</returns>
    /// <exception cref="ArgumentOutOfRangeException">When n &lt; 1.</exception>
    /// <exception cref="NotSupportedException">As for <see cref="Rate"/>.</exception>
    public static (double Time, double Number, IReadOnlyList<double> Amplitudes) BreakUp(Interaction interaction, int tokens)
    {
        Argument.AtLeast(1, tokens);
        List<double> rates = [Rate(interaction, 2, 1)];
        double fastest = rates[0], ratio = 1;
        bool curved = interaction.Profile.IsCurved(interaction.Beta);
        for (int l = 2; l <= 3 || rates[^1] > 1e-9 * fastest; l++)
        {
            ratio *= curved ? Bessel.Ratio(l, interaction.Beta) : 0;
            rates.Add(rates[0] * l * l * ratio);
            fastest = Math.Max(fastest, rates[^1]);
        }
        // Excess reaches 1 before the fastest degree alone does.
        double time = Quadrature.Root(t => 1 - rates.Sum(g => 2.0 / tokens * (Math.Exp(2 * g * t) - 1)), 0,
            Math.Log(1 + tokens / 2.0) / (2 * fastest));
        double[] amplitudes = [.. rates.Select((g, k) => g / (k + 1) * Math.Exp((g - fastest) * time))];
        double number = Math.Sqrt(amplitudes.Select((a, k) => Math.Pow((k + 1) * a, 2)).Sum() / amplitudes.Sum(a => a * a));
        return (time, number, amplitudes);
    }

    private static double LabelMode(Coupling coupling, int frequency)
    {
        if (coupling.Modes is not { } modes)
            throw new NotSupportedException($"the coupling '{coupling.Name}' is no sum of label modes, so no growth rate is known");
        return frequency == 0 ? modes[0] : frequency < modes.Count ? modes[frequency] / 2 : 0;
    }
}
