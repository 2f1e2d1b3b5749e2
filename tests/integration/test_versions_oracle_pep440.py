"""The pep440 scheme against packaging.version.Version of PyPA's library, as pip installs it."""
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import clarion
import oracle

PACKAGING = "packaging==26.3"
# Bytes that are not UTF-8 become lone surrogates, which no version has.
ASK = """
import sys
from packaging.version import InvalidVersion, Version

def version(text):
    try:
        return Version(text.decode("utf-8", "surrogateescape"))
    except InvalidVersion:
        return None

for line in sys.stdin.buffer:
    a, b = map(version, line.rstrip(b"\\n").split(b"\\t"))
    order = 2 if a is None or b is None else (a > b) - (a < b)
    print(order, int(a is not None), int(b is not None))
"""
SEPARATORS = (b"", b".", b"-", b"_")
PRE = (b"a", b"b", b"c", b"rc", b"alpha", b"beta", b"pre", b"preview", b"A", b"RC", b"Alpha", b"preVIEW")
POST = (b"post", b"rev", b"r", b"POST", b"R")
LOCAL = (b"abc", b"ABC", b"ubuntu", b"1a", b"a1", b"z", b"local")
BLANKS = (b" ", b"\x0b", b"\x0c", b"\r", b"\x1c", b"\x1f", b"\xc2\x85", b"\xc2\xa0", b"\xe1\x9a\x80", b"\xe2\x80\x80",
          b"\xe2\x80\x8a", b"\xe2\x80\xa8", b"\xe2\x80\xaf", b"\xe2\x81\x9f", b"\xe3\x80\x80")
NEARLY = (b"po\xc5\xbft", b"\xd9\xa1", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xc3\xa4", b"\xff", b"\xe2\x80", b"\x00", b"\x1b",
          b"!", b"1!", b"+", b"++", b"..", b"--", b"v", b"V", b"ve", b"d", b"de", b"po", b"al", b"bet", b"~", b"*", b",")
PIECES = SEPARATORS[1:] + PRE + POST + (b"dev", b"DEV") + LOCAL + BLANKS + NEARLY


def part(t, words):
    return t.pick(SEPARATORS) + t.pick(words) + t.pick(SEPARATORS) + (b"" if t.one_in(4) else t.number())


def version(t):
    text = t.pick((b"", b"", b"", b"v", b"V", b" ", b"\xe2\x80\x83v"))
    if t.one_in(6):
        text += t.number() + b"!"
    text += b".".join(t.number() for _ in range(t.random.randrange(1, 5)))
    if t.one_in(3):
        text += part(t, PRE)
    if t.one_in(4):
        text += b"-" + t.number() if t.one_in(2) else part(t, POST)
    if t.one_in(4):
        text += part(t, (b"dev", b"dev", b"Dev"))
    if t.one_in(5):
        text += b"+" + t.pick(SEPARATORS[1:]).join(t.pick((t.number(), t.pick(LOCAL))) for _ in range(t.random.randrange(1, 4)))
    return text + (t.pick(BLANKS) if t.one_in(10) else b"")


# Debian has ensurepip in a package of its own.
@unittest.skipUnless(importlib.util.find_spec("ensurepip"), "wants Python's venv, for pip to install " + PACKAGING)
class VersionsOfPython(clarion.Case):
    @classmethod
    def setUpClass(cls):
        cls.venv = tempfile.mkdtemp(prefix="clarion-venv-")
        cls.addClassCleanup(shutil.rmtree, cls.venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", cls.venv], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        cls.python = os.path.join(cls.venv, "bin", "python")

    def agree(self, what, pairs):
        oracle.agree(self, what, pairs, oracle.rows([self.python, "-c", ASK], pairs), oracle.ours("pep440", pairs))

    def test_versions(self):
        self.tool(self.python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--timeout", "10",
                  "--retries", "1", PACKAGING, network=True)
        texts = oracle.Texts("pep440", version, PIECES)
        self.agree("pairs of versions", list(texts.pairs(32000)))
        self.agree("pairs of odd texts", list(texts.pairs(12000, odd=True)) + [(b"", b""), (b"", b"0"), (b"1", b"")])


if __name__ == "__main__":
    unittest.main()
