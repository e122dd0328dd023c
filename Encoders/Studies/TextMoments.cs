namespace AttentionFlow.Encoders.Studies;

/// <summary>A text after a layer, as far as means of its tokens are concerned. Hidden states h keep their lengths.</summary>
/// <param name="Parts">In how many parts, each by itself, it was given; each has a [CLS] and a [SEP].</param>
/// <param name="Tokens">Number N of the inner tokens, those between [CLS] and [SEP].</param>
/// <param name="First">The hidden state of [CLS], [d]; the mean over parts.</param>
/// <param name="Ends">The sum of those of [CLS] and [SEP], [d].</param>
/// <param name="Mean">The mean of those of the inner tokens, [d].</param>
/// <param name="Scatter">v = sum |h - mean|^2/(N - 1) over the inner tokens: unbiased where they are independent.</param>
/// <param name="Direction">The mean of h/|h| over all tokens, [d].</param>
internal sealed record TextMoments(
    int Parts, int Tokens, double[] First, double[] Ends, double[] Mean, double Scatter, double[] Direction)
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
        return new(1, n - 2, first, ends, mean, scatter, direction);
    }

    /// <summary>The moments of a text of which the parts are known.</summary>
    public static TextMoments Join(IReadOnlyList<TextMoments> parts)
    {
        int d = parts[0].Mean.Length, tokens = parts.Sum(p => p.Tokens), all = parts.Sum(p => p.All);
        double[] first = new double[d], ends = new double[d], mean = new double[d], direction = new double[d];
        foreach (TextMoments part in parts)
        {
            Sphere.AddScaled(first, 1.0 / parts.Count, part.First);
            Sphere.AddScaled(ends, 1, part.Ends);
            Sphere.AddScaled(mean, (double)part.Tokens / tokens, part.Mean);
            Sphere.AddScaled(direction, (double)part.All / all, part.Direction);
        }
        double squares = parts.Sum(p => (p.Tokens - 1) * p.Scatter + p.Tokens * Square(Sphere.Distance(p.Mean, mean)));
        return new(parts.Sum(p => p.Parts), tokens, first, ends, mean, squares / (tokens - 1), direction);

        static double Square(double a) => a * a;
    }

    /// <summary>Number of all tokens.</summary>
    public int All => Tokens + 2 * Parts;

    /// <summary>The mean over all tokens, as sentence-transformers pools.</summary>
    public double[] Pooled => Averaged(1.0 / All, Ends, Mean, Tokens);

    /// <summary>Mean cosine of different tokens, [CLS] and [SEP] among them.</summary>
    public double TokenCosine => (Sphere.LaneDot(Direction, Direction) * All - 1) / (All - 1);

    /// <summary>|mean|^2 less what the scatter of N tokens adds to it: the mean product of different inner tokens.</summary>
    public double Own => Sphere.LaneDot(Mean, Mean) - Scatter / Tokens;

    /// <summary>share (ends + count mean).</summary>
    public static double[] Averaged(double share, double[] ends, double[] mean, int count)
    {
        double[] averaged = new double[mean.Length];
        Sphere.AddScaled(averaged, share, ends);
        Sphere.AddScaled(averaged, share * count, mean);
        return averaged;
    }
}
