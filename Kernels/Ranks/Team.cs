namespace AttentionFlow.Kernels.Ranks;

/// <summary>
/// Ranks that work together: each does a part, then all learn how it went. So they stop, or fail, at the same call, and none waits for
/// another that has left.
/// </summary>
internal sealed class Team(ICommunicator communicator)
{
    /// <summary>Numbers that a rank can tell the others after a part.</summary>
    public const int MostTold = 12;

    private const int LongestText = 400;

    private int _depth;
    private int? _left;
    private bool _isAgreed;

    private enum Outcome { Done, Stopped, Failed, Left }

    /// <summary>The number of this process, from 0.</summary>
    public int Rank => communicator.Rank;

    /// <summary>How many processes there are.</summary>
    public int Size => communicator.Size;

    /// <summary>Whether all ranks know of a failure, and end by themselves.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>
    /// Does this rank's part of what all ranks do; every rank calls it. A part may hold further calls. A rank that leaves a part before
    /// such a call tells the others in it: all reports are alike.
    /// </summary>
    /// <param name="part">The part.</param>
    /// <param name="check">A number that must be the same on every rank: it stands for what they work on.</param>
    /// <param name="told">At most <see cref="MostTold"/> numbers that the others are to know, as many on every rank; read after the part.
    /// </param>
    /// <returns>What every rank told, rank after rank.</returns>
    /// <exception cref="OperationCanceledException">The part of some rank was stopped, or a rank has left; all others throw it.</exception>
    /// <exception cref="DeviceFailedException">The part of some rank failed, or the ranks do not work on the same; all ranks throw it, and
    /// say which rank and why.</exception>
    public double[] Together(Action part, ulong check, params double[] told)
    {
        if (_left is not null) throw new OperationCanceledException("a rank has ended");
        _depth++;
        try
        {
            (Outcome outcome, Exception? failure) = Try(part);
            double[][] reports = Report(outcome, check, told);
            _isAgreed = true;
            if (reports.Any(r => r[0] == (double)Outcome.Failed)) throw Failed(failure);
            if (_left is not null) throw new OperationCanceledException("a rank has ended");
            if (reports.Any(r => r[0] == (double)Outcome.Stopped)) throw new OperationCanceledException("a rank was stopped");
            if (Array.FindIndex(reports, r => r[1] != reports[0][1]) is >= 0 and var other) throw Differ(other);
            _isAgreed = false;
            return [.. reports.SelectMany(r => r[2..(2 + told.Length)])];
        }
        finally
        {
            if (--_depth == 0) _isAgreed = false;
        }
    }

    /// <summary>The last call of a rank: whoever waits for it in <see cref="Together"/> learns that it has ended.</summary>
    /// <param name="code">Its exit code.</param>
    /// <returns>That of the first rank that left, which is 0 where all did.</returns>
    public int Leave(int code)
    {
        if (_left is null && !HasFailed) Report(Outcome.Left, 0, [code]);
        return _left ?? code;
    }

    private double[][] Report(Outcome outcome, ulong check, double[] told)
    {
        double[] report = new double[2 + MostTold];
        // Whole numbers of up to 53 bits are exact.
        (report[0], report[1]) = ((double)outcome, check >> 11);
        told.CopyTo(report, 2);
        double[][] reports = [.. Gather(report).Chunk(report.Length)];
        if (reports.FirstOrDefault(r => r[0] == (double)Outcome.Left) is { } left) _left = (int)left[2];
        return reports;
    }

    // What all ranks threw in a call within the part, they throw here too, without a word.
    private (Outcome Outcome, Exception? Failure) Try(Action part)
    {
        try
        {
            part();
            return (Outcome.Done, null);
        }
        catch (OperationCanceledException) when (!_isAgreed)
        {
            return (Outcome.Stopped, null);
        }
        catch (Exception error) when (!_isAgreed)
        {
            return (Outcome.Failed, error);
        }
    }

    /// <summary>See <see cref="ICommunicator.AllGather"/>; after a <see cref="Together"/>, which all ranks have come through.</summary>
    public void AllGather(double[] numbers, ReadOnlySpan<int> starts) => communicator.AllGather(numbers, starts);

    private double[] Gather(ReadOnlySpan<double> own)
    {
        double[] all = new double[Size * own.Length];
        int width = own.Length;
        own.CopyTo(all.AsSpan(Rank * width));
        communicator.AllGather(all, (int[])[.. Enumerable.Range(0, Size + 1).Select(rank => rank * width)]);
        return all;
    }

    // What the first rank that failed says of it, to all.
    private DeviceFailedException Failed(Exception? own)
    {
        double[] text = new double[LongestText];
        if (own is not null)
        {
            string sentence = $"rank {Rank} on {Environment.MachineName}: {own.Message}";
            for (int i = 0; i < Math.Min(sentence.Length, LongestText); i++) text[i] = sentence[i];
        }
        double[] all = Gather(text);
        HasFailed = true;
        double[] first = all.Chunk(LongestText).First(letters => letters[0] != 0);
        return new DeviceFailedException(string.Concat(first.TakeWhile(letter => letter != 0).Select(letter => (char)letter)), own);
    }

    private DeviceFailedException Differ(int other)
    {
        HasFailed = true;
        return new DeviceFailedException($"rank {other} has other tokens, or another experiment, than rank 0; all ranks need the same "
            + "experiment, program, processor type and C library");
    }
}
