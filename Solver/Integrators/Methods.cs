namespace AttentionFlow.Solver;

/// <summary>The explicit methods.</summary>
public static class Methods
{
    /// <summary>Forward Euler, order 1.</summary>
    public static readonly Tableau Euler = new("euler", 1, 2, [[]], [1]);

    /// <summary>Heun's method, the explicit trapezoidal rule, order 2.</summary>
    public static readonly Tableau Heun = new("heun", 2, 2, [[], [1]], [0.5, 0.5]);

    /// <summary>The classical Runge-Kutta method, order 4.</summary>
    public static readonly Tableau RungeKutta4 = new("rk4", 4, 2.785293563405282,
        [[], [0.5], [0, 0.5], [0, 0, 1]], [1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6]);
}
