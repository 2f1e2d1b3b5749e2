"""Every image of the shared folder against its truth, for all kinds of packages that the table of scanners has.

The truth comes from the package managers' own listings; the judge is the shared folder's conformance tool. Kinds are
read from the program, so a new scanner's images join by themselves. The judging runs are made with the program under
test as built for the tests, sanitizers included.
"""
import os
import re
import subprocess
import sys
import unittest

import clarion

TOOL = os.path.join(clarion.SHARED or "", "tools", "conformance.py")


@clarion.need_shared
class Images(clarion.Case):
    @classmethod
    def setUpClass(cls):
        version = subprocess.run([clarion.BINARY, "version", "-v"], capture_output=True, text=True, check=True).stdout
        line = re.search(r"^scanners: (.*)$", version, re.M).group(1)
        cls.kinds = ",".join(sorted({x.split("=")[1] for x in line.split() if "=" in x}))

    def judge(self, *more):
        self.update(os.path.join(clarion.SHARED, "feeds"))
        done = subprocess.run([sys.executable, TOOL, clarion.BINARY, os.path.join(clarion.SHARED, "images"), "--data", self.data,
                               "--kinds", self.kinds, *more], capture_output=True, text=True, check=False, timeout=1500)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-1000:])
        self.assertRegex(done.stdout, r"(?m)^[1-9]\d* passed, 0 failed")

    def test_packages_and_findings(self):
        self.judge("--findings")

    def test_hostile(self):
        self.judge("--hostile")


if __name__ == "__main__":
    unittest.main()
