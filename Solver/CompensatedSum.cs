namespace AttentionFlow.Solver;

/// <summary>
/// A sum that keeps what its additions round away (two-sum; Ogita, Rump and Oishi, SIAM J. Sci. Comput. 2005): one rounding of the result,
/// however many terms, as long as n eps times the sum of their magnitudes is small against it. The order of the terms is the caller's.
/// </summary>
internal struct CompensatedSum
{
    private double _sum, _lost;

    /// <summary>The sum so far; infinite where it overflows.</summary>
    public readonly double Value => double.IsFinite(_lost) ? _sum + _lost : _sum;

    /// <summary>Adds a term.</summary>
    public void Add(double term)
    {
        double sum = _sum + term, added = sum - _sum;
        _lost += _sum - (sum - added) + (term - added);
        _sum = sum;
    }

    /// <summary>The sum of these values.</summary>
    public static double Of(ReadOnlySpan<double> values)
    {
        CompensatedSum sum = default;
        foreach (double value in values) sum.Add(value);
        return sum.Value;
    }

    /// <summary>sum_i w_i v_i.</summary>
    public static double Of(ReadOnlySpan<double> weights, ReadOnlySpan<double> values)
    {
        CompensatedSum sum = default;
        for (int i = 0; i < weights.Length; i++) sum.Add(weights[i] * values[i]);
        return sum.Value;
    }
}
