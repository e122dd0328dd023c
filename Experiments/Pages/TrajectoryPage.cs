using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionFlow.Experiments.Pages;

/// <summary>
/// trajectory.html: tokens that move on the sphere, to be turned and played. One file that needs nothing else: the texts of the folder web,
/// uPlot, and the numbers of the runs.
/// </summary>
internal static class TrajectoryPage
{
    /// <summary>Its name beside a report.</summary>
    public const string File = "trajectory.html";

    /// <summary>The largest file, in bytes; more tokens than it holds are thinned.</summary>
    public const long MostBytes = 16_000_000;

    private static readonly string[] Scripts =
    [
        "uplot/uPlot.iife.min.js", "web/data.js", "web/colours.js", "web/painters.js", "web/scene.js", "web/charts.js", "web/controls.js",
        "web/page.js",
    ];

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Writes the page of these trajectories, side by side.</summary>
    /// <param name="file">The file.</param>
    /// <param name="seen">One or more; what is too much for the page is left out of them.</param>
    /// <param name="mostBytes">About the largest file.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Write(string file, IReadOnlyList<SeenTrajectory> seen, long mostBytes = MostBytes, CancellationToken stop = default)
    {
        TrajectorySource[] sources = [.. seen.Select(s => s.Source)];
        TokenStore[] stores = [.. seen.Select(s => s.Tokens)];
        ObservableSeries?[] series = [.. sources.Select(s => s.Observables is null ? null : ObservableSeries.Read(s.Observables))];
        Dictionary<int, PrincipalDirections> directions = stores.Where(s => s.Dimension > 3 && s.Tokens.Count > 0)
            .GroupBy(s => s.Dimension).ToDictionary(g => g.Key, g => PrincipalDirections.Of([.. g]));
        PageRun[] runs = [.. sources.Select((_, i) => Fitting(i))];
        Camera camera = stores[0].Dimension == 2 ? new Camera(30, 20)
            : CameraFor(stores[0], directions.GetValueOrDefault(stores[0].Dimension));
        string about = JsonSerializer.Serialize(new About(sources[0].TimeName, camera.Azimuth, camera.Elevation, runs), Json);
        WholeFile.Guard(file, () =>
        {
            using FileStream part = WholeFile.OpenPart(file);
            using BufferedStream stream = new(part, 1 << 16);
            Write(stream, Title(sources), about, runs);
            stream.Flush();
            WholeFile.Finish(part, file);
            return 0;
        });

        PageRun Fitting(int i)
        {
            // What a run may take of the page, of which base64 makes 4 bytes of 3.
            double most = Math.Max(1000, (mostBytes - Fixed) / sources.Length * 0.75);
            double share = 1;
            while (true)
            {
                TokenStore shown = share < 1 ? stores[i].Thinned(share) : stores[i];
                PageRun run = PageRun.Of(sources[i], shown, series[i], directions.GetValueOrDefault(shown.Dimension));
                if (run.Numbers.Length <= most || shown.Snapshots.Count < 3) return run;
                stop.ThrowIfCancellationRequested();
                share *= 0.97 * most / run.Numbers.Length;
            }
        }
    }

    // The page without its numbers, with room for limits and titles.
    private static long Fixed => 150_000;

    private static string Title(IReadOnlyList<TrajectorySource> sources) => string.Join(" | ", sources.Select(s => s.Title).Distinct());

    private static Camera CameraFor(TokenStore store, PrincipalDirections? directions)
    {
        const int enough = 2000;
        if (store.Snapshots.Count == 0) return Camera.For([]);
        float[] last = store.Snapshots[^1].Numbers;
        int every = Math.Max(1, store.Tokens.Count / enough);
        List<double[]> points = [];
        for (int row = 0; row < store.Tokens.Count; row += every)
        {
            ReadOnlySpan<float> x = last.AsSpan(row * store.Width, store.Dimension);
            double[] point = new double[3];
            if (directions is not null) directions.Project(x, point);
            else for (int c = 0; c < 3; c++) point[c] = x[c];
            points.Add(point);
        }
        return Camera.For(points);
    }

    private static void Write(Stream stream, string title, string about, PageRun[] runs)
    {
        foreach (string piece in Resource("web/trajectory.html").Split("<!--", StringSplitOptions.None).SelectMany(p => p.Split("-->")))
            switch (piece)
            {
                case "title":
                    Put(Notation.Escape(title));
                    break;
                case "style":
                    Put($"<style>\n{Resource("uplot/uPlot.min.css")}\n{Resource("web/trajectory.css")}</style>");
                    break;
                case "data":
                    // Whatever could end the element is written as \u003C and the like.
                    Put($"<script type=\"application/json\" id=\"about\">{about}</script>\n");
                    foreach ((int i, PageRun run) in runs.Index()) PutNumbers(i, run.Numbers);
                    break;
                case "scripts":
                    Put($"<script>\n/* uPlot\n{Resource("uplot/LICENSE")}*/\n</script>\n");
                    foreach (string script in Scripts) Put($"<script>\n{Resource(script)}</script>\n");
                    break;
                default:
                    Put(piece);
                    break;
            }

        void Put(string text) => stream.Write(Encoding.UTF8.GetBytes(text));

        // In pieces, each by itself: browsers take much longer to read one long text.
        void PutNumbers(int i, byte[] bytes)
        {
            const int piece = 3 << 14;
            byte[] text = new byte[Base64.GetMaxEncodedToUtf8Length(piece)];
            for (int at = 0; at < bytes.Length; at += piece)
            {
                Base64.EncodeToUtf8(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)), text, out _, out int written);
                Put($"<script type=\"text/plain\" class=\"numbers{i}\">");
                stream.Write(text.AsSpan(0, written));
                Put("</script>\n");
            }
        }
    }

    // What the script of the page is told.
    private sealed record About(string Time, double Azimuth, double Elevation, IReadOnlyList<PageRun> Runs);

    private static string Resource(string name)
    {
        using Stream stream = typeof(TrajectoryPage).Assembly.GetManifestResourceStream($"pages/{name}")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
