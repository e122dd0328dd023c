using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// A query of the difference form: values are the keys and the origin is the query. Positions are scaled so that the pair factor is w b 2^y with
/// y = -|k - q|^2, never above 1: no maximum is needed.
/// </summary>
internal struct DifferenceQuery<T, R, V, C, P, M, X> : IGpuQuery<T, V>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T>
    where C : struct, IPairCoupling where P : struct, IProfileLanes where M : struct, IChoice where X : struct, IChoice
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
        T y = P.IsCurved ? R.Negate(V.Dot(difference, difference, R.Of(0))) : R.Of(0);
        T p = P.IsCurved ? C.Finish<T, R, GpuNumbers<T>>(R.Exp2(C.Bend<T, R, GpuNumbers<T>>(y, numbers)), numbers) : C.Factor<T, R, GpuNumbers<T>>(numbers);
        bool isSeen = !M.IsOn || _row.Sees(key.Numbers.Index);
        if (M.IsOn) p = isSeen ? p : R.Of(0);
        _totals.Add(p, difference);
        if (!X.IsOn || !isSeen) return;
        if (P.IsCurved) _totals.Tile.AddDeficit(C.Factor<T, R, GpuNumbers<T>>(numbers), y);
        if (call.UnitNumbers.Length > 0) _totals.Tile.AddCouplingLog(p, _row.LogCoupling<C>(call, key.Numbers));
    }

    public void Meet(in GpuCall<T> call, GpuKey<T, V> k0, GpuKey<T, V> k1, GpuKey<T, V> k2, GpuKey<T, V> k3)
    {
        Meet(call, k0);
        Meet(call, k1);
        Meet(call, k2);
        Meet(call, k3);
    }

    public void EndTile() => _totals.EndTile();

    public void Store(in GpuCall<T> call, int split) => _totals.Store(call, _row, split, R.Of(0));
}
