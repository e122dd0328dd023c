namespace AttentionFlow.Experiments.Facts;

/// <summary>How fast a cluster contracts where a network divides by a scale.</summary>
internal sealed class SchemeFacts() : Chapter(3, "Normalisation schemes")
{
    public override IEnumerable<Fact> Measure()
    {
        const double Start = 1e-3, Time = 6;
        (Scheme Scheme, string Formula, double Share)[] cases =
        [
            (new PostScheme(), "e^(-t)", Math.Exp(-Time)),
            (new PreScheme(0.7), "r(0)/(r(0) + t)", 0.7 / (0.7 + Time)),
            (new PeriScheme(1.5), "r(0)/(r(0) + t)", 1.5 / (1.5 + Time)),
            (new NGptScheme(0.8), "e^(-alpha t)", Math.Exp(-0.8 * Time)),
            (new SqrtScheme(), "e^(2 - 2 (t + 1)^(1/2))", Math.Exp(2 - 2 * Math.Sqrt(Time + 1))),
        ];
        foreach ((Scheme scheme, string formula, double share) in cases)
        {
            Cloud end = Probe.Move(Probe.Softmax(2), Probe.Angles(0, Start), Time, Integration.Rk4(0.01) with { Scheme = scheme });
            // The next term in the angle is cubic.
            yield return Relative($"angle in a cluster under {scheme.GetType().Name[..^"Scheme".Length]}, t = 6", formula, share,
                Probe.Angle(end) / Start, 2e-6);
        }
    }
}
