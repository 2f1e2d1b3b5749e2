"""The gem scheme against Gem::Version of the RubyGems that comes with Ruby."""
import unittest

import clarion
from clarion import need_tool
import oracle

ASK = """
def version(text)
  Gem::Version.new(text)
rescue ArgumentError
  nil
end

STDIN.binmode.each_line do |line|
  a, b = line.chomp("\\n").split("\\t", -1).map { |text| version(text) }
  puts [a && b ? a <=> b : 2, a ? 1 : 0, b ? 1 : 0].join(" ")
end
"""
WORDS = (b"a", b"b", b"rc", b"pre", b"beta", b"alpha", b"A", b"Z", b"z", b"RC", b"p", b"dev", b"java")
PIECES = WORDS + (b".", b".", b"-", b"-", b"--", b"..", b".0", b".0.0", b".0.a", b"-0", b"_", b"+", b"~", b":", b" ", b"\r",
                  b"\x0b", b"\x0c", b"\x00", b"\x85", b"\xc2\xa0", b"\xc3\xa4", b"\xff", b"\xd9\xa1")


def segment(t):
    return t.pick((t.number, t.number, t.number, lambda: t.pick(WORDS), lambda: t.pick(WORDS) + t.number(),
                   lambda: t.number() + t.pick(WORDS)))()


def version(t):
    text = b".".join([t.number()] + [segment(t) for _ in range(t.random.randrange(6))])
    if t.one_in(4):
        text += b"-" + t.pick((b".", b"-", b"")).join(segment(t) for _ in range(t.random.randrange(1, 4)))
    return text + (t.pick((b" ", b"\r", b"\x0c")) if t.one_in(20) else b"")


@need_tool("ruby")
class VersionsOfRuby(clarion.Case):
    def agree(self, what, pairs):
        oracle.agree(self, what, pairs, oracle.rows(["ruby", "-W0", "-e", ASK], pairs), oracle.ours("gem", pairs))

    def test_versions(self):
        texts = oracle.Texts("gem", version, PIECES)
        self.agree("pairs of versions", list(texts.pairs(32000)))
        self.agree("pairs of odd texts", list(texts.pairs(12000, odd=True)) + [(b"", b""), (b"", b"0"), (b"1", b"")])


if __name__ == "__main__":
    unittest.main()
