namespace AttentionFlow.Solver;

/// <summary>What a column of a CSV file holds.</summary>
public enum ColumnType
{
    /// <summary>Whole numbers of magnitude at most 2^53, written without a point.</summary>
    Integer,
    /// <summary>Finite doubles, written with the fewest digits that read back as the same bits.</summary>
    Number,
}

/// <summary>A column of a CSV file.</summary>
/// <param name="Name">Its name in the header.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Description">One sentence for datapackage.json.</param>
public sealed record CsvColumn(string Name, ColumnType Type, string Description);

/// <summary>A file of a run as run.json vouches for it.</summary>
/// <param name="Name">Its name in the folder of the run.</param>
/// <param name="Rows">Rows after the header; null for a file that is not a table.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">SHA-256 of its bytes, lower-case hexadecimal.</param>
public sealed record FileRecord(string Name, long? Rows, long Bytes, string Sha256);
