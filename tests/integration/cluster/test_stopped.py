"""A node that stands still in a transaction, as a frozen machine does, keeps the others from nothing for long; when it goes on,
it does again what was ended. And one that is told to stop does so, and one that is asked for metrics answers, also when the
database server is away."""
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest

import cluster
from clarion import stanza

LOCK_OF_TURN, TURN_INVENTORY = 0x436c6175, 2
HAS_TURN = ("SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE application_name = 'a' AND locktype = 'advisory' AND granted AND "
            "classid = %d AND objid = %d" % (LOCK_OF_TURN, TURN_INVENTORY))
ENDED = '"a" has stood still for'
TIMES = 3 if cluster.LONG else 1


class Stopped(cluster.Case):
    def setUp(self):
        super().setUp()
        self.layer, self.stop, self.posted, self.chance = cluster.layer_of(stanza("bash", "5.2-1")), threading.Event(), [], random.Random(20301)

    def client(self, number):
        for i in range(100000):
            if self.stop.is_set():
                return
            document = cluster.manifest("image %d of %d" % (i, number), self.blobs.layer(self.layer))
            self.posted.append((document["hash"], self.nodes["a"].service.ask("POST", cluster.POST, json.dumps(document)).status))

    def halt(self, process):
        """In the middle of a transaction, in which it has the turn to put images in."""
        while True:
            time.sleep(0.02 + self.chance.random() * 0.05)
            process.send_signal(signal.SIGSTOP)
            if all(self.sql(HAS_TURN) for _ in range(3)):  # what the server has from it already is done
                return
            process.send_signal(signal.SIGCONT)

    def test_in_a_transaction(self):
        one = {"index_report_request_concurrency": 1}  # image at a time, so that no other transaction waits behind the one that is halted
        a, b = (self.node(name, matcher={"disable_updaters": True}, indexer=one) for name in "ab")
        self.assertEqual(self.post(b, cluster.manifest("first", self.blobs.layer(self.layer))).status, 201)
        process = a.service.process
        self.addCleanup(process.send_signal, signal.SIGCONT)
        threads = [threading.Thread(target=self.client, args=(i,), daemon=True) for i in range(4)]
        for thread in threads:
            thread.start()
        waited = []
        for i in range(TIMES):
            ended = b.service.messages().count(ENDED)
            self.halt(process)
            start = time.monotonic()
            self.assertEqual(self.post(b, cluster.manifest("other %d" % i, self.blobs.layer(self.layer))).status, 201)
            waited.append(time.monotonic() - start)
            self.assertGreater(b.service.messages().count(ENDED), ended)  # of each transaction of it that had the turn meanwhile
            before = len(self.posted)
            process.send_signal(signal.SIGCONT)
            self.await_that(lambda: len(self.posted) > before + len(threads))
        self.stop.set()
        for thread in threads:
            thread.join(cluster.WAIT)
        self.assertEqual({status for _, status in self.posted}, {201})
        self.assertEqual(self.sql("SELECT count(*) FROM image"), [[str(len(self.posted) + TIMES + 1)]])
        print("# note: %d images; another node was waited for by %s s" % (len(self.posted), ", ".join("%.0f" % x for x in waited)))

    def test_told_to_with_the_server_away(self):
        """What is asked of it meanwhile is given up."""
        node = self.node("a", matcher={"period": "1s"})
        self.await_that(self.generation)
        self.assertEqual(self.post(node, cluster.manifest("first", self.blobs.layer(self.layer))).status, 201)
        self.addCleanup(self.server.start)
        self.server.halt(signal.SIGQUIT)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.post(node, cluster.manifest("second", self.blobs.layer(self.layer)))))
        thread.start()
        time.sleep(1)
        start = time.monotonic()
        node.service.end()
        print("# note: stopped after %.1f s" % (time.monotonic() - start))
        self.assertLess(time.monotonic() - start, 20)
        thread.join(cluster.WAIT)
        self.assertIn(answers[0].status, (500, 503), answers)
        self.assertIn("is given up, since the service stops", node.service.messages())

    def gauge(self, node, name):
        text = node.service.get("/metrics", introspection=True).body.decode()
        return int(re.search("^%s (.*)$" % name, text, re.M).group(1))

    def test_metrics_with_the_server_away(self):
        """Whoever watches is told so, and not kept waiting: by a server that is not there, and by one that says nothing."""
        node = self.node("a")
        self.await_that(lambda: self.gauge(node, "clarion_store_up") == 1)
        self.server.halt()
        start = time.monotonic()
        self.assertEqual(self.gauge(node, "clarion_store_up"), 0)
        self.assertEqual(self.gauge(node, "clarion_indexing_running"), 0)
        self.assertLess(time.monotonic() - start, 10)
        self.server.start()
        self.await_that(lambda: self.gauge(node, "clarion_store_up") == 1)
        backends = [int(x) for x in subprocess.run(["pgrep", "-P", str(self.server.process.pid)], capture_output=True, check=True,
                                                   text=True).stdout.split()]
        for signaled, up in ((signal.SIGSTOP, 0), (signal.SIGCONT, 1)):
            for pid in backends:
                os.kill(pid, signaled)
            self.await_that(lambda up=up: self.gauge(node, "clarion_store_up") == up)


if __name__ == "__main__":
    unittest.main()
