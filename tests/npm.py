"""Packages of npm for tests, got by npm into a cache outside the tree (tests/pypi.py says where). Versions are pinned."""
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest

import pypi


@functools.lru_cache(maxsize=None)
def folder(*packages):
    """The folder node_modules that has them ("name@1.2.3" each), and None; or None and why they are not to be had."""
    if not shutil.which("npm") or not shutil.which("node"):
        return None, "wants Node.js and npm, which gets " + ", ".join(packages)
    there = os.path.join(pypi.cache(), "npm-" + hashlib.sha256(repr(packages).encode()).hexdigest()[:16])
    if os.path.isdir(there):
        return os.path.join(there, "node_modules"), None
    work = tempfile.mkdtemp(prefix="npm-", dir=pypi.cache())
    try:
        # No script of a package is run: what is wanted of them is there without.
        got = subprocess.run(["npm", "install", "--prefix", work, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--fetch-retries", "1",
                              "--fetch-timeout", "10000", *packages], stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False, cwd=work)
        if got.returncode:
            return None, "npm failed, perhaps for want of a network: %s" % got.stderr.decode()[-300:]
        try:
            os.rename(work, there)  # whole or not at all, also when two do it at the same time
        except OSError:
            if not os.path.isdir(there):
                raise
        return os.path.join(there, "node_modules"), None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def need(*packages):
    """As folder(), but skips the test that cannot have them."""
    there, why = folder(*packages)
    if why:
        raise unittest.SkipTest(why)
    return there
