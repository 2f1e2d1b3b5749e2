"""Backups: of a folder while the service writes to it, and of a server by its own tools; what is restored says the same."""
import os
import shutil
import subprocess
import threading
import unittest

import clarion
import postgres
from clarion import debian_layer, stanza
from serving import Service


class Backup(clarion.Case):
    def setUp(self):
        super().setUp()
        self.mirror = self.feeds({"openssl": {"CVE-2024-0001": clarion.tracker_entry(bookworm="3")},
                                  "zlib": {"CVE-2024-0002": clarion.tracker_entry(bookworm="9")}})

    def fill(self, *store, data=None):
        r = self.run_clarion("update", "--mirror", self.mirror, *store, data=data)
        self.assertEqual(r.code, 0, r)
        r = self.scan(self.image(debian_layer(stanza("openssl", "1"), stanza("zlib", "1")), name="kept"), *store, data=data)
        self.assertEqual((r.code, len(r.doc["findings"])), (0, 2), r)
        return r.doc["image"]["manifest"]

    def answers(self, manifest, *store, data=None):
        out = []
        for command in (["report", "--format", "json", manifest], ["report", "--format", "clair", manifest],
                        ["where", "CVE-2024-0001", "--format", "json"], ["advisories", "list"]):
            r = self.run_clarion(*command, *store, data=data)
            self.assertEqual(r.code, 0, r)
            out.append(r.out)
        return out

    def test_folder_while_it_is_written_to(self):
        """A copy is of one moment, whatever the service does meanwhile."""
        manifest, stop = self.fill(), threading.Event()
        service = Service(self)

        def write():
            for i in range(400):
                if stop.is_set():
                    return
                self.run_clarion("index", self.image(debian_layer(stanza("p%d" % i, "1")), name="busy%d" % i))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            r = self.run_clarion("store", "copy", self.data, self.path("backup"))
        finally:
            stop.set()
            writer.join()
        self.assertEqual(r.code, 0, r)
        self.assertIn("the same contents on both sides", r.out)
        service.end()
        self.assertEqual(self.answers(manifest, data=self.path("backup")), self.answers(manifest))

    def test_server(self):
        """pg_dump's file, put into an empty database; the nodes' folders are lost, and come from there again."""
        server = postgres.Server()
        self.addCleanup(server.stop)
        url, node, dump = server.new_database(), self.path("node"), self.path("clarion.dump")
        manifest = self.fill("--db", url, data=node)
        before = self.answers(manifest, "--db", url, data=node)
        subprocess.run(["pg_dump", "--format=custom", "--file", dump, url], check=True)
        shutil.rmtree(node)
        server.stop()
        server = postgres.Server()
        self.addCleanup(server.stop)
        url = server.new_database()
        subprocess.run(["pg_restore", "--no-owner", "--exit-on-error", "--dbname", url, dump], check=True)
        self.assertEqual(self.answers(manifest, "--db", url, data=node), before)
        self.assertNotEqual(os.listdir(os.path.join(node, "segments")), [])
        # And on from there.
        self.fill("--db", url, data=node)
        self.mirror = self.feeds({"openssl": {"CVE-2024-0001": clarion.tracker_entry(bookworm="4")}}, name="later")
        r = self.run_clarion("update", "--force", "--mirror", self.mirror, "--db", url, data=node)
        self.assertEqual(r.code, 0, r)
        self.assertIn('"fixed_in":"4"', self.run_clarion("report", "--format", "json", manifest, "--db", url, data=node).out.replace(" ", ""))


if __name__ == "__main__":
    unittest.main()
