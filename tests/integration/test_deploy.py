"""compose.yaml and the Helm chart: what is in them is what the program takes. Helm itself is asked where it is ($PATH)."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import unittest

import clarion
import pypi
import serving

PACKAGING = os.path.join(os.path.dirname(clarion.HERE), "packaging")
CHART = os.path.join(PACKAGING, "helm", "clarion")
SERVER = ("--set", "database.url=postgres://clarion@db/clarion,database.existingSecret=db,existingSecret=more")


def read(*path):
    with open(os.path.join(PACKAGING, *path), encoding="utf-8") as f:
        return f.read()


class Deployed(clarion.Case):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, pypi.need("PyYAML==6.0.2", "jsonschema==4.23.0"))
        cls.addClassCleanup(sys.path.remove, sys.path[0])

    def yaml(self, text):
        import yaml  # of setUpClass
        return list(yaml.safe_load_all(text))

    def version(self):
        return self.run_clarion("version").out.split()[1]

    def options_exist(self, command):
        """All options of a command line of `serve` are the program's."""
        self.assertEqual(command[0], "serve")
        text = self.run_clarion("serve", "--help").out
        for word in command:
            if word.startswith("-"):
                self.assertRegex(text, r"(^|[\s,])%s\b" % re.escape(word))

    def accepted(self, config):
        with open(self.path("config.yaml"), "w", encoding="utf-8") as f:
            f.write(config)
        r = self.run_clarion("check-config", "-c", self.path("config.yaml"))
        self.assertEqual((r.code, r.err), (0, ""), config)
        return r.out


class Compose(Deployed):
    def compose(self):
        return self.yaml(read("compose.yaml"))[0]

    def test_images_and_ports(self):
        services = self.compose()["services"]
        self.assertEqual(services["clarion"]["image"], "${CLARION_IMAGE:-clarion:%s}" % self.version())
        self.assertEqual(services["postgres"]["image"], "postgres:16")
        listening = dict(re.findall(r"(?m)^(http_listen_addr|introspection_addr) +:(\d+) ", self.accepted(read("image.yaml"))))
        self.assertEqual(services["clarion"]["ports"], ["127.0.0.1:%s:%s" % (p, p) for p in listening.values()])

    def test_command(self):
        self.options_exist(self.compose()["services"]["clarion"]["command"])

    def test_health_check_is_the_programs(self):
        command = self.compose()["services"]["clarion"]["healthcheck"]["test"]
        self.assertEqual(command[:2], ["CMD", "/usr/bin/clarion"])
        service = serving.Service(self)
        self.assertEqual(self.run_clarion(*command[2:-1], service.file).code, 0)
        service.end()
        r = self.run_clarion(*command[2:-1], service.file)
        self.assertEqual(r.code, 3)
        self.assertRegex(r.err, r"cannot connect to the service at 127\.0\.0\.1:\d+: Connection refused")

    def test_not_ready_is_not_healthy(self):
        """Another program's answer, half an answer, and none."""
        for answer, why in ((b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "is not ready"), (b"HTTP/1.1 200", "is not ready"), (b"", "is not ready")):
            with socket.create_server(("127.0.0.1", 0)) as server:
                def once():
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(1000)
                        connection.sendall(answer)
                thread = threading.Thread(target=once)
                thread.start()
                with open(self.path("other.yaml"), "w", encoding="utf-8") as f:
                    json.dump({"introspection_addr": "127.0.0.1:%d" % server.getsockname()[1]}, f)
                r = self.run_clarion("health", "-c", self.path("other.yaml"))
                thread.join()
            self.assertEqual(r.code, 3)
            self.assertIn(why, r.err)

    def test_nothing_secret_in_it(self):
        text = re.sub(r"(?m)^#.*", "", read("compose.yaml"))
        self.assertNotRegex(text, r"://[^/@\s]*:[^/@\s]*@")
        self.assertNotRegex(text, r"(?i)password: *\S")

    def test_all_that_is_named_is_there(self):
        document = self.compose()
        named = {v.split(":")[0] for s in document["services"].values() for v in s["volumes"] if not v.startswith(".")}
        self.assertEqual(named, set(document["volumes"]))
        self.assertEqual({n for s in document["services"].values() for n in s.get("secrets", [])}, set(document["secrets"]))

    def test_docker_reads_it(self):
        if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
            self.skipTest("wants docker with compose")
        done = subprocess.run(["docker", "compose", "-f", os.path.join(PACKAGING, "compose.yaml"), "config", "-q"], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


class Values(Deployed):
    """What needs no Helm."""

    def valid(self, change=None):
        import jsonschema  # of setUpClass
        values = self.yaml(read("helm/clarion/values.yaml"))[0]
        for path, value in (change or {}).items():
            *folders, last = path.split(".")
            place = values
            for name in folders:
                place = place[name]
            place[last] = value
        return jsonschema.Draft7Validator(json.loads(read("helm/clarion/values.schema.json"))).is_valid(values)

    def test_schema(self):
        self.assertTrue(self.valid())
        for wrong in ({"mode": "indexer"}, {"replicas": 0}, {"image.digest": "sha256:12"}, {"replica": 2}, {"service.port": 70000},
                      {"database.url": "postgres://clarion:secret@db/clarion"}, {"database.url": "host=db password=secret"}):
            self.assertFalse(self.valid(wrong), wrong)
        self.assertTrue(self.valid({"database.url": "postgres://clarion@db:5432/clarion", "mode": "split", "replicas": 3}))

    def test_version(self):
        chart = self.yaml(read("helm/clarion/Chart.yaml"))[0]
        self.assertEqual(str(chart["appVersion"]), self.version())


@unittest.skipUnless(shutil.which("helm"), "wants helm")
class Chart(Deployed):
    def helm(self, *args):
        return subprocess.run(["helm", *args], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env=dict(os.environ, HELM_CACHE_HOME=self.folder, HELM_CONFIG_HOME=self.folder, HELM_DATA_HOME=self.folder))

    def render(self, *args):
        done = self.helm("template", "try", CHART, "--kube-version", "1.29.0", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [x for x in self.yaml(done.stdout.decode()) if x]

    def kinds(self, documents):
        return sorted(x["kind"] for x in documents)

    def test_lint(self):
        done = self.helm("lint", "--strict", CHART)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_combo(self):
        documents = self.render()
        self.assertEqual(self.kinds(documents), ["ConfigMap", "Deployment", "NetworkPolicy", "PersistentVolumeClaim", "Service", "Service"])
        pod = next(x for x in documents if x["kind"] == "Deployment")["spec"]["template"]["spec"]
        container = pod["containers"][0]
        self.assertEqual(container["image"], "clarion:" + self.version())
        self.options_exist(container["args"])
        self.assertTrue(pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"])
        self.assertEqual(container["securityContext"]["capabilities"], {"drop": ["ALL"]})
        self.assertEqual([container[p]["httpGet"]["path"] for p in ("startupProbe", "readinessProbe", "livenessProbe")],
                         ["/readyz", "/readyz", "/healthz"])

    def test_split(self):
        documents = self.render("--set", "mode=split,replicas=2,serviceMonitor.enabled=true", *SERVER)
        self.assertEqual(self.kinds(documents), ["ConfigMap", "Deployment", "Deployment", "Deployment", "NetworkPolicy", "Service", "Service",
                                                 "Service", "Service", "ServiceMonitor"])
        modes = []
        for each in (x["spec"]["template"]["spec"]["containers"][0] for x in documents if x["kind"] == "Deployment"):
            self.options_exist(each["args"])
            modes.append(each["args"][each["args"].index("--mode") + 1])
            self.assertEqual(each["env"], [{"name": "PGPASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}])
        self.assertEqual(modes, ["indexer", "matcher", "notifier"])

    def test_what_cannot_work_is_refused(self):
        for args, why in (("mode=split", "wants database.url"), ("replicas=2", "wants database.url"),
                          ("config.http_listen_addr=:1", "the chart's own"), ("database.url=postgres://c:x@db/c", "database.url")):
            done = self.helm("template", "try", CHART, "--kube-version", "1.29.0", "--set", args)
            self.assertNotEqual(done.returncode, 0, args)
            self.assertIn(why, done.stderr.decode())

    def test_configuration(self):
        documents = self.render("--set", "config.matcher.period=1h,config.updaters.sets={debian,osv}")
        out = self.accepted(next(x for x in documents if x["kind"] == "ConfigMap")["data"]["config.yaml"])
        self.assertRegex(out, r"(?m)^matcher\.period +1h ")
        self.assertRegex(out, r"(?m)^http_listen_addr +:6060 ")

    def test_kubernetes_takes_it(self):
        for args in ((), ("--set", "mode=split,replicas=2", *SERVER)):
            documents = [x for x in self.render(*args) if x["kind"] != "ServiceMonitor"]
            for i, each in enumerate(documents):
                with open(self.path("%d.json" % i), "w", encoding="utf-8") as f:
                    json.dump(each, f)
            done = pypi.run(("kubernetes-validate==1.37.0",), "-m", "kubernetes_validate", "-k", "1.29", "--strict",
                            *(self.path("%d.json" % i) for i in range(len(documents))), timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
