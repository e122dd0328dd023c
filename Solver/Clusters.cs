using System.Numerics;

namespace AttentionFlow.Solver;

/// <summary>
/// Connected components of the graph that joins tokens with &lt;x_i, x_j&gt; > 1 - delta, which is |x_i - x_j|^2 &lt; 2 delta: single
/// linkage.
/// </summary>
/// <remarks>
/// Tokens that share a cell of a grid and are near its first token are one node; nodes of neighbouring cells are joined through a pair of
/// their tokens, looked for only where no chain joins them yet. The grid knows the first three coordinates as integers, all others by a
/// hash, which only decides who is compared. Time is linear in n on the circle and the sphere; at worst n^2/2 distances in high dimension,
/// where the pair sums of the flow are quadratic anyway.
/// </remarks>
public sealed class Clusters
{
    /// <summary>
    /// The usual delta: an angle of 0.0447 rad = 2.56 degrees, far above the width of a collapsed cluster and, up to beta of some thousand,
    /// below half the distance 2 pi/(2 beta)^{1/2} between forming ones.
    /// </summary>
    public const double Delta = 1e-3;

    private const int Reach = 2, BitsPerCoordinate = 21;

    private readonly double[] _x;
    private readonly int _first, _d, _gridded;
    private readonly double _square, _side;
    private readonly int[] _next;
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<long, int> _lastInColumn = [];
    private readonly Dictionary<ulong, int> _lastInCell = [];
    private int _components;

    private Clusters(double[] x, int first, int count, int d, double delta)
    {
        (_x, _first, _d, _gridded, _square, _next) = (x, first, d, Math.Min(d, 3), 2 * delta, new int[count]);
        // Tokens of a cell are within reach of each other when there are no other coordinates; cells further apart than Reach are not.
        _side = Math.Sqrt(_square / _gridded);
    }

    /// <summary>The number of components of the tokens [first, first + count) of x [.., d].</summary>
    /// <param name="x">Points of the unit sphere.</param>
    /// <param name="first">The first token.</param>
    /// <param name="count">How many.</param>
    /// <param name="d">Their dimension.</param>
    /// <param name="delta">From 1e-10 to 2.</param>
    public static int Count(double[] x, int first, int count, int d, double delta = Delta) => Of(x, first, count, d, delta)._components;

    /// <summary>The component of every token, numbered from 0 by their first tokens.</summary>
    /// <inheritdoc cref="Count"/>
    public static int[] Labels(double[] x, int first, int count, int d, double delta = Delta)
    {
        Clusters clusters = Of(x, first, count, d, delta);
        int[] labels = new int[count], numbers = new int[clusters._nodes.Count];
        for (int node = 0; node < clusters._nodes.Count; node++)
            for (int i = clusters._nodes[node].First; i >= 0; i = clusters._next[i]) labels[i] = clusters.Root(node);
        int known = 0;
        foreach (ref int label in labels.AsSpan())
        {
            if (numbers[label] == 0) numbers[label] = ++known;
            label = numbers[label] - 1;
        }
        return labels;
    }

    private static Clusters Of(double[] x, int first, int count, int d, double delta)
    {
        if (!(delta is >= 1e-10 and <= 2)) throw new ArgumentOutOfRangeException(nameof(delta), delta, "delta must be from 1e-10 to 2");
        Clusters clusters = new(x, first, count, d, delta);
        for (int i = 0; i < count; i++) clusters.Place(i);
        clusters._components = clusters._nodes.Count;
        foreach (long offset in clusters.Offsets().TakeWhile(_ => clusters._components > 1)) clusters.JoinColumns(offset);
        return clusters;
    }

    private ReadOnlySpan<double> Token(int i) => _x.AsSpan((_first + i) * _d, _d);

    private void Place(int i)
    {
        ReadOnlySpan<double> x = Token(i);
        long column = 0;
        for (int c = 0; c < _gridded; c++) column = (column << BitsPerCoordinate) + (long)((x[c] + 1) / _side) + Reach;
        ulong cell = (ulong)column;
        for (int c = _gridded; c < _d; c++)
            cell = BitOperations.RotateLeft((cell ^ (ulong)(long)((x[c] + 1) / _side)) * 0x9E3779B97F4A7C15, 29);
        _next[i] = -1;
        if (_lastInCell.TryGetValue(cell, out int known)
            && SquaredDistance(x, Token(_nodes[known].First)) is var squared && squared < _square)
        {
            Node node = _nodes[known];
            _next[i] = _next[node.First];
            _next[node.First] = i;
            if (squared > node.Radius * node.Radius) _nodes[known] = node with { Radius = Math.Sqrt(squared) };
            return;
        }
        _lastInCell[cell] = _nodes.Count;
        int before = _lastInColumn.GetValueOrDefault(column, -1);
        _lastInColumn[column] = _nodes.Count;
        _nodes.Add(new Node(i, 0, _nodes.Count, before));
    }

    // Differences of columns that may hold tokens within reach of each other, one of each pair of opposite ones, the nearest first.
    private IEnumerable<long> Offsets()
    {
        int width = 2 * Reach + 1, all = (int)Math.Pow(width, _gridded);
        return Enumerable.Range(all / 2, all - all / 2).Select(number =>
        {
            long offset = 0;
            int length = 0;
            for (int c = 0, rest = number; c < _gridded; c++, rest /= width)
            {
                int step = rest % width - Reach;
                offset += (long)step << (BitsPerCoordinate * c);
                length += step * step;
            }
            return (offset, length);
        }).OrderBy(o => o.length).Select(o => o.offset);
    }

    private void JoinColumns(long offset)
    {
        foreach ((long column, int last) in _lastInColumn)
        {
            if (!_lastInColumn.TryGetValue(column + offset, out int other)) continue;
            for (int a = last; a >= 0; a = _nodes[a].Before)
                for (int b = offset == 0 ? _nodes[a].Before : other; b >= 0; b = _nodes[b].Before) Join(a, b);
        }
    }

    private void Join(int a, int b)
    {
        int rootOfA = Root(a), rootOfB = Root(b);
        if (rootOfA == rootOfB || !AreNear(_nodes[a], _nodes[b])) return;
        _nodes[rootOfA] = _nodes[rootOfA] with { Parent = rootOfB };
        _components--;
    }

    private int Root(int node)
    {
        while (_nodes[node].Parent is var parent && parent != node)
        {
            _nodes[node] = _nodes[node] with { Parent = _nodes[parent].Parent };
            node = parent;
        }
        return node;
    }

    // Whether a token of one is near a token of the other.
    private bool AreNear(Node a, Node b)
    {
        double reach = Math.Sqrt(_square), centres = reach + a.Radius + b.Radius;
        if (!(SquaredDistance(Token(a.First), Token(b.First), centres * centres) < centres * centres)) return false;
        List<int> ofB = [];
        for (int j = b.First; j >= 0; j = _next[j])
            if (Within(j, a.First, reach + a.Radius)) ofB.Add(j);
        for (int i = a.First; i >= 0 && ofB.Count > 0; i = _next[i])
        {
            if (!Within(i, b.First, reach + b.Radius)) continue;
            foreach (int j in ofB)
                if (SquaredDistance(Token(i), Token(j), _square) < _square) return true;
        }
        return false;
    }

    // Rounding must not hide a pair.
    private bool Within(int i, int j, double distance)
    {
        double limit = distance * distance * (1 + 1e-12);
        return SquaredDistance(Token(i), Token(j), limit) <= limit;
    }

    // |x - y|^2, or some number beyond enough where it is beyond that.
    private static double SquaredDistance(ReadOnlySpan<double> x, ReadOnlySpan<double> y, double enough = double.PositiveInfinity)
    {
        double squared = 0;
        for (int c = 0; c < x.Length && squared <= enough; c++) squared += (x[c] - y[c]) * (x[c] - y[c]);
        return squared;
    }

    /// <summary>Tokens near the first of them.</summary>
    /// <param name="First">The first token; the others follow by the list of next tokens.</param>
    /// <param name="Radius">The largest distance to the first.</param>
    /// <param name="Parent">Another node of the same component, or itself.</param>
    /// <param name="Before">The node before in the same column, or -1.</param>
    private readonly record struct Node(int First, double Radius, int Parent, int Before);
}
