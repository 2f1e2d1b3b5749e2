"""Trees of sources: what their lock files say, against the listings of the tools that wrote them; and hostile ones.

The real ones need npm, go or cargo on PATH and a registry that they can reach; a test whose tool has neither is
skipped, and says so.
"""
import json
import os
import re
import shutil
import subprocess
import unittest

import clarion

GEMFILE_LOCK = "GEM\n  remote: x\n  specs:\n    rack (2.2.8)\n"
RACK = ("rack", "2.2.8")


class Tree(clarion.Case):
    """A test with a folder of sources."""

    def write(self, name, text):
        path = self.path("tree", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text.encode() if isinstance(text, str) else text)

    def index(self, *args, code=0):
        r = self.run_clarion("index", *args, "dir:" + self.path("tree"))
        self.assertEqual(r.code, code, r)
        return r


class Sources(Tree):
    def test_a_tree_of_several_languages(self):
        self.write("go.mod", "module m\nrequire a.b/c v1.0.0\n")
        self.write("web/yarn.lock", '"@s/x@^1":\n  version "1.2.3"\n')
        self.write("web/node_modules/y/yarn.lock", 'no@1:\n  version "1"\n')
        self.write("Gemfile.lock", GEMFILE_LOCK)
        doc = self.index().doc
        self.assertEqual([(p["kind"], p["name"], p["version"], p["path"], p["purl"]) for p in doc["packages"]], [
            ("gem", "rack", "2.2.8", "Gemfile.lock", "pkg:gem/rack@2.2.8"),
            ("go", "a.b/c", "v1.0.0", "go.mod", "pkg:golang/a.b/c@v1.0.0"),
            ("npm", "@s/x", "1.2.3", "web/yarn.lock", "pkg:npm/%40s/x@1.2.3")])
        self.assertEqual(doc["coverage"]["skipped"], [])

    def test_what_is_installed_has_no_lock_files(self):
        self.write("Gemfile.lock", GEMFILE_LOCK)
        self.write("etc/os-release", clarion.OS_RELEASE)
        self.assertEqual(self.index().doc["packages"], [])
        image = self.image(clarion.tar_of([("app/Gemfile.lock", GEMFILE_LOCK)]))
        self.assertEqual(self.run_clarion("index", image).doc["packages"], [])

    def test_development_is_left_out_and_told(self):
        self.write("composer.lock", json.dumps({"packages": [{"name": "a/b", "version": "1.0"}],
                                                "packages-dev": [{"name": "c/d", "version": "1.0"}] * 3}))
        doc = self.index().doc
        self.assertEqual(self.names(doc), [("a/b", "1.0")])
        self.assertEqual([(s["path"], s["reason"]) for s in doc["coverage"]["skipped"]],
                         [("composer.lock", "3 packages for development only; left out")])


class Hostile(Tree):
    """For each one the rest of the tree is still reported, and the error names the path and the limit."""

    def judge(self, name, text, error, *args):
        self.write("Gemfile.lock", GEMFILE_LOCK)
        self.write(name, text)
        r = self.index(*args, code=3)
        self.assertIn(RACK, self.names(r.doc))
        self.assertRegex(r.err, re.escape(name) + ".*" + error)
        return r

    def test_deep_json(self):
        self.judge("package-lock.json", '{"dependencies":{"a":' * 3000 + "{}" + "}}" * 3000, "limit lock_file_depth")

    def test_deep_xml(self):
        self.judge("pom.xml", "<a>" * 100000, "limit lock_file_depth")

    def test_entities_that_explode(self):
        entities = "".join('<!ENTITY e%d "%s">' % (i, ("&e%d;" % (i - 1)) * 10) for i in range(1, 10))
        self.judge("pom.xml", '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY e0 "boom">%s]><project>&e9;</project>' % entities,
                   "document type")

    def test_properties_that_explode(self):
        properties = "".join("<p%d>%s</p%d>" % (i, ("${p%d}" % (i - 1)) * 10, i) for i in range(1, 9))
        self.write("Gemfile.lock", GEMFILE_LOCK)
        self.write("pom.xml", "<project><properties><p0>1</p0>%s</properties><dependencies>%s</dependencies></project>" % (
            properties, "<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${p8}</version></dependency>" * 1000))
        self.assertEqual(self.names(self.index().doc), [RACK])

    def test_many_to_sort(self):
        """What is looked up by name is sorted first, in the worker."""
        names = range(500)
        self.write("go.mod", "module m\nrequire (\n%s)\nreplace (\n%s)\n" % (
            "".join("a.b/%d v1.0.0\n" % i for i in names), "".join("a.b/%d => c.d/%d v2.0.0\n" % (i, i) for i in reversed(names))))
        self.write("pom.xml", "<project><properties>%s</properties><dependencyManagement><dependencies>%s</dependencies>"
                   "</dependencyManagement><dependencies>%s</dependencies></project>" % (
                       "".join("<p%d>1.%d</p%d>" % (i, i, i) for i in names),
                       "".join("<dependency><groupId>g</groupId><artifactId>a%d</artifactId><version>${p%d}</version></dependency>" % (i, i)
                               for i in reversed(names)),
                       "".join("<dependency><groupId>g</groupId><artifactId>a%d</artifactId></dependency>" % i for i in names)))
        self.assertEqual(self.names(self.index().doc), sorted([("c.d/%d" % i, "v2.0.0") for i in names] +
                                                              [("g:a%d" % i, "1.%d" % i) for i in names]))

    def test_broken_json(self):
        self.judge("Pipfile.lock", '{"default":', "not JSON")

    def test_too_large(self):
        self.judge("yarn.lock", "a@1:\n" * 2000, "limit lock_file_bytes", "--limit", "lock_file_bytes=1000")

    def test_many_packages(self):
        self.write("yarn.lock", "".join('a%d@1:\n  version "1"\n' % i for i in range(1000)))
        self.judge("yarn.lock", "".join('a%d@1:\n  version "1"\n' % i for i in range(1000)), "limit packages",
                   "--limit", "packages=100")

    def test_replacements_do_not_multiply(self):
        lines = ["require m%d v1\nreplace m%d => n%d v2\n" % (i, i, i) for i in range(50000)]
        self.write("go.mod", "module m\n" + "".join(lines))
        self.assertEqual(len(self.index().doc["packages"]), 50000)

    def test_links_lead_nowhere(self):
        os.makedirs(self.path("tree"))
        with open(self.path("secret"), "w", encoding="utf-8") as f:
            f.write(GEMFILE_LOCK)
        os.symlink(self.path("secret"), self.path("tree", "Gemfile.lock"))
        self.assertEqual(self.index().doc["packages"], [])


class Real(Tree):
    """Lock files that the tools write, against what the tools say is in them."""

    def tool(self, *command, folder=""):
        if shutil.which(command[0]) is None:
            self.skipTest("wants %s" % command[0])
        os.makedirs(self.path("tree", folder), exist_ok=True)
        env = dict(os.environ, HOME=self.folder, GOFLAGS="-mod=mod", GOPATH=self.path("go"), GOTOOLCHAIN="local")
        for name in ("CARGO_HOME", "RUSTUP_HOME"):  # the toolchain's own place must stay where it is
            if name not in os.environ and os.path.isdir(os.path.expanduser("~/." + name.split("_")[0].lower())):
                env[name] = os.path.expanduser("~/." + name.split("_")[0].lower())
        try:
            done = subprocess.run(command, cwd=self.path("tree", folder), env=env, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=90, check=False)
        except subprocess.TimeoutExpired:
            self.skipTest("%s got no answer from its registry" % command[0])
        if done.returncode != 0:
            self.skipTest("%s could not be used: %s" % (command[0], done.stderr[-300:]))
        return done.stdout

    def test_npm(self):
        self.write("package.json", json.dumps({"name": "me", "version": "1.0.0", "dependencies": {
            "once": "1.4.0", "odd": "npm:is-odd@3.0.0"}, "devDependencies": {"left-pad": "1.3.0"}}))
        self.tool("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")
        listed = json.loads(self.tool("npm", "ls", "--all", "--json", "--package-lock-only", "--omit=dev"))
        want = set()

        def walk(node):
            for name, child in node.get("dependencies", {}).items():
                want.add((child.get("name") or ("is-odd" if name == "odd" else name), child["version"]))
                walk(child)
        walk(listed)
        self.assertGreater(len(want), 3)
        for version in ("1", "2", "3"):
            self.tool("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund",
                      "--lockfile-version", version)
            self.assertEqual(set(self.names(self.index().doc)), want, "version %s" % version)

    def test_go(self):
        self.write("go.mod", "module example.test/me\n\ngo 1.17\n\nrequire github.com/pkg/errors v0.9.1\n")
        self.write("main.go", 'package main\n\nimport (\n\t_ "github.com/pkg/errors"\n\t_ "rsc.io/quote"\n)\n\nfunc main() {}\n')
        self.tool("go", "get", "rsc.io/quote@v1.5.2")
        self.tool("go", "mod", "tidy")
        listed = self.tool("go", "list", "-m", "-f", "{{if not .Main}}{{.Path}} {{.Version}}{{end}}", "all")
        want = {tuple(line.split()) for line in listed.splitlines() if line}
        have = set(self.names(self.index().doc))
        self.assertTrue(have and have <= want, (have, want))
        self.assertIn(("rsc.io/quote", "v1.5.2"), have)

    def test_cargo(self):
        self.write("Cargo.toml", '[package]\nname = "me"\nversion = "0.1.0"\nedition = "2018"\n[dependencies]\nmemchr = "=2.5.0"\n'
                                 'aho-corasick = "=0.7.20"\n')
        self.write("src/main.rs", "fn main() {}\n")
        self.tool("cargo", "generate-lockfile")
        meta = json.loads(self.tool("cargo", "metadata", "--format-version", "1", "--locked"))
        want = {(p["name"], p["version"]) for p in meta["packages"] if p["source"]}
        self.assertEqual(set(self.names(self.index().doc)), want)


if __name__ == "__main__":
    unittest.main()
