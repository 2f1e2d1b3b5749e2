"""Bills of materials as outputs: valid by the formats' own schemas and tools, and judged like the image when read back."""
import glob
import json
import os
import unittest

import clarion
import pypi
from clarion import debian_layer, stanza, tracker_entry

CYCLONEDX = ("cyclonedx-python-lib==11.*", "jsonschema-rs==0.*")
SPDX = ("spdx-tools==0.8.*",)
DEMO = os.path.join(os.path.dirname(clarion.HERE), "demo")

# Both print one line of faults for each file, "null" for none. The schemas come with CycloneDX's own library, whose
# validator takes a hundred times as long.
CYCLONEDX_VALIDATES = """
import glob, json, os, sys
import cyclonedx.schema, jsonschema_rs
schemas = {}
for path in glob.glob(os.path.join(os.path.dirname(cyclonedx.schema.__file__), "_res", "*.schema.json")):
    with open(path, encoding="utf-8") as f:
        schemas[os.path.basename(path)] = json.load(f)
validator = jsonschema_rs.Draft7Validator(schemas["bom-1.6.SNAPSHOT.schema.json"], validate_formats=True,
                                          retriever=lambda uri: schemas[os.path.basename(uri)])
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as f:
        faults = [(e.message, list(e.instance_path)) for e in validator.iter_errors(json.load(f))]
    print(json.dumps(str(faults[:3])[:2000] if faults else None))
"""
SPDX_VALIDATES = """
import json, sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
for name in sys.argv[1:]:
    try:
        faults = [m.validation_message for m in validate_full_spdx_document(parse_file(name))]
    except Exception as e:
        faults = [repr(e), *getattr(e, "messages", [])]
    print(json.dumps(str(faults[:3])[:2000] if faults else None))
"""
VALIDATORS = {"cyclonedx": (CYCLONEDX, CYCLONEDX_VALIDATES), "spdx": (SPDX, SPDX_VALIDATES)}
TRACKER = {
    "openssl": {"CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1"),
                "CVE-2023-9999": tracker_entry(urgency="low", bookworm=None)},
    "zlib": {"CVE-2022-37434": tracker_entry(urgency="medium", bookworm="1:1.2.13.dfsg-2")},
}
LAYER = debian_layer(stanza("libssl3", "3.0.8-1+b1", source="openssl (3.0.8-1)"), stanza("openssl", "3.0.8-1"),
                     stanza("zlib1g", "1:1.2.13.dfsg-1", source="zlib"))


def packages_of(doc):
    keys = ("kind", "name", "version", "source", "arch", "module", "vendor", "repository", "path", "owned_by", "purl")
    return [[p[key] for key in keys] for p in doc["packages"]]


def findings_of(doc):
    packages = {p["id"]: p for p in doc["packages"]}
    return sorted((packages[f["package"]]["kind"], packages[f["package"]]["name"], packages[f["package"]]["version"], f["vulnerability"],
                   f["severity"], f["fixed_in"], f["feed"]) for f in doc["findings"])


def purls_of(fmt, doc):
    """As another reader finds them."""
    if fmt == "cyclonedx":
        return [c["purl"] for c in doc["components"] if "purl" in c]
    return [r["referenceLocator"] for p in doc["packages"] for r in p.get("externalRefs", []) if r["referenceType"] == "purl"]


class Written(clarion.Case):
    def written(self, fmt, text, name):
        path = self.path("%s.%s.json" % (name, fmt))
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def assert_valid(self, files):
        for fmt, (packages, script) in VALIDATORS.items():
            mine = [f for f in files if f.endswith(fmt + ".json")]
            if not mine:
                continue
            done = pypi.run(packages, "-c", script, *mine, timeout=900)
            self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
            faults = [json.loads(line) for line in done.stdout.decode().splitlines()]
            self.assertEqual(len(faults), len(mine))
            for name, fault in zip(mine, faults):
                self.assertIsNone(fault, name)

    def assert_refers(self, doc):
        """What no schema says: each thing has a name of its own, and whatever is referred to is there."""
        refs = [c["bom-ref"] for c in (doc["metadata"]["component"], *doc["components"], *doc.get("vulnerabilities", ()))]
        self.assertEqual(len(refs), len(set(refs)))
        used = [r for d in doc["dependencies"] for r in (d["ref"], *d["dependsOn"])]
        used += [r for c in doc["compositions"] for key in ("assemblies", "vulnerabilities") for r in c.get(key, ())]
        used += [a["ref"] for v in doc.get("vulnerabilities", ()) for a in v["affects"]]
        self.assertEqual(set(used) - set(refs), set())

    def assert_read_back(self, image, files):
        """The reports of an image's bills of materials are that of the image, and say what it could not."""
        for path in files:
            r = self.scan("sbom:" + path)
            with self.subTest(os.path.basename(path)):
                self.assertEqual(r.code, image.code, r)
                self.assertEqual(packages_of(r.doc), packages_of(image.doc))
                self.assertEqual(findings_of(r.doc), findings_of(image.doc))
                self.assertEqual(r.doc["image"]["distribution"], image.doc["image"]["distribution"])
                self.assertEqual([(x["id"], x["cpes"]) for x in r.doc["repositories"]],
                                 [(x["id"], x["cpes"]) for x in image.doc["repositories"]])
                for what in ("distribution", "judged", "unjudged", "unmatched_kinds", "decided_by_distribution"):
                    self.assertEqual(r.doc["coverage"][what], image.doc["coverage"][what], what)
                self.assertEqual(len(r.doc["coverage"]["undetermined"]), len(image.doc["coverage"]["undetermined"]))
                self.assertEqual(bool(r.doc["errors"]), bool(image.doc["errors"]))
                self.assertGreaterEqual(len(r.doc["coverage"]["skipped"]), min(1, len(image.doc["coverage"]["skipped"])))

    def all_of(self, target, name, *args, commands=("scan", "index")):
        """The image's report, and files with its bills of materials, of a report and of the inventory alone; none of an
        image that is refused as a whole."""
        image, files = self.scan(target, *args), []
        for fmt in VALIDATORS if image.out else ():
            for command in commands:
                r = self.run_clarion(command, "--format", fmt, *(args if command == "scan" else ()), target)
                self.assertEqual(r.code, image.code if command == "scan" else r.code, r)
                files.append(self.written(fmt, r.out, "%s.%s" % (name, command)))
                self.assertEqual(sorted(purls_of(fmt, r.doc)), sorted(p["purl"] for p in image.doc["packages"]))
                if fmt == "cyclonedx":
                    self.assert_refers(r.doc)
        return image, files


class SbomOutput(Written):
    def test_demo(self):
        self.update(os.path.join(DEMO, "feeds"))
        image, files = self.all_of("oci:" + os.path.join(DEMO, "image"), "demo")
        self.assertNotEqual(findings_of(image.doc), [])
        self.assert_valid(files)
        self.assert_read_back(image, files)

    def test_the_validators_tell(self):
        for fmt, fault in (("cyclonedx", "affixes"), ("spdx", "creationInfo")):
            doc = self.run_clarion("index", "--format", fmt, self.image(LAYER)).doc
            doc[fault] = "what is neither here nor there"
            with self.assertRaises(AssertionError):
                self.assert_valid([self.written(fmt, json.dumps(doc), "broken")])

    def test_what_a_report_says(self):
        self.update(self.feeds(TRACKER))
        target = self.image(LAYER)
        r = self.run_clarion("scan", "--format", "cyclonedx", target)
        self.assertEqual(r.code, 0, r)
        refs = {c["bom-ref"]: c["name"] for c in r.doc["components"]}
        found = {v["id"]: sorted(refs[a["ref"]] for a in v["affects"]) for v in r.doc["vulnerabilities"]}
        self.assertEqual(found, {"CVE-2014-0160": ["libssl3", "openssl"], "CVE-2023-9999": ["libssl3", "openssl"],
                                 "CVE-2022-37434": ["zlib1g"]})
        heartbleed = next(v for v in r.doc["vulnerabilities"] if v["id"] == "CVE-2014-0160")
        self.assertEqual([x["status"] for x in heartbleed["affects"][0]["versions"]], ["affected", "unaffected"])
        self.assertEqual(heartbleed["affects"][0]["versions"][1]["version"], "3.0.9-1")
        fixed = self.run_clarion("scan", "--format", "cyclonedx", "--only-fixed", target).doc["vulnerabilities"]
        self.assertEqual(sorted(v["id"] for v in fixed), ["CVE-2014-0160", "CVE-2022-37434"])
        self.assertNotIn("vulnerabilities", self.run_clarion("index", "--format", "cyclonedx", target).doc)
        spdx = self.run_clarion("scan", "--format", "spdx", target).doc
        security = [x["comment"].split(":")[0] for p in spdx["packages"] for x in p.get("externalRefs", [])
                    if x["referenceCategory"] == "SECURITY"]
        self.assertEqual(sorted(security), sorted(["CVE-2014-0160", "CVE-2023-9999"] * 2 + ["CVE-2022-37434"]))

    def test_decisions(self):
        """What VEX documents decide is in the document, which is a VEX document itself."""
        self.update(self.feeds(TRACKER))
        target = self.image(LAYER)
        vex = self.vex("not_affected", "CVE-2014-0160", justification="vulnerable_code_not_present")
        image, files = self.all_of(target, "vex", "--vex", vex)
        self.assertEqual(len(image.doc["suppressed"]), 1)
        self.assert_valid(files)
        with open(files[0], encoding="utf-8") as f:
            doc = json.load(f)
        decided = [v for v in doc["vulnerabilities"] if v["id"] == "CVE-2014-0160"]
        # Of libssl3 nothing was said, so that is a vulnerability of its own.
        self.assertEqual([v.get("analysis", {}).get("state") for v in decided], [None, "not_affected"])
        self.assertEqual(decided[1]["analysis"]["justification"], "code_not_present")
        again = self.scan(target, "--vex", files[0])
        self.assertEqual(findings_of(again.doc), findings_of(image.doc))

    def test_same_bytes(self):
        """Whoever writes it, and whenever, the same inventory and feeds are the same document."""
        feeds, target = self.feeds(TRACKER), self.image(LAYER)
        env = {"SOURCE_DATE_EPOCH": "1790000000"}
        for fmt in VALIDATORS:
            texts = set()
            for data in ("one", "two"):
                self.run_clarion("update", "--mirror", feeds, data=self.path(data), env=env)
                for command in ("scan", "scan"):
                    texts.add(self.run_clarion(command, "--format", fmt, target, data=self.path(data), env=env).out)
            self.assertEqual(len(texts), 1)
            # The time of a report is that of its feeds.
            later = dict(env, SOURCE_DATE_EPOCH="1790009999")
            self.assertEqual(self.run_clarion("scan", "--format", fmt, target, data=self.path("one"), env=later).out, texts.pop())

    def test_odd_packages(self):
        """Names that no package URL can say, versions longer than CycloneDX allows, packages twice in one image."""
        self.update(self.feeds(TRACKER))
        meta = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n"
        extra = [("usr/lib/python3/dist-packages/a-1.dist-info/METADATA", meta % ("A_b.C", "1")),
                 ("opt/lib/python3/site-packages/a-1.dist-info/METADATA", meta % ("A_b.C", "1")),
                 ("opt/app/node_modules/odd/package.json", json.dumps({"name": "a//b/", "version": "1.0.0"})),
                 ("opt/app/node_modules/long/package.json", json.dumps({"name": "long", "version": "1." + "0" * 2000})),
                 ("opt/app/node_modules/bad/package.json",
                  json.dumps({"name": "</script>\u202e\x1b[31m\"\n'", "version": "javascript:x"}))]
        image, files = self.all_of(self.image(debian_layer(stanza("Openssl", "3.0.8-1", source="openssl"), extra=extra)), "odd")
        self.assertEqual(len([p for p in image.doc["packages"] if p["name"] == "A_b.C"]), 2)
        self.assertIn("long", [p["name"] for p in image.doc["packages"]])
        self.assert_valid(files)
        self.assert_read_back(image, files)
        for path in files:
            with open(path, "rb") as f:
                self.assertNotIn(b"\x1b", f.read())

    def test_what_was_not_read(self):
        """A part of the image that was lost is lost in what is made of its bill of materials, too."""
        self.update(self.feeds(TRACKER))
        status = "".join([stanza("openssl", "3.0.8-1"), stanza("x" * 5000, "1"), "Package: y\nStatus: install ok installed\n\n"])
        image, files = self.all_of(self.image(debian_layer(status)), "lost")
        self.assertEqual(image.code, 3)
        self.assert_valid(files)
        self.assert_read_back(image, files)
        with open(files[0], encoding="utf-8") as f:
            self.assertEqual([c["aggregate"] for c in json.load(f)["compositions"]], ["incomplete", "incomplete"])

    def test_many_packages(self):
        """20,000 packages, in memory that follows their number."""
        many = "".join(stanza("p%05d" % i, "1.%d" % i, source="s%d" % (i // 4)) for i in range(20000))
        target = self.image(debian_layer(many))
        self.run_clarion("index", target)
        for fmt in VALIDATORS:
            r = self.run_clarion("index", "--format", fmt, target)
            self.assertEqual(len(purls_of(fmt, r.doc)), 20000)
            back = self.run_clarion("index", "sbom:" + self.written(fmt, r.out, "many"))
            self.assertEqual((back.code, len(back.doc["packages"])), (0, 20000), back.err)


@clarion.need_shared
class SharedImages(Written):
    """Every image of the shared folder, judged by all the feeds there."""

    def test_images(self):
        self.update(os.path.join(clarion.SHARED, "feeds"))
        files, images, found = [], sorted(glob.glob(os.path.join(clarion.SHARED, "images", "*"))), 0
        for path in images:
            name = os.path.basename(path)
            # Most of fmt-* are the same packages in other archives.
            if name.endswith((".json", ".md")) or (name.startswith("fmt-") and not name.startswith("fmt-foreign")):
                continue
            with self.subTest(name):
                image, written = self.all_of(path, name, commands=("scan",))
                self.assert_read_back(image, written)
                files += written
                found += len(image.doc["findings"]) if written else 0
        self.assertGreater(found, 1000)
        self.assertGreater(len(files), 100)
        self.assert_valid(files)


if __name__ == "__main__":
    unittest.main()
