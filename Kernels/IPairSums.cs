namespace AttentionFlow.Kernels;

/// <summary>
/// A device that evaluates pair sums: the only thing a device implements. It returns raw sums; whoever asks normalises, projects, rotates.
/// No caller knows which implementation it holds.
/// </summary>
/// <remarks>
/// With logits l_ij = beta &lt;q_i, k_j&gt; (in the difference form beta (1 - |q_i - k_j|^2/2)) and pair factors a_ij = b_ij k'(l_ij) (zero
/// where masked), row i gets Z_i = e^{-c_i} sum_j w_j a_ij and F_i = e^{-c_i} sum_j w_j a_ij (v_j - o_i), with a shift c_i of the
/// implementation's choice. The order of a row's sum depends only on the problem (sizes, form, whether a replica's weights are equal, where
/// its tokens cluster), so the bits do not depend on threads, row ranges or vector width. An instance serves one caller at a time.
/// </remarks>
public interface IPairSums : IDisposable
{
    /// <summary>Short name, as it appears in run.json, for example <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>
    /// The number of this process among those that share every sum, all of which make the same calls; only 0 is to write. 0 where it is
    /// alone.
    /// </summary>
    int Rank => 0;

    /// <summary>Gives every rank the numbers that rank 0 makes; none where there are no ranks. A call that all ranks make.</summary>
    /// <param name="make">Makes them.</param>
    /// <param name="same">Stands for what all ranks must have in common, by its upper 53 bits.</param>
    /// <exception cref="DeviceFailedException">Some rank has another <paramref name="same"/>.</exception>
    /// <exception cref="OperationCanceledException">A rank has ended instead.</exception>
    double[] FromFirst(Func<double[]> make, ulong same = 0) => [];

    /// <summary>What was summed so far.</summary>
    SumStatistics Statistics { get; }

    /// <summary>What it will do for a problem and these columns; a problem that it cannot do has a plan that says why not.</summary>
    Plan Plan(PairProblem problem, RowColumns columns);

    /// <summary>
    /// Evaluates the rows of <paramref name="rows"/>, indices into the flattened (replica, query) axis, and writes them at the same indices
    /// of <paramref name="into"/>, which has the columns of the plan.
    /// </summary>
    /// <exception cref="NotSupportedException">When the plan says why not.</exception>
    /// <exception cref="OperationCanceledException">When <paramref name="stop"/> is set; rows may then be partly written.</exception>
    void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop);

    /// <summary>All rows of a problem that is summed once.</summary>
    /// <inheritdoc cref="Sum(Plan, Range, RowSums, CancellationToken)"/>
    RowSums Sum(PairProblem problem, RowColumns columns, CancellationToken stop = default)
    {
        RowSums into = new(problem.Rows, problem.Dimension, columns);
        Sum(Plan(problem, columns), .., into, stop);
        return into;
    }
}
