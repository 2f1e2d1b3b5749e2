"""A collector of OpenTelemetry's for tests: takes what is sent by OTLP over HTTP, and answers as it is told to."""
import gzip
import http.server
import json
import threading
import time


class Collector:
    """`act(request, n, path)`, for the n-th request from 1 on, may answer in another way: it answers True when it has."""

    def __init__(self, case, act=None, tls=None):
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector.changed:
                    collector.asked.append((self.path, dict(self.headers), body, time.time()))
                    n = len(collector.asked)
                    collector.changed.notify_all()
                if collector.act is not None and collector.act(self, n, self.path):
                    return
                plain = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
                with collector.changed:
                    collector.taken.append((self.path, json.loads(plain)))
                    collector.changed.notify_all()
                collector.send(self, 200, b"{}")

            def log_message(self, *_):
                pass

        self.act, self.asked, self.taken = act, [], []
        self.changed, self.open = threading.Condition(), threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.handle_error = lambda *_: None # a service that ends closes its connections
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.close)
        self.endpoint = "127.0.0.1:%d" % self.server.server_address[1]

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def send(request, status, body=b"", **headers):
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def wait(self, until, seconds=30):
        """Waits until `until()` says yes, which is asked each time that something has come."""
        with self.changed:
            return self.changed.wait_for(until, seconds)

    def config(self, **more):
        return {"http": dict({"endpoint": self.endpoint, "insecure": True}, **more)}

    def documents(self, path):
        with self.changed:
            return [document for at, document in self.taken if at == path]

    def spans(self):
        """All spans that were taken, by name."""
        return spans_of(self.documents("/v1/traces"))

    def metrics(self):
        """The values of the last push: name → list of (attributes, data point)."""
        return metrics_of(self.documents("/v1/metrics")[-1])


def value_of(value):
    (kind, inner), = value.items()
    return int(inner) if kind == "intValue" else inner


def attributes_of(thing):
    return {a["key"]: value_of(a["value"]) for a in thing.get("attributes", [])}


def spans_of(documents):
    spans = []
    for document in documents:
        for resource in document["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    spans.append(dict(span, attributes=attributes_of(span), resource=attributes_of(resource["resource"])))
    return spans


def metrics_of(document):
    values = {}
    for resource in document["resourceMetrics"]:
        for scope in resource["scopeMetrics"]:
            for metric in scope["metrics"]:
                (data,) = [metric[kind] for kind in ("gauge", "sum", "histogram") if kind in metric]
                values[metric["name"]] = [(attributes_of(point), point) for point in data["dataPoints"]]
    return values
