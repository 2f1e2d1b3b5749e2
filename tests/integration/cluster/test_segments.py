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

    @cluster.need_long
    def test_missing_when_it_is_to_be_told_of(self):
        """What a notifier cannot have for a moment is told of afterwards, not passed over."""
        indexer = self.node("indexer", mode="indexer")
        matcher = self.node("matcher", mode="matcher")
        image = cluster.manifest("image", self.blobs.layer(cluster.layer_of(stanza("bash", "5.2-1"))))
        self.await_that(self.generation)
        self.assertEqual(self.post(indexer, image).status, 201)
        notifier = self.node("notifier", mode="notifier")
        self.await_that(lambda: self.sql("SELECT * FROM notified"))
        notifier.service.kill()
        former = self.generation()
        self.publish("CVE-2030-1")
        matcher.service.kill()
        matcher.start()
        self.await_that(lambda: self.generation() != former)
        self.sql("UPDATE shared_segment_chunk SET packed = substr(packed, 1, 20) || packed")
        notifier.start()
        self.await_that(lambda: "cannot be made" in notifier.service.messages())
        self.assertEqual(self.sql("SELECT * FROM notification"), [])
        self.sql("UPDATE shared_segment_chunk SET packed = substr(packed, 21)")
        self.await_that(lambda: self.sql("SELECT uuid FROM notification WHERE items > 0"), seconds=60)


if __name__ == "__main__":
    unittest.main()
