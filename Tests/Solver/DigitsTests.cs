namespace AttentionFlow.Tests.Solver;

public sealed class DigitsTests
{
    /// <summary>Against the decimal digits themselves: nearest, in so many digits, and there already when rounded again.</summary>
    [Test]
    public void TheNearestOfSoManyDigits([Range(3, 17)] int digits)
    {
        Random random = new(digits);
        for (int i = 0; i < 3000; i++)
        {
            double value = (random.NextDouble() - 0.5) * Math.Pow(10, i % 5 == 0 ? random.Next(-300, 300) : random.Next(-8, 3));
            double rounded = Digits.Round(value, digits);
            Assert.That(rounded, Is.EqualTo(ByText(value, digits)), $"{value:R}");
            Assert.That(Significant(rounded), Is.AtMost(digits), $"{value:R}");
            Assert.That(Digits.Round(rounded, digits), Is.EqualTo(rounded));
            Assert.That(Math.Abs(rounded - value), Is.AtMost(Digits.Error(digits) * Math.Abs(value) * (1 + 1e-9) + Math.ScaleB(Math.Abs(value), -53)));
        }
    }

    /// <summary>Halves in binary are ties of decimals, and a product with a power of ten may fall on one that is none.</summary>
    [Test]
    public void NearTiesTheDigitsDecide([Range(3, 15)] int digits)
    {
        Random random = new(digits);
        for (int i = 0; i < 500; i++)
        {
            double whole = random.NextInt64((long)Math.Pow(10, digits - 1), (long)Math.Pow(10, digits));
            double tie = (whole + 0.5) / Math.Pow(10, random.Next(0, digits + 6));
            foreach (double value in (double[])[tie, Math.BitIncrement(tie), Math.BitDecrement(tie), -tie])
                Assert.That(Digits.Round(value, digits), Is.EqualTo(ByText(value, digits)), $"{value:R}");
        }
    }

    [TestCase(0.99999999, 3, 1), TestCase(9.99951, 4, 10), TestCase(1, 3, 1), TestCase(0.1, 17, 0.1), TestCase(123456, 3, 123000), TestCase(-0.0012345678, 5, -0.0012346), TestCase(0, 3, 0)]
    [TestCase(4.9e-324, 3, 4.94e-324), TestCase(double.MaxValue, 17, double.MaxValue), TestCase(1e-5, 3, 1e-5)]
    public void Known(double value, int digits, double expected) => Assert.That(Digits.Round(value, digits), Is.EqualTo(expected));

    [Test]
    public void TheSignOfZeroStays() => Assert.That(double.IsNegative(Digits.Round(-0.0, 5)));

    private static double ByText(double value, int digits) => double.Parse(value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    // Of the number as it is written to a table.
    private static int Significant(double value) =>
        value.ToString(CultureInfo.InvariantCulture).Split('E')[0].Replace(".", "", StringComparison.Ordinal).Trim('-').Trim('0').Length;
}
