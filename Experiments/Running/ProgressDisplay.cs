using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace AttentionFlow.Experiments;

/// <summary>Progress on standard error: a bar on a terminal, elsewhere a line after one second and every ten seconds, nothing when quiet.</summary>
public static class ProgressDisplay
{
    /// <summary>Does the work, showing its progress.</summary>
    /// <param name="quiet">Show nothing.</param>
    /// <param name="totalPairs">All pairs that will be summed.</param>
    /// <param name="work">The work.</param>
    public static T Run<T>(bool quiet, double totalPairs, Func<IProgressDisplay, T> work)
    {
        if (quiet) return work(new Silence());
        if (Console.IsErrorRedirected) return work(new Lines(totalPairs));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new Bar(context.AddTask("starting", maxValue: Math.Max(1, totalPairs)))));
    }

    private sealed class Silence : IProgressDisplay
    {
        public void Begin(string name) { }
        public void Advance(double pairs, string detail) { }
    }

    // Rate over the time since the start, remaining time from it.
    private abstract class Timed : IProgressDisplay
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private string _name = "";
        private double _nextShown = 1;

        protected double Done { get; private set; }
        protected double Seconds => _watch.Elapsed.TotalSeconds;
        protected string Rate => string.Create(CultureInfo.InvariantCulture, $"{Done / Math.Max(Seconds, 1e-3) / 1e9:F2} G pairs/s");
        protected abstract double Interval { get; }

        public void Begin(string name) => _name = name;

        public void Advance(double pairs, string detail)
        {
            Done += pairs;
            if (Seconds < _nextShown) return;
            _nextShown = Seconds + Interval;
            Show(_name, detail);
        }

        protected abstract void Show(string name, string detail);
    }

    private sealed class Lines(double totalPairs) : Timed
    {
        protected override double Interval => 10;

        protected override void Show(string name, string detail)
        {
            double share = totalPairs > 0 ? Math.Min(1, Done / totalPairs) : 1;
            string left = share > 0.005 ? string.Create(CultureInfo.InvariantCulture, $", {Seconds * (1 - share) / share:F0} s left") : "";
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{share * 100,3:F0} %  {name}: {detail}, {Rate}{left}"));
        }
    }

    private sealed class Bar(ProgressTask task) : Timed
    {
        protected override double Interval => 0.1;

        protected override void Show(string name, string detail)
        {
            task.Value = Done;
            task.Description = Markup.Escape($"{name}: {detail}, {Rate}");
        }
    }
}
