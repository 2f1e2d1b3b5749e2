"""A running service for tests, and its clients: real sockets, real requests."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

import clarion
import store
from ports import free_port


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def doc(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%s\n%s\n%r" % (self.status, self.headers, self.body[:500])


class Service:
    """`clarion serve` on ports of its own; `config` is added to its configuration (JSON is YAML), `program` stands for the
    program under test."""

    def __init__(self, case, config=None, *args, data=None, env=None, wait=True, program=None):
        case.serving = True
        self.case, self.port, self.introspection, self.killed = case, free_port(), free_port(), False
        settings = {"http_listen_addr": "127.0.0.1:%d" % self.port, "introspection_addr": "127.0.0.1:%d" % self.introspection,
                    "matcher": {"disable_updaters": True}}
        for key, value in (config or {}).items():
            settings[key] = dict(settings[key], **value) if isinstance(settings.get(key), dict) else value
        self.file = case.path("service-%d.yaml" % self.port)
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump(settings, f)
        data = data or case.data
        self.log = case.path("service-%d.log" % self.port)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*(program or [clarion.BINARY]), "serve", "-c", self.file, "--data", data, *args],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                                            env=store.environment(data, env))
        case.addCleanup(self.end)
        if wait:
            self.wait()

    def wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the service does not answer:\n" + self.messages())

    def messages(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def kill(self):
        """Without any warning."""
        self.process.kill()
        self.process.wait(timeout=60)
        self.killed = True

    def end(self, code=0):
        """Ends it as systemd would, and looks at how it ended."""
        if self.killed:
            code = -signal.SIGKILL
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        ended = self.process.wait(timeout=60)
        messages = self.messages()
        self.case.assertNotIn("Sanitizer", messages)
        self.case.assertNotIn("runtime error", messages)
        self.case.assertEqual(ended, code, messages[-3000:])

    def connect(self, introspection=False, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.introspection if introspection else self.port, timeout=timeout)

    def ask(self, method, path, body=None, introspection=False, **headers):
        connection = self.connect(introspection)
        try:
            connection.request(method, path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def raw(self, data, timeout=20):
        """What comes back for these bytes, until the server closes or nothing more comes for a second."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            got = b""
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                while True:
                    part = s.recv(65536)
                    if not part:
                        break
                    got += part
            except OSError:
                pass
            return got


def token(key, claims, algorithm="HS256"):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    signed = part(json.dumps({"alg": algorithm}).encode()) + b"." + part(json.dumps(claims).encode())
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(algorithm)
    signature = hmac.new(key, signed, digest).digest() if digest else b""
    return (signed + b"." + part(signature)).decode()


def exchanges(name):
    """The exchanges of one of the captures: title, method, path, headers, body and what was answered."""
    with open(os.path.join(clarion.SHARED, "contract", "captures", name), "rb") as f:
        text = f.read().decode("utf-8", "replace")
    for part in re.split(r"^### ", text, flags=re.M)[1:]:
        lines = part.split("\n")
        sent = [line[2:] for line in lines if line.startswith("> ") and line != "> "]
        got = [line[2:] for line in lines if line.startswith("< ") and line != "< "]
        if not sent or not got or not re.match(r"[A-Z]+ \S+ HTTP/1.1$", sent[0]):
            continue
        method, path, _ = sent[0].split(" ")
        data = re.search(r" -d (.*) http://", lines[1])
        blank = max((i for i, line in enumerate(lines) if line.startswith("< ")), default=0)
        yield {"title": lines[0], "method": method, "path": path,
               "headers": dict(line.split(": ", 1) for line in sent[1:] if ": " in line and not line.startswith(("Host", "Content-Length", "User-Agent"))),
               "body": data.group(1) if data else None, "status": int(got[0].split(" ")[1]),
               "answered": [tuple(line.split(": ", 1)) for line in got[1:] if ": " in line],
               "answer": "\n".join(lines[blank + 1:]).strip("\n")}
