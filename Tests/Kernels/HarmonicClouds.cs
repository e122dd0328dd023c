namespace AttentionFlow.Tests.Kernels;

/// <summary>Clouds that are hard for sums by harmonics, functions of a name and a seed.</summary>
public static class HarmonicClouds
{
    public static readonly string[] Kinds = ["uniform", "cluster", "point", "pole", "axis", "outlier", "antipodes"];

    /// <summary>Positions of n tokens in dimension d.</summary>
    public static double[] Positions(string kind, int seed, int n, int d)
    {
        Random random = new Random(seed);
        double[] x = Problems.Sphere(random, n, d), centre = Problems.Sphere(random, 1, d);
        if (kind == "uniform") return x;
        if (kind is "pole" or "axis")
        {
            Array.Clear(centre);
            centre[kind == "pole" ? d - 1 : 0] = 1;
        }
        double spread = kind switch { "cluster" => 1e-2, "point" => 1e-9, "pole" => 1e-6, "axis" => 1e-5, "outlier" => 1e-2, _ => 0.1 };
        for (int i = 0; i < n; i++)
        {
            double side = kind switch { "outlier" => i == n - 1 ? -1 : 1, "antipodes" => i % 3 == 0 ? -1 : 1, _ => 1 };
            for (int c = 0; c < d; c++) x[i * d + c] = side * centre[c] + spread * x[i * d + c];
            Problems.Normalise(x.AsSpan(i * d, d));
        }
        // Exactly at the pole, where the azimuth is not defined.
        if (kind == "pole") centre.CopyTo(x, 0);
        return x;
    }

    /// <summary>Weights that sum to 1: equal ones, or spread over six decades, the last the least.</summary>
    public static double[] Weights(bool decades, int n)
    {
        double[] weights = [.. Enumerable.Range(0, n).Select(i => decades ? Math.Pow(10, -6.0 * i / (n - 1)) : 1)];
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }

    public static PairProblem Problem(string kind, int seed, int n, int d, Interaction interaction, bool decades)
    {
        Random random = new Random(seed);
        double[] labels = [.. Enumerable.Range(0, n).Select(_ => random.NextDouble())];
        return PairProblem.Self(1, n, d, interaction, Positions(kind, seed, n, d), Weights(decades, n), labels);
    }

    /// <summary>F_i without its part along x_i.</summary>
    public static double[] Tangential(PairProblem problem, double[] force)
    {
        int d = problem.Dimension;
        double[] tangential = [.. force];
        for (int i = 0; i < problem.Rows; i++)
        {
            double along = 0;
            for (int c = i * d; c < (i + 1) * d; c++) along += problem.Q[c] * force[c];
            for (int c = i * d; c < (i + 1) * d; c++) tangential[c] -= along * problem.Q[c];
        }
        return tangential;
    }

    /// <summary>The largest error of Z and of the length of the tangential force, relative to scale_i, beyond what the reference's own rounding may be.</summary>
    public static double Error(PairProblem problem, RowSums actual, RowSums reference, double[] scale, double[] absolute)
    {
        int d = problem.Dimension;
        double[] force = Tangential(problem, reference.Force);
        double largest = 0;
        for (int i = 0; i < problem.Rows; i++)
        {
            double squared = 0, rounding = (problem.Keys + 8 + 4 * problem.Interaction.Beta) * Math.Pow(2, -53) * absolute[i];
            for (int c = i * d; c < (i + 1) * d; c++) squared += (actual.Force[c] - force[c]) * (actual.Force[c] - force[c]);
            double error = Math.Max(Math.Abs(actual.Z[i] - reference.Z[i]), Math.Sqrt(squared));
            if (!double.IsFinite(error)) return double.PositiveInfinity;
            largest = Math.Max(largest, Math.Max(0, error - rounding) / scale[i]);
        }
        return largest;
    }
}
