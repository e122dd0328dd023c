namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// A query of the difference form: values are the keys and the origin is the query. Positions are scaled so that the pair factor is w b 2^y
/// with y = -|k - q|^2, never above 1: no maximum is needed.
/// </summary>
internal struct DifferenceQuery<T, R, V, C, P, M, X> : IGpuQuery<T, V>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T>
    where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where M : struct, IChoice where X : struct, IChoice
{
    private GpuRow<T, R> _row;
    private V _q;
    private GpuTotals<T, R, V, X> _totals;

    public static bool HasValues => false;

    public static int NearRows => C.NearRows;

    public static bool HasNorms => false;

    public static int Count => 1;

    public static T NormOf(V key) => R.Constant(0);

    public void Begin(in GpuCall<T> call, int replica, int query, int step)
    {
        _row.Begin(call, replica, query);
        _q = call.Queries.Cast<V>()[_row.Row(call)];
        _totals = default;
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> key) where N : struct, IChoice
    {
        V difference = V.Subtract(key.K, _q);
        GpuNumbers<T, R> numbers = _row.Numbers(call, key.Numbers);
        T y = P.IsOn ? R.Negate(V.Dot(difference, difference, R.Constant(0))) : R.Constant(0);
        T p = P.IsOn
            ? PairMath<T, R, GpuNumbers<T, R>, C>.Finish(R.Exp2(C.Bend(y, ref numbers)), ref numbers)
            : PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers);
        bool isSeen = !M.IsOn || _row.Sees(key.Numbers.Index);
        if (M.IsOn) p = isSeen ? p : R.Constant(0);
        _totals.Add(p, difference);
        if (!X.IsOn || !isSeen) return;
        if (P.IsOn) _totals.Tile.AddDeficit(PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers), y);
        if (call.HasLog != 0) _totals.Tile.AddCouplingLog(p, C.Log(ref numbers));
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> k0, GpuKey<T, V> k1, GpuKey<T, V> k2, GpuKey<T, V> k3) where N : struct, IChoice
    {
        Meet<N>(call, k0);
        Meet<N>(call, k1);
        Meet<N>(call, k2);
        Meet<N>(call, k3);
    }

    public void EndTile() => _totals.EndTile();

    public void Store(in GpuCall<T> call, int split) => _totals.Store(call, _row, split, R.Constant(0));
}

/// <summary>
/// A query of the general form: pair factors w b 2^{y - m} with y = &lt;q, k> and m a whole number, at least the largest y so far. It rises
/// with the keys, four at a time; what was summed before is then multiplied by a power of two, which rounds nothing.
/// </summary>
internal struct GeneralQuery<T, R, V, C, P, M, X> : IGpuQuery<T, V>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T>
    where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where M : struct, IChoice where X : struct, IChoice
{
    private GpuRow<T, R> _row;
    private V _q, _origin;
    private T _shift;
    private GpuTotals<T, R, V, X> _totals;

    public static bool HasValues => true;

    public static int NearRows => C.NearRows;

    public static bool HasNorms => false;

    public static int Count => 1;

    public static T NormOf(V key) => R.Constant(0);

    public void Begin(in GpuCall<T> call, int replica, int query, int step)
    {
        _row.Begin(call, replica, query);
        _q = call.Queries.Cast<V>()[_row.Row(call)];
        _origin = call.Origins.Cast<V>()[_row.Row(call)];
        _shift = P.IsOn ? R.Constant(GpuShift.None) : R.Constant(0);
        _totals = default;
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> key) where N : struct, IChoice
    {
        T y = Exponent(call, key);
        if (P.IsOn) RaiseTo(y);
        Add(call, key, y);
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> k0, GpuKey<T, V> k1, GpuKey<T, V> k2, GpuKey<T, V> k3) where N : struct, IChoice
    {
        T y0 = Exponent(call, k0), y1 = Exponent(call, k1), y2 = Exponent(call, k2), y3 = Exponent(call, k3);
        if (P.IsOn) RaiseTo(R.Max(R.Max(y0, y1), R.Max(y2, y3)));
        Add(call, k0, y0);
        Add(call, k1, y1);
        Add(call, k2, y2);
        Add(call, k3, y3);
    }

    public void EndTile() => _totals.EndTile();

    public void Store(in GpuCall<T> call, int split) => _totals.Store(call, _row, split, _shift);

    private readonly T Exponent(in GpuCall<T> call, GpuKey<T, V> key)
    {
        if (!P.IsOn) return R.Constant(0);
        GpuNumbers<T, R> numbers = _row.Numbers(call, key.Numbers);
        T y = C.Bend(V.Dot(_q, key.K, R.Constant(0)), ref numbers);
        return !M.IsOn || _row.Sees(key.Numbers.Index) ? y : R.Constant(GpuShift.None);
    }

    private void RaiseTo(T y)
    {
        if (!R.IsPositive(R.Subtract(y, _shift))) return;
        T raised = R.Ceiling(y), factor = R.Exp2(R.Subtract(_shift, raised));
        _shift = raised;
        _totals.Scale(factor);
    }

    private void Add(in GpuCall<T> call, GpuKey<T, V> key, T y)
    {
        GpuNumbers<T, R> numbers = _row.Numbers(call, key.Numbers);
        T p = P.IsOn
            ? PairMath<T, R, GpuNumbers<T, R>, C>.Finish(R.Exp2(R.Subtract(y, _shift)), ref numbers)
            : PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers);
        bool isSeen = !M.IsOn || _row.Sees(key.Numbers.Index);
        if (M.IsOn) p = isSeen ? p : R.Constant(0);
        _totals.Add(p, V.Subtract(key.Value, _origin));
        if (X.IsOn && isSeen && call.HasLog != 0) _totals.Tile.AddCouplingLog(p, C.Log(ref numbers));
    }
}

/// <summary>Shifts of exponents.</summary>
internal static class GpuShift
{
    /// <summary>Before the first key: below every exponent.</summary>
    public const double None = -1e30;
}
