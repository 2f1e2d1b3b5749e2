"""Pushes that registries tell of: the report is there without anybody asking, by name, and nothing that is sent sends the
service anywhere that its operator did not name."""
import base64
import copy
import json
import os
import shutil
import time
import unittest

import clarion
from clarion import OciLayout, debian_layer, stanza, tracker_entry
from ports import free_port
from registry import HTPASSWD, PASSWORD, USER, Registry, docker_config, login, need_registry
from serving import Service, token

TAKE = "/api/v1/events/registry"
EVENTS = "/api/v1/events"
IMAGES = "/api/v1/images"
REPORT = "/matcher/api/v1/vulnerability_report/"
TOKEN = "a token of thirty-two characters"
DOCKER = "application/vnd.docker.distribution.events.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
WAIT = 120  # seconds, of a machine that has much else to do


def need_skopeo(test):
    return unittest.skipUnless(shutil.which("skopeo"), "wants skopeo")(test)


def event(host, repository, digest=None, tag=None, action="push", media_type=MANIFEST, number=0, when=None):
    """An envelope of the distribution project's registry."""
    target = {"mediaType": media_type, "digest": digest, "size": 708, "length": 708, "repository": repository, "tag": tag,
              "url": "http://%s/v2/%s/manifests/%s" % (host, repository, digest)}
    if action == "delete":
        target = {"repository": repository, "digest": digest, "tag": tag}
    return {"events": [{"id": "event-%d" % number, "timestamp": when or time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime()),
                        "action": action, "target": {k: v for k, v in target.items() if v is not None},
                        "request": {"id": "r", "addr": "192.0.2.7:1", "host": host, "method": "PUT", "useragent": "test"},
                        "actor": {}, "source": {"addr": "registry:5000", "instanceID": "i"}}]}


def quay(host, repository, *tags):
    return {"name": "app", "repository": repository, "namespace": "team", "docker_url": host + "/" + repository,
            "homepage": "https://%s/repository/%s" % (host, repository), "updated_tags": list(tags)}


def harbor(host, repository, digest, tag, kind="PUSH_ARTIFACT"):
    return {"type": kind, "occur_at": int(time.time()), "operator": "admin", "event_data": {
        "resources": [{"digest": digest, "tag": tag, "resource_url": "%s/%s:%s" % (host, repository, tag)}],
        "repository": {"date_created": 1, "name": repository.split("/")[-1], "namespace": repository.split("/")[0],
                       "repo_full_name": repository, "repo_type": "private"}}}


def cloud_event(host, repository, digest, tag, kind="harbor.artifact.pushed"):
    return {"specversion": "1.0", "id": "66e18103-09c1-41f6-982f-37df223f3eeb", "requestid": "1", "source": "/projects/2/webhook/policies/15",
            "type": kind, "datacontenttype": "application/json", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "data": harbor(host, repository, digest, tag)["event_data"], "operator": "admin"}


class Base(clarion.Case):
    def service(self, *hosts, port=None, **config):
        settings = {"events": {"token": TOKEN, "registries": {host: {"insecure": True} for host in hosts}}, "limits": {"fetch_tries": 1}}
        for key, value in config.items():
            settings[key] = dict(settings.get(key, {}), **value) if isinstance(value, dict) else value
        if port:
            settings["http_listen_addr"] = "127.0.0.1:%d" % port
        service = Service(self, settings, wait=not port)
        if port:
            service.port = port
            service.wait()
        return service

    def send(self, service, document, authorization="Bearer " + TOKEN, kind=DOCKER):
        body = document if isinstance(document, (bytes, str)) else json.dumps(document)
        headers = {"Authorization": authorization} if authorization else {}
        return service.ask("POST", TAKE, body, Content_Type=kind, **headers)

    def await_that(self, what, *args):
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            got = what(*args)
            if got:
                return got
            time.sleep(0.05)
        self.fail("%r does not come" % (args,))

    def names(self, service, digest):
        """(present, former) names of an image, as REPOSITORY:TAG; None while it is not indexed."""
        a = service.get(IMAGES + "/" + digest)
        if a.status == 404:
            return None
        return tuple(["%s:%s" % (n["repository"], n["tag"]) for n in a.doc[key]] for key in ("names", "former_names"))

    def ended(self, service, state):
        return service.get(EVENTS + "?state=" + state).doc["events"]

    def layout(self, name, *stanzas):
        OciLayout(self.path(name)).add([debian_layer(*stanzas)], tag="1")
        return self.path(name)

    def setUp(self):
        super().setUp()
        self.openssl = self.layout("openssl", stanza("openssl", "3.0.8-1"))
        self.zlib = self.layout("zlib", stanza("zlib1g", "1:1.2.13.dfsg-1", source="zlib"))


@need_registry
class RealRegistry(Base):
    """docker-registry tells of what is pushed into it."""

    def both(self, **config):
        port = free_port()
        registry = Registry(self, notify=("http://127.0.0.1:%d%s" % (port, TAKE), TOKEN))
        return registry, self.service(registry.host, port=port, **config)

    @need_skopeo
    def test_pushed_by_skopeo(self):
        self.update(self.feeds({"openssl": {"CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1")}}))
        registry, service = self.both()
        self.tool("skopeo", "copy", "--dest-tls-verify=false", "oci:%s:1" % self.openssl, "docker://%s/team/app:1.0" % registry.host)
        image = self.await_that(lambda: service.get(IMAGES).doc["images"])[0]
        name = registry.host + "/team/app"
        self.assertEqual([(n["repository"], n["tag"], n["manifest"]) for n in image["names"]], [(name, "1.0", image["digest"])])
        self.assertEqual((image["distribution"]["id"], image["distribution"]["version"]), ("debian", "12"))
        self.assertTrue(image["pushed"] and image["indexed"])
        report = service.get(REPORT + image["digest"])
        self.assertEqual([v["name"] for v in report.doc["vulnerabilities"].values()], ["CVE-2014-0160"])
        one = service.get(IMAGES + "/" + image["digest"])
        self.assertEqual((one.doc["severities"]["High"], one.doc["findings"], one.doc["fixable"], one.doc["packages"]), (1, 1, 1, 1))
        self.assertEqual((one.doc["coverage"]["judged"], one.doc["coverage"]["feeds"][0]["state"]), (1, "loaded"))
        self.assertEqual(len(one.doc["layers"]), 1)
        again = service.get(IMAGES + "/" + image["digest"], If_None_Match=one.headers["Etag"])
        self.assertEqual((again.status, again.body), (304, b""))
        r = self.run_clarion("report", name + ":1.0", "--format", "json")
        self.assertEqual((r.code, r.doc["image"]["manifest"]), (0, image["digest"]), r)
        self.assertEqual(self.run_clarion("report", name + ":2.0").code, 3)
        r = self.run_clarion("images")
        self.assertIn(name + ":1.0", r.out)

    def test_moved_and_deleted(self):
        registry, service = self.both()
        first = registry.push("team/app", self.openssl, "latest")
        self.await_that(self.names, service, first)
        second = registry.push("team/app", self.zlib, "latest")
        name = registry.host + "/team/app"
        self.await_that(self.names, service, second)
        # The first is in the repository still, by its digest alone.
        self.assertEqual(self.names(service, first), ([name + ":"], [name + ":latest"]))
        self.assertEqual(self.names(service, second), ([name + ":latest"], []))
        registry.request("DELETE", "/v2/team/app/manifests/" + second)
        self.await_that(lambda: self.names(service, second) == ([], [name + ":latest"]))
        registry.push("team/app", self.zlib, "latest")
        self.await_that(lambda: self.names(service, second) == ([name + ":latest"], [name + ":latest"]))
        self.assertEqual(service.get(IMAGES + "?repository=%s&tag=latest" % name).doc["images"][0]["digest"], second)

    def index(self):
        """A layout whose only entry is an index of two platforms and an attestation."""
        layout = OciLayout(self.path("index"))
        layout.add([debian_layer(stanza("openssl", "3.0.8-1"))], platform={"os": "linux", "architecture": "amd64"})
        layout.add([debian_layer(stanza("openssl", "3.0.7-1", arch="arm64"))], platform={"os": "linux", "architecture": "arm64"},
                   config={"architecture": "arm64"})
        layout.add([debian_layer(stanza("attested", "1"))], platform={"os": "unknown", "architecture": "unknown"})
        inner = list(layout.manifests)
        index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": inner}).encode()
        layout.manifests = [layout.blob(index, "application/vnd.oci.image.index.v1+json")]
        layout.index()
        return layout.manifests[0]["digest"], [m["digest"] for m in inner]

    def test_index_of_several_platforms(self):
        registry, service = self.both()
        whole, (amd64, arm64, _) = self.index()
        registry.push("team/app", self.path("index"), "2")
        name = registry.host + "/team/app:2"
        self.await_that(lambda: all(self.names(service, d) and name in self.names(service, d)[0] for d in (amd64, arm64)))
        listed = service.get(IMAGES + "?repository=%s/team/app&tag=2" % registry.host).doc["images"]
        self.assertEqual({i["digest"]: (i["arch"], i["names"][0]["manifest"]) for i in listed},
                         {amd64: ("amd64", whole), arm64: ("arm64", whole)})
        listed = service.get(IMAGES + "?q=" + whole).doc["images"]
        self.assertEqual({i["digest"] for i in listed}, {amd64, arm64})
        r = self.run_clarion("report", "%s@%s" % (name[:-2], arm64), "--format", "json")
        self.assertEqual(r.doc["image"]["manifest"], arm64, r)
        # A machine of either kind scans its own.
        r = self.run_clarion("report", name, "--format", "json")
        self.assertIn(r.doc["image"]["manifest"], (amd64, arm64), r)
        registry.request("DELETE", "/v2/team/app/manifests/" + whole)
        self.await_that(lambda: name not in self.names(service, amd64)[0])
        self.assertEqual(self.names(service, amd64), ([name[:-1]], [name]))

    def test_only_the_platforms_that_are_wanted(self):
        registry = Registry(self)
        service = self.service(events={"token": TOKEN, "registries": {registry.host: {"insecure": True, "platforms": ["linux/arm64"]}}})
        whole, (amd64, arm64, _) = self.index()
        registry.push("team/app", self.path("index"), "2")
        self.assertEqual(self.send(service, event(registry.host, "team/app", whole, "2")).status, 200)
        self.await_that(self.ended, service, "done")
        self.assertIsNone(self.names(service, amd64))
        self.assertEqual(self.names(service, arm64)[0], [registry.host + "/team/app:2"])

    def test_what_is_no_image_is_noted(self):
        registry, service = self.both()
        layout = OciLayout(self.path("chart"))
        config = layout.blob(b'{"name":"chart","version":"1"}', "application/vnd.cncf.helm.config.v1+json")
        content = layout.blob(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
        manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [content]}).encode()
        layout.manifests = [layout.blob(manifest, MANIFEST)]
        layout.index()
        registry.push("charts/app", self.path("chart"), "1")
        noted = self.await_that(self.ended, service, "noted")
        self.assertIn("helm.config", noted[0]["reason"])
        self.assertEqual(noted[0]["tries"], 1)

    def test_survives_kill(self):
        registry = Registry(self)
        digest = registry.push("team/app", self.openssl, "1")
        registry.stop()
        service = self.service(registry.host)
        self.assertEqual(self.send(service, event(registry.host, "team/app", digest, "1")).status, 200)
        service.kill()
        registry.start()
        service = self.service(registry.host)
        self.await_that(self.names, service, digest)
        self.assertEqual(self.names(service, digest)[0], [registry.host + "/team/app:1"])

    def test_registry_down_and_up(self):
        registry = Registry(self)
        digest = registry.push("team/app", self.openssl, "1")
        registry.stop()
        service = self.service(registry.host)
        self.assertEqual(self.send(service, event(registry.host, "team/app", digest, "1")).status, 200)
        waiting = self.await_that(lambda: [e for e in service.get(EVENTS).doc["events"] if e["tries"]])
        self.assertEqual(waiting[0]["state"], "waiting")
        self.assertIn(registry.host, waiting[0]["reason"])
        metrics = service.get("/metrics", introspection=True).body.decode()
        self.assertIn('\nclarion_events{state="waiting"} 1\n', metrics)
        registry.start()
        self.await_that(self.names, service, digest)
        # The image has its name a moment before the event is done with.
        self.await_that(lambda: service.get(EVENTS).doc["counts"] == {"waiting": 0, "failed": 0, "noted": 0, "done": 1})

    def test_given_up(self):
        registry = Registry(self)
        registry.stop()
        service = self.service(registry.host, limits={"event_tries": 2})
        digest = "sha256:" + "1" * 64
        self.assertEqual(self.send(service, event(registry.host, "team/app", digest, "1")).status, 200)
        failed = self.await_that(self.ended, service, "failed")
        self.assertEqual((failed[0]["tries"], failed[0]["manifest"]), (2, digest))
        self.assertIn(registry.host, failed[0]["reason"])
        self.assertEqual([e["state"] for e in service.get(EVENTS).doc["events"]], ["failed"])

    def test_forms_of_other_registries(self):
        registry = Registry(self)
        digest, other = registry.push("team/app", self.openssl, "1"), registry.push("team/app", self.zlib, "2")
        service = self.service(registry.host)
        name = registry.host + "/team/app"
        a = self.send(service, quay(registry.host, "team/app", "1", "2"), kind="application/json")
        self.assertEqual((a.status, a.doc), (200, {"queued": 2, "known": 0, "ignored": 0}))
        self.await_that(lambda: len(self.ended(service, "done")) == 2)
        self.assertEqual((self.names(service, digest)[0], self.names(service, other)[0]), ([name + ":1"], [name + ":2"]))
        self.assertEqual(self.send(service, harbor(registry.host, "team/app", digest, "stable")).status, 200)
        self.assertEqual(self.names(service, digest)[0], [name + ":1", name + ":stable"])
        self.assertEqual(self.send(service, cloud_event(registry.host, "team/app", other, other)).status, 200)
        self.assertEqual(self.send(service, harbor(registry.host, "team/app", digest, "stable", "DELETE_ARTIFACT")).status, 200)
        self.assertEqual(self.names(service, digest), ([], [name + ":1", name + ":stable"]))
        a = self.send(service, harbor(registry.host, "team/app", digest, "1", "PULL_ARTIFACT"))
        self.assertEqual(a.doc, {"queued": 0, "known": 0, "ignored": 1})
        gone = cloud_event(registry.host, "team/app", other, "2", "harbor.artifact.deleted")
        self.assertEqual(self.send(service, gone).status, 200)
        self.assertEqual(self.names(service, other), ([], [name + ":2"]))

    def test_told_twice_and_late(self):
        registry = Registry(self)
        digest, other = registry.push("team/app", self.openssl, "1"), registry.push("team/app", self.zlib, "1")
        service = self.service(registry.host)
        early = event(registry.host, "team/app", digest, "1", when="2026-01-01T00:00:00Z", number=1)
        late = event(registry.host, "team/app", other, "1", when="2026-01-01T00:00:00.2Z", number=2)
        for document in (early, late, early, late, early):
            self.assertEqual(self.send(service, document).status, 200)
        self.await_that(lambda: len(self.ended(service, "done")) == 2)
        name = registry.host + "/team/app"
        self.assertEqual(self.names(service, other)[0], [name + ":1"])
        self.assertEqual(self.names(service, digest), ([name + ":"], [name + ":1"]))
        self.assertEqual(service.get(EVENTS).doc["counts"]["done"], 2)
        for when, left in (("2025-12-31T00:00:00Z", [name + ":1"]), ("2026-01-02T00:00:00Z", [])):
            self.send(service, event(registry.host, "team/app", tag="1", action="delete", when=when))
            self.assertEqual([n for n in self.names(service, other)[0] if n.endswith(":1")], left)

    def test_password(self):
        self.assertIn(USER, HTPASSWD)
        registry = Registry(self, password=True)
        digest = registry.push("team/app", self.openssl, "1")
        folder = docker_config(self.path("docker"), auths=login(registry.host))
        for how, state in (({}, "waiting"), ({"username": USER, "password": "wrong"}, "waiting"), ({"username": USER, "password": PASSWORD}, "done"),
                           ({"docker_config": os.path.join(folder, "config.json")}, "done")):
            with self.subTest(how=how):
                self.data = self.path("data-%d" % free_port())
                service = self.service(events={"token": TOKEN, "registries": {registry.host: dict(how, insecure=True)}})
                self.assertEqual(self.send(service, event(registry.host, "team/app", digest, "1")).status, 200)
                got = self.await_that(lambda: [e for e in self.ended(service, state) if e["tries"]])
                self.assertNotIn(PASSWORD, service.messages() + json.dumps(got))
                if state == "waiting":
                    self.assertIn("401", got[0]["reason"])

    def test_reached_elsewhere(self):
        registry = Registry(self)
        digest = registry.push("team/app", self.openssl, "1")
        service = self.service(events={"token": TOKEN, "registries": {"registry.example": {"insecure": True, "address": registry.host}}})
        self.assertEqual(self.send(service, event("registry.example", "team/app", digest, "1")).status, 200)
        self.await_that(self.names, service, digest)
        self.assertEqual(self.names(service, digest)[0], ["registry.example/team/app:1"])

    def test_names_of_what_is_scanned(self):
        registry = Registry(self)
        digest = registry.push("team/app", self.openssl, "1")
        self.assertEqual(self.run_clarion("index", "registry:%s/team/app:1" % registry.host, "--insecure").code, 0)
        doc = self.run_clarion("images", "--format", "json").doc
        name = registry.host + "/team/app"
        self.assertEqual([(i["digest"], [n["repository"] + ":" + n["tag"] for n in i["names"]]) for i in doc["images"]], [(digest, [name + ":1"])])
        other = registry.push("team/app", self.zlib, "1")
        self.assertEqual(self.run_clarion("index", "registry:%s/team/app:1" % registry.host, "--insecure").code, 0)
        doc = self.run_clarion("images", "--format", "json", "--repository", name, "--tag", "1").doc
        self.assertEqual([i["digest"] for i in doc["images"]], [other])
        self.assertEqual(self.run_clarion("images", "--format", "xml").code, 2)


class Queue(Base):
    """Without a registry that answers."""

    HOST = "127.0.0.1:1"

    def test_full_queue(self):
        service = self.service(self.HOST, limits={"event_queue": 2})
        for i in range(2):
            self.assertEqual(self.send(service, event(self.HOST, "team/app-%d" % i, "sha256:" + "1" * 64, number=i)).status, 200)
        a = self.send(service, event(self.HOST, "team/more", "sha256:" + "1" * 64, number=3))
        self.assertEqual((a.status, a.headers["Retry-After"]), (429, "60"))
        self.assertIn("event_queue", a.doc["message"])
        # What is there already costs no place.
        self.assertEqual(self.send(service, event(self.HOST, "team/app-0", "sha256:" + "1" * 64, number=0)).doc["known"], 1)

    def test_all_or_nothing(self):
        service = self.service(self.HOST)
        good = event(self.HOST, "team/app", "sha256:" + "1" * 64, number=1)
        bad = event("evil.example", "team/app", "sha256:" + "1" * 64, number=2)
        a = self.send(service, {"events": good["events"] + bad["events"]})
        self.assertEqual(a.status, 403)
        self.assertIn('events: {registries: {"evil.example": {}}}', a.doc["message"])
        self.assertEqual(service.get(EVENTS).doc["counts"]["waiting"], 0)

    def test_names_no_other_host(self):
        """Whatever the URLs in it say: only the host that the operator named is asked."""
        service = self.service(self.HOST)
        document = event(self.HOST, "team/app", "sha256:" + "1" * 64)
        document["events"][0]["target"]["url"] = "http://169.254.169.254/v2/team/app/manifests/x"
        self.assertEqual(self.send(service, document).status, 200)
        self.await_that(lambda: [e for e in service.get(EVENTS).doc["events"] if e["tries"]])
        self.assertNotIn("169.254", service.messages() + service.get(EVENTS).body.decode())
        for host in ("169.254.169.254", "127.0.0.1:2", "user@127.0.0.1:1", "127.0.0.1:11", ""):
            a = self.send(service, event(host, "team/app", "sha256:" + "1" * 64))
            self.assertEqual(a.status, 403, (host, a))
        for document in (quay("evil.example", "team/app", "1"), harbor("evil.example", "team/app", "sha256:" + "1" * 64, "1")):
            self.assertEqual(self.send(service, document).status, 403)

    def test_who_may_tell(self):
        service = self.service(self.HOST)
        document = event(self.HOST, "team/app", "sha256:" + "1" * 64)
        basic = "Basic " + base64.b64encode(("quay:" + TOKEN).encode()).decode()
        for authorization, status in ((None, 401), ("Bearer x", 401), ("Bearer " + TOKEN + "x", 401), ("Bearer " + TOKEN[:-1], 401),
                                      ("Bearer", 401), (TOKEN, 401), ("Basic " + TOKEN, 401), ("Basic eDp4", 401),
                                      ("Bearer " + TOKEN, 200), (basic, 200)):
            a = self.send(service, document, authorization)
            self.assertEqual(a.status, status, (authorization, a))
        self.assertEqual(service.get(TAKE).status, 405)
        self.assertNotIn(TOKEN, service.messages())

    def test_without_a_token(self):
        registries = {"registries": {self.HOST: {}}}
        document = event(self.HOST, "team/app", "sha256:" + "1" * 64)
        service = Service(self, {"events": registries})
        self.assertEqual(self.send(service, document, None).status, 200)
        port = free_port()
        service = Service(self, {"events": registries, "http_listen_addr": "0.0.0.0:%d" % port}, wait=False, data=self.path("open"))
        service.port = port
        service.wait()
        a = self.send(service, document, None)
        self.assertEqual(a.status, 403)
        self.assertIn("events: {token:", a.doc["message"])
        key = b"k" * 32
        service = Service(self, {"events": registries, "auth": {"psk": {"key": base64.b64encode(key).decode(), "iss": ["quay"]}}},
                          data=self.path("psk"))
        self.assertEqual(self.send(service, document, None).status, 401)
        self.assertEqual(self.send(service, document, "Bearer " + token(key, {"iss": "quay"})).status, 200)

    def test_hostile_deliveries(self):
        service = self.service(self.HOST, limits={"event_entries": 5})
        good = event(self.HOST, "team/app", "sha256:" + "1" * 64)

        def but(*path, value):
            document = copy.deepcopy(good)
            at = document["events"][0]
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = value
            return document
        cases = [b"", b"{", b"[]", b"null", b"1", b'"events"', {}, {"events": {}}, {"events": [1]}, {"events": [[]]}, {"events": [{}]},
                 {"events": None}, {"docker_url": 1, "updated_tags": []}, {"docker_url": "x", "updated_tags": 1},
                 {"docker_url": self.HOST + "/a", "updated_tags": [1]}, {"docker_url": self.HOST + "/a", "updated_tags": [""]},
                 {"type": "PUSH_ARTIFACT", "event_data": 1}, {"type": "PUSH_ARTIFACT", "event_data": {}},
                 {"specversion": "1.0", "type": "harbor.artifact.pushed", "data": []},
                 but("target", value=[]), but("target", "digest", value="sha256:1"), but("target", "digest", value=7),
                 but("target", "tag", value=["x"]), but("target", "digest", value="md5:" + "1" * 32), but("request", "host", value={})]
        cases += [but("target", "repository", value=name) for name in
                  ("", "..", "../x", "a/../b", "/a", "a/", "a//b", "A", "a?b", "a#b", "a%2e", "a b", "a\nb", "a" * 300, "\u00e4", "a:b", "a@b")]
        cases += [but("target", "tag", value=tag) for tag in ("..", "a/b", "-a", "a" * 129, "a b", "\u202e")]
        for document in cases:
            a = self.send(service, document)
            self.assertEqual(a.status, 400, (document, a))
            self.assertTrue(a.doc["message"], a)
        a = self.send(service, {"events": good["events"] * 6})
        self.assertEqual(a.status, 413)
        self.assertIn("event_entries", a.doc["message"])
        self.assertEqual(self.send(service, {"events": [], "x": "y"}).status, 200)
        for kind in ("application/octet-stream", "application/vnd.docker.image.rootfs.diff.tar.gzip"):
            document = but("target", "mediaType", value=kind)
            document["events"][0]["target"]["url"] = "http://%s/v2/team/app/blobs/x" % self.HOST
            self.assertEqual(self.send(service, document).doc, {"queued": 0, "known": 0, "ignored": 1})
        deep = b'{"events":' + b"[" * 100000 + b"]" * 100000 + b"}"
        self.assertEqual(self.send(service, deep).status, 400)
        self.assertEqual(service.get(EVENTS).doc["counts"]["waiting"], 0)

    def test_pages(self):
        digests = []
        for i in range(5):
            self.assertEqual(self.run_clarion("index", "oci:" + self.layout("image-%d" % i, stanza("p%d" % i, "1"))).code, 0)
        service = self.service(self.HOST)
        after = ""
        while after is not None:
            page = service.get(IMAGES + "?page_size=2&after=" + after).doc
            digests += [i["digest"] for i in page["images"]]
            self.assertLessEqual(len(page["images"]), 2)
            after = page["next"]
        self.assertEqual((len(digests), digests), (5, sorted(set(digests))))
        self.assertEqual([i["digest"] for i in service.get(IMAGES + "?q=" + digests[3][7:20]).doc["images"]], [digests[3]])
        self.assertEqual(len(service.get(IMAGES + "?q=image-2").doc["images"]), 1)
        self.assertEqual(service.get(IMAGES + "?tag=1").doc["images"], [])
        self.assertEqual(service.get(IMAGES + "?repository=team/app").doc, {"images": [], "next": None})
        for bad in ("page_size=0", "page_size=x", "page_size=1001", "after=x", "repository=A"):
            self.assertEqual(service.get(IMAGES + "?" + bad).status, 400, bad)
        for bad in ("state=x", "after=x", "page_size=-1"):
            self.assertEqual(service.get(EVENTS + "?" + bad).status, 400, bad)
        self.assertEqual(service.get(IMAGES + "/sha256:" + "0" * 64).status, 404)
        self.assertEqual(service.get(IMAGES + "/x").status, 400)


class Configuration(clarion.Case):
    def test_wrong_registries(self):
        for registries, word in (({"nohost": {}}, "no registry's host"), ({"a.b": 1}, "must be a map"), ({"a.b": {"user": "x"}}, "username"),
                                 ({"a.b": {"username": "x"}}, "go together"), ({"a.b": {"password": "s3cret"}}, "go together"),
                                 ({"a.b": {"insecure": "yes"}}, "true or false"), ({"a.b": {"allow": ["a/b"]}}, "allow"),
                                 ({"a.b": {"platforms": ["x"]}}, "platforms"), ({"a.b": {"address": "http://x"}}, "address"),
                                 ({"a.b": {"docker_config": "/nowhere"}}, "/nowhere")):
            with open(self.path("c.yaml"), "w", encoding="utf-8") as f:
                json.dump({"events": {"registries": registries}}, f)
            r = self.run_clarion("check-config", "-c", self.path("c.yaml"))
            self.assertEqual(r.code, 3, (registries, r))
            self.assertIn("events.registries", r.out + r.err)
            self.assertIn(word, r.out + r.err)
            self.assertNotIn("s3cret", r.out + r.err)


if __name__ == "__main__":
    unittest.main()
