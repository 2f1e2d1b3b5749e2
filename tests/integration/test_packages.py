"""The Debian package and Clarion's own image: what is in them, that they work where nothing else is, and that a second making
gives the same bytes. Both are made of the release build."""
import atexit
import filecmp
import functools
import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

import clarion
import pypi
import ports

ROOT = os.path.dirname(clarion.HERE)
RELEASE = os.path.join(ROOT, "build")
USER = 65532
TOOLS = ("dpkg-buildpackage", "dh", "dpkg-deb", "apt-get")


def run(*command, **how):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, **how)
    if done.returncode:
        raise AssertionError("%s: exit %d\n%s%s" % (command[0], done.returncode, done.stdout.decode()[-2000:], done.stderr.decode()[-2000:]))
    return done.stdout.decode()


def field(deb, name):
    return run("dpkg-deb", "-f", deb, name).strip()


def make_deb(out, **env):
    return run(os.path.join(ROOT, "packaging", "deb.sh"), RELEASE, out, env=dict(os.environ, **env)).strip()


@functools.lru_cache(maxsize=None)
def the_deb():
    folder = tempfile.mkdtemp(prefix="clarion-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_deb(folder)


def make_image(deb, out):
    debs = os.path.join(pypi.cache(), "debs")
    done = subprocess.run([sys.executable, os.path.join(ROOT, "packaging", "image.py"), deb, out, debs], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    if done.returncode and any(why in done.stderr for why in (b"Failed to fetch", b"Unable to locate", b"No packages found")):
        raise unittest.SkipTest("apt cannot fetch packages: " + done.stderr.decode()[-300:])
    if done.returncode:
        raise AssertionError(done.stderr.decode()[-2000:])


class Packed(clarion.Case):
    @classmethod
    def setUpClass(cls):
        missing = [t for t in TOOLS if not shutil.which(t)]
        if missing:
            raise unittest.SkipTest("wants " + ", ".join(missing))
        if not os.path.exists(os.path.join(RELEASE, "clarion")):
            raise unittest.SkipTest("wants the release build (make build)")
        cls.deb = the_deb()


class Deb(Packed):
    def unpacked(self):
        run("dpkg-deb", "-x", self.deb, self.path("root"))
        return self.path("root")

    def test_version_is_the_programs(self):
        self.assertEqual("clarion %s\n" % field(self.deb, "Version"), run(os.path.join(self.unpacked(), "usr/bin/clarion"), "version"))

    def test_same_bytes_again(self):
        other = make_deb(self.path("again"), TZ="Asia/Tokyo", LC_ALL="C", HOME=self.folder)
        self.assertTrue(filecmp.cmp(self.deb, other, shallow=False))

    @unittest.skipUnless(shutil.which("lintian"), "wants lintian")
    def test_lintian(self):
        self.assertEqual(run("lintian", "--allow-root", "--fail-on", "error,warning", self.deb), "")

    def test_depends_on_what_the_distribution_has(self):
        """yyjson comes along where apt could not get it."""
        depends = [d.split()[0] for d in field(self.deb, "Depends").split(", ")]
        self.assertIn("libc6", depends)
        root = self.unpacked()
        along = os.path.exists(os.path.join(root, "usr/lib/clarion/libyyjson.so.0"))
        self.assertEqual("libyyjson0" in depends, not along)
        self.assertEqual(bool(run("apt-cache", "madison", "libyyjson0")), not along)
        if along:
            self.assertIn("%s/usr/bin/../lib/clarion/libyyjson.so.0" % root, run("ldd", os.path.join(root, "usr/bin/clarion")))
            self.assertRegex(field(self.deb, "Built-Using"), r"^yyjson \(= ")

    def test_unit_and_configuration(self):
        root = self.unpacked()
        with open(os.path.join(root, "lib/systemd/system/clarion.service"), encoding="utf-8") as f:
            self.assertIn("\nExecStart=/usr/bin/clarion serve -c %d/config.yaml --data /var/lib/clarion\n", f.read())
        r = self.run_clarion("check-config", "-c", os.path.join(root, "etc/clarion/config.yaml"))
        self.assertEqual((r.code, r.err), (0, ""))
        self.assertEqual(os.stat(os.path.join(root, "etc/clarion/config.yaml")).st_mode & 0o777, 0o640)

    @unittest.skipUnless(os.geteuid() == 0, "wants root, as dpkg does")
    def test_install_remove_purge(self):
        root = self.path("root")
        for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates"):
            os.makedirs(os.path.join(root, name))
        open(os.path.join(root, "var/lib/dpkg/status"), "w", encoding="utf-8").close()
        dpkg = ("dpkg", "--root=" + root, "--log=/dev/null", "--force-script-chrootless", "--force-depends")
        state = lambda: run("dpkg-query", "--admindir=%s/var/lib/dpkg" % root, "-W", "-f", "${db:Status-Status} ${Conffiles}", "clarion")
        run(*dpkg, "-i", self.deb)
        self.assertRegex(state(), r"^installed\s+/etc/clarion/config.yaml [0-9a-f]{32}$")
        # Neither enabled nor started: whoever wants the command alone wants no service.
        self.assertFalse(os.path.exists(os.path.join(root, "etc/systemd/system/multi-user.target.wants/clarion.service")))
        config, data = os.path.join(root, "etc/clarion/config.yaml"), os.path.join(root, "var/lib/private/clarion/clarion.db")
        with open(config, "a", encoding="utf-8") as f:
            f.write("limits: {request_body_bytes: 8M}\n")
        os.makedirs(os.path.dirname(data))
        open(data, "w", encoding="utf-8").close()
        os.symlink("private/clarion", os.path.join(root, "var/lib/clarion"))
        run(*dpkg, "-r", "clarion")
        self.assertFalse(os.path.exists(os.path.join(root, "usr/bin/clarion")))
        self.assertTrue(os.path.exists(data) and os.path.exists(config))
        run(*dpkg, "-P", "clarion")
        self.assertFalse(os.path.exists(config))
        self.assertEqual([n for n in os.listdir(os.path.join(root, "var/lib")) + os.listdir(os.path.join(root, "var/lib/private"))
                          if n.startswith("clarion")], [])


class Image(Packed):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="clarion-test-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.image = os.path.join(folder, "image.oci")
        make_image(cls.deb, cls.image)

    def blob(self, descriptor):
        with open(os.path.join(self.image, "blobs", "sha256", descriptor["digest"][7:]), "rb") as f:
            return f.read()

    def manifest(self):
        with open(os.path.join(self.image, "index.json"), encoding="utf-8") as f:
            return json.loads(self.blob(json.load(f)["manifests"][0]))

    def layers(self):
        for layer in self.manifest()["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.blob(layer)), mode="r:gz") as tar:
                yield tar

    def root(self):
        for tar in self.layers():
            tar.extractall(self.path("root"), numeric_owner=True, filter="tar")
        return self.path("root")

    def test_same_bytes_again(self):
        make_image(self.deb, self.path("again"))
        self.assertEqual(sorted(os.listdir(self.image + "/blobs/sha256")), sorted(os.listdir(self.path("again", "blobs", "sha256"))))
        self.assertTrue(filecmp.cmp(self.image + "/index.json", self.path("again", "index.json"), shallow=False))

    def test_scan_finds_all_of_it(self):
        """dpkg's own reading of the control data is the truth."""
        truth = set()
        for tar in self.layers():
            for info in tar:
                if info.name.startswith("var/lib/dpkg/status.d/") and not info.name.endswith(".md5sums") and info.isfile():
                    with open(self.path("control"), "wb") as f:
                        f.write(tar.extractfile(info).read())
                    truth.add(tuple(self.control("Package", "Version")))
        doc = self.run_clarion("index", "--format", "json", "oci:" + self.image).doc
        found = {(p["name"], p["version"]) for p in doc["packages"] if p["kind"] == "deb"}
        self.assertEqual(found, truth)
        self.assertLessEqual({"clarion", "libc6", "libssl3", "libcurl4", "ca-certificates", "base-files"}, {n for n, _ in found})
        self.assertEqual(doc["image"]["distribution"]["id"], "debian")

    def control(self, *fields):
        """Of the file that was just written, by dpkg's own reader."""
        return run("perl", "-MDpkg::Control", "-e", "$c = Dpkg::Control->new(type => CTRL_DEB); $c->load(shift); print \"$c->{$_}\\n\" for @ARGV",
                   self.path("control"), *fields).splitlines()

    @unittest.skipUnless(shutil.which("skopeo"), "wants skopeo")
    def test_others_read_it(self):
        config = json.loads(run("skopeo", "inspect", "--config", "oci:%s:%s" % (self.image, field(self.deb, "Version"))))
        self.assertEqual(config["config"]["User"], "%d:%d" % (USER, USER))
        self.assertEqual(config["config"]["Entrypoint"], ["/usr/bin/clarion"])
        self.assertEqual(sorted(config["config"]["ExposedPorts"]), ["6060/tcp", "8089/tcp"])
        run("skopeo", "copy", "--insecure-policy", "oci:%s:%s" % (self.image, field(self.deb, "Version")), "docker-archive:" + self.path("docker.tar"))

    def test_configuration(self):
        config = os.path.join(self.root(), "etc/clarion/config.yaml")
        r = self.run_clarion("check-config", "-c", config)
        self.assertEqual((r.code, r.err), (0, ""))
        self.assertRegex(r.out, r"(?m)^http_listen_addr +:6060 ")

    @unittest.skipUnless(os.geteuid() == 0, "wants root, for chroot")
    def test_runs_where_nothing_else_is(self):
        root = self.root()
        os.mknod(os.path.join(root, "dev/null"), 0o666 | 0o020000, os.makedev(1, 3))
        os.chmod(os.path.join(root, "dev/null"), 0o666)
        # The dynamic loader asks /proc where the program is, to find what it brings along.
        os.makedirs(os.path.join(root, "proc/self"))
        os.symlink("/usr/bin/clarion", os.path.join(root, "proc/self/exe"))
        within = ["chroot", "--userspec=%d:%d" % (USER, USER), root, "/usr/bin/clarion"]
        self.assertEqual(run(*within, "version"), "clarion %s\n" % field(self.deb, "Version"))
        port = ports.free_port()
        with open(os.path.join(root, "etc/clarion/config.yaml"), "w", encoding="utf-8") as f:
            json.dump({"http_listen_addr": "127.0.0.1:%d" % port, "introspection_addr": "127.0.0.1:%d" % ports.free_port(),
                       "matcher": {"disable_updaters": True}}, f)
        process = subprocess.Popen([*within, "serve", "-c", "/etc/clarion/config.yaml", "--data", "/var/lib/clarion"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            self.assertEqual(self.ask(port, process), 200)
        finally:
            process.terminate()
            err = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 0, err)
        # A worker, too, finds what it needs.
        target = self.image_of_one()
        r = json.loads(run(*within, "index", "--data", "/var/lib/clarion", "--format", "json", target))
        self.assertEqual([p["name"] for p in r["packages"]], ["openssl"])

    def image_of_one(self):
        layout = clarion.OciLayout(os.path.join(self.path("root"), "one"))
        layout.add([clarion.debian_layer(clarion.stanza("openssl", "1.0.1e-1"))])
        return "oci:/one"

    def ask(self, port, process):
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("GET", "/indexer/api/v1/index_state")
                return connection.getresponse().status
            except OSError:
                time.sleep(0.05)
        return None


if __name__ == "__main__":
    unittest.main()
