"""From an update of a feed on a mirror to those who are told of it: the service itself, with all that is between."""
import base64
import email
import email.policy
import hashlib
import hmac
import json
import os
import random
import shutil
import tempfile
import threading
import time
import unittest

import brokers
import clarion
import notified
import store
import receivers
from clarion import debian_layer, stanza, tracker_entry
from ports import free_port
from registry import Authority, Registry, need_registry
from serving import Service
from upstream import Upstream

PAGES = "/notifier/api/v1/notification/"
KEY = b"0123456789abcdef0123456789abcdef"
QUICK = {"target_connect_seconds": 3, "target_answer_seconds": 2, "target_delivery_seconds": 4, "delivery_first_wait_seconds": 1,
         "delivery_most_wait_seconds": 1, "fetch_tries": 1}
WAIT = 120  # seconds, of a machine that has much else to do
KILLS = int(os.environ.get("CLARION_KILLS", "200"))


class Base(clarion.Case):
    """A mirror whose Debian tracker has one flaw more with each publish(), in a package that the images hold."""

    def setUp(self):
        super().setUp()
        self.flaws = {"CVE-2029-1": tracker_entry(bookworm=None)}
        self.folder_of_mirror = self.feeds({"bash": self.flaws})
        self.mirror = Upstream(self, self.folder_of_mirror)

    def publish(self, flaw, **entry):
        self.flaws[flaw] = tracker_entry(bookworm=None, **entry)
        self.feeds({"bash": self.flaws})

    def update(self, *_):
        r = self.run_clarion("update", "--mirror", self.mirror.url, "debian")
        self.assertEqual(r.code, 0, r)

    def indexed(self, *layers, name="image"):
        r = self.run_clarion("index", self.image(*layers, name=name), "--format", "clair")
        self.assertEqual(r.code, 0, r)
        return r.doc["manifest_hash"]

    def await_that(self, what, service):
        deadline = time.monotonic() + WAIT
        while True:
            got = what()
            if got:
                return got
            self.assertLess(time.monotonic(), deadline, service.messages()[-3000:])
            self.assertIsNone(service.process.poll(), service.messages()[-3000:])
            time.sleep(0.05)

    def query(self, sql, *values):
        return store.query(self.data, sql, *values)

    def notifications(self):
        """Their ids, in the order in which they were made."""
        return [row[0] for row in self.query("SELECT uuid FROM notification ORDER BY id")]

    def noted(self):
        return not self.query("SELECT 1 FROM update_operation u WHERE id IN (SELECT max(id) FROM update_operation GROUP BY feed) AND NOT "
                              "EXISTS (SELECT 1 FROM notified n WHERE n.feed = u.feed AND n.segment = u.segment)")

    def delivered(self):
        return not self.query("SELECT 1 FROM delivery WHERE state <> 1")

    def settle(self, service):
        self.await_that(self.noted, service)

    def contents(self, ident):
        return self.run_clarion("notifications", "show", "--format", "json", ident).doc["contents"]


def stalls(handler):
    """Takes the request, and says nothing until the other side has had enough of it."""
    handler.connection.settimeout(30)
    try:
        handler.connection.recv(1)
    except OSError:
        pass


class Webhooks(Base):
    def test_trouble_with_one_target(self):
        """Nobody there, a stall, a 500, then 200: each notification is taken once, in order, and the other target does not wait."""
        self.indexed(debian_layer(stanza("bash", "5.2-1")))
        self.update()
        port, chat = free_port(), receivers.Web(self)
        callback = "http://127.0.0.1:%d%s" % (free_port(), PAGES)
        service = Service(self, {"limits": QUICK, "auth": {"psk": {"key": base64.b64encode(KEY).decode(), "iss": ["quay"]}},
                                 "notifier": {"webhook": {"target": "http://127.0.0.1:%d/hook" % port, "callback": callback},
                                              "chat": {"target": chat.url + "/chat", "style": "slack"}}})
        self.settle(service)
        for i in range(3):
            self.publish("CVE-2030-%d" % i)
            self.update()
            self.settle(service)
            self.await_that(lambda: len(chat.requests) == i + 1, service)
        ids = self.notifications()
        self.assertEqual(len(ids), 3)
        self.await_that(lambda: self.query("SELECT attempts FROM delivery WHERE target = 'webhook' AND attempts > 0"), service)
        for i, (_, _, body) in enumerate(chat.requests):
            self.assertIn(b"CVE-2030-%d" % i, body)
        hook = receivers.Web(self, stalls, 500, 200, port=port)
        self.await_that(self.delivered, service)
        self.assertEqual([json.loads(body) for _, _, body in hook.requests],
                         [{"callback": callback + i, "notification_id": i} for i in ids[:1] * 3 + ids[1:]])
        for path, headers, _ in hook.requests:
            self.assertEqual(path, "/hook")
            self.check_token(headers["Authorization"])
        self.assertEqual(len(chat.requests), 3)
        self.assertEqual(self.query("SELECT sum(state) FROM delivery"), [(6,)])

    def check_token(self, authorization):
        """Signed with the key: the same claims signed anew give the same text."""
        scheme, _, text = authorization.partition(" ")
        head, claims, _ = text.split(".")
        head, claims = (json.loads(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))) for x in (head, claims))
        self.assertEqual((scheme, head["alg"], claims["iss"]), ("Bearer", "HS256", "clair-notifier"))
        self.assertTrue(claims["nbf"] <= time.time() + 1 and claims["exp"] > claims["nbf"])
        signed, _, signature = text.rpartition(".")
        wanted = base64.urlsafe_b64encode(hmac.new(KEY, signed.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
        self.assertEqual(signature, wanted)

    def test_digest_by_mail(self):
        """One mail, with the flaw, what to mend, and what the image is called."""
        self.indexed(debian_layer(stanza("bash", "5.2-1")), name="payments")
        self.update()
        sink = receivers.Mail(self, offers=())
        service = Service(self, {"limits": QUICK, "notifier": {"disable_summary": True, "mail": {
            "url": "smtp://127.0.0.1:%d" % sink.port, "from": "clarion@example.org", "to": ["a@example.org", "b@example.org"], "starttls": False}}})
        self.settle(service)
        for i in range(4):
            self.publish("CVE-2030-%d" % i, urgency="high")
        self.update()
        self.settle(service)
        self.await_that(self.delivered, service)
        (sender, to, message, _), = sink.taken
        self.assertIn("clarion@example.org", sender)
        self.assertEqual(len(to), 2)
        mail = email.message_from_bytes(message, policy=email.policy.default)
        self.assertIn("4 High new in 1 image (debian)", mail["Subject"])
        text = mail.get_content()
        for i in range(4):
            self.assertIn("CVE-2030-%d" % i, text)
        self.assertIn("payments", text)
        self.assertIn(self.notifications()[0], mail["Message-ID"])


@brokers.need_broker
class Broker(Base):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="clarion-broker-")
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.rabbit = brokers.Rabbit(cls.place, Authority(cls.place))
        cls.addClassCleanup(cls.rabbit.end)

    def queue(self):
        name = "q%d" % free_port()
        self.channel.exchange_declare(name, "direct", durable=True)
        self.channel.queue_declare(name, durable=True)
        self.addCleanup(self.channel.queue_delete, name)
        self.channel.queue_bind(name, name, "notifications")
        return name

    def messages(self, queue):
        taken = []
        while True:
            method, _, body = self.channel.basic_get(queue, auto_ack=True)
            if method is None:
                return taken
            taken.append(json.loads(body))

    def tell(self, amqp, stomp):
        """What is in both queues after an update of five flaws in two packages of an image, its id and its pages."""
        connection, self.channel = self.rabbit.channel()
        self.addCleanup(connection.close)
        one, two = self.queue(), self.queue()
        self.indexed(debian_layer(stanza("bash", "5.2-1"), stanza("bash-doc", "5.2-1", source="bash")))
        self.update()
        callback = "http://clarion.example.org" + PAGES
        service = Service(self, {"limits": QUICK, "notifier": {
            "disable_summary": True,
            "amqp": dict({"uris": ["amqp://guest:guest@127.0.0.1:%d/" % self.rabbit.amqp], "routing_key": "notifications", "callback": callback,
                          "exchange": {"name": one, "type": "direct", "durability": True}}, **amqp),
            "stomp": dict({"uris": ["127.0.0.1:%d" % self.rabbit.stomp], "destination": "/amq/queue/" + two, "host": "/", "callback": callback,
                           "user": {"login": "guest", "passcode": "guest"}}, **stomp)}})
        self.settle(service)
        for i in range(5):
            self.publish("CVE-2030-%d" % i)
        self.update()
        self.settle(service)
        self.await_that(self.delivered, service)
        ident, = self.notifications()
        pages = notified.items(service, ident, 3)
        self.assertEqual(len(pages), 10)
        # It was deleted, as the items are in the messages: gone with the next collection.
        self.assertTrue(self.query("SELECT deleted FROM notification")[0][0])
        service.end()
        again = Service(self, {})
        self.await_that(lambda: not self.query("SELECT 1 FROM notification_item"), again)
        self.assertEqual(notified.items(again, ident, 3), [])
        return ident, pages, self.messages(one), self.messages(two), {"callback": callback + ident, "notification_id": ident}

    def test_direct_by_amqp(self):
        _, pages, amqp, stomp, callback = self.tell({"direct": True, "rollup": 4}, {})
        self.assertEqual(amqp, [pages[:4], pages[4:8], pages[8:]])
        self.assertEqual(stomp, [callback])

    def test_direct_by_stomp(self):
        _, pages, amqp, stomp, callback = self.tell({}, {"direct": True, "rollup": 6})
        self.assertEqual(stomp, [pages[:6], pages[6:]])
        self.assertEqual(amqp, [callback])


class Vex(Base):
    """What stored VEX documents suppress is in no report of the service, and in no notification."""

    def statement(self, flaw, product, status="not_affected", **more):
        return dict({"vulnerability": {"name": flaw}, "products": [product], "status": status}, **more)

    def add(self, *statements):
        path = self.path("vex.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/1", "author": "a", "version": 1,
                       "timestamp": "2026-01-01T00:00:00Z", "statements": list(statements)}, f)
        self.assertEqual(self.run_clarion("vex", "add", path).code, 0)

    def found(self, service, digest):
        report = service.get("/matcher/api/v1/vulnerability_report/" + digest).doc
        return {(report["packages"][p]["name"], report["vulnerabilities"][v]["name"])
                for p, list_ in report["package_vulnerabilities"].items() for v in list_}

    def test_same_as_reports(self):
        one = self.indexed(debian_layer(stanza("bash", "5.2-1"), stanza("bash-doc", "5.2-1", source="bash")), name="one")
        two = self.indexed(debian_layer(stanza("bash", "5.2-1"), stanza("grep", "3.8-5")), name="two")
        self.publish("CVE-2029-2")
        self.update()
        because = {"justification": "vulnerable_code_not_present"}
        anywhere, of_image = {"@id": "pkg:deb/debian/bash"}, "pkg:oci/app@" + one
        self.add(self.statement("CVE-2030-0", anywhere, **because),               # suppressed in both, in one package
                 self.statement("CVE-2030-1", {"@id": of_image}, **because),      # in one image
                 self.statement("CVE-2030-2", {"@id": "pkg:deb/debian/grep", "subcomponents": [anywhere]}, **because),  # where grep is
                 self.statement("CVE-2030-3", anywhere, "affected", action_statement="update"),
                 self.statement("CVE-2029-2", {"@id": of_image}, "fixed"))
        service = Service(self, {"notifier": {"disable_summary": True}})
        self.settle(service)
        before = {d: self.found(service, d) for d in (one, two)}
        del self.flaws["CVE-2029-2"]
        for i in range(5):
            self.publish("CVE-2030-%d" % i)
        self.update()
        self.settle(service)
        wanted = set()
        for digest in (one, two):
            after = self.found(service, digest)
            wanted |= {("added", digest, *what) for what in after - before[digest]}
            wanted |= {("removed", digest, *what) for what in before[digest] - after}
        ident, = self.notifications()
        told = [(i["reason"], i["manifest"], i["package"]["name"], i["vulnerability"]) for i in self.contents(ident)]
        self.assertEqual(sorted(told), sorted(wanted))
        for nobody in (("added", two, "bash", "CVE-2030-0"), ("added", one, "bash", "CVE-2030-1"), ("added", two, "bash", "CVE-2030-2"),
                       ("removed", one, "bash", "CVE-2029-2")):
            self.assertNotIn(nobody, told)
        for somebody in (("added", one, "bash-doc", "CVE-2030-0"), ("added", two, "bash", "CVE-2030-1"), ("added", one, "bash", "CVE-2030-2"),
                         ("added", two, "bash", "CVE-2030-3"), ("removed", two, "bash", "CVE-2029-2")):
            self.assertIn(somebody, told)

    def test_what_the_service_leaves_out(self):
        """Matchers that it does not have in force have no say in notifications either."""
        self.indexed(debian_layer(stanza("bash", "5.2-1")))
        self.update()
        service = Service(self, {"matchers": {"names": ["alpine-matcher"]}})
        self.settle(service)
        self.publish("CVE-2030-1")
        self.update()
        self.settle(service)
        self.assertEqual(self.notifications(), [])


class Images(Base):
    """Images that come and go while an update is told of."""

    def start(self, *names):
        """The digests of these images, whose first update has been seen to; nobody notifies now."""
        self.digests = [self.indexed(*self.layers(name), name=name) for name in names]
        self.update()
        service = Service(self, {"notifier": {"disable_summary": True}})
        self.settle(service)
        service.end()
        return self.digests

    @staticmethod
    def layers(name):
        return debian_layer(stanza("bash", "5.2-1"), stanza(name, "1")), clarion.tar_of([("upper", name)])

    def forget(self, service, digest):
        self.assertEqual(service.ask("DELETE", "/indexer/api/v1/index_report/" + digest).status, 204)

    def told(self, service, ident, size=500):
        return sorted((i["reason"], i["manifest"], i["vulnerability"]["name"]) for i in notified.items(service, ident, size))

    def test_between_update_and_notification(self):
        """Those are told of that are there when the notification is made: one that was forgotten is not, one that was indexed since
        is, one that was forgotten and indexed again is, once."""
        gone, again, there = self.start("gone", "again", "there")
        self.publish("CVE-2030-1")
        self.update()
        indexer = Service(self, None, "--mode", "indexer")
        for digest in (gone, again):
            self.forget(indexer, digest)
        self.assertEqual(self.indexed(*self.layers("again"), name="again"), again)
        new = self.indexed(*self.layers("new"), name="new")
        service = Service(self, {"notifier": {"disable_summary": True}})
        self.settle(service)
        ident, = self.notifications()
        self.assertEqual(self.told(service, ident), sorted(("added", d, "CVE-2030-1") for d in (again, there, new)))
        self.assertEqual(self.query("SELECT items, images FROM notification"), [(3, 3)])

    def test_all_gone_before_the_notification(self):
        for digest in self.start("one", "two"):
            self.publish("CVE-2030-1")
            self.update()
            self.forget(Service(self, None, "--mode", "indexer"), digest)
        service = Service(self, {"notifier": {"disable_summary": True}})
        self.settle(service)
        self.assertEqual(self.notifications(), [])

    def test_between_notification_and_delivery(self):
        """What is delivered speaks of the images that are there then, and counts those; nothing is delivered when none is. In all
        kinds of messages."""
        one, two, three = self.start("one", "two", "three")
        port, mail = free_port(), receivers.Mail(self, offers=())
        down = {"from": "c@example.org", "to": ["a@example.org"], "starttls": False}
        config = {"limits": QUICK, "notifier": {"disable_summary": True, "webhook": {
            "target": "http://127.0.0.1:%d/hook" % port, "callback": "http://127.0.0.1:1/", "content": "cloudevents"},
            "chat": {"target": "http://127.0.0.1:%d/chat" % port, "style": "slack"},
            "mail": dict(down, url="smtp://127.0.0.1:%d" % free_port())}}
        service = Service(self, config)
        for i in (1, 2):
            self.publish("CVE-2030-%d" % i)
            self.update()
            self.settle(service)
        first, second = self.notifications()
        self.await_that(lambda: self.query("SELECT count(*) FROM delivery WHERE attempts > 0") == [(3,)], service)
        self.forget(service, one)
        service.end()
        config["notifier"]["mail"] = dict(down, url="smtp://127.0.0.1:%d" % mail.port)
        self.indexed(*self.layers("later"), name="later")  # is in no notification that was made before
        hook = receivers.Web(self, port=port)
        service = Service(self, config)
        self.await_that(self.delivered, service)
        for ident, flaw in ((first, "CVE-2030-1"), (second, "CVE-2030-2")):
            self.assertEqual(self.told(service, ident), sorted(("added", d, flaw) for d in (two, three)))
        events = [json.loads(body)["data"] for path, _, body in hook.requests if path == "/hook"]
        self.assertEqual([(e["items"], e["images"], e["items_counted"], e["vulnerabilities"]["added"], [x["images"] for x in e["layers"]])
                          for e in events], [(2, 2, 2, {"Unknown": 1}, [1, 1])] * 2)
        chats = [body for path, _, body in hook.requests if path == "/chat"]
        self.assertEqual([b"in 2 images" in body for body in chats], [True, True])
        self.assertEqual(["in 2 images" in email.message_from_bytes(m[2], policy=email.policy.default)["Subject"] for m in mail.taken], [True, True])
        for digest in (two, three):
            self.forget(service, digest)
        self.assertEqual([service.get(PAGES + i).doc["notifications"] for i in (first, second)], [[], []])

    def test_nothing_left_to_deliver(self):
        one, = self.start("one")
        port = free_port()
        service = Service(self, {"limits": QUICK, "notifier": {"webhook": {"target": "http://127.0.0.1:%d/" % port, "callback": "http://127.0.0.1:1/"}}})
        self.publish("CVE-2030-1")
        self.update()
        self.settle(service)
        self.await_that(lambda: self.query("SELECT 1 FROM delivery WHERE attempts > 0"), service)
        self.forget(service, one)
        hook = receivers.Web(self, port=port)
        self.await_that(self.delivered, service)
        self.assertIn("nothing is left of it to deliver to webhook", service.messages())
        self.assertEqual(hook.requests, [])

    def test_while_pages_are_read(self):
        """Items of an image that is forgotten are left out of the pages that follow; none comes twice, and none is missed."""
        one, two, three = self.start("one", "two", "three")
        service = Service(self, {"notifier": {"disable_summary": True}})
        for i in range(8):
            self.publish("CVE-2030-%d" % i)
        self.update()
        self.settle(service)
        ident, = self.notifications()
        before = notified.items(service, ident, 500)
        self.assertEqual(len(before), 24)
        for size in (1, 4, 5):
            page = service.get("%s%s?page_size=%d" % (PAGES, ident, size)).doc
            got, after = page["notifications"], page["page"]["next"]
            self.forget(service, two)
            while after:
                page = service.get("%s%s?page_size=%d&next=%s" % (PAGES, ident, size, after)).doc
                got, after = got + page["notifications"], page["page"].get("next")
                self.assertLessEqual(len(page["notifications"]), size)
            self.assertEqual(got, before[:size] + [i for i in before[size:] if i["manifest"] != two])
            self.assertEqual(self.indexed(*self.layers("two"), name="two"), two)  # there again, and so are its items
            self.assertEqual(notified.items(service, ident, 500), before)
        self.check_other_layers(service, ident, one)

    def check_other_layers(self, service, ident, digest):
        """An image that was posted anew with fewer layers: which of them brought a package is not known any more."""
        self.query("UPDATE notification_item SET layer = 7")
        self.assertEqual(len(notified.items(service, ident, 500)), 24)
        self.assertEqual({i["layer"] for i in self.contents(ident) if i["manifest"] == digest}, {""})


class Retention(Base):
    def check(self, retention, kept, updates):
        """The folder of segments stays bounded while nobody has been told of the updates, and what they have to be told stays."""
        digest = self.indexed(debian_layer(stanza("bash", "5.2-1")))
        self.update()
        service = Service(self, {"notifier": {"disable_summary": True}})
        self.settle(service)
        service.end()
        noted, = self.query("SELECT segment FROM notified")[0]
        matcher = Service(self, {"matcher": {"disable_updaters": False, "period": "100ms", "update_retention": retention},
                                 "updaters": {"sets": ["debian"], "mirror": self.mirror.url}}, "--mode", "matcher")
        most = 0
        for i in range(updates):
            newest = self.query("SELECT max(id) FROM update_operation")
            self.publish("CVE-2031-%d" % i)
            self.await_that(lambda: self.query("SELECT max(id) FROM update_operation") > newest, matcher)
            segments = [n for n in os.listdir(os.path.join(self.data, "segments")) if n.endswith(".segment")]
            self.assertIn(noted[7:] + ".segment", segments)
            most = max(most, len(segments))
        self.assertLessEqual(most, kept + 3)  # what was noted; what is being made; what goes after the next update
        self.assertLessEqual(self.query("SELECT count(*) FROM update_operation")[0][0], kept + 1)
        service = Service(self, {"notifier": {"disable_summary": True}})
        self.settle(service)
        ident, = self.notifications()
        self.assertEqual(sorted((i["reason"], i["manifest"], i["vulnerability"]) for i in self.contents(ident)),
                         sorted(("added", digest, "CVE-2031-%d" % i) for i in range(updates)))
        self.publish("CVE-2032-1")
        self.await_that(lambda: len(self.notifications()) == 2, service)
        self.await_that(lambda: noted[7:] + ".segment" not in os.listdir(os.path.join(self.data, "segments")), service)

    def test_few(self):
        self.check(2, 2, 8)

    def test_one_means_ten_as_with_clair(self):
        self.check(1, 10, 14)


@need_registry
class Names(Base):
    TAKE, TOKEN = "/api/v1/events/registry", "a token of thirty-two characters"

    def serve(self, **notifier):
        self.hook = receivers.Web(self)
        port = free_port()
        self.hub = Registry(self, notify=("http://127.0.0.1:%d%s" % (port, self.TAKE), self.TOKEN))
        service = Service(self, {"http_listen_addr": "127.0.0.1:%d" % port, "limits": QUICK,
                                 "events": {"token": self.TOKEN, "registries": {self.hub.host: {"insecure": True}}},
                                 "notifier": dict({"webhook": {"target": self.hook.url, "callback": "http://127.0.0.1:1/", "content": "cloudevents"}},
                                                  **notifier)}, wait=False)
        service.port = port
        service.wait()
        return service

    def push(self, service, name, tag, version):
        """By skopeo where it is there."""
        layout = clarion.OciLayout(self.path("%s-%s" % (name.replace("/", "-"), version)))
        layout.add([debian_layer(stanza("bash", version))], tag="1")
        if shutil.which("skopeo"):
            self.tool("skopeo", "copy", "--dest-tls-verify=false", "oci:%s:1" % layout.folder, "docker://%s/%s:%s" % (self.hub.host, name, tag))
        else:
            self.hub.push(name, layout.folder, tag)
        digest = layout.manifests[0]["digest"]
        self.await_that(lambda: [n for n in service.get("/api/v1/images/" + digest).doc.get("names", []) if n["tag"] == tag], service)
        return digest

    def shown(self):
        """The images of the message, each with its names."""
        (_, _, body), = self.hook.requests
        return {i["manifest"]: i for layer in json.loads(body)["data"]["layers"] for i in layer["images_shown"]}

    def tell(self, service):
        self.settle(service)
        self.publish("CVE-2030-1")
        self.update()
        self.settle(service)
        self.await_that(self.delivered, service)

    def test_pushed_tag_is_named(self):
        self.update()
        service = self.serve()
        digest = self.push(service, "team/app", "1.0", "5.2-1")
        self.push(service, "team/app", "1.0-again", "5.2-1")
        other = self.push(service, "team/other", "latest", "5.2-2")
        self.tell(service)
        shown, name = self.shown(), self.hub.host + "/team/app:"
        self.assertEqual(sorted(shown[digest]["names"]), [name + "1.0", name + "1.0-again"])
        self.assertEqual((shown[digest]["reference"], shown[digest]["names_more"]), (name + "1.0", 0))
        self.assertEqual(shown[other]["names"], [self.hub.host + "/team/other:latest"])

    def test_filters_by_name(self):
        """In the repositories, tagged now, pushed lately: each holds back what it must, and counts it."""
        self.update()
        nameless = self.indexed(debian_layer(stanza("bash", "5.1-9")))
        service = self.serve(filter={"repositories": ["*/team/*"], "tagged": True, "pushed_within": "30d"})
        moved = self.push(service, "team/app", "1", "5.2-1")
        wanted = self.push(service, "team/app", "1", "5.2-2")
        old = self.push(service, "team/old", "1", "5.2-3")
        elsewhere = self.push(service, "others/app", "1", "5.2-4")
        self.query("UPDATE tag SET pushed = pushed - 31 * 86400000000 WHERE manifest = ?", bytes.fromhex(old.split(":")[1]))
        self.tell(service)
        ident, = self.notifications()
        self.assertEqual([i["manifest"] for i in self.contents(ident)], [wanted])
        self.assertEqual(self.query("SELECT items, held_back FROM notification"), [(1, len({nameless, moved, old, elsewhere}))])
        self.assertEqual(set(self.shown()), {wanted})
        metrics = service.get("/metrics", introspection=True).body.decode()
        self.assertIn("\nclarion_notifier_held_back_total 4\n", metrics)

    def test_nothing_has_a_name(self):
        """Held back and noted: no notification, and none later for the same update."""
        self.update()
        self.indexed(debian_layer(stanza("bash", "5.2-1")))
        service = Service(self, {"notifier": {"filter": {"tagged": True}}})
        self.settle(service)
        self.publish("CVE-2030-1")
        self.update()
        self.settle(service)
        self.assertEqual(self.notifications(), [])
        self.assertIn("1 items were held back", service.messages())


class Kills(Base):
    """Killed 200 times, each time at another moment of an update, of making its notification, or of delivering that."""
    IMAGES, OTHERS = 3, 400
    PHASES = ("fetch", "segment", "commit", "notification", "delivery")

    def setUp(self):
        super().setUp()
        # What makes a file that takes some time to be read, and a segment that takes some to be written.
        self.others = {"other%d" % i: {"CVE-2028-%d" % i: tracker_entry(bookworm="1-%d" % i)} for i in range(self.OTHERS)}
        self.chance, self.arrived, self.serial = random.Random(20301), threading.Event(), 0

    def publish_next(self):
        """A flaw more; at times one less, or one that is rated anew."""
        self.serial += 1
        self.flaws["CVE-2031-%d" % self.serial] = tracker_entry(urgency=self.chance.choice(("low", "medium", "high")), bookworm=None)
        older = ["CVE-2031-%d" % i for i in range(1, self.serial) if "CVE-2031-%d" % i in self.flaws]
        if older and self.serial % 3 == 0:
            flaw = self.flaws[self.chance.choice(older)]["releases"]["bookworm"]
            flaw["urgency"] = {"low": "medium", "medium": "high", "high": "low"}[flaw["urgency"]]
        if older and self.serial % 4 == 0:
            del self.flaws[older[0]]
        self.feeds(dict(self.others, bash=self.flaws))

    def segments(self):
        return set(os.listdir(os.path.join(self.data, "segments")))

    def newest(self):
        return self.query("SELECT coalesce(max(id), 0) FROM update_operation")[0][0]

    def run_until(self, phase, service, segments, newest):
        """Waits until the service has come to this phase; in vain when it has been through already, or will not come to it."""
        seen = {"fetch": self.mirror.stalled.is_set,
                "segment": lambda: any(n.startswith(".building-%d-" % service.process.pid) for n in self.segments()),
                "commit": lambda: any(not n.startswith(".") for n in self.segments() - segments),
                "notification": lambda: self.newest() > newest, "delivery": self.arrived.is_set}[phase]
        deadline = time.monotonic() + WAIT
        while not seen() and self.newest() == newest:
            self.assertLess(time.monotonic(), deadline, service.messages()[-3000:])
            time.sleep(0.0005)
        while phase == "delivery" and not seen():
            self.assertLess(time.monotonic(), deadline, service.messages()[-3000:])
            time.sleep(0.0005)

    def found_in(self, service, segments):
        """The phases that it was in when it was killed: what it has left behind tells."""
        pid, named = service.process.pid, {n.partition(".")[0] for n in self.segments() - segments if not n.startswith(".")}
        recorded = {row[0][7:] for row in self.query("SELECT segment FROM update_operation")}
        waiting = bool(self.query("SELECT 1 FROM delivery WHERE state = 0"))
        return waiting, {"fetch": self.mirror.stalled.is_set(), "segment": any(n.startswith(".building-%d-" % pid) for n in self.segments()),
                         "commit": bool(named - recorded), "notification": not self.noted(), "delivery": waiting and self.arrived.is_set()}

    def kill_one(self, phase, config):
        segments, newest = self.segments(), self.newest()
        self.publish_next()
        self.arrived.clear()
        self.mirror.faults = {"/json": ["stall"]} if phase == "fetch" else {}
        service = Service(self, config, wait=False)
        if phase in self.PHASES:
            self.run_until(phase, service, segments, newest)
            time.sleep(self.chance.choice((0, 0.002, 0.01)) * self.chance.random())
        else:
            time.sleep(self.chance.random() * 0.5)
        service.kill()
        waiting, phases = self.found_in(service, segments)
        self.mirror.go_on.set()
        self.mirror.stalled.clear()
        self.mirror.go_on.clear()
        return waiting, [name for name, hit in phases.items() if hit]

    def take(self, handler):
        self.arrived.set()
        time.sleep(self.chance.random() * 0.02)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def test_killed_at_any_moment(self):
        """No change is lost, none is told of twice: laid upon what was known at first, one after the other, the notifications come to
        what is known in the end. Each is delivered, in order, and only one that was on its way comes again."""
        hook = receivers.Web(self, self.take)
        digests = [self.indexed(debian_layer(stanza("bash", "5.2-1"), stanza("app%d" % i, "1")), name="image%d" % i) for i in range(self.IMAGES)]
        config = {"limits": QUICK, "matcher": {"disable_updaters": False, "period": "1h"}, "updaters": {"sets": ["debian"], "mirror": self.mirror.url},
                  "notifier": {"disable_summary": True, "webhook": {"target": hook.url, "callback": "http://127.0.0.1:1/"}}}
        service = Service(self, config)
        self.await_that(lambda: self.query("SELECT 1 FROM notified"), service)
        known = notified.known(service, digests)
        self.assertEqual(len(known), self.IMAGES)
        service.end()
        hits, on_their_way = dict.fromkeys(self.PHASES, 0), 0
        for i in range(KILLS):
            waiting, phases = self.kill_one((self.PHASES + ("any",))[i % 6], config)
            on_their_way += waiting
            for phase in phases:
                hits[phase] += 1
        self.publish_next()
        service, newest = Service(self, config), self.newest()
        self.await_that(lambda: self.newest() > newest, service)
        self.settle(service)
        self.await_that(self.delivered, service)
        made = self.notifications()
        notified.lay_upon(self, known, (item for ident in made for item in notified.items(service, ident)))
        self.assertEqual(known, notified.known(service, digests))
        self.assertEqual({flaw for _, flaw in known}, set(self.flaws))
        came = [json.loads(body)["notification_id"] for _, _, body in hook.requests]
        self.assertEqual([ident for i, ident in enumerate(came) if i == 0 or came[i - 1] != ident], made)
        self.assertLessEqual(len(came) - len(made), on_their_way)
        print("# note: %d kills, of these in %s: %d notifications, %d deliveries"
              % (KILLS, ", ".join("%s %d" % hit for hit in hits.items()), len(made), len(came)))
        for phase, n in hits.items():
            self.assertGreaterEqual(n, KILLS // 40, "%s: %s" % (phase, hits))


if __name__ == "__main__":
    unittest.main()
