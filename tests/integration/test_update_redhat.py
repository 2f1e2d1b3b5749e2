"""Red Hat's VEX documents: the archive, the changes after it, and what the records then say of images.

The evaluator at the end reads the documents on its own, going by the format's description, and shares no code with Clarion.
"""
import io
import json
import os
import re
import subprocess
import tarfile
import unittest
from urllib.parse import unquote

import clarion
from clarion import SHARED
from upstream import Upstream

HOST = "security.access.redhat.com"
FOLDER = os.path.join(HOST, "data", "csaf", "v2", "vex")
ARCHIVE = "csaf_vex_2026-01-31.tar.zst"
CPE = "cpe:/o:redhat:enterprise_linux:9::baseos"


def document(cve, fixed="3.0.7-27.el9", package="openssl-libs", **more):
    """A document of one fix in RHEL 9."""
    build = "%s-0:%s.x86_64" % (package, fixed)
    product = {"product_id": build, "product_identification_helper": {
        "purl": "pkg:rpm/redhat/%s@%s?arch=x86_64&epoch=1" % (package, fixed)}}
    return {"document": {"category": "csaf_vex", "tracking": {"id": cve, "status": "final"}},
            "product_tree": {"branches": [{"category": "vendor", "name": "Red Hat", "branches": [
                {"category": "product_name", "name": "RHEL", "product": {
                    "product_id": "BaseOS", "product_identification_helper": {"cpe": CPE}}},
                {"category": "product_version", "name": build, "product": product}]}],
                "relationships": [{"category": "default_component_of", "product_reference": build,
                                   "relates_to_product_reference": "BaseOS",
                                   "full_product_name": {"product_id": "BaseOS:" + build}}]},
            "vulnerabilities": [dict({"cve": cve, "product_status": {"fixed": ["BaseOS:" + build]}, "threats": [
                {"category": "impact", "details": "Moderate", "product_ids": ["BaseOS:" + build]}]}, **more)]}


def path_of(cve):
    return "%s/%s.json" % (cve.split("-")[1], cve.lower())


class Increments(clarion.Case):
    """An upstream with an archive of two documents."""

    def setUp(self):
        super().setUp()
        self.root = self.path("vex")
        self.folder_of_documents = os.path.join(self.root, FOLDER)
        self.changes, self.deletions = {"CVE-2020-9999": "2020-01-01T00:00:00+00:00"}, {}
        self.put("CVE-2024-0001", "2025-01-01T00:00:00+00:00", {})
        self.put("CVE-2024-0002", "2025-01-02T00:00:00+00:00", {})
        self.archive(["CVE-2024-0001", "CVE-2024-0002"])
        self.lists()
        self.upstream = Upstream(self, self.root)

    def put(self, cve, changed, how):
        where = os.path.join(self.folder_of_documents, path_of(cve))
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w", encoding="utf-8") as f:
            json.dump(document(cve, **how), f)
        self.changes[cve] = changed

    def archive(self, cves, name=ARCHIVE, **texts):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for cve in cves:
                text = texts.get(cve.replace("-", "_"), json.dumps(document(cve))).encode()
                info = tarfile.TarInfo(path_of(cve))
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
        packed = subprocess.run(["zstd", "-q", "-c"], input=raw.getvalue(), capture_output=True, check=True).stdout
        for file, text in ((name, packed), ("archive_latest.txt", name.encode())):
            with open(os.path.join(self.folder_of_documents, file), "wb") as f:
                f.write(text)

    def lists(self):
        for name, entries in (("changes.csv", self.changes), ("deletions.csv", self.deletions)):
            with open(os.path.join(self.folder_of_documents, name), "w", encoding="utf-8") as f:
                f.writelines('"%s","%s"\n' % (path_of(c), t) for c, t in sorted(entries.items(), key=lambda e: e[1], reverse=True))

    def run_update(self, code=0):
        """Updates, and tells which documents were asked for."""
        self.upstream.requests.clear()
        result = self.run_clarion("update", "--mirror", self.upstream.url, "redhat-vex")
        self.assertEqual(result.code, code, result)
        self.asked = [os.path.basename(p) for p, _, _ in self.upstream.requests]
        return result

    def fixes(self):
        """The fix of each vulnerability that the records know."""
        out = {}
        for number in range(1, 6):
            cve = "CVE-2024-000%d" % number
            shown = self.run_clarion("advisories", "show", cve).out
            fix = re.search(r"1:([\w.-]+)", shown)
            if fix:
                out[number] = fix[1]
        return out

    def test_archive_then_nothing(self):
        self.run_update()
        self.assertEqual(self.asked, ["changes.csv", "deletions.csv", "archive_latest.txt", ARCHIVE])
        self.assertEqual(self.fixes(), {1: "3.0.7-27.el9", 2: "3.0.7-27.el9"})
        self.assertIn("unchanged", self.run_update().out)
        self.assertEqual(self.asked, ["changes.csv", "deletions.csv"])
        self.assertEqual([s for _, s, _ in self.upstream.requests], [304, 304])

    def test_what_changed_after_the_archive(self):
        self.put("CVE-2024-0002", "2026-02-02T00:00:00+00:00", {"fixed": "3.0.7-28.el9"})
        self.put("CVE-2024-0003", "2026-02-03T00:00:00+00:00", {})
        self.lists()
        self.run_update()
        self.assertEqual(sorted(self.asked[2:]), ["archive_latest.txt", ARCHIVE, "cve-2024-0002.json", "cve-2024-0003.json"])
        self.assertEqual(self.fixes(), {1: "3.0.7-27.el9", 2: "3.0.7-28.el9", 3: "3.0.7-27.el9"})

    def test_changed_and_deleted(self):
        self.run_update()
        self.put("CVE-2024-0001", "2026-03-01T00:00:00+00:00", {"fixed": "3.0.7-29.el9"})
        self.put("CVE-2024-0004", "2026-03-01T00:00:00+00:00", {})
        self.lists()
        self.run_update()
        self.assertEqual(self.asked, ["changes.csv", "deletions.csv", "cve-2024-0001.json", "cve-2024-0004.json"])
        self.assertEqual(self.fixes(), {1: "3.0.7-29.el9", 2: "3.0.7-27.el9", 4: "3.0.7-27.el9"})
        # Another one of the same second, which the lists did not have yet.
        self.put("CVE-2024-0005", "2026-03-01T00:00:00+00:00", {})
        self.lists()
        self.run_update()
        self.assertEqual(self.asked[2:], ["cve-2024-0005.json"])
        self.deletions = {"CVE-2024-0002": "2026-03-02T00:00:00+00:00", "CVE-2024-0005": "2020-01-01T00:00:00+00:00"}
        self.lists()
        self.run_clarion("update", "--mirror", self.upstream.url, "redhat-vex")
        self.assertEqual(self.fixes(), {1: "3.0.7-29.el9", 4: "3.0.7-27.el9", 5: "3.0.7-27.el9"})
        self.put("CVE-2024-0002", "2026-03-03T00:00:00+00:00", {})
        self.lists()
        self.run_update()
        self.assertIn(2, self.fixes())

    def test_failing_document_keeps_its_records(self):
        self.run_update()
        self.put("CVE-2024-0001", "2026-03-01T00:00:00+00:00", {"fixed": "3.0.7-29.el9"})
        self.put("CVE-2024-0002", "2026-03-02T00:00:00+00:00", {"fixed": "3.0.7-30.el9"})
        self.lists()
        broken = os.path.join(self.folder_of_documents, path_of("CVE-2024-0001"))
        with open(broken, encoding="utf-8") as f:
            good = f.read()
        with open(broken, "w", encoding="utf-8") as f:
            f.write(good[:-20])
        result = self.run_update(code=3)
        self.assertIn("cve-2024-0001.json: not JSON", result.out + result.err)
        self.assertEqual(self.fixes(), {1: "3.0.7-27.el9", 2: "3.0.7-30.el9"})
        with open(broken, "w", encoding="utf-8") as f:
            f.write(good)
        self.run_update()  # though the lists have not changed
        self.assertEqual(self.asked[2:], ["cve-2024-0001.json"])
        self.assertEqual(self.fixes(), {1: "3.0.7-29.el9", 2: "3.0.7-30.el9"})
        self.run_update()
        self.assertEqual(self.asked[2:], [])

    def test_document_of_another_is_refused(self):
        self.run_update()
        self.put("CVE-2024-0003", "2026-03-01T00:00:00+00:00", {})
        where = os.path.join(self.folder_of_documents, path_of("CVE-2024-0003"))
        with open(where, "w", encoding="utf-8") as f:
            json.dump(document("CVE-2024-0001", fixed="9-9.el9"), f)
        self.lists()
        result = self.run_update(code=3)
        self.assertIn("it is the document of CVE-2024-0001", result.out + result.err)
        self.assertEqual(self.fixes()[1], "3.0.7-27.el9")

    def test_broken_document_of_the_archive(self):
        self.archive(["CVE-2024-0001", "CVE-2024-0002"], CVE_2024_0001="{")
        result = self.run_update(code=3)
        self.assertIn("the archive's 2024/cve-2024-0001.json", result.out + result.err)
        self.assertEqual(self.fixes(), {2: "3.0.7-27.el9"})
        self.run_update()  # singly, then
        self.assertEqual(self.fixes(), {1: "3.0.7-27.el9", 2: "3.0.7-27.el9"})

    def test_archive_of_other_files(self):
        """They are counted, not named one by one: an archive can have millions."""
        self.archive(["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-X", "CVE-2024-Y"])
        warnings = [line for line in self.run_update().err.splitlines() if "no documents by their names" in line]
        self.assertEqual(len(warnings), 1)
        self.assertTrue(warnings[0].endswith(": 2"), warnings)
        self.assertEqual(self.fixes(), {1: "3.0.7-27.el9", 2: "3.0.7-27.el9"})

    def test_later_state_that_fails(self):
        """The archive's state of it counts until the later one can be had."""
        self.put("CVE-2024-0001", "2026-02-02T00:00:00+00:00", {"fixed": "3.0.7-28.el9"})
        self.lists()
        self.upstream.faults["cve-2024-0001.json"] = [404]
        self.run_update(code=3)
        self.assertEqual(self.fixes()[1], "3.0.7-27.el9")
        self.run_update()
        self.assertEqual((self.asked[2:], self.fixes()[1]), (["cve-2024-0001.json"], "3.0.7-28.el9"))

    def test_archive_cut_short(self):
        where = os.path.join(self.folder_of_documents, ARCHIVE)
        with open(where, "rb") as f:
            packed = f.read()
        with open(where, "wb") as f:
            f.write(packed[:len(packed) // 2])
        result = self.run_update(code=3)
        self.assertIn("the archive could not be read", result.out + result.err)
        self.assertEqual(self.fixes(), {})
        with open(where, "wb") as f:
            f.write(packed)
        self.run_update()
        self.assertEqual(self.fixes(), {1: "3.0.7-27.el9", 2: "3.0.7-27.el9"})

    def test_list_that_leaves_a_gap(self):
        self.run_update()
        self.changes = {}
        self.put("CVE-2024-0003", "2026-05-01T00:00:00+00:00", {})
        self.archive(["CVE-2024-0002", "CVE-2024-0003"], "csaf_vex_2026-05-02.tar.zst")
        self.lists()
        self.run_update()
        self.assertIn("csaf_vex_2026-05-02.tar.zst", self.asked)
        self.assertEqual(sorted(self.fixes()), [2, 3])

    def test_many_failures_end_the_run(self):
        self.run_update()
        for number in range(10, 60):
            self.changes["CVE-2024-00%d" % number] = "2026-03-01T00:00:00+00:00"
        self.lists()
        result = self.run_update(code=3)
        self.assertIn("20 documents in a row failed", result.out + result.err)
        self.assertEqual(len(self.asked), 22)
        self.assertEqual(self.fixes(), {1: "3.0.7-27.el9", 2: "3.0.7-27.el9"})


# ---- an evaluator of our own ----------------------------------------------------------------------------------------

def segments(text):
    return re.findall(r"\d+|[a-zA-Z]+|~|\^", text)


def compare_part(a, b):
    """rpmvercmp, from rpm-version(7)."""
    x, y = segments(a), segments(b)
    for i in range(max(len(x), len(y)) + 1):
        p, q = x[i] if i < len(x) else "", y[i] if i < len(y) else ""
        if p == q:
            if not p:
                return 0
            continue
        rank = {"~": 0, "": 1, "^": 2}
        left, right = (rank.get(s, 4 if s[:1].isdigit() else 3) for s in (p, q))
        if left != right:
            return 1 if left > right else -1
        if left == 4 and int(p) == int(q):
            continue
        key = int if left == 4 else str
        return 1 if key(p) > key(q) else -1
    return 0


def compare(a, b):
    parts = []
    for version in (a, b):
        epoch, _, rest = version.rpartition(":")
        version, _, release = rest.partition("-")
        parts.append((int(epoch or 0), version, release))
    (e, v, r), (f, w, s) = parts
    return (e > f) - (e < f) or compare_part(v, w) or compare_part(r, s)


def statements(doc):
    """(status, id, purl, cpe) of each id that a status lists; purl and cpe None where there is none."""
    helpers, relations = {}, {}

    def walk(branches):
        for branch in branches:
            if "product" in branch:
                helpers[branch["product"]["product_id"]] = branch["product"].get("product_identification_helper", {})
            walk(branch.get("branches", []))
    walk(doc["product_tree"]["branches"])
    for r in doc["product_tree"].get("relationships", []):
        relations[r["full_product_name"]["product_id"]] = (r["product_reference"], r["relates_to_product_reference"])
    for status, ids in doc["vulnerabilities"][0]["product_status"].items():
        for i in ids:
            part, whole = relations.get(i, (None, None))
            while part in relations:
                part = relations[part][0]
            while whole in relations:
                whole = relations[whole][1]
            yield status, i, helpers.get(part, {}).get("purl"), helpers.get(whole, {}).get("cpe")


def read_purl(text):
    kind, rest = text[4:].split("/", 1)
    rest, _, query = rest.partition("?")
    rest, _, version = rest.partition("@")
    space, _, name = rest.rpartition("/")
    qualifiers = dict(q.split("=", 1) for q in query.split("&") if q)
    return kind, space, unquote(name), unquote(version), {k: unquote(v) for k, v in qualifiers.items()}


class Record:
    def __init__(self, cve, status, cpe, purl):
        self.cve, self.status, self.cpe, self.left_out = cve, status, cpe, False
        kind, space, self.name, version, q = read_purl(purl)
        arch, module = q.get("arch", ""), q.get("rpmmod", "")
        self.module = ":".join(module.split(":")[:2])
        self.fixed = "%s:%s" % (q.get("epoch", "0"), version) if status == "fixed" else ""
        self.source = arch in ("src", "nosrc") or (not arch and bool(version))
        self.either = not arch and not version and status != "known_not_affected"
        self.arch = "" if self.source else arch
        self.left_out = kind != "rpm" or space != "redhat" or (module and ":" not in module) or (
            not module and ".module+el" in version)


def split_cpe(cpe):
    parts = cpe[len("cpe:/"):].split(":")
    return parts[1:] + [""] * (7 - len(parts))


def includes(pattern, cpe):
    """Is the product `cpe` one of those that `pattern` names? Neither has wildcards here."""
    for i, (p, v) in enumerate(zip(split_cpe(pattern), split_cpe(cpe))):
        if p and p != v and not (i == 2 and v.startswith(p + ".")):
            return False
    return True


@clarion.need_shared
class Documents(clarion.Case):
    """All documents of the shared mirror, for the images of RHEL."""

    @classmethod
    def setUpClass(cls):
        where = os.path.join(SHARED, "feeds", FOLDER)
        raw = subprocess.run(["zstd", "-dc", os.path.join(where, ARCHIVE)], capture_output=True, check=True).stdout
        docs = {}
        with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
            for member in tar:
                docs[member.name] = json.load(tar.extractfile(member))
        for folder, _, names in os.walk(where):
            for name in names:
                if name.endswith(".json"):
                    with open(os.path.join(folder, name), encoding="utf-8") as f:
                        docs[os.path.relpath(os.path.join(folder, name), where)] = json.load(f)
        cls.records, cls.images, cls.left_out = [], 0, 0
        for doc in docs.values():
            cve = doc["document"]["tracking"]["id"]
            for status, _, purl, cpe in statements(doc):
                if not purl or not cpe:
                    cls.left_out += 1
                elif purl.startswith("pkg:oci/"):
                    cls.images += 1
                else:
                    record = Record(cve, status, cpe, purl)
                    cls.left_out += bool(record.left_out)
                    if not record.left_out:
                        cls.records.append(record)

    def test_every_statement_is_counted(self):
        out = self.update(os.path.join(SHARED, "feeds"), "redhat-vex").out
        self.assertIn("%d left out" % self.left_out, out)
        self.assertGreater(len(self.records), 30000)

    def applying(self, package, products):
        module = package["module"]
        for r in self.records:
            own = package["name"] == r.name and not r.source and r.arch in ("", package["arch"])
            source = package["source"]["name"] == r.name and (r.source or r.either)
            if (own or source) and r.module == module and any(includes(r.cpe, p) for p in products):
                yield r, not own

    @staticmethod
    def is_older(package, record, source):
        if not source:
            return compare(package["version"], record.fixed) < 0
        version = package["source"]["version"]
        if package["version"].rpartition(":")[2] == version:
            return compare(package["version"], record.fixed) < 0
        return compare(version, record.fixed.partition(":")[2]) < 0

    def judge(self, package, products):
        """{cve: fix} of what the package is affected by; an empty fix is none."""
        by_cve, out = {}, {}
        for r, source in self.applying(package, products):
            by_cve.setdefault(r.cve, []).append((r, source))
        for cve, all_of_it in by_cve.items():
            answers = []
            for r, source in all_of_it:
                near = [(o, s) for o, s in all_of_it if includes(r.cpe, o.cpe) or includes(o.cpe, r.cpe)]
                if source and any(not s and o.status in ("fixed", "known_not_affected") for o, s in near):
                    continue
                if r.status == "known_affected":
                    if any(o.status == "fixed" for o, _ in near) or any(
                            o.status == "known_not_affected" and s == source and includes(r.cpe, o.cpe) and
                            not includes(o.cpe, r.cpe) for o, s in near):
                        continue
                    answers.append("")
                elif r.status == "fixed" and self.is_older(package, r, source):
                    minor = re.search(r"\.el\d+_\d+", package["version"])
                    if not (minor and any(o.status == "fixed" and s == source and
                                          (re.search(r"\.el\d+_\d+", o.fixed) or [""])[0] == minor[0] and
                                          not self.is_older(package, o, s) for o, s in near)):
                        answers.append(r.fixed)
            if answers:
                out[cve] = "" if "" in answers else max(answers, key=Key)
        return out

    def test_images(self):
        self.update(os.path.join(SHARED, "feeds"), "redhat-vex", "redhat-repositories", "redhat-containers")
        found = 0
        for name in ("rhel8-old", "rhel8-ubi", "rhel9-httpd", "rhel9-httpd95", "rhel9-nodejs"):
            doc = self.scan("oci:" + os.path.join(SHARED, "images", name + ".oci")).doc
            major = doc["image"]["distribution"]["version"].split(".")[0]
            products = [c for r in doc["repositories"] for c in r["cpes"]] or [
                "cpe:/o:redhat:enterprise_linux:%s::%s" % (major, e) for e in
                ("baseos", "appstream", "crb", "nfv", "realtime", "hypervisor")]
            have, want = set(), set()
            packages = {p["id"]: p for p in doc["packages"] if p["kind"] == "rpm" and p["name"] != "gpg-pubkey"}
            for f in doc["findings"]:
                if f["package"] in packages:
                    p = packages[f["package"]]
                    have.add((p["name"], p["version"], f["vulnerability"], f["fixed_in"]))
            for p in packages.values():
                want |= {(p["name"], p["version"], cve, fix) for cve, fix in self.judge(p, products).items()}
            self.assertEqual(have, want, name)
            found += len(have)
        self.assertGreater(found, 60)


class Key:
    """For the highest of several versions."""

    def __init__(self, version):
        self.version = version

    def __lt__(self, other):
        return compare(self.version, other.version) < 0

    def __gt__(self, other):
        return compare(self.version, other.version) > 0


if __name__ == "__main__":
    unittest.main()
