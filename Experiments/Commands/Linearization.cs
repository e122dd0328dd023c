using AttentionFlow.Experiments.Reports;
using AttentionFlow.Solver.Response;

namespace AttentionFlow.Experiments.Commands;

/// <summary>What <c>linearize</c> finds of a state, its files, and what it says.</summary>
/// <param name="context">The command.</param>
/// <param name="state">Where it begins.</param>
/// <param name="shown">How many modes are shown and written.</param>
internal sealed class Linearization(CommandContext context, ResponseState state, int shown)
{
    // A product that misses by this share of the fastest rate is no derivative.
    private const double Doubtful = 1e-3;

    private double[] _x = state.Cloud.Positions;
    private double _residual, _rate;
    private Equilibrium? _equilibrium;
    private Spectrum? _spectrum;
    private Branch? _branch;

    private Spectrum Spectrum => _spectrum ?? throw new InvalidOperationException("nothing was run");

    /// <summary>Finds an equilibrium, where one is asked for, the eigenvalues, and the branch.</summary>
    /// <param name="seek">Whether an equilibrium is sought.</param>
    /// <param name="range">The number in which it is followed; null for none.</param>
    /// <param name="steps">Steps over the range.</param>
    /// <returns>Why something was not found, or null.</returns>
    public string? Run(bool seek, BranchRange? range, int steps)
    {
        Func<double, DriftJacobian>? family = range?.Family(state);
        DriftJacobian jacobian = range is null ? state.Jacobian() : family!(range.From);
        if (seek)
        {
            _equilibrium = Equilibrium.Find(jacobian, _x, context.Stop);
            if (_equilibrium.WhyNot is null) _x = _equilibrium.Positions;
        }
        (_residual, _rate) = (jacobian.Largest(jacobian.Drift(_x, context.Stop)), jacobian.Flow.CollapseRate);
        try
        {
            _spectrum = Spectrum.Of(jacobian, _x, shown, context.Stop);
        }
        catch (ArithmeticException e)
        {
            throw ConfigurationException.At("$.interaction", $"{e.Message}; take a smaller abs(beta), or \"softmax\".");
        }
        if (_equilibrium?.WhyNot is { } why) return $"--equilibrium: {why}; start nearer to one, at another --time";
        if (range is null) return null;
        _branch = new Branch(state.Cloud, family!, range.From, range.To);
        _branch.Follow(_x, steps, context.Stop);
        return _branch.WhyNot is { } ended ? $"--continue {range.Path}: {ended}" : null;
    }

    /// <summary>Writes the files.</summary>
    public void Write(ResponseFolder folder, string title, ResponseRecord record)
    {
        WriteModes(folder);
        WriteState(folder);
        if (_branch is not null) WriteBranch(folder);
        folder.Finish($"Linear response of {title}", state.Experiment, record with
        {
            IsEquilibrium = _equilibrium is { WhyNot: null },
            Residual = _residual,
            Index = Spectrum.Index,
            IsIndexExact = Spectrum.IsIndexExact,
            Rotations = Spectrum.Rotations,
            Tolerance = Spectrum.Tolerance,
            Advice = _branch?.WhyNot,
        }, _branch is null ? [] : [(ResponseFolder.FigureFile, BranchFigure.Draw(_branch.Points, record.Continued!, title))]);
    }

    private void WriteModes(ResponseFolder folder)
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

        static Column Mode(string name, string what) => new(name, ColumnType.Number, $"Tangent vector at the token: {what}.");
    }

    private void WriteState(ResponseFolder folder)
    {
        int d = state.Cloud.Dimension;
        folder.Write(ResponseFolder.StateFile, "The tokens, as a cloud file",
        [
            .. Enumerable.Range(0, d).Select(c => new Column($"x{c}", ColumnType.Number, $"Coordinate {c}.")),
            new("label", ColumnType.Number, "Label."), new("weight", ColumnType.Number, "Weight."),
        ], [], [.. Enumerable.Range(0, state.Cloud.Tokens).SelectMany(i => (double[])
        [
            .. _x.AsSpan(i * d, d), state.Cloud.Labels[i], state.Cloud.Weights[i],
        ])]);
    }

    private void WriteBranch(ResponseFolder folder)
    {
        IReadOnlyList<BranchPoint> points = _branch!.Points;
        bool hasEnergy = points.All(p => double.IsFinite(p.Energy));
        folder.Write(ResponseFolder.BranchFile, "A branch of equilibria",
        [
            new("point", ColumnType.Integer, "Number of the point along the branch, from 0."),
            new("kind", ColumnType.Integer, "0 a step, 1 a fold, 2 a change in the number of unstable modes."),
            new("parameter", ColumnType.Number, "The number in which the branch is followed."),
            new("residual", ColumnType.Number, "The largest |F_i| of a token."),
            new("index", ColumnType.Integer, "Unstable modes; at a fold or change those of the point before."),
            new("leading_real", ColumnType.Number, "Real part of the eigenvalue that grows fastest and is no rotation."),
            new("leading_imaginary", ColumnType.Number, "Its imaginary part."),
            new("mean_norm", ColumnType.Number, "Length of the mean token."),
            .. hasEnergy ? new Column[] { new("energy", ColumnType.Number, "Energy.") } : [],
        ], ["point"], [.. points.SelectMany((p, k) => (double[])
        [
            k, (int)p.Kind, p.Parameter, p.Residual, p.Index, p.Leading.Real, p.Leading.Imaginary, p.MeanNorm,
            .. hasEnergy ? new[] { p.Energy } : [],
        ])]);
    }

    /// <summary>Says what was found.</summary>
    /// <param name="folder">The folder, as it was named.</param>
    public void Say(string folder)
    {
        EigenvalueGroup[] groups = [.. Spectrum.Groups.TakeWhile((_, k) => Spectrum.Groups.Take(k).Sum(g => g.Multiplicity) < shown)];
        if (groups.Any(g => !(g.Residual <= Doubtful * _rate)))
            context.Warn("residuals are as large as rates: the drift has no derivative here, and these are no eigenvalues");
        if (!context.Json)
        {
            if (_equilibrium is { WhyNot: null } found)
                context.Output.WriteLine(Text.Of($"equilibrium after {Text.Plural(found.Steps, "step")}, {found.Moved:G4} rad from t = ")
                    + Text.Of($"{state.Time:G6}, max |F| = {_residual:G3}"));
            else context.Output.WriteLine(Text.Of($"t = {state.Time:G6}, max |F| = {_residual:G3}"));
            string unstable = (Spectrum.IsIndexExact ? "" : "at least ") + Text.Plural(Spectrum.Index, "unstable mode")
                + (Spectrum.IsIndexExact ? "" : " (all that --modes asks for)");
            string rotations = state.Cloud.Dimension > Rotations.LargestDimension ? "modes of rotation not named in so many dimensions"
                : $"{Text.Plural(Spectrum.Rotations, "mode")} of rotation";
            context.Output.WriteLine($"{unstable}, {rotations}: {Quoted.Line(folder)}");
        }
        context.Write(new
        {
            folder = Path.GetFullPath(folder),
            time = state.Time,
            isEquilibrium = _equilibrium is { WhyNot: null },
            residual = _residual,
            index = Spectrum.Index,
            isIndexExact = Spectrum.IsIndexExact,
            rotations = Spectrum.Rotations,
            eigenvalues = groups.Select(g => new
            {
                real = g.Value.Real,
                imaginary = g.Value.Imaginary,
                multiplicity = g.Multiplicity,
                what = What(g),
                residual = g.Residual,
            }),
            branch = _branch?.Points.Select(p => new
            {
                kind = p.Kind.ToString().ToLowerInvariant(),
                parameter = p.Parameter,
                index = p.Index,
                real = p.Leading.Real,
                imaginary = p.Leading.Imaginary,
                meanNorm = p.MeanNorm,
            }),
        }, ["real", "imaginary", "multiplicity", "what", "residual"], groups.Select(g => (string[])
            [Number(g.Value.Real), Number(g.Value.Imaginary), Multiplicity(g), What(g), Text.Of($"{g.Residual:G2}")]));

        if (_branch is not null && !context.Json) SayBranch();

        // Of the last of some, there may be more.
        string Multiplicity(EigenvalueGroup group) =>
            $"{group.Multiplicity}" + (!Spectrum.IsComplete && group == Spectrum.Groups[^1] ? " or more" : "");

        string Number(double value) => Math.Abs(value) <= Spectrum.Tolerance ? "0" : Text.Of($"{value:G10}");
    }

    private void SayBranch()
    {
        IReadOnlyList<BranchPoint> points = _branch!.Points;
        context.Output.WriteLine($"\nbranch of {Text.Plural(points.Count, "point")}");
        context.Output.Write(TextTable.Render(["what", "parameter", "unstable modes", "growth rate", "|m|"],
            points.Where((p, k) => p.Kind != BranchPointKind.Step || k == 0 || k == points.Count - 1).Select(p => (string[])
            [
                p.Kind == BranchPointKind.Fold ? "fold" : p.Kind == BranchPointKind.Crossing ? "change" : p == points[0] ? "start" : "end",
                Text.Of($"{p.Parameter:G10}"), $"{p.Index}", Text.Of($"{p.Leading.Real:G6}"), Text.Of($"{p.MeanNorm:G6}"),
            ])));
    }

    private string What(EigenvalueGroup group) =>
        group.Rotations == group.Multiplicity ? "rotation"
        : group.Rotations > 0 ? $"{group.Rotations} rotation, {group.Multiplicity - group.Rotations} neutral"
        : group.Value.Real > Spectrum.Tolerance ? "unstable" : group.Value.Real < -Spectrum.Tolerance ? "stable" : "neutral";
}
