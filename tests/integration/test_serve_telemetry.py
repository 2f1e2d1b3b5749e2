"""Traces and metrics: what a collector of OpenTelemetry's and a scraper of Prometheus' get, and that neither can harm the service."""
import gzip
import importlib.util
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import clarion
import store
from clarion import OciLayout, debian_layer, stanza
from collector import Collector, metrics_of, spans_of
from registry import FakeRegistry
from serving import Service

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__))) # what the tests of posting have is wanted here too
from test_serve_harbor import Harbor, HarborError, request as scan_request
from test_serve_index import ALLOW, Layers, POST, REPORT, STATE, layer_of, manifest

# Checks what was sent against the published messages, field by field, and Prometheus' text with its own parser. One
# document a line: a word for its kind, a blank, and JSON (of Prometheus' text a JSON string).
CHECK = r"""
import json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.parser import text_string_to_metric_families
for line in sys.stdin:
    kind, text = line.split(" ", 1)
    if kind == "prometheus":
        families = list(text_string_to_metric_families(json.loads(text)))
        names = [f.name for f in families]
        assert len(names) == len(set(names)), "told twice"
        for family in families:
            assert family.type in ("counter", "gauge", "histogram"), family
            seen = [(s.name, tuple(sorted(s.labels.items()))) for s in family.samples]
            assert len(seen) == len(set(seen)), family
            if family.type == "histogram":
                check = {}
                for s in family.samples:
                    key = tuple(sorted((k, v) for k, v in s.labels.items() if k != "le"))
                    check.setdefault(key, {"buckets": []})
                    if s.name.endswith("_bucket"):
                        check[key]["buckets"].append((float(s.labels["le"]), s.value))
                    else:
                        check[key][s.name[len(family.name):]] = s.value
                for one in check.values():
                    assert one["buckets"] == sorted(one["buckets"]) and one["buckets"][-1][0] == float("inf"), one
                    counts = [n for _, n in one["buckets"]]
                    assert counts == sorted(counts) and counts[-1] == one["_count"] and one["_sum"] >= 0, one
    else:
        message = {"traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest}[kind]()
        json_format.Parse(text, message) # refuses names and types that there are not
    print(kind)
"""


class Telemetry(clarion.Case):
    def setUp(self):
        super().setUp()
        self.layers = Layers(self)
        self.collector = Collector(self)

    def service(self, *args, probability=1, trace=None, more=None, data=None, **config):
        trace = dict({"name": "otlp", "probability": probability, "period": "100ms", "otlp": self.collector.config()}, **(trace or {}))
        return Service(self, dict(ALLOW, trace=trace, **dict(config, **(more or {}))), "--json-logs", *args, data=data)

    def post(self, service, name="image", **headers):
        document = manifest(name, *(self.layers.add(layer_of(stanza(package, "1"))) for package in ("base", name)))
        return document, service.ask("POST", POST, json.dumps(document), **headers)

    # ---- traces -----------------------------------------------------------------------------------------------------

    def check_times(self, spans):
        now = time.time_ns()
        by_id = {s["spanId"]: s for s in spans}
        self.assertEqual(len(by_id), len(spans))
        for s in spans:
            self.assertRegex(s["traceId"], "^[0-9a-f]{32}$")
            self.assertRegex(s["spanId"], "^[0-9a-f]{16}$")
            self.assertIn(s["kind"], (1, 2, 3))
            start, end = int(s["startTimeUnixNano"]), int(s["endTimeUnixNano"])
            self.assertTrue(now - 120 * 10**9 < start <= end <= now + 10**9, s)
            parent = by_id.get(s.get("parentSpanId"))
            if parent is not None:
                self.assertEqual(s["traceId"], parent["traceId"])
                self.assertGreaterEqual(start + 10**6, int(parent["startTimeUnixNano"]))

    def test_a_request_and_what_it_led_to(self):
        self.update(self.feeds())
        service = self.service()
        trace_id, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        document, a = self.post(service, traceparent="00-%s-%s-01" % (trace_id, caller), tracestate="congo=t61rcWkgMzE", X_Request_Id="ours")
        self.assertEqual(a.status, 201)
        self.assertEqual(service.get(REPORT + document["hash"]).status, 200)
        self.assertEqual(service.ask("BREW", STATE).status, 405)
        service.end()
        spans = self.collector.spans()
        self.check_times(spans)
        ours = [s for s in spans if s["traceId"] == trace_id]
        names = sorted(s["name"] for s in ours)
        self.assertEqual(names, sorted(["POST " + POST, "index manifest", "coalesce", "store image"] +
                                       2 * ["index layer", "open layer", "read layer"]))
        by_id = {s["spanId"]: s for s in ours}
        parents = {s["name"]: by_id[s["parentSpanId"]]["name"] for s in ours if s["parentSpanId"] != caller}
        self.assertEqual(parents, {"index manifest": "POST " + POST, "index layer": "index manifest", "coalesce": "index manifest",
                                   "store image": "index manifest", "open layer": "index layer", "read layer": "index layer"})
        server, = [s for s in ours if s["parentSpanId"] == caller]
        self.assertEqual((server["kind"], server["flags"], server["traceState"], server["status"]), (2, 0x301, "congo=t61rcWkgMzE", {}))
        self.assertEqual(server["attributes"], {
            "http.request.method": "POST", "url.scheme": "http", "client.address": "127.0.0.1", "clarion.request.id": "ours",
            "http.route": POST, "url.path": POST, "http.response.status_code": 201})
        self.assertEqual((server["resource"]["service.name"], server["resource"]["clarion.mode"]), ("clarion", "combo"))
        layer = next(s for s in ours if s["name"] == "read layer")
        self.assertGreater(layer["attributes"]["clarion.layer.bytes"], 0)
        report, = [s for s in spans if s["name"] == "make report"]
        self.assertEqual(report["attributes"]["clarion.manifest.digest"], document["hash"])
        self.assertIn(report["parentSpanId"], {s["spanId"] for s in spans if s["name"] == "GET " + REPORT})
        odd, = [s for s in spans if s["name"] == "HTTP " + STATE]
        self.assertEqual((odd["attributes"]["http.request.method"], odd["attributes"]["http.request.method_original"]), ("_OTHER", "BREW"))
        lines = [json.loads(line) for line in service.messages().splitlines()]
        told = {line["message"].split(" ")[0]: line for line in lines if line.get("trace_id") == trace_id}
        self.assertIn(told["layer"]["span_id"], {s["spanId"] for s in ours if s["name"] == "index layer"})
        self.assertEqual(told["POST"]["span_id"], server["spanId"])
        for line in lines:
            if "request" not in line and not line["message"].startswith("layer"):
                self.assertNotIn("trace_id", line)

    def test_a_scan_of_harbor(self):
        """The request is answered first; the pull is a part of its trace all the same. Its report counts as any other."""
        self.update(self.feeds())
        registry = FakeRegistry(self)
        layout = self.path("image")
        OciLayout(layout).add([debian_layer(stanza("base", "1"))])
        digest = registry.load(layout)
        service = self.service()
        harbor = Harbor(self, service)
        harbor.scan(scan_request(registry.host, digest))
        with self.assertRaises(HarborError):
            harbor.scan(scan_request(registry.host, "sha256:" + "0" * 64))
        text = service.get("/metrics", introspection=True).body.decode()
        service.end()
        spans = self.collector.spans()
        self.check_times(spans)
        by_id = {s["spanId"]: s for s in spans}
        parent = lambda s: by_id[s["parentSpanId"]]["name"]
        pulls = [s for s in spans if s["name"] == "pull image"]
        self.assertEqual([parent(s) for s in pulls], 2 * ["POST /harbor/api/v1/scan"])
        self.assertEqual(sorted(s["status"].get("code", 0) for s in pulls), [0, 2])
        indexed = [s for s in spans if s["name"] == "index manifest"]
        self.assertEqual([parent(s) for s in indexed], 2 * ["pull image"])
        self.assertEqual([s["attributes"].get("clarion.manifest.layers") for s in indexed if not s["status"]], [1])
        report, = [s for s in spans if s["name"] == "make report"]
        self.assertEqual((parent(report), report["attributes"]["clarion.manifest.digest"]), ("GET /harbor/api/v1/scan/", digest))
        self.assertIn("clarion_report_duration_seconds_count 1\n", text)

    def test_failures_are_told(self):
        service = self.service()
        layer = self.layers.add(b"no layer at all", act=lambda request, n: self.layers.send(request, 404))
        a = service.ask("POST", POST, json.dumps(manifest("image", layer)))
        self.assertEqual(a.status, 500)
        service.end()
        failed = {s["name"]: s["status"] for s in self.collector.spans() if s["status"].get("code") == 2}
        self.assertEqual(set(failed), {"POST " + POST, "index manifest", "index layer", "open layer"} | set(failed) & {"read layer"})
        self.assertIn("404", failed["index layer"]["message"])

    def test_who_decides_what_is_traced(self):
        for probability, sampled, expected in ((0, "01", True), (0, "00", False), (1, "00", False), (0, None, False), (1, None, True),
                                               (0, "bad", False), (1, "bad", True)):
            with self.subTest(probability=probability, sampled=sampled):
                self.collector.taken.clear()
                service = self.service(probability=probability)
                parent = {} if sampled is None else {"traceparent": "00-%s-%s-%s" % ("1" * 32, "2" * 16, sampled)}
                self.assertEqual(service.get(STATE, **parent).status, 200)
                service.end()
                spans = self.collector.spans()
                self.assertEqual(len(spans), int(expected))
                if expected and sampled == "bad":
                    self.assertNotEqual(spans[0]["traceId"], "1" * 32)
                    self.assertNotIn("parentSpanId", spans[0])
        service = self.service(probability=0.5)
        for _ in range(200):
            service.get(STATE)
        service.end()
        self.assertTrue(50 < len(self.collector.spans()) < 150) # by chance once in 10^12 not

    def test_debug_traces_all(self):
        service = self.service(trace={"probability": None}, log_level="debug")
        service.get(STATE, traceparent="00-%s-%s-00" % ("1" * 32, "2" * 16))
        service.end()
        self.assertEqual([s["traceId"] for s in self.collector.spans()], ["1" * 32])

    def test_feeds(self):
        feeds = self.feeds()
        service = self.service(matcher={"disable_updaters": False}, updaters={"sets": ["debian"], "mirror": feeds})
        self.collector.wait(lambda: any(s["name"] == "update feed" for s in spans_of([d for p, d in self.collector.taken if p == "/v1/traces"])))
        text = service.get("/metrics", introspection=True).body.decode()
        service.end()
        spans = self.collector.spans()
        self.check_times(spans)
        run, = [s for s in spans if s["name"] == "update feed"]
        self.assertEqual(run["attributes"], {"clarion.feed": "debian", "clarion.feed.records": 1})
        steps = [s for s in spans if s.get("parentSpanId") == run["spanId"]]
        self.assertTrue({"download", "parse", "write segment"} <= {s["name"] for s in steps}, steps)
        self.assertIn('clarion_feed_updates_total{feed="debian",result="updated"} 1\n', text)
        self.assertRegex(text, r'\nclarion_feed_update_seconds\{feed="debian"\} [0-9]')
        self.assertIn("\nclarion_feed_update_duration_seconds_count 1\n", text)

    # ---- how it is sent ---------------------------------------------------------------------------------------------

    def test_what_the_configuration_says(self):
        otlp = self.collector.config(compression="gzip", url_path="/elsewhere", headers={"Authorization": "Bearer hunter2", "X-Scope": "a"})
        service = self.service("-v", trace={"otlp": otlp})
        service.get(STATE)
        service.end()
        path, headers, body, _ = self.collector.asked[0]
        self.assertEqual(path, "/elsewhere")
        self.assertEqual((headers["Authorization"], headers["X-Scope"], headers["Content-Type"], headers["Content-Encoding"]),
                         ("Bearer hunter2", "a", "application/json", "gzip"))
        self.assertEqual(body[:2], b"\x1f\x8b")
        self.assertNotIn("Expect", headers)
        self.assertNotIn("hunter2", service.messages())
        self.assertEqual(len(self.collector.documents("/elsewhere")), 1)

    def certified(self, name, *more):
        """A certificate of ca.pem's for this machine's own address."""
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name)
        if name == "ca":
            self.tool("openssl", *new, "-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem", cwd=self.folder)
            return
        with open(self.path("names"), "w", encoding="utf-8") as f:
            f.write("subjectAltName=IP:127.0.0.1\n")
        self.tool("openssl", *new, "-keyout", name + ".key", "-out", name + ".csr", cwd=self.folder)
        self.tool("openssl", "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                  "-extfile", "names", "-out", name + ".pem", cwd=self.folder)

    def test_tls_with_certificates_on_both_sides(self):
        for name in ("ca", "collector", "service"):
            self.certified(name)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.path("collector.pem"), self.path("collector.key"))
        tls.load_verify_locations(self.path("ca.pem"))
        tls.verify_mode = ssl.CERT_REQUIRED
        collector = Collector(self, tls=tls)
        own = {"root_ca": self.path("ca.pem"), "cert": self.path("service.pem"), "key": self.path("service.key")}
        for client_tls, taken in ((own, 1), ({"root_ca": self.path("ca.pem")}, 0), ({}, 0)):
            collector.taken.clear()
            service = self.service(trace={"otlp": {"http": {"endpoint": collector.endpoint, "client_tls": client_tls}}},
                                   limits={"telemetry_flush_seconds": 2})
            service.get(STATE)
            service.end()
            self.assertEqual(len(collector.spans()), taken, service.messages())

    def test_batches(self):
        service = self.service(limits={"span_batch": 10})
        for _ in range(35):
            service.get(STATE)
        service.end()
        counts = [len(spans_of([d])) for d in self.collector.documents("/v1/traces")]
        self.assertEqual(sum(counts), 35)
        self.assertLessEqual(max(counts), 10)

    def lost(self, service, line):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            text = service.get("/metrics", introspection=True).body.decode()
            if any(one.startswith(line) and not one.endswith(" 0") for one in text.splitlines()):
                return
            time.sleep(0.1)
        self.fail("%s stays at 0:\n%s" % (line, text))

    def test_tries_again_when_that_is_of_use(self):
        def act(request, n, path):
            if n > 4:
                return False
            self.collector.send(request, (503, 429, 502, 504)[n - 1], b"busy", **({"Retry_After": "1"} if n == 1 else {}))
            return True
        self.collector.act = act
        service = self.service()
        service.get(STATE)
        self.assertTrue(self.collector.wait(lambda: self.collector.taken))
        self.assertEqual(len({body for _, _, body, _ in self.collector.asked}), 1)
        self.assertGreaterEqual(self.collector.asked[1][3] - self.collector.asked[0][3], 0.99)
        service.end()
        self.assertEqual(len(self.collector.spans()), 1)

    def test_gives_up_what_is_refused(self):
        self.collector.act = lambda request, n, path: self.collector.send(request, 400, b'{"message":"no"}') or True
        service = self.service()
        service.get(STATE)
        self.lost(service, 'clarion_telemetry_lost_total{signal="traces"}')
        service.end()
        self.assertEqual(len(self.collector.asked), 1)
        self.assertIn("1 spans are lost: http://%s/v1/traces: the collector answered 400" % self.collector.endpoint, service.messages())

    def test_takes_in_what_is_taken_in_part(self):
        answer = json.dumps({"partialSuccess": {"rejectedSpans": "1", "errorMessage": "too \x1b[31mred"}}).encode()
        self.collector.act = lambda request, n, path: self.collector.send(request, 200, answer) or True
        service = self.service()
        service.get(STATE)
        self.lost(service, 'clarion_telemetry_lost_total{signal="traces"}')
        service.end()
        self.assertIn("the collector says: too ", service.messages())
        self.assertNotIn("\x1b", service.messages())
        self.assertEqual(len(self.collector.asked), 1)

    def test_answers_that_are_none(self):
        for answer in (b"", b"\0" * 100, b"[" * 50000, b'{"partialSuccess":[]}', b'{"partialSuccess":{"rejectedSpans":{}}}', b"x" * 10**6):
            self.collector.asked.clear()
            self.collector.act = lambda request, n, path: self.collector.send(request, 200, answer) or True
            service = self.service()
            service.get(STATE)
            service.end()
            self.assertEqual(len(self.collector.asked), 1)

    def test_a_redirect_is_not_followed(self):
        other = Collector(self)
        self.collector.act = lambda request, n, path: self.collector.send(request, 307, Location="http://%s/" % other.endpoint) or True
        service = self.service()
        service.get(STATE)
        self.lost(service, 'clarion_telemetry_lost_total{signal="traces"}')
        service.end()
        self.assertEqual(other.asked, [])

    def test_a_collector_that_is_away_or_slow_holds_up_nobody(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            away = "127.0.0.1:%d" % s.getsockname()[1]
            stalled = lambda request, n, path: self.collector.open.wait(60) or True
            self.collector.act = stalled
            for endpoint in (away, self.collector.endpoint):
                service = self.service(trace={"otlp": {"http": {"endpoint": endpoint, "insecure": True}}},
                                       metrics={"name": "otlp", "period": "100ms", "otlp": {"http": {"endpoint": endpoint, "insecure": True}}},
                                       limits={"span_queue": 20, "span_batch": 5, "telemetry_flush_seconds": 1})
                for _ in range(100):
                    self.assertEqual(service.get(STATE).status, 200)
                self.lost(service, "clarion_spans_dropped_total")
                text = service.get("/metrics", introspection=True).body.decode()
                queued = [float(line.split(" ")[1]) for line in text.splitlines() if line.startswith("clarion_spans_queued ")]
                self.assertLessEqual(queued[0], 20)
                service.end() # which waits for nobody for ever
                self.assertLessEqual(service.messages().count("spans are lost"), 3)

    def test_the_last_are_sent_at_the_end(self):
        service = self.service(trace={"period": "1h"}, metrics={"name": "otlp", "period": "1h", "otlp": self.collector.config()})
        service.get(STATE)
        self.assertEqual(self.collector.asked, [])
        service.end()
        self.assertEqual([s["name"] for s in self.collector.spans()], ["GET " + STATE])
        self.assertEqual(len(self.collector.documents("/v1/metrics")), 1)

    def test_standard_output(self):
        """One document a line, as the OTLP File Exporter writes them."""
        service = Service(self, {"trace": {"name": "stdout", "probability": 1}, "metrics": {"name": "stdout"}}, wait=False)
        service.process.terminate()
        service.process.wait()
        out = self.path("out")
        with open(out, "wb") as f:
            process = subprocess.Popen([clarion.BINARY, "serve", "-c", service.file, "--data", self.data], stdin=subprocess.DEVNULL, stdout=f,
                                       stderr=subprocess.PIPE, env=store.environment(self.data))
        service.process = process
        service.wait()
        service.get(STATE)
        process.terminate()
        process.communicate()
        self.assertEqual(process.returncode, 0)
        with open(out, "rb") as f:
            documents = [json.loads(line) for line in f]
        self.assertEqual([s["name"] for s in spans_of([d for d in documents if "resourceSpans" in d])], ["GET " + STATE])
        self.assertIn("http.server.request.duration", metrics_of(*[d for d in documents if "resourceMetrics" in d]))

    # ---- metrics ----------------------------------------------------------------------------------------------------

    def test_metrics_by_otlp(self):
        self.update(self.feeds())
        service = self.service(metrics={"name": "otlp", "period": "100ms", "otlp": self.collector.config()})
        document, a = self.post(service)
        self.assertEqual(a.status, 201)
        for _ in range(2):
            service.get(REPORT + document["hash"])
        service.end()
        metrics = self.collector.metrics()
        points = {(a["http.request.method"], a.get("http.route"), a["http.response.status_code"]): p for a, p in metrics["http.server.request.duration"]}
        point = points["POST", POST, 201]
        self.assertEqual((point["count"], sum(int(n) for n in point["bucketCounts"])), ("1", 1))
        self.assertEqual(len(point["bucketCounts"]), len(point["explicitBounds"]) + 1)
        self.assertGreater(point["sum"], 0)
        self.assertEqual(int(points["GET", REPORT, 200]["count"]), 2)
        single = {name: p[0][1].get("asDouble") for name, p in metrics.items() if len(p) == 1}
        self.assertEqual((single["clarion.layers.read"], single["clarion.layers.reused"], single["clarion.images"]), (2, 0, 1))
        self.assertEqual((single["clarion.report.cache.hits"], single["clarion.report.cache.misses"]), (1, 1))
        self.assertEqual({a["clarion.stage"]: int(p["count"]) for a, p in metrics["clarion.index.stage.duration"]},
                         {"fetch": 2, "read": 2, "keep": 0, "coalesce": 1, "store": 1}) # kept with the image
        started = {p["startTimeUnixNano"] for d in self.collector.documents("/v1/metrics") for name, values in metrics_of(d).items()
                   for _, p in values if "startTimeUnixNano" in p}
        self.assertEqual(len(started), 1) # cumulative: since the same moment

    def test_layers_that_fail_are_counted(self):
        service = self.service(limits={"layer_entries": 1, "fetch_tries": 1})
        gone = self.layers.add(b"gone", act=lambda request, n: self.layers.send(request, 404))
        for name, layer in (("many", self.layers.add(gzip.compress(debian_layer(stanza("a", "1"))))), ("junk", self.layers.add(b"junk")), ("gone", gone)):
            self.assertNotEqual(service.ask("POST", POST, json.dumps(manifest(name, layer))).status, 201)
        text = service.get("/metrics", introspection=True).body.decode()
        for line in ('clarion_layers_failed_total{reason="limit"} 1', 'clarion_limits_hit_total{limit="layer_entries"} 1',
                     'clarion_layers_failed_total{reason="format"} 1', 'clarion_layers_failed_total{reason="crash"} 0'):
            self.assertIn(line + "\n", text)
        service.end()

    def test_the_store_is_timed(self):
        service = self.service()
        self.assertEqual(self.post(service)[1].status, 201)
        text = service.get("/metrics", introspection=True).body.decode()
        for kind in ("read", "write", "begin", "commit"):
            self.assertRegex(text, r'clarion_store_duration_seconds_count\{kind="%s"\} [1-9]' % kind)
        service.end()


@unittest.skipUnless(importlib.util.find_spec("ensurepip"), "wants Python's venv, for pip to install OpenTelemetry's messages")
class TelemetryByItsOwnMessages(clarion.Case):
    """What is sent, read by the published messages and parsers."""

    @classmethod
    def setUpClass(cls):
        cls.venv = tempfile.mkdtemp(prefix="clarion-venv-")
        cls.addClassCleanup(shutil.rmtree, cls.venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", cls.venv], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        cls.python = os.path.join(cls.venv, "bin", "python")

    def test_messages(self):
        self.tool(self.python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--timeout", "10", "--retries", "1",
                  "opentelemetry-proto", "prometheus_client", network=True)
        self.update(self.feeds())
        layers, collector = Layers(self), Collector(self)
        service = Service(self, dict(ALLOW, trace={"name": "otlp", "probability": 1, "period": "100ms", "otlp": collector.config()},
                                     metrics={"name": "otlp", "period": "100ms", "otlp": collector.config()}))
        document = manifest("image", layers.add(layer_of(stanza("openssl", "1.0.1e-1"))), layers.add(b"junk"))
        service.ask("POST", POST, json.dumps(document))
        service.get(REPORT + document["hash"])
        service.ask("GET", "/%f0%90?x=%00", traceparent="00-%s-%s-01" % ("1" * 32, "2" * 16))
        service.raw(b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = service.get("/metrics", introspection=True).body.decode()
        service.end()
        lines = ["prometheus " + json.dumps(text)]
        lines += ["%s %s" % (path.rsplit("/", 1)[1], json.dumps(d)) for path, d in collector.taken]
        done = subprocess.run([self.python, "-c", CHECK], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.split(), [line.split(" ", 1)[0] for line in lines])
        self.assertTrue({"prometheus", "traces", "metrics"} <= set(done.stdout.split()))


if __name__ == "__main__":
    unittest.main()
