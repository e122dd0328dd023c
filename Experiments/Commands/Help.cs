using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>--help</c>: what System.CommandLine says, 80 columns wide, then examples and exit codes.</summary>
internal sealed class Help : SynchronousCommandLineAction
{
    private const string Codes = """
        Exit codes:
          0 done, 1 a check failed, 2 bad arguments or experiment, 69 device not
          available or failed, 70 the numbers diverged, 71 an error of the program,
          74 reading or writing failed, 75 stopped, resumable

        """;

    private const string RunExamples = """
        Examples:
          attentionflow run figure3-rotary
          attentionflow run figure3-rotary --seed 7 --set interaction.beta=2
          attentionflow run my.json --out out/trial --overwrite
          attentionflow run out/trial --resume
          attentionflow run out/trial --resume --until-time 40

        """;

    private const string ReproduceExamples = """
        Examples:
          attentionflow reproduce --quick
          attentionflow reproduce figure2
          attentionflow reproduce all --out out/all

        """;

    private const string VerifyExamples = """
        Examples:
          attentionflow verify
          attentionflow verify out/trial out/longer
          attentionflow verify out/trial --rerun

        """;

    private const string SweepExamples = """
        Examples:
          attentionflow sweep beta-seeds --out out/beta-seeds
          attentionflow sweep my-sweep.json --out out/mine --dry-run
          attentionflow sweep my-sweep.json --out out/mine --slurm
          attentionflow collect out/mine --when 'gap_energy<1e-3'

        """;

    private const string LinearizeExamples = """
        Examples:
          attentionflow linearize figure3-toeplitz
          attentionflow linearize out/trial --time 2 --modes 5
          attentionflow linearize my.json --equilibrium
          attentionflow linearize my.json --continue interaction.beta=1..9

        """;

    private const string RootExamples = """
        Examples:
          attentionflow list
          attentionflow run figure3-rotary --set interaction.beta=2
          attentionflow reproduce --quick

        """;

    private readonly HelpAction _default;

    private Help(HelpAction usual)
    {
        _default = usual;
        _default.MaxWidth = 80;
    }

    /// <summary>Gives a program this help.</summary>
    public static void Add(RootCommand root)
    {
        HelpOption option = root.Options.OfType<HelpOption>().Single();
        option.Action = new Help((HelpAction)option.Action!);
    }

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        _default.Invoke(parseResult);
        string examples = parseResult.CommandResult.Command switch
        {
            RootCommand => RootExamples + "\n" + Codes,
            { Name: "run" } => RunExamples + "\n" + Codes,
            { Name: "sweep" } => SweepExamples + "\n" + Codes,
            { Name: "reproduce" } => ReproduceExamples + "\n" + Codes,
            { Name: "linearize" } => LinearizeExamples + "\n" + Codes,
            { Name: "verify" } => VerifyExamples + "\n" + Codes,
            _ => "",
        };
        parseResult.InvocationConfiguration.Output.Write(examples);
        return ExitCodes.Done;
    }
}
