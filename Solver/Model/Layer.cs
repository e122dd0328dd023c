namespace AttentionFlow.Solver.Model;

/// <summary>What a flow has beside interaction and gauge: heads with their matrices, a positional code, frozen prompts.</summary>
public sealed record Layer
{
    /// <summary>Nothing beside interaction and gauge.</summary>
    public static readonly Layer Plain = new();

    /// <summary>The heads; the drift is the mean of their normalised fields. One without matrices by default.</summary>
    public IReadOnlyList<Head> Heads { get; init; } = [new Head()];

    /// <summary>Draws the matrices of the heads anew, of which <see cref="Heads"/> are then one draw; null: they stay.</summary>
    public Redraw? Redraw { get; init; }

    /// <summary>What labels do to logits and values beside the gauge; nothing by default.</summary>
    public PositionalCode Code { get; init; } = new NoCode();

    /// <summary>Tokens that act and do not move, in the frame of x; null: none.</summary>
    public Prompts? Prompts { get; init; }

    /// <summary>A prompt in the gauge frame; null: none.</summary>
    public PinningPrompt? Pin { get; init; }

    /// <summary>What acts on every token alone, beside attention; null: nothing.</summary>
    public Perceptron? Perceptron { get; init; }

    /// <summary>
    /// alpha >= 0, at which weights move: dm_i/dt = alpha m_i (U_i - sum_k m_k U_k), U_i = dE/dm_i, the replicator equation; 0: they are
    /// frozen.
    /// </summary>
    public double Selection { get; init; }

    /// <summary>
    /// True when beta is negative: the interaction holds |beta|, all logits, those of prompts too, have the other sign, and the profile is
    /// -k(-t), which has the slope k'(-t).
    /// </summary>
    public bool HasNegativeBeta { get; init; }

    /// <summary>The sign of beta.</summary>
    internal int Sign => HasNegativeBeta ? -1 : 1;

    /// <summary>True when tokens act on each other as the interaction says: no matrices, one head, no code.</summary>
    public bool HasPlainTokens => HasSelfForm && Heads is [{ HasMatrices: false }];

    /// <summary>
    /// True when queries, keys and values are the tokens as they are: then pair sums take the self form. Value matrices act on the sums.
    /// </summary>
    public bool HasSelfForm => Heads.All(h => h.Logits is null) && Code.Kind == CodeKind.None && !HasNegativeBeta;

    /// <summary>True when some head has a value matrix, which makes a pull along the sphere of the force across it.</summary>
    public bool TurnsRadialForce => Heads.Any(h => h.Values is not null);

    /// <summary>True when there are neither prompts nor a pinning prompt.</summary>
    public bool HasNoPrompts => Prompts is null && Pin is null;

    /// <summary>True when tokens attend to each other as the interaction says, and to nothing else.</summary>
    public bool HasPlainAttention => HasPlainTokens && HasNoPrompts;

    /// <summary>True for nothing beside interaction and gauge.</summary>
    public bool IsPlain => HasPlainAttention && Perceptron is null && !HasMovingWeights;

    /// <summary>True when weights move.</summary>
    public bool HasMovingWeights => Selection != 0;

    /// <summary>Why this layer and interaction do not go together in dimension <paramref name="dimension"/>, or null.</summary>
    public string? WhyNot(Interaction interaction, int dimension)
    {
        Setting setting = new(0, dimension) { Interaction = interaction };
        if (Heads.Count == 0) return "at least one head is needed";
        if (Heads.FirstOrDefault(h => h.Dimension is { } d && d != dimension) is { } head)
            return $"a head has matrices of {head.Dimension} rows, the tokens {dimension} coordinates";
        if (Perceptron is { } perceptron && perceptron.Dimension != dimension)
            return $"the perceptron has {perceptron.Dimension} numbers, the tokens {dimension} coordinates";
        return Code.WhyNot(setting) ?? Prompts?.WhyNot(setting) ?? Pin?.WhyNot(setting) ?? WhyNotNormalized(interaction)
            ?? WhyNotSelection(interaction);
    }

    /// <summary>Why weights cannot move as they are asked to, or null.</summary>
    public string? WhyNotSelection(Interaction interaction) => !HasMovingWeights ? null
        : !(Selection > 0 && double.IsFinite(Selection)) ? "the rate of selection must be finite and at least 0"
        : WhyNoEnergy(interaction) is { } why ? $"weights move up an energy, and {why}"
        : interaction.Normalization.HasBias ? $"under '{interaction.Normalization.Name}' weights are frozen, as the bias is" : null;

    /// <summary>Why the interaction cannot be normalised as it asks for, with these prompts, or null.</summary>
    public string? WhyNotNormalized(Interaction interaction)
    {
        double? prompts = HasNoPrompts ? null
            : Math.Min(Prompts?.Strength ?? double.PositiveInfinity, Pin?.Strength ?? double.PositiveInfinity);
        double logit = Redraw is not null ? double.PositiveInfinity
            : Math.Max(HasNoPrompts ? 0 : 1, Heads.Max(h => Code.LargestLogit(h.LogitNorm)));
        return interaction.Normalization.WhyNot(interaction.Coupling, prompts)
            ?? (interaction.Normalization is { IsBounded: true, IsHard: false }
                && interaction.Profile.WhyNotPositive(interaction.Beta * logit) is { } why
                ? $"'{interaction.Normalization}' divides by sums of k', and {why}, or \"unnormalized\"" : null);
    }

    /// <summary>Why a flow of this layer climbs no energy, or null when it does.</summary>
    public string? WhyNoEnergy(Interaction interaction)
    {
        if (Redraw is not null) return "a flow whose matrices are redrawn climbs no energy";
        if (interaction.Mask != Mask.None) return "a masked flow climbs no energy";
        if (Code.Kind == CodeKind.LogitsOnly) return "a flow whose code acts on the logits alone climbs no energy";
        if (Heads.Any(h => h.GradientSign == 0))
            return "with matrices a flow climbs an energy only where V = Q^T K or V = -Q^T K is symmetric, which it is not here";
        if (Perceptron is { HasPotential: false })
            return "a perceptron whose outer matrix is not the transpose of the inner one has no energy";
        if (Perceptron is not null && interaction.Normalization != Normalization.Unnormalized)
            return $"with a perceptron a flow climbs an energy under \"unnormalized\" only, not \"{interaction.Normalization.Name}\"";
        return interaction.Normalization.WhyNoEnergy(Heads.Count);
    }

    /// <summary>
    /// A bound on the rate at which tokens that are near close in on each other; for the exponential profile and beta >= 0 the stiffest the
    /// flow gets. Plain: max |b| e^beta (exponential profile) or max |b| k'(1) under USA, 1 under SA. In general e^{beta |logit|/beta} |V|
    /// in place of e^beta, twice as much for a V that is not the identity, and the shares of prompts and perceptron.
    /// </summary>
    public double CollapseRate(Interaction interaction)
    {
        bool bounded = interaction.Normalization.IsBounded;
        double coupling = interaction.Normalization.LargestCoupling(interaction.Coupling);
        double rate = Heads.Average(
            h => Code.LargestValue * h.ValueSpread * (bounded ? 1 : coupling * Slope(Code.LargestLogit(h.LogitNorm))));
        if (Perceptron is not null) rate += Perceptron.Rate * Math.Exp(-interaction.UnitExponent);
        return bounded || HasNoPrompts ? rate : rate + PromptStrength * Slope(1);

        double Slope(double t) => IsExponential(interaction) ? Math.Exp(interaction.Beta * t - interaction.UnitExponent)
            : interaction.Profile.Slope(interaction.Beta, t);
    }

    /// <summary>A bound on |d(log m_i)/dt|; 0 where weights are frozen.</summary>
    public double SelectionRate(Interaction interaction) => !HasMovingWeights ? 0 : Selection * ScaledExponential.Times(
        2 * LargestEnergyFactor(interaction) / (IsExponential(interaction) ? interaction.Beta : 1),
        LargestExponent(interaction) - interaction.UnitExponent);

    /// <summary>
    /// A bound on |E|: k(1)/2 times the largest |b|, at least 1, for plain tokens, k(1) times the strength of the prompts, and the largest
    /// potential of the perceptron. Infinite where no double is as large.
    /// </summary>
    public double LargestEnergy(Interaction interaction) => ScaledExponential.Times(
        LargestEnergyFactor(interaction) / (IsExponential(interaction) ? interaction.Beta : 1), LargestExponent(interaction));

    /// <summary>c: no beta t of tokens or prompts is larger; 0 for profiles that need no exponential.</summary>
    internal double LargestExponent(Interaction interaction)
    {
        double logit = Heads.Max(h => Code.LargestLogit(h.LogitNorm));
        return IsExponential(interaction) ? interaction.Beta * (HasNoPrompts ? logit : Math.Max(logit, 1)) : 0;
    }

    /// <summary><see cref="LargestEnergy"/> in units of e^c/beta; of 1 for other profiles.</summary>
    internal double LargestEnergyFactor(Interaction interaction)
    {
        double exponent = LargestExponent(interaction);
        double energy = interaction.Coupling.Largest * Heads.Average(h => Value(Code.LargestLogit(h.LogitNorm))) / 2;
        if (Perceptron is { HasPotential: true })
            energy += Perceptron.LargestPotential * Math.Exp(-exponent) * (IsExponential(interaction) ? interaction.Beta : 1);
        return HasNoPrompts ? energy : energy + PromptStrength * Value(1);

        double Value(double t) => IsExponential(interaction) ? Math.Exp(interaction.Beta * t - exponent)
            : interaction.Profile.Value(interaction.Beta, t);
    }

    private static bool IsExponential(Interaction interaction) => interaction.Profile.IsExponential(interaction.Beta);

    private double PromptStrength => Math.Abs(Prompts?.Strength ?? 0) + Math.Abs(Pin?.Strength ?? 0);
}
