"""Two reports compared: what changed, and what of image, feeds and program can have caused it."""
import json
import os
import unittest

import clarion
from clarion import debian_layer, stanza, tracker_entry


class Diff(clarion.Case):
    def tracker(self, name="feeds", **vulnerabilities):
        """{package: {vulnerability: fixed}} as a mirror folder."""
        return self.feeds({p: {v: tracker_entry(bookworm=fixed) for v, fixed in entries.items()} for p, entries in vulnerabilities.items()}, name=name)

    def report(self, target, name, *options, **changes):
        path = self.path(name + ".json")
        r = self.scan(target, *options)
        self.assertEqual(r.code, 0, r)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(dict(r.doc, **changes), f) if changes else f.write(r.out)
        return path

    def diff(self, before, after):
        r = self.run_clarion("diff", "--format", "json", before, after)
        self.assertEqual(r.code, 0, r)
        again = self.run_clarion("diff", "--format", "json", before, after)
        self.assertEqual(again.out, r.out)
        return r.doc

    def changes(self, doc):
        return [(f["change"], f["vulnerability"], f["package"], f["causes"]) for f in doc["findings"]]

    def old_image(self, name="old"):
        return self.image(debian_layer(stanza("openssl", "3.0.8-1"), stanza("bash", "5.1-1"), stanza("gone", "1-1")), name=name)

    def test_same(self):
        self.update(self.tracker(openssl={"CVE-2020-0001": "3.0.9-1"}))
        doc = self.diff(self.report(self.old_image(), "a"), self.report(self.old_image(), "b"))
        self.assertEqual((doc["findings"], doc["image"]["packages"], doc["feeds"]["changed"]), ([], [], []))
        self.assertEqual(doc["image"]["from"], doc["image"]["to"])
        self.assertIn("0 added, 0 changed, 0 removed\n", self.run_clarion("diff", self.path("a.json"), self.path("b.json")).out)

    def test_image(self):
        self.update(self.tracker(openssl={"CVE-2020-0001": "3.0.9-1", "CVE-2020-0002": "3.0.11-1"}, gone={"CVE-2020-0003": "2-1"}, new={"CVE-2020-0004": "2-1"}))
        new = self.image(debian_layer(stanza("openssl", "3.0.10-1"), stanza("bash", "5.1-1"), stanza("new", "1-1")), name="new")
        before, after = self.report(self.old_image(), "a"), self.report(new, "b")
        doc = self.diff(before, after)
        self.assertEqual([(p["change"], p["name"], p["from"], p["to"]) for p in doc["image"]["packages"]],
                         [("removed", "gone", "1-1", ""), ("added", "new", "", "1-1"), ("changed", "openssl", "3.0.8-1", "3.0.10-1")])
        self.assertEqual(self.changes(doc), [("added", "CVE-2020-0004", "new", ["image"]), ("removed", "CVE-2020-0003", "gone", ["image"]),
                                             ("removed", "CVE-2020-0001", "openssl", ["image"])])
        text = self.run_clarion("diff", before, after).out
        self.assertIn("  changed  deb openssl 3.0.8-1 -> 3.0.10-1\n", text)
        self.assertIn("  added    CVE-2020-0004 new 1-1: Unknown, fixed in 2-1 (image)\n", text)
        self.assertIn("1 added, 0 changed, 2 removed\n", text)

    def test_feeds(self):
        self.update(self.tracker(openssl={"CVE-2020-0001": "3.0.9-1", "CVE-2020-0002": None, "CVE-2020-0003": "3.0.9-1"}))
        before = self.report(self.old_image(), "a")
        self.update(self.tracker(openssl={"CVE-2020-0001": "3.0.9-1", "CVE-2020-0002": "3.0.9-2"}, bash={"CVE-2020-0004": "6"}))
        after = self.report(self.old_image(), "b")
        doc = self.diff(before, after)
        self.assertEqual([c["feed"] for c in doc["feeds"]["changed"]], ["debian"])
        self.assertNotEqual(doc["feeds"]["from"], doc["feeds"]["to"])
        self.assertEqual(self.changes(doc), [("added", "CVE-2020-0004", "bash", ["feeds"]), ("changed", "CVE-2020-0002", "openssl", ["feeds"]),
                                             ("removed", "CVE-2020-0003", "openssl", ["feeds"])])
        self.assertEqual((doc["findings"][1]["from"]["fixed_in"], doc["findings"][1]["to"]["fixed_in"]), ("", "3.0.9-2"))
        self.assertIn("CVE-2020-0002 openssl 3.0.8-1: Unknown -> Unknown, fixed in 3.0.9-2 (feeds)\n", self.run_clarion("diff", before, after).out)

    def test_program_and_options(self):
        self.update(self.tracker(openssl={"CVE-2020-0001": "3.0.9-1", "CVE-2020-0002": None}))
        before, fewer = self.report(self.old_image(), "a"), self.report(self.old_image(), "b", "--only-fixed")
        self.assertEqual(self.changes(self.diff(before, fewer)), [("removed", "CVE-2020-0002", "openssl", ["options"])])
        other = self.report(self.old_image(), "c", "--only-fixed", program="clarion 99")
        doc = self.diff(before, other)
        self.assertEqual(self.changes(doc), [("removed", "CVE-2020-0002", "openssl", ["program"])])
        self.assertEqual(doc["program"]["to"], "clarion 99")

    def test_several_versions_of_one_package(self):
        """Each is compared with the one of its own version, and only the odd ones with each other."""
        self.update(self.tracker(openssl={"CVE-2020-0001": "9"}))
        path = self.report(self.old_image(), "a")
        with open(path, encoding="utf-8") as f:
            doc = json.load(f)
        template = [p for p in doc["packages"] if p["name"] == "openssl"][0]
        finding = doc["findings"][0]

        def with_versions(name, *versions):
            packages = [dict(template, id=str(i), version=v, source=dict(template["source"], version=v)) for i, v in enumerate(versions)]
            made = dict(doc, packages=packages, findings=[dict(finding, package=p["id"]) for p in packages])
            with open(self.path(name), "w", encoding="utf-8") as f:
                json.dump(made, f)
            return self.path(name)
        d = self.diff(with_versions("x", "1", "2", "3"), with_versions("y", "3", "1", "4", "5"))
        self.assertEqual([(p["change"], p["from"], p["to"]) for p in d["image"]["packages"]], [("changed", "2", "4"), ("added", "", "5")])
        self.assertEqual([(f["change"], f["to"]["version"]) for f in d["findings"]], [("added", "5")])

    def test_what_is_no_report(self):
        self.update(self.tracker(openssl={"CVE-2020-0001": "3.0.9-1"}))
        good = self.report(self.old_image(), "a")
        with open(good, encoding="utf-8") as f:
            doc = json.load(f)
        for text, why in (("", "the second: "), ("{", "the second: "), ("[]", "is no report"), ('{"schema": "clarion/index/1"}', "is no report"),
                          (json.dumps(dict(doc, packages=[])), "is of no package of the report")):
            with open(self.path("bad"), "w", encoding="utf-8") as f:
                f.write(text)
            r = self.run_clarion("diff", good, self.path("bad"))
            self.assertEqual((r.code, r.out), (3, ""))
            self.assertIn(why, r.err)
        self.assertIn("the first", self.run_clarion("diff", self.path("bad"), good).err)
        self.assertIn("No such file", self.run_clarion("diff", good, self.path("none")).err)
        r = self.run_clarion("diff", "--limit", "report_bytes=100", good, good)
        self.assertEqual(r.code, 3)
        self.assertIn("100", r.err)
        self.assertEqual(self.run_clarion("diff", good).code, 2)
        self.assertEqual(self.run_clarion("diff", "--format", "x", good, good).code, 2)
        self.assertFalse(os.path.exists(self.path("x")))


if __name__ == "__main__":
    unittest.main()
