using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Encoders.Traces;

/// <summary>Texts on their way through an encoder as a trajectory: layers are times, texts replicas, positions labels.</summary>
/// <param name="texts">The texts.</param>
/// <param name="file">snapshots.csv, which holds the same, when it is written.</param>
internal sealed class TraceTrajectory(IReadOnlyList<TextTrace> texts, Task<string> file) : Trajectory
{
    /// <inheritdoc/>
    public override int Dimension => texts[0].Layers[0].Dimension;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Files => [file.GetAwaiter().GetResult()];

    /// <summary>None: the texts are in memory.</summary>
    public override long Bytes => 0;

    /// <inheritdoc/>
    protected override void ReadFiles(Action<Snapshot> take, Action<long> read, CancellationToken stop)
    {
        for (int l = 0; l < texts[0].Layers.Count; l++)
        {
            stop.ThrowIfCancellationRequested();
            take(new Snapshot(l, l, Dimension, [.. texts.Select((text, r) => new TokenSet(r, text.Layers[l].Positions)
            {
                Count = text.Layers[l].Tokens, Labels = [.. text.Shown.Select(p => (double)p)], Radii = text.Layers[l].Radii,
            })]));
        }
    }
}
