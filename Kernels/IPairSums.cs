namespace AttentionFlow.Kernels;

/// <summary>
/// A device that evaluates pair sums: the only thing a device implements. It returns raw sums; whoever asks normalises,
/// projects, rotates. No caller knows which implementation it holds.
/// </summary>
/// <remarks>
/// With logits l_ij = beta &lt;q_i, k_j&gt; (in the difference form beta (1 - |q_i - k_j|^2/2)) and pair factors a_ij = b_ij k'(l_ij) (zero where masked), row i gets
/// Z_i = e^{-c_i} sum_j w_j a_ij and F_i = e^{-c_i} sum_j w_j a_ij (v_j - o_i), with a shift c_i of the
/// implementation's choice. The order of a row's sum depends only on the sizes, so the bits do not depend on threads,
/// row ranges or vector width. An instance serves one caller at a time.
/// </remarks>
public interface IPairSums : IDisposable
{
    /// <summary>Short name, as it appears in run.json, for example <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>Relative rounding error of Z to be expected, far below 1e-5: what an energy may fall by without meaning it.</summary>
    double RelativeError { get; }

    /// <summary>Null when <paramref name="problem"/> with these columns is supported, else one sentence that says why not.</summary>
    string? WhyNot(PairProblem problem, RowColumns columns);

    /// <summary>True when F_i comes without its part along x_i, which drifts project away but entropies need.</summary>
    bool IsTangential(PairProblem problem, RowColumns columns) => false;

    /// <summary>Evaluates the rows of <paramref name="rows"/>, indices into the flattened (replica, query) axis, and writes them at the same indices of <paramref name="into"/>.</summary>
    /// <exception cref="NotSupportedException">When <see cref="WhyNot"/> gives a reason.</exception>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set; rows may then be partly written.</exception>
    void Sum(PairProblem problem, Range rows, RowSums into, CancellationToken stop);
}
