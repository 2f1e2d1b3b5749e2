"""The manual: pages of all commands and of the configuration, valid for groff and mandoc, and with all that --help has."""
import os
import re
import subprocess
import unittest

import clarion

SOURCES = os.path.join(os.path.dirname(clarion.HERE), "scripts", "list-commands.sh")


class Manual(clarion.Case):
    def setUp(self):
        super().setUp()
        overview = self.run_clarion("help").out
        self.commands = re.findall(r"(?m)^  ([a-z-]+)  +\S", overview.split("Commands:\n")[1].split("\n\n")[0])

    def page(self, *name):
        r = self.run_clarion("help", "--man", *name)
        self.assertEqual((r.code, r.err), (0, ""))
        return r.out

    def rendered(self, page):
        text = subprocess.run(["mandoc", "-Tutf8", "-Owidth=400"], input=page, capture_output=True, text=True, check=True).stdout
        return re.sub(".\b", "", text)

    def pages(self):
        return [self.page(), self.page("clarion.yaml")] + [self.page(name) for name in self.commands]

    def test_build_makes_a_page_of_each_command(self):
        listed = subprocess.run([SOURCES], capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(listed, self.commands)
        for name in self.commands:
            with open(os.path.join(clarion.BUILD, "clarion-%s.1" % name), encoding="utf-8") as f:
                self.assertEqual(f.read(), self.page(name))

    @clarion.need_tool("mandoc")
    def test_mandoc_takes_them(self):
        for page in self.pages():
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=page, capture_output=True, text=True, check=False)
            found = [line for line in done.stdout.splitlines() if "missing date" not in line]  # the same bytes on any day
            self.assertEqual(found, [], page[:200])

    @clarion.need_tool("groff")
    def test_groff_takes_them(self):
        for page in self.pages():
            done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-z"], input=page, capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, "", page[:200])

    @clarion.need_tool("mandoc")
    def test_nothing_of_help_is_missing(self):
        plain = lambda text: re.sub(r"\s+", " ", text)
        for name in self.commands:
            text = plain(self.rendered(self.page(name)))
            for line in self.run_clarion("help", name).out.splitlines():
                for part in re.split(r" {2,}", line.strip()):
                    if part and not part.startswith("Usage:") and not part.endswith("ptions:"):
                        self.assertIn(plain(part), text, name)

    @clarion.need_tool("mandoc")
    def test_configuration(self):
        text = self.rendered(self.page("clarion.yaml"))
        self.assertRegex(text, r"(?m)^ +matcher\.period \(duration, such as 90s or 1h30m\)\n +How often the feeds are fetched\. Default: 30m\.$")
        self.assertRegex(text, r"(?m)^ +trace\.sentry\.dsn\n +traces are sent by OTLP")
        self.assertRegex(text, r"(?m)^ +layer_bytes +\d+\n? +\S")
        self.assertNotIn("(null)", text)

    def test_mistakes(self):
        self.assertEqual(self.run_clarion("help", "clarion.yaml").code, 2)
        r = self.run_clarion("help", "--man", "scna")
        self.assertEqual(r.code, 2)
        self.assertIn('there is no command "scna"; is "scan" meant?', r.err)


if __name__ == "__main__":
    unittest.main()
