"""Every exchange that was recorded with Clair v4, sent again: statuses, headers that clients look at, words of errors, and
documents, by their strict schemas and, for the image and the feed that were recorded, field by field.

The image is the recorded one (debian-web of the shared folder) in a real registry, the Debian feed is the recorded one. What
is different on purpose is in different(), with docs/api.md.
"""
import gzip
import hashlib
import http.server
import json
import os
import re
import threading
import time
import unittest
import zlib

import clarion
import registry
import serving
from clarion import debian_layer, need_shared, stanza, tracker_entry
from conformance.clair import schemas
import store

THEIRS = "sha256:0a78d1b02e0d01cb94f7dd79c4630be48c8b2bcfc0e07b6563de89a9293b12a8"
STATE = "150b86c03ad8d5fd1b8fdff4a351aed8"
RUBYGEMS, PYPI = "c072851e-4614-4990-b6fb-6cae5a4549d2", "d7c47ade-704c-4ae9-9077-d5b7ce517987"
# X-Content-Type-Options comes with each body that is no document.
COMPARED = ("content-type", "cache-control", "x-content-type-options", "location", "content-encoding")
DOCUMENTS = {r"GET /indexer/api/v1/index_state": "State", r"(GET|POST) /indexer/api/v1/index_report": "IndexReport",
             r"GET /matcher/api/v1/vulnerability_report/": "VulnerabilityReport",
             r"GET /matcher/api/v1/internal/update_operation": "UpdateOperations", r"GET /matcher/api/v1/internal/update_diff": "UpdateDiff",
             r"POST /indexer/api/v1/internal/affected_manifest/": "AffectedManifests",
             r"GET /notifier/api/v1/notification/": "PagedNotifications"}

# Of these pages and of their end, the notification was made by Clair's own update.
RECORDED_NOTIFICATIONS = ("page, default size", "page_size=2", "page_size=2 next", "last page", "page_size=-1", "next=nil uuid", "DELETE",
                          "GET after DELETE", "DELETE again", "fetch of that notification with a token", "fetch of the second")


def line_of(e):
    return e["method"] + " " + e["path"]


def different(e):
    """Why an exchange is not compared, or None."""
    if e["title"] in RECORDED_NOTIFICATIONS:
        return "there is no such notification here"
    if e["title"] == "notifier not configured":
        return "notifications are made without a target, too"
    if e["title"].startswith("index a Debian image offline") or e["title"] == "the report of it":
        return "needs nothing from elsewhere to index"
    if e["path"].startswith("/openapi") and e["status"] == 200:
        return "the document is our own"
    if e["path"] == "/":
        return "the web page is there"
    return None


def plain(a):
    """The bytes of an answer that may be compressed."""
    return {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(a.headers["Content-Encoding"], lambda body: body)(a.body)


def members(text, key):
    """The objects of the map `key` in a document that was recorded only as far as some byte."""
    decoder, at = json.JSONDecoder(), text.find('"%s":{' % key)
    at += len('"%s":{' % key)
    while (m := re.compile(r',?"([^"]+)":').match(text, at)) if at >= len(key) + 4 else None:
        try:
            value, at = decoder.raw_decode(text, m.end())
        except ValueError:
            return
        yield m.group(1), value


def without_ids(p):
    """A package but for what names it in one installation. The source of a language's package is empty in Clair."""
    source = p.get("source", {})
    return ({k: v for k, v in p.items() if k not in ("id", "detector", "source")},
            {k: source[k] for k in ("name", "version", "kind") if k in source} if p.get("arch") else None)


@need_shared
class ClairApi(clarion.Case):
    def setUp(self):
        super().setUp()
        self.layout = os.path.join(clarion.SHARED, "images", "debian-web.oci")

    def load(self):
        """The recorded image, and the Debian feed as it was then."""
        self.update(os.path.join(clarion.SHARED, "feeds"), "debian", "osv-rubygems", "osv-pypi")
        r = self.run_clarion("index", "oci:" + self.layout, "--format", "clair")
        self.assertEqual(r.doc["manifest_hash"], THEIRS)

    def adapted(self, e, service):
        """Path and headers with our state and our refs."""
        headers, path = dict(e["headers"]), e["path"]
        if service.open and "If-None-Match" in headers:
            tag = service.get("/indexer/api/v1/index_state").headers["Etag"]
            headers = {k: v.replace('"%s"' % STATE, tag).replace(STATE, tag.strip('"')) for k, v in headers.items()}
            if "update_operation" in path:
                headers["If-None-Match"] = service.get(path).headers["Etag"]
        if "update_diff" in path:
            for theirs, ours in self.refs(service).items():
                path = path.replace(theirs, ours)
        return path, headers

    @staticmethod
    def refs(service):
        latest = service.get("/matcher/api/v1/internal/update_operation?latest=true").doc
        return {RUBYGEMS: latest["osv-rubygems"][0]["ref"], PYPI: latest["osv-pypi"][0]["ref"]}

    def compare_head(self, e, a, where):
        self.assertEqual(a.status, e["status"], where)
        want = {k.lower(): v for k, v in e["answered"]}
        for header in COMPARED:
            if header == "content-encoding" and a.headers["Content-Encoding"] is None and len(a.body) < 256:
                continue # short bodies are not worth it
            self.assertEqual(a.headers[header], want.get(header), where)
        self.assertEqual(a.headers.get_all("Link"), [v for k, v in e["answered"] if k == "Link"] or None, where)
        if "etag" in want and "kind=enrichment" not in e["path"]: # of which nothing is loaded here
            self.assertRegex(a.headers["Etag"], r'^"[^"]+"$', where)

    def compare_body(self, e, a, where):
        theirs = e["answer"].split("\n")[0]
        if theirs.startswith("HTTP/1.1 "): # recorded with its head
            theirs = e["answer"].replace("\r", "").partition("\n\n")[2].split("\n")[0]
        if e["method"] == "HEAD" or e["status"] in (304, 412, 401, 204):
            self.assertEqual(a.body, b"", where)
        elif theirs.startswith('{"code"'):
            schemas.check(self, "Error", a.doc, where)
            self.assertEqual(a.body.decode(), theirs, where)
        elif e["status"] in (200, 201) and e["method"] != "DELETE":
            name = next((name for route, name in DOCUMENTS.items() if re.match(route, line_of(e))), None)
            if name and a.headers["Content-Encoding"] != "zstd":
                document = json.loads(plain(a))
                schemas.check(self, name, document, where)
                self.compare_document(theirs, document, where)
            elif not name:
                self.assertEqual(a.body.decode().split("\n")[0], theirs, where)

    def compare_document(self, theirs, ours, where):
        """As far as the recorded one goes."""
        if '"packages":{' not in theirs or not ours.get("packages"):
            return
        self.assertTrue(theirs.startswith('{"manifest_hash":"%s"' % ours["manifest_hash"]), where)
        known = {(p["name"], p["version"]): without_ids(p) for p in ours["packages"].values()}
        for _, p in members(theirs, "packages"):
            self.assertEqual(known.get((p["name"], p["version"])), without_ids(p), where)
            self.values += 1

    def replay(self, name, service, **bodies):
        """How many exchanges of a capture were compared; `bodies` are those that were recorded by their file's name only."""
        compared, self.values = 0, 0
        for e in serving.exchanges(name):
            body = bodies.get(e["title"], e["body"])
            if different(e) or e["headers"].get("Authorization") or body == "@…":
                continue # tokens of another day
            path, headers = self.adapted(e, service)
            a = service.ask(e["method"], path, body, path in ("/healthz", "/readyz", "/metrics"), **headers)
            where = "%s: %s: %r" % (name, e["title"], a)
            if path == "/metrics":
                self.assertEqual(a.status, 200, where)
                self.assertTrue(a.headers["Content-Type"].startswith("text/plain; version=0.0.4"), where)
            else:
                self.compare_head(e, a, where)
                self.compare_body(e, a, where)
            compared += 1
        return compared

    def service(self, **config):
        service = serving.Service(self, {"matcher": {"cache_age": "90s", "disable_updaters": True}, "indexer": {"fetch": {"allow": ["127.0.0.1"]}},
                                         "limits": {"fetch_tries": 1}, **config})
        service.open = "auth" not in config
        deadline = time.monotonic() + 10  # its port is open a moment before it is ready
        while service.get("/readyz", introspection=True).status != 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        return service

    def test_exchanges(self):
        self.load()
        service, compared, values = self.service(), 0, 0
        for name in ("00-introspection.txt", "01-index_state.txt", "04-index_report-get.txt", "06-vulnerability_report.txt", "07-update_operation.txt"):
            compared += self.replay(name, service)
            values += self.values
        self.assertGreater(compared, 45)
        self.assertGreater(values, 20)
        self.compare_vulnerability(service)

    def compare_vulnerability(self, service):
        """The two records that were recorded whole, as they stand in the report of the image."""
        e = next(e for e in serving.exchanges("09-affected_manifest.txt") if e["title"] == "two debian vulnerabilities")
        report = service.get("/matcher/api/v1/vulnerability_report/" + THEIRS).doc
        theirs = json.loads(e["answer"].split("\n")[0])
        for v in theirs["vulnerabilities"].values():
            ours = [dict(o, id=v["id"]) for o in report["vulnerabilities"].values() if (o["name"], o["package"]["name"]) == (v["name"], v["package"]["name"])]
            self.assertEqual(ours, [v])

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
                self.assertRegex(mine["detector"], r"^urn:claircore:detector:\w+:\d+:package$")
                for p in (mine, theirs): # of other scanners, in other stores
                    p["source"] = {k: v for k, v in p["source"].items() if k != "id"}
                    p.update({"id": "", "detector": ""})
                self.assertEqual(mine, theirs)
                compared.add((theirs["name"], theirs["version"]))
        self.assertGreater(len(compared), 40)

    def test_posting(self):
        """The recorded image from a registry, and what goes wrong with a document."""
        if not registry.shutil.which(registry.PROGRAM):
            self.skipTest("wants Debian's docker-registry")
        hub = registry.Registry(self)
        hub.push("pub/debian-web", self.layout)
        manifest = json.loads(registry.blob_of(self.layout, THEIRS))
        layers = [{"hash": layer["digest"], "uri": "http://%s/v2/pub/debian-web/blobs/%s" % (hub.host, layer["digest"]),
                   "headers": {"Accept": ["application/gzip"]}} for layer in manifest["layers"]]
        body = json.dumps({"hash": THEIRS, "layers": layers})
        bodies = {t: body for t in ("new manifest (debian-web)", "repeated, no If-None-Match", "repeated, If-None-Match = state")}
        self.assertGreaterEqual(self.replay("02-index_report-post.txt", self.service(), **bodies), 15)
        self.assertGreaterEqual(self.values, 20)

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
        self.update(self.feeds())
        service = self.service()
        for e in serving.exchanges("03-index_report-post-layers.txt"):
            body = e["body"]
            if body:
                body = re.sub(r"http://127\.0\.0\.1:(5100|8702)", "http://127.0.0.1:%d" % server.server_address[1], body)
                body = re.sub(r'(?<="hash":"sha256:)(?!0000)[0-9a-fA-F]{64}(?=","uri":"[^"]*/blobs/)', self.digest_like(good), body)
                body = re.sub(r"(ce8e0b35|839ecd32)[0-9a-f]+", hashlib.sha256(junk).hexdigest(), body)
            a = service.ask(e["method"], e["path"], body, **e["headers"])
            where, theirs = "%s: %r" % (e["title"], a), e["answer"].split("\n")[0]
            self.compare_head(e, a, where)
            self.assertEqual("Etag" in dict(e["answered"]), a.headers["Etag"] is not None, where)
            if theirs.startswith('{"code"'): # what follows is in the words of the one who fetches
                start = "failed to start scan: failed to fetch layers: "
                schemas.check(self, "Error", a.doc, where)
                self.assertEqual(a.doc["code"], json.loads(theirs)["code"], where)
                self.assertEqual(a.doc["message"].startswith(start), json.loads(theirs)["message"].startswith(start), where)
            else:
                schemas.check(self, "IndexReport", a.doc, where)
                state = re.search(r'"state":"(\w+)"', theirs)
                self.assertEqual(a.doc["state"], state.group(1) if state else "IndexFinished", where)
            compared += 1
        self.assertGreaterEqual(compared, 18)

    def test_forgetting(self):
        self.load()
        service, compared = self.service(), 0
        for e in serving.exchanges("05-index_report-delete.txt"):
            body, answer = e["body"], e["answer"].split("\n")[0] if e["answer"] else ""
            if e["title"].startswith("bulk, one known"):
                known = re.search(r'^\["(sha256:\w+)"\]', answer).group(1)
                body, answer = body.replace(known, THEIRS), answer.replace(known, THEIRS)
            a = service.ask(e["method"], e["path"], body)
            self.compare_head(e, a, e["title"])
            self.assertEqual(a.body.decode(), answer, e["title"])
            compared += 1
        self.assertEqual(compared, 9)

    def test_tokens(self):
        """Those of the recorded exchanges, made anew for today."""
        key, now = b"0123456789abcdef0123456789abcdef", int(time.time())
        service = self.service(auth={"psk": {"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "iss": ["quay", "clairctl"]}})
        later, other = now + 300, b"f" * 32
        tokens = {"ok": (key, {"iss": "quay", "exp": later}), "clairctl": (key, {"iss": "clairctl", "exp": now + 60, "iat": now, "nbf": now - 60}),
                  "intraservice": (key, {"iss": "clair-intraservice", "exp": later}), "wrongiss": (key, {"iss": "nobody", "exp": later}),
                  "noiss": (key, {"exp": later}), "noexp": (key, {"iss": "quay"}), "expired10": (key, {"iss": "quay", "exp": now - 8}),
                  "expired20": (key, {"iss": "quay", "exp": now - 30}), "nbf_future": (key, {"iss": "quay", "exp": later, "nbf": now + 600}),
                  "nbf_near": (key, {"iss": "quay", "exp": later, "nbf": now + 12}), "iat_future": (key, {"iss": "quay", "exp": later, "iat": now + 600}),
                  "hs512": (key, {"iss": "quay", "exp": later}, "HS512"), "hs384": (key, {"iss": "quay", "exp": later}, "HS384"),
                  "badkey": (other, {"iss": "quay", "exp": later}), "none": (key, {"iss": "quay", "exp": later}, "none")}
        compared = self.replay("11-psk.txt", service)
        for e in serving.exchanges("11-psk.txt"):
            name = e["title"].partition("token: ")[2]
            if name and name != "expired10": # which is 7 seconds short of the leeway: a slow machine's clock
                a = service.ask(e["method"], e["path"], Authorization="Bearer " + serving.token(*tokens[name]))
            elif name:
                a = service.ask(e["method"], e["path"], Authorization="Bearer " + serving.token(key, {"iss": "quay", "exp": int(time.time()) - 2}))
            elif e["title"].startswith("lower-case scheme"):
                a = service.ask(e["method"], e["path"], Authorization="bearer " + serving.token(*tokens["ok"]))
            else:
                continue
            self.compare_head(e, a, e["title"])
            self.compare_body(e, a, e["title"])
            compared += 1
        self.assertGreaterEqual(compared, 20)

    def test_nothing_loaded(self):
        self.assertEqual(self.replay("13-empty-and-offline.txt", self.service()), 2)

    def test_update_diff(self):
        self.load()
        service = self.service()
        refs = self.refs(service)
        self.assertEqual(self.replay("08-update_diff.txt", service), 8)
        first = service.get("/matcher/api/v1/internal/update_diff?cur=" + refs[RUBYGEMS]).doc
        self.assertEqual((first["prev"]["ref"], first["prev"]["date"], first["removed"]), ("00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00Z", None))
        self.assertGreater(len(first["added"]), 100)
        same = service.get("/matcher/api/v1/internal/update_diff?prev=%s&cur=%s" % (refs[PYPI], refs[PYPI])).doc
        self.assertEqual((same["added"], same["removed"]), (None, None))

    def test_affected_manifest(self):
        """The two recorded records, sent as they were answered, and the recorded answer, value by value."""
        self.load()
        service, name = self.service(), "09-affected_manifest.txt"
        exchanges = {e["title"]: e for e in serving.exchanges(name)}
        theirs = json.loads(exchanges["two debian vulnerabilities"]["answer"].split("\n")[0])
        self.assertEqual(len(theirs["vulnerabilities"]), 2)
        body = json.dumps({"vulnerabilities": list(theirs["vulnerabilities"].values())})
        bodies = {title: body for title, e in exchanges.items() if e["body"] in (None, "@…")} # recorded in part only
        self.assertEqual(len(bodies), 4)
        self.assertEqual(self.replay(name, service, **bodies), 6)
        self.assertEqual(service.ask("POST", "/indexer/api/v1/internal/affected_manifest/", body).doc, theirs)

    def test_notification(self):
        """All of the recorded exchanges: with pages of a notification of our own, of five items as theirs."""
        flaws = {"CVE-2030-%d" % i: tracker_entry(bookworm=None) for i in range(6)}
        self.update(self.feeds({"grep": {"CVE-2030-0": flaws["CVE-2030-0"]}}), "debian")
        self.assertEqual(self.run_clarion("index", self.image(debian_layer(stanza("grep", "3.8-5")))).code, 0)
        service = self.service(notifier={"disable_summary": True})
        self.settle()
        self.update(self.feeds({"grep": flaws}, name="next"), "debian")
        ident = self.settle(1)
        ids = [item["id"] for item in service.get("/notifier/api/v1/notification/" + ident).doc["notifications"]]
        self.assertEqual(len(ids), 5)
        compared = 0
        for e in serving.exchanges("10-notification.txt"):
            path = e["path"].replace("f94debb3-a45b-4243-81f6-b1668cb3ea2c", ident)
            for theirs, ours in (("35b057dc-8877-4b7b-be1a-e1b212463e5c", ids[1]), ("5754193a-496b-4310-a65e-d8cdc6338203", ids[3])):
                path = path.replace(theirs, ours)
            a = service.ask(e["method"], path, e["body"], **e["headers"])
            where = "%s: %r" % (e["title"], a)
            self.compare_head(e, a, where)
            self.compare_page(dict(e, answer=e["answer"].replace("f94debb3-a45b-4243-81f6-b1668cb3ea2c", ident)), a, ids, where)
            compared += 1
        self.assertEqual(compared, 17)

    def settle(self, n=0):
        """The id of the last of `n` notifications, when they are made, and all updates have been seen to."""
        deadline = time.monotonic() + 60
        while True:
            made = store.query(self.data, "SELECT uuid FROM notification ORDER BY id")
            noted = store.query(self.data, "SELECT 1 FROM notified")
            if noted and len(made) == n:
                return made[-1][0] if made else None
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def compare_page(self, e, a, ids, where):
        """As the recorded one, but that the items are ours: the size, whether there is another, and how many there are."""
        theirs = re.match(r'\{"page":\{(?:"next":"([^"]+)",)?"size":(\d+)\},"notifications":\[(\{?)', e["answer"])
        if not theirs:
            self.compare_body(e, a, where)
            return
        page = a.doc["page"]
        schemas.check(self, "PagedNotifications", a.doc, where)
        self.assertEqual((page["size"], "next" in page, bool(a.doc["notifications"])), (int(theirs[2]), bool(theirs[1]), bool(theirs[3])), where)
        self.assertLessEqual(len(a.doc["notifications"]), page["size"], where)
        if "next" in page:
            self.assertEqual(page["next"], a.doc["notifications"][-1]["id"], where)
        got = [item["id"] for item in a.doc["notifications"]]
        self.assertEqual(got, ids[ids.index(got[0]):][:len(got)] if got else [], where)


if __name__ == "__main__":
    unittest.main()
