namespace AttentionFlow.Experiments.Figures;

/// <summary>Pages that may be made again, and are known by a mark: those of others are not replaced.</summary>
internal static class PageFile
{
    /// <summary>The mark, in the head of a page.</summary>
    public const string Mark = "<meta name=\"generator\" content=\"AttentionFlow\" />";

    private const int Head = 4096;

    /// <summary>Whether there is a page of ours at this path.</summary>
    public static bool IsOurs(string path)
    {
        if (!File.Exists(path)) return false;
        using StreamReader page = new(path);
        char[] head = new char[Head];
        return new string(head, 0, page.ReadBlock(head)).Contains(Mark, StringComparison.Ordinal);
    }

    /// <summary>Refuses to replace what is not ours.</summary>
    /// <exception cref="FolderNotEmptyException">There is something else at this path.</exception>
    public static void Check(string path)
    {
        if (WholeFile.IsThere(path) && !IsOurs(path)) throw new FolderNotEmptyException(path, "report");
    }

    /// <summary>Removes a page of ours, where there is one.</summary>
    public static void Remove(string path)
    {
        if (IsOurs(path)) File.Delete(path);
    }
}
