namespace AttentionFlow.Solver;

/// <summary>The law of the frozen labels xi. One record a file in this folder.</summary>
public abstract record LabelLaw
{
    /// <summary>Labels for all tokens, [R, n].</summary>
    public abstract double[] Draw(int replicas, int tokens, ulong seed);

    /// <summary>Fills [R, n] with a function of (replica, token).</summary>
    protected static double[] Fill(int replicas, int tokens, Func<int, int, double> label)
    {
        double[] labels = new double[replicas * tokens];
        for (int r = 0; r < replicas; r++)
            for (int i = 0; i < tokens; i++) labels[r * tokens + i] = label(r, i);
        return labels;
    }
}
