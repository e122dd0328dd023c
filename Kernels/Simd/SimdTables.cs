using System.Numerics;
using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>A buffer that grows, does not move and begins on a cache line.</summary>
internal sealed unsafe class FixedBuffer<T> where T : unmanaged
{
    private const int Alignment = 64;
    private T[] _memory = [];

    public T* Pointer { get; private set; }

    /// <summary>Makes room for <paramref name="length"/> numbers; the contents are lost when the buffer has to grow.</summary>
    public void Reserve(long length)
    {
        if (_memory.Length >= length + Alignment / sizeof(T)) return;
        _memory = GC.AllocateArray<T>(checked((int)length + Alignment / sizeof(T)), pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref _memory[0]);
        Pointer = (T*)((address + Alignment - 1) / Alignment * Alignment);
    }
}

/// <summary>What depends on weights, labels and interaction alone, made once per problem.</summary>
internal sealed unsafe class SimdTables<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly FixedBuffer<T> _query = new(), _key = new();
    private readonly int _stride, _queryRows, _keyRows;

    /// <summary>Tables for rows of <paramref name="stride"/> tokens per replica.</summary>
    public SimdTables(PairProblem problem, int stride)
    {
        Coupling coupling = problem.Interaction.Coupling;
        double[] labels = coupling.TableLabels(problem.KeyLabels);
        EvenWeights = [.. Enumerable.Range(0, problem.Replicas).Select(r => Even(coupling, problem.Weights.AsSpan(r * problem.Keys, problem.Keys)))];
        ExponentBound = coupling.ExponentBound(labels);
        _stride = stride;
        (_queryRows, _keyRows) = coupling.TableRows;
        _query.Reserve((long)problem.Replicas * _queryRows * stride);
        _key.Reserve((long)problem.Replicas * _keyRows * stride);
        double[] query = new double[_queryRows], key = new double[_keyRows];
        for (int replica = 0; replica < problem.Replicas; replica++)
        {
            LabelView<T> view = Of(replica);
            for (int i = 0; i < stride; i++)
            {
                // Padding repeats the last token, so that no lane leaves the range of the others.
                int token = replica * problem.Keys + Math.Min(i, problem.Keys - 1);
                coupling.FillTables(labels[token], problem.Weights[token], query, key);
                for (int row = 0; row < _queryRows; row++) view.Query[(nint)row * stride + i] = T.CreateTruncating(query[row]);
                for (int row = 0; row < _keyRows; row++) view.Key[(nint)row * stride + i] = T.CreateTruncating(key[row]);
            }
        }
    }

    /// <summary>For every replica the weight of each of its tokens when b = 1 and they are equal, else null: a replica's bits do not depend on the others.</summary>
    public double?[] EvenWeights { get; }

    /// <summary>See <see cref="Coupling.ExponentBound"/>.</summary>
    public double ExponentBound { get; }

    private static double? Even(Coupling coupling, ReadOnlySpan<double> weights) =>
        coupling is OneCoupling && !weights.ContainsAnyExcept(weights[0]) ? weights[0] : null;

    /// <summary>The tables of one replica.</summary>
    public LabelView<T> Of(int replica) => new(_query.Pointer + (nint)replica * _queryRows * _stride,
        _key.Pointer + (nint)replica * _keyRows * _stride, _stride, _keyRows);
}
