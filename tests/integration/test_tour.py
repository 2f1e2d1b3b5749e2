"""The tour of the documentation: its commands run as they stand, and print what it says."""
import os
import re
import shutil
import unittest

import clarion
import ports
import tour

ROOT = os.path.dirname(clarion.HERE)


class Tour(clarion.Case):
    @clarion.need_tool("curl")
    def test_commands(self):
        folder = self.path("clone")
        os.makedirs(os.path.join(folder, "bin"))
        os.makedirs(os.path.join(folder, "tour"))
        shutil.copytree(os.path.join(ROOT, "demo"), os.path.join(folder, "demo"))
        os.symlink(os.path.abspath(clarion.BINARY), os.path.join(folder, "bin", "clarion"))
        with open(os.path.join(ROOT, "docs", "tour.md"), encoding="utf-8") as f:
            text = f.read()
        for port in ("6060", "8089"):  # the only thing that is not as it stands: others may use them at the same time
            text = text.replace("127.0.0.1:" + port, "127.0.0.1:%d" % ports.free_port())
        steps = [step for block in tour.blocks(text) for step in block]
        self.assertGreater(len(steps), 20)
        environment = {"CLARION_DATA": os.path.join(folder, "tour", "data"), "CLARION_DB": "", "NO_PROXY": "127.0.0.1",
                       "PATH": os.path.join(folder, "bin") + ":" + os.environ["PATH"]}
        printed = tour.run([command for command, _ in steps], folder, environment)
        self.assertEqual(len(printed), len(steps), printed[-1:])
        for (command, expected), got in zip(steps, printed):
            self.assertTrue(tour.matches(expected, got), "$ %s\n%s\n---- and not ----\n%s" % (command, got, expected))

    def test_marks_of_what_differs(self):
        self.assertTrue(tour.matches("of … (3)", "of 2026-11-29 (3)"))
        self.assertFalse(tour.matches("of … (3)", "of 2026-11-29 (4)"))
        self.assertFalse(tour.matches("a … b", "a x\ny b"))  # within a line
        self.assertTrue(tour.matches("a\n…\nb", "a\n1\n2\nb"))
        self.assertFalse(tour.matches("", "something"))
        self.assertEqual(tour.blocks("```console\n$ a <<E\n> x\n> E\nout\n\n$ b\n```\n"), [[("a <<E\nx\nE", "out\n"), ("b", "")]])


class Links(unittest.TestCase):
    """Each link within README and the pages leads to a page, and to a heading that it has."""

    @staticmethod
    def pages():
        docs = os.path.join(ROOT, "docs")
        return [os.path.join(ROOT, name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + \
               [os.path.join(docs, name) for name in sorted(os.listdir(docs)) if name.endswith(".md")]

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as f:
            return re.sub(r"(?m)^    .*\n", "", re.sub(r"(?ms)^```.*?^```$", "", f.read()))  # without code

    @staticmethod
    def anchors(text):
        """As GitHub makes them of headings."""
        found = set()
        for heading in re.findall(r"(?m)^#+ +(.*)$", text):
            heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
            found.add(re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-"))
        return found

    def test_links(self):
        count = 0
        for page in self.pages():
            text = self.read(page)
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                where = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                if where.endswith("docs/api-reference.md"):  # made by `make docs`
                    continue
                self.assertTrue(os.path.exists(where), "%s: %s" % (page, target))
                if anchor:
                    self.assertIn(anchor, self.anchors(self.read(where)), "%s: %s" % (page, target))
                count += 1
        self.assertGreater(count, 40)


if __name__ == "__main__":
    unittest.main()
