using System.CommandLine.Parsing;
using AttentionFlow.Solver.Response;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>--continue interaction.beta=1..9</c>: the number in which a branch is followed, and from where to where.</summary>
internal sealed record BranchRange(string Path, double From, double To)
{
    /// <summary>Reads the option.</summary>
    public static BranchRange? Parse(ArgumentResult result)
    {
        string[] parts = result.Tokens[0].Value.Split('='), ends = parts[^1].Split("..");
        return parts.Length == 2 && ends.Length == 2 && parts[0].StartsWith("interaction.", StringComparison.Ordinal)
            && Number(ends[0]) is { } from && Number(ends[1]) is { } to && from != to
            ? new BranchRange(parts[0], from, to)
            : OptionValues.Refuse<BranchRange>(result,
                "a number of the interaction and two ends are needed, for example interaction.beta=1..9");

        static double? Number(string text) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? value : null;
    }

    /// <summary>The setting of a value.</summary>
    public string At(double value) => string.Create(CultureInfo.InvariantCulture, $"{Path}={value:R}");

    /// <summary>The derivative for every value: that of the experiment with the number set, for the tokens of the state.</summary>
    /// <exception cref="ConfigurationException">There is none at an end, or at a fraction between.</exception>
    public Func<double, DriftJacobian> Family(ResponseState state)
    {
        // Tokens and labels are those of the state, whatever law they came from.
        Experiment plain = state.Experiment with
        {
            Tokens = state.Experiment.Tokens with { Initial = new UniformLaw() },
            Labels = state.Experiment.Labels is ListedLabels ? new GridLabels() : state.Experiment.Labels,
        };
        string text = ExperimentReader.Write(plain);
        Func<double, DriftJacobian> family = value => state.Jacobian(ExperimentReader.Parse(text, "--continue", [At(value)]));
        foreach (double value in (double[])[From, To, From + (To - From) / Math.PI])
            try
            {
                _ = family(value);
            }
            catch (ConfigurationException e)
            {
                const string Setting = "--set ";
                throw new ConfigurationException("--continue " + (e.Message.StartsWith(Setting, StringComparison.Ordinal)
                    ? e.Message[Setting.Length..] : $"{At(value)}: {e.Message}"), e);
            }
        return family;
    }
}
