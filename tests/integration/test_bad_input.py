"""Bad input: each is refused with a message that says what and where, or read as far as it is good; nothing half done."""
import gzip
import io
import json
import os
import random
import resource
import struct
import subprocess
import tarfile
import unittest
import zlib

import clarion
import store
from clarion import OS_RELEASE, OciLayout, debian_layer, digest, stanza, tar_of

GOOD = stanza("libssl3", "3.0.8-1", source="openssl")
TAR = "application/vnd.oci.image.layer.v1.tar"


def header(name, size=0, kind=b"0", size_field=None):
    """A ustar header block with whatever size field is wanted."""
    h = bytearray(512)
    h[0:len(name)] = name
    h[100:108] = b"0000644\0"
    h[108:116] = h[116:124] = b"0000000\0"
    h[124:136] = size_field if size_field is not None else b"%011o\0" % size
    h[136:148] = b"00000000000\0"
    h[148:156] = b" " * 8
    h[156:157] = kind
    h[257:265] = b"ustar\x0000"
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def pad(data):
    return data + b"\0" * (-len(data) % 512)


def body(tar):
    """An archive without its end, so that more can follow."""
    return pad(tar.rstrip(b"\0"))


class BadInput(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds())

    def refused(self, target, *words, args=()):
        """Exit 3, no report, a message with these words."""
        r = self.scan(target, *args)
        self.assertEqual(r.code, 3, r)
        self.assertEqual(r.out, "", r)
        for word in words:
            self.assertIn(word, r.err)
        return r

    def in_part(self, target, names, *words, args=()):
        """Exit 3, what is good is in the report, and errors say what is missing."""
        r = self.scan(target, *args)
        self.assertEqual(r.code, 3, r)
        self.assertEqual(sorted(p["name"] for p in r.doc["packages"]), sorted(names), r)
        self.assertTrue(r.doc["errors"])
        for word in words:
            self.assertIn(word, " ".join(r.doc["errors"]))
            self.assertIn(word, r.err)
        again = self.scan(target, *args)
        self.assertEqual((again.code, again.doc["errors"]), (3, r.doc["errors"]), "an incomplete image was stored as whole")
        return r

    def fine(self, target, names):
        r = self.scan(target)
        self.assertEqual(r.code, 0, r)
        self.assertEqual(sorted(p["name"] for p in r.doc["packages"]), sorted(names), r)
        return r

    # ---- blobs ----

    def test_truncated_gzip(self):
        whole = gzip.compress(debian_layer(GOOD, extra=[("srv/x", random.Random(1).randbytes(100000))]), mtime=0)
        cut = whole[:len(whole) - 5000]
        self.in_part(self.image((cut, TAR + "+gzip", digest(b""))), ["libssl3"], "sha256:", "gzip")

    def test_wrong_checksum_in_gzip(self):
        data = bytearray(gzip.compress(debian_layer(GOOD), mtime=0))
        data[-8] ^= 1
        self.in_part(self.image((bytes(data), TAR + "+gzip", digest(b""))), [], "gzip", "check sum")

    def test_wrong_digest(self):
        image = self.image(debian_layer(GOOD))
        blobs = os.path.join(image[4:], "blobs", "sha256")
        layer = max(os.listdir(blobs), key=lambda x: os.path.getsize(os.path.join(blobs, x)))
        for name in os.listdir(blobs):
            with open(os.path.join(blobs, name), "rb") as f:
                if f.read(2) == b"\x1f\x8b":
                    layer = name
        with open(os.path.join(blobs, layer), "r+b") as f:
            f.seek(4)
            f.write(b"\xff")  # the time in the gzip header: everything else still reads
        with open(os.path.join(blobs, layer), "rb") as f:
            is_now = digest(f.read())
        self.refused(image, "sha256:" + layer, is_now)

    def test_bomb(self):
        """4 GiB of zeros in 4 MiB of gzip stop at the ratio limit, and the package database before them is reported."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        blob = packer.compress(body(debian_layer(GOOD)) + header(b"zeros", size_field=b"\x80" + (4 << 30).to_bytes(11, "big")))
        zeros = b"\0" * (16 << 20)
        for _ in range(256):
            blob += packer.compress(zeros)
        blob += packer.compress(b"\0" * 1024) + packer.flush()
        image = self.image((blob, TAR + "+gzip", digest(b"")))
        self.in_part(image, ["libssl3"], "layer_ratio", "250")
        self.assertLess(self.peak_of("index", image), 400 * 1024)

    def test_byte_limit(self):
        layer = debian_layer(GOOD, extra=[("big", b"\0" * 3000000)])
        self.in_part(self.image(layer), ["libssl3"], "layer_bytes", "1048576", args=["--limit", "layer_bytes=1M"])

    def test_garbage_layer(self):
        self.in_part(self.image((b"not a tar" * 1000, TAR, digest(b""))), [], "sha256:")

    def test_missing_blob(self):
        image = self.image(debian_layer(GOOD))
        for name in os.listdir(os.path.join(image[4:], "blobs", "sha256")):
            path = os.path.join(image[4:], "blobs", "sha256", name)
            with open(path, "rb") as f:
                if f.read(2) == b"\x1f\x8b":
                    os.unlink(path)
        self.refused(image, "sha256:")

    # ---- archives ----

    def test_climbing_and_absolute_names(self):
        layer = tar_of([("/etc/os-release", OS_RELEASE), ("./var/lib/dpkg/status", GOOD), ("../../etc/passwd", "x"),
                        ("a/../../b", "x"), ("//srv//x", "y")])
        self.in_part(self.image(layer), ["libssl3"], "../../etc/passwd", "climbs out")

    def test_numbers_beyond_reason(self):
        before = body(debian_layer(GOOD))
        claims = {
            "base256": header(b"x", size_field=b"\xff" * 12),
            "octal": header(b"x", size=0o77777777777),
            "pax": header(b"pax", len(b"27 size=9223372036854775808\n"), b"x") + pad(b"27 size=9223372036854775808\n") + header(b"x"),
            "paxsize": header(b"pax", size_field=b"\x80" + (1 << 63 - 8).to_bytes(11, "big"), kind=b"x"),
            "longname": header(b"././@LongLink", size_field=b"\x80\0\0\0\x7f" + b"\xff" * 7, kind=b"L"),
            "paxlength": header(b"pax", 20, b"x") + pad(b"9999999 path=x\n12345") + header(b"x"),
            "checksum": bytes(bytearray(header(b"x"))[:148]) + b"0000000\0" + header(b"x")[156:],
        }
        for name, tail in claims.items():
            with self.subTest(name):
                self.in_part(self.image(before + tail + b"\0" * 1024, name=name), ["libssl3"], "sha256:")

    def test_million_entries(self):
        """Small files by the million are slow for some; here they cost neither memory nor the packages."""
        out = io.BytesIO()
        out.write(body(debian_layer(GOOD)))
        for i in range(1000000):
            if i % 1000 == 0:
                one = header(b"srv/%04d" % (i // 1000))
            out.write(one)
        out.write(b"\0" * 1024)
        self.fine(self.image(out.getvalue()), ["libssl3"])

    def test_entry_limit(self):
        layer = debian_layer(GOOD, extra=[("srv/%d" % i, "") for i in range(200)])
        self.in_part(self.image(layer), ["libssl3"], "layer_entries", args=["--limit", "layer_entries=100"])

    def test_another_limit(self):
        """What a limit has left out is read when the limit is another one."""
        image = self.image(debian_layer(GOOD))
        self.in_part(image, [], "limit dpkg_status_bytes", args=["--limit", "dpkg_status_bytes=10"])
        self.fine(image, ["libssl3"])

    def test_deep_folders(self):
        deep = "/".join("d%d" % i for i in range(300))
        self.fine(self.image(debian_layer(GOOD, extra=[(deep + "/x", "y")])), ["libssl3"])
        self.in_part(self.image(debian_layer(GOOD, extra=[("d/" * 5000 + "x", "y")]), name="deeper"), ["libssl3"], "path_bytes")

    def test_symlink_loop_at_the_database(self):
        layer = tar_of([("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", "-> status")])
        self.in_part(self.image(layer), [], "var/lib/dpkg/status", "loop")
        two = tar_of([("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", "-> other"), ("var/lib/dpkg/other", "-> status")])
        self.in_part(self.image(two, name="two"), [], "var/lib/dpkg/status", "loop")

    def test_links_out_of_the_image(self):
        layer = tar_of([("etc/os-release", "-> ../../../../../../etc/os-release"), ("var/lib/dpkg/status", "-> /../../etc/passwd")])
        r = self.scan(self.image(layer))
        self.assertEqual(r.doc["packages"], [])
        self.assertEqual(r.doc["coverage"]["distribution"], "unknown")

    # ---- package databases ----

    def test_line_of_fifty_megabytes(self):
        status = GOOD + stanza("fat", "1", Description="x" * (50 << 20)) + stanza("zlib1g", "1")
        self.in_part(self.image(debian_layer(status)), ["fat", "libssl3", "zlib1g"], "var/lib/dpkg/status", "line_bytes", "1048576")

    def test_file_over_its_limit(self):
        self.in_part(self.image(debian_layer(GOOD * 100)), [], "dpkg_status_bytes", args=["--limit", "dpkg_status_bytes=1K"])

    def test_odd_bytes(self):
        odd = (b"Package: a\xff\xfeb\nStatus: install ok installed\nVersion: 1\n\n"
               b"Package: nul\0name\nStatus: install ok installed\nVersion: 2\n\n"
               b"\0\0\0\n\nVersion: 9\nStatus: install ok installed\n\nPackage: noversion\nStatus: install ok installed\n\n")
        r = self.scan(self.image(tar_of([("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", odd + GOOD.encode())])))
        self.assertEqual(r.code, 0, r)
        self.assertIn("libssl3", [p["name"] for p in r.doc["packages"]])
        self.assertNotIn("noversion", [p["name"] for p in r.doc["packages"]])
        reasons = json.dumps(r.doc["coverage"]["skipped"])
        self.assertIn("no Version", reasons)

    def test_what_a_terminal_obeys(self):
        """Escapes and overrides in what an image, or a caller, says never come out as they are, in no format."""
        evil = "\033[31m\x07\x7f\x9b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"
        layer = tar_of([("etc/os-release", OS_RELEASE.replace("12 (", "12 %s(" % evil)), ("../" + evil, "x"),
                        ("var/lib/dpkg/status.d", "-> /" + evil),
                        ("var/lib/dpkg/status", stanza("openssl", "1" + evil) + stanza("x" + evil, "1") + stanza("a", "1", arch=evil))])
        image = self.image(layer)
        calls = [("scan", "--format", f, image) for f in ("table", "json", "clair")] + \
                [("index", "--format", f, image) for f in ("json", "clair")] + \
                [("scan", "--json-logs", image), ("explain", image, "CVE-2014-0160"), ("explain", image, evil, evil),
                 ("explain", image, evil), ("advisories", "show", evil), ("report", evil), ("scan", evil), ("scan", "--" + evil)]
        for call in calls:
            r = self.run_clarion(*call)
            self.assertNotEqual((r.out, r.err), ("", ""), call)
            self.assertEqual([hex(ord(c)) for c in r.out + r.err if c in evil and c not in "[31m"], [], call)
        self.assertEqual([p["version"] for p in self.scan(image).doc["packages"] if p["name"] == "openssl"], ["1" + evil])

    def test_explain_of_a_part(self):
        """What could not be read may hold what `explain` does not find."""
        layer = tar_of([("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", GOOD), ("usr/lib/apk/db/installed", "-> nowhere")])
        r = self.run_clarion("explain", self.image(layer), "CVE-2014-0160", "busybox")
        self.assertEqual(r.code, 3, r)
        self.assertIn("has no package busybox", r.out)
        self.assertIn("incomplete: layer sha256:", r.err)

    # ---- images ----

    def test_no_image(self):
        def file(name, data):
            with open(self.path(name), "wb") as f:
                f.write(data)
            return self.path(name)
        self.refused(self.path("nothing"), "nothing")
        self.refused(file("empty.tar", b""), "empty.tar")
        self.refused("docker-archive:" + file("empty2.tar", b""), "empty2.tar")
        self.refused(file("text", b"hello, world\n" * 100), "text")
        self.refused(file("other.tar", tar_of([("a", "b")])), "manifest.json")
        self.refused(file("cut.tar", tar_of([("manifest.json", "[" * 5000)])[:3000]), "cut.tar")
        self.refused("oci:" + self.path("nothing"), "nothing")
        self.refused("registry:example.test/X:1", "is no repository")

    def test_manifests(self):
        cases = {
            "list": b"[]", "null": b"null", "number": b"1", "empty": b"", "cut": b'{"schemaVersion":2,"manifests":[{"di',
            "deep": b"[" * 100000, "nomanifests": b'{"schemaVersion":2}', "nulls": b'{"schemaVersion":2,"manifests":[null,1,"x",{}]}',
            "climb": b'{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",'
                     b'"digest":"sha256:../../../../../../../../../etc/passwd","size":10}]}',
        }
        for name, text in cases.items():
            with self.subTest(name):
                layout = OciLayout(self.path(name))
                layout.write("index.json", text)
                self.refused("oci:" + layout.folder, "index.json")

    def test_huge_manifest(self):
        layout = OciLayout(self.path("huge"))
        layout.write("index.json", b'{"schemaVersion":2,"manifests":[' + b" " * (5 << 20) + b"]}")
        self.refused("oci:" + layout.folder, "4194304")

    def test_size_and_media_type(self):
        layer = debian_layer(GOOD)
        kind = (gzip.compress(layer), "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", digest(layer))
        r = self.fine(self.image(debian_layer(stanza("zlib1g", "1")), kind), ["zlib1g"])
        self.assertIn("foreign", json.dumps(r.doc["coverage"]["skipped"]).lower() + json.dumps(r.doc).lower())

    @unittest.skipUnless(os.geteuid() == 0, "only root can become nobody")
    def test_unreadable_root(self):
        """A root file system whose package database may not be read: what is missing is said, and nothing is kept."""
        root = self.path("root")
        for name, text in (("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", GOOD)):
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as f:
                f.write(text)
        status = os.path.join(root, "var/lib/dpkg/status")
        self.assertEqual(self.scan("dir:" + root).code, 0)
        for folder, _, files in os.walk(self.data):
            for name in [folder] + [os.path.join(folder, f) for f in files]:
                os.chown(name, 65534, 65534)
        for folder in (self.folder, root, *(os.path.join(root, f) for f in ("etc", "var", "var/lib", "var/lib/dpkg"))):
            os.chmod(folder, 0o755)
        os.chmod(status, 0)
        for _ in range(2):
            r = self.scan("dir:" + root, preexec_fn=lambda: os.setuid(65534))
            self.assertEqual((r.code, r.doc["errors"]), (3, ["var/lib/dpkg/status: Permission denied"]), r)

    @store.only_sqlite("its file has no room")
    def test_full_disk(self):
        """No room in the data folder: a clear message, and what was there stays."""
        image = self.image(debian_layer(*[stanza("p%d" % i, "1.%d" % random.Random(i).getrandbits(200)) for i in range(3000)]))
        self.scan(self.image(debian_layer(GOOD), name="small"))
        limit = os.path.getsize(os.path.join(self.data, "clarion.db")) + 20000

        def no_room():
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        r = self.scan(image, preexec_fn=no_room)
        self.assertEqual(r.code, 3, r)
        self.assertRegex(r.err, r"disk|full|I/O|too large")
        small = self.scan("oci:" + self.path("small"))
        self.assertEqual((small.code, [x["indexed"] for x in small.doc["layers"]]), (0, ["before"]))
        self.assertEqual(len(self.scan(image).doc["packages"]), 3000)


if __name__ == "__main__":
    unittest.main()
