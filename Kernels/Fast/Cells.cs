using System.Numerics;

namespace AttentionFlow.Kernels.Fast;

/// <summary>
/// The tokens of a replica gathered into cells, each to be one weighted key: a function of the cloud alone. In token order, a token joins a
/// cell whose founder lies within the radius and has its label, or founds one; candidates come from a hashed grid over three fixed
/// directions, so that the time is linear in n whatever the number of cells.
/// </summary>
/// <remarks>
/// With c the centroid, W the weight and v = sum_j w_j |x_j - c|^2 / W the variance of a cell, the key is c with the weight W e^{-beta
/// v/2}: unit tokens have |c|^2 = 1 - v, so that in the difference form (<see cref="PairProblem.Difference"/>) its factor is W e^{beta
/// (&lt;q, c> - 1)}.
/// </remarks>
internal sealed class Cells
{
    private const int Directions = 3;
    // Side of a grid box in radii: a ball of one radius meets at most two boxes along a direction, mostly one.
    private const double Side = 4;

    private readonly int _dimension;
    private readonly double _radius;
    private readonly double[] _directions;
    // Cell of a token; first cell of a slot of the grid; next cell of the same slot; founder of a cell.
    private readonly int[] _cellOf, _heads, _next, _founders;

    private Cells(int tokens, int dimension, double radius, int most)
    {
        (_dimension, _radius, _directions) = (dimension, radius, MakeDirections(dimension));
        (_cellOf, _next, _founders) = (new int[tokens], new int[most], new int[most]);
        _heads = new int[BitOperations.RoundUpToPowerOf2((uint)(2 * most))];
        Array.Fill(_heads, -1);
    }

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>c, [Count, d].</summary>
    public double[] Centroids { get; private set; } = [];

    /// <summary>W e^{-beta v/2}.</summary>
    public double[] Weights { get; private set; } = [];

    /// <summary>W (1 - e^{-beta v/2}), without cancellation.</summary>
    public double[] Losses { get; private set; } = [];

    /// <summary>The token that founded each.</summary>
    public ReadOnlySpan<int> Founders => _founders.AsSpan(0, Count);

    /// <summary>The largest v of all cells.</summary>
    public double Variance { get; private set; }

    /// <summary>The cells of a cloud, or null when there would be more than <paramref name="most"/>, or soon it looks like that.</summary>
    /// <param name="x">[n, d], unit vectors.</param>
    /// <param name="weights">[n], none negative.</param>
    /// <param name="labels">[n]; empty where tokens of different labels may share a cell.</param>
    /// <param name="beta">Above 0.</param>
    /// <param name="radius">Of a cell around its founder.</param>
    /// <param name="most">At least 1.</param>
    public static Cells? Of(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> labels, double beta, double radius, int most)
    {
        Cells cells = new(weights.Length, x.Length / weights.Length, radius, most);
        if (!cells.Gather(x, labels)) return null;
        cells.Weigh(x, weights, beta);
        return cells;
    }

    private bool Gather(ReadOnlySpan<double> x, ReadOnlySpan<double> labels)
    {
        // Where nine in ten of the first tokens found cells, equal clusters would be more than a quarter of the tokens.
        int tokens = _cellOf.Length, early = Math.Max(32, tokens / 16);
        Span<long> box = stackalloc long[Directions], other = stackalloc long[Directions];
        for (int i = 0; i < tokens; i++)
        {
            if (i == early && Count > 0.9 * early) return false;
            for (int a = 0; a < Directions; a++)
            {
                double along = 0;
                for (int c = 0; c < _dimension; c++) along += _directions[a * _dimension + c] * x[i * _dimension + c];
                double place = along / (Side * _radius), low = Math.Floor(place);
                box[a] = (long)low;
                // The other box that the ball around the token meets, or the same.
                other[a] = (long)Math.Floor(place + (place - low < 0.5 ? -1 : 1) * (1 + 1e-6) / Side);
            }
            int cell = Find(x, labels, i, box, other);
            if (cell == Count)
            {
                if (Count == _founders.Length) return false;
                int slot = Slot(box, other, 0);
                (_founders[cell], _next[cell], _heads[slot]) = (i, _heads[slot], cell);
                Count++;
            }
            _cellOf[i] = cell;
        }
        return true;
    }

    // A cell for token i; Count when there is none.
    private int Find(ReadOnlySpan<double> x, ReadOnlySpan<double> labels, int i, ReadOnlySpan<long> box, ReadOnlySpan<long> other)
    {
        ReadOnlySpan<double> token = x.Slice(i * _dimension, _dimension);
        for (int corner = 0; corner < 1 << Directions; corner++)
        {
            bool seen = false;
            for (int a = 0; a < Directions; a++) seen |= (corner >> a & 1) != 0 && other[a] == box[a];
            if (seen) continue;
            for (int cell = _heads[Slot(box, other, corner)]; cell >= 0; cell = _next[cell])
            {
                int founder = _founders[cell];
                if (Squared(token, x.Slice(founder * _dimension, _dimension)) <= _radius * _radius
                    && (labels.IsEmpty || labels[founder] == labels[i])) return cell;
            }
        }
        return Count;
    }

    // The slot of the box that takes coordinate a from the other box where bit a of the corner is set. Boxes may share a slot: distances
    // decide.
    private int Slot(ReadOnlySpan<long> box, ReadOnlySpan<long> other, int corner)
    {
        ulong hash = 0;
        for (int a = 0; a < Directions; a++) hash = (hash ^ (ulong)((corner >> a & 1) != 0 ? other[a] : box[a])) * 0x9E3779B97F4A7C15;
        return (int)(hash >> 32) & (_heads.Length - 1);
    }

    // Relative to the founder: tokens at one point have it for their centroid, to the bit, and no variance.
    private void Weigh(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, double beta)
    {
        int d = _dimension;
        (Centroids, Weights, Losses) = (new double[Count * d], new double[Count], new double[Count]);
        // What the additions of a weight round away, so that a cell of many tokens has all digits of it.
        double[] lost = new double[Count];
        for (int i = 0; i < _cellOf.Length; i++)
        {
            int cell = _cellOf[i], founder = _founders[cell];
            double weight = weights[i], sum = Weights[cell] + weight, added = sum - Weights[cell];
            lost[cell] += Weights[cell] - (sum - added) + (weight - added);
            Weights[cell] = sum;
            for (int c = 0; c < d; c++) Centroids[cell * d + c] += weight * (x[i * d + c] - x[founder * d + c]);
        }
        for (int cell = 0; cell < Count; cell++) Weights[cell] += lost[cell];
        for (int cell = 0; cell < Count; cell++)
            for (int c = 0; c < d; c++)
                Centroids[cell * d + c] = x[_founders[cell] * d + c] + (Weights[cell] > 0 ? Centroids[cell * d + c] / Weights[cell] : 0);
        for (int i = 0; i < _cellOf.Length; i++)
            Losses[_cellOf[i]] += weights[i] * Squared(x.Slice(i * d, d), Centroids.AsSpan(_cellOf[i] * d, d));
        for (int cell = 0; cell < Count; cell++)
        {
            double variance = Weights[cell] > 0 ? Losses[cell] / Weights[cell] : 0, y = beta * variance / 2;
            Variance = Math.Max(Variance, variance);
            Losses[cell] = Weights[cell] * 2 * Math.Exp(-y / 2) * Math.Sinh(y / 2);
            Weights[cell] *= Math.Exp(-y);
        }
    }

    private static double Squared(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double even = 0, odd = 0;
        int c = 0;
        for (; c + 1 < a.Length; c += 2)
        {
            even += (a[c] - b[c]) * (a[c] - b[c]);
            odd += (a[c + 1] - b[c + 1]) * (a[c + 1] - b[c + 1]);
        }
        return c < a.Length ? even + odd + (a[c] - b[c]) * (a[c] - b[c]) : even + odd;
    }

    // Three unit vectors in general position, so that clouds along the axes are no special case.
    private static double[] MakeDirections(int dimension)
    {
        double[] directions = new double[Directions * dimension];
        for (int a = 0; a < Directions; a++)
        {
            Span<double> direction = directions.AsSpan(a * dimension, dimension);
            double squared = 0;
            for (int c = 0; c < dimension; c++)
            {
                direction[c] = Math.Sqrt(a + 2 + a / 2) * (c + 1) % 1 - 0.5;
                squared += direction[c] * direction[c];
            }
            foreach (ref double coordinate in direction) coordinate /= Math.Sqrt(squared);
        }
        return directions;
    }
}
