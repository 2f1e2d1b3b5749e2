"""What is seen on a terminal, and what a stranger is told: colours, widths, progress, and what to do next."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time
import unittest

import clarion
import registry
import store
import upstream

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(clarion.Case):
    def on_terminal(self, *args, columns=100, rows=30, term="xterm", streams=(1, 2), env=None, meanwhile=None):
        """Runs the program with these streams on a terminal. (exit code, all that the terminal got)."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = store.environment(self.data, {"TERM": term, "CLARION_DATA": self.data, **(env or {})})
        environment = {k: v for k, v in environment.items() if v is not None}
        elsewhere = subprocess.DEVNULL
        process = subprocess.Popen([clarion.BINARY, *args], stdin=subprocess.DEVNULL, stdout=slave if 1 in streams else elsewhere,
                                   stderr=slave if 2 in streams else elsewhere, env=environment)
        os.close(slave)
        got, end = b"", time.monotonic() + 100
        while time.monotonic() < end and select.select([master], [], [], end - time.monotonic())[0]:
            try:
                got += os.read(master, 65536)
            except OSError:  # the last writer has gone
                break
            if meanwhile:
                meanwhile(master, got)
        code = process.wait(timeout=60)
        os.close(master)
        return code, got.decode()

    def vulnerable(self):
        self.update(self.feeds())
        return self.image(clarion.debian_layer(clarion.stanza("openssl", "3.0.0-1")))

    # ---- colours and widths ----------------------------------------------------------------------------------------------

    def test_colours_only_on_a_terminal(self):
        demo = os.path.join(os.path.dirname(clarion.HERE), "demo")
        self.update(os.path.join(demo, "feeds"))
        image = os.path.join(demo, "image")
        code, text = self.on_terminal("scan", image)
        self.assertEqual(code, 0, text)
        self.assertIn("\x1b[", text)
        for why, how in (("NO_COLOR", {"env": {"NO_COLOR": "1"}}), ("dumb", {"term": "dumb"}), ("no TERM", {"env": {"TERM": None}})):
            self.assertNotIn("\x1b", self.on_terminal("scan", image, **how)[1], why)
        self.assertIn("\x1b[", self.on_terminal("scan", image, env={"NO_COLOR": ""})[1])  # no-color.org: when it is not empty
        self.assertNotIn("\x1b", self.run_clarion("scan", image).out)

    def test_table_fits(self):
        demo = os.path.join(os.path.dirname(clarion.HERE), "demo")
        self.update(os.path.join(demo, "feeds"))
        for columns in (80, 100, 140):
            text = ESCAPE.sub("", self.on_terminal("scan", os.path.join(demo, "image"), columns=columns)[1]).replace("\r", "")
            table = text.split("\n\n")[1].splitlines()
            self.assertGreater(len(table), 10)
            for line in table:
                self.assertLessEqual(len(line), columns if "://" not in line else 500, line)

    # ---- progress ---------------------------------------------------------------------------------------------------------

    def slow_upstream(self):
        """An upstream whose one feed comes to its half and waits, until somebody has seen that."""
        up = upstream.Upstream(self, self.feeds())
        up.faults["/tracker/data/json"] = ["stall", upstream.FOREVER]
        return up

    def watched_update(self, *more, **how):
        up = self.slow_upstream()

        def go_on(_, got):
            if b"fetching json" in got:
                up.faults.clear()
                up.go_on.set()

        if "go_on" in how:  # nothing is seen: it goes on by itself
            del how["go_on"]
            threading.Timer(1.0, lambda: (up.faults.clear(), up.go_on.set())).start()
        code, text = self.on_terminal("update", "--mirror", up.url, "debian", *more, meanwhile=go_on, **how)
        self.assertEqual(code, 0, text)
        return text

    def test_progress_of_a_feed(self):
        text = self.watched_update(columns=90)
        self.assertRegex(text, r"debian fetching json")
        shown = [line for line in re.split(r"[\r\n]+", ESCAPE.sub("\n", text)) if "fetching" in line]
        self.assertTrue(shown)
        for line in shown:
            self.assertLess(len(line), 90)
        self.assertRegex(text.splitlines()[-1], r"^(.*\x1b\[J)?debian +updated +\d+ records")  # it is erased before the result

    def test_progress_obeys_the_width(self):
        text = self.watched_update(columns=24)
        for line in re.split(r"[\r\n]+", ESCAPE.sub("\n", text)):
            if "fetching" in line:
                self.assertLess(len(line), 24)

    def test_no_progress(self):
        for args, how in ((["-q"], {}), (["--json-logs"], {}), ([], {"term": "dumb"}), ([], {"streams": (1,)})):
            text = self.watched_update(*args, "--force", go_on=True, **how)
            self.assertNotIn("fetching", text, (args, how))
            self.assertNotIn("\x1b", text, (args, how))
            self.run_clarion("advisories", "rollback", "debian")

    def test_progress_of_layers(self):
        """Two layers side by side: each sends its half and waits until both bars have been seen."""
        layers = [clarion.debian_layer(clarion.stanza("a", "1")), clarion.tar_of([("x", os.urandom(200000))])]
        served, seen = registry.FakeRegistry(self), threading.Event()
        self.image(*layers, name="two")
        served.load(self.path("two"))

        def halves(handler):
            data = served.blobs[handler.path.rsplit("/", 1)[1]]
            handler.answer(200, data[:len(data) // 2], length=len(data))
            handler.wfile.flush()
            seen.wait(60)
            handler.wfile.write(data[len(data) // 2:])

        for layer in served.manifest()["layers"]:
            served.replies[layer["digest"]] = halves

        def look(_, got):
            if b"layer 1 of 2" in got and b"layer 2 of 2" in got:
                seen.set()

        code, text = self.on_terminal("scan", "-j", "2", "--insecure", "--allow", "127.0.0.1", "registry:" + served.host + "/team/two",
                                      meanwhile=look)
        self.assertEqual(code, 3, text)  # there is no vulnerability data
        self.assertTrue(seen.is_set(), text)
        last = text.rindex("layer 2 of 2")
        self.assertIn("\x1b[J", text[last:])  # erased before the report
        self.assertNotIn("layer 1 of 2", ESCAPE.split(text[last:], maxsplit=1)[1])


# What a stranger does wrong, what is answered, and what he is told to do next.
MESSAGES = [
    (["explain", "IMAGE", "CVE-1"], 3, ["there is no vulnerability data yet", "run `clarion update`"]),
    (["scan", "IMAGE"], 3, ["not judged, there is no vulnerability data yet", "run `clarion update`"]),
    (["advisories", "show", "CVE-1"], 3, ["run `clarion update`"]),
    (["advisories", "export", "x"], 3, ["run `clarion update`"]),
    (["where", "openssl"], 0, ["no image is indexed yet", "`clarion index TARGET`"]),
    (["images"], 0, ["no image is indexed yet", "`clarion scan TARGET`"]),
    (["images", "--tag", "x"], 0, ["no indexed image has that name", "`clarion images`"]),
    (["report", "sha256:abcd"], 3, ["no indexed image has the digest or the name sha256:abcd", "`clarion index TARGET`"]),
    (["report", "nginx:1.25"], 3, ["no indexed image has the digest or the name nginx:1.25", "`clarion images`"]),
    (["vex", "list"], 0, ["no VEX document is kept", "`clarion vex add FILE`"]),
    (["vex", "remove", "x"], 3, ['no VEX document with the id "x"', "`clarion vex list`"]),
    (["notifications", "list"], 0, ["no notification is kept", "`clarion serve`"]),
    (["notifications", "show", "7"], 3, ["there is no notification 7", "`clarion notifications list`"]),
    (["scan", "/nonexistent"], 3, ["there is no such file or folder", "registry:NAME is an image in a registry"]),
    (["scan", "oci:EMPTY"], 3, ["it has no index.json, so it is no OCI image layout"]),
    (["scan", "--platform", "linux/s390x", "IMAGE"], 3, ["there is no image for linux/s390x", "linux/amd64"]),
    (["scan", "--as-of", "2020-01-01", "IMAGE"], 3, ["no generation of the feeds is kept", "`clarion advisories list`"]),
    (["update", "--mirror", "/nonexistent"], 3, ["the mirror /nonexistent is no folder"]),
    (["update", "--mirror", "EMPTY"], 3, ["does not have: debian", "/HOST/PATH"]),
    (["update", "debain"], 2, ['there is no feed "debain"', 'is "debian" meant?']),
    (["diff", "TEXT", "TEXT"], 3, ["the first: is no report of `clarion scan --format json`"]),
    (["diff", "/nonexistent", "TEXT"], 3, ["cannot open /nonexistent"]),
    (["feeds", "--data", "/proc/none"], 3, ["data folder /proc/none", "name another with --data or $CLARION_DATA"]),
    (["backfill", "127.0.0.1:1"], 3, ["its catalog cannot be read", "HOST/REPOSITORY"]),
    (["check-config", "-c", "/nonexistent.yaml"], 3, ["cannot open /nonexistent.yaml"]),
    (["notifications", "test", "webhook"], 3, ["no target of notifications", "docs/targets.md"]),
]


class Messages(clarion.Case):
    def test_what_to_do_next(self):
        os.makedirs(self.path("empty"))
        with open(self.path("text"), "w", encoding="utf-8") as f:
            f.write("no report\n")
        places = {"IMAGE": self.image(clarion.debian_layer(clarion.stanza("x", "1"))), "EMPTY": self.path("empty"),
                  "TEXT": self.path("text")}
        for i, (args, code, texts) in enumerate(MESSAGES):
            args = [re.sub("IMAGE|EMPTY|TEXT", lambda m: places[m[0]], arg) for arg in args]
            r = self.run_clarion(*args, data=self.path("data-%d" % i))
            self.assertEqual(r.code, code, (args, r))
            for text in texts:
                self.assertIn(text, r.err, args)
            for line in r.err.splitlines():
                self.assertRegex(line, r"^(clarion: \S|Try `clarion )", args)

    @registry.need_registry
    def test_registry_that_wants_a_password(self):
        real = registry.Registry(self, password=True)
        r = self.run_clarion("scan", "--insecure", "--allow", "127.0.0.1", "registry:%s/team/app" % real.host)
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, "401.*(password|credentials|docker login)")


if __name__ == "__main__":
    unittest.main()
