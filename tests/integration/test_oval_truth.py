"""The findings of the feeds in OVAL, all of them and no other, against an evaluator that knows the language and no
Clarion; and that each statement of a file is a record or left out.
"""
import json
import os
import re
import unittest

import clarion
import oval

UBUNTU = {"bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04"}


def bill(distribution, version, purls):
    """A bill of materials, in CycloneDX: a machine that is described rather than installed."""
    components = [{"type": "operating-system", "name": distribution, "version": version}]
    for i, purl in enumerate(purls):
        name, _, rest = purl.split("/", 2)[2].partition("@")
        components.append({"type": "library", "bom-ref": str(i), "name": name, "version": rest.partition("?")[0], "purl": purl})
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components})


AZURELINUX = ("raw.githubusercontent.com", "microsoft", "AzureLinuxVulnerabilityData", "main")


def evr_of_source(package):
    """The name of a source rpm has no epoch; that of what was built from it is the same."""
    epoch, colon, _ = package["version"].rpartition(":")
    return epoch + colon + package["source"]["version"]


def azurelinux_file(sources):
    """The upstream's form, with three definitions for each source: mended in its version, in a later one, and known up to
    its version."""
    definitions, rest = [], []
    for i, (name, evr) in enumerate(sorted(sources.items())):
        for k, (operation, bound) in enumerate((("less than", evr), ("less than", evr + "1"), ("less than or equal", evr))):
            n = 1000 + 10 * i + k
            bound = bound if ":" in bound else "0:" + bound
            definitions.append(
                '<definition class="vulnerability" id="oval:com.microsoft.cbl-mariner:def:%d" version="1"><metadata><title>CVE-'
                '2024-%d affecting package %s</title><reference ref_id="CVE-2024-%d" ref_url="https://example.test/%d" '
                'source="CVE"/><patchable>true</patchable><severity>High</severity></metadata><criteria operator="AND"><criterion '
                'comment="Package %s is earlier" test_ref="oval:com.microsoft.cbl-mariner:tst:%d"/></criteria></definition>'
                % (n, 10000 + n, name, 10000 + n, n, name, n))
            rest.append(
                '<linux-def:rpminfo_test check="at least one" comment="x" id="oval:com.microsoft.cbl-mariner:tst:%d" version="1">'
                '<linux-def:object object_ref="oval:com.microsoft.cbl-mariner:obj:%d"/><linux-def:state '
                'state_ref="oval:com.microsoft.cbl-mariner:ste:%d"/></linux-def:rpminfo_test>'
                '<linux-def:rpminfo_object id="oval:com.microsoft.cbl-mariner:obj:%d" version="1"><linux-def:name>%s</linux-def:name>'
                '</linux-def:rpminfo_object><linux-def:rpminfo_state id="oval:com.microsoft.cbl-mariner:ste:%d" version="1">'
                '<linux-def:evr datatype="evr_string" operation="%s">%s</linux-def:evr></linux-def:rpminfo_state>'
                % (n, n, n, n, name, n, operation, bound))
    return ('<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:linux-def="http://oval.mitre.org/'
            'XMLSchema/oval-definitions-5#linux"><definitions>%s</definitions><tests>%s</tests></oval_definitions>'
            % ("".join(definitions), "".join(rest)))


@clarion.need_shared
class OvalTruth(clarion.Case):
    def setUp(self):
        super().setUp()
        self.mirror = os.path.join(clarion.SHARED, "feeds")

    def file(self, *path):
        return oval.File(os.path.join(self.mirror, *path))

    def image_of(self, name):
        return os.path.join(clarion.SHARED, "images", name + ".oci")

    def sbom(self, *what):
        path = self.path("bill.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(bill(*what))
        return "sbom:" + path

    def found(self, doc):
        return {(f["package"], f["vulnerability"]) for f in doc["findings"]}

    def truth(self, files, doc, machine):
        """{(package id, CVE)}: each definition, asked of a machine with each package alone. Nothing is negated, so those
        that do not name the package are false."""
        out = set()
        for package in doc["packages"]:
            for file in files:
                for d in file.naming.get(package["name"], []):
                    if file.definition_holds(d, machine(package)) is True:
                        out |= {(package["id"], cve) for cve in file.cves(d)}
        return out

    def compare(self, name, truth, found):
        self.assertEqual((sorted(truth - found)[:5], sorted(found - truth)[:5]), ([], []), name)

    # ---- rpm

    def check_rpm(self, name, target, files, releases, least):
        doc = self.scan(target).doc
        found, truth = self.found(doc), self.truth(files, doc, lambda p: oval.Machine(
            releases(p), p["name"], p["version"], p["arch"] or "x86_64", p["module"]))
        self.compare(name, truth, found)
        self.assertGreaterEqual(len(truth), least, name)

    def test_photon(self):
        self.update(self.mirror, "photon")
        file = self.file("packages.vmware.com", "photon", "photon_oval_definitions", "com.vmware.phsa-photon3.xml")
        for name, least in (("photon3", 180), ("photon3b", 700), ("photon3-bdb", 1)):
            self.check_rpm(name, self.image_of(name), [file], lambda p: [oval.release("photon-release", "3.0")], least)

    def test_oracle(self):
        self.update(self.mirror, "oracle")
        file = self.file("linux.oracle.com", "security", "oval", "com.oracle.elsa-all.xml.bz2")

        def releases(package):
            machine = "x86_64" if package["arch"] in ("i686", "noarch") else package["arch"]
            return [oval.release("oraclelinux-release", "8.5", machine or "x86_64")]

        self.check_rpm("oracle8", self.image_of("oracle8"), [file], releases, 0)
        hivex = "hivex@1.3.18-%s.module%%2Bel8.7.0%%2B21037%%2B8ee66348?arch=%s&distro=ol-8%s"
        made_up = ["openssl@1.1.1g-15.ksplice1.el8_2?epoch=2&arch=x86_64&distro=ol-8",
                   "openssl-libs@1.1.1g-15.ksplice1.el8_3?epoch=2&arch=x86_64&distro=ol-8",
                   "openssl-devel@1.1.1g-15.el8_3?epoch=1&arch=x86_64&distro=ol-8",
                   "openssl-perl@1.1.1g-14.ksplice9.el8?epoch=2&arch=aarch64&distro=ol-8",
                   "openssl-static@1.1.1g-14.ksplice9.el8?epoch=2&arch=x86_64&distro=ol-8",
                   "openssl-static@1.1.1g-14.ksplice9.el8?epoch=2&arch=aarch64&distro=ol-8",
                   hivex % ("20", "aarch64", "&rpmmod=virt:kvm_utils"), hivex % ("21", "aarch64", "&rpmmod=virt:kvm_utils"),
                   hivex % ("20", "x86_64", "&rpmmod=virt:kvm_utils"), hivex % ("20", "aarch64", "&rpmmod=virt:ol"),
                   "hivex@1.3.18-20.el8?arch=aarch64&distro=ol-8"]
        self.check_rpm("made up", self.sbom("ol", "8.5", ["pkg:rpm/ol/" + p for p in made_up]), [file], releases, 7)

    def test_suse(self):
        self.update(self.mirror, "suse")
        folder = ("ftp.suse.com", "pub", "projects", "security", "oval")
        leap = self.file(*folder, "opensuse.leap.15.6.xml.gz")
        tumbleweed = self.file(*folder, "opensuse.tumbleweed.xml.gz")
        server = self.file(*folder, "suse.linux.enterprise.server.15.xml.gz")

        def purls(distribution, *packages):
            return ["pkg:rpm/%s/%s&distro=%s" % (distribution.split("-")[0], p, distribution) for p in packages]

        self.check_rpm("leap", self.sbom("opensuse-leap", "15.6", purls(
            "opensuse-leap-15.6", "fastjar@0.98-lp152.4.2?arch=x86_64", "fastjar@0.98-lp152.4.3.1?arch=x86_64",
            "fastjar@0.98-lp152.4.2?arch=aarch64", "tar@1.0-1?arch=x86_64")),
            [leap], lambda p: [oval.release("openSUSE-release", "15.6")], 1)
        self.check_rpm("tumbleweed", self.sbom("opensuse-tumbleweed", "20240101", purls(
            "opensuse-tumbleweed-20240101", "tar@1.34-2.1?arch=x86_64", "tar-lang@1.34-2.2?arch=noarch",
            "tar-doc@1.33-9?arch=noarch", "fastjar@0.1-1?arch=x86_64")),
            [tumbleweed], lambda p: [oval.release("openSUSE-release", "20240101")], 2)
        # The kernel of 15 SP1, whose mending only long term service brings; the file lacks most of its other tests.
        self.check_rpm("sles", self.sbom("sles", "15.1", purls(
            "sles-15.1", "kernel-default@4.12.14-197.1?arch=x86_64", "kernel-default@4.12.14-197.89.2?arch=x86_64",
            "kernel-default@4.12.14-197.1?arch=i586", "krb5@1.1-1?arch=x86_64")),
            [server], lambda p: [oval.release("sles-release", "15.1"), oval.release("sles-ltss-release", "15.1")], 1)

    def test_azurelinux(self):
        """There is no copy of the upstream, so its form is filled with the image's own sources, in versions around theirs."""
        doc = self.scan(self.image_of("mariner2-sqlite")).doc
        sources = {p["source"]["name"]: evr_of_source(p) for p in doc["packages"] if p["kind"] == "rpm"}
        path = self.path("mirror", *AZURELINUX, "cbl-mariner-2.0-oval.xml")
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as f:
            f.write(azurelinux_file(sources))
        self.update(self.path("mirror"), "azurelinux")
        doc = self.scan(self.image_of("mariner2-sqlite")).doc
        file = oval.File(path)
        truth = {(p["id"], cve) for p in doc["packages"] if p["kind"] == "rpm"
                 for d in file.naming.get(p["source"]["name"], [])
                 if file.definition_holds(d, oval.Machine([], p["source"]["name"], evr_of_source(p), p["arch"]))
                 for cve in file.cves(d)}
        self.compare("mariner2-sqlite", truth, self.found(doc))
        self.assertGreater(len(truth), 200)

    # ---- Ubuntu

    def sources_of(self, file):
        """{source: the variable that lists its binaries}"""
        return {m[1]: e.get("id") for e in file.by_id.values() if oval.local(e) == "constant_variable"
                for m in [re.match(r"(\S+) package binaries", e.get("comment"))]}

    def ubuntu_truth(self, file, doc):
        """A variable lists the binaries of a source, so a package is asked for by the variable of its source, and by the
        version of the source. (The mirror's lists are Debian's, where other sources have some of the names.)"""
        sources, out = self.sources_of(file), set()
        for package in doc["packages"]:
            variable = sources.get(package["source"]["name"])
            machine = oval.Machine([], variable, package["source"]["version"], package["arch"])
            for d in file.naming.get(variable, []):
                if file.definition_holds(d, machine) is True:
                    out |= {(package["id"], cve) for cve in file.cves(d)}
        return out

    def ubuntu_file(self, codename):
        return self.file("security-metadata.canonical.com", "oval", "com.ubuntu.%s.cve.oval.xml.bz2" % codename)

    def test_ubuntu(self):
        self.update(self.mirror, "ubuntu")
        file = self.ubuntu_file("bionic")
        doc = self.scan(self.image_of("ubuntu1804")).doc
        truth = self.ubuntu_truth(file, doc)
        self.compare("ubuntu1804", truth, self.found(doc))
        self.assertGreater(len(truth), 150)

    def test_ubuntu_made_up(self):
        """A package of each source, in versions around one of its fixes."""
        self.update(self.mirror, "ubuntu")
        for codename, number in UBUNTU.items():
            file, stanzas = self.ubuntu_file(codename), []
            fixes = {}
            for d in file.definitions:
                for c in (e for e in d.iter() if oval.local(e) == "criterion"):
                    note = re.match(r"(\S+) package in .*\(note: '([^']*)'\)", c.get("comment"))
                    fixes.setdefault(c.get("comment").split()[0], note[2] if note else "1.0-1")
            for source, fix in sorted(fixes.items()):
                for i, version in enumerate((fix, fix + "~", fix + "1")):
                    stanzas.append(clarion.stanza("%s-made-up%d" % (source, i), version, source=source))
            release = 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="%s"\nVERSION_CODENAME=%s\n' % (number, codename)
            layer = clarion.tar_of([("etc", None), ("etc/os-release", release), ("var/lib/dpkg/status", "".join(stanzas))])
            doc = self.scan(self.image(layer, name=codename)).doc
            truth = self.ubuntu_truth(file, doc)
            self.compare(codename, truth, self.found(doc))
            self.assertGreater(len(truth), 3000)

    # ---- all of a file

    def assert_counts(self, feed, made, left_out):
        r = self.update(self.mirror, feed)
        m = re.search(r"(\d+) records(?:, \d+ repeated)?(?:, (\d+) left out)?", r.out)
        self.assertEqual((int(m[1]), int(m[2] or 0)), (made, left_out), feed)

    def statements(self, path, understood):
        """(definition, CVE, criteria of a way) of a file that `understood` says yes to, and the number of the others."""
        file = self.file(*path)
        made, left_out = [], 0
        for d in file.definitions:
            for way in oval.ways(oval.child(d, "criteria")):
                for cve in file.cves(d) or [d.get("id")]:
                    if understood(file, way):
                        made.append((d, cve, way))
                    else:
                        left_out += 1
        return file, made, left_out

    def test_counts(self):
        """Each statement of a file is a record or left out, with the reason that the test, or what it names, is not there."""
        def complete(file, way):
            tests = [file.by_id.get(c.get("test_ref")) for c in way]
            names = [e.get("object_ref") or e.get("state_ref") for t in tests if t is not None for e in t]
            states = [s for s in (file.by_id.get(n) for n in names) if s is not None and oval.local(s).endswith("_state")]
            return None not in tests and all(n in file.by_id for n in names) and not any(
                e.get("operation") == "6" for s in states for e in s)

        folder = ("packages.vmware.com", "photon", "photon_oval_definitions")
        records, left_out = set(), 0
        for name in ["com.vmware.phsa-photon%d.xml" % i for i in range(1, 6)]:
            file, made, others = self.statements((*folder, name), complete)
            records |= {(name, cve, d.get("id"), way[1].get("comment")) for d, cve, way in made}
            left_out += others
        self.assert_counts("photon", len(records), left_out)

        file, made, left_out = self.statements(("linux.oracle.com", "security", "oval", "com.oracle.elsa-all.xml.bz2"), complete)
        self.assert_counts("oracle", len({(cve, d.get("id"), tuple(c.get("comment") for c in way)) for d, cve, way in made}),
                           left_out)

        folder, records, left_out = ("ftp.suse.com", "pub", "projects", "security", "oval"), set(), 0
        for name in sorted(os.listdir(os.path.join(self.mirror, *folder))):
            if name.endswith(".gz"):
                file, made, others = self.statements((*folder, name), complete)
                records |= {(name, cve, d.get("id"), tuple(c.get("test_ref") for c in way)) for d, cve, way in made}
                left_out += others
        self.assert_counts("suse", len(records), left_out)

        records, left_out = set(), 0
        for codename in UBUNTU:
            file, made, others = self.statements(
                ("security-metadata.canonical.com", "oval", "com.ubuntu.%s.cve.oval.xml.bz2" % codename), complete)
            records |= {(codename, cve, way[0].get("comment")) for d, cve, way in made}
            left_out += others
        self.assert_counts("ubuntu", len(records), left_out)


if __name__ == "__main__":
    unittest.main()
