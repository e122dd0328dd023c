namespace AttentionFlow.Experiments.Reports;

/// <summary>The page of a run, or of several side by side, from their files alone.</summary>
internal static class RunReport
{
    private const int MostMergers = 12, MostLines = 20;

    /// <summary>The page of one run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="pageFolder">Where the page will be.</param>
    /// <param name="trajectory">The name of the page of its trajectory beside it; null for none.</param>
    public static string Html(ReportedRun run, string pageFolder, string? trajectory)
    {
        HtmlReport page = new(run.Title);
        page.Paragraph(Sentence(run));
        if (run.Record.Status != RunStatus.Complete || run.Record.Advice is not null)
            page.Warning($"{run.Record.Status}: {run.Record.Advice ?? "the run did not come to its end"}.");
        page.Alerts("Warning levels that were crossed; alerts are marked in the charts.",
            [.. run.Record.Alerts.Select(a => (run.Name, a))]);
        if (run.Seen.Tokens.Snapshots.Count > 0)
        {
            page.Section("Tokens");
            if (trajectory is not null) page.Links([(trajectory, trajectory, "the same to be turned and played")]);
            (string svg, string caption) = TokenFigures.Times(run.Seen);
            page.Figure(svg, caption);
        }
        AddObservables(page, [run.Observed]);
        AddMergers(page, run);
        AddNumbers(page, run.Observed);
        page.Section("What was run").Table("Keys of the experiment that are not the defaults; experiment.json has all.", ["key", "value"],
            run.OwnSettings().Select(s => (string[])[s.Key, Quoted.Short(s.Value, 400)]));
        AddFiles(page, run, pageFolder);
        page.Section("How this was made").Paragraph("The same run again, from the folder above that of the run:")
            .Command($"attentionflow run {Quoted.ForShell($"{run.Name}/{RunFolder.ExperimentFile}")} "
                + $"--out {Quoted.ForShell($"{run.Name}-again")}");
        return page.Provenance(Provenance(run.Record)).ToHtml();
    }

    /// <summary>The page of several runs.</summary>
    /// <inheritdoc cref="Html(ReportedRun, string, string)"/>
    public static string Html(IReadOnlyList<ReportedRun> runs, string pageFolder, string? trajectory)
    {
        HtmlReport page = new($"{runs.Count} runs side by side");
        IReadOnlyDictionary<string, string>[] settings = [.. runs.Select(r => r.Settings())];
        string[] keys = [.. settings.SelectMany(s => s.Keys).Distinct()
            .Where(key => settings.Select(s => s.GetValueOrDefault(key, "")).Distinct().Count() > 1)];
        page.Links(runs.Select(r => (Path.GetRelativePath(pageFolder, r.Folder), r.Name, Sentence(r))));
        if (keys.Length > 0)
            page.Table("What differs.", ["key", .. runs.Select(r => r.Name)],
                keys.Select(key => (string[])[key, .. settings.Select(s => Quoted.Short(s.GetValueOrDefault(key, ""), 200))]));
        page.Alerts("Warning levels that were crossed; alerts are marked in the charts.",
            [.. runs.SelectMany(r => r.Record.Alerts.Select(a => (r.Name, a)))]);
        IGrouping<int, ReportedRun>[] seen = [.. runs.Where(r => r.Seen.Tokens.Snapshots.Count > 0).GroupBy(r => r.Seen.Tokens.Dimension)];
        if (seen.Length > 0) page.Section("Tokens at the ends");
        if (trajectory is not null) page.Links([(trajectory, trajectory, "the same to be turned and played")]);
        foreach (IGrouping<int, ReportedRun> group in seen)
        {
            (string svg, string caption) = TokenFigures.Ends([.. group.Select(r => r.Seen)],
                [.. group.Select(r => $"{r.Name}, t = {Numbers.ForPeople(r.Seen.Tokens.Snapshots[^1].Time)}")]);
            page.Figure(svg, caption);
        }
        AddObservables(page, [.. runs.Select(r => r.Observed)]);
        string[] columns = [.. runs.SelectMany(r => r.Observed.Table.Scalars).Distinct()];
        page.Section("Numbers").Table("Last values, medians over replicas.", ["column", .. runs.Select(r => r.Name)],
            columns.Select(c => (string[])[c, .. runs.Select(r => r.Observed.Table.Columns.Contains(c)
                ? Numbers.ForPeople(r.Observed.Table.Quantile(c, 0.5)[^1]) : "")]));
        return page.ToHtml();
    }

    /// <summary>Adds charts of all columns.</summary>
    public static void AddObservables(HtmlReport page, IReadOnlyList<Observed> runs)
    {
        if (runs.Max(r => r.Table.Times.Length) < 2) return;
        (string[] scalars, string[] constant) = Split([.. runs.SelectMany(r => r.Table.Scalars).Distinct()], runs);
        string bands = runs.Any(r => r.Table.Replicas > 1) ? $" {ObservableCharts.Bands}" : "";
        string predicted = runs.Any(r => r.Predicted.Keys.Any(r.Table.Columns.Contains)) ? " Dashed: what theory predicts for the end."
            : "";
        page.Section("Observables");
        if (scalars.Length > 0)
            page.Figure(ObservableCharts.Draw("Observables", ObservableCharts.Scalars(runs, scalars)),
                $"Observables against time.{bands}{predicted}");
        if (constant.Length > 0) page.Paragraph($"The same at all times: {string.Join(", ", constant)}.");
        IReadOnlyList<ChartPanel> vectors = runs.Count == 1 ? ObservableCharts.Vectors(runs[0]) : [];
        if (vectors.Count > 0)
            page.Figure(ObservableCharts.Draw("Observables with several components", vectors),
                $"Observables with several components, the first of them.{bands}");
    }

    // Columns that vary, and of the others a sentence's words each.
    private static (string[] Varying, string[] Constant) Split(string[] columns, IReadOnlyList<Observed> runs)
    {
        double[] ValuesOf(string column) => [.. runs.Where(r => r.Table.Columns.Contains(column))
            .SelectMany(r => r.Table.Quantile(column, 0).Concat(r.Table.Quantile(column, 1))).Distinct()];
        ILookup<bool, string> isConstant = columns.ToLookup(column => ValuesOf(column).Length == 1);
        return ([.. isConstant[false]], [.. isConstant[true].Select(c => $"{c} = {Numbers.ForPeople(ValuesOf(c)[0])}")]);
    }

    /// <summary>Adds a table of first and last values.</summary>
    public static void AddNumbers(HtmlReport page, Observed run)
    {
        string median = run.Table.Replicas > 1 ? ", medians over replicas" : "";
        bool isPredicted = run.Table.Scalars.Any(run.Predicted.ContainsKey);
        page.Section("Numbers").Table(
            $"Values at t = {Numbers.ForPeople(run.Table.Times[0])} and t = {Numbers.ForPeople(run.Table.Times[^1])}{median}.",
            ["column", "first", "last", .. isPredicted ? (string[])["predicted limit"] : []],
            run.Table.Scalars.Select(c => (string[])
            [
                c, Numbers.ForPeople(run.Table.Quantile(c, 0.5)[0]), Numbers.ForPeople(run.Table.Quantile(c, 0.5)[^1]),
                .. isPredicted ? (string[])[run.Predicted.TryGetValue(c, out double limit) ? Numbers.ForPeople(limit) : ""] : [],
            ]));
    }

    private static string Sentence(ReportedRun run)
    {
        Experiment e = run.Experiment;
        string replicas = e.Replicas > 1 ? $", {e.Replicas} replicas" : "";
        string reason = run.Record.Reason is { } why ? $" ({why})" : "";
        return $"{e.Tokens.Count} tokens in {e.Tokens.Dimension} dimensions{replicas}, β = {Numbers.ForPeople(e.Interaction.Beta)}; "
            + $"{run.Record.Status.ToString().ToLowerInvariant()} at t = {Numbers.ForPeople(run.Record.TimeReached)}{reason} after "
            + $"{run.Record.Steps} steps.";
    }

    private static void AddMergers(HtmlReport page, ReportedRun run)
    {
        string path = Path.Combine(run.Folder, RunFolder.MergersFile);
        if (!File.Exists(path)) return;
        IReadOnlyDictionary<string, double[]> mergers = CsvData.Read(path);
        int[] rows = [.. Enumerable.Range(0, mergers["time"].Length)];
        page.Section("Mergers");
        if (rows.Length == 0)
        {
            page.Paragraph("No tokens became one.");
            return;
        }
        double end = run.Record.TimeReached, first = mergers["time"].Where(t => t > 0).DefaultIfEmpty(end).Min();
        Axis time = end > 100 * first ? new Axis("time t", first, end, Log: true) : new Axis("time t", 0, end);
        int n = run.Experiment.Tokens.Count;
        IGrouping<double, int>[] replicas = [.. rows.GroupBy(i => mergers["replica"][i])];
        Series[] lines = [.. replicas.Take(MostLines).Select(r => new Series("", Palette.Blue,
            [time.Min, .. r.Select(i => Math.Max(mergers["time"][i], time.Min)), end], [n, .. r.Select(i => mergers["left"][i]),
                mergers["left"][r.Last()]])
        { Steps = true, Width = 1.4 })];
        page.Figure(new Chart("Tokens left", "How many tokens are left against time, a line for each replica.",
            [new ChartPanel("", time, new Axis("tokens left", 0.8, 1.3 * n, Log: true), lines)])
        { PlotHeight = 200 }.Render(),
            "How many tokens are left, a line for each replica"
                + (replicas.Length > MostLines ? $", {MostLines} of {replicas.Length}." : "."));
        int[] heaviest = [.. rows.OrderByDescending(i => mergers["mass_token"][i]).Take(MostMergers).Order()];
        page.Table($"The mergers of most weight, of {rows.Length}; {RunFolder.MergersFile} has all.",
            ["time", "replica", "token", "into", "weight of the token", "weight it came to", "tokens left"],
            heaviest.Select(i => (string[])
            [
                Numbers.ForPeople(mergers["time"][i]), $"{mergers["replica"][i]}", $"{mergers["token"][i]}", $"{mergers["into"][i]}",
                Numbers.ForPeople(mergers["mass_token"][i]), Numbers.ForPeople(mergers["mass_into"][i]), $"{mergers["left"][i]}",
            ]));
    }

    private static void AddFiles(HtmlReport page, ReportedRun run, string pageFolder)
    {
        string folder = Path.GetRelativePath(pageFolder, run.Folder);
        page.Section("Files").Links(run.Record.Files.Select(f => f.Name).Append(RunFolder.RunFile)
            .Where(name => Path.GetFileName(name) == name && File.Exists(Path.Combine(run.Folder, name)))
            .Select(name => (folder == "." ? name : $"{folder}/{name}", name, About(name))));

        string About(string name) => run.Record.Files.FirstOrDefault(f => f.Name == name) switch
        {
            { Rows: { } rows } file => Text.Of($"{rows} rows, {Bytes(file.Bytes)}"),
            { } file => Bytes(file.Bytes),
            null => "provenance, and the SHA-256 of the others",
        };
    }

    private static string Bytes(long bytes) => bytes < 1_000_000 ? Text.Of($"{bytes / 1e3:0.#} kB") : Text.Of($"{bytes / 1e6:0.#} MB");

    private static IEnumerable<KeyValuePair<string, string>> Provenance(RunRecord record)
    {
        yield return new("program version", $"{record.ProgramVersion}, build {record.Build}");
        yield return new("date", record.Start.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        yield return new("time taken", Text.Of($"{record.WallSeconds:0.##} s"));
        yield return new("device", $"{record.Device}, {record.Precision}");
        if (record.Summation is { } sums) yield return new("pair sums", sums.Method);
        yield return new("seed", $"{record.Seed}");
        yield return new("system", $"{record.Host.Os}, {record.Host.Architecture}, {record.Host.VectorBits}-bit vectors");
        yield return new("evaluations", Text.Of($"{record.Evaluations:G6}"));
    }
}
