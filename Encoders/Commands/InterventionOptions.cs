using System.CommandLine;
using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Commands;

namespace AttentionFlow.Encoders.Commands;

/// <summary>The options of <c>trace</c> that change the encoder or what it is given.</summary>
internal sealed class InterventionOptions
{
    private readonly Option<double?> _temperature = new("--temperature")
    {
        Description = "Divides the logits of every attention by TAU.", HelpName = "TAU",
        CustomParser = result => OptionValues.Number(result) is >= 1e-6 and <= 1e6 and { } tau ? tau
            : OptionValues.Refuse<double?>(result, "a number from 1e-6 to 1e6 is needed"),
    };

    private readonly Option<bool> _shuffle = new("--shuffle")
    {
        Description = "Gives the tokens of every text in a random order.",
    };

    private readonly Option<string?> _positions = new("--positions")
    {
        Description = "off: no token has a positional code; permuted: the tokens of a text have each other's.", HelpName = "off|permuted",
        CustomParser = result => OptionValues.OneOf(result, ["off", "permuted"]),
    };

    private readonly Option<string?> _prompt = new("--prompt")
    {
        Description = "A text before every text; its tokens act, but are not in snapshots.csv.", HelpName = "TEXT",
    };

    private readonly Option<int> _repeat = new("--repeat")
    {
        Description = "Goes through the layers K times, 1 by default.", HelpName = "K", DefaultValueFactory = _ => 1,
        CustomParser = result => OptionValues.Whole(result, 1000) is { } k && k >= 1 ? (int)k
            : OptionValues.Refuse<int>(result, "a whole number from 1 to 1000 is needed"),
    };

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Seed of the random orders; 0 by default.", HelpName = "N",
        CustomParser = result => OptionValues.Whole(result, ulong.MaxValue)
            ?? OptionValues.Refuse<ulong>(result, $"the seed is a whole number, at least 0 and at most {ulong.MaxValue}"),
    };

    /// <summary>The options.</summary>
    public IEnumerable<Option> All => [_temperature, _shuffle, _positions, _prompt, _repeat, _seed];

    /// <summary>What was asked for.</summary>
    public Interventions Of(ParseResult parsed) => new(parsed.GetValue(_temperature), parsed.GetValue(_shuffle),
        parsed.GetValue(_positions) switch
        {
            "off" => PositionalCodes.Off,
            "permuted" => PositionalCodes.Permuted,
            _ => PositionalCodes.Kept,
        },
        parsed.GetValue(_prompt), parsed.GetValue(_repeat), parsed.GetValue(_seed));
}
