namespace AttentionFlow.Experiments.Figures;

internal sealed record LegendEntry(string Label, double SampleWidth, Action<SvgWriter, Point> Sample, bool NewRow = false);

/// <summary>Rows of samples with their names, centred below a figure so that no data can lie under them; then notes.</summary>
internal static class Legend
{
    private const double RowHeight = 22;
    private const double Gap = 24;
    private const double NoteHeight = 17;

    public static double Height(IReadOnlyList<LegendEntry> entries, IReadOnlyList<string> notes, double width) =>
        Rows(entries, width).Count * RowHeight + Lines(notes, width).Count * NoteHeight + 12;

    public static void Draw(SvgWriter canvas, IReadOnlyList<LegendEntry> entries, IReadOnlyList<string> notes, double top)
    {
        canvas.Open("legend");
        double y = top + RowHeight / 2;
        foreach (IReadOnlyList<LegendEntry> row in Rows(entries, canvas.Width))
        {
            double x = (canvas.Width - row.Sum(EntryWidth) - Gap * (row.Count - 1)) / 2;
            foreach (LegendEntry entry in row)
            {
                entry.Sample(canvas, new Point(x + entry.SampleWidth / 2, y));
                canvas.Text(new Point(x + entry.SampleWidth + 7, y + 4.5), entry.Label, new Lettering());
                x += EntryWidth(entry) + Gap;
            }
            y += RowHeight;
        }
        y += 6;
        foreach (string line in Lines(notes, canvas.Width))
        {
            canvas.Text(new Point(canvas.Width / 2, y), line, new Lettering { Anchor = Anchor.Middle, Colour = "#555555" });
            y += NoteHeight;
        }
        canvas.Close();
    }

    private static double EntryWidth(LegendEntry entry) => entry.SampleWidth + 7 + Notation.Width(entry.Label, Lettering.Standard);

    private static List<List<LegendEntry>> Rows(IReadOnlyList<LegendEntry> entries, double width)
    {
        List<List<LegendEntry>> rows = [];
        double used = double.PositiveInfinity;
        foreach (LegendEntry entry in entries)
        {
            if (entry.NewRow || used + Gap + EntryWidth(entry) > width - 24)
            {
                rows.Add([]);
                used = -Gap;
            }
            rows[^1].Add(entry);
            used += Gap + EntryWidth(entry);
        }
        return rows;
    }

    private static List<string> Lines(IReadOnlyList<string> notes, double width) =>
        [.. notes.SelectMany(note => Notation.Wrap(note, Lettering.Standard, width - 30))];
}
