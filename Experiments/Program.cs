using AttentionFlow.Experiments.Commands;

return CommandLine.Start(args);
