namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// A query of the difference form where values are spread (<see cref="GpuSpread"/>): d multiplications a pair less than
/// <see cref="DifferenceQuery{T, R, V, C, P, M, X}"/>. Exponents are those of dot products, |q|^2 - |k - q|^2 = 2 &lt;q, k> - |k|^2, and
/// what is too much, 2^{|q|^2}, comes off at the end. Forces are sums of factors times positions, from which the query's own comes off
/// after every tile. The query's own factor times its own position would be nothing but a rounding error: a query does not meet itself,
/// and its own weight joins Z at the end.
/// </summary>
internal struct ProductQuery<T, R, V, C, M, X> : IGpuQuery<T, V>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T>
    where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where M : struct, IChoice where X : struct, IChoice
{
    private GpuRow<T, R> _row;
    private V _twice;
    private GpuTotals<T, R, V, X> _totals;

    public static bool HasValues => false;

    public static int NearRows => C.NearRows;

    public static bool HasNorms => true;

    public static int Count => 1;

    public static T NormOf(V key) => R.Negate(V.Dot(key, key, R.Constant(0)));

    public void Begin(in GpuCall<T> call, int replica, int query, int step)
    {
        _row.Begin(call, replica, query);
        _twice = V.Scale(call.Queries.Cast<V>()[_row.Row(call)], R.Constant(2));
        _totals = default;
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> key) where N : struct, IChoice
    {
        GpuNumbers<T, R> numbers = _row.Numbers(call, key.Numbers);
        T p = PairMath<T, R, GpuNumbers<T, R>, C>.Finish(R.Exp2(C.Bend(V.Dot(_twice, key.K, key.Norm), ref numbers)), ref numbers);
        bool isSeen = !M.IsOn || _row.Sees(key.Numbers.Index);
        if (N.IsOn) isSeen = isSeen && !_row.Is(key.Numbers.Index);
        if (M.IsOn || N.IsOn) p = isSeen ? p : R.Constant(0);
        _totals.Add(p, key.K);
        if (!X.IsOn || !isSeen) return;
        V twice = V.Subtract(V.Scale(key.K, R.Constant(2)), _twice);
        _totals.Tile.AddDeficit(
            PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers), R.Multiply(R.Constant(-0.25), V.Dot(twice, twice, R.Constant(0))));
        if (call.HasLog != 0) _totals.Tile.AddCouplingLog(p, C.Log(ref numbers));
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> k0, GpuKey<T, V> k1, GpuKey<T, V> k2, GpuKey<T, V> k3) where N : struct, IChoice
    {
        Meet<N>(call, k0);
        Meet<N>(call, k1);
        Meet<N>(call, k2);
        Meet<N>(call, k3);
    }

    public void EndTile()
    {
        _totals.Subtract(_twice, R.Constant(-0.5));
        _totals.EndTile();
    }

    public void Store(in GpuCall<T> call, int split)
    {
        _totals.Scale(R.Exp2(R.Multiply(R.Constant(-0.25), V.Dot(_twice, _twice, R.Constant(0)))));
        if (_row.IsIn(call, split)) MeetOwn(call);
        _totals.Store(call, _row, split, R.Constant(0));
    }

    private void MeetOwn(in GpuCall<T> call)
    {
        GpuNumbers<T, R> numbers = _row.Numbers(call, C.NearRows);
        T p = PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers);
        _totals.Tile.Add(p);
        if (X.IsOn && call.HasLog != 0) _totals.Tile.AddCouplingLog(p, C.Log(ref numbers));
        _totals.EndTile();
    }
}
