namespace AttentionFlow.Experiments.Commands;

/// <summary>What the program's exit status means.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Done, but a verification failed.</summary>
    public const int VerificationFailed = 1;

    /// <summary>Bad arguments or experiment file.</summary>
    public const int BadInput = 2;

    /// <summary>The device is not available.</summary>
    public const int DeviceUnavailable = 69;

    /// <summary>The numbers diverged.</summary>
    public const int Diverged = 70;

    /// <summary>The device failed at work.</summary>
    public const int DeviceFailed = 70;

    /// <summary>An error of the program itself; the number that sysexits.h has for it.</summary>
    public const int Unexpected = 70;

    /// <summary>Reading or writing failed.</summary>
    public const int InputOutput = 74;

    /// <summary>Stopped early.</summary>
    public const int Stopped = 75;
}
