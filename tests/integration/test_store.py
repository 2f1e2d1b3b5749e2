"""The data folder: two processes at once, kill -9 at any moment, folders of other versions."""
import os
import random
import signal
import subprocess
import threading
import time
import unittest

import clarion
import store
from clarion import debian_layer, stanza

PACKAGES = [stanza("p%03d" % i, "1.0-%d" % i, source="s%d" % (i % 40)) for i in range(400)]


class Store(clarion.Case):
    def setUp(self):
        super().setUp()
        self.mirror = self.feeds()
        self.update(self.mirror)

    def test_many_processes_at_once(self):
        base = debian_layer(*PACKAGES)
        images = [self.image(base, debian_layer(*PACKAGES[i:]), name="image%d" % i) for i in range(6)]
        fresh = self.path("fresh")  # the schema is made by whoever comes first
        results = [None] * 12

        def work(i):
            results[i] = self.scan(images[i % 6], data=fresh) if i != 11 else self.run_clarion("update", "--mirror", self.mirror, data=fresh)
        threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for i, r in enumerate(results):
            self.assertNotIn("database", r.err, r)
            if i == 11:
                self.assertEqual(r.code, 0, r)
            else:
                self.assertEqual(len(r.doc["packages"]), 400 - i % 6, r)
        for i in range(6):
            r = self.scan(images[i], data=fresh)
            self.assertEqual((r.code, {x["indexed"] for x in r.doc["layers"]}), (0, {"before"}), r)

    def test_kill_at_any_moment(self):
        """After a kill -9 an image is there whole or not at all, and the next scan goes through."""
        dice = random.Random(os.environ.get("SEED") or 7)
        whole = killed = 0
        for round_ in range(25):
            image = self.image(debian_layer(*PACKAGES, stanza("round", "%d" % round_)), name="kill%d" % round_)
            child = subprocess.Popen([clarion.BINARY, "scan", "--data", self.data, "--format", "json", image],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=store.environment(self.data))
            time.sleep(dice.uniform(0, 0.5))
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                killed += 1
            child.wait()
            if not store.server():
                self.assertEqual(store.query(self.data, "PRAGMA integrity_check"), [("ok",)])
            for members, in store.query(self.data, "SELECT (SELECT count(*) FROM package_set_member m WHERE m.set_id = image.set_id) FROM image"):
                self.assertGreaterEqual(members, 400)
                whole += 1
            r = self.scan(image)
            self.assertEqual((r.code, len(r.doc["packages"])), (0, 401), r)
        self.assertGreater(killed, 3, "no process was killed in time: the test proved nothing")

    def test_kill_during_update(self):
        dice = random.Random(os.environ.get("SEED") or 8)
        other = self.feeds({"s%d" % i: {"CVE-2024-%04d" % i: clarion.tracker_entry(bookworm="2")} for i in range(2000)}, name="other")
        image = self.image(debian_layer(*PACKAGES))
        self.scan(image)
        for _ in range(20):
            child = subprocess.Popen([clarion.BINARY, "update", "--data", self.data, "--mirror", dice.choice([other, self.mirror])],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=store.environment(self.data))
            time.sleep(dice.uniform(0, 0.3))
            child.send_signal(signal.SIGKILL)
            child.wait()
            r = self.scan(image)
            self.assertEqual(r.code, 0, r)
            self.assertIn(len(r.doc["findings"]), (0, 400))
        self.update(other)
        self.assertEqual(len(self.scan(image).doc["findings"]), 400)

    def test_newer_schema_is_refused(self):
        store.query(self.data, "INSERT INTO schema_step (id, name) VALUES (999, 'from the future')")
        r = self.run_clarion("feeds")
        self.assertEqual(r.code, 3)
        self.assertIn("newer Clarion", r.err)

    @store.only_sqlite("a file is damaged")
    def test_damaged_database(self):
        for name in os.listdir(self.data):
            if name.startswith("clarion.db"):
                os.unlink(os.path.join(self.data, name))
        with open(os.path.join(self.data, "clarion.db"), "wb") as f:
            f.write(b"this is no database" * 1000)
        r = self.run_clarion("feeds")
        self.assertEqual(r.code, 3)
        self.assertIn("move the data folder away", r.err)

    def test_read_only_folder_says_so(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        os.chmod(self.data, 0o500)
        r = self.run_clarion("update", "--mirror", self.mirror)
        os.chmod(self.data, 0o700)
        self.assertEqual(r.code, 3)


if __name__ == "__main__":
    unittest.main()
