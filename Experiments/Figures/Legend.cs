namespace AttentionFlow.Experiments.Figures;

/// <param name="Panels">The letters of the panels it belongs to; empty where it needs none.</param>
internal sealed record LegendEntry(string Label, double SampleWidth, Action<SvgWriter, Point> Sample, string Panels = "");

/// <summary>
/// Rows of samples with their names, centred below a figure so that no data can lie under them; then notes. Neighbours of the same panels
/// have the letters of these before the first, and share a row where they fit into one.
/// </summary>
internal static class Legend
{
    private const double Gap = 24;
    private const double AfterSample = 7;
    private const double LineHeight = 17;
    private const double Spare = 5;
    private const double Margin = 12;

    public static double Height(IReadOnlyList<LegendEntry> entries, IReadOnlyList<string> notes, double width) =>
        Rows(entries, width).Sum(RowHeight) + Lines(notes, width).Count * LineHeight + 12;

    public static void Draw(SvgWriter canvas, IReadOnlyList<LegendEntry> entries, IReadOnlyList<string> notes, double top)
    {
        canvas.Open("legend");
        double y = top;
        foreach (List<Item> row in Rows(entries, canvas.Width))
        {
            double x = (canvas.Width - row.Sum(item => item.Width) - Gap * (row.Count - 1)) / 2;
            double middle = y + RowHeight(row) / 2;
            foreach (Item item in row)
            {
                if (item.Letters.Length > 0)
                    canvas.Text(new Point(x, middle + 4.5), item.Letters, new Lettering { Bold = true });
                double sample = x + item.LettersWidth;
                item.Entry.Sample(canvas, new Point(sample + item.Entry.SampleWidth / 2, middle));
                for (int k = 0; k < item.Lines.Count; k++)
                    canvas.Text(new Point(sample + item.Entry.SampleWidth + AfterSample,
                        middle + 4.5 + LineHeight * (k - (item.Lines.Count - 1) / 2.0)), item.Lines[k], new Lettering());
                x += item.Width + Gap;
            }
            y += RowHeight(row);
        }
        y += 17;
        foreach (string line in Lines(notes, canvas.Width))
        {
            canvas.Text(new Point(canvas.Width / 2, y), line, new Lettering { Anchor = Anchor.Middle, Colour = Palette.Note });
            y += LineHeight;
        }
        canvas.Close();
    }

    private static double RowHeight(List<Item> row) => LineHeight * row.Max(item => item.Lines.Count) + Spare;

    private static List<List<Item>> Rows(IReadOnlyList<LegendEntry> entries, double width)
    {
        double limit = width - 2 * Margin;
        List<List<Item>> rows = [];
        double used = double.PositiveInfinity;
        for (int i = 0; i < entries.Count; i++)
        {
            bool begins = i == 0 || entries[i].Panels != entries[i - 1].Panels;
            Item item = new(entries[i], begins ? entries[i].Panels : "", limit);
            double together = item.Width;
            for (int j = i + 1; begins && j < entries.Count && entries[j].Panels == entries[i].Panels; j++)
                together += Gap + new Item(entries[j], "", limit).Width;
            // What is of other panels than the row before it stays in one piece.
            bool apart = begins && i > 0 && used + Gap + together > limit;
            if (apart || used + Gap + item.Width > limit)
            {
                rows.Add([]);
                used = -Gap;
            }
            rows[^1].Add(item);
            used += Gap + item.Width;
        }
        return rows;
    }

    private static List<string> Lines(IReadOnlyList<string> notes, double width) =>
        [.. notes.SelectMany(note => Notation.Wrap(note, Lettering.Standard, width - 30))];

    private sealed class Item
    {
        public Item(LegendEntry entry, string letters, double limit)
        {
            (Entry, Letters) = (entry, letters);
            LettersWidth = letters.Length == 0 ? 0 : Notation.Width(letters, Lettering.Standard, bold: true) + 10;
            double before = LettersWidth + entry.SampleWidth + AfterSample;
            Lines = Notation.Wrap(entry.Label, Lettering.Standard, limit - before);
            Width = before + Lines.Max(line => Notation.Width(line, Lettering.Standard));
        }

        public LegendEntry Entry { get; }
        public string Letters { get; }
        public double LettersWidth { get; }
        public IReadOnlyList<string> Lines { get; }
        public double Width { get; }
    }
}
