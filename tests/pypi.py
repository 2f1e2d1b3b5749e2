"""Packages of PyPI for tests, got by pip into a cache outside the tree ($CLARION_CACHE, else the user's cache folder)."""
import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest


def cache():
    """Where tests keep what they got from elsewhere."""
    named = os.environ.get("CLARION_CACHE")
    base = named or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "clarion-tests")
    os.makedirs(base, exist_ok=True)
    return base


@functools.lru_cache(maxsize=None)
def folder(*requirements):
    """The folder that has them, for sys.path and PYTHONPATH, and None; or None and why they are not to be had."""
    if not importlib.util.find_spec("ensurepip"):
        return None, "wants Python's venv, whose pip gets " + ", ".join(requirements)
    key = hashlib.sha256(repr((sys.version_info[:3], requirements)).encode()).hexdigest()[:16]
    there = os.path.join(cache(), "pypi-" + key)
    if os.path.isdir(there):
        return there, None
    work = tempfile.mkdtemp(prefix="pypi-", dir=cache())
    try:
        subprocess.run([sys.executable, "-m", "venv", os.path.join(work, "venv")], stdin=subprocess.DEVNULL, capture_output=True,
                       check=True, timeout=120)
        got = subprocess.run([os.path.join(work, "venv", "bin", "python"), "-m", "pip", "--disable-pip-version-check", "install",
                              "-q", "--timeout", "10", "--retries", "1", "--target", os.path.join(work, "got"), *requirements],
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
        if got.returncode:
            return None, "pip failed, perhaps for want of a network: %s" % got.stderr.decode()[-300:]
        try:
            os.rename(os.path.join(work, "got"), there)  # whole or not at all, also when two do it at the same time
        except OSError:
            if not os.path.isdir(there):
                raise
        return there, None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def need(*requirements):
    """As folder(), but skips the test that cannot have them."""
    there, why = folder(*requirements)
    if why:
        raise unittest.SkipTest(why)
    return there


def run(requirements, *args, timeout, **how):
    """Runs Python with these packages: subprocess's answer."""
    env = dict(os.environ, PYTHONPATH=need(*requirements))
    return subprocess.run([sys.executable, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False,
                          env=env, **how)
