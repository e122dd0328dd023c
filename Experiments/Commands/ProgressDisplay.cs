using System.Diagnostics;
using System.Text;
using Spectre.Console;

namespace AttentionFlow.Experiments.Commands;

/// <summary>Progress on standard error: a bar on a terminal, else a line after a second and every ten, nothing when quiet.</summary>
internal static class ProgressDisplay
{
    /// <summary>Does the work; lines go to a writer that is safe for several threads.</summary>
    public static T Run<T>(bool quiet, double totalPairs, TextWriter error, Func<IProgressDisplay, T> work)
    {
        if (quiet) return work(new Silence());
        if (error is not StandardStream { IsTerminal: true })
        {
            using Lines lines = new(totalPairs, error);
            return work(lines);
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new Terminal(error) });
        return console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new RemainingTimeColumn())
            .Start(context => work(new Bar(context.AddTask("starting", maxValue: Math.Max(1, totalPairs)))));
    }

    private static string Rate(double pairs, double seconds) =>
        pairs / Math.Max(seconds, 1e-3) is var rate && rate >= 1e8 ? $", {rate / 1e9:F2} G pairs/s" : $", {rate / 1e6:F2} M pairs/s";

    // Standard error as a terminal, without the errors of writing to it.
    private sealed class Terminal(TextWriter error) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput _terminal = new(Console.Error);

        public TextWriter Writer => error;
        public bool IsTerminal => true;
        public int Width => _terminal.Width;
        public int Height => _terminal.Height;
        public void SetEncoding(Encoding encoding) => _terminal.SetEncoding(encoding);
    }

    private sealed class Silence : IProgressDisplay
    {
        public void Begin(string name) { }
        public void Advance(double pairs, string detail, bool direct) { }
    }

    // A timer shows the lines: a single step may take longer than ten seconds.
    private sealed class Lines : IProgressDisplay, IDisposable
    {
        private readonly Lock _lock = new();
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private readonly TextWriter _error;
        private readonly Timer _timer;
        private string _name = "", _detail = "starting";
        private double _totalPairs, _done;
        private bool _direct = true, _shown, _ended;

        public Lines(double totalPairs, TextWriter error)
        {
            (_totalPairs, _error) = (totalPairs, error);
            _timer = new Timer(_ => Show(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        }

        public void Begin(string name)
        {
            lock (_lock) (_name, _detail) = (name, "starting");
        }

        public void Advance(double pairs, string detail, bool direct)
        {
            lock (_lock) (_done, _detail, _direct) = (_done + pairs, detail, _direct && direct);
        }

        public void Expect(double pairs)
        {
            lock (_lock) _totalPairs += pairs;
        }

        // Where lines were shown, the last one says where the work ended.
        public void Dispose()
        {
            _timer.Dispose();
            if (_shown) Show();
            lock (_lock) _ended = true;
        }

        private void Show()
        {
            lock (_lock)
            {
                if (_ended) return;
                _shown = true;
                double seconds = _watch.Elapsed.TotalSeconds, share = _totalPairs > 0 ? Math.Min(1, _done / _totalPairs) : 1;
                string rate = _done > 0 && _direct ? Rate(_done, seconds) : "", percent = $"{Math.Floor(share * 100 + 1e-6),3:F0} %";
                string left = share is > 0.005 and < 1 ? $", {seconds * (1 - share) / share:F0} s left" : "";
                _error.WriteLine($"{percent}  {_name}: {_detail}{rate}{left}");
            }
        }
    }

    private sealed class Bar(ProgressTask task) : IProgressDisplay
    {
        private const double Interval = 0.1;
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private string _name = "";
        private double _done, _nextShown;
        private bool _direct = true;

        public void Begin(string name) => _name = name;

        public void Advance(double pairs, string detail, bool direct)
        {
            _done += pairs;
            _direct &= direct;
            double seconds = _watch.Elapsed.TotalSeconds;
            if (seconds < _nextShown) return;
            _nextShown = seconds + Interval;
            task.Value = _done;
            task.Description = Markup.Escape($"{_name}: {detail}{(_direct ? Rate(_done, seconds) : "")}");
        }

        public void Expect(double pairs) => task.MaxValue = Math.Max(1, task.MaxValue + pairs);
    }
}
