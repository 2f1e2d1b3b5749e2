"""From an update of a feed to a notice: what is told is held against the reports of all images before and after."""
import gzip
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import unittest
import uuid
import zipfile
import zlib

import clarion
import store
from clarion import debian_layer, stanza, tracker_entry
from serving import Service
from upstream import Upstream

PAGES = "/notifier/api/v1/notification/"
OPERATIONS, DIFF = "/matcher/api/v1/internal/update_operation", "/matcher/api/v1/internal/update_diff"
AFFECTED = "/indexer/api/v1/internal/affected_manifest/"
WHOLE = {"notifier": {"disable_summary": True}}


def told(package, finding_or_item):
    return (package["kind"], package["name"], package["version"], package["arch"], finding_or_item["vulnerability"])


def difference(before, after):
    """What became of the findings from one report to another: {what: (reason, severity, fixed_in)}."""
    def findings(report):
        packages = {p["id"]: p for p in report["packages"]}
        return {told(packages[f["package"]], f): (f["severity"], f["fixed_in"] or "") for f in report["findings"]}
    x, y = findings(before), findings(after)
    out = {what: ("removed",) + x[what] for what in x.keys() - y.keys()}
    out.update({what: ("added",) + y[what] for what in y.keys() - x.keys()})
    out.update({what: ("changed",) + y[what] for what in x.keys() & y.keys() if x[what] != y[what]})
    return out


class Base(clarion.Case):
    def indexed(self, *layers, name="image"):
        r = self.run_clarion("index", self.image(*layers, name=name), "--format", "clair")
        self.assertEqual(r.code, 0, r)
        return r.doc["manifest_hash"]

    def report(self, digest, *more):
        r = self.run_clarion("report", digest, "--format", "json", *more)
        self.assertIn(r.code, (0, 3), r)
        return r.doc

    def list(self):
        return self.run_clarion("notifications", "list", "--format", "json").doc["notifications"]

    def contents(self, notification):
        r = self.run_clarion("notifications", "show", "--format", "json", notification["id"])
        self.assertEqual(r.code, 0, r)
        return r.doc["contents"]

    def with_pypi(self, tracker, ident, aliases, name="feeds"):
        """A mirror with that tracker, and with a flaw of Python's jinja2."""
        folder = self.feeds(tracker, name=name)
        where = os.path.join(folder, "osv-vulnerabilities.storage.googleapis.com", "PyPI")
        os.makedirs(where)
        with zipfile.ZipFile(os.path.join(where, "all.zip"), "w") as archive:
            archive.writestr(ident + ".json", json.dumps({
                "id": ident, "modified": "2030-01-01T00:00:00Z", "aliases": aliases, "affected": [
                    {"package": {"ecosystem": "PyPI", "name": "jinja2"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}))
        return folder

    def noted(self):
        """True when all updates have been seen to."""
        return not store.query(self.data, "SELECT 1 FROM update_operation u WHERE id IN (SELECT max(id) FROM update_operation GROUP BY "
                               "feed) AND feed NOT IN ('epss', 'redhat-repositories', 'redhat-containers') AND NOT "
                               "EXISTS (SELECT 1 FROM notified n WHERE n.feed = u.feed AND n.segment = u.segment)")

    def settle(self, service, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.noted():
            self.assertLess(time.monotonic(), deadline, service.messages()[-3000:])
            self.assertIsNone(service.process.poll(), service.messages()[-3000:])
            time.sleep(0.05)

    def all_items(self):
        """{manifest: {what: (reason, severity, fixed_in)}} of all notifications; each only once."""
        out = {}
        for notification in self.list():
            for item in self.contents(notification):
                of_image = out.setdefault(item["manifest"], {})
                what = told(item["package"], item)
                self.assertNotIn(what, of_image)
                of_image[what] = (item["reason"], item["severity"], item["fixed_in"])
        return out


OLD = {"openssl": {"CVE-2030-1": tracker_entry(bookworm="1.0.2-1"), "CVE-2030-2": tracker_entry(bookworm=None),
                   "CVE-2030-3": tracker_entry(bookworm=None)},
       "bash": {"CVE-2030-4": tracker_entry(bookworm="5.3-1")}}
NEW = {"openssl": {"CVE-2030-1": tracker_entry(bookworm="1.0.2-1"), "CVE-2030-2": tracker_entry(bookworm="1.0.3-1"),
                   "CVE-2030-5": tracker_entry(urgency="high", bookworm=None), "CVE-2030-6": tracker_entry(bookworm=None)},
       "bash": {"CVE-2030-4": tracker_entry(bookworm="5.3-1")}}
PACKAGES = (stanza("libssl", "1.0.1-1", source="openssl"), stanza("openssl", "1.0.1-1"), stanza("bash", "5.2-1"))


class Notifications(Base):
    def test_same_as_reports(self):
        """Each change in each image is told of, with pages as Clair has them."""
        images = [self.indexed(debian_layer(*PACKAGES), name="one"), self.indexed(debian_layer(*PACKAGES[1:]), name="two"),
                  self.indexed(debian_layer(PACKAGES[2]), name="three")]
        self.update(self.feeds(OLD), "debian")
        service = Service(self, WHOLE)
        self.settle(service)
        self.assertEqual(self.list(), [])  # the first update is told of only when that is wanted
        before = {digest: self.report(digest) for digest in images}
        self.update(self.feeds(NEW, name="new"), "debian")
        self.settle(service)
        after = {digest: self.report(digest) for digest in images}
        wanted = {d: difference(before[d], after[d]) for d in images}
        self.assertEqual(self.all_items(), {d: changes for d, changes in wanted.items() if changes})
        self.assertEqual(sum(map(len, wanted.values())), 4 * 2 + 4)
        self.check_pages(service, self.list()[0], images)

    def check_pages(self, service, notification, images):
        path = PAGES + notification["id"]
        whole = service.get(path).doc
        self.assertEqual(whole["page"], {"size": 500})
        items = whole["notifications"]
        self.assertEqual(len(items), 12)
        self.assertEqual([set(i) for i in items], [{"id", "manifest", "reason", "vulnerability"}] * 12)
        self.assertEqual({i["manifest"] for i in items}, set(images[:2]))
        for item in items:
            v = item["vulnerability"]
            self.assertEqual(set(v), {"name", "description", "package", "distribution", "repo", "severity", "normalized_severity",
                                      "fixed_in_version", "links"})
            self.assertEqual((v["package"]["name"], v["package"]["kind"], v["distribution"]["did"]), ("openssl", "source", "debian"))
            self.assertEqual(v["severity"], v["normalized_severity"])
        self.assertEqual(items[0]["vulnerability"]["name"], "CVE-2030-5")  # the worst first
        ids = [i["id"] for i in items]
        self.assertEqual((ids, len(set(ids))), (sorted(ids), 12))
        self.assertEqual([str(uuid.UUID(i)) for i in ids], ids)
        paged, after = [], None
        while True:
            page = service.get(path + "?page_size=5" + ("&next=" + after if after else "")).doc
            self.assertEqual(page["page"]["size"], 5)
            paged += page["notifications"]
            after = page["page"].get("next")
            if not after:
                break
            self.assertEqual(after, paged[-1]["id"])
        self.assertEqual(paged, items)
        self.assertEqual(service.get(path + "?next=00000000-0000-0000-0000-000000000000").doc, whole)
        self.assertEqual(service.ask("DELETE", "/indexer/api/v1/index_report/" + images[0]).status, 204)
        left = service.get(path).doc["notifications"]
        self.assertEqual({i["manifest"] for i in left}, {images[1]})
        for _ in range(2):
            answer = service.ask("DELETE", path)
            self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(service.get(path).doc["notifications"], left)  # until the next collection
        metrics = service.get("/metrics", introspection=True).body.decode()
        for line in ("clarion_notifier_notifications_total 1", "clarion_notifier_items_total 12",
                     'clarion_notifier_deliveries{state="created"} 0'):
            self.assertIn(line, metrics)

    def test_summary(self):
        """Of each image for each reason the worst alone; what was added is never taken for what was removed."""
        digest = self.indexed(debian_layer(*PACKAGES))
        self.update(self.feeds(OLD), "debian")
        service = Service(self)
        self.settle(service)
        self.update(self.feeds(NEW, name="new"), "debian")
        self.settle(service)
        items = self.contents(self.list()[0])
        self.assertEqual([(i["manifest"], i["reason"], i["vulnerability"], i["package"]["name"]) for i in items],
                         [(digest, "added", "CVE-2030-5", "libssl"), (digest, "changed", "CVE-2030-2", "libssl"),
                          (digest, "removed", "CVE-2030-3", "libssl")])

    def test_filter(self):
        self.indexed(debian_layer(*PACKAGES))
        self.update(self.feeds(OLD), "debian")
        service = Service(self, {"notifier": {"disable_summary": True, "filter": {"severity": "high"}}})
        self.settle(service)
        self.update(self.feeds(NEW, name="new"), "debian")
        self.settle(service)
        notification = self.list()[0]
        self.assertEqual((notification["items"], notification["held_back"]), (2, 6))
        self.assertEqual({i["vulnerability"] for i in self.contents(notification)}, {"CVE-2030-5"})

    def test_first_update(self):
        self.indexed(debian_layer(*PACKAGES))
        service = Service(self, {"notifier": {"first_update": True, "disable_summary": True}})
        self.update(self.feeds(OLD), "debian")
        self.settle(service)
        self.assertEqual([(n["feed"], n["items"]) for n in self.list()], [("debian", 7)])

    def test_nothing_to_tell(self):
        """An update that changes nothing for any image is noted, and told to nobody."""
        self.indexed(debian_layer(PACKAGES[2]))
        self.update(self.feeds(OLD), "debian")
        service = Service(self, WHOLE)
        self.settle(service)
        self.update(self.feeds(NEW, name="new"), "debian")
        self.settle(service)
        self.assertEqual(self.list(), [])

    def test_segment_is_kept_until_told_of(self):
        """While no notifier runs, updates go by; what it saw last is kept for it."""
        self.indexed(debian_layer(*PACKAGES))
        self.update(self.feeds(OLD), "debian")
        service = Service(self, WHOLE)
        self.settle(service)
        service.end()
        for i in range(5):
            tracker = dict(NEW, other={"CVE-2031-%d" % i: tracker_entry(bookworm=None)})
            r = self.run_clarion("update", "--limit", "feed_updates=1", "--mirror", self.feeds(tracker, name="new%d" % i), "debian")
            self.assertEqual(r.code, 0, r)
        self.settle(Service(self, WHOLE))
        self.assertEqual([n["items"] for n in self.list()], [8])
        self.update(self.feeds(NEW, name="last"), "debian")
        kept = os.listdir(os.path.join(self.data, "segments"))
        self.assertLessEqual(len(kept), 4)

    def test_words_of_clair(self):
        service = Service(self)
        unknown = PAGES + "00000000-0000-0000-0000-000000000009"
        self.assertEqual(service.get(unknown).doc, {"page": {"size": 500}, "notifications": []})
        wrong = {PAGES + "zzz": (400, "could not parse notification id: invalid UUID length: 3"),
                 unknown + "?next=zz": (400, 'could not parse "next" query param into integer'),
                 unknown + "?page_size=x": (400, 'could not parse "page_size" query param into integer'),
                 unknown + "?page_size=-1": (500, "failed to retrieve notifications: notification associated with id 00000000-0000-"
                                             "0000-0000-000000000009 is malformed: bad page size: -1")}
        for path, (status, message) in wrong.items():
            answer = service.get(path)
            self.assertEqual((answer.status, answer.doc["message"]), (status, message))
        self.assertEqual(service.get(unknown, Accept="text/html").status, 415)
        answer = service.ask("POST", unknown)
        self.assertEqual((answer.status, answer.doc["message"]), (405, "endpoint only allows GET or DELETE"))
        answer = service.ask("DELETE", unknown)
        self.assertEqual((answer.status, answer.doc["message"]), (500, "could not delete notification: no receipt exists for "
                                                                  "notification id 00000000-0000-0000-0000-000000000009"))

    def test_where(self):
        one, two = self.indexed(debian_layer(*PACKAGES), name="one"), self.indexed(debian_layer(PACKAGES[2]), name="two")
        self.update(self.feeds(NEW), "debian")

        def where(what):
            r = self.run_clarion("where", "--format", "json", what)
            self.assertEqual(r.code, 0, r)
            return {i["manifest"]: sorted((p["name"], p["version"], p.get("fixed_in")) for p in i["packages"]) for i in r.doc["images"]}
        self.assertEqual(where("CVE-2030-2"), {one: [("libssl", "1.0.1-1", "1.0.3-1"), ("openssl", "1.0.1-1", "1.0.3-1")]})
        self.assertEqual(set(where("CVE-2030-4")), {one, two})
        self.assertEqual(where("CVE-1999-1"), {})
        self.assertEqual(where("openssl"), {one: [("libssl", "1.0.1-1", None), ("openssl", "1.0.1-1", None)]})
        self.assertIn("2 images", self.run_clarion("where", "bash").out)

    def test_where_by_what_people_type(self):
        """Ids in letters of either case, on the command line, in the API and of `advisories show`: a distribution's, a language's,
        and one that is an alias."""
        python = [("usr/lib/python3/dist-packages/jinja2-3.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.0\n\n")]
        digest = self.indexed(debian_layer(*PACKAGES, extra=python))
        self.update(self.with_pypi(NEW, "GHSA-abcd-efgh-ijkm", ["CVE-2030-0099"]), "debian", "osv-pypi")
        service = Service(self)
        for name, spellings in (("openssl", ("CVE-2030-2", "cve-2030-2", "Cve-2030-2")),
                                ("Jinja2", ("GHSA-abcd-efgh-ijkm", "ghsa-abcd-efgh-ijkm", "GHSA-ABCD-EFGH-IJKM", "CVE-2030-0099", "cve-2030-0099"))):
            for asked in spellings:
                for doc in (self.run_clarion("where", "--format", "json", asked).doc, service.get("/api/v1/vulnerabilities/%s/images" % asked).doc):
                    self.assertEqual(doc["asked"], asked)
                    self.assertEqual([i["manifest"] for i in doc["images"]], [digest], asked)
                    self.assertIn(name, {p["name"] for p in doc["images"][0]["packages"]})
                if not asked.lower().endswith("0099"): # an alias, which this command does not look for
                    self.assertEqual(self.run_clarion("advisories", "show", asked).code, 0, asked)

    def test_where_obeys_vex(self):
        """As reports do: by package in all images, and by image; what is left out is counted, and listed with the reason."""
        one, two = self.indexed(debian_layer(*PACKAGES), name="one"), self.indexed(debian_layer(PACKAGES[2]), name="two")
        self.update(self.feeds(NEW), "debian")
        service = Service(self, {"matcher": {"disable_updaters": True}})

        def where(asked):
            doc = self.run_clarion("where", "--format", "json", asked).doc
            self.assertEqual(service.get("/api/v1/vulnerabilities/%s/images" % asked).doc, doc)
            found = [{(i["manifest"], p["name"]) for i in doc[key] for p in i["packages"]} for key in ("images", "suppressed")]
            for image in (one, two):
                for key, kept in (("findings", found[0]), ("suppressed", found[1])):
                    report = self.report(image)
                    names = {p["id"]: p["name"] for p in report["packages"]}
                    self.assertEqual({n for m, n in kept if m == image},
                                     {names[f["package"]] for f in report[key] if f["vulnerability"] == asked}, (asked, key))
            return doc, len(found[0]), len(found[1])

        def table(asked, *more):
            return self.run_clarion("where", asked, *more).out
        self.assertEqual([where(c)[1:] for c in ("CVE-2030-2", "CVE-2030-4")], [(2, 0), (2, 0)])
        self.assertNotIn("suppressed", table("CVE-2030-2"))
        why = {"justification": "vulnerable_code_not_present", "impact_statement": "It is not built in."}
        self.assertEqual(self.run_clarion("vex", "add", self.vex("not_affected", "CVE-2030-2", **why)).code, 0)
        doc, shown, suppressed = where("CVE-2030-2")
        self.assertEqual((shown, suppressed), (1, 1))  # libssl is another package, which the document does not name
        package = doc["suppressed"][0]["packages"][0]
        self.assertEqual((package["by"], package["vex"]), ("vex", dict(why, status="not_affected", document="https://example.org/vex.json", statement=1)))
        self.assertIn("1 image\n1 suppressed by VEX: 0 more images; --show-suppressed lists them.\n", table("CVE-2030-2"))
        image = self.vex("fixed", "CVE-2030-4", name="image.json", products=[{"@id": two}])
        self.assertEqual(self.run_clarion("vex", "add", image).code, 0)
        self.assertEqual(where("CVE-2030-4")[1:], (1, 1))
        text = table("CVE-2030-4", "--show-suppressed")
        self.assertRegex(text, r"1 image\n1 suppressed by VEX: 1 more image:\n%s .*\n.* bash .*\n    fixed; statement 1 of https://example.org/image.json\n$" % two)

    def test_where_by_another_id(self):
        """Any of a finding's ids leads to its images, also where a distribution's record has it beside the CVE."""
        alpine = clarion.tar_of([("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n"),
                                 ("lib/apk/db/installed", "P:libgimp\nV:2.10-r0\nA:x86_64\no:gimp\n\n")])
        digest = self.indexed(alpine, name="alpine")
        self.update(self.feeds(secdb={"v3.18": {"community": {"gimp": {"2.11-r0": ["CVE-2030-0007 ZDI-CAN-22093"]}}}}), "alpine")
        self.assertEqual([(f["vulnerability"], f["aliases"]) for f in self.report(digest)["findings"]],
                         [("CVE-2030-0007", ["ZDI-CAN-22093"])])
        for asked in ("CVE-2030-0007", "ZDI-CAN-22093", "zdi-can-22093"):
            r = self.run_clarion("where", "--format", "json", asked)
            self.assertEqual([(i["manifest"], p["vulnerability"]) for i in r.doc["images"] for p in i["packages"]],
                             [(digest, "CVE-2030-0007")], asked)

    def test_going_back_and_bundles(self):
        """A feed that is put back, or comes in a bundle, is told of like one that was updated; a GHSA that gets its CVE, too."""
        python = [("usr/lib/python3/dist-packages/jinja2-3.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.0\n\n")]
        images = [self.indexed(debian_layer(*PACKAGES, extra=python), name="one"), self.indexed(debian_layer(PACKAGES[2]), name="two")]

        old, new = self.with_pypi(OLD, "GHSA-1", [], name="old"), self.with_pypi(NEW, "GHSA-1", ["CVE-2030-8"], name="new")
        self.update(old, "debian", "osv-pypi")
        service = Service(self, WHOLE)
        self.settle(service)
        seen = set()

        def told_by(*command):
            before = {d: self.report(d) for d in images}
            self.assertEqual(self.run_clarion(*command).code, 0)
            self.settle(service)
            items = {}
            for notification in self.list():
                if notification["id"] in seen:
                    continue
                seen.add(notification["id"])
                for item in self.contents(notification):
                    what = told(item["package"], item)
                    items.setdefault(item["manifest"], {})[what] = (item["reason"], item["severity"], item["fixed_in"])
            wanted = {d: difference(before[d], self.report(d)) for d in images}
            self.assertEqual(items, {d: changes for d, changes in wanted.items() if changes})
            return sum(map(len, items.values()))
        self.run_clarion("advisories", "export", self.path("bundle"))
        self.assertEqual(told_by("update", "--mirror", new, "debian", "osv-pypi"), 8 + 2)
        self.assertEqual(told_by("advisories", "rollback", "debian"), 8)
        self.assertEqual(told_by("advisories", "rollback", "osv-pypi"), 2)
        self.assertEqual(told_by("update", "--mirror", new, "debian", "osv-pypi"), 8 + 2)
        self.assertEqual(told_by("advisories", "import", "--force", self.path("bundle")), 8 + 2)

    def test_pages_of_where(self):
        """Page by page, what is told is what is told at once; the command line may stop after some, and says so."""
        digests = [self.indexed(debian_layer(PACKAGES[2], stanza("zlib", str(i))), name="n%d" % i) for i in range(5)]
        digests.append(self.indexed(debian_layer(PACKAGES[2], stanza("zlib", "4")), clarion.tar_of([("a", "b")]), name="n5"))  # in a set of another
        self.update(self.feeds(NEW), "debian")
        service = Service(self)
        for asked in ("CVE-2030-4", "bash"):
            path = "/api/v1/vulnerabilities/%s/images" % asked
            whole = service.get(path).doc
            self.assertEqual((sorted(i["manifest"] for i in whole["images"]), whole["next"]), (sorted(digests), None))
            for size in range(1, 7):
                told, after = [], ""
                while after is not None:
                    page = service.get("%s?page_size=%d%s" % (path, size, after and "&after=" + after)).doc
                    self.assertLessEqual(len(page["images"]), size)
                    told += page["images"]
                    after = page["next"]
                self.assertEqual(told, whole["images"])
            some = self.run_clarion("where", asked, "--first", "2", "--format", "json").doc
            self.assertEqual(some["images"], whole["images"][:2])
            self.assertIn("2 images, and there may be more", self.run_clarion("where", asked, "--first", "2").out)
            self.assertTrue(self.run_clarion("where", asked, "--first", "6").out.endswith("6 images\n"))
        for query in ("after=x", "after=1.2", "after=0.0.0", "page_size=0", "page_size=1001"):
            self.assertEqual(service.get("/api/v1/vulnerabilities/bash/images?" + query).status, 400, query)
        for number in ("0", "x", ""):
            self.assertEqual(self.run_clarion("where", "bash", "--first", number).code, 2, number)

    def test_images_of_a_vulnerability(self):
        one = self.indexed(debian_layer(*PACKAGES), name="one")
        self.indexed(debian_layer(PACKAGES[2]), name="two")
        self.update(self.feeds(NEW), "debian")
        service = Service(self)
        answer = service.get("/api/v1/vulnerabilities/CVE-2030-2/images")
        self.assertEqual([(i["manifest"], [(p["name"], p["fixed_in"]) for p in i["packages"]]) for i in answer.doc["images"]],
                         [(one, [("libssl", "1.0.3-1"), ("openssl", "1.0.3-1")])])
        self.assertEqual(len(service.get("/api/v1/vulnerabilities/bash/images").doc["images"]), 2)
        self.assertEqual(service.get("/api/v1/vulnerabilities/CVE-2030-2/x").status, 404)
        service.end()
        bounded = Service(self, {"limits": {"affected_images": 1}})
        records = bounded.get("%s?cur=%s" % (DIFF, bounded.get(OPERATIONS).doc["debian"][0]["ref"])).doc["added"]
        answer = bounded.ask("POST", AFFECTED, json.dumps({"vulnerabilities": records}))
        self.assertEqual(answer.status, 413)
        self.assertIn("affected_images", answer.doc["message"])

    def test_diff_and_whom_it_affects(self):
        """What update_diff gives affected_manifest takes; and Clair's own documents, too."""
        one, two = self.indexed(debian_layer(*PACKAGES), name="one"), self.indexed(debian_layer(PACKAGES[2]), name="two")
        self.update(self.feeds(OLD), "debian")
        self.update(self.feeds(NEW, name="new"), "debian")
        service = Service(self)
        operations = service.get(OPERATIONS).doc["debian"]
        cur, prev = (o["ref"] for o in operations)
        diff = service.get("%s?cur=%s&prev=%s" % (DIFF, cur, prev)).doc
        self.assertEqual((diff["cur"], diff["prev"]), tuple(operations))
        names = {key: sorted(v["name"] for v in diff[key]) for key in ("added", "removed")}
        self.assertEqual(names, {"added": ["CVE-2030-2", "CVE-2030-5", "CVE-2030-6"], "removed": ["CVE-2030-2", "CVE-2030-3"]})
        ids = [v["id"] for key in names for v in diff[key]]
        self.assertEqual(len(set(ids)), 5)
        alone = service.get("%s?cur=%s" % (DIFF, cur)).doc
        self.assertEqual((alone["prev"]["ref"], alone["prev"]["date"]), ("00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00Z"))
        self.assertEqual((len(alone["added"]), alone["removed"]), (5, None))
        same = service.get("%s?cur=%s&prev=%s" % (DIFF, cur, cur)).doc
        self.assertEqual((same["added"], same["removed"]), (None, None))

        def affected(vulnerabilities):
            answer = service.ask("POST", AFFECTED, json.dumps({"vulnerabilities": vulnerabilities}))
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/vnd.clair.affected_manifests.v1+json"))
            self.assertEqual(set(answer.doc), {"vulnerabilities", "vulnerable_manifests"})
            return {m: [answer.doc["vulnerabilities"][i]["name"] for i in found] for m, found in answer.doc["vulnerable_manifests"].items()}
        self.assertEqual(affected(diff["added"]), {one: ["CVE-2030-5", "CVE-2030-2", "CVE-2030-6"]})
        self.assertEqual({m: sorted(found) for m, found in affected(alone["added"]).items()},
                         {one: ["CVE-2030-1", "CVE-2030-2", "CVE-2030-4", "CVE-2030-5", "CVE-2030-6"], two: ["CVE-2030-4"]})
        self.assertEqual(affected(alone["added"])[one][0], "CVE-2030-5")  # the most severe first
        clair = [{k: v for k, v in one_of.items() if k != "clarion"} for one_of in alone["added"]]
        self.assertEqual(affected(clair), affected(alone["added"]))
        self.assertEqual(affected([]), {})
        elsewhere = [dict(v, distribution=dict(v["distribution"], version_code_name="bullseye", version_id="11")) for v in clair]
        self.assertEqual(affected(elsewhere), {})
        mended = [dict(v, fixed_in_version="1.0.1-1") for v in clair if v["package"]["name"] == "openssl"]
        self.assertEqual(affected(mended), {})
        self.check_words(service, cur, prev)

    def check_words(self, service, cur, prev):
        unknown = "00000000-0000-0000-0000-000000000001"
        wrong = {DIFF: (400, '"cur" query param is required'), DIFF + "?cur=x": (400, 'could not parse "cur" query param into uuid'),
                 "%s?cur=%s&prev=x" % (DIFF, cur): (400, 'could not parse "prev" query param into uuid'),
                 "%s?cur=%s" % (DIFF, unknown): (500, "could not get update operations: operation %s does not exist" % unknown)}
        for path, (status, message) in wrong.items():
            answer = service.get(path)
            self.assertEqual((answer.status, answer.doc["message"]), (status, message))
        answer = service.ask("POST", AFFECTED, "{")
        self.assertEqual((answer.status, answer.doc["message"]), (400, "failed to deserialize vulnerabilities: EOF"))
        answer = service.ask("POST", AFFECTED[:-1], "{}")
        self.assertEqual((answer.status, answer.headers["Location"]), (307, AFFECTED))
        self.assertEqual(service.ask("PUT", AFFECTED, "{}").status, 405)
        self.assertEqual(service.ask("POST", AFFECTED, "{}", Accept="text/html").status, 415)
        answer = service.ask("DELETE", OPERATIONS + "/xyz")
        self.assertEqual((answer.status, answer.doc["message"]), (400, "could not deserialize manifest: invalid UUID length: 3"))
        self.assertEqual(service.ask("DELETE", OPERATIONS + "/" + unknown).status, 200)
        answer = service.ask("DELETE", OPERATIONS + "/" + cur)
        self.assertEqual(answer.status, 400)
        self.assertIn("rollback", answer.doc["message"])
        answer = service.ask("DELETE", OPERATIONS + "/" + prev)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual([o["ref"] for o in service.get(OPERATIONS).doc["debian"]], [cur])
        self.assertEqual(service.get("%s?cur=%s&prev=%s" % (DIFF, cur, prev)).status, 500)

    def test_large_ones_go_in_parts(self):
        """What is deleted loses its items, what is old goes; what is to be delivered stays. Others change the store meanwhile."""
        manifest, n = self.indexed(debian_layer(*PACKAGES)), 25001
        now = int(time.time())
        with store.transaction(self.data) as ask:
            for row, made, deleted in ((1, now, now), (2, 1, 0), (3, 1, 1), (4, now, 0)):
                ask("INSERT INTO notification (id, uuid, feed, ref, updated, made, items, images, held_back, deleted) "
                    "VALUES (?, ?, 'debian', 'r', 1, ?, ?, 1, 0, ?)", row, "00000000-0000-0000-0000-%012d" % row, made, n, deleted)
                ask("INSERT INTO notification_image VALUES (?, 0, ?)", row, bytes.fromhex(manifest.split(":")[1]))
                ask("INSERT INTO notification_flaw VALUES (?, 0, '{}')", row)
                ask("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
                    "INSERT INTO notification_item SELECT ?, i, 0, 0, 0, 0 FROM n", n, row)
            ask("INSERT INTO delivery (notification_id, target, state, attempts, next, changed, error) VALUES (3, 'x', 0, 0, 0, 0, '')")
        service = Service(self)
        deadline, left = time.monotonic() + 60, None
        while left != [(1, 0), (3, n), (4, n)] and time.monotonic() < deadline:
            self.assertEqual(service.ask("DELETE", "/indexer/api/v1/index_report/sha256:" + "0" * 64).status, 204)
            left = store.query(self.data, "SELECT id, (SELECT count(*) FROM notification_item i WHERE i.notification_id = n.id) FROM notification n ORDER BY id")
            if not store.server():
                self.assertEqual(store.query(self.data, "PRAGMA foreign_key_check"), [])
            time.sleep(0.05)
        self.assertEqual(left, [(1, 0), (3, n), (4, n)])

    def test_bounded_questions(self):
        """A body of 4 MiB has room for a million vulnerabilities, each of which would be looked up."""
        service = Service(self, {"limits": {"affected_vulnerabilities": 3}})
        self.assertEqual(service.ask("POST", AFFECTED, json.dumps({"vulnerabilities": [{}] * 3})).status, 200)
        answer = service.ask("POST", AFFECTED, json.dumps({"vulnerabilities": [{}] * 4}))
        self.assertEqual(answer.status, 413)
        self.assertIn("affected_vulnerabilities", answer.doc["message"])

    def test_mode(self):
        """A process that notifies alone sees what others put into the data folder, and serves the notifier's API alone."""
        self.indexed(debian_layer(*PACKAGES))
        self.update(self.feeds(OLD), "debian")
        service = Service(self, WHOLE, "--mode", "notifier")
        self.settle(service)
        self.update(self.feeds(NEW, name="new"), "debian")
        self.settle(service)
        self.assertEqual(len(service.get(PAGES + self.list()[0]["id"]).doc["notifications"]), 8)
        self.assertEqual(service.get(OPERATIONS).status, 404)
        matcher = Service(self, None, "--mode", "matcher")
        self.assertEqual(matcher.get(PAGES + "00000000-0000-0000-0000-000000000009").status, 404)

    def test_one_works_at_a_time(self):
        """Of two services on one store one makes notifications; the other takes over when that is killed."""
        digest = self.indexed(debian_layer(*PACKAGES))
        self.update(self.feeds(OLD), "debian")
        first = Service(self, WHOLE)
        self.settle(first)
        second = Service(self, WHOLE)
        self.update(self.feeds(NEW, name="new"), "debian")
        self.settle(second)
        first.kill()
        tracker = dict(NEW, bash={"CVE-2031-9": tracker_entry(bookworm=None)})
        self.update(self.feeds(tracker, name="newer"), "debian")
        self.settle(second)
        self.assertEqual([sorted({(i["reason"], i["vulnerability"]) for i in self.contents(n)}) for n in self.list()],
                         [[("added", "CVE-2031-9"), ("removed", "CVE-2030-4")],
                          [("added", "CVE-2030-5"), ("added", "CVE-2030-6"), ("changed", "CVE-2030-2"), ("removed", "CVE-2030-3")]])
        self.assertEqual({i["manifest"] for n in self.list() for i in self.contents(n)}, {digest})


class LargeDiffs(Base):
    """A difference of updates is made while it is sent: however large it is, it comes whole, or is seen not to have."""
    MANY = 12000

    def setUp(self):
        super().setUp()
        same = {"same%d" % i: {"CVE-2027-%d" % i: tracker_entry(bookworm="1-%d" % i)} for i in range(300)}
        many = {"many%d" % (i // 40): {} for i in range(self.MANY)}
        for i in range(self.MANY):
            many["many%d" % (i // 40)]["CVE-2028-%d" % i] = tracker_entry(bookworm=None, description="A flaw. " * 40)
        self.update(self.feeds(dict(OLD, **same)), "debian")
        self.update(self.feeds(dict(NEW, **same, **many), name="new"), "debian")

    def paths(self, service):
        cur, prev = (o["ref"] for o in service.get(OPERATIONS).doc["debian"])
        return "%s?cur=%s" % (DIFF, cur), "%s?cur=%s&prev=%s" % (DIFF, cur, prev), "%s?cur=%s&prev=%s" % (DIFF, prev, cur)

    def test_comes_whole(self):
        service = Service(self)
        whole, forth, back = self.paths(service)
        flaws = {"added": sorted(["CVE-2030-2", "CVE-2030-5", "CVE-2030-6"] + ["CVE-2028-%d" % i for i in range(self.MANY)]),
                 "removed": ["CVE-2030-2", "CVE-2030-3"]}
        answer = service.get(forth)
        self.assertEqual((answer.headers["Transfer-Encoding"], answer.headers["Content-Length"]), ("chunked", None))
        self.assertGreater(len(answer.body), 8 << 20)
        doc = answer.doc
        self.assertEqual(list(doc), ["prev", "cur", "added", "removed"])
        self.assertEqual({key: sorted(v["name"] for v in doc[key]) for key in flaws}, flaws)
        self.assertEqual(sorted(int(v["id"]) for key in flaws for v in doc[key]), list(range(1, self.MANY + 6)))
        turned = service.get(back).doc
        self.assertEqual({key: sorted(v["name"] for v in turned[key]) for key in flaws}, {"added": flaws["removed"], "removed": flaws["added"]})
        self.assertEqual(len(service.get(whole).doc["added"]), 300 + 5 + self.MANY)
        unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress}
        for coding, function in unpack.items():
            packed = service.get(forth, Accept_Encoding=coding)
            self.assertEqual(packed.headers["Content-Encoding"], coding)
            self.assertLess(len(packed.body) * 4, len(answer.body))
            self.assertEqual(function(packed.body), answer.body)
        packed = service.get(forth, Accept_Encoding="zstd")
        self.assertEqual(packed.headers["Content-Encoding"], "zstd")
        if shutil.which("zstd"):
            done = subprocess.run(["zstd", "-dc"], input=packed.body, capture_output=True, check=True)
            self.assertEqual(done.stdout, answer.body)
        self.assertEqual(service.get(forth, Accept_Encoding="identity;q=0").status, 415)

    def ask(self, service, path):
        """A connection on which it was asked for, and nothing is read of the answer."""
        s = socket.create_connection(("127.0.0.1", service.port), timeout=30)
        self.addCleanup(s.close)
        s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        return s

    def await_status(self, service, path, status):
        deadline = time.monotonic() + 30
        while service.get(path).status != status:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_bounded(self):
        """So many at a time: who takes nothing has a place until he goes, or his time is over."""
        service = Service(self, {"limits": {"update_diffs": 1, "shutdown_seconds": 1}})
        small = "%s?cur=%s" % (DIFF, service.get(OPERATIONS).doc["debian"][1]["ref"])
        slow = self.ask(service, self.paths(service)[0])
        slow.recv(1)
        answer = service.get(small)
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "1"))
        self.assertIn("update_diffs", answer.doc["message"])
        self.assertEqual(service.get(OPERATIONS).status, 200)  # nobody else waits for it
        slow.close()
        self.await_status(service, small, 200)
        self.ask(service, self.paths(service)[0]).recv(1)  # and is not read any more: the service can stop all the same
        service.end()

    def test_time_is_over(self):
        service = Service(self, {"limits": {"update_diffs": 1, "stream_seconds": 1}})
        slow = self.ask(service, self.paths(service)[0])
        small = "%s?cur=%s" % (DIFF, service.get(OPERATIONS).doc["debian"][1]["ref"])
        slow.recv(1)
        self.await_status(service, small, 200)
        self.assertFalse(self.rest(slow).endswith(b"0\r\n\r\n"))
        self.assertIn("cut off", service.messages())

    @staticmethod
    def rest(s):
        got = b""
        try:
            while part := s.recv(1 << 20):
                got = (got + part)[-100:]
        except OSError:
            pass
        return got

    def test_segments_may_go(self):
        """What is removed while it is sent is read to its end."""
        service = Service(self, {"limits": {"feed_updates": 1}})
        whole, _, back = self.paths(service)
        expected = service.get(back).body
        connection = service.connect()
        self.addCleanup(connection.close)
        connection.request("GET", back)
        answer = connection.getresponse()
        r = self.run_clarion("update", "--limit", "feed_updates=1", "--mirror", self.feeds(OLD, name="last"), "--force", "debian")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(service.get(whole).status, 500)
        self.assertTrue(answer.read() == expected)

    def test_damaged_on_the_way(self):
        """A segment that cannot be read to its end: the answer has no end either."""
        service = Service(self)
        whole = self.paths(service)[0]
        segment = max((os.path.join(self.data, "segments", n) for n in os.listdir(os.path.join(self.data, "segments"))), key=os.path.getsize)
        size = os.path.getsize(segment)
        with open(segment, "r+b") as f:
            f.seek(size // 4)
            f.write(b"\xff" * (size // 4))
        s = self.ask(service, whole)
        self.assertIn(b"200 OK", s.recv(15))
        self.assertFalse(self.rest(s).endswith(b"0\r\n\r\n"))
        self.assertIn("the answer breaks off", service.messages())


KEV = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
CRITICAL, LOW = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"


class Enrichments(Base):
    """Scores of the NVD, CISA's catalogue, EPSS: a change in one of them alone."""

    def setUp(self):
        super().setUp()
        self.mirror = self.feeds({"openssl": {"CVE-2024-%d" % i: tracker_entry(bookworm=None) for i in range(1, 4)},
                                  "bash": {"CVE-2024-4": tracker_entry(bookworm=None)}})
        with zipfile.ZipFile(self.file("osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"), "w") as archive:
            archive.writestr("GHSA-1.json", json.dumps({
                "id": "GHSA-1", "modified": "2030-01-01T00:00:00Z", "aliases": ["CVE-2024-5"],
                "affected": [{"package": {"ecosystem": "PyPI", "name": "jinja2"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}))
        self.say({}, [])

    def file(self, path):
        path = os.path.join(self.mirror, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def say(self, scores, exploited, likely=0.5):
        """What the three feeds say from now on."""
        entries = [{"cve": {"id": cve, "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"vectorString": vector}}]}}}
                   for cve, vector in dict(scores, **{"CVE-2024-99": LOW}).items()]
        with gzip.open(self.file("nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2024.json.gz"), "wt") as f:
            json.dump({"vulnerabilities": entries}, f)
        with open(self.file(KEV), "w", encoding="utf-8") as f:
            json.dump({"catalogVersion": str(exploited), "vulnerabilities": [{"cveID": cve, "dateAdded": "2030-05-06"} for cve in [*exploited, "CVE-2024-99"]]}, f)
        today = time.strftime("%Y-%m-%d", time.gmtime())
        with gzip.open(self.file("epss.cyentia.com/epss_scores-%s.csv.gz" % today), "wt") as f:
            f.write("#model_version:v1,score_date:%sT00:00:00+0000\ncve,epss,percentile\n" % today + "".join("CVE-2024-%d,%f,0.5\n" % (i, likely) for i in range(1, 6)))

    def tell(self, service, *feeds):
        """What is told of their update: (feed, reason, flaw, severity, exploited) of each item."""
        known = {n["id"] for n in self.list()}
        self.update(self.mirror, *feeds)
        self.settle(service)
        return sorted((n["feed"], i["reason"], i["vulnerability"], i["severity"], i["kev"]) for n in self.list() if n["id"] not in known for i in self.contents(n))

    def begin(self, **given):
        python = [("usr/lib/python3/dist-packages/jinja2-3.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.0\n\n")]
        self.indexed(debian_layer(*PACKAGES[1:], extra=python))
        self.update(self.mirror, "debian", "osv-pypi", "nvd", "kev", "epss")
        service = Service(self, {"notifier": dict({"disable_summary": True}, **given)})
        self.settle(service)
        self.assertEqual(self.list(), [])
        return service

    def test_told_as_what_follows_from_it(self):
        service = self.begin()
        self.say({"CVE-2024-1": CRITICAL, "CVE-2024-5": LOW}, ["CVE-2024-4"], 0.9)
        self.assertEqual(self.tell(service, "epss"), [])
        self.assertEqual(self.tell(service, "nvd"), [("nvd", "changed", "CVE-2024-1", "Critical", False), ("nvd", "changed", "CVE-2024-5", "Low", False)])
        self.assertEqual(self.tell(service, "kev"), [("kev", "changed", "CVE-2024-4", "Unknown", True)])
        self.say({"CVE-2024-5": CRITICAL}, ["CVE-2024-5"])
        self.assertEqual(self.tell(service, "nvd", "kev"),
                         [("kev", "changed", "CVE-2024-4", "Unknown", False), ("kev", "changed", "CVE-2024-5", "Low", True),
                          ("nvd", "changed", "CVE-2024-1", "Unknown", False), ("nvd", "changed", "CVE-2024-5", "Critical", True)])
        self.assertEqual(self.tell(service, "nvd", "kev", "epss", "debian"), [])

    def test_newly_exploited(self):
        """To those who want what is exploited alone, it is new."""
        service = self.begin(filter={"exploited": True})
        self.say({"CVE-2024-1": CRITICAL}, ["CVE-2024-4", "CVE-2024-5"])
        self.assertEqual(self.tell(service, "nvd", "kev"), [("kev", "added", "CVE-2024-4", "Unknown", True), ("kev", "added", "CVE-2024-5", "Unknown", True)])
        self.say({"CVE-2024-1": CRITICAL, "CVE-2024-4": CRITICAL}, ["CVE-2024-4"])
        self.assertEqual(self.tell(service, "nvd", "kev"), [("nvd", "changed", "CVE-2024-4", "Critical", True)])

    def test_newly_severe(self):
        """To those who want what is severe alone, a score makes it new; so does the word of its own feed."""
        service = self.begin(filter={"severity": "high"})
        self.say({"CVE-2024-1": CRITICAL, "CVE-2024-2": LOW, "CVE-2024-5": CRITICAL}, ["CVE-2024-3"])
        self.assertEqual(self.tell(service, "nvd", "kev"), [("nvd", "added", "CVE-2024-1", "Critical", False), ("nvd", "added", "CVE-2024-5", "Critical", False)])
        self.say({"CVE-2024-1": LOW, "CVE-2024-5": CRITICAL}, ["CVE-2024-5"])
        self.assertEqual(self.tell(service, "nvd", "kev"), [("kev", "changed", "CVE-2024-5", "Critical", True)])
        self.feeds({"openssl": {"CVE-2024-%d" % i: tracker_entry(urgency="high" if i == 3 else "low", bookworm=None) for i in range(1, 4)}})
        self.assertEqual(self.tell(service, "debian"), [("debian", "added", "CVE-2024-3", "High", False)])

    def test_with_another_feed(self):
        """New together with a feed that packages are judged by: together they tell the whole difference, each thing once."""
        service = self.begin()
        self.say({"CVE-2024-6": CRITICAL}, ["CVE-2024-6", "CVE-2024-1"])
        self.feeds({"openssl": {"CVE-2024-%d" % i: tracker_entry(bookworm=None) for i in (1, 6)}})
        service.end()
        self.update(self.mirror, "debian", "nvd", "kev")
        service = Service(self, WHOLE)
        self.settle(service)
        items = sorted((n["feed"], i["reason"], i["vulnerability"], i["severity"], i["kev"]) for n in self.list() for i in self.contents(n))
        self.assertEqual(items, [("debian", "added", "CVE-2024-6", "Unknown", False), ("debian", "removed", "CVE-2024-2", "Unknown", False),
                                 ("debian", "removed", "CVE-2024-3", "Unknown", False), ("debian", "removed", "CVE-2024-4", "Unknown", False),
                                 ("kev", "changed", "CVE-2024-1", "Unknown", True), ("kev", "changed", "CVE-2024-6", "Unknown", True),
                                 ("nvd", "changed", "CVE-2024-6", "Critical", True)])


class Programs(Base):
    def test_another_parser(self):
        """A program that reads more out of the same file tells of it: the images' reports have changed. One that cannot read what
        the former one has kept says so, and tells of what comes next."""
        digest = self.indexed(debian_layer(*PACKAGES))
        folder = self.feeds(OLD)
        mirror = Upstream(self, folder)
        self.update(mirror.url, "debian")
        service = Service(self, WHOLE)
        self.settle(service)
        before = self.report(digest)
        # As if the former parser had made what is kept of the file that is there now.
        self.feeds(NEW)
        file = os.path.join(folder, "security-tracker.debian.org", "tracker", "data", "json")
        with open(file, "rb") as f:
            tag = '"%s"' % hashlib.sha256(f.read()).hexdigest()[:16]
        store.query(self.data, "UPDATE feed_file SET etag = ?", tag)
        self.update(mirror.url, "debian")
        self.assertEqual(mirror.statuses("/json"), [200, 304])
        store.query(self.data, "UPDATE feed_file SET parser = parser - 1")
        self.update(mirror.url, "debian")
        self.assertEqual(mirror.statuses("/json"), [200, 304, 200])
        self.settle(service)
        self.assertEqual(self.all_items(), {digest: difference(before, self.report(digest))})
        self.check_unreadable(service, mirror, digest)

    def check_unreadable(self, service, mirror, digest):
        seen = len(self.list())
        service.end()
        (segment,), = store.query(self.data, "SELECT segment FROM notified WHERE feed = 'debian'")
        with open(os.path.join(self.data, "segments", segment[7:] + ".segment"), "r+b") as f:
            f.write(b"another format's")
        self.feeds(OLD)
        self.update(mirror.url, "debian")
        service = Service(self, WHOLE)
        self.settle(service)
        self.assertIn("what its update changed cannot be told", service.messages())
        self.assertEqual(len(self.list()), seen)
        before = self.report(digest)
        self.feeds(NEW)
        self.update(mirror.url, "debian")
        self.settle(service)
        told_of = {told(i["package"], i): (i["reason"], i["severity"], i["fixed_in"]) for i in self.contents(self.list()[0])}
        self.assertEqual(told_of, difference(before, self.report(digest)))


@clarion.need_shared
class RealFeeds(Base):
    def test_same_as_reports(self):
        """The shared feeds, and those of a later day laid over them."""
        folder = os.path.join(clarion.SHARED, "images")
        names = [n for n in sorted(os.listdir(folder)) if n.endswith(".oci") and not n.startswith("bad-")
                 and os.path.exists(os.path.join(folder, n[:-4] + ".expected.json"))]
        digests = []
        for name in names[::3]:
            r = self.run_clarion("index", "oci:" + os.path.join(folder, name), "--format", "clair", timeout=300)
            if r.code == 0:
                digests.append(r.doc["manifest_hash"])
        self.assertGreater(len(digests), 5)
        mirror = self.path("mirror")
        shutil.copytree(os.path.join(clarion.SHARED, "feeds"), mirror, copy_function=os.symlink)
        feeds = ("debian", "osv-pypi", "osv-rubygems", "osv-go", "osv-npm", "alpine")
        self.run_clarion("update", "--mirror", mirror, *feeds, timeout=600)
        service = Service(self, WHOLE)
        self.settle(service, 120)
        before = {d: self.report(d) for d in digests}
        for where, _, files in os.walk(os.path.join(clarion.SHARED, "feeds-next")):
            at = os.path.join(mirror, os.path.relpath(where, os.path.join(clarion.SHARED, "feeds-next")))
            os.makedirs(at, exist_ok=True)
            for file in files:
                if os.path.lexists(os.path.join(at, file)):
                    os.unlink(os.path.join(at, file))
                os.symlink(os.path.join(where, file), os.path.join(at, file))
        self.run_clarion("update", "--mirror", mirror, *feeds, timeout=600)
        self.settle(service, 300)
        wanted = {d: difference(before[d], self.report(d)) for d in digests}
        wanted = {d: changes for d, changes in wanted.items() if changes}
        self.assertEqual(self.all_items(), wanted)
        self.assertGreater(sum(map(len, wanted.values())), 20)


if __name__ == "__main__":
    unittest.main()
