using AttentionFlow.Experiments.Commands;

return CommandLine.Run(args, Console.Out, Console.Error);
