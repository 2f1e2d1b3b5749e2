"""The maven scheme against Maven's own ComparableVersion, driven by tests/tools/MavenOrder.java."""
import os
import shutil
import unittest

import clarion
import oracle

VERSION = "3.9.9"
ARTIFACT = "org.apache.maven:maven-artifact:" + VERSION

GLUE = (b".", b".", b".", b"-", b"-", b"", b"", b"_", b"+", b"..", b"--", b".-", b"-.")
QUALIFIERS = (b"alpha", b"beta", b"milestone", b"rc", b"cr", b"snapshot", b"ga", b"final", b"release", b"sp", b"a", b"b", b"m",
              b"x", b"jre", b"android", b"Final", b"RELEASE", b"SNAPSHOT", b"RC", b"M", b"Alpha", b"redhat", b"v", b"B", b"spx")
ENDS = (b".0", b"-0", b".ga", b".Final", b"-", b".", b".0.0-0")
# Maven holds numbers by their length: of up to 9 digits, of up to 18, of more.
LONG = tuple(digit * length for digit in (b"0", b"1", b"9") for length in (8, 9, 10, 17, 18, 19, 20))
# Letters that have a lower case in their own script, one that has two letters for it, digits of other scripts, what UTF-16
# writes in two units, and bytes that are no UTF-8. Not a capital sigma: maven.c says why.
ODD = tuple(text.encode("utf-8", "surrogateescape") for text in (
    "\u00c4", "\u00e4", "\u0130", "i\u0307", "\u0416", "\u0436", "\u1e9e", "\u00df", "\uff21", "\u01c5", "\u212a", "k",
    "\u0660", "\u0661", "\u096b", "\uff10", "\uff11", "\u00b2", "\U0001d7ce", "\U00010400", "\U00010428", "\ue000", "\uffff",
    "\ufffd", "\udcff", "\udcc3", "\udce2\udc82", "\udced\udca0\udc80", "\x00", " ", "\x7f", "\r", "~", "^", "0a", "a0",
    "\u0660" * 10, "\u0660" * 19, "SP", "sp1", "m1"))
PIECES = GLUE + QUALIFIERS + ENDS + LONG + ODD
STEPS = (b"-1", b"-a", b"a1", b"-", b"--1", b".0", b"-0", b".ga", b"-a.", b"0x")


def number(t):
    return t.pick(LONG) if t.one_in(12) else t.number()


def version(t):
    text = b"" if t.one_in(12) else number(t)
    for _ in range(t.pick((0, 1, 2, 2, 3, 3, 4, 6))):
        text += t.pick(GLUE) + (t.pick(QUALIFIERS) if t.one_in(2) else number(t))
    return text + (t.pick(ENDS) if t.one_in(6) else b"")


def alike(t, n):
    """Pairs that differ in one piece."""
    for _ in range(n):
        text = version(t)
        at = t.random.randrange(len(text) + 1)
        yield tuple(text[:at] + t.pick(PIECES) + text[at:] for _ in range(2))


@unittest.skipUnless(shutil.which("mvn") and shutil.which("javac"), "wants Maven and a JDK (mvn, javac), to ask Maven itself")
class VersionsOfMaven(clarion.Case):
    def reference(self):
        self.tool("mvn", "-B", "-q", "dependency:copy", "-Dartifact=" + ARTIFACT, "-DoutputDirectory=" + self.path("jar"),
                  network=True)
        jar = self.path("jar", "maven-artifact-%s.jar" % VERSION)
        self.tool("javac", "-cp", jar, "-d", self.path("classes"), os.path.join(clarion.HERE, "tools", "MavenOrder.java"))
        return ["java", "-Xss16m", "-cp", jar + os.pathsep + self.path("classes"), "MavenOrder"]

    def test_versions(self):
        reference, texts = self.reference(), oracle.Texts("maven", version, PIECES)

        def agree(what, pairs):
            theirs = oracle.rows(reference, [tuple(map(oracle.as_text, pair)) for pair in pairs])
            ours = oracle.ours("maven", pairs)
            wrong = [(pair, x, y) for pair, x, y in zip(pairs, theirs, ours) if x != y]
            oracle.report(self, what + " compared, all of them valid", len(pairs), wrong)
            self.assertEqual({-1, 0, 1}, {x[0] for x in theirs})

        agree("pairs of versions", list(texts.pairs(20000)))
        agree("pairs of odd texts", list(texts.pairs(5000, odd=True)) + [(b"", b""), (b"", b"0"), (b"1", b"")])
        agree("pairs of texts but for a piece alike", list(alike(texts, 5000)))
        agree("pairs of deep texts", [(b"1" + a * 3000, b"1" + b * 3000) for a in STEPS for b in STEPS])


if __name__ == "__main__":
    unittest.main()
