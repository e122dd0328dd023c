using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// A query of the difference form: values are the keys and the origin is the query. Positions are scaled so that the pair factor is w b 2^y with
/// y = -|k - q|^2, never above 1: no maximum is needed.
/// </summary>
internal struct DifferenceQuery<T, R, V, C, P, M, X> : IGpuQuery<T, V>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T>
    where C : struct, ICouplingMath<T, GpuNumbers<T>> where P : struct, IChoice where M : struct, IChoice where X : struct, IChoice
{
    private GpuRow<T, R> _row;
    private V _q;
    private GpuTotals<T, R, V, X> _totals;

    public static bool HasValues => false;

    public static int NearRows => C.NearRows;

    public static int Count => 1;

    public void Begin(in GpuCall<T> call, int replica, int query, int step)
    {
        _row.Begin(call, replica, query);
        _q = call.Queries.Cast<V>()[_row.Row];
        _totals = default;
    }

    public void Meet(in GpuCall<T> call, GpuKey<T, V> key)
    {
        V difference = V.Subtract(key.K, _q);
        GpuNumbers<T> numbers = _row.Numbers(call, key.Numbers);
        T y = P.IsOn ? R.Negate(V.Dot(difference, difference, R.Constant(0))) : R.Constant(0);
        T p = P.IsOn ? PairMath<T, R, GpuNumbers<T>, C>.Finish(R.Exp2(C.Bend(y, numbers)), numbers) : PairMath<T, R, GpuNumbers<T>, C>.Whole(numbers);
        bool isSeen = !M.IsOn || _row.Sees(key.Numbers.Index);
        if (M.IsOn) p = isSeen ? p : R.Constant(0);
        _totals.Add(p, difference);
        if (!X.IsOn || !isSeen) return;
        if (P.IsOn) _totals.Tile.AddDeficit(PairMath<T, R, GpuNumbers<T>, C>.Whole(numbers), y);
        if (call.HasLog != 0) _totals.Tile.AddCouplingLog(p, C.Log(numbers));
    }

    public void Meet(in GpuCall<T> call, GpuKey<T, V> k0, GpuKey<T, V> k1, GpuKey<T, V> k2, GpuKey<T, V> k3)
    {
        Meet(call, k0);
        Meet(call, k1);
        Meet(call, k2);
        Meet(call, k3);
    }

    public void EndTile() => _totals.EndTile();

    public void Store(in GpuCall<T> call, int split) => _totals.Store(call, _row, split, R.Constant(0));
}
