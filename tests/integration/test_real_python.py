"""Python packages as pip and setuptools install them, against pip's own listing."""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import clarion
from clarion import files_below, tar_of

SETUP = """from setuptools import setup
setup(name=%r, version=%r, py_modules=["m"], zip_safe=False, license="A\\n\\nName: B")
"""


# Debian has ensurepip in a package of its own.
@unittest.skipUnless(importlib.util.find_spec("ensurepip"), "wants Python's venv, whose pip has the truth")
class RealPython(clarion.Case):
    @classmethod
    def setUpClass(cls):
        cls.venv = tempfile.mkdtemp(prefix="clarion-venv-")
        cls.addClassCleanup(shutil.rmtree, cls.venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", cls.venv], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        cls.python = os.path.join(cls.venv, "bin", "python")

    def pip(self, *args, **how):
        return self.tool(self.python, "-m", "pip", "--disable-pip-version-check", *args, **how)

    def setup(self, name, version, *command):
        """Lets setuptools do something with the source of a package that has one module."""
        folder = os.path.join(self.venv, "src", name)
        os.makedirs(folder)
        for file, text in (("setup.py", SETUP % (name, version)), ("m.py", "x = 1\n")):
            with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
                f.write(text)
        self.tool(self.python, "setup.py", "-q", *command, cwd=folder)

    def compare(self, *names):
        """Copies of packages that other packages carry within are no installed ones for pip."""
        truth = sorted({(p["name"], p["version"]) for p in json.loads(self.pip("list", "--format", "json"))})
        self.assertLessEqual(set(names), {name for name, _ in truth})
        r = self.run_clarion("index", self.image(tar_of(files_below(self.venv, "opt/venv"))))
        self.assertEqual(r.code, 0, r)
        found = {(p["name"], p["version"]) for p in r.doc["packages"] if p["kind"] == "python" and "_vendor/" not in p["path"]}
        self.assertEqual(sorted(found), truth)
        return [p["path"] for p in r.doc["packages"]]

    def test_setuptools(self):
        """In place, as an egg, and as the distributions' packages have it."""
        if "setuptools" not in self.pip("list"):
            self.skipTest("this Python's venv comes without setuptools")
        self.setup("In.Place", "1.0.dev1", "develop")
        self.setup("as-egg", "2.0", "install")
        self.setup("as_folder", "3.0", "install", "--single-version-externally-managed", "--record", self.path("record"))
        paths = self.compare("In.Place", "as-egg")
        self.assertEqual(sum(path.endswith(".egg/EGG-INFO/PKG-INFO") for path in paths), 1)
        self.assertEqual(sum(path.endswith(".egg-info/PKG-INFO") for path in paths), 2 + sum("/src/as" in p for p in paths))

    def test_wheels(self):
        self.pip("install", "-q", "--no-deps", "--timeout", "10", "--retries", "1", "six==1.16.0", "PyYAML==6.0.1",
                 "zope.interface==6.0", network=True)
        self.compare("six", "PyYAML", "zope.interface")


if __name__ == "__main__":
    unittest.main()
