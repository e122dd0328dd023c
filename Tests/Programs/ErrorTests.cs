using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

public class ErrorTests : FolderFixture
{
    private const string RunHelp = " (attentionflow run --help shows what there is)";
    private const string Commands = "reproduce, run, sweep, collect, analyze, linearize, report, plot, verify, list, schema, devices, bench (attentionflow --help shows what there is)";

    [TestCase("", $"a command is needed: {Commands}")]
    [TestCase("rum figure3-path", $"'rum' is not a command; did you mean 'run'? Known: {Commands}")]
    [TestCase("simulate", $"'simulate' is not a command; known: {Commands}")]
    [TestCase("run", "Required argument 'FILE|DIR|NAME' missing for command: 'run'" + RunHelp)]
    [TestCase("run figure3-path figure3-rotary", "'figure3-rotary' is one argument too many for 'run'" + RunHelp)]
    [TestCase("run figure3-path --thread 2", "'--thread' is not an option of 'run'; did you mean '--threads'?" + RunHelp)]
    [TestCase("run figure3-path --beta 2", "'--beta' is not an option of 'run'" + RunHelp)]
    [TestCase("run figure3-path --out", "Required argument missing for option: '--out'" + RunHelp)]
    [TestCase("run figure3-path --threads 0", "--threads 0: a whole number of threads, at least 1, is needed" + RunHelp)]
    [TestCase("run figure3-path --threads two", "--threads two: a whole number of threads, at least 1, is needed" + RunHelp)]
    [TestCase("run figure3-path --seed -1", "--seed -1: the seed is a whole number, at least 0 and at most 18446744073709551615" + RunHelp)]
    [TestCase("run figure3-path --precision half", "--precision half: unknown; known: single, double" + RunHelp)]
    [TestCase("run figure3-path --set beta", "--set beta: a setting has the form path=value, for example interaction.beta=2.")]
    [TestCase("run figure3-path --set interaction.bta=2", "--set interaction.bta=2: $.interaction.bta: unknown key; did you mean 'beta'?")]
    [TestCase("run figure3-path --set interaction.beta=-1e13", "--set interaction.beta=-1e13: $.interaction.beta: -1e13 is too small; the inverse temperature must be at least -1000000000000.")]
    [TestCase("run figure3-path --set beta=2", "--set beta=2: $.beta: unknown key; did you mean 'interaction.beta'?")]
    [TestCase("run figure3-path --set gauge.kind=rotary", "--set gauge.kind=rotary: $.gauge: unknown key; did you mean 'interaction.gauge'?")]
    [TestCase("run figure3-path\u001b[2J", "'figure3-path\\u001B[2J' is neither a file nor a stored experiment; did you mean 'figure3-path'? ('attentionflow list' shows the stored ones)")]
    [TestCase("run figure3-path --\u001b[2J", "'--\\u001B[2J' is not an option of 'run'" + RunHelp)]
    [TestCase("run figure3-path --set tokens.count=2000000000",
        "--set tokens.count=2000000000: $.tokens.count: replicas x count x dimension = 6E+09 is too large; at most 2147483591 coordinates are possible.")]
    [TestCase("run figure3-path --set replicas=1000000000",
        "--set replicas=1000000000: $.replicas: replicas x count x dimension = 7.68E+11 is too large; at most 2147483591 coordinates are possible.")]
    [TestCase("run figure2-rotary --set tokens.dimension=1000000000 --set interaction.gauge.kind=none",
        "--set tokens.dimension=1000000000: $.tokens.dimension: replicas x count x dimension = 6.4E+12 is too large; at most 2147483591 coordinates are possible.")]
    [TestCase("run figure3-path --set time.step=1e-300",
        "--set time.step=1e-300: $.time.step: 1E-300 is too small; a run to the horizon 20 would take 2E+301 steps, and double precision cannot tell so many times apart.")]
    [TestCase("run figure3-path --set record.observations=2000000000",
        "--set record.observations=2000000000: $.record.observations: 2000000000 is too large; the number of observations must be at most 10000000.")]
    [TestCase("run figure3-toeplitz --set interaction.normalization=softmax",
        "--set interaction.normalization=softmax: $.interaction.normalization: 'softmax' divides by sums of the coupling, which falls to -1; use \"unnormalized\" or a coupling that is never negative.")]
    [TestCase("run long-times --set interaction.normalization=hardmax --set record.plateaus=false --set record.observables=[\"mean\"]",
        "$.time.merge: under hardmax two tokens at one place hold each other where one would move, so they cannot merge; leave this key out.")]
    [TestCase("run long-times --set interaction.mask=causal --set record.plateaus=false --set record.observables=[\"mean\"]",
        "$.time.merge: a mask tells tokens apart by their order, so two at one place move differently and cannot merge; leave this key out.")]
    [TestCase("run long-times --set interaction.scheme.kind=pre --set record.plateaus=false --set record.observables=[\"mean\"]",
        "$.time.merge: only under the scheme post do two tokens at one place move alike, and can merge; leave this key out.")]
    [TestCase("run work-precision --set interaction.mask=causal --set record.plateaus=true --set record.observables=[\"mean\"]",
        "$.record.plateaus: a masked flow climbs no energy; leave this key out.")]
    [TestCase("run work-precision --set interaction.normalization=hardmax --set record.plateaus=true --set record.observables=[\"mean\"]",
        "$.record.plateaus: a hardmax flow climbs no energy; leave this key out.")]
    [TestCase("run figure3-baseline --set interaction.mask=causal", "$.record.observables: a masked flow climbs no energy; leave \"energy\", \"energy_ratio\" and \"energy_drops\" out")]
    [TestCase("run figure3-baseline --set interaction.mask=causal --set summation=fast",
        "$.summation: fast sums are harmonic or coalesced, and neither knows a mask; \"auto\" sums directly where it must")]
    [TestCase("run figure3-baseline --set interaction.beta=-2 --set summation=fast", "$.summation: 'fast' sums need beta above 0; use \"direct\" or \"auto\".")]
    [TestCase("run figure3-baseline --set interaction.profile=sigmoid --set summation=coalesced", "$.summation: 'coalesced' sums need the exponential profile and beta above 0; use \"direct\" or \"auto\".")]
    [TestCase("run figure3-baseline --set interaction.profile=linear --set summation=coalesced", "$.summation: 'coalesced' sums need the exponential profile and beta above 0; use \"direct\" or \"auto\".")]
    [TestCase("run figure3-baseline --set interaction.profile=polynomial --set interaction.degree=100 --set interaction.beta=1e5", "$.interaction.beta: at 100000 the rate at which tokens close in on each other, which grows with beta, is beyond the range of doubles; use \"softmax\".")]
    [TestCase("linearize figure2-baseline --set interaction.profile=polynomial --continue interaction.degree=1..5", "--continue interaction.degree=2.273239544735163: $.interaction.degree: 2.273239544735163 is not whole; a whole number is expected.")]
    [TestCase("run figure3-baseline --set interaction.beta=-2 --set summation=coalesced", "$.summation: 'coalesced' sums need beta above 0; use \"direct\" or \"auto\".")]
    [TestCase("run figure3-path --set interaction.profile=linear --set summation=fast",
        "$.summation: fast sums are harmonic or coalesced, and neither knows the profile 'linear'; \"auto\" sums directly where it must")]
    [TestCase("run figure3-toeplitz --set record.observables=[\"participation\"]",
        "$.record.observables: an attention matrix needs a coupling that is never negative, and 'toeplitz' falls to -1; leave \"attention_divergence\", \"attention_entropy\", \"attention_rows\", \"participation\", \"participation_ratio\", \"sink\" and \"low_pass\" out")]
    [TestCase("run figure3-distance --set record.observables=[\"entropy_floor\"]",
        "$.record.observables: the spread of logits is known for the coupling \"one\", not \"distance\"; leave \"entropy_floor\" out")]
    [TestCase("run figure3-rotary --set labels.law=blocks --set record.observables=[\"law_distance\"]",
        "$.record.observables: the limit law is that of labels spread over [0, 1), and there is a label 1; leave \"law_distance\" out")]
    [TestCase("run code-additive --set interaction.normalization=softmax --set interaction.heads=2", "$.record.observables: several heads under softmax climb no energy; leave \"energy\", \"energy_ratio\" and \"energy_drops\" out")]
    [TestCase("run matrices-symmetric --set interaction.matrices.value.kind=identity",
        "$.record.observables: with matrices a flow climbs an energy only where V = Q^T K or V = -Q^T K is symmetric, which it is not here; leave \"energy\", \"energy_ratio\" and \"energy_drops\" out")]
    [TestCase("run prompts-antipodal --set record.observables=[\"participation\"]",
        "$.record.observables: the attention matrix is measured without negative beta, prompts, matrices, heads, codes and hardmax; leave \"attention_divergence\", \"attention_entropy\", \"attention_rows\", \"participation\", \"participation_ratio\", \"sink\" and \"low_pass\" out")]
    [TestCase("run figure3-baseline --set tokens.dimension=4 --set record.observables=[\"spectrum\"]",
        "$.record.observables: \"spectrum\": the spectrum is known on the circle and the sphere, d = 2 and 3, not for d = 4")]
    [TestCase("run figure3-rotry", "'figure3-rotry' is neither a file nor a stored experiment; did you mean 'figure3-rotary'? ('attentionflow list' shows the stored ones)")]
    [TestCase("run nowhere/own.json", "'nowhere/own.json' is neither a file nor a stored experiment ('attentionflow list' shows the stored ones)")]
    [TestCase("reproduce figure4", "figure4: unknown; did you mean 'figure2'? Known: figure2, figure3, growth, finite-n, plateaus, noise, long-times, work-precision, code-strength, toeplitz, targets, length, early-warning, controls, prompts, causal, lost-in-the-middle, hysteresis, gradients, phase-diagrams, staircase, euler-clock, leaders, long-context, early-modes, schemes, paper, atlas, all (attentionflow reproduce --help shows what there is)")]
    [TestCase("bench --device cpu --peers", "--device measures one device alone; leave it or the other options out (attentionflow bench --help shows what there is)")]
    [TestCase("bench --peers --scaling x.svg", "--scaling measures no peers; leave one of the two out (attentionflow bench --help shows what there is)")]
    [TestCase("list all", "'all' is one argument too many for 'list' (attentionflow list --help shows what there is)")]
    public void BadArgumentsExitWith2(string line, string message) => Refused(ExitCodes.BadInput, message, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [TestCase("run figure3-path --device tpu", "device 'tpu' is not known; known: auto, cpu, reference, cuda, opencl, ilgpu-cpu, mpi; 'cuda:1' is the second of its kind, 'cuda:0,1' both")]
    [TestCase("run figure3-path --device \"cpu", "device '\"cpu' is not known; known: auto, cpu, reference, cuda, opencl, ilgpu-cpu, mpi; 'cuda:1' is the second of its kind, 'cuda:0,1' both")]
    [TestCase("run figure3-path --device cuda:0,0", "device 'cuda:0,0' is not known; give the numbers of different devices, like cuda:0,1")]
    [TestCase("run figure3-path --device reference --precision single", "device 'reference' sums in double precision only; use --precision double")]
    public void AnAbsentDeviceExitsWith69(string line, string message) => Refused(ExitCodes.DeviceUnavailable, message, line.Split(' '));

    [TestCase("cuda"), TestCase("opencl")]
    public void AnAbsentKindOfDeviceSaysWhy(string kind)
    {
        if (DeviceCatalog.All.FirstOrDefault(d => d.Name == kind) is not { WhyNot: { } why }) Assert.Ignore($"there is {kind} here");
        else Refused(ExitCodes.DeviceUnavailable, $"device '{kind}' is not available: {why}", "run", "figure3-path", "--device", kind);
    }

    [TestCase("x0,x1\n1,0\n0,one\n", "line 3: 'one' in column x1 is not a number.")]
    [TestCase("x0,x1\n1,0\n0,1,0\n", "line 3: the number of values is 3, but the header has 2 columns.")]
    [TestCase("x0,x1\n1,0\n1,1\n", "line 3: the point has length 1.41421356, not 1; write \"normalize\": true to scale every point to length 1.")]
    [TestCase("x0,x1,wight\n1,0,1\n", "line 1: unknown column 'wight'; did you mean 'weight'? Known: x0, x1, ..., label, weight, and token (which is ignored).")]
    public void AWrongCloudFileIsNamedWithItsLine(string csv, string problem)
    {
        File.WriteAllText(Folder["cloud.csv"], csv);
        File.WriteAllText(Folder["own.json"], """{ "schemaVersion": 1, "tokens": { "initial": { "law": "file", "path": "cloud.csv" } } }""");
        Refused(ExitCodes.BadInput, $"{Folder["own.json"]}: $.tokens.initial.path: {Folder["cloud.csv"]}, {problem}", "run", Folder["own.json"]);
    }

    [Test]
    public void AnExperimentFileThatIsNoJsonIsNamedWithItsLine()
    {
        File.WriteAllText(Folder["own.json"], "{\n  \"seed\": 1;\n}\n");
        Refused(ExitCodes.BadInput, $"{Folder["own.json"]}, line 2, column 12: not valid JSON: ';' is an invalid end of a number. Expected a delimiter.", "run", Folder["own.json"]);
    }

    [Test]
    public void AFolderWithoutAnExperimentIsRefused() => Refused(ExitCodes.BadInput, $"{Folder.FullPath}: there is no experiment.json in this folder.", "run", Folder.FullPath);

    [Test]
    public void AnEmptyNameOfAFolderIsRefused() => Refused(ExitCodes.BadInput, "--out : the name of a folder is needed" + RunHelp, "run", "figure3-path", "--out", "");

    [TestCase("figure3-baseline --set tokens.count=700000000", @"tokens\.count: 1 x 700000000 tokens in dimension 3 need about 146 GB of memory; there are \d+ GB")]
    [TestCase("figure3-baseline --set tokens.count=1 --set tokens.dimension=220000000", @"tokens\.dimension: tables with 440000000 columns need about \d+ GB of memory; there are \d+ GB")]
    [TestCase("prompts-antipodal --set interaction.prompts.points={\"law\":\"greatCircle\",\"count\":2000000000}", @"interaction\.prompts\.points: 2000000000 prompts in dimension 3 need about \d+ GB of memory; there are \d+ GB")]
    [TestCase("figure3-prefix --set interaction.gauge.targets={\"law\":\"greatCircle\",\"count\":2000000000}", @"interaction\.gauge\.targets: 2000000000 targets in dimension 3 need about \d+ GB of memory; there are \d+ GB")]
    [TestCase("figure3-baseline --set tokens.dimension=40000 --set interaction.matrices.key.kind=orthogonal --set interaction.heads=100", @"interaction\.matrices: the matrices of 100 heads in dimension 40000 need about 6020 GB of memory; there are \d+ GB")]
    public void AnExperimentBeyondTheMemoryIsRefused(string line, string message)
    {
        Assume.That(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Is.LessThan(140L << 30));
        Answer answer = Shell.Run(["run", .. line.Split(' '), "--out", Folder["run"]]);
        Assert.That(answer.Error, Does.Match(@$"^attentionflow: (--set .*: )?\$\.{message}\.\n$"));
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.BadInput));
        Assert.That(Folder.Names, Is.Empty);
    }

    [Test]
    public void AnExperimentBeyondTheDiskIsRefused()
    {
        Answer answer = Shell.RunSmall(Folder["run"], "--set", "record.snapshots=10000000", "--set", "replicas=1000000", "--set", "record.observations=2");
        Assert.That(answer.Error, Does.Match(@"^attentionflow: \$\.record: the files need about 1\.49E\+07 GB of disk; there are [\d.E+]+ GB in .*/run\. Write fewer snapshots, observations or tokens\.\n$"));
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.BadInput));
        Assert.That(Directory.EnumerateFileSystemEntries(Folder["run"]), Is.Empty);
    }

    [Test]
    public void AFolderThatIsNotEmptyIsRefusedUnlessOverwritten()
    {
        string folder = Folder["run"];
        Assert.That(Shell.RunSmall(folder).Code, Is.Zero);
        Refused(ExitCodes.BadInput, $"{folder}: the folder is not empty; give --overwrite to replace the run in it, or another --out", ["run", "figure2-baseline", "--out", folder, .. Shell.Small]);
        Assert.That(Shell.RunSmall(folder, "--overwrite").Code, Is.Zero);
    }

    [Test]
    public void AFolderThatCannotBeWrittenExitsWith74()
    {
        File.WriteAllText(Folder["file"], "");
        Refused(ExitCodes.InputOutput, $"{Folder["file"]}: this is a file; --out names a folder", "run", "figure3-path", "--out", Folder["file"]);
        Refused(ExitCodes.InputOutput, $"{Folder["file"]}/run: {Folder["file"]} is a file; --out names a folder", "run", "figure3-path", "--out", Folder["file"] + "/run");
        Refused(ExitCodes.InputOutput, $"{Folder["file"]}: this is a file; --out names a folder", "reproduce", "figure3", "--quick", "--out", Folder["file"]);
        Answer figure = Shell.Run("bench", "--scaling", Folder["file"] + "/scaling.svg");
        Assert.That(figure.Code, Is.EqualTo(ExitCodes.InputOutput));
        Assert.That(figure.Error, Does.Contain(Folder["file"] + "/scaling.svg"));
        if (Directory.Exists("/proc/self")) Refused(ExitCodes.InputOutput, "/proc/foo: this folder cannot be created", "run", "figure3-path", "--out", "/proc/foo");
    }

    [Test]
    public void WhatNobodyWroteIsNotReplaced()
    {
        const string kept = "so it is not replaced; move it, or give another --out";
        Directory.CreateDirectory(Path.Combine(Folder["run"], "snapshots.csv"));
        Refused(ExitCodes.BadInput, $"{Folder["run"]}/snapshots.csv: no earlier run wrote this file as it is, {kept}", ["run", "figure2-baseline", "--overwrite", "--out", Folder["run"], .. Shell.Small]);
        File.WriteAllText(Folder["schemes.html"], "mine");
        Refused(ExitCodes.BadInput, $"{Folder["schemes.html"]}: no earlier reproduce wrote this file as it is, {kept}", "reproduce", "schemes", "--quick", "--out", Folder.FullPath);
        File.WriteAllText(Folder["x.svg.part"], "mine");
        Refused(ExitCodes.InputOutput, $"{Folder["x.svg.part"]}: this file is in the way of {Folder["x.svg"]}; move it", "bench", "--scaling", Folder["x.svg"]);
        Assert.That(File.ReadAllText(Folder["schemes.html"]) + File.ReadAllText(Folder["x.svg.part"]), Is.EqualTo("minemine"));
    }

    [Test]
    public void ExceptionsBecomeOneLine() => Assert.Multiple(() =>
    {
        Assert.That(CommandLine.Explain(new ConfigurationException("a")), Is.EqualTo((2, "a")));
        Assert.That(CommandLine.Explain(new DeviceUnavailableException("a")), Is.EqualTo((69, "a")));
        Assert.That(CommandLine.Explain(new DeviceFailedException("a")), Is.EqualTo((69, "a")));
        Assert.That(CommandLine.Explain(new IOException("a")), Is.EqualTo((74, "a")));
        Assert.That(CommandLine.Explain(new UnauthorizedAccessException("a")), Is.EqualTo((74, "a")));
        Assert.That(CommandLine.Explain(new OperationCanceledException()), Is.EqualTo((75, "stopped")));
        Assert.That(CommandLine.Explain(new InsufficientMemoryException()).Code, Is.EqualTo(2));
        Assert.That(CommandLine.Explain(new OverflowException("one\ntwo")), Is.EqualTo((71, "this should not happen, please report it: OverflowException: one two")));
    });

    private static void Refused(int code, string message, params string[] args)
    {
        Answer answer = Shell.Run(args);
        Assert.That((answer.Code, answer.Output, answer.Error), Is.EqualTo((code, "", $"attentionflow: {message}{Environment.NewLine}")));
    }
}
