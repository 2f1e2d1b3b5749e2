"""What is kept of the feeds: lists, differences, going back, bundles, and what is removed when."""
import fcntl
import glob
import hashlib
import io
import json
import os
import signal
import subprocess
import tarfile
import time
import unittest

import clarion
import store
from clarion import debian_layer, stanza, tracker_entry

IMAGE = debian_layer(stanza("openssl", "3.0.8-1"))
DAY = 86400


class Case(clarion.Case):
    def feed(self, name="debian", data=None):
        return [f for f in self.run_clarion("feeds", "--format", "json", data=data).doc["feeds"] if f["feed"] == name][0]

    def listed(self, data=None):
        return self.run_clarion("advisories", "list", "--format", "json", data=data).doc

    def tracker(self, folder="feeds", **fixed):
        """The Debian feed with a record of openssl for each name: vulnerability CVE-2020-NAME, fixed in its value."""
        return self.feeds({"openssl": {"CVE-2020-" + name.strip("_"): tracker_entry(bookworm=v) for name, v in fixed.items()}}, name=folder)

    def segments(self, data=None):
        return sorted(n for n in os.listdir(os.path.join(data or self.data, "segments")))

    def snapshot(self, data=None):
        """All that a refused import must leave as it was."""
        data = data or self.data
        return (self.segments(data), self.listed(data), self.run_clarion("feeds", "--format", "json", data=data).doc)

    def advisories(self, *arguments, code=0, **more):
        r = self.run_clarion("advisories", *arguments, **more)
        self.assertEqual(r.code, code, r)
        return r


class History(Case):
    def test_list(self):
        self.assertIn("No vulnerability data yet", self.advisories("list").out)
        self.update(self.tracker(_0001="1"), "debian")
        self.update(self.tracker(_0001="2"), "debian")
        self.update(self.feeds(), "alpine")
        doc = self.listed()
        self.assertEqual([g["changed"] for g in doc["generations"]], [["alpine"], ["debian"], ["debian"]])
        self.assertEqual([(u["feed"], u["in_force"], u["generations"], u["records"]) for u in doc["updates"]],
                         [("alpine", True, 1, 1), ("debian", True, 2, 1), ("debian", False, 1, 1)])
        for u in doc["updates"]:
            path = os.path.join(self.data, "segments", u["segment"].split(":")[1] + ".segment")
            self.assertEqual((u["bytes"], u["missing"]), (os.path.getsize(path), False))
        text = self.advisories("list").out
        for word in [g["id"] for g in doc["generations"]] + [u["ref"] for u in doc["updates"]] + ["2 generations, in force"]:
            self.assertIn(word, text)

    def test_diff(self):
        self.update(self.tracker(_0001="1", _0002="1", _0003="1"), "debian")
        self.update(self.tracker(_0002="1", _0003="3", _0004=None), "debian")
        want = ("removed  debian:bookworm              openssl                  CVE-2020-0001      affected, fixed in 1 (not yet assigned)\n"
                "changed  debian:bookworm              openssl                  CVE-2020-0003      affected, fixed in 1 (not yet assigned) -> affected, fixed in 3 (not yet assigned)\n"
                "added    debian:bookworm              openssl                  CVE-2020-0004      affected (not yet assigned)\n"
                "debian: 1 added, 1 changed, 1 removed\n")
        doc = self.listed()
        refs, generations = [u["ref"] for u in doc["updates"]], [g["id"] for g in doc["generations"]]
        for arguments in (["debian"], refs[::-1], generations[::-1]):
            self.assertEqual(self.advisories("diff", *arguments).out, want)
        self.assertEqual(self.advisories("diff", generations[0], generations[0]).out, "nothing differs\n")
        doc = self.advisories("diff", "--format", "json", *refs[::-1]).doc
        self.assertEqual((doc["from"], doc["to"]), (refs[1], refs[0]))
        self.assertEqual([(c["change"], c["feed"], c["package"], c["vulnerability"], [r["bound"] for r in c["before"]], [r["bound"] for r in c["after"]])
                          for c in doc["changes"]],
                         [("removed", "debian", "openssl", "CVE-2020-0001", ["1"], []), ("changed", "debian", "openssl", "CVE-2020-0003", ["1"], ["3"]),
                          ("added", "debian", "openssl", "CVE-2020-0004", [], [""])])
        self.assertEqual(self.advisories("diff", "--format", "json", refs[0], refs[0]).doc["changes"], [])

    def test_diff_of_what_is_not_there(self):
        self.update(self.tracker(_0001="1"))
        refs = {u["feed"]: u["ref"] for u in self.listed()["updates"]}
        self.assertIn("no other segment of debian is kept", self.advisories("diff", "debian", code=3).err)
        self.assertIn("cannot be compared", self.advisories("diff", refs["debian"], refs["alpine"], code=2).err)
        self.assertIn("nonsense", self.advisories("diff", "nonsense", refs["alpine"], code=3).err)
        self.assertIn("no feed \"nonsense\"", self.advisories("diff", "nonsense", code=2).err)
        self.assertIn("too much", self.advisories("list", "x", code=2).err)
        self.assertIn("no format", self.advisories("list", "--format", "xml", code=2).err)

    @clarion.need_shared
    def test_diff_of_the_shared_feeds(self):
        """Against a comparison of the two files themselves."""
        sides, texts = [], []
        for name in ("feeds", "feeds-next"):
            folder = os.path.join(clarion.SHARED, name)
            self.update(folder, "debian")
            with open(os.path.join(folder, "security-tracker.debian.org", "tracker", "data", "json"), encoding="utf-8") as f:
                tracker = json.load(f)
            sides.append({(package, release, cve): (entry["status"], entry.get("fixed_version") if entry["status"] == "resolved" else None, entry.get("urgency"))
                          for package, cves in tracker.items() for cve, vulnerability in cves.items()
                          for release, entry in vulnerability["releases"].items()})
        before, after = sides
        want = {"added": set(after) - set(before), "removed": set(before) - set(after),
                "changed": {k for k in set(before) & set(after) if before[k] != after[k]}}
        got = {kind: set() for kind in want}
        for c in self.advisories("diff", "debian", "--format", "json").doc["changes"]:
            got[c["change"]].add((c["package"], c["scope"].split(":")[1], c["vulnerability"]))
        self.assertEqual(got, want)
        self.assertGreater(len(want["changed"]), 0)
        texts.append(self.advisories("diff", "debian").out.splitlines())
        self.assertEqual(len(texts[0]), sum(map(len, want.values())) + 1)

    def test_rollback(self):
        image = self.image(IMAGE)
        self.update(self.tracker(_0001="3.0.9-1"), "debian")
        first = self.listed()["updates"][0]
        folder = self.tracker(_0001="3.0.9-1", _0002="3.0.9-1")
        self.update(folder, "debian")
        self.update(self.feeds(name="other"), "alpine")
        self.assertEqual(len(self.scan(image).doc["findings"]), 2)
        r = self.advisories("rollback", "debian")
        self.assertRegex(r.out, r"^debian: 1 records of .* are in force again, in generation [0-9a-f]{16}")
        self.assertEqual([f["vulnerability"] for f in self.scan(image).doc["findings"]], ["CVE-2020-0001"])
        now = self.feed()
        self.assertEqual((now["segment"], now["checked"]), (first["segment"], first["checked"]))
        self.assertNotEqual(now["ref"], first["ref"])
        self.assertEqual(self.feed("alpine")["state"], "loaded")
        self.assertRegex(self.update(folder, "debian").out, r"debian +updated +2 records")  # and on, from the upstream
        self.assertEqual(len(self.scan(image).doc["findings"]), 2)
        self.advisories("rollback", "debian", first["ref"])
        self.assertEqual(self.feed()["records"], 1)
        self.advisories("rollback", "debian")  # the other way
        self.assertEqual(self.feed()["records"], 2)

    def test_rollback_that_cannot_be(self):
        self.assertIn("no other segment of debian", self.advisories("rollback", "debian", code=3).err)
        self.update(self.tracker(_0001="1"))
        refs = {u["feed"]: u["ref"] for u in self.listed()["updates"]}
        before = self.snapshot()
        self.assertIn("no other segment of debian", self.advisories("rollback", "debian", code=3).err)
        self.assertIn("is in force already", self.advisories("rollback", "debian", refs["debian"], code=2).err)
        self.assertIn("is one of alpine, not of debian", self.advisories("rollback", "debian", refs["alpine"], code=2).err)
        self.assertIn("no feed \"x\"", self.advisories("rollback", "x", code=2).err)
        self.assertEqual(self.snapshot(), before)
        self.update(self.tracker(_0001="2"), "debian")
        former = [u for u in self.listed()["updates"] if u["feed"] == "debian" and not u["in_force"]][0]
        with open(os.path.join(self.data, "segments", former["segment"].split(":")[1] + ".segment"), "r+b") as f:
            f.seek(5000)
            f.write(b"\xff")
        before = self.snapshot()
        self.assertIn("cannot go back: segment", self.advisories("rollback", "debian", code=3).err)
        self.assertEqual(self.snapshot(), before)


class Retention(Case):
    def test_keep(self):
        for i in range(6):
            self.update(self.tracker(_0001=str(i)), "debian")
        self.assertEqual(len(self.segments()), 6)
        self.assertEqual(self.run_clarion("update", "debian", "--keep", "3", "--mirror", self.tracker(_0001="6")).code, 0)
        doc = self.listed()
        self.assertEqual((len(self.segments()), len(doc["updates"]), len(doc["generations"])), (3, 3, 3))
        self.assertEqual(self.run_clarion("update", "debian", "--limit", "feed_updates=1", "--mirror", self.tracker(_0001="7")).code, 0)
        self.assertEqual((len(self.segments()), self.feed()["records"]), (1, 1))
        for wrong in ("0", "-1", "x", ""):
            self.assertIn("--keep takes a number", self.run_clarion("update", "--keep", wrong).err)

    def held(self):
        """Does somebody hold the segments?"""
        with open(os.path.join(self.data, "segments.lock"), "w", encoding="utf-8") as f:
            try:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def test_a_reader_goes_on(self):
        """A scan judges by the generation that it began with to its end: the segment that its second image needs is not
        removed before it is open."""
        long = {"CVE-2020-%04d" % i: tracker_entry(bookworm="3.0.9-1", description="%04d" % i * 15000) for i in range(5)}
        one = self.image(IMAGE, name="one")
        two = self.image(clarion.tar_of([("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n"),
                                         ("lib/apk/db/installed", "P:openssl\nV:3.1.0-r0\nA:x86_64\no:openssl\n\n")]), name="two")
        self.update(self.feeds({"openssl": long}))
        self.scan(one)
        process = subprocess.Popen([clarion.BINARY, "scan", "--data", self.data, "--format", "json", one, two], stdout=subprocess.PIPE,
                                   env=store.environment(self.data))
        self.assertEqual(process.stdout.read(1), b"{")  # the first report is more than a pipe holds, so it waits here
        self.assertTrue(self.held())
        more = dict(long, **{"CVE-2021-0001": tracker_entry(bookworm="3.0.9-1")})
        new = self.feeds({"openssl": more}, secdb={"v3.18": {"main": {"openssl": {"3.1.0-r0": ["CVE-2023-5363"]}}}}, name="new")
        self.assertEqual(self.run_clarion("update", "--keep", "1", "--mirror", new).code, 0)
        self.assertEqual(len(self.segments()), 4)
        out = b"{" + process.stdout.read()
        process.stdout.close()
        first, end = json.JSONDecoder().raw_decode(out.decode())
        second = json.loads(out.decode()[end:])
        self.assertEqual((process.wait(60), len(first["findings"]), len(second["findings"])), (0, 5, 1))
        self.assertEqual(self.scan(two).doc["findings"], [])
        self.assertFalse(self.held())
        self.update(new)
        self.assertEqual(len(self.segments()), 2)

    def test_what_crashes_leave(self):
        self.update(self.tracker(_0001="1"), "debian")
        kept = self.segments()
        folder = os.path.join(self.data, "segments")
        os.mkdir(os.path.join(folder, ".building-1-import"))
        for name in (".building-1-debian", ".building-1-import/x.segment", "0" * 64 + ".segment"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write("x")
        self.update(self.path("feeds"), "debian")
        self.assertEqual(self.segments(), kept)


class Bundles(Case):
    def setUp(self):
        super().setUp()
        self.file, self.other = self.path("feeds.bundle"), self.path("other")

    def export(self, *arguments):
        self.advisories("export", self.file, *arguments)
        with open(self.file, "rb") as f:
            return f.read()

    def unpack(self):
        raw = subprocess.run(["zstd", "-dcq", self.file], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
            return [(m.name, tar.extractfile(m).read()) for m in tar]

    def pack(self, members, name="made.bundle"):
        """A bundle of other members, packed as ours are."""
        packed = subprocess.run(["zstd", "-cq"], input=clarion.tar_of(members, fmt=tarfile.USTAR_FORMAT), capture_output=True, check=True).stdout
        with open(self.path(name), "wb") as f:
            f.write(packed)
        return self.path(name)

    def refused(self, file, *words, code=3, data=None, options=()):
        self.run_clarion("feeds", data=data or self.other)
        before = self.snapshot(data or self.other)
        r = self.advisories("import", file, *options, data=data or self.other, code=code)
        for word in words:
            self.assertIn(word, r.err)
        self.assertEqual(r.out, "")
        self.assertEqual(self.snapshot(data or self.other), before)

    def test_there_and_back(self):
        image = self.image(IMAGE)
        folder = self.tracker(_0001="3.0.9-1")
        self.update(folder)
        one = self.export()
        self.assertEqual(self.export(), one)
        r = self.advisories("import", self.file, data=self.other)
        self.assertRegex(r.out, r"alpine +1 records, last confirmed 20.*\ndebian +1 records, last confirmed 20")
        here, there = (self.run_clarion("feeds", "--format", "json", data=d).doc for d in (self.data, self.other))
        self.assertEqual(here["generation"], there["generation"])
        for x, y in zip(here["feeds"], there["feeds"]):
            x.pop("ref"), y.pop("ref")
            self.assertEqual(x, y)
        self.assertEqual(self.segments(), self.segments(self.other))
        self.assertEqual(len(self.run_clarion("scan", "--format", "json", image, data=self.other).doc["findings"]), 1)
        again = subprocess.run([clarion.BINARY, "advisories", "--data", self.other, "export", "-"], capture_output=True, check=True,
                               env=store.environment(self.other)).stdout
        self.assertEqual(again, one)
        # The other site's mirror has the same files: unchanged, since their state came along.
        self.assertRegex(self.run_clarion("update", "--mirror", folder, data=self.other).out, r"debian +unchanged")

    def test_from_standard_input(self):
        self.update(self.tracker(_0001="1"))
        self.export()
        with open(self.file, "rb") as f:
            done = subprocess.run([clarion.BINARY, "advisories", "import", "-", "--data", self.other], stdin=f, capture_output=True, check=False,
                                  env=store.environment(self.other))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.feed(data=self.other)["records"], 1)

    def test_some_feeds(self):
        self.update(self.tracker(_0001="1"))
        self.export("--feed", "alpine")
        self.assertEqual([n.split("/")[0] for n, _ in self.unpack()], ["manifest.json", "segments"])
        self.advisories("import", self.file, data=self.other)
        self.assertEqual((self.feed("debian", self.other)["state"], self.feed("alpine", self.other)["state"]), ("missing", "loaded"))
        self.export("--feed", "debian,alpine")
        self.assertEqual(len(self.unpack()), 3)
        os.remove(self.file)
        self.assertIn("nothing of a feed \"redhat-containers\"", self.advisories("export", self.file, "--feed", "debian,redhat-containers", code=3).err)
        self.assertIn("no vulnerability data yet", self.advisories("export", self.file, data=self.path("none"), code=3).err)
        self.assertFalse(os.path.exists(self.file))

    def test_staleness_comes_along(self):
        then = {"SOURCE_DATE_EPOCH": str(int(time.time()) - 10 * DAY)}
        self.assertEqual(self.run_clarion("update", "--mirror", self.tracker(_0001="1"), env=then).code, 0)
        self.export()
        self.advisories("import", self.file, data=self.other)
        self.assertEqual(self.feed(data=self.other)["state"], "stale")

    def test_time_to_come_is_not_believed(self):
        later = {"SOURCE_DATE_EPOCH": str(int(time.time()) + 1000 * DAY)}
        self.assertEqual(self.run_clarion("update", "--mirror", self.tracker(_0001="1"), env=later).code, 0)
        self.export()
        self.advisories("import", self.file, data=self.other)
        after = {"SOURCE_DATE_EPOCH": str(int(time.time()) + 10 * DAY)}
        self.assertEqual({f["feed"]: f["state"] for f in self.run_clarion("feeds", "--format", "json", data=self.other, env=after).doc["feeds"]}["debian"], "stale")

    def test_what_is_there_is_not_copied(self):
        self.update(self.tracker(_0001="1"))
        self.export()
        before = {n: os.stat(os.path.join(self.data, "segments", n)).st_ino for n in self.segments()}
        listed = self.listed()
        self.advisories("import", self.file)
        self.assertEqual({n: os.stat(os.path.join(self.data, "segments", n)).st_ino for n in self.segments()}, before)
        self.assertEqual(self.listed(), listed)
        damaged = os.path.join(self.data, "segments", self.feed()["segment"].split(":")[1] + ".segment")
        with open(damaged, "r+b") as f:
            f.write(b"x")
        self.advisories("import", self.file)  # what is there but damaged is
        self.assertEqual("sha256:" + hashlib.sha256(open(damaged, "rb").read()).hexdigest(), self.feed()["segment"])

    def test_older(self):
        now = int(time.time())
        for days, fixed in ((5, "1"), (1, "2")):
            env = {"SOURCE_DATE_EPOCH": str(now - days * DAY)}
            self.assertEqual(self.run_clarion("update", "--mirror", self.tracker(_0001=fixed), env=env).code, 0)
            if days == 5:
                self.export()
        self.refused(self.file, "what is here is newer: debian (of 20", "--force", code=2, data=self.data)
        self.advisories("import", self.file, "--force")
        self.assertIn("fixed in 1 ", self.advisories("show", "CVE-2020-0001").out)
        self.export("--feed", "debian")
        self.assertEqual(self.run_clarion("update", "--mirror", self.tracker(_0001="3"), data=self.other).code, 0)
        self.refused(self.file, "debian (of 20", code=2)

    def test_damaged(self):
        """Cut off anywhere, or with any byte changed: refused, and nothing is there."""
        self.update(self.tracker(_0001="1"))
        data = self.export()
        n = len(data)
        for length in (0, 3, 100, n // 2, n - 5, n - 1):
            with open(self.path("bad"), "wb") as f:
                f.write(data[:length])
            self.refused(self.path("bad"), "bad: ")
        for at in range(5, n, n // 12):
            with open(self.path("bad"), "wb") as f:
                f.write(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:])
            self.refused(self.path("bad"), "bad: ")

    def test_foreign(self):
        self.update(self.tracker(_0001="1"))
        self.export()
        (name, manifest), (first, segment), second = self.unpack()
        doc = json.loads(manifest)

        def changed(**to):
            return [(name, json.dumps(dict(doc, **to))), (first, segment), second]

        def feed(**to):
            return changed(feeds=[dict(doc["feeds"][0], **to), doc["feeds"][1]])
        tracker = bytearray(segment)
        tracker[200] ^= 1
        digest = "sha256:" + hashlib.sha256(b"SQLite").hexdigest()
        odd = "segments/" + digest[7:] + ".segment"
        for members, why in (
                ([], "is no bundle"),
                ([("etc/passwd", "x")], "does not begin with manifest.json"),
                ([(name, "{")], "manifest"),
                ([(name, "[]")], "of another kind"),
                (changed(format="clarion/report/1"), "of another kind"),
                (changed(format="clarion/bundle/2"), "bundle of version 2, this program reads 1: use a newer program"),
                (changed(feeds={}), "no proper \"feeds\""),
                (changed(feeds=doc["feeds"][::-1]), "out of order"),
                (changed(feeds=doc["feeds"][:1] * 2), "out of order"),
                (feed(feed="../../etc"), "does not know, ../../etc"),
                (feed(feed="alpine2"), "does not know, alpine2"),
                (feed(segment="sha256:00"), "feed 1 of 2"),
                (feed(records=-1), "no proper \"records\""),
                (feed(records=7), "is not what its manifest says"),
                (feed(made=""), "no proper \"made\""),
                (feed(checked=5), "no proper \"checked\""),
                (feed(bytes=5), "is not what its manifest says"),
                ([(name, manifest), second], "lacks the segment of alpine"),
                ([(name, manifest), (first, segment), (first, segment), second], "is not what its manifest says"),
                ([(name, manifest), (first, segment), second, ("README", "x")], "\"README\" is not what"),
                ([(name, manifest), ("../" + first, segment), second], "is not what its manifest says"),
                ([(name, manifest), (first, "-> /etc/passwd"), second], "is not what its manifest says"),
                ([(name, manifest), (first, bytes(tracker)), second], "has the digest"),
                (changed(feeds=[dict(doc["feeds"][0], segment=doc["feeds"][1]["segment"], bytes=doc["feeds"][1]["bytes"])]) [:1] + [second],
                 "is not what its manifest says"),
                ([(name, json.dumps(dict(doc, feeds=[dict(doc["feeds"][0], segment=digest, bytes=6)]))), (odd, "SQLite")], "cannot be read")):
            with self.subTest(why=why):
                self.refused(self.pack(members), why)
        self.advisories("import", self.pack(changed()), data=self.other)  # and unchanged it is fine

    def test_limits(self):
        self.update(self.tracker(_0001="1"))
        self.export()
        self.refused(self.file, "(limit bundle_manifest_bytes)", options=("--limit", "bundle_manifest_bytes=100"))
        self.refused(self.file, "limit bundle_bytes", options=("--limit", "bundle_bytes=8K"))
        self.refused(self.path("nothing"), "No such file")

    def test_killed(self):
        """An import that ends in the middle has done nothing, and what it left is removed by the next."""
        self.update(self.tracker(_0001="1"))
        self.export()
        raw = subprocess.run(["zstd", "-dcq", self.file], capture_output=True, check=True).stdout
        process = subprocess.Popen([clarion.BINARY, "advisories", "import", "-", "--data", self.other], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=store.environment(self.other))
        process.stdin.write(raw[:len(raw) // 2])  # unpacked, so that each byte arrives as it is sent
        process.stdin.flush()
        until = time.monotonic() + 30
        left = []
        while not left and time.monotonic() < until:
            time.sleep(0.02)
            left = glob.glob(os.path.join(self.other, "segments", ".building-*", "*"))
        self.assertNotEqual(left, [])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertEqual(self.listed(self.other)["updates"], [])
        self.advisories("import", self.file, data=self.other)
        self.assertEqual(self.segments(self.other), self.segments())


if __name__ == "__main__":
    unittest.main()
