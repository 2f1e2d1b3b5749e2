"""Harbor's scanner API: a client that does what Harbor does, against a real registry, and all that can go wrong."""
import base64
import json
import os
import re
import threading
import time
import unittest

import clarion
from clarion import OciLayout, debian_layer, stanza, tar_of, tracker_entry
from ports import free_port
from registry import Authority, FakeRegistry, Registry, basic, need_registry
from serving import Service, token

BASE = "/harbor/api/v1"
OCI = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
ERROR = "application/vnd.scanner.adapter.error+json; version=1.0"
NATIVE = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0"
GENERIC = "application/vnd.security.vulnerability.report; version=1.1"
RAW = "application/vnd.scanner.adapter.vuln.report.raw"
SBOM = "application/vnd.security.sbom.report+json; version=1.0"
ALLOW = {"indexer": {"fetch": {"allow": ["127.0.0.1"]}}}
SEVERITIES = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical"]

OPENSSL = stanza("openssl", "3.0.8-1")
TRACKER = {"openssl": {"CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1"),
                       "CVE-2020-0001": tracker_entry(urgency="low", bookworm=None)},
           "zlib": {"CVE-2021-0002": tracker_entry(urgency="medium", bookworm="1:1.3-1")}}


# ---- the specification's schemas, and Harbor's client ---------------------------------------------------------------

def text(value):
    return isinstance(value, str)


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def texts(value):
    return isinstance(value, list) and all(text(v) for v in value)


def instant(value):
    return text(value) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value) is not None


def uris(value):
    return texts(value) and all(re.match(r"[a-z][a-z0-9+.-]*://[^ |]+$", v) for v in value)


SCANNER = {"name": text, "vendor": text, "version": text}
ARTIFACT = {"repository": text, "digest": text, "tag?": text, "mime_type": text}
CVSS = {"score_v3?": number, "score_v2?": number, "vector_v3?": text, "vector_v2?": text}
# "status", "layer" and "locations" are beyond the specification: the first Harbor reads, the second its adapter has.
ITEM = {"id": text, "package": text, "version": text, "fix_version?": text, "severity": SEVERITIES.__contains__, "description": text,
        "links": uris, "preferred_cvss?": CVSS, "cwe_ids?": texts, "vendor_attributes": lambda v: isinstance(v, dict),
        "status?": text, "layer?": {"digest": text},
        "locations?": [{"kind": text, "path": text, "layer": text, "carries_code": lambda v: isinstance(v, bool)}]}
REPORT = {"generated_at": instant, "artifact": ARTIFACT, "scanner": SCANNER, "severity?": SEVERITIES.__contains__,
          "vulnerabilities": [ITEM], "vendor_attributes": lambda v: isinstance(v, dict)}
SBOM_REPORT = {"generated_at": instant, "artifact": ARTIFACT, "scanner": SCANNER, "media_type": text, "sbom": lambda v: isinstance(v, dict)}
METADATA = {"scanner": SCANNER,
            "capabilities": [{"type": ["vulnerability", "sbom"].__contains__, "consumes_mime_types": texts, "produces_mime_types": texts,
                              "additional_attributes?": {"sbom_media_types": texts}}],
            "properties": lambda v: isinstance(v, dict) and all(text(k) and text(w) for k, w in v.items())}
RESPONSE = {"id": text}
FAILURE = {"error": {"message": lambda v: text(v) and v != ""}}


def wrong(schema, value, path="$"):
    """What of a value is not as its schema says: nothing missing, nothing more, everything of its type."""
    if callable(schema):
        return [] if schema(value) else ["%s: %r" % (path, value)]
    if isinstance(schema, list):
        if not isinstance(value, list):
            return [path + " is no array"]
        return [w for i, item in enumerate(value) for w in wrong(schema[0], item, "%s[%d]" % (path, i))]
    if not isinstance(value, dict):
        return [path + " is no object"]
    known = {key.rstrip("?") for key in schema}
    found = ["%s.%s is not in the schema" % (path, key) for key in value if key not in known]
    for key, inner in schema.items():
        name = key.rstrip("?")
        if name in value:
            found += wrong(inner, value[name], "%s.%s" % (path, name))
        elif not key.endswith("?"):
            found.append("%s.%s is missing" % (path, name))
    return found


class HarborError(Exception):
    """What Harbor makes of an answer that it did not expect."""

    def __init__(self, answer):
        super().__init__(answer.doc["error"]["message"] if answer.body else "status %d" % answer.status)
        self.status, self.answer = answer.status, answer


class Harbor:
    """Does what Harbor's core and job service do: goharbor/harbor, src/pkg/scan/rest/v1 and src/pkg/scan/job.go."""

    def __init__(self, case, service, **headers):
        self.case, self.service, self.headers, self.waits = case, service, headers, []

    def send(self, method, path, expected, body=None, **headers):
        a = self.service.ask(method, BASE + path, body, **dict(self.headers, **headers))
        if a.status == 302:
            return a
        if a.status != expected:
            if a.body:
                self.case.assertEqual(wrong(FAILURE, a.doc), [], a)
                self.case.assertEqual(a.headers["Content-Type"], ERROR)
            raise HarborError(a)
        return a

    def metadata(self):
        a = self.send("GET", "/metadata", 200, Accept="application/vnd.scanner.adapter.metadata+json; version=1.0")
        self.case.assertEqual(a.headers["Content-Type"], "application/vnd.scanner.adapter.metadata+json; version=1.0")
        self.case.assertEqual(wrong(METADATA, a.doc), [])
        # As it validates them when a scanner is added.
        self.case.assertTrue(all(a.doc["scanner"].values()))
        self.case.assertTrue(a.doc["capabilities"])
        for capability in a.doc["capabilities"]:
            self.case.assertIn(DOCKER, capability["consumes_mime_types"])
            self.case.assertTrue({NATIVE, GENERIC, SBOM} & set(capability["produces_mime_types"]))
        return a.doc

    def submit(self, request):
        a = self.send("POST", "/scan", 202, json.dumps(request), Accept="application/vnd.scanner.adapter.scan.response+json; version=1.0",
                      Content_Type="application/vnd.scanner.adapter.scan.request+json; version=1.0")
        self.case.assertEqual(wrong(RESPONSE, a.doc), [])
        self.case.assertEqual(a.headers["Content-Type"], "application/vnd.scanner.adapter.scan.response+json; version=1.0")
        self.case.assertRegex(a.doc["id"], r"^[A-Za-z0-9._~-]+$") # Harbor puts it into the path as it is
        return a.doc["id"]

    def report(self, scan, mime_type=GENERIC, query=""):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            a = self.send("GET", "/scan/%s/report%s" % (scan, query), 200, Accept=mime_type)
            if a.status == 200:
                self.case.assertEqual(a.headers["Content-Type"], mime_type)
                return a
            self.case.assertEqual((a.body, a.headers["Location"]), (b"", BASE + "/scan/%s/report%s" % (scan, query)))
            wait = int(a.headers["Refresh-After"]) # seconds; Harbor reads eight bits
            self.case.assertTrue(0 < wait < 128)
            self.waits.append(wait)
            time.sleep(0.05) # which is not what Harbor does
        self.case.fail("the report does not come:\n" + self.service.messages())

    def scan(self, request, mime_type=GENERIC):
        doc = self.report(self.submit(request), mime_type).doc
        self.case.assertEqual(wrong(REPORT, doc), [])
        items = [(v["id"], v["package"], v["version"]) for v in doc["vulnerabilities"]]
        self.case.assertEqual(len(items), len(set(items))) # Harbor keeps one record of each
        if items:
            worst = max(SEVERITIES.index(v["severity"]) for v in doc["vulnerabilities"])
            self.case.assertEqual(doc["severity"], SEVERITIES[worst])
        else:
            self.case.assertNotIn("severity", doc)
        return doc


def request(registry, digest, repository="library/app", tag="1.0", authorization=None, kind=OCI, **more):
    doc = {"registry": dict({"url": registry if "://" in registry else "http://" + registry}, **more),
           "artifact": {"repository": repository, "digest": digest, "tag": tag, "mime_type": kind, "size": 1},
           "enabled_capabilities": [{"type": "vulnerability", "produces_mime_types": [GENERIC], "parameters": None}]}
    if authorization:
        doc["registry"]["authorization"] = authorization
    return doc


def items(doc):
    return [(v["id"], v["package"], v["version"], v.get("fix_version"), v["severity"]) for v in doc["vulnerabilities"]]


FOUND = [("CVE-2014-0160", "openssl", "3.0.8-1", "3.0.9-1", "High"), ("CVE-2020-0001", "openssl", "3.0.8-1", None, "Low")]


class HarborCase(clarion.Case):
    def image(self, *tars, name="image", **how):
        layout = self.path(name)
        OciLayout(layout).add(list(tars) or [debian_layer(OPENSSL)], **how)
        return layout

    def fake(self, *tars, name="image", **how):
        fake = FakeRegistry(self)
        fake.digest = fake.load(self.image(*tars, name=name, **how))
        return fake

    def refused(self, status, words, call, *args, **more):
        with self.assertRaises(HarborError) as caught:
            call(*args, **more)
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertIn(words, str(caught.exception))
        return caught.exception.answer


# ---- the way that all goes well -------------------------------------------------------------------------------------

@need_registry
class RealRegistry(HarborCase):
    def test_scan(self):
        self.update(self.feeds(TRACKER))
        registry = Registry(self, password=True)
        digest = registry.push("library/app", self.image(debian_layer(OPENSSL)), "1.0")
        service = Service(self, ALLOW)
        harbor = Harbor(self, service)
        meta = harbor.metadata()
        self.assertEqual([c["type"] for c in meta["capabilities"]], ["vulnerability", "sbom"])
        updated = meta["properties"]["harbor.scanner-adapter/vulnerability-database-updated-at"]
        self.assertTrue(instant(updated), updated)
        doc = harbor.scan(request(registry.host, digest, authorization=basic()))
        self.assertEqual(items(doc), FOUND)
        self.assertEqual(doc["artifact"], {"repository": "library/app", "tag": "1.0", "digest": digest, "mime_type": OCI})
        self.assertEqual((doc["severity"], doc["scanner"]), ("High", meta["scanner"]))
        self.assertEqual(doc["vulnerabilities"][0]["vendor_attributes"]["feed"], "debian")
        self.assertTrue(doc["vulnerabilities"][0]["layer"]["digest"].startswith("sha256:"))
        # Neither in the log nor in the store.
        self.assertNotIn(basic().split()[1], service.messages())
        stored = self.run_clarion("report", digest, "--format", "json").doc["image"]
        self.assertEqual(stored["reference"], "%s/library/app:1.0@%s" % (registry.host, digest))

    def test_both_types_and_the_raw_report(self):
        self.update(self.feeds(TRACKER))
        registry = Registry(self)
        digest = registry.push("library/app", self.image(debian_layer(OPENSSL)), "1.0")
        harbor = Harbor(self, Service(self, ALLOW, env={"SOURCE_DATE_EPOCH": "1790000000"}))
        scan = harbor.submit(request(registry.host, digest))
        old, new = harbor.report(scan, NATIVE).doc, harbor.report(scan, GENERIC).doc
        self.assertEqual(old, new)
        self.assertEqual(wrong(REPORT, new), [])
        raw = harbor.report(scan, RAW).doc
        self.assertEqual((raw["schema"], sorted(f["vulnerability"] for f in raw["findings"])),
                         ("clarion/report/1", ["CVE-2014-0160", "CVE-2020-0001"]))
        # What other clients may send.
        for accept, status in (("*/*", 200), ("application/*", 200), ("application/vnd.security.vulnerability.report", 200),
                               ("text/html, " + NATIVE, 200), ('application/vnd.security.vulnerability.report; version="1.1"', 200),
                               ("application/vnd.security.vulnerability.report; version=1.2", 501), ("text/html", 501)):
            a = harbor.service.get(BASE + "/scan/%s/report" % scan, Accept=accept)
            self.assertEqual(a.status, status, accept)

    def test_bad_credentials(self):
        self.update(self.feeds(TRACKER))
        registry = Registry(self, password=True)
        digest = registry.push("library/app", self.image(debian_layer(OPENSSL)), "1.0")
        # The service's own log-in is not for who sends requests.
        config = json.dumps({"auths": {registry.host: {"auth": basic().split()[1]}}})
        os.makedirs(self.path("docker"))
        with open(self.path("docker", "config.json"), "w", encoding="utf-8") as f:
            f.write(config)
        harbor = Harbor(self, Service(self, ALLOW, env={"DOCKER_CONFIG": self.path("docker")}))
        for authorization in (None, basic(password="wrong"), "Bearer t0ken"):
            scan = harbor.submit(request(registry.host, digest, authorization=authorization))
            self.refused(500, "answered 401", harbor.report, scan)
        self.assertNotIn("t0ken", harbor.service.messages())
        # The next scan with the right ones goes well.
        self.assertEqual(items(harbor.scan(request(registry.host, digest, authorization=basic()))), FOUND)

    def test_unknown_artifact(self):
        self.update(self.feeds())
        registry = Registry(self)
        harbor = Harbor(self, Service(self, ALLOW))
        scan = harbor.submit(request(registry.host, "sha256:" + "1" * 64))
        self.refused(500, "answered 404", harbor.report, scan)

    @clarion.need_shared
    def test_shared_images(self):
        """All of them at once; each finding of the command line is an item, and nothing more is."""
        self.update(os.path.join(clarion.SHARED, "feeds"), "debian", "alpine")
        registry = Registry(self)
        names = ["alpine318", "alpine-old", "alma8-sqlite", "debian-web", "debian11-web", "distroless-ssl", "fmt-schema2", "fmt-zstd",
                 "go-tools", "node-app", "wolfi"]
        harbor = Harbor(self, Service(self, ALLOW))
        for name in names:
            layout = os.path.join(clarion.SHARED, "images", name + ".oci")
            digest = registry.push("library/" + name, layout)
            doc = harbor.scan(request(registry.host, digest, "library/" + name))
            cli = self.run_clarion("report", digest, "--format", "json").doc
            byid = {p["id"]: p for p in cli["packages"]}
            expected = {(f["vulnerability"], byid[f["package"]]["name"], byid[f["package"]]["version"]) for f in cli["findings"]}
            got = {(v["id"], v["package"], v["version"]) for v in doc["vulnerabilities"] if not v["id"].startswith("CLARION-")}
            self.assertEqual(got, expected, name)


class Reports(HarborCase):
    def setUp(self):
        super().setUp()
        self.update(self.feeds(TRACKER))

    def scan(self, *tars, **how):
        fake = self.fake(*tars, **how)
        return Harbor(self, Service(self, ALLOW)).scan(request(fake.host, fake.digest))

    def test_clean(self):
        doc = self.scan(debian_layer(stanza("bash", "5")))
        self.assertEqual(doc["vulnerabilities"], [])
        self.assertEqual(doc["vendor_attributes"]["coverage"]["judged"], 1)

    def test_same_package_twice_is_one_item(self):
        two = "".join([stanza("openssl", "3.0.8-1"), stanza("openssl", "3.0.8-1", arch="i386")])
        doc = self.scan(debian_layer(two))
        self.assertEqual(items(doc), FOUND)
        self.assertEqual([len(v["locations"]) for v in doc["vulnerabilities"]], [2, 2])

    def test_unknown_distribution_is_not_clean(self):
        release = "ID=nobodys\nVERSION_ID=1\n"
        doc = self.scan(tar_of([("etc", None), ("etc/os-release", release), ("var/lib/dpkg/status", OPENSSL)]))
        self.assertEqual(doc["severity"], "Unknown")
        self.assertEqual([(v["id"], v["package"]) for v in doc["vulnerabilities"]], [("CLARION-NOT-JUDGED", "all of kind deb")])
        self.assertIn("could not be judged", doc["vulnerabilities"][0]["description"])
        self.assertEqual(doc["vendor_attributes"]["coverage"]["unjudged"], 1)

    def test_no_packages_is_not_clean(self):
        doc = self.scan(tar_of([("bin", None), ("bin/app", b"x")]))
        self.assertEqual((doc["severity"], [v["id"] for v in doc["vulnerabilities"]]), ("Unknown", ["CLARION-NO-PACKAGES"]))

    def test_reports_follow_the_feeds(self):
        fake = self.fake()
        harbor = Harbor(self, Service(self, ALLOW))
        scan = harbor.submit(request(fake.host, fake.digest))
        self.assertEqual(items(harbor.report(scan).doc), FOUND)
        later = dict(TRACKER, openssl=dict(TRACKER["openssl"], **{"CVE-2030-1": tracker_entry(urgency="medium", bookworm=None)}))
        self.update(self.feeds(later, name="later"))
        self.assertIn("CVE-2030-1", [v["id"] for v in harbor.report(scan).doc["vulnerabilities"]])

    def test_bills_of_materials(self):
        """The inventory, in either format, with or without any feed; reading it back gives the image's packages."""
        fake = self.fake()
        for data in (self.data, self.path("empty")):
            service = Service(self, ALLOW, data=data)
            harbor = Harbor(self, service)
            scan = harbor.submit(dict(request(fake.host, fake.digest), enabled_capabilities=[
                {"type": "sbom", "produces_mime_types": [SBOM], "parameters": {"sbom_media_types": ["application/spdx+json"]}}]))
            for media_type, key, value in (("application/spdx+json", "spdxVersion", "SPDX-2.3"),
                                           ("application/vnd.cyclonedx+json", "bomFormat", "CycloneDX")):
                doc = harbor.report(scan, SBOM, "?sbom_media_type=" + media_type.replace("+", "%2B")).doc
                self.assertEqual(wrong(SBOM_REPORT, doc), [])
                self.assertEqual((doc["media_type"], doc["sbom"][key]), (media_type, value))
                self.assertEqual(doc["artifact"]["digest"], fake.digest)
                self.assertNotIn("CVE-", json.dumps(doc))
                with open(self.path("bom.json"), "w", encoding="utf-8") as f:
                    json.dump(doc["sbom"], f)
                read = self.run_clarion("index", "sbom:" + self.path("bom.json"), data=self.path("other")).doc
                self.assertEqual([(p["name"], p["version"]) for p in read["packages"]], [("openssl", "3.0.8-1")])
            service.end()

    def test_stored_vex_is_obeyed(self):
        """What a stored VEX document says is not affected is no item, and the raw report says why."""
        fake = self.fake()
        harbor = Harbor(self, Service(self, ALLOW))
        scan = harbor.submit(request(fake.host, fake.digest))
        self.assertEqual(items(harbor.report(scan).doc), FOUND)
        document = self.vex("not_affected", "CVE-2014-0160", justification="vulnerable_code_not_present")
        self.assertEqual(self.run_clarion("vex", "add", document).code, 0)
        self.assertEqual([v["id"] for v in harbor.report(scan).doc["vulnerabilities"]], ["CVE-2020-0001"])
        raw = harbor.report(scan, RAW).doc
        self.assertEqual([f["vulnerability"] for f in raw["suppressed"]], ["CVE-2014-0160"])
        self.assertEqual(self.run_clarion("vex", "remove", "https://example.org/vex.json").code, 0)
        self.assertEqual(items(harbor.report(scan).doc), FOUND)

    def test_matchers_are_restricted(self):
        fake = self.fake()
        for names, found in ((["debian-matcher"], FOUND), (["rhel", "python"], [])):
            service = Service(self, dict(ALLOW, matchers={"names": names}))
            self.assertEqual(items(Harbor(self, service).scan(request(fake.host, fake.digest))), found, names)
            service.end()

    def test_no_feed_is_an_error(self):
        fake = self.fake()
        harbor = Harbor(self, Service(self, ALLOW, data=self.path("empty")))
        self.assertNotIn("harbor.scanner-adapter/vulnerability-database-updated-at", harbor.metadata()["properties"])
        self.refused(500, "no feed of vulnerabilities was ever loaded", harbor.scan, request(fake.host, fake.digest))

    def test_scores_and_exploitation(self):
        """The NVD's score, EPSS and CISA's catalogue, where they are loaded."""
        folder = self.feeds(TRACKER, name="rated")
        kev = os.path.join(folder, "www.cisa.gov", "sites", "default", "files", "feeds")
        os.makedirs(kev)
        with open(os.path.join(kev, "known_exploited_vulnerabilities.json"), "w", encoding="utf-8") as f:
            json.dump({"catalogVersion": "2026.01.01", "dateReleased": "2026-01-01T00:00:00Z", "count": 1, "vulnerabilities": [
                {"cveID": "CVE-2014-0160", "vendorProject": "OpenSSL", "product": "OpenSSL", "vulnerabilityName": "Heartbleed",
                 "dateAdded": "2022-05-04", "shortDescription": "x", "requiredAction": "y", "dueDate": "2022-05-25",
                 "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": ["CWE-125"]}]}, f)
        self.update(folder, "debian", "kev")
        doc = self.scan()
        attributes = {v["id"]: v["vendor_attributes"] for v in doc["vulnerabilities"]}
        self.assertTrue(attributes["CVE-2014-0160"]["kev"])
        self.assertEqual(attributes["CVE-2014-0160"]["known_exploited"]["due"], "2022-05-25")
        self.assertFalse(attributes["CVE-2020-0001"]["kev"])


# ---- how it is done -------------------------------------------------------------------------------------------------

class Scans(HarborCase):
    def setUp(self):
        super().setUp()
        self.update(self.feeds(TRACKER))

    def stall(self, fake, part):
        """Holds requests for what has this in its path until the event is set."""
        gate = threading.Event()

        def reply(handler):
            gate.wait(60)
            name = handler.path.rsplit("/", 1)[1]
            (handler.send_manifest if "/manifests/" in handler.path else handler.send_blob)(name)
        fake.replies[part] = reply
        self.addCleanup(gate.set)
        return gate

    def test_a_hundred_at_once(self):
        fake = self.fake(debian_layer(OPENSSL), tar_of([("x", "y")]))
        gate = self.stall(fake, fake.manifest()["layers"][0]["digest"])
        service = Service(self, ALLOW)
        harbor, ids = Harbor(self, service), []
        # As from Harbor, each with a robot of its own.
        def submit(i):
            ids.append(harbor.submit(request(fake.host, fake.digest, authorization=basic("robot%d" % i))))
        threads = [threading.Thread(target=submit, args=(i,)) for i in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(ids), len(set(ids))), (100, 1))
        a = harbor.send("GET", "/scan/%s/report" % ids[0], 200, Accept=GENERIC)
        self.assertEqual(a.status, 302)
        gate.set()
        self.assertEqual(items(harbor.report(ids[0]).doc), FOUND)
        for layer in fake.manifest()["layers"]:
            self.assertEqual(len(fake.asked(layer["digest"])), 1)
        self.assertEqual(len(fake.asked("/manifests/")), 1)
        metrics = service.get("/metrics", introspection=True).body
        self.assertIn(b"\nclarion_indexing_indexed_total 1\n", metrics)
        # Known now: nothing is asked for.
        harbor.scan(request(fake.host, fake.digest))
        self.assertEqual(len(fake.asked("/manifests/")), 1)

    def test_shares_with_posted_manifests(self):
        fake = self.fake()
        layer = fake.manifest()["layers"][0]["digest"]
        gate = self.stall(fake, layer)
        service = Service(self, ALLOW)
        harbor = Harbor(self, service)
        scan = harbor.submit(request(fake.host, fake.digest))
        posted = []
        thread = threading.Thread(target=lambda: posted.append(service.ask("POST", "/indexer/api/v1/index_report", json.dumps(
            {"hash": fake.digest, "layers": [{"hash": layer, "uri": fake.url + "/v2/library/app/blobs/" + layer}]}))))
        thread.start()
        deadline = time.monotonic() + 20
        while b"\nclarion_http_running 1\n" not in service.get("/metrics", introspection=True).body and time.monotonic() < deadline:
            time.sleep(0.02)
        gate.set()
        thread.join()
        self.assertEqual(posted[0].status, 201)
        self.assertEqual(items(harbor.report(scan).doc), FOUND)
        self.assertEqual(len(fake.asked(layer)), 1)

    def test_own_credentials_are_tried(self):
        """A scan that waits behind one that fails is not judged by its credentials."""
        fake = self.fake()
        gate, right = threading.Event(), basic("right")
        self.addCleanup(gate.set)

        def reply(handler):
            gate.wait(60)
            if handler.headers.get("Authorization") != right:
                handler.answer(401, b"{}", [("WWW-Authenticate", 'Basic realm="x"')])
            else:
                handler.send_manifest(handler.path.rsplit("/", 1)[1])
        fake.replies["/manifests/"] = reply
        harbor = Harbor(self, Service(self, ALLOW))
        scan = harbor.submit(request(fake.host, fake.digest, authorization=basic("wrong")))
        harbor.submit(request(fake.host, fake.digest, authorization=right))
        gate.set()
        self.assertEqual(items(harbor.report(scan).doc), FOUND)

    def test_credentials_go_to_the_registry_alone(self):
        elsewhere = self.fake(name="elsewhere")
        fake = self.fake()
        layer = fake.manifest()["layers"][0]["digest"]
        elsewhere.blobs.update(fake.blobs)
        fake.replies["/blobs/" + layer] = lambda h: h.answer(307, b"", [("Location", elsewhere.url + h.path)])
        secret = basic("robot", "s3cret")
        harbor = Harbor(self, Service(self, ALLOW))
        self.assertEqual(items(harbor.scan(request(fake.host, fake.digest, authorization=secret))), FOUND)
        self.assertEqual(set(fake.header("/v2/", "Authorization")), {secret})
        self.assertEqual(elsewhere.header("/v2/", "Authorization"), [None])

    def test_a_token_is_exchanged_at_the_registry(self):
        """As a registry does that takes no password itself."""
        fake = self.fake()
        secret = basic("robot", "s3cret")

        def reply(handler):
            if handler.headers.get("Authorization") == "Bearer made":
                handler.send_manifest(handler.path.rsplit("/", 1)[1])
            else:
                handler.answer(401, b"{}", [("WWW-Authenticate", 'Bearer realm="%s/service/token",service="harbor-registry"' % fake.url)])
        fake.replies["/manifests/"] = reply
        fake.replies["/service/token"] = lambda h: h.answer(200, json.dumps({"token": "made"}).encode())
        harbor = Harbor(self, Service(self, ALLOW))
        self.assertEqual(items(harbor.scan(request(fake.host, fake.digest, authorization=secret))), FOUND)
        self.assertEqual(fake.header("/service/token", "Authorization"), [secret])
        self.assertIn("scope=repository%3Alibrary%2Fapp%3Apull", fake.asked("/service/token")[0][0])

    def test_restart_between_scan_and_report(self):
        fake = self.fake()
        first = Service(self, ALLOW)
        harbor = Harbor(self, first)
        scan = harbor.submit(request(fake.host, fake.digest))
        harbor.report(scan)
        first.end()
        harbor = Harbor(self, Service(self, ALLOW))
        self.assertEqual(items(harbor.report(scan).doc), FOUND)
        self.assertEqual(harbor.report(scan).doc["artifact"]["tag"], "1.0")

    def test_restart_while_it_is_pulled(self):
        fake = self.fake()
        self.stall(fake, fake.manifest()["layers"][0]["digest"])
        first = Service(self, ALLOW)
        scan = Harbor(self, first).submit(request(fake.host, fake.digest))
        Harbor(self, first).submit(request(fake.host, "sha256:" + "2" * 64))
        first.end() # at once, though nothing comes
        harbor = Harbor(self, Service(self, ALLOW))
        self.refused(404, "not done when the service stopped", harbor.report, scan)

    def test_waiting_images_are_bounded(self):
        fake = self.fake()
        gate = self.stall(fake, "/manifests/")
        service = Service(self, dict(ALLOW, limits={"index_queue": 2}))
        harbor = Harbor(self, service)
        for user in ("one", "two"):
            harbor.submit(request(fake.host, fake.digest, authorization=basic(user)))
        scan = harbor.submit(request(fake.host, fake.digest, authorization=basic("two"))) # the same again
        a = self.refused(429, "index_queue", harbor.submit, request(fake.host, fake.digest, authorization=basic("three")))
        self.assertTrue(a.headers["Retry-After"])
        self.refused(429, "index_queue", harbor.submit, request(fake.host, "sha256:" + "3" * 64))
        gate.set()
        harbor.report(scan)
        harbor.scan(request(fake.host, fake.digest, authorization=basic("three")))

    def test_registry_down(self):
        host = "127.0.0.1:%d" % free_port()
        harbor = Harbor(self, Service(self, dict(ALLOW, limits={"fetch_tries": 1})))
        scan = harbor.submit(request(host, "sha256:" + "4" * 64))
        self.refused(500, host, harbor.report, scan)

    def test_private_addresses_are_to_be_allowed(self):
        fake = self.fake()
        harbor = Harbor(self, Service(self))
        scan = harbor.submit(request(fake.host, fake.digest))
        self.refused(500, 'add "127.0.0.1" to indexer.fetch.allow', harbor.report, scan)
        self.assertEqual(fake.requests, [])

    def test_https_does_not_become_http(self):
        fake = self.fake()
        harbor = Harbor(self, Service(self, dict(ALLOW, limits={"fetch_tries": 1})))
        for insecure in (False, True):
            scan = harbor.submit(request("https://" + fake.host, fake.digest, authorization=basic(), insecure=insecure))
            self.refused(500, fake.host, harbor.report, scan)
        self.assertEqual(fake.requests, [])

    def test_certificates_are_checked_unless_harbor_says_not(self):
        os.makedirs(self.path("ca"))
        fake = FakeRegistry(self, tls=Authority(self.path("ca")))
        fake.digest = fake.load(self.image())
        harbor = Harbor(self, Service(self, dict(ALLOW, limits={"fetch_tries": 1})))
        scan = harbor.submit(request(fake.url, fake.digest, authorization=basic()))
        self.refused(500, fake.host, harbor.report, scan)
        self.assertEqual(fake.requests, [])
        self.assertEqual(items(harbor.scan(request(fake.url, fake.digest, authorization=basic(), insecure=True))), FOUND)

    def test_an_index_is_no_image(self):
        layout = self.path("several")
        several = OciLayout(layout)
        one = several.add([debian_layer(OPENSSL)], platform={"os": "linux", "architecture": "amd64"})
        index = several.blob(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                                         "manifests": [one]}).encode(), "application/vnd.oci.image.index.v1+json")
        several.manifests = [index]
        several.index()
        fake = FakeRegistry(self)
        digest = fake.load(layout)
        harbor = Harbor(self, Service(self, ALLOW))
        scan = harbor.submit(request(fake.host, digest))
        self.refused(500, "index of several images", harbor.report, scan)
        self.assertEqual(items(harbor.scan(request(fake.host, one["digest"]))), FOUND)

    def test_a_registry_that_lies(self):
        fake = self.fake()
        fake.replies["/manifests/"] = lambda h: h.answer(200, b'{"schemaVersion":2}', [("Content-Type", OCI)])
        harbor = Harbor(self, Service(self, ALLOW))
        scan = harbor.submit(request(fake.host, fake.digest))
        self.refused(500, "instead of " + fake.digest, harbor.report, scan)


# ---- what is refused ------------------------------------------------------------------------------------------------

class Requests(HarborCase):
    def setUp(self):
        super().setUp()
        self.harbor = Harbor(self, Service(self, dict(ALLOW, limits={"request_body_bytes": "64K"})))

    def post(self, body):
        return self.harbor.send("POST", "/scan", 202, body)

    def test_bodies(self):
        good = request("127.0.0.1:1", "sha256:" + "5" * 64)

        def changed(place, key, value):
            doc = json.loads(json.dumps(good))
            doc[place][key] = value
            return doc
        digest = "sha256:" + "5" * 64
        for status, words, doc in (
                (400, "", b""), (400, "", b"{"), (400, "is an object", []), (422, "artifact is missing", {}),
                (422, "registry is missing", {"artifact": good["artifact"]}), (400, "artifact is no object", dict(good, artifact=[])),
                (422, "registry.url is missing", changed("registry", "url", "")), (400, "no string", changed("registry", "url", 1)),
                (422, "registry.url", changed("registry", "url", "core")), (422, "registry.url", changed("registry", "url", "file:///etc/passwd")),
                (422, "registry.url", changed("registry", "url", "http://user:word@host")),
                (422, "has a path", changed("registry", "url", "http://host/registry")),
                (422, "has a path", changed("registry", "url", "http://host?x")),
                (422, "registry.authorization", changed("registry", "authorization", "Digest x")),
                (422, "registry.authorization", changed("registry", "authorization", "Basic")),
                (422, "registry.authorization", changed("registry", "authorization", "Basic a\r\nX: y")),
                (400, "registry.insecure", changed("registry", "insecure", "yes")),
                (422, "artifact.repository is missing", changed("artifact", "repository", None)),
                (422, "artifact", changed("artifact", "repository", "../../etc")), (422, "artifact", changed("artifact", "repository", "a/../b")),
                (422, "artifact", changed("artifact", "repository", "app@" + digest)), (422, "artifact", changed("artifact", "repository", "app:tag")),
                (422, "artifact", changed("artifact", "tag", "x/y")), (422, "artifact", changed("artifact", "digest", "sha256:12")),
                (422, "artifact", changed("artifact", "digest", "md5:" + "5" * 32)),
                (501, "is not scanned", changed("artifact", "mime_type", "application/vnd.oci.image.index.v1+json")),
                (501, "is not scanned", changed("artifact", "mime_type", "application/vnd.cncf.helm.config.v1+json")),
                (422, "no capability", dict(good, enabled_capabilities=[{"type": "licences"}])),
                (400, "enabled_capabilities", dict(good, enabled_capabilities={})), (400, "enabled_capabilities", dict(good, enabled_capabilities=[1])),
                (422, "enabled_capabilities.type is missing", dict(good, enabled_capabilities=[{}]))):
            self.refused(status, words, self.post, doc if isinstance(doc, bytes) else json.dumps(doc))
        self.assertEqual(self.harbor.service.ask("POST", BASE + "/scan", b"[" * 70000).status, 413)
        self.refused(400, "", self.post, b"[" * 60000)
        self.assertEqual(self.harbor.service.ask("PUT", BASE + "/scan", "{}").status, 405)

    def test_ids(self):
        digest = "sha256-" + "6" * 64
        for scan in ("x", "", "~", digest, digest + "~oci~1.0", digest + "~helm~1.0~app", digest + "~oci~1.0~..", "sha256-6~oci~~app",
                     digest + "~oci~1.0~a/b", digest + "~oci~1.0~" + "a" * 5000, "sha256:%s~oci~1.0~app" % ("6" * 64), digest + "~oci~~App"):
            self.refused(404, "no such scan", self.harbor.send, "GET", "/scan/%s/report" % scan, 200, Accept=GENERIC)
        self.refused(404, "no such scan", self.harbor.send, "GET", "/scan/%s~oci~1.0~app" % digest, 200)
        self.refused(404, "not in the store", self.harbor.send, "GET", "/scan/%s~oci~1.0~library~app/report" % digest, 200, Accept=GENERIC)

    def test_bills_of_materials(self):
        path = "/scan/sha256-%s~oci~1.0~app/report" % ("7" * 64)
        self.refused(400, "sbom_media_type", self.harbor.send, "GET", path, 200, Accept=SBOM)
        self.refused(400, "sbom_media_type", self.harbor.send, "GET", path + "?sbom_media_type=text/html", 200, Accept=SBOM)
        self.refused(404, "not in the store", self.harbor.send, "GET", path + "?sbom_media_type=application%2Fspdx%2Bjson", 200, Accept=SBOM)
        self.assertEqual([c for c in self.harbor.metadata()["capabilities"] if c["type"] == "sbom"],
                         [{"type": "sbom", "consumes_mime_types": [OCI, DOCKER], "produces_mime_types": [SBOM],
                           "additional_attributes": {"sbom_media_types": ["application/spdx+json", "application/vnd.cyclonedx+json"]}}])


class Keys(HarborCase):
    def harbor(self, config, **headers):
        return Harbor(self, Service(self, config), **headers)

    def test_key(self):
        self.update(self.feeds(TRACKER))
        fake = self.fake()
        harbor = self.harbor(dict(ALLOW, harbor={"api_key": "k3y"}))
        pair = base64.b64encode(b"anybody:k3y").decode()
        for headers in ({"X_ScannerAdapter_API_Key": "k3y"}, {"Authorization": "Bearer k3y"}, {"Authorization": "Basic " + pair}):
            harbor.headers = headers
            harbor.metadata()
        self.assertEqual(items(harbor.scan(request(fake.host, fake.digest))), FOUND)
        for headers in ({}, {"X_ScannerAdapter_API_Key": "k3"}, {"X_ScannerAdapter_API_Key": ""}, {"Authorization": "Bearer k3yk3y"},
                        {"Authorization": "Basic k3y"}, {"Authorization": "Basic " + base64.b64encode(b"k3y:x").decode()},
                        {"Authorization": "Bearer"}, {"X_ScannerAdapter_API_Key": "no", "Authorization": "Bearer k3y"}):
            harbor.headers = headers
            for method, path in (("GET", "/metadata"), ("POST", "/scan"), ("GET", "/scan/x/report")):
                self.refused(401, "harbor.api_key", harbor.send, method, path, 200)
        self.assertEqual(harbor.service.get("/indexer/api/v1/index_state").status, 200) # the others have no key
        self.assertNotIn("k3y", harbor.service.messages())

    def test_tokens(self):
        psk = {"psk": {"key": base64.b64encode(b"secret").decode(), "iss": ["harbor"]}}
        harbor = self.harbor({"auth": psk})
        self.assertEqual(harbor.service.get(BASE + "/metadata").status, 401)
        harbor.headers = {"Authorization": "Bearer " + token(b"secret", {"iss": "harbor"})}
        harbor.metadata()
        # With a key of its own, that alone counts here, and the token for all others.
        harbor = self.harbor({"auth": psk, "harbor": {"api_key": "k3y"}}, Authorization="Bearer k3y")
        harbor.metadata()
        self.assertEqual(harbor.service.get("/indexer/api/v1/index_state", Authorization="Bearer k3y").status, 401)
        harbor.headers = {"Authorization": "Bearer " + token(b"secret", {"iss": "harbor"})}
        self.refused(401, "harbor.api_key", harbor.send, "GET", "/metadata", 200)

    def test_empty_key(self):
        for value, words in (("", "must not be empty"), (7, "text (in quotes)")):
            with open(self.path("config.yaml"), "w", encoding="utf-8") as f:
                json.dump({"harbor": {"api_key": value}}, f)
            r = self.run_clarion("check-config", "-c", self.path("config.yaml"))
            self.assertNotEqual(r.code, 0)
            self.assertRegex(r.out + r.err, "harbor.api_key.*" + re.escape(words))

    def test_key_is_not_shown(self):
        with open(self.path("config.yaml"), "w", encoding="utf-8") as f:
            json.dump({"harbor": {"api_key": "k3y"}}, f)
        r = self.run_clarion("check-config", "-c", self.path("config.yaml"))
        self.assertEqual(r.code, 0, r)
        self.assertRegex(r.out, r"(?m)^harbor\.api_key +\(a secret\)")
        self.assertNotIn("k3y", r.out + r.err)

    def test_modes(self):
        self.assertEqual(Service(self, None, "--mode", "indexer").get(BASE + "/metadata").status, 200)
        self.assertEqual(Service(self, None, "--mode", "matcher").get(BASE + "/metadata").status, 404)


if __name__ == "__main__":
    unittest.main()
