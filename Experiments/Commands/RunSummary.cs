using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionFlow.Experiments.Commands;

/// <summary>What <c>run</c> says on standard output of a run in a folder: sentences and a table, or JSON.</summary>
internal sealed class RunSummary(string folder, RunRecord record, bool merges, IReadOnlyList<string> pages)
{
    // Of the components of a vector no more are shown, or else the first few.
    private const int MostComponents = 8, FirstComponents = 3;

    // Components of unit vectors and eigenvalues of their covariance are known to some 1e-16: below this they are 0 to rounding.
    private const double Rounding = 1e-15;

    private readonly IReadOnlyDictionary<string, double[]> _last = LastObservations(Path.Combine(folder, RunFolder.ObservablesFile));

    private int Replicas => _last["time"].Length;

    /// <summary>run.json, and beside it the folder and the last row of observables.csv of every replica.</summary>
    public string Json()
    {
        JsonObject json = JsonNode.Parse(record.ToJson())!.AsObject();
        json["folder"] = Path.GetFullPath(folder);
        json["pages"] = JsonSerializer.SerializeToNode(pages);
        json["observables"] = JsonSerializer.SerializeToNode(_last);
        return JsonOutput.Of(json);
    }

    /// <summary>How far it came, the observables there and the files; where it diverged, no table: its last row is of an earlier time.
    /// </summary>
    public void Write(TextWriter output)
    {
        string reason = record.Reason is { } why ? $" ({why})" : "";
        string share = merges ? " (merged tokens count as their share of the pairs)" : "";
        string extra = record.ObservationEvaluations > 0 ? $" and {record.ObservationEvaluations} for observables" : "";
        output.WriteLine($"{record.Status.ToString().ToLowerInvariant()} at t = {record.TimeReached:G6}{reason}: {record.Steps} steps, "
            + $"{record.Evaluations:G6} evaluations{share}{extra} in {record.WallSeconds:F1} s on {record.Device} "
            + $"({record.Precision}{Sums(record.Summation)})");
        if (Replicas > 0 && _last.Count > 2 && record.Status != RunStatus.Diverged)
        {
            output.WriteLine($"observables at t = {_last["time"][0]:G6}{(Replicas > 1 ? $", over {Replicas} replicas" : "")}:");
            output.Write(TextTable.Render(Replicas > 1 ? ["  column", "median", "smallest", "largest"] : ["  column", "value"], Rows()));
        }
        output.WriteLine($"files in {Quoted.Line(folder)}: {string.Join(", ", record.Files.Select(f => f.Name))}, {RunFolder.RunFile}");
        if (pages.Count > 0) output.WriteLine($"pages beside them: {string.Join(", ", pages)}");
    }

    private IEnumerable<string[]> Rows()
    {
        string[] columns = [.. _last.Keys.Where(c => c is not ("time" or "replica"))];
        foreach (IGrouping<string, string> vector in columns.GroupBy(Stem))
        {
            int shown = vector.Count() > MostComponents ? FirstComponents : vector.Count();
            foreach (string column in vector.Take(shown)) yield return Cells(column, [.. _last[column].Order()], vector.Count() > 1);
            if (shown < vector.Count())
                yield return [$"  ... {vector.Last()}", $"({vector.Count() - shown} more in {RunFolder.ObservablesFile})",
                    .. Replicas > 1 ? (string[])["", ""] : []];
        }
    }

    // mean0, mean1, ... are components of mean; mean_norm is not.
    private static string Stem(string column) => column.TrimEnd("0123456789".ToCharArray());

    private static string[] Cells(string column, double[] sorted, bool isComponent)
    {
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return ["  " + column, Number(median), .. sorted.Length > 1 ? (string[])[Number(sorted[0]), Number(sorted[^1])] : []];

        string Number(double value) => isComponent && Math.Abs(value) < Rounding ? "0" : $"{value:G8}";
    }

    private static string Sums(SummationRecord? summation)
    {
        if (summation is not { Method: not "direct" } s) return "";
        string bound = s.ErrorBound is { } b ? $", bound {b:G2}" : "", cells = s.Cells is { } c ? $", {c} cells at the end" : "";
        string tolerance = s.Tolerance is { } t ? $", tolerance {t:G2}" : "";
        string redone = s.RowsRedone > 0 ? $", {s.RowsRedone} rows redone directly" : "";
        return $", {s.Method} sums{tolerance}{bound}{cells}{redone}";
    }

    private static IReadOnlyDictionary<string, double[]> LastObservations(string path)
    {
        double last = double.NaN;
        CsvData.ReadRows(path, ["time"], row =>
        {
            last = row[0];
            return true;
        });
        return CsvData.ReadWhere(path, "time", last);
    }
}
