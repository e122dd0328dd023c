using AttentionFlow.Encoders.Models;

namespace AttentionFlow.Encoders.Studies;

/// <summary>A text, or an encoder, that is changed in one way.</summary>
/// <param name="Number">Its number in the tables.</param>
/// <param name="Name">Its name in figures.</param>
/// <param name="Interventions">What is changed.</param>
/// <param name="IsMixed">Whether texts are mixed of parts of all.</param>
internal sealed record Variant(int Number, string Name, Interventions Interventions, bool IsMixed = false)
{
    private const string PromptText = "The following passage is taken from an old book or a speech.";

    public static Variant Plain { get; } = new(0, "as trained", new());
    public static Variant Shuffled { get; } = new(1, "tokens shuffled", new(Shuffle: true));
    public static Variant Mixed { get; } = new(2, "mixed texts", new(), IsMixed: true);
    public static Variant Cooler { get; } = new(3, "τ = 0.8", new(Temperature: 0.8));
    public static Variant Coolest { get; } = new(4, "τ = 0.5", new(Temperature: 0.5));
    public static Variant NoCodes { get; } = new(5, "codes off", new(Positions: PositionalCodes.Off));
    public static Variant PermutedCodes { get; } = new(6, "codes permuted", new(Positions: PositionalCodes.Permuted));
    public static Variant Prompt { get; } = new(7, "prompt", new(Prompt: PromptText));

    /// <summary>Parts of the shortest length, each given by itself, and averaged: attention sees no further.</summary>
    public static Variant Apart { get; } = new(8, "parts apart", new());

    /// <summary>All, by number.</summary>
    public static IReadOnlyList<Variant> All { get; } =
        [Plain, Shuffled, Mixed, Cooler, Coolest, NoCodes, PermutedCodes, Prompt, Apart];

    /// <summary>Those that are followed as they are at every length.</summary>
    public static IReadOnlyList<Variant> ByLength { get; } = [Plain, Shuffled, Mixed, Cooler, Coolest];

    /// <summary>Those whose clouds are compared at one length.</summary>
    public static IReadOnlyList<Variant> OfCodes { get; } = [Plain, NoCodes, PermutedCodes, Prompt];

    /// <summary>Whether heads are measured.</summary>
    public bool HasHeads => this == Plain || Interventions.Temperature is not null;
}
