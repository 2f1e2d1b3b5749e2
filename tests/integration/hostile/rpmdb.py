"""Databases of rpm, made byte by byte: headers, and the containers NDB and Berkeley DB, in rpm's own terms (its
lib/header.cc, lib/backend/ndb/rpmpkg.c and bdb_ro.cc); SQLite by Python's module."""
import os
import sqlite3
import struct
import tempfile
import zlib

NAME, VERSION, RELEASE, EPOCH, VENDOR, ARCH, SOURCERPM = 1000, 1001, 1002, 1003, 1011, 1022, 1044
SUMMARY, DIRINDEXES, BASENAMES, DIRNAMES, MODULARITYLABEL = 1004, 1116, 1117, 1118, 5096
REGION = 63

SQLITE, NDB, BDB = "var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "var/lib/rpm/Packages"


def header(name, version, release, arch="x86_64", epoch=None, files=(), **tags):
    """A package's header as rpm keeps it. `files` are absolute paths; `tags` are further strings by the tag's name."""
    values = {NAME: name, VERSION: version, RELEASE: release, SUMMARY: ["A package"], ARCH: arch}
    if epoch is not None:
        values[EPOCH] = [epoch]
    for tag, value in tags.items():
        values[globals()[tag.upper()]] = value
    if files:
        folders = sorted({os.path.dirname(f).rstrip("/") + "/" for f in files})
        values[DIRNAMES], values[BASENAMES] = folders, [os.path.basename(f) for f in files]
        values[DIRINDEXES] = [folders.index(os.path.dirname(f).rstrip("/") + "/") for f in files]
    index, data = b"", b""
    for tag, value in sorted(values.items()):
        if isinstance(value, str):
            kind, count, packed = 6, 1, value.encode() + b"\0"
        elif isinstance(value[0], str):
            kind, count, packed = 9 if tag == SUMMARY else 8, len(value), b"".join(v.encode() + b"\0" for v in value)
        else:
            data += b"\0" * (-len(data) % 4)
            kind, count, packed = 4, len(value), b"".join(struct.pack(">I", v) for v in value)
        index += struct.pack(">IIII", tag, kind, len(data), count)
        data += packed
    region = struct.pack(">IIII", REGION, 7, len(data), 16)
    data += struct.pack(">IIiI", REGION, 7, -len(region + index), 16)
    return struct.pack(">II", len(region + index) // 16, len(data)) + region + index + data


def sqlite(headers, page_size=4096):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "db")
        db = sqlite3.connect(path)
        db.execute("PRAGMA page_size = %d" % page_size)
        db.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        db.execute("CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
        db.executemany("INSERT INTO Packages VALUES (NULL, ?)", [(h,) for h in headers])
        db.commit()
        db.close()
        with open(path, "rb") as f:
            return f.read()


def log(page_size):
    """The write-ahead log of a database that was not closed."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "db")
        db = sqlite3.connect(path)
        db.execute("PRAGMA page_size = %d" % page_size)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        db.commit()
        with open(path + "-wal", "rb") as f:
            data = f.read()
        db.close()
        return data


def ndb(headers):
    slots, blobs, pages = [], b"", (len(headers) + 2) * 16 // 4096 + 1
    for number, h in enumerate(headers, 1):
        head = b"BlbS" + struct.pack("<III", number, 1, len(h)) + h
        head += b"\0" * (-(len(head) + 12) % 16)
        blob = head + struct.pack("<II", zlib.adler32(head), len(h)) + b"BlbE"
        slots.append(b"Slot" + struct.pack("<III", number, pages * 256 + len(blobs) // 16, len(blob) // 16))
        blobs += blob
    slots += [b"Slot" + b"\0" * 12] * (pages * 256 - 2 - len(slots))
    return b"RpmP" + struct.pack("<IIII", 0, 1, pages, len(headers) + 1) + b"\0" * 12 + b"".join(slots) + blobs


def bdb(headers, page_size=4096, order="<"):
    """One bucket, whose pages are chained: rpm reads bucket by bucket."""
    u16, u32 = order + "H", order + "I"
    pages = [None]

    def page(kind, entries, low, body=b"", items=(), after=0, before=0):
        head = b"\0" * 8 + struct.pack(order + "IIIHHBB", len(pages), before, after, entries, low, 0, kind)
        body = body or b"".join(struct.pack(u16, i) for i in items)
        return (head + body).ljust(page_size, b"\0")

    def overflow(value):
        first, size = len(pages), page_size - 26
        pieces = [value[i:i + size] for i in range(0, len(value), size)]
        for i, piece in enumerate(pieces):
            pages.append(page(7, 1, len(piece), piece, after=len(pages) + 1 if i + 1 < len(pieces) else 0))
        return first

    # Overflow pages first, then the chain of hash pages.
    values = []
    for h in headers:
        small = len(h) < page_size // 4
        values.append(b"\1" + h if small else b"\3\0\0\0" + struct.pack(u32, overflow(h)) + struct.pack(u32, len(h)))
    bucket, items = len(pages), [(b"\1" + struct.pack(u32, 0), b"\1" + struct.pack(u32, len(headers)))]
    items += [(b"\1" + struct.pack(u32, i), v) for i, v in enumerate(values, 1)]
    while items:
        at, offsets, body = page_size, [], b""
        while items and at - len(items[0][0]) - len(items[0][1]) >= 26 + 2 * (len(offsets) + 2):
            for item in items.pop(0):
                at -= len(item)
                offsets.append(at)
                body = item + body
        number = len(pages)
        made = page(13, len(offsets), at, items=offsets, after=number + 1 if items else 0,
                    before=number - 1 if number > bucket else 0)
        pages.append(made[:page_size - len(body)] + body)
    meta = b"\0" * 8 + struct.pack(order + "IIIIBBBxIIIII", 0, 0x61561, 9, page_size, 0, 8, 0, 0, len(pages) - 1, 0, 0, 0)
    meta = meta.ljust(72, b"\0") + struct.pack(order + "III", 0, 1, 0)
    pages[0] = (meta.ljust(96, b"\0") + struct.pack(u32, bucket) * 32).ljust(page_size, b"\0")
    return b"".join(pages)


CONTAINERS = {SQLITE: sqlite, NDB: ndb, BDB: bdb}
