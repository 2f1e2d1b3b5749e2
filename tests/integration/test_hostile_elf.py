"""Programs that lie: for every one the rest of the image is reported, and an error names the layer, the path and why."""
import os
import re
import sys
import tarfile
import unittest

import clarion
from clarion import debian_layer, stanza, tar_of

sys.path.insert(0, os.path.join(clarion.HERE, "integration", "hostile"))
import elf  # noqa: E402  (stands in that folder)


def program(path, data):
    info = tarfile.TarInfo(path)
    info.mode, info.size = 0o755, len(data)
    return info, data


class HostileElf(clarion.Case):
    def inventory(self, programs, *args):
        files = [("opt/bin/good", elf.go(elf.inline_info())), *programs]
        layer = debian_layer(stanza("base", "1.0"), extra=[program(path, data) for path, data in files])
        return self.run_clarion("index", "--format", "json", *args, self.image(layer))

    def test_each_alone(self):
        for name, (data, error) in elf.hostile().items():
            with self.subTest(name):
                r = self.inventory([("opt/bin/" + name, data)])
                self.assertEqual(r.code, 0 if error is None else 3, r)
                self.assertIn(("base", "1.0"), self.names(r.doc))
                self.assertIn(("example.test/lib", "v1.2.3"), self.names(r.doc))
                told = [s for s in r.doc["coverage"]["skipped"] if s["path"] == "opt/bin/" + name]
                self.assertEqual(len(told), 0 if error is None else 1, r)
                if error is not None:
                    self.assertIn(error, told[0]["reason"])
                    self.assertRegex(told[0]["layer"], r"^sha256:")
                    self.assertRegex(r.err, r"incomplete: layer sha256:\w+: opt/bin/%s: .*%s" % (name, re.escape(error)))

    def test_bytes_flipped(self):
        good = elf.go(elf.inline_info())
        head = 64 + 2 * 56
        programs = [("opt/bin/flip%d" % i, elf.patched(good, i, bytes([good[i] ^ 0xff]))) for i in range(4, head)]
        start = len(good) - 5 * 64
        programs += [("opt/bin/flip%d" % i, elf.patched(good, i, bytes([good[i] ^ 0xff]))) for i in range(start, len(good))]
        r = self.inventory(programs)
        self.assertIn(r.code, (0, 3), r)
        self.assertIn(("base", "1.0"), self.names(r.doc))
        self.assertIn("opt/bin/good", [p["path"] for p in r.doc["packages"]])

    def test_larger_than_the_limit(self):
        good = elf.go(elf.inline_info(), pad=1 << 20)
        r = self.inventory([("opt/bin/large", good), ("opt/bin/text", b"#!" + bytes(2 << 20))], "--limit", "binary_bytes=1M")
        self.assertEqual(r.code, 3, r)
        self.assertEqual([(s["path"], s["reason"]) for s in r.doc["coverage"]["skipped"]],
                         [("opt/bin/large", "has %d bytes, more than the 1048576 that limit binary_bytes allows" % len(good))])
        self.assertIn(("base", "1.0"), self.names(r.doc))

    def test_shared_between_scanners(self):
        """A file that is both a Go program and one of cargo-auditable's, and named after a third thing."""
        both = elf.elf([(".go.buildinfo", elf.inline_info(), 0x4000, elf.R | elf.W), (".dep-v0", elf.crates("libc"), 0, elf.R),
                        (".rodata", b"node.js/v20.1.0\0", 0x8000, elf.R)])
        r = self.inventory([("opt/bin/node", both)])
        self.assertEqual(r.code, 0, r)
        self.assertEqual(sorted((p["kind"], p["name"]) for p in r.doc["packages"] if p["path"] == "opt/bin/node"),
                         [("binary", "node"), ("cargo", "libc"), ("go", "example.test/app"), ("go", "example.test/lib"),
                          ("go", "stdlib")])

    def test_replaced_programs(self):
        """Whatever takes the place of a program, it is gone."""
        lower = debian_layer(stanza("base", "1.0"), extra=[program("usr/local/bin/app", elf.go(elf.inline_info())),
                                                           program("usr/local/bin/node", b"\x7fELF node.js/v20.1.0\0")])
        self.assertEqual(len(self.run_clarion("index", self.image(lower)).doc["packages"]), 5)
        data = tarfile.TarInfo("usr/local/bin/app")
        data.size = 1 << 20
        for name, app in (("script", program("usr/local/bin/app", b"#!/bin/sh\n")), ("data", (data, bytes(data.size))),
                          ("program", program("usr/local/bin/app", elf.elf([])))):
            with self.subTest(name):
                upper = tar_of([app, ("usr/local/bin/node", b"")])
                r = self.run_clarion("index", self.image(lower, upper, name=name))
                self.assertEqual(self.names(r.doc), [("base", "1.0")])

    def test_owned_programs(self):
        """What a package owns is its own: modules are attributed to it, a program that it ships is not told twice."""
        node = b"\x7fELF node.js/v20.1.0\0"
        files = [program("usr/bin/app", elf.go(elf.inline_info())), program("usr/bin/node", node),
                 program("usr/local/bin/node", node),
                 ("var/lib/dpkg/info/base.list", "/.\n/usr\n/usr/bin\n/usr/bin/app\n/usr/bin/node\n")]
        r = self.run_clarion("index", "--format", "json", self.image(debian_layer(stanza("base", "1.0"), extra=files)))
        self.assertEqual(r.code, 0, r)
        self.assertEqual([p["path"] for p in r.doc["packages"] if p["kind"] == "binary"], ["usr/local/bin/node"])
        modules = [p for p in r.doc["packages"] if p["kind"] == "go"]
        self.assertEqual(len(modules), 3)
        self.assertEqual({p["owned_by"] for p in modules}, {"deb:base"})


if __name__ == "__main__":
    unittest.main()
