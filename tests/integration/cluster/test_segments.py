"""A node that cannot have a segment from the server says so in its reports, and has it as soon as it can be had."""
import unittest

import cluster
from clarion import stanza

FAR = "999999"  # a number that no piece has


class Segments(cluster.Case):
    def test_missing_for_a_while(self):
        first = self.node("first")
        image = cluster.manifest("image", self.blobs.layer(cluster.layer_of(stanza("bash", "5.2-1"))))
        self.await_that(self.generation)
        self.assertEqual(self.post(first, image).status, 201)
        self.await_that(lambda: "CVE-2029-1" in (self.found(first, image["hash"]) or ()))
        self.sql("UPDATE shared_segment_chunk SET number = number + " + FAR)
        second = self.node("second", matcher={"disable_updaters": True})
        self.await_that(lambda: self.report(second, image["hash"]) is not None)
        self.assertEqual(self.found(second, image["hash"]), set())
        coverage = second.service.get("/api/v1/images/" + image["hash"]).doc["coverage"]
        self.assertEqual({f["feed"]: f["state"] for f in coverage["feeds"]}["debian"], "failed", coverage)
        self.sql("UPDATE shared_segment_chunk SET number = number - " + FAR)
        self.await_that(lambda: "CVE-2029-1" in self.found(second, image["hash"]), seconds=10)


if __name__ == "__main__":
    unittest.main()
