"""What each feed does when its upstream misbehaves, whatever its files are: a clear line, and the former segment stays.

The feeds and their files are those that the program itself lists, so a new feed is tried as soon as it is there.
"""
import bz2
import concurrent.futures
import gzip
import io
import json
import lzma
import os
import re
import subprocess
import unittest
import zipfile

import clarion
from upstream import FOREVER, Body, Upstream

START = 1790000000


def unpacked(data):
    """The bytes in a file, and what packs others as they were."""
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data), lambda d: gzip.compress(d, mtime=0)
    if data[:3] == b"BZh":
        return bz2.decompress(data), bz2.compress
    if data[:6] == b"\xfd7zXZ\0":
        return lzma.decompress(data), lzma.compress
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return zstd(data, "-dcq"), lambda d: zstd(d, "-cq")
    return data, lambda d: d


def zstd(data, how):
    return subprocess.run(["zstd", how], input=data, capture_output=True, check=True).stdout


def zip_of(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(name, data)
    return out.getvalue()


def is_zip(data):
    return data[:4] == b"PK\x03\x04"


def is_xml(text):
    return text.lstrip()[:1] == b"<"


def is_json(text):
    return text.lstrip()[:1] in (b"{", b"[")


# Each makes what a file's upstream sends instead of it; None where that fault is none of such a file's.

def server_error(_):
    return 503


def stalled(data):
    return Body(data + b"\n", len(data) // 2, True)


def cut_short(data):
    return Body(data + b"\n", len(data) // 2)


def damaged(data):
    """The file's own format is broken within: half of what is packed, packed as it was, or half of the container. A list
    of lines has no end that could be missing."""
    text, pack = unpacked(data)
    if not (is_zip(data) or is_json(text) or is_xml(text)):
        return None
    return Body(pack(text[:len(text) // 2]))


def container_damaged(data):
    """The packing itself is broken: a byte in the middle is another one."""
    if unpacked(data)[0] is data and not is_zip(data):
        return None
    at = len(data) // 2
    return Body(data[:at] + bytes(b ^ 0xff for b in data[at:at + 64]) + data[at + 64:])


def other_kind(_):
    return Body(b"<!DOCTYPE html><html><body>Sorry, we are down for maintenance.</body></html>\n")


def entity_bomb(data):
    text, pack = unpacked(data)
    if not is_xml(text):
        return None
    root = re.search(rb"<([A-Za-z_][^\s>/]*)", text)[1]
    entities = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10 if i else b"lol" * 100) for i in range(12))
    return Body(pack(b'<?xml version="1.0"?><!DOCTYPE %s [%s]><%s>&e11;</%s>' % (root, entities, root, root)))


def bomb(data):
    """What unpacks to 96 MiB, over the limit that the test sets, and nearly 1 in 1000 of that as it comes."""
    many = 96 * 2**20
    if is_zip(data):
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            name = z.namelist()[0]
        return Body(zip_of([(name, b'{"id": "' + b"A" * many + b'"}')]))
    text, pack = unpacked(data)
    if pack(b"x") == b"x":
        pack = gzip.compress  # what is not packed may be, one day
    return Body(pack(text.rstrip() + b" " * many))


def emptied(value):
    return {k: emptied(v) if isinstance(v, dict) and k == "data" else type(v)() if isinstance(v, (dict, list)) else v
            for k, v in value.items()} if isinstance(value, dict) else []


def shrunken(data):
    """Well-formed, but with nothing in it any more."""
    if is_zip(data):
        return Body(zip_of([]))
    text, pack = unpacked(data)
    if is_json(text):
        return Body(pack(json.dumps(emptied(json.loads(text))).encode()))
    if is_xml(text):
        start = re.search(rb"<([A-Za-z_][^\s>/]*)[^>]*>", text)
        return Body(pack(b'<?xml version="1.0"?>' + start[0] + b"</" + start[1] + b">"))
    return None


# The fault, whether all files of a feed have it (else the first), and what the error says at least. The first are tried
# again by the program, with growing pauses.
SLOW_FAULTS = [(server_error, False, "503"), (stalled, False, "after 4 tries"), (cut_short, False, "after 4 tries")]
FAULTS = [(damaged, False, ""), (container_damaged, False, ""), (other_kind, False, ""), (entity_bomb, False, ""),
          (bomb, False, "limit|shrunk"), (shrunken, True, "shrunk from")]
LIMITS = ("--limit", "feed_slow_seconds=1", "--limit", "feed_unpacked_bytes=64M", "--limit", "feed_member_bytes=32M")


class Faults(clarion.Case):
    def setUp(self):
        super().setUp()
        self.upstream, self.now = Upstream(self, os.path.join(clarion.SHARED or "", "feeds")), START

    def update(self, *arguments, code=0):
        self.now += 60
        r = self.run_clarion("update", "--mirror", self.upstream.url, *arguments, env={"SOURCE_DATE_EPOCH": str(self.now)}, timeout=600)
        self.assertEqual(r.code, code, r)
        return r

    def state(self):
        return {f["feed"]: f for f in self.run_clarion("feeds", "--format", "json").doc["feeds"]}

    def files(self, feed):
        """The paths of a feed's files at the upstream, with their bytes; a feed may name a folder of many, too."""
        for file in feed["files"]:
            path = file["url"].split("://")[1]
            if os.path.isfile(os.path.join(self.upstream.folder, path)):
                with open(os.path.join(self.upstream.folder, path), "rb") as f:
                    yield "/" + path, f.read()

    def break_some(self, feeds, fault, everywhere):
        """Gives the fault to each of these feeds where it can have it; answers which do."""
        self.upstream.faults, broken = {}, set()
        for name, feed in feeds:
            for path, data in self.files(feed):
                how = fault(data)
                if how is not None:
                    self.upstream.faults[path] = [how, FOREVER]
                    broken.add(name)
                if not everywhere:
                    break
        return broken

    def check(self, before, broken, words):
        after, told = self.state(), self.run_clarion("feeds").out
        for name, feed in before.items():
            with self.subTest(feed=name):
                self.assertEqual((after[name]["segment"], after[name]["records"]), (feed["segment"], feed["records"]))
                if name in broken:
                    self.assertRegex(after[name]["error"], words or ".")
                    self.assertIn(after[name]["error"][:400], told)
                    self.assertEqual(after[name]["checked"], feed["checked"])
                else:
                    self.assertEqual(after[name]["error"], "")
                    self.assertGreater(after[name]["checked"], feed["checked"])

    def loaded(self):
        return {n: f for n, f in self.state().items() if f["files"]}

    @clarion.need_shared
    def test_every_feed(self):
        """Every other feed has the fault, then those that had not."""
        self.update()
        feeds = list(self.loaded().items())
        self.assertGreaterEqual(len(feeds), 4)
        tried = dict.fromkeys((n for n, _ in feeds), 0)
        for fault, everywhere, words in FAULTS:
            for half in range(2):
                with self.subTest(fault=fault.__name__, half=half):
                    broken = self.break_some(feeds[half::2], fault, everywhere)
                    for name in broken:
                        tried[name] += 1
                    before = self.loaded()
                    self.update(*LIMITS, code=3 if broken else 0)
                    self.check(before, broken, words)
        for name, times in tried.items():
            self.assertGreaterEqual(times, 2, name)
        self.upstream.faults = {}
        self.update()
        for name, _ in feeds:
            self.assertEqual(self.state()[name]["error"], "")

    @clarion.need_shared
    def test_every_feed_over_a_bad_line(self):
        """All feeds at once, each in a process of its own, so that the pauses pass together."""
        self.update()
        feeds = list(self.loaded().items())
        for fault, everywhere, words in SLOW_FAULTS:
            with self.subTest(fault=fault.__name__), concurrent.futures.ThreadPoolExecutor(len(feeds)) as pool:
                broken = self.break_some(feeds, fault, everywhere)
                self.assertEqual(broken, {n for n, _ in feeds})
                before = self.loaded()
                list(pool.map(lambda name: self.update(name, *LIMITS, code=3), sorted(broken)))
                self.check(before, broken, words)

    @clarion.need_shared
    def test_shrunken_by_force(self):
        self.update("debian")
        self.break_some([("debian", self.state()["debian"])], shrunken, True)
        self.assertRegex(self.update("debian", code=3).err, r"has shrunk from \d+ records to 0.*--force debian")
        self.assertRegex(self.update("--force", "debian").out, r"debian +updated +0 records")


if __name__ == "__main__":
    unittest.main()
