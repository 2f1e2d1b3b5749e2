"""An upstream on the loopback interface that serves a folder, and misbehaves where a test tells it to.

A file HOST/PATH of the folder is at http://127.0.0.1:PORT/HOST/PATH. Conditional requests, single ranges and If-Range are
answered as RFC 9110 has them. `faults` maps a path to a list of faults, one for each request, taken from its front; the
last one stays when it is followed by FOREVER.
"""
import email.utils
import gzip
import hashlib
import http.server
import os
import re
import sys
import threading
import time

FOREVER = "forever"


class Body:
    """A fault: other bytes in the place of the file's. With `sent`, only so many of them ever arrive, whatever part is
    asked for; with `stalls`, nothing comes after those, not even an end."""

    def __init__(self, data, sent=None, stalls=False):
        self.data, self.sent, self.stalls = data, sent, stalls


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=(), length=None):
        self.server.upstream.log(self.path, status, dict(self.headers))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        upstream = self.server.upstream
        fault = upstream.fault(self.path)
        name = os.path.join(upstream.folder, *[p for p in self.path.split("/") if p and p != ".."])
        if isinstance(fault, int):
            self.reply(fault, b"injected", [("Retry-After", "0")])
        elif fault == "redirect":
            self.reply(302, headers=[("Location", self.path)])
        elif isinstance(fault, Body):
            self.send_other(fault)
        elif not os.path.isfile(name):
            self.reply(404, b"no such file")
        else:
            self.send_file(name, fault)

    def send_file(self, name, fault):
        with open(name, "rb") as f:
            data = f.read()
        headers = []
        if fault == "gzip":
            data = gzip.compress(data, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        tag = '"%s"' % hashlib.sha256(data).hexdigest()[:16]
        modified = email.utils.formatdate(os.path.getmtime(name), usegmt=True)
        validators = [("Last-Modified", modified)] + ([("ETag", tag)] if self.server.upstream.etags else [])
        headers += validators
        asked = self.headers.get("If-None-Match")
        if (asked == tag and self.server.upstream.etags) or (asked is None and self.headers.get("If-Modified-Since") == modified):
            self.reply(304, headers=validators)
            return
        part = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if part and self.headers.get("If-Range") not in (None, tag, modified):
            part = None
        first = int(part[1]) if part else 0
        if part:
            headers.append(("Content-Range", "bytes %d-%d/%d" % (first, len(data) - 1, len(data))))
        self.send_body(206 if part else 200, data[first:], headers, fault)

    def send_other(self, body):
        sent = len(body.data) if body.sent is None else body.sent
        tag = '"%s"' % hashlib.sha256(body.data).hexdigest()[:16]
        self.reply(200, body.data[:sent], [("ETag", tag)], len(body.data))
        if sent < len(body.data):
            self.wfile.flush()
            if body.stalls:
                self.server.upstream.go_on.wait(60)
            self.close_connection = True

    def send_body(self, status, body, headers, fault):
        if fault in ("cut", "stall"):
            self.reply(status, body[:len(body) // 2], headers, len(body))
            self.wfile.flush()
            if fault == "stall":
                self.server.upstream.stalled.set()
                self.server.upstream.go_on.wait(60)
            self.close_connection = True
        elif callable(fault):  # cut, and then something happens to the file
            self.reply(status, body[:len(body) // 2], headers, len(body))
            self.close_connection = True
            fault()
        else:
            if fault == "slow":
                time.sleep(1)
            self.reply(status, body, headers)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client may go away when it likes
            super().handle_error(request, client_address)


class Upstream:
    def __init__(self, case, folder, etags=True):
        self.folder, self.etags, self.faults = folder, etags, {}
        self.requests = []  # (path, status, headers)
        self.lock = threading.Lock()
        self.stalled, self.go_on = threading.Event(), threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.upstream = self
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)
        case.addCleanup(self.go_on.set)

    def fault(self, path):
        with self.lock:
            for end, faults in self.faults.items():
                if path.endswith(end) and faults:
                    return faults[0] if faults[1:] == [FOREVER] else faults.pop(0)
        return None

    def log(self, path, status, headers):
        with self.lock:
            self.requests.append((path, status, headers))

    def statuses(self, end):
        return [status for path, status, _ in self.requests if path.endswith(end)]

    def header(self, end, name):
        """That header of each request for the path."""
        return [headers.get(name) for path, _, headers in self.requests if path.endswith(end)]
