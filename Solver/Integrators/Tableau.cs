namespace AttentionFlow.Solver;

/// <summary>
/// An explicit Runge-Kutta method on the sphere, as data: X_s = N(x + h sum_j A[s][j] k_j), k_s = f(X_s),
/// x' = N(x + h sum_s B[s] k_s) with N(x) = x/|x| after every stage. Normalising keeps the order, because the extension
/// f(x/|x|) of the drift leaves |x| unchanged along exact solutions.
/// </summary>
/// <param name="Name">Name in an experiment file.</param>
/// <param name="Order">Order of convergence, tested by slope.</param>
/// <param name="StabilityLimit">Largest h lambda for which a step contracts y' = -lambda y.</param>
/// <param name="A">Strictly lower triangular, row s has s entries.</param>
/// <param name="B">Weights of the result, summing to 1.</param>
public sealed record Tableau(string Name, int Order, double StabilityLimit, double[][] A, double[] B)
{
    /// <summary>Every method there is; help texts, tests and documentation enumerate this list.</summary>
    public static readonly IReadOnlyList<Tableau> All = [Methods.Euler, Methods.Heun, Methods.RungeKutta4, Methods.Tsit5];

    /// <summary>The method of this name, or null.</summary>
    public static Tableau? Find(string name) => All.FirstOrDefault(t => t.Name == name);

    /// <summary>Weights of the error estimate h sum_s Error[s] k_s, summing to 0; one more than B: the last stage is the drift at x'. Null: the method takes fixed steps only.</summary>
    public double[]? Error { get; init; }

    /// <summary>
    /// Dense output N(x + h sum_s b_s(u) k_s) at the share u of the step, b_s(u) = sum_p Dense[s][p] u^(p+1); b_s(1) = B[s], stages as for <see cref="Error"/>.
    /// </summary>
    public double[][]? Dense { get; init; }

    /// <summary>True when the method estimates its error and so can choose its steps.</summary>
    public bool IsAdaptive => Error is not null;
}
