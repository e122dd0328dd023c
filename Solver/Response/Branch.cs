using System.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Response;

/// <summary>What a point of a branch is.</summary>
public enum BranchPointKind
{
    /// <summary>A step.</summary>
    Step,
    /// <summary>Here the parameter turns around.</summary>
    Fold,
    /// <summary>Here the number of unstable modes changes, and the parameter goes on.</summary>
    Crossing,
}

/// <summary>An equilibrium of a branch.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Parameter">The number that is followed.</param>
/// <param name="Residual">max_i |F_i|.</param>
/// <param name="Index">Unstable modes; at a fold or crossing, of the point before.</param>
/// <param name="Leading">The eigenvalue of largest real part that is no rotation; 0 where there is none.</param>
/// <param name="MeanNorm">|m|.</param>
/// <param name="Energy">The energy; NaN where the flow climbs none.</param>
public sealed record BranchPoint(
    BranchPointKind Kind, double Parameter, double Residual, int Index, Complex Leading, double MeanNorm, double Energy);

/// <summary>
/// A branch of equilibria in one number of an experiment, by pseudo-arclength: the step is measured in (rms displacement of the tokens,
/// share of the parameter's range), so that folds are points like others (Keller 1977).
/// </summary>
/// <param name="cloud">Labels and weights of the tokens.</param>
/// <param name="at">J for a value of the parameter.</param>
/// <param name="from">Where it begins.</param>
/// <param name="to">Where it ends.</param>
public sealed class Branch(Cloud cloud, Func<double, DriftJacobian> at, double from, double to)
{
    private const int MostCorrections = 12, FastCorrections = 4, Refinements = 40;

    // Of the range; the parameter's derivative steers, and need not be exact.
    private const double Difference = 1e-6;

    // Of |F|.
    private const double Damping = 1e-3;

    // What is zero where folds and crossings are sought: the parameter's share of the tangent, in which a fold is flat, so that its place
    // is known to the square; and of the largest rate.
    private const double FlatEnough = 1e-7, Still = 1e-12;

    private readonly List<BranchPoint> _points = [];
    private IReadOnlyList<Matrix<double>> _generators = [];

    private sealed record Point(double[] X, double Share, double[] Tangent, double Rate, Spectrum Spectrum, BranchPoint Shown)
    {
        public double Forward => Tangent[^1];
    }

    /// <summary>The points found, in their order along the branch.</summary>
    public IReadOnlyList<BranchPoint> Points => _points;

    /// <summary>Why it ended before the end of the range, or null.</summary>
    public string? WhyNot { get; private set; }

    /// <summary>Follows it.</summary>
    /// <param name="start">An equilibrium at the beginning of the range, [n, d].</param>
    /// <param name="steps">How many steps take the parameter over the range where the tokens stay; where they move there are more.</param>
    /// <param name="stop">Ends it.</param>
    public void Follow(double[] start, int steps, CancellationToken stop)
    {
        _generators = Rotations.Generators(at(from), stop);
        double[] first = new double[cloud.Tokens * (cloud.Dimension - 1) + 1];
        first[^1] = 1;
        Point now = At(start, 0, first, stop);
        _points.Add(now.Shown);
        double length = 1.0 / steps;
        for (int k = 0; k < 20 * steps; k++)
        {
            (Point? next, int corrections) = Step(now, length, stop);
            if (next is null)
            {
                if ((length /= 2) > 1e-6 / steps) continue;
                WhyNot = Text.Of($"at {now.Shown.Parameter:G8} no step finds the branch again");
                return;
            }
            if (Special(now, next, length, stop) is { } special) _points.Add(special);
            _points.Add(next.Shown);
            now = next;
            if (now.Share == 1) return;
            if (now.Share == 0)
            {
                WhyNot = Text.Of($"it has turned back to {from:G8}");
                return;
            }
            if (corrections <= FastCorrections) length = Math.Min(1.5 * length, 1.0 / steps);
        }
        WhyNot = Text.Of($"{20 * steps} steps end at {now.Shown.Parameter:G8}; give more --steps");
    }

    private double Value(double share) => from + share * (to - from);

    // A step along the tangent, and Newton's method across it, or at the end of the range where the step would leave it; null where that
    // fails.
    private (Point? Point, int Corrections) Step(Point now, double length, CancellationToken stop)
    {
        int n = cloud.Tokens, d = cloud.Dimension;
        double share = now.Share + length * now.Forward;
        double? edge = share > 1 ? 1 : share < 0 ? 0 : null;
        if (edge is { } end) (length, share) = ((end - now.Share) / now.Forward, end);
        double[] along = new TangentSpace(now.X, d).Vector(now.Tangent[..^1]), x = new double[now.X.Length];
        TangentSpace.Move(now.X, along, length * Math.Sqrt(n), x, d);
        double[] fix = new double[now.Tangent.Length];
        fix[^1] = 1;
        try
        {
            for (int k = 0; k <= MostCorrections; k++)
            {
                DriftJacobian jacobian = at(Value(share));
                double[] drift = jacobian.Drift(x, stop);
                if (jacobian.Largest(drift) <= Equilibrium.Rest * jacobian.Flow.CollapseRate) return (At(x, share, Carried(x), stop), k);
                if (k == MostCorrections) break;
                TangentSpace space = new(x, d);
                Matrix<double> matrix = Bordered(jacobian, x, share, edge is null ? Carried(x) : fix, stop);
                double least = Equilibrium.Rest * jacobian.Flow.CollapseRate;
                double[] v = LeastSquares.Damped(matrix, [.. space.Coordinates(drift), 0], Math.Max(Damping * Sphere.Norm(drift), least));
                double[] corrected = new double[x.Length];
                TangentSpace.Move(x, space.Vector(v[..^1]), -Math.Sqrt(n), corrected, d);
                (x, share) = (corrected, edge ?? share - v[^1]);
                // Far from the prediction is another branch.
                if (!(Sphere.Norm(v) <= Math.Max(length, 1e-8))) break;
            }
        }
        catch (Exception e) when (e is Configuration.ConfigurationException or ArithmeticException) { }
        return (null, 0);

        double[] Carried(double[] to) => [.. new TangentSpace(to, d).Coordinates(along), now.Forward];
    }

    // A point that is found, with its tangent on the side of another vector.
    private Point At(double[] x, double share, double[] side, CancellationToken stop)
    {
        DriftJacobian jacobian = at(Value(share));
        double[] drift = jacobian.Drift(x, stop);
        double rate = jacobian.Flow.CollapseRate, energy = jacobian.Flow.HasEnergy ? jacobian.Flow.Energy(0) : double.NaN;
        double[] right = new double[side.Length];
        right[^1] = rate;
        double[] tangent = LeastSquares.Damped(Bordered(jacobian, x, share, side, stop), right, 1e-9 * rate);
        double length = Sphere.Norm(tangent);
        for (int k = 0; k < tangent.Length; k++) tangent[k] /= length;
        Spectrum spectrum = Spectrum.Of(jacobian, x, 1, _generators, stop);
        double[] mean = new double[cloud.Dimension];
        Mean.Of(x, cloud.Weights, 0, cloud.Tokens, mean);
        Complex leading = spectrum.Internal.Count > 0 ? spectrum.Internal[0] : Complex.Zero;
        return new Point(x, share, tangent, rate, spectrum, new BranchPoint(
            BranchPointKind.Step, Value(share), jacobian.Largest(drift), spectrum.Index, leading, Sphere.Norm(mean), energy));
    }

    // [n^(1/2) J, dF/dshare] above rate times the side; the unknowns are displacements over n^(1/2), and the share.
    private Matrix<double> Bordered(DriftJacobian jacobian, double[] x, double share, double[] side, CancellationToken stop)
    {
        double[] slope = new TangentSpace(x, cloud.Dimension).Coordinates(Slope(x, share, stop));
        Matrix<double> above = (jacobian.Matrix(x, stop) * Math.Sqrt(cloud.Tokens))
            .Append(Matrix<double>.Build.DenseOfColumnArrays(slope));
        return above.Stack(Matrix<double>.Build.DenseOfRowArrays([.. side.Select(s => s * jacobian.Flow.CollapseRate)]));
    }

    private double[] Slope(double[] x, double share, CancellationToken stop)
    {
        (double[] after, double right) = Beside(Difference);
        (double[] before, double left) = Beside(-Difference);
        return [.. after.Select((a, c) => (a - before[c]) / (right - left))];

        // At the end of what the parameter may be, from one side.
        (double[] Drift, double Step) Beside(double step)
        {
            try { return (at(Value(share + step)).Drift(x, stop), step); }
            catch (Configuration.ConfigurationException) { return (at(Value(share)).Drift(x, stop), 0); }
        }
    }

    // Between two points: a fold where the parameter turns, else a crossing where an eigenvalue changes its sign.
    private BranchPoint? Special(Point now, Point next, double length, CancellationToken stop)
    {
        bool isFold = now.Forward * next.Forward < 0;
        if (!isFold && now.Spectrum.Index == next.Spectrum.Index) return null;
        int crossing = Math.Min(now.Spectrum.Index, next.Spectrum.Index);
        Func<Point, double> vanishing = isFold ? p => p.Forward / FlatEnough
            : p => p.Spectrum.Internal.ElementAtOrDefault(crossing).Real / (Still * p.Rate);
        if (Between(now, length, vanishing(now), vanishing(next), vanishing, stop) is not { } found) return null;
        return found.Shown with { Kind = isFold ? BranchPointKind.Fold : BranchPointKind.Crossing, Index = now.Spectrum.Index };
    }

    // Where a function of the length of the step vanishes, or is less than 1: Illinois' form of regula falsi.
    private Point? Between(Point now, double length, double low, double high, Func<Point, double> of, CancellationToken stop)
    {
        (double left, double right, Point? best) = (0, length, null);
        for (int k = 0; k < Refinements && Math.Abs(right - left) > 1e-10 * length; k++)
        {
            double middle = (left * high - right * low) / (high - low);
            if (Step(now, middle, stop).Point is not { } found) return best;
            best = found;
            double value = of(found);
            if (Math.Abs(value) < 1) break;
            if (value * high < 0) (left, low, right, high) = (right, high, middle, value);
            else (low, right, high) = (low / 2, middle, value);
        }
        return best;
    }
}
