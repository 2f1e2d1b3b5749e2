"""Those who are told of notifications, on the loopback interface: a web server, a mail server, and servers that misbehave;
and the program that delivers a made-up notification to them."""
import base64
import http.server
import json
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading

import clarion

PROGRAM = os.path.join(clarion.BUILD, "deliver_notice")
ID = "f94debb3-a45b-4243-81f6-b1668cb3ea2c"
NETWORK, REFUSED, LIMIT, FORMAT = 7, 8, 5, 4  # enum error_code
QUICK = {"target_connect_seconds": 3, "target_answer_seconds": 2, "target_delivery_seconds": 4}


class Delivered:
    """What became of a delivery to one target."""

    def __init__(self, line):
        self.name, keeps, self.text = line.split(" ", 2)
        self.consumes, self.ok = keeps == "consumes", self.text == "delivered"
        self.code = 0 if self.ok else int(self.text.split(" ")[0])

    def __repr__(self):
        return "%s: %s" % (self.name, self.text)


def deliver(case, notifier, items=40, images=10, layers=2, kind="plain", breaks=0, config=None, seconds=60):
    """The lines of the program, as Delivered; the configuration is {"notifier": …} and what `config` adds."""
    file = case.path("notifier-%d.json" % len(os.listdir(case.folder)))
    with open(file, "w", encoding="utf-8") as f:
        json.dump(dict({"notifier": notifier, "limits": QUICK}, **(config or {})), f)
    arguments = [PROGRAM, file, str(items), str(images), str(layers), kind] + ([str(breaks)] if breaks else [])
    with open(case.path("memory"), "w+b") as memory:
        done = subprocess.run([sys.executable, "-c", clarion.MEASURE, str(memory.fileno()), *arguments], capture_output=True, timeout=seconds,
                              check=False, pass_fds=(memory.fileno(),), env={k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")})
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    case.assertNotIn("Sanitizer", text)
    case.assertNotIn("runtime error", text)
    with open(case.path("memory"), encoding="ascii") as f:
        case.kib = int(f.read())
    if done.returncode != 0:
        raise AssertionError(text)
    return [Delivered(line) for line in done.stdout.decode().splitlines()]


class Server:
    """Threads that serve each connection with `handle(socket)`; `tls` is a registry.Authority."""

    def __init__(self, case, handle, tls=None):
        self.connections = 0
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                outer.connections += 1
                try:
                    handle(self.request)
                except (OSError, ValueError):
                    pass

        class Threads(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, block_on_close, request_queue_size = True, True, False, 50

            def get_request(self):
                connection, address = self.socket.accept()
                connection.settimeout(30)
                return (outer.context.wrap_socket(connection, server_side=True) if outer.context else connection), address

            def handle_error(self, request, client_address):
                pass

        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(tls.certificate, tls.key)
        self.server = Threads(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        case.addCleanup(self.end)

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Web:
    """Takes POSTs; `answers` are statuses, or functions of the handler, one for each request, the last one for all more."""

    def __init__(self, case, *answers, tls=None, port=0):
        self.requests, self.answers = [], list(answers or [200])
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, self.headers, body))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                if callable(answer):
                    answer(self)
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"Okay")

            def do_GET(self):
                outer.requests.append((self.path, self.headers, None))
                self.send_response(200)
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads, self.server.block_on_close = True, False
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.port)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)


class Mail(Server):
    """A mail server: what it took is in `taken` as (sender, recipients, message). `offers` are its extensions; `user` and
    `password` are asked for when given; `implicit` speaks TLS at once."""

    def __init__(self, case, tls=None, offers=("STARTTLS",), user=None, password=None, implicit=False, refuses=()):
        self.taken, self.offers, self.login, self.refuses, self.secure, self.tls = [], list(offers), (user, password), refuses, implicit, tls
        super().__init__(case, self.talk, tls if implicit else None)

    def talk(self, s):
        stream, secure, known, sender, to = s.makefile("rwb"), self.secure, not self.login[0], None, []

        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        say("220 sink")
        while True:
            line = stream.readline(2000)
            if not line:
                return
            word, text = line.split(b" ")[0].strip().upper().decode(), line.decode().strip()
            if word in self.refuses:
                say("550 not here")
            elif word == "EHLO":
                offers = [x for x in self.offers if not (secure and x == "STARTTLS")] + (["AUTH PLAIN"] if self.login[0] else [])
                for offer in offers:
                    say("250-" + offer)
                say("250 8BITMIME")
            elif word == "STARTTLS":
                say("220 go")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.tls.certificate, self.tls.key)
                s = context.wrap_socket(s, server_side=True)
                stream, secure = s.makefile("rwb"), True
            elif word == "AUTH":
                parts = text.split(" ")
                if len(parts) < 3:
                    say("334 ")
                    parts.append(stream.readline().decode().strip())
                known = base64.b64decode(parts[2]).decode().split("\0")[1:] == list(self.login)
                say("235 hello" if known else "535 who is that")
            elif word == "MAIL":
                sender, to = text, []
                say("250 ok" if known else "530 who are you")
            elif word == "RCPT":
                to.append(text)
                say("250 ok")
            elif word == "DATA":
                say("354 go on")
                lines = []
                while True:
                    line = stream.readline()
                    if not line:
                        return
                    if line == b".\r\n":
                        break
                    lines.append(line[1:] if line.startswith(b".") else line)
                self.taken.append((sender, to, b"".join(lines), secure))
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


def garbage(s):
    s.sendall(b"\xff\x00garbage\r\n\r\n" * 50)


def closes(s):
    s.recv(4)


def stalls(s):
    while s.recv(65536):
        pass


def dribbles(s):
    """A byte now and then, without end."""
    try:
        while True:
            s.sendall(b"A")
            threading.Event().wait(0.05)
    except OSError:
        pass


def floods(s):
    """As much as fits, without end."""
    try:
        s.settimeout(15)
        while True:
            s.sendall(b"MESSAGE\nfoo:" + b"x" * 60000)
    except (OSError, socket.timeout):
        pass
