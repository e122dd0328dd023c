Console.Error.WriteLine("attentionflow: no command yet");
return 2;
