"""Amazon Linux: notices by way of mirror lists and indexes, with what can go wrong there; findings against the files."""
import gzip
import hashlib
import json
import os
import xml.etree.ElementTree

import clarion

LIST = "cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list"
MIRRORS = ("https://one.example.org/2", "https://two.example.org/2/")


def notices(*versions):
    """updateinfo.xml.gz with a notice for each version of the package "a"."""
    text = "".join('<update type="security"><id>ALAS2-2024-%d</id><severity>important</severity><references><reference type="cve" '
                   'id="CVE-2024-000%d" href="https://example.org"/></references><pkglist><collection><package name="a" epoch="0" '
                   'version="%s" release="1" arch="x86_64"/></collection></pkglist></update>' % (i + 1, i + 1, v)
                   for i, v in enumerate(versions))
    return gzip.compress(("<updates>%s</updates>" % text).encode(), mtime=0)


def index(data, location="repodata/updateinfo.xml.gz"):
    return ('<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="updateinfo"><checksum type="sha256">%s</checksum>'
            '<location href="%s"/></data></repomd>' % (hashlib.sha256(data).hexdigest(), location)).encode()


class Amazon(clarion.Case):
    def setUp(self):
        super().setUp()
        self.mirror = self.path("mirror")
        self.write(LIST, "\n".join(MIRRORS).encode())

    def write(self, path, data):
        path = os.path.join(self.mirror, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)

    def serve(self, host, data, **how):
        """What a mirror has; its index may speak of other data."""
        self.write("%s.example.org/2/repodata/repomd.xml" % host, index(how.get("index_of", data), **how.get("index", {})))
        self.write("%s.example.org/2/repodata/updateinfo.xml.gz" % host, data)

    def feed(self):
        r = self.run_clarion("feeds", "--format", "json")
        return next(f for f in r.doc["feeds"] if f["feed"] == "amazon")

    def findings_of(self, version, distribution="amzn-2"):
        """Of a bill of materials with the package "a"."""
        sbom = self.path("a.json")
        with open(sbom, "w", encoding="utf-8") as f:
            json.dump({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
                {"type": "operating-system", "name": "amzn", "version": distribution.split("-")[1]},
                {"type": "library", "name": "a", "version": version,
                 "purl": "pkg:rpm/amzn/a@%s?arch=x86_64&distro=%s" % (version, distribution)}]}, f)
        doc = self.scan("sbom:" + sbom).doc
        return [(f["vulnerability"], f["fixed_in"], f["severity"]) for f in doc["findings"]]

    def test_first_mirror_that_has_it(self):
        self.serve("two", notices("1.0", "2.0"))
        self.update(self.mirror, "amazon")
        self.assertEqual(self.findings_of("1.5-1"), [("CVE-2024-0002", "2.0-1", "High")])
        self.assertEqual(self.findings_of("2.0-1"), [])
        self.serve("one", notices("1.0", "3.0"))
        self.update(self.mirror, "amazon")
        self.assertEqual(self.findings_of("2.0-1"), [("CVE-2024-0002", "3.0-1", "High")])

    def test_digest_saves_the_transfer_and_guards_it(self):
        data = notices("1.0", "2.0")
        self.serve("one", data)
        self.update(self.mirror, "amazon")
        os.unlink(os.path.join(self.mirror, "one.example.org/2/repodata/updateinfo.xml.gz"))
        self.assertRegex(self.update(self.mirror, "amazon").out, r"amazon +unchanged +2 records")
        # The index of one speaks of data that it does not have; the other is as it should be.
        self.serve("one", data, index_of=notices("4.0"))
        self.serve("two", notices("1.0", "5.0"))
        self.update(self.mirror, "amazon")
        self.assertEqual(self.findings_of("4.5-1"), [("CVE-2024-0002", "5.0-1", "High")])

    def test_no_mirror_keeps_the_former_records(self):
        self.serve("one", notices("1.0", "2.0"))
        self.update(self.mirror, "amazon")
        bad = (dict(data=b"<updates>"), dict(data=notices("9.0"), index_of=b"other"), dict(data=b"", index={"location": "../x"}))
        for how in bad:
            for host in ("one", "two"):
                self.serve(host, **how)
            r = self.update(self.mirror, "amazon", code=3)
            self.assertIn("one.example.org", r.err)
            self.assertEqual((self.feed()["records"], self.findings_of("1.5-1")), (2, [("CVE-2024-0002", "2.0-1", "High")]), how)
        self.write(LIST, b"# nothing\n")
        self.assertIn("names no mirror", self.update(self.mirror, "amazon", code=3).err)

    @clarion.need_shared
    def test_against_the_files(self):
        """Each statement of the files is a record, of all architectures at once."""
        feeds, wanted = os.path.join(clarion.SHARED, "feeds"), {}
        self.run_clarion("update", "--mirror", feeds, "amazon")
        for folder, _, names in os.walk(feeds):
            if "updateinfo.xml.gz" not in names:
                continue
            with gzip.open(os.path.join(folder, "updateinfo.xml.gz")) as f:
                for update in xml.etree.ElementTree.parse(f).getroot():
                    cves = [r.get("id") for r in update.iter("reference") if r.get("type") == "cve"]
                    for package in update.iter("package"):
                        epoch = package.get("epoch") + ":" if package.get("epoch") != "0" else ""
                        for cve in cves or [update.findtext("id")]:
                            wanted.setdefault(cve, set()).add(
                                (package.get("name"), "%s%s-%s" % (epoch, package.get("version"), package.get("release"))))
        self.assertEqual(self.feed()["records"], sum(len(w) for w in wanted.values()))
        for cve, records in wanted.items():
            shown = self.run_clarion("advisories", "show", cve).out
            for name, version in records:
                self.assertRegex(shown, r"(?m)^  amazon:\S+ +%s +affected, fixed in %s \(" % (name.replace("+", r"\+"), version.replace("+", r"\+")))
