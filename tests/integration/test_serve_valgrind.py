"""One whole life of the service under valgrind's memcheck: feeds, images posted, reports, a notification and its delivery, pushes
that cannot be had, deletions, rest, the end. No error, no leak.

The layers were unpacked before, by a command without valgrind: valgrind cannot live in the sandbox of the layer workers, which
the sanitizers look after. What is posted is coalesced, kept and judged of them. Wants a build without sanitizers, which valgrind cannot run: `make build` leaves one in build/.
"""
import gzip
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import clarion
import store
from clarion import debian_layer, stanza
from receivers import Web
from serving import Service

PROGRAM = os.path.join(os.path.dirname(clarion.HERE), "build", "clarion")
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible", "--errors-for-leak-kinds=definite,indirect,possible",
            "--num-callers=30"]


class Patient(Service):
    """Under valgrind everything takes longer."""

    def wait(self):
        for _ in range(10):
            try:
                super().wait()
                return
            except AssertionError:
                if self.process.poll() is not None:
                    raise
        self.case.fail("the service does not answer:\n" + self.messages())


@unittest.skipUnless(shutil.which("valgrind"), "wants valgrind")
@unittest.skipUnless(os.path.exists(PROGRAM), "wants a release build in build/, which `make build` makes")
class Valgrind(clarion.Case):
    def test_a_life(self):
        layers = [self.known_layer(name, PROGRAM) for name in ("openssl", "grep", "zlib")]
        wrapper = self.path("clarion-under-valgrind")
        with open(wrapper, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexec %s --log-file=%s/valgrind.%%p %s \"$@\"\n" % (" ".join(VALGRIND), self.folder, PROGRAM))
        os.chmod(wrapper, 0o755)
        real, clarion.BINARY = clarion.BINARY, wrapper
        self.addCleanup(setattr, clarion, "BINARY", real)
        tracker = {"openssl": {"CVE-2014-0160": clarion.tracker_entry(bookworm="1.0.1g-1")}}
        web = Web(self)
        service = Patient(self, {"notifier": {"webhook": {"target": web.url + "/hook", "callback": "http://127.0.0.1:1/", "content": "cloudevents"}},
                                 "events": {"token": "x" * 32, "registries": {"127.0.0.1:1": {"insecure": True}}}, "limits": {"fetch_tries": 1},
                                 "matcher": {"disable_updaters": False, "period": "6h"}, "updaters": {"sets": ["debian", "alpine"], "mirror": self.feeds(tracker)},
                                 "indexer": {"fetch": {"allow": ["127.0.0.1"]}}})
        self.await_feeds(service)
        digests = [self.post(service, "1", layers[:1]), self.post(service, "2", layers[1:]), self.post(service, "3", layers)]
        for digest in digests:
            for path, status in (("/indexer/api/v1/index_report/" + digest, 200), ("/matcher/api/v1/vulnerability_report/" + digest, 200)):
                for encoding in ("identity", "gzip", "zstd"):
                    self.assertEqual(service.get(path, Accept_Encoding=encoding).status, status)
        self.assertEqual(len(service.get("/matcher/api/v1/vulnerability_report/" + digests[0]).doc["vulnerabilities"]), 1)
        self.be_told(service, web, dict(tracker, zlib={"CVE-2030-1": clarion.tracker_entry(bookworm="1.0.2-1")}))
        self.be_pushed(service)
        unreachable = json.dumps({"hash": clarion.digest(b"x"), "layers": [{"hash": clarion.digest(b"y"), "uri": "http://127.0.0.1:1/", "headers": {"X": ["y"]}}]})
        for method, path, body, status in (("POST", "/indexer/api/v1/index_report", unreachable, 500), ("POST", "/indexer/api/v1/index_report", "{", 400), ("GET", "/nope", None, 404), ("PUT", "/robots.txt", None, 405),
                                           ("GET", "/matcher/api/v1/internal/update_operation?latest=true", None, 200), ("GET", "/openapi/v1", None, 200),
                                           ("DELETE", "/indexer/api/v1/index_report/" + digests[0], None, 204),
                                           ("DELETE", "/indexer/api/v1/index_report", json.dumps(digests), 200)):
            self.assertEqual(service.ask(method, path, body).status, status, path)
        self.assertEqual(service.get("/metrics", introspection=True).status, 200)
        time.sleep(12) # after which it gives memory back, if the machine lets it rest
        self.assertEqual(service.get("/api/v1/images").status, 200)
        service.end()
        told = {name: open(self.path(name), encoding="utf-8", errors="replace").read() for name in os.listdir(self.folder) if name.startswith("valgrind.")}
        self.assertIn("valgrind.%d" % service.process.pid, told)
        self.assertEqual("", "".join(told.values())[:6000])

    def await_feeds(self, service):
        for _ in range(1200):
            if len(service.get("/matcher/api/v1/internal/update_operation?latest=true").doc) == 2:
                return
            time.sleep(0.1)
        self.fail("the feeds do not come:\n" + service.messages())

    def be_told(self, service, web, tracker):
        """An update from elsewhere makes a notification, which is delivered, read and deleted."""
        done = subprocess.run([PROGRAM, "update", "--data", self.data, "--mirror", self.feeds(tracker, name="newer"), "debian"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, env=store.environment(self.data))
        self.assertEqual(done.returncode, 0, done.stderr)
        for _ in range(1200):
            if web.requests:
                break
            time.sleep(0.1)
        self.assertTrue(web.requests, service.messages())
        (name,), = store.query(self.data, "SELECT uuid FROM notification")
        page = "/notifier/api/v1/notification/" + name
        self.assertEqual(len(service.get(page).doc["notifications"]), 3)
        self.assertEqual(len(service.get(page + "?page_size=1").doc["notifications"]), 1)
        self.assertEqual(service.ask("DELETE", page).status, 200)

    def be_pushed(self, service):
        digest = clarion.digest(b"nowhere")
        target = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "repository": "a/b", "tag": "1"}
        delivery = {"events": [{"id": "1", "action": "push", "target": target, "request": {"host": "127.0.0.1:1"}}]}
        self.assertEqual(service.ask("POST", "/api/v1/events/registry", json.dumps(delivery), Authorization="Bearer " + "x" * 32).status, 200)
        scan = {"registry": {"url": "http://127.0.0.1:1"}, "artifact": {"repository": "a/b", "digest": digest, "mime_type": target["mediaType"]}}
        self.assertEqual(service.ask("POST", "/harbor/api/v1/scan", json.dumps(scan)).status, 202)
        for path in ("/api/v1/events", "/api/v1/images", "/harbor/api/v1/metadata"):
            self.assertEqual(service.get(path).status, 200)

    def known_layer(self, name, binary):
        """A layer that the store knows: its digest."""
        data = debian_layer(stanza(name, "1.0.1e-1"))
        done = subprocess.run([binary, "index", "--data", self.data, self.image(data, name=name)], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=120, check=False, env=store.environment(self.data))
        self.assertEqual(done.returncode, 0, done.stderr)
        return clarion.digest(gzip.compress(data, mtime=0))

    @staticmethod
    def post(service, name, layers):
        manifest = {"hash": clarion.digest(name.encode()), "layers": [{"hash": layer, "uri": "http://127.0.0.1:1/"} for layer in layers]}
        answer = service.ask("POST", "/indexer/api/v1/index_report", json.dumps(manifest))
        service.case.assertEqual(answer.status, 201, answer)
        return manifest["hash"]


if __name__ == "__main__":
    unittest.main()
