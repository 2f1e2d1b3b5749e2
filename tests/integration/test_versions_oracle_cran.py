"""The cran scheme against R's numeric_version() and compareVersion(), where R is at hand, and always against the rules of their
help pages, written once more in Python: R is too much to install for a test."""
import os
import re
import unittest

import clarion
import oracle

ASK = """
input <- file("stdin")
lines <- readLines(input, warn = FALSE, encoding = "UTF-8")
close(input)
is_version <- function(texts) {
    parsed <- unclass(suppressWarnings(numeric_version(texts, strict = FALSE)))
    vapply(parsed, function(numbers) length(numbers) > 0 && !anyNA(numbers), NA)
}
a <- sub("\\t.*$", "", lines)
b <- sub("^[^\\t]*\\t", "", lines)
left <- is_version(a)
right <- is_version(b)
order <- rep(2L, length(lines))
for (i in which(left & right)) order[i] <- compareVersion(a[i], b[i])
writeLines(paste(order, as.integer(left), as.integer(right)))
"""
SHAPE = re.compile(rb"[0-9]+([.-][0-9]+)*")
SEPARATORS = (b".", b".", b"-")
PIECES = SEPARATORS + (b"", b"..", b".-", b"0", b"00", b"2147483647", b"2147483648", b"0" * 20 + b"2147483647", b"9" * 320,
                       b" ", b"+", b"a", b"e1", b"1e1", b"0x1", b"L", b"_", b"\xd9\xa3", b"\xef\xbc\x91", b"\xff", b"~", b"NA")


def version(t):
    text = b"%d" % t.random.randrange(12)
    for _ in range(t.pick((0, 1, 1, 2, 2, 2, 3, 5))):
        text += t.pick(SEPARATORS) + (t.number() if t.one_in(6) else b"%d" % t.random.randrange(12))
    return text


def numbers(text):
    """None for what is no version."""
    if not SHAPE.fullmatch(text):
        return None
    found = [int(number) for number in re.split(rb"[.-]", text)]
    return found if max(found) < 2**31 else None


def by_rules(pair):
    a, b = map(numbers, pair)
    order = oracle.UNKNOWN if a is None or b is None else (a > b) - (a < b)
    return order, int(a is not None), int(b is not None)


class VersionsOfCran(clarion.Case):
    def agree(self, name, ask):
        texts = oracle.Texts("cran, " + name, version, PIECES)
        odd = list(texts.pairs(14000, odd=True)) + [(b"", b""), (b"", b"0"), (b"1", b"")]
        for what, pairs, least in (("pairs of versions", list(texts.pairs(32000)), 20000), ("pairs of odd texts", odd, 5000)):
            compared = oracle.agree(self, what, pairs, ask(pairs), oracle.ours("cran", pairs))
            self.assertGreater(compared, least)

    def test_rules(self):
        self.agree("rules", lambda pairs: [by_rules(pair) for pair in pairs])

    @clarion.need_tool("Rscript")
    def test_r(self):
        script, utf8 = self.path("ask.R"), dict(os.environ, LC_ALL="C.UTF-8")
        with open(script, "w", encoding="utf-8") as f:
            f.write(ASK)
        self.agree("R", lambda pairs: oracle.rows(["Rscript", "--vanilla", script],
                                                  [tuple(map(oracle.as_text, pair)) for pair in pairs], env=utf8))


if __name__ == "__main__":
    unittest.main()
