using System.Runtime.InteropServices;
using AttentionFlow.Kernels.Ranks;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>One call of <see cref="HarmonicSums"/>: moments of the keys, then sums at the rows.</summary>
internal sealed unsafe class HarmonicCall(
    HarmonicPlan plan, HarmonicKernel kernel, HarmonicMemory memory, int threads, RowSums into, Team? team, CancellationToken stop)
{
    private readonly PairProblem _problem = plan.Problem;
    private readonly MomentSums _moments = new(plan.Problem, plan.Channels, kernel, memory, threads, stop);
    private readonly object _lock = new();
    private double _smallest;

    /// <summary>The largest bound on the relative error of a row that passed, so far.</summary>
    public double ErrorBound { get; private set; }

    /// <summary>
    /// Sums at these rows with the orders of a level; returns those that the order does not serve. Leaves the moments of their replicas in
    /// <paramref name="moments"/>.
    /// </summary>
    public RowSet Evaluate(int level, RowSet rows, HarmonicMoments?[] moments)
    {
        if (rows.Count == 0) return rows;
        int tokens = _problem.Keys;
        int[] replicas = rows.Replicas(tokens);
        // Ranks have rows of other replicas and, at the second level, few; what all have is one cloud at the first.
        Team? all = level == 0 && _problem.Replicas == 1 ? team : null;
        _moments.Add(replicas, [.. replicas.Select(replica => plan.Basis(replica, level))], moments, all);
        long[] places = new long[_problem.Replicas];
        long room = 0;
        foreach (int replica in replicas)
        {
            places[replica] = room;
            room += (plan.HasRadial ? 2 : 1) * plan.Channels.Count * moments[replica]!.Basis.Coefficients;
        }
        memory.Coefficients.Reserve(room);
        Workers.For(replicas.Length, 1, threads, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                HarmonicMoments of = moments[replicas[i]]!;
                int count = plan.Channels.Count, numbers = count * of.Basis.Coefficients;
                double* place = memory.Coefficients.Pointer + places[replicas[i]];
                of.ToCoefficients(plan.Series.Coefficients, count, new(place, numbers));
                if (plan.HasRadial) of.ToCoefficients(plan.Series.Slopes, count, new(place + numbers, numbers));
            }
        });
        List<(int At, int Count)> parts = rows.Parts(HarmonicTile.Tokens, tokens);
        List<int> failed = [];
        _smallest = double.PositiveInfinity;
        Workers.For(parts.Count, Math.Clamp(parts.Count / (16 * threads), 1, 16), threads, (from, to) => memory.WithTile(tile =>
        {
            List<int> failedHere = [];
            double smallest = double.PositiveInfinity;
            fixed (double* q = _problem.Q, z = into.Z, force = into.Force)
                for (int i = from; i < to; i++)
                {
                    stop.ThrowIfCancellationRequested();
                    (int at, int count) = parts[i];
                    int first = rows[at], replica = first / tokens;
                    if (rows.IsRange) tile.Load(q + (long)first * _problem.Dimension, _problem.Dimension, count);
                    else tile.Gather(q, _problem.Dimension, rows.Listed(at, count));
                    if (IsPlain(replica) && rows.IsRange && HarmonicTile.IsWhole(count))
                    {
                        tile.Z = z + first;
                        if (_problem.Dimension == 2 && force != null) tile.Gradient = force + 2L * first;
                    }
                    HarmonicBasis basis = moments[replica]!.Basis;
                    double* coefficients = memory.Coefficients.Pointer + places[replica];
                    SumChannels(tile, basis, coefficients, rows, at, count);
                    Write(tile, replica, level, rows, at, count, failedHere, ref smallest);
                    if (plan.HasRadial) AddRadial(tile, basis, coefficients + plan.Channels.Count * basis.Coefficients, rows, at, count);
                }
            lock (_lock)
            {
                failed.AddRange(failedHere);
                _smallest = Math.Min(_smallest, smallest);
            }
        }));
        ErrorBound = Math.Max(ErrorBound, 1 / (_smallest - 1));
        return RowSet.List(failed);
    }

    private bool IsPlain(int replica) => plan.Channels.ScaleIsZ(replica) && _problem.Interaction.Coupling.IsOne;

    // Leaves the sums in tile.Z and tile.Gradient when the coupling is one and nothing else is needed, in tile.Total otherwise.
    private void SumChannels(HarmonicTile tile, HarmonicBasis basis, double* k, RowSet rows, int at, int count)
    {
        const int Column = HarmonicTile.Tokens;
        LabelChannels channels = plan.Channels;
        double over = 1 / _problem.Interaction.Beta;
        double* z = tile.Z, gradient = tile.Joined, total = tile.Total;
        int dimension = _problem.Dimension, replica = rows[at] / _problem.Keys;
        if (IsPlain(replica))
        {
            kernel.Evaluate(tile, basis, k, over);
            return;
        }
        new Span<double>(total, 5 * Column).Clear();
        for (int channel = 0; channel < channels.Count; channel++)
        {
            kernel.Evaluate(tile, basis, k + channel * basis.Coefficients, over);
            tile.CopyGradient(dimension, count, gradient);
            double scale = channels.ScaleFactor(channel, replica);
            for (int i = 0; i < count; i++)
            {
                double factor = channels.Factor(channel, rows[at + i]);
                total[i] += factor * z[i];
                total[Column + i] += scale * z[i];
                for (int c = dimension * i; c < dimension * (i + 1); c++) total[2 * Column + c] += factor * gradient[c];
            }
        }
    }

    // A row passes when the absolute error of Z and F is at most tol (scale - error).
    private void Write(HarmonicTile tile, int replica, int level, RowSet rows, int at, int count, List<int> failed, ref double smallest)
    {
        const int Column = HarmonicTile.Tokens;
        double* z = IsPlain(replica) ? tile.Z : tile.Total, scale = plan.Channels.ScaleIsZ(replica) ? z : z + Column;
        double error = plan.Error(plan.Replicas[replica].Order(level)) * plan.Replicas[replica].Mass;
        int dimension = _problem.Dimension;
        double least = error * (1 + 1 / plan.Tolerance), lowest = Lowest(scale, count);
        if (!(lowest >= least))
        {
            lowest = double.PositiveInfinity;
            for (int i = 0; i < count; i++)
            {
                if (!(scale[i] >= least)) failed.Add(rows[at + i]);
                else if (scale[i] < lowest) lowest = scale[i];
            }
        }
        if (error > 0) smallest = Math.Min(smallest, lowest / error);
        if (!rows.IsRange)
        {
            Scatter(tile, z, IsPlain(replica), rows, at, count);
            return;
        }
        int first = rows[at];
        Span<double> shift = into.Shift.AsSpan(first, count);
        // As whole numbers, which are compared in vectors.
        if (MemoryMarshal.Cast<double, long>(shift).ContainsAnyExcept(BitConverter.DoubleToInt64Bits(_problem.Interaction.Beta)))
            shift.Fill(_problem.Interaction.Beta);
        fixed (double* to = into.Z.AsSpan(first, count))
            if (z != to) new Span<double>(z, count).CopyTo(new Span<double>(to, count));
        if (!into.Columns.HasFlag(RowColumns.Force)) return;
        fixed (double* force = into.Force.AsSpan(first * dimension, count * dimension))
        {
            if (tile.Gradient == force) return;
            if (IsPlain(replica)) tile.CopyGradient(dimension, count, force);
            else new Span<double>(z + 2 * Column, count * dimension).CopyTo(new Span<double>(force, count * dimension));
        }
    }

    // The part of F along x_i, x_i dZ/dbeta.
    private void AddRadial(HarmonicTile tile, HarmonicBasis basis, double* k, RowSet rows, int at, int count)
    {
        double* radial = tile.Radial;
        tile.Spare();
        new Span<double>(radial, count).Clear();
        for (int channel = 0; channel < plan.Channels.Terms; channel++)
        {
            kernel.Evaluate(tile, basis, k + channel * basis.Coefficients, 1);
            for (int i = 0; i < count; i++) radial[i] += plan.Channels.Factor(channel, rows[at + i]) * tile.Z[i];
        }
        int d = _problem.Dimension;
        for (int i = 0; i < count; i++)
            for (int c = rows[at + i] * d; c < (rows[at + i] + 1) * d; c++) into.Force[c] += radial[i] * _problem.Q[c];
    }

    private void Scatter(HarmonicTile tile, double* z, bool plain, RowSet rows, int at, int count)
    {
        int dimension = _problem.Dimension;
        bool force = into.Columns.HasFlag(RowColumns.Force);
        double* gradient = plain ? tile.Joined : z + 2 * HarmonicTile.Tokens;
        if (plain) tile.CopyGradient(dimension, count, gradient);
        for (int i = 0; i < count; i++)
        {
            int row = rows[at + i];
            into.Shift[row] = _problem.Interaction.Beta;
            into.Z[row] = z[i];
            for (int c = 0; c < dimension && force; c++) into.Force[row * dimension + c] = gradient[i * dimension + c];
        }
    }

    // NaN when there is one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Lowest(double* numbers, int count)
    {
        double a = double.PositiveInfinity, b = a, c = a, d = a;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            a = Math.Min(a, numbers[i]);
            b = Math.Min(b, numbers[i + 1]);
            c = Math.Min(c, numbers[i + 2]);
            d = Math.Min(d, numbers[i + 3]);
        }
        for (; i < count; i++) a = Math.Min(a, numbers[i]);
        return Math.Min(Math.Min(a, b), Math.Min(c, d));
    }
}
