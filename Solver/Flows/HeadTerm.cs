using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Flows;

/// <summary>
/// The tokens' pull on each other through one head: one pair sum. With u = y + p (additive code), else u = y, pairs need q = (Q^T K)^T u,
/// keys u and values u (y under a code of the logits alone); V acts on the sum: sum_j a_ij V u_j = V (F_i + Z_i u_i). A concatenated code
/// adds two dimensions: (y, p)/(1 + a^2)^{1/2} are unit vectors whose self form at beta (1 + a^2) has the logits beta (&lt;y_i, y_j> +
/// &lt;p_i, p_j>).
/// </summary>
internal sealed class HeadTerm
{
    private readonly TokenArrays _tokens;
    private readonly CodeKind _code;
    private readonly PreparedGauge _turn;
    private readonly double _unit = 1;
    private readonly Profile _profile;
    private readonly bool _exponential;
    private readonly int _wide, _sign, _gradient;
    private readonly double[] _q, _k, _p;
    // d x d, or one after the other for every replica where matrices are redrawn.
    private readonly double[]? _logits, _values;
    private readonly bool _redrawn;

    /// <summary>The term of this head.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="interaction">beta, profile, coupling, mask.</param>
    /// <param name="head">Matrices.</param>
    /// <param name="layer">The code, the sign of the logits, whether <see cref="Draw"/> gives the matrices.</param>
    /// <param name="turn">Psi, for a code of the logits alone.</param>
    /// <param name="sums">What sums.</param>
    public HeadTerm(TokenArrays tokens, Interaction interaction, Head head, Layer layer, PreparedGauge turn, IPairSums sums)
    {
        PositionalCode code = layer.Code;
        _redrawn = layer.Redraw is not null;
        (_tokens, _code, _turn, _sign, _gradient) = (tokens, code.Kind, turn, layer.Sign, layer.Sign * head.GradientSign);
        (_profile, _exponential) = (interaction.Profile, interaction.Profile.IsExponential(interaction.Beta));
        (_logits, _values) = _redrawn ? (Room(head.Logits), Room(head.Values))
            : (head.Logits?.Transpose().ToRowMajorArray(), head.Values?.ToRowMajorArray());
        _p = _code is CodeKind.Additive or CodeKind.Concatenated
            ? [.. tokens.Labels.Select(code.At).SelectMany(p => (double[])[p.P0, p.P1])] : [];
        _wide = _code == CodeKind.Concatenated ? tokens.Dimension + 2 : tokens.Dimension;
        _k = _code == CodeKind.None ? tokens.Y : new double[tokens.Rows * _wide];
        bool own = _logits is null && _sign > 0;
        _q = own ? _k : new double[_k.Length];
        (int replicas, int n) = (tokens.Replicas, tokens.Tokens);
        PairProblem problem;
        // Without its self term Z is not bounded from below: the general form's own shift keeps it.
        bool mayVanish = interaction.Mask == Mask.Strict && interaction.Normalization.IsBounded;
        if (own && !mayVanish && (_code is CodeKind.None or CodeKind.Concatenated))
        {
            double square = _code == CodeKind.None ? 1 : 1 + code.Radius * code.Radius;
            _unit = Math.Sqrt(square);
            if (square != 1) interaction = interaction with { Beta = interaction.Beta * square };
            problem = PairProblem.Self(replicas, n, _wide, interaction, _k, tokens.Weights, tokens.Labels);
        }
        else
        {
            double[] values = _code == CodeKind.LogitsOnly ? tokens.Y : _k;
            problem = PairProblem.General(
                replicas, n, n, _wide, interaction, _q, _k, values, values, tokens.Weights, tokens.Labels, tokens.Labels);
        }
        bool valued = _profile.IsGeneral && !interaction.Normalization.IsHard;
        Plan = sums.Plan(problem, valued ? RowColumns.Force | RowColumns.Value : RowColumns.Force);
        Sums = new RowSums(tokens.Rows, _wide, Plan.Columns);
        // V makes a pull along the sphere of the force across it.
        if (_values is not null) AskRadial(sums);

        double[]? Room(Matrix<double>? matrix) =>
            matrix is null ? null : new double[(long)tokens.Replicas * tokens.Dimension * tokens.Dimension];
    }

    /// <summary>What is summed, and how.</summary>
    public Plan Plan { get; private set; }

    /// <summary>Its result.</summary>
    public RowSums Sums { get; private set; }

    /// <summary>Asks for the force with its part along y_i, where it would be left out.</summary>
    /// <param name="sums">What sums.</param>
    public void AskRadial(IPairSums sums)
    {
        if (!Plan.IsTangential) return;
        Plan = sums.Plan(Plan.Problem, Plan.Columns | RowColumns.Radial);
        Sums = new RowSums(_tokens.Rows, _wide, Plan.Columns);
    }

    /// <summary>Gives a replica other matrices.</summary>
    public void Draw(int replica, Matrix<double>? logits, Matrix<double>? values)
    {
        int d = _tokens.Dimension, first = replica * d * d;
        for (int k = 0; k < d * d; k++)
        {
            if (_logits is not null) _logits[first + k] = logits![k % d, k / d];
            if (_values is not null) _values[first + k] = values![k / d, k % d];
        }
    }

    /// <summary>Plans the same sum anew: weights have changed.</summary>
    /// <param name="sums">What sums.</param>
    public void Renew(IPairSums sums) => Plan = sums.Plan(Plan.Problem.Anew(), Plan.Columns);

    /// <summary>Makes queries and keys of the rows from..to-1 of y.</summary>
    public void Prepare(int from, int to)
    {
        int d = _tokens.Dimension;
        if (_code == CodeKind.LogitsOnly) _turn.Enter(_tokens.Y, _k, from, to);
        for (int i = from; i < to && _p.Length > 0; i++)
        {
            Span<double> key = _k.AsSpan(i * _wide, _wide), code = key[_code == CodeKind.Additive ? ..2 : d..];
            _tokens.At(i).CopyTo(key);
            (code[0], code[1]) = _code == CodeKind.Additive ? (code[0] + _p[2 * i], code[1] + _p[2 * i + 1]) : (_p[2 * i], _p[2 * i + 1]);
            for (int c = 0; c < _wide && _unit != 1; c++) key[c] /= _unit;
        }
        for (int i = from; i < to && !ReferenceEquals(_q, _k); i++)
        {
            ReadOnlySpan<double> key = _k.AsSpan(i * _wide, _wide);
            Span<double> query = _q.AsSpan(i * _wide, _wide);
            key.CopyTo(query);
            if (_logits is not null)
            {
                query[..d].Clear();
                AddProduct(MatrixOf(i, _logits), 1, key[..d], query[..d]);
            }
            for (int c = 0; c < _wide && _sign < 0; c++) query[c] = -query[c];
        }
    }

    /// <summary>field += scale e^{-c_i} sum_j m_j a_ij V v_j, up to a multiple of y_i, which it returns.</summary>
    public double AddField(int row, double scale, Span<double> field)
    {
        int d = field.Length;
        double z = Sums.Z[row];
        Span<double> sum = d <= 128 ? stackalloc double[d] : new double[d];
        for (int c = 0; c < d; c++) sum[c] = _unit * Sums.Force[row * _wide + c];
        if (_code == CodeKind.Additive) (sum[0], sum[1]) = (sum[0] + z * _p[2 * row], sum[1] + z * _p[2 * row + 1]);
        if (_values is null)
        {
            for (int c = 0; c < d; c++) field[c] += scale * sum[c];
            return scale * z;
        }
        ReadOnlySpan<double> y = _tokens.At(row);
        for (int c = 0; c < d; c++) sum[c] += z * y[c];
        AddProduct(MatrixOf(row, _values), scale, sum, field);
        return 0;
    }

    /// <summary>
    /// sum_j m_j b_ij k(l_ij/beta), of the sign with which the head climbs it; in units of e^c/beta with the exponential profile.
    /// </summary>
    public double Value(int row, double exponent)
    {
        if (_exponential) return _gradient * Math.Exp(Sums.Shift[row] - exponent) * Sums.Z[row];
        if (_profile.IsGeneral) return _gradient * Sums.Value[row];
        ReadOnlySpan<double> query = _q.AsSpan(row * _wide, _wide);
        ReadOnlySpan<double> key = _k.AsSpan(row * _wide, _wide), force = Sums.Force.AsSpan(row * _wide, _wide);
        return _gradient * (Sphere.Dot(query, force) + Sums.Z[row] * Sphere.Dot(query, key));
    }

    private ReadOnlySpan<double> MatrixOf(int row, double[] matrices)
    {
        int square = _tokens.Dimension * _tokens.Dimension;
        return matrices.AsSpan(_redrawn ? row / _tokens.Tokens * square : 0, square);
    }

    // result += scale A x.
    private static void AddProduct(ReadOnlySpan<double> a, double scale, ReadOnlySpan<double> x, Span<double> result)
    {
        for (int r = 0; r < x.Length; r++) result[r] += scale * Sphere.Dot(a.Slice(r * x.Length, x.Length), x);
    }
}
