using System.Numerics;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>Positions in the form and the precision of the kernels, structure of arrays, made anew for every call.</summary>
/// <remarks>
/// Difference form: relative to the mean of the replica's tokens, so that close tokens keep their differences however far the cloud is from
/// the origin, and scaled so that fused kernels have y_ij = -|x_j - x_i|^2 and tiled ones y_ij = -|x_j - x_i|^2/2 = h_i + h_j + &lt;x_i,
/// x_j>, h = -|x|^2/2.
/// <para/>
/// General form: y_ij = log2 e (beta &lt;q_i, k_j - m>) + h_i, m the mean key, h_j = 0 and h_i = -log2 e beta |q_i| max_j |k_j - m|, so
/// that y_ij &lt;= 0; values and origins relative to the mean value, or as they are where the origin is 0.
/// <para/>
/// With a general profile y_ij = t_ij, without scale: h = (1 - |x|^2)/2 in the difference form, h_i = &lt;q_i, m> in the general one.
/// </remarks>
internal sealed unsafe class PositionBuffer<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    // Tokens converted at a time: they stay in the first cache.
    private const int Block = 16;

    private readonly FixedBuffer<T> _numbers = new();
    private readonly FixedBuffer<double> _offsets = new();
    private PairProblem _problem = null!;
    private BufferLayout _layout;
    private bool _general;

    /// <summary>An upper bound on -y over all pairs, but for what the coupling adds.</summary>
    public double Depth { get; private set; }

    /// <summary>What the values were multiplied by.</summary>
    public double Scale { get; private set; }

    // The coordinates; with tiles h; in the general form values.
    private int Rows => _problem.Dimension + (IsTiled ? 1 : 0) + (_problem.IsDifference ? 0 : _problem.Dimension);

    private bool IsTiled => BufferLayout.IsTiled(_problem);

    /// <summary>Fills the buffer for these replicas.</summary>
    public void Fill(PairProblem problem, int firstReplica, int replicas, BufferLayout layout, int threads)
    {
        (_problem, _layout, _general) = (problem, layout, problem.Interaction.Profile.IsGeneral);
        Interaction interaction = problem.Interaction;
        double beta = interaction.Profile.IsExponential(interaction.Beta) ? interaction.Beta / Math.Log(2) : _general ? 1 : 0;
        Scale = problem.IsDifference && !_general && beta > 0 ? Math.Sqrt(interaction.Beta / ((IsTiled ? 1 : 2) * Math.Log(2))) : 1;
        // Kernels may read a few keys beyond the last.
        _numbers.Reserve((long)replicas * Rows * layout.Stride + 8);
        if (!problem.IsDifference) _offsets.Reserve((long)replicas * problem.Queries);
        // No token of the difference form is longer than 1: |x_j - x_i|^2 <= 4.
        double[] depths = new double[replicas];
        depths[0] = 2 * beta;
        Workers.For(replicas, Math.Max(1, 10_000 / (problem.Queries * problem.Dimension)), threads, (from, to) =>
        {
            for (int r = from; r < to; r++)
            {
                if (problem.IsDifference) Difference(firstReplica + r, Start(r));
                else depths[r] = General(firstReplica + r, beta, Start(r), _offsets.Pointer + (nint)r * problem.Queries);
            }
        });
        Depth = depths.Max();
    }

    /// <summary>What kernels read of a replica, counted from the first that was filled.</summary>
    public PairBlock<T> Of(int replica, LabelView<T> labels)
    {
        T* start = Start(replica);
        int dimension = _problem.Dimension;
        T* values = _problem.IsDifference ? start : start + (nint)(dimension + 1) * _layout.Stride;
        return new(start, values, _layout.Stride, dimension, labels, _problem.Interaction);
    }

    /// <summary>The row h of the general form at a query.</summary>
    public T* H(int replica, int query) => Start(replica) + (nint)_problem.Dimension * _layout.Stride + _layout.FirstQuery + query;

    /// <summary>c_i, the shift that these positions carry.</summary>
    public double Shift(int replica, int query)
    {
        Interaction interaction = _problem.Interaction;
        if (!interaction.Profile.IsExponential(interaction.Beta)) return 0;
        return _problem.IsDifference ? interaction.Beta
            : _offsets.Pointer[(nint)replica * _problem.Queries + query] - double.CreateTruncating(*H(replica, query)) * Math.Log(2);
    }

    private T* Start(int replica) => _numbers.Pointer + (nint)replica * Rows * _layout.Stride;

    private void Difference(int replica, T* into)
    {
        int d = _problem.Dimension, keys = _problem.Keys, queries = _problem.Queries;
        ReadOnlySpan<double> q = _problem.Q.AsSpan(replica * queries * d, queries * d);
        ReadOnlySpan<double> k = _problem.IsSelf ? [] : _problem.K.AsSpan(replica * keys * d, keys * d);
        Span<double> mean = d <= 128 ? stackalloc double[d] : new double[d];
        Mean(mean, q, k);
        if (k.Length > 0) Put(k, mean, Scale, into, _layout.FirstQuery, IsTiled);
        Put(q, mean, Scale, into + _layout.FirstQuery, _layout.Stride - _layout.FirstQuery, IsTiled);
    }

    // Returns the replica's depth.
    private double General(int replica, double beta, T* into, double* offsets)
    {
        int d = _problem.Dimension, keys = _problem.Keys, queries = _problem.Queries, places = _layout.Stride - _layout.FirstQuery;
        ReadOnlySpan<double> q = _problem.Q.AsSpan(replica * queries * d, queries * d), k = _problem.K.AsSpan(replica * keys * d, keys * d);
        double[] mean = new double[d], zero = new double[d];
        Mean(mean, k, []);
        Put(k, mean, 1, into, _layout.FirstQuery, false);
        Put(q, zero, beta, into + _layout.FirstQuery, places, false);
        double radius = 0, depth = 0;
        for (int j = 0; j < k.Length; j += d) radius = Math.Max(radius, Length(k.Slice(j, d), mean));
        T* h = into + (nint)d * _layout.Stride;
        new Span<T>(h, _layout.Stride).Clear();
        for (int i = 0; i < queries; i++)
        {
            ReadOnlySpan<double> query = q.Slice(i * d, d);
            double along = 0, bound = beta * radius * Length(query, zero);
            for (int c = 0; c < d; c++) along += query[c] * mean[c];
            offsets[i] = _problem.Interaction.Beta * along;
            h[_layout.FirstQuery + i] = T.CreateTruncating(_general ? along : -bound);
            depth = Math.Max(depth, 2 * bound);
        }
        T* values = h + _layout.Stride;
        ReadOnlySpan<double> v = _problem.V.AsSpan(replica * keys * d, keys * d);
        if (_problem.Origin is { } origin)
        {
            Mean(mean, v, []);
            Put(v, mean, 1, values, _layout.FirstQuery, false);
            Put(origin.AsSpan(replica * queries * d, queries * d), mean, 1, values + _layout.FirstQuery, places, false);
        }
        else
        {
            Put(v, zero, 1, values, _layout.FirstQuery, false);
            Put([], zero, 1, values + _layout.FirstQuery, places, false);
        }
        return depth;
    }

    // (x - mean) scale in rows of `places` numbers, zero beyond the last token; behind them h if asked for.
    private void Put(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, double scale, T* into, int places, bool halves)
    {
        int dimension = mean.Length, tokens = x.Length / dimension, stride = _layout.Stride, unit = _general ? 1 : 0;
        Span<double> squares = stackalloc double[Block];
        for (int first = 0; first < tokens; first += Block)
        {
            int end = Math.Min(first + Block, tokens);
            squares.Clear();
            for (int c = 0; c < dimension; c++)
            {
                T* row = into + (nint)c * stride;
                double centre = mean[c];
                for (int i = first, at = first * dimension + c; i < end; i++, at += dimension)
                    row[i] = T.CreateTruncating((x[at] - centre) * scale);
                if (!halves) continue;
                for (int i = first; i < end; i++) squares[i - first] += double.CreateTruncating(row[i]) * double.CreateTruncating(row[i]);
            }
            for (int i = first; i < end && halves; i++)
                into[(nint)dimension * stride + i] = T.CreateTruncating((unit - squares[i - first]) / 2);
        }
        for (int row = 0; row < dimension + (halves ? 1 : 0); row++)
            new Span<T>(into + (nint)row * stride + tokens, places - tokens).Clear();
    }

    private static void Mean(Span<double> mean, ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        mean.Clear();
        AddTo(mean, x);
        AddTo(mean, y);
        foreach (ref double coordinate in mean) coordinate /= (x.Length + y.Length) / mean.Length;
    }

    private static double Length(ReadOnlySpan<double> x, ReadOnlySpan<double> origin)
    {
        double squared = 0;
        for (int c = 0; c < x.Length; c++) squared += (x[c] - origin[c]) * (x[c] - origin[c]);
        return Math.Sqrt(squared);
    }

    // Four coordinates at a time so that their additions overlap, in blocks of tokens.
    private static void AddTo(Span<double> sums, ReadOnlySpan<double> x)
    {
        int size = Block * sums.Length;
        for (int first = 0; first < x.Length; first += size) AddBlock(sums, x[first..Math.Min(first + size, x.Length)]);
    }

    private static void AddBlock(Span<double> sums, ReadOnlySpan<double> x)
    {
        int dimension = sums.Length;
        for (int c = 0; c < dimension; c += 4)
        {
            int c1 = Math.Min(c + 1, dimension - 1), c2 = Math.Min(c + 2, dimension - 1), c3 = Math.Min(c + 3, dimension - 1);
            double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            for (int at = 0; at < x.Length; at += dimension)
            {
                sum0 += x[at + c];
                sum1 += x[at + c1];
                sum2 += x[at + c2];
                sum3 += x[at + c3];
            }
            sums[c] += sum0;
            if (c1 > c) sums[c1] += sum1;
            if (c2 > c1) sums[c2] += sum2;
            if (c3 > c2) sums[c3] += sum3;
        }
    }
}

/// <summary>
/// How the tokens of a replica lie in a row of a buffer: keys, then queries, both padded; in the self form one place for both.
/// </summary>
/// <param name="Keys">Places for keys.</param>
/// <param name="FirstQuery">Where queries begin.</param>
/// <param name="Queries">Places for queries, a multiple of two vectors of 512 bits.</param>
/// <param name="Stride">Numbers from one row to the next.</param>
internal readonly record struct BufferLayout(int Keys, int FirstQuery, int Queries, int Stride)
{
    /// <summary>
    /// True where kernels work on tiles: beyond the dimensions of the fused ones, for the general form and for general profiles.
    /// </summary>
    public static bool IsTiled(PairProblem problem) => !problem.IsDifference || problem.Dimension is < 2 or > SimdSums.LargestFused
        || problem.Interaction.Profile.IsGeneral;

    /// <summary>The layout of numbers of <paramref name="size"/> bytes, the same for every vector width.</summary>
    public static BufferLayout Of(PairProblem problem, int size)
    {
        // Many rows begin an odd number of pairs of cache lines apart, so that they do not compete for the same sets, and end in a zero.
        bool tiled = IsTiled(problem);
        int unit = 128 / size, keys = Places(problem.Keys), queries = Places(problem.Queries);
        return problem.IsSelf ? new(keys = Odd(keys), 0, keys, keys) : new(keys, keys, queries, Odd(keys + queries));

        int Places(int tokens) => (tiled ? tokens / unit + 1 : (tokens - 1) / unit + 1) * unit;

        int Odd(int places) => tiled ? (places / unit | 1) * unit : places;
    }
}
