"""What lists of images show of each is what its report says: after indexing, updates of feeds, VEX documents and deletions,
and after the service was killed while it made that."""
import json
import os
import signal
import time
import unittest

import clarion
from clarion import debian_layer, stanza, tracker_entry
from serving import Service

IMAGES = "/api/v1/images"
SUMMARY = "/api/v1/summary"
INDEX = "/indexer/api/v1/index_report/"
KEV = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
SEVERITIES = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical"]
WAIT = 240  # seconds, of a machine that has much else to do

OPENSSL = stanza("openssl", "3.0.8-1")
ZLIB = stanza("zlib1g", "1:1.2.13.dfsg-1", source="zlib")
BASH = stanza("bash", "5.2-1")
TRACKER = {
    "openssl": {"CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1"),
                "CVE-2023-9999": tracker_entry(urgency="low", bookworm=None),
                "CVE-2024-1111": tracker_entry(status="undetermined", bookworm=None)},
    "zlib": {"CVE-2022-37434": tracker_entry(urgency="medium", bookworm="1:1.2.13.dfsg-2")},
}
NEXT = dict(TRACKER, zlib={"CVE-2022-37434": tracker_entry(urgency="medium", bookworm="1:1.2.13.dfsg-0")},
            bash={"CVE-2025-1": tracker_entry(bookworm="5.3-1")})


def counted(report):
    """A report as its image's summary is to be."""
    coverage, findings = report["coverage"], report["findings"]
    severities = {s: sum(f["severity"] == s for f in findings) for s in SEVERITIES}
    return {"worst": max((f["severity"] for f in findings), key=SEVERITIES.index, default=None), "severities": severities,
            "findings": len(findings), "fixable": sum(f["fixed_in"] != "" for f in findings),
            "exploited": sum(f["kev"] for f in findings), "distribution": coverage["distribution"],
            "undetermined": len(coverage["undetermined"]),
            "judged": coverage["judged"], "unjudged": coverage["unjudged"]}


def shown(summary):
    out = {k: v for k, v in summary.items() if k not in ("coverage", "outdated")}
    return dict(out, **{k: summary["coverage"][k] for k in ("distribution", "undetermined", "judged", "unjudged")})


class Base(clarion.Case):
    def index(self, target):
        r = self.run_clarion("index", target, "--format", "clair")
        self.assertEqual(r.code, 0, r)
        return r.doc["manifest_hash"]

    def reports(self, digests):
        out = {}
        for digest in digests:
            r = self.run_clarion("report", digest, "--format", "json")
            self.assertEqual(r.code, 0, r)
            out[digest] = counted(r.doc)
        return out

    def list(self, service, query=""):
        """All pages of a list."""
        out, after = [], ""
        while after is not None:
            answer = service.get(IMAGES + "?page_size=2&after=%s&%s" % (after, query))
            self.assertEqual(answer.status, 200, answer)
            out += answer.doc["images"]
            after = answer.doc["next"]
        return out

    def summaries(self, service):
        return {i["digest"]: i["summary"] and shown(i["summary"]) for i in self.list(service)}

    def await_summaries(self, service, digests):
        """Until the service has seen what is new, and is done with it."""
        wanted, got, deadline = self.reports(digests), None, time.monotonic() + WAIT
        while time.monotonic() < deadline:
            got = self.summaries(service)
            if got == wanted and service.get(SUMMARY).doc["due"] == 0:
                return wanted
            time.sleep(0.1)
        self.assertEqual(got, wanted)
        self.fail("there is always something due")

    def check_lists(self, service, wanted):
        """Each filter, against the reports; each order."""
        worst = {d: SEVERITIES.index(r["worst"]) if r["worst"] else -1 for d, r in wanted.items()}
        for severity in ("", "Unknown", "low", "Medium", "High", "Critical"):
            least = SEVERITIES.index(severity.capitalize()) if severity else -2
            for fixable in ("", "true"):
                for exploited in ("", "true"):
                    query = "severity=%s&fixable=%s&exploited=%s&order=worst" % (severity, fixable, exploited)
                    listed = [i["digest"] for i in self.list(service, query)]
                    expected = {d for d, r in wanted.items() if worst[d] >= least and (not fixable or r["fixable"]) and (not exploited or r["exploited"])}
                    self.assertEqual((len(listed), set(listed)), (len(expected), expected), query)
                    self.assertEqual([worst[d] for d in listed], sorted((worst[d] for d in listed), reverse=True))
        for digest, report in wanted.items():
            one = service.get(IMAGES + "/" + digest).doc
            self.assertEqual({k: one[k] for k in ("severities", "findings", "fixable")}, {k: report[k] for k in ("severities", "findings", "fixable")})
        newest = self.list(service, "order=newest")
        self.assertEqual([i["indexed"] for i in newest], sorted((i["indexed"] for i in newest), reverse=True))
        overview = service.get(SUMMARY).doc
        counts = {s: sum(r["worst"] == s for r in wanted.values()) for s in SEVERITIES}
        self.assertEqual(overview["worst"], dict(counts, **{"None": sum(not r["findings"] for r in wanted.values())}))
        self.assertEqual([overview[k] for k in ("images", "not_judged", "due", "fixable", "exploited")],
                         [len(wanted), 0, 0, sum(bool(r["fixable"]) for r in wanted.values()), sum(bool(r["exploited"]) for r in wanted.values())])
        repositories = service.get("/api/v1/repositories").doc["repositories"]
        self.assertEqual(sum(r["images"] for r in repositories), len(wanted))
        self.assertEqual({s: sum(r["worst"][s] for r in repositories) for s in SEVERITIES}, counts)

    def kev(self, folder, *ids):
        path = os.path.join(folder, KEV)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        entries = [{"cveID": i, "vendorProject": "v", "product": "p", "vulnerabilityName": "n", "dateAdded": "2025-01-01", "shortDescription": "d",
                    "requiredAction": "a", "dueDate": "2025-02-01", "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": []} for i in ids]
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"title": "t", "catalogVersion": "1", "dateReleased": "2025-01-01T00:00:00Z", "count": len(entries), "vulnerabilities": entries}, f)


class Followed(Base):
    def vex_of(self, digest):
        document = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/1", "author": "us",
                    "timestamp": "2026-01-01T00:00:00Z", "version": 1,
                    "statements": [{"vulnerability": {"name": "CVE-2014-0160"}, "status": "not_affected", "justification": "vulnerable_code_not_present",
                                    "products": [{"@id": "pkg:oci/image@" + digest.replace(":", "%3A")}]}]}
        with open(self.path("vex.json"), "w", encoding="utf-8") as f:
            json.dump(document, f)
        return self.path("vex.json")

    def test_all_that_changes_them(self):
        base, both = debian_layer(OPENSSL, ZLIB), clarion.tar_of([("other", "one")])
        targets = [self.image(base, name="one"), self.image(base, both, name="two"), self.image(debian_layer(ZLIB), name="zlib"),
                   self.image(debian_layer(BASH), name="bash"), self.image(clarion.tar_of([("x", "1")]), name="empty")]
        digests = [self.index(t) for t in targets[:4]]
        service = Service(self)
        # Nothing can be said yet: that is not nothing found.
        self.assertEqual(set(self.summaries(service).values()), {None})
        self.assertEqual(service.get(SUMMARY).doc["not_judged"], 4)
        self.assertEqual(len(self.list(service, "not_judged=true")), 4)
        self.assertEqual(self.list(service, "severity=unknown"), [])
        feeds = self.feeds(TRACKER)
        self.update(feeds, "debian")
        self.check_lists(service, self.await_summaries(service, digests))
        digests.append(self.index(targets[4]))  # another image, of no distribution
        wanted = self.await_summaries(service, digests)
        self.assertEqual(wanted[digests[4]]["distribution"], "unknown")
        self.feeds(NEXT)  # zlib is fixed, bash is not
        self.update(feeds, "debian")
        wanted = self.await_summaries(service, digests)
        self.assertEqual((wanted[digests[2]]["findings"], wanted[digests[3]]["findings"]), (0, 1))
        self.kev(feeds, "CVE-2014-0160", "CVE-2025-1")
        self.update(feeds, "kev")
        wanted = self.await_summaries(service, digests)
        self.assertEqual([wanted[d]["exploited"] for d in digests], [1, 1, 0, 1, 0])
        self.check_lists(service, wanted)
        self.kev(feeds, "CVE-2025-1")
        self.update(feeds, "kev")
        self.assertEqual([r["exploited"] for r in self.await_summaries(service, digests).values()], [0, 0, 0, 1, 0])
        # Two images with the same packages, of which a document names one.
        r = self.run_clarion("vex", "add", self.vex_of(digests[0]))
        self.assertEqual(r.code, 0, r)
        wanted = self.await_summaries(service, digests)
        self.assertEqual(wanted[digests[1]]["findings"], wanted[digests[0]]["findings"] + 1)
        self.check_lists(service, wanted)
        self.assertEqual(self.run_clarion("vex", "remove", "https://example.org/1").code, 0)
        wanted = self.await_summaries(service, digests)
        self.assertEqual(wanted[digests[1]], wanted[digests[0]])
        # Forgotten, and indexed anew.
        self.assertEqual(service.ask("DELETE", INDEX + digests[1]).status, 204)
        self.check_lists(service, self.await_summaries(service, [digests[0], *digests[2:]]))
        self.assertEqual(self.index(targets[1]), digests[1])
        self.assertEqual(self.index(targets[3]), digests[3])
        self.check_lists(service, self.await_summaries(service, digests))

    def test_parameters(self):
        self.index(self.image(debian_layer(ZLIB)))
        service = Service(self)
        for bad in ("severity=bad", "fixable=1", "exploited=yes", "not_judged=x", "order=best", "order=digest&q=a", "order=worst&after=sha256:1",
                    "order=newest&after=1.2", "severity=low&after=sha256:" + "0" * 64):
            answer = service.get(IMAGES + "?" + bad)
            self.assertEqual((answer.status, answer.doc["code"]), (400, "bad-request"), bad)
        for good in ("severity=low", "order=newest", "order=worst&after=1.2.3", "order=digest", "q=%25", "q=a:b:c", "q=" + "a" * 2000):
            self.assertEqual(service.get(IMAGES + "?" + good).status, 200, good)
        self.assertEqual(service.get("/api/v1/repositories?q=nowhere").doc, {"repositories": [], "next": None})
        self.assertEqual(service.get("/api/v1/repositories?page_size=0").status, 400)

    def test_roles(self):
        """An indexer judges nothing, and says so; a matcher does what it left."""
        digest = self.index(self.image(debian_layer(ZLIB)))
        self.update(self.feeds(TRACKER), "debian")
        indexer = Service(self, None, "--mode", "indexer")
        time.sleep(1.5)
        self.assertEqual(self.summaries(indexer), {digest: None})
        self.assertEqual(indexer.get(SUMMARY).doc["due"], 1)
        self.await_summaries(Service(self, None, "--mode", "matcher"), [digest])


class Killed(Base):
    COUNT = 80  # more than are written at once

    def test_goes_on(self):
        digests = [self.index(self.image(debian_layer(ZLIB, stanza("p%d" % i, "1")), name="i%d" % i)) for i in range(self.COUNT)]
        self.update(self.feeds(TRACKER), "debian")
        for pause in (0, 0.02, 0.05):
            service = Service(self)
            time.sleep(pause)
            service.killed = True
            service.process.send_signal(signal.SIGKILL)
            service.process.wait(timeout=60)
        service, deadline = Service(self), time.monotonic() + WAIT
        while service.get(SUMMARY).doc["due"] != 0 and time.monotonic() < deadline:
            time.sleep(0.1)
        listed = self.list(service)
        self.assertEqual({i["digest"] for i in listed}, set(digests))
        self.assertEqual({(i["summary"]["worst"], i["summary"]["findings"], i["summary"]["outdated"]) for i in listed}, {("Medium", 1, False)})
        self.assertEqual(shown(listed[0]["summary"]), self.reports([listed[0]["digest"]])[listed[0]["digest"]])


@clarion.need_shared
class Shared(Base):
    def test_all_images(self):
        """All images of the shared folder, by all feeds that their reports take long for."""
        folder, digests = os.path.join(clarion.SHARED, "images"), []
        for name in sorted(os.listdir(folder)):
            if name.startswith("bad-") or not name.endswith(".oci"):
                continue
            r = self.run_clarion("index", "oci:" + os.path.join(folder, name), "--format", "clair")
            if r.code == 0:
                digests.append(r.doc["manifest_hash"])
        self.update(os.path.join(clarion.SHARED, "feeds"), "debian", "alpine", "kev", "epss")
        service = Service(self)
        self.assertGreater(len(set(digests)), 5)
        self.check_lists(service, self.await_summaries(service, sorted(set(digests))))


if __name__ == "__main__":
    unittest.main()
