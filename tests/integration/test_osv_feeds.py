"""The feeds of the OSV bucket as a whole: from a mirror's archives to findings, and what becomes of archives that are broken."""
import io
import json
import os
import struct
import unittest
import zipfile

import clarion
from clarion import tar_of

BUCKET = "osv-vulnerabilities.storage.googleapis.com"


def record(name, ecosystem, package, *events, **more):
    return dict({"id": name, "summary": "A flaw.", "affected": [
        {"package": {"ecosystem": ecosystem, "name": package}, "ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}]}, **more)


def archive(*records):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for r in records:
            z.writestr(r["id"] + ".json", json.dumps(r))
    return out.getvalue()


def wheel(name, version):
    return ("usr/lib/python3/site-packages/%s-%s.dist-info/METADATA" % (name, version), "Name: %s\nVersion: %s\n\n" % (name, version))


class OsvFeeds(clarion.Case):
    def bucket(self, **files):
        """A mirror with archives, "PyPI" or "Rocky Linux:9" → bytes."""
        for name, data in files.items():
            os.makedirs(self.path("mirror", BUCKET, name), exist_ok=True)
            with open(self.path("mirror", BUCKET, name, "all.zip"), "wb") as f:
                f.write(data)
        with open(self.path("mirror", BUCKET, "ecosystems.txt"), "w", encoding="utf-8") as f:
            f.write("".join(n + "\n" for n in sorted(os.listdir(self.path("mirror", BUCKET))) if not n.endswith(".txt")))
        return self.path("mirror")

    def test_packages_of_a_language(self):
        """On no distribution at all; a package whose version is none counts as not judged."""
        self.update(self.bucket(PyPI=archive(
            record("PYSEC-1", "PyPI", "My.Web", {"introduced": "0"}, {"fixed": "2.0"}, aliases=["CVE-2020-1", "GHSA-1"]),
            record("GHSA-1", "PyPI", "my-web", {"introduced": "1.0"}, {"fixed": "2.0"}, aliases=["CVE-2020-1"],
                   database_specific={"severity": "HIGH"}),
            record("PYSEC-2", "PyPI", "odd", {"introduced": "0"}))), "osv-pypi")
        r = self.scan(self.image(tar_of([wheel("my_web", "1.5"), wheel("odd", "of-my-own")])))
        self.assertEqual(self.findings(r.doc), [("my_web", "CVE-2020-1", "2.0")])
        finding = r.doc["findings"][0]
        self.assertEqual((sorted(finding["aliases"]), finding["severity"]), (["GHSA-1", "PYSEC-1"], "High"))
        self.assertEqual(r.doc["coverage"]["unmatched_kinds"], ["python"])
        table = self.scan("oci:" + self.path("image"), "--format", "table").out
        self.assertIn("Not judged: 1 python package: their versions are none that can be compared", table)
        why = self.run_clarion("explain", "oci:" + self.path("image"), "PYSEC-2", "odd").out
        self.assertIn("their versions are none that can be compared", why)

    def test_rocky(self):
        self.update(self.bucket(**{"Rocky Linux:9": archive(
            record("RLSA-1", "Rocky Linux:9", "bash", {"introduced": "0"}, {"fixed": "5.1-2.el9"}, aliases=["CVE-2020-1"]))}), "rocky")
        r = self.run_clarion("advisories", "show", "CVE-2020-1")
        self.assertIn("rocky:9", r.out)
        self.assertIn("5.1-2.el9", r.out)

    def state(self, feed):
        r = self.run_clarion("feeds", "--format", "json")
        return next(f for f in r.doc["feeds"] if f["feed"] == feed)

    def test_broken_archives(self):
        """A clear word, and the former records stay."""
        good = archive(*(record("PYSEC-%d" % i, "PyPI", "p%d" % i, {"introduced": "0"}) for i in range(9)))
        at = good.index(b"PK\x01\x02")
        size = struct.unpack("<I", good[at + 20:at + 24])[0]
        wrong_sum = bytearray(good)
        wrong_sum[at + 16] ^= 1
        no_json = io.BytesIO()
        with zipfile.ZipFile(no_json, "w") as z:
            z.writestr("a.json", "{")
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("a.json", b" " * (65 << 20))
        cases = [
            (good[:-1], "no central directory"),
            (good[:len(good) // 2], "no central directory"),
            (b"", "no central directory"),
            (bytes(wrong_sum), "check sum"),
            (good[:30 + len("PYSEC-0.json")] + b"\xff" * size + good[30 + len("PYSEC-0.json") + size:], "PYSEC-0.json"),
            (no_json.getvalue(), "not JSON"),
            (bomb.getvalue(), "limit feed_member_bytes"),
            (archive(), "shrunk"),
        ]
        self.update(self.bucket(PyPI=good), "osv-pypi")
        for data, says in cases:
            r = self.run_clarion("update", "--mirror", self.bucket(PyPI=data), "osv-pypi")
            self.assertEqual(r.code, 3, r)
            self.assertIn(says, r.err)
            state = self.state("osv-pypi")
            self.assertEqual(state["records"], 9)
            self.assertIn(says, state["error"])
        self.update(self.bucket(PyPI=good), "osv-pypi")
        self.assertFalse(self.state("osv-pypi")["error"])


if __name__ == "__main__":
    unittest.main()
