using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>mergers.csv: whose mass goes where, and who is left.</summary>
/// <param name="start">The cloud at the start.</param>
/// <param name="last">The last time at which tokens may have merged.</param>
/// <param name="found">Takes what is wrong.</param>
internal sealed class MergerCheck(Cloud start, double last, Faults found) : TableCheck(RunColumns.Mergers, found)
{
    private const double Rounding = 1e-12; // of sums of masses, in one order or another

    private readonly double[] _masses = [.. start.Weights];
    private readonly int[] _left = [.. Enumerable.Repeat(start.Tokens, start.Replicas)];
    private readonly double[] _times = new double[start.Replicas];

    /// <inheritdoc/>
    protected override void See(long row, double[] v)
    {
        if (!(v[1] >= 0 && v[1] < start.Replicas && IsToken(v[2]) && IsToken(v[3]) && v[2] != v[3]))
        {
            Found.Add("names", row,
                $"replica {v[1]}, token {v[2]}, into {v[3]}; there are {start.Replicas} replicas and {start.Tokens} tokens, from 0");
            return;
        }
        int replica = (int)v[1], token = replica * start.Tokens + (int)v[2], into = replica * start.Tokens + (int)v[3];
        if (!(v[0] >= _times[replica] && v[0] <= last))
            Found.Add("time", row, $"the time is {v[0]}; the replica's mergers come in order from {_times[replica]} on, up to {last}");
        _times[replica] = v[0];
        Compare("token", v[2], v[4], _masses[token]);
        Compare("into", v[3], v[5], _masses[into]);
        if (v[4] > v[5])
            Found.Add("lighter", row, $"mass_token {v[4]} is more than mass_into {v[5]}; the lighter becomes part of the heavier");
        if (v[6] != --_left[replica]) Found.Add("left", row, $"left is {v[6]}; {_left[replica]} are left of replica {replica}");
        _masses[into] += _masses[token];
        _masses[token] = double.NaN;

        void Compare(string column, double name, double mass, double expected)
        {
            if (double.IsNaN(expected)) Found.Add("gone", row, $"{column} {name} became part of another before");
            else if (!(Math.Abs(mass - expected) <= Rounding * expected))
                Found.Add("mass", row, $"mass_{column} is {mass}; what token {name} has gathered weighs {expected}");
        }
    }

    /// <inheritdoc/>
    protected override void End(long rows)
    {
    }

    private bool IsToken(double value) => value >= 0 && value < start.Tokens;
}
