"""Registries that lie: redirects and token services that are after credentials, addresses that are nobody's business,
bodies that are too long, too short, too slow or others."""
import gzip
import json
import os
import random
import time
import unittest

import clarion
from clarion import OciLayout, debian_layer, digest, stanza, tar_of
from registry import PASSWORD, USER, Authority, FakeRegistry, Tunnel, basic, docker_config, login

OPENSSL = stanza("openssl", "3.0.8-1")


def redirect(where, status=307):
    return lambda handler: handler.answer(status, headers=[("Location", where)])


def challenge(text):
    """401 with this challenge, until there is an Authorization header."""
    def reply(handler):
        if "Authorization" in handler.headers:
            handler.send_manifest("latest")
        else:
            handler.answer(401, b"{}", [("WWW-Authenticate", text)])
    return reply


def token(handler):
    handler.answer(200, json.dumps({"token": "T0KEN"}).encode())


class Hostile(clarion.Case):
    def setUp(self):
        super().setUp()
        self.layout = self.path("image")
        noise = random.Random(1).randbytes(3 << 20)  # so that the layer is more than a buffer holds
        OciLayout(self.layout).add([debian_layer(OPENSSL, extra=[("opt/noise", noise)])])
        self.registry = FakeRegistry(self)
        self.registry.load(self.layout)
        self.layer = self.registry.manifest()["layers"][0]["digest"]
        self.env = {"DOCKER_CONFIG": self.path("docker")}

    def index(self, *options, registry=None, name="app", **more):
        target = "registry:%s/%s" % ((registry or self.registry).host, name)
        return self.run_clarion("index", "--insecure", *options, target, env=self.env, **more)

    def read(self, *options, **more):
        r = self.index(*options, **more)
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.names(r.doc), [("openssl", "3.0.8-1")])
        return r

    def refused(self, *texts, options=(), **more):
        """Not indexed, and the message says why; nothing is kept."""
        start = time.monotonic()
        r = self.index("--limit", "fetch_tries=2", *options, **more)
        self.assertEqual(r.code, 3, r)
        for text in texts:
            self.assertIn(text, r.err)
        self.assertNotIn(PASSWORD, r.out + r.err)
        self.assertLess(time.monotonic() - start, 60)
        return r

    def log_in_to(self, host):
        docker_config(self.path("docker"), auths=login(host))


class Addresses(Hostile):
    def test_redirect_to_the_metadata_service(self):
        self.registry.replies["/blobs/" + self.layer] = redirect("http://169.254.169.254/latest/meta-data/")
        self.refused("169.254.169.254 is at the reserved address 169.254.169.254",
                     'add "169.254.169.254" to indexer.fetch.allow')

    def test_other_ways_to_write_it(self):
        for host in ("0.0.0.0", "[::]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fe80::1]",
                     "0xa9fea9fe", "2852039166", "[fd00::1]", "10.1.2.3", "localhost", "127.1", "[::1]"):
            with self.subTest(host):
                self.registry.replies["/blobs/" + self.layer] = redirect("http://%s:1/x" % host)
                self.refused("indexer.fetch.allow")

    def test_another_port_of_the_registrys_own_host(self):
        other = FakeRegistry(self)
        self.registry.replies["/blobs/" + self.layer] = redirect(other.url + "/x")
        self.refused("is at the loopback or private address 127.0.0.1")
        self.assertEqual(other.requests, [])

    def test_what_is_allowed_is_fetched(self):
        other = FakeRegistry(self)
        other.load(self.layout)
        self.registry.replies["/blobs/" + self.layer] = redirect(other.url + "/v2/x/blobs/" + self.layer)
        for allow in ("127.0.0.1", "10.0.0.0/8,127.0.0.0/8", "::ffff:127.0.0.0/104"):
            with self.subTest(allow):
                self.read("--allow", allow, data=self.path("data-" + allow.replace("/", "-")))
        self.assertEqual(self.index("--allow", "10.0.0.0/40").code, 2)

    def test_other_schemes_and_passwords_in_urls(self):
        for where, why in (("file:///etc/passwd", "only http and https"), ("ftp://127.0.0.1/x", "only http and https"),
                           ("http://user:hidden@127.0.0.1/", "a user or a password"), ("gopher://127.0.0.1:1/_x", "only http")):
            with self.subTest(where):
                self.registry.replies["/blobs/" + self.layer] = redirect(where)
                self.assertNotIn("hidden", self.refused(why).err)

    def test_redirects_end(self):
        self.registry.replies["/blobs/" + self.layer] = lambda h: redirect(h.path)(h)
        self.refused("limit fetch_redirects")

    def test_not_from_https_to_http(self):
        os.makedirs(self.path("ca"))
        authority = Authority(self.path("ca"))
        safe = FakeRegistry(self, tls=authority)
        safe.load(self.layout)
        safe.replies["/blobs/" + self.layer] = redirect(self.registry.url + "/v2/x/blobs/" + self.layer)
        r = self.run_clarion("index", "--ca-file", authority.file, "--allow", "127.0.0.1", "registry:%s/app" % safe.host)
        self.assertEqual(r.code, 3, r)
        self.assertIn("from https to http", r.err)

    def test_a_proxy_is_not_asked_for_private_addresses(self):
        proxy = FakeRegistry(self)
        self.registry.replies["/blobs/" + self.layer] = redirect("http://10.9.8.7/x")
        self.env.update(http_proxy=proxy.url, no_proxy="127.0.0.1")
        self.refused("10.9.8.7 is no host of the public internet")
        self.assertEqual(proxy.requests, [])
        self.registry.replies["/blobs/" + self.layer] = redirect("http://images.example/x")
        proxy.replies["images.example"] = lambda h: h.answer(200, self.registry.blobs[self.layer])
        self.read()
        self.assertEqual([path for path, _ in proxy.asked("")], ["http://images.example/x"])


class Credentials(Hostile):
    def test_they_do_not_follow_a_redirect(self):
        other = FakeRegistry(self)
        other.load(self.layout)
        self.log_in_to(self.registry.host)
        for path in ("/manifests/", "/blobs/"):
            self.registry.replies[path] = lambda h: (
                redirect(other.url + h.path)(h) if "Authorization" in h.headers
                else h.answer(401, b"{}", [("WWW-Authenticate", 'Basic realm="x"')]))
        self.read("--allow", "127.0.0.1")
        self.assertIn(basic(), self.registry.header("/manifests/", "Authorization"))
        self.assertGreater(len(other.requests), 2)
        self.assertEqual(set(other.header("", "Authorization")), {None})

    def test_they_do_not_come_back_by_a_detour(self):
        other = FakeRegistry(self)
        self.log_in_to(self.registry.host)
        self.registry.replies["/manifests/"] = challenge('Basic realm="x"')
        self.registry.replies["/blobs/"] = redirect(other.url + "/detour")
        other.replies["/detour"] = redirect(self.registry.url + "/stolen")
        self.refused("answered 404 for blobs/", options=("--allow", "127.0.0.1"))
        self.assertEqual(self.registry.header("/stolen", "Authorization"), [None])

    def test_a_realm_elsewhere_gets_none(self):
        thief = FakeRegistry(self)
        thief.replies["/token"] = token
        self.log_in_to(self.registry.host)
        realm = thief.url.replace("127.0.0.1", "localhost")
        self.registry.replies["/manifests/"] = challenge('Bearer realm="%s/token",service="s",scope="x:y:push,pull"' % realm)
        self.refused("does not speak https: %s/token" % realm, options=("--allow", "localhost"))
        self.assertEqual(thief.requests, [])
        os.makedirs(self.path("ca"))
        authority = Authority(self.path("ca"))
        thief = FakeRegistry(self, tls=authority)
        thief.replies["/token"] = lambda h: h.answer(403, b"{}")
        realm = thief.url.replace("127.0.0.1", "localhost")
        self.registry.replies["/manifests/"] = challenge('Bearer realm="%s/token?a=b",service="s"' % realm)
        allow = ("--allow", "localhost", "--ca-file", authority.file)
        self.refused("its token service %s/token answered 403" % realm, "were not sent to localhost",
                     "--token-host localhost", self.registry.host, options=allow)
        self.assertEqual(thief.asked("/token"), [("/token?a=b&service=s&scope=repository%3Aapp%3Apull", thief.requests[0][2])])
        self.assertEqual(thief.header("/token", "Authorization"), [None])
        # Where the user says that it is the registry's own, it gets them.
        thief.replies["/token"] = token
        self.read("--token-host", "localhost", *allow)
        self.assertEqual(thief.header("/token", "Authorization"), [None, basic()])

    def test_the_token_goes_to_the_registry_alone(self):
        other = FakeRegistry(self)
        other.load(self.layout)
        self.log_in_to(self.registry.host)
        self.registry.replies["/token"] = token
        self.registry.replies["/manifests/"] = challenge('Bearer realm="%s/token",service="a b"' % self.registry.url)
        self.registry.replies["/blobs/"] = lambda h: redirect(other.url + h.path)(h)
        self.read("--allow", "127.0.0.1")
        self.assertEqual(self.registry.header("/token", "Authorization"), [basic()])
        self.assertEqual(self.registry.asked("/token")[0][0], "/token?service=a%20b&scope=repository%3Aapp%3Apull")
        self.assertEqual(self.registry.header("/manifests/", "Authorization"), [None, "Bearer T0KEN"])
        self.assertEqual(set(self.registry.header("/blobs/", "Authorization")), {"Bearer T0KEN"})
        self.assertEqual(set(other.header("", "Authorization")), {None})

    def test_a_token_that_grows_old_is_renewed(self):
        given = []

        def give(handler):
            given.append("T%d" % len(given))
            handler.answer(200, json.dumps({"access_token": given[-1]}).encode())

        def blob(handler):
            if handler.headers.get("Authorization") == "Bearer T1":
                handler.send_blob(handler.path.rsplit("/", 1)[1])
            else:
                handler.answer(401, b"{}", [("WWW-Authenticate", 'Bearer realm="%s/token"' % self.registry.url)])

        self.registry.replies["/token"] = give
        self.registry.replies["/manifests/"] = challenge('Bearer realm="%s/token"' % self.registry.url)
        self.registry.replies["/blobs/"] = blob
        self.read()
        self.assertEqual(given, ["T0", "T1"])

    def test_tokens_that_would_end_a_header(self):
        for bad in ("", "a b", "a\r\nX-Evil: 1", "\u00e9"):
            with self.subTest(bad):
                self.registry.replies["/token"] = lambda h, bad=bad: h.answer(200, json.dumps({"token": bad}).encode())
                self.registry.replies["/manifests/"] = challenge('Bearer realm="%s/token"' % self.registry.url)
                self.refused("the answer holds no token")

    def test_an_identity_token_is_posted(self):
        docker_config(self.path("docker"), auths={self.registry.host: {"identitytoken": "id&token"}})
        self.registry.replies["/token"] = token
        self.registry.replies["/manifests/"] = challenge('Bearer realm="%s/token",service="s"' % self.registry.url)
        self.read()
        form = [form for method, path, _, form in self.registry.requests if method == "POST" and path == "/token"]
        self.assertEqual(form, ["grant_type=refresh_token&client_id=clarion&service=s&scope=repository%3Aapp%3Apull"
                                "&refresh_token=id%26token"])

    def test_a_helper_is_asked_only_where_it_is_named(self):
        log = self.path("asked")
        os.makedirs(self.path("bin"))
        helper = self.path("bin", "docker-credential-test")
        with open(helper, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\ncat >>%s; env >>%s.env\n"
                    "echo '{\"ServerURL\":\"x\",\"Username\":\"%s\",\"Secret\":\"%s\"}'\n" % (log, log, USER, PASSWORD))
        os.chmod(helper, 0o755)
        self.env.update(PATH=self.path("bin") + ":" + os.environ["PATH"], A_SECRET_OF_OURS="x", AWS_PROFILE="p")
        self.registry.replies["/manifests/"] = challenge('Basic realm="x"')
        docker_config(self.path("docker"), credHelpers={"elsewhere.example": "test"})
        self.refused("there are no credentials for " + self.registry.host)
        self.assertFalse(os.path.exists(log))
        docker_config(self.path("docker"), credHelpers={self.registry.host: "test"})
        self.read()
        with open(log, encoding="utf-8") as f:
            self.assertEqual(f.read(), self.registry.host)
        with open(log + ".env", encoding="utf-8") as f:
            environment = f.read()
        self.assertIn("AWS_PROFILE=p\n", environment)
        self.assertNotIn("A_SECRET_OF_OURS", environment)
        # One that keeps nothing for it leaves it to the file.
        with open(helper, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho credentials not found in native keychain\nexit 1\n")
        docker_config(self.path("docker"), credsStore="test", auths=login("https://%s/v1/" % self.registry.host))
        self.read(data=self.path("second"))
        docker_config(self.path("docker"), credsStore="test")
        self.refused("there are no credentials for", data=self.path("third"))
        for text, shown in (("keychain is locked", True), ('{"Secret":"%s"}' % PASSWORD, False)):
            with open(helper, "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\necho '%s'\nexit 1\n" % text)
            r = self.refused("docker-credential-test failed: ", data=self.path("third"))
            self.assertEqual(text in r.err, shown)
        for name, why in (("../../bin/sh", "is no credential helper's name"), ("absent", "docker-credential-absent: cannot run it")):
            docker_config(self.path("docker"), credsStore=name)
            self.refused(why, data=self.path("third"))

    def test_a_config_that_is_none(self):
        self.registry.replies["/manifests/"] = challenge('Basic realm="x"')
        os.makedirs(self.path("docker"))
        for text in ("{", '{"auths":{"%s":{"auth":"????"}}}' % self.registry.host):
            with open(self.path("docker", "config.json"), "w", encoding="utf-8") as f:
                f.write(text)
            self.refused(self.path("docker", "config.json") + ": ")


class DockerHub(Hostile):
    """docker.io as it is, its hosts led to servers of our own by a proxy."""

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("ca"))
        names = ("registry-1.docker.io", "auth.docker.io", "thief.example")
        authority = Authority(self.path("ca"), *names)
        self.hub, self.auth, self.thief = (FakeRegistry(self, tls=authority) for _ in names)
        self.hub.load(self.layout, tag="1.25")
        for service in (self.auth, self.thief):
            service.replies["/token"] = token
        self.tunnel = Tunnel(self, **dict(zip(names, (self.hub, self.auth, self.thief))))
        self.env["https_proxy"] = self.tunnel.url
        self.env["no_proxy"] = ""
        self.trust = ("--ca-file", authority.file)

    def challenge(self, service):
        def reply(handler):
            if handler.headers.get("Authorization") == "Bearer T0KEN":
                handler.send_manifest(handler.path.rsplit("/", 1)[1])
            else:
                handler.answer(401, b"{}", [("WWW-Authenticate", 'Bearer realm="https://%s/token",service="registry.docker.io",'
                                             'scope="repository:library/nginx:pull"' % service)])
        self.hub.replies["/manifests/"] = reply

    def pull(self):
        r = self.run_clarion("index", *self.trust, "nginx:1.25", env=self.env)
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.doc["image"]["reference"], "docker.io/library/nginx:1.25")

    def test_its_token_service_gets_its_credentials(self):
        docker_config(self.path("docker"), auths=login("https://index.docker.io/v1/"))
        self.challenge("auth.docker.io")
        self.pull()
        self.assertEqual(self.auth.header("/token", "Authorization"), [basic()])
        self.assertEqual(self.hub.asked("/manifests/")[0][0], "/v2/library/nginx/manifests/1.25")
        self.assertNotIn(basic(), self.hub.header("", "Authorization"))

    def test_no_other_one_does(self):
        docker_config(self.path("docker"), auths={**login("https://index.docker.io/v1/"), **login("thief.example")})
        self.challenge("thief.example")
        self.pull()
        self.assertEqual(self.thief.header("/token", "Authorization"), [None])


class Bodies(Hostile):
    def test_cut_bodies_are_carried_on(self):
        cuts = [500000, 1000000, None]
        self.registry.replies["/blobs/" + self.layer] = lambda h: h.send_blob(self.layer, cuts.pop(0))
        self.read()
        self.assertEqual(self.registry.header(self.layer, "Range"), [None, "bytes=500000-", "bytes=1500000-"])
        self.assertEqual(self.registry.header(self.layer, "If-Range"), [None, '"%s"' % self.layer, '"%s"' % self.layer])

    def test_cut_bodies_of_a_server_without_ranges(self):
        self.registry.ranges = False
        cuts = [500000, None]
        self.registry.replies["/blobs/" + self.layer] = lambda h: h.send_blob(self.layer, cuts.pop(0))
        self.read()

    def test_a_body_that_never_gets_on(self):
        self.registry.replies["/blobs/" + self.layer] = lambda h: h.send_blob(self.layer, 10)
        self.refused("broke off after", "again and again")

    def test_another_part_than_asked_for(self):
        def reply(handler):
            if "Range" in handler.headers:
                handler.answer(206, b"x" * 10, [("Content-Range", "bytes 0-9/10")])
            else:
                handler.send_blob(self.layer, 1000)
        self.registry.replies["/blobs/" + self.layer] = reply
        self.refused("another part than the one asked for")

    def test_wrong_digests(self):
        other = bytes(len(self.registry.blobs[self.layer]))
        self.registry.blobs[self.layer] = other
        self.refused("have the digest %s instead of %s" % (digest(other), self.layer))
        config = self.registry.manifest()["config"]["digest"]
        self.registry.blobs[config] = b"{}"
        self.refused(config)
        self.registry.replies["/manifests/"] = lambda h: h.answer(200, b"{}", [("Docker-Content-Digest", config)])
        self.refused("the manifest's bytes have the digest %s instead of %s" % (digest(b"{}"), config))

    def test_a_body_without_end(self):
        def endless(handler):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            while True:
                handler.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        size = len(self.registry.blobs[self.layer])
        self.registry.replies["/blobs/" + self.layer] = endless
        self.refused("sends more than its %d bytes" % size)
        self.registry.replies["/manifests/"] = endless
        self.refused("limit manifest_bytes")

    def test_another_size(self):
        self.registry.replies["/blobs/" + self.layer] = lambda h: h.answer(200, b"x" * 10)
        self.refused("the server has 10 bytes of it instead of")

    def test_slow_servers(self):
        def drip(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(self.registry.blobs[self.layer])))
            handler.end_headers()
            for _ in range(1000):
                handler.wfile.write(b"x")
                time.sleep(0.2)
        self.registry.replies["/blobs/" + self.layer] = drip
        self.refused("limit fetch_slow_seconds", options=("--limit", "fetch_slow_seconds=2"))

        def drip_header(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(1000):
                handler.wfile.write(b"H")
                time.sleep(0.2)
        self.registry.replies["/manifests/"] = drip_header
        self.refused("limit fetch_slow_seconds", options=("--limit", "fetch_slow_seconds=2"))

    def test_headers_without_end(self):
        self.registry.replies["/manifests/"] = lambda h: h.answer(200, b"{}", [("X-%d" % i, "x" * 1000) for i in range(99)])
        self.refused("limit fetch_header_bytes")

    def test_answers_that_never_begin_or_end(self):
        def without_end(first, more):
            def reply(handler):
                handler.wfile.write(first)
                while True:
                    handler.wfile.write(more * 100)
            return reply
        start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.registry.replies["/manifests/"] = without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n")
        self.refused("limit fetch_header_bytes")
        self.registry.replies["/manifests/"] = without_end(start + b"2\r\n{}\r\n0\r\n", b"X: y\r\n")
        self.refused("limit fetch_header_bytes")
        self.registry.replies["/manifests/"] = without_end(start + b"2;", b"extension")
        self.refused("limit fetch_slow_seconds", options=("--limit", "fetch_slow_seconds=2"))

    def test_busy_servers_are_asked_again(self):
        answers = [503, 429]
        self.registry.replies["/manifests/"] = lambda h: (
            h.answer(answers.pop(0), headers=[("Retry-After", "1")]) if answers else h.send_manifest("latest"))
        start = time.monotonic()
        self.read()
        self.assertGreater(time.monotonic() - start, 2)
        self.registry.replies["/manifests/"] = lambda h: h.answer(503)
        self.refused("after 2 tries", "the server answered 503", name="other")

    def test_a_failure_is_not_kept(self):
        self.registry.replies["/blobs/" + self.layer] = lambda h: h.answer(404)
        self.refused("answered 404 for blobs/" + self.layer)
        del self.registry.replies["/blobs/" + self.layer]
        self.read()

    def test_huge_manifests(self):
        huge = json.dumps({"schemaVersion": 2, "x": "y" * (5 << 20)}).encode()
        self.registry.replies["/manifests/"] = lambda h: h.answer(200, huge)
        self.refused("limit manifest_bytes")

    def test_indexes_without_end(self):
        kind = "application/vnd.oci.image.index.v1+json"
        inner = self.registry.tags["latest"]
        inner_kind = "application/vnd.oci.image.manifest.v1+json"
        for _ in range(12):
            inner = self.registry.add(json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": [
                {"mediaType": inner_kind, "digest": inner, "size": len(self.registry.blobs[inner])}]}).encode())
            inner_kind = kind
        self.registry.tags["latest"] = inner
        self.refused("limit manifest_depth")
        wide = [{"digest": "sha256:%064x" % i, "size": 1} for i in range(600)]
        self.registry.tags["latest"] = self.registry.add(
            json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": wide}).encode())
        self.refused("limit fetch_documents", options=("--limit", "fetch_documents=20"))
        self.assertLess(len(self.registry.asked("sha256:0000")), 40)

    def test_names_of_files_ask_no_registry(self):
        for name in ("./image", "/nowhere/image", "image.tar", "sbom.json", "Not/A/Reference"):
            r = self.run_clarion("index", name)
            self.assertEqual(r.code, 3, r)
            self.assertIn("there is no such file or folder", r.err)


class ForeignLayers(Hostile):
    def setUp(self):
        super().setUp()
        base = gzip.compress(tar_of([("var/lib/dpkg/status", stanza("base", "1"))]), mtime=0)
        self.foreign = digest(base)
        self.elsewhere = FakeRegistry(self)
        self.elsewhere.add(base)
        manifest = self.registry.manifest()
        manifest["layers"].insert(0, {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "size": len(base),
                                      "digest": self.foreign, "urls": [self.elsewhere.url + "/v2/x/blobs/" + self.foreign]})
        self.registry.tags["latest"] = self.registry.add(json.dumps(manifest).encode())

    def test_they_are_fetched_where_that_is_allowed(self):
        self.log_in_to(self.registry.host)
        r = self.index("--allow", "127.0.0.1")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.elsewhere.header("", "Authorization"), [None, None])

    def test_else_they_are_left_out_and_named(self):
        r = self.index()
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.elsewhere.requests, [])
        self.assertIn("foreign layer that cannot be fetched", r.out)
        self.assertIn("127.0.0.1", r.out)


if __name__ == "__main__":
    unittest.main()
