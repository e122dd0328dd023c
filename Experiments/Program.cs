using AttentionFlow.Experiments.Commands;

return CommandLine.Run(args, StandardStream.Output(args.Contains("--json")), StandardStream.Messages());
