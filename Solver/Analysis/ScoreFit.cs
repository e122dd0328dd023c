using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Solver.Analysis;

/// <summary>Fits beta to the scores of attention that a file gives beside its tokens.</summary>
public static class ScoreFit
{
    /// <summary>Writes beta by time and head.</summary>
    /// <param name="trajectory">Tokens and scores.</param>
    /// <param name="table">A table with <see cref="BetaFit.Columns"/>.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The fit of all heads together.</returns>
    /// <exception cref="ConfigurationException">There are no scores, or they are not those of these tokens.</exception>
    public static BetaFit Of(Trajectory trajectory, CsvTable table, CancellationToken stop)
    {
        if ((trajectory as NumpyTrajectory)?.OpenScores() is not { } scores)
            throw new ConfigurationException($"--fit beta: {trajectory.Files[0]} gives no logits; a .npz may hold an array 'logits', or "
                + "'attention', [time, head, token, token] beside the tokens.");
        using NumpyArray array = scores.Array;
        BetaFit all = new();
        double[] values = new double[array.Shape[2] * array.Shape[3]];
        trajectory.Read(snapshot =>
        {
            if (snapshot.Number >= array.Shape[0]) return;
            for (int head = 0; head < array.Shape[1]; head++)
            {
                array.Read(values);
                BetaFit one = new();
                one.Add(snapshot.Replicas[0], snapshot.Dimension, values, scores.AreProbabilities);
                table.Append([snapshot.Time, snapshot.Replicas[0].Replica, head, one.Beta, one.R2]);
                all.Add(one);
            }
        }, _ => { }, stop);
        return all;
    }
}
