"""Clair's own clairctl against the service and a real registry: manifest, report in each format, delete, with a key and without.

The program is the one called clairctl, or $CLARION_CLAIRCTL; `go install github.com/quay/clair/v4/cmd/clairctl@latest` brings it.
"""
import json
import os
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

import clarion
import registry
import serving
from clarion import debian_layer, stanza
from conformance.clair import schemas

PROGRAM = os.environ.get("CLARION_CLAIRCTL") or shutil.which("clairctl")
PSK = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ALLOW = {"indexer": {"fetch": {"allow": ["127.0.0.1"]}}}


@unittest.skipUnless(PROGRAM and os.path.exists(PROGRAM), "wants Clair's clairctl on the path or in $CLARION_CLAIRCTL")
@registry.need_registry
class Clairctl(clarion.Case):
    def setUp(self):
        super().setUp()
        self.hub = registry.Registry(self)
        clarion.OciLayout(self.path("bad")).add([debian_layer(stanza("openssl", "1.0.1e-1")), debian_layer(stanza("openssl", "1.0.1e-1"), stanza("zlib", "1"))])
        clarion.OciLayout(self.path("good")).add([debian_layer(stanza("zlib", "1"))])
        self.digests = {name: self.hub.push("pub/" + name, self.path(name)) for name in ("bad", "good")}
        self.names = {name: "%s/pub/%s:latest" % (self.hub.host, name) for name in self.digests}

    def ctl(self, *args, code=0):
        done = subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, cwd=self.folder,
                              env={k: v for k, v in os.environ.items() if k not in ("CLAIR_CONF", "CLAIR_API")})
        self.assertEqual(done.returncode, code, done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode() if code == 0 else done.stderr.decode()

    def report(self, service, *args, code=0, before=()):
        return self.ctl(*before, "report", "--host", "http://127.0.0.1:%d/" % service.port, *args, code=code)

    def test_manifest(self):
        document = json.loads(self.ctl("manifest", self.names["bad"]))
        self.assertEqual((document["hash"], len(document["layers"])), (self.digests["bad"], 2))
        service = serving.Service(self, ALLOW)
        a = service.ask("POST", "/indexer/api/v1/index_report", json.dumps(document))
        self.assertEqual(a.status, 201, a)
        schemas.check(self, "IndexReport", a.doc)

    def test_reports(self):
        self.update(self.feeds())
        service = serving.Service(self, ALLOW)
        self.assertRegex(self.report(service, self.names["bad"]), r"^bad:latest found openssl +1\.0\.1e-1 +CVE-2014-0160 \(fixed: 1\.0\.1g-1\)\n$")
        self.assertEqual(self.report(service, self.names["good"]), "good:latest ok\n")
        for novel in ((), ("--novel",)):
            document = json.loads(self.report(service, *novel, "-o", "json", self.names["bad"]))
            schemas.check(self, "VulnerabilityReport", document)
            self.assertEqual(document, service.get("/matcher/api/v1/vulnerability_report/" + self.digests["bad"]).doc)
        suites = xml.etree.ElementTree.fromstring(self.report(service, "-o", "xml", self.names["bad"], self.names["good"]))
        self.assertEqual(sorted((s.get("tests"), s.get("failures"), s.get("errors")) for s in suites), [("1", "0", "0"), ("2", "1", "0")])
        before = service.get("/indexer/api/v1/index_report/" + self.digests["bad"]).body
        self.ctl("delete", "--host", "http://127.0.0.1:%d/" % service.port, self.digests["bad"], "sha256:" + "0" * 64)
        self.assertEqual(service.get("/indexer/api/v1/index_report/" + self.digests["bad"]).status, 404)
        self.report(service, "--novel", self.names["bad"])
        self.assertEqual(service.get("/indexer/api/v1/index_report/" + self.digests["bad"]).body, before)

    @clarion.need_shared
    def test_every_image(self):
        """Clair's own decoder takes the report of each image: digests, CPEs, detectors and times are types to it."""
        self.update(os.path.join(clarion.SHARED, "feeds"))
        service, read, layouts = serving.Service(self, ALLOW), 0, os.path.join(clarion.SHARED, "images")
        for name in sorted(n[:-4] for n in os.listdir(layouts) if n.endswith(".oci") and not n.startswith(("bad-", "fmt-foreign"))):
            with self.subTest(image=name):
                self.hub.push("shared/" + name, os.path.join(layouts, name + ".oci"))
                document = json.loads(self.report(service, "-o", "json", "%s/shared/%s:latest" % (self.hub.host, name)))
                schemas.check(self, "VulnerabilityReport", service.get("/matcher/api/v1/vulnerability_report/" + document["manifest_hash"]).doc, name)
                self.assertTrue(document["packages"] or not name.startswith("debian"), name)
                read += 1
        self.assertGreaterEqual(read, 25)

    def test_failures(self):
        """What clairctl says of our errors."""
        self.update(self.feeds())
        closed = serving.Service(self)
        self.assertIn("500", self.report(closed, self.names["bad"], code=1))
        self.assertIn("MANIFEST_UNKNOWN", self.report(closed, self.hub.host + "/pub/none:latest", code=1))

    def test_with_a_key(self):
        self.update(self.feeds())
        service = serving.Service(self, dict(ALLOW, auth={"psk": {"key": PSK, "iss": ["clairctl"]}}))
        with open(self.path("ctl.yaml"), "w", encoding="utf-8") as f:
            json.dump({"auth": {"psk": {"key": PSK, "iss": ["clairctl"]}}}, f)
        self.assertIn("401", self.report(service, self.names["bad"], code=1))
        self.assertIn("CVE-2014-0160", self.report(service, self.names["bad"], before=("-c", self.path("ctl.yaml"))))
        self.assertIn("401", self.report(service, self.names["bad"], code=1, before=("-c", self.path("ctl.yaml"), "--issuer", "nobody")))
        self.ctl("-c", self.path("ctl.yaml"), "delete", "--host", "http://127.0.0.1:%d/" % service.port, self.digests["bad"])

    def test_our_configuration(self):
        """What clairctl makes of a file that the service runs with."""
        service = serving.Service(self, {"matcher": {"period": "2h"}, "log_level": "warn"})
        with open(service.file, encoding="utf-8") as f:
            settings = json.load(f)
        merged = json.loads(self.ctl("check-config", service.file))
        for key in ("http_listen_addr", "introspection_addr", "log_level"):
            self.assertEqual(merged[key], settings[key])
        self.assertEqual(merged["matcher"]["period"], "2h0m0s")


if __name__ == "__main__":
    unittest.main()
