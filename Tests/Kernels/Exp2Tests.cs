using System.Runtime.Intrinsics;

namespace AttentionFlow.Tests.Kernels;

public sealed class Exp2Tests
{
    private const double Ln2 = 0.69314718055994530942;

    // e^{f ln 2} - 1 by Taylor's series in decimal (28 digits).
    private static decimal Series(double f)
    {
        decimal x = 0.6931471805599453094172321215m * ToDecimal(f), term = 1, sum = 0;
        for (int i = 1; i < 27; i++)
        {
            term *= x / i;
            sum += term;
        }
        return sum;
    }

    // The error of p = 2^y relative to 2^y, y = k + f: p 2^{-k} - 1 and f are exact.
    private static double Error(double p, double y)
    {
        double k = Math.Round(y);
        decimal exact = Series(y - k);
        return (double)((ToDecimal(p * Math.Pow(2, -k) - 1) - exact) / (1 + exact));
    }

    // The same for p = 2^y - 1, where half a unit for the conversion to double does not matter.
    private static double ErrorMinusOne(double p, double y)
    {
        double k = Math.Round(y), part = (double)Series(y - k), whole = Math.Pow(2, k);
        return p / (k == 0 ? part : whole * part + (whole - 1)) - 1;
    }

    // To 2^-80, in two parts, because the conversion itself keeps 15 digits only.
    private static decimal ToDecimal(double f)
    {
        double high = Math.Round(f * (1 << 26)) / (1 << 26);
        return (decimal)(long)(high * (1 << 26)) / (1 << 26) + (decimal)(long)((f - high) * Math.Pow(2, 80)) / (decimal)Math.Pow(2, 40) / (decimal)Math.Pow(2, 40);
    }

    private static (double Plain, double MinusOne) LargestErrors<L, V, T>(Func<V, double> first, Func<double, double> round)
        where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    {
        double plain = 0, minusOne = 0;
        for (int i = 0; i <= 60_000; i++)
        {
            double y = round(i <= 40_000 ? 2.0 * i / 40_000 - 1 : (i - 50_000) * (Exp2<L, V, T>.Range / 10_001));
            plain = Math.Max(plain, Math.Abs(Error(first(new Exp2<L, V, T>().Of(L.Constant(y))), y)));
            if (y is > 1 or < -60 || Math.Abs(y) < 1e-9) continue;
            minusOne = Math.Max(minusOne, Math.Abs(ErrorMinusOne(first(Exp2<L, V, T>.MinusOne(L.Constant(y))), y)));
        }
        return (plain, minusOne);
    }

    [Test]
    public void ErrorsAreWhatTheDocumentationSays()
    {
        (double plain, double minusOne) = LargestErrors<Lanes128<float>, Vector128<float>, float>(v => v[0], y => (float)y);
        Assert.That(plain, Is.LessThanOrEqualTo(5.4e-7));
        Assert.That(minusOne, Is.LessThanOrEqualTo(2.0e-7));
        (plain, minusOne) = LargestErrors<Lanes128<double>, Vector128<double>, double>(v => v[0], y => y);
        Assert.That(plain, Is.LessThanOrEqualTo(2.3e-16));
        Assert.That(minusOne, Is.LessThanOrEqualTo(9e-16));
    }

    [Test]
    public void EndsOfTheRange()
    {
        foreach (double y in (double[])[-1e-300, -101, -5000, -1e30, double.NegativeInfinity])
        {
            Vector128<double> a = Vector128.Create(y);
            Vector128<float> b = Vector128.Create((float)y);
            Assert.That(new Exp2<Lanes128<double>, Vector128<double>, double>().WithUnderflow(a)[1], Is.EqualTo(y < -1000 ? 0 : Math.Pow(2, y)).Within(4e-16).Percent);
            Assert.That(new Exp2<Lanes128<float>, Vector128<float>, float>().WithUnderflow(b)[3], Is.EqualTo(y < -100 ? 0f : 1f));
            Assert.That(Exp2<Lanes128<double>, Vector128<double>, double>.MinusOne(a)[0], Is.EqualTo(y < -100 ? -1 : y * Ln2).Within(1e-13).Percent);
            Assert.That(Exp2<Lanes128<float>, Vector128<float>, float>.MinusOne(b)[0], Is.EqualTo(y < -100 ? -1f : 0f));
        }
        Assert.That(new Exp2<Lanes128<double>, Vector128<double>, double>().Of(Vector128<double>.Zero)[0], Is.EqualTo(1.0));
        Assert.That(new Exp2<Lanes128<float>, Vector128<float>, float>().Of(Vector128<float>.Zero)[0], Is.EqualTo(1f));
    }
}
