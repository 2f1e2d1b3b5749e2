"""The composer scheme against composer/semver as Debian packages it, and so PHP's own version_compare()."""
import itertools
import os
import re
import shutil
import unittest

import clarion
import oracle

LIBRARY = "/usr/share/php/Composer/Semver/autoload.php"
ASK = """
require '%s';
$parser = new Composer\\Semver\\VersionParser();
$normalize = function ($text) use ($parser) {
    try {
        return $parser->normalize($text);
    } catch (UnexpectedValueException $e) {
        return null;
    }
};
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = array_map($normalize, explode("\\t", substr($line, 0, -1)));
    $order = 2;
    if ($a !== null && $b !== null) {
        if (Composer\\Semver\\Comparator::lessThan($a, $b)) $order = -1;
        if (Composer\\Semver\\Comparator::equalTo($a, $b)) $order = 0;
        if (Composer\\Semver\\Comparator::greaterThan($a, $b)) $order = 1;
    }
    echo $order, ' ', (int) ($a !== null), ' ', (int) ($b !== null), "\\n";
}
""" % LIBRARY
UNKNOWN = oracle.UNKNOWN  # also where both are branches of different names
# composer/semver before 3.4 takes no second counter behind a date, and reads such a text as a branch or not at all.
DATE, DATE_WITH_TWO = (re.compile(rb"[\s\0]*v?\d{4}([.:-]?\d{2}){1,6}([.:-]?\d{1,3}){%s}(?![.:-]?\d)" % counters, re.IGNORECASE)
                       for counters in (b"0,1", b"2"))
SEPARATORS = (b"", b".", b"-", b"_")
STABILITIES = (b"stable", b"beta", b"b", b"RC", b"rc", b"alpha", b"a", b"patch", b"pl", b"p", b"Stable", b"BETA", b"P", b"Patch")
BRANCHES = (b"dev-main", b"dev-master", b"DEV-main", b"dev-", b"dev-1.0", b"master", b"trunk", b"default", b"Master", b"dev-a b",
            b"dev-\xc3\xa4\xff", b"main", b"dev", b"-dev")
FLAGS = (b"@stable", b"@dev", b"@RC", b"@beta", b"@ALPHA", b"@p")
PIECES = (SEPARATORS[1:] + STABILITIES + BRANCHES + FLAGS +
          (b"dev", b"-dev", b".x", b".X", b".*", b"x", b"v", b"V", b" as ", b"as", b" as 1", b"  as  2.x-dev", b"+", b"+build",
           b"+a+b", b",", b":", b"#ref", b" ", b"\r", b"\x0b", b"\x0c", b"\x00", b"\xc3\xa4", b"\xff", b"\xa0", b"..", b"~"))


def modifiers(t):
    text = b""
    if t.one_in(2):
        text += t.pick(SEPARATORS) + t.pick(STABILITIES)
        for _ in range(t.random.randrange(3)):
            text += t.pick((b"", b".", b"-")) + t.number()
    return text + (t.pick((b"-", b".", b"")) + t.pick((b"dev", b"DEV")) if t.one_in(5) else b"")


def date(t):
    def digits(*lengths):
        return b"".join(b"%d" % t.random.randrange(10) for _ in range(t.pick(lengths)))
    separators = (b"", b".", b"-", b":")
    text = b"20" + digits(2)
    for _ in range(t.random.randrange(1, 8)):
        text += t.pick(separators) + digits(2)
    for _ in range(t.random.randrange(3)):
        text += t.pick(separators) + digits(1, 2, 3)
    return text


def version(t):
    kind = t.random.randrange(12)
    if kind == 0:
        return t.pick(BRANCHES)
    text = t.pick((b"", b"", b"", b"v", b"V"))
    if kind < 3:
        text += date(t) + modifiers(t)
    elif kind == 3:
        text += t.number() + b"".join(b"." + t.pick((b"x", b"X", b"*", t.number())) for _ in range(t.random.randrange(4)))
        text += t.pick((b"-", b".", b"")) + b"dev"
    else:
        text += b"%d" % t.random.randrange(t.pick((3, 12, 100, 10**6)))
        text += b"".join(b"." + t.number() for _ in range(t.random.randrange(4))) + modifiers(t)
    if t.one_in(12):
        text += t.pick((b"+build.1", b"@dev", b"@stable", b" as 1.0", b" ", b"-", b"."))
    return text


@unittest.skipUnless(shutil.which("php") and os.path.isfile(LIBRARY), "wants PHP with composer/semver, whose order is the truth")
class VersionsOfPhp(clarion.Case):
    def pairs(self, n, odd=False):
        """Those that the reference here can judge."""
        pairs = self.texts.pairs(10**9, odd)
        if oracle.rows(["php", "-r", ASK], [(b"20240131.1.1", b"1")]) == [(UNKNOWN, 0, 1)]:
            print("    dates with two counters are left out, for which this composer/semver is too old")
            pairs = (p for p in pairs if not any(DATE_WITH_TWO.match(text) and not DATE.match(text) for text in p))
        return list(itertools.islice(pairs, n))

    def agree(self, what, pairs):
        theirs, ours = oracle.rows(["php", "-r", ASK], pairs), oracle.ours("composer", pairs)
        oracle.agree(self, what, pairs, theirs, ours)
        # Of branches of different names Composer says neither that one is greater nor that they are the same.
        branches = [(pair, x, y) for pair, x, y in zip(pairs, theirs, ours) if x == (UNKNOWN, 1, 1)]
        oracle.report(self, what + " that are branches", len(branches), [row for row in branches if row[2][0] == 0])

    def test_versions(self):
        self.texts = oracle.Texts("composer", version, PIECES)
        self.agree("pairs of versions", self.pairs(32000))
        self.agree("pairs of odd texts", self.pairs(12000, odd=True) + [(b"", b""), (b"", b"0"), (b"1", b"")])


if __name__ == "__main__":
    unittest.main()
