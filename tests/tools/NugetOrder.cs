using System;
using System.IO;
using System.Text;
using NuGet.Versioning;

// Compares versions as NuGet does: reads pairs "A\tB", one a line, and answers each with a line "ORDER VALID VALID": -1, 0
// or 1, and whether A and B are versions (1 or 0); the order is 2 where one is none. Wants NuGet.Versioning, which nuget.exe
// has in it.
static class NugetOrder
{
    static void Main()
    {
        var bytes = new MemoryStream();
        Console.OpenStandardInput().CopyTo(bytes);
        string[] lines = new UTF8Encoding(false).GetString(bytes.ToArray()).Split('\n');
        var answer = new StringBuilder();
        for (int i = 0; i + 1 < lines.Length; i++)
        {
            string[] pair = lines[i].Split('\t');
            NuGetVersion a, b;
            bool left = NuGetVersion.TryParse(pair[0], out a), right = NuGetVersion.TryParse(pair[1], out b);
            int order = left && right ? Math.Sign(VersionComparer.Default.Compare(a, b)) : 2;
            answer.Append(order).Append(left ? " 1" : " 0").Append(right ? " 1\n" : " 0\n");
        }
        Console.Write(answer);
    }
}
