namespace AttentionFlow.Kernels.Model;

/// <summary>A value that an experiment file chooses by name from a fixed list, such as a profile.</summary>
public interface INamed<TSelf> where TSelf : INamed<TSelf>
{
    /// <summary>Name in an experiment file.</summary>
    string Name { get; }

    /// <summary>All there are, the default first.</summary>
    static abstract IReadOnlyList<TSelf> All { get; }
}
