"""What the tests share that ask a version scheme's reference implementation: random texts, and our own answers to them.

The seed is the time, printed, and repeated with SEED=N in the environment.
"""
import os
import random
import re
import subprocess
import time

import clarion

UNKNOWN = 2  # the order, where one of both is no version
PROGRAM = os.path.join(clarion.BUILD, "compare_versions")
NUMBERS = (b"0", b"1", b"2", b"9", b"10", b"00", b"01", b"011", b"100", b"2147483648", b"99999999999999999999",
           b"99999999999999999998", b"100000000000000000000", b"0" * 30 + b"7", b"18446744073709551616" * 2)


class Texts:
    """Random texts: versions as `version(self)` makes them, and changed ones, by pieces that mean something in them."""

    def __init__(self, scheme, version, pieces):
        seed = int(os.environ.get("SEED") or time.time())
        print("    %s: SEED=%d" % (scheme, seed))
        self.random, self.version, self.pieces = random.Random(seed), version, pieces

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def pick(self, from_):
        return self.random.choice(from_)

    def number(self):
        return self.pick(NUMBERS) if not self.one_in(3) else b"%d" % self.random.randrange(self.pick((100, 10**8)))

    def changed(self, text):
        """Most pairs of unrelated versions differ in the first number, so one is made from the other."""
        at = self.random.randrange(len(text) + 1)
        before, after = text[:at], text[at:]
        piece = self.pick((self.number(), self.pick(self.pieces)))
        return self.pick((before + piece + after, before + after[1:], before + piece + after[1:], before + after[:1] + after,
                          before + b"0" + after, before + after[:1].swapcase() + after[1:], before)) or b"0"

    def odd(self):
        text = self.version(self)
        for _ in range(self.random.randrange(4)):
            text = self.changed(text)
        return text

    def pairs(self, n, odd=False):
        for _ in range(n):
            one = self.odd() if odd else self.version(self)
            yield one, self.changed(one) if not self.one_in(4) else self.odd() if odd else self.version(self)


def as_text(version):
    """For a program that takes texts, not bytes: what is not part of valid UTF-8 is U+FFFD, as for Clarion (utf8_take)."""
    return re.sub("[\udc80-\udcff]", "\ufffd", version.decode("utf-8", "surrogateescape")).encode()


def rows(program, lines, **how):
    """What a program answers to lines, each a row of texts: the numbers of a line for each."""
    data = b"".join(b"\t".join(line) + b"\n" for line in lines)
    done = subprocess.run(program, input=data, capture_output=True, check=False, timeout=300, **how)
    if done.returncode != 0 or done.stderr:
        raise AssertionError("%s: %d: %s" % (program, done.returncode, done.stderr.decode("utf-8", "replace")[-2000:]))
    answers = [tuple(int(word) for word in line.split()) for line in done.stdout.splitlines()]
    if len(answers) != len(lines):
        raise AssertionError("%s: %d answers to %d lines" % (program, len(answers), len(lines)))
    return answers


def ours(scheme, pairs):
    """(order, validity of the first, of the second) of each pair."""
    return rows([PROGRAM, scheme], pairs)


def report(case, what, asked, wrong):
    """Prints how many disagree, and fails with the first of them."""
    print("    %d %s: %d disagreements" % (asked, what, len(wrong)))
    case.assertGreater(asked, 0, what)
    case.assertEqual(wrong[:10], [], "%s: %d disagreements" % (what, len(wrong)))


def agree(case, what, pairs, theirs, ours):
    """Fails where the reference (`theirs`) and we disagree on what is a version, or on an order that it knows."""
    rows = list(zip(pairs, theirs, ours))
    report(case, what + ", valid or not", len(rows), [row for row in rows if row[1][1:] != row[2][1:]])
    compared = [(pair, x[0], y[0]) for pair, x, y in rows if x[0] != UNKNOWN]
    report(case, what + " compared", len(compared), [row for row in compared if row[1] != row[2]])
    case.assertEqual({-1, 0, 1}, {row[1] for row in compared})
    return len(compared)
