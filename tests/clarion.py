"""What the tests in Python share: running the program under test, making images and feeds, looking at reports.

The images are made here, byte by byte where it matters, in the formats' own terms; no container tool is needed.
"""
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import store

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("CLARION_BUILD", os.path.join(os.path.dirname(HERE), "build-check"))
BINARY = os.path.join(BUILD, "clarion")
SHARED = os.environ.get("CLARION_SHARED") or None

TELLING = ("update", "advisories", "vex")  # commands that change what services keep in mind

OS_RELEASE = ('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
              'VERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n')


def need_shared(test):
    return unittest.skipUnless(SHARED, "wants the shared folder of images and feeds ($CLARION_SHARED)")(test)


def need_tool(name):
    return unittest.skipUnless(shutil.which(name), "wants %s, whose own listing is the truth" % name)


def files_below(folder, at):
    """What is below a folder, as entries for tar_of() below the path `at`."""
    for where, folders, files in os.walk(folder):
        for name in sorted(folders) + sorted(files):
            path = os.path.join(where, name)
            inside = os.path.join(at, os.path.relpath(path, folder))
            if os.path.islink(path):
                yield inside, "-> " + os.readlink(path)
            elif os.path.isdir(path):
                yield inside, None
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    yield inside, f.read()


# Runs a command, and writes the most memory in KiB that it, or one that it started, had to a descriptor. A process of its
# own, since a child counts what its parent had when it was started, and the tests' own process is large.
MEASURE = ("import resource, subprocess, sys; code = subprocess.run(sys.argv[2:]).returncode; "
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=open(int(sys.argv[1]), 'w')); sys.exit(code)")


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode("utf-8", "surrogateescape")
        self.err = done.stderr.decode("utf-8", "surrogateescape")

    @property
    def doc(self):
        return json.loads(self.out)

    def __repr__(self):
        return "exit %s\n%s\n%s" % (self.code, self.out[-2000:], self.err[-2000:])


def stanza(name, version, source=None, status="install ok installed", arch="amd64", **more):
    lines = ["Package: " + name, "Status: " + status, "Architecture: " + arch]
    if source:
        lines.append("Source: " + source)
    lines.append("Version: " + version)
    lines += ["%s: %s" % (k, v) for k, v in more.items()]
    return "\n".join(lines) + "\n\n"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar_of(entries, fmt=tarfile.PAX_FORMAT):
    """entries: (name, bytes) for a file, (name, None) a folder, (name, "-> target") a symbolic link,
    (name, "=> other") a hard link, or a ready tarfile.TarInfo, with its bytes (info, bytes) if it has any."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt) as tar:
        for item in entries:
            if isinstance(item, tarfile.TarInfo):
                tar.addfile(item)
                continue
            name, what = item
            if isinstance(name, tarfile.TarInfo):
                tar.addfile(name, io.BytesIO(what))
                continue
            info = tarfile.TarInfo(name)
            info.mode = 0o644
            if what is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
            elif isinstance(what, str) and what.startswith("-> "):
                info.type, info.linkname = tarfile.SYMTYPE, what[3:]
                tar.addfile(info)
            elif isinstance(what, str) and what.startswith("=> "):
                info.type, info.linkname = tarfile.LNKTYPE, what[3:]
                tar.addfile(info)
            else:
                data = what.encode() if isinstance(what, str) else what
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def debian_layer(*stanzas, extra=()):
    return tar_of([("etc", None), ("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", "".join(stanzas)), *extra])


class OciLayout:
    """An OCI image layout in a folder."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "blobs", "sha256"), exist_ok=True)
        self.write("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        self.manifests = []

    def write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as f:
            f.write(data)

    def blob(self, data, media_type):
        d = digest(data)
        self.write(os.path.join("blobs", "sha256", d[7:]), data)
        return {"mediaType": media_type, "digest": d, "size": len(data)}

    def add(self, tars, compress="gzip", platform=None, tag=None, config=None):
        """An image of uncompressed layer tars (or ready (blob, media type, diff_id) triples)."""
        layers, diff_ids = [], []
        for tar in tars:
            if isinstance(tar, tuple):
                data, kind, diff = tar
                layers.append(self.blob(data, kind))
                diff_ids.append(diff)
                continue
            data, kind = tar, "application/vnd.oci.image.layer.v1.tar"
            if compress == "gzip":
                data, kind = gzip.compress(tar, mtime=0), kind + "+gzip"
            layers.append(self.blob(data, kind))
            diff_ids.append(digest(tar))
        cfg = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
        cfg.update(config or {})
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": self.blob(json.dumps(cfg).encode(), "application/vnd.oci.image.config.v1+json"),
                    "layers": layers}
        entry = self.blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
        if platform:
            entry["platform"] = platform
        if tag:
            entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
        self.manifests.append(entry)
        self.index()
        return entry

    def index(self):
        self.write("index.json", json.dumps({"schemaVersion": 2, "manifests": self.manifests}).encode())


class Case(unittest.TestCase):
    """A test with a folder of its own and a data folder in it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="clarion-test-")
        self.data = os.path.join(self.folder, "data")
        self.serving = False  # a service was started
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(store.forget, self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run_clarion(self, *args, data=None, timeout=120, env=None, **more):
        data = data or self.data
        command = [BINARY, args[0], "--data", data, *args[1:]]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              env=store.environment(data, env), check=False, **more)
        result = Result(done)
        self.assertNotIn("Sanitizer", result.err)
        self.assertNotIn("runtime error", result.err)
        if self.serving and args[0] in TELLING:
            store.let_hear()
        return result

    def peak_of(self, *args):
        """The most memory, in KiB, that the program or a worker of it takes for a command, with a data folder of its own. Of what
        is freed the sanitizer keeps a quarter of a GiB and much more around it, which is not the program's: here it keeps little."""
        read, write = os.pipe()
        sanitizer = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"}
        with tempfile.TemporaryDirectory(dir=self.folder) as data:
            subprocess.run([sys.executable, "-c", MEASURE, str(write), BINARY, args[0], "--data", data, *args[1:]], check=False,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=600, pass_fds=[write], env=store.environment(data, sanitizer))
        os.close(write)
        with open(read, encoding="ascii") as f:
            return int(f.read())

    def scan(self, target, *args, **more):
        return self.run_clarion("scan", "--format", "json", *args, target, **more)

    def image(self, *tars, name="image", **how):
        folder = self.path(name)
        OciLayout(folder).add(list(tars), **how)
        return "oci:" + folder

    def feeds(self, tracker=None, secdb=None, name="feeds"):
        """A mirror folder with a small Debian tracker file and Alpine files: {branch: {repo: packages}}."""
        folder = self.path(name)
        where = os.path.join(folder, "security-tracker.debian.org", "tracker", "data")
        os.makedirs(where, exist_ok=True)
        with open(os.path.join(where, "json"), "w", encoding="utf-8") as f:
            json.dump(tracker or {"openssl": {"CVE-2014-0160": tracker_entry(bookworm="1.0.1g-1")}}, f)
        for branch, repos in (secdb or {"v3.18": {"main": {"openssl": {"3.1.4-r0": ["CVE-2023-5363"]}}}}).items():
            for repo in ("main", "community"):
                os.makedirs(os.path.join(folder, "secdb.alpinelinux.org", branch), exist_ok=True)
                packages = [{"pkg": {"name": n, "secfixes": s}} for n, s in repos.get(repo, {}).items()]
                with open(os.path.join(folder, "secdb.alpinelinux.org", branch, repo + ".json"), "w", encoding="utf-8") as f:
                    json.dump({"apkurl": "{{urlprefix}}/x", "reponame": repo, "distroversion": branch, "packages": packages}, f)
        return folder

    def vex(self, status, *ids, name="vex.json", **more):
        """A file: that OpenVEX document, about openssl of Debian."""
        document = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/" + name, "author": "us",
                    "timestamp": "2026-01-01T00:00:00Z", "version": 1,
                    "statements": [dict({"vulnerability": {"name": i}, "products": [{"@id": "pkg:deb/debian/openssl"}], "status": status}, **more) for i in ids]}
        with open(self.path(name), "w", encoding="utf-8") as f:
            json.dump(document, f)
        return self.path(name)

    def update(self, folder, *feeds, code=0):
        result = self.run_clarion("update", "--mirror", folder, *feeds)
        self.assertEqual(result.code, code, result)
        return result

    def tool(self, *command, network=False, **how):
        """What another program prints. Without a network, the test that needs it is skipped."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False, **how)
        if done.returncode != 0 and network:
            self.skipTest("%s failed, perhaps for want of a network: %s" % (command[0], done.stderr.decode()[-300:]))
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
        return done.stdout.decode()

    def names(self, doc):
        return sorted((p["name"], p["version"]) for p in doc["packages"])

    def findings(self, doc):
        byid = {p["id"]: p["name"] for p in doc["packages"]}
        return sorted((byid[f["package"]], f["vulnerability"], f["fixed_in"]) for f in doc["findings"])


def tracker_entry(urgency="not yet assigned", status=None, description="A flaw.", **releases):
    """One (package, CVE) entry of the tracker: release → fixed version, or None for one that is open."""
    out = {}
    for release, fixed in releases.items():
        entry = {"status": status or ("resolved" if fixed is not None else "open"), "urgency": urgency,
                 "repositories": {release: "1"}}
        if fixed is not None:
            entry["fixed_version"] = fixed
        out[release] = entry
    return {"description": description, "releases": out, "scope": "local"}
