#!/usr/bin/env python3
"""Makes an image of Clarion without a container engine: image.py CLARION.deb OUT [PACKAGES]

OUT becomes an OCI image layout (image-spec 1.1): one layer with those packages of the distribution that the program's
libraries are in, one with Clarion's own package. They are taken out of .deb files, which apt fetches into the folder
PACKAGES (OUT.packages when it is not named), and each package's control data is kept, so that scanners see what is there. There
is no shell and no package manager inside. The same packages give the same bytes; $SOURCE_DATE_EPOCH is the time of all of it.
"""
import email.utils
import glob
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# Beside the libraries: who trusts whom, who the system is, and the names of ports.
MORE = ["base-files", "ca-certificates", "netbase"]
USER = 65532  # as in other images without a shell
LEFT_OUT = re.compile(r"usr/lib/[^/]+/gconv/|usr/share/(man|info|locale|lintian|bug|bash-completion|fish|zsh|doc/(?![^/]+/copyright$)[^/]+/.)")
MERGED = ("bin", "lib", "lib64", "sbin")  # links to the folders of the same names in usr
ARCHITECTURES = {"i386": ("386", None), "armhf": ("arm", "v7"), "armel": ("arm", "v5"), "ppc64el": ("ppc64le", None)}
DATA = "var/lib/clarion"


def output(*command, **how):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, **how).stdout


# ---- which packages -------------------------------------------------------------------------------------------------


def owner(path):
    """The package that a library on this machine is of. dpkg knows it by the name from before the folders were merged."""
    real = os.path.realpath(path)
    for name in (real, path, real[len("/usr"):], "/usr" + real):
        found = subprocess.run(["dpkg-query", "-S", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
        if found:
            return found.split(":")[0]
    sys.exit("image: %s is of no package" % path)


def needed(deb):
    """The packages of the libraries that the dynamic loader finds for the program."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
        listing = output("ldd", os.path.join(folder, "usr/bin/clarion")).decode()
        paths = re.findall(r"(?m)(?:=> |^\t)(/\S+) \(0x", listing)
        missing = re.findall(r"(\S+) => not found", listing)
        if missing:
            sys.exit("image: not on this machine: " + " ".join(missing))
        return sorted({owner(p) for p in paths if not p.startswith(folder)} | set(MORE))


def fetch(names, folder):
    """Their .deb files, of the versions that apt would install."""
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:  # apt names none that are in the present folder
        uris = output("apt-get", "download", "--print-uris", *names, cwd=empty).decode().splitlines()
    files = sorted(os.path.join(folder, line.split()[1]) for line in uris)
    if len(files) != len(names):
        sys.exit("image: apt knows %d of the %d packages %s" % (len(files), len(names), " ".join(names)))
    if not all(map(os.path.exists, files)):
        output("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names, cwd=folder)
    return files


# ---- layers ---------------------------------------------------------------------------------------------------------


class Layer:
    """Members by their names; each with its bytes."""

    def __init__(self, epoch):
        self.epoch, self.members = epoch, {}

    def put(self, info, data=b""):
        info.name = info.name.strip("/")
        info.mtime, info.uname, info.gname, info.pax_headers = self.epoch, "", "", {}
        self.members[info.name] = (info, data)

    def folder(self, name, mode=0o755, user=0):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, mode, user, user
        self.put(info)

    def file(self, name, data, mode=0o644):
        info = tarfile.TarInfo(name)
        info.mode, info.size = mode, len(data)
        self.put(info, data)

    def link(self, name, target):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        self.put(info)

    def package(self, deb):
        """Unpacks one, and keeps its control data as images without dpkg have it (status.d)."""
        with tarfile.open(fileobj=io.BytesIO(output("dpkg-deb", "--fsys-tarfile", deb))) as tar:
            for info in tar:
                info.name = merged(info.name)
                if info.islnk():
                    info.linkname = merged(info.linkname)
                if info.name and info.name not in MERGED and not LEFT_OUT.match(info.name):
                    self.put(info, tar.extractfile(info).read() if info.isreg() else b"")
        control = output("dpkg-deb", "-f", deb)
        name = output("dpkg-deb", "-f", deb, "Package").decode().strip()
        self.file("var/lib/dpkg/status.d/" + name, control)
        with tarfile.open(fileobj=io.BytesIO(output("dpkg-deb", "--ctrl-tarfile", deb))) as tar:
            sums = [m for m in tar if m.name.lstrip("./") == "md5sums"]
            if sums:
                self.file("var/lib/dpkg/status.d/%s.md5sums" % name, tar.extractfile(sums[0]).read())

    def bytes(self):
        for name in list(self.members):
            while (name := os.path.dirname(name)) and name not in self.members:
                self.folder(name)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for name in sorted(self.members):
                info, data = self.members[name]
                tar.addfile(info, io.BytesIO(data))
        return out.getvalue()


def merged(name):
    name = os.path.normpath(name.strip("/"))
    if name == ".":
        return ""
    return "usr/" + name if name.split("/")[0] in MERGED and "/" in name else name


def base_layer(debs, epoch):
    layer = Layer(epoch)
    for deb in debs:
        layer.package(deb)
    for name in MERGED:
        layer.folder("usr/" + name)
        layer.link(name, "usr/" + name)
    # What the package's script does where there is a shell to run it.
    authorities = sorted(n for n in layer.members if n.startswith("usr/share/ca-certificates/") and n.endswith(".crt"))
    layer.file("etc/ssl/certs/ca-certificates.crt", b"".join(layer.members[n][1] for n in authorities))
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/usr/sbin/nologin\n"
               b"clarion:x:%d:%d:clarion:/%s:/usr/sbin/nologin\n" % (USER, USER, DATA.encode()))
    layer.file("etc/group", b"root:x:0:\nclarion:x:%d:\n" % USER)
    layer.folder("tmp", 0o1777)
    return layer


def clarion_layer(deb, epoch):
    layer = Layer(epoch)
    layer.package(deb)
    with open(os.path.join(HERE, "image.yaml"), "rb") as f:
        layer.file("etc/clarion/config.yaml", f.read())
    layer.folder(DATA, 0o700, USER)
    return layer


# ---- the layout -----------------------------------------------------------------------------------------------------


def blob(folder, data, kind):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(folder, "blobs", "sha256", digest), "wb") as f:
        f.write(data)
    return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest, "size": len(data)}


def document(folder, what, kind):
    return blob(folder, json.dumps(what, indent=1, sort_keys=True).encode(), kind)


def write_layout(folder, layers, created, version, architecture):
    os.makedirs(os.path.join(folder, "blobs", "sha256"))
    descriptors, diffs = [], []
    for data in layers:
        diffs.append("sha256:" + hashlib.sha256(data).hexdigest())
        descriptors.append(blob(folder, gzip.compress(data, mtime=0), "layer.v1.tar+gzip"))
    name, variant = ARCHITECTURES.get(architecture, (architecture, None))
    platform = dict({"os": "linux", "architecture": name}, **({"variant": variant} if variant else {}))
    labels = {"org.opencontainers.image.title": "Clarion", "org.opencontainers.image.version": version,
              "org.opencontainers.image.description": "vulnerability analysis of container images",
              "org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.created": created}
    config = dict(platform, created=created, rootfs={"type": "layers", "diff_ids": diffs}, config={
        "User": "%d:%d" % (USER, USER), "Entrypoint": ["/usr/bin/clarion"], "Cmd": ["serve", "-c", "/etc/clarion/config.yaml"],
        "ExposedPorts": {"6060/tcp": {}, "8089/tcp": {}}, "Volumes": {"/" + DATA: {}}, "WorkingDir": "/" + DATA, "Labels": labels,
        "Env": ["PATH=/usr/sbin:/usr/bin", "CLARION_DATA=/" + DATA]},
        history=[{"created": created, "created_by": "packages of the distribution"}, {"created": created, "created_by": "clarion " + version}])
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "annotations": labels,
                "config": document(folder, config, "config.v1+json"), "layers": descriptors}
    entry = dict(document(folder, manifest, "manifest.v1+json"), platform=platform,
                 annotations={"org.opencontainers.image.ref.name": version})
    for name, what in (("oci-layout", {"imageLayoutVersion": "1.0.0"}),
                       ("index.json", {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            json.dump(what, f, indent=1, sort_keys=True)


def main(deb, out, packages=None):
    date = output("dpkg-parsechangelog", "-l", os.path.join(HERE, "debian/changelog"), "-S", "Date").decode().strip()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or email.utils.mktime_tz(email.utils.parsedate_tz(date)))
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    version, architecture = (output("dpkg-deb", "-f", deb, field).decode().strip() for field in ("Version", "Architecture"))
    debs = fetch(needed(deb), packages or out + ".packages")
    layers = [base_layer(debs, epoch).bytes(), clarion_layer(deb, epoch).bytes()]
    new = out + ".new"
    shutil.rmtree(new, ignore_errors=True)
    write_layout(new, layers, created, version, architecture)
    shutil.rmtree(out, ignore_errors=True)
    os.rename(new, out)
    print("%s: %d packages, %.1f MB compressed" % (out, len(debs) + 1, sum(
        os.path.getsize(f) for f in glob.glob(os.path.join(out, "blobs/sha256/*"))) / 1e6))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
