namespace AttentionFlow.Solver.Flows;

/// <summary>From sums to rates: normalised, projected, turned back into the frame of x, divided by the scale of the scheme.</summary>
internal sealed class FlowDrift
{
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
        double[] y = _terms.Tokens.Y, force = sums.Force, z = sums.Z, shifts = sums.Shift;
        int d = _terms.Tokens.Dimension;
        double shift = double.NaN, unshift = 0, unit = _terms.Interaction.UnitExponent;
        for (int i = from, at = from * d; i < to; i++, at += d)
        {
            // The self form shifts all rows alike: one exponential for all of them.
            if (shifts[i] != shift) (shift, unshift) = (shifts[i], Math.Exp(shifts[i] - unit));
            double scale = _terms.Scale(i, z[i], unshift), dot;
            if (d == 3)
            {
                // Written out: the loop took longer for few tokens.
                (double y0, double y1, double y2, double f0, double f1, double f2) =
                    (y[at], y[at + 1], y[at + 2], force[at], force[at + 1], force[at + 2]);
                dot = y0 * f0 + y1 * f1 + y2 * f2;
                (drift[at], drift[at + 1], drift[at + 2]) = (scale * (f0 - dot * y0), scale * (f1 - dot * y1), scale * (f2 - dot * y2));
            }
            else
            {
                dot = Sphere.Dot(y.AsSpan(at, d), force.AsSpan(at, d));
                for (int c = at; c < at + d; c++) drift[c] = scale * (force[c] - dot * y[c]);
            }
            if (_along.Length > 0) _along[i] = (dot + z[i]) * scale;
        }
    }

    // The mean over heads of (F_h + F_p)/N_h, every sum with its own shift.
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
