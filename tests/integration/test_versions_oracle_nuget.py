"""The nuget scheme against NuGet's own NuGet.Versioning, driven by tests/tools/NugetOrder.cs.

It is the one of nuget.exe 5.8, as Microsoft publishes that for Node.js; Mono runs it. Later ones read the numbers with code of
their own, which differs in two things that are not asked here: it takes white space beyond ASCII between numbers, as the
scheme does, and no NUL after one.
"""
import hashlib
import os
import shutil
import unittest

import clarion
import oracle

PACKAGE, PROGRAM = "nuget-exe@5.8.0", "nuget-5.8.0.exe"
SHA256 = "5c5b9c96165d3283b2cb9e5b65825d343e0e7139b9e70a250b4bb24c2285f3ba"

NUMBERS = (b"0", b"1", b"2", b"10", b"00", b"01", b"2147483647", b"0" * 20 + b"1")
LABELS = (b"alpha", b"beta", b"rc", b"Beta", b"RC", b"preview", b"0", b"1", b"01", b"10", b"2147483647", b"2147483648", b"a1",
          b"1a", b"0a", b"00", b"-1", b"-01", b"-0", b"-2147483648", b"-2147483649", b"-", b"--1", b"x-y", b"Z", b"z", b"ci")
ODD = (b".", b".", b"-", b"+", b" ", b"\x0b", b"\r", b"..", b"-.", b"+.", b"+-", b"0" * 12, b"2147483648", b"4294967297",
       b"v", b"18446744073709551617", b"\xff", b"\xc4\xb0", b"\xd9\xa3", b"\xe2\x84\xaa", b"_", b"~", b"^", b"*", b"@", b"[",
       b"`", b"{")
SPACES = (b"", b" ", b"\x0b\x0c\r", b"\xc2\x85", b"\xc2\xa0", b"\xe1\x9a\x80", b"\xe2\x80\x80", b"\xe2\x80\x8a",
          b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xe2\x80\xaf", b"\xe2\x81\x9f", b"\xe3\x80\x80", b"\xe2\x80\x8b")


def dotted(t, parts, most):
    return b".".join(t.pick(parts) for _ in range(t.random.randrange(1, most + 1)))


def version(t):
    numbers = t.pick((1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 5))
    text = b".".join(t.number() if t.one_in(30) else t.pick(NUMBERS) for _ in range(numbers))
    if not t.one_in(3):
        text += b"-" + dotted(t, LABELS, 4)
    return text + (b"+" + dotted(t, LABELS, 3) if t.one_in(4) else b"")


def spaced(t, text):
    return t.pick(SPACES) + text + t.pick(SPACES) if t.one_in(4) else text


@unittest.skipUnless(shutil.which("mcs") and shutil.which("npm"), "wants Mono (mono-mcs) and npm, to ask NuGet itself")
class VersionsOfNuget(clarion.Case):
    def reference(self):
        self.tool("npm", "pack", "--fetch-retries=0", "--fetch-timeout=20000", PACKAGE, cwd=self.folder, network=True)
        self.tool("tar", "-xzf", self.path("nuget-exe-5.8.0.tgz"), "-C", self.folder)
        program = self.path("package", "NuGet.exe")  # the name under which its users look for it
        os.rename(self.path("package", PROGRAM), program)
        with open(program, "rb") as f:
            self.assertEqual(hashlib.sha256(f.read()).hexdigest(), SHA256)
        compare = self.path("package", "compare.exe")
        self.tool("mcs", "-r:" + program, "-out:" + compare, os.path.join(clarion.HERE, "tools", "NugetOrder.cs"))
        return ["mono", compare]

    def test_versions(self):
        reference, texts = self.reference(), oracle.Texts("nuget", version, LABELS + ODD)

        def agree(what, pairs, least):
            theirs = oracle.rows(reference, [tuple(map(oracle.as_text, pair)) for pair in pairs])
            compared = oracle.agree(self, what, pairs, theirs, oracle.ours("nuget", pairs))
            self.assertGreater(compared, least)

        agree("pairs of versions", list(texts.pairs(45000)), 20000)
        odd = [tuple(spaced(texts, text) for text in pair) for pair in texts.pairs(20000, odd=True)]
        agree("pairs of odd texts", odd + [(b"", b""), (b"", b"0"), (b"1", b"")], 5000)


if __name__ == "__main__":
    unittest.main()
