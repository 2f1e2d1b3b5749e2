"""Updates of the feeds in OVAL: which files are read, what is carried over, and what becomes of broken ones."""
import bz2
import gzip
import json
import lzma
import os
import unittest

import clarion

HEAD = '<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5">'


def dpkg_oval(cve, source, fix):
    """A file in Ubuntu's form with one statement."""
    return HEAD + (
        '<definitions><definition class="vulnerability" id="oval:u:def:1"><metadata><reference source="CVE" ref_id="%s"/></metadata>'
        '<criteria><criterion test_ref="oval:u:tst:1" comment="%s package in x was vulnerable but has been fixed (note: \'%s\')."/>'
        '</criteria></definition></definitions><dpkginfo_test id="oval:u:tst:1"><object object_ref="oval:u:obj:1"/><state '
        'state_ref="oval:u:ste:1"/></dpkginfo_test><dpkginfo_object id="oval:u:obj:1"><name>%s</name></dpkginfo_object>'
        '<dpkginfo_state id="oval:u:ste:1"><evr operation="less than">%s</evr></dpkginfo_state></oval_definitions>'
        % (cve, source, fix, source, fix))


def suse_oval(cve, release, version, package, fix):
    """A file in SUSE's form with one statement."""
    return HEAD + (
        '<definitions><definition class="vulnerability" id="oval:s:def:1"><metadata><reference source="CVE" ref_id="%s"/></metadata>'
        '<criteria operator="AND"><criterion test_ref="oval:s:tst:1"/><criterion test_ref="oval:s:tst:2"/></criteria></definition>'
        '</definitions><rpminfo_test id="oval:s:tst:1"><object object_ref="oval:s:obj:1"/><state state_ref="oval:s:ste:1"/>'
        '</rpminfo_test><rpminfo_test id="oval:s:tst:2"><object object_ref="oval:s:obj:2"/><state state_ref="oval:s:ste:2"/>'
        '</rpminfo_test><rpminfo_object id="oval:s:obj:1"><name>%s</name></rpminfo_object><rpminfo_object id="oval:s:obj:2"><name>%s'
        '</name></rpminfo_object><rpminfo_state id="oval:s:ste:1"><version>%s</version></rpminfo_state><rpminfo_state '
        'id="oval:s:ste:2"><evr operation="less than">%s</evr></rpminfo_state></oval_definitions>' % (cve, release, package, version, fix))


class UpdateOval(clarion.Case):
    def write(self, name, data):
        path = self.path("mirror", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())

    def run_update(self, feed, code=0):
        return self.update(self.path("mirror"), feed, code=code)

    def scopes(self, cve):
        r = self.run_clarion("advisories", "show", cve)
        return sorted(line.split()[0] for line in r.out.splitlines() if " fixed in " in line) if r.code == 0 else []

    # ---- Ubuntu

    def ubuntu(self, name, *what, pack=bz2.compress):
        self.write("security-metadata.canonical.com/oval/com.ubuntu.%s.cve.oval.xml.bz2" % name, pack(dpkg_oval(*what).encode()))

    def series(self, *entries, **more):
        self.write("api.launchpad.net/1.0/ubuntu/series" + more.pop("page", ""), json.dumps({"entries": [
            {"name": name, "active": active} for name, active in entries], **more}))

    def test_releases(self):
        self.series(("jammy", True), ("mantic", False), ("noble", True), ("../x", True), ("zany", True))
        for name in ("jammy", "mantic", "noble"):
            self.ubuntu(name, "CVE-2024-0001", "p", "1-1")
        r = self.run_update("ubuntu")
        self.assertIn("2 records", r.out)
        self.assertEqual(self.scopes("CVE-2024-0001"), ["ubuntu:jammy", "ubuntu:noble"])

    def test_pages(self):
        self.series(("jammy", True), next_collection_link="https://api.launchpad.net/1.0/ubuntu/series?p=2")
        self.series(("noble", True), page="?p=2", next_collection_link="https://example.test/")
        for name in ("jammy", "noble"):
            self.ubuntu(name, "CVE-2024-0001", "p", "1-1")
        self.run_update("ubuntu")
        self.assertEqual(self.scopes("CVE-2024-0001"), ["ubuntu:jammy", "ubuntu:noble"])

    def test_what_has_not_changed_is_carried_over(self):
        self.series(("jammy", True), ("noble", True))
        self.ubuntu("jammy", "CVE-2024-0001", "p", "1-1+esm1")
        self.ubuntu("noble", "CVE-2024-0002", "p", "1-1", pack=lzma.compress)
        self.run_update("ubuntu")
        self.assertIn("unchanged", self.run_update("ubuntu").out)
        self.ubuntu("noble", "CVE-2024-0003", "p", "1-2")
        self.run_update("ubuntu")
        self.assertEqual(self.scopes("CVE-2024-0001"), ["ubuntu:jammy/pro"])
        self.assertEqual(self.scopes("CVE-2024-0002"), [])
        self.assertEqual(self.scopes("CVE-2024-0003"), ["ubuntu:noble"])

    def test_broken_files(self):
        """The former records stay in force, and the other files are updated."""
        good = dpkg_oval("CVE-2024-0001", "p", "1-1").encode()
        bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">%s]><oval_definitions>&j;</oval_definitions>' % b"".join(
            b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
        broken = {"cut short after": bz2.compress(good)[:-20], "document type": bz2.compress(bomb), "no OVAL": bz2.compress(b"<html/>"),
                  "no element found": bz2.compress(good[:200]), "not well-formed": bz2.compress(good.replace(b"CVE", b"\xff", 1)),
                  "bzip2 stream has a fault": bz2.compress(good)[:30] + b"x" * 30, "too many elements": b"<oval_definitions>" + b"<a>" * 100}
        self.series(("jammy", True), ("noble", True))
        self.ubuntu("jammy", "CVE-2024-0001", "p", "1-1+esm1")
        self.ubuntu("noble", "CVE-2024-0002", "p", "1-1")
        self.run_update("ubuntu")
        for i, (why, data) in enumerate(broken.items()):
            self.ubuntu("jammy", "", "", "", pack=lambda _, data=data: data)
            self.ubuntu("noble", "CVE-2025-000%d" % i, "p", "1-1")
            r = self.run_update("ubuntu", code=3)
            self.assertIn(why, r.out + r.err)
            self.assertEqual(self.scopes("CVE-2024-0001"), ["ubuntu:jammy/pro"], why)
            self.assertEqual(self.scopes("CVE-2025-000%d" % i), ["ubuntu:noble"], why)

    # ---- SUSE

    def test_files_of_suse(self):
        folder = "ftp.suse.com/pub/projects/security/oval/"
        files = {"opensuse.leap.15.6.xml.gz": ("CVE-2024-0001", "openSUSE-release", "15.6"),
                 "suse.linux.enterprise.15.xml.gz": ("CVE-2024-0002", "sles-release", "15.4"),
                 "suse.linux.enterprise.15-affected.xml.gz": ("CVE-2024-0003", "sles-release", "15.4"),
                 "suse.linux.enterprise.15-patch.xml.gz": ("CVE-2024-0004", "sles-release", "15.4"),
                 "suse.manager.4.xml.gz": ("CVE-2024-0005", "sles-release", "15.4")}
        for name, (cve, release, version) in files.items():
            self.write(folder + name, gzip.compress(suse_oval(cve, release, version, "p", "0:1-1").encode()))
        self.write(folder + "index.html", "<pre>%s<a href=\"../x.xml.gz\">x</a><a href='y'>" % "".join(
            '<a href="%s%s">%s</a>\n' % ("./" if "leap" in name else "", name, name) for name in files))
        r = self.run_update("suse")
        self.assertIn("2 records", r.out)
        self.assertEqual(self.scopes("CVE-2024-0001"), ["suse:opensuse.leap.15.6/opensuse:15.6"])
        self.assertEqual(self.scopes("CVE-2024-0003"), ["suse:suse.linux.enterprise.15/sles:15.4"])
        self.write(folder + "opensuse.leap.15.6.xml.gz", gzip.compress(suse_oval(
            "CVE-2024-0006", "openSUSE-release", "15.6", "p", "0:1-1").encode()))
        self.run_update("suse")
        self.assertEqual(self.scopes("CVE-2024-0006"), ["suse:opensuse.leap.15.6/opensuse:15.6"])
        self.assertEqual(self.scopes("CVE-2024-0003"), ["suse:suse.linux.enterprise.15/sles:15.4"])


if __name__ == "__main__":
    unittest.main()
