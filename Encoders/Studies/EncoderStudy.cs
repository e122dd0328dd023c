using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Encoders.Studies;

/// <summary>Theory beside a trained encoder: what the tokens of texts do from layer to layer, and what the flow would have them do.</summary>
internal sealed class EncoderStudy(EncoderSizes? sizes) : Study(20, "encoder", "Trained encoders")
{
    public EncoderStudy() : this(null)
    {
    }

    public override string Introduction(bool quick) => "";

    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        foreach (string model in SizesOf(quick).Models)
            if (EncoderFiles.WhyAbsent(model) is { } why) throw new ConfigurationException($"the study encoder needs trained encoders. {why}");
        return [];
    }

    public override double TabulatedPairs(bool quick) => SizesOf(quick).AllPairs;

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        using StudyTables tables = new(folder);
        foreach (string model in SizesOf(quick).Models)
            new EncoderMeasurement(model, SizesOf(quick), threads, progress, stop).Run(tables);
        tables.Complete();
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder) => new([]);

    private EncoderSizes SizesOf(bool quick) => sizes ?? (quick ? EncoderSizes.Quick : EncoderSizes.Full);
}
