using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Pages;

/// <summary>trajectory.html in a real browser.</summary>
public sealed class TrajectoryPageTests
{
    private const string Hostile = "</script><img src=x onerror='window.hurt=1'><b>&amp;{{title}}<!--data-->";

    // Takes WebGL away, or hides that it runs on the processor, where the page would not use it.
    private const string NoGl = "const of = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = "
        + "function (kind, ...rest) { return kind === 'webgl2' ? null : of.call(this, kind, ...rest); };";
    private const string AnyGl = "const of = WebGL2RenderingContext.prototype.getExtension; WebGL2RenderingContext.prototype.getExtension = "
        + "function (name) { return name === 'WEBGL_debug_renderer_info' ? null : of.call(this, name); };";

    private static readonly TemporaryFolder Runs = new();
    private static readonly string[] Small = ["tokens.count=48", "record.tokens=48", "replicas=1", "record.snapshots=11", "record.observations=21", "time.horizon=10"];

    [OneTimeSetUp]
    public static void Run()
    {
        Make("rotary", "figure3-rotary", Small);
        Make("baseline", "figure3-baseline", [.. Small, "record.snapshots=6", "time.horizon=5"]);
        Make("circle", "figure2-baseline", [.. Small, "tokens.dimension=2"]);
        Make("eight", "figure2-baseline", [.. Small, "tokens.dimension=8", "replicas=3"]);
        Make("long", "figure2-baseline", [.. Small, "record.spacing=logarithmic", "time.horizon=1000"]);
        Make("one", "figure3-rotary", [.. Small, "record.snapshots=1"]);
        Make("hostile", "figure3-baseline", [.. Small, $"title={JsonSerializer.Serialize(Hostile)}"]);
    }

    [OneTimeTearDown]
    public static void Remove() => Runs.Dispose();

    [TearDown]
    public static Task Close() => Browser.Close();

    private static void Make(string name, string experiment, string[] settings)
    {
        using StringWriter error = new();
        string[] args = ["run", experiment, "--out", Runs[name], "--quiet", .. settings.SelectMany(s => (string[])["--set", s])];
        Assert.That(CommandLine.Run(args, TextWriter.Null, error), Is.Zero, error.ToString());
    }

    /// <summary>The page of some runs, loaded; <paramref name="problems"/> takes errors and requests.</summary>
    private static async Task<IPage> Load(string[] runs, List<string>? problems = null, int width = 700, string script = NoGl, bool isDark = false,
        bool isStill = false)
    {
        string file = Runs[$"{string.Join('-', runs)}.html"];
        if (!File.Exists(file)) TrajectoryPage.Write(file,
            [.. runs.Select(run => SeenTrajectory.Read(TrajectorySource.OfFolder(Runs[run]), runs.Length, CancellationToken.None))]);
        IPage page = await Browser.Open(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 600 }, ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = isStill ? ReducedMotion.Reduce : ReducedMotion.NoPreference,
        });
        page.Console += (_, message) => { if (message.Type == "error") problems?.Add(message.Text); };
        page.PageError += (_, error) => problems?.Add(error);
        page.Request += (_, request) => { if (!request.Url.StartsWith("file:", StringComparison.Ordinal) || request.ResourceType != "document") problems?.Add(request.Url); };
        await page.AddInitScriptAsync(script);
        await page.GotoAsync(new Uri(file).AbsoluteUri);
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.state");
        return page;
    }

    /// <summary>The pixels of the canvas, as a text.</summary>
    private static Task<string> Picture(IPage page) => page.EvaluateAsync<string>("() => { page.draw(); return document.getElementById('canvas').toDataURL(); }");

    // Until what was asked for is drawn.
    private static async Task Frames(IPage page) => await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");

    private static Task<T> Ask<T>(IPage page, string expression) => page.EvaluateAsync<T>($"() => {expression}");

    [TestCase("rotary", "webgl2"), TestCase("rotary", "canvas"), TestCase("circle", "webgl2"), TestCase("eight", "canvas"), TestCase("long", "canvas")]
    public async Task ThePageLoadsAndTheSliderMovesTokens(string run, string painter)
    {
        List<string> problems = [];
        IPage page = await Load([run], problems, script: painter == "canvas" ? NoGl : AnyGl);
        Assert.That(await Ask<string>(page, "document.documentElement.dataset.painter"), Is.EqualTo(painter));
        byte[] start = await Seen();
        await page.Locator("#time").FillAsync("5");
        Assert.That(await Seen(), Is.Not.EqualTo(start));
        await page.Locator("#time").FillAsync("0");
        Assert.That(await Seen(), Is.EqualTo(start), "the same time is the same picture");
        Assert.That(problems, Is.Empty);

        async Task<byte[]> Seen()
        {
            await Frames(page);
            return await page.Locator("#canvas").ScreenshotAsync();
        }
    }

    /// <summary>What arrives in the page is what is in the file, to 16 bits, in every snapshot.</summary>
    [TestCase("rotary", 3), TestCase("circle", 2)]
    public async Task PositionsArrive(string run, int dimension)
    {
        IPage page = await Load([run]);
        double[] shown = await Ask<double[]>(page, "[...page.runs[0].positions].map(q => q / 32767)");
        IReadOnlyDictionary<string, double[]> table = CsvData.Read(SnapshotFiles.In(Runs[run]));
        int rows = table["x0"].Length;
        Assert.That(shown, Has.Length.EqualTo(3 * rows));
        for (int c = 0; c < dimension; c++)
            Assert.That(Enumerable.Range(0, rows).Max(i => Math.Abs(shown[3 * i + c] - table[$"x{c}"][i])), Is.LessThanOrEqualTo(0.5 / 32767 + Math.ScaleB(1, -25))); // 16 bits, of single precision
        Assert.That(await Ask<double[]>(page, "[...page.runs[0].label]"), Is.EqualTo(table["label"][..48]));
        IReadOnlyDictionary<string, double[]> observables = CsvData.Read(Path.Combine(Runs[run], RunFolder.ObservablesFile));
        Assert.That(await Ask<double[]>(page, "[...page.runs[0].observables.columns.find(c => c.name === 'energy').parts[0]]"), Is.EqualTo(observables["energy"]));
    }

    [Test]
    public async Task KeysStepPlayTurnAndZoom()
    {
        IPage page = await Load(["rotary"]);
        string start = await Picture(page);
        async Task<string> Press(string key)
        {
            await page.Keyboard.PressAsync(key);
            await Frames(page);
            return await page.Locator("#time").InputValueAsync();
        }

        Assert.That(await Press("ArrowRight"), Is.EqualTo("1"));
        Assert.That(await Press("End"), Is.EqualTo("10"));
        Assert.That(await page.Locator("#now").InnerTextAsync(), Does.StartWith("t = 10 "));
        Assert.That(await Press("ArrowLeft"), Is.EqualTo("9"));
        Assert.That(await Press("Home"), Is.EqualTo("0"));
        Assert.That(await Picture(page), Is.EqualTo(start));
        foreach (string key in (string[])["Shift+ArrowLeft", "Shift+ArrowUp", "+"])
        {
            await Press(key);
            Assert.That(await Picture(page), Is.Not.EqualTo(start), key);
            await Press("r");
            Assert.That(await Picture(page), Is.EqualTo(start), $"r after {key}");
        }
        await Press(" ");
        Assert.That(await page.Locator("#play").InnerTextAsync(), Is.EqualTo("Pause"));
        await page.WaitForFunctionAsync("() => page.place > page.timeScale.start");
        await Press(" ");
        double place = await Ask<double>(page, "page.place");
        await Frames(page);
        Assert.That(await Ask<double>(page, "page.place"), Is.EqualTo(place).And.GreaterThan(0).And.LessThan(10));
    }

    [Test]
    public async Task EverythingIsReachedByTab()
    {
        IPage page = await Load(["eight"]);
        List<string> reached = [];
        for (int i = 0; i < 6; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            reached.Add(await Ask<string>(page, "document.activeElement.id"));
            Assert.That(await Ask<string>(page, "getComputedStyle(document.activeElement).outlineStyle"), Is.EqualTo("solid"), reached[^1]);
        }
        Assert.That(reached, Is.EqualTo((string[])["canvas", "play", "time", "colour", "replica", "limit"]));
    }

    [Test]
    public async Task HoveringNamesTokenAndLabel()
    {
        IPage page = await Load(["rotary"]);
        await Frames(page);
        int token = await Ask<int>(page, "page.views[0].order[page.views[0].count - 1]"); // the foremost
        double[] at = await Ask<double[]>(page, $"[...page.views[0].seen.subarray({3 * token}, {3 * token + 2})]");
        LocatorBoundingBoxResult box = (await page.Locator("#canvas").BoundingBoxAsync())!;
        string before = await Picture(page);
        await page.Mouse.MoveAsync((float)(box.X + at[0]), (float)(box.Y + at[1]));
        string label = string.Create(CultureInfo.InvariantCulture, $"label {(token + 0.5) / 48:G4}");
        Assert.That(await page.Locator("#tip").InnerTextAsync(), Does.StartWith($"token {token}\n{label}"));
        Assert.That(await Picture(page), Is.Not.EqualTo(before), "the token is marked");
        await page.Mouse.MoveAsync(box.X + 2, box.Y + 2);
        Assert.That(await page.Locator("#tip").IsHiddenAsync());
    }

    [Test]
    public async Task DraggingTurnsAndTheWheelZooms()
    {
        IPage page = await Load(["rotary", "baseline"]);
        double azimuth = await Ask<double>(page, "page.camera.azimuth");
        LocatorBoundingBoxResult box = (await page.Locator("#canvas").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + 150, box.Y + 200);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + 200, box.Y + 200);
        await page.Mouse.UpAsync();
        Assert.That(await Ask<double>(page, "page.camera.azimuth"), Is.EqualTo(azimuth - 20).Within(1e-9));
        await page.Mouse.WheelAsync(0, -400);
        await page.WaitForFunctionAsync("() => page.camera.zoom > 1.5");
        // Both runs by one camera.
        Assert.That(await Ask<double[]>(page, "page.views.map(v => v.rows[0])"), Is.EqualTo(Enumerable.Repeat(-Math.Sin((azimuth - 20) * Math.PI / 180), 2)).Within(1e-6));
    }

    [Test]
    public async Task AClickInAChartGoesToThatTime()
    {
        IPage page = await Load(["rotary"]);
        ILocator over = page.Locator(".chart").First.Locator(".u-over");
        LocatorBoundingBoxResult box = (await over.BoundingBoxAsync())!;
        await over.ClickAsync(new LocatorClickOptions { Position = new Position { X = box.Width / 2, Y = 20 } });
        Assert.That(await Ask<double>(page, "page.place"), Is.EqualTo(5).Within(0.1));
        Assert.That(await page.Locator("#now").InnerTextAsync(), Does.Match(@"^t = (5|4\.9|5\.0)"));
        string left = await Ask<string>(page, "document.querySelector('.present').style.left");
        Assert.That(double.Parse(left[..^2], CultureInfo.InvariantCulture), Is.EqualTo(box.Width / 2).Within(2));
    }

    /// <summary>A run that keeps its end alone has charts of all times, and the line at the end.</summary>
    [Test]
    public async Task OneSnapshotIsAPicture()
    {
        IPage page = await Load(["one"]);
        await Frames(page);
        Assert.That(await page.Locator("#play").IsDisabledAsync());
        Assert.That(await page.Locator("#now").InnerTextAsync(), Is.EqualTo("t = 10 (snapshot 1 of 1)"));
        double[] line = await Ask<double[]>(page, "page.charts.map(c => parseFloat(c.present.style.left) / c.plot.over.clientWidth)");
        Assert.That(line, Is.Not.Empty.And.All.EqualTo(1).Within(1e-3));
        Assert.That(await Ask<double[]>(page, "page.charts.map(c => c.plot.posToVal(0, 'x'))"), Is.All.EqualTo(0).Within(1e-9));
    }

    [Test]
    public async Task TwoRunsAreAtTheSameTime()
    {
        IPage page = await Load(["rotary", "baseline"]);
        Assert.That(await Ask<double[]>(page, "page.timeScale.times"), Is.EqualTo(Enumerable.Range(0, 11)));
        await page.Locator("#time").FillAsync("3");
        await Frames(page);
        Assert.That(await Ask<double[]>(page, "page.views.map((v, r) => page.runs[r].times[v.at.before])"), Is.EqualTo((double[])[3, 3]));
        await page.Keyboard.PressAsync("End");
        await Frames(page);
        Assert.That(await page.Locator("#words .title").AllInnerTextsAsync(), Is.EqualTo((string[])["Figure 3 (d) rotary code", "Figure 3 (a) baseline (to t = 5)"]));
    }

    [Test]
    public async Task LogarithmicTimesPlayEvenly()
    {
        IPage page = await Load(["long"]);
        Assert.That(await Ask<bool>(page, "page.timeScale.isLog"), Is.True);
        double[] places = await Ask<double[]>(page, "page.timeScale.places");
        Assert.That(places.Zip(places.Skip(1), (a, b) => b - a), Is.All.EqualTo((places[^1] - places[1]) / 9).Within(1e-9));
        Assert.That(await Ask<double>(page, "page.timeScale.time(page.timeScale.places[4])"), Is.EqualTo(await Ask<double>(page, "page.timeScale.times[4]")).Within(1e-9));
    }

    [TestCase(390, true), TestCase(390, false), TestCase(800, true)]
    public async Task NarrowAndDarkPagesFit(int width, bool isDark)
    {
        foreach (string[] runs in (string[][])[["eight"], ["rotary", "baseline"]])
        {
            IPage page = await Load(runs, width: width, isDark: isDark);
            Assert.That(await Ask<int>(page, "document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(width));
            int[] paper = await Ask<int[]>(page, "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)");
            Assert.That(paper, Is.All.LessThan(isDark ? 50 : 256).And.All.GreaterThan(isDark ? 0 : 200));
            Assert.That(await Ask<int[]>(page, "[...page.painter.context.getImageData(0, 0, 1, 1).data].slice(0, 3)"), Is.EqualTo(paper), "the canvas has the page's colour");
        }
    }

    /// <summary>Every colour of a token has a contrast of 3 to the paper (WCAG 2.2, 1.4.11).</summary>
    [Test]
    public async Task ColoursStandOut([Values] bool isDark)
    {
        IPage page = await Load(["rotary"], isDark: isDark);
        double[] contrasts = await Ask<double[]>(page, """
            [...scale(true), ...scale(false), ...inks().map(rgbOf), grey()].map(rgb => {
              const bright = c => { const [r, g, b] = c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
              const [low, high] = [bright(rgb), bright(page.theme.paper)].sort((a, b) => a - b);
              return (high + 0.05) / (low + 0.05);
            })
            """);
        Assert.That(contrasts.Min(), Is.GreaterThanOrEqualTo(3));
    }

    [Test]
    public async Task WithReducedMotionOnlyRecordedTimesAreShown()
    {
        IPage page = await Load(["rotary"], isStill: true);
        await page.EvaluateAsync("() => { window.places = []; const go = page.go; page.go = function (place) { go.call(this, place); places.push(this.place); }; }");
        Assert.That(await page.Locator("#play").InnerTextAsync(), Is.EqualTo("Play"));
        await page.Keyboard.PressAsync(" ");
        await page.WaitForFunctionAsync("() => places.length >= 2");
        await page.Keyboard.PressAsync(" ");
        Assert.That((await Ask<double[]>(page, "places"))[..2], Is.EqualTo((double[])[1, 2]));
    }

    /// <summary>What makes no sense is not offered: replicas of one, speeds of projections, radii that are all 1.</summary>
    [TestCase("rotary", "label", "speed"), TestCase("eight", "label", "cluster at the end", "replica")]
    public async Task ColoursCanBeChosen(string run, params string[] ways)
    {
        IPage page = await Load([run]);
        Assert.That(await Ask<string[]>(page, "[...document.querySelectorAll('#colour option')].map(o => o.value)"), Is.EqualTo(ways));
        foreach (string way in ways)
        {
            await page.SelectOptionAsync("#colour", way);
            await Frames(page);
            int kinds = await Ask<int>(page, "new Set(Array.from({ length: page.runs[0].n }, (_, i) => String(page.colours[0].subarray(3 * i, 3 * i + 3)))).size");
            Assert.That(kinds, way switch { "cluster at the end" => Is.InRange(2, 9), "replica" => Is.EqualTo(3), _ => Is.GreaterThan(10) }, way);
            string legend = await page.Locator("#legend").InnerTextAsync();
            Assert.That(legend, way switch { "label" => Does.Match(@"^0\s*1$"), "speed" => Does.StartWith("≤ "), "replica" => Does.Match(@"^0\s+1\s+2$"), _ => Does.Contain("2.56°") }, way);
        }
    }

    [Test]
    public async Task ThePredictedLimitIsWhereTokensEnd()
    {
        IPage page = await Load(["rotary"]);
        await page.Keyboard.PressAsync("End");
        string with = await Picture(page);
        await page.Locator("#limit").UncheckAsync();
        Assert.That(await Picture(page), Is.Not.EqualTo(with));
        // The latitude circle: every token on it, to the width of a pixel.
        double farthest = await Ask<double>(page, """
            (() => {
              const { run } = page.views[0], curve = run.about.limits[0].curves[0], last = 3 * run.n * (run.times.length - 1);
              const nearest = i => Math.min(...Array.from({ length: curve.length / 3 }, (_, k) =>
                Math.hypot(...[0, 1, 2].map(c => curve[3 * k + c] - run.positions[last + 3 * i + c] / 32767))));
              return Math.max(...Array.from({ length: run.n }, (_, i) => nearest(i)));
            })()
            """);
        Assert.That(farthest, Is.LessThan(0.01));
    }

    [Test]
    public async Task ATitleIsAText()
    {
        List<string> problems = [];
        IPage page = await Load(["hostile", "rotary"], problems);
        Assert.That(await page.Locator("h1").InnerTextAsync(), Does.StartWith(Hostile));
        Assert.That(await page.TitleAsync(), Does.StartWith(Hostile));
        Assert.That(await Ask<int>(page, "document.querySelectorAll('img').length + ('hurt' in window ? 1 : 0)"), Is.Zero);
        Assert.That(problems, Is.Empty);
    }

    [Test]
    public async Task ABrowserThatCannotUnpackIsTold()
    {
        IPage page = await Load(["rotary"], script: "delete window.DecompressionStream");
        Assert.That(await page.Locator("#problem").InnerTextAsync(), Does.Contain("no DecompressionStream"));
        Assert.That(await page.Locator("#figure").IsHiddenAsync());
    }

    [Test]
    public async Task BeyondThreeDimensionsTheShareOfTheVarianceIsTold()
    {
        IPage page = await Load(["eight"]);
        Assert.That(await page.Locator("#summary").InnerTextAsync(),
            Does.Match(@"^144 tokens in 3 replicas, d = 8, 11 snapshots up to t = 10; seen along the three principal directions of all snapshots, which hold \d\d % of the variance \(p1 \d+"));
        Assert.That(await page.Locator("#words span").AllInnerTextsAsync(), Has.All.Match(@"^p[₁₂₃]$"));
    }
}
