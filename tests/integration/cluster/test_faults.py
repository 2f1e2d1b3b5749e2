"""Nodes that are killed at any moment, a server that is restarted, connections that are cut: nothing is lost, nothing is told
of twice, and all nodes say the same in the end."""
import http.client
import json
import os
import random
import signal
import threading
import time
import unittest

import cluster
import notified
import receivers
from clarion import stanza
from upstream import FOREVER

KILLS = int(os.environ.get("CLARION_CLUSTER_KILLS", "200" if cluster.LONG else "24"))
PATIENCE = 1.0  # seconds, for a node to come to a phase
EVENTS = "/api/v1/events/registry"
MODES = ("combo", "indexer", "matcher", "notifier")  # so that there are two of each role
# What each node is about, by what the database says of it.
LOCK = ("EXISTS (SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE application_name = v.name AND locktype = 'advisory' AND granted AND "
        "classid = %d AND objid = %d)")
PHASES = """SELECT v.name, EXISTS (SELECT 1 FROM shared_lease l WHERE node = v.id AND l.name LIKE 'layer%%' AND until > unixepoch()),
EXISTS (SELECT 1 FROM event WHERE node = v.id AND until <> 0), EXISTS (SELECT 1 FROM shared_lease l WHERE node = v.id AND l.name LIKE 'delivery%%'),
%s, %s, EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = v.name AND backend_xid IS NOT NULL) FROM (VALUES %s) AS v (name, id)"""
NAMES = ("layer", "event", "delivery", "feed", "notifier", "transaction")


class Faults(cluster.Case):
    IMAGES = 3

    def setUp(self):
        super().setUp()
        self.chance, self.lock, self.stop = random.Random(20301), threading.Lock(), threading.Event()
        self.shared = [cluster.layer_of(stanza("base%d" % i, "1"), stanza("bash", "5.2-1")) for i in range(4)]
        self.blobs.pause = 0.1
        self.mirror.faults = {"/json": ["slow", FOREVER]}
        self.posted, self.pushed, self.refused, self.serial = [], [], [], 0
        self.hits, self.cuts = dict.fromkeys(NAMES, 0), 0

    # What goes on meanwhile.

    def indexers(self):
        return [n for n in self.nodes.values() if n.mode in ("combo", "indexer")]

    def insist(self, ask):
        """Asks one node or the other until it is answered with something that is no failure of the service."""
        while not self.stop.is_set():
            try:
                answer = ask(random.choice(self.indexers()).service)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            if answer.status < 400:
                return True
            if answer.status < 500 and answer.status != 429:
                self.refused.append(answer)
                return False
            time.sleep(0.05)
        return False

    def client(self, number):
        for i in range(10000):
            if self.stop.is_set():
                return
            name = "image %d of %d" % (i, number)
            document = cluster.manifest(name, self.blobs.layer(self.shared[i % 4]), self.blobs.layer(cluster.layer_of(stanza("app", name.replace(" ", ".")))))
            if self.insist(lambda s, d=document: s.ask("POST", cluster.POST, json.dumps(d))):
                self.posted.append(document["hash"])

    def registry(self):
        for i in range(10000):
            if self.stop.is_set():
                return
            digest = self.blobs.image(self.shared[i % 4], cluster.layer_of(stanza("pushed", "1.%d" % i)))
            target = {"mediaType": cluster.MANIFEST, "digest": digest, "size": 1, "repository": "team/app%d" % (i % 5), "tag": "v%d" % i}
            document = {"events": [{"id": "event-%d" % i, "action": "push", "target": target, "request": {"host": self.blobs.host},
                                    "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}]}
            if self.insist(lambda s, d=document: s.ask("POST", EVENTS, json.dumps(d), Authorization="Bearer " + "t" * 32)):
                self.pushed.append(digest)
            time.sleep(0.2)

    def upstream(self):
        while not self.stop.wait(0.4):
            self.publish_next()

    def publish_next(self):
        """A flaw more; at times one less, or one that is rated anew."""
        self.serial += 1
        older = [flaw for flaw in self.flaws if flaw.startswith("CVE-2031")]
        if older and self.serial % 3 == 0:
            flaw = self.flaws[random.choice(older)]["releases"]["bookworm"]
            flaw["urgency"] = {"low": "medium", "medium": "high", "high": "low"}[flaw["urgency"]]
        if older and self.serial % 4 == 0:
            del self.flaws[older[0]]
        self.publish("CVE-2031-%d" % self.serial, urgency=random.choice(("low", "medium", "high")))

    def take(self, handler):
        time.sleep(0.1 + random.random() * 0.3)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    # Faults.

    def phases(self):
        """Of each node those that it is in."""
        nodes = ", ".join("('%s', '%s')" % (n.name, n.ident()) for n in self.nodes.values())
        locks = [LOCK % (cluster.LOCK_OF_NAME, self.lock_number(name)) for name in ("debian", "notifications")]
        rows = self.sql((PHASES % (*locks, nodes)).replace("\n", " "))
        return {row[0]: [name for name, is_in in zip(NAMES, row[1:]) if is_in == "t"] for row in rows}

    def victim(self, phase):
        """A node in this phase, when one comes to it soon; else any. One that is over before it is seen is halted to be looked at."""
        deadline = time.monotonic() + PATIENCE
        while phase in NAMES and time.monotonic() < deadline:
            halted = list(self.nodes.values()) if phase == "transaction" else []
            for node in halted:
                node.service.process.send_signal(signal.SIGSTOP)
            found = [name for name, phases in self.phases().items() if phase in phases]
            for node in halted:
                if node.name not in found[:1]:
                    node.service.process.send_signal(signal.SIGCONT)
            if found:
                return self.nodes[found[0] if halted else self.chance.choice(found)]
            time.sleep(self.chance.random() * 0.02)
        return self.chance.choice(list(self.nodes.values()))

    def kill(self, node):
        """Stopped first, so that what it was about is certain."""
        node.service.process.send_signal(signal.SIGSTOP)
        hit = self.phases()[node.name]
        node.service.kill()
        for name in hit:
            self.hits[name] += 1
        node.start(wait=False)

    def cut(self, node):
        self.cuts += 1
        self.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '%s'" % node.name)

    def test_at_any_moment(self):
        hook = receivers.Web(self, self.take)
        config = {"matcher": {"period": "1s", "update_retention": 10000}, "limits": {
            "fetch_tries": 1, "delivery_first_wait_seconds": 1, "delivery_most_wait_seconds": 1, "event_history": 100000, "event_tries": 1000},
            "events": {"token": "t" * 32, "registries": {self.blobs.host: {"insecure": True}}},
            "notifier": {"disable_summary": True, "webhook": {"target": hook.url, "callback": "http://127.0.0.1:1/"}}}
        nodes = [self.node(mode, mode, **config) for mode in MODES]
        combo, matcher = self.nodes["combo"], self.nodes["matcher"]
        base = [cluster.manifest("base %d" % i, self.blobs.layer(cluster.layer_of(stanza("bash", "5.2-1"), stanza("x", str(i))))) for i in range(self.IMAGES)]
        for document in base:
            self.assertEqual(self.post(combo, document).status, 201)
        base = [document["hash"] for document in base]
        self.await_that(lambda: self.sql("SELECT 1 FROM notified"))
        self.await_that(lambda: all(self.report(combo, digest) for digest in base))
        known = notified.known(combo.service, base)
        self.assertEqual(len(known), self.IMAGES)

        threads = [threading.Thread(target=self.client, args=(i,), daemon=True) for i in range(2)]
        threads += [threading.Thread(target=f, daemon=True) for f in (self.registry, self.upstream)]
        for thread in threads:
            thread.start()
        for i in range(KILLS):
            time.sleep(self.chance.random() * 0.3)
            self.kill(self.victim((NAMES + ("any",))[i % (len(NAMES) + 1)]))
            if i % 10 == 5:
                self.cut(self.chance.choice(nodes))
            if i % 30 == 29:
                self.cuts += 1
                self.server.restart(signal.SIGQUIT if i % 60 == 59 else signal.SIGINT)
        for node in nodes:
            node.service.wait()
        self.stop.set()
        for thread in threads:
            thread.join(cluster.WAIT)
        self.check(nodes, base, known, hook)

    def settled(self, flaw):
        """All is made, told, delivered and worked off."""
        newest = "SELECT segment FROM update_operation ORDER BY id DESC LIMIT 1"
        return (all(flaw in (self.found(self.nodes[n], self.base[0]) or ()) for n in ("combo", "matcher")) and
                self.sql("SELECT 1 FROM notified WHERE feed = 'debian' AND segment = (%s)" % newest) and
                not self.sql("SELECT 1 FROM delivery WHERE state = 0 LIMIT 1") and not self.sql("SELECT 1 FROM event WHERE state = 'waiting' LIMIT 1"))

    def check(self, nodes, base, known, hook):
        combo, matcher = self.nodes["combo"], self.nodes["matcher"]
        self.base = base
        self.publish_next()
        self.await_that(self.settled, "CVE-2031-%d" % self.serial)
        self.assertEqual(self.refused, [])
        for digest in self.posted + self.pushed:
            one, two = (n.service.get(cluster.REPORT + digest) for n in (combo, matcher))
            self.assertEqual((one.status, two.status), (200, 200), (one, two))
            self.assertEqual((one.headers["Etag"], one.body), (two.headers["Etag"], two.body))
        self.assertEqual(self.sql("SELECT state, count(*) FROM event GROUP BY state"), [["done", str(len(self.pushed))]])
        self.assertEqual(self.sql("SELECT * FROM event WHERE until <> 0"), [])
        self.assertEqual(self.sql("SELECT * FROM shared_lease"), [])
        # Laid upon what was known at first, the notifications come to what is known in the end.
        made = [row[0] for row in self.sql("SELECT uuid FROM notification ORDER BY id")]
        told = (item for ident in made for item in notified.items(combo.service, ident))
        notified.lay_upon(self, known, (item for item in told if item["manifest"] in base))
        self.assertEqual(known, notified.known(combo.service, base))
        came = [json.loads(body)["notification_id"] for _, _, body in hook.requests]
        self.assertEqual([ident for i, ident in enumerate(came) if i == 0 or came[i - 1] != ident], made)
        # What is delivered again is what was under way when a node was killed, or when its connection was cut.
        self.assertLessEqual(len(came) - len(made), self.hits["delivery"] + self.cuts)
        print("# note: %d kills, of these in %s; %d images posted, %d pushed, %d notifications, %d deliveries"
              % (KILLS, ", ".join("%s %d" % hit for hit in self.hits.items()), len(self.posted), len(self.pushed), len(made), len(came)))
        if KILLS >= 200:  # with a few only, chance may leave one out
            self.assertTrue(all(self.hits[phase] for phase in NAMES), self.hits)


if __name__ == "__main__":
    unittest.main()
