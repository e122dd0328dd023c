using AttentionFlow.Solver.Response;

namespace AttentionFlow.Experiments.Commands;

/// <summary>What <c>linearize</c> finds of a state, its files, and what it says.</summary>
/// <param name="context">The command.</param>
/// <param name="state">Where it begins.</param>
/// <param name="shown">How many modes are shown and written.</param>
internal sealed class Linearization(CommandContext context, ResponseState state, int shown)
{
    private double[] _x = state.Cloud.Positions;
    private double _residual;
    private Equilibrium? _equilibrium;
    private Spectrum? _spectrum;

    private Spectrum Spectrum => _spectrum ?? throw new InvalidOperationException("nothing was run");

    /// <summary>Finds an equilibrium, where one is asked for, and the eigenvalues.</summary>
    /// <returns>Why there is no equilibrium, or null.</returns>
    public string? Run(bool seek)
    {
        DriftJacobian jacobian = state.Jacobian();
        if (seek)
        {
            _equilibrium = Equilibrium.Find(jacobian, _x, context.Stop);
            _x = _equilibrium.Positions;
        }
        _residual = jacobian.Largest(jacobian.Drift(_x, context.Stop));
        try
        {
            _spectrum = Spectrum.Of(jacobian, _x, shown, context.Stop);
        }
        catch (ArithmeticException e)
        {
            throw ConfigurationException.At("$.interaction", $"{e.Message}; take a smaller beta, or \"softmax\".");
        }
        return _equilibrium?.WhyNot;
    }

    /// <summary>Writes the files.</summary>
    public void Write(ResponseFolder folder, string title, ResponseRecord record)
    {
        IReadOnlyList<ResponseMode> modes = Spectrum.Modes, kept = [.. modes.Take(shown)];
        folder.Write(ResponseFolder.EigenvaluesFile, "Eigenvalues of the derivative of the drift",
        [
            new("mode", ColumnType.Integer, "Number of the mode, from 0; real parts fall."),
            new("real", ColumnType.Number, "Real part of the eigenvalue: the growth rate."),
            new("imaginary", ColumnType.Number, "Imaginary part: the angular frequency."),
            new("residual", ColumnType.Number, "|J v - lambda v|/|v|, by products of their own."),
        ], ["mode"], [.. modes.SelectMany((m, k) => new[] { k, m.Value.Real, m.Value.Imaginary, m.Residual })]);
        int d = state.Cloud.Dimension;
        folder.Write(ResponseFolder.ModesFile, "Eigenvectors",
        [
            new("token", ColumnType.Integer, "Token, from 0."), new("coordinate", ColumnType.Integer, "Coordinate, from 0."),
            .. kept.SelectMany((m, k) => m.Value.Imaginary == 0 ? [Mode($"mode{k}", "eigenvector")]
                : new[] { Mode($"mode{k}_real", "real part"), Mode($"mode{k}_imaginary", "imaginary part") }),
        ], ["token", "coordinate"], [.. Enumerable.Range(0, _x.Length).SelectMany(c => (double[])
        [
            c / d, c % d, .. kept.SelectMany(m => m.Value.Imaginary == 0 ? new[] { m.Vector[c] } : [m.Vector[c], m.Quadrature[c]]),
        ])]);
        folder.Write(ResponseFolder.StateFile, "The tokens, as a cloud file",
        [
            .. Enumerable.Range(0, d).Select(c => new Column($"x{c}", ColumnType.Number, $"Coordinate {c}.")),
            new("label", ColumnType.Number, "Label."), new("weight", ColumnType.Number, "Weight."),
        ], [], [.. Enumerable.Range(0, state.Cloud.Tokens).SelectMany(i => (double[])
        [
            .. _x.AsSpan(i * d, d), state.Cloud.Labels[i], state.Cloud.Weights[i],
        ])]);
        folder.Finish($"Linear response of {title}", state.Experiment, record with
        {
            IsEquilibrium = _equilibrium is { WhyNot: null }, Residual = _residual, Index = Spectrum.Index, Rotations = Spectrum.Rotations,
            Tolerance = Spectrum.Tolerance,
        });

        static Column Mode(string name, string what) => new(name, ColumnType.Number, $"Tangent vector at the token: {what}.");
    }

    /// <summary>Says what was found.</summary>
    /// <param name="folder">The folder, as it was named.</param>
    public void Say(string folder)
    {
        EigenvalueGroup[] groups = [.. Spectrum.Groups.TakeWhile((_, k) => Spectrum.Groups.Take(k).Sum(g => g.Multiplicity) < shown)];
        if (!context.Json)
        {
            if (_equilibrium is { WhyNot: null } found)
                context.Output.WriteLine(Text.Of($"equilibrium after {Text.Plural(found.Steps, "step")}, {found.Moved:G4} rad from t = ")
                    + Text.Of($"{state.Time:G6}, max |F| = {_residual:G3}"));
            else context.Output.WriteLine(Text.Of($"t = {state.Time:G6}, max |F| = {_residual:G3}"));
            context.Output.WriteLine($"{Text.Plural(Spectrum.Index, "unstable mode")}, {Text.Plural(Spectrum.Rotations, "mode")} of rotation: "
                + Quoted.Line(folder));
        }
        context.Write(new
        {
            folder = Path.GetFullPath(folder), time = state.Time, equilibrium = _equilibrium is null ? null : (bool?)(_equilibrium.WhyNot is null),
            residual = _residual, index = Spectrum.Index, rotations = Spectrum.Rotations,
            eigenvalues = groups.Select(g => new
            {
                real = g.Value.Real, imaginary = g.Value.Imaginary, multiplicity = g.Multiplicity, what = What(g), residual = g.Residual,
            }),
        }, ["real", "imaginary", "multiplicity", "what", "residual"], groups.Select(g => (string[])
            [Number(g.Value.Real), Number(g.Value.Imaginary), $"{g.Multiplicity}", What(g), Text.Of($"{g.Residual:G2}")]));

        string Number(double value) => Math.Abs(value) <= Spectrum.Tolerance ? "0" : Text.Of($"{value:G10}");
    }

    private string What(EigenvalueGroup group) =>
        group.Rotations == group.Multiplicity ? "rotation"
        : group.Rotations > 0 ? $"{group.Rotations} rotation, {group.Multiplicity - group.Rotations} neutral"
        : group.Value.Real > Spectrum.Tolerance ? "unstable" : group.Value.Real < -Spectrum.Tolerance ? "stable" : "neutral";
}
