"""Go programs as the Go toolchain builds them; `go version -m` is the truth.

Their modules are our own, served from a folder, so that nothing is fetched.
"""
import json
import os
import shutil
import subprocess
import tarfile
import unittest
import zipfile

import clarion
from clarion import tar_of

MAIN = """package main

import (
	"example.test/folder"
	"example.test/lib"
	"example.test/old/v2"
)

func main() { println(lib.Name(), old.Name(), folder.Name()) }
"""
GO_MOD = """module example.test/app

go 1.16

require (
	example.test/folder v1.0.0
	example.test/lib v1.2.3
	example.test/old/v2 v2.0.0-20210226172049-e18ecbb05110
)

replace example.test/folder => ../folder
replace example.test/old/v2 => example.test/fork/v2 v2.0.1
"""


def library(module, name):
    return {"go.mod": "module %s\n\ngo 1.16\n" % module, "x.go": "package %s\n\nfunc Name() string { return \"%s\" }\n" % (name, name)}


@unittest.skipUnless(shutil.which("go"), "wants the Go toolchain, whose own listing is the truth")
class RealGo(clarion.Case):
    def write(self, folder, files):
        for name, text in files.items():
            path = self.path(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)

    def serve(self, module, version, files):
        """A module in the folder that stands for a module proxy (go.dev/ref/mod, "GOPROXY protocol")."""
        folder = self.path("proxy", module, "@v")
        os.makedirs(folder, exist_ok=True)
        self.write(folder, {version + ".info": json.dumps({"Version": version}), version + ".mod": files["go.mod"]})
        with zipfile.ZipFile(os.path.join(folder, version + ".zip"), "w") as z:
            for name, text in files.items():
                z.writestr("%s@%s/%s" % (module, version, name), text)

    def go(self, *args, **env):
        settings = {"GOPROXY": "file://" + self.path("proxy"), "GOSUMDB": "off", "GOFLAGS": "-mod=mod -modcacherw",
                    "GOMODCACHE": self.path("modules"), "CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local", **env}
        done = subprocess.run(["go", *args], cwd=self.path("app"), env=dict(os.environ, **settings), capture_output=True, text=True,
                              timeout=600, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def truth(self, program):
        """What `go version -m` lists, as (name, version)."""
        found, last = set(), None
        for line in self.go("version", "-m", program).splitlines():
            fields = line.split("\t")
            if len(fields) == 1:
                found.add(("stdlib", line.rsplit(": ", 1)[1].split()[0]))
            elif fields[1] in ("mod", "dep"):
                last = (fields[2], fields[3])
                found.add(last)
            elif fields[1] == "=>":
                found.remove(last)
                found.add((last[0], "(devel)") if fields[3] == "(devel)" else (fields[2], fields[3]))
        return found

    def setUp(self):
        super().setUp()
        self.write("app", {"main.go": MAIN, "go.mod": GO_MOD})
        self.write("folder", library("example.test/folder", "folder"))
        self.serve("example.test/lib", "v1.2.3", library("example.test/lib", "lib"))
        self.serve("example.test/fork/v2", "v2.0.1", library("example.test/fork/v2", "old"))
        self.go("mod", "tidy")

    def build(self, name, *args, **env):
        path = self.path("built", name)
        self.go("build", *args, "-o", path, ".", **env)
        with open(path, "rb") as f:
            return f.read()

    def test_programs(self):
        programs = {
            "plain": self.build("plain"),
            "stripped": self.build("stripped", "-trimpath", "-ldflags=-s -w -buildid="),
            "arm": self.build("arm", GOARCH="arm"),
            "s390x": self.build("s390x", GOARCH="s390x"),
        }
        self.go("mod", "vendor", GOFLAGS="-modcacherw")
        programs["vendored"] = self.build("vendored", GOFLAGS="-mod=vendor")
        # Without any section header: what is left is the magic number in a data segment.
        headless = bytearray(programs["plain"])
        headless[40:48], headless[60:64] = bytes(8), bytes(4)
        programs["headless"] = bytes(headless)
        with open(self.path("built", "headless"), "wb") as f:
            f.write(headless)
        entries = []
        for name, data in programs.items():
            info = tarfile.TarInfo("usr/bin/" + name)
            info.mode, info.size = 0o755, len(data)
            entries.append((info, data))
        r = self.run_clarion("index", "--format", "json", self.image(tar_of(entries)))
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.doc["coverage"]["skipped"], [])
        for name in programs:
            with self.subTest(name):
                found = {(p["name"], p["version"]) for p in r.doc["packages"] if p["path"] == "usr/bin/" + name}
                self.assertEqual(found, self.truth(self.path("built", name)))
                self.assertEqual(len(found), 5)


if __name__ == "__main__":
    unittest.main()
