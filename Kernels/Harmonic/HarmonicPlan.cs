namespace AttentionFlow.Kernels;

/// <summary>
/// What depends on weights, labels, interaction and tolerance alone: the series, the channels, and the two orders, one for ordinary rows, one for rows with a
/// small Z. No order depends on positions, so a row's bits depend neither on the other rows asked for nor on the history of calls.
/// </summary>
/// <remarks>
/// With M = B sum_j |w_j| and an order L, the error of Z_i and of F_i is at most M (beyond(L) + rounding(L)): <see cref="KernelSeries.ErrorBeyond"/> and
/// <see cref="Rounding(int, int)"/>. A row is good when this is at most tol times its scale, Z_i when no term is negative. The first order serves rows down to 0.7 of the
/// scale in a uniform cloud; the second every row there can be: Z_i >= w_i b(0), and Z_i >= e^{-2 beta} min b sum_j w_j; the milder of the two; but there is no use in making
/// the truncation much smaller than the rounding.
/// </remarks>
internal sealed class HarmonicPlan
{
    private readonly int _dimension;

    /// <summary>The plan for a problem whose profile is curved and whose coupling <see cref="LabelChannels"/> knows.</summary>
    public HarmonicPlan(PairProblem problem, double tolerance, HarmonicKernel kernel)
    {
        _dimension = problem.Dimension;
        Channels = new LabelChannels(problem);
        double beta = problem.Interaction.Beta, worst = 1;
        Series = new KernelSeries(problem.Dimension, beta);
        Mass = new double[problem.Replicas];
        for (int r = 0; r < problem.Replicas; r++)
        {
            ReadOnlySpan<double> weights = problem.Weights.AsSpan(r * problem.Keys, problem.Keys);
            double sum = 0, smallest = double.PositiveInfinity;
            foreach (double w in weights)
            {
                sum += Math.Abs(w);
                smallest = Math.Min(smallest, Math.Abs(w));
            }
            Mass[r] = Channels.Bound * sum;
            if (sum > 0) worst = Math.Min(worst, Math.Max(Channels.Self * smallest, Channels.Least * Math.Exp(-2 * beta) * sum) / Mass[r]);
        }
        double usual = 0.7 * Series.Coefficients[0] * Channels.Mean / Channels.Bound;
        int first = OrderFor(tolerance * usual), second = OrderFor(tolerance * worst);
        Bases = second <= first ? [kernel.Basis(second)] : [kernel.Basis(first), kernel.Basis(second)];
    }

    /// <summary>The expansion of the kernel.</summary>
    public KernelSeries Series { get; }

    /// <summary>The coupling.</summary>
    public LabelChannels Channels { get; }

    /// <summary>M = B sum_j |w_j| of every replica.</summary>
    public double[] Mass { get; }

    /// <summary>One or two bases, the second of higher order.</summary>
    public HarmonicBasis[] Bases { get; init; }

    /// <summary>The error of a row's Z and F at most, for M = 1.</summary>
    public double Error(int level) => Series.ErrorBeyond(Bases[level].Order) + Rounding(Bases[level].Order);

    /// <summary>
    /// What rounding may do at this order, for M = 1: three times the most that was measured, over beta = 0.01..256 and clouds from uniform to a point, at the poles
    /// too. On the circle the recurrence in x = cos u loses L^2 units near u = 0, as positions rounded to double themselves do.
    /// </summary>
    public static double Rounding(int dimension, int order) =>
        Math.Pow(2, -53) * (16 + 4 * order + (dimension == 2 ? order * order / 16.0 : 0));

    private double Rounding(int order) => Rounding(_dimension, order);

    private int OrderFor(double error)
    {
        int order = Series.OrderFor(error / 2);
        double rounding = Rounding(order);
        return Series.OrderFor(Math.Max(error - rounding, rounding / 4));
    }
}
