using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>What a row of a table says of a token, beside its coordinates.</summary>
/// <param name="Time">t.</param>
/// <param name="Replica">The number of its replica.</param>
/// <param name="Token">Its name.</param>
/// <param name="Label">xi.</param>
/// <param name="Weight">m, up to a common factor.</param>
/// <param name="Radius">r.</param>
internal readonly record struct TokenRow(double Time, int Replica, long Token, double Label, double Weight, double Radius);

/// <summary>A token is there twice in a snapshot; in which line, is not known.</summary>
internal sealed class DuplicateTokenException(string message) : Exception(message);

/// <summary>Makes snapshots of rows, which come in the order of their times.</summary>
/// <param name="dimension">d.</param>
/// <param name="has">Which columns there are.</param>
/// <param name="normalize">Whether rows may have any length but zero, which then is the radius where there is no such column.</param>
internal sealed class SnapshotBuilder(int dimension, ColumnPlaces has, bool normalize)
{
    private const double LargestLabel = 1e15;

    // Of |x|^2 of a unit vector: d squares and a division.
    private readonly double _rounding = 8 * (dimension + 4) * Math.ScaleB(1, -53);
    private readonly SortedDictionary<int, Part> _parts = [];
    private Part? _last;
    private double _time = double.NaN;
    private int _number, _expected = 16;

    /// <summary>Takes a row; returns the snapshot before it where the row begins another.</summary>
    /// <exception cref="ConfigurationException">The row is wrong; the message does not say where.</exception>
    public Snapshot? Add(in TokenRow row, ReadOnlySpan<double> x)
    {
        Snapshot? before = null;
        if (row.Time != _time)
        {
            if (row.Time < _time)
                throw new ConfigurationException(Text.Of($"the time {row.Time} comes after {_time}; rows come in the order of their times ")
                    + "(sort them: in DuckDB COPY (FROM 'in.csv' ORDER BY the columns of time, replica and token) TO 'out.csv')");
            before = Finish();
            _time = row.Time;
        }
        if (_last?.Replica != row.Replica && !_parts.TryGetValue(row.Replica, out _last))
            _parts[row.Replica] = _last = new Part(row.Replica, dimension, _expected, has);
        if (has.Label >= 0 && !(Math.Abs(row.Label) <= LargestLabel))
            throw new ConfigurationException(Text.Of($"the label {row.Label} is beyond {LargestLabel:G1} in magnitude"));
        if (has.Weight >= 0 && !(row.Weight is > 0 and <= 1e100 && double.IsNormal(row.Weight)))
            throw new ConfigurationException(Text.Of($"the weight {row.Weight} is not positive"));
        Span<double> target = _last!.Next();
        x.CopyTo(target);
        double radius = Scale(target);
        if (has.Radius >= 0 && !(row.Radius > 0)) throw new ConfigurationException(Text.Of($"the radius {row.Radius} is not positive"));
        _last.Add(row, has.Radius >= 0 ? row.Radius : radius);
        return before;
    }

    /// <summary>The snapshot of the rows since the last one; null where there are none.</summary>
    /// <exception cref="ConfigurationException">A token is there twice.</exception>
    public Snapshot? Finish()
    {
        if (_parts.Count == 0) return null;
        Snapshot snapshot = new(_number++, _time, dimension, [.. _parts.Values.Select(part => part.ToSet(normalize, _time))]);
        _expected = _parts.Values.Max(part => part.Count);
        _parts.Clear();
        _last = null;
        return snapshot;
    }

    // Rows that are unit vectors up to the rounding of doubles stay as they are: those of a run keep their bits.
    private double Scale(Span<double> x)
    {
        if (Math.Abs(Sphere.LaneDot(x, x) - 1) <= _rounding) return 1;
        double length = Sphere.Rescale(x);
        if (length == 0) throw new ConfigurationException("the point is zero; it has no direction");
        if (!normalize && !(Math.Abs(length - 1) <= Sphere.FileTolerance))
            throw new ConfigurationException($"the point has length {length.ToString("G9", CultureInfo.InvariantCulture)}, not 1; "
                + "--normalize takes points of any length, which is their radius (a run's own snapshots of few digits: give its folder)");
        return length;
    }

    // The rows of one replica.
    private sealed class Part(int replica, int dimension, int expected, ColumnPlaces has)
    {
        private double[] _x = new double[expected * dimension];
        private long[] _tokens = new long[expected];
        private double[] _labels = new double[has.Label >= 0 ? expected : 0], _weights = new double[has.Weight >= 0 ? expected : 0];
        private double[] _radii = new double[expected];

        public int Replica => replica;

        public int Count { get; private set; }

        public Span<double> Next()
        {
            if (Count == _tokens.Length) Grow();
            return _x.AsSpan(Count * dimension, dimension);
        }

        public void Add(in TokenRow row, double radius)
        {
            _tokens[Count] = has.Token >= 0 ? row.Token : Count;
            if (has.Label >= 0) _labels[Count] = row.Label;
            if (has.Weight >= 0) _weights[Count] = row.Weight;
            _radii[Count++] = radius;
        }

        public TokenSet ToSet(bool normalized, double time)
        {
            Trim();
            bool isRising = true;
            for (int i = 1; i < Count; i++) isRising &= _tokens[i] > _tokens[i - 1];
            if (!isRising) Sort(time);
            bool isRange = Count == 0 || (_tokens[0] == 0 && _tokens[^1] == Count - 1);
            return new TokenSet(replica, _x)
            {
                Count = Count,
                Tokens = isRange ? null : _tokens,
                Labels = has.Label >= 0 ? _labels : null,
                Weights = has.Weight >= 0 ? SumToOne(_weights) : null,
                Radii = has.Radius >= 0 || normalized ? _radii : null,
            };
        }

        // Simulations write tokens in any order.
        private void Sort(double time)
        {
            int[] order = [.. Enumerable.Range(0, Count)];
            Array.Sort((long[])_tokens.Clone(), order);
            double[] x = _x;
            _x = new double[x.Length];
            for (int i = 0; i < Count; i++) x.AsSpan(order[i] * dimension, dimension).CopyTo(_x.AsSpan(i * dimension));
            _tokens = [.. order.Select(i => _tokens[i])];
            _radii = [.. order.Select(i => _radii[i])];
            if (has.Label >= 0) _labels = [.. order.Select(i => _labels[i])];
            if (has.Weight >= 0) _weights = [.. order.Select(i => _weights[i])];
            for (int i = 1; i < Count; i++)
                if (_tokens[i] == _tokens[i - 1])
                    throw new DuplicateTokenException(Text.Of($"at time {time}, token {_tokens[i]}") + (has.Replica >= 0
                        ? $" of a replica, number {replica}," : "") + " is there twice" + (has.Replica >= 0 ? ""
                        : "; a column that tells replicas apart is named by --map replica=COLUMN"));
        }

        private void Grow()
        {
            long most = Array.MaxLength / dimension, count = Math.Min(2L * _tokens.Length, most);
            if (count == _tokens.Length)
                throw new ConfigurationException(Text.Of($"replica {replica} has more than {most} tokens at one time; a column ")
                    + "of times is named by --map time=COLUMN");
            Resize((int)count);
        }

        private void Trim()
        {
            if (Count < _tokens.Length) Resize(Count);
        }

        private void Resize(int count)
        {
            Array.Resize(ref _x, count * dimension);
            Array.Resize(ref _tokens, count);
            if (has.Label >= 0) Array.Resize(ref _labels, count);
            if (has.Weight >= 0) Array.Resize(ref _weights, count);
            Array.Resize(ref _radii, count);
        }

        // Weights of a run sum to 1 up to rounding and keep their bits.
        private static double[] SumToOne(double[] weights) =>
            Math.Abs(CompensatedSum.Of(weights) - 1) <= 1e-12 ? weights : Shares.Normalized(weights);
    }
}
