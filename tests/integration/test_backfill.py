"""Indexing what a registry has already: its catalog, each tag, each image of an index; and registries that lie."""
import json
import os
import signal
import subprocess
import time
import unittest

import clarion
from clarion import OciLayout, debian_layer, stanza
from registry import FakeRegistry, Registry, docker_config, login, need_registry


class Base(clarion.Case):
    def backfill(self, *args, code=0, **more):
        r = self.run_clarion("backfill", "--insecure", "--limit", "fetch_tries=1", *args, **more)
        self.assertEqual(r.code, code, r)
        return r

    def layout(self, name, *stanzas):
        OciLayout(self.path(name)).add([debian_layer(*stanzas)], tag="1")
        return self.path(name)

    def names(self, data=None):
        """REPOSITORY:TAG of all indexed images, without the host."""
        r = self.run_clarion("images", "--format", "json", data=data)
        self.assertEqual(r.code, 0, r)
        return sorted("%s:%s" % (n["repository"].split("/", 1)[1], n["tag"]) for i in r.doc["images"] for n in i["names"])


@need_registry
class RealRegistry(Base):
    def fill(self, registry):
        one, two = self.layout("one", stanza("openssl", "3.0.8-1")), self.layout("two", stanza("zlib1g", "1:1.2"))
        for repository, layout, tag in (("team/app", one, "1"), ("team/app", two, "2"), ("team/app", one, "latest"), ("other", two, "x")):
            registry.push(repository, layout, tag)

    def test_all_of_it(self):
        registry = Registry(self)
        self.fill(registry)
        r = self.backfill("--dry-run", registry.host)
        self.assertEqual(sorted(r.out.splitlines()[:-1]), ["%s/%s" % (registry.host, x) for x in
                                                          ("other:x", "team/app:1", "team/app:2", "team/app:latest")])
        self.assertIn("4 names of images: 2 images to be indexed, 2 were before;", r.out)  # as it comes to be
        self.assertEqual(self.names(), [])
        r = self.backfill(registry.host)
        self.assertIn("2 repositories, 4 names of images: 2 images indexed, 2 were before; 0 failed", r.out)
        self.assertEqual(self.names(), ["other:x", "team/app:1", "team/app:2", "team/app:latest"])
        # Once more: nothing is indexed. A tag that was moved meanwhile is, and its name goes along.
        self.assertIn("0 images indexed, 4 were before", self.backfill(registry.host).out)
        registry.push("team/app", self.layout("three", stanza("curl", "8")), "latest")
        self.assertIn("1 images indexed, 3 were before", self.backfill(registry.host).out)
        self.assertEqual(len(self.run_clarion("images", "--format", "json").doc["images"]), 3)
        r = self.run_clarion("index", "--format", "json", "--insecure", registry.host + "/team/app:latest")
        self.assertEqual([p["name"] for p in r.doc["packages"]], ["curl"])

    def test_some_of_it(self):
        registry = Registry(self)
        self.fill(registry)
        self.assertIn("1 repositories, 3 names", self.backfill("--only", "team/*", registry.host).out)
        self.assertEqual(self.names(), ["team/app:1", "team/app:2", "team/app:latest"])
        self.assertIn("1 repositories, 1 names", self.backfill(registry.host + "/other").out)
        self.assertIn("0 repositories", self.backfill("--only", "nobody", registry.host).out)

    def test_platforms(self):
        registry = Registry(self)
        layout = OciLayout(self.path("many"))
        for arch in ("amd64", "arm64"):
            layout.add([debian_layer(stanza("app-" + arch, "1"))], platform={"os": "linux", "architecture": arch})
        with open(self.path("many", "index.json"), "rb") as f:
            index = json.loads(f.read())
        index["mediaType"] = "application/vnd.oci.image.index.v1+json"
        entry = layout.blob(json.dumps(index).encode(), index["mediaType"])
        registry.push_manifest("many", self.path("many"), entry, "1")
        for args, images in ((("--platform", "linux/arm64"), 1), ((), 1), ((), 0)):
            self.assertIn("%d images indexed" % images, self.backfill(*args, registry.host).out)
        self.assertEqual(self.names(), ["many:1", "many:1"])
        r = self.backfill("--platform", "windows/amd64", registry.host)
        self.assertIn("1 names of what is no image; 0 failed", r.out)

    def test_credentials(self):
        registry = Registry(self, password=True)
        self.fill(registry)
        r = self.backfill(registry.host, code=3)
        self.assertIn("its catalog cannot be read", r.err)
        folder = docker_config(self.path("docker"), auths=login(registry.host))
        self.assertIn("2 images indexed", self.backfill(registry.host, env={"DOCKER_CONFIG": folder}).out)

    def test_kill_and_go_on(self):
        registry = Registry(self)
        for i in range(40):
            registry.push("app%02d" % (i // 4), self.layout("l%d" % i, stanza("p", "1.%d" % i)), "t%d" % (i % 4))
        killed = 0
        while True:
            child = subprocess.Popen([clarion.BINARY, "backfill", "--insecure", "--jobs", "2", "--data", self.data, registry.host],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.15 + killed / 10)
            child.send_signal(signal.SIGKILL)
            child.wait()
            if child.returncode == 0:
                break
            self.assertEqual(child.returncode, -signal.SIGKILL)
            killed += 1
        self.assertGreater(killed, 1, "it was over before it could be killed: the test proved nothing")
        self.assertEqual(self.names(), ["app%02d:t%d" % (i // 4, i % 4) for i in range(40)])
        self.assertIn("0 images indexed, 40 were before", self.backfill(registry.host).out)


class Hostile(Base):
    def setUp(self):
        super().setUp()
        self.fake = FakeRegistry(self)
        self.fake.load(self.layout("one", stanza("openssl", "3.0.8-1")), "1")
        self.pages = {}
        self.fake.replies["_catalog"] = lambda h: self.page(h, "repositories")
        self.fake.replies["/tags/list"] = lambda h: self.page(h, "tags")

    def page(self, handler, member):
        """pages: a part of the path → (names, the Link's value)."""
        for part, (names, link) in self.pages.items():
            if part in handler.path:
                headers = [("Link", link)] if link else []
                handler.answer(200, json.dumps({member: names}).encode(), headers)
                return
        handler.answer(404, b"{}")

    def test_pages(self):
        self.pages = {"_catalog?last=b": (["c"], None),
                      "_catalog?n=": (["a", "b"], '</v2/_catalog?last=b&n=2>; rel="next"'),
                      "/a/tags/list?last=1": (["2"], None),
                      "/a/tags/list": (["1"], '<http://%s/v2/a/tags/list?last=1>; title="a,b"; rel="first next"' % self.fake.host),
                      "/b/tags/list": (None, None), "/c/tags/list": (["1"], None)}
        self.fake.tags["2"] = self.fake.tags["1"]
        r = self.backfill(self.fake.host)
        self.assertIn("3 repositories, 3 names of images: 1 images indexed, 2 were before; 0 failed", r.out)

    def refused(self, text, *args, code=3):
        r = self.backfill(*args, self.fake.host, code=code)
        self.assertIn(text, r.err)
        return r

    def test_known_images_cost_one_request(self):
        """Which does not ask for the manifest. Where a registry does not know that kind of request, or lies, nothing is lost."""
        self.pages = {"_catalog": (["a"], None), "/a/tags/list": (["1", "2"], None)}
        self.fake.tags["2"] = self.fake.tags["1"]
        self.assertIn("1 images indexed, 1 were before", self.backfill(self.fake.host).out)
        asked = len(self.fake.requests)
        self.assertIn("0 images indexed, 2 were before", self.backfill(self.fake.host).out)
        self.assertEqual(sorted(r[:2] for r in self.fake.requests[asked:] if "/manifests/" in r[1] or "/blobs/" in r[1]),
                         [("HEAD", "/v2/a/manifests/1"), ("HEAD", "/v2/a/manifests/2")])
        for status, said in ((405, None), (200, "sha256:" + "0" * 64), (200, "nonsense")):
            def reply(handler, status=status, said=said):
                if handler.command == "HEAD":
                    handler.answer(status, b"", [("Docker-Content-Digest", said)] if said else [])
                else:
                    handler.send_manifest(handler.path.rsplit("/", 1)[1])
            self.fake.replies["/manifests/"] = reply
            self.assertIn("0 images indexed, 2 were before", self.backfill(self.fake.host).out)
        self.assertEqual(self.names(), ["a:1", "a:2"])

    def test_circles_and_ends_that_never_come(self):
        self.pages = {"_catalog?last=a": (["b"], '</v2/_catalog?last=a>; rel="next"'), "_catalog": (["a"], '</v2/_catalog?last=a>; rel="next"'),
                      "/tags/list": ([], None)}
        self.refused("the pages lead in a circle")
        count = [0]

        def endless(handler):
            count[0] += 1
            handler.answer(200, json.dumps({"repositories": ["r%d" % count[0]]}).encode(),
                           [("Link", '</v2/_catalog?last=r%d>; rel="next"' % count[0])])
        self.fake.replies["_catalog"] = endless
        self.refused("limit list_pages", "--limit", "list_pages=20")
        self.assertEqual(count[0], 20)
        self.refused("limit list_names", "--limit", "list_names=5")
        self.fake.replies["_catalog"] = lambda h: self.page(h, "repositories")
        self.pages = {"_catalog": (["x" * 50] * 100, None)}
        self.refused("limit manifest_bytes", "--limit", "manifest_bytes=1000")

    def test_elsewhere(self):
        other = FakeRegistry(self)
        for link, text in (('<http://localhost:%s/v2/_catalog?last=a>; rel="next"' % other.host.split(":")[1], "on another host"),
                           ('<//example.com/v2/_catalog?last=a>; rel=next', "on another host"),
                           ('<ftp://%s/v2/_catalog>; rel="next"' % self.fake.host, "only http and https"),
                           ('</secret>; rel="next"', "no such list"), ('</v2/../secret>; rel="next"', "no such list")):
            self.pages = {"_catalog": (["a"], link), "/a/tags/list": (["1"], None)}
            self.refused(text)
        self.assertEqual(other.requests, [])
        self.assertEqual(self.fake.asked("secret"), [])
        self.assertEqual(self.names(), ["a:1"])  # what came before is done

    def test_names_that_are_none(self):
        self.pages = {"_catalog": (["../x", "A", "a\nb", "a", "", "a/../b"], None), "/a/tags/list": (["1", "-x", "a b", "..", "x" * 200], None)}
        r = self.refused("", code=3)
        self.assertIn("1 repositories, 1 names of images: 1 images indexed, 0 were before; 9 failed", r.out)
        for paths in self.fake.asked(""):
            self.assertNotIn("..", paths[0])

    def test_lists_that_are_none(self):
        for body in (b"", b"[]", b"{}", b'{"repositories": {}}', b'{"repositories": [1]}', b"\xff"):
            self.fake.replies["_catalog"] = lambda h, body=body: h.answer(200, body)
            self.refused(self.fake.host)

    def test_what_fails_is_told(self):
        """One image that cannot be read, one that is none, one that is gone: the others are indexed."""
        chart = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                            "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": self.fake.add(b"{}"), "size": 2},
                            "layers": []}).encode()
        self.fake.tags["chart"] = self.fake.add(chart)
        self.fake.tags["broken"] = self.fake.add(b'{"schemaVersion": 2, "layers": 7}')
        self.pages = {"_catalog": (["a", "gone"], None), "/a/tags/list": (["broken", "chart", "missing", "1"], None)}
        r = self.refused("a:broken", code=3)
        self.assertIn("a:missing", r.err)
        self.assertIn("/gone: ", r.err)
        self.assertNotIn("a:chart", r.err)
        self.assertIn("1 images indexed, 0 were before; 1 names of what is no image; 3 failed", r.out)

    def test_wrong_usage(self):
        for args in ((self.fake.host + "/a:1",), (self.fake.host + "/a@sha256:" + 64 * "0",), ("--jobs", "0", "x"), ("--platform", "/", self.fake.host), ("A B",), ()):
            self.backfill(*args, code=2)
        self.assertEqual(self.fake.requests, [])


if __name__ == "__main__":
    unittest.main()
