namespace AttentionFlow.Solver.Model;

/// <summary>
/// Every purpose that draws random numbers has a name and a number; the numbers are part of the file format and never reused.
/// </summary>
public enum RandomPurpose : byte
{
    /// <summary>Initial positions.</summary>
    InitialPositions = 1,
    /// <summary>Labels drawn at random.</summary>
    Labels = 2,
    /// <summary>Prefix targets drawn from a law.</summary>
    Targets = 3,
    /// <summary>Brownian motion; the step is the number of the kick.</summary>
    Noise = 4,
    /// <summary>Random matrices of heads: replica and token are head and row, the step is 0, 1, 2 for query, key and value.</summary>
    Matrices = 5,
    /// <summary>The sample of a file's rows.</summary>
    Sample = 6,
    /// <summary>The order of the tokens of a text; the replica is the number of the text.</summary>
    TokenOrder = 8,
    /// <summary>Which token of a text has which positional code; as for the order of tokens.</summary>
    CodeOrder = 9,
    /// <summary>The seed of matrices that are drawn anew; token and step are the number of the interval.</summary>
    Redraw = 10,
    /// <summary>Brownian motion that the tokens of a replica share; the step is the number of the kick.</summary>
    CommonNoise = 11,
    /// <summary>Vectors and directions that observables probe a cloud with, the same in every run.</summary>
    Probes = 16,
}

/// <summary>
/// The random numbers of one (seed, purpose, replica, token, step): a function of these five, whatever else is drawn and in whatever order.
/// </summary>
/// <remarks>
/// Word layout: key = (low, high half of the seed); counter = (token, replica, step, purpose * 2^24 + block), block = 0, 1, ... counting
/// the 128-bit blocks this stream has used. A double takes two words, low word first: ((high * 2^32 + low) >> 11) 2^-53.
/// </remarks>
public struct RandomStream
{
    private readonly (uint, uint) _key;
    private readonly uint _token, _replica, _step, _purpose;
    private uint _block;
    private ulong _spare;
    private bool _hasSpare;
    private double _spareNormal;
    private bool _hasSpareNormal;

    /// <summary>The stream of this token.</summary>
    public RandomStream(ulong seed, RandomPurpose purpose, int replica, int token, uint step = 0)
    {
        _key = ((uint)seed, (uint)(seed >> 32));
        (_token, _replica, _step, _purpose) = ((uint)token, (uint)replica, step, (uint)purpose << 24);
    }

    /// <summary>Uniform on [0, 1), 53 bits.</summary>
    public double Uniform() => (Word() >> 11) * (1.0 / (1L << 53));

    /// <summary>Standard normal, by Box and Muller's transform: two from two uniforms.</summary>
    public double Normal()
    {
        if (_hasSpareNormal)
        {
            _hasSpareNormal = false;
            return _spareNormal;
        }
        double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform()));
        (double sin, double cos) = Math.SinCos(2 * Math.PI * Uniform());
        (_spareNormal, _hasSpareNormal) = (radius * sin, true);
        return radius * cos;
    }

    /// <summary>A point of the uniform law on the unit sphere, written to <paramref name="point"/>.</summary>
    public void OnSphere(Span<double> point)
    {
        do
        {
            for (int c = 0; c < point.Length; c++) point[c] = Normal();
        }
        while (!Sphere.TryNormalize(point));
    }

    /// <summary>
    /// A point of the von Mises-Fisher law on the unit sphere, density proportional to e^{kappa &lt;mean, x&gt;}, written to
    /// <paramref name="point"/>; any d >= 2.
    /// </summary>
    /// <remarks>
    /// Rejection after Wood (Communications in Statistics - Simulation 23, 1994) from the image of a uniform point u under the map of the
    /// sphere that draws it towards the mean: 1 - w = b (1 - u)/(1 - (1 - b)(1 - u)/2) for the cosines u, w to the mean, the direction
    /// across kept.
    /// </remarks>
    /// <param name="mean">Unit vector.</param>
    /// <param name="concentration">kappa >= 0.</param>
    /// <param name="point">[d].</param>
    public void VonMisesFisher(ReadOnlySpan<double> mean, double concentration, Span<double> point)
    {
        // With 1 - w and 1 - x0 in place of w and x0 nothing cancels at large kappa.
        int d = point.Length;
        double b = (d - 1) / (2 * concentration + Math.Sqrt(4 * concentration * concentration + (d - 1.0) * (d - 1)));
        double x0 = (1 - b) / (1 + b), fromPole = 2 * b / (1 + b), scale = fromPole * (1 + x0);
        while (true)
        {
            OnSphere(point);
            double u = Sphere.Dot(point, mean);
            for (int c = 0; c < d; c++) point[c] -= u * mean[c];
            if (!Sphere.TryNormalize(point)) continue;
            double drop = b * (1 - u) / (1 - (1 - b) * (1 - u) / 2);
            if (concentration * (fromPole - drop) + (d - 1) * Math.Log((fromPole + x0 * drop) / scale) < Math.Log(1 - Uniform())) continue;
            double across = Math.Sqrt(Math.Max(0, drop * (2 - drop)));
            for (int c = 0; c < d; c++) point[c] = (1 - drop) * mean[c] + across * point[c];
            Sphere.TryNormalize(point);
            return;
        }
    }

    /// <summary>64 random bits.</summary>
    public ulong Word()
    {
        if (_hasSpare)
        {
            _hasSpare = false;
            return _spare;
        }
        (uint r0, uint r1, uint r2, uint r3) = Philox4x32.Block((_token, _replica, _step, _purpose | _block++), _key);
        (_spare, _hasSpare) = ((ulong)r3 << 32 | r2, true);
        return (ulong)r1 << 32 | r0;
    }
}

/// <summary>
/// Philox4x32-10: a keyed bijection of 128-bit counters (Salmon, Moraes, Dror, Shaw, <i>Parallel random numbers: as easy as 1, 2, 3</i>, SC
/// 2011). Checked against the known answers of the authors' Random123 library.
/// </summary>
public static class Philox4x32
{
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    /// <summary>The four words that belong to this counter under this key.</summary>
    public static (uint R0, uint R1, uint R2, uint R3) Block((uint C0, uint C1, uint C2, uint C3) counter, (uint K0, uint K1) key)
    {
        (uint c0, uint c1, uint c2, uint c3) = counter;
        (uint k0, uint k1) = key;
        for (int round = 0; round < 10; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0, product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += Weyl0;
            k1 += Weyl1;
        }
        return (c0, c1, c2, c3);
    }
}
