"""Images in registries: a real one, with and without a password and TLS, against the same images in folders."""
import json
import os
import unittest

import clarion
from clarion import OciLayout, debian_layer, stanza, tracker_entry
from registry import Authority, Registry, USER, docker_config, login, need_registry

OPENSSL = stanza("openssl", "3.0.8-1")
ZLIB = stanza("zlib1g", "1:1.2.13.dfsg-1", source="zlib")


def inventory(doc):
    """What must be the same, wherever the image lies."""
    return {k: v for k, v in doc.items() if k in ("packages", "findings")}, doc["image"]["manifest"], doc["coverage"]["skipped"]


@need_registry
class RealRegistry(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds({"openssl": {"CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1")}}))
        self.layout = self.path("image")
        OciLayout(self.layout).add([debian_layer(OPENSSL), debian_layer(OPENSSL, ZLIB)])
        self.env = {"DOCKER_CONFIG": self.path("docker")}

    def registry(self, **how):
        registry = Registry(self, **how)
        registry.digest = registry.push("team/app", self.layout, "1.0")
        return registry

    def authority(self):
        os.makedirs(self.path("ca"), exist_ok=True)
        return Authority(self.path("ca"))

    def pull(self, registry, *options, reference="registry:%s/team/app:1.0", data="other", **more):
        return self.scan(reference % registry.host, *options, data=self.path(data), env=self.env, **more)

    def same_as_folder(self, result):
        self.assertEqual([f["vulnerability"] for f in result.doc["findings"]], ["CVE-2014-0160"])
        self.assertEqual(inventory(result.doc), inventory(self.scan("oci:" + self.layout).doc))

    def pulled(self, registry, *options, **more):
        """Scanned with a data folder of its own, in which only the feeds are."""
        self.run_clarion("update", "--mirror", self.path("feeds"), data=self.path(more.get("data", "other")))
        r = self.pull(registry, *options, **more)
        self.assertEqual(r.code, 0, r)
        self.same_as_folder(r)
        return r

    def test_plain_http_only_when_said(self):
        registry = self.registry()
        r = self.pull(registry)
        self.assertEqual(r.code, 3, r)
        self.assertIn("--insecure", r.err)
        self.assertEqual(self.pulled(registry, "--insecure").doc["image"]["reference"], registry.host + "/team/app:1.0")

    def test_tls_of_an_own_authority(self):
        authority = self.authority()
        registry = self.registry(tls=authority)
        r = self.pull(registry)
        self.assertEqual(r.code, 3, r)
        self.assertIn("--ca-file", r.err)
        self.pulled(registry, "--ca-file", authority.file)

    def test_unverified_tls_only_when_said(self):
        self.pulled(self.registry(tls=self.authority()), "--insecure")

    def test_by_digest_and_bare(self):
        registry = self.registry()
        self.pulled(registry, "--insecure", reference="%s/team/app@" + registry.digest)
        self.pulled(registry, "--insecure", reference="%s/team/app:1.0")

    def test_password(self):
        authority = self.authority()
        registry = self.registry(tls=authority, password=True)
        r = self.pull(registry, "--ca-file", authority.file)
        self.assertEqual(r.code, 3, r)
        self.assertIn("there are no credentials for %s" % registry.host, r.err)
        self.assertIn("401", r.err)
        docker_config(self.path("docker"), auths=login(registry.host, password="wrong"))
        r = self.pull(registry, "--ca-file", authority.file)
        self.assertEqual(r.code, 3, r)
        self.assertIn("as user %s of %s" % (USER, self.path("docker", "config.json")), r.err)
        self.assertNotIn("wrong", r.err)
        docker_config(self.path("docker"), auths=login(registry.host))
        r = self.pulled(registry, "--ca-file", authority.file, "-v")
        self.assertNotIn("opensesame", r.out + r.err)

    def test_what_is_not_there(self):
        registry = self.registry()
        r = self.pull(registry, "--insecure", reference="registry:%s/team/app:2.0")
        self.assertEqual(r.code, 3, r)
        self.assertIn("%s answered 404 for manifests/2.0: manifest unknown" % registry.host, r.err)

    def test_platforms(self):
        layout = self.path("many")
        images = OciLayout(layout)
        for arch, version in (("amd64", "3.0.8-1"), ("arm64", "3.0.8-2")):
            images.add([debian_layer(stanza("openssl", version))], platform={"os": "linux", "architecture": arch},
                       config={"architecture": arch})
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": images.manifests}
        entry = images.blob(json.dumps(index).encode(), index["mediaType"])
        images.manifests = [entry]
        images.index()
        registry = Registry(self)
        registry.push("many", layout)
        for arch, version in (("amd64", "3.0.8-1"), ("arm64", "3.0.8-2")):
            r = self.scan("registry:%s/many" % registry.host, "--insecure", "--platform", "linux/" + arch, env=self.env)
            self.assertEqual(r.code, 0, r)
            self.assertEqual(self.names(r.doc), [("openssl", version)])
        r = self.scan("registry:%s/many" % registry.host, "--insecure", "--platform", "linux/s390x", env=self.env)
        self.assertEqual(r.code, 3, r)
        self.assertIn("linux/amd64, linux/arm64", r.err)

    def test_mirror_first_then_the_registry(self):
        mirror, registry = self.registry(), Registry(self)
        registry.push("team/other", self.layout, "1.0")
        mirrors = "%s=%s" % (registry.host, mirror.host)
        # Only the mirror has the one, only the registry the other.
        self.pulled(registry, "--insecure", "--registry-mirror", mirrors)
        r = self.pulled(registry, "--insecure", "--registry-mirror", mirrors, reference="registry:%s/team/other:1.0",
                        data="third")
        self.assertIn("mirror %s: %s answered 404" % (mirror.host, mirror.host), r.err)


@need_registry
@clarion.need_shared
class SharedImages(clarion.Case):
    """Every kind of image that the shared folder has as a layout, from a registry as from its folder."""

    NAMES = ("debian-web", "alpine318", "rhel9-httpd", "fmt-multiarch", "fmt-zstd", "node-app", "go-tools")

    def test_the_same_inventory(self):
        registry = Registry(self)
        for name in self.NAMES:
            layout = os.path.join(clarion.SHARED, "images", name + ".oci")
            with self.subTest(name):
                registry.push(name, layout)
                there = self.run_clarion("index", "--insecure", "registry:%s/%s" % (registry.host, name), data=self.path("a"))
                here = self.run_clarion("index", "oci:" + layout, data=self.path("b"))
                self.assertEqual((there.code, here.code), (0, 0), there)
                self.assertGreater(len(here.doc["packages"]), 0)
                self.assertEqual(there.doc["packages"], here.doc["packages"])
                self.assertEqual(there.doc["image"]["manifest"], here.doc["image"]["manifest"])


if __name__ == "__main__":
    unittest.main()
