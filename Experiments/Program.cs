using AttentionFlow.Experiments.Commands;

// An MPI launcher reads results by way of a terminal, to which the console would write a greeting.
if (MpiLaunch.Ranks is not null) Environment.SetEnvironmentVariable("TERM", "dumb");
return CommandLine.Run(args, StandardStream.Output(args.Contains("--json")), StandardStream.Messages());
