using AttentionFlow.Experiments.Commands;
using AttentionFlow.Plots;

return CommandLine.Start(args, PrintedFigure.Program);
