"""affected_manifest against the reports: a vulnerability of a report concerns just the images whose reports have it.

For every ecosystem: the images of the shared folder, bills of materials for the distributions of which there is no image, and
each of them again with newer versions of every second package, so that reports lack what others have.
"""
import collections
import glob
import io
import json
import os
import re
import unittest
import zipfile

import clarion
import serving

AFFECTED, REPORT = "/indexer/api/v1/internal/affected_manifest/", "/matcher/api/v1/vulnerability_report/"
BUCKET = "osv-vulnerabilities.storage.googleapis.com"
OPERATIONS, DIFF = "/matcher/api/v1/internal/update_operation", "/matcher/api/v1/internal/update_diff"
AT_ONCE = 1000  # vulnerabilities

# Feeds of which the shared folder has nothing, in their own forms.
OSV = {
    "Rocky Linux:9": [("RLSA-2030:1", "bash", "0:5.1.8-9.el9"), ("RLSA-2030:2", "openssl", "1:3.0.7-99.el9")],
    "NuGet": [("GHSA-nnnn-nnnn-0001", "Newtonsoft.Json", "13.0.1")],
    "Packagist": [("GHSA-pppp-pppp-0001", "monolog/monolog", "2.0.0")],
}
SECDB = {"packages": [{"pkg": {"name": "openssl", "secfixes": {"3.1.4-r0": ["CVE-2030-0001"], "0": ["CVE-2030-0002"]}}}]}
OVAL = ('<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:l="http://oval.mitre.org/XMLSchema/'
        'oval-definitions-5#linux"><definitions><definition class="vulnerability" id="oval:x:def:1"><metadata><reference ref_id="CVE-2030-0003" '
        'source="CVE"/><severity>High</severity></metadata><criteria operator="AND"><criterion comment="Package zlib is earlier" '
        'test_ref="oval:x:tst:1"/></criteria></definition></definitions><tests><l:rpminfo_test id="oval:x:tst:1"><l:object object_ref="oval:x:obj:1"/><l:state '
        'state_ref="oval:x:ste:1"/></l:rpminfo_test><l:rpminfo_object id="oval:x:obj:1"><l:name>zlib</l:name></l:rpminfo_object><l:rpminfo_state id="oval:x:ste:1">'
        '<l:evr datatype="evr_string" operation="less than">0:9-1</l:evr></l:rpminfo_state></tests></oval_definitions>')
# Images of which the shared folder has none: the distribution, its release, and packages.
BILLS = {
    "amazon1": ("amzn", "2018.03", ["rpm/amzn/httpd@2.2.20-1.0.amzn1?arch=x86_64&distro=amzn-2018.03"]),
    "amazon2": ("amzn", "2", ["rpm/amzn/kernel@4.9.1-1.amzn2?arch=x86_64&distro=amzn-2"]),
    "amazon2023": ("amzn", "2023", ["rpm/amzn/rsyslog@8.1-1.amzn2023?arch=x86_64&distro=amzn-2023"]),
    "rocky": ("rocky", "9.2", ["rpm/rocky/bash@5.1.8-6.el9?arch=x86_64&distro=rocky-9.2&upstream=bash-5.1.8-6.el9.src.rpm",
                               "rpm/rocky/openssl-libs@3.0.7-1.el9?arch=x86_64&epoch=1&distro=rocky-9.2&upstream=openssl-3.0.7-1.el9.src.rpm"]),
    "chainguard": ("chainguard", "20230214", ["apk/chainguard/openssl@3.1.0-r0?arch=x86_64&distro=chainguard-20230214"]),
    "azurelinux": ("azurelinux", "3.0", ["rpm/azurelinux/zlib@1.3-1.azl3?arch=x86_64&distro=azurelinux-3.0&upstream=zlib-1.3-1.azl3.src.rpm"]),
    "oracle": ("ol", "8.4", ["rpm/oraclelinux/openssl-libs@1.1.1g-12.ksplice1.el8?arch=x86_64&epoch=1&distro=ol-8.4"]),
    "sles": ("sles", "15.1", ["rpm/suse/kernel-default@4.12.14-197.1?arch=x86_64&distro=sles-15.1"]),
    "leap": ("opensuse-leap", "15.2", ["rpm/opensuse/fastjar@0.98-lp152.1.1?arch=x86_64&distro=opensuse-leap-15.2"]),
    "languages": ("", "", ["nuget/Newtonsoft.Json@12.0.1", "composer/monolog/monolog@1.0.0"]),
}
# What the labels of an image of Red Hat's tell.
LABELS = {"com.redhat.component": "clair-container", "name": "quay/clair-rhel8", "architecture": "x86_64", "release": "1"}
# Of whom something must have been compared: the updaters of the reports, as Clair calls them, or the beginning of their names.
UPDATERS = ("debian/", "ubuntu/", "alpine-", "rhel-vex", "rhel-vex of containers", "oracle-", "suse-updater-suse", "suse-updater-opensuse", "photon-",
            "aws-AL1", "aws-AL2-", "aws-AL2023", "wolfi-", "chainguard-", "azurelinux-", "mariner-", "osv/almalinux", "osv/rocky", "osv/pypi",
            "osv/npm", "osv/go", "osv/maven", "osv/crates", "osv/rubygems", "osv/nuget", "osv/packagist")
# Of whom records are changed to such as no feed has.
FOREIGN = ("debian/", "ubuntu/", "photon-", "osv/almalinux", "osv/pypi")
# Flaws of a package of Python's of which the distribution that brought it has a word of its own, in two images.
OWNED = ("PYSEC-2023-192", "PYSEC-2023-212")


def release(vulnerability):
    """What the record is for, as its document says: records of another release are others."""
    d = vulnerability["distribution"]
    number = d["version_id"] or d["version"]
    if d["did"] in ("rhel", "ol", "almalinux", "rocky"):
        number = number.split(".")[0]
    return d["did"], number or d["version_code_name"]


def record(vulnerability):
    """What makes it one record and no other."""
    v = vulnerability
    return (v["updater"], v["name"], json.dumps(v["package"], sort_keys=True), v["repository"].get("name"), v["repository"].get("key"), release(v), v["fixed_in_version"])


def bill(distribution, version, purls):
    """A bill of materials."""
    components = [{"type": "operating-system", "name": distribution, "version": version}] if distribution else []
    for purl in purls:
        name, _, rest = purl.partition("@")
        components.append({"type": "library", "name": name.split("/")[-1], "version": rest.partition("?")[0], "purl": "pkg:" + purl.removeprefix("pkg:")})
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}


@clarion.need_shared
class Affected(clarion.Case):
    maxDiff = None

    def mirror(self):
        """The shared feeds, and those of which it has none."""
        shared, mirror = os.path.join(clarion.SHARED, "feeds"), self.path("mirror")
        os.makedirs(os.path.join(mirror, BUCKET))
        for host in os.listdir(shared):
            if host != BUCKET:
                os.symlink(os.path.join(shared, host), os.path.join(mirror, host))
        for ecosystem in glob.glob(os.path.join(shared, BUCKET, "*", "")):
            os.symlink(ecosystem, os.path.join(mirror, BUCKET, os.path.basename(ecosystem[:-1])))
        for ecosystem, records in OSV.items():
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w") as z:
                for name, package, fix in records:
                    z.writestr(name + ".json", json.dumps({"id": name, "summary": "A flaw.", "affected": [
                        {"package": {"ecosystem": ecosystem, "name": package},
                         "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fix}]}]}]}))
            self.write(os.path.join(mirror, BUCKET, ecosystem, "all.zip"), data.getvalue())
        names = "".join(sorted(name + "\n" for name in os.listdir(os.path.join(mirror, BUCKET))))
        self.write(os.path.join(mirror, BUCKET, "ecosystems.txt"), names.encode())
        self.write(os.path.join(mirror, "packages.cgr.dev", "chainguard", "security.json"), json.dumps(SECDB).encode())
        for name in ("cbl-mariner-1.0", "cbl-mariner-2.0", "azurelinux-3.0"):
            self.write(os.path.join(mirror, "raw.githubusercontent.com", "microsoft", "AzureLinuxVulnerabilityData", "main", name + "-oval.xml"),
                       OVAL.encode())
        return mirror

    def write(self, path, data):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)

    def index(self, target):
        """A bill of materials of what the image holds."""
        r = self.run_clarion("scan", target, "--format", "json")
        self.assertIn(r.code, (0, 3), r)
        distribution = r.doc["image"]["distribution"]
        self.manifests.add(r.doc["image"]["manifest"])
        return distribution["id"], distribution["version"], [p["purl"] for p in r.doc["packages"] if p["purl"]]

    def index_all(self):
        """Every image, and every image in other versions."""
        images, self.manifests = dict(BILLS), set()
        for path in sorted(glob.glob(os.path.join(clarion.SHARED, "images", "*.oci"))):
            if not os.path.basename(path).startswith(("bad-", "fmt-")):
                images[os.path.basename(path)] = self.index("oci:" + path)
        for version in ("v3.0.0", "v99.0.0"):
            labels = json.dumps(dict(LABELS, version=version)).encode()
            self.index(self.image(clarion.tar_of([("root/buildinfo/labels.json", labels)]), name="clair-" + version))
        for name, (distribution, version, purls) in images.items():
            for parity in (0, 1) if not name.endswith(".oci") else (0,):
                newer = [re.sub(r"(@|%40)(v?)(\d)", r"\g<1>\g<2>99\3", purl) if i % 2 == parity else purl for i, purl in enumerate(purls)]
                path = self.path("%s-%d.json" % (name, parity))
                self.write(path, json.dumps(bill(distribution, version, newer)).encode())
                self.index("sbom:" + path)

    def reports(self, service):
        """{manifest: {record: its document}}, as the service reports."""
        return {m: {record(v): v for v in service.get(REPORT + m).doc["vulnerabilities"].values()} for m in sorted(self.manifests)}

    def affected(self, service, documents):
        """For each of the documents the manifests that it concerns."""
        found = [set() for _ in documents]
        for first in range(0, len(documents), AT_ONCE):
            body = json.dumps({"vulnerabilities": [dict(v, id=str(first + i)) for i, v in enumerate(documents[first:first + AT_ONCE])]})
            answer = service.ask("POST", AFFECTED, body)
            self.assertEqual(answer.status, 200, answer)
            for manifest, ids in answer.doc["vulnerable_manifests"].items():
                for i in ids:
                    found[int(i)].add(manifest)
        return found

    def compare(self, service, documents, reports, key_of=record):
        """Records that are one by their key, though not in all that we know of them, concern together whom reports say."""
        concerned, wrong = {}, []
        for v, found in zip(documents, self.affected(service, documents)):
            concerned.setdefault(key_of(v), set()).update(found)
        held = {}
        for manifest, vulnerabilities in reports.items():
            for v in vulnerabilities.values():
                held.setdefault(key_of(v), set()).add(manifest)
        for key, found in concerned.items():
            wanted = held.get(key, set())
            if found != wanted:
                wrong.append((key, "too many: %s" % sorted(found - wanted), "missed: %s" % sorted(wanted - found)))
        self.assertEqual((len(wrong), wrong[:5]), (0, []))
        return sum(map(len, concerned.values()))

    def compare_feed(self, service, reports, feed):
        """All that a feed says, most of it of nothing that any image holds; of the rest, most is not what decides."""
        def key_of(vulnerability):
            return record(vulnerability)[:-2] + record(vulnerability)[-1:]
        operations = service.get(OPERATIONS).doc[feed]
        documents = service.get("%s?cur=%s" % (DIFF, operations[0]["ref"])).doc["added"]
        self.assertTrue(all("clarion" in v for v in documents))
        self.assertGreater(self.compare(service, documents, reports, key_of), 0)

    def compare_foreign(self, service, documents, reports, suppressed):
        """Records that no feed has, mended in a later version: they concern whom the feeds' own do, and those that have its fix."""
        foreign = [dict(v, fixed_in_version=v["fixed_in_version"] + ".1") for v in documents if v["updater"].startswith(FOREIGN)
                   and v["fixed_in_version"] and "&" not in v["fixed_in_version"]]
        self.assertEqual({u for u in FOREIGN if not any(v["updater"].startswith(u) for v in foreign)}, set())
        concerned = 0
        for v, found in zip(foreign, self.affected(service, foreign)):
            own = record(dict(v, fixed_in_version=v["fixed_in_version"][:-2]))
            wanted = {manifest for manifest, vulnerabilities in reports.items() if own in vulnerabilities}
            self.assertEqual(wanted - found, set(), own)
            self.assertEqual(found & suppressed if v["name"] in self.suppressed_names else set(), set(), own)
            if v["name"] in OWNED:
                self.assertEqual(found, wanted, own)
            concerned += len(found)
        self.assertGreater(concerned, 1000)
        self.assertEqual(set(OWNED) - {v["name"] for v in foreign}, set())

    def suppress(self, reports):
        """Says of every third vulnerability that every second image is not affected. Gives these images."""
        manifests = sorted(reports)[::2]
        self.suppressed_names = names = sorted({v["name"] for vulnerabilities in reports.values() for v in vulnerabilities.values()})[::3]
        with open(self.path("vex.json"), "w", encoding="utf-8") as f:
            json.dump({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex", "author": "us", "timestamp": "2026-01-01T00:00:00Z",
                       "version": 1, "statements": [{"vulnerability": {"name": name}, "products": [{"@id": m} for m in manifests], "status": "not_affected",
                                                     "justification": "vulnerable_code_not_present"} for name in names]}, f)
        self.assertEqual(self.run_clarion("vex", "add", self.path("vex.json")).code, 0)
        return set(manifests)

    def test_every_ecosystem(self):
        self.update(self.mirror())
        self.index_all()
        service = serving.Service(self, {"limits": {"request_body_bytes": 1 << 26}})
        reports = self.reports(service)
        documents = list({key: v for vulnerabilities in reports.values() for key, v in vulnerabilities.items()}.values())
        self.assertGreater(len(documents), 4000)
        before = self.compare(service, documents, reports)
        names = collections.Counter(v["updater"] + (" of containers" if "rhcc" in v["repository"].get("key", "") else "") for v in documents)
        self.assertEqual([u for u in UPDATERS if not any(name.startswith(u) for name in names)], [], names)
        for feed in ("amazon", "photon", "osv-pypi", "osv-crates", "redhat-vex"):
            self.compare_feed(service, reports, feed)
        suppressed, reports = self.suppress(reports), self.reports(service)
        self.assertLess(self.compare(service, documents, reports), before)
        self.compare_foreign(service, documents, reports, suppressed)


if __name__ == "__main__":
    unittest.main()
