using System.Globalization;

namespace AttentionFlow.Solver;

/// <summary>A value that is not finite was about to be written: the numbers have diverged.</summary>
public sealed class NonFiniteException : ArithmeticException
{
    internal NonFiniteException(string file, string column, long row, double value)
        : base(string.Create(
            CultureInfo.InvariantCulture, $"{file}: column {column} of row {row} would be {value}; only finite numbers are written"))
    {
        (Column, Row) = (column, row);
    }

    /// <summary>The column's name.</summary>
    public string Column { get; }

    /// <summary>The row of the file, counted from 1 after the header.</summary>
    public long Row { get; }
}
