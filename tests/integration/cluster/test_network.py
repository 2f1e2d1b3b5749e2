"""The database server behind a network that is bad, or gone for a while: it is in a network namespace of its own, which each
node reaches over a link of its own."""
import os
import subprocess
import threading
import time
import unittest

import cluster
import postgres
from clarion import stanza

NAMESPACE = "clarion-%d" % os.getpid()
NODES = ("a", "b")


def ip(*arguments, inside=False):
    command = ["ip"] + (["-n", NAMESPACE] if inside else []) + list(arguments)
    return subprocess.run(command, check=False, capture_output=True, text=True)


def tc(device, *arguments):
    return subprocess.run(["tc", "qdisc", "add", "dev", device, "root", "netem", *arguments], check=False, capture_output=True, text=True)


class Server(postgres.Server):
    """In the namespace; the tests speak to it through its socket, which is a file."""

    def command(self, program, *arguments):
        inside = ["ip", "netns", "exec", NAMESPACE] if program == "postgres" else []
        return inside + super().command(program, *arguments)


def address(node, side):
    return "10.213.%d.%d" % (NODES.index(node), side)


def make_links():
    """Why there is no such network; None when there is."""
    for arguments, inside in [(("netns", "add", NAMESPACE), False), (("link", "set", "lo", "up"), True)]:
        done = ip(*arguments, inside=inside)
        if done.returncode:
            return done.stderr.strip()
    for node in NODES:
        near, far = link(node), link(node) + "f"
        for arguments, inside in [(("link", "add", near, "type", "veth", "peer", "name", far), False), (("link", "set", far, "netns", NAMESPACE), False),
                                  (("addr", "add", address(node, 1) + "/24", "dev", near), False), (("link", "set", near, "up"), False),
                                  (("addr", "add", address(node, 2) + "/24", "dev", far), True), (("link", "set", far, "up"), True)]:
            done = ip(*arguments, inside=inside)
            if done.returncode:
                return done.stderr.strip()
    return None


def remove_links():
    for node in NODES:
        ip("link", "del", link(node))
    ip("netns", "del", NAMESPACE)


def link(node):
    return "cl%d%s" % (os.getpid() % 1000000, node)


@cluster.need_long
class Network(cluster.Case):
    def start_server(self):
        self.addCleanup(remove_links)
        why = make_links()
        if why:
            self.skipTest("no network namespaces: " + why)
        server = Server(listen_addresses="'*'")
        with open(os.path.join(server.data, "pg_hba.conf"), "a", encoding="ascii") as f:
            f.write("host all all 10.213.0.0/16 trust\n")
        server.sql("SELECT pg_reload_conf()")
        return server

    def node(self, name, *arguments, **config):
        self.url = "postgresql://%s/%s?user=clarion" % (address(name, 2), self.database)
        return super().node(name, *arguments, **config)

    def pull(self, node):
        self.assertEqual(ip("link", "set", link(node) + "f", "down", inside=True).returncode, 0)

    def plug(self, node):
        self.assertEqual(ip("link", "set", link(node) + "f", "up", inside=True).returncode, 0)

    def image(self, name):
        return cluster.manifest(name, self.blobs.layer(cluster.layer_of(stanza("bash", "5.2-1"), stanza("x", name))))

    def test_pulled_for_some_seconds(self):
        """Who asks meanwhile waits a little longer."""
        node, = [self.node("a", matcher={"period": "1s"})]
        self.await_that(self.generation)
        self.assertEqual(self.post(node, self.image("before")).status, 201)
        for seconds in (2, 6):
            self.pull("a")
            answers = []
            thread = threading.Thread(target=lambda s=seconds: answers.append(self.post(node, self.image("pulled%d" % s)).status))
            thread.start()
            time.sleep(seconds)
            self.assertEqual(answers, [])
            self.plug("a")
            thread.join(cluster.WAIT)
            self.assertEqual(answers, [201])
        flaw = "CVE-2030-1"
        self.publish(flaw)
        self.await_that(lambda: flaw in (self.found(node, self.image("before")["hash"]) or ()))

    def test_leader_cut_off(self):
        """The other node leads before long, and who was cut off knows all that it has missed."""
        a = self.node("a", matcher={"period": "1s"})
        self.await_that(lambda: self.lock_holder("updates") == a)
        b = self.node("b", matcher={"period": "1s"})
        image = self.image("image")
        self.assertEqual(self.post(a, image).status, 201)
        self.pull("a")
        pulled = time.monotonic()
        self.await_that(lambda: self.lock_holder("updates") == b)
        led = time.monotonic() - pulled
        self.publish("CVE-2030-1")
        self.await_that(lambda: "CVE-2030-1" in (self.found(b, image["hash"]) or ()))
        self.assertEqual(self.post(b, self.image("other")).status, 201)
        self.plug("a")
        plugged = time.monotonic()
        self.await_that(lambda: "CVE-2030-1" in (self.found(a, image["hash"]) or ()))
        print("# note: led again %.0f s after the leader's cable was pulled; that knew all %.0f s after it was back" % (led, time.monotonic() - plugged))
        self.assertLess(led, 60)
        self.publish("CVE-2030-2")
        for node in (a, b):
            self.await_that(lambda: "CVE-2030-2" in (self.found(node, image["hash"]) or ()))

    def test_slow_and_lossy(self):
        for node in NODES:
            done = tc(link(node), "delay", "50ms", "loss", "5%")
            if done.returncode:
                self.skipTest("no netem: " + done.stderr.strip())
        nodes = [self.node(name, matcher={"period": "1s"}) for name in NODES]
        for i in range(5):
            flaw, image = "CVE-2030-%d" % i, self.image("image%d" % i)
            self.assertEqual(self.post(nodes[i % 2], image).status, 201)
            self.publish(flaw)
            for node in nodes:
                self.await_that(lambda: flaw in (self.found(node, image["hash"]) or ()))


if __name__ == "__main__":
    unittest.main()
