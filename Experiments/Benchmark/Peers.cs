using System.Runtime.InteropServices;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>A peer's time for one full evaluation on one thread.</summary>
/// <param name="Error">See <see cref="BenchRow"/>.</param>
internal sealed record PeerResult(string Peer, Precision Precision, double Seconds, double Error);

/// <summary>The peers that exist here; the others leave a note.</summary>
internal sealed class PeerSet : IDisposable
{
    private readonly TimeBudget _budget;
    private readonly CancellationToken _stop;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("attentionflow-bench-");
    private readonly List<(string Name, string Program, string[] First)> _children = [];
    private readonly List<string> _notes = [];

    private PeerSet(TimeBudget budget, CancellationToken stop) => (_budget, _stop) = (budget, stop);

    /// <summary>What is not there and why, and what became of a child that failed.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Looks for g++ and PyTorch; compiles.</summary>
    public static PeerSet Open(TimeBudget budget, CancellationToken stop)
    {
        PeerSet set = new(budget, stop);
        try
        {
            set.Add("C++", set.Compile());
            set.Add("PyTorch", set.FindPyTorch());
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Times every peer on this problem, in both precisions.</summary>
    public IEnumerable<PeerResult> Measure(BenchProblem problem)
    {
        RowSums into = new(problem.Problem.Rows, problem.Problem.Dimension, RowColumns.Force);
        foreach ((string name, Precision precision, Action call) in Here(problem.Problem, into))
            yield return new PeerResult(name, precision, Timing.Median(call, _budget, _stop), problem.Error(into));
        if (_children.Count == 0) yield break;
        string file = Path.Combine(_folder.FullName, "positions");
        File.WriteAllBytes(file, MemoryMarshal.AsBytes(problem.Problem.Q.AsSpan()));
        foreach ((string name, string program, string[] first) in _children)
            foreach (PeerResult result in Child(name, program, first, file, problem)) yield return result;
    }

    /// <summary>Lets the JIT see those of this process.</summary>
    public void WarmUp(BenchProblem problem, TimeBudget budget)
    {
        RowSums into = new(problem.Problem.Rows, problem.Problem.Dimension, RowColumns.Force);
        foreach ((_, _, Action call) in Here(problem.Problem, into)) Timing.Median(call, budget, _stop);
    }

    // In this process.
    private static (string Name, Precision Precision, Action Call)[] Here(PairProblem problem, RowSums into) =>
    [
        ("C# loop", Precision.Single, ScalarPeer.Prepare<float>(problem, into)),
        ("C# loop", Precision.Double, ScalarPeer.Prepare<double>(problem, into)),
        ("Tensors", Precision.Single, TensorPeer.Prepare<float>(problem, into)),
        ("Tensors", Precision.Double, TensorPeer.Prepare<double>(problem, into)),
    ];

    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // Temporary files that something holds open are the system's to remove.
        }
    }

    private void Add(string name, (string Program, string[] First)? found)
    {
        if (found is { } child) _children.Add((name, child.Program, child.First));
    }

    private (string, string[])? Compile()
    {
        string source = Unpack("pair_sums.cpp"), program = Path.Combine(_folder.FullName, "pair_sums");
        ChildAnswer? answer = ChildProcess.Run("g++", ["-O3", "-march=native", "-ffast-math", "-o", program, source], _stop);
        if (answer is { Code: 0 }) return (program, []);
        _notes.Add(answer is null ? "C++: left out, there is no g++ here" : $"C++: left out, g++ failed: {FirstLine(answer.Error)}");
        return null;
    }

    private (string, string[])? FindPyTorch()
    {
        if (ChildProcess.Run("python3", ["-c", "import torch"], _stop) is { Code: 0 }) return ("python3", [Unpack("pair_sums.py")]);
        _notes.Add("PyTorch: left out, there is no python3 with torch here");
        return null;
    }

    private string Unpack(string name)
    {
        string path = Path.Combine(_folder.FullName, name);
        using Stream resource = typeof(PeerSet).Assembly.GetManifestResourceStream("peers/" + name)!;
        using FileStream file = File.Create(path);
        resource.CopyTo(file);
        return path;
    }

    // A line for each precision: its name, seconds, then Z and F of the sampled rows.
    private List<PeerResult> Child(string name, string program, string[] first, string file, BenchProblem problem)
    {
        int d = problem.Problem.Dimension;
        double[] settings = [problem.Problem.Keys, d, BenchProblem.Beta, _budget.WarmUp, _budget.Repeats];
        string[] numbers = [.. settings.Select(x => $"{x}"), .. problem.Sample.Select(row => $"{row}")];
        ChildAnswer? answer = ChildProcess.Run(program, [.. first, file, .. numbers], _stop);
        List<PeerResult> results = [];
        foreach (string line in answer is { Code: 0 } ? answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [])
        {
            string[] cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            double[] values = [.. cells.Skip(1).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
            double error = problem.Sample.Select((row, k) =>
                problem.RowError(row, values[1 + k * (d + 1)], values.AsSpan(2 + k * (d + 1), d))).Max();
            results.Add(new PeerResult(name, cells[0] == "single" ? Precision.Single : Precision.Double, values[0], error));
        }
        if (results.Count == 0) _notes.Add($"{name}, d = {d}: failed: {FirstLine(answer?.Error ?? "it did not start")}");
        return results;
    }

    private static string FirstLine(string text) => text.Trim().Split('\n')[0].Trim();
}
