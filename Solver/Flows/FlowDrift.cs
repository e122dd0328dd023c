using System.Runtime.InteropServices;

namespace AttentionFlow.Solver.Flows;

/// <summary>From sums to rates: normalised, projected, turned back into the frame of x, divided by the scale of the scheme.</summary>
internal sealed class FlowDrift
{
    // Rows that are scaled together.
    private const int Block = 512;

    private readonly FlowTerms _terms;
    // s_i, and <y_i, A_i> of the attention output A; empty under the scheme post.
    private readonly double[] _scales, _along;

    /// <summary>The drift of these terms under this scheme.</summary>
    public FlowDrift(FlowTerms terms, Scheme scheme)
    {
        if (scheme.NeedsOutput) terms.AskRadial();
        (_terms, Scheme) = (terms, scheme);
        _scales = scheme is PostScheme ? [] : new double[terms.Tokens.Rows];
        _along = new double[_scales.Length];
    }

    /// <summary>The scheme.</summary>
    public Scheme Scheme { get; }

    /// <summary>s_i.</summary>
    public double ScaleOf(int row) => _scales.Length > 0 ? _scales[row] : 1;

    /// <summary>The rates of the rows from..to-1, whose sums are known.</summary>
    public void Finish(double[] radii, State rate, int from, int to)
    {
        int d = _terms.Tokens.Dimension;
        if (_terms.IsPlain) FinishPlain(rate.Positions, from, to);
        else
            for (int i = from; i < to; i++) FinishToken(i, rate.Positions.AsSpan(i * d, d));
        if (!_terms.Gauge.IsIdentity) _terms.Gauge.Leave(rate.Positions, rate.Positions, from, to);
        for (int i = from; i < to && _scales.Length > 0; i++) Normalise(i, radii, rate);
    }

    // P_y F scaled: one head without matrices, no prompts.
    private void FinishPlain(double[] drift, int from, int to)
    {
        RowSums sums = _terms.Heads[0].Sums;
        int d = _terms.Tokens.Dimension;
        Span<double> scales = stackalloc double[Math.Min(Block, to - from)];
        for (int first = from, count; first < to; first += count)
        {
            // The self form shifts all rows alike: one exponential for all of them.
            ReadOnlySpan<long> shifts = MemoryMarshal.Cast<double, long>(sums.Shift.AsSpan(first, Math.Min(Block, to - first)));
            count = shifts.IndexOfAnyExcept(shifts[0]) is > 0 and int other ? other : shifts.Length;
            ReadOnlySpan<double> z = sums.Z.AsSpan(first, count);
            _terms.Scales(first, z, Math.Exp(sums.Shift[first] - _terms.Interaction.UnitExponent), scales[..count]);
            Span<double> along = _along.Length > 0 ? _along.AsSpan(first, count) : [];
            ReadOnlySpan<double> y = _terms.Tokens.Y.AsSpan(first * d, count * d), force = sums.Force.AsSpan(first * d, count * d);
            if (d == 3) Project3(y, force, z, scales[..count], drift.AsSpan(first * 3, count * 3), along);
            else Project(y, force, z, scales[..count], drift.AsSpan(first * d, count * d), along, d);
        }
    }

    private static void Project(ReadOnlySpan<double> y, ReadOnlySpan<double> force, ReadOnlySpan<double> z, ReadOnlySpan<double> scales,
        Span<double> drift, Span<double> along, int d)
    {
        for (int i = 0, at = 0; i < scales.Length; i++, at += d)
        {
            ReadOnlySpan<double> token = y.Slice(at, d), pull = force.Slice(at, d);
            double dot = Sphere.Dot(token, pull), scale = scales[i];
            Span<double> rate = drift.Slice(at, d);
            for (int c = 0; c < rate.Length; c++) rate[c] = scale * (pull[c] - dot * token[c]);
            if (along.Length > 0) along[i] = (dot + z[i]) * scale;
        }
    }

    // Written out, a token at a time: half the time.
    private static void Project3(ReadOnlySpan<double> y, ReadOnlySpan<double> force, ReadOnlySpan<double> z, ReadOnlySpan<double> scales,
        Span<double> drift, Span<double> along)
    {
        ReadOnlySpan<Triple> tokens = MemoryMarshal.Cast<double, Triple>(y), pulls = MemoryMarshal.Cast<double, Triple>(force);
        Span<Triple> rates = MemoryMarshal.Cast<double, Triple>(drift);
        for (int i = 0; i < scales.Length; i++)
        {
            Triple token = tokens[i], pull = pulls[i];
            double dot = token.X * pull.X + token.Y * pull.Y + token.Z * pull.Z, scale = scales[i];
            rates[i] = new(scale * (pull.X - dot * token.X), scale * (pull.Y - dot * token.Y), scale * (pull.Z - dot * token.Z));
            if (along.Length > 0) along[i] = (dot + z[i]) * scale;
        }
    }

    // The mean over heads of (F_h + F_p)/N_h, every sum with its own shift, and the perceptron.
    private void FinishToken(int i, Span<double> drift)
    {
        PromptTerm? prompts = _terms.Prompts;
        drift.Clear();
        double radial = 0;
        foreach (HeadTerm head in _terms.Heads)
        {
            double shift = Math.Max(head.Sums.Shift[i], prompts?.Shift ?? double.NegativeInfinity);
            double own = Math.Exp(head.Sums.Shift[i] - shift), other = prompts is null ? 0 : Math.Exp(prompts.Shift - shift);
            double z = own * head.Sums.Z[i] + other * (prompts?.Z(i) ?? 0), unshift = Math.Exp(shift - _terms.Interaction.UnitExponent);
            double scale = _terms.Scale(i, z, unshift) / _terms.Heads.Length;
            radial += head.AddField(i, scale * own, drift) + (prompts?.AddField(i, scale * other, drift) ?? 0);
        }
        ReadOnlySpan<double> y = _terms.Tokens.At(i);
        _terms.Perceptron?.AddOutput(Math.Exp(-_terms.Interaction.UnitExponent), y, drift);
        double along = Sphere.Dot(y, drift);
        if (_along.Length > 0) _along[i] = along + radial;
        Sphere.AddScaled(drift, -along, y);
    }

    // P A becomes P A/s, and r its growth. A token without attention output stays.
    private void Normalise(int i, double[] radii, State rate)
    {
        Span<double> drift = rate.Positions.AsSpan(i * _terms.Tokens.Dimension, _terms.Tokens.Dimension);
        double length = Math.Sqrt(Sphere.Dot(drift, drift) + _along[i] * _along[i]);
        (_scales[i], double growth) =
            length == 0 && Scheme.NeedsOutput ? (1, 0) : Scheme.At(radii.Length > 0 ? radii[i] : Scheme.Start ?? 1, _along[i], length);
        for (int c = 0; c < drift.Length; c++) drift[c] /= _scales[i];
        if (rate.Radii.Length > 0) rate.Radii[i] = growth;
    }
}
