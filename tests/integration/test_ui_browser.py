"""The web page in a real browser: light and dark, narrow and wide, by keyboard, without script, and what axe finds."""
import base64
import json
import os
import shutil
import subprocess
import time
import unittest
import urllib.parse

import clarion
import npm
from clarion import debian_layer, stanza, tracker_entry
from serving import Service, token

PACKAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")
KEY = b"0123456789abcdef0123456789abcdef"
HOSTILE = "<script>alert(1)</script>"
MODULE = json.dumps({"name": HOSTILE, "version": "1'\"><svg onload=alert(3)>"})
BROWSE = os.path.join(clarion.HERE, "tools", "browse.js")


class Browser(clarion.Case):
    def browse(self, origin, paths, *token):
        """Nothing is wrong with these pages."""
        chromium = shutil.which("chromium")
        if not chromium:
            self.skipTest("wants chromium")
        done = subprocess.run(["node", BROWSE, npm.need(*PACKAGES), chromium, origin, json.dumps(paths), *token], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=300, check=False, env=dict(os.environ, HOME=self.folder))
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-3000:])
        wrong = json.loads(done.stdout)
        self.assertEqual(wrong, [], "\n".join("%(page)s: %(what)s" % w for w in wrong)[:6000])

    def test_login(self):
        """By plain http, where browsers say less of where a form comes from than they do by TLS and on this machine."""
        service = Service(self, {"auth": {"psk": {"key": base64.b64encode(KEY).decode(), "iss": ["quay"]}}})
        self.browse("http://clarion.test:%d" % service.port, ["/images?severity=high&order=newest"],
                    token(KEY, {"iss": "quay", "exp": int(time.time()) + 600}))

    def test_all_pages(self):
        names = ["openssl", "bash"] + ["library-with-quite-a-long-name-%03d" % i for i in range(100)]
        self.update(self.feeds({n: {"CVE-2030-%d" % (1000 + i): tracker_entry(urgency=("low", "medium", "high")[i % 3], bookworm="2" if i % 2 else None,
                                                                              description="<img src=x onerror=alert(2)>")}
                                for i, n in enumerate(names)}))
        r = self.run_clarion("index", self.image(debian_layer(*(stanza(n, "1") for n in names), extra=[("usr/lib/node_modules/x/package.json", MODULE)]),
                                                 config={"history": [{"created_by": "RUN apt-get install " + "x" * 300}]}), "--format", "clair")
        image = "/images/" + r.doc["manifest_hash"]
        self.run_clarion("vex", "add", self.vex("not_affected", "CVE-2030-1000", justification="component_not_present"))
        service = Service(self)
        paths = ["/", "/images", image, "/feeds", "/notifications", "/search?q=openssl", "/search?q=" + urllib.parse.quote(HOSTILE),
                 "/vulnerabilities/CVE-2030-1001", "/vulnerabilities/CVE-2030-1002"]
        paths += ["%s?show=%s" % (image, show) for show in ("updates", "packages", "layers", "suppressed", "coverage")]
        self.browse("http://127.0.0.1:%d" % service.port, paths)


if __name__ == "__main__":
    unittest.main()
