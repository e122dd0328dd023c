namespace AttentionFlow.Solver;

/// <summary>
/// Where a network normalises: dx_i/dt = P A_i/s_i, A_i the attention output sum_j A_ij x_j before its projection, s_i a scale that may hang on a radius r_i, the length of the
/// token before it is normalised [arXiv 2510.22026]. One record a file in this folder.
/// </summary>
public abstract record Scheme
{
    /// <summary>r_i at the start, > 0; null when the scheme has no such state.</summary>
    public virtual double? Start => null;

    /// <summary>Whether r_i is the length of a token, and worth a column.</summary>
    public virtual bool HasRadius => false;

    /// <summary>Whether s_i hangs on A_i, its part along x_i included.</summary>
    public virtual bool NeedsOutput => true;

    /// <summary>s_i and dr_i/dt.</summary>
    /// <param name="radius">r_i; 1 without such a state.</param>
    /// <param name="along">&lt;x_i, A_i&gt;.</param>
    /// <param name="length">|A_i|.</param>
    public abstract (double Scale, double Growth) At(double radius, double along, double length);

    /// <summary>The rate of collapse at the start, from that of the scheme post: rate/s_i where all tokens are at one point.</summary>
    public abstract double CollapseRate(double rate);
}
