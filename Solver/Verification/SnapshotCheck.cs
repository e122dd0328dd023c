using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>The snapshots against their experiment.</summary>
/// <param name="experiment">The experiment.</param>
/// <param name="start">The cloud that it draws.</param>
/// <param name="record">What run.json says of the run.</param>
/// <param name="flow">Says whether tokens have a radius, and weights that move.</param>
/// <param name="found">Takes what is wrong.</param>
internal sealed class SnapshotCheck(Experiment experiment, Cloud start, RunRecord record, Flow flow, Faults found)
    : TableCheck(RunColumns.Snapshots(start.Dimension, flow.Scheme.HasRadius, flow.Layer.HasMovingWeights), found)
{
    // Start positions go through sines, cosines and logarithms of the C library, and through the quantile of a phase field (1e-13).
    private const double SameStart = 1e-12;

    private readonly RecordedTimes _times = new(experiment, record, experiment.Times.Snapshots);
    private readonly int? _digits = experiment.Record.Digits;
    private readonly double _error = Digits.Error(experiment.Record.Digits);
    private readonly int _rounded = RunColumns.FirstRounded + start.Dimension + (flow.Scheme.HasRadius ? 1 : 0);
    private readonly int _d = start.Dimension, _kept = experiment.Record.Tokens ?? start.Tokens;
    private double _time;
    private bool _isLost;

    // A coordinate is a quotient by a length whose square is a sum of d squares: less than d + 4 roundings of 2^-53 in |x|^2. With merging
    // it has since gone through Psi^T; the half turn of a prefix has four times those of its unit vector. The sum here has as many again.
    // Coordinates that are rounded, each by at most e of its size, change |x|^2 by at most (1 + e)^2 - 1 of it.
    private double Rounding => 8 * (_d + 4) * Math.ScaleB(1, -53) + (2 + _error) * _error;

    /// <summary>The mean token by time and replica, where all tokens are kept.</summary>
    public Dictionary<(double Time, int Replica), CompensatedSum[]> Means { get; } = [];

    /// <inheritdoc/>
    protected override void See(long row, double[] v)
    {
        long each = (long)start.Replicas * _kept, index = row - 1, within = index % each;
        (int snapshot, int replica, int k) = ((int)(index / each), (int)(within / _kept), (int)(within % _kept));
        int token = (int)((long)k * start.Tokens / _kept), at = replica * start.Tokens + token;
        Span<double> x = v.AsSpan(RunColumns.FirstRounded, _d);
        double square = Sphere.Dot(x, x);
        if (!(Math.Abs(square - 1) <= Rounding))
            Found.Add("sphere", row, $"|x|^2 is {square}; tokens are on the unit sphere, 1 up to {Rounding:G2}");
        for (int c = RunColumns.FirstRounded; _digits is { } digits && c < _rounded; c++)
            if (Digits.Round(v[c], digits) != v[c])
                Found.Add("rounded", row, $"{Columns[c].Name} is {v[c]}; record.digits of the experiment is {digits}");
        double radius = v[_rounded - 1], weight = flow.Layer.HasMovingWeights ? v[_rounded] : start.Weights[at];
        if (flow.Scheme.HasRadius && !(radius > 0)) Found.Add("radius", row, $"the radius is {radius}; it must be positive");
        if (!(weight > 0)) Found.Add("weight", row, $"the weight is {weight}; it must be positive");
        if (v[0] != snapshot || v[2] != replica || v[3] != token)
        {
            Found.Add("order", row, $"snapshot, replica and token are {v[0]}, {v[2]}, {v[3]}; {snapshot}, {replica}, {token} is next");
            _isLost = true;
        }
        if (_isLost) return; // whose row it is, is not known
        if (within == 0) _times.See(snapshot, _time = v[1], row, Found);
        else if (v[1] != _time) Found.Add("times", row, $"the time is {v[1]}; that of the snapshot is {_time}");
        if (v[4] != start.Labels[at]) Found.Add("label", row, $"the label is {v[4]}; the experiment gives the token {start.Labels[at]}");
        if (snapshot == 0 && _time == 0 && !(Sphere.Distance(x, start.Token(at)) <= SameStart + _error))
            Found.Add("start", row, $"the token starts {Sphere.Distance(x, start.Token(at)):G3} from where the experiment puts it");
        if (_kept == start.Tokens) AddToMean(replica, weight, x);
    }

    /// <inheritdoc/>
    protected override void End(long rows)
    {
        long each = (long)start.Replicas * _kept;
        if (rows % each != 0)
            Found.Add($"{rows} rows are not whole snapshots of {start.Replicas} x {_kept} tokens");
        if (!_isLost) _times.End((int)((rows + each - 1) / each), Found);
    }

    private void AddToMean(int replica, double weight, Span<double> x)
    {
        if (!Means.TryGetValue((_time, replica), out CompensatedSum[]? mean)) Means[(_time, replica)] = mean = new CompensatedSum[_d];
        for (int c = 0; c < _d; c++) mean[c].Add(weight * x[c]);
    }
}
