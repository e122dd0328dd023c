namespace AttentionFlow.Experiments.Facts;

/// <summary>How a cloud is moved.</summary>
internal sealed record Integration(Tableau Method, StepControl Step)
{
    public Gauge Gauge { get; init; } = Probe.NoGauge;
    public Layer Layer { get; init; } = Layer.Plain;
    public Scheme Scheme { get; init; } = new PostScheme();
    public Noise? Noise { get; init; }
    public int Tangents { get; init; } = 1;
    public IObserver[] Observers { get; init; } = [];

    /// <summary>The classical method with a step.</summary>
    public static Integration Rk4(double step) => new(Methods.RungeKutta4, step);

    /// <summary>Adaptive steps with a tolerance.</summary>
    public static Integration Adaptive(double tolerance) => new(Methods.Tsit5, new AdaptiveStep(tolerance));
}
