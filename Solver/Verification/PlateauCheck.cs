using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>plateaus.csv: spans of a factor 2 or more, one after the other in each replica.</summary>
/// <param name="replicas">How many there are.</param>
/// <param name="found">Takes what is wrong.</param>
internal sealed class PlateauCheck(int replicas, Faults found) : TableCheck(RunColumns.Plateaus, found)
{
    private readonly double[] _ends = new double[replicas];

    /// <inheritdoc/>
    protected override void See(long row, double[] v)
    {
        if (!(v[0] >= 0 && v[0] < replicas))
        {
            Found.Add("replica", row, $"the replica is {v[0]}; there are {replicas}, from 0");
            return;
        }
        int replica = (int)v[0];
        if (!(v[1] > _ends[replica])) Found.Add("start", row, $"the start is {v[1]}; the plateau before ends at {_ends[replica]}");
        if (!(v[2] >= PlateauWriter.Shortest * v[1]))
            Found.Add("end", row, $"the end is {v[2]}; a plateau from {v[1]} on lasts to twice that or longer");
        _ends[replica] = v[2];
    }

    /// <inheritdoc/>
    protected override void End(long rows)
    {
    }
}
