namespace AttentionFlow.Experiments.Facts;

/// <summary>Energies and means of states that are known: a point, the uniform law, latitude circles and their arcs.</summary>
internal sealed class EnergyFacts() : Chapter(1, "Numbers a run can be held against")
{
    private static readonly Cloud Point = new ClustersLaw([[0.6, 0, 0.8]], 0).Draw(1, 9, 3, seed: 1);

    public override IEnumerable<Fact> Measure()
    {
        Interaction one = new(1);
        yield return Of("energy of a point, beta = 1", "e^beta/(2 beta)", 1.3591409142295225, Probe.Energy(one, Point));
        yield return Of("energy of a point, linear profile", "k(1)/2", 0.5, Probe.Energy(one with { Profile = Profile.Linear }, Point));
        yield return Of("energy of two opposite points, beta = 2", "(k(1) + k(-1))/4", Math.Cosh(2) / 4,
            Probe.Energy(new Interaction(2), Probe.Angles(0, Math.PI)));
        yield return Of("energy of the uniform law of S^2, beta = 1", "sinh(1)/2", Math.Sinh(1) / 2, Probe.Energy(one,
            Quadrature.OnSphere(16)));
        yield return Of("energy of the uniform law of S^2, beta = 4", "lambda_0/(2 beta)", Energies.Uniform(3, 4),
            Probe.Energy(new Interaction(4), Quadrature.OnSphere(20)));
        yield return Of("energy of the uniform law of the circle, beta = 5", "I_0(5)/10", 2.7239871823604442,
            Probe.Energy(new Interaction(5), Probe.Circle(64)));
        double[] gaps = Probe.Observe("gaps", one, Quadrature.OnSphere(16));
        yield return Of("collapse gap G_{energy} of the uniform law of S^2", "0.7715403174", 0.7715403174, gaps[2], 5e-11);
        yield return Of("collapse gap G_{mean} of the uniform law", "1", 1, gaps[0]);
        foreach (Fact fact in Latitudes()) yield return fact;
        foreach (Fact fact in Toeplitz()) yield return fact;
    }

    private IEnumerable<Fact> Latitudes()
    {
        // A midpoint rule over a whole turn is exact up to modes beyond n, far below rounding.
        const double Height = 0.3, Beta = 2;
        Cloud circle = Probe.Latitude(64, Height);
        yield return Of("mean of a full-turn rotary limit at height 0.3", "abs(m) = abs(c)", Height, Sphere.Norm(Probe.MeanOf(circle)));
        yield return Of("its energy, beta = 2", "e^(beta c^2) I_0(beta (1 - c^2))/(2 beta)", Energies.LatitudeCircle(Beta, Height),
            Probe.Energy(new Interaction(Beta), circle));
        // Midpoint sums: the mean of a part turn w is that of its n tokens up to a relative w^2/(24 n^2).
        const double Part = 2.5;
        const int n = 200;
        Cloud arc = Probe.Latitude(n, Height, Part);
        double[] mean = Probe.MeanOf(arc);
        yield return Of("mean square of a part turn of 2.5", "c^2 + (1 - c^2) (sin(w/2)/(w/2))^2",
            Energies.PartTurnMeanSquared(Part, Height), Sphere.Dot(mean, mean), Part * Part / (12.0 * n * n));
        // They exceed the energy by (f(0) - f(1))/(12 n^2) up to O(n^-4), f(v) = e^{beta <x, y>}/beta of tokens at a distance v of labels.
        double far = Height * Height + (1 - Height * Height) * Math.Cos(Part), excess = (Math.Exp(Beta) - Math.Exp(Beta * far)) / Beta;
        yield return Of("energy of that arc, beta = 2", "Energies.LatitudeArc", Energies.LatitudeArc(Beta, Height, Part),
            Probe.Energy(new Interaction(Beta), arc) - excess / (12.0 * n * n), 1e-8);
        // Over heights that are uniform on [0, 1].
        MathNet.Numerics.Integration.GaussLegendreRule rule = new(0, 1, 12);
        double gap = Enumerable.Range(0, 12)
            .Sum(k => rule.Weights[k] * Probe.Observe("gaps", new Interaction(1), Probe.Latitude(48, rule.Abscissas[k]))[2]);
        yield return Of("mean rotary gap over uniform starts, beta = 1", "arXiv 2605.30229, 0.546", 0.546, gap, 5e-4);
        yield return Of("the same to more digits", "Energies.MeanRotaryGap", Energies.MeanRotaryGap(1), gap);
    }

    private IEnumerable<Fact> Toeplitz()
    {
        yield return Of("flat Toeplitz circle, largest energy, beta = 1", "e^(beta - x) I_1(x)/(2 beta) = 0.2825795520", 0.2825795520,
            Best(1, 0).Energy, 5e-11);
        yield return Of("Toeplitz circle, c = 0.3, beta = 1: energy", "0.4790587", 0.4790587, Best(1, 0.3).Energy, 5e-8);
        yield return Of("Toeplitz circle, c = 0.3, beta = 1: mean", "0.559241", 0.559241, Best(1, 0.3).Mean, 5e-7);
        yield return Of("Toeplitz circle, c = 0, beta = 2: mean", "(1 - 1.545127/beta)^(1/2)", Math.Sqrt(1 - 1.545127 / 2),
            Best(2, 0).Mean, 5e-7);
        foreach ((double beta, double constant) in ((double, double)[])[(1, 0), (1, 0.3), (2, 0)])
        {
            Interaction interaction = With(beta, constant);
            Cloud cloud = Probe.Latitude(64, ToeplitzCircle.MeanNorm(interaction, constant));
            double speed = Probe.Observe("speed", interaction, cloud)[0];
            // The root is known to the square root of a rounding of the energy, and the drift is proportional to it.
            yield return Of($"speed of the Toeplitz circle, c = {constant}, beta = {beta}", "a fixed point", 0, speed, 1e-7);
        }

        static Interaction With(double beta, double constant) => new(beta) { Coupling = new ToeplitzCoupling(constant, 1) };

        // The height of the circle of largest energy, by golden section: the energy has one maximum in the height.
        static (double Energy, double Mean) Best(double beta, double constant)
        {
            double low = 0, high = 1, share = (Math.Sqrt(5) - 1) / 2;
            while (high - low > 1e-8)
            {
                double left = high - share * (high - low), right = low + share * (high - low);
                if (Energy(left) > Energy(right)) high = right;
                else low = left;
            }
            return (Energy((low + high) / 2), (low + high) / 2);

            double Energy(double height) => Probe.Energy(With(beta, constant), Probe.Latitude(48, height));
        }
    }
}
