"""What stands in contrib/: dashboards and alerts speak of metrics that exist, and the jobs for CI run the program as it is."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

import clarion
import pypi
import serving

CONTRIB = os.path.join(os.path.dirname(clarion.HERE), "contrib")
METRIC = r"\b(?:clarion|process)_[a-z0-9_]+"

# What a runner's docker does for the action: runs the program, with the container's folders as the machine has them.
DOCKER = r"""#!/usr/bin/env python3
import json, os, re, sys
args = sys.argv[1:]
with open(os.environ["SAID"], "a") as f:
    f.write(json.dumps(args) + "\n")
if args[0] != "run":
    sys.exit(1)  # no such image here
folders = [args[i + 1].split(":") for i, a in enumerate(args) if a == "-v"]
at = args.index(os.environ["CLARION_IMAGE"])
command = args[at + 1:]
for there, here, *_ in folders:
    command = [re.sub("^(docker-archive:)?%s(?=/|$)" % here, lambda m: (m.group(1) or "") + there, c) for c in command]
if "--mirror" not in command and command[0] == "update":
    command += ["--mirror", os.environ["MIRROR"]]
command = [c.replace("registry:" + os.environ["IMAGE"], os.environ["TARGET"]) for c in command]
os.execv(os.environ["PROGRAM"], [os.environ["PROGRAM"], *command])
"""


def read(*path):
    with open(os.path.join(CONTRIB, *path), encoding="utf-8") as f:
        return f.read()


class Metrics(clarion.Case):
    def served(self):
        """The names of /metrics, and the values that a label state has."""
        service = serving.Service(self, {
            "notifier": {"webhook": {"target": "http://127.0.0.1:1/", "callback": "http://127.0.0.1:1/"}},
            "matcher": {"disable_updaters": False}, "updaters": {"mirror": self.feeds(), "sets": ["debian"]}})
        service.get("/indexer/api/v1/index_state")
        deadline = time.monotonic() + 60
        text = ""
        while "clarion_feed_update_seconds{" not in text and time.monotonic() < deadline:  # until the first run has ended
            time.sleep(0.1)
            text = service.get("/metrics", introspection=True).body.decode()
        names = set(re.findall("(?m)^# TYPE (%s) " % METRIC, text))
        for name in re.findall("(?m)^# TYPE (%s) histogram" % METRIC, text):
            names |= {name + end for end in ("_bucket", "_sum", "_count")}
        return names, set(re.findall(r'(clarion_\w+)\{state="(\w+)"\}', text))

    def test_all_that_is_asked_for_is_there(self):
        names, states = self.served()
        dashboard = json.loads(read("grafana", "clarion.json"))
        asked = " ".join(t["expr"] for p in dashboard["panels"] for t in p.get("targets", []))
        alerts = read("prometheus", "clarion.rules.yaml")
        for text in (asked, alerts):
            found = set(re.findall(METRIC, text))
            self.assertGreater(len(found), 8)
            self.assertEqual(found - names, set())
        wanted = set(re.findall(r'(clarion_\w+)\{state="(\w+)"\}', alerts))
        self.assertTrue(wanted and wanted <= states, wanted - states)

    def test_dashboard_is_what_the_script_makes(self):
        done = subprocess.run([sys.executable, os.path.join(CONTRIB, "grafana", "make-dashboard.py")], capture_output=True, check=True)
        self.assertEqual(done.stdout.decode(), read("grafana", "clarion.json"))

    @unittest.skipUnless(shutil.which("promtool"), "wants promtool (Debian: prometheus)")
    def test_promtool(self):
        done = subprocess.run(["promtool", "check", "rules", os.path.join(CONTRIB, "prometheus", "clarion.rules.yaml")], capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


class Jobs(clarion.Case):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, pypi.need("PyYAML==6.0.2", "jsonschema==4.23.0"))
        cls.addClassCleanup(sys.path.remove, sys.path[0])

    def yaml(self, *path):
        import yaml  # of setUpClass
        return yaml.safe_load(read(*path))

    def test_action_is_pinned_and_documented(self):
        action = self.yaml("github-action", "action.yml")
        self.assertEqual(action["runs"]["using"], "composite")
        for step in action["runs"]["steps"]:
            if "uses" in step:
                self.assertRegex(step["uses"], r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
            self.assertNotIn("${{ inputs", step.get("run", ""), "an input is text, no script")
        self.assertTrue(all(i["description"] for i in action["inputs"].values()))
        used = set(re.findall(r"inputs\.([\w-]+)", read("github-action", "action.yml")))
        self.assertEqual(used, set(action["inputs"]))

    def test_what_the_jobs_ask_for_is_the_programs(self):
        for name, script in (("scan", read("github-action", "scan.sh")), ("scan", " ".join(self.yaml("gitlab", "clarion.gitlab-ci.yml")["clarion"]["script"]))):
            text = self.run_clarion(name, "--help").out
            for option in re.findall(r"(?<=[ (])--(?:format|output|fail-on|only-fixed|ignore)\b", script):
                self.assertIn(option, text)

    def action(self, fail_on, image):
        os.makedirs(self.path("bin"), exist_ok=True)
        with open(self.path("bin", "docker"), "w", encoding="utf-8") as f:
            f.write(DOCKER)
        os.chmod(self.path("bin", "docker"), 0o755)
        env = dict(os.environ, PATH=self.path("bin") + ":" + os.environ["PATH"], SAID=self.path("said"), PROGRAM=clarion.BINARY,
                   MIRROR=self.feeds(), TARGET=image, GITHUB_OUTPUT=self.path("output"), HOME=self.folder, CLARION_IMAGE="clarion@sha256:0",
                   IMAGE="registry.example/app:1", FAIL_ON=fail_on, ONLY_FIXED="true", IGNORE="", SARIF="clarion.sarif", UPDATE="true",
                   DATA=self.path("feeds-cache"))
        return clarion.Result(subprocess.run([os.path.join(CONTRIB, "github-action", "scan.sh")], stdin=subprocess.DEVNULL, capture_output=True,
                                             check=False, env=env, cwd=self.folder))

    def test_action_scans(self):
        image = self.image(clarion.debian_layer(clarion.stanza("openssl", "1.0.1e-1")))
        r = self.action("", image)
        self.assertEqual(r.code, 0, r)
        self.assertRegex(r.out, r"(?m)openssl +1\.0\.1e-1 +1\.0\.1g-1 +CVE-2014-0160")
        with open(self.path("clarion.sarif"), encoding="utf-8") as f:
            self.assertIn("CVE-2014-0160", f.read())
        with open(self.path("output"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "sarif=clarion.sarif\n")
        os.remove(self.path("clarion.sarif"))
        self.assertEqual(self.action("unknown", image).code, 1)
        self.assertTrue(os.path.exists(self.path("clarion.sarif")), "the report is there for upload, whatever the gate says")
        os.remove(self.path("clarion.sarif"))
        damaged = self.image(clarion.debian_layer(clarion.stanza("openssl", "1.0.1e-1"), clarion.stanza("x" * 5000, "1")), name="damaged")
        r = self.action("", damaged)
        self.assertEqual(r.code, 3, r)
        self.assertIn("CVE-2014-0160", r.out)
        with open(self.path("clarion.sarif"), encoding="utf-8") as f:
            self.assertFalse(json.load(f)["runs"][0]["invocations"][0]["executionSuccessful"])
        with open(self.path("output"), encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 3)
        with open(self.path("said"), encoding="utf-8") as f:
            runs = [a for a in map(json.loads, f) if a[0] == "run"]
        self.assertTrue(all("--read-only" in a and "no-new-privileges" in a for a in runs))

    def test_gitlab_checks_what_it_installs(self):
        job = self.yaml("gitlab", "clarion.gitlab-ci.yml")["clarion"]
        steps = job["before_script"]
        order = [next(i for i, s in enumerate(steps) if w in s) for w in ("curl -f", "sha256sum -c", "install -y -qq --no-install-recommends ./clarion.deb")]
        self.assertEqual(order, sorted(order))
        self.assertIn(job["artifacts"]["reports"]["container_scanning"], " ".join(job["script"]))
        for each in [*steps, *job["script"]]:
            done = subprocess.run(["bash", "-n", "-c", each], capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, each)


if __name__ == "__main__":
    unittest.main()
