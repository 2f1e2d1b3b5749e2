"""A layer that many images on many nodes have in common is read once of all."""
import threading
import time
import unittest

import cluster
from clarion import stanza


class Layers(cluster.Case):
    NODES, CLIENTS = 3, 12

    def start(self):
        """The nodes, and clients that post images upon a layer which does not come to its end; they post again, to another
        node, when their connection breaks, as Quay does."""
        self.shared = cluster.layer_of(stanza("bash", "5.2-1"))
        self.digest = cluster.sha256(self.shared)
        self.blobs.stalled.add(self.digest)
        nodes = [self.node("n%d" % i, matcher={"disable_updaters": True}) for i in range(self.NODES)]
        self.answers = [None] * self.CLIENTS

        def client(i):
            document = cluster.manifest("image %d" % i, self.blobs.layer(self.shared), self.blobs.layer(cluster.layer_of(stanza("app%d" % i, "1"))))
            while self.answers[i] != 201:
                try:
                    self.answers[i] = self.post(nodes[i % self.NODES], document).status
                except OSError:
                    i_am_at = next(n for n in nodes if n.alive())
                    try:
                        self.answers[i] = self.post(i_am_at, document).status
                    except OSError:
                        time.sleep(0.1)
        self.threads = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(self.CLIENTS)]
        for thread in self.threads:
            thread.start()
        self.await_that(lambda: self.blobs.times(self.digest))
        self.await_that(lambda: all(b"clarion_indexing_running 2\n" in n.service.get("/metrics", introspection=True).body for n in nodes))
        time.sleep(1)
        self.assertEqual(self.blobs.times(self.digest), 1)

    def end(self, times):
        self.blobs.go_on.set()
        for thread in self.threads:
            thread.join(cluster.WAIT)
        self.assertEqual(self.answers, [201] * self.CLIENTS)
        self.assertEqual(self.blobs.times(self.digest), times)
        self.assertEqual(self.sql("SELECT * FROM shared_lease"), [])

    def test_once(self):
        self.start()
        self.end(1)

    def test_reader_killed(self):
        self.start()
        self.await_that(lambda: self.lease_holder("layer " + self.digest)).service.kill()
        killed = time.monotonic()
        self.await_that(lambda: self.blobs.times(self.digest) == 2)
        taken_over = time.monotonic() - killed
        self.end(2)
        print("# note: a layer whose reader was killed was taken over after %.1f s" % taken_over)
        self.assertLess(taken_over, 20)


if __name__ == "__main__":
    unittest.main()
