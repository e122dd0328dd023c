namespace AttentionFlow.Encoders.Studies;

/// <summary>A number and its standard error over texts.</summary>
internal readonly record struct Estimate(double Value, double Error)
{
    /// <summary>The mean of one number a text, and its standard error.</summary>
    public static Estimate OfTexts(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return new(mean, Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1.0) / values.Count));
    }

    /// <summary>
    /// By the jackknife, for numbers made of pairs of texts, which are not independent: error^2 = (R - 1)/R sum (omitted - their mean)^2.
    /// </summary>
    /// <param name="value">Of all R texts.</param>
    /// <param name="omitted">Of all but one, [R].</param>
    public static Estimate Jackknife(double value, IReadOnlyCollection<double> omitted)
    {
        double mean = omitted.Average(), count = omitted.Count;
        return new(value, Math.Sqrt((count - 1) / count * omitted.Sum(v => (v - mean) * (v - mean))));
    }

    /// <summary>0.352(13) is 0.352 ± 0.013: the error in units of the last digit, two digits of it; alone where there is none.</summary>
    public override string ToString()
    {
        if (Error < 1e-12) return (Math.Round(Value, 4) + 0.0).ToString("0.####", CultureInfo.InvariantCulture).Replace('-', '−');
        int decimals = Math.Clamp(1 - (int)Math.Floor(Math.Log10(Error)), 0, 6);
        string digits = Value.ToString($"F{decimals}", CultureInfo.InvariantCulture).Replace('-', '−');
        return string.Create(CultureInfo.InvariantCulture, $"{digits}({Error * Math.Pow(10, decimals):F0})");
    }
}
