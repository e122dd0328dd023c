using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// Low-pass norm: the largest singular value of (I - 1 m^T) A, by how much attention can at most carry on what is not common to all tokens
/// [arXiv 2410.24200]; in the inner product sum_i m_i u_i v_i, with equal weights the spectral norm of (I - 11^T/n) A. To a relative 1e-4,
/// by two pair sums a step of <see cref="GolubKahan"/>.
/// </summary>
internal sealed class LowPassObservable : Observable
{
    private const double Tolerance = 1e-4;

    /// <summary>The norm for this flow's attention.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public LowPassObservable(Flow flow) => flow.Attention.AskProducts(anySign: true);

    public override IReadOnlyList<Column> Columns { get; } =
        [Number("low_pass", "Spectral norm of (I - 1 m^T) A, in the inner product weighted by m_i.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        CancellationToken stop = frame.Stop;
        double[] weights = [.. flow.Weights];
        new GolubKahan(flow.Replicas, flow.Tokens, weights, Tolerance).Norms(
            (v, product) =>
            {
                flow.Attention.Apply(v, product, stop);
                Centre(product);
            },
            (u, product) =>
            {
                // The adjoint of (I - 1 m^T) A. Near a point B v is rounding, and what it has of 1 would come back as large as A* 1 = 1.
                double[] centred = [.. u];
                Centre(centred);
                flow.Attention.ApplyAdjoint(centred, product, stop);
            }, values);

        void Centre(double[] u)
        {
            for (int first = 0; first < u.Length; first += flow.Tokens)
            {
                double mean = CompensatedSum.Of(weights.AsSpan(first, flow.Tokens), u.AsSpan(first, flow.Tokens));
                for (int i = first; i < first + flow.Tokens; i++) u[i] -= mean;
            }
        }
    }
}

/// <summary>
/// The largest singular value of an operator by Golub and Kahan's bidiagonalisation (Lanczos' method for B*B), for many replicas at once:
/// it finds in a few products what the power iteration finds in many, at the price of the vectors so far, 2 R n numbers a step.
/// </summary>
/// <remarks>
/// B V_k = U_k T_k with T_k upper bidiagonal, diagonal a, above it b; the largest singular value of T_k, with left vector p, is within b_k
/// |p_k| of one of B, and rises to the largest. Stops when that is below the tolerance for every replica, or after 100 steps. Vectors are
/// orthogonalised against all before them.
/// </remarks>
/// <param name="replicas">R.</param>
/// <param name="tokens">n.</param>
/// <param name="weights">Of the inner product sum_i m_i u_i v_i of a replica, [R, n].</param>
/// <param name="tolerance">Relative, above the rounding of the products.</param>
internal sealed class GolubKahan(int replicas, int tokens, double[] weights, double tolerance)
{
    private const int MostSteps = 100;

    // Below this, products are rounding: the operator is zero on what is left.
    private const double Nothing = 1e-15;

    private readonly List<double[]> _left = [], _right = [];
    private readonly List<double>[] _diagonal = [.. Enumerable.Range(0, replicas).Select(_ => new List<double>())];
    private readonly List<double>[] _above = [.. Enumerable.Range(0, replicas).Select(_ => new List<double>())];
    private readonly bool[] _done = new bool[replicas];

    /// <summary>The largest singular values.</summary>
    /// <param name="apply">Writes B v.</param>
    /// <param name="applyAdjoint">Writes B* u.</param>
    /// <param name="norms">[R].</param>
    public void Norms(Action<double[], double[]> apply, Action<double[], double[]> applyAdjoint, Span<double> norms)
    {
        double[] v = Start();
        norms.Clear();
        for (int k = 0; k < Math.Min(MostSteps, tokens) && _done.Contains(false); k++)
        {
            _right.Add(v);
            double[] u = new double[v.Length];
            apply(v, u);
            Advance(u, _left, _diagonal);
            _left.Add(u);
            v = new double[v.Length];
            applyAdjoint(u, v);
            Advance(v, _right, _above);
            for (int r = 0; r < replicas; r++)
            {
                if (_done[r]) continue;
                (norms[r], double error) = LargestSingularValue(_diagonal[r], _above[r]);
                _done[r] = _diagonal[r][^1] <= Nothing || error <= tolerance * norms[r];
            }
        }
    }

    // Orthogonal to the vectors before, twice for rounding's sake; its length is the next entry of T; then of unit length. What has no
    // direction left is done.
    private void Advance(double[] x, List<double[]> before, List<double>[] entries)
    {
        for (int r = 0; r < replicas; r++)
        {
            for (int pass = 0; pass < 2; pass++)
                foreach (double[] earlier in before)
                {
                    double along = Dot(earlier, x, r);
                    Sphere.AddScaled(x.AsSpan(r * tokens, tokens), -along, earlier.AsSpan(r * tokens, tokens));
                }
            double length = Math.Sqrt(Dot(x, x, r));
            entries[r].Add(length);
            foreach (ref double value in x.AsSpan(r * tokens, tokens)) value = length > Nothing ? value / length : 1;
        }
    }

    private double[] Start()
    {
        double[] v = new double[replicas * tokens];
        for (int r = 0; r < replicas; r++)
        {
            for (int i = 0; i < tokens; i++) v[r * tokens + i] = new RandomStream(0, RandomPurpose.Probes, r, i).Normal();
            double length = Math.Sqrt(Dot(v, v, r));
            foreach (ref double value in v.AsSpan(r * tokens, tokens)) value /= length;
        }
        return v;
    }

    private double Dot(double[] x, double[] y, int replica)
    {
        CompensatedSum sum = default;
        for (int i = replica * tokens; i < (replica + 1) * tokens; i++) sum.Add(weights[i] * x[i] * y[i]);
        return sum.Value;
    }

    // Of the tridiagonal T T^T: its largest eigenvalue by bisection on the signs of its pivots, the eigenvector backwards from its last
    // entry, which grows.
    private static (double Value, double Error) LargestSingularValue(List<double> a, List<double> b)
    {
        int k = a.Count;
        double[] diagonal = new double[k], beside = new double[k];
        for (int i = 0; i < k; i++)
        {
            diagonal[i] = a[i] * a[i] + (i < k - 1 ? b[i] * b[i] : 0);
            beside[i] = i < k - 1 ? a[i + 1] * b[i] : 0;
        }
        double low = diagonal.Max(), high = low + 2 * beside.Max();
        while (high - low > 1e-15 * high)
        {
            double middle = (low + high) / 2;
            if (middle == low || middle == high) break;
            if (IsAbove(middle)) high = middle;
            else low = middle;
        }
        double last = 1, next = 0, squares = 1;
        for (int i = k - 1; i > 0 && beside[i - 1] > 0; i--)
        {
            (last, next) = (((high - diagonal[i]) * last - beside[i] * next) / beside[i - 1], last);
            squares += last * last;
        }
        return (Math.Sqrt(high), b[k - 1] / Math.Sqrt(squares));

        bool IsAbove(double x)
        {
            double pivot = 1;
            for (int i = 0; i < k; i++)
            {
                pivot = x - diagonal[i] - (i == 0 ? 0 : beside[i - 1] * beside[i - 1] / pivot);
                if (pivot <= 0) return false;
            }
            return true;
        }
    }
}
