"""Bills of materials as targets: what other tools write of an image is judged as the image itself."""
import gzip
import json
import os
import unittest

import clarion
from clarion import debian_layer, stanza, tracker_entry

TRACKER = {
    "openssl": {"CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1"),
                "CVE-2023-9999": tracker_entry(urgency="low", bookworm=None)},
    "zlib": {"CVE-2022-37434": tracker_entry(urgency="medium", bookworm="1:1.2.13.dfsg-2")},
}
LAYER = debian_layer(stanza("libssl3", "3.0.8-1+b1", source="openssl (3.0.8-1)"), stanza("openssl", "3.0.8-1"),
                     stanza("zlib1g", "1:1.2.13.dfsg-1", source="zlib"))


def cyclonedx(*components, version="1.5", **more):
    return {"bomFormat": "CycloneDX", "specVersion": version, "version": 1, "components": list(components), **more}


def library(name, version, purl, **properties):
    return {"type": "library", "name": name, "version": version, "purl": purl,
            "properties": [{"name": k.replace("__", ":"), "value": v} for k, v in properties.items()]}


def as_syft_writes(suffix):
    return [library("libssl3", "3.0.8-1+b1", "pkg:deb/debian/libssl3@3.0.8-1%2Bb1?arch=amd64&upstream=openssl%403.0.8-1" + suffix),
            library("openssl", "3.0.8-1", "pkg:deb/debian/openssl@3.0.8-1?arch=amd64" + suffix),
            library("zlib1g", "1:1.2.13.dfsg-1", "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&upstream=zlib" + suffix)]


def as_trivy_writes():
    def deb(name, version, purl, source, source_version, source_release, epoch=""):
        return library(name, version, purl, aquasecurity__trivy__PkgType="debian", aquasecurity__trivy__SrcName=source,
                       aquasecurity__trivy__SrcVersion=source_version, aquasecurity__trivy__SrcRelease=source_release,
                       **({"aquasecurity__trivy__SrcEpoch": epoch} if epoch else {}))
    return [{"type": "operating-system", "name": "debian", "version": "12.1",
             "properties": [{"name": "aquasecurity:trivy:Class", "value": "os-pkgs"}]},
            deb("libssl3", "3.0.8-1+b1", "pkg:deb/debian/libssl3@3.0.8-1%2Bb1?arch=amd64&distro=debian-12.1", "openssl", "3.0.8", "1"),
            deb("openssl", "3.0.8-1", "pkg:deb/debian/openssl@3.0.8-1?arch=amd64&distro=debian-12.1", "openssl", "3.0.8", "1"),
            deb("zlib1g", "1:1.2.13.dfsg-1", "pkg:deb/debian/zlib1g@1.2.13.dfsg-1?arch=amd64&distro=debian-12.1&epoch=1",
                "zlib", "1.2.13.dfsg", "1", "1")]


def as_spdx(components):
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "packages": [
        {"SPDXID": "SPDXRef-%d" % i, "name": c["name"], "versionInfo": c["version"],
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": c["purl"]}]}
        for i, c in enumerate(components)]}


class Sbom(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds(TRACKER))

    def document(self, doc, name="sbom.json", pack=False):
        text = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(gzip.compress(text, mtime=0) if pack else text)
        return path

    def test_the_same_findings_as_the_image(self):
        of_image = self.scan(self.image(LAYER)).doc
        self.assertEqual(len(of_image["findings"]), 5)
        own = [library(p["name"], p["version"], p["purl"]) for p in of_image["packages"]]
        syft = as_syft_writes("&distro=debian-12")
        by_codename = as_syft_writes("&distro=debian-bookworm")
        documents = {"own": cyclonedx(*own, version="1.6"), "syft": cyclonedx(*syft), "trivy": cyclonedx(*as_trivy_writes()),
                     "codename": cyclonedx(*by_codename), "spdx": as_spdx(syft), "own-spdx": as_spdx(own)}
        for name, doc in documents.items():
            with self.subTest(name):
                r = self.scan(self.document(doc, name + ".json"))
                self.assertEqual(r.code, 0, r)
                self.assertEqual(self.names(r.doc), self.names(of_image))
                self.assertEqual(self.findings(r.doc), self.findings(of_image))
                self.assertEqual([p["source"] for p in r.doc["packages"]], [p["source"] for p in of_image["packages"]])
                self.assertEqual(r.doc["coverage"]["distribution"], "recognised")
                self.assertEqual((r.doc["layers"], r.doc["errors"], r.doc["coverage"]["skipped"]), ([], [], []))
                self.assertEqual({(p["path"], p["layer"]) for p in r.doc["packages"]}, {("", "")})

    def test_identity_and_store(self):
        path = self.document(cyclonedx(*as_syft_writes("&distro=debian-12")))
        first, again = self.scan("sbom:" + path), self.scan(path)
        with open(path, "rb") as f:
            self.assertEqual(first.doc["image"]["manifest"], clarion.digest(f.read()))
        self.assertEqual(self.findings(again.doc), self.findings(first.doc))
        stored = self.run_clarion("report", first.doc["image"]["manifest"], "--format", "json")
        self.assertEqual(self.findings(stored.doc), self.findings(first.doc))
        listed = self.run_clarion("index", path)
        self.assertEqual(self.names(listed.doc), self.names(first.doc))
        self.assertEqual(self.scan(path, "--fail-on", "high").code, 1)
        why = self.run_clarion("explain", path, "CVE-2022-37434")
        self.assertIn("in the bill of materials", why.out)
        self.assertIn("zlib1g 1:1.2.13.dfsg-1: affected", why.out)

    def test_many(self):
        """What is looked up by name is sorted first, in the worker."""
        components = [library("p%d" % i, "1.%d" % i, "pkg:npm/p%d@1.%d?%s" % (
            i, i, "&".join("k%d=v" % (j ^ 5) for j in range(32)))) for i in reversed(range(500))]
        for name, doc in (("spdx.json", as_spdx(components)), ("cyclonedx.json", cyclonedx(*components))):
            r = self.run_clarion("index", self.document(doc, name))
            self.assertEqual(r.code, 0, r)
            self.assertEqual(self.names(r.doc), sorted((c["name"], c["version"]) for c in components))

    def test_owners(self):
        doc = as_spdx([library("python3-yaml", "6.0-3", "pkg:deb/debian/python3-yaml@6.0-3?distro=debian-12"),
                       library("PyYAML", "6.0", "pkg:pypi/pyyaml@6.0")])
        doc["relationships"] = [{"spdxElementId": "SPDXRef-0", "relatedSpdxElement": "SPDXRef-1", "relationshipType": "OTHER",
                                 "comment": "ownership-by-file-overlap: the parent package claims ownership"}]
        own = cyclonedx(library("PyYAML", "6.0", "pkg:pypi/pyyaml@6.0", clarion__owned_by="deb:python3-yaml"))
        for name, what in (("spdx.json", doc), ("own.json", own)):
            packages = self.run_clarion("index", self.document(what, name)).doc["packages"]
            self.assertEqual([p["owned_by"] for p in packages if p["name"] == "PyYAML"], ["deb:python3-yaml"])

    def test_packed(self):
        path = self.document(cyclonedx(*as_syft_writes("&distro=debian-12")), "packed.json.gz", pack=True)
        self.assertEqual(len(self.scan("sbom:" + path).doc["findings"]), 5)

    def test_nothing_is_dropped_in_silence(self):
        path = self.document(cyclonedx({"type": "file", "name": "f"}, {"type": "library", "name": "x", "version": "1"},
                                       library("a", "1", "pkg:hex/a@1"), library("b", "1", "pkg:npm/b@1")))
        r = self.scan(path)
        self.assertEqual(self.names(r.doc), [("b", "1")])
        self.assertEqual(r.doc["coverage"]["distribution"], "unknown")
        self.assertEqual(len(r.doc["coverage"]["skipped"]), 3)

    def test_what_is_no_bill_of_materials(self):
        for text, why in ((b'{"a":1}', "neither CycloneDX's bomFormat nor SPDX's spdxVersion"),
                          (b'{"bomFormat":"CycloneDX"', "not JSON"),
                          (b'{"spdxVersion":"SPDX-3.0"}', "SPDX 2.3 can")):
            path = self.document(text)
            r = self.scan(path)
            self.assertEqual((r.code, r.out), (3, ""), r)
            self.assertIn(path, r.err)
            self.assertIn(why, r.err)
            self.assertNotIn("layer", r.err)
        self.assertIn("No such file", self.scan("sbom:" + self.path("absent")).err)

    def test_limits(self):
        path = self.document(cyclonedx(*as_syft_writes("&distro=debian-12")))
        r = self.scan(path, "--limit", "sbom_bytes=100")
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, r"%s: .*limit sbom_bytes" % path)
        packed = self.document(b'{"bomFormat":"CycloneDX","x":"' + b"x" * 300000 + b'"}', "big.json.gz", pack=True)
        r = self.scan("sbom:" + packed, "--limit", "sbom_bytes=2000")
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, "limit sbom_bytes.*larger than 2000 bytes")

    def test_hostile(self):
        deep = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":' + \
            b'[{"type":"library","purl":"pkg:gem/a@1","components":' * 5000 + b"[]" + b"}]" * 5000 + b"}"
        r = self.scan(self.document(deep))
        self.assertEqual(r.code, 3, r)
        self.assertIn("limit sbom_depth", r.err)
        self.assertEqual(self.names(r.doc), [("a", "1")])
        brackets = self.document(b'{"bomFormat":"CycloneDX","x":' + b"[" * 3000000 + b"]" * 3000000 + b"}", "brackets.json")
        r = self.scan(brackets, "--limit", "layer_memory_bytes=64M")
        self.assertEqual(r.code, 3, r)
        many = self.document(cyclonedx(*[library("p%d" % i, "1", "pkg:gem/p%d@1" % i) for i in range(300)]), "many.json")
        r = self.scan(many, "--limit", "packages=100")
        self.assertEqual((r.code, len(r.doc["packages"])), (3, 100))
        self.assertIn("limit packages", r.err)


if __name__ == "__main__":
    unittest.main()
