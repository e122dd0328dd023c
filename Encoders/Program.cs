using AttentionFlow.Encoders.Commands;
using AttentionFlow.Experiments.Commands;

return CommandLine.Start(args, TraceCommand.Program);
