"""rpm's database as rpm itself writes it, against what `rpm -qa` lists: packages made with rpmbuild, installed into a
database of their own; the same headers in the older container, which rpm still reads."""
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

import clarion
from clarion import tar_of
from integration.hostile import rpmdb

OS_RELEASE = 'ID="almalinux"\nVERSION_ID="9.4"\nNAME="AlmaLinux"\n'
QUERY = "%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{MODULARITYLABEL}\t%{VENDOR}\n"

# Name, and what its spec says beside the usual.
PACKAGES = {
    "plain": "BuildArch: noarch",
    "with-epoch": "Epoch: 3\nBuildArch: noarch\nVendor: Clarion's tests",
    "epoch-of-zero": "Epoch: 0\nBuildArch: noarch",
    "from-a-module": "ModularityLabel: tool:1.2:3:abc\nBuildArch: noarch",
    "of-this-machine": "",
}
DIST_INFO = "/usr/lib/python3.9/site-packages/owned-1.0.dist-info/METADATA"


def kinds():
    done = subprocess.run([clarion.BINARY, "version", "-v"], capture_output=True, text=True, check=True)
    return {x.split("=")[1] for x in done.stdout.split("scanners: ")[1].split("\n")[0].split() if "=" in x}


@unittest.skipUnless(shutil.which("rpm") and shutil.which("rpmbuild"), "wants rpm and rpmbuild")
class RealRpm(clarion.Case):
    @classmethod
    def setUpClass(cls):
        cls.built = tempfile.mkdtemp(prefix="clarion-test-")
        cls.addClassCleanup(shutil.rmtree, cls.built, ignore_errors=True)
        for name, more in PACKAGES.items():
            cls.build(name, more)
        packages = [os.path.join(where, x) for where, _, names in os.walk(os.path.join(cls.built, "RPMS")) for x in names]
        cls.dbpath = os.path.join(cls.built, "db")
        cls.tool("rpm", "--dbpath", cls.dbpath, "-i", "--justdb", "--nodeps", "--nosignature", *packages)
        cls.tool("rpm", "--dbpath", cls.dbpath, "-e", "--justdb", "--nodeps", "from-a-module-libs")
        with open(os.path.join(cls.dbpath, "rpmdb.sqlite"), "rb") as f:
            cls.database = f.read()
        cls.rpms = cls.listed(cls.dbpath)

    @classmethod
    def tool(cls, *command):
        done = subprocess.run(command, capture_output=True, check=False, timeout=120, env=dict(os.environ, HOME=cls.built))
        if done.returncode != 0:
            raise AssertionError("%s: %s" % (command, done.stderr.decode("utf-8", "replace")))
        return done.stdout.decode()

    @classmethod
    def build(cls, name, more):
        """A package with two files and a subpackage, built from a spec."""
        spec = os.path.join(cls.built, name + ".spec")
        with open(spec, "w", encoding="utf-8") as f:
            f.write("Name: %s\nVersion: 1.5~rc1\nRelease: 2%%{?dist}\nSummary: A test\nLicense: None\n%s\n"
                    "%%description\nA test.\n%%package libs\nSummary: More\nVersion: 2\n%%description libs\nMore.\n"
                    "%%install\nmkdir -p %%{buildroot}/etc/%s %%{buildroot}%s\necho >%%{buildroot}/etc/%s/conf\n"
                    "echo 'Name: owned' >%%{buildroot}%s\n%%files\n/etc/%s\n%s\n%%files libs\n" %
                    (name, more, name, os.path.dirname(DIST_INFO), name, DIST_INFO, name,
                     DIST_INFO if name == "plain" else "%exclude " + DIST_INFO))
        cls.tool("rpmbuild", "-bb", "--quiet", "--define", "_topdir " + cls.built, "--define", "dist .el9", spec)

    @classmethod
    def listed(cls, dbpath):
        """What rpm says is there, in the report's terms."""
        out = []
        for line in cls.tool("rpm", "--dbpath", dbpath, "-qa", "--qf", QUERY).splitlines():
            name, version, arch, source, module, vendor = line.split("\t")
            source = source[:-len(".src.rpm")].rsplit("-", 2)
            out.append((name, version[2:] if version.startswith("0:") else version, arch, source[0], "-".join(source[1:]),
                        "" if module == "(none)" else ":".join(module.split(":")[:2]), "" if vendor == "(none)" else vendor))
        return sorted(out)

    def reported(self, path, database):
        r = self.run_clarion("index", "--format", "json", self.image(tar_of([("etc/os-release", OS_RELEASE), (path, database)]),
                                                                     name=os.path.basename(path)))
        self.assertEqual((r.code, r.doc["coverage"]["skipped"]), (0, []), r)
        self.assertEqual(r.doc["image"]["distribution"]["id"], "almalinux")
        for p in r.doc["packages"]:
            self.assertEqual((p["kind"], p["path"]), ("rpm", path))
        return sorted((p["name"], p["version"], p["arch"], p["source"]["name"], p["source"]["version"], p["module"], p["vendor"])
                      for p in r.doc["packages"])

    def headers(self):
        db = sqlite3.connect(os.path.join(self.dbpath, "rpmdb.sqlite"))
        rows = [row[0] for row in db.execute("SELECT blob FROM Packages ORDER BY hnum")]
        db.close()
        return rows

    def test_sqlite(self):
        self.assertEqual(len(self.rpms), 2 * len(PACKAGES) - 1)
        self.assertEqual(self.reported(rpmdb.SQLITE, self.database), self.rpms)

    def test_berkeley_db(self):
        for order in "<>":
            for page_size in (512, 4096, 65536):
                with self.subTest(order=order, page_size=page_size):
                    made = rpmdb.bdb(self.headers(), page_size, order)
                    folder = self.path("bdb%s%d" % (order, page_size))
                    os.mkdir(folder)
                    with open(os.path.join(folder, "Packages"), "wb") as f:
                        f.write(made)
                    self.assertEqual(self.listed(folder), self.rpms)
                    self.assertEqual(self.reported(rpmdb.BDB, made), self.rpms)

    def test_ndb(self):
        self.assertEqual(self.reported(rpmdb.NDB, rpmdb.ndb(self.headers())), self.rpms)

    @unittest.skipUnless(os.path.exists(clarion.BINARY) and "python" in kinds(), "no scanner reads Python's packages")
    def test_owner(self):
        r = self.scan(self.image(tar_of([("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, self.database),
                                         (DIST_INFO[1:], "Metadata-Version: 2.1\nName: owned\nVersion: 1.0\n")])))
        self.assertEqual([(p["name"], p["owned_by"]) for p in r.doc["packages"] if p["kind"] == "python"],
                         [("owned", "rpm:plain")])


if __name__ == "__main__":
    unittest.main()
