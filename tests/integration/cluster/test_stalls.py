"""Few connections, slow upstreams and slow layers: all goes on, and no transaction is open while somebody waits for a network."""
import os
import subprocess
import sys
import threading
import time
import unittest

import clarion
import cluster
from clarion import need_shared, stanza

# Tells of each transaction that does nothing, longest first, again and again.
SAMPLES = """DO $$ DECLARE r record; BEGIN LOOP PERFORM pg_stat_clear_snapshot();
FOR r IN SELECT application_name, extract(epoch FROM clock_timestamp() - state_change) AS seconds, query FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%' AND datname = current_database() AND pid <> pg_backend_pid() LOOP
RAISE WARNING 'SAMPLE|%|%|%', r.application_name, r.seconds, replace(r.query, chr(10), ' '); END LOOP;
RAISE WARNING 'SAMPLE||0|'; PERFORM pg_sleep(0.05); END LOOP; END $$"""
SETS, LAST = (None, "kev") if cluster.LONG else (["debian", "alpine", "photon", "wolfi"], "wolfi")  # None: all feeds; and the last one of them
MOST_IDLE = 1.0  # seconds that a transaction may do nothing, on a machine that has much else to do


class Stalls(cluster.Case):
    def watch(self):
        """Samples into a file until the test ends."""
        path = self.path("samples")
        with open(path, "wb") as out:
            process = subprocess.Popen(["psql", "-Xq", "-c", SAMPLES, self.server.url(self.database)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return path

    def samples(self, path):
        with open(path, encoding="utf-8", errors="replace") as f:
            rows = [line.split("SAMPLE|", 1)[1].split("|") for line in f if "SAMPLE|" in line]
        self.assertGreater(len(rows), 20)
        return sorted(((float(row[1]), row[0], row[2][:100]) for row in rows if row[0]), reverse=True)

    def serve_feeds(self, *options):
        """An upstream of all the feeds."""
        port_file = self.path("port")
        process = subprocess.Popen([sys.executable, os.path.join(clarion.SHARED, "tools", "serve-feeds.py"), os.path.join(clarion.SHARED, "feeds"),
                                    "--port", "0", "--port-file", port_file, "--quiet", "--newest-date", *options],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.await_that(lambda: os.path.exists(port_file) and os.path.getsize(port_file))
        with open(port_file, encoding="ascii") as f:
            return "http://127.0.0.1:%d" % int(f.read())

    @need_shared
    def test_two_connections(self):
        """The feeds from an upstream that takes its time, posts with a slow layer and reports meanwhile, on two nodes
        with two connections each."""
        self.url += "&pool_max_conns=2"
        samples = self.watch()
        mirror = self.serve_feeds("--slow", str(20 << 20))
        self.blobs.pause = 1.5
        config = {"updaters": {"mirror": mirror, "sets": SETS}, "matcher": {"period": "1h"}, "indexer": {"index_report_request_concurrency": 4}}
        nodes = [self.node("n%d" % i, **config) for i in range(2)]
        end, answers, lock = threading.Event(), {"post": [], "report": []}, threading.Lock()
        posted = []

        def client(number):
            i = 0
            while not end.is_set():
                i += 1
                document = cluster.manifest("%d of %d" % (i, number), self.blobs.layer(cluster.layer_of(stanza("bash", "5.2-%d.%d" % (i, number)))))
                start = time.monotonic()
                status = self.post(nodes[number % 2], document).status
                with lock:
                    answers["post"].append((status, time.monotonic() - start))
                    posted.append(document["hash"])

        def reader(number):
            while not end.is_set():
                with lock:
                    digest = posted[-1] if posted else None
                if digest and self.sql("SELECT 1 FROM generation LIMIT 1"):
                    start = time.monotonic()
                    status = nodes[number].service.get(cluster.REPORT + digest).status
                    with lock:
                        answers["report"].append((status, time.monotonic() - start))
                time.sleep(0.05)

        threads = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(6)]
        threads += [threading.Thread(target=reader, args=(i,), daemon=True) for i in range(2)]
        for thread in threads:
            thread.start()
        self.await_that(self.done, seconds=300)
        end.set()
        for thread in threads:
            thread.join(cluster.WAIT)
        feeds = self.sql("SELECT count(*) FROM feed WHERE error = ''")[0][0]
        for kind, wanted in (("post", 201), ("report", 200)):
            self.assertTrue(answers[kind])
            self.assertEqual({status for status, _ in answers[kind]}, {wanted}, kind)
        longest = self.samples(samples)
        print("# note: %s feeds; %d posts, the slowest %.1f s; %d reports, the slowest %.2f s; no transaction was idle for more than %.2f s" % (
            feeds, len(answers["post"]), max(s for _, s in answers["post"]), len(answers["report"]), max(s for _, s in answers["report"]),
            longest[0][0] if longest else 0))
        self.assertTrue(not longest or longest[0][0] < MOST_IDLE, longest[:5])
        for node in nodes:
            self.assertNotIn("were busy for", node.service.messages())

    def done(self):
        """The round of the node that leads is at its end: at the last feed."""
        leader = self.lock_holder("updates")
        return leader and "feed %s: " % LAST in leader.service.messages()


if __name__ == "__main__":
    unittest.main()
