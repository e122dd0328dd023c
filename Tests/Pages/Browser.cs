using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Pages;

/// <summary>The browser of the tests: Chromium where there is one, started once. Nothing is downloaded.</summary>
[SetUpFixture]
public sealed class Browser
{
    private static IPlaywright? _driver;
    private static IBrowser? _browser;
    private static string? _whyNot;
    private static readonly List<IBrowserContext> Windows = [];

    [OneTimeSetUp]
    public static async Task Start()
    {
        if (Executable() is not { } path)
        {
            _whyNot = "there is no Chromium here (CHROMIUM may name one)";
            return;
        }
        try
        {
            _driver = await Playwright.CreateAsync();
            _browser = await _driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = ["--no-sandbox"] });
        }
        catch (Exception e) when (e is PlaywrightException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            _whyNot = $"{path} cannot be driven: {e.Message.Split('\n')[0]}";
        }
    }

    [OneTimeTearDown]
    public static async Task Stop()
    {
        if (_browser is not null) await _browser.CloseAsync();
        _driver?.Dispose();
    }

    /// <summary>A page in a window of its own; skips the test where there is no browser.</summary>
    internal static async Task<IPage> Open(BrowserNewContextOptions options)
    {
        if (_browser is null) Requirement.Absent(_whyNot!, "chromium");
        Windows.Add(await _browser!.NewContextAsync(options));
        Windows[^1].SetDefaultTimeout(10_000);
        return await Windows[^1].NewPageAsync();
    }

    /// <summary>Closes the windows of a test.</summary>
    internal static async Task Close()
    {
        foreach (IBrowserContext window in Windows) await window.CloseAsync();
        Windows.Clear();
    }

    private static string? Executable()
    {
        foreach (string name in (string[])["ATTENTIONFLOW_CHROMIUM", "CHROMIUM"])
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } named) return File.Exists(named) ? named : null;
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return (from name in (string[])["chromium", "chromium-browser", "google-chrome"]
                from folder in folders
                let path = Path.Combine(folder, name)
                where File.Exists(path)
                select path).FirstOrDefault();
    }
}
