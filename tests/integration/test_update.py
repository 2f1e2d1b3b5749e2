"""Feeds: what an upstream may do, and what stays in force when it misbehaves."""
import json
import os
import re
import subprocess
import sys
import time
import unittest

import clarion
from clarion import debian_layer, stanza, tracker_entry

IMAGE = debian_layer(stanza("openssl", "3.0.8-1"))
SERVER = os.path.join(clarion.SHARED or "", "tools", "serve-feeds.py")


class Update(clarion.Case):
    def state(self):
        return {f["feed"]: f for f in self.run_clarion("feeds", "--format", "json").doc["feeds"]}

    def tracker_file(self, folder):
        return os.path.join(folder, "security-tracker.debian.org", "tracker", "data", "json")

    def test_unchanged_is_not_read_again(self):
        folder = self.feeds()
        self.assertRegex(self.update(folder).out, r"debian +updated +1 records")
        before = self.state()
        self.assertRegex(self.update(folder).out, r"debian +unchanged +1 records")
        after = self.state()
        self.assertEqual(before["debian"]["segment"], after["debian"]["segment"])
        self.assertEqual(before["debian"]["ref"], after["debian"]["ref"])

    def test_same_records_give_the_same_segment(self):
        folder = self.feeds()
        self.update(folder)
        one = self.state()["debian"]["segment"]
        result = self.run_clarion("update", "--mirror", folder, data=self.path("other"))
        self.assertEqual(result.code, 0)
        other = self.run_clarion("feeds", "--format", "json", data=self.path("other")).doc
        self.assertEqual(one, other["feeds"][0]["segment"])

    def test_one_feed_by_name(self):
        self.update(self.feeds(), "alpine")
        self.assertEqual({n: f["state"] for n, f in self.state().items()}, {"debian": "missing", "alpine": "loaded"})

    def test_cut_feed_keeps_the_former_segment(self):
        folder = self.feeds({"openssl": {"CVE-2014-0160": tracker_entry(bookworm="3.0.9-1")}})
        image = self.image(IMAGE)
        self.update(folder)
        self.assertEqual(len(self.scan(image).doc["findings"]), 1)
        with open(self.tracker_file(folder), encoding="utf-8") as f:
            text = f.read()
        for bad in (text[:len(text) // 2], text + "x", "", "[]", text.replace("releases", "rele\x01ases")):
            with open(self.tracker_file(folder), "w", encoding="utf-8") as f:
                f.write(bad)
            r = self.update(folder, code=3)
            self.assertRegex(r.out, r"debian +failed")
            self.assertIn("not JSON", r.err)
            self.assertRegex(r.out, r"alpine +unchanged")
            state = self.state()["debian"]
            self.assertEqual((state["state"], state["records"]), ("loaded", 1))
            self.assertIn("not JSON", state["error"])
            self.assertEqual(len(self.scan(image).doc["findings"]), 1)

    def test_shrunken_feed_is_refused(self):
        many = {"p%d" % i: {"CVE-2024-%04d" % i: tracker_entry(bookworm="2")} for i in range(100)}
        self.update(self.feeds(many))
        few = self.feeds({"p0": many["p0"]}, name="few")
        r = self.update(few, code=3)
        self.assertIn("has shrunk from 100 records to 1", r.err)
        self.assertEqual(self.state()["debian"]["records"], 100)
        r = self.run_clarion("update", "--force", "--mirror", few)
        self.assertEqual((r.code, self.state()["debian"]["records"]), (0, 1))

    def test_mirror_that_is_not_there(self):
        r = self.run_clarion("update", "--mirror", self.path("nowhere"))
        self.assertEqual(r.code, 3)
        self.assertIn("nowhere", r.err)
        self.assertEqual(self.state()["debian"]["state"], "failed")
        r = self.scan(self.image(IMAGE))
        self.assertEqual(r.code, 3)
        self.assertEqual(r.doc["coverage"]["feeds"][0]["state"], "failed")

    def test_stale_is_said(self):
        self.update(self.feeds({"openssl": {"CVE-2014-0160": tracker_entry(bookworm="3.0.9-1")}}))
        later = {"SOURCE_DATE_EPOCH": str(int(time.time()) + 10 * 24 * 3600)}
        doc = self.scan(self.image(IMAGE), env=later).doc
        self.assertEqual(doc["coverage"]["feeds"][0]["state"], "stale")

    def test_as_of(self):
        image = self.image(IMAGE)
        then = str(int(time.time()) - 86400)
        self.assertEqual(self.run_clarion("update", "--mirror", self.feeds({"openssl": {}}, name="old"),
                                          env={"SOURCE_DATE_EPOCH": then}).code, 0)
        first = self.scan(image).doc["generation"]["id"]
        self.update(self.feeds({"openssl": {"CVE-2014-0160": tracker_entry(bookworm="3.0.9-1")}}, name="new"))
        self.assertEqual(len(self.scan(image).doc["findings"]), 1)
        for reference in (first, time.strftime("%Y-%m-%d", time.gmtime(int(then)))):
            doc = self.scan(image, "--as-of", reference).doc
            self.assertEqual((doc["findings"], doc["generation"]["id"]), ([], first))
        r = self.scan(image, "--as-of", "1999-01-01")
        self.assertEqual(r.code, 3)
        self.assertIn("1999-01-01", r.err)

    def test_memory_of_a_large_feed(self):
        """70 MB of tracker, as large as the real one, stay under 150 MiB resident."""
        if "asan" in subprocess.run(["ldd", clarion.BINARY], capture_output=True, text=True, check=False).stdout:
            self.skipTest("a sanitizer's memory says nothing")
        big = {"package-%d" % p: {"CVE-20%02d-%04d" % (c, p): tracker_entry(
            description="x" * 200, bullseye="1.%d-1" % c, bookworm="1.%d-2" % c, trixie="1.%d-3" % c, sid=None)
            for c in range(40)} for p in range(3500)}
        folder = self.feeds(big)
        self.assertGreater(os.path.getsize(self.tracker_file(folder)), 70e6)
        code = ("import os,sys,resource;p=os.posix_spawn(sys.argv[1],sys.argv[1:],os.environ);_,s,u=os.wait4(p,0);"
                "print(u.ru_maxrss);sys.exit(os.waitstatus_to_exitcode(s))")
        done = subprocess.run([sys.executable, "-c", code, clarion.BINARY, "update", "--data", self.data, "--mirror", folder, "debian"],
                              capture_output=True, text=True, check=True)
        self.assertLess(int(done.stdout.split()[-1]) / 1024, 150, done.stdout)


@clarion.need_shared
class Upstream(clarion.Case):
    """The same over HTTP, from a server that misbehaves on request."""

    def serve(self, folder, *options):
        port_file = self.path("port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        server = subprocess.Popen([sys.executable, SERVER, folder, "--port", "0", "--port-file", port_file, *options],
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(server.stderr.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        deadline = time.monotonic() + 20
        while not os.path.exists(port_file) and time.monotonic() < deadline:
            time.sleep(0.02)
        with open(port_file, encoding="utf-8") as f:
            return server, "http://127.0.0.1:" + f.read().strip()

    def requests(self, server):
        server.terminate()
        return re.findall(r'"(GET [^"]*)" (\d+)', server.stderr.read())

    def test_conditional_requests(self):
        server, url = self.serve(self.feeds())
        self.update(url)
        r = self.update(url)
        self.assertRegex(r.out, r"(?s)debian +unchanged.*alpine +unchanged")
        log = self.requests(server)
        tracker = [code for line, code in log if "tracker/data/json" in line]
        self.assertEqual(tracker, ["200", "304"])
        self.assertEqual([code for line, code in log if "v3.18/main.json" in line], ["200", "304"])

    def test_one_changed_file_of_many(self):
        folder = self.feeds(secdb={"v3.18": {"main": {"a": {"2-r0": ["CVE-2020-0001"]}}}, "v3.19": {"main": {"a": {"3-r0": ["CVE-2020-0002"]}}}})
        _, url = self.serve(folder)
        self.update(url)
        path = os.path.join(folder, "secdb.alpinelinux.org", "v3.19", "main.json")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("3-r0", "4-r0"))
        self.assertRegex(self.update(url).out, r"alpine +updated +2 records")
        out = self.run_clarion("advisories", "show", "CVE-2020-0001").out + self.run_clarion("advisories", "show", "CVE-2020-0002").out
        self.assertIn("fixed in 2-r0", out)
        self.assertIn("fixed in 4-r0", out)

    def test_server_errors_cost_only_their_file(self):
        folder = self.feeds(secdb={"v3.18": {"main": {"a": {"2-r0": ["CVE-2020-0001"]}}}, "v3.19": {"main": {"a": {"3-r0": ["CVE-2020-0002"]}}}})
        good, url = self.serve(folder)
        self.update(url)
        good.kill()
        _, url = self.serve(folder, "--fail-rate", "1", "--fail-match", "secdb.alpinelinux.org/v3.19/main.json")
        r = self.run_clarion("update", "--mirror", url, "alpine")
        self.assertEqual(r.code, 3, r)
        self.assertRegex(r.err, r"v3\.19/main\.json: after \d tries: the server answered 503")
        self.assertIn("fixed in 3-r0", self.run_clarion("advisories", "show", "CVE-2020-0002").out)

    def test_flaky_server(self):
        _, url = self.serve(self.feeds(), "--fail-rate", "0.3", "--seed", "5")
        r = self.run_clarion("update", "--mirror", url, "debian")
        self.assertEqual(r.code, 0, r)

    def test_body_that_breaks_off(self):
        folder = self.feeds({"p%d" % i: {"CVE-2024-%04d" % i: tracker_entry(bookworm="2", description="x" * 500)} for i in range(3000)})
        _, url = self.serve(folder, "--truncate", "security-tracker.debian.org/tracker/data/json", "--no-ranges")
        r = self.run_clarion("update", "--mirror", url, "debian")
        self.assertEqual(r.code, 3, r)
        self.assertIn("after", r.err)
        # With ranges each try brings half of what is left, and in the end all of it.
        _, url = self.serve(folder, "--truncate", "security-tracker.debian.org/tracker/data/json")
        r = self.run_clarion("update", "--mirror", url, "debian")
        if r.code == 0:
            self.assertRegex(r.out, r"debian +updated +3000 records")
        else:
            self.assertIn("after", r.err)

    def test_nobody_there(self):
        r = self.run_clarion("update", "--mirror", "http://127.0.0.1:9", "debian")
        self.assertEqual(r.code, 3)
        self.assertIn("127.0.0.1:9", r.err)

    def test_compressed_mirror(self):
        import gzip
        folder = self.feeds()
        path = os.path.join(folder, "security-tracker.debian.org", "tracker", "data", "json")
        with open(path, "rb") as f:
            data = f.read()
        with open(path, "wb") as f:
            f.write(gzip.compress(data))
        _, url = self.serve(folder)
        self.assertRegex(self.run_clarion("update", "--mirror", url, "debian").out, r"debian +updated +1 records")

    def test_later_generation(self):
        """The shared feeds, then their later state: added, changed and removed records are all there."""
        shared = clarion.SHARED
        _, url = self.serve(os.path.join(shared, "feeds"), "--quiet")
        self.update(url, "debian")
        _, url = self.serve(os.path.join(shared, "feeds"), "--overlay", os.path.join(shared, "feeds-next"), "--quiet")
        self.update(url, "debian")
        with open(os.path.join(shared, "feeds-next", "security-tracker.debian.org", "tracker", "data", "json"), encoding="utf-8") as f:
            truth = json.load(f)
        want = sum(len(r["releases"]) for p in truth.values() for r in p.values())
        doc = self.run_clarion("feeds", "--format", "json").doc
        self.assertEqual([f["records"] for f in doc["feeds"] if f["feed"] == "debian"], [want])


if __name__ == "__main__":
    unittest.main()
