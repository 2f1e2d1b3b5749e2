"""Makes the images that are measured, once: layers as the package managers on this machine build them."""
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

PLAIN = "python3,perl,curl,git,openssl,vim,gcc,libc6-dev,make"
# Beside what a Debian image has: programs made with Go (docker, gh) and Rust (ripgrep), gems, a Java runtime, Node.js.
MIXED = "python3,curl,ruby-rails,docker.io,gh,ripgrep,default-jre-headless,nodejs"
WHEELS = ["django", "flask", "requests", "sqlalchemy", "jinja2", "pyyaml", "cryptography", "numpy", "pandas", "lxml", "pillow"]
NPM = ["express", "webpack", "typescript", "eslint", "react", "react-dom", "lodash", "axios"]
JARS = [("org.springframework.boot", "spring-boot-starter-web", "2.7.18"), ("org.hibernate", "hibernate-core", "5.6.15.Final"),
        ("org.elasticsearch", "elasticsearch", "7.17.9")]
GO_PROGRAM = "github.com/mikefarah/yq/v4@v4.30.8"
RPMS, FILES_OF_RPM = 200, 300

SPEC = """%define _binary_payload w1.gzdio
%define __os_install_post %{nil}
Name: bench
Version: 1.2
Release: 3
Summary: a package
License: MIT
BuildArch: noarch
%description
%{summary}
%install
for i in $(seq {rpms}); do
    mkdir -p %{buildroot}/opt/bench/$i
    (cd %{buildroot}/opt/bench/$i && seq -f 'file-of-a-package-%.0f' {files} | xargs touch)
done
""".replace("{rpms}", str(RPMS)).replace("{files}", str(FILES_OF_RPM))
SUBPACKAGE = """
%%package p%d
Summary: a package
%%description p%d
%%{summary}
%%files p%d
/opt/bench/%d
"""


def run(command, **options):
    """Runs a tool that is to make something; what it says matters only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        last = done.stdout.decode("utf-8", "replace").strip().split("\n")[-1]
        raise RuntimeError("%s: exit %d: %s" % (command[0], done.returncode, last))


def debian(tar, packages):
    print("bench: making a layer with mmdebstrap (once) ...", file=sys.stderr)
    mode = "root" if os.geteuid() == 0 else "unshare"
    run(["mmdebstrap", "--quiet", "--mode=" + mode, "--variant=minbase", "--include=" + packages, "bookworm", tar])


def pack(tar, compressed):
    """Compresses a tar, by the name that it gets; in place of the tar, complete or not at all."""
    tool = ["zstd", "-q", "-6", "-c"] if compressed.endswith(".zst") else ["gzip", "-n", "-6", "-c"]
    with open(compressed + ".part", "wb") as f:
        subprocess.run([*tool, tar], stdout=f, check=True)
    os.unlink(tar)
    os.rename(compressed + ".part", compressed)


def plain_layer(cache):
    """A real layer of some 200 MB compressed: a Debian root with compilers and interpreters. Kept between runs."""
    blob = os.path.join(cache, "layer.tar.gz")
    if not os.path.exists(blob):
        os.makedirs(cache, exist_ok=True)
        tar = os.path.join(cache, "layer.tar")
        debian(tar, PLAIN)
        pack(tar, blob)
    return blob, "Debian 12 with " + PLAIN


# ---- The layers of the image with all kinds of packages: each fills a root; `scratch` is for what tools keep ----------

def wheels(root, scratch):
    site = os.path.join(root, "usr", "local", "lib", "python3.11", "site-packages")
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-compile", "--target", site, *WHEELS])


def node_modules(root, scratch):
    run(["npm", "install", "--prefix", os.path.join(root, "opt", "node"), "--cache", scratch, "--no-audit", "--no-fund",
         "--ignore-scripts", *NPM])


def jars(root, scratch):
    """As files of a folder, and once more compressed in a web archive, where each is unpacked to be read."""
    pom = os.path.join(scratch, "pom.xml")
    with open(pom, "w") as f:
        f.write("<project><modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>bench</artifactId>"
                "<version>1</version><dependencies>")
        for names in JARS:
            f.write("<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>" % names)
        f.write("</dependencies></project>")
    lib = os.path.join(root, "opt", "java", "lib")
    run(["mvn", "-q", "-B", "-f", pom, "-Dmaven.repo.local=" + os.path.join(scratch, "repository"),
         "dependency:copy-dependencies", "-DoutputDirectory=" + lib])
    with zipfile.ZipFile(os.path.join(root, "opt", "java", "app.war"), "w", zipfile.ZIP_DEFLATED) as war:
        for name in sorted(os.listdir(lib)):
            war.write(os.path.join(lib, name), "WEB-INF/lib/" + name)


def go_program(root, scratch):
    run(["go", "install", GO_PROGRAM], env={
        **os.environ, "GOBIN": os.path.join(root, "usr", "local", "bin"), "GOPATH": scratch, "GOFLAGS": "-modcacherw",
        "GOCACHE": os.path.join(scratch, "cache"), "CGO_ENABLED": "0"})


def rpm_database(root, scratch):
    spec, rpms = os.path.join(scratch, "bench.spec"), os.path.join(scratch, "RPMS", "noarch")
    with open(spec, "w") as f:
        f.write(SPEC + "".join(SUBPACKAGE % (i, i, i, i) for i in range(1, RPMS + 1)))
    run(["rpmbuild", "-bb", "--define", "_topdir " + scratch, spec])
    run(["rpm", "--dbpath", os.path.join(root, "var", "lib", "rpm"), "-i", "--justdb", "--nodeps",
         *(os.path.join(rpms, name) for name in sorted(os.listdir(rpms)))])


# What is in it, what makes it, and how the layer is compressed.
MORE_LAYERS = [
    ("wheels", "pip3", wheels, "zst"),
    ("npm", "npm", node_modules, "gz"),
    ("jars", "mvn", jars, "zst"),
    ("go", "go", go_program, "gz"),
    ("rpm", "rpmbuild", rpm_database, "zst"),
]


def largest_captured(tar):
    """Bytes of the largest file that a scanner takes whole: a program, a Java archive or a database."""
    most = 0
    with tarfile.open(tar) as t:
        for member in t:
            if not member.isreg() or member.size <= most:
                continue
            head = t.extractfile(member).read(16)
            name = os.path.basename(member.name)
            program = head.startswith(b"\x7fELF") and member.mode & 0o111 and (".so" not in name or member.size <= 128 << 20)
            archive = head.startswith(b"PK") and name.endswith((".jar", ".war", ".ear"))
            if program or archive or "/lib/rpm/" in member.name or member.name.endswith("lib/dpkg/status"):
                most = member.size
    return most


def layer_of(cache, name, make, suffix):
    """The blob of a layer and the size of its largest captured file. RuntimeError, OSError: it cannot be made."""
    blob, about = os.path.join(cache, "%s.tar.%s" % (name, suffix)), os.path.join(cache, name + ".json")
    if not os.path.exists(blob) or not os.path.exists(about):
        tar = os.path.join(cache, name + ".tar")
        make(tar)
        with open(about, "w") as f:
            json.dump(largest_captured(tar), f)
        pack(tar, blob)
    with open(about) as f:
        return blob, json.load(f)


def filled(cache, tool, fill):
    def make(tar):
        if shutil.which(tool) is None:
            raise RuntimeError("%s is not installed" % tool)
        print("bench: making a layer with %s (once) ..." % tool, file=sys.stderr)
        root, scratch = os.path.join(cache, "root"), os.path.join(cache, "scratch")
        try:
            os.makedirs(root)
            os.makedirs(scratch)
            fill(root, scratch)
            run(["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-C", root, "-cf", tar, "."])
        finally:
            shutil.rmtree(root, ignore_errors=True)
            shutil.rmtree(scratch, ignore_errors=True)
    return make


def mixed_layers(cache):
    """Layers with all kinds of packages, gzip and zstd: (name, blob, size of the largest captured file) each. Kept between
    runs; one whose tool is missing or fails is left out, and told."""
    cache = os.path.join(cache, "mixed")
    os.makedirs(cache, exist_ok=True)
    layers = [("debian", *layer_of(cache, "debian", lambda tar: debian(tar, MIXED), "gz"))]
    for name, tool, fill, suffix in MORE_LAYERS:
        try:
            layers.append((name, *layer_of(cache, name, filled(cache, tool, fill), suffix)))
        except (RuntimeError, OSError) as e:
            print("bench: left out of the image with all kinds of packages: %s: %s" % (name, e), file=sys.stderr)
    return layers
