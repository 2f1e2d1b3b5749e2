"""Several nodes of the service on one database server, each with a data folder of its own, and what they work with: a server
of layers that is a registry too, and what the database tells of who does what."""
import gzip
import hashlib
import http.server
import json
import os
import re
import threading
import time
import unittest

import clarion
import postgres
from clarion import debian_layer, stanza, tracker_entry
from serving import Service
from upstream import Server, Upstream

POST = "/indexer/api/v1/index_report"
REPORT = "/matcher/api/v1/vulnerability_report/"
LOCK_OF_NAME = 0x436c6172
WAIT = 120  # seconds, of a machine that has much else to do
LONG = bool(os.environ.get("CLARION_CLUSTER_LONG"))

need_postgres = unittest.skipUnless(postgres.is_there(), "wants a PostgreSQL server (scripts/setup.sh --tests)")
need_long = unittest.skipUnless(LONG, "takes minutes ($CLARION_CLUSTER_LONG)")


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer_of(*stanzas):
    return gzip.compress(debian_layer(*stanzas), mtime=0)


class Blobs:
    """Layers by their digests, and images of them under /v2/, on the loopback interface. `pause` is waited for in the
    middle of each layer, and what is named in `stalled` stops there until `go_on` is set."""

    def __init__(self, case):
        blobs = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                name = self.path.rpartition("/")[2]
                if name not in blobs.content:
                    self.send_error(404)
                    return
                kind, data = blobs.content[name]
                with blobs.lock:
                    blobs.asked.append(name)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                half = len(data) // 2
                self.wfile.write(data[:half])
                self.wfile.flush()
                if name in blobs.stalled:
                    blobs.go_on.wait(WAIT)
                elif kind != MANIFEST:
                    time.sleep(blobs.pause)
                self.wfile.write(data[half:])

        self.content, self.asked, self.stalled, self.pause = {}, [], set(), 0
        self.lock, self.go_on = threading.Lock(), threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.host = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)
        case.addCleanup(self.go_on.set)

    def add(self, data, kind="application/vnd.oci.image.layer.v1.tar+gzip"):
        digest = sha256(data)
        self.content[digest] = (kind, data)
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def layer(self, data):
        """As a posted manifest has it."""
        return {"hash": self.add(data)["digest"], "uri": "http://%s/%s" % (self.host, sha256(data))}

    def image(self, *layers):
        """The digest of an image's manifest, which the registry has."""
        config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [sha256(gzip.decompress(x)) for x in layers]}}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [self.add(x) for x in layers],
                    "config": self.add(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")}
        return self.add(json.dumps(manifest).encode(), MANIFEST)["digest"]

    def times(self, digest):
        with self.lock:
            return self.asked.count(digest)


MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def manifest(name, *layers):
    return {"hash": sha256(name.encode()), "layers": list(layers)}


class Node:
    """One of the cluster, which may be killed and started again."""

    def __init__(self, case, name, mode, config, url):
        self.case, self.name, self.mode, self.config, self.url, self.service = case, name, mode, config, url, None

    def start(self, wait=True):
        self.service = Service(self.case, self.config, "--mode", self.mode, "--db", "%s&application_name=%s" % (self.url, self.name),
                               data=self.case.path("node-" + self.name), wait=wait)
        return self

    def ident(self):
        """What it is called in the rows of the database."""
        got = re.search(r"know this one as ([0-9a-f-]{36})", self.service.messages())
        return got and got[1]

    def alive(self):
        return self.service is not None and self.service.process.poll() is None


@need_postgres
class Case(clarion.Case):
    """A server with a database, a mirror whose Debian tracker gets a flaw more with each publish(), and nodes."""

    def start_server(self):
        return postgres.Server()

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.addCleanup(self.server.stop)
        self.url = self.server.new_database()
        self.database = self.url.split("///")[1].split("?")[0]
        self.blobs, self.nodes = Blobs(self), {}
        self.flaws = {"CVE-2029-1": tracker_entry(bookworm=None)}
        self.mirror = Upstream(self, self.feeds({"bash": self.flaws}))

    def publish(self, flaw, **entry):
        """In one step, as far as readers see."""
        self.flaws[flaw] = tracker_entry(bookworm=None, **entry)
        self.put_tracker({"bash": self.flaws})

    def put_tracker(self, tracker):
        path = os.path.join(self.mirror.folder, "security-tracker.debian.org", "tracker", "data", "json")
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump(tracker, f)
        os.rename(path + ".new", path)

    def node(self, name, mode="combo", wait=True, **config):
        settings = {"indexer": {"fetch": {"allow": ["127.0.0.1"]}},
                    "matcher": {"disable_updaters": False, "period": "1h"}, "updaters": {"sets": ["debian"], "mirror": self.mirror.url},
                    "limits": {"fetch_tries": 1}}
        for key, value in config.items():
            if isinstance(value, dict):
                value = {k: v for k, v in dict(settings.get(key, {}), **value).items() if v is not None}
            settings[key] = value
        self.nodes[name] = Node(self, name, mode, settings, self.url).start(wait)
        return self.nodes[name]

    def sql(self, text):
        """Rows as lists of texts."""
        return [line.split("|") for line in self.server.sql(text, self.database).splitlines()]

    def await_that(self, what, *args, seconds=WAIT):
        deadline = time.monotonic() + seconds
        while True:
            got = what(*args)
            if got:
                return got
            if time.monotonic() > deadline:
                self.fail("%r does not come:\n%s" % (args or what, "\n".join(
                    "---- %s\n%s" % (n.name, n.service.messages()[-3000:]) for n in self.nodes.values())))
            time.sleep(0.05)

    @staticmethod
    def lock_number(name):
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")

    def lock_holder(self, name):
        """The node that has the lock of that name; None when nobody has."""
        rows = self.sql("SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND "
                        "classid = %d AND objid = %d" % (LOCK_OF_NAME, self.lock_number(name)))
        self.assertLessEqual(len(rows), 1, "%s: %s" % (name, rows))
        return self.nodes[rows[0][0]] if rows else None

    def lease_holder(self, start):
        """The node that has the lease whose name starts so."""
        ids = [row[0] for row in self.sql("SELECT node FROM shared_lease WHERE name LIKE '%s%%'" % start)]
        return next((n for n in self.nodes.values() if n.ident() in ids), None)

    def post(self, node, document):
        return node.service.ask("POST", POST, json.dumps(document))

    def report(self, node, digest):
        """What a node says of an image; None while it cannot."""
        a = node.service.get(REPORT + digest)
        return a.doc if a.status == 200 else None

    def found(self, node, digest):
        report = self.report(node, digest)
        return report and {v["name"] for v in report["vulnerabilities"].values()}

    def generation(self):
        return self.sql("SELECT name FROM generation ORDER BY id DESC LIMIT 1")
