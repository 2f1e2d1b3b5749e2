"""The service: what it answers, to whom, and how it starts and ends."""
import gzip
import json
import os
import socket
import subprocess
import threading
import time
import unittest

import clarion
import ports
import store
from clarion import debian_layer, stanza, tracker_entry
from serving import Service, token
from upstream import FOREVER, Body, Upstream

STATE = "/indexer/api/v1/index_state"
INDEX = "/indexer/api/v1/index_report/"
REPORT = "/matcher/api/v1/vulnerability_report/"
OPERATIONS = "/matcher/api/v1/internal/update_operation"
NOBODY = "sha256:" + "0" * 62 + "77"


class Serve(clarion.Case):
    def indexed(self, *layers, name="image"):
        r = self.run_clarion("index", self.image(*(layers or (debian_layer(stanza("openssl", "1.0.1e-1")),)), name=name),
                             "--format", "clair")
        self.assertEqual(r.code, 0, r)
        return r.doc["manifest_hash"]

    # ---- reports ----------------------------------------------------------------------------------------------------

    def test_reports(self):
        self.update(self.feeds())
        digest = self.indexed()
        service = Service(self)
        a = service.get(INDEX + digest)
        self.assertEqual((a.status, a.headers["Content-Type"]), (200, "application/vnd.clair.index_report.v1+json"))
        self.assertEqual((a.doc["manifest_hash"], a.doc["state"], a.doc["success"], a.doc["err"]), (digest, "IndexFinished", True, ""))
        self.assertFalse(a.body.endswith(b"\n"))
        self.assertEqual(a.headers["Etag"], '"%s"' % service.get(STATE).doc["state"])
        a = service.get(REPORT + digest)
        self.assertEqual((a.status, a.headers["Content-Type"]), (200, "application/vnd.clair.index_report.v1+json"))
        self.assertEqual(a.headers["Cache-Control"], "max-age=1800")
        self.assertEqual([v["name"] for v in a.doc["vulnerabilities"].values()], ["CVE-2014-0160"])
        again = service.get(REPORT + digest, If_None_Match=a.headers["Etag"])
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(service.get(REPORT + digest, If_None_Match="*").status, 200)

    def test_tag_follows_feeds_and_inventory(self):
        """The tag of a report is another one when the feeds say something new, and when the image was indexed anew."""
        self.update(self.feeds())
        digest = self.indexed()
        service = Service(self)
        first = service.get(REPORT + digest)
        self.update(self.feeds({"openssl": {"CVE-2030-1": tracker_entry(bookworm="9")}}, name="later"))
        second = service.get(REPORT + digest, If_None_Match=first.headers["Etag"])
        self.assertEqual(second.status, 200)
        self.assertEqual([v["name"] for v in second.doc["vulnerabilities"].values()], ["CVE-2030-1"])
        service.ask("DELETE", INDEX + digest)
        self.assertEqual(service.get(REPORT + digest, If_None_Match=second.headers["Etag"]).status, 404)
        time.sleep(1.1)
        self.indexed(name="again")
        self.assertNotEqual(service.get(REPORT + digest).headers["Etag"], second.headers["Etag"])

    # ---- what is left out -------------------------------------------------------------------------------------------

    def found(self, service, digest):
        return sorted(v["name"] for v in service.get(REPORT + digest).doc["vulnerabilities"].values())

    def test_stored_vex_is_obeyed(self):
        """What a stored VEX document says is not affected is in no report, under another tag; with the document it comes back."""
        self.update(self.feeds({"openssl": {"CVE-2030-1": tracker_entry(bookworm="9"), "CVE-2030-2": tracker_entry(bookworm="9")}}))
        digest = self.indexed()
        service = Service(self)
        self.assertEqual(self.found(service, digest), ["CVE-2030-1", "CVE-2030-2"])
        before = service.get(REPORT + digest)
        not_present = {"justification": "vulnerable_code_not_present"}
        self.assertEqual(self.run_clarion("vex", "add", self.vex("not_affected", "CVE-2030-1", **not_present)).code, 0)
        after = service.get(REPORT + digest, If_None_Match=before.headers["Etag"])
        self.assertEqual(after.status, 200)
        self.assertNotIn(b"CVE-2030-1", after.body)
        self.assertEqual(self.found(service, digest), ["CVE-2030-2"])
        self.assertEqual(after.doc["PackageNotVulnerable"], {})
        # One in the place of another, within the same second as well.
        self.assertEqual(self.run_clarion("vex", "add", self.vex("not_affected", "CVE-2030-2", **not_present)).code, 0)
        self.assertEqual(self.found(service, digest), ["CVE-2030-1"])
        self.assertEqual(self.run_clarion("vex", "remove", "https://example.org/vex.json").code, 0)
        again = service.get(REPORT + digest)
        self.assertEqual((again.body, again.headers["Etag"]), (before.body, before.headers["Etag"]))

    def test_matchers_are_restricted(self):
        self.update(self.feeds())
        digest = self.indexed()
        tags = set()
        for names, found in ((["debian-matcher"], ["CVE-2014-0160"]), (["rhel", "python"], []), ([], [])):
            service = Service(self, {"matchers": {"names": names}})
            self.assertEqual(self.found(service, digest), found, names)
            tags.add(service.get(REPORT + digest).headers["Etag"])
            service.end()
        self.assertEqual(len(tags), 3)

    def test_no_data_yet(self):
        digest = self.indexed()
        service = Service(self)
        for path in (REPORT + digest, REPORT + NOBODY):
            a = service.get(path)
            self.assertEqual((a.status, a.body, a.headers["Content-Type"]), (202, b"", None))
        a = service.get(OPERATIONS + "?latest=true")
        self.assertEqual((a.status, a.body, a.headers["Etag"]), (200, b"{}", None))

    def test_forgetting(self):
        """What only a forgotten image had is gone from the store; what another one shares stays."""
        base, own = debian_layer(stanza("base", "1")), clarion.tar_of([("x", "y")])
        one, two = self.indexed(base, name="one"), self.indexed(base, own, name="two")
        three = self.indexed(debian_layer(stanza("alone", "3")), name="three")
        service = Service(self)
        a = service.ask("DELETE", INDEX + one)
        self.assertEqual((a.status, a.body), (204, b""))
        self.assertEqual(service.ask("DELETE", INDEX + one).status, 204)
        self.assertEqual([service.get(INDEX + d).status for d in (one, two, three)], [404, 200, 200])
        self.assertEqual([p["name"] for p in service.get(INDEX + two).doc["packages"].values()], ["base"])
        a = service.ask("DELETE", INDEX[:-1], json.dumps([three, NOBODY, two]))
        self.assertEqual((a.status, a.doc, a.headers["Content-Type"]), (200, [three, two], "text/plain; charset=utf-8"))
        self.assertEqual(service.ask("DELETE", INDEX[:-1], json.dumps([three])).body, b"null")
        service.end()
        for table in ("image", "layer_chain", "layer", "layer_findings", "package", "package_part", "package_part_member",
                      "package_set", "package_set_part"):
            self.assertEqual(store.query(self.data, "SELECT count(*) FROM " + table), [(0,)], table)

    def test_texts_that_are_none(self):
        """Zero bytes and what is no UTF-8, in an image and in questions: kept, shown the same from the store, and looked for."""
        odd = "\udcff\udcc3"  # as Python names these bytes
        status = stanza("openssl", "3.0.8-1").encode() + b"Package: b\xff\0b\nStatus: install ok installed\nArchitecture: all\nVersion: 1\xff\n\n"
        package = json.dumps({"name": "left\0pad", "version": "1.0\0"})
        layer = clarion.tar_of([("etc/os-release", clarion.OS_RELEASE.encode() + b"VARIANT=\xff\nPRETTY_NAME=\"a\xff\0b\"\n"), ("var/lib/dpkg/status", status),
                                ("srv/%s/node_modules/left-pad/package.json" % odd, package), ("srv/%s/package.json" % odd, package)])
        image = self.image(layer, config={"architecture": "amd\x0064", "history": [{"created_by": "RUN \0"}]})
        self.update(self.feeds())
        first = self.scan(image)
        self.assertEqual(first.code, 0, first)
        digest = first.doc["image"]["manifest"]
        kept = self.run_clarion("report", "--format", "json", digest)
        self.assertEqual(kept.doc["packages"], first.doc["packages"])
        self.assertEqual(kept.doc["image"]["distribution"], first.doc["image"]["distribution"])
        self.assertIn("left\ufffdpad", [p["name"] for p in kept.doc["packages"]])
        self.assertEqual(self.run_clarion("where", "left\ufffdpad").code, 0)
        service = Service(self)
        self.assertEqual(service.get("/indexer/api/v1/index_report/" + digest).status, 200)
        for question in ("images?q=%00", "images?q=%FF%00", "images?repository=%C3&tag=%00", "vulnerabilities/%FF/images", "vulnerabilities/a%00b/images"):
            self.assertIn(service.get("/api/v1/" + question).status, (200, 400, 404), question)
        for argument in (b"\xff", b"\xc3("):
            self.assertNotIn("database", self.run_clarion("where", argument).err)
            self.assertNotIn("database", self.run_clarion("report", argument).err)
            self.assertIn("no generation", self.run_clarion("report", "--as-of", argument, digest).err)

    def test_update_operations(self):
        self.update(self.feeds(), "debian")
        self.update(self.feeds({"bash": {"CVE-2030-1": tracker_entry(bookworm="9")}}, name="later"), "debian")
        service = Service(self)
        every, latest = service.get(OPERATIONS), service.get(OPERATIONS + "?latest=1&kind=vulnerability")
        self.assertEqual([len(every.doc["debian"]), len(latest.doc["debian"])], [2, 1])
        self.assertEqual(every.doc["debian"][0], latest.doc["debian"][0])
        self.assertEqual(set(latest.doc["debian"][0]), {"ref", "updater", "fingerprint", "date", "kind"})
        self.assertEqual(every.headers["Etag"], '"%s"' % every.doc["debian"][0]["ref"])
        self.assertEqual(service.get(OPERATIONS, If_None_Match=every.headers["Etag"]).status, 304)
        self.assertEqual(service.get(OPERATIONS + "?kind=enrichment").body, b"{}")
        self.assertEqual(service.get(OPERATIONS + "?kind=a%22b").doc["message"], 'unknown kind: "a"b"')

    def test_encodings(self):
        self.update(self.feeds())
        digest = self.indexed()
        service = Service(self)
        plain = service.get(INDEX + digest).body
        self.assertEqual(gzip.decompress(service.get(INDEX + digest, Accept_Encoding="gzip").body), plain)
        import zlib
        self.assertEqual(zlib.decompress(service.get(INDEX + digest, Accept_Encoding="deflate;q=0.9, br").body), plain)
        a = service.get(INDEX + digest, Accept_Encoding="gzip;q=0.1, zstd")
        self.assertEqual(a.headers["Content-Encoding"], "zstd")
        done = subprocess.run(["zstd", "-dc"], input=a.body, stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, plain)
        a = service.get(INDEX + digest, Accept_Encoding="br")
        self.assertEqual((a.body, a.headers["Accept-Encoding"]), (plain, "zstd, gzip, deflate"))
        a = service.get(INDEX + digest, Accept_Encoding="identity;q=0")
        self.assertEqual((a.status, a.body), (415, b""))

    def test_documents(self):
        service = Service(self)
        a = service.get("/robots.txt")
        self.assertEqual((a.status, a.body), (200, b"User-agent: *\nDisallow: /\n"))
        a = service.get("/openapi/v1")
        self.assertEqual((a.doc["openapi"], a.headers["Content-Type"]), ("3.1.0", "application/openapi+json"))
        self.assertEqual(service.get("/openapi/v1", Accept="application/yaml").headers["Content-Type"], "application/yaml")
        self.assertEqual(service.get("/openapi/v1", If_None_Match=a.headers["Etag"]).status, 304)
        # What the document says is there is there, and answers nothing that the document does not know.
        for path, item in a.doc["paths"].items():
            for method in (m for m in item if m in ("get", "post", "delete")):
                answer = service.ask(method.upper(), path.replace("{digest}", NOBODY), "[]" if method == "delete" else None)
                self.assertIn(str(answer.status), item[method]["responses"], (method, path))

    # ---- who may ask ------------------------------------------------------------------------------------------------

    def test_tokens(self):
        key, now = b"0123456789abcdef0123456789abcdef", time.time()
        service = Service(self, {"auth": {"psk": {"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "iss": ["quay", "clairctl"]}},
                                 "log_level": "debug"})
        good = token(key, {"iss": "quay", "exp": now + 300})
        head, claims, signature = good.split(".")
        tried = [
            (200, "Bearer " + good),
            (200, "Bearer " + token(key, {"iss": "clairctl"})),
            (200, "Bearer " + token(key, {"iss": "clair-intraservice", "exp": now + 60})),
            (200, "Bearer " + token(key, {"iss": "quay", "exp": now + 300}, "HS384")),
            (200, "Bearer " + token(key, {"iss": "quay", "exp": now + 300}, "HS512")),
            (200, "Bearer " + token(key, {"iss": "quay", "exp": now - 8})),
            (200, "Bearer " + token(key, {"iss": "quay", "nbf": now + 8})),
            (401, "Bearer " + token(key, {"iss": "quay", "exp": now - 30})),
            (401, "Bearer " + token(key, {"iss": "quay", "nbf": now + 60})),
            (401, "Bearer " + token(key, {"iss": "quay", "iat": now + 60})),
            (401, "Bearer " + token(key, {"iss": "quay", "exp": "never"})),
            (401, "Bearer " + token(key, {"iss": "somebody", "exp": now + 300})),
            (401, "Bearer " + token(key, {"exp": now + 300})),
            (401, "Bearer " + token(key, {"iss": "", "exp": now + 300})),
            (401, "Bearer " + token(key, ["quay"])),
            (401, "Bearer " + token(b"another key", {"iss": "quay", "exp": now + 300})),
            (401, "Bearer " + token(key, {"iss": "quay"}, "none")),
            (401, "Bearer " + token(key, {"iss": "quay"}, "RS256")),
            (401, "bearer " + good),
            (401, "Basic " + good),
            (401, good),
            (401, "Bearer " + good[:-1]),
            (401, "Bearer " + good + "A"),
            (401, "Bearer " + good + "="),
            (401, "Bearer " + head + "." + claims),
            (401, "Bearer " + head + "." + claims + "."),
            (401, "Bearer " + head + ".e30." + signature),
            (401, "Bearer ..."),
            (401, "Bearer " + "A" * 9000),
            (401, ""),
        ]
        for status, header in tried:
            a = service.get(STATE, Authorization=header)
            self.assertEqual(a.status, status, header)
            if status == 401:
                self.assertEqual((a.body, a.headers["Content-Length"], a.headers["WWW-Authenticate"]), (b"", "0", None))
        self.assertEqual(service.get(STATE).status, 401)
        self.assertEqual(service.get("/nope").status, 401)
        self.assertEqual(service.ask("DELETE", INDEX[:-1], "[]").status, 401)
        self.assertEqual(service.get("/robots.txt").status, 200)
        self.assertEqual(service.get("/openapi/v1").status, 401)
        self.assertEqual(service.get("/readyz", introspection=True).status, 200)
        service.end()
        for secret in (signature, claims, "MDEyMzQ1Njc4"):
            self.assertNotIn(secret, service.messages())

    def certificates(self):
        """A certificate authority, and certificates by it for the server and a client, and one by nobody."""
        def openssl(*args):
            subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        openssl(*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA")
        openssl(*new, "-keyout", "nobody.key", "-out", "nobody.pem", "-subj", "/CN=nobody")
        for name in ("server", "client"):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out", name + ".csr",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
            openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                    "-copy_extensions", "copy", "-out", name + ".pem")

    def test_tls(self):
        import ssl
        self.certificates()
        service = Service(self, {"tls": {"cert": self.path("server.pem"), "key": self.path("server.key")}})

        def ask(port, certificate=None, version=None):
            context = ssl.create_default_context(cafile=self.path("ca.pem"))
            if version:
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = version
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
            if certificate:
                context.load_cert_chain(self.path(certificate + ".pem"), self.path(certificate + ".key"))
            import http.client
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
            connection.request("GET", STATE)
            return connection.getresponse().status

        self.assertEqual(ask(service.port), 200)
        self.assertRaises(ssl.SSLError, ask, service.port, None, ssl.TLSVersion.TLSv1_1)
        self.assertNotIn(b"HTTP/1.1 200", service.raw(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % STATE.encode()))
        mutual = Service(self, {"tls": {"cert": self.path("server.pem"), "key": self.path("server.key"), "client_ca": self.path("ca.pem")}})
        self.assertEqual(ask(mutual.port, "client"), 200)
        self.assertEqual(ask(mutual.port), 403)
        try:
            self.assertEqual(ask(mutual.port, "nobody"), 403)
        except (ssl.SSLError, ConnectionError):
            pass # refused even before the first request

    # ---- its life ---------------------------------------------------------------------------------------------------

    def test_modes(self):
        self.indexed()
        for mode, here, not_here in (("indexer", STATE, REPORT + NOBODY), ("MATCHER", REPORT + NOBODY, STATE)):
            service = Service(self, None, "--mode", mode)
            self.assertIn(service.get(here).status, (200, 202))
            a = service.get(not_here)
            self.assertEqual((a.status, a.body), (404, b"404 page not found\n"))
        r = self.run_clarion("serve", "--mode", "everything")
        self.assertEqual(r.code, 2)
        self.assertIn("combo indexer matcher", r.err)

    def test_configuration_that_is_wrong(self):
        with open(self.path("bad.yaml"), "w", encoding="utf-8") as f:
            f.write("log_level: loud\nmatcher:\n  perod: 1h\n")
        for command in ("serve", "check-config"):
            r = self.run_clarion(command, "-c", self.path("bad.yaml"))
            self.assertEqual(r.code, 3)
            self.assertIn("bad.yaml:1:12: log_level: must be", r.err)
            self.assertIn('bad.yaml:3:3: matcher.perod: there is no such key; is "period" meant?', r.err)
        r = self.run_clarion("check-config", env={"CLAIR_CONF": self.path("bad.yaml")})
        self.assertEqual(r.code, 3)
        self.assertEqual(self.run_clarion("check-config", "-c", self.path("none.yaml")).code, 3)
        self.assertEqual(self.run_clarion("check-config", "-c", self.path("bad.conf")).code, 3)

    def test_drop_ins(self):
        def write(name, text):
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write(text)
        os.makedirs(self.path("c.yaml.d"))
        write("c.yaml", "log_level: info\nmatcher: {period: 1h}\nauth: {psk: {key: c2VjcmV0, iss: [quay]}}\n")
        write("c.yaml.d/10-more.yaml", "matcher: {cache_age: 5m}\nlog_level: ~\n")
        write("c.yaml.d/20-patch.yaml-patch", "- {op: replace, path: /matcher/period, value: 2h}\n- {op: add, path: /auth/psk/iss/-, value: clairctl}\n")
        write("c.yaml.d/30-ignored.json", "nonsense")
        write("c.yaml.d/40-ignored.txt", "nonsense")
        r = self.run_clarion("check-config", "-c", self.path("c.yaml"))
        self.assertEqual(r.code, 0, r)
        self.assertRegex(r.out, r"matcher.period +2h +.*20-patch.yaml-patch:1")
        self.assertRegex(r.out, r"matcher.cache_age +5m +.*10-more.yaml:1")
        self.assertRegex(r.out, r"log_level +info +default")
        self.assertRegex(r.out, r"auth.psk.iss +\[quay, clairctl\]")
        self.assertRegex(r.out, r"auth.psk.key +\(a secret\)")
        self.assertNotIn("c2VjcmV0", r.out + r.err)
        write("c.yaml.d/50-broken.yaml", "a: [\n")
        write("c.yaml.d/60-broken.yaml-patch", "- {op: remove, path: /nothing}\n")
        r = self.run_clarion("check-config", "-c", self.path("c.yaml"))
        self.assertEqual(r.code, 3)
        self.assertIn("50-broken.yaml:", r.err)
        self.assertIn('60-broken.yaml-patch:1:4: there is nothing at "/nothing"', r.err)
        write("j.json", '{"log_level": "warn"}')
        os.makedirs(self.path("j.json.d"))
        write("j.json.d/1.json-patch", '[{"op": "replace", "path": "/log_level", "value": "error"}]')
        self.assertRegex(self.run_clarion("check-config", "-c", self.path("j.json")).out, r"log_level +error")

    def test_a_long_configuration(self):
        with open(self.path("long.yaml"), "w", encoding="utf-8") as f:
            f.write("log_level: warn\n" + "# as long as that\n" * 100)
        r = self.run_clarion("check-config", "-c", self.path("long.yaml"), "--limit", "yaml_bytes=1000")
        self.assertEqual(r.code, 3, r)
        self.assertIn("long.yaml", r.err)
        self.assertIn("yaml_bytes", r.err)

    def test_reports_without_a_cache(self):
        self.update(self.feeds())
        digest = self.indexed()
        cached, plain = Service(self), Service(self, {"limits": {"report_cache_bytes": 0}})
        answers = [s.get(REPORT + digest) for s in (cached, cached, plain, plain)]
        self.assertEqual(len({(a.status, a.body, a.headers["Etag"]) for a in answers}), 1)

    def test_feeds_in_the_background(self):
        """The API answers while the first update runs, and has its data as soon as that is done; a period later again."""
        digest = self.indexed()
        folder = self.feeds()
        service = Service(self, {"updaters": {"mirror": folder, "sets": ["debian"]}, "matcher": {"disable_updaters": False, "period": "1s"}})
        deadline = time.monotonic() + 30
        while service.get(REPORT + digest).status == 202:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertEqual(set(service.get(OPERATIONS).doc), {"debian"})
        self.feeds({"openssl": {"CVE-2030-1": tracker_entry(bookworm="9")}})
        while "CVE-2030-1" not in service.get(REPORT + digest).body.decode():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_an_operators_mirror(self):
        """Clair's updaters.config says where feeds are fetched; what it does not name comes from the mirror."""
        folder = self.feeds()
        mirror = Upstream(self, folder)
        tracker = mirror.url + "/security-tracker.debian.org/tracker/data/json"
        service = Service(self, {"updaters": {"sets": ["debian", "alpine"], "mirror": folder, "config": {
            "debian": {"json_url": tracker, "mirror_url": "http://127.0.0.1:9/"}, "alpine": {"url": mirror.url + "/secdb.alpinelinux.org/"}}},
            "matcher": {"disable_updaters": False}})
        digest, deadline = self.indexed(), time.monotonic() + 30
        while set(service.get(OPERATIONS).doc) != {"debian", "alpine"}:
            self.assertLess(time.monotonic(), deadline, service.messages())
            time.sleep(0.05)
        self.assertEqual(self.found(service, digest), ["CVE-2014-0160"])
        paths = [path for path, _, _ in mirror.requests]
        self.assertIn("/security-tracker.debian.org/tracker/data/json", paths)
        self.assertTrue(any(path.startswith("/secdb.alpinelinux.org/") for path in paths), paths)
        self.assertIn("updaters.config.debian.mirror_url: has no effect", service.messages())

    def test_ends_while_a_feed_is_fetched(self):
        """Whoever ends the service does not wait for an upstream that stalls or refuses; and nothing is said of that one."""
        self.update(self.feeds())
        mirror, path = Upstream(self, self.path("mirror")), "/security-tracker.debian.org/tracker/data/json"
        for fault in (Body(b"{" * 100, sent=1, stalls=True), 503):
            mirror.faults = {path: [fault, FOREVER]}
            mirror.requests.clear()
            service = Service(self, {"updaters": {"sets": ["debian"], "mirror": mirror.url}, "matcher": {"disable_updaters": False}})
            deadline = time.monotonic() + 30
            while not mirror.requests:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            begun = time.monotonic()
            service.end()
            self.assertLess(time.monotonic() - begun, 30, "a try alone is given up after longer")
            self.assertIn("feed debian: its update was broken off, since the service stops", service.messages())
            state = {f["feed"]: f for f in self.run_clarion("feeds", "--format", "json").doc["feeds"]}["debian"]
            self.assertEqual((state["state"], state["error"]), ("loaded", ""))

    def test_introspection(self):
        self.update(self.feeds())
        digest = self.indexed()
        service = Service(self)
        for _ in range(3):
            service.get(REPORT + digest)
        service.get("/nope")
        a = service.ask("POST", "/healthz", introspection=True)
        self.assertEqual((a.status, a.body, a.headers["Content-Type"]), (200, b"ok", "text/plain; charset=utf-8"))
        a = service.get("/readyz", introspection=True)
        self.assertEqual((a.status, a.body, a.headers["Cache-Control"]), (200, b"", "no-store"))
        self.assertEqual(service.ask("POST", "/readyz", introspection=True).status, 405)
        self.assertEqual(service.get(STATE, introspection=True).status, 404)
        text, deadline = "", time.monotonic() + 20
        answered = 'handler="/matcher/api/v1/vulnerability_report/",method="GET",code="200"} 3\n'
        while 'handler="none"' not in text or answered not in text: # an answer is counted after the client has it
            self.assertLess(time.monotonic(), deadline)
            text = service.get("/metrics", introspection=True).body.decode()
        for line in ('clarion_http_requests_total{handler="/matcher/api/v1/vulnerability_report/",method="GET",code="200"} 3',
                     'clarion_http_requests_total{handler="none",method="GET",code="404"} 1',
                     'clarion_http_request_duration_seconds_count{handler="/matcher/api/v1/vulnerability_report/",method="GET",code="200"} 3',
                     'clarion_feed_records{feed="debian"} 1', 'clarion_feed_failed{feed="debian"} 0', "clarion_images 1", "clarion_store_up 1"):
            self.assertIn(line + "\n", text)
        helped = set()
        for line in text.splitlines():
            if line.startswith("# HELP "):
                self.assertNotIn(line.split(" ")[2], helped)
                helped.add(line.split(" ")[2])
            elif not line.startswith("#"):
                self.assertRegex(line, r'^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [-+0-9.e]+$')

    def test_logs(self):
        service = Service(self, None, "--json-logs")
        self.assertEqual(service.get(STATE, X_Request_Id="from-the-client.1").headers["X-Request-Id"], "from-the-client.1")
        made = service.get("/x%1b[31m", X_Request_Id='"}\x7f').headers["X-Request-Id"]
        self.assertRegex(made, "^[0-9a-f]{16}$")
        service.end()
        lines = [json.loads(line) for line in service.messages().splitlines()]
        told = {line["request"]: line["message"] for line in lines if "request" in line}
        self.assertEqual(set(told), {"from-the-client.1", made})
        self.assertIn("GET /indexer/api/v1/index_state: 200", told["from-the-client.1"])

    def test_ends_when_requests_have_ended(self):
        """A request whose body is still coming when the service is told to stop gets its answer; no new one is taken."""
        service = Service(self)
        connection = socket.create_connection(("127.0.0.1", service.port), timeout=20)
        connection.sendall(b"DELETE /indexer/api/v1/index_report HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[")
        time.sleep(0.3)
        ending = threading.Thread(target=service.end)
        ending.start()
        time.sleep(0.5)
        self.assertRaises(OSError, socket.create_connection, ("127.0.0.1", service.port), 1)
        connection.sendall(b"]")
        answer = b""
        while part := connection.recv(4096):
            answer += part
        ending.join()
        self.assertIn(b"HTTP/1.1 200 OK", answer)
        self.assertIn(b"Connection: close", answer)
        self.assertTrue(answer.endswith(b"null"))

    def test_ends_in_spite_of_a_client_that_stalls(self):
        service = Service(self, {"limits": {"shutdown_seconds": 1}})
        connection = socket.create_connection(("127.0.0.1", service.port), timeout=20)
        connection.sendall(b"DELETE /indexer/api/v1/index_report HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[")
        time.sleep(0.3)
        start = time.monotonic()
        service.end()
        self.assertLess(time.monotonic() - start, 10)
        self.assertIn("shutdown_seconds", service.messages())
        connection.close()

    def test_systemd(self):
        """Sockets that systemd has opened are taken, and it is told when the service is ready."""
        listening, notify = socket.socket(), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        notify.bind(self.path("notify"))
        notify.settimeout(30)
        port = listening.getsockname()[1]
        # The descriptor must be number 3, and $LISTEN_PID the process itself.
        script = 'import os,sys\nos.dup2(int(sys.argv[1]), 3)\nos.environ["LISTEN_PID"] = str(os.getpid())\nos.execv(sys.argv[2], sys.argv[2:])'
        os.set_inheritable(listening.fileno(), True)
        with open(self.path("log"), "wb") as log, open(self.path("c.yaml"), "w", encoding="utf-8") as f:
            f.write("introspection_addr: 127.0.0.1:%d\nmatcher: {disable_updaters: true}\n" % ports.free_port())
            f.flush()
            process = subprocess.Popen(["python3", "-c", script, str(listening.fileno()), clarion.BINARY, "serve", "--data", self.data, "-c", f.name],
                                       close_fds=False, stderr=log,
                                       env=store.environment(self.data, {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "api",
                                                                        "NOTIFY_SOCKET": self.path("notify")}))
        try:
            self.assertEqual(notify.recv(100), b"READY=1")
            with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
                s.sendall(b"GET /robots.txt HTTP/1.0\r\n\r\n")
                self.assertIn(b"200 OK", s.recv(4096))
            process.terminate()
            self.assertEqual(notify.recv(100), b"STOPPING=1")
            self.assertEqual(process.wait(timeout=30), 0)
        finally:
            if process.poll() is None:
                process.kill()
            listening.close()
            notify.close()

    def test_port_in_use(self):
        service = Service(self)
        r = self.run_clarion("serve", "-c", service.file)
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, r"cannot listen on 127.0.0.1:\d+: Address already in use")


if __name__ == "__main__":
    unittest.main()
