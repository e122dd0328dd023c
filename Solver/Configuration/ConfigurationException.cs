namespace AttentionFlow.Solver.Configuration;

/// <summary>
/// An experiment file, a setting or a cloud file is wrong. The message is one or two sentences for the user; the program exits with 2.
/// </summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>An error with this message.</summary>
    public ConfigurationException(string message, Exception? inner = null) : base(message, inner) { }

    private ConfigurationException(string location, string message) : base(message) => Location = location;

    /// <summary>Where in the experiment file, for example <c>$.interaction.beta</c>; null when it is not about one place in it.</summary>
    public string? Location { get; }

    /// <summary>An error at <paramref name="location"/> of the experiment file.</summary>
    public static ConfigurationException At(string location, string problem) => new(location, $"{location}: {problem}");

    /// <summary>The same error, its message led by <paramref name="prefix"/>.</summary>
    internal ConfigurationException Within(string prefix) => new($"{prefix}: {Message}", this);
}
