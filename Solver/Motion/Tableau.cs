namespace AttentionFlow.Solver.Motion;

/// <summary>The explicit methods; every field here is a method that an experiment file knows.</summary>
public static class Methods
{
    /// <summary>Forward Euler, order 1.</summary>
    public static readonly Tableau Euler = new("euler", 1, 2, [[]], [1]);

    /// <summary>Heun's method, the explicit trapezoidal rule, order 2.</summary>
    public static readonly Tableau Heun = new("heun", 2, 2, [[], [1]], [0.5, 0.5]);

    /// <summary>The classical Runge-Kutta method, order 4.</summary>
    public static readonly Tableau RungeKutta4 = new("rk4", 4, 2.785293563405282,
        [[], [0.5], [0, 0.5], [0, 0, 1]], [1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6]);

    /// <summary>
    /// The pair of orders 5 and 4 of Ch. Tsitouras, Computers and Mathematics with Applications 62 (2011) 770-775, with its dense output of
    /// order 4.
    /// </summary>
    public static readonly Tableau Tsit5 = new("tsit5", 5, 3.5068469938049467,
        [
            [],
            [0.161],
            [-0.008480655492356989, 0.335480655492357],
            [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
            [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
            [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
        ],
        [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774])
    {
        Error =
        [
            -0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629, 0.5823571654525552,
            -0.45808210592918697, 1.0 / 66,
        ],
        Dense =
        [
            [1, -2.763706197274826, 2.9132554618219126, -1.0530884977290216],
            [0, 0.1317, -0.2234, 0.1017],
            [0, 3.9302962368947516, -5.941033872131505, 2.490627285651253],
            [0, -12.411077166933676, 30.33818863028232, -16.548102889244902],
            [0, 37.50931341651104, -88.1789048947664, 47.37952196281928],
            [0, -27.896526289197286, 65.09189467479366, -34.87065786149661],
            [0, 1.5, -4, 2.5],
        ],
    };
}

/// <summary>
/// An explicit Runge-Kutta method on the sphere, as data: X_s = N(x + h sum_j A[s][j] k_j), k_s = f(X_s), x' = N(x + h sum_s B[s] k_s) with
/// N(x) = x/|x| after every stage. Normalising keeps the order, because the extension f(x/|x|) of the drift leaves |x| unchanged along
/// exact solutions.
/// </summary>
/// <param name="Name">Name in an experiment file.</param>
/// <param name="Order">Order of convergence, tested by slope.</param>
/// <param name="StabilityLimit">Largest h lambda for which a step contracts y' = -lambda y.</param>
/// <param name="A">Strictly lower triangular, row s has s entries.</param>
/// <param name="B">Weights of the result, summing to 1.</param>
public sealed record Tableau(string Name, int Order, double StabilityLimit, double[][] A, double[] B) : INamed<Tableau>
{
    /// <summary>Every method there is; help texts, tests and documentation enumerate this list.</summary>
    public static IReadOnlyList<Tableau> All { get; } =
        [.. typeof(Methods).GetFields().Select(field => (Tableau)field.GetValue(null)!)];

    /// <summary>
    /// Weights of the error estimate h sum_s Error[s] k_s, summing to 0; one more than B: the last stage is the drift at x'. Null: the
    /// method takes fixed steps only.
    /// </summary>
    public double[]? Error { get; init; }

    /// <summary>
    /// Dense output N(x + h sum_s b_s(u) k_s) at the share u of the step, b_s(u) = sum_p Dense[s][p] u^(p+1); b_s(1) = B[s], stages as for
    /// <see cref="Error"/>.
    /// </summary>
    public double[][]? Dense { get; init; }

    /// <summary>True when the method estimates its error and so can choose its steps.</summary>
    public bool IsAdaptive => Error is not null;
}
