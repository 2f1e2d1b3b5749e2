"""Posting manifests: the service fetches the layers, indexes them once, and says what came of it."""
import gzip
import hashlib
import http.server
import json
import threading
import time
import unittest

import clarion
from clarion import debian_layer, stanza, tar_of
from serving import Service

POST = "/indexer/api/v1/index_report"
GET = POST + "/"
REPORT = "/matcher/api/v1/vulnerability_report/"
STATE = "/indexer/api/v1/index_state"
ALLOW = {"indexer": {"fetch": {"allow": ["127.0.0.1"]}}}


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layers:
    """A server of layers on the loopback interface: paths and what is done with who asks for them."""

    def __init__(self, case):
        layers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with layers.lock:
                    layers.asked.append((self.path, dict(self.headers)))
                    n = sum(path == self.path for path, _ in layers.asked)
                layers.paths[self.path](self, n)

            def log_message(self, *_):
                pass

        self.lock, self.asked, self.paths = threading.Lock(), [], {}
        self.open = threading.Event() # what waits may go on
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.close)
        self.base = "http://127.0.0.1:%d" % self.server.server_address[1]

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def send(request, status, body=b"", **headers):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def add(self, body, path=None, act=None, **more):
        """A layer as a manifest has it."""
        path = path or "/" + sha256(body)
        self.paths[path] = act or (lambda request, n: self.send(request, 200, body))
        return dict({"hash": sha256(body), "uri": self.base + path}, **more)

    def stall(self, body):
        """Sends half of it, and the rest when it is told to."""
        def act(request, _):
            request.send_response(200)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body[:len(body) // 2])
            request.wfile.flush()
            self.open.wait(60)
            try:
                request.wfile.write(body[len(body) // 2:])
            except OSError:
                pass
        return act

    def times(self, layer):
        with self.lock:
            return sum(self.base + path == layer["uri"] for path, _ in self.asked)


def layer_of(*stanzas):
    return gzip.compress(debian_layer(*stanzas), mtime=0)


def manifest(name, *layers):
    return {"hash": sha256(name.encode()), "layers": list(layers)}


class ServeIndex(clarion.Case):
    def setUp(self):
        super().setUp()
        self.layers = Layers(self)
        self.openssl = layer_of(stanza("openssl", "1.0.1e-1"))

    def post(self, service, document, **headers):
        body = document if isinstance(document, (bytes, str)) else json.dumps(document)
        return service.ask("POST", POST, body, **headers)

    def test_post_and_report(self):
        self.update(self.feeds())
        service = Service(self, ALLOW)
        document = manifest("image", self.layers.add(self.openssl, headers={"Accept": ["application/gzip"], "Authorization": ["Bearer t0ken"]}))
        digest, tag = document["hash"], service.get(STATE).headers["Etag"]
        self.assertEqual(service.get(GET + digest).status, 404)
        a = self.post(service, document)
        self.assertEqual((a.status, a.headers["Content-Type"], a.headers["Etag"], a.headers["Location"]),
                         (201, "text/plain; charset=utf-8", tag, GET + digest))
        links = ['<%s%s>; rel="https://projectquay.io/clair/v1/index_report"' % (GET, digest),
                 '<%s%s>; rel="https://projectquay.io/clair/v1/vulnerability_report"' % (REPORT, digest)]
        self.assertEqual(a.headers.get_all("Link"), links)
        self.assertEqual((a.doc["manifest_hash"], a.doc["state"], a.doc["success"], a.doc["err"]), (digest, "IndexFinished", True, ""))
        self.assertEqual([p["name"] for p in a.doc["packages"].values() if p["kind"] == "binary"], ["openssl"])
        self.assertEqual(service.get(GET + digest).body, a.body)
        self.assertEqual([v["name"] for v in service.get(REPORT + digest).doc["vulnerabilities"].values()], ["CVE-2014-0160"])
        sent = self.layers.asked[0][1]
        self.assertEqual((sent["Accept"], sent["Authorization"]), ("application/gzip", "Bearer t0ken"))
        self.assertNotIn("t0ken", service.messages())
        # Known: its layers are not looked at any more, wherever they are now.
        document["layers"][0]["uri"] = "http://192.0.2.1/gone"
        again = self.post(service, document)
        self.assertEqual((again.status, again.body, again.headers.get_all("Link")), (201, a.body, links))
        self.assertEqual(len(self.layers.asked), 1)
        a = self.post(service, document, If_None_Match=tag)
        self.assertEqual((a.status, a.body, a.headers.get_all("Link"), a.headers["Etag"]), (412, b"", links, None))
        metrics = service.get("/metrics", introspection=True).body.decode()
        self.assertIn("\nclarion_indexing_indexed_total 1\n", metrics)

    def test_a_layer_is_fetched_once(self):
        service = Service(self, ALLOW)
        base, top = self.layers.add(self.openssl), self.layers.add(gzip.compress(tar_of([("x", "y")]), mtime=0))
        self.assertEqual(self.post(service, manifest("one", base, top, top)).status, 201)
        self.assertEqual(self.post(service, manifest("two", base)).status, 201)
        self.assertEqual((self.layers.times(base), self.layers.times(top)), (1, 1))

    def test_read_while_others_are_fetched(self):
        # What is found in a layer is kept before its image is done: whoever waits for it has it, also after an accident.
        for threads in (1, 2):
            with self.subTest(threads=threads):
                service = Service(self, {"indexer": dict(ALLOW["indexer"], layer_scan_concurrency=threads)})
                fast = self.layers.add(layer_of(stanza("bash", "5.%d" % threads)))
                slow = self.layers.add(b"slow", path="/slow%d" % threads, act=self.layers.stall(b"slow"))
                waiting = service.connect()
                waiting.request("POST", POST, json.dumps(manifest("first %d" % threads, fast, slow)))
                while not self.layers.times(slow):
                    time.sleep(0.01)
                self.assertEqual(self.post(service, manifest("second %d" % threads, fast)).status, 201)
                self.assertEqual(self.layers.times(fast), 1)
                service.kill()
                waiting.close()
                service = Service(self, ALLOW)
                self.assertEqual(self.post(service, manifest("third %d" % threads, fast)).status, 201)
                self.assertEqual(self.layers.times(fast), 1)
                service.end()

    def test_posted_by_a_hundred(self):
        service = Service(self, ALLOW)
        layer = self.layers.add(self.openssl)
        self.layers.paths["/" + layer["hash"]] = self.layers.stall(self.openssl)
        # As from Quay, each with a token of its own.
        documents = [manifest("image", dict(layer, headers={"Authorization": ["Bearer %d" % i]})) for i in range(100)]
        answers = [None] * 100

        def ask(i):
            answers[i] = self.post(service, documents[i])
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(100)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while b"clarion_http_running 100\n" not in service.get("/metrics", introspection=True).body and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertIn(b"\nclarion_indexing_running 1\n", service.get("/metrics", introspection=True).body)
        self.assertEqual(service.get(STATE).status, 200) # others are served meanwhile
        self.assertEqual(service.ask("DELETE", POST, "[]").body, b"null")
        self.layers.open.set()
        for thread in threads:
            thread.join()
        self.assertEqual({a.status for a in answers}, {201})
        self.assertEqual(len({a.body for a in answers}), 1)
        self.assertEqual(self.layers.times(layer), 1)

    def test_states_on_the_way(self):
        """Who asks for a manifest that is being indexed, or waits for that, is told so."""
        service = Service(self, {"indexer": {"fetch": {"allow": ["127.0.0.1"]}, "index_report_request_concurrency": 1}})
        waiting = manifest("waiting", self.layers.add(layer_of(stanza("p", "1"))))
        self.layers.add(self.openssl, "/stalled", self.layers.stall(self.openssl))
        running = manifest("running", {"hash": sha256(self.openssl), "uri": self.layers.base + "/stalled"})
        answers = []
        threads = [threading.Thread(target=lambda d: answers.append(self.post(service, d).status), args=(d,)) for d in (running, waiting)]
        for thread, document, state in zip(threads, (running, waiting), ("FetchLayers", "CheckManifest")):
            self.assertEqual(service.get(GET + document["hash"]).status, 404)
            thread.start()
            deadline, a = time.monotonic() + 30, None
            while (a is None or a.status != 200 or a.doc["state"] != state) and time.monotonic() < deadline:
                a = service.get(GET + document["hash"])
                time.sleep(0.02)
            self.assertEqual((a.status, a.doc), (200, {
                "manifest_hash": document["hash"], "state": state, "packages": {}, "distributions": {}, "repository": {},
                "environments": {}, "success": False, "err": ""}))
            self.assertEqual(a.headers["Etag"], service.get(STATE).headers["Etag"])
            self.assertEqual(a.headers["Content-Type"], "application/vnd.clair.index_report.v1+json")
        self.layers.open.set()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [201, 201])
        self.assertEqual([service.get(GET + d["hash"]).doc["state"] for d in (running, waiting)], ["IndexFinished"] * 2)

    def test_airgap(self):
        """No layer comes from the public internet, whatever indexer.fetch.allow says; loopback ones as before."""
        service = Service(self, {"indexer": {"airgap": True, "fetch": {"allow": ["127.0.0.1", "192.0.2.1", "9.9.9.9"]}}, "limits": {"fetch_tries": 1}})
        self.assertEqual(self.post(service, manifest("inside", self.layers.add(self.openssl))).status, 201)
        a = self.assert_failed(service, manifest("outside", {"hash": sha256(b"x"), "uri": "http://9.9.9.9/layer"}), 500, "airgap")
        self.assertIn("9.9.9.9", a.doc["message"])

    def test_over_a_limit(self):
        """Nobody's fault but the limit's: not 400, after which clients never post it again, and not 500."""
        service = Service(self, dict(ALLOW, limits={"layer_entries": 1, "fetch_tries": 1}))
        document = manifest("image", self.layers.add(self.openssl))
        self.assert_failed(service, document, 413, "layer_entries")
        service.end()
        self.assertEqual(self.post(Service(self, ALLOW), document).status, 201)

    def test_waiting_manifests_are_bounded(self):
        service = Service(self, {"indexer": {"fetch": {"allow": ["127.0.0.0/8"]}, "index_report_request_concurrency": 1}, "limits": {"index_queue": 1}})
        layers = [self.layers.add(layer_of(stanza("p%d" % i, "1"))) for i in range(3)]
        self.layers.add(self.openssl, "/stalled", self.layers.stall(self.openssl))
        stalled = {"hash": sha256(self.openssl), "uri": self.layers.base + "/stalled"}
        statuses = []
        threads = [threading.Thread(target=lambda d: statuses.append(self.post(service, d).status), args=(d,))
                   for d in (manifest("0", stalled), manifest("1", layers[0]))]
        for thread, line in zip(threads, (b"\nclarion_indexing_running 1\n", b"\nclarion_indexing_waiting 1\n")):
            thread.start()
            deadline = time.monotonic() + 20
            while line not in service.get("/metrics", introspection=True).body and time.monotonic() < deadline:
                time.sleep(0.02)
        a = self.post(service, manifest("2", layers[1]))
        self.assertEqual((a.status, a.doc["code"]), (429, "too-many-requests"))
        self.assertTrue(a.headers["Retry-After"])
        self.assertIsNone(a.headers["Link"])
        self.layers.open.set()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [201, 201])
        self.assertEqual(self.post(service, manifest("2", layers[1])).status, 201)

    # ---- what goes wrong --------------------------------------------------------------------------------------------

    def assert_failed(self, service, document, status, words):
        a = self.post(service, document)
        self.assertEqual(a.status, status, a)
        self.assertEqual(a.doc["code"], {400: "bad-request", 413: "request-too-large"}.get(status, "internal-error"))
        self.assertTrue(a.doc["message"].startswith("failed to start scan: failed to fetch layers: "), a)
        self.assertIn(words, a.doc["message"])
        self.assertIsNone(a.headers["Link"])
        report = service.get(GET + document["hash"])
        self.assertEqual(report.status, 200)
        self.assertEqual({k: report.doc[k] for k in ("manifest_hash", "state", "packages", "success", "err")},
                         {"manifest_hash": document["hash"], "state": "IndexError", "packages": {}, "success": False,
                          "err": a.doc["message"][len("failed to start scan: "):]})
        return a

    def test_fails_once(self):
        """A failure is told, not kept: a later post tries again."""
        self.update(self.feeds())
        service = Service(self, dict(ALLOW, limits={"fetch_tries": 1}))
        layer = self.layers.add(self.openssl, act=lambda request, n: self.layers.send(request, *((503,) if n == 1 else (200, self.openssl))))
        document = manifest("image", layer)
        self.assert_failed(service, document, 500, "503")
        self.assertEqual(service.get(REPORT + document["hash"]).status, 404)
        a = self.post(service, document)
        self.assertEqual((a.status, a.doc["state"]), (201, "IndexFinished"))
        self.assertEqual(service.get(GET + document["hash"]).doc["err"], "")

    def test_tried_again_at_once(self):
        service = Service(self, ALLOW)
        layer = self.layers.add(self.openssl, act=lambda request, n: self.layers.send(request, *((503,) if n == 1 else (200, self.openssl))))
        self.assertEqual(self.post(service, manifest("image", layer)).status, 201)
        self.assertEqual(self.layers.times(layer), 2)

    def test_failures_can_be_forgotten(self):
        service = Service(self, dict(ALLOW, limits={"index_failures": 2}))
        documents = [manifest(str(i), {"hash": sha256(b"x"), "uri": "ftp://x/"}) for i in range(3)]
        for document in documents:
            self.assert_failed(service, document, 500, "ftp")
        self.assertEqual([service.get(GET + d["hash"]).status for d in documents], [404, 200, 200])
        self.assertEqual(service.ask("DELETE", GET + documents[1]["hash"]).status, 204)
        self.assertEqual(service.ask("DELETE", POST, json.dumps([d["hash"] for d in documents])).doc, [documents[2]["hash"]])
        self.assertEqual([service.get(GET + d["hash"]).status for d in documents], [404, 404, 404])

    def test_layers_that_cannot_be_fetched(self):
        service = Service(self, dict(ALLOW, limits={"fetch_tries": 1, "fetch_slow_seconds": 1}))
        other, junk, stalled = b"another", b"no tar at all " * 100, layer_of(stanza("slow", "1"))
        self.layers.add(other, "/wrong", lambda request, n: self.layers.send(request, 200, self.openssl))
        self.layers.add(other, "/redirect", lambda request, n: self.layers.send(request, 302, Location="http://10.255.255.1/secret"))
        self.layers.add(other, "/missing", lambda request, n: self.layers.send(request, 404))
        self.layers.add(stalled, "/stalled", self.layers.stall(stalled))
        cases = [("/wrong", other, 500, sha256(self.openssl)), ("/redirect", other, 500, "indexer.fetch.allow"),
                 ("/missing", other, 500, "404"), ("/stalled", stalled, 500, "fetch_slow_seconds")]
        for path, body, status, words in cases:
            with self.subTest(path):
                self.assert_failed(service, manifest(path, {"hash": sha256(body), "uri": self.layers.base + path}), status, words)
        self.assert_failed(service, manifest("junk", self.layers.add(junk)), 400, sha256(junk))
        for uri, words in (("http://localhost:9/x", "indexer.fetch.allow"), ("http://[::1]:9/x", "indexer.fetch.allow"), ("http://169.254.169.254/", "indexer.fetch.allow"),
                           ("", "layer"), ("file:///etc/passwd", "file"), ("http://u:p@127.0.0.1/", "layer")):
            with self.subTest(uri):
                self.assert_failed(service, manifest("at " + uri, {"hash": sha256(other), "uri": uri}), 500, words)
        for name, value in (("Host", "x"), ("A", "b\r\nC: d"), ("Transfer-Encoding", "chunked"), ("", "x")):
            with self.subTest(name):
                self.assert_failed(service, manifest("header " + name, self.layers.add(other, headers={name: [value]})), 500, "header")
        self.assertEqual(service.get(STATE).status, 200)

    def test_empty_layer(self):
        self.assertEqual(self.post(Service(self, ALLOW), manifest("empty", self.layers.add(b""))).status, 201)

    def test_who_posts_something_else_is_not_told_of_anothers_failure(self):
        service = Service(self, dict(ALLOW, limits={"fetch_tries": 1}))
        good, answers = self.layers.add(self.openssl), {}
        self.layers.paths["/bad"] = lambda request, n: (self.layers.open.wait(30), self.layers.send(request, 500))
        documents = {"bad": manifest("image", dict(good, uri=self.layers.base + "/bad")), "good": manifest("image", good)}
        threads = []
        for name, document in documents.items():
            threads.append(threading.Thread(target=lambda n, d: answers.__setitem__(n, self.post(service, d)), args=(name, document)))
            threads[-1].start()
            deadline = time.monotonic() + 20
            while b"clarion_http_running %d\n" % len(threads) not in service.get("/metrics", introspection=True).body and time.monotonic() < deadline:
                time.sleep(0.02)
            if name == "bad":
                while not self.layers.asked and time.monotonic() < deadline:
                    time.sleep(0.02)
        self.layers.open.set()
        for thread in threads:
            thread.join()
        self.assertEqual((answers["bad"].status, answers["good"].status), (500, 201))

    def test_nothing_is_allowed_unless_said(self):
        service = Service(self, {"indexer": {"airgap": True, "fetch": {"allow": ["8.8.8.8"]}}})
        self.assert_failed(service, manifest("image", self.layers.add(self.openssl)), 500, 'add "127.0.0.1" to indexer.fetch.allow')
        self.assert_failed(service, manifest("public", dict(self.layers.add(self.openssl), uri="http://8.8.8.8/x")), 500, "indexer.airgap")
        self.assertEqual(self.layers.asked, [])

    def test_documents(self):
        service = Service(self)
        good = {"hash": sha256(b"x"), "uri": "http://127.0.0.1:1/"}
        cases = [("", "failed to deserialize manifest: EOF"), ("{", "failed to deserialize manifest: EOF"), ("null", "bogus manifest"), ("{}", "bogus manifest"),
                 ("[]", "failed to deserialize manifest: "), ('"x"', "failed to deserialize manifest: "), ({"hash": good["hash"], "layers": None}, "bogus manifest"),
                 ({"layers": [good]}, "bogus manifest"), ({"hash": None, "layers": [good]}, "bogus manifest"), ({"hash": 1, "layers": [good]}, "failed to deserialize manifest: "),
                 (manifest("x", {"uri": "http://x/"}), "bogus manifest"), (manifest("x", 1), "failed to deserialize manifest: "),
                 (manifest("x", dict(good, hash="sha256:abcd")), "failed to deserialize manifest: json decode error [pos "),
                 (manifest("x", dict(good, uri=1)), "failed to deserialize manifest: "), ({"hash": good["hash"], "layers": {}}, "failed to deserialize manifest: "),
                 (manifest("x", dict(good, headers={"Accept": "x"})), "failed to deserialize manifest: "), (manifest("x", dict(good, headers=[])), "failed to deserialize manifest: "),
                 (manifest("x", dict(good, headers={"a": ["b", 1]})), "failed to deserialize manifest: "),
                 (manifest("x", dict(good, headers={"a": ["b"] * 65})), "a layer has more than the 64 headers"),
                 (manifest("x", *[good] * 10000), "bogus manifest: 10000 layers are more than the 1000")]
        for document, words in cases:
            a = self.post(service, document)
            self.assertEqual((a.status, a.doc["code"]), (400, "bad-request"), (document, a))
            self.assertTrue(a.doc["message"].startswith(words), (document, a))

    # ---- the end ----------------------------------------------------------------------------------------------------

    def stop_during_a_job(self, seconds, after):
        service = Service(self, dict(ALLOW, limits={"shutdown_seconds": seconds}))
        layer, answers = self.layers.add(self.openssl), []
        self.layers.paths["/" + layer["hash"]] = self.layers.stall(self.openssl)
        thread = threading.Thread(target=lambda: answers.append(self.post(service, manifest("image", layer))))
        thread.start()
        deadline = time.monotonic() + 20
        while not self.layers.asked and time.monotonic() < deadline:
            time.sleep(0.02)
        timer = threading.Timer(after, self.layers.open.set)
        timer.start()
        start = time.monotonic()
        service.end()
        took = time.monotonic() - start
        thread.join()
        timer.cancel()
        return answers[0], took, service

    def test_a_job_may_end(self):
        a, took, _ = self.stop_during_a_job(20, 1)
        self.assertEqual(a.status, 201, a)
        self.assertLess(took, 15)

    def test_a_job_that_does_not_end(self):
        a, took, service = self.stop_during_a_job(1, 60)
        self.assertEqual((a.status, a.doc["message"]), (503, "the service stops"))
        self.assertTrue(a.headers["Retry-After"])
        self.assertLess(took, 10)
        self.assertIn("shutdown_seconds", service.messages())


if __name__ == "__main__":
    unittest.main()
