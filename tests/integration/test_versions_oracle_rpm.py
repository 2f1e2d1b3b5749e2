"""The rpm scheme against librpm, through the Lua that rpm has in it: rpm.ver() takes a text as a version or does not,
rpm.vercmp() compares two (rpm.org, "Lua in RPM"), both since rpm 4.17 on whole versions."""
import shutil
import subprocess
import unittest

import clarion
import oracle

ASK = """
for line in io.lines(%r) do
    local a, b = line:match("^([^\\t]*)\\t(.*)$")
    local left, right = rpm.ver(a), rpm.ver(b)
    io.write(left and right and rpm.vercmp(a, b) or 2, left and " 1" or " 0", right and " 1\\n" or " 0\\n")
end
"""
WORDS = (b"a", b"b", b"rc", b"el9", b"fc40", b"git", b"p", b"Z", b"alpha", b"ael7b", b"A")
GLUE = (b".", b".", b"_", b"+", b"~", b"^", b"", b"~rc", b"^git", b"..", b"~~", b"^^", b"~^", b"+~")
PIECES = WORDS + GLUE[1:] + (b"-", b"--", b":", b"0:", b"1:", b"a:", b" ", b"\r", b"!", b"\xce\xb1", b"\xff", b"\x01", b"%", b"{")


def part(t):
    text = t.pick((t.number, t.number, lambda: t.pick(WORDS)))()
    for _ in range(t.random.randrange(5)):
        text += t.pick(GLUE) + t.pick((t.number, lambda: t.pick(WORDS)))()
    return text


def version(t):
    text = t.pick((b"0:", b"1:", b"01:", b"2:", b"10:", b":", b"99999999999999999999:")) if t.one_in(4) else b""
    text += part(t)
    return text if t.one_in(3) else text + b"-" + part(t)


def has_versions():
    if not shutil.which("rpm"):
        return False
    done = subprocess.run(["rpm", "--eval", "%{lua: print(rpm.ver ~= nil)}"], capture_output=True, check=False)
    return done.stdout.strip() == b"true"


@unittest.skipUnless(has_versions(), "wants rpm 4.17 or later, whose own order is the truth")
class VersionsOfRpm(clarion.Case):
    def rpm(self, pairs):
        asked, script = self.path("pairs"), self.path("ask.lua")
        with open(asked, "wb") as f:
            f.writelines(a + b"\t" + b + b"\n" for a, b in pairs)
        with open(script, "w", encoding="utf-8") as f:
            f.write(ASK % asked)
        out = self.tool("rpm", "--eval", "%%{lua: dofile(%r)}" % script)
        answers = [tuple(int(word) for word in line.split()) for line in out.splitlines() if line]
        self.assertEqual(len(answers), len(pairs))
        return answers

    def agree(self, what, pairs):
        oracle.agree(self, what, pairs, self.rpm(pairs), oracle.ours("rpm", pairs))

    def test_versions(self):
        texts = oracle.Texts("rpm", version, PIECES)
        self.agree("pairs of versions", list(texts.pairs(20000)))
        self.agree("pairs of odd texts", list(texts.pairs(5000, odd=True)) + [(b"", b""), (b"", b"0"), (b"1", b"")])


if __name__ == "__main__":
    unittest.main()
