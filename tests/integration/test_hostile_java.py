"""Java archives that mean harm: each costs an error of its own and nothing else."""
import unittest

import clarion
from clarion import debian_layer, stanza
from integration.hostile import jars

GOOD = [("opt/a.jar", jars.jar(jars.pom("org.example", "before", "1.0"))),
        ("opt/z.jar", jars.jar(jars.pom("org.example", "behind", "1.0")))]


class HostileJava(clarion.Case):
    def index(self, *files):
        return self.run_clarion("index", "--format", "json", self.image_with(*files))

    def image_with(self, *files):
        return self.image(debian_layer(stanza("libssl3", "3.0.8-1"), extra=[GOOD[0], *files, GOOD[1]]))

    def found(self, r):
        return {p["name"] for p in r.doc["packages"]}

    def test_each(self):
        for name, data, words in jars.all_of_them():
            with self.subTest(name):
                path = "opt/lib/%s.jar" % name
                r = self.index((path, data))
                self.assertEqual(r.code, 3, r)
                self.assertLessEqual({"libssl3", "org.example:before", "org.example:behind"}, self.found(r))
                errors = [x for x in r.doc["errors"] if path in x]
                self.assertTrue(any(words in x and "layer sha256:" in x for x in errors), r)
                self.assertEqual(len(errors), len(r.doc["errors"]), "another file's error")
                # The tests' own build needs more memory than the limit of a worker, which sanitizers' shadow would exceed.
                self.assertLess(self.peak_of("index", self.image_with((path, data))), 400 * 1024)

    def test_all_at_once(self):
        r = self.index(*[("opt/lib/%s.jar" % name, data) for name, data, _ in jars.all_of_them()])
        self.assertEqual(r.code, 3, r)
        self.assertLessEqual({"libssl3", "org.example:before", "org.example:behind", "org.example:level0"}, self.found(r))
        for name, _, _ in jars.all_of_them():
            self.assertTrue(any("opt/lib/%s.jar" % name in x for x in r.doc["errors"]), (name, r))

    def test_size_limit(self):
        image = self.image(debian_layer(stanza("libssl3", "3.0.8-1"), extra=GOOD + [("opt/large.war", bytes(5000))]))
        r = self.run_clarion("index", "--format", "json", "--limit", "jar_bytes=4K", image)
        self.assertEqual(r.code, 3, r)
        self.assertEqual(self.found(r), {"libssl3", "org.example:before", "org.example:behind"})
        self.assertRegex(r.doc["errors"][0], "opt/large.war: has 5000 bytes, more than the 4096 that limit jar_bytes allows")

    def test_names(self):
        """Names are labels here: nothing is looked up by them."""
        inner = jars.jar(jars.pom("org.example", "inner", "1.0"))
        names = ["../../etc/passwd.jar", "/etc/shadow.jar", "a\0b.jar", "\x1b[31m.jar", "\u202e.jar", "x!y.jar"]
        r = self.index(("opt/names.jar", jars.jar(*[(n.replace("\0", "\x01"), inner) for n in names]).replace(b"a\x01b.jar", b"a\0b.jar")))
        self.assertEqual(r.code, 0, r)
        inside = [p["path"] for p in r.doc["packages"] if p["name"] == "org.example:inner"]
        self.assertEqual(sorted(inside), sorted("opt/names.jar!" + n.replace("\0", "\ufffd") for n in names))

    def test_what_merely_is_something_else(self):
        r = self.index(("opt/text.jar", "text"), ("opt/empty.war", ""), ("opt/a.zip", jars.jar(jars.pom("a", "b", "1"))))
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.found(r), {"libssl3", "org.example:before", "org.example:behind"})
        self.assertEqual([(x["path"], x["reason"]) for x in r.doc["coverage"]["skipped"]],
                         [("opt/text.jar", "is no zip archive")])


if __name__ == "__main__":
    unittest.main()
