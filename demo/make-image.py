#!/usr/bin/env python3
"""Makes the demo's image, an OCI layout in demo/image (or the folder that is named): make-image.py [FOLDER]

A Debian 7 root as small as can be, in three layers: the base; what `apt-get install openssl wget` would leave; and one
that removes wget again. There is nothing in it but package databases and a few empty files, all made here, and the same
bytes come out each time. The versions are those of Debian 7.4, some weeks before Heartbleed became known.
"""
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import zlib

WHEN = 1391860800  # 2014-02-08, the day of Debian 7.4

OS_RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 7 (wheezy)"
NAME="Debian GNU/Linux"
VERSION_ID="7"
VERSION="7 (wheezy)"
ID=debian
"""

BASE = [  # (package, version, source, architecture)
    ("apt", "0.9.7.9+deb7u1", None, "amd64"),
    ("base-files", "7.1wheezy4", None, "amd64"),
    ("bash", "4.2+dfsg-0.1", None, "amd64"),
    ("coreutils", "8.13-3.5", None, "amd64"),
    ("dpkg", "1.16.12", None, "amd64"),
    ("libc-bin", "2.13-38+deb7u1", "eglibc", "amd64"),
    ("libc6", "2.13-38+deb7u1", "eglibc", "amd64"),
    ("tar", "1.26+dfsg-0.1", None, "amd64"),
    ("zlib1g", "1:1.2.7.dfsg-13", "zlib", "amd64"),
]
INSTALLED = [
    ("ca-certificates", "20130119", None, "all"),
    ("libssl1.0.0", "1.0.1e-2+deb7u4", "openssl", "amd64"),
    ("openssl", "1.0.1e-2+deb7u4", None, "amd64"),
]
WGET = ("wget", "1.13.4-3", None, "amd64")


def status(packages):
    """A dpkg status file (deb822: dpkg(1), /var/lib/dpkg/status)."""
    out = []
    for name, version, source, arch in sorted(packages):
        lines = ["Package: " + name, "Status: install ok installed", "Priority: optional", "Section: demo",
                 "Maintainer: Nobody <nobody@example.org>", "Architecture: " + arch]
        if source:
            lines.append("Source: " + source)
        lines += ["Version: " + version, "Description: stands in for " + name, " There is no program behind this entry.", ""]
        out.append("\n".join(lines) + "\n")
    return "".join(out)


def layer(files):
    """A layer's tar archive: the files, and the folders above them."""
    out, made = io.BytesIO(), set()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        def add(name, kind, mode, data=b""):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime, info.size = kind, mode, WHEN, len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, text in sorted(files.items()):
            parts = name.split("/")[:-1]
            for i in range(1, len(parts) + 1):
                folder = "/".join(parts[:i])
                if folder not in made:
                    made.add(folder)
                    add(folder, tarfile.DIRTYPE, 0o755)
            add(name, tarfile.REGTYPE, 0o755 if "bin/" in name else 0o644, text.encode())
    return out.getvalue()


LAYERS = [
    ("ADD the root of Debian 7.4 in /", {
        "bin/bash": "", "bin/tar": "", "etc/os-release": OS_RELEASE, "etc/debian_version": "7.4\n",
        "var/lib/dpkg/status": status(BASE)}),
    ("RUN apt-get install -y openssl wget", {
        "usr/bin/openssl": "", "usr/bin/wget": "", "var/lib/dpkg/status": status(BASE + INSTALLED + [WGET])}),
    ("RUN apt-get purge -y wget", {
        "usr/bin/.wh.wget": "", "srv/index.html": "<h1>It works.</h1>\n", "var/lib/dpkg/status": status(BASE + INSTALLED)}),
]


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "image")
    blobs = os.path.join(folder, "blobs", "sha256")
    shutil.rmtree(blobs, ignore_errors=True)
    os.makedirs(blobs)

    def write(name, data):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)

    def blob(data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        write(os.path.join("blobs", "sha256", digest), data)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}

    def document(value):
        return json.dumps(value, indent=1).encode() + b"\n"

    layers, diff_ids, history = [], [], []
    for created_by, files in LAYERS:
        tar = layer(files)
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)  # a gzip header without name or time
        layers.append(blob(packer.compress(tar) + packer.flush(), "application/vnd.oci.image.layer.v1.tar+gzip"))
        diff_ids.append("sha256:" + hashlib.sha256(tar).hexdigest())
        history.append({"created": "2014-02-08T12:00:00Z", "created_by": created_by})
    config = {"created": "2014-02-08T12:00:00Z", "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/bash"]},
              "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob(document(config), "application/vnd.oci.image.config.v1+json"), "layers": layers}
    entry = blob(document(manifest), manifest["mediaType"])
    entry["annotations"] = {"org.opencontainers.image.ref.name": "demo"}
    write("index.json", document({"schemaVersion": 2, "manifests": [entry]}))
    write("oci-layout", b'{"imageLayoutVersion":"1.0.0"}\n')


main()
