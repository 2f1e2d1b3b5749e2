"""The service by the eyes of Quay: a model of its worker and page (quay.py) against a real registry, with the shared key."""
import json
import time
import unittest

import clarion
import receivers
import registry
import serving
from clarion import debian_layer, stanza, tracker_entry
from conformance.clair import quay

PSK = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ALLOW = {"indexer": {"fetch": {"allow": ["127.0.0.1"]}}}


@registry.need_registry
class Quay(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds())
        self.hub = registry.Registry(self)
        self.service = serving.Service(self, dict(ALLOW, auth={"psk": {"key": PSK, "iss": ["quay"]}}))
        self.client = quay.Client(self.service, PSK)

    def push(self, name, *tars):
        """An image in the registry: its digest, and its layers as Quay posts them."""
        clarion.OciLayout(self.path(name)).add(list(tars))
        digest = self.hub.push("quay/" + name, self.path(name))
        manifest = json.loads(registry.blob_of(self.path(name), digest))
        return digest, [(x["digest"], "http://%s/v2/quay/%s/blobs/%s" % (self.hub.host, name, x["digest"]), {"Authorization": ["Bearer t0ken"]})
                        for x in manifest["layers"]]

    def test_worker(self):
        """Each step of the worker with a new image, until the image is gone."""
        state = self.client.state()["state"]
        digest, layers = self.push("image", debian_layer(stanza("openssl", "1.0.1e-1"), stanza("grep", "3.8-5")))
        self.assertIsNone(self.client.index_report(digest))
        self.assertIsNone(self.client.vulnerability_report(digest))
        report, kept = self.client.index(digest, layers)
        self.assertEqual((report["state"], report["err"], kept), ("IndexFinished", "", state))
        self.assertEqual(self.client.index_report(digest), report)
        shown = {f["name"]: f for f in quay.features(self.client.vulnerability_report(digest))}
        self.assertEqual(sorted(shown), ["grep", "openssl"])
        self.assertEqual(shown["grep"]["vulnerabilities"], [])
        self.assertEqual([(v["name"], v["fixed"], v["cves"]) for v in shown["openssl"]["vulnerabilities"]], [("CVE-2014-0160", "1.0.1g-1", ["CVE-2014-0160"])])
        self.assertEqual(self.client.delete(digest), 204)
        self.assertIsNone(self.client.index_report(digest))

    def test_what_is_put_aside_and_what_is_tried_again(self):
        """400 is for ever there, everything else is not: each failure is of the right kind, and every 400 is ASCII."""
        digest, layers = self.push("image", debian_layer(stanza("grep", "3.8-5")))
        _, junk = self.push("junk", (b"no tar at all " * 100, "application/vnd.oci.image.layer.v1.tar", "sha256:" + "0" * 64))
        for bad in ([], [("sha256:\u00e4", layers[0][1], {})], [(layers[0][0], layers[0][1], {"X": "\u2603"})], junk):
            with self.assertRaises(quay.BadRequest):
                self.client.index(digest, bad)
        for later in ([(layers[0][0], layers[0][1] + "x", {})], [("sha256:" + "0" * 64, layers[0][1], {})], [(layers[0][0], "http://127.0.0.1:1/\u2603", {})],
                      [(layers[0][0], "ftp://127.0.0.1/", {})]):
            with self.assertRaises(quay.NotFine) as failed:
                self.client.index(digest, later)
            self.assertEqual(failed.exception.status, 500)
            failure = self.client.index_report(digest)
            self.assertEqual((failure["state"], failure["success"], bool(failure["err"])), ("IndexError", False, True))
        self.assertEqual(self.client.index(digest, layers)[0]["state"], "IndexFinished")

    def test_without_its_key(self):
        for client in (quay.Client(self.service), quay.Client(self.service, PSK[:-4] + "ZmY=")):
            with self.assertRaises(quay.NotFine) as refused:
                client.state()
            self.assertEqual(refused.exception.status, 401)

    def test_notification(self):
        """The webhook's message, the pages of it until the last, and its end: as Quay's worker does with each."""
        hook = receivers.Web(self)
        self.service.end()
        self.service = serving.Service(self, dict(ALLOW, auth={"psk": {"key": PSK, "iss": ["quay"]}}, notifier={
            "disable_summary": True, "webhook": {"target": hook.url + "/secscan/notification", "callback": "http://127.0.0.1:1/notification/"}}))
        self.client = quay.Client(self.service, PSK)
        digest, layers = self.push("image", debian_layer(stanza("openssl", "1.0.1e-1"), *(stanza("pkg%d" % i, "1", source="many") for i in range(40))))
        self.client.index(digest, layers)
        flaws = {"CVE-2030-%d" % i: tracker_entry(urgency="high", bookworm="2-%d" % i) for i in range(30)}
        changed = {"CVE-2014-0160": tracker_entry(bookworm="1.0.1h-1")}
        self.update(self.feeds({"openssl": changed, "many": flaws}, name="next"), "debian")
        deadline = time.monotonic() + 60
        while not hook.requests:
            self.assertLess(time.monotonic(), deadline, self.service.messages()[-3000:])
            time.sleep(0.05)
        (path, _, body), = hook.requests
        self.assertEqual(path, "/secscan/notification")
        ident = json.loads(body)["notification_id"]
        self.assertEqual(json.loads(body), {"callback": "http://127.0.0.1:1/notification/" + ident, "notification_id": ident})
        found = self.client.notification(ident) # 1200 of them, in three pages; of Debian's "high" Clair makes Critical
        self.assertEqual(sorted((m, severity, name, flaw, fix) for m, severity, name, flaw, fix, _, _ in found),
                         sorted((digest, "Critical", "many", flaw, "2-" + flaw.split("-")[2]) for flaw in flaws for _ in range(40)))
        self.assertTrue(all(links.startswith("https://") and text == "A flaw." for *_, links, text in found))
        for _ in range(2):
            self.client.delete_notification(ident)
        self.service.end()
        self.service = serving.Service(self, dict(ALLOW, auth={"psk": {"key": PSK, "iss": ["quay"]}}))
        self.client = quay.Client(self.service, PSK)
        while self.client.notification(ident): # until the collection at its start
            self.assertLess(time.monotonic(), deadline + 60)
            time.sleep(0.05)

    def test_notification_that_is_gone(self):
        """A page of nothing or a 404, and its end."""
        self.assertIn(self.client.notification("00000000-0000-0000-0000-000000000009"), ([], None))

    def test_the_model(self):
        """The model trips where Quay does."""
        package = {"id": "1", "name": "a", "version": "1"}
        report = {"packages": {"1": package}, "environments": {"1": [{"introduced_in": "x"}]}, "package_vulnerabilities": {}, "enrichments": {}}
        self.assertEqual(len(quay.features(report)), 1)
        for wrong in ({"environments": {}}, {"environments": {"1": []}}, {"enrichments": {"epss": []}}, {"enrichments": {"epss": [{"1": [{"epss": 1}]}]}},
                      {"enrichments": {"cvss": [{"1": []}]}}):
            with self.assertRaises((KeyError, IndexError)):
                quay.features({**report, **wrong})
        self.assertEqual([quay.fixed(x) for x in ("fixed=2.0&introduced=1.6", "1.0-1", "", "introduced=1")], ["2.0", "1.0-1", "", "introduced=1"])


if __name__ == "__main__":
    unittest.main()
