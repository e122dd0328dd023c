using System.Text.Json;

namespace AttentionFlow.Solver.Runs;

/// <summary>
/// A folder for one process: a file in it that the file system locks, and frees when the process ends, however that happens. The lock is
/// advisory on Unix.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private const string Name = ".attentionflow.lock";

    // EAGAIN of Linux and of macOS, the sharing violation of Windows.
    private static readonly int[] Held = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;
    private bool _ended;

    private FolderLock(string folder, FileStream file, bool wasLeft) => (Folder, _file, WasLeft) = (folder, file, wasLeft);

    /// <summary>The full path of the folder.</summary>
    public string Folder { get; }

    /// <summary>Whether the process that had the folder before was killed.</summary>
    public bool WasLeft { get; }

    /// <summary>Takes a folder, which is made where there is none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="record">The file in it that names the process and its start, as run.json does.</param>
    /// <exception cref="IOException">Another process has it, or it cannot be made or written.</exception>
    public static FolderLock Take(string folder, string record) => WholeFile.Guard(folder, () => TakeFolder(Make(folder), record));

    private static FolderLock TakeFolder(string folder, string record)
    {
        string path = Path.Combine(folder, Name);
        while (true)
        {
            bool wasLeft = File.Exists(path);
            FileStream file;
            try
            {
                file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0,
                    OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
            }
            catch (IOException e) when (Held.Contains(e.HResult))
            {
                throw new FolderInUseException($"{HolderOf(folder, record)} works in this folder; wait for it, or give another --out", e);
            }
            // Else it was removed, by whoever had it, between the opening and the locking.
            if (File.Exists(path)) return new FolderLock(folder, file, wasLeft);
            file.Dispose();
        }
    }

    /// <summary>Makes sure that no process works in a folder, and changes nothing in it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="record">As for <see cref="Take"/>.</param>
    /// <exception cref="IOException">One does.</exception>
    public static void ThrowIfHeld(string folder, string record) => WholeFile.Guard(folder, () =>
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path)) return 0;
        try { new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None, bufferSize: 0).Dispose(); }
        catch (FileNotFoundException) { } // it ended just now
        catch (IOException e) when (Held.Contains(e.HResult))
        {
            throw new IOException($"{HolderOf(folder, record)} works in this folder; wait for it", e);
        }
        return 0;
    });

    private static string HolderOf(string folder, string record)
    {
        // One that has just begun names itself soon.
        for (int wait = 0; wait < 20; wait++)
        {
            if (Holder(Path.Combine(folder, record)) is { } holder) return holder;
            Thread.Sleep(25);
        }
        return "another process";
    }

    private static string Make(string path)
    {
        string full = Path.GetFullPath(path);
        for (string? above = full; above is not null; above = Path.GetDirectoryName(above))
            if (File.Exists(above)) throw new IOException($"{(above == full ? "this" : above)} is a file; --out names a folder");
        try { Directory.CreateDirectory(full); }
        // The system names a file that it did not find.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException("this folder cannot be created", e);
        }
        return full;
    }

    private static string? Holder(string record)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(record));
            JsonElement root = json.RootElement;
            (int process, DateTime start) = (root.GetProperty("process").GetInt32(), root.GetProperty("start").GetDateTime());
            return string.Create(CultureInfo.InvariantCulture, $"process {process}, since {start:yyyy-MM-dd HH:mm:ss} UTC,");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether there is anything but a lock, and files of these names, in a folder.</summary>
    public static bool IsNotEmpty(string folder, params IReadOnlyList<string> but) =>
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!)
            .Any(name => name != Name && !but.Contains(name));

    /// <summary>Frees the folder.</summary>
    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        if (!OperatingSystem.IsWindows()) File.Delete(_file.Name);
        _file.Dispose();
    }
}

/// <summary>Another process, or another run of this one, has the folder. What is thrown may hold it as its inner exception.</summary>
public sealed class FolderInUseException : IOException
{
    internal FolderInUseException(string message, Exception inner) : base(message, inner) { }

    /// <summary>Whether this is what an error is about.</summary>
    public static bool IsCauseOf(Exception error) => error is FolderInUseException || error.InnerException is FolderInUseException;
}
