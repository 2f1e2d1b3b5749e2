"""What `make install` puts where, and the systemd unit: how exposed it is, and that the service works within it."""
import functools
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import clarion
import serving
from clarion import debian_layer, stanza
from confined import USER, Unit

ROOT = os.path.dirname(clarion.HERE)
INSTALLED = ["bin/clarion", "etc/clarion/config.yaml", "lib/systemd/system/clarion.service", "share/bash-completion/completions/clarion",
             "share/doc/clarion/CHANGELOG.md", "share/doc/clarion/LICENSE", "share/doc/clarion/README.md",
             "share/doc/clarion/docs/operations.md", "share/doc/clarion/examples/config.yaml",
             "share/fish/vendor_completions.d/clarion.fish", "share/zsh/site-functions/_clarion"]
MOST_EXPOSED = 2.0


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Installed(clarion.Case):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="clarion-test-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.prefix = os.path.join(cls.root, "usr", "local")
        cls.install()

    @classmethod
    def install(cls):
        subprocess.run(["meson", "install", "-C", clarion.BUILD, "--no-rebuild", "--quiet", "--destdir", cls.root], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def read(self, name):
        with open(os.path.join(self.prefix, name), encoding="utf-8") as f:
            return f.read()

    def unit(self):
        return os.path.join(self.prefix, "lib/systemd/system/clarion.service")


class Install(Installed):
    def test_files(self):
        for name in INSTALLED:
            self.assertTrue(os.path.isfile(os.path.join(self.prefix, name)), name)
        self.assertEqual(os.listdir(self.root), ["usr"], "all of it is below the prefix")
        docs = {name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md")}
        self.assertEqual(set(os.listdir(os.path.join(self.prefix, "share/doc/clarion/docs"))), docs)

    def test_program_runs(self):
        done = subprocess.run([os.path.join(self.prefix, "bin/clarion"), "version"], capture_output=True, check=True)
        self.assertRegex(done.stdout.decode(), r"^clarion \d")

    def test_completions_are_the_programs(self):
        for shell, name in (("bash", INSTALLED[3]), ("fish", INSTALLED[9]), ("zsh", INSTALLED[10])):
            done = subprocess.run([clarion.BINARY, "completion", shell], capture_output=True, check=True)
            self.assertEqual(self.read(name), done.stdout.decode())

    def test_configuration_is_accepted(self):
        r = self.run_clarion("check-config", "-c", os.path.join(self.prefix, "etc/clarion/config.yaml"))
        self.assertEqual((r.code, r.err), (0, ""))

    def test_what_is_commented_out_is_accepted(self):
        """Each example in the configuration is one that works when its mark is taken away."""
        shown = re.sub(r"(?m)^( *)# ( *\w+:)", r"\1\2", self.read("etc/clarion/config.yaml"))
        shown = shown.replace("/etc/clarion/tls", self.path("tls"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", self.path("tls.key"),
                        "-out", self.path("tls.crt")], check=True, capture_output=True)
        with open(self.path("shown.yaml"), "w", encoding="utf-8") as f:
            f.write(shown)
        r = self.run_clarion("check-config", "-c", self.path("shown.yaml"))
        self.assertEqual((r.code, r.err), (0, ""))
        for key in ("tls.cert", "matcher.connstring", "indexer.fetch.allow", "updaters.mirror", "auth.psk.key", "notifier.webhook.target"):
            self.assertRegex(r.out, r"(?m)^%s .* \S*shown\.yaml:\d+$" % re.escape(key))

    def test_an_operators_configuration_is_left_alone(self):
        where = os.path.join(self.prefix, "etc/clarion/config.yaml")
        before = self.read("etc/clarion/config.yaml")
        with open(where, "w", encoding="utf-8") as f:
            f.write("log_level: debug\n")
        self.install()
        self.assertEqual(self.read("etc/clarion/config.yaml"), "log_level: debug\n")
        os.remove(where)
        self.install()
        self.assertEqual(self.read("etc/clarion/config.yaml"), before)


@unittest.skipUnless(shutil.which("systemd-analyze"), "wants systemd-analyze, which knows systemd's groups of system calls")
class UnitFile(Installed):
    def test_paths_have_the_prefix(self):
        unit = Unit(self.unit())
        self.assertEqual(unit["ExecStart"], ["/usr/local/bin/clarion serve -c %d/config.yaml --data /var/lib/clarion"])
        self.assertEqual(unit["LoadCredential"], ["config.yaml:/usr/local/etc/clarion/config.yaml"])
        self.assertIn("Documentation=file:/usr/local/share/doc/clarion/docs/operations.md\n", self.read("lib/systemd/system/clarion.service"))

    def test_systemd_understands_it(self):
        text = self.read("lib/systemd/system/clarion.service").replace("/usr/local/bin/clarion", os.path.join(self.prefix, "bin/clarion"))
        text = re.sub("(?m)^Documentation=.*\n", "", text)
        with open(self.path("clarion.service"), "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", self.path("clarion.service")],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))

    def test_exposure(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", self.unit()],
                              stdin=subprocess.DEVNULL, capture_output=True, check=True)
        level = re.search(r"exposure level for clarion\.service: ([0-9.]+)", done.stdout.decode())
        self.assertLessEqual(float(level.group(1)), MOST_EXPOSED)

    def within(self, *command):
        """The command, as the unit would let it run. LeakSanitizer wants ptrace, which no service should have."""
        env = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        return [sys.executable, os.path.join(clarion.HERE, "confined.py"), self.unit(), *command], env

    def test_workers_have_their_own_sandbox_within(self):
        command, env = self.within(clarion.BINARY, "version", "-v")
        inside = subprocess.run(command, env=env, capture_output=True, check=True).stdout.decode()
        outside = self.run_clarion("version", "-v").out
        of = lambda text: re.search("(?m)^sandbox of layer workers: .*", text).group()
        self.assertIn("seccomp yes", of(inside))
        self.assertEqual(of(inside), of(outside))

    def test_the_filter_is_in_force(self):
        """Else what the other tests say means nothing."""
        program = ("import os, socket\n"
                   "for what in (lambda: os.chroot('/'), lambda: socket.socket(socket.AF_NETLINK)):\n"
                   "    try: what(); print('done')\n"
                   "    except OSError as e: print(e.errno)\n"
                   "print([l for l in open('/proc/self/status') if l.startswith(('Seccomp:', 'NoNewPrivs:', 'CapEff:'))])\n")
        command, env = self.within("python3", "-c", program)  # that one of $PATH which another user may run
        out = subprocess.run(command, env=env, capture_output=True, check=True).stdout.decode()
        self.assertEqual(out, "1\n97\n['CapEff:\\t0000000000000000\\n', 'NoNewPrivs:\\t1\\n', 'Seccomp:\\t2\\n']\n")

    def serve_layer(self, layer):
        os.mkdir(self.path("layers"))
        with open(self.path("layers", "layer"), "wb") as f:
            f.write(layer)
        handler = functools.partial(Quiet, directory=self.path("layers"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return "http://127.0.0.1:%d/layer" % server.server_port, clarion.digest(layer)

    def test_the_service_indexes_within(self):
        self.update(self.feeds())
        uri, layer = self.serve_layer(debian_layer(stanza("openssl", "1.0.1e-1")))
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(ready.close)
        ready.bind(self.path("notify"))
        ready.settimeout(30)
        if os.geteuid() == 0:
            for where, folders, files in os.walk(self.folder):
                for name in (".", *folders, *files):
                    os.chown(os.path.join(where, name), USER, USER, follow_symlinks=False)
        command, env = self.within(clarion.BINARY)
        service = serving.Service(self, {"indexer": {"fetch": {"allow": ["127.0.0.1"]}}}, program=command, env=dict(env, NOTIFY_SOCKET=self.path("notify")))
        self.assertEqual(ready.recv(100), b"READY=1")
        image = clarion.digest(b"an image")
        posted = {"hash": image, "layers": [{"hash": layer, "uri": uri}]}
        r = service.ask("POST", "/indexer/api/v1/index_report", json.dumps(posted))
        self.assertEqual(r.status, 201, r)
        report = service.get("/indexer/api/v1/index_report/" + image).doc
        self.assertEqual([(p["name"], p["version"]) for p in report["packages"].values() if p["kind"] == "binary"], [("openssl", "1.0.1e-1")])
        found = service.get("/matcher/api/v1/vulnerability_report/" + image).doc
        self.assertEqual([v["name"] for v in found["vulnerabilities"].values()], ["CVE-2014-0160"])


if __name__ == "__main__":
    unittest.main()
