"""Hostile databases of rpm: the rest of the image is always reported, what is lost is told with layer, path and limit,
and the worker stays within its bounds."""
import random
import struct
import time
import unittest

import clarion
from clarion import debian_layer, stanza, tar_of
from integration.hostile import rpmdb
from integration.hostile.rpmdb import BDB, CONTAINERS, NDB, SQLITE, header

GOOD = stanza("libssl3", "3.0.8-1", source="openssl")
HEADERS = [header("bash", "5.1.8", "4.el9", sourcerpm="bash-5.1.8-4.el9.src.rpm", files=["/usr/bin/bash"]),
           header("openssl", "3.0.1", "41.el9", epoch=1, sourcerpm="openssl-3.0.1-41.el9.src.rpm"),
           header("big", "1", "1", files=["/usr/share/big/f%d" % i for i in range(2000)])]
ALL = ["bash", "big", "openssl"]


def overwrite(data, at, piece):
    return data[:at] + piece + data[at + len(piece):]


def deep_sqlite():
    """Interior pages of Packages one below the other, deeper than SQLite ever goes."""
    data = bytearray(rpmdb.sqlite(HEADERS[:1], 512))
    pages = len(data) // 512
    data[512:1024] = data[512:512] + b"\x05\0\0\0\0\0\0\0" + struct.pack(">I", pages + 1) + b"\0" * 500
    for i in range(40):
        data += b"\x05\0\0\0\0\0\0\0" + struct.pack(">I", pages + i + 2) + b"\0" * 500
    data[28:32] = struct.pack(">I", len(data) // 512)
    return bytes(data)


def wide_ndb(slots):
    """Many slots that lead to one and the same large header."""
    large = header("large", "1", "1", files=["/f%d" % i for i in range(50000)])
    data = rpmdb.ndb([large] + [b""] * (slots - 1))
    return data[:32] + data[32:48] * slots + data[32 + 16 * slots:]


def wide_bdb(items):
    """Many items that lead to one and the same large header, on a chain of overflow pages."""
    large = header("large", "1", "1", files=["/f%d" % i for i in range(50000)])
    data = rpmdb.bdb([large] + [b"x" * 2000] * items)
    first = struct.pack("<I", 1) + struct.pack("<I", len(large))
    pages = [data[i:i + 4096] for i in range(0, len(data), 4096)]
    for i, page in enumerate(pages):
        if page[25] == 13:
            at = page.find(b"\3\0\0\0")
            while at > 0:
                page, at = overwrite(page, at + 4, first), page.find(b"\3\0\0\0", at + 12)
            pages[i] = page
    return b"".join(pages)


class HostileRpm(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds())

    def names(self, path, database, *args, code=None, name="image"):
        """The rpm packages that are reported, when all else of the image is too; and the report."""
        start = time.monotonic()
        r = self.scan(self.image(debian_layer(GOOD), tar_of([(path, database)]), name=name), *args)
        self.assertLess(time.monotonic() - start, 60)
        self.assertIn(r.code, (0, 3) if code is None else (code,), r)
        self.assertIn("libssl3", [p["name"] for p in r.doc["packages"]])
        for skip in r.doc["coverage"]["skipped"]:
            self.assertIn(skip["path"], (path, ""))  # what is beyond the limit of skips is only counted
        if r.code == 3:
            self.assertIn(path, r.err)
            self.assertIn("sha256:", r.err)
        return sorted(p["name"] for p in r.doc["packages"] if p["kind"] == "rpm"), r

    def test_good_ones(self):
        for path, make in CONTAINERS.items():
            found, r = self.names(path, make(HEADERS), code=0)
            self.assertEqual((found, r.doc["coverage"]["skipped"]), (ALL, []))
            self.assertEqual(r.doc["coverage"]["unmatched_kinds"], ["rpm"])

    def test_cut_off(self):
        for path, make in CONTAINERS.items():
            whole = make(HEADERS)
            for size in (1, 100, 4096, len(whole) // 2, len(whole) - 1):
                with self.subTest(path=path, size=size):
                    found, r = self.names(path, whole[:size], code=3)
                    self.assertLess(len(found), 3 if path != SQLITE or size < len(whole) - 1 else 4, r)

    def test_flips(self):
        """One layer for each damaged database; every one is read, the last is on top."""
        rnd = random.Random(7)
        for path, make in CONTAINERS.items():
            whole, layers = make(HEADERS), [debian_layer(GOOD)]
            for _ in range(60):
                damaged = bytearray(whole)
                for _ in range(rnd.choice((1, 3, 30))):
                    damaged[rnd.randrange(len(damaged))] = rnd.randrange(256)
                layers.append(tar_of([(path, bytes(damaged))]))
            with self.subTest(path=path):
                r = self.scan(self.image(*layers, tar_of([(path, whole)])))
                self.assertEqual(r.code, 0, r)
                self.assertEqual(sorted(p["name"] for p in r.doc["packages"]), sorted(ALL + ["libssl3"]))

    def test_circles(self):
        large = rpmdb.bdb(HEADERS)
        self.assertEqual(large[4096 + 25], 7)
        examples = (
            (SQLITE, deep_sqlite(), "is deeper in a tree than SQLite goes"),
            (BDB, overwrite(large, 4096 + 16, struct.pack("<I", 1)), "is used twice"),
            # A page of no bytes that leads to itself.
            (BDB, overwrite(large, 4096 + 16, struct.pack("<IHH", 1, 1, 0)), "is used twice"),
        )
        for path, database, reason in examples:
            with self.subTest(reason=reason):
                self.assertIn(reason, self.names(path, database, code=3)[1].err)

    def test_one_header_many_times(self):
        """Work is bounded by the size of the file, not by how often it leads to the same bytes."""
        found, r = self.names(NDB, wide_ndb(4000), code=3)
        self.assertEqual(found, ["large"])
        self.assertIn("more than the file has beside the other headers", r.err)
        found, r = self.names(BDB, wide_bdb(300), code=3)
        self.assertEqual(found, ["large"])
        self.assertIn("is used twice", r.err)

    def test_limits(self):
        examples = (
            ("rpm_header_bytes=4K", 3, ["bash", "of", "openssl"]),
            ("rpmdb_bytes=4K", 3, []),
            ("rpm_package_files=1000", 0, sorted(ALL + ["of"])),
        )
        for path, make in CONTAINERS.items():
            for limit, code, names in examples:
                with self.subTest(path=path, limit=limit):
                    database = make(HEADERS + [header("of", limit, "1")])  # a layer of its own
                    found, r = self.names(path, database, "--limit", limit, code=code)
                    self.assertEqual(found, names)
                    self.assertIn("limit " + limit.split("=")[0], r.doc["coverage"]["skipped"][0]["reason"])

    def test_large(self):
        """A header of nearly the largest size, within less memory than a worker has by default."""
        huge = header("huge", "1", "1", files=["/%0200d" % i for i in range(300000)])
        found, _ = self.names(BDB, rpmdb.bdb([huge] + HEADERS), "--limit", "layer_memory_bytes=288M", code=0)
        self.assertEqual(found, sorted(ALL + ["huge"]))


class Places(clarion.Case):
    """Where databases stand, and which of several is in effect."""

    def found(self, *layers, code=0):
        r = self.run_clarion("index", "--format", "json", self.image(*[tar_of(x) for x in layers]))
        self.assertEqual(r.code, code, r)
        return sorted((p["name"], p["path"]) for p in r.doc["packages"]), [s["path"] for s in r.doc["coverage"]["skipped"]]

    def test_links(self):
        database = rpmdb.sqlite(HEADERS[:1])
        folder = "usr/lib/sysimage/rpm"
        self.assertEqual(self.found([("var/lib/rpm", "-> ../../" + folder), (folder + "/rpmdb.sqlite", database)]),
                         ([("bash", folder + "/rpmdb.sqlite")], []))
        self.assertEqual(self.found([("var/lib/rpm", "-> /opt/db"), ("opt/db/rpmdb.sqlite", database)]),
                         ([("bash", "opt/db/rpmdb.sqlite")], []))
        # rpm-ostree: the copy comes first, and what counts is a hard link to it.
        copy = "usr/lib/sysimage/rpm-ostree-base-db/rpmdb.sqlite"
        self.assertEqual(self.found([(copy, database), ("usr/share/rpm/rpmdb.sqlite", "=> " + copy),
                                     ("var/lib/rpm", "-> ../../usr/share/rpm")]),
                         ([("bash", "usr/share/rpm/rpmdb.sqlite")], []))

    def test_left_behind(self):
        old, new = HEADERS[:2], HEADERS[:1]
        for layers in ([[(BDB, rpmdb.bdb(old)), (SQLITE, rpmdb.sqlite(new))]],
                       [[(BDB, rpmdb.bdb(old))], [(SQLITE, rpmdb.sqlite(new))]],
                       [[(SQLITE, rpmdb.sqlite(new))], [(BDB, rpmdb.bdb(old))]]):
            self.assertEqual(self.found(*layers), ([("bash", SQLITE)], [BDB]))
        self.assertEqual(self.found([(NDB, rpmdb.ndb(new)), (BDB, rpmdb.bdb(old))]), ([("bash", NDB)], [BDB]))
        self.assertEqual(self.found([(SQLITE, rpmdb.sqlite(new))], [("var/lib/rpm/.wh.rpmdb.sqlite", ""), (BDB, rpmdb.bdb(old))]),
                         ([("bash", BDB), ("openssl", BDB)], []))

    def test_log(self):
        """A log with nothing in it says nothing; one that a later layer emptied neither."""
        database, log = rpmdb.sqlite(HEADERS[:1]), SQLITE + "-wal"
        full = rpmdb.log(4096)
        self.assertEqual(self.found([(SQLITE, database), (log, "")]), ([("bash", SQLITE)], []))
        self.assertEqual(self.found([(SQLITE, database), (log, full)], code=3), ([("bash", SQLITE)], [log]))
        self.assertEqual(self.found([(SQLITE, database), (log, full)], [(log, "")]), ([("bash", SQLITE)], [log]))


if __name__ == "__main__":
    unittest.main()
