"""The database server behind a network that is bad, or gone for a while: it is in a network namespace of its own, which each
node reaches over a link of its own."""
import json
import os
import threading
import time
import unittest

import cluster
import links
import notified
import postgres
import receivers
from clarion import stanza

NODES = ("a", "b")


class Server(postgres.Server):
    """In the namespace; the tests speak to it through its socket, which is a file."""

    def __init__(self, network, **settings):
        self.network = network
        super().__init__(**settings)

    def command(self, program, *arguments):
        command = super().command(program, *arguments)
        return self.network.command(*command) if program == "postgres" else command


@unittest.skipIf(links.missing(), links.missing())
class Network(cluster.Case):
    def start_server(self):
        network = links.Network(len(NODES), 20301)
        self.addCleanup(network.close)
        self.links = dict(zip(NODES, network.links))
        server = Server(network, listen_addresses="'*'")
        with open(os.path.join(server.data, "pg_hba.conf"), "a", encoding="ascii") as f:
            f.write("host all all 10.213.0.0/16 trust\n")
        server.sql("SELECT pg_reload_conf()")
        return server

    def node(self, name, *arguments, **config):
        self.url = "postgresql://%s/%s?user=clarion" % (self.links[name].far, self.database)
        return super().node(name, *arguments, **config)

    def image(self, name):
        return cluster.manifest(name, self.blobs.layer(cluster.layer_of(stanza("bash", "5.2-1"), stanza("x", name))))

    @cluster.need_long
    def test_pulled_for_some_seconds(self):
        """Who asks meanwhile waits a little longer."""
        node, = [self.node("a", matcher={"period": "1s"})]
        self.await_that(self.generation)
        self.assertEqual(self.post(node, self.image("before")).status, 201)
        for seconds in (2, 6):
            self.links["a"].pull()
            answers = []
            thread = threading.Thread(target=lambda s=seconds: answers.append(self.post(node, self.image("pulled%d" % s)).status))
            thread.start()
            time.sleep(seconds)
            self.assertEqual(answers, [])
            self.links["a"].plug()
            thread.join(cluster.WAIT)
            self.assertEqual(answers, [201])
        flaw = "CVE-2030-1"
        self.publish(flaw)
        self.await_that(lambda: flaw in (self.found(node, self.image("before")["hash"]) or ()))

    @cluster.need_long
    def test_leader_cut_off(self):
        """The other node leads before long, and who was cut off knows all that it has missed."""
        a = self.node("a", matcher={"period": "1s"})
        self.await_that(lambda: self.lock_holder("updates") == a)
        b = self.node("b", matcher={"period": "1s"})
        image = self.image("image")
        self.assertEqual(self.post(a, image).status, 201)
        self.links["a"].pull()
        pulled = time.monotonic()
        self.await_that(lambda: self.lock_holder("updates") == b)
        led = time.monotonic() - pulled
        self.publish("CVE-2030-1")
        self.await_that(lambda: "CVE-2030-1" in (self.found(b, image["hash"]) or ()))
        self.assertEqual(self.post(b, self.image("other")).status, 201)
        self.links["a"].plug()
        plugged = time.monotonic()
        self.await_that(lambda: "CVE-2030-1" in (self.found(a, image["hash"]) or ()))
        print("# note: led again %.0f s after the leader's cable was pulled; that knew all %.0f s after it was back" % (led, time.monotonic() - plugged))
        self.assertLess(led, 60)
        self.publish("CVE-2030-2")
        for node in (a, b):
            self.await_that(lambda: "CVE-2030-2" in (self.found(node, image["hash"]) or ()))

    @cluster.need_long
    def test_told_to_stop_when_pulled(self):
        """It does not wait for answers that cannot come."""
        node = self.node("a", matcher={"period": "1s"})
        self.await_that(self.generation)
        self.links["a"].pull()
        thread = threading.Thread(target=lambda: self.post(node, self.image("pulled")))
        thread.start()
        time.sleep(2)
        start = time.monotonic()
        node.service.end()
        print("# note: stopped after %.1f s" % (time.monotonic() - start))
        self.assertLess(time.monotonic() - start, 25)
        thread.join(cluster.WAIT)
        self.assertRegex(node.service.messages(), "given up, since the service stops")

    def test_slow_and_lossy(self):
        """Each image that is posted has a report, each flaw is told of once, and nothing is left leased."""
        hook = receivers.Web(self)
        for link in self.links.values():
            link.delay, link.jitter, link.loss = 0.05, 0.02, 0.05
        nodes = [self.node(name, wait=False, matcher={"period": "1s"}, notifier={"disable_summary": True, "webhook": {
            "target": hook.url, "callback": "http://127.0.0.1:1/"}}) for name in NODES]
        for node in nodes:
            node.service.wait()
        images = [self.image("image%d" % i) for i in range(4)]
        threads = [threading.Thread(target=self.post_all, args=(node, images[i::2])) for i, node in enumerate(nodes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(cluster.WAIT)
        self.await_that(lambda: self.sql("SELECT 1 FROM notified"))
        digests = [image["hash"] for image in images]
        self.await_that(lambda: all(self.report(nodes[0], digest) for digest in digests))  # it may hear later of the generation than it is told of
        known = notified.known(nodes[0].service, digests)
        self.assertEqual(len(known), len(images))
        for i in range(2):
            self.publish("CVE-2030-%d" % i)
            self.await_that(lambda: self.sql("SELECT count(*) FROM update_operation") == [[str(i + 2)]])
        self.await_that(self.told)
        made = [row[0] for row in self.sql("SELECT uuid FROM notification ORDER BY id")]
        notified.lay_upon(self, known, (item for ident in made for item in notified.items(nodes[1].service, ident)))
        for node in nodes:
            self.await_that(lambda: known == notified.known(node.service, digests))
        came = [json.loads(body)["notification_id"] for _, _, body in hook.requests]
        self.assertEqual(list(dict.fromkeys(came)), made)
        self.await_that(lambda: not self.sql("SELECT 1 FROM shared_lease"))
        for link in self.links.values():
            self.assertGreater(link.lost, 0)
        print("# note: %s" % "; ".join("node %s: %d packets, and %d lost" % (n, x.passed, x.lost) for n, x in self.links.items()))

    def post_all(self, node, images):
        for image in images:
            self.assertEqual(self.post(node, image).status, 201)

    def told(self):
        """Of the newest generation all is told, and delivered."""
        return (self.sql("SELECT 1 FROM notified WHERE segment = (SELECT segment FROM update_operation ORDER BY id DESC LIMIT 1)") and
                not self.sql("SELECT 1 FROM delivery WHERE state = 0 LIMIT 1"))


if __name__ == "__main__":
    unittest.main()
