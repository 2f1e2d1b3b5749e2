"""How often the service waits for the database server: what an index and a report cost where that is far away."""
import json
import os
import re
import sys
import unittest

import clarion
import store
from clarion import stanza
from serving import Service

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_serve_index import ALLOW, POST, REPORT, Layers, layer_of, manifest


class RoundTrips(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds())
        self.layers = Layers(self)
        self.service = Service(self, ALLOW)
        self.settle()

    def count(self):
        text = self.service.get("/metrics", introspection=True).body.decode()
        return int(re.search(r"^clarion_store_round_trips_total (\d+)$", text, re.M).group(1))

    def settle(self):
        """Until nothing but these questions themselves is asked: a service that starts looks at what there is."""
        steady, before = 0, self.count()
        while steady < 3:
            now = self.count()
            self.asking, steady = now - before, steady + 1 if steady and now - before == self.asking else 1
            before = now

    def trips(self, *acts):
        """The fewest that one of some acts of a kind took: now and then the service asks something by itself."""
        least = None
        for act in acts:
            before = self.count()
            act()
            took = self.count() - before - self.asking
            least = took if least is None else min(took, least)
        return least

    def post(self, document):
        answer = self.service.ask("POST", POST, json.dumps(document))
        self.assertEqual(answer.status, 201, answer)

    def posts(self, *documents):
        return [lambda d=d: self.post(d) for d in documents]

    def report(self, document, status=200, **headers):
        answer = self.service.get(REPORT + document["hash"], **headers)
        self.assertEqual(answer.status, status, answer)
        return answer

    @unittest.skipUnless(store.server(), "a file is not waited for")
    def test_server(self):
        base = self.layers.add(layer_of(stanza("openssl", "1.0.1e-1")))
        self.post(manifest("first", base))
        fresh = [manifest("fresh %d" % i, self.layers.add(layer_of(stanza("openssl", "1.0.1e-%d" % i)))) for i in range(2, 5)]
        known = [manifest("known %d" % i, base) for i in range(3)]
        # Is it known, what of its layers, and which of the others may be read; then what is found in them goes along with
        # what the image is made of, and then the image itself. However many layers are read, within a second.
        self.assertLessEqual(self.trips(*self.posts(*fresh)), 1 + 2)
        many = [manifest("many %d" % i, *[self.layers.add(layer_of(stanza("p%d" % k, "%d.%d" % (i, k)))) for k in range(4)])
                for i in range(3)]
        self.assertLessEqual(self.trips(*self.posts(*many)), 1 + 2)
        self.assertLessEqual(self.trips(*self.posts(*known)), 1 + 2)
        self.assertEqual(self.trips(*self.posts(*known)), 1)
        # What a layer changes of those below it is new of these, too; so may be what known layers bring together.
        upgrades = [self.layers.add(layer_of(stanza("bash", "5.2-%d" % i), stanza("openssl", "1.0.1e-1"))) for i in range(3)]
        self.assertLessEqual(self.trips(*self.posts(*[manifest("upgraded %d" % i, base, x) for i, x in enumerate(upgrades)])), 1 + 2)
        self.assertLessEqual(self.trips(*self.posts(*[manifest("below %d" % i, x, base) for i, x in enumerate(upgrades)])), 1 + 2)
        # Two layers, of which one stands twice, are asked for together.
        other = self.layers.add(layer_of(stanza("bash", "5.1-2")))
        self.post(manifest("both", base, other))
        self.assertLessEqual(self.trips(*self.posts(*[manifest("both %d" % i, base, other, base) for i in range(3)])), 1 + 2)
        # Reports: made, kept, and not changed.
        tags = {}
        self.assertEqual(self.trips(*[lambda d=d: tags.update({d["hash"]: self.report(d).headers["Etag"]}) for d in known]), 1)
        self.assertEqual(self.trips(*[lambda d=d: self.report(d) for d in known]), 1)
        self.assertEqual(self.trips(*[lambda d=d: self.report(d, 304, If_None_Match=tags[d["hash"]]) for d in known]), 1)

    @unittest.skipIf(store.server(), "a server is waited for")
    def test_file(self):
        document = manifest("image", self.layers.add(layer_of(stanza("openssl", "1.0.1e-1"))))
        self.post(document)
        self.report(document)
        self.assertEqual(self.count(), 0)
