namespace AttentionFlow.Encoders.Studies;

/// <summary>A text after a layer, as far as means of its tokens are concerned. Hidden states h keep their lengths.</summary>
/// <param name="Tokens">Number N of the inner tokens, those between [CLS] and [SEP].</param>
/// <param name="First">The hidden state of [CLS], [d].</param>
/// <param name="Ends">The sum of those of [CLS] and [SEP], [d].</param>
/// <param name="Mean">The mean of those of the inner tokens, [d].</param>
/// <param name="Scatter">v = sum |h - mean|^2/(N - 1) over the inner tokens: unbiased where they are independent.</param>
/// <param name="Direction">The mean of h/|h| over all tokens, [d].</param>
internal sealed record TextMoments(int Tokens, double[] First, double[] Ends, double[] Mean, double Scatter, double[] Direction)
{
    /// <summary>The moments of some hidden states, [CLS] first and [SEP] last.</summary>
    /// <param name="unit">h/|h|, [n, d].</param>
    /// <param name="radii">|h|, [n], at least 4.</param>
    public static TextMoments Of(double[] unit, double[] radii)
    {
        int n = radii.Length, d = unit.Length / n;
        double[] direction = new double[d], mean = new double[d], ends = new double[d], first = new double[d];
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> x = unit.AsSpan(i * d, d);
            Sphere.AddScaled(direction, 1.0 / n, x);
            Sphere.AddScaled(i == 0 || i == n - 1 ? ends : mean, i == 0 || i == n - 1 ? radii[i] : radii[i] / (n - 2), x);
            if (i == 0) Sphere.AddScaled(first, radii[i], x);
        }
        double scatter = 0;
        double[] away = new double[d];
        for (int i = 1; i < n - 1; i++)
        {
            mean.CopyTo(away, 0);
            Sphere.AddScaled(away, -radii[i], unit.AsSpan(i * d, d));
            scatter += Sphere.LaneDot(away, away) / (n - 3);
        }
        return new(n - 2, first, ends, mean, scatter, direction);
    }

    /// <summary>The mean over all tokens, as sentence-transformers pools.</summary>
    public double[] Pooled => Averaged(Tokens + 2);

    /// <summary>Mean cosine of different tokens, [CLS] and [SEP] among them.</summary>
    public double TokenCosine => (Sphere.LaneDot(Direction, Direction) * (Tokens + 2) - 1) / (Tokens + 1);

    /// <summary>|mean|^2 less what the scatter of N tokens adds to it: the mean product of different inner tokens.</summary>
    public double Own => Sphere.LaneDot(Mean, Mean) - Scatter / Tokens;

    /// <summary>
    /// The expected mean over n tokens, [CLS], [SEP] and n - 2 that are drawn, independently, from a law with this text's mean.
    /// </summary>
    public double[] Averaged(int n)
    {
        double[] mean = new double[Mean.Length];
        Sphere.AddScaled(mean, 1.0 / n, Ends);
        Sphere.AddScaled(mean, (n - 2.0) / n, Mean);
        return mean;
    }

    /// <summary>The expected square of the same: that of the expected mean, and v (n - 2)/n^2. At n = N + 2 that of the text.</summary>
    public double AveragedSquare(int n)
    {
        double[] mean = Averaged(n);
        double share = (n - 2.0) / n;
        return Sphere.LaneDot(mean, mean) + share * share * Scatter * (1 / (n - 2.0) - 1.0 / Tokens);
    }
}
