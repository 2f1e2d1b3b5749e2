"""Every image of the shared folder against its truth, for all kinds of packages that the table of scanners has.

The truth comes from the package managers' own listings; the judge of names, versions and findings is the shared folder's
conformance tool, everything else that the truth tells of a package is compared here. Kinds are read from the program, so a
new scanner's images join by themselves, and findings with the matcher of their kind. The judging runs are made with the
program under test as built for the tests, sanitizers included.
"""
import collections
import glob
import json
import os
import re
import subprocess
import sys
import unittest

import clarion
import store

TOOL = os.path.join(clarion.SHARED or "", "tools", "conformance.py")
IMAGES = os.path.join(clarion.SHARED or "", "images")


def label(text):
    """NAME:STREAM of rpm's modularity label, which goes on with what built it."""
    return ":".join((text or "").split(":")[:2])


def source_rpm(file):
    """Name and version of NAME-VERSION-RELEASE.src.rpm."""
    name, version, release = re.sub(r"\.(no)?src\.rpm$", "", file or "").rsplit("-", 2)
    return name, version + "-" + release


def fields_of_truth(p, owners):
    """What the truth tells of a package besides its name and version; it calls some things differently by image.
    `owners`: it tells who owns what, so that a package without an owner has none."""
    fields = {key: p[key] or "" for key in ("arch", "path", "source_name", "source_version", "vendor") if key in p}
    if "source" in p:
        fields["source_name"] = p["source"]
    file = p.get("source_rpm") or p.get("sourcerpm")
    if file and "source_name" not in p:
        fields["source_name"], fields["source_version"] = source_rpm(file)
    for key in ("module", "modularity"):
        if key in p:
            fields["module"] = label(p[key])
    if owners:
        fields["owned_by"] = p.get("owned_by", "")
    return fields


def fields_found(p):
    return {"arch": p["arch"], "path": p["path"], "source_name": p["source"]["name"],
            "source_version": p["source"]["version"], "vendor": p["vendor"], "module": label(p["module"]),
            "owned_by": p["owned_by"]}


def identity(p):
    name = (p["group"] + ":" if p.get("group") else "") + p["name"]
    return p["kind"], name, re.sub(r"^(go|v)(?=\d)", "", p["version"])


def same(key, wanted, found):
    """Of a database that is a folder of several files the truth tells the folder."""
    return wanted == found or (key == "path" and found.startswith(wanted + "/"))


def differences(truth, document):
    """The packages of the truth that the document does not have like that, as text."""
    found, faults = collections.defaultdict(list), []
    for p in document["packages"]:
        found[identity(p)].append(fields_found(p))
    owners = any("owned_by" in p for p in truth["packages"])
    for p in truth["packages"]:
        wanted, have = fields_of_truth(p, owners), found.get(identity(p), [])
        alike = [x for x in have if all(same(key, wanted[key], x[key]) for key in wanted)]
        if alike:
            have.remove(alike[0])
        else:
            faults.append("%s: %s is not among %s" % (identity(p), wanted, have))
    return faults


# What docs/differences.md proves to be right, though Clair says otherwise, in the words of the shared tool.
PYTHON = "findings: %d asked, 0 missed [], 2 with another fix [('python3', 'CVE-2024-6923'), ('python3-libs', 'CVE-2024-6923')], 0 too many []"
KNOWN = (
    "go-tools: findings: 182 asked, 1 missed [('golang-org/x/net', 'GO-2023-1495')], 0 with another fix [], 0 too many []",
    "rhel9-httpd: " + PYTHON % 22,
    "rhel9-nodejs: " + PYTHON % 27,
    "ruby-app: findings: 129 asked, 1 missed [('sinatra', 'GHSA-mr3q-g2mv-mr4q')], 0 with another fix [], 0 too many []",
)


@clarion.need_shared
class Images(clarion.Case):
    @classmethod
    def setUpClass(cls):
        cls.version = subprocess.run([clarion.BINARY, "version", "-v"], capture_output=True, text=True, check=True).stdout

    def kinds(self, of):
        """The kinds of packages that the program's scanners, or its matchers, know."""
        line = re.search("^%s: (.*)$" % of, self.version, re.M).group(1)
        return ",".join(sorted({x.split("=")[1] for x in line.split() if "=" in x}))

    def judge(self, kinds, *more, known=()):
        """Judges all images. `known` are faults that docs/differences.md proves to be Clair's: all of them must be there."""
        self.update(os.path.join(clarion.SHARED, "feeds"))
        done = subprocess.run([sys.executable, TOOL, clarion.BINARY, os.path.join(clarion.SHARED, "images"), "--data", self.data,
                               *(["--kinds", kinds] if kinds else []), *more], capture_output=True, text=True, check=False, timeout=1500,
                              env=store.environment(self.data))
        faults = re.findall(r"(?m)^BAD (.*)$", done.stdout)
        self.assertEqual(sorted(faults), sorted(known), done.stdout[-4000:] + done.stderr[-1000:])
        self.assertRegex(done.stdout, r"(?m)^[1-9]\d* passed, %d failed" % len(known))

    def test_packages(self):
        self.judge(None) # all kinds: there is a scanner for each that the truths have

    def test_findings(self):
        kinds = self.kinds("matchers").replace(",container", "").replace("container,", "") # the truths list no labels
        self.judge(kinds, "--findings", known=KNOWN)

    def test_what_else_is_known_of_packages(self):
        compared, kinds = 0, self.kinds("scanners").split(",")
        for file in sorted(glob.glob(os.path.join(IMAGES, "*.expected.json"))):
            with open(file, encoding="utf-8") as f:
                truth = json.load(f)
            base = file[:-len(".expected.json")]
            image = next((x for x in (base + ".oci", base + ".docker.tar", base + ".docker.tar.gz", base + ".dir")
                          if os.path.exists(x)), None)
            truth["packages"] = [p for p in truth.get("packages") or [] if p["kind"] in kinds]
            if truth.get("hostile") or not image or not truth["packages"]:
                continue
            with self.subTest(os.path.basename(base)):
                r = self.run_clarion("index", image)
                self.assertEqual(differences(truth, r.doc), [], r.err)
                compared += 1
        self.assertGreater(compared, 0)

    def test_hostile(self):
        self.judge(None, "--hostile")


if __name__ == "__main__":
    unittest.main()
