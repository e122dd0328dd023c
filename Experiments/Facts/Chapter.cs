namespace AttentionFlow.Experiments.Facts;

/// <summary>Facts of one part of docs/model.md, each measured with the public solver.</summary>
/// <param name="place">Its place in the table.</param>
/// <param name="heading">The heading in docs/model.md that states them.</param>
internal abstract class Chapter(int place, string heading)
{
    /// <summary>Every chapter there is: the classes of this program that derive from this one.</summary>
    public static IReadOnlyList<Chapter> All { get; } =
    [
        .. from type in typeof(Chapter).Assembly.GetTypes()
           where type.IsSubclassOf(typeof(Chapter))
           let chapter = (Chapter)Activator.CreateInstance(type)!
           orderby chapter.Place
           select chapter,
    ];

    public int Place => place;
    public string Heading => heading;

    /// <summary>Measures its facts, one after the other. A tolerance that nothing is said of is rounding, of numbers near 1.</summary>
    public abstract IEnumerable<Fact> Measure();

    /// <summary>|measured - expected| at most the tolerance.</summary>
    /// <param name="formula">The formula or the paper.</param>
    protected Fact Of(string quantity, string formula, double expected, double measured, double tolerance = 1e-12) =>
        new(quantity, $"{heading}: {formula}", expected, measured, tolerance);

    /// <summary>measured >= bound.</summary>
    protected Fact AtLeast(string quantity, string formula, double bound, double measured) =>
        Fact.AtLeast(quantity, $"{heading}: {formula}", bound, measured);

    /// <summary>|measured/expected - 1| at most the tolerance.</summary>
    protected Fact Relative(string quantity, string formula, double expected, double measured, double tolerance) =>
        Of(quantity, formula, expected, measured, tolerance * Math.Abs(expected));
}
