"""The command line: help, usage mistakes, exit codes, completion, version."""
import os
import re
import resource
import subprocess
import unittest

import clarion
import store

COMMANDS = ["scan", "index", "report", "update", "feeds", "explain", "advisories", "version", "completion", "help"]


class CommandLine(clarion.Case):
    def plain(self, *args, env=None):
        done = subprocess.run([clarion.BINARY, *args], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
                              env=store.environment(self.data, env))
        return clarion.Result(done)

    def test_help_everywhere(self):
        overview = self.plain("--help")
        self.assertEqual(overview.code, 0)
        for command in COMMANDS:
            self.assertRegex(overview.out, r"(?m)^  %s +\S" % command)
            for way in ([command, "--help"], [command, "-h"], ["help", command]):
                r = self.plain(*way)
                self.assertEqual((r.code, r.err), (0, ""), way)
                self.assertTrue(r.out.startswith("Usage: clarion " + command), way)
                self.assertIn("--data DIR", r.out)
                for line in r.out.splitlines():
                    self.assertLessEqual(len(line), 130, line)

    def test_help_lists_every_kind_of_target(self):
        for command in ("scan", "index", "explain"):
            text = self.plain(command, "--help").out
            for form in ("docker-archive:FILE[:NAME:TAG]", "oci:DIR[:TAG]", "oci-archive:FILE[:TAG]", "dir:ROOT", "sbom:FILE",
                         "registry:REFERENCE", "PATH"):
                self.assertRegex(text, r"(?m)^  %s  +\S" % re.escape(form), (command, form))

    def test_mistakes(self):
        cases = [
            ([], 2, ""),
            (["scna"], 2, 'there is no command "scna"; is "scan" meant?'),
            (["help", "scn"], 2, 'there is no command "scn"; is "scan" meant?'),
            (["pull"], 2, 'there is no command "pull"\n'),
            (["scan"], 2, "something is missing"),
            (["scan", "--formt", "json", "x"], 2, 'no such option: --formt; is "--format" meant?'),
            (["scan", "--zzz", "x"], 2, "no such option: --zzz\n"),
            (["scan", "--f", "json", "x"], 2, "--f may be each of: --format --fail-on"),
            (["scan", "--format"], 2, "option --format wants a value"),
            (["scan", "--format", "xml", "x"], 2, 'there is no format "xml" here; there are: table json clair'),
            (["scan", "--fail-on", "terrible", "x"], 2, "--fail-on takes critical"),
            (["scan", "--format", "jsno", "x"], 2, 'intoto html; is "json" meant?'),
            (["scan", "--fail-on", "kev,hgih", "x"], 2, 'not "hgih"; is "high" meant?'),
            (["scan", "--sort", "epps", "x"], 2, 'there is no sort "epps" here; there are: severity cvss epss package; is "epss" meant?'),
            (["scan", "--severity-from", "debain", "x"], 2, 'not "debain"; is "debian" meant?'),
            (["feeds", "-f", "yaml"], 2, 'there is no format "yaml" here; there are: table json\n'),
            (["serve", "--mode", "indexr"], 2, 'is "indexer" meant?'),
            (["scan", "--limit", "line_byts=1", "x"], 2, 'is "line_bytes" meant?'),
            (["vex", "ad"], 2, 'there is no "vex ad"; there are: add list remove; is "add" meant?'),
            (["vex", "add"], 2, "it is used so: clarion vex add FILE"),
            (["advisories", "rollback", "debain"], 2, 'is "debian" meant?'),
            (["scan", "--jobs", "0", "x"], 2, "--jobs takes a number"),
            (["scan", "--allow", "10.0.0.0/40", "x"], 2, '--allow: "10.0.0.0/40" is neither a host'),
            (["index", "--registry-mirror", "docker.io", "x"], 2, "--registry-mirror takes HOST=MIRROR"),
            (["scan", "--limit", "nothing=1", "x"], 2, 'no limit is called "nothing"'),
            (["feeds", "x"], 2, "too much is given"),
            (["update", "nofeed"], 2, 'there is no feed "nofeed"'),
            (["update", "debain"], 2, 'there is no feed "debain" (`clarion feeds` lists them); is "debian" meant?'),
            (["completion", "tcsh"], 2, 'there is no "completion tcsh"; there are: bash zsh fish'),
            (["advisories", "hide", "CVE-1"], 2, 'there is no "advisories hide"'),
            (["advisories", "show", "CVE-1", "--format", "json"], 2, "clarion advisories show knows no --format"),
            (["advisories", "rollback", "debian", "--as-of", "2026-01-01"], 2, "clarion advisories rollback knows no --as-of"),
            (["notifications", "retry", "1", "-f", "json"], 2, "clarion notifications retry knows no --format"),
            (["help", "nothing"], 2, 'there is no command "nothing"'),
            (["--data", "x", "scan"], 2, "the command comes first: clarion COMMAND --data"),
            (["feeds", "--db", "mysql://x"], 2, "it is no PostgreSQL server"),
            (["feeds", "--db", "host=a colour=b"], 2, 'invalid connection option "colour" ('),
            (["feeds", "--db", "postgres://u@h/n?pool_max_conns=0"], 2, "pool_max_conns is not a number from 1 on"),
        ]
        for args, code, text in cases:
            r = self.plain(*args, env={"CLARION_DATA": self.data})
            self.assertEqual(r.code, code, (args, r))
            self.assertIn(text, r.err, args)
            if args:
                self.assertEqual(r.out, "", args)
                self.assertRegex(r.err, r"Try `clarion [a-z -]*help`")

    def test_double_dash_ends_options(self):
        r = self.plain("scan", "--data", self.data, "--", "--format")
        self.assertEqual(r.code, 3)
        self.assertIn("--format", r.err)

    def test_version(self):
        self.assertRegex(self.plain("version").out, r"^clarion \d+\.\d+\.\d+\n$")
        self.assertEqual(self.plain("--version").out, self.plain("version").out)
        r = self.plain("version", "-v")
        self.assertRegex(r.out, r"seccomp yes, Landlock (yes \(ABI \d+\)|NOT SUPPORTED)")
        self.assertRegex(r.out, r"scanners:.* dpkg/\d+=deb")
        self.assertRegex(r.out, r"indexer state: sha256:[0-9a-f]{64}")

    def test_limits_are_documented(self):
        table = re.findall(r"^  (\w+) +(\d+)  (\S.*)$", self.plain("version", "-v").out, re.M)
        self.assertGreater(len(table), 20)
        with open(os.path.join(clarion.HERE, "..", "docs", "security.md"), encoding="utf-8") as f:
            documented = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*) \|$", f.read(), re.M)
        self.assertEqual(documented, table)

    def test_json_logs(self):
        r = self.plain("scan", "--json-logs", "--data", self.data, self.path('no"such'))
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, r'^\{"time":"[^"]+","level":"error","message":".*no\\"such')

    def test_data_folder(self):
        with open(self.path("file"), "w", encoding="utf-8") as f:
            f.write("x")
        r = self.run_clarion("feeds", data=self.path("file"))
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, "not a (folder|directory)|Not a directory")
        r = self.plain("feeds", env={"CLARION_DATA": self.path("by-environment")})
        self.assertEqual(r.code, 0)
        self.assertTrue(os.path.isdir(self.path("by-environment")))
        self.assertEqual(os.path.exists(self.path("by-environment", "clarion.db")), not store.server())

    def test_data_folder_that_cannot_be_made(self):
        """The reason is that of the folder that failed, not of those that would have been in it."""
        r = self.run_clarion("feeds", data="/proc/none/below/it")
        self.assertEqual(r.code, 3)
        self.assertIn("cannot create folder /proc/none: ", r.err)

    def test_usage_of_an_image(self):
        layout = clarion.OciLayout(self.path("two"))
        for tag in ("a", "b"):
            layout.add([clarion.debian_layer(clarion.stanza("x", tag))], tag=tag)
        self.update(self.feeds())
        for command in (["scan"], ["index"], ["explain"]):
            rest = ["CVE-1"] if command == ["explain"] else []
            for args, text in ((["oci:" + layout.folder], "several images"),
                               (["--platform", "linux", "oci:" + layout.folder + ":a"], "no platform")):
                r = self.run_clarion(*command, *args, *rest)
                self.assertEqual((r.code, r.out), (2, ""), (command, args, r))
                self.assertIn(text, r.err)

    def test_file_size_limit(self):
        """`ulimit -f` is told, and is no death without a word."""
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
        r = self.run_clarion("update", "--mirror", self.feeds(), preexec_fn=limit)
        self.assertEqual(r.code, 3, r)
        self.assertRegex(r.err, "disk|full|I/O|too large")
        if store.server():
            self.assertIn("2 feeds: 2 failed", r.out) # it can write down that they did
        else:
            self.assertEqual(r.out, "")

    def test_closed_output(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([clarion.BINARY, "feeds", "--data", self.data], stdout=full, stderr=subprocess.PIPE, check=False,
                                  env=store.environment(self.data))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"No space left", done.stderr)

    def started_without(self, *args, descriptors=(1,)):
        """Runs the program with these standard streams closed."""
        def close():
            for descriptor in descriptors:
                os.close(descriptor)
        return subprocess.run([clarion.BINARY, *args], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=close, check=False,
                              env=store.environment(self.data, {"CLARION_DATA": self.data}), timeout=60)

    def test_without_standard_streams(self):
        """No report is written to what got the number of a stream that is not there, and none is lost without a word."""
        self.update(self.feeds())
        target = self.image(clarion.debian_layer(clarion.stanza("openssl", "1.0.1f-1")))
        for args in (("scan", target), ("scan", "--format", "clair", target), ("explain", target, "CVE-2014-0160"), ("version",), ("--help",)):
            done = self.started_without(*args)
            self.assertEqual(done.returncode, 3, args)
            self.assertIn(b"standard output: cannot write: Bad file descriptor", done.stderr)
            self.assertEqual(self.started_without(*args, descriptors=(0, 1, 2)).returncode, 3, args)
        self.assertEqual(self.run_clarion("scan", target).code, 0)

    def test_lost_help(self):
        for args in (("--help",), ("scan", "--help"), ("version",)):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([clarion.BINARY, *args], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60,
                                      env=store.environment(self.data))
            self.assertEqual(done.returncode, 3, args)
            self.assertIn(b"No space left", done.stderr)

    def test_options_of_one_word(self):
        for args, text in ((("-Qv", "x"), "no such option: -Q\n"), (("-vQ", "x"), "no such option: -Q\n"), (("-vf",), "option -f wants a value"),
                           (("--quiet=3", "x"), "--quiet=3: that option takes no value")):
            r = self.plain("scan", *args)
            self.assertEqual(r.code, 2, args)
            self.assertIn(text, r.err)

    def test_file_keeps_its_readers(self):
        """A report written over a file that only its owner may read is for the owner alone; a link at the name of the new
        file, which others can guess, is not followed."""
        target, out, other = self.image(clarion.debian_layer(clarion.stanza("openssl", "1"))), self.path("out"), self.path("other")
        with open(out, "w", encoding="utf-8"):
            os.chmod(out, 0o600)
        self.assertEqual(self.run_clarion("index", "--output", out, target).code, 0)
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
        with open(other, "w", encoding="utf-8") as f:
            f.write("theirs")
        trap = 'ln -s "$1" "$2.$$.tmp"; shift; out=$1; shift; exec "$@" --output "$out"'
        done = subprocess.run(["sh", "-c", trap, "sh", other, out, clarion.BINARY, "index", "--data", self.data, target], check=False,
                              capture_output=True, timeout=60, env=store.environment(self.data))
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(other, encoding="utf-8") as f:
            self.assertEqual(f.read(), "theirs")
        self.assertGreater(os.path.getsize(out), 100)


if __name__ == "__main__":
    unittest.main()
