"""What others say of findings: VEX documents, given and stored, and ignore rules; packages that carry no code."""
import json
import os
import unittest
import zipfile

import clarion
from clarion import debian_layer, stanza, tracker_entry

TRACKER = {
    "openssl": {
        "CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1"),
        "CVE-2023-9999": tracker_entry(urgency="low", bookworm=None),
        "CVE-2024-1111": tracker_entry(status="undetermined", bookworm=None),
    },
    "zlib": {"CVE-2022-37434": tracker_entry(urgency="medium", bookworm="1:1.2.13.dfsg-2")},
    "jinja2": {"CVE-2024-1": tracker_entry(bookworm="3.1.2-0"), "CVE-2024-2": tracker_entry(bookworm="3.1.2-9")},
    "linux": {"CVE-2024-0001": tracker_entry(urgency="high", bookworm="6.1.99-1")},
}
LIBSSL = stanza("libssl3", "3.0.8-1+b1", source="openssl (3.0.8-1)")
LIBSSL_DEV = stanza("libssl-dev", "3.0.8-1+b1", source="openssl (3.0.8-1)")
LIBSSL_DOC = stanza("libssl-doc", "3.0.8-1", source="openssl", arch="all")
OPENSSL = stanza("openssl", "3.0.8-1")
ZLIB = stanza("zlib1g", "1:1.2.13.dfsg-1", source="zlib")
HEADERS = stanza("linux-libc-dev", "6.1.90-1", source="linux")

PURL = "pkg:deb/debian/openssl@3.0.8-1?arch=amd64&distro=debian-12"


def openvex(*statements, version=1, timestamp="2026-01-02T03:04:05Z", id="https://example.test/vex/1"):
    return {"@context": "https://openvex.dev/ns/v0.2.0", "@id": id, "author": "security@example.test",
            "timestamp": timestamp, "version": version, "statements": list(statements)}


def statement(vulnerability, *products, status="not_affected", **more):
    out = {"vulnerability": {"name": vulnerability}, "status": status,
           "products": [p if isinstance(p, dict) else {"@id": p} for p in products]}
    if status == "not_affected":
        out["justification"] = "vulnerable_code_not_present"
    if status == "affected":
        out["action_statement"] = "Update."
    out.update(more)
    return out


def full_name(id, purl=None, **helper):
    """Of the product tree of CSAF 2.0."""
    out = {"name": id + " as we call it", "product_id": id}
    if purl:
        helper["purl"] = purl
    if helper:
        out["product_identification_helper"] = helper
    return out


def as_of_csaf_21(value):
    """The same document in CSAF 2.1, where a product may have several purls."""
    if isinstance(value, list):
        return [as_of_csaf_21(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {k: as_of_csaf_21(v) for k, v in value.items()}
    if "purl" in out:
        out["purls"] = [out.pop("purl")]
    if "csaf_version" in out:
        out.update(csaf_version="2.1", distribution={"tlp": {"label": "CLEAR"}})
    if "document" in out:
        out["$schema"] = "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"
    return out


def csaf(vulnerabilities, tree, version="2.0", date="2026-01-02T03:04:05.000Z", number="1"):
    return {
        "document": {
            "category": "csaf_vex", "csaf_version": version, "title": "A document of our own", "lang": "en",
            "publisher": {"category": "vendor", "name": "Example", "namespace": "https://example.test"},
            "notes": [{"category": "summary", "text": "Made for a test."}],
            "tracking": {"id": "EX-2026-1", "status": "final", "version": number, "initial_release_date": date,
                         "current_release_date": date,
                         "revision_history": [{"date": date, "number": number, "summary": "First."}]}},
        "product_tree": tree, "vulnerabilities": vulnerabilities}


class Triage(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds(TRACKER))
        self.target = self.image(debian_layer(LIBSSL, OPENSSL, ZLIB))

    def write(self, name, content):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def found(self, doc, key="findings"):
        names = {p["id"]: p["name"] for p in doc["packages"]}
        return sorted((names[f["package"]], f["vulnerability"]) for f in doc[key])

    def suppressed_by(self, document, *options, target=None):
        """What a document suppresses, as (package, vulnerability)."""
        r = self.scan(target or self.target, "--vex", self.write("vex.json", document), *options)
        self.assertEqual(r.code, 0, r)
        both = self.found(r.doc) + self.found(r.doc, "suppressed")
        self.assertEqual(len(both), len(set(both)), "a finding is in one list")
        return self.found(r.doc, "suppressed")


class Vex(Triage):
    def test_suppressed_findings_keep_what_was_said(self):
        path = self.write("vex.json", openvex(statement("CVE-2014-0160", PURL, impact_statement="No TLS here.",
                                                        action_statement="None.")))
        r = self.scan(self.target, "--vex", path)
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.found(r.doc, "suppressed"), [("openssl", "CVE-2014-0160")])
        self.assertNotIn(("openssl", "CVE-2014-0160"), self.found(r.doc))
        self.assertIn(("libssl3", "CVE-2014-0160"), self.found(r.doc))
        one = r.doc["suppressed"][0]
        self.assertEqual((one["by"], one["severity"], one["fixed_in"], one["status"]), ("vex", "High", "3.0.9-1", "affected"))
        self.assertEqual(one["vex"], {
            "status": "not_affected", "justification": "vulnerable_code_not_present", "impact_statement": "No TLS here.",
            "action_statement": "None.", "author": "security@example.test", "timestamp": "2026-01-02T03:04:05Z",
            "document": "https://example.test/vex/1", "file": path, "statement": 1, "product": PURL})
        self.assertEqual([f["vex"] for f in r.doc["findings"]], [{}] * len(r.doc["findings"]))

    def test_products_by_purl(self):
        """What is said must agree; what is not said, or cannot be known, does not hinder."""
        agree = [PURL, "pkg:deb/debian/openssl", "pkg:deb/debian/openssl@3.0.8-1", "pkg:deb/openssl@3.0.8-1",
                 "pkg:deb/debian/openssl@3.0.8-1?distro=bookworm", "pkg:deb/debian/openssl@3.0.8-1?distro=debian-12.5",
                 "pkg:deb/Debian/OpenSSL@3.0.8-1", "pkg:DEB/debian/openssl@3%2E0.8-1", "pkg://deb/debian/openssl@3.0.8-1",
                 "pkg:deb/debian/openssl@3.0.8-1?arch=x86_64&repository_url=deb.example.test&checksum=sha1:0",
                 "pkg:deb/debian/openssl@0:3.0.8-1", "pkg:deb/debian/openssl?vers=vers:deb/%3E%3D3.0.0|%3C3.0.9"]
        differ = ["pkg:deb/ubuntu/openssl@3.0.8-1", "pkg:deb/debian/openssl@3.0.9-1", "pkg:rpm/debian/openssl@3.0.8-1",
                  "pkg:deb/debian/libssl3@3.0.8-1?arch=arm64", "pkg:deb/debian/openssl@3.0.8-1?arch=arm64",
                  "pkg:deb/debian/openssl@3.0.8-1?distro=debian-11", "pkg:deb/debian/openssl@3.0.8-1?distro=bullseye",
                  "pkg:deb/debian/openssl?vers=vers:deb/%3C3.0.8-1", "pkg:deb/debian/openssl?vers=vers:deb/%3C%3C",
                  "pkg:deb/debian/openss", "pkg:generic/openssl@3.0.8-1", "openssl", "pkg:deb"]
        for purl in agree:
            self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", purl))), [("openssl", "CVE-2014-0160")], purl)
        for purl in differ:
            self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", purl))), [], purl)
        source = "pkg:deb/debian/openssl@3.0.8-1?arch=source"
        self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", source))),
                         [("libssl3", "CVE-2014-0160"), ("openssl", "CVE-2014-0160")])

    def test_products_by_other_names(self):
        cpe = {"identifiers": {"cpe23": "cpe:2.3:a:openssl:openssl:3.0.8:*:*:*:*:*:*:*"}}
        self.assertEqual(len(self.suppressed_by(openvex(statement("CVE-2014-0160", cpe)))), 2)
        cpe = {"identifiers": {"cpe22": "cpe:/a:openssl:openssl:3.0.7"}}
        self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", cpe))), [])
        both = {"@id": "https://example.test/no-package", "identifiers": {"purl": PURL}}
        self.assertEqual(len(self.suppressed_by(openvex(statement("CVE-2014-0160", both)))), 1)

    def test_image_products(self):
        """The image alone covers all packages; with subcomponents, those."""
        manifest = self.scan(self.target).doc["image"]["manifest"]
        oci = "pkg:oci/image@" + manifest.replace(":", "%3A")
        everything = [("libssl3", "CVE-2014-0160"), ("openssl", "CVE-2014-0160")]
        for product in (oci, oci + "?repository_url=index.docker.io/any/image", "pkg:oci/other@" + manifest, manifest,
                        {"hashes": {"sha-256": manifest[7:]}}):
            self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", product))), everything, product)
        part = {"@id": oci, "subcomponents": [{"@id": "pkg:deb/debian/libssl3"}, {"@id": "pkg:npm/left-pad"}]}
        self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", part))), everything[:1])
        other = "pkg:oci/image@sha256:" + "0" * 64
        for product in (other, {"@id": other, "subcomponents": [{"@id": PURL}]}, "sha256:" + "0" * 64,
                        {"@id": "pkg:generic/app", "subcomponents": [{"@id": PURL}]}):
            self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", product))), [], product)
        within = {"@id": "pkg:deb/debian/zlib1g", "subcomponents": [{"@id": PURL}]}  # the whole is a package of the image
        self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", within))), everything[1:])

    def test_image_names(self):
        layout = clarion.OciLayout(self.path("named"))
        layout.add([debian_layer(OPENSSL)], tag="1.2")
        layout.manifests[0]["annotations"]["io.containerd.image.name"] = "docker.io/library/thing:1.2"
        layout.index()
        target = "oci:" + self.path("named")
        self.assertEqual(self.scan(target).doc["image"]["reference"], "docker.io/library/thing:1.2")
        agree = ["pkg:oci/thing", "pkg:oci/thing?repository_url=docker.io/library/thing",
                 "pkg:oci/thing?repository_url=index.docker.io/library/thing&tag=1.2",
                 "pkg:oci/thing?repository_url=index.docker.io/library", "pkg:docker/thing@1.2", "pkg:docker/library/thing",
                 "pkg:oci/thing?arch=amd64", "thing:1.2", "docker.io/library/thing", "index.docker.io/library/thing:1.2"]
        differ = ["pkg:oci/thong", "pkg:oci/thing?repository_url=ghcr.io/library/thing", "pkg:docker/thing@1.3",
                  "pkg:oci/thing?tag=1.3", "pkg:docker/other/thing@1.2", "pkg:oci/thing?arch=arm64", "thing:1.3",
                  "ghcr.io/library/thing:1.2", "https://example.test/thing"]
        for product in agree:
            self.assertEqual(len(self.suppressed_by(openvex(statement("CVE-2014-0160", product)), target=target)), 1, product)
        for product in differ:
            self.assertEqual(self.suppressed_by(openvex(statement("CVE-2014-0160", product)), target=target), [], product)

    def test_statuses_and_time(self):
        """Not affected and fixed suppress; the latest statement counts."""
        cve = "CVE-2014-0160"
        for status, n in (("not_affected", 1), ("fixed", 1), ("affected", 0), ("under_investigation", 0)):
            self.assertEqual(len(self.suppressed_by(openvex(statement(cve, PURL, status=status)))), n, status)
        before, after = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00+01:00"
        yes, no = statement(cve, PURL), statement(cve, PURL, status="affected")
        for order in ((dict(yes, timestamp=before), dict(no, timestamp=after)),
                      (dict(no, timestamp=after), dict(yes, timestamp=before))):
            r = self.scan(self.target, "--vex", self.write("vex.json", openvex(*order)))
            self.assertEqual(r.doc["suppressed"], [])
            shown = [f["vex"].get("status") for f in r.doc["findings"] if f["vex"]]
            self.assertEqual(shown, ["affected"])
        self.assertEqual(len(self.suppressed_by(openvex(dict(no, timestamp=before), dict(yes, timestamp=after)))), 1)
        self.assertEqual(len(self.suppressed_by(openvex(no, yes))), 1)  # at the same time: the one behind
        self.assertEqual(len(self.suppressed_by(openvex(yes, no))), 0)
        later = dict(yes, timestamp=before, last_updated="2026-03-01T00:00:00Z")
        self.assertEqual(len(self.suppressed_by(openvex(dict(no, timestamp=after), later))), 1)

    def test_a_later_version_of_a_document_replaces_it(self):
        old = self.write("old.json", openvex(statement("CVE-2014-0160", PURL)))
        new = self.write("new.json", openvex(statement("CVE-2023-9999", PURL), version=2))
        for order in ((old, new), (new, old)):
            r = self.scan(self.target, "--vex", order[0], "--vex", order[1])
            self.assertEqual(self.found(r.doc, "suppressed"), [("openssl", "CVE-2023-9999")])
            self.assertIn("a later version", r.doc["coverage"]["vex_unapplied"][0]["reason"])

    def test_aliases(self):
        one = statement("EX-1", PURL)
        one["vulnerability"]["aliases"] = ["cve-2014-0160"]
        self.assertEqual(len(self.suppressed_by(openvex(one))), 1)

    def test_old_shape(self):
        one = dict(statement("x"), vulnerability="CVE-2014-0160", products=[PURL])
        self.assertEqual(len(self.suppressed_by(openvex(one))), 1)

    def test_undetermined(self):
        r = self.scan(self.target, "--vex", self.write("vex.json", openvex(statement("CVE-2024-1111", PURL))))
        self.assertEqual([(f["vulnerability"], f["status"]) for f in r.doc["suppressed"]], [("CVE-2024-1111", "undetermined")])
        self.assertEqual(len(r.doc["coverage"]["undetermined"]), 1)  # libssl3's

    def test_csaf(self):
        tree = {
            "branches": [{"category": "vendor", "name": "Debian", "branches": [
                {"category": "product_name", "name": "openssl", "branches": [
                    {"category": "product_version", "name": "3.0.8-1", "product": full_name("A", PURL)},
                    {"category": "product_version_range", "name": "vers:deb/<3.0.9",
                     "product": full_name("R", "pkg:deb/debian/libssl3")},
                    {"category": "product_version_range", "name": "vers:deb/>=3.0.9",
                     "product": full_name("S", "pkg:deb/debian/libssl3")}]}]}],
            "full_product_names": [full_name("B", "pkg:deb/debian/zlib1g"), full_name("N")],
            "product_groups": [{"group_id": "G", "product_ids": ["A", "R"]}]}
        flags = [{"label": "vulnerable_code_not_in_execute_path", "group_ids": ["G"]}]

        def entry(**status):
            return {"cve": "CVE-2014-0160", "product_status": status, "flags": flags,
                    "threats": [{"category": "impact", "details": "In words.", "product_ids": ["S", "N"]},
                                {"category": "exploit_status", "details": "No.", "product_ids": ["B"]}],
                    "remediations": [{"category": "no_fix_planned", "details": "Why should we?"}]}
        document = csaf([entry(known_not_affected=["A"])], tree)
        for one in (document, as_of_csaf_21(document)):
            r = self.scan(self.target, "--vex", self.write("vex.json", one))
            one = r.doc["suppressed"][0]
            self.assertEqual(self.found(r.doc, "suppressed"), [("openssl", "CVE-2014-0160")])
            self.assertEqual((one["vex"]["justification"], one["vex"]["action_statement"], one["vex"]["author"]),
                             ("vulnerable_code_not_in_execute_path", "Why should we?", "Example"))
        for status, products, want in (
                ("known_not_affected", ["A", "R"], ["libssl3", "openssl"]), ("fixed", ["A"], ["openssl"]),
                ("first_fixed", ["R"], ["libssl3"]), ("known_affected", ["A"], []), ("under_investigation", ["A"], []),
                ("recommended", ["A"], []), ("known_not_affected", ["S"], []), ("known_not_affected", ["N"], []),
                ("known_not_affected", ["B"], [])):
            got = self.suppressed_by(csaf([entry(**{status: products})], tree))
            self.assertEqual([n for n, _ in got], want, (status, products))
        for id, word in (("N", "no package URL, CPE or digest for \"N as we call it\""), ("B", "without a justification"),
                         ("S", "vers:deb/>=3.0.9, installed is 3.0.8-1+b1")):
            r = self.scan(self.target, "--vex", self.write("vex.json", csaf([entry(known_not_affected=[id])], tree)))
            self.assertIn(word, r.doc["coverage"]["vex_unapplied"][0]["reason"])

    def test_csaf_components(self):
        tree = {"full_product_names": [full_name("image", "pkg:oci/x@sha256:" + "1" * 64), full_name("A", PURL),
                                       full_name("zlib", "pkg:deb/debian/zlib1g")],
                "relationships": [
                    {"category": "default_component_of", "product_reference": "A", "relates_to_product_reference": r,
                     "full_product_name": full_name(r + ":A")} for r in ("image", "zlib")]}
        for id, n in (("image:A", 0), ("zlib:A", 1)):
            vulnerability = {"cve": "CVE-2014-0160", "product_status": {"fixed": [id]}}
            self.assertEqual(len(self.suppressed_by(csaf([vulnerability], tree))), n)

    def test_cyclonedx(self):
        bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:1", "version": 1,
               "components": [{"type": "library", "name": "openssl", "bom-ref": "c1", "purl": PURL}],
               "vulnerabilities": [{"id": "CVE-2014-0160", "affects": [{"ref": "c1"}],
                                    "analysis": {"state": "not_affected", "justification": "code_not_reachable"}}]}
        self.assertEqual(self.suppressed_by(bom), [("openssl", "CVE-2014-0160")])
        analysis = bom["vulnerabilities"][0]["analysis"]
        for state, n in (("resolved", 1), ("false_positive", 1), ("exploitable", 0), ("in_triage", 0)):
            analysis["state"] = state
            self.assertEqual(len(self.suppressed_by(bom)), n, state)
        analysis["state"] = "resolved"
        for ref, n in (("urn:cdx:1/1#c1", 1), (PURL, 1), ("c2", 0)):
            bom["vulnerabilities"][0]["affects"] = [{"ref": ref}]
            self.assertEqual(len(self.suppressed_by(bom)), n, ref)
        bom["metadata"] = {"component": {"type": "container", "name": "ghcr.io/other/image", "bom-ref": "root"}}
        bom["vulnerabilities"][0]["affects"] = [{"ref": "c1"}]
        self.assertEqual(self.suppressed_by(bom), [])

    def test_gate_table_and_clair(self):
        path = self.write("vex.json", openvex(statement("CVE-2014-0160", "pkg:deb/debian/openssl?arch=source")))
        self.assertEqual(self.scan(self.target, "--fail-on", "high").code, 1)
        self.assertEqual(self.scan(self.target, "--fail-on", "high", "--vex", path).code, 0)
        table = self.run_clarion("scan", "--vex", path, self.target).out
        self.assertNotIn("CVE-2014-0160", table)
        self.assertIn("2 suppressed (2 by VEX, 0 ignored); --show-suppressed lists them.\n", table)
        table = self.run_clarion("scan", "--vex", path, "--show-suppressed", self.target).out
        self.assertIn("  High CVE-2014-0160 in libssl3 3.0.8-1+b1\n    not_affected (vulnerable_code_not_present)\n"
                      "      statement 1 of https://example.test/vex/1, %s, of 2026-01-02, by security@example.test\n" % path, table)
        clair = self.run_clarion("scan", "--format", "clair", "--vex", path, self.target).doc
        self.assertNotIn("CVE-2014-0160", [v["name"] for v in clair["vulnerabilities"].values()])

    def test_why_not(self):
        path = self.write("vex.json", openvex(
            statement("CVE-2014-0160", "pkg:deb/debian/openssl@3.0.7-1", "pkg:deb/debian/zlib1g"),
            statement("CVE-2023-9999", PURL, justification="")))
        r = self.scan(self.target, "--vex", path)
        self.assertEqual([(u["statement"], u["vulnerability"], u["status"]) for u in r.doc["coverage"]["vex_unapplied"]],
                         [(1, "CVE-2014-0160", "not_affected"), (2, "CVE-2023-9999", "not_affected")])
        self.assertIn("the version differs: 3.0.7-1, installed is 3.0.8-1", r.doc["coverage"]["vex_unapplied"][0]["reason"])
        self.assertIn("without a justification", r.doc["coverage"]["vex_unapplied"][1]["reason"])
        told = self.run_clarion("explain", "--vex", path, self.target, "CVE-2014-0160", "openssl")
        self.assertEqual(told.code, 0, told)
        self.assertIn("openssl 3.0.8-1: affected", told.out)
        self.assertRegex(told.out, r"vex: +not_affected, says statement 1 of https://example.test/vex/1 \(.*\), which does not apply: "
                                   r"of pkg:deb/debian/openssl@3.0.7-1, the version differs")

    def test_explain_what_suppressed(self):
        path = self.write("vex.json", openvex(statement("CVE-2014-0160", PURL, impact_statement="No TLS here.")))
        told = self.run_clarion("explain", "--vex", path, self.target, "CVE-2014-0160", "openssl").out
        self.assertRegex(told, r"suppressed: not_affected, says statement 1 of https://example.test/vex/1")
        self.assertIn("No TLS here.", told)
        self.assertRegex(told, r"severity: +High, by the Debian tracker, where it stands as \"high\"")
        self.assertRegex(told, r"links: +https://security-tracker.debian.org/tracker/CVE-2014-0160")

    def test_stored(self):
        path = self.write("vex.json", openvex(statement("CVE-2014-0160", PURL)))
        manifest = self.scan(self.target).doc["image"]["manifest"]
        self.assertEqual(self.run_clarion("vex", "list").out, "")
        self.assertEqual(self.run_clarion("vex", "add", path).code, 0)
        listed = self.run_clarion("vex", "list").out
        self.assertEqual(listed, "https://example.test/vex/1\n  OpenVEX, version 1 of 2026-01-02, by security@example.test: 1 statement\n")
        for r in (self.scan(self.target), self.run_clarion("report", "--format", "json", manifest)):
            self.assertEqual([(f["vulnerability"], f["vex"]["file"]) for f in r.doc["suppressed"]], [("CVE-2014-0160", "stored")])
        later = openvex(statement("CVE-2023-9999", PURL), version=2)
        self.assertEqual(self.run_clarion("vex", "add", self.write("later.json", later)).code, 0)
        self.assertEqual(self.found(self.scan(self.target).doc, "suppressed"), [("openssl", "CVE-2023-9999")])
        r = self.run_clarion("vex", "add", path)
        self.assertEqual(r.code, 3)
        self.assertIn("a later version of it, 2, is stored already", r.err)
        self.assertEqual(self.run_clarion("vex", "remove", "https://example.test/vex/1").code, 0)
        self.assertEqual(self.scan(self.target).doc["suppressed"], [])
        r = self.run_clarion("vex", "remove", "https://example.test/vex/1")
        self.assertEqual((r.code, "no VEX document with the id" in r.err), (3, True))
        for wrong in (["add"], ["list", "x"], ["forget", "x"]):
            self.assertEqual(self.run_clarion("vex", *wrong).code, 2)

    def test_hostile_documents(self):
        deep = {"category": "product_name", "name": "x"}
        for _ in range(80):
            deep = {"category": "vendor", "name": "x", "branches": [deep]}
        twice = {"full_product_names": [full_name("A", PURL), full_name("A", PURL)]}
        fixed = [{"cve": "CVE-1-1", "product_status": {"fixed": ["A"]}}]
        many = openvex(*[statement("CVE-1-%d" % i, PURL) for i in range(4)])
        bomb = {"full_product_names": [full_name("A", PURL)],
                "product_groups": [{"group_id": "G%d" % i, "product_ids": ["A"] * 300} for i in range(3)]}
        marked = [dict(fixed[0], flags=[{"label": "component_not_present", "group_ids": ["G0", "G1", "G2"] * 20}])]
        cases = [
            ("", "not JSON", ()), ("{", "not JSON", ()), ("[]", "no VEX document", ()), ("{}", "no VEX document", ()),
            (json.dumps({"bomFormat": "CycloneDX"}), "no VEX document", ()),
            (openvex(statement("CVE-1-1", PURL, status="good")), "statement 1: \"good\" is no status", ()),
            (dict(openvex(), statements="x"), "no \"statements\"", ()),
            (csaf(fixed, {}), "does not have the product_id \"A\"", ()), (csaf(fixed, twice), "defined twice", ()),
            (csaf([], {"branches": [deep]}), "vex_depth (64)", ()), (csaf(fixed, twice, "3.0"), "version 3.0", ()),
            (csaf([], {"full_product_names": [{"name": "x"}]}), "no usable product_id", ()),
            (many, "vex_statements (3)", ("--limit", "vex_statements=3")), (many, "vex_products (3)", ("--limit", "vex_products=3")),
            (csaf(marked, bomb), "vex_products (10000)", ("--limit", "vex_products=10000")),
            (many, "vex_bytes (100)", ("--limit", "vex_bytes=100")),
            (openvex(statement("CVE-1-1", "x" * 5000)), "field_bytes (4096)", ()),
        ]
        for document, words, options in cases:
            r = self.scan(self.target, "--vex", self.write("bad.json", document), *options)
            self.assertEqual((r.code, r.out), (3, ""), words)
            self.assertIn(words, r.err)
            self.assertIn("bad.json", r.err)
            r = self.run_clarion("vex", "add", self.path("bad.json"), *options)
            self.assertEqual(r.code, 3)
            self.assertIn(words, r.err)
        self.assertEqual(self.scan(self.target, "--vex", self.path("missing.json")).code, 3)
        escape = openvex(statement("CVE-2014-0160", PURL, impact_statement="\x1b[2J"), id="urn:\x1b[31m")
        r = self.run_clarion("scan", "--show-suppressed", "--vex", self.write("vex.json", escape), self.target)
        self.assertEqual(r.code, 0)
        self.assertNotIn("\x1b", r.out)


class Ignore(Triage):
    def ignore(self, text, *options, code=0):
        r = self.scan(self.target, "--ignore", self.write("ignore.yaml", text), *options)
        self.assertEqual(r.code, code, r)
        return r

    def test_rules(self):
        everything = [("libssl3", "CVE-2014-0160"), ("openssl", "CVE-2014-0160")]
        for more, want in (("", everything), ("package: openssl", everything[1:]), ("package: OpenSSL", everything[1:]),
                           ("package: pkg:deb/debian/openssl@3.0.8-1", everything[1:]), ("package: pkg:deb/debian/openssl@1", []),
                           ("package: openssl\n    version: 3.0.8-1", everything[1:]), ("package: openssl\n    version: 3.0.9-1", []),
                           ("path: var/lib/dpkg/*", everything), ("path: opt/*", []), ("until: 2999-12-31", everything),
                           ("who: me", everything)):
            text = "ignore:\n  - id: cve-2014-0160\n    reason: no TLS\n" + ("    %s\n" % more if more else "")
            self.assertEqual(self.found(self.ignore(text).doc, "suppressed"), want, more)

    def test_what_is_kept(self):
        text = "# ours\nignore:\n  - id: CVE-2014-0160\n    reason: no TLS\n    who: me\n    until: 2999-12-31\n"
        r = self.ignore(text, "--fail-on", "high")
        one = r.doc["suppressed"][0]
        self.assertEqual((one["by"], one["ignore"]), ("ignore", {
            "reason": "no TLS", "who": "me", "until": "2999-12-31", "file": self.path("ignore.yaml"), "line": 3}))
        table = self.run_clarion("scan", "--ignore", self.path("ignore.yaml"), "--show-suppressed", self.target).out
        self.assertIn("2 suppressed (0 by VEX, 2 ignored):\n", table)
        self.assertIn("ignored: no TLS\n      rule of %s line 3, until 2999-12-31, by me\n" % self.path("ignore.yaml"), table)
        told = self.run_clarion("explain", "--ignore", self.path("ignore.yaml"), self.target, "CVE-2014-0160", "openssl").out
        self.assertRegex(told, r"suppressed: the rule in .* line 3 ignores it until 2999-12-31, by me\n +because: +no TLS")

    def test_a_rule_above_a_statement(self):
        """VEX that says "affected" does not take back what our own people decided."""
        vex = self.write("vex.json", openvex(statement("CVE-2014-0160", PURL, status="affected")))
        r = self.ignore("ignore:\n- {id: CVE-2014-0160, reason: x, package: openssl}\n", "--vex", vex)
        self.assertEqual([(f["by"], f["vex"]["status"]) for f in r.doc["suppressed"]], [("ignore", "affected")])

    def test_expired_and_unused(self):
        text = "ignore:\n- id: CVE-2014-0160\n  reason: x\n  until: 2026-11-22\n- id: CVE-2099-1\n  reason: y\n"
        at = {"SOURCE_DATE_EPOCH": "1795392000"}  # 2026-11-23
        path = self.write("ignore.yaml", text)
        r = self.scan(self.target, "--ignore", path, env=at)
        self.assertEqual(r.doc["suppressed"], [])
        self.assertIn("the rule of line 2 on CVE-2014-0160 expired on 2026-11-22", r.err)
        self.assertNotIn("line 5", r.err)
        r = self.scan(self.target, "-v", "--ignore", path, env=at)
        self.assertIn("the rule of line 5 on CVE-2099-1 fits nothing", r.err)
        self.assertNotIn("line 2 on CVE-2014-0160 fits", r.err)
        r = self.scan(self.target, "--ignore", path, env={"SOURCE_DATE_EPOCH": "1795391999"})  # the last second of the 22nd
        self.assertEqual(len(r.doc["suppressed"]), 2)

    def test_mistakes_name_their_line(self):
        rule = "ignore:\n- id: CVE-1-1\n  reason: x\n"
        for text, words in (
                ("", "the file is empty"), ("- x\n", "yaml:1:3: the file is to begin"), ("ignore: x\n", "wants a list"),
                ("rules: []\n", "yaml:1:1: \"rules\" is no key"), (rule + "  packge: y\n", "yaml:4:3: \"packge\" is no key of a rule"),
                ("ignore:\n- id: CVE-1-1\n", "yaml:2:3: the rule has no reason"), ("ignore:\n- reason: x\n", "yaml:2:3: the rule has no id"),
                (rule + "  until: tomorrow\n", "yaml:2:3: until is \"tomorrow\""), (rule + "  version: 1\n", "version but no package"),
                (rule + "  who: [a]\n", "yaml:4:3: who wants a text"), (rule + "  who: ~\n", "who wants a text"),
                (rule + "  id: CVE-1-2\n", "yaml:4:"), (rule + "  who: 'a\n", "not YAML"),
                (rule + "- x\n", "yaml:4:3: a rule is a mapping"),
                ("ignore:\n- id: CVE-1-1\n  reason: *a\n", "no anchor for the alias *a"),
                ("ignore:\n- &a [*a]\n", "yaml_depth"),
                ("ignore:\n- id: CVE-1-1\n  reason: x\n" + "".join("  k%d: x\n" % i for i in range(1000)), "too many keys"),
                ("ignore:\n" + "".join("- &a%d x\n" % i for i in range(1001)), "yaml:1002:10: too many anchors"),
                ("ignore:\n" + "[" * 5000, "yaml_depth"), (rule + "---\n" + rule, "more than one document"),
                (rule + "%TAG ! x\n", "directives"), (rule + "\0" + rule, "a byte of zero"), ("ignore:\n- id: \"a\\0b\"\n  reason: x\n", "a byte of zero"),
                ("ignore:\n- id: %s\n  reason: x\n" % ("x" * 5000), "field_bytes (4096)")):
            r = self.ignore(text, code=3)
            self.assertEqual(r.out, "", text)
            self.assertIn(words, r.err)
            self.assertIn("ignore.yaml", r.err)
        r = self.ignore(rule * 1 + "- id: CVE-1-2\n  reason: y\n", "--limit", "ignore_rules=1", code=3)
        self.assertIn("ignore_rules (1)", r.err)
        self.assertIn("yaml_bytes (10)", self.ignore(rule, "--limit", "yaml_bytes=10", code=3).err)


class Code(Triage):
    def test_packages_without_the_code(self):
        target = self.image(debian_layer(LIBSSL, LIBSSL_DEV, LIBSSL_DOC, HEADERS), name="code")
        doc = self.scan(target).doc
        names = {p["id"]: p["name"] for p in doc["packages"]}
        self.assertEqual(sorted({(names[f["package"]], f["carries_code"], f["why"]) for f in doc["findings"]}), [
            ("libssl-dev", True, "development files"), ("libssl-doc", False, "documentation"), ("libssl3", True, ""),
            ("linux-libc-dev", False, "headers of the kernel")])
        table = self.run_clarion("scan", target).out
        self.assertRegex(table, r"High +linux-libc-dev \* ")
        self.assertRegex(table, r"libssl-dev \+ ")
        self.assertIn("* 3 findings in packages that do not carry the code", table)
        self.assertIn("+ 2 findings in development files", table)
        only = self.scan(target, "--only-code").doc
        self.assertEqual({names[f["package"]] for f in only["findings"]}, {"libssl-dev", "libssl3"})
        table = self.run_clarion("scan", "--only-code", target).out
        self.assertNotIn("linux-libc-dev", table)
        self.assertIn("3 findings in packages that do not carry the code are left out (--only-code).", table)
        headers = self.image(debian_layer(HEADERS), name="headers")
        self.assertEqual(self.scan(headers, "--fail-on", "high").code, 1)
        self.assertEqual(self.scan(headers, "--fail-on", "high", "--only-code").code, 0)
        self.assertIn("headers of the kernel, and not the code", self.run_clarion("explain", headers, "CVE-2024-0001").out)


class Owned(Triage):
    def osv(self, *records):
        """A mirror folder with OSV's archive of PyPI."""
        where = self.path("osv", "osv-vulnerabilities.storage.googleapis.com", "PyPI")
        os.makedirs(where)
        with zipfile.ZipFile(os.path.join(where, "all.zip"), "w") as z:
            for r in records:
                z.writestr(r["id"] + ".json", json.dumps(r))
        return self.path("osv")

    def test_the_distribution_decides(self):
        def record(n):
            return {"id": "GHSA-%d" % n, "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2024-%d" % n], "affected": [{
                "package": {"ecosystem": "PyPI", "name": "jinja2"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}]}]}
        self.update(self.osv(record(1), record(2), record(3)), "osv-pypi")
        metadata = "usr/lib/python3/dist-packages/Jinja2-3.1.2.dist-info/METADATA"
        target = self.image(debian_layer(stanza("python3-jinja2", "3.1.2-1", source="jinja2", arch="all"), extra=[
            ("var/lib/dpkg/info/python3-jinja2.list", "/.\n/%s\n" % metadata),
            (metadata, "Name: Jinja2\nVersion: 3.1.2\n\n"),
            ("opt/lib/python3.11/site-packages/Jinja2-3.1.2.dist-info/METADATA", "Name: Jinja2\nVersion: 3.1.2\n\n")]), name="owned")
        doc = self.scan(target).doc
        paths = {p["id"]: p["path"].split("/")[0] for p in doc["packages"]}
        self.assertEqual(sorted((paths[f["package"]], f["vulnerability"]) for f in doc["findings"]), [
            ("opt", "CVE-2024-1"), ("opt", "CVE-2024-2"), ("opt", "CVE-2024-3"), ("usr", "CVE-2024-3"), ("var", "CVE-2024-2")])
        self.assertEqual(doc["coverage"]["decided_by_distribution"], 2)
        told = self.run_clarion("explain", target, "CVE-2024-1", "Jinja2").out
        self.assertIn("Jinja2 3.1.2: left to the distribution\n", told)
        self.assertRegex(told, r"why: +judged by the distribution, which brought it as deb:python3-jinja2: the Debian tracker says .*: not affected")
        self.assertIn("Jinja2 3.1.2: affected\n", told)  # the other one


if __name__ == "__main__":
    unittest.main()
