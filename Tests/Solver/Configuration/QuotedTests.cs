namespace AttentionFlow.Tests.Configuration;

public class QuotedTests
{
    [TestCase("plain text, \u00fc \u4e2d \U0001F600", "plain text, \u00fc \u4e2d \U0001F600")]
    [TestCase("\u001b[31mred\u0007", "\\u001B[31mred\\u0007")]
    [TestCase("a\nb\r\tc\0\u007f\u009b", "a\\nb\\r\\tc\\u0000\\u007F\\u009B")]
    [TestCase("\u202eevil\u2028\u2066", "\\u202Eevil\\u2028\\u2066")]
    public void WhatATerminalWouldObeyIsEscaped(string text, string expected) => Assert.That(Quoted.Line(text), Is.EqualTo(expected));

    [Test]
    public void LongTextIsCut()
    {
        Assert.That(Quoted.Of(new string('x', 60)), Is.EqualTo($"'{new string('x', 60)}'"));
        Assert.That(Quoted.Of(new string('x', 61)), Is.EqualTo($"'{new string('x', 57)}...'"));
        Assert.That(Quoted.Short($"{new string('x', 56)}\U0001F600{new string('x', 9)}"), Is.EqualTo($"{new string('x', 56)}..."), "no half of a pair");
        Assert.That(Quoted.Line(new string('x', 5000)), Has.Length.EqualTo(2000));
    }
}
