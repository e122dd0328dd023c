using System.Numerics;

namespace AttentionFlow.Kernels.Cpu;

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
    private readonly FixedBuffer<T> _query = new(), _key = new(), _window = new(), _indices = new();
    private readonly int _queryRows, _keyRows;

    /// <summary>Tables for replicas that lie like this in a buffer.</summary>
    public SimdTables(PairProblem problem, BufferLayout layout)
    {
        Coupling coupling = problem.Interaction.Coupling;
        // Keys first, then queries; the same place where they are the same.
        int queries = problem.IsSelf ? 0 : problem.KeyLabels.Length;
        double[] labels = coupling.TableLabels(problem.IsSelf ? problem.KeyLabels : [.. problem.KeyLabels, .. problem.QueryLabels]);
        double[][] weights = [.. problem.Weights.Chunk(problem.Keys)];
        AbsoluteWeights = [.. weights.Select(w => w.Sum(Math.Abs))];
        HaveEqualWeights = [.. weights.Select(w => !w.AsSpan().ContainsAnyExcept(w[0]))];
        EvenWeights = [.. weights.Select((w, r) => coupling.IsOne && HaveEqualWeights[r] ? w[0] : (double?)null)];
        ExponentBound = coupling.ExponentBound(labels);
        Layout = layout;
        (_queryRows, _keyRows) = coupling.TableRows;
        _query.Reserve((long)problem.Replicas * _queryRows * layout.Queries);
        _key.Reserve((long)problem.Replicas * _keyRows * layout.Keys);
        double[] query = new double[_queryRows], key = new double[_keyRows];
        for (int replica = 0; replica < problem.Replicas; replica++)
        {
            // Padding repeats the last token, so that no lane leaves the range of the others.
            for (int i = 0; i < layout.Keys; i++)
            {
                int token = replica * problem.Keys + Math.Min(i, problem.Keys - 1);
                coupling.FillTables(labels[token], problem.Weights[token], query, key);
                for (int row = 0; row < _keyRows; row++) Keys(replica)[(nint)row * layout.Keys + i] = T.CreateTruncating(key[row]);
            }
            for (int i = 0; i < layout.Queries && _queryRows > 0; i++)
            {
                coupling.FillTables(labels[queries + replica * problem.Queries + Math.Min(i, problem.Queries - 1)], 0, query, key);
                for (int row = 0; row < _queryRows; row++)
                    Queries(replica)[(nint)row * layout.Queries + i] = T.CreateTruncating(query[row]);
            }
        }
        if (problem.Interaction.Mask != Mask.None) FillWindow(problem);
    }

    /// <summary>How replicas lie in a buffer.</summary>
    public BufferLayout Layout { get; }

    /// <summary>For every replica the sum of |w_j|.</summary>
    public double[] AbsoluteWeights { get; }

    /// <summary>
    /// For every replica the weight of each of its keys when b = 1 and they are equal, else null: a replica's bits do not depend on the
    /// others.
    /// </summary>
    public double?[] EvenWeights { get; }

    /// <summary>For every replica whether its keys have the same weight, so that a pair weighs the same for both tokens.</summary>
    public bool[] HaveEqualWeights { get; }

    /// <summary>See <see cref="Coupling.ExponentBound"/>.</summary>
    public double ExponentBound { get; }

    /// <summary>The tables of one replica.</summary>
    public LabelView<T> Of(int replica) => new(Queries(replica) - Layout.FirstQuery, Layout.Queries, Keys(replica), Layout.Keys, _keyRows,
        _window.Pointer - Layout.FirstQuery, _indices.Pointer);

    private void FillWindow(PairProblem problem)
    {
        _window.Reserve(2 * Layout.Queries);
        _indices.Reserve(Layout.Keys);
        for (int j = 0; j < Layout.Keys; j++) _indices.Pointer[j] = T.CreateTruncating(j);
        for (int i = 0; i < Layout.Queries; i++)
        {
            (int from, int to) = problem.KeysOf(Math.Min(i, problem.Queries - 1));
            (_window.Pointer[i], _window.Pointer[Layout.Queries + i]) = (T.CreateTruncating(from), T.CreateTruncating(to - 1));
        }
    }

    private T* Queries(int replica) => _query.Pointer + (nint)replica * _queryRows * Layout.Queries;

    private T* Keys(int replica) => _key.Pointer + (nint)replica * _keyRows * Layout.Keys;
}
