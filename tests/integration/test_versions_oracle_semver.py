"""The semver scheme against npm's own semver, in the loose mode by which npm judges advisories, and against Go's
golang.org/x/mod/semver, as it comes with the toolchain's sources. Both are asked about the same kind of texts, each on what
it takes as a version; src/version/semver.c says where they differ from one another and from the scheme."""
import os
import re
import shutil
import subprocess
import unittest

import clarion
import oracle

# Both answer a row of texts with the order of the first two, or UNKNOWN, and whether each text is a version.
NPM = """
const semver = require(require.resolve("semver", {paths: [process.argv[2]]}));
const lines = require("fs").readFileSync(0, "utf8").split("\\n").slice(0, -1);
for (const line of lines) {
    const parsed = line.split("\\t").map(text => semver.parse(text, {loose: true}));
    const order = parsed[0] && parsed[1] ? semver.compare(parsed[0], parsed[1], {loose: true}) : 2;
    console.log([order, ...parsed.map(version => version ? 1 : 0)].join(" "));
}
"""
GO = """package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"oracle/semver"
)

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := in.ReadString('\\n')
		if err != nil {
			return
		}
		texts := strings.Split(line[:len(line)-1], "\\t")
		order, valid := 2, ""
		for _, text := range texts {
			if semver.IsValid(text) {
				valid += " 1"
			} else {
				valid += " 0"
			}
		}
		if semver.IsValid(texts[0]) && semver.IsValid(texts[1]) {
			order = semver.Compare(texts[0], texts[1])
		}
		fmt.Fprintf(out, "%d%s\\n", order, valid)
	}
}
"""
WORDS = (b"a", b"b", b"rc", b"beta", b"alpha", b"Z", b"x", b"0a", b"9a", b"a-b", b"-", b"--", b"0-1", b"e18ecbb05110")
GLUE = (b".", b"-", b"+", b"..", b".-", b"+incompatible", b"-.", b".0", b".1.", b"-rc.")
PIECES = WORDS + GLUE + (b"v", b"=", b"V", b" ", b"\r", b"\x0b", b"_", b"*", b"~", b"^", b":", b"\xc3\xa4", b"\xff", b"\x01")
PREFIX = re.compile(rb"^[vV=\s]*")

# What npm's loose mode takes by an accident: 1.2.34.5 as 1.2.3-4.5.
ACCIDENT = re.compile(rb"[vV=\s]*\d+\.\d+\.\d{2,}\.")


def is_odd_to_npm(text):
    """Whether npm reads something else than what is written: more than a double holds, or by the accident."""
    return ACCIDENT.match(text) or any(int(digits) > 2**53 - 1 for digits in re.findall(rb"\d+", text))


def identifiers(t):
    return b".".join(t.pick((t.number, lambda: t.pick(WORDS)))() for _ in range(t.random.randrange(1, 5)))


def version(t):
    text = t.pick((b"", b"", b"v", b"v", b"=", b"V", b" ", b"v = "))
    if t.one_in(6):
        return text + b"%d.%d.%d-0.%014d-%012x" % tuple(t.random.randrange(n) for n in (3, 3, 3, 10**14, 2**48))
    small = t.one_in(2)  # most numbers of real versions are
    text += b".".join(b"%d" % t.random.randrange(12) if small else t.number() for _ in range(t.pick((1, 2, 3, 3, 3, 3, 3, 3))))
    if t.one_in(2):
        text += t.pick((b"-", b"-", b"-", b"")) + identifiers(t)
    return text + b"+" + identifiers(t) if t.one_in(4) else text


class VersionsOfSemver(clarion.Case):
    def both(self, name, check):
        """So many that of those pairs that the reference can compare enough are left."""
        texts = oracle.Texts("semver, " + name, version, PIECES)
        check("pairs of versions", list(texts.pairs(70000)), 20000)
        check("pairs of odd texts", list(texts.pairs(27000, odd=True)), 5000)

    def orders_agree(self, what, least, pairs, theirs, ours):
        wrong = [(pair, x[0], y[0]) for pair, x, y in zip(pairs, theirs, ours) if x[0] != y[0]]
        oracle.report(self, what + " compared", len(pairs), wrong)
        self.assertGreater(len(pairs), least)
        self.assertEqual({-1, 0, 1}, {x[0] for x in theirs})

    @clarion.need_tool("node")
    @clarion.need_tool("npm")
    def test_npm(self):
        script = self.path("ask.js")
        with open(script, "w", encoding="utf-8") as f:
            f.write(NPM)
        ask = ["node", script, os.path.dirname(os.path.realpath(shutil.which("npm")))]

        def check(what, pairs, least):
            ours = oracle.ours("semver", pairs)
            texts = {text: valid for pair, answer in zip(pairs, ours) for text, valid in zip(pair, answer[1:])
                     if not ACCIDENT.match(text)}
            # A "V" is a "v" here, a missing minor or patch is 0, and numbers have any length.
            asked = [re.sub(rb"(\d{15})\d+", rb"\1", PREFIX.sub(lambda found: found[0].lower(), text.strip())) for text in texts]
            theirs = [any(answer[1:]) for answer in oracle.rows(ask, [(t, t + b".0", t + b".0.0") for t in asked])]
            wrong = [(t, x, y) for (t, y), x in zip(texts.items(), theirs) if x != bool(y)]
            oracle.report(self, "texts, valid to npm or not", len(texts), wrong)
            self.assertEqual({True, False}, set(theirs))

            rows = [row for row in zip(pairs, oracle.rows(ask, pairs), ours)
                    if row[1][0] != oracle.UNKNOWN and not any(is_odd_to_npm(text) for text in row[0])]
            self.orders_agree(what, least, *zip(*rows))

        self.both("npm", check)

    @unittest.skipUnless(shutil.which("go"), "wants the Go toolchain, with whose sources golang.org/x/mod/semver comes")
    def test_go(self):
        root = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
        source = os.path.join(root, "src", "cmd", "vendor", "golang.org", "x", "mod", "semver")
        if not os.path.isdir(source):
            self.skipTest("wants golang.org/x/mod/semver among the sources of the Go toolchain")
        shutil.copytree(source, self.path("semver"))
        for name, text in (("go.mod", "module oracle\n\ngo 1.21\n"), ("main.go", GO)):
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write(text)
        self.tool("go", "build", "-o", "ask", ".", cwd=self.folder,
                  env=dict(os.environ, CGO_ENABLED="0", GOFLAGS="-mod=mod", GOTOOLCHAIN="local", GOWORK="off"))
        ask = [self.path("ask")]

        def check(what, pairs, least):
            ours = oracle.ours("semver", pairs)
            # The "v" that it insists on, in the place of whatever is in front.
            with_v = [tuple(b"v" + PREFIX.sub(b"", text.strip()) for text in pair) for pair in pairs]
            theirs = oracle.rows(ask, with_v)
            taken = [(text, mine) for pair, x, y in zip(pairs, theirs, ours) for text, go, mine in zip(pair, x[1:], y[1:]) if go]
            oracle.report(self, "texts that are valid to Go", len(taken), [row for row in taken if not row[1]])

            rows = [row for row in zip(with_v, theirs, ours) if row[1][0] != oracle.UNKNOWN]
            self.orders_agree(what, least, *zip(*rows))

        self.both("Go", check)


if __name__ == "__main__":
    unittest.main()
