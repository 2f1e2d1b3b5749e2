"""Exchanges that were recorded with Clair v4, sent again: status, headers that clients look at, and words of errors.

Left out are exchanges with paths and methods that are not served, and what is different on purpose (docs/api.md).
"""
import os
import re
import unittest

import clarion
import serving
from clarion import debian_layer, need_shared, stanza

THEIRS = "sha256:0a78d1b02e0d01cb94f7dd79c4630be48c8b2bcfc0e07b6563de89a9293b12a8"
STATE = "150b86c03ad8d5fd1b8fdff4a351aed8"
# X-Content-Type-Options comes with each body that is no document.
COMPARED = ("content-type", "cache-control", "x-content-type-options", "location", "content-encoding")


def different(e):
    """Why an exchange is not compared, or None."""
    if e["path"].startswith("/indexer/api/v1/index_report") and e["method"] in ("POST", "GET", "PUT") and e["path"].endswith("index_report"):
        return "layers are not fetched"
    if e["method"] == "DELETE" and "update_operation" in e["path"] or e["path"].endswith("update_operation/00000000-0000-0000-0000-000000000001"):
        return "feeds keep the updates that they need"
    if e["title"] == "the report of it":
        return "of a failed manifest, and those are not kept"
    if "@" in (e["body"] or ""):
        return "the body was not recorded"
    if e["path"].startswith("/notifier") or e["path"].startswith("/metrics"):
        return "not served"
    return None


@need_shared
class ClairApi(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds())
        r = self.run_clarion("index", self.image(debian_layer(stanza("openssl", "1.0.1e-1"))), "--format", "clair")
        self.ours = r.doc["manifest_hash"]

    def replay(self, name, service, compared):
        for e in serving.exchanges(name):
            if different(e):
                continue
            if e["headers"].get("Authorization"):
                continue # tokens of another day
            introspection = e["path"] in ("/healthz", "/readyz")
            tag = service.get("/indexer/api/v1/index_state").headers["Etag"] if service.open else None
            path = e["path"].replace(THEIRS, self.ours)
            headers = {k: v.replace('"%s"' % STATE, tag or "").replace(STATE, (tag or "").strip('"')) for k, v in e["headers"].items()}
            if "update_operation" in path and "If-None-Match" in headers:
                headers["If-None-Match"] = service.get(path).headers["Etag"]
            a = service.ask(e["method"], path, e["body"], introspection, **headers)
            where = "%s: %s: %r" % (name, e["title"], a)
            self.assertEqual(a.status, e["status"], where)
            want = {k.lower(): v for k, v in e["answered"]}
            for header in COMPARED:
                expected = want.get(header)
                if header == "cache-control" and expected and expected.startswith("max-age="):
                    expected = "max-age=90"
                if header == "content-encoding" and a.headers["Content-Encoding"] is None and len(a.body) < 256:
                    continue # short bodies are not worth it
                self.assertEqual(a.headers[header], expected, where)
            if "etag" in want and "kind=enrichment" not in path: # of which nothing is loaded here
                self.assertRegex(a.headers["Etag"], r'^"[^"]+"$', where)
            if e["answer"].startswith('{"code"') and e["method"] != "HEAD":
                self.assertEqual(a.body.decode(), e["answer"].split("\n")[0], where)
            compared.append(e["title"])

    def service(self, **config):
        service = serving.Service(self, dict({"matcher": {"cache_age": "90s", "disable_updaters": True}}, **config))
        service.open = "auth" not in config
        return service

    def test_exchanges(self):
        service, compared = self.service(), []
        for name in ("00-introspection.txt", "01-index_state.txt", "04-index_report-get.txt", "06-vulnerability_report.txt", "07-update_operation.txt"):
            self.replay(name, service, compared)
        self.assertGreater(len(compared), 45)

    def test_forgetting(self):
        service, compared = self.service(), []
        for e in serving.exchanges("05-index_report-delete.txt"):
            if e["title"].startswith("bulk, one known"):
                e["body"] = re.sub(r"sha256:0+1\b", self.ours, e["body"])
                a = service.ask(e["method"], e["path"], e["body"])
                self.assertEqual((a.status, a.doc), (200, [self.ours]))
            else:
                a = service.ask(e["method"], e["path"], e["body"])
                self.assertEqual(a.status, e["status"], e["title"])
                self.assertEqual(a.body.decode(), e["answer"].split("\n")[0] if e["answer"] else "", e["title"])
            compared.append(e["title"])
        self.assertEqual(len(compared), 9)

    def test_without_a_token(self):
        service, compared = self.service(auth={"psk": {"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "iss": ["quay"]}}), []
        self.replay("11-psk.txt", service, compared)
        self.assertGreaterEqual(len(compared), 4)

    def test_nothing_loaded(self):
        self.data = self.path("empty")
        service, compared = self.service(), []
        self.replay("13-empty-and-offline.txt", service, compared)
        self.assertGreaterEqual(len(compared), 2)


if __name__ == "__main__":
    unittest.main()
