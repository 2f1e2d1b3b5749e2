"""A Rust program as cargo-auditable builds it; cargo's own list of packages is the truth."""
import json
import os
import shutil
import subprocess
import tarfile
import unittest

import clarion
from clarion import tar_of


@unittest.skipUnless(shutil.which("cargo-auditable"), "wants cargo-auditable, to build programs that tell their crates")
class RealRust(clarion.Case):
    def crate(self, name, version, source, more=""):
        os.makedirs(self.path(name, "src"))
        with open(self.path(name, "Cargo.toml"), "w", encoding="utf-8") as f:
            f.write('[package]\nname = "%s"\nversion = "%s"\nedition = "2021"\n%s' % (name, version, more))
        with open(self.path(name, "src", "main.rs" if name == "tool" else "lib.rs"), "w", encoding="utf-8") as f:
            f.write(source)

    def cargo(self, *args):
        done = subprocess.run(["cargo", *args, "--offline"], cwd=self.path("tool"), capture_output=True, text=True, timeout=600,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_program(self):
        self.crate("inner", "0.3.0-rc.1", "pub fn name() -> &'static str { \"inner\" }\n")
        self.crate("outer", "1.2.3", "pub use inner::name;\n", '[dependencies]\ninner = { path = "../inner" }\n')
        self.crate("tool", "0.1.0", "fn main() { println!(\"{}\", outer::name()) }\n", '[dependencies]\nouter = { path = "../outer" }\n')
        self.cargo("auditable", "build", "--release")
        truth = {(p["name"], p["version"]) for p in json.loads(self.cargo("metadata", "--format-version=1"))["packages"]}
        self.assertEqual(len(truth), 3)
        with open(self.path("tool", "target", "release", "tool"), "rb") as f:
            data = f.read()
        info = tarfile.TarInfo("usr/bin/tool")
        info.mode, info.size = 0o755, len(data)
        r = self.run_clarion("index", "--format", "json", self.image(tar_of([(info, data)])))
        self.assertEqual(r.code, 0, r)
        self.assertEqual({(p["name"], p["version"]) for p in r.doc["packages"] if p["kind"] == "cargo"}, truth)


if __name__ == "__main__":
    unittest.main()
