"""Feeds: what an upstream may do, and what stays in force when it misbehaves."""
import glob
import gzip
import json
import os
import re
import subprocess
import sys
import time
import unittest

import clarion
import store
from clarion import debian_layer, stanza, tracker_entry
from upstream import FOREVER, Upstream

IMAGE = debian_layer(stanza("openssl", "3.0.8-1"))


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
        self.assertEqual({n: f["state"] for n, f in self.state().items() if n in ("debian", "alpine")}, {"debian": "missing", "alpine": "loaded"})

    def test_mirror_with_some_of_the_feeds(self):
        """A mirror need not have all feeds: what it never had is told of. It must have one, and those that are named."""
        r = self.update(self.feeds())
        missing = re.search(r"not in this mirror: (.*)", r.out)[1].split(", ")
        self.assertTrue({"redhat-repositories", "redhat-containers", "osv-pypi"} <= set(missing), missing)
        self.assertFalse({"debian", "alpine"} & set(missing), missing)
        self.assertEqual(self.state()["redhat-containers"]["state"], "missing")
        r = self.update(self.feeds(), "redhat-containers", code=3)
        self.assertIn("does not have: redhat-containers", r.err)
        os.makedirs(self.path("empty"))
        r = self.run_clarion("update", "--mirror", self.path("empty"), data=self.path("none"))
        self.assertEqual((r.code, r.out), (3, ""))
        self.assertIn("does not have: debian, alpine", r.err)

    def test_repositories_by_their_mapping(self):
        """The index of a Red Hat image needs no mapping; a report says what the mapping knows."""
        layer = clarion.tar_of([("etc/os-release", 'ID="rhel"\nVERSION_ID="9.0"\n'),
                                ("root/buildinfo/content_manifests/a-1-2.json", '{"content_sets": ["a-rpms", "b-rpms"]}'),
                                ("root/buildinfo/Dockerfile-a-1-2", 'LABEL name="ubi9/a" com.redhat.component="a-container"')])
        image, folder = self.image(layer), self.feeds()
        metrics = os.path.join(folder, "security.access.redhat.com", "data", "metrics")
        self.update(folder)
        before = self.scan(image)
        self.assertEqual([(r["id"], r["cpes"]) for r in before.doc["repositories"]], [("a-rpms", []), ("b-rpms", [])])
        self.assertEqual(before.doc["packages"][0]["published_as"], ["ubi9/a"])
        os.makedirs(metrics)
        for name, data in (("repository-to-cpe", {"a-rpms": {"cpes": ["cpe:/a:x"]}}),
                           ("container-name-repos-map", {"ubi9/a": ["rhel9/a", "ubi9/a"]})):
            with open(os.path.join(metrics, name + ".json"), "w", encoding="utf-8") as f:
                json.dump({"data": data}, f)
        self.update(folder)
        after = self.scan(image)
        self.assertEqual([(r["id"], r["cpes"]) for r in after.doc["repositories"]], [("a-rpms", ["cpe:/a:x"]), ("b-rpms", [])])
        self.assertEqual(after.doc["packages"][0]["published_as"], ["rhel9/a", "ubi9/a"])
        self.assertEqual([x["indexed"] for x in after.doc["layers"]], ["before"])

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
        # So is one that says the same a hundred times.
        with open(self.tracker_file(few), encoding="utf-8") as f:
            once = f.read().strip()
        with open(self.tracker_file(few), "w", encoding="utf-8") as f:
            f.write("{" + ",".join([once[1:-1]] * 100) + "}")
        r = self.update(few, code=3)
        self.assertIn("has shrunk from 100 records to 1", r.err)
        self.assertRegex(r.out, r"debian +failed +100 records")
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
                              capture_output=True, text=True, check=True, env=store.environment(self.data))
        self.assertLess(int(done.stdout.split()[-1]) / 1024, 150, done.stdout)


TRACKER, MAIN = "tracker/data/json", "v3.18/main.json"
TWO_BRANCHES = {"v3.18": {"main": {"a": {"2-r0": ["CVE-2020-0001"]}}}, "v3.19": {"main": {"a": {"3-r0": ["CVE-2020-0002"]}}}}


class OverHttp(clarion.Case):
    """The same from a server, which misbehaves on request."""

    def serve(self, folder, **how):
        return Upstream(self, folder, **how)

    def feed(self, name):
        return [f for f in self.run_clarion("feeds", "--format", "json").doc["feeds"] if f["feed"] == name][0]

    def many(self, count, name="many"):
        return self.feeds({"p%d" % i: {"CVE-2024-%04d" % i: tracker_entry(bookworm="2", description="x" * 500)} for i in range(count)}, name=name)

    def replace(self, folder, old, new, *path):
        name = os.path.join(folder, *path)
        with open(name, encoding="utf-8") as f:
            text = f.read()
        self.assertIn(old, text)
        with open(name, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    def test_conditional_requests(self):
        for etags in (True, False):
            upstream = self.serve(self.feeds(), etags=etags)
            data = self.path("data-%s" % etags)
            self.assertEqual(self.run_clarion("update", "--mirror", upstream.url, data=data).code, 0)
            r = self.run_clarion("update", "--mirror", upstream.url, data=data)
            self.assertRegex(r.out, r"(?s)debian +unchanged.*alpine +unchanged")
            for path in (TRACKER, MAIN):
                self.assertEqual(upstream.statuses(path), [200, 304])
                self.assertIsNotNone(upstream.header(path, "If-None-Match" if etags else "If-Modified-Since")[1])

    def test_other_places(self):
        """--source: a feed, or what begins with a URL, from elsewhere; under the same names, so that a feed may move."""
        folder = self.feeds()
        upstream, empty = self.serve(folder), self.path("empty")
        os.makedirs(empty)
        places = ["--source", "debian=%s/security-tracker.debian.org/tracker/data/json" % upstream.url,
                  "--source", "https://secdb.alpinelinux.org/=%s/secdb.alpinelinux.org/" % folder]
        r = self.run_clarion("update", "debian", "alpine", "--mirror", empty, *places)
        self.assertEqual(r.code, 0, r)
        self.assertEqual(upstream.statuses(TRACKER), [200])
        self.assertRegex(self.run_clarion("update", "--mirror", upstream.url, "debian").out, "debian +unchanged")
        self.assertEqual(self.feed("debian")["records"], 1)
        r = self.run_clarion("update", "debian", "--source", "debian=%s/nowhere" % upstream.url)
        self.assertEqual(r.code, 3)
        self.assertIn(upstream.url + "/nowhere", r.err)
        for wrong in ("debain=http://x/", "debian", "debian=x"):
            self.assertEqual(self.run_clarion("update", "--source", wrong).code, 2, wrong)

    def test_one_changed_file_of_many(self):
        folder = self.feeds(secdb=TWO_BRANCHES)
        upstream = self.serve(folder)
        self.update(upstream.url)
        self.replace(folder, "3-r0", "4-r0", "secdb.alpinelinux.org", "v3.19", "main.json")
        self.assertRegex(self.update(upstream.url).out, r"alpine +updated +2 records")
        out = self.run_clarion("advisories", "show", "CVE-2020-0001").out + self.run_clarion("advisories", "show", "CVE-2020-0002").out
        self.assertIn("fixed in 2-r0", out)
        self.assertIn("fixed in 4-r0", out)
        self.assertEqual(upstream.statuses(MAIN), [200, 304])

    def test_server_errors_cost_only_their_file(self):
        upstream = self.serve(self.feeds(secdb=TWO_BRANCHES))
        self.update(upstream.url)
        upstream.faults["v3.19/main.json"] = [503, FOREVER]
        r = self.run_clarion("update", "--mirror", upstream.url, "alpine")
        self.assertEqual(r.code, 3, r)
        self.assertRegex(r.err, r"v3\.19/main\.json: after 4 tries: the server answered 503")
        self.assertIn("fixed in 3-r0", self.run_clarion("advisories", "show", "CVE-2020-0002").out)
        self.assertEqual(upstream.statuses("v3.19/main.json"), [200, 503, 503, 503, 503])

    def test_server_errors_that_pass(self):
        upstream = self.serve(self.feeds())
        upstream.faults[TRACKER] = [503, 429]
        self.assertRegex(self.update(upstream.url, "debian").out, r"debian +updated +1 records")
        self.assertEqual(upstream.statuses(TRACKER), [503, 429, 200])

    def test_file_that_vanishes(self):
        """Its records go, and that is said; a feed whose only file vanishes keeps what it had."""
        upstream = self.serve(self.feeds(secdb=TWO_BRANCHES))
        self.update(upstream.url)
        upstream.faults = {"v3.19/main.json": [404, FOREVER], TRACKER: [404, FOREVER]}
        r = self.run_clarion("update", "--mirror", upstream.url)
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, r"v3\.19/main\.json: the server answered 404 \(it was there before")
        self.assertRegex(r.out, r"(?s)debian +failed +1 records.*alpine +updated +1 records")

    def test_unchanged_to_somebody_who_has_nothing(self):
        upstream = self.serve(self.feeds())
        upstream.faults = {TRACKER: [304, FOREVER], ".json": [304, FOREVER]}
        r = self.run_clarion("update", "--mirror", upstream.url)
        self.assertEqual(r.code, 3, r)
        self.assertRegex(r.out, r"(?s)debian +failed.*alpine +failed")
        self.assertIn("304", r.err)

    def test_body_that_breaks_off(self):
        upstream = self.serve(self.many(3000))
        upstream.faults[TRACKER] = ["cut", "cut", "cut"]
        self.assertRegex(self.update(upstream.url, "debian").out, r"debian +updated +3000 records")
        self.assertEqual(upstream.statuses(TRACKER), [200, 206, 206, 206])

    def test_file_that_changes_between_two_parts(self):
        folder = self.many(500)
        upstream = self.serve(folder)
        upstream.faults[TRACKER] = [lambda: self.replace(folder, '"fixed_version": "2"', '"fixed_version": "3.0"', "security-tracker.debian.org", "tracker", "data", "json")]
        self.assertRegex(self.update(upstream.url, "debian").out, r"debian +updated +500 records")
        self.assertEqual(upstream.statuses(TRACKER), [200, 200])
        self.assertIsNotNone(upstream.header(TRACKER, "If-Range")[1])
        self.assertIn("fixed in 3.0 ", self.run_clarion("advisories", "show", "CVE-2024-0000").out)

    def test_compressed_transfer(self):
        upstream = self.serve(self.many(500))
        upstream.faults[TRACKER] = ["gzip", FOREVER]
        self.assertRegex(self.update(upstream.url, "debian").out, r"debian +updated +500 records")
        self.assertRegex(self.update(upstream.url, "debian").out, r"debian +unchanged +500 records")

    def test_compressed_file(self):
        folder = self.feeds()
        path = os.path.join(folder, "security-tracker.debian.org", "tracker", "data", "json")
        with open(path, "rb") as f:
            data = f.read()
        with open(path, "wb") as f:
            f.write(gzip.compress(data))
        self.assertRegex(self.update(self.serve(folder).url, "debian").out, r"debian +updated +1 records")

    def test_redirects_without_end(self):
        upstream = self.serve(self.feeds())
        upstream.faults[TRACKER] = ["redirect", FOREVER]
        r = self.run_clarion("update", "--mirror", upstream.url, "debian")
        self.assertEqual(r.code, 3)
        self.assertIn("redirects", r.err)

    def test_too_large(self):
        upstream = self.serve(self.many(300))
        self.update(self.feeds(), "debian")
        r = self.run_clarion("update", "--mirror", upstream.url, "--limit", "feed_bytes=10K", "debian")
        self.assertEqual(r.code, 3)
        self.assertIn("more than 10240 bytes (limit feed_bytes)", r.err)
        self.assertEqual(upstream.statuses(TRACKER), [200])
        self.assertEqual(self.feed("debian")["records"], 1)

    def start(self, *arguments):
        return subprocess.Popen([clarion.BINARY, "update", "--data", self.data, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=store.environment(self.data))

    def finish(self, process):
        out, err = process.communicate(timeout=60)
        self.assertNotIn("Sanitizer", err)
        return process.returncode, out, err

    def test_two_updates_at_once(self):
        """The second waits for the first, and then has nothing to fetch."""
        upstream = self.serve(self.many(300))
        upstream.faults[TRACKER] = ["slow"]
        both = [self.start("--mirror", upstream.url, "-v", "debian") for _ in range(2)]
        results = [self.finish(p) for p in both]
        self.assertEqual([code for code, _, _ in results], [0, 0], results)
        self.assertEqual(sorted(out.split()[1] for _, out, _ in results), ["unchanged", "updated"])
        self.assertEqual(sum("waiting for another update" in err for _, _, err in results), 1, results)
        self.assertEqual(upstream.statuses(TRACKER), [200, 304])

    def test_killed_in_the_middle(self):
        """Nothing is left of half a download, nor of the lock."""
        self.update(self.feeds(), "debian")
        before = sorted(os.listdir(self.data)), sorted(os.listdir(os.path.join(self.data, "segments")))
        upstream = self.serve(self.many(300))
        upstream.faults[TRACKER] = ["stall"]
        process = self.start("--mirror", upstream.url, "debian")
        self.assertTrue(upstream.stalled.wait(30))
        process.kill()
        process.communicate()
        names = [n for n in sorted(os.listdir(self.data)) if not n.startswith("clarion.db-")], sorted(os.listdir(os.path.join(self.data, "segments")))
        self.assertEqual(names, before)
        self.assertEqual((self.feed("debian")["records"], self.feed("debian")["state"]), (1, "loaded"))
        self.assertRegex(self.update(upstream.url, "debian").out, r"debian +updated +300 records")

    def test_damaged_segment_is_made_anew(self):
        """Also when the upstream has nothing new to say."""
        upstream = self.serve(self.feeds({"openssl": {"CVE-2014-0160": tracker_entry(bookworm="3.0.9-1")}}))
        self.update(upstream.url)
        image = self.image(IMAGE)
        self.assertEqual(len(self.scan(image).doc["findings"]), 1)
        folder = os.path.join(self.data, "segments")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "r+b") as f:
                data = f.read()
                f.seek(4096)
                f.write(b"\xff" * (len(data) - 4096))
        self.assertEqual(self.scan(image).doc["coverage"]["feeds"][0]["state"], "failed")
        r = self.run_clarion("update", "--mirror", upstream.url)
        self.assertEqual(r.code, 0, r)
        self.assertIn("fetched again", r.err)
        self.assertEqual(upstream.statuses(TRACKER) + upstream.statuses(MAIN), [200, 200, 200, 200])
        r = self.scan(image)
        self.assertEqual((r.code, len(r.doc["findings"])), (0, 1), r)

    def test_full_disk(self):
        """What was in force stays so, and the next update with room goes through."""
        if os.geteuid() != 0:
            self.skipTest("only root can make a small file system")
        os.mkdir(self.data)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", self.data], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            self.skipTest("cannot mount a small file system: " + made.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", self.data], check=True)
        image = self.image(IMAGE)
        self.update(self.feeds({"openssl": {"CVE-2014-0160": tracker_entry(bookworm="3.0.9-1")}}))
        download = self.serve(self.many(3000))  # too large as it comes
        r = self.run_clarion("update", "--mirror", download.url, "debian")
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, "cannot keep the download in .*: No space left")
        tracker = {"p%d" % i: {"CVE-2024-%04d" % i: tracker_entry(bookworm="2", description="%d" % i * 200)} for i in range(3000)}
        r = self.run_clarion("update", "--mirror", self.feeds(tracker, name="varied"), "debian")  # too large as a segment
        self.assertEqual(r.code, 3)
        self.assertIn("disk", r.err)
        self.assertEqual([n for n in os.listdir(os.path.join(self.data, "segments")) if n.startswith(".")], [])
        self.assertEqual((self.feed("debian")["records"], len(self.scan(image).doc["findings"])), (1, 1))
        self.update(self.many(30, name="few"), "debian")
        self.assertEqual(self.feed("debian")["records"], 30)

    @clarion.need_shared
    def test_later_generation(self):
        """The shared feeds, then their later state: added, changed and removed records are all there."""
        shared = clarion.SHARED
        self.update(os.path.join(shared, "feeds"), "debian")
        self.update(self.serve(os.path.join(shared, "feeds-next")).url, "debian")
        with open(os.path.join(shared, "feeds-next", "security-tracker.debian.org", "tracker", "data", "json"), encoding="utf-8") as f:
            truth = json.load(f)
        want = sum(len(r["releases"]) for p in truth.values() for r in p.values())
        self.assertEqual(self.feed("debian")["records"], want)


def debian_counts(folder):
    with open(os.path.join(folder, "security-tracker.debian.org", "tracker", "data", "json"), encoding="utf-8") as f:
        tracker = json.load(f)
    n = sum(len(vulnerability["releases"]) for package in tracker.values() for vulnerability in package.values())
    return n, n, 0


def alpine_ids(entry):
    """The ids of one entry of secfixes, as docs/feeds.md tells them: CVEs, or else the others."""
    text = entry.split("(")[0].strip()
    cve = r"(?i:CVE)[-_ ](\d{4})[-_](\d{4,})(?:\.patch|-\d)?"
    whole = re.fullmatch(cve, text)
    if whole:
        return ["CVE-%s-%s" % whole.groups()], ""
    cves, others = [], []
    for word in re.split(r"[ ,/;\t]", text):
        match = re.fullmatch(cve, word)
        if match:
            cves.append("CVE-%s-%s" % match.groups())
        elif re.fullmatch(r"(?!(?i:CVE-))(?=.*\d)[A-Za-z.:-][A-Za-z0-9.:-]{4,}", word):
            others.append(word)
    return (cves, " ".join(others)) if cves else (others, "")


def alpine_counts(folder):
    read, left_out, kept = 0, 0, set()
    for file in sorted(glob.glob(os.path.join(folder, "secdb.alpinelinux.org", "*", "*.json"))):
        with open(file, encoding="utf-8") as f:
            doc = json.load(f)
        for item in doc["packages"]:
            for version, entries in (item["pkg"]["secfixes"] or {}).items():
                for entry in entries:
                    ids, aliases = alpine_ids(entry)
                    read += max(len(ids), 1)
                    left_out += not ids
                    kept |= {(file, item["pkg"]["name"], version.strip(), i, aliases) for i in ids}
    return read, len(kept), left_out


def mapping_counts(file, values):
    def count(folder):
        with open(os.path.join(folder, "security.access.redhat.com", "data", "metrics", file), encoding="utf-8") as f:
            entries = json.load(f)["data"].values()
        return sum(len(values(e)) for e in entries), sum(len(set(values(e))) for e in entries), 0
    return count


# Records in, records kept and records left out, counted here from the files themselves.
COUNTS = {"debian": debian_counts, "alpine": alpine_counts,
          "redhat-repositories": mapping_counts("repository-to-cpe.json", lambda e: e["cpes"]),
          "redhat-containers": mapping_counts("container-name-repos-map.json", list)}


class Accounts(clarion.Case):
    """What a feed's files hold is kept, repeated or left out, and the counts stay when files do not change."""

    def accounts(self):
        return {f["feed"]: (f["read"], f["records"], f["repeated"], f["left_out"], [(x["url"], x["added"], x["left_out"]) for x in f["files"]])
                for f in self.run_clarion("feeds", "--format", "json").doc["feeds"] if f["files"]}

    @clarion.need_shared
    def test_all_shared_feeds_add_up(self):
        folder = os.path.join(clarion.SHARED, "feeds")
        self.update(folder)
        found = self.accounts()
        for feed, (read, kept, repeated, left_out, files) in found.items():
            if not files:
                continue # not in this mirror
            with self.subTest(feed=feed):
                self.assertGreater(kept, 0)
                out = sum(x["records"] for x in left_out)
                self.assertEqual(read, kept + repeated + out)
                self.assertEqual(read, sum(added + sum(x["records"] for x in why) for _, added, why in files))
                if feed in COUNTS:
                    self.assertEqual((read, kept, out), COUNTS[feed](folder))
        self.update(folder)
        self.assertEqual(self.accounts(), found)

    def test_counts_are_kept_file_by_file(self):
        """One file of two changes: the counts are those of a first update with all of it."""
        odd = {"v3.18": {"main": {"a": {"2-r0": ["CVE-2020-0001", "CVE-2020-0001", "?"]}}},
               "v3.19": {"main": {"a": {"3-r0": ["CVE-2020-0002"]}}}}
        folder = self.feeds(secdb=odd)
        r = self.update(folder)
        self.assertRegex(r.out, r"alpine +updated +2 records, 1 repeated, 1 left out\n")
        self.assertRegex(r.out, r"2 feeds: 2 updated; +3 records, 1 repeated, 1 left out\n")
        odd["v3.19"]["main"]["a"]["3-r0"] += ["CVE-2020-0003", "CVE-2020-0003", "!", "CVE-????-????"]
        self.feeds(secdb=odd)
        self.assertRegex(self.update(folder).out, r"alpine +updated +3 records, 2 repeated, 3 left out\n")
        first = self.accounts()["alpine"]
        self.assertEqual(first[:4], (8, 3, 2, [{"reason": "names no vulnerability", "records": 3}]))
        store.remove(self.data)
        self.update(folder)
        self.assertEqual(self.accounts()["alpine"], first)
        out = self.run_clarion("feeds", "--verbose").out
        self.assertIn("  8 records read: 3 kept, 2 repeated, 3 left out\n    3 left out: names no vulnerability\n", out)
        self.assertRegex(out, r"  read +3 .*v3\.19/main\.json\n    2 left out: names no vulnerability\n")


if __name__ == "__main__":
    unittest.main()
