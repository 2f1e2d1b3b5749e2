"""What `--format clair` says of every image of the shared folder, against Clair's strict schemas and by Quay's eyes."""
import glob
import os
import unittest

import clarion
from conformance.clair import quay, schemas

IMAGES = os.path.join(clarion.SHARED or "", "images")


def targets():
    for path in sorted(glob.glob(os.path.join(IMAGES, "*"))):
        name = os.path.basename(path)
        if name.endswith(".oci"):
            yield name, "oci:" + path
        elif ".docker.tar" in name:
            yield name, "docker-archive:" + path


@clarion.need_shared
class ClairDocuments(clarion.Case):
    def test_every_image(self):
        """Inventory and report of each; of one that cannot be read whole, an inventory in the state IndexError, or none."""
        schemas.validator("IndexReport")  # or skip, before the feeds are read
        self.update(os.path.join(clarion.SHARED, "feeds"))
        whole, broken, findings, enriched = 0, 0, 0, 0
        for name, target in targets():
            with self.subTest(image=name):
                index = self.run_clarion("index", "--format", "clair", target)
                if index.out:
                    schemas.check(self, "IndexReport", index.doc, name)
                    self.assertEqual(index.doc["success"], index.code == 0, index)
                if index.code != 0:
                    self.assertEqual((index.code, name[:4]), (3, "bad-"), index)
                    broken += 1
                    continue
                report = self.run_clarion("report", index.doc["manifest_hash"], "--format", "clair")
                self.assertEqual(report.code, 0, report)
                schemas.check(self, "VulnerabilityReport", report.doc, name)
                for member in ("manifest_hash", "packages", "distributions", "repository", "environments"):
                    self.assertEqual(report.doc[member], index.doc[member], name)  # ids, too, are the same in both
                features = quay.features(report.doc)
                self.assertEqual(len(features), len(report.doc["packages"]), name)
                whole += 1
                findings += sum(map(len, report.doc["package_vulnerabilities"].values()))
                enriched += bool(report.doc["enrichments"])
        self.assertGreaterEqual(whole, 50)
        self.assertGreaterEqual(broken, 20)
        self.assertGreater(findings, 5000)
        self.assertGreaterEqual(enriched, 10)


if __name__ == "__main__":
    unittest.main()
