"""Requests as no client should send them: each gets its error, and the service goes on."""
import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time
import unittest

import clarion
import store
from clarion import debian_layer, stanza
from serving import Service

STATE = b"/indexer/api/v1/index_state"
BULK = "/indexer/api/v1/index_report"
REPORT = "/matcher/api/v1/vulnerability_report/"


class Hostile(clarion.Case):
    def setUp(self):
        super().setUp()
        self.service = Service(self, {"limits": {"request_body_bytes": 10000, "request_seconds": 2}})

    def assert_error(self, answer, status, code):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/json", answer)
        self.assertEqual(answer.doc["code"], code)
        self.assertTrue(answer.doc["message"])

    def test_bodies(self):
        bad = ["", "{", "[", '["', '["sha256:', "]", "[[]]", "{}", '{"a":1}', "1", "-", "nul", "truefalse", '"x"', "[1]", "[null]", "[true]", '[{}]',
               '["x"]', '["sha256:"]', '["sha256:zz"]', '["sha256:abcd"]', '["md5:d41d8cd98f00b204e9800998ecf8427e"]', '["sha256:' + "0" * 63 + '"]',
               '["sha256:' + "0" * 65 + '"]', '["sha512:' + "0" * 64 + '"]', '["SHA256:' + "0" * 64 + '"]', '["sha256:' + "0" * 64 + '",]', '["\\u0000"]',
               '["sha256:' + "g" * 64 + '"]', "[" * 5000, '{"a":' * 1000, "\ufeff", "\x00", '["\xff"]', "[1e999]", "[]x", '["sha256:' + "0" * 64 + '\\"']
        for body in bad:
            self.assert_error(self.service.ask("DELETE", BULK, body.encode("latin-1", "replace")), 400, "bad-request")

    def test_paths(self):
        digests = ["x", "sha256", "sha256:", "sha256:abcd", "md5:abcd", "sha256:" + "0" * 64 + "/", "sha256:" + "0" * 64 + "/x", "..", "../..", "%2e%2e",
                   "sha256:" + "z" * 64, "sha256%3A" + "1" * 63, " ", "%20", "a" * 3000, "sha256:" + "0" * 64 + "%20", "%e2%80%ae", "sha256:%"[:7]]
        for digest in digests:
            for path in (REPORT, BULK + "/"):
                self.assert_error(self.service.get(path + digest.replace(" ", "%20")), 400, "bad-request")
        for path in ("%00", "%0a", "%zz", "%", "%4", "a%1fb"):
            self.assert_error(self.service.get(REPORT + path), 400, "bad-request")
        for path in ("//indexer/api/v1/index_state", "/indexer/../indexer/api/v1/index_state", "/INDEXER/api/v1/index_state", "/indexer/api/v1/index_statex",
                     "/indexer/api/v1", "/.", "/..;/", "/indexer%2fapi%2fv1%2findex_statex", "/index.html", "/matcher/api/v1/internal/update_operationx/y"):
            a = self.service.get(path)
            self.assertEqual((a.status, a.body), (404, b"404 page not found\n"), path)

    def test_methods(self):
        for path, allowed in ((STATE.decode(), "GET"), (BULK, "POST, DELETE"), (BULK + "/x", "GET, DELETE"), (REPORT + "x", "GET"), ("/robots.txt", "GET")):
            for method in ("HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "GE", "get", "X-Y"):
                a = self.service.ask(method, path)
                self.assertEqual((a.status, a.headers["Allow"]), (405, allowed), (method, path))
                if method != "HEAD":
                    self.assertEqual(a.doc["code"], "method-not-allowed")

    def test_accept(self):
        for accept, status in ((";;;", 400), ("/", 400), ("a", 400), ("a/", 400), ("text/html", 415), ("application/json;q=x", 400), ("*/*", 200), ("application/*", 200),
                               ("text/html, */*;q=0.1", 200), ("application/json;q=0", 415), ("application/json;charset", 400), ("", 400)):
            a = self.service.get(STATE.decode(), Accept=accept)
            self.assertEqual(a.status, status, accept)
            if status != 200:
                self.assertIn(a.doc["code"], ("bad-request", "internal-error"))

    def test_lines_that_are_no_http(self):
        """What libmicrohttpd refuses by itself: an error or a closed connection, never a 200."""
        heads = [b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"GET " + STATE + b" HTTP/1.1\r\n\r\n",
                 b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
                 b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
                 b"GET http://\x00 HTTP/1.1\r\n\r\n", b"A" * 200000, b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 200000 + b"\r\n\r\n",
                 b"DELETE " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n",
                 b"DELETE " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"]
        for head in heads:
            self.assertNotIn(b" 200 ", self.service.raw(head)[:20], head[:80])
        self.assertEqual(self.service.get(STATE.decode()).status, 200)

    def test_long_heads(self):
        for head in ((b"X-Many: " + b"y" * 40 + b"\r\n") * 800, b"X: " + b"y" * 40000 + b"\r\n"):
            answer = self.service.raw(b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
            self.assertIn(b"HTTP/1.1 431", answer)
            self.assertIn(b'"code":"request-too-large"', answer)
            self.assertIn(b"request_head_bytes (32768)", answer)
        answer = self.service.raw(b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b"HTTP/1.1 431", answer)

    def resident(self):
        with open("/proc/%d/statm" % self.service.process.pid, encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def test_long_bodies(self):
        """A body over the limit: told before it is sent, told after it was sent in chunks, cut off when it does not end."""
        answer = self.service.raw(b"DELETE " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 10001\r\nExpect: 100-continue\r\n\r\n")
        self.assertIn(b"HTTP/1.1 413", answer)
        self.assertIn(b"request_body_bytes (10000)", answer)
        self.assertNotIn(b"100 Continue", answer)
        for method in (b"DELETE", b"POST", b"GET"):
            answer = self.service.raw(method + b" " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"HTTP/1.1 413", answer)
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1) # the body is not taken for another request
        chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
        answer = self.service.raw(b"DELETE " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 5 + b"0\r\n\r\n")
        self.assertIn(b"HTTP/1.1 413", answer)
        self.assertIn(b'"code":"request-too-large"', answer)
        before = self.resident()
        answer = self.service.raw(b"DELETE " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 20000)
        self.assertNotIn(b" 200 ", answer)
        self.assertLess(self.resident() - before, 20000000)
        a = self.service.ask("DELETE", BULK, b"[" + b" " * 9998 + b"]")
        self.assertEqual((a.status, a.body), (200, b"null"))

    def test_refused_with_a_body(self):
        """The body of a refused request is not taken for the next one."""
        for line in (b"DELETE /nope", b"PUT " + STATE, b"GET " + REPORT.encode() + b"x"):
            connection = socket.create_connection(("127.0.0.1", self.service.port), timeout=10)
            smuggled = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"
            connection.sendall(line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(smuggled) + smuggled)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(4096):
                answer += part
            connection.close()
            self.assertNotIn(b"Disallow", answer)
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)

    def test_pipelining(self):
        one = b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        delete = b"DELETE " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]"
        answer = self.service.raw((one + delete) * 50)
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 100)

    def slow(self, data, pause=0.1):
        """Sends byte by byte; how many seconds until the server has closed."""
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as s:
            try:
                for byte in data:
                    s.sendall(bytes([byte]))
                    s.settimeout(pause)
                    try:
                        if not s.recv(4096):
                            break
                    except socket.timeout:
                        pass
                s.settimeout(20)
                while s.recv(4096):
                    pass
            except ConnectionError:
                pass
        return time.monotonic() - start

    def test_slow_clients(self):
        """A client that always sends a little is let go all the same, in the head as in the body, and before the first byte."""
        heads = {"head": b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\n" + b"X-Slow: y\r\n" * 100, "line": b"GET /" + b"a" * 1000, "nothing": b"",
                 "body": b"DELETE " + BULK.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + b" " * 1000}
        took = {}
        threads = [threading.Thread(target=lambda n=name, d=data: took.__setitem__(n, self.slow(d, 0.01 if n == "body" else 0.1))) for name, data in heads.items()]
        for thread in threads:
            thread.start()
        self.assertEqual(self.service.get(STATE.decode()).status, 200) # others are served meanwhile
        for thread in threads:
            thread.join()
        for name, seconds in took.items():
            self.assertLess(seconds, 10, took)
        self.assertIn("clarion_http_dropped_total", self.service.get("/metrics", introspection=True).body.decode())

    def test_many_connections_of_one_client(self):
        self.service.end()
        self.service = Service(self, {"limits": {"client_connections": 5, "request_seconds": 2}})
        held = [socket.create_connection(("127.0.0.1", self.service.port), timeout=10) for _ in range(12)]
        time.sleep(0.5)
        closed = 0
        for s in held:
            s.settimeout(0.2)
            try:
                closed += s.recv(1) == b""
            except socket.timeout:
                pass
            except ConnectionError:
                closed += 1
        self.assertGreaterEqual(closed, 6)
        for s in held:
            s.close()
        time.sleep(0.5)
        self.assertEqual(self.service.get(STATE.decode()).status, 200)

    def test_stops_while_connections_come(self):
        """Whoever connects at that moment is answered or refused; the service ends as it should, each time."""
        for _ in range(8):
            service, stop = Service(self), threading.Event()

            def client(port=service.port, stop=stop):
                while not stop.is_set():
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                        s.sendall(b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        s.recv(4096)

            threads = [threading.Thread(target=client) for _ in range(4)]
            for thread in threads:
                thread.start()
            try:
                time.sleep(0.1)
                service.end()
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", service.port), timeout=5)

    def test_stops_while_held_connections_ask(self):
        """What comes on a connection that was idle when the service was told to end is answered, or cut off."""
        path = b"/indexer/api/v1/index_report/sha256:" + b"a" * 64  # one of the slow handlers
        for _ in range(3):
            service = Service(self)
            held = [socket.create_connection(("127.0.0.1", service.port), timeout=10) for _ in range(12)]
            time.sleep(0.2)
            service.process.send_signal(signal.SIGTERM)
            for s in held:
                time.sleep(0.02)
                with contextlib.suppress(OSError):
                    s.sendall(b"DELETE " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            service.end()
            for s in held:
                with contextlib.suppress(OSError):
                    answer = s.recv(4096)
                    self.assertIn(answer[:13], (b"", b"HTTP/1.1 204 ", b"HTTP/1.1 404 ", b"HTTP/1.1 503 "))
                s.close()

    def test_connections_wait_for_room(self):
        """More than `connections` are not refused: they are served when others have gone."""
        self.service.end()
        self.service = Service(self, {"limits": {"connections": 8, "request_seconds": 20}})
        held = [socket.create_connection(("127.0.0.1", self.service.port), timeout=10) for _ in range(8)]
        time.sleep(0.5)
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as late:
            late.sendall(b"GET " + STATE + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            late.settimeout(1)
            with self.assertRaises(socket.timeout):
                late.recv(1)
            for s in held:
                s.close()
            late.settimeout(20)
            self.assertIn(b" 200 ", late.recv(4096)[:20])

    def test_waiting_requests_are_bounded(self):
        """What changes the store waits for it; more requests than request_queue do not."""
        r = self.run_clarion("index", self.image(debian_layer(stanza("a", "1"))), "--format", "clair")
        service = Service(self, {"limits": {"request_queue": 1}})
        with store.transaction(self.data) as ask: # nobody else writes meanwhile
            if store.server():
                ask("LOCK TABLE image IN EXCLUSIVE MODE")
            answers = []
            threads = [threading.Thread(target=lambda: answers.append(service.ask("DELETE", BULK + "/" + r.doc["manifest_hash"]))) for _ in range(40)]
            for thread in threads:
                thread.start()
            deadline = time.monotonic() + 30
            while not any(a.status == 429 for a in answers) and time.monotonic() < deadline:
                time.sleep(0.02)
            self.assertEqual(service.get(STATE.decode()).status, 200) # who only reads does not wait
        for thread in threads:
            thread.join()
        self.assertEqual({a.status for a in answers}, {204, 429})
        refused = [a for a in answers if a.status == 429][0]
        self.assertIn("request_queue", refused.doc["message"])
        self.assertEqual((refused.doc["code"], refused.headers["Retry-After"]), ("too-many-requests", "1"))

    def test_many_at_once(self):
        """Readers and writers of the store, from many connections: all are answered."""
        self.update(self.feeds())
        digests = [self.run_clarion("index", self.image(debian_layer(stanza("p%d" % i, "1")), name="i%d" % i), "--format", "clair").doc["manifest_hash"]
                   for i in range(4)]
        failed = []

        def client(n):
            connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=60)
            for i in range(25):
                digest = digests[(n + i) % 4]
                method, path, body = (("GET", REPORT + digest, None), ("GET", BULK + "/" + digest, None), ("GET", STATE.decode(), None),
                                      ("DELETE", BULK, json.dumps([digest])), ("DELETE", BULK + "/" + digest, None))[(n + i) % 5]
                connection.request(method, path, body=body)
                response = connection.getresponse()
                response.read()
                if response.status not in (200, 204, 404):
                    failed.append((method, path, response.status))
            connection.close()

        threads = [threading.Thread(target=client, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])


if __name__ == "__main__":
    unittest.main()
