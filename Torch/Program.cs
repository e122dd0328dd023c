using System.Globalization;
using AttentionFlow.Experiments.Benchmark;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Kernels;
using AttentionFlow.Torch;
using TorchSharp;

// attentionflow-torch [D,D.. [N]]: SimdSums beside PyTorch's scaled_dot_product_attention, in turn in one process, on one thread. Without N
// there are 16,384 tokens up to d = 16 and 4,096 beyond.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int[] dimensions = [.. (args.Length > 0 ? args[0] : "3,8,16,32,64,128,384").Split(',').Select(int.Parse)];
torch.set_num_threads(1);
using IDisposable mode = torch.inference_mode();

string[] headings =
    ["d", "n", "precision", "ours M/s", "share", "in halves", "SDPA M/s", "ours/SDPA", "halves/SDPA", "error", "error of SDPA"];
List<string[]> rows = [];
foreach (int d in dimensions)
    foreach (Precision precision in Enum.GetValues<Precision>())
    {
        Contest contest = new(d, args.Length > 1 ? int.Parse(args[1]) : d <= 16 ? 16_384 : 4096, precision);
        rows.Add(contest.Run());
        Console.Error.WriteLine(string.Join("  ", rows[^1]));
    }
Console.WriteLine($"beta = {BenchProblem.Beta}, self form, one thread, million pairs a second of processor time, medians;");
Console.WriteLine("share of the limit; in halves: two calls of half the rows each");
Console.Write(TextTable.Render(headings, rows));
