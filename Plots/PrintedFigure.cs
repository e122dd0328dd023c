using AttentionFlow.Experiments.Commands;
using SkiaSharp;
using Svg.Skia;
using Svg.Skia.TypefaceProviders;

namespace AttentionFlow.Plots;

/// <summary>Figures as PDF and PNG, by Skia, in fonts that are part of the program: the same on every machine.</summary>
internal static class PrintedFigure
{
    /// <summary>Dots per inch of a PNG.</summary>
    public const int Resolution = 600;

    private const double MillimetresAnInch = 25.4, PointsAnInch = 72;

    /// <summary>The program: all commands of <c>attentionflow</c>, and these forms of figures.</summary>
    public static Extension Program { get; } = new("attentionflow-plots")
    {
        Formats = new Dictionary<string, FigureWriter> { ["pdf"] = WritePdf, ["png"] = WritePng },
    };

    /// <summary>One page of the size of the figure; the fonts are in the file.</summary>
    /// <param name="svg">The figure.</param>
    /// <param name="millimetres">Its width.</param>
    /// <param name="file">Where to.</param>
    public static void WritePdf(string svg, double millimetres, Stream file)
    {
        using SKSvg figure = Load(svg);
        SKRect box = figure.Picture!.CullRect;
        float scale = (float)(millimetres / MillimetresAnInch * PointsAnInch / box.Width);
        // Without dates, so that the same figure is the same file.
        using SKDocument document = SKDocument.CreatePdf(file, new SKDocumentPdfMetadata { Creator = "AttentionFlow" });
        SKCanvas page = document.BeginPage(scale * box.Width, scale * box.Height);
        page.Scale(scale);
        page.DrawPicture(figure.Picture);
        document.EndPage();
        document.Close();
    }

    /// <summary>At <see cref="Resolution"/> dots per inch, on white.</summary>
    /// <inheritdoc cref="WritePdf"/>
    public static void WritePng(string svg, double millimetres, Stream file)
    {
        using SKSvg figure = Load(svg);
        float scale = (float)(millimetres / MillimetresAnInch * Resolution / figure.Picture!.CullRect.Width);
        figure.Save(file, SKColors.White, SKEncodedImageFormat.Png, 100, scale, scale);
    }

    private static SKSvg Load(string svg)
    {
        SKSvg figure = new();
        IList<ITypefaceProvider> fonts = figure.Settings.TypefaceProviders!;
        CustomTypefaceProvider regular = new(Font("DejaVuSans.ttf")), bold = new(Font("DejaVuSans-Bold.ttf"));
        fonts.Insert(0, bold);
        fonts.Insert(0, regular);
        figure.FromSvg(new PrintedText(isBold => (isBold ? bold : regular).Typeface!).Flat(svg));
        return figure;
    }

    private static Stream Font(string name) => typeof(PrintedFigure).Assembly.GetManifestResourceStream($"fonts/{name}")!;
}
