"""Copying a whole store: from SQLite to PostgreSQL and back, killed at any moment, onto what is not empty."""
import os
import random
import signal
import sqlite3
import subprocess
import time
import unittest

import clarion
import postgres
from clarion import debian_layer, stanza

PACKAGES = [stanza("p%03d" % i, "1.0-%d" % i, source="s%d" % (i % 40)) for i in range(400)]
MARK = "SELECT count(*) FROM schema_step WHERE id = 0"


class StoreCopy(clarion.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = postgres.Server()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        super().setUp()
        self.mirror = self.feeds({"s%d" % i: {"CVE-2024-%04d" % i: clarion.tracker_entry(bookworm="2")} for i in range(60)})
        self.update(self.mirror)
        base = debian_layer(*PACKAGES)
        self.digests = []
        for i in range(5):
            r = self.scan(self.image(base, debian_layer(*PACKAGES[i * 7:]), name="image%d" % i))
            self.assertEqual(r.code, 0, r)
            self.digests.append(r.doc["image"]["manifest"])

    def copy(self, source, target, code=0, data=None):
        r = self.run_clarion("store", "copy", source, target, data=data)
        self.assertEqual(r.code, code, r)
        return r

    def index(self, package, data=None):
        r = self.run_clarion("index", self.image(debian_layer(stanza(package, "1")), name=package), data=data)
        self.assertEqual(r.code, 0, r)

    def answers(self, *store, data=None):
        """All that a store says of its images."""
        out = []
        for command in [["report", "--format", x, d] for d in self.digests for x in ("json", "clair")] + [
                ["images", "--format", "json"], ["advisories", "list"], ["where", "CVE-2024-0003"]]:
            r = self.run_clarion(*command, *store, data=data)
            self.assertEqual(r.code, 0, r)
            out.append(r.out)
        return out

    def test_there_and_back(self):
        before = self.answers()
        url, nodes, back = self.server.new_database(), self.path("node"), self.path("back")
        r = self.copy(self.data, url, data=nodes)
        self.assertIn("the same contents on both sides", r.out)
        self.assertEqual(self.answers("--db", url, data=nodes), before)
        self.copy(url, back, data=nodes)
        self.assertEqual(self.answers(data=back), before)
        self.assertIn("the same contents on both sides", self.copy(self.data, back).out)  # compares what is there
        # Both go on from there: ids that the database gives are behind the copied ones.
        for store in (["--db", url], []):
            r = self.scan(self.image(debian_layer(stanza("new", "1")), name="new%d" % len(store)), *store,
                          data=nodes if store else back)
            self.assertEqual((r.code, len(r.doc["packages"])), (0, 1), r)
            r = self.run_clarion("update", "--mirror", self.feeds({"s1": {"CVE-2025-0001": clarion.tracker_entry(bookworm="9")}}, name="more%d" % len(store)),
                                 "--force", *store, data=nodes if store else back)
            self.assertEqual(r.code, 0, r)

    def test_every_table_goes_along(self):
        """Also those that nothing of the above fills: each gets a row, and each is told of."""
        url, back = self.server.new_database(), self.path("back")
        db = sqlite3.connect(os.path.join(self.data, "clarion.db"))
        tables = {x for (x,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'shared%'")} - {"schema_step"}
        (segment,) = db.execute("SELECT min(segment) FROM update_operation").fetchone()
        for table in sorted(tables):
            if db.execute("SELECT count(*) FROM %s" % table).fetchone()[0] == 0:
                columns = db.execute("PRAGMA table_info(%s)" % table).fetchall()
                values = [segment if x[1] == "segment" else {"INTEGER": 1, "TEXT": "t\u00e4xt", "BLOB": b"\0\xff"}[x[2]]
                          for x in columns]
                db.execute("INSERT INTO %s VALUES (%s)" % (table, ", ".join("?" * len(values))), values)
        # Rows that are the same twice, where no key forbids it.
        db.execute("INSERT INTO package_part_member SELECT * FROM package_part_member")
        counts = {x: db.execute("SELECT count(*) FROM %s" % x).fetchone()[0] for x in tables}
        db.commit()
        dump = list(db.iterdump())
        db.close()
        r = self.copy(self.data, url, data=self.path("node"))
        told = {x.split()[0]: int(x.split()[1]) for x in r.out.splitlines() if " rows  sha256:" in x}
        self.assertEqual(told, counts)
        self.copy(url, back, data=self.path("node"))
        db = sqlite3.connect(os.path.join(back, "clarion.db"))
        self.assertEqual(sorted(db.iterdump()), sorted(dump))
        db.close()

    def grow(self):
        """More rows than a few batches."""
        db = sqlite3.connect(os.path.join(self.data, "clarion.db"))
        db.executemany("INSERT INTO event (form, sender_id, repository, tag, manifest, pushed, received, state, tries, next, reason, node, until) "
                       "VALUES ('harbor', ?, 'r/x', 't', x'', 0, 0, 'done', 0, 0, '', '', 0)", [(str(i),) for i in range(60000)])
        db.commit()
        db.close()

    def test_kill_at_any_moment(self):
        self.grow()
        before = self.answers()
        dice = random.Random(os.environ.get("SEED") or 11)
        places = [(self.server.new_database(), self.path("node")), (self.path("back"), None)]
        source = self.data
        for target, data in places:
            killed, whole = 0, False
            for _ in range(400):
                command = [clarion.BINARY, "store", "copy", "--data", self.path("node"), source, target]
                child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                time.sleep(dice.uniform(0, 0.15 + killed / 20))
                child.send_signal(signal.SIGKILL)
                out, err = child.communicate()
                self.assertIn(child.returncode, (0, -signal.SIGKILL), err)
                if child.returncode == 0:
                    whole = True
                    self.assertIn(b"were there from an earlier run", out)
                    break
                killed += 1
            self.assertTrue(whole)
            self.assertGreater(killed, 3, "it was over before it could be killed: the test proved nothing")
            store = ["--db", target] if data else []
            self.assertEqual(self.answers(*store, data=data or target), before)
            source = target

    def begun(self, target):
        """A copy that was killed when it had copied some rows."""
        self.grow()
        child = subprocess.Popen([clarion.BINARY, "store", "copy", self.data, target], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file, n = os.path.join(target, "clarion.db"), 0
        while n < 3000:
            self.assertIsNone(child.poll(), "it was over before it could be killed")
            try:
                db = sqlite3.connect("file:%s?mode=ro" % file, uri=True, timeout=10)
                n = db.execute("SELECT count(*) FROM event").fetchone()[0]
                db.close()
            except sqlite3.OperationalError:
                pass
        child.kill()
        child.wait()

    def test_a_part_is_no_store(self):
        target = self.path("target")
        self.begun(target)
        r = self.run_clarion("images", data=target)
        self.assertEqual(r.code, 3, r)
        self.assertIn("a copy into this store has not ended", r.err)
        r = self.copy(target, self.path("third"), code=3)
        self.assertIn("the store to copy from", r.err)
        # Another store, or this one as it is now, is not what the copy was begun of.
        other = self.path("other")
        self.index("x", data=other)
        self.assertIn("of another store", self.copy(other, target, code=2).err)
        self.index("y")
        self.assertIn("before it changed", self.copy(self.data, target, code=2).err)

    def test_a_change_that_counts_do_not_show(self):
        target = self.path("target")
        self.begun(target)
        db = sqlite3.connect(os.path.join(self.data, "clarion.db"))
        db.execute("UPDATE event SET tag = 'other' WHERE id = (SELECT min(id) FROM event)")
        db.commit()
        db.close()
        r = self.copy(self.data, target, code=3)
        self.assertIn("table event is not the same on both sides", r.err)
        self.assertEqual(self.run_clarion("images", data=target).code, 3)

    def test_refused(self):
        full = self.path("full")
        self.index("x", data=full)
        self.assertIn("it is not empty", self.copy(self.data, full, code=2).err)
        missing = self.path("missing")
        self.assertIn("there is no store", self.copy(missing, self.path("target"), code=3).err)
        self.assertFalse(os.path.exists(missing))
        self.assertEqual(self.copy(self.data, "postgres://[", code=2).out, "")
        db = sqlite3.connect(os.path.join(full, "clarion.db"))
        db.execute("DELETE FROM schema_step WHERE id = (SELECT max(id) FROM schema_step)")
        db.commit()
        db.close()
        self.assertIn("of another version", self.copy(full, self.path("target"), code=3).err)

    def test_a_damaged_segment_ends_it(self):
        folder = os.path.join(self.data, "segments")
        name = sorted(os.listdir(folder))[0]
        with open(os.path.join(folder, name), "r+b") as f:
            f.write(b"x")
        target = self.path("target")
        self.assertIn("damaged", self.copy(self.data, target, code=3).err)
        self.assertNotIn(name, os.listdir(os.path.join(target, "segments")))


if __name__ == "__main__":
    unittest.main()
