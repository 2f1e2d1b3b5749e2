"""More than a hundred requests that are wrong in one place each: the right status, a body that says what is wrong, and a
connection that afterwards is as HTTP has it: good for the next request, or closed as it was told.

Slow clients, many clients and bodies without an end are in test_serve_hostile.py.
"""
import http.client
import json
import os
import re
import socket
import unittest

import clarion
from serving import Service

POST, REPORT = "/indexer/api/v1/index_report", "/matcher/api/v1/vulnerability_report/"
STATE, OPERATIONS = "/indexer/api/v1/index_state", "/matcher/api/v1/internal/update_operation"
GOOD, LAYER = "sha256:" + "1" * 64, {"hash": "sha256:" + "2" * 64, "uri": "http://127.0.0.1:1/"}
WHOLE = json.dumps({"hash": GOOD, "layers": [dict(LAYER, headers={"Accept": ["application/gzip"]})]})
DIGESTS = ("", "x", ":", "sha256", "sha256:", "sha256:zz", "sha256:" + "0" * 63, "sha256:" + "0" * 65, "sha256:" + "g" * 64, "sha512:" + "0" * 64,
           "md5:d41d8cd98f00b204e9800998ecf8427e", "SHA256:" + "0" * 64, " " + GOOD, GOOD + " ", GOOD + "\n", GOOD + "\u0000", "sha256:" + "\u0661" * 64,
           "sha256:" * 3 + "0" * 64, "sha256:" + "0" * 100000)
TYPES = (0, -1, 1.5, True, False, "x", [], [1], {}, {"a": 1})


def manifest(**members):
    return json.dumps(dict({"hash": GOOD, "layers": [LAYER]}, **members))


def layered(**members):
    return manifest(layers=[dict(LAYER, **members)])


def bodies():
    """Of a manifest."""
    for at in range(0, len(WHOLE), 9):
        yield "cut at byte %d" % at, WHOLE[:at]
    for what in ("{}", "null", "0", "true", '"x"', "[]", "[%s]" % WHOLE, WHOLE + "x", WHOLE + WHOLE, WHOLE + ",", "x" + WHOLE, "\ufeff" + WHOLE, WHOLE.replace('"', "'"),
                 WHOLE.replace(":", "="), "NaN", "{]", '{"hash"}', '{"hash":}', '{"a":1e999' + "9" * 5000, "[" * 100000, '{"a":' * 100000, "\x00", WHOLE + "\x00",
                 '{"hash":"\\ud800"}', '{"hash":"\\x"}', '{"hash":"\t"}', "<xml/>", "hash=%s" % GOOD):
        yield "body " + what[:30], what
    yield "body that is not UTF-8", b'{"hash":"\xff\xfe"}'
    for digest in DIGESTS:
        yield "hash " + digest[:40], manifest(hash=digest)
        yield "layer's hash " + digest[:40], layered(hash=digest)
    for value in TYPES:
        if value != "x":
            yield "hash %r" % value, manifest(hash=value)
            yield "layer's hash %r" % value, layered(hash=value)
            yield "uri %r" % value, layered(uri=value)
        if not isinstance(value, list) or value:
            yield "layers %r" % value, manifest(layers=value)
        if not isinstance(value, dict) or value:
            yield "headers %r" % value, layered(headers=value)
        yield "layers [%r]" % value, manifest(layers=[value])
        if value != []:
            yield "header %r" % value, layered(headers={"Accept": value})
            yield "header [%r]" % value, layered(headers={"Accept": [value]}) if value != "x" else layered(headers={"Accept": "x"})
    yield "no hash", json.dumps({"layers": [LAYER]})
    yield "no layers", json.dumps({"hash": GOOD})
    yield "empty layers", manifest(layers=[])
    yield "layer without a hash", manifest(layers=[{"uri": "http://127.0.0.1/"}])
    yield "10,000 layers", manifest(layers=[LAYER] * 10000)
    yield "10,000 different layers", manifest(layers=[dict(LAYER, hash="sha256:%064d" % i) for i in range(10000)])
    yield "10,000 headers", layered(headers={"X-%d" % i: ["x"] for i in range(10000)})
    yield "10,000 values of a header", layered(headers={"X": ["x"] * 10000})


def requests():
    """(what, method, path, headers, body, statuses)"""
    for what, body in bodies():
        yield what, "POST", POST, {}, body, (400,)
    for body in ("", "{", "[", "{}", '{"a":[]}', "1", "true", '"x"', "[1]", "[null]", "[[]]", "[{}]", "[]x", "[" * 100000, '["%s",]' % GOOD, '["%s" "%s"]' % (GOOD, GOOD)):
        yield "bulk " + body[:20], "DELETE", POST, {}, body, (400,)
    for digest in DIGESTS[1:-1]:
        yield "bulk digest " + digest[:40], "DELETE", POST, {}, json.dumps([digest]), (400,)
    for rest in ("", "x", ".", "..", "%2e%2e", "%2E%2E%2F", "..%2f..%2findex_state", "%00", "%0d%0aX:y", "%7f", "%", "%4", "%zz", "%u0041", GOOD + "/", GOOD + "//", GOOD + "/..", GOOD + "%20",
                 "/" + GOOD, "/", "//", GOOD[:-1], "*", "~", "%C0%AE", "sha256%3a", "a" * 30000, "sha256:" + "f" * 63 + "%67"):
        yield "index_report/" + rest[:30], "GET", POST + "/" + rest, {}, None, (400,)
        yield "forget " + rest[:30], "DELETE", POST + "/" + rest, {}, None, (400,)
        yield "vulnerability_report/" + rest[:30], "GET", REPORT + rest, {}, None, (400,)
    for query in ("kind=foo", "kind=Vulnerability", "kind=vulnerability%20", "kind=%zz", "kind=%", "kind=%00", "kind=%0a", "latest=%zz", "latest=true&x=%", "%00=1", "kind=" + "x" * 20000):
        yield "query " + query[:30], "GET", OPERATIONS + "?" + query, {}, None, (400,)
    for accept in ("", ";", "a", "a/", "/b", "text/", "application/json;q=x", "application/json;q=2", "application/json;x", "application/json,,", "a b/c", "*"):
        yield "Accept " + accept, "GET", STATE, {"Accept": accept}, None, (400,)
    for accept in ("text/html", "application/xml", "application/json;q=0", "image/*", "application/jso"):
        yield "Accept " + accept, "GET", STATE, {"Accept": accept}, None, (415,)
    for method in ("PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "X"):
        for path in (STATE, POST, POST + "/" + GOOD, REPORT + GOOD, OPERATIONS, "/openapi/v1", "/robots.txt"):
            yield "%s %s" % (method, path), method, path, {}, None, (405,)
    for n, status in ((32768, 431), (60000, 431)):
        yield "a header of %d" % n, "GET", STATE, {"X": "y" * n}, None, (status,)
        yield "a query of %d" % n, "GET", OPERATIONS + "?" + "x" * n, {}, None, (status,)
    yield "800 headers", "GET", STATE, {"X-%d" % i: "y" * 40 for i in range(800)}, None, (431,)
    for method, path in (("POST", POST), ("DELETE", POST), ("GET", STATE)):
        yield "a body of 5 MiB: " + method, method, path, {}, " " * (5 << 20), (413,)


# Paths that there are not: Clair's, and Go's, plain words.
NOWHERE = ("//", "/.", "/..", "/indexer", "/indexer/api/v1", "/indexer/api/v1/", "/indexer/api/v1/index_stat", "/indexer/api/v1/index_state/", "/INDEXER/API/V1/INDEX_STATE",
           "//indexer/api/v1/index_state", "/indexer//api/v1/index_state", "/indexer/./api/v1/index_state", "/x/../indexer/api/v1/index_state", "/%2e%2e/indexer/api/v1/index_state",
           "/indexer/api/v1/index_state%20", "/indexer/api/v1/index_state;x=y", "/indexer%5capi%5cv1%5cindex_state", "/etc/passwd", "/..%2f..%2fetc/passwd", "/metrics", "/healthz",
           "/debug/pprof/", "/openapi/v2", "/robots.txt/", "/favicon.ico/x" * 500)

# Heads that are no HTTP or two requests in one, by RFC 9112: an error of the library's or a closed connection. What follows
# them must not be taken for a request.
NEXT = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"
LINE = b"POST " + POST.encode() + b" HTTP/1.1\r\nHost: x\r\n"
HEADS = (LINE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", LINE + b"Content-Length: -1\r\n\r\n", LINE + b"Content-Length: +2\r\n\r\n{}", LINE + b"Content-Length: 0x2\r\n\r\n{}",
         LINE + b"Content-Length: 2, 2\r\n\r\n{}", LINE + b"Content-Length: 18446744073709551616\r\n\r\n", LINE + b"Content-Length: 2 3\r\n\r\n{}",
         LINE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", LINE + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
         LINE + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{}", LINE + b"Transfer-Encoding: gzip\r\n\r\n", LINE + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
         b"GET " + STATE.encode() + b"\r\n\r\n", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n", b"GET " + STATE.encode() + b" HTTP/1.2x\r\nHost: x\r\n\r\n",
         b"GET " + STATE.encode() + b" HTTP/3.0\r\nHost: x\r\n\r\n", b"GET " + STATE.encode() + b" HTTP/1.1\r\n\r\n", b"GET " + STATE.encode() + b" HTTP/1.1\r\nHost : x\r\n\r\n",
         b"GET " + STATE.encode() + b" HTTP/1.1\r\nHost: x\r\nX\x00Y: z\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
         b"\x01" * 100 + b"\r\n\r\n", b"SSH-2.0-x\r\n\r\n")


class Malformed(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds())
        self.service = Service(self)

    def peak(self):
        with open("/proc/%d/status" % self.service.process.pid, encoding="ascii") as f:
            return int(re.search(r"VmHWM:\s+(\d+) kB", f.read()).group(1)) * 1024

    def fate(self, connection, response, what):
        """Either it was told that the connection ends, and it does; or the next request is answered on it."""
        if (response.getheader("Connection") or "").lower() == "close":
            self.assertEqual(connection.sock, None, what)
            return "closed"
        connection.request("GET", "/robots.txt")
        again = connection.getresponse()
        self.assertIn(b"Disallow", again.read(), what)
        return again.status

    def test_requests(self):
        """The table, each on a connection of its own that is used once more."""
        counted, fates, before = 0, set(), self.peak()
        for what, method, path, headers, body, statuses in requests():
            connection = self.service.connect()
            try:
                connection.putrequest(method, path, skip_accept_encoding=True) if path.isascii() and " " not in path else self.fail(what)
                for name, value in headers.items():
                    connection.putheader(name, value)
                data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
                if data is not None:
                    connection.putheader("Content-Length", str(len(data)))
                try:
                    connection.endheaders(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass # an answer before the body was sent whole
                response = connection.getresponse()
                told = response.read()
                where = "%s: %s %r" % (what, response.status, told[:300])
                self.assertIn(response.status, statuses, where)
                self.assertEqual(response.getheader("Content-Type"), "application/json", where)
                document = json.loads(told.decode("ascii"))
                self.assertEqual(sorted(document), ["code", "message"], where)
                self.assertTrue(0 < len(document["message"]) < 2048, where)
                fates.add(self.fate(connection, response, where))
            finally:
                connection.close()
            counted += 1
        self.assertGreaterEqual(counted, 100)
        self.assertEqual(fates, {200, "closed"})
        self.assertLess(self.peak() - before, 192 << 20) # AddressSanitizer keeps what was freed; bodies of 4 MiB are read as JSON

    def test_paths_that_there_are_not(self):
        for path in NOWHERE:
            for method in ("GET", "POST", "DELETE"):
                a = self.service.ask(method, path)
                self.assertEqual((a.status, a.body, a.headers["Content-Type"]), (404, b"404 page not found\n", "text/plain; charset=utf-8"), path)

    def test_the_absolute_form(self):
        """RFC 9112, 3.2.2: a server takes it, whatever authority it names."""
        for base in (b"http://x", b"HTTP://user@[::1]:80", b"https://example.org:443"):
            answer = self.service.raw(b"GET " + base + STATE.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer[:200])
        for target in (b"http://x", b"http://", b"http:///x", b"ftp://x" + STATE.encode(), b"*", b"x", b"http:/" + STATE.encode()):
            answer = self.service.raw(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertRegex(answer[:20], rb"^HTTP/1.1 40[04] ", target)

    def test_heads(self):
        for head in HEADS:
            answer = self.service.raw(head + NEXT, timeout=3)
            self.assertNotIn(b"Disallow", answer, head[:200])
            self.assertTrue(answer == b"" or re.match(rb"HTTP/1\.[01] (4\d\d|50[15]) ", answer), (head[:200], answer[:200]))
        self.assertEqual(self.service.get(STATE).status, 200)

    def test_two_lengths(self):
        """Transfer-Encoding with Content-Length, as somebody between could read it differently."""
        answer = self.service.raw(b"DELETE " + POST.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                  b"%x\r\n" % len(NEXT) + NEXT + b"\r\n0\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:100])
        self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_bodies_over_the_limit(self):
        """200 MB in chunks and by length, from several at once: nothing of it is kept."""
        before, chunk = self.peak(), b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        for head in (b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Length: 200000000\r\n\r\n"):
            streams = [socket.create_connection(("127.0.0.1", self.service.port), timeout=20) for _ in range(4)]
            for s in streams:
                s.sendall(LINE + head)
            for _ in range(50):
                for s in streams:
                    try:
                        s.sendall(chunk)
                    except OSError:
                        pass # which is fine
            for s in streams:
                try:
                    self.assertNotIn(b" 20", s.recv(100)[:12])
                except OSError:
                    pass
                s.close()
        self.assertLess(self.peak() - before, 80 << 20)
        self.assertEqual(self.service.get(STATE).status, 200)


if __name__ == "__main__":
    unittest.main()
