using System.Numerics;

namespace AttentionFlow.Experiments.Facts;

/// <summary>Motion that is known: growth out of the uniform law, equiangular states, two clusters, the last stage of collapse.</summary>
internal sealed class FlowFacts() : Chapter(2, "Numbers a run can be held against")
{
    private static readonly Normalization[] Both = [Normalization.Unnormalized, Normalization.Softmax];

    public override IEnumerable<Fact> Measure() =>
        [.. Ripples(), .. Pairs(), .. EquiangularStates(), .. Clusters(), .. LastStage(), .. Dissipation(), .. MeanField()];

    /// <summary>A ripple of amplitude a on an equidistributed circle: the rate is exact up to a relative a.</summary>
    private IEnumerable<Fact> Ripples()
    {
        const int N = 64;
        const double Amplitude = 1e-7, Time = 0.2;
        Interaction plain = new(5), sigmoid = plain with { Profile = Profile.Sigmoid };
        Interaction squares = plain with { Profile = new PolynomialProfile(1) };
        (int Degree, Interaction Interaction, double Expected)[] cases =
        [
            (1, plain, 4.867128), (2, plain, 14.004492), (3, plain, 18.596070), (4, plain, 16.346351),
            (1, Probe.Softmax(5), Growth.Rate(Probe.Softmax(5), 2, 1)), (4, Probe.Softmax(5), Growth.Rate(Probe.Softmax(5), 2, 4)),
            (2, squares, 2.5), (2, sigmoid, Growth.Rate(sigmoid, 2, 2)),
        ];
        foreach ((int degree, Interaction interaction, double expected) in cases)
        {
            double[] x = new double[2 * N];
            for (int i = 0; i < N; i++)
                (x[2 * i + 1], x[2 * i]) = Math.SinCos(Probe.Turn * i / N + Amplitude * Math.Sin(degree * Probe.Turn * i / N));
            Cloud moved = Probe.Move(interaction, new Cloud(1, N, 2, x), Time, Integration.Rk4(0.0025));
            string profile = interaction.Profile.IsGeneral ? $", {interaction.Profile}" : "";
            yield return Of(
                $"growth of degree {degree} on the circle, beta = 5, {interaction.Normalization.Name}{profile}",
                "l (l + d - 2) lambda_l/beta", expected, Math.Log(Ripple(moved.Positions, degree) / Ripple(x, degree)) / Time, 1e-4);
        }

        foreach (Interaction interaction in (Interaction[])[new(1), Probe.Softmax(1)])
            yield return Of($"growth of degree 1 on S^2, beta = 1, {interaction.Normalization.Name}",
                "(d - 1) lambda_1/beta, under SA over lambda_0",
                2 / Math.E / (interaction.Normalization == Both[0] ? 1 : Math.Sinh(1)), Probe.GrowthOfTheMean(interaction, 1e-6), 1e-8);

        static double Ripple(double[] x, int l)
        {
            Complex sum = 0;
            for (int i = 0; i < N; i++) sum += Complex.Pow(new(x[2 * i], x[2 * i + 1]), l) / N;
            return sum.Magnitude;
        }
    }

    // Two tokens of equal weight: du/dt = k'(u) (1 - u^2), u their cosine.
    private IEnumerable<Fact> Pairs()
    {
        const double Beta = 4, Time = 0.25;
        foreach (Profile profile in (Profile[])[Profile.Sigmoid, Profile.Polynomial])
        {
            Cloud moved = Probe.Move(new(Beta) { Profile = profile }, Probe.Angles(0, Math.PI / 2), Time, Integration.Rk4(0.0025));
            double cosine = Sphere.Dot(moved.Token(0), moved.Token(1));
            yield return Of($"time of two tokens from a right angle, beta = {Beta}, {profile}", "int du/(k'(u) (1 - u^2))", Time,
                Quadrature.Panels(u => 1 / (profile.Slope(Beta, u) * (1 - u * u)), 0, cosine, 0.1), 1e-9);
        }
    }

    private IEnumerable<Fact> EquiangularStates()
    {
        Cloud start = new EquiangularLaw(0).Draw(1, 8, 8, seed: 1);
        (Normalization, double)[] known = [(Both[0], 0.9118731798), (Both[1], 0.2306960126)];
        foreach ((Normalization normalization, double expected) in known)
        {
            // rk4 with this step misses by some 1e-10.
            Cloud moved = Probe.Move(new(2) { Normalization = normalization }, start, 1, Integration.Rk4(0.005));
            yield return Of($"cosine of an equiangular start, n = 8, beta = 2, t = 1, {normalization.Name}", "arXiv 2312.10794", expected,
                Sphere.Dot(moved.Token(0), moved.Token(5)), 1e-8);
        }
        Cloud orthogonal = new EquiangularLaw(0).Draw(1, 32, 32, seed: 1);
        foreach ((double beta, double time) in ((double, double)[])
            [(0, 5.18626), (1, 5.27028), (2, 5.45839), (4, 6.95350), (6, 15.99531), (9, 178.73093)])
        {
            yield return Of($"time to the cosine 0.999 of orthogonal tokens, n = 32, SA, beta = {beta}", "arXiv 2312.10794: quadrature",
                time, Equiangular.Time(Both[1], beta, 32, 0, 0.999), 6e-6);
            // Where the cosine is 0.999 it rises by 0.002 in a unit of time.
            Cloud then = Probe.Move(Probe.Softmax(beta), orthogonal, time, Integration.Adaptive(1e-7));
            yield return Of($"cosine of the flow at that time, beta = {beta}", "0.999", 0.999,
                Sphere.Dot(then.Token(3), then.Token(20)), 1e-6);
        }
        foreach (double beta in (double[])[1, 6])
        {
            Cloud stepped = Probe.Move(Probe.Softmax(beta), orthogonal, 2, new Integration(Methods.Euler, 0.1));
            double g = 0;
            for (int step = 0; step < 20; step++) g = Equiangular.Step(Both[1], beta, 32, g, 0.1, isProjected: true);
            yield return Of($"cosine after 20 steps of Euler's method, h = 0.1, beta = {beta}", "its map", g,
                Sphere.Dot(stepped.Token(3), stepped.Token(20)), 1e-12);
        }
        yield return Of("distance after a layer x + h A near consensus, h = 0.1", "1/(1 + h)", 1 / 1.1,
            Math.Sqrt((1 - Equiangular.Step(Both[1], 3, 32, 1 - 1e-6, 0.1, isProjected: false)) / 1e-6), 1e-5);
        Cloud plain = Probe.Move(new(0), new EquiangularLaw(0.1).Draw(1, 5, 7, seed: 1), 2, Integration.Rk4(0.01));
        yield return Of("the same at beta = 0, n = 5, t = 2", "(u e^(2t) - 1)/(u e^(2t) + n - 1)", Equiangular.CosineAtBetaZero(5, 0.1, 2),
            Sphere.Dot(plain.Token(0), plain.Token(3)), 1e-8);
    }

    private IEnumerable<Fact> Clusters()
    {
        const double From = 120 * Math.PI / 180;
        foreach ((Normalization normalization, double expected) in ((Normalization, double)[])[(Both[0], 1.740527), (Both[1], 8.2025)])
        {
            double time = TimeTo(0.1, new(2) { Normalization = normalization }, Probe.Angles(0, From));
            yield return Relative($"time of two tokens from 120 degrees to 0.1 rad, beta = 2, {normalization.Name}",
                "a' = -2 e^(beta cos a) sin a/N", expected, time, 1e-5);
        }
        Interaction blocks = new(1) { Coupling = new BlockCoupling(0.3) };
        Cloud pair = new(1, 2, 2, [1, 0, 0, 1], [0, 1]);
        yield return Relative("time of two blocks of coupling 0.3 from 90 degrees to 0.5 rad, beta = 1", "TwoClusters.Time",
            TwoClusters.Time(Both[0], 1, 0.3, Math.PI / 2, 0.5), TimeTo(0.5, blocks, pair), 1e-8);
        foreach (double beta in (double[])[2, 8])
        {
            MergerLog log = new();
            Cloud cloud = new ClustersLaw([[1, 0, 0], [Math.Cos(2), Math.Sin(2), 0]], 0).Draw(1, 20, 3, seed: 1);
            double time = TwoClusters.Time(Both[1], beta, 1, 2, 2 * Math.Asin(1e-3 / 2));
            // The best of the bounds on the way.
            double bound = Enumerable.Range(1, 19).Max(k => TwoClusters.Bound(beta, 1, 2, 0.1 * k));
            Probe.Move(Probe.Softmax(beta), cloud, 1.1 * time,
                new(Methods.Tsit5, new AdaptiveStep(1e-8) { MergeDistance = 1e-3 }) { Observers = [log] });
            // An error e of the angle shifts the time by beta sin(angle) e of it at most; a distance of 1e-3 is resolved to 1e-8/1e-3.
            yield return Of($"time at which two clusters merge, beta = {beta}", "TwoClusters.Time", time, log.Last,
                1e-6 * beta * time + 1e-4);
            yield return AtLeast($"the same against the bound, beta = {beta}", "(a_0 - a) e^(beta (1 - cos a))/(2 e)", bound, log.Last);
        }
    }

    // By Newton's steps on the time: the angle falls, and its slope is that of the drift.
    private static double TimeTo(double angle, Interaction interaction, Cloud start)
    {
        double time = 0;
        Cloud now = start;
        for (int k = 0; k < 2000 && Probe.Angle(now) - angle is var left and > 1e-12; k++)
        {
            double fall = 2 * Probe.Ask(interaction, now, (_, drift) => Sphere.Norm(drift.AsSpan(0, now.Dimension)));
            double step = Math.Min(0.02, left / fall);
            now = Probe.Move(interaction, now, step, Integration.Rk4(step));
            time += step;
        }
        return Math.Abs(Probe.Angle(now) - angle) <= 1e-9 ? time : double.NaN;
    }

    private IEnumerable<Fact> LastStage()
    {
        foreach (Normalization normalization in Both)
        {
            Cloud start = new CapLaw([0, 0, 1], 1e-4).Draw(1, 20, 3, seed: 3);
            Interaction interaction = new(0.7) { Normalization = normalization };
            Cloud end = Probe.Move(interaction, start, 3, Integration.Rk4(0.01));
            double measured = Math.Log(Probe.Observe("gaps", interaction, start)[1] / Probe.Observe("gaps", interaction, end)[1]) / 3;
            yield return Relative(
                $"rate of 1 - |m|^2 near a point, beta = 0.7, {normalization.Name}", "2 e^beta, or 2",
                2 * Stability.CollapseRate(interaction), measured, 1e-6);
        }
    }

    private IEnumerable<Fact> Dissipation()
    {
        // The central difference of E over 2 h is dE/dt up to h^2 E'''/6, some 1e-7 here.
        const double H = 1e-4;
        Cloud start = new UniformLaw().Draw(1, 16, 3, seed: 4);
        foreach (Normalization normalization in Both)
        {
            Interaction interaction = new(1.5) { Normalization = normalization };
            Cloud middle = Probe.Move(interaction, start, 1, Integration.Rk4(0.01));
            Cloud before = Probe.Move(interaction, start, 1 - H, Integration.Rk4(0.01));
            Cloud after = Probe.Move(interaction, middle, H, Integration.Rk4(H));
            double difference = (Probe.Energy(interaction, after) - Probe.Energy(interaction, before)) / (2 * H);
            yield return Relative($"dE/dt along the flow, {normalization.Name}", "sum_i m_i (Z_i) |dx_i/dt|^2",
                Probe.Ask(interaction, middle, (flow, drift) => flow.Dissipation(0, drift)), difference, 1e-5);
        }
    }

    /// <summary>Tokens on a grid of the circle, weighted by the law, make Z and the force exact integrals.</summary>
    private IEnumerable<Fact> MeanField()
    {
        foreach ((double kappa, double beta) in ((double, double)[])[(0.5, 0.7), (4, 5)])
        {
            Cloud cloud = Probe.Circle(128, a => Math.Exp(kappa * Math.Cos(a)));
            double[] drift = Probe.Ask(Probe.Softmax(beta), cloud, (_, v) => v);
            const int Quarter = 32; // the token at a right angle to the mean
            yield return Of($"softmax drift among von Mises tokens, kappa = {kappa}, beta = {beta}", "kappa A(r)/r",
                new VonMisesFisher(2, kappa).Drift(beta, 0), drift[2 * Quarter]);
        }
    }

    private sealed class MergerLog : IObserver
    {
        public double Last { get; private set; } = double.NaN;
        public bool NeedsDrift => false;
        public void Merged(in Merger merger) => Last = merger.Time;
    }
}
