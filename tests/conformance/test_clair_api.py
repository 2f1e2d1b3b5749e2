"""Exchanges that were recorded with Clair v4, sent again: status, headers that clients look at, and words of errors.

Left out are exchanges with paths and methods that are not served, and what is different on purpose (docs/api.md).
"""
import gzip
import hashlib
import http.server
import json
import os
import re
import threading
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
    if e["method"] == "DELETE" and "update_operation" in e["path"] or e["path"].endswith("update_operation/00000000-0000-0000-0000-000000000001"):
        return "feeds keep the updates that they need"
    if e["title"] == "the report of it":
        return "of a manifest that was not recorded"
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

    def test_recorded_packages(self):
        """The packages that the recorded bodies show, field by field, as far as they were kept: ours of the same image."""
        self.data = self.path("recorded")
        self.assertEqual(self.run_clarion("index", "oci:" + os.path.join(clarion.SHARED, "images", "debian-web.oci")).code, 0)
        ours = {(p["name"], p["version"]): p for p in self.service().get("/indexer/api/v1/index_report/" + THEIRS).doc["packages"].values()}
        compared = set()
        for name in ("02-index_report-post.txt", "04-index_report-get.txt", "06-vulnerability_report.txt"):
            with open(os.path.join(clarion.SHARED, "contract", "captures", name), encoding="utf-8", errors="replace") as f:
                text = f.read()
            for m in re.finditer(r'"(\d+)":(?=\{"id":"\1","name":")', text):
                try:
                    theirs, _ = json.JSONDecoder().raw_decode(text, m.end())
                except ValueError:
                    continue # where the record was cut
                if "detector" not in theirs:
                    continue
                mine = dict(ours[theirs["name"], theirs["version"]])
                self.assertRegex(mine["detector"], r"^urn:clarion:detector:\w+:\d+:package$")
                for p in (mine, theirs): # of other scanners, in other stores
                    p["source"] = {k: v for k, v in p["source"].items() if k != "id"}
                    p.update({"id": "", "detector": ""})
                self.assertEqual(mine, theirs)
                compared.add((theirs["name"], theirs["version"]))
        self.assertGreater(len(compared), 40)

    def test_posting(self):
        """What goes wrong with a document."""
        service, compared = self.service(), []
        service.ask("DELETE", "/indexer/api/v1/index_report/" + self.ours)
        self.replay("02-index_report-post.txt", service, compared)
        self.assertGreaterEqual(len(compared), 12)

    @staticmethod
    def digest_like(data):
        """Its digest, in the case of the one that stood there."""
        digest = hashlib.sha256(data).hexdigest()
        return lambda theirs: digest.upper() if theirs.group(0).isupper() else digest

    def test_posting_layers(self):
        """Layers that cannot be had, and what is said of their manifests: the recorded exchanges with layers of our own."""
        good, junk, compared = gzip.compress(debian_layer(stanza("grep", "3.8-5")), mtime=0), b"no tar at all " * 100, 0
        layers = {r"/blobs/sha256:(?!0000)": good, r"/junk": junk, r"/empty": b""}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = next((body for path, body in layers.items() if re.search(path, self.path)), None)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        service = self.service(indexer={"fetch": {"allow": ["127.0.0.1"]}}, limits={"fetch_tries": 1})
        for e in serving.exchanges("03-index_report-post-layers.txt"):
            body = e["body"]
            if body:
                body = re.sub(r"http://127\.0\.0\.1:(5100|8702)", "http://127.0.0.1:%d" % server.server_address[1], body)
                body = re.sub(r'(?<="hash":"sha256:)(?!0000)[0-9a-fA-F]{64}(?=","uri":"[^"]*/blobs/)', self.digest_like(good), body)
                body = re.sub(r"(ce8e0b35|839ecd32)[0-9a-f]+", hashlib.sha256(junk).hexdigest(), body)
            a = service.ask(e["method"], e["path"], body, **e["headers"])
            where, want = "%s: %r" % (e["title"], a), {k.lower(): v for k, v in e["answered"]}
            self.assertEqual(a.status, e["status"], where)
            for header in COMPARED:
                self.assertEqual(a.headers[header], want.get(header), where)
            self.assertEqual(a.headers.get_all("Link"), [v for k, v in e["answered"] if k == "Link"] or None, where)
            self.assertEqual("etag" in want, a.headers["Etag"] is not None, where)
            theirs = e["answer"].split("\n")[0]
            if theirs.startswith('{"code"'): # what follows is in the words of the one who fetches
                start = "failed to start scan: failed to fetch layers: "
                self.assertEqual(a.doc["code"], json.loads(theirs)["code"], where)
                self.assertEqual(a.doc["message"].startswith(start), json.loads(theirs)["message"].startswith(start), where)
            elif theirs.startswith('{"manifest_hash"'):
                state = re.search(r'"state":"(\w+)"', theirs)
                self.assertEqual(a.doc["state"], state.group(1) if state else "IndexFinished", where)
            compared += 1
        self.assertGreaterEqual(compared, 14)

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
