using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Program;

namespace AttentionFlow.Tests.Experiments;

/// <summary>Every stored experiment at reduced size against numbers pinned from the reference sums: the vectorised sums must find them,
/// whatever the number of threads.</summary>
[Category("Slow")]
public class StoredExperimentTests : FolderFixture
{
    // Rounding differences of sums and of the system's sines and logarithms (1e-16 each), over 80 steps of a flow of rate e.
    private const double Tolerance = 1e-11;

    // Fast sums are asked for 1e-12 relative to Z, and the flow lets an error grow by e^4 at most in this time.
    private const double FastTolerance = 1e-9;
    private static readonly (string Observable, string Column)[] Measured = [("energy", "energy"), ("gaps", "gap_energy"), ("mean", "mean_norm"), ("limit", "limit_distance")];

    /// <summary>What an experiment can not measure, having no energy or no known limit.</summary>
    private static readonly Dictionary<string, string[]> Without = new()
    {
        ["causal"] = ["energy", "limit"], ["causal-circle"] = ["energy", "limit"], ["random-depth"] = ["energy", "limit"], ["code-additive"] = ["limit"], ["code-logits"] = ["energy"], ["hardmax"] = ["energy", "limit"], ["heads-random"] = ["energy", "limit"],
        ["lost-in-the-middle"] = ["energy", "limit"], ["noisy-transition"] = ["limit"], ["matrices-symmetric"] = ["limit"], ["prompts-antipodal"] = ["limit"], ["prompts-labelled"] = ["limit"],
        ["negative-beta"] = ["limit"], ["perceptron"] = ["limit"], ["selection"] = ["limit"],
    };

    private static readonly string[] Reduced =
    [
        "replicas=2", "seed=3", "tokens.count=25", "time.horizon=4", "record.tokens=null", "record.snapshots=2", "record.observations=5", "tolerance=1e-12",
    ];

    /// <summary>Name -> the last values of <see cref="RowColumns"/>, of replica 0 under <see cref="Reduced"/>, from the reference sums.</summary>
    private static readonly Dictionary<string, double[]> Pins = new()
    {
        ["causal"] = [0.38142493542915257, 0.7025776490924702],
        ["code-strength"] = [1.2655554321742537, 0.5107490671545198, 0.6209369048213244, 1.9716483127315076],
        ["toeplitz-circle"] = [0.4014722856962279, 1.2459193761029963, 0.2868240167444606, 0.22095061677768335],
        ["figure2-baseline"] = [1.2074989861446876, 0.15164192808483498, 0.8912167338059319, 1.7563700105134485],
        ["figure2-prefix"] = [0.7607038944377007, 0.7516850921706346, 0.14958727697049695, 1.9933291424708857],
        ["figure2-rotary"] = [1.241806201282784, 0.19132926632264197, 0.9098004520340135, 1.3891953674928852],
        ["figure3-baseline"] = [1.2074989861446876, 0.15164192808483498, 0.8912167338059319, 1.7563700105134485],
        ["figure3-distance"] = [0.5898106608389505, 0.34289460177730274, 0.7401612231307101, 1.952906023804031],
        ["figure3-path"] = [1.3591408928730346, 0.647830657412104, 0.46923730207706466, 0.00022115133179575536],
        ["figure3-prefix"] = [1.3591408924234747, 0.7176465220816689, 0.20396982081017234, 0.0002159194894646374],
        ["figure3-rotary"] = [1.3591408928730346, 0.6236211264018308, 0.4999999960743184, 0.00022115133179556265],
        ["code-additive"] = [42.157751217255786, 0.7259244711052004, 0.0042085286921367746],
        ["code-concatenated"] = [1.494483752370746, 0.187211646947318, 0.8966312387659019, 1.4959882948802667],
        ["code-logits"] = [0.15162097388510623, 0.9303332110602853, 1.0468648867821206],
        ["hardmax"] = [0.7000217617246466, 0.3068161684985328],
        ["heads-random"] = [1.3019113448553898, 0.49233526310406506],
        ["lost-in-the-middle"] = [0.33358733789381767, 0.8090869852607913],
        ["matrices-symmetric"] = [1.519090317551195, 0.00022746076665011185, 0.9999162860264388],
        ["prompts-antipodal"] = [1.5440170706869694, 0.5866547931129602, 0.04039249878663125],
        ["prompts-labelled"] = [6.119417161509434, 0.6650983331859297, 0.3970203275351273],
        ["rotary-pinned"] = [1.507560632202395, 0.37810574518920886, 0.79968899936761, 1.0392658965296737],
        ["phase-field"] = [1.3591408928730346, 0.3597212487778746, 0.7890152569275306, 0.00022115133179571487],
        ["prefix-law"] = [1.3591408924234747, 0.4726981805590588, 0.6668652916239338, 0.00021591948946461371],
        ["growth-circle"] = [4.979244927889142, 9.862070982368518, 0.439215780265647, 1.963651046580148],
        ["growth-sphere"] = [111.12601366482886, 339.04531564491475, 0.3055687932286575, 1.9418470548796192],
        ["indicators"] = [2.425189536049238, 4.399579218093792, 0.4931515128491717, 1.9370864753222068],
        ["long-times"] = [40847.34719921834, 236843.60656665268, 0.2653279976987411, 1.9804333770240983],
        ["million"] = [111.12601366482886, 339.04531564491475, 0.3055687932286575, 1.9418470548796192],
        ["noisy-transition"] = [0.26139391049587263, 0.23860608950412748, 0.7230406772732397],
        ["plateaus"] = [6.492701907224673E+24, 4.22194002866161E+25, 0.2522226458272696, 1.9720354302337417],
        ["schemes"] = [1.2916954751136012, 0.06744543911592156, 0.973562839555231, 0.40307689421955606],
        ["causal-circle"] = [4.2293346580825485E+25, 0.24738498456022032],
        ["early-modes"] = [4.979244927889143, 9.86207098236852, 0.43921578026564695, 1.963651046580148],
        ["gradients"] = [1.1981013465294656, 0.16103956770005703, 0.9131697513070143, 1.3958215516667607],
        ["random-depth"] = [0.5867918064318667, 0.06616508961028802],
        ["negative-beta"] = [-0.6067127213422358, 0.42277300075651464, 0.12736050760024115],
        ["perceptron"] = [2.1569147424500796, 0.1445915406374377, 0.8945262577532838],
        ["selection"] = [1.3588151614499266, 0.00032575277959620466, 0.9997227726270091],
        ["two-clusters"] = [139067.64524617375, 138623.30851969725, 0.7076725590724361, 0.8021465438880823],
        ["work-precision"] = [111.12601456653044, 339.04531474321317, 0.30556879178478225, 1.9418470546199582],
        ["figure3-toeplitz"] = [0.09421864135053991, 0.7462899908911698, 0.18032626593302972, 1.9106182002342103],
    };

    [TestCaseSource(typeof(StoredExperiments), nameof(StoredExperiments.Names))]
    public void AStoredExperimentGivesItsPinnedNumbers(string name)
    {
        if (!Pins.TryGetValue(name, out double[]? pin))
        {
            string numbers = string.Join(", ", Last(name, Run(name, "reference", 1)).Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
            Assert.Fail($"'{name}' has no pin: check that these numbers of the reference sums are what the theory says, then add to {nameof(Pins)}:\n[\"{name}\"] = [{numbers}],");
        }
        string one = Run(name, "cpu", 1), three = Run(name, "cpu", 3), reference = Run(name, "reference", 1);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Errors(one), Has.All.AtMost(StoredExperiments.Load(name).Summation == Summation.Direct ? Tolerance : FastTolerance), string.Join(", ", Columns(name)));
        Assert.That(Errors(reference), Has.All.AtMost(Tolerance), "the reference itself");
        Assert.That(Shell.Tables(three), Is.EqualTo(Shell.Tables(one)), "one thread and three");
        Assert.That(Analysed(one), Is.EqualTo(RowsOf(one)), "measured again from its snapshots");

        // Energies go up to e^beta/(2 beta).
        double[] Errors(string folder) => [.. Last(name, folder).Zip(pin!, (value, expected) => Math.Abs(value - expected) / Math.Max(1, Math.Abs(expected)))];
    }

    // The rows of the run's own columns, at the times of both: the first and the last.
    private string[] Analysed(string folder)
    {
        Answer answer = Shell.Run("analyze", folder, "--out", Folder["analysis"], "--quiet", "--threads", "1",
            "--observables", string.Join(",", ExperimentReader.Read(Path.Combine(folder, "experiment.json"), []).Record.Observables.AsEnumerable()));
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        return File.ReadAllLines(Path.Combine(Folder["analysis"], "observables.csv"));
    }

    private static string[] RowsOf(string folder)
    {
        string[] rows = File.ReadAllLines(Path.Combine(folder, "observables.csv"));
        return [rows[0], .. rows.Where(row => row.StartsWith("0,", StringComparison.Ordinal)), .. rows.Where(row => row.StartsWith("4,", StringComparison.Ordinal))];
    }

    [Test]
    public void EveryPinIsOfAStoredExperiment() => Assert.That(StoredExperiments.Names, Is.SupersetOf(Pins.Keys));

    private static IEnumerable<string> Columns(string name) => Measured.Where(m => !Without.GetValueOrDefault(name, []).Contains(m.Observable)).Select(m => m.Column);

    private string Run(string name, string device, int threads)
    {
        string observables = string.Join(",", Measured.Select(m => m.Observable).Except(Without.GetValueOrDefault(name, [])).Select(o => $"\"{o}\""));
        string folder = Folder[$"{device}-{threads}"];
        string[] settings = [.. Reduced, .. Own(name), Accuracy(name), $"record.observables=[{observables}]", device == "reference" ? "summation=direct" : "precision=double"];
        Answer answer = Shell.Run(["run", name, "--device", device, "--quiet", "--threads", $"{threads}", "--out", folder, .. settings.SelectMany(s => (string[])["--set", s])]);
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        Assert.That(RunVerification.Problems(folder), Is.Empty);
        return folder;
    }

    private static string[] Own(string name) => name switch
    {
        "two-clusters" or "selection" => ["replicas=1"], // all would be alike
        "gradients" => ["record.tangents=null"],
        "random-depth" => ["tokens.count=2", "time.redraw=0.05"],
        _ => [],
    };

    private static string Accuracy(string name) => StoredExperiments.Load(name).Time.Step is null ? "time.tolerance=1e-8" : "time.step=0.05";

    private static double[] Last(string name, string folder)
    {
        ObservationTable table = new(folder);
        return [.. Columns(name).Select(c => table.Last(c)[0])];
    }
}
