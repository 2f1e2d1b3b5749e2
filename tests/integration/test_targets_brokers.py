"""A real broker is told of a made-up notification, by AMQP and by STOMP; and servers that only look like one."""
import json
import shutil
import tempfile
import time

import brokers
import clarion
import receivers
from receivers import ID, LIMIT, NETWORK, REFUSED, Server, deliver
from ports import free_port
from registry import Authority

CALLBACK = "http://clarion.example.org/notifier/api/v1/notification/"


class Case(clarion.Case):
    def one(self, notifier, **more):
        results = deliver(self, notifier, **more)
        self.assertEqual(len(results), 1, results)
        return results[0]

    def assert_failed(self, result, *words, code=NETWORK):
        self.assertEqual(result.code, code, result)
        for word in words:
            self.assertIn(word, result.text)
        self.assertNotIn("sesame", result.text)


@brokers.need_broker
class Broker(Case):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="clarion-broker-")
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.authority = Authority(cls.place)
        cls.rabbit = brokers.Rabbit(cls.place, cls.authority)
        cls.addClassCleanup(cls.rabbit.end)

    def setUp(self):
        super().setUp()
        connection, self.channel = self.rabbit.channel()
        self.addCleanup(connection.close)
        self.name = "q%d" % free_port()
        self.channel.exchange_declare(self.name, "direct", durable=True)
        self.channel.queue_declare(self.name, durable=True)
        self.addCleanup(self.channel.queue_delete, self.name)
        self.channel.queue_bind(self.name, self.name, "notifications")

    def messages(self):
        taken = []
        while True:
            method, properties, body = self.channel.basic_get(self.name, auto_ack=True)
            if method is None:
                return taken
            taken.append((method, properties, json.loads(body)))

    def settings(self, **more):
        return {"amqp": dict({"uris": ["amqp://guest:guest@127.0.0.1:%d/" % self.rabbit.amqp], "routing_key": "notifications",
                              "exchange": {"name": self.name, "type": "direct", "durability": True}, "callback": CALLBACK}, **more)}

    def stomp(self, **more):
        return {"stomp": dict({"uris": ["127.0.0.1:%d" % self.rabbit.stomp], "destination": "/amq/queue/" + self.name,
                               "host": "/", "callback": CALLBACK, "user": {"login": "guest", "passcode": "guest"}}, **more)}

    def assert_items(self, bodies, n, rollup):
        """All of the items, in their order."""
        items = [item for body in bodies for item in body]
        self.assertEqual([int(item["id"][24:]) for item in items], list(range(1, n + 1)))
        self.assertEqual({len(body) for body in bodies[:-1]} - {rollup}, set())
        flaw = items[1]["vulnerability"]
        self.assertEqual(sorted(items[1]), ["id", "manifest", "reason", "vulnerability"])
        self.assertEqual(items[16]["reason"], "removed")
        self.assertEqual(flaw, {
            "name": "CVE-2024-0001", "description": "A flaw: \"quoted\", with a line\nend.",
            "package": {"id": "", "name": "lib1", "version": "", "kind": "source", "normalized_version": "", "cpe": "", "detector": None},
            "distribution": {"id": "", "did": "debian", "name": "Debian GNU/Linux", "version": "12 (bookworm)", "version_code_name": "",
                             "version_id": "12", "arch": "", "cpe": "", "pretty_name": ""},
            "repo": {"cpe": ""}, "severity": "Negligible", "normalized_severity": "Negligible", "fixed_in_version": "2.0-1",
            "links": "https://example.org/advisory second"})

    # ---- AMQP ----

    def test_amqp_callback(self):
        result = self.one(self.settings())
        self.assertTrue(result.ok and not result.consumes, result)
        (method, properties, body), = self.messages()
        self.assertEqual(body, {"callback": CALLBACK + ID, "notification_id": ID})
        self.assertEqual((properties.content_type, properties.delivery_mode, properties.app_id), ("application/json", 2, "clairV4-notifier"))
        self.assertEqual((method.exchange, method.routing_key), (self.name, "notifications"))

    def test_amqp_default_exchange(self):
        result = self.one(self.settings(exchange={"name": "", "type": "direct"}, routing_key=self.name))
        self.assertTrue(result.ok, result)
        self.assertEqual(len(self.messages()), 1)

    def test_amqp_direct(self):
        for rollup, expected, items in ((0, 1, 300), (7, 7, 1201), (500, 500, 1500)):
            result = self.one(self.settings(direct=True, rollup=rollup), items=items)
            self.assertTrue(result.ok and result.consumes, result)
            self.assert_items([body for _, _, body in self.messages()], items, expected)

    def test_amqp_large_messages_are_split(self):
        result = self.one(self.settings(direct=True, rollup=100000), items=2000, config={"limits": {"target_message_bytes": 100000}})
        self.assertTrue(result.ok, result)
        bodies = [body for _, _, body in self.messages()]
        self.assertGreater(len(bodies), 5)
        self.assertEqual([int(item["id"][24:]) for body in bodies for item in body], list(range(1, 2001)))
        self.assertTrue(all(len(json.dumps(body, separators=(",", ":"))) <= 100000 for body in bodies))

    def test_amqp_second_broker(self):
        dead, stalled = free_port(), Server(self, receivers.stalls)
        uris = ["amqp://127.0.0.1:%d/" % dead, "amqp://127.0.0.1:%d/" % stalled.port, "amqp://127.0.0.1:%d/" % self.rabbit.amqp]
        self.assertTrue(self.one(self.settings(uris=uris)).ok)
        self.assertEqual(len(self.messages()), 1)

    def test_amqp_refusals(self):
        address = "127.0.0.1:%d" % self.rabbit.amqp
        self.assert_failed(self.one(self.settings(uris=["amqp://guest:sesame@%s/" % address])), address, "403")
        self.assert_failed(self.one(self.settings(uris=["amqp://%s/nowhere" % address])), "nowhere")
        self.assert_failed(self.one(self.settings(exchange={"name": "missing", "type": "direct"})), "missing", "404")
        # What a passive declaration does not compare. It is there, so that it is taken.
        self.assertTrue(self.one(self.settings(exchange={"name": self.name, "type": "fanout"})).ok)
        self.assertEqual(len(self.messages()), 1)

    def test_amqp_unroutable(self):
        for direct in (False, True):
            self.assert_failed(self.one(self.settings(routing_key="elsewhere", direct=direct)), "bind one", "elsewhere")

    def test_amqp_tls(self):
        uri = ["amqps://guest:guest@localhost:%d/" % self.rabbit.amqps]
        self.assertTrue(self.one(self.settings(uris=uri, tls={"root_ca": self.authority.file}, direct=True, rollup=100), items=1000).ok)
        self.assert_items([body for _, _, body in self.messages()], 1000, 100)
        self.assert_failed(self.one(self.settings(uris=uri)), "localhost")
        self.assertEqual(self.messages(), [])

    # ---- STOMP ----

    def test_stomp_callback(self):
        result = self.one(self.stomp())
        self.assertTrue(result.ok and not result.consumes, result)
        (_, properties, body), = self.messages()
        self.assertEqual(body, {"callback": CALLBACK + ID, "notification_id": ID})
        self.assertEqual((properties.content_type, properties.delivery_mode), ("application/json", 2))

    def test_stomp_direct(self):
        for rollup, expected, items in ((0, 1, 300), (7, 7, 1201), (500, 500, 1500)):
            result = self.one(self.stomp(direct=True, rollup=rollup), items=items)
            self.assertTrue(result.ok and result.consumes, result)
            self.assert_items([body for _, _, body in self.messages()], items, expected)

    def test_stomp_refusals(self):
        address = "127.0.0.1:%d" % self.rabbit.stomp
        self.assert_failed(self.one(self.stomp(user={"login": "guest", "passcode": "sesame"})), address, "refuses")
        self.assert_failed(self.one(self.stomp(destination="/nonsense/x")), "refuses")
        self.assert_failed(self.one(self.stomp(destination="/nonsense/x", direct=True)), "refuses")
        self.assertEqual(self.messages(), [])

    def test_stomp_escapes(self):
        name = self.name + ":a\\b"
        self.channel.queue_declare(name, durable=True)
        self.addCleanup(self.channel.queue_delete, name)
        self.assertTrue(self.one(self.stomp(destination="/amq/queue/" + name)).ok)
        self.assertEqual(self.channel.basic_get(name, auto_ack=True)[0].message_count, 0)

    def test_stomp_tls(self):
        uris, tls = ["127.0.0.1:%d" % free_port(), "localhost:%d" % self.rabbit.stomps], {"root_ca": self.authority.file}
        self.assertTrue(self.one(self.stomp(uris=uris, tls=tls, direct=True, rollup=100), items=1000).ok)
        self.assert_items([body for _, _, body in self.messages()], 1000, 100)
        self.assert_failed(self.one(self.stomp(uris=uris, tls={})), "not trusted")
        self.assertEqual(self.messages(), [])


def frame(method, arguments=b"", channel=0, kind=1):
    body = method.to_bytes(4, "big") + arguments
    return bytes([kind]) + channel.to_bytes(2, "big") + len(body).to_bytes(4, "big") + body + b"\xce"


class FakeAmqp:
    """As much of a broker as a client needs to publish, and then `then(socket, stream)`."""

    START = frame(0x000A000A, b"\x00\x09" + b"\0\0\0\0" + b"\0\0\0\x05PLAIN" + b"\0\0\0\x05en_US")
    TUNE = frame(0x000A001E, b"\0\x01" + (131072).to_bytes(4, "big") + b"\0\0")
    OPEN, CHANNEL, CONFIRM = frame(0x000A0029, b"\0"), frame(0x0014000B, b"\0\0\0\0", 1), frame(0x0055000B, b"", 1)

    def __init__(self, then, after):
        self.then, self.after = then, after

    def __call__(self, s):
        s.recv(8)
        for i, answer in enumerate((self.START, self.TUNE, None, self.OPEN, self.CHANNEL, self.CONFIRM)):
            if i == self.after:
                break
            if answer:
                s.sendall(answer)
                if answer != self.TUNE:
                    s.recv(65536)
        self.then(s)


class Hostile(Case):
    """No broker: every delivery fails with an error, in bounded time and memory."""

    def assert_fails(self, notifier, codes=(NETWORK,), **more):
        result = self.one(notifier, **more)
        self.assertIn(result.code, codes, result)
        self.assertGreater(len(result.text), 10)
        self.assertLess(self.kib, 400 * 1024, result)
        return result

    def amqp(self, handle, **more):
        return {"amqp": dict({"uris": ["amqp://127.0.0.1:%d/" % Server(self, handle).port], "routing_key": "k", "direct": True,
                              "exchange": {"name": "", "type": "direct"}, "callback": CALLBACK}, **more)}

    def stomp(self, handle, **more):
        return {"stomp": dict({"uris": ["127.0.0.1:%d" % Server(self, handle).port], "destination": "/queue/x", "direct": True,
                               "callback": CALLBACK}, **more)}

    def test_strangers(self):
        for handle in (receivers.garbage, receivers.closes, receivers.stalls, receivers.dribbles, receivers.floods):
            self.assert_fails(self.amqp(handle))
            self.assert_fails(self.stomp(handle), (NETWORK, LIMIT, receivers.FORMAT))

    def test_amqp_at_each_step(self):
        ack = frame(0x003C0050, (99).to_bytes(8, "big") + b"\0", 1)
        unknown = frame(0x003C0015, b"\0", 1)  # basic.consume-ok

        def repeats(data):
            def send(s):
                s.settimeout(10)
                while True:
                    s.sendall(data * 200)
            return send

        def deaf(s):
            time.sleep(10)

        for after in (1, 3, 4, 5, 6):
            for then in (receivers.garbage, receivers.closes, receivers.stalls, repeats(frame(0, b"", 0, 8)), repeats(unknown)):
                self.assert_fails(self.amqp(FakeAmqp(then, after)), (NETWORK, LIMIT, receivers.FORMAT))
        self.assert_fails(self.amqp(FakeAmqp(repeats(ack), 6)), (receivers.FORMAT,))
        # Its window is full, and it takes nothing: the library alone would wait for ever.
        self.assert_fails(self.amqp(FakeAmqp(deaf, 6), rollup=1000), items=60000)

    def test_stomp_at_each_step(self):
        hello = b"CONNECTED\nversion:1.2\n\n\0"

        def answers(data, then):
            def handle(s):
                s.recv(65536)
                s.sendall(data)
                then(s)
            return handle

        def repeats(data):
            def send(s):
                s.settimeout(10)
                while True:
                    s.sendall(data * 200)
            return send

        def deaf(s):
            time.sleep(10)

        for then in (receivers.garbage, receivers.closes, receivers.stalls, receivers.dribbles, receivers.floods, repeats(b"\n"),
                     repeats(b"RECEIPT\nreceipt-id:other\n\n\0"), deaf):
            self.assert_fails(self.stomp(answers(hello, then), rollup=1000), (NETWORK, LIMIT, receivers.FORMAT), items=30000)
        result = self.assert_fails(self.stomp(answers(b"CONNECTED\nversion:1.1\n\n\0", receivers.stalls)))
        self.assertIn("1.2", result.text)
        result = self.assert_fails(self.stomp(answers(b"ERROR\nmessage:no\\n entry\x1b[1m\n\nbody\0", receivers.closes)))
        self.assertIn(r"refuses: no\x0a entry\x1b[1m", result.text)

    def test_break_off(self):
        slow = {"limits": {"target_answer_seconds": 50, "target_connect_seconds": 50, "target_delivery_seconds": 50}}
        for notifier in (self.amqp(FakeAmqp(receivers.stalls, 5)), self.amqp(FakeAmqp(receivers.stalls, 1)), self.stomp(receivers.stalls)):
            self.assert_fails(notifier, (REFUSED,), breaks=700, config=slow)
