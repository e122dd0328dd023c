namespace AttentionFlow.Solver.Theory;

/// <summary>Linear growth of ripples on the uniform law.</summary>
public static class Growth
{
    // Radians, for the quadrature of profiles that are steep at right angles.
    private const double SmallestPanel = 1e-3;

    /// <summary>
    /// Rate at which a ripple of degree l (and label frequency m under a Toeplitz coupling) grows: l (l + d - 2) lambda_l b_m / beta under
    /// USA, divided by lambda_0 b_0 under SA, by b_0 where the bias alone normalises; b_m = c for m = 0, a_m/2 else [arXiv 2312.10794;
    /// 2410.06833]. Linear profile, or beta = 0: lambda_l/beta is 1/d for l = 1, else 0, and lambda_0 is 1. Others: lambda_l/beta is the
    /// mean of k P_l over the sphere, P_l(1) = 1, by quadrature, and lambda_0 that of k'. Infinite where no double is as large.
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
        if (interaction.Profile.IsGeneral)
            return factor * Mean(interaction, dimension, degree)
                / interaction.Normalization.Divisor(bias * Mean(interaction, dimension, 0), bias);
        if (!interaction.Profile.IsExponential(interaction.Beta))
            return degree == 1 ? factor / dimension / interaction.Normalization.Divisor(bias, bias) : 0;
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
        List<double> rates = CircleRates(interaction);
        double fastest = rates.Max(), time = TimeOf(rates, 1, tokens);
        double[] amplitudes = [.. rates.Select((g, k) => g / (k + 1) * Math.Exp((g - fastest) * time))];
        double number = Math.Sqrt(amplitudes.Select((a, k) => Math.Pow((k + 1) * a, 2)).Sum() / amplitudes.Sum(a => a * a));
        return (time, number, amplitudes);
    }

    /// <summary>
    /// When the noise of n independent tokens on the circle has grown by this disturbance, sum_l (2/n) (e^{2 g_l t} - 1), and the chance of
    /// each degree to be the strongest then: squared amplitudes are independent and exponentially distributed with the means mu_l =
    /// e^{2 g_l t}/n, so it is int_0^inf e^{-x} prod_{k != l} (1 - e^{-x mu_l/mu_k}) dx.
    /// </summary>
    /// <param name="interaction">The interaction.</param>
    /// <param name="tokens">n.</param>
    /// <param name="disturbance">Mean square of the density's disturbance, above 0; linear growth holds where it is small.</param>
    /// <returns>The time, and the chance of degree l, l = 1, 2, ... as far as they grow.</returns>
    /// <exception cref="ArgumentOutOfRangeException">When n &lt; 1 or the disturbance is not above 0.</exception>
    /// <exception cref="NotSupportedException">As for <see cref="Rate"/>.</exception>
    public static (double Time, IReadOnlyList<double> Chances) Strongest(Interaction interaction, int tokens, double disturbance)
    {
        Argument.AtLeast(1, tokens);
        Argument.Positive(disturbance);
        List<double> rates = CircleRates(interaction);
        double time = TimeOf(rates, disturbance, tokens);
        return (time, [.. rates.Select((_, l) => Quadrature.Panels(x => Math.Exp(-x) * Weaker(l, x), 0, 40, 0.5))]);

        // The chance that no other degree exceeds x mu_l.
        double Weaker(int l, double x) => rates.Where((_, k) => k != l).Aggregate(1.0,
            (product, other) => product * ScaledExponential.Deficit(x * Math.Exp(2 * (rates[l] - other) * time)));
    }

    // g_l, l = 1, 2, ..., on the circle, as far as they matter.
    private static List<double> CircleRates(Interaction interaction)
    {
        List<double> rates = [Rate(interaction, 2, 1)];
        double fastest = rates[0], ratio = 1;
        bool curved = interaction.Profile.IsExponential(interaction.Beta), general = interaction.Profile.IsGeneral;
        // Of other profiles single degrees may have none, or fall.
        for (int l = 2; l <= 3 || rates[^1] > 1e-9 * fastest
            || (general && Math.Max(Math.Abs(rates[^1]), Math.Abs(rates[^2])) > 1e-9 * fastest); l++)
        {
            ratio *= curved ? Bessel.Ratio(l, interaction.Beta) : 0;
            rates.Add(general ? Rate(interaction, 2, l) : rates[0] * l * l * ratio);
            fastest = Math.Max(fastest, rates[^1]);
        }
        return rates;
    }

    // The excess reaches the disturbance before the fastest degree alone does.
    private static double TimeOf(List<double> rates, double disturbance, int tokens) =>
        Quadrature.Root(t => disturbance - rates.Sum(g => 2.0 / tokens * (Math.Exp(2 * g * t) - 1)), 0,
            Math.Log(1 + disturbance * tokens / 2.0) / (2 * rates.Max()));

    // The mean of k(w) P_l(w) over the sphere, w a coordinate; for l = 0 that of k'(w).
    private static double Mean(Interaction interaction, int dimension, int degree)
    {
        (Profile profile, double beta) = (interaction.Profile, interaction.Beta);
        double panel = Math.Min(1 / Math.Sqrt(dimension), Math.Min(10.0 / (1 + degree), Math.Max(1 / (1 + beta), SmallestPanel)));
        double surface = Quadrature.Panels(angle => Math.Pow(Math.Sin(angle), dimension - 2), 0, Math.PI, panel);
        return Quadrature.Panels(angle => Math.Pow(Math.Sin(angle), dimension - 2) * Of(Math.Cos(angle)), 0, Math.PI, panel) / surface;

        double Of(double w)
        {
            if (degree == 0) return profile.Slope(beta, w);
            (double before, double harmonic) = (1, w);
            for (int l = 1; l < degree; l++)
                (before, harmonic) = (harmonic, ((2 * l + dimension - 2) * w * harmonic - l * before) / (l + dimension - 2));
            return profile.Value(beta, w) * harmonic;
        }
    }

    private static double LabelMode(Coupling coupling, int frequency)
    {
        if (coupling.Modes is not { } modes)
            throw new NotSupportedException($"the coupling '{coupling.Name}' is no sum of label modes, so no growth rate is known");
        return frequency == 0 ? modes[0] : frequency < modes.Count ? modes[frequency] / 2 : 0;
    }
}
