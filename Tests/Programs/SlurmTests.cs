using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>The job array of <c>sweep --slurm</c> under a Slurm of one node, started for the test: Debian's slurm-wlm and munge, as root.</summary>
[NonParallelizable, Category("Slow")]
public sealed class SlurmTests : FolderFixture
{
    private const string Programs = "munged slurmctld slurmd sbatch squeue scontrol scancel";
    private readonly List<Process> _daemons = [];

    [SetUp]
    public void StartSlurm()
    {
        if (OperatingSystem.IsWindows() || Shell.Sh("id -u").Output.Trim() != "0") Requirement.Absent("Slurm's daemons are started by root", "slurm");
        if (Shell.Sh($"{Path} for p in {Programs}; do command -v $p >/dev/null || exit 1; done").Code != 0) Requirement.Absent($"not all of {Programs} are here", "slurm");
        File.WriteAllBytes(Folder["key"], RandomNumberGenerator.GetBytes(1024));
        Shell.Sh($"chmod 755 {Folder.FullPath}; chmod 600 {Folder["key"]}; mkdir {Folder["state"]} {Folder["spool"]}");
        string node = Dns.GetHostName().Split('.')[0];
        int[] ports = Ports(2);
        File.WriteAllText(Folder["slurm.conf"], $"""
            ClusterName=test
            SlurmctldHost={node}(127.0.0.1)
            SlurmUser=root
            AuthInfo=socket={Folder["munge.socket"]},cred_expire=5
            SlurmctldPort={ports[0]}
            SlurmdPort={ports[1]}
            StateSaveLocation={Folder["state"]}
            SlurmdSpoolDir={Folder["spool"]}
            SlurmctldPidFile={Folder["slurmctld.pid"]}
            SlurmdPidFile={Folder["slurmd.pid"]}
            SlurmctldLogFile={Folder["slurmctld.log"]}
            SlurmdLogFile={Folder["slurmd.log"]}
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            JobAcctGatherType=jobacct_gather/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_CPU
            SchedulerParameters=bf_interval=1,sched_interval=1
            SlurmdParameters=config_overrides
            ReturnToService=2
            MpiDefault=none
            NodeName={node} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
            PartitionName=all Nodes={node} Default=YES MaxTime=INFINITE State=UP

            """);
        string munge = string.Join(' ', new[] { "socket", "pid-file", "log-file", "seed-file" }.Select(f => $"--{f}={Folder[f == "socket" ? "munge.socket" : "munge." + f]}"));
        _daemons.Add(Daemon($"munged --foreground --force --key-file={Folder["key"]} {munge}"));
        Wait(() => File.Exists(Folder["munge.socket"]), "munged");
        _daemons.Add(Daemon("slurmctld -D"));
        _daemons.Add(Daemon($"slurmd -D -N {node}"));
        Wait(() => Slurm("sinfo -h -o %T").Output.Trim() == "idle", "the node");
    }

    [TearDown]
    public void EndSlurm()
    {
        foreach (Process daemon in Enumerable.Reverse(_daemons))
        {
            daemon.Kill(entireProcessTree: true);
            daemon.WaitForExit();
            daemon.Dispose();
        }
        _daemons.Clear();
    }

    /// <summary>A task that is told to stop goes back into the queue and ends later; one whose point diverges does not.</summary>
    [Test]
    public void AStoppedTaskIsQueuedAgainAndAFailedOneIsNot()
    {
        File.WriteAllText(Folder["sweep.json"], """
            {
              "base": { "tokens": { "count": 8 }, "time": { "method": "rk4", "horizon": 1, "step": 0.1 }, "record": { "snapshots": 1, "observables": ["mean"] } },
              "list": [{ "seed": 1 }, { "tokens.count": 300, "time.horizon": 20, "time.step": 0.001, "record.observations": 2001 }, { "interaction.beta": 700 }]
            }
            """);
        Assert.That(Shell.Sh($"cd {Folder.FullPath} && $program sweep sweep.json --out 'with a space' --slurm > job.sh").Code, Is.Zero);
        string job = Slurm($"sbatch --parsable {Folder["job.sh"]}").Output.Trim();
        Wait(() => Directory.EnumerateFiles(Folder["with a space"], "observables.csv.part", SearchOption.AllDirectories).Any(f => new FileInfo(f).Length > 2000), "the long point");
        Assert.That(Slurm($"scancel --signal=TERM --batch {job}_1").Code, Is.Zero);
        Wait(() => Slurm($"squeue -h -j {job}").Output.Length == 0, "the end of the jobs");
        string[] tasks = [.. Enumerable.Range(0, 3).Select(k => Slurm($"scontrol -o show job {job}_{k}").Output)];
        Assert.That(tasks[0], Does.Contain("JobState=COMPLETED").And.Contain("Restarts=0").And.Contain("ExitCode=0:0"));
        Assert.That(tasks[1], Does.Contain("JobState=COMPLETED").And.Contain("Restarts=1").And.Contain("ExitCode=0:0"));
        Assert.That(tasks[2], Does.Contain("JobState=FAILED").And.Contain("Restarts=0").And.Contain("ExitCode=1:0"));
        Assert.That(File.ReadAllText(Folder["with a space/slurm/1.out"]), Does.Match(@"(?s)0 of 1 points complete, 1 stopped;.*attentionflow: stopped;.*1 of 1 points complete;"));
        Assert.That(File.ReadAllText(Folder["with a space/slurm/2.out"]), Does.Contain("failed or diverged: point 2;"));
        Assert.That(Shell.Run("collect", Folder["with a space"], "--json").Json.EnumerateArray().Select(p => p.GetProperty("status").GetString()), Is.EqualTo(new[] { "complete", "complete", "diverged" }));
    }

    // Where the daemons are.
    private const string Path = "export PATH=$PATH:/usr/sbin:/sbin;";

    private Answer Slurm(string command) => Shell.Sh($"{Path} export SLURM_CONF={Folder["slurm.conf"]}; {command}");

    private Process Daemon(string command)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", $"{Path} exec {command} > {Folder["daemon"]}-{_daemons.Count}.log 2>&1"]);
        start.Environment["SLURM_CONF"] = Folder["slurm.conf"];
        return Process.Start(start)!;
    }

    private void Wait(Func<bool> until, string what)
    {
        for (Stopwatch wait = Stopwatch.StartNew(); !until(); Thread.Sleep(200))
            if (wait.Elapsed > TimeSpan.FromMinutes(2)) Assert.Fail($"{what} does not come: {Shell.Sh($"tail -n 5 {Folder.FullPath}/*.log").Output}");
    }

    private static int[] Ports(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }
}
