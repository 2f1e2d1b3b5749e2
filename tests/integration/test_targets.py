"""Webhooks, mail and chats are told of a made-up notification, by servers that take it and servers that do not."""
import email
import email.policy
import json
import re
import sys

import brokers
import clarion
import receivers
from receivers import ID, LIMIT, NETWORK, REFUSED, Mail, Server, Web, deliver
from registry import Authority

try:
    import jwt
except ImportError:
    sys.path.append(brokers.DEBIAN)
    try:
        import jwt
    except ImportError:
        jwt = None

CALLBACK = "http://clarion.example.org/notifier/api/v1/notification"
KEY = "c2VjcmV0IGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVz"


class Webhook(clarion.Case):
    def settings(self, web, path="/secscan/notification", **more):
        return {"webhook": dict({"target": web.url + path, "callback": CALLBACK}, **more)}

    def one(self, notifier, **more):
        results = deliver(self, notifier, **more)
        self.assertEqual(len(results), 1, results)
        return results[0]

    def test_command(self):
        """`clarion notifications test`: to the target that is named, and to no other."""
        web = Web(self)
        config = self.path("test.yaml")
        with open(config, "w", encoding="utf-8") as f:
            json.dump({"notifier": self.settings(web)}, f)
        done = self.run_clarion("notifications", "test", "webhook", "-c", config)
        self.assertEqual((done.code, done.err), (0, ""), done.err)
        (_, _, body), = web.requests
        self.assertIn(json.loads(body)["notification_id"], done.out)
        done = self.run_clarion("notifications", "test", "amqp", "-c", config)
        self.assertEqual(done.code, 3)
        self.assertIn("\"amqp\" is no target of the configuration; \"webhook\" is", done.err)
        self.assertEqual(len(web.requests), 1)
        web.answers = [500]
        done = self.run_clarion("notifications", "test", "webhook", "-c", config)
        self.assertEqual(done.code, 3)
        self.assertRegex(done.err, "webhook: .*500")

    def test_callback(self):
        web = Web(self)
        result = self.one(self.settings(web, headers={"X-Custom-Header": ["contract-capture", "two"]}))
        self.assertTrue(result.ok and not result.consumes, result)
        (path, headers, body), = web.requests
        self.assertEqual(path, "/secscan/notification")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(headers.get_all("X-Custom-Header"), ["contract-capture", "two"])
        self.assertRegex(headers["User-Agent"], r"^clarion/\d")
        self.assertNotIn("Authorization", headers)
        self.assertEqual(json.loads(body), {"callback": CALLBACK + "/" + ID, "notification_id": ID})
        self.assertTrue(self.one(self.settings(web, callback=CALLBACK + "/")).ok)
        self.assertEqual(json.loads(web.requests[1][2])["callback"], CALLBACK + "/" + ID)

    def test_token(self):
        if jwt is None:
            self.skipTest("wants Debian's python3-jwt")
        web = Web(self)
        config = {"auth": {"psk": {"key": KEY, "iss": ["quay"]}}}
        self.assertTrue(self.one(self.settings(web, headers={"Authorization": ["Basic eA=="]}), config=config).ok)
        values = web.requests[0][1].get_all("Authorization")
        self.assertEqual(len(values), 1)
        self.assertTrue(values[0].startswith("Bearer "))
        token, secret = values[0][7:], b"secret key of the tests, 32 bytes"
        claims = jwt.decode(token, secret, algorithms=["HS256"], issuer="clair-notifier", options={"require": ["exp", "iat", "nbf", "iss"]})
        self.assertEqual((claims["iat"] - claims["nbf"], claims["exp"] - claims["iat"]), (60, 60))
        self.assertEqual(jwt.get_unverified_header(token), {"alg": "HS256"})
        with self.assertRaises(jwt.InvalidSignatureError):
            jwt.decode(token, b"another", algorithms=["HS256"])

    def test_only_200(self):
        for status in (201, 202, 204, 400, 404, 410, 429, 500, 503):
            web = Web(self, status)
            result = self.one(self.settings(web))
            self.assertEqual((result.code, len(web.requests)), (NETWORK, 1), result)
            self.assertIn("answered %d" % status, result.text)

    def test_redirects(self):
        other = Web(self)
        for status in (301, 302, 303, 307, 308):
            def redirect(handler, status=status):
                handler.send_response(status)
                handler.send_header("Location", other.url + "/elsewhere")
                handler.send_header("Content-Length", "0")
                handler.end_headers()
            result = self.one(self.settings(Web(self, redirect)), config={"auth": {"psk": {"key": KEY, "iss": ["quay"]}}})
            self.assertEqual(result.code, NETWORK, result)
            self.assertIn("redirects", result.text)
        self.assertEqual(other.requests, [])

    def test_query_is_not_told(self):
        result = self.one(self.settings(Web(self, 500), "/hook?token=sesame"))
        self.assertNotIn("sesame", result.text)
        result = self.one({"webhook": {"target": "http://127.0.0.1:9/hook?token=sesame", "callback": CALLBACK}})
        self.assertEqual(result.code, NETWORK)
        self.assertNotIn("sesame", result.text)

    def test_tls(self):
        authority = Authority(self.path())
        web = Web(self, tls=authority)
        self.assertTrue(self.one(self.settings(web, tls={"root_ca": authority.file})).ok)
        result = self.one(self.settings(web))
        self.assertEqual(result.code, NETWORK, result)
        self.assertEqual(len(web.requests), 1)

    def test_hostile(self):
        def endless_header(s):
            s.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                s.sendall(b"X-A: " + b"b" * 1000 + b"\r\n")

        def endless_body(s):
            s.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                s.sendall(b"b" * 100000)

        for handle, codes in ((receivers.garbage, (NETWORK,)), (receivers.closes, (NETWORK,)), (receivers.stalls, (NETWORK,)),
                              (receivers.dribbles, (NETWORK,)), (endless_header, (LIMIT,)), (endless_body, (0,))):
            result = self.one({"webhook": {"target": "http://127.0.0.1:%d/" % Server(self, handle).port, "callback": CALLBACK}})
            self.assertIn(result.code, codes, (handle, result))
            self.assertLess(self.kib, 400 * 1024, handle)

    def test_break_off(self):
        server = Server(self, receivers.stalls)
        result = self.one({"webhook": {"target": "http://127.0.0.1:%d/" % server.port, "callback": CALLBACK}}, breaks=300,
                          config={"limits": {"target_answer_seconds": 300}})
        self.assertEqual(result.code, REFUSED, result)

    def test_cloudevents(self):
        web = Web(self)
        result = self.one(self.settings(web, content="cloudevents"), items=1000, images=100, layers=4)
        self.assertTrue(result.ok, result)
        _, headers, body = web.requests[0]
        self.assertEqual(headers["Content-Type"], "application/cloudevents+json")
        event = json.loads(body)
        self.assertEqual({k: event[k] for k in ("specversion", "id", "subject", "datacontenttype", "time", "type")},
                         {"specversion": "1.0", "id": ID, "subject": "debian", "datacontenttype": "application/json",
                          "time": "2026-11-24T03:13:20Z", "type": "clarion.notification.v1"})
        data = event["data"]
        self.assertEqual((data["items"], data["images"], data["items_counted"], data["layers_more"]), (1000, 100, 1000, 0))
        self.assertEqual(data["callback"], CALLBACK + "/" + ID)
        # What the program makes, counted once more.
        items = [(i % 17 == 16 and "removed" or i % 13 == 12 and "changed" or "added", i % 30, i % 100, i % 100 % 4) for i in range(1000)]
        words = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical"]
        for reason in ("added", "changed", "removed"):
            flaws = {flaw for r, flaw, _, _ in items if r == reason}
            expected = {word: sum(1 for f in flaws if f % 6 == i) for i, word in enumerate(words)}
            self.assertEqual(data["vulnerabilities"][reason], {k: v for k, v in expected.items() if v})
        self.assertEqual(len(data["layers"]), 4)
        for layer in data["layers"]:
            number = int(layer["layer"][7:15], 16) - 0x1000
            images = {image for r, _, image, of in items if of == number and r != "removed"}
            flaws = {flaw for r, flaw, _, of in items if of == number and r != "removed"}
            self.assertEqual((layer["images"], layer["vulnerabilities"]), (len(images), len(flaws)))
            self.assertEqual(len(layer["images_shown"]) + layer["images_more"], len(images))
            self.assertEqual(len(layer["vulnerabilities_shown"]) + layer["vulnerabilities_more"], len(flaws))
            self.assertEqual({int(x["manifest"][7:15], 16) - 1 for x in layer["images_shown"]} - images, set())
            order = [words.index(f["severity"]) for f in layer["vulnerabilities_shown"]]
            self.assertEqual(order, sorted(order, reverse=True))
            self.assertTrue(all(f["fixed_in"] == ("2.0-1" if int(f["vulnerability"][9:]) % 3 else "") and f["installed"] == "1.0-1" and
                                f["kind"] == "deb" and f["link"] == "https://example.org/advisory" for f in layer["vulnerabilities_shown"]))

    def test_cloudevents_are_bounded(self):
        web = Web(self)
        limits = {"summary_items": 20000, "summary_layers": 5, "summary_flaws": 3, "summary_images": 2}
        result = self.one(self.settings(web, content="cloudevents"), items=60000, images=30000, layers=7000, config={"limits": limits})
        self.assertTrue(result.ok, result)
        data = json.loads(web.requests[0][2])["data"]
        self.assertEqual((data["items"], data["items_counted"], len(data["layers"])), (60000, 20000, 5))
        self.assertEqual(data["layers_more"], 7000 - 5)
        self.assertTrue(all(len(x["images_shown"]) <= 2 and len(x["vulnerabilities_shown"]) <= 3 for x in data["layers"]))

    def test_several_targets(self):
        web, chat = Web(self), Web(self)
        results = deliver(self, dict(self.settings(web), chat={"target": chat.url + "/x", "style": "slack"}))
        self.assertEqual([(r.name, r.ok) for r in results], [("webhook", True), ("chat", True)])

    def test_configuration(self):
        bad = [({"webhook": {"callback": CALLBACK}}, "notifier.webhook.target"),
               ({"webhook": {"target": "ftp://x/", "callback": CALLBACK}}, "notifier.webhook.target"),
               ({"webhook": {"target": "http://user:sesame@x/", "callback": CALLBACK}}, "notifier.webhook.target"),
               ({"webhook": {"target": "http://x/", "callback": "sesame"}}, "notifier.webhook.callback"),
               ({"webhook": {"target": "http://x/", "content": "sesame"}}, "notifier.webhook.content"),
               ({"webhook": {"target": "http://x/", "headers": {"Host": ["x"]}}}, "notifier.webhook.headers"),
               ({"webhook": {"target": "http://x/", "headers": {"X": ["sesame\r\nY: z"]}}}, "notifier.webhook.headers"),
               ({"amqp": {"uris": ["amqp://x/"], "routing_key": "k"}}, "notifier.amqp.exchange.type"),
               ({"amqp": {"uris": ["amqp://x/"], "exchange": {"type": "direct"}}}, "notifier.amqp.routing_key"),
               ({"amqp": {"exchange": {"type": "direct"}, "routing_key": "k"}}, "notifier.amqp.uris"),
               ({"amqp": {"uris": ["http://u:sesame@x/"], "exchange": {"type": "direct"}, "routing_key": "k"}}, "notifier.amqp.uris"),
               ({"stomp": {"uris": ["localhost:61613"]}}, "notifier.stomp.destination"),
               ({"stomp": {"uris": ["localhost"], "destination": "/queue/x"}}, "notifier.stomp.uris"),
               ({"stomp": {"uris": ["a:1"], "destination": "x", "user": {"login": "a\nb"}}}, "notifier.stomp.user"),
               ({"stomp": {"uris": ["a:1"], "destination": "x", "rollup": -1}}, "notifier.stomp.rollup"),
               ({"mail": {"url": "http://x", "from": "a@b", "to": ["c@d"]}}, "notifier.mail.url"),
               ({"mail": {"url": "smtp://u:sesame@x", "from": "a@b", "to": ["c@d"]}}, "notifier.mail.url"),
               ({"mail": {"url": "smtp://x", "from": "nobody", "to": ["c@d"]}}, "notifier.mail.from"),
               ({"mail": {"url": "smtp://x", "from": "a@b", "to": ["c@d\r\nBcc: sesame@x"]}}, "notifier.mail.to"),
               ({"mail": {"url": "smtp://x", "from": "a@b", "to": ["c@d>,<e@f"]}}, "notifier.mail.to"),
               ({"mail": {"url": "smtp://x", "from": "a@b", "to": []}}, "notifier.mail.to"),
               ({"mail": {"url": "smtp://x", "from": "a@b", "to": ["c@d"], "user": "u"}}, "notifier.mail.user"),
               ({"chat": {"target": "http://x/"}}, "notifier.chat.style"),
               ({"chat": {"style": "slack"}}, "notifier.chat.target"),
               ({"chat": {"style": "irc", "target": "http://x/"}}, "notifier.chat.style")]
        for notifier, key in bad:
            with self.assertRaises(AssertionError) as caught:
                deliver(self, notifier)
            self.assertIn(key + ":", str(caught.exception), notifier)
            self.assertNotIn("sesame", str(caught.exception))


class Mails(clarion.Case):
    def settings(self, mail, scheme="smtp", **more):
        return {"mail": dict({"url": "%s://127.0.0.1:%d" % (scheme, mail.port), "from": "Clarion <clarion@example.org>",
                              "to": ["one@example.org", "Two <two@example.org>"], "callback": CALLBACK}, **more)}

    def setUp(self):
        super().setUp()
        self.authority = Authority(self.path())
        self.trust = {"root_ca": self.authority.file}

    def one(self, notifier, **more):
        result, = deliver(self, notifier, **more)
        return result

    def test_text(self):
        mail = Mail(self, self.authority, user="user", password="pass word")
        result = self.one(self.settings(mail, tls=self.trust, user="user", password="pass word"), items=1000, images=100, layers=3)
        self.assertTrue(result.ok and not result.consumes, result)
        (sender, to, data, secure), = mail.taken
        self.assertTrue(secure)
        self.assertTrue(sender.startswith("MAIL FROM:<clarion@example.org>"), sender)
        self.assertEqual([x.split(" ")[1].split(":")[1] for x in to], ["<one@example.org>", "<two@example.org>"])
        self.assertTrue(data.isascii() and all(len(line) <= 78 for line in data.split(b"\r\n")))
        message = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual([d.__class__.__name__ for part in message.walk() for d in part.defects], [])
        self.assertEqual(message["Subject"], "[Clarion] 5 Critical, 5 High, 5 Medium, 5 Low, 5 Negligible, 5 Unknown new in 100 images (debian)")
        self.assertEqual(message["To"].addresses[1].addr_spec, "two@example.org")
        self.assertEqual(message["Message-ID"], "<%s.clarion@example.org>" % ID)
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        text = message.get_content()
        self.assertIn("CVE-2024-0005 (known to be exploited)", text)
        self.assertIn("lib5 1.0-1, fixed in 2.0-1", text)
        self.assertIn("lib0 1.0-1, no fix is known", self.whole(text))
        self.assertEqual(len(re.findall(r"(?m)^Layer sha256:", text)), 3)
        self.assertIn("registry.example.org/app0:1", text)
        self.assertIn(CALLBACK + "/" + ID, text)
        self.assertLess(text.index("Critical   CVE"), text.index("High       CVE"))

    def whole(self, text):
        """Of thirty flaws a layer shows twenty: with a larger limit all of them are there."""
        self.assertIn("... and 10 more", text)
        mail = Mail(self, self.authority)
        self.assertTrue(self.one(self.settings(mail, tls=self.trust), items=1000, images=100, layers=3, config={"limits": {"summary_flaws": 30}}).ok)
        return email.message_from_bytes(mail.taken[0][2], policy=email.policy.default).get_content()

    def test_hostile_names(self):
        mail = Mail(self, self.authority)
        self.assertTrue(self.one(self.settings(mail, tls=self.trust), kind="hostile").ok)
        (_, to, data, _), = mail.taken
        self.assertEqual(len(to), 2)
        message = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual(sorted(message.keys()), sorted(["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version",
                                                         "Content-Type", "Content-Transfer-Encoding"]))
        text = message.get_content()
        self.assertFalse(any(line.startswith("Bcc") for line in text.splitlines()))
        self.assertIn(r"\x0d\x0aBcc: victim", text)
        self.assertNotIn("\u202e", text)

    def test_implicit_tls(self):
        mail = Mail(self, self.authority, implicit=True)
        self.assertTrue(self.one(self.settings(mail, "smtps", tls=self.trust)).ok)
        self.assertEqual(len(mail.taken), 1)
        result = self.one(self.settings(mail, "smtps"))
        self.assertEqual(result.code, NETWORK, result)
        self.assertEqual(len(mail.taken), 1)

    def test_starttls_is_wanted(self):
        mail = Mail(self, offers=())
        result = self.one(self.settings(mail))
        self.assertEqual(result.code, NETWORK, result)
        self.assertIn("notifier.mail.starttls", result.text)
        self.assertEqual(mail.taken, [])
        self.assertTrue(self.one(self.settings(mail, starttls=False)).ok)
        self.assertFalse(mail.taken[0][3])

    def test_refusals(self):
        for mail, word in ((Mail(self, self.authority, user="user", password="other"), "password"),
                           (Mail(self, self.authority, refuses=("RCPT",)), "never will"), (Mail(self, self.authority, refuses=("DATA",)), "550")):
            login = {"user": "user", "password": "sesame"} if mail.login[0] else {}
            result = self.one(self.settings(mail, tls=self.trust, **login))
            self.assertEqual((result.code, mail.taken), (NETWORK, []), result)
            self.assertIn(word, result.text)
            self.assertNotIn("sesame", result.text)

    def test_hostile(self):
        for handle in (receivers.garbage, receivers.closes, receivers.stalls, receivers.dribbles, receivers.floods):
            result = self.one(self.settings(Server(self, handle), starttls=False))
            self.assertEqual(result.code, NETWORK, (handle, result))
            self.assertLess(self.kib, 400 * 1024, handle)

    def test_break_off(self):
        result = self.one(self.settings(Server(self, receivers.stalls)), breaks=300,
                          config={"limits": {"target_answer_seconds": 50, "target_delivery_seconds": 50}})
        self.assertEqual(result.code, REFUSED, result)


class Chats(clarion.Case):
    def said(self, style, kind="plain", status=200):
        web = Web(self, status)
        result, = deliver(self, {"chat": {"target": web.url + "/services/T0/B0/sesame", "style": style, "callback": CALLBACK}}, kind=kind,
                          items=1000, images=100, layers=5)
        self.assertTrue(result.ok, result)
        (_, headers, body), = web.requests
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertLess(len(body), 28 * 1024)  # what Teams takes
        return json.loads(body)

    def test_slack(self):
        text = self.said("slack")["text"]
        self.assertIn("5 Critical, 5 High", text)
        self.assertIn("`CVE-2024-0005` (known to be exploited) in `lib5` `1.0-1`, fixed in `2.0-1`", text)
        self.assertIn("<%s/%s|All of it>" % (CALLBACK, ID), text)
        self.assertIn("and 2 more layers", text)

    def test_slack_hostile(self):
        text = self.said("slack", "hostile")["text"]
        self.assertNotIn("<!", text)
        self.assertIn("&lt;!channel&gt;", text)
        self.assertEqual(re.sub(r"<https?://[^<>|]*\|(details|All of it)>", "", text).count("<"), 0)
        for line in text.splitlines():
            self.assertEqual(line.count("`") % 2, 0, line)

    def test_mattermost(self):
        text = self.said("mattermost", "hostile")["text"]
        self.assertIn("**", text)
        outside = re.sub(r"`[^`]*`", "", text)
        outside = re.sub(r"\[(details|All of it)\]\(https?://[^()\s]*\)", "", outside)
        for sign in "@<[":
            self.assertNotIn(sign, outside)

    def test_teams(self):
        card = self.said("teams", "hostile", 202)
        self.assertEqual(card["type"], "message")
        attachment, = card["attachments"]
        self.assertEqual(attachment["contentType"], "application/vnd.microsoft.card.adaptive")
        self.assertEqual((attachment["content"]["type"], attachment["content"]["version"]), ("AdaptiveCard", "1.4"))
        blocks = attachment["content"]["body"]
        self.assertTrue(all(b["type"] == "TextBlock" and b["wrap"] and b["text"] for b in blocks))
        text = "\n".join(b["text"] for b in blocks)
        links = re.findall(r"(?<!\\)\[([^\]]*)\]\(", text)
        self.assertEqual(set(links), {"details", "All of it"})
        self.assertIn(r"\[x\]\(javascript:y\)", text)

    def test_failures(self):
        for status in (400, 404, 500):
            web = Web(self, status)
            result, = deliver(self, {"chat": {"target": web.url + "/services/sesame", "style": "slack"}})
            self.assertEqual(result.code, NETWORK)
            self.assertIn(str(status), result.text)
            self.assertNotIn("sesame", result.text)
