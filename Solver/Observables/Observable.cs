using System.Reflection;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// A quantity that is a function of the state: one or more columns of observables.csv, one row a replica. An experiment file knows a class
/// of this assembly by its name, <c>LowPassObservable</c> as <c>low_pass</c>; it is made for a flow, by a constructor that takes one or
/// nothing.
/// </summary>
public abstract class Observable
{
    /// <summary>Every observable there is, by name: how to make one for a flow.</summary>
    public static IReadOnlyDictionary<string, Func<Flow, Observable>> All { get; } = new SortedDictionary<string, Func<Flow, Observable>>(
        typeof(Observable).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Observable))).ToDictionary(NameOf, Maker),
        StringComparer.Ordinal);

    /// <summary>The columns.</summary>
    public abstract IReadOnlyList<Column> Columns { get; }

    /// <summary>Values of its columns that are signs of trouble.</summary>
    public virtual IReadOnlyList<WarningLevel> Warnings => [];

    /// <summary>Whether it looks at the drift, or at what the flow knows from it; see <see cref="IObserver.NeedsDrift"/>.</summary>
    public virtual bool NeedsDrift => true;

    /// <summary>Whether it looks at tangent vectors that a run carries; see <see cref="IObserver.NeedsTangents"/>.</summary>
    public virtual bool NeedsTangents => false;

    /// <summary>Whether it hangs on the flow's interaction, gauge or layer, and not on positions and weights alone.</summary>
    public virtual bool NeedsInteraction => true;

    /// <summary>Measures all replicas; <paramref name="values"/> is [R, columns].</summary>
    public abstract void Measure(in Frame frame, Span<double> values);

    private protected static Column Number(string name, string description) => new(name, ColumnType.Number, description);

    private static string NameOf(Type type) => string.Concat(type.Name[..^nameof(Observable).Length]
        .Select((c, i) => char.IsUpper(c) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));

    private static Func<Flow, Observable> Maker(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().Single();
        bool takesFlow = constructor.GetParameters().Length > 0;
        return flow => (Observable)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, takesFlow ? [flow] : [], null);
    }
}

/// <summary>Values of an observable may be beyond the range of doubles for this flow; the message says which, and what is not.</summary>
internal sealed class UnrepresentableException(string message) : NotSupportedException(message);

/// <summary>What a column of a table holds.</summary>
public enum ColumnType
{
    /// <summary>Whole numbers of magnitude at most 2^53, written without a point.</summary>
    Integer,
    /// <summary>Finite doubles, written with the fewest digits that read back as the same bits.</summary>
    Number,
    /// <summary>Text, of tables that <see cref="Runs.CsvTable"/> does not write.</summary>
    Text,
}

/// <summary>A column of a table.</summary>
/// <param name="Name">Its name in the header.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Description">One sentence for datapackage.json.</param>
public sealed record Column(string Name, ColumnType Type, string Description);
