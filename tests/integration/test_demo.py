"""What a newcomer sees first: the demo's data is what its script makes, and the demo says what it should."""
import hashlib
import json
import os
import re
import subprocess
import sys
import unittest

import clarion
import store

DEMO = os.path.join(os.path.dirname(clarion.HERE), "demo")


def read(*parts):
    with open(os.path.join(*parts), "rb") as f:
        return f.read()


def configuration(layout):
    """The image's configuration: with the digests of the unpacked layers, whatever the local zlib makes of them."""
    manifest = json.loads(read(layout, "index.json"))["manifests"][0]["digest"]
    config = json.loads(read(layout, "blobs", "sha256", manifest[7:]))["config"]["digest"]
    return read(layout, "blobs", "sha256", config[7:])


class Demo(clarion.Case):
    def demo(self):
        done = subprocess.run(["sh", "demo/run.sh", os.path.abspath(clarion.BINARY)], capture_output=True, check=False, timeout=120,
                              stdin=subprocess.DEVNULL, cwd=os.path.dirname(DEMO), env=store.environment(self.data))
        return clarion.Result(done)

    def test_image_is_what_the_script_makes(self):
        made = self.path("image")
        subprocess.run([sys.executable, os.path.join(DEMO, "make-image.py"), made], check=True)
        self.assertEqual(configuration(made), configuration(os.path.join(DEMO, "image")))
        blobs = os.path.join(DEMO, "image", "blobs", "sha256")
        for name in os.listdir(blobs):
            self.assertEqual(hashlib.sha256(read(blobs, name)).hexdigest(), name)

    def test_what_it_shows(self):
        r = self.demo()
        self.assertEqual(r.code, 0, r)
        heartbleed = r"(?m)^High +7\.5 +94\.0% +yes +openssl +1\.0\.1e-2\+deb7u4 +1\.0\.1e-2\+deb7u5 +CVE-2014-0160 +" \
                     r"https://security-tracker\.debian\.org/tracker/CVE-2014-0160$"
        self.assertRegex(r.out, heartbleed)
        self.assertRegex(r.out, r"(?m)^Low +6\.5 +0\.05% +- +coreutils +8\.13-3\.5 +- +CVE-2016-2781 ")
        found = re.search(r"(?m)^(\d+) findings in (\d+) packages: ", r.out)
        fixed = re.search(r"(?m)^(\d+) of (\d+) are fixed by a plain update of (\d+) packages: .*openssl", r.out)
        self.assertEqual(found.group(1), fixed.group(2))
        self.assertLess(int(fixed.group(1)), int(fixed.group(2)))
        self.assertIn("\nUndetermined: 1 ", r.out)
        self.assertIn("openssl 1.0.1e-2+deb7u4: affected", r.out)
        for gone in ("wget", "CVE-2015-0291", "CVE-2005-2096"):  # removed, never affected, fixed long before
            self.assertNotIn(gone, r.out)

    def test_readme_shows_what_it_prints(self):
        readme = read(os.path.dirname(DEMO), "README.md").decode()
        shown = re.search(r"(?s)```\n(\$ clarion scan .*?)```", readme).group(1)
        today = lambda text: re.sub(r" of \d{4}-\d\d-\d\d \(", " of TODAY (", text)
        self.assertIn("\n" + today(shown) + "\n", today(self.demo().out))

    def test_the_story_of_the_layers(self):
        self.update(os.path.join(DEMO, "feeds"))
        doc = self.scan(os.path.join(DEMO, "image")).doc
        layers = {p["name"]: [x["digest"] for x in doc["layers"]].index(p["layer"]) for p in doc["packages"]}
        self.assertEqual((len(layers), layers["bash"], layers["openssl"], len(doc["layers"])), (12, 0, 1, 3))
        self.assertEqual(doc["coverage"]["distribution"], "end-of-life")
        self.assertEqual(doc["errors"], [])

    def test_alpine_feed(self):
        self.update(os.path.join(DEMO, "feeds"))
        apk = "C:Q1x\nP:libssl3\nV:3.1.3-r0\nA:x86_64\no:openssl\n\nC:Q1x\nP:busybox\nV:1.36.1-r2\nA:x86_64\no:busybox\n\n"
        release = 'ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n'
        doc = self.scan(self.image(clarion.tar_of([("etc/os-release", release), ("lib/apk/db/installed", apk)]))).doc
        self.assertEqual(self.findings(doc), [("libssl3", "CVE-2023-5363", "3.1.4-r0")])


if __name__ == "__main__":
    unittest.main()
