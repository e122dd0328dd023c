using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Experiments;

/// <summary>What <c>reproduce</c> may replace.</summary>
public class ReproduceFolderTests : FolderFixture
{
    [TestCase("schemes.html"), TestCase("energy.svg"), TestCase("energy.svg.part"), TestCase("reproduce.json"), TestCase("runs/finite-n.csv")]
    public void WhatItDidNotWriteStays(string name)
    {
        Directory.CreateDirectory(Folder["runs"]);
        File.WriteAllText(Folder[name], "{}");
        Assert.That(() => ReproduceFolder.Open(Folder.FullPath), Throws.TypeOf<FolderNotEmptyException>().With.Message.StartsWith(Folder[name] + ": no earlier reproduce wrote this file as it is"));
        Assert.That(File.ReadAllText(Folder[name]), Is.EqualTo("{}"));
    }

    [Test]
    public void WhatItWroteIsReplacedUntilItIsChanged()
    {
        File.WriteAllText(Folder["notes.txt"], "mine");
        Write("energy.svg", "one");
        Write("energy.svg", "two");
        Write("page.html", "three");
        Assert.That(Folder.Names, Is.EqualTo(new[] { "energy.svg", "notes.txt", "page.html", "reproduce.json" }));
        File.WriteAllText(Folder["energy.svg"], "own");
        Assert.That(() => Write("page.html", ""), Throws.TypeOf<FolderNotEmptyException>().With.Message.StartsWith(Folder["energy.svg"]));
        Assert.That(File.ReadAllText(Folder["energy.svg"]) + File.ReadAllText(Folder["page.html"]), Is.EqualTo("ownthree"));
    }

    [Test]
    public void ItIsForOneProcessAndOneThatWasKilledLeavesItUsable()
    {
        using (ReproduceFolder folder = ReproduceFolder.Open(Folder.FullPath))
        {
            Assert.That(() => ReproduceFolder.Open(Folder.FullPath), Throws.InstanceOf<IOException>().With.Message.StartsWith($"{Folder.FullPath}: process {Environment.ProcessId}, since "));
            File.Copy(Folder["reproduce.json"], Folder["kept"]);
            folder.Write("energy.svg", "one");
        }
        File.Move(Folder["kept"], Folder["reproduce.json"], overwrite: true);
        Write("energy.svg", "two");
        Assert.That(File.ReadAllText(Folder["energy.svg"]), Is.EqualTo("two"));
        Write("energy.svg", "three");
    }

    private void Write(string name, string text)
    {
        using ReproduceFolder folder = ReproduceFolder.Open(Folder.FullPath);
        folder.Write(name, text);
    }
}
