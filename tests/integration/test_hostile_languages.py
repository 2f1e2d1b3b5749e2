"""Hostile files where packages of languages are looked for: each costs itself, with a message; the rest is reported."""
import os
import sys
import tarfile
import unittest

import clarion
from clarion import debian_layer, stanza, tar_of

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile.languages import CASES, FOUND, LOST  # noqa: E402

GOOD = [("good", "1.0"), ("libssl3", "3.0.8-1")]


class HostileLanguages(clarion.Case):
    def layer(self, path, contents):
        """The file between a package of the distribution and one of Python."""
        good = ("usr/lib/python3/site-packages/good-1.0.dist-info/METADATA", "Name: good\nVersion: 1.0\n\n")
        if isinstance(contents, int):
            claim = tarfile.TarInfo(path)
            claim.pax_headers = {"GNU.sparse.size": str(contents), "GNU.sparse.map": "0,0"}
            return debian_layer(stanza("libssl3", "3.0.8-1"), extra=[claim, good])
        return debian_layer(stanza("libssl3", "3.0.8-1"), extra=[(path, contents), good])

    def test_each(self):
        for name, (path, contents, (comes_to, words)) in CASES.items():
            with self.subTest(name):
                image = self.image(self.layer(path, contents), name=name)
                r = self.run_clarion("index", image)
                self.assertEqual(r.code, 3 if comes_to == LOST else 0, r)
                self.assertLess(self.peak_of("index", image), 400 * 1024)
                also = words if comes_to == FOUND else []
                self.assertEqual(self.names(r.doc), sorted(GOOD + also))
                if comes_to == FOUND:
                    continue
                skips = [s for s in r.doc["coverage"]["skipped"] if s["path"] == path]
                told = "\n".join("%s %s" % (s["layer"], s["reason"]) for s in skips)
                if comes_to == LOST:
                    told = "\n".join(r.doc["errors"])
                    self.assertIn(path, told)
                for word in [*words, "sha256:"]:
                    self.assertIn(word, told)

    def test_all_at_once(self):
        """What is lost of one file is not lost of its neighbours."""
        files = [(path, contents) for path, contents, _ in CASES.values() if not isinstance(contents, int)]
        layer = debian_layer(stanza("libssl3", "3.0.8-1"), extra=files)
        r = self.run_clarion("index", self.image(layer, tar_of([("x-1.egg-info", "Name: x\nVersion: 1\n")])))
        self.assertEqual(r.code, 3, r)
        found = [x for _, _, (comes_to, words) in CASES.values() if comes_to == FOUND for x in words]
        self.assertEqual(self.names(r.doc), sorted([*found, ("libssl3", "3.0.8-1"), ("x", "1")]))


if __name__ == "__main__":
    unittest.main()
