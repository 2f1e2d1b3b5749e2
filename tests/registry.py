"""A real registry on the loopback interface, what is pushed into it, and one of our own that lies.

The real one is the distribution project's (Debian's docker-registry). Images are pushed as an OCI layout has them.
"""
import base64
import hashlib
import http.server
import json
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import unittest
import urllib.request

from ports import free_port
from upstream import Server

PROGRAM = "docker-registry"
# user "reader", password "opensesame"; bcrypt, the only kind that the registry reads
HTPASSWD = "reader:$2y$04$8rlgXeWjb3L98wRZwIbMBOqPU1KS633H0EL3YGcENmQMHUL7ZYK7y\n"
USER, PASSWORD = "reader", "opensesame"


def need_registry(test):
    return unittest.skipUnless(shutil.which(PROGRAM), "wants Debian's docker-registry")(test)


def basic(user=USER, password=PASSWORD):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


def docker_config(folder, **members):
    """A folder for $DOCKER_CONFIG with these members in its file."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump(members, f)
    return folder


def login(host, user=USER, password=PASSWORD):
    return {host: {"auth": base64.b64encode(("%s:%s" % (user, password)).encode()).decode()}}


class Authority:
    """A certificate authority of our own, and a certificate for 127.0.0.1, localhost and further names."""

    def __init__(self, folder, *names):
        self.folder = folder
        self.file = os.path.join(folder, "ca.pem")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                     "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                     "-keyout", "server.key", "-out", "server.csr")
        with open(os.path.join(folder, "names"), "w", encoding="utf-8") as f:
            f.write("subjectAltName=" + ",".join(["DNS:localhost", "IP:127.0.0.1"] + ["DNS:" + name for name in names]) + "\n")
        self.openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                     "-extfile", "names", "-out", "server.pem")
        self.certificate, self.key = os.path.join(folder, "server.pem"), os.path.join(folder, "server.key")

    def openssl(self, *args):
        subprocess.run(("openssl",) + args, cwd=self.folder, check=True, capture_output=True, timeout=60)


class Registry:
    """The real one. `tls` is an Authority; `password` asks for HTPASSWD's user; `notify`, (URL, token), is told of pushes."""

    def __init__(self, case, tls=None, password=False, notify=None):
        self.case, self.tls, self.password = case, tls, password
        self.host = "127.0.0.1:%d" % free_port()
        folder = case.path("registry-" + self.host.split(":")[1])
        os.makedirs(folder)
        config = {"version": "0.1", "log": {"level": "error", "accesslog": {"disabled": True}},
                  "storage": {"filesystem": {"rootdirectory": os.path.join(folder, "storage")}},
                  "http": {"addr": self.host, "secret": "x"}}
        if tls:
            config["http"]["tls"] = {"certificate": tls.certificate, "key": tls.key}
        if password:
            with open(os.path.join(folder, "htpasswd"), "w", encoding="utf-8") as f:
                f.write(HTPASSWD)
            config["auth"] = {"htpasswd": {"realm": "test", "path": os.path.join(folder, "htpasswd")}}
        if notify:
            config["storage"]["delete"] = {"enabled": True}
            config["notifications"] = {"endpoints": [{
                "name": "clarion", "url": notify[0], "headers": {"Authorization": ["Bearer " + notify[1]]},
                "timeout": "20s", "threshold": 5, "backoff": "1s"}]}
        self.file = os.path.join(folder, "config.yml")
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump(config, f)  # which is YAML too
        self.context = ssl.create_default_context(cafile=tls.file) if tls else None
        self.process = None
        case.addCleanup(self.stop)
        self.start()

    def start(self):
        self.process = subprocess.Popen([PROGRAM, "serve", self.file], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.await_ready()

    def stop(self):
        self.process.kill()
        self.process.wait()

    def await_ready(self):
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", int(self.host.split(":")[1]))) == 0:
                    return
            time.sleep(0.05)
        self.case.fail("the registry does not start")

    def request(self, method, path, data=None, kind=None):
        url = path if path.startswith("http") else "%s://%s%s" % ("https" if self.tls else "http", self.host, path)
        request = urllib.request.Request(url, data=data, method=method)
        if kind:
            request.add_header("Content-Type", kind)
        if self.password:
            request.add_header("Authorization", basic())
        return urllib.request.urlopen(request, timeout=60, context=self.context)

    def push_blob(self, name, digest, data):
        started = self.request("POST", "/v2/%s/blobs/uploads/" % name, b"")
        where = started.headers["Location"]
        where += ("&" if "?" in where else "?") + "digest=" + digest
        self.request("PUT", where, data, "application/octet-stream")

    def push(self, name, layout, tag="latest"):
        """Pushes the first image or index of an OCI layout; gives its digest."""
        with open(os.path.join(layout, "index.json"), encoding="utf-8") as f:
            entry = json.load(f)["manifests"][0]
        self.push_manifest(name, layout, entry, tag)
        return entry["digest"]

    def push_manifest(self, name, layout, entry, tag=None):
        data = blob_of(layout, entry["digest"])
        manifest = json.loads(data)
        for inner in manifest.get("manifests", []):
            self.push_manifest(name, layout, inner)
        for part in [manifest["config"]] + manifest["layers"] if "layers" in manifest else []:
            if "foreign" not in part["mediaType"] and "nondistributable" not in part["mediaType"]:
                self.push_blob(name, part["digest"], blob_of(layout, part["digest"]))
        kind = manifest.get("mediaType") or entry["mediaType"]
        self.request("PUT", "/v2/%s/manifests/%s" % (name, tag or entry["digest"]), data, kind)


def blob_of(layout, digest):
    with open(os.path.join(layout, "blobs", *digest.split(":")), "rb") as f:
        return f.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.handle_one()

    def do_HEAD(self):
        self.handle_one()

    def do_POST(self):
        self.form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.handle_one()

    def handle_one(self):
        fake = self.server.fake
        with fake.lock:
            fake.requests.append((self.command, self.path, dict(self.headers), getattr(self, "form", "")))
        for end, reply in fake.replies.items():
            if end in self.path:
                reply(self)
                return
        if self.path == "/v2/":
            self.answer(200, b"{}")
        elif "/manifests/" in self.path:
            self.send_manifest(self.path.rsplit("/", 1)[1])
        elif "/blobs/" in self.path:
            self.send_blob(self.path.rsplit("/", 1)[1])
        else:
            self.answer(404, b"{}")

    def send_manifest(self, name):
        digest = self.server.fake.tags.get(name, name)
        data = self.server.fake.blobs.get(digest)
        if data is None:
            self.answer(404, json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}).encode())
            return
        kind = json.loads(data).get("mediaType", "application/vnd.oci.image.manifest.v1+json")
        self.answer(200, data, [("Content-Type", kind), ("Docker-Content-Digest", digest)])

    def send_blob(self, digest, cut=None):
        """Ranges and If-Range as RFC 9110 has them; at most `cut` bytes, and then the end of the connection."""
        data = self.server.fake.blobs.get(digest)
        if data is None:
            self.answer(404, b"{}")
            return
        tag, first, headers = '"%s"' % digest, 0, []
        if self.server.fake.ranges:
            headers.append(("ETag", tag))
            asked = self.headers.get("Range", "")
            if asked.startswith("bytes=") and self.headers.get("If-Range") in (None, tag):
                first = int(asked[6:].rstrip("-"))
                headers.append(("Content-Range", "bytes %d-%d/%d" % (first, len(data) - 1, len(data))))
        body = data[first:]
        self.answer(206 if first else 200, body if cut is None else body[:cut], headers, len(body))
        if cut is not None:
            self.close_connection = True


class FakeRegistry:
    """One of our own, which serves layouts honestly but for what `replies` (a part of the path → a function of the
    handler) has it do."""

    def __init__(self, case, tls=None):
        self.blobs, self.tags, self.replies, self.requests = {}, {}, {}, []
        self.ranges = True
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.fake = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = "127.0.0.1:%d" % self.server.server_address[1]
        self.url = "%s://%s" % ("https" if tls else "http", self.host)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)

    def add(self, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def load(self, layout, tag="latest"):
        """Takes all blobs of a layout, and its first manifest as the tag."""
        folder = os.path.join(layout, "blobs", "sha256")
        for name in os.listdir(folder):
            self.blobs["sha256:" + name] = blob_of(layout, "sha256:" + name)
        with open(os.path.join(layout, "index.json"), encoding="utf-8") as f:
            self.tags[tag] = json.load(f)["manifests"][0]["digest"]
        return self.tags[tag]

    def manifest(self, tag="latest"):
        return json.loads(self.blobs[self.tags[tag]])

    def asked(self, part):
        """(path, headers) of the requests whose path has that part."""
        return [(path, headers) for _, path, headers, _ in self.requests if part in path]

    def header(self, part, name):
        return [headers.get(name) for _, headers in self.asked(part)]


class TunnelHandler(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline().split()
        while self.rfile.readline().strip():
            pass
        host, _, port = words[1].decode().rpartition(":")
        self.server.asked.append(host)
        if words[0] != b"CONNECT" or host not in self.server.ways:
            self.wfile.write(b"HTTP/1.1 502 No\r\n\r\n")
            return
        with socket.create_connection(self.server.ways[host]) as there:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=self.copy, args=(there, self.connection), daemon=True)
            back.start()
            self.copy(self.connection, there)
            back.join()

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Tunnel:
    """A proxy that leads names of the internet (host → a FakeRegistry) to our own servers, by CONNECT."""

    def __init__(self, case, **ways):
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), TunnelHandler)
        self.server.daemon_threads, self.server.asked = True, []
        self.server.ways = {name: fake.server.server_address for name, fake in ways.items()}
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)
