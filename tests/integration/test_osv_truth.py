"""The findings of OSV's feeds, all of them and no other, against an evaluator that knows the schema and no Clarion."""
import importlib.util
import os
import re
import unittest
import urllib.parse

import clarion

HAS_PACKAGING = importlib.util.find_spec("packaging") is not None
if HAS_PACKAGING:
    import osv

FEEDS = ["osv-pypi", "osv-npm", "osv-go", "osv-maven", "osv-crates", "osv-rubygems", "almalinux"]
IMAGES = ["python-web", "node-app", "go-tools", "java-app", "ruby-app", "rust-tool", "debian-web"]
ALMALINUX = ["alma8-bdb", "alma9-built"]


def version_of(package):
    """The version that is compared, and None when there is none to compare."""
    version = package["version"]
    if package["kind"] == "go" and package["name"] in ("stdlib", "toolchain") and version.startswith("go"):
        version = version[2:]
    if package["kind"] == "go" and not osv.SEMVER.match(version):
        return None
    return version


def truth_of_languages(doc, index):
    """{(package id, record id): fix or ""}"""
    out = {}
    for package in doc["packages"]:
        if package["kind"] not in osv.LANGUAGES:
            continue
        _, order, normal = osv.LANGUAGES[package["kind"]]
        version, says = version_of(package), {}
        for record, affected in index[package["kind"]].get(normal(package["name"]), []) if version else []:
            says.setdefault(record["id"], []).append(osv.judge(version, affected, order))
        for record, said in says.items():
            said = osv.strongest(said, order)
            if said is not osv.NOT:
                out[package["id"], record] = "" if said in (osv.LISTED, osv.UNFIXED) else said
    return out


def truth_of_almalinux(doc, index):
    """{(package id, CVE or notice): fix}"""
    says = {}
    for package in doc["packages"]:
        for notice, affected in index.get(package["name"], []) if package["kind"] == "rpm" else []:
            cves = [r for r in notice["related"] if r.startswith("CVE-")]
            if not cves and not notice["id"].startswith("ALSA"):
                continue
            fixes = [e["fixed"] for r in affected["ranges"] for e in r["events"] if "fixed" in e]
            modular = any(".module" in f for f in fixes)
            streams = streams_of(notice)
            if modular != bool(package["module"]):
                continue
            if modular and package["module"] not in streams and package["module"].split(":")[0] not in streams:
                continue
            said = osv.judge(package["version"], affected, osv.rpm)
            for name in cves or [notice["id"]]:
                if said is not osv.NOT:
                    says.setdefault((package["id"], name), []).append(said)
    return {key: osv.strongest(said, osv.rpm) for key, said in says.items()}


def streams_of(notice):
    """The modules that a notice names, httpd:2.4 of httpd:2.4/mod_http2; the first word of one that names none."""
    title = re.sub(r"^(Low|Moderate|Important|Critical): ", "", notice["summary"])
    return re.findall(r"([^\s:,]+:[^\s:,/]+)", title) or [title.split()[0]]


def contents(feeds, folder, order, normal):
    """What a file of the bucket says in all: the records that it makes, and how many of its statements make none."""
    made, left_out, notices = set(), 0, ":" in folder
    for record in osv.records(feeds, folder):
        ids = [r for r in record.get("related", []) if r.startswith("CVE-")] if notices else [record["id"]]
        if record.get("withdrawn") or not record.get("affected") or (notices and not ids and record["id"][2] != "S"):
            left_out += 1
            continue
        for affected in record["affected"]:
            if affected["package"]["ecosystem"] != folder:
                left_out += 1
                continue
            ranges = [osv.events_of(r, order) for r in affected.get("ranges", []) if r["type"] != "GIT"]
            said = [s for events in ranges for s in osv.stretches(events)]
            said += [(v, "last_affected", v) for v in affected.get("versions") or []
                     if not any(osv.in_range(v, events) for events in ranges)]
            left_out += sum(not osv.stretches(events) for events in ranges)
            left_out += sum(r["type"] == "GIT" for r in affected.get("ranges", []))
            left_out += not affected.get("ranges") and not affected.get("versions")
            for first, end, bound in said:
                module = " ".join(streams_of(record)) if notices and bound and ".module" in bound else ""
                made |= {(i, record["id"], normal(affected["package"]["name"]), first, end, bound, module)
                         for i in ids or [record["id"]]}
    return made, left_out


def fix_of(text):
    """The fix in a fixed_in_version of Clair's: plain, or in a query."""
    query = urllib.parse.parse_qs(text) if "=" in text else {"fixed": [text]}
    return query.get("fixed", [""])[0]


@clarion.need_shared
@unittest.skipUnless(HAS_PACKAGING, "wants PyPA's packaging, for the order of Python's versions")
class OsvTruth(clarion.Case):
    def setUp(self):
        super().setUp()
        self.feeds_folder = os.path.join(clarion.SHARED, "feeds")

    def image_of(self, name):
        return os.path.join(clarion.SHARED, "images", name + ".oci")

    def statements(self, image, updater):
        """{(package id, id): fix} of what Clair's document has, which keeps every record, by packages of the other."""
        doc = self.scan(image).doc
        clair = self.run_clarion("scan", "--format", "clair", image).doc
        found = {}
        for package, ids in clair["package_vulnerabilities"].items():
            # Clair's ids are the places in the list of packages, as are Clarion's.
            for v in (clair["vulnerabilities"][i] for i in ids):
                if v["updater"].startswith(updater):
                    found[package, v["name"]] = fix_of(v["fixed_in_version"])
        return doc, found

    def compare(self, name, truth, found):
        missing = sorted(set(truth) - set(found))
        more = sorted(set(found) - set(truth))
        other = sorted((k, truth[k], found[k]) for k in set(truth) & set(found) if truth[k] != found[k])
        self.assertEqual(([], [], []), (missing[:5], more[:5], other[:5]),
                         "%s: %d missing, %d too many, %d with another fix" % (name, len(missing), len(more), len(other)))

    def assert_json(self, doc, truth):
        """Each finding of the other document stands for true records of its package, by one of its names, and has a fix of
        one of them; each true record is one of a finding."""
        told = set()
        for f in doc["findings"]:
            keys = {(f["package"], i) for i in [f["vulnerability"], *f["aliases"]]} & set(truth)
            if f["feed"].startswith("osv-") or f["feed"] == "almalinux":
                self.assertIn(f["fixed_in"], {truth[k] for k in keys}, f)
            told |= keys
        self.assertEqual(told, set(truth))

    def test_languages(self):
        self.update(self.feeds_folder, *FEEDS)
        index = {kind: osv.by_package(self.feeds_folder, folder, normal) for kind, (folder, _, normal) in osv.LANGUAGES.items()}
        total = 0
        for name in IMAGES:
            doc, found = self.statements(self.image_of(name), "osv/")
            truth = truth_of_languages(doc, index)
            self.compare(name, truth, found)
            self.assert_json(doc, truth)
            total += len(truth)
        self.assertGreater(total, 600)

    def test_almalinux(self):
        self.update(self.feeds_folder, "almalinux")
        for name in ALMALINUX:
            doc, found = self.statements(self.image_of(name), "osv/almalinux")
            release = doc["image"]["distribution"]["version"].split(".")[0]
            truth = truth_of_almalinux(doc, osv.by_package(self.feeds_folder, "AlmaLinux:" + release, osv.same))
            self.assertGreater(len(truth), 100)
            self.compare(name, truth, found)
            self.assert_json(doc, truth)

    def assert_counts(self, feed, made, left_out):
        r = self.update(self.feeds_folder, feed)
        m = re.search(r"(\d+) records(?:, \d+ repeated)?(?:, (\d+) left out)?", r.out)
        self.assertEqual((int(m[1]), int(m[2] or 0)), (made, left_out), feed)

    def test_counts(self):
        """Every statement of a file is a record or left out."""
        for kind, (folder, order, normal) in osv.LANGUAGES.items():
            made, left_out = contents(self.feeds_folder, folder, order, normal)
            feed = {"python": "pypi", "cargo": "crates", "gem": "rubygems"}.get(kind, kind)
            self.assert_counts("osv-" + feed, len(made), left_out)
        made, left_out = 0, 0
        for release in ("8", "9", "10"):
            records, others = contents(self.feeds_folder, "AlmaLinux:" + release, osv.rpm, osv.same)
            made, left_out = made + len(records), left_out + others
        self.assert_counts("almalinux", made, left_out)


if __name__ == "__main__":
    unittest.main()
