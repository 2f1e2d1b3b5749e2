"""The web page without a browser: what it says, to whom, and that nothing foreign in it is ever markup."""
import base64
import gzip
import io
import json
import os
import re
import sys
import time
import unittest
import urllib.parse

import clarion
import pypi
from clarion import debian_layer, stanza, tracker_entry
from serving import Service, token

KEY = b"0123456789abcdef0123456789abcdef"
LOCKED = {"auth": {"psk": {"key": base64.b64encode(KEY).decode(), "iss": ["quay"]}}}
HOSTILE = "<script>alert(1)</script>"
POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
          "base-uri 'none'")
TRACKER = {"openssl": {"CVE-2014-0160": tracker_entry(urgency="high", bookworm="1.0.1g-1", description="A flaw <b>of</b> \"memory\"."),
                       "CVE-2030-2": tracker_entry(urgency="low", bookworm=None)},
           "bash": {"CVE-2030-4": tracker_entry(urgency="medium", bookworm="9-1", description="A shell. " + 400 * "é " + "The end."), HOSTILE: tracker_entry(bookworm=None)}}
PACKAGES = (stanza("libssl", "1.0.1e-1", source="openssl"), stanza("openssl", "1.0.1e-1"), stanza("bash", "5-1"))
MODULE = json.dumps({"name": HOSTILE, "version": "1'\"><img src=x onerror=alert(2)>"})


def parsed(case, answer):
    """The page as a tree; what is not HTML 5 to the letter fails."""
    there = pypi.need("html5lib==1.1")
    if there not in sys.path:
        sys.path.insert(0, there)
    import html5lib  # pylint: disable=import-outside-toplevel,import-error
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    try:
        return parser.parse(io.BytesIO(answer.body), transport_encoding="utf-8")
    except Exception as wrong:
        raise case.failureException("%s\n%s" % (wrong, answer.body.decode())) from wrong


def text(element):
    return " ".join("".join(element.itertext()).split())


class Base(clarion.Case):
    def indexed(self, *layers, name="image", **how):
        r = self.run_clarion("index", self.image(*layers, name=name, **how), "--format", "clair")
        self.assertEqual(r.code, 0, r)
        return r.doc["manifest_hash"]

    def with_images(self):
        """A store with an image that has the flaws of TRACKER."""
        self.update(self.feeds(TRACKER))
        return self.indexed(debian_layer(*PACKAGES, extra=[("usr/lib/node_modules/x/package.json", MODULE)]), config={"history": [{"created_by": "RUN <i>apt-get</i> install"}]})

    def page(self, service, path, status=200, **headers):
        answer = service.get(path, **headers)
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "text/html; charset=utf-8")
        self.look(answer)
        return parsed(self, answer)

    def look(self, answer):
        """What holds of every page."""
        for name, value in (("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"),
                            ("Cross-Origin-Opener-Policy", "same-origin")):
            self.assertEqual(answer.headers[name], value)
        tree = parsed(self, answer)
        for element in tree.iter():
            if not isinstance(element.tag, str):
                continue
            for name, value in element.attrib.items():
                self.assertFalse(name == "style" or name.startswith("on"), (element.tag, name, value))
                if name in ("href", "src", "action") and not value.startswith(("./", "../", "#")):
                    self.assertRegex(value, "^https?://")
                    self.assertEqual(element.attrib.get("rel"), "noreferrer noopener")
            if element.tag == "script":
                self.assertTrue(element.attrib["src"] and not element.text)
            if element.tag in ("table",):
                self.assertTrue(element.find("caption") is not None and all(th.attrib["scope"] for th in element.iter("th")))
            self.assertNotIn(element.tag, ("style", "i", "b"))
        self.assertEqual([e.attrib["href"] for e in tree.iter("a")][0], "#content")
        self.assertEqual(len(list(tree.iter("main"))), 1)
        self.assertEqual(len(list(tree.iter("h1"))), 1)

    def all_paths(self, digest):
        tabs = ["/images/%s?show=%s" % (digest, t) for t in ("findings", "updates", "packages", "layers", "suppressed", "coverage")]
        return ["/", "/images", "/feeds", "/notifications", "/search?q=openssl", "/search?q=", "/vulnerabilities/CVE-2014-0160",
                "/search?q=" + urllib.parse.quote(HOSTILE), "/vulnerabilities/" + urllib.parse.quote(HOSTILE, safe="")] + tabs

    def rows(self, tree, label):
        """The cells' texts of a table, row by row."""
        region = [e for e in tree.iter("div") if e.attrib.get("aria-label") == label]
        return [[text(c) for c in row] for row in region[0].find("table").find("tbody")] if region else None


class Pages(Base):
    # ---- every page -------------------------------------------------------------------------------------------------

    def test_all_pages(self):
        digest = self.with_images()
        service = Service(self)
        for path in self.all_paths(digest):
            with self.subTest(path):
                self.page(service, path)
                answer = service.get(path)
                self.assertEqual(answer.headers["Cache-Control"], "private, no-cache")
                again = service.get(path, If_None_Match=answer.headers["Etag"])
                if "ago" not in answer.body.decode():  # an age can be another one by now
                    self.assertEqual((again.status, again.body), (304, b""))
                self.assertEqual(service.get(path, If_None_Match='"other"').status, 200)
                head = service.ask("HEAD", path)
                self.assertEqual((head.status, head.body), (200, b""))
                self.assertEqual(service.ask("DELETE", path).status, 405)
                self.assertEqual(service.ask("POST", path, body="").status, 405)

    def test_foreign_text(self):
        """Names, versions, descriptions and commands are text, whatever is in them; links are only those of the web."""
        digest = self.with_images()
        service = Service(self)
        packages = text(self.page(service, "/images/%s?show=packages" % digest))
        self.assertIn(HOSTILE, packages)
        self.assertIn("1'\"><img src=x onerror=alert(2)>", packages)
        findings = self.page(service, "/images/%s" % digest)
        self.assertIn(HOSTILE, text(findings))
        self.assertIn("RUN <i>apt-get</i> install", text(findings))
        self.assertIn("A flaw <b>of</b> \"memory\".", text(self.page(service, "/vulnerabilities/CVE-2014-0160")))
        for path in ("/search?q=", "/images?q=", "/images?repository=", "/images/%s?q=" % digest, "/vulnerabilities/"):
            with self.subTest(path):
                answer = service.get(path + urllib.parse.quote(HOSTILE + "'\"\u202e", safe=""))
                self.look(answer)
                self.assertNotIn(HOSTILE.encode(), answer.body)
                self.assertIn(b"&lt;script&gt;", answer.body)
                self.assertNotIn("\u202e".encode(), answer.body)

    @clarion.need_shared
    def test_hostile_image(self):
        """The shared images with hostile contents, each on its own page, and what could not be read on it."""
        self.update(self.feeds())
        names = ("bad-links-out", "bad-paths", "bad-dpkg-odd", "bad-json", "bad-elf")
        for name in names:
            self.run_clarion("index", "oci:%s/images/%s.oci" % (clarion.SHARED, name))
        service = Service(self)
        digests = [a.attrib["href"].split("/")[-1] for a in self.page(service, "/images").iter("a") if "/sha256%3A" in a.attrib["href"]]
        self.assertEqual(len(digests), len(names))
        for digest in digests:
            for show in ("findings", "packages", "coverage", "layers"):
                self.page(service, "/images/%s?show=%s" % (digest, show))

    # ---- what they say ----------------------------------------------------------------------------------------------

    def test_image(self):
        digest = self.with_images()
        service = Service(self)
        path = "/images/" + digest
        rows = self.rows(self.page(service, path), "Findings")
        self.assertEqual([(r[0], r[1], r[6]) for r in rows],
                         [("High", "CVE-2014-0160", "1.0.1g-1")] * 2 + [("Medium", "CVE-2030-4", "9-1")] +
                         [("Low", "CVE-2030-2", "no fix yet")] * 2 + [("Unknown", HOSTILE, "no fix yet")])
        self.assertIn("layer 1 of 1: RUN <i>apt-get</i> install", rows[0][4])
        updates = self.rows(self.page(service, path + "?show=updates"), "Updates")
        self.assertEqual([(r[0].split(" ")[0], r[2], r[3]) for r in updates[:2]], [("openssl", "1.0.1g-1", "2"), ("bash", "9-1", "1")])
        for query, ids in (("severity=medium", ["CVE-2014-0160"] * 2 + ["CVE-2030-4"]), ("q=bash", ["CVE-2030-4", HOSTILE]), ("q=2030-2", ["CVE-2030-2"] * 2),
                           ("fixable=1&severity=low", ["CVE-2014-0160"] * 2 + ["CVE-2030-4"]), ("kev=1", [])):
            with self.subTest(query):
                rows = self.rows(self.page(service, path + "?" + query), "Findings")
                self.assertEqual([r[1] for r in rows if len(r) > 1], ids)
        layers = self.rows(self.page(service, path + "?show=layers"), "Layers")
        self.assertEqual((layers[0][0], layers[0][3]), ("1", "4"))
        packages = self.rows(self.page(service, path + "?show=packages&q=ssl"), "Packages")
        self.assertEqual([(r[1], r[2], r[5]) for r in packages], [("1.0.1e-1", "deb", "High 2 findings")] * 2)

    def test_pages_of_an_image(self):
        """Many findings come page by page, each once, and the filter goes with them."""
        names = ["p%03d" % i for i in range(130)]
        self.update(self.feeds({n: {"CVE-2030-%d" % (1000 + i): tracker_entry(bookworm="2")} for i, n in enumerate(names)}))
        digest = self.indexed(debian_layer(*(stanza(n, "1") for n in names)))
        service = Service(self)
        found, path = [], "/images/%s?fixable=1" % digest
        while path:
            tree = self.page(service, path)
            rows = self.rows(tree, "Findings")
            self.assertLessEqual(len(rows), 100)
            found += [r[1] for r in rows]
            more = [a.attrib["href"] for a in tree.iter("a") if a.attrib.get("rel") == "next"]
            path = urllib.parse.urljoin(path, more[0]) if more else None
            self.assertTrue(not path or "fixable=1" in path)
        self.assertEqual(sorted(found), sorted("CVE-2030-%d" % (1000 + i) for i in range(130)))
        # The list may be shorter now than when somebody kept an address.
        for page in ("2", "77", "4294967295"):
            tree = self.page(service, "/images/%s?page=%s&fixable=1" % (digest, page))
            pager = [e for e in tree.iter("nav") if e.attrib.get("aria-label") == "Pages of the list"][0]
            self.assertEqual(text(pager), "← Last pageThere is nothing here: the list ends with 130")
            self.assertRegex(pager.find("a").attrib["href"], r"\?page=1&.*fixable=1")
        self.assertNotIn("Last page", text(self.page(service, "/images/%s?page=1&q=none" % digest)))

    def test_suppressed(self):
        digest = self.with_images()
        self.assertEqual(self.run_clarion("vex", "add", self.vex("not_affected", "CVE-2014-0160", justification="vulnerable_code_not_present",
                                                                 impact_statement="not <u>built</u> in")).code, 0)
        service = Service(self)
        self.assertNotIn(("CVE-2014-0160", "openssl"), [(r[1], r[4].split("layer")[0]) for r in self.rows(self.page(service, "/images/" + digest), "Findings")])
        rows = self.rows(self.page(service, "/images/%s?show=suppressed" % digest), "Suppressed findings")
        self.assertEqual(rows[0][1], "CVE-2014-0160")
        self.assertIn("not_affected, vulnerable_code_not_present: not <u>built</u> in", rows[0][4])
        self.assertIn("by us", rows[0][4])
        self.assertIn("suppressed: not_affected", text(self.page(service, "/vulnerabilities/CVE-2014-0160")))

    def test_vulnerability(self):
        digest = self.with_images()
        service = Service(self)
        tree = self.page(service, "/vulnerabilities/cve-2014-0160")
        self.assertEqual([r[1:4] for r in self.rows(tree, "Images")],
                         [["libssl", "1.0.1e-1", "1.0.1g-1"], ["openssl", "1.0.1e-1", "1.0.1g-1"]])
        self.assertIn("1 image of those that are indexed here has it", text(tree))
        self.assertEqual(self.rows(tree, "Affected packages"), [["openssl source", "debian:bookworm", "fixed", "the first", "1.0.1g-1", "High", "debian"]])
        self.assertIn("https://security-tracker.debian.org/tracker/CVE-2014-0160", [a.attrib["href"] for a in tree.iter("a")])
        self.assertIn("No EPSS: the feed epss is missing", text(tree))
        self.assertIn("../images/" + digest.replace(":", "%3A"), [a.attrib["href"] for a in tree.iter("a")])

    def test_long_description(self):
        """Its beginning is there at once, and the whole of it on the page."""
        self.with_images()
        tree = self.page(Service(self), "/vulnerabilities/CVE-2030-4")
        beginning, rest = ("".join(p.itertext()) for p in tree.iter("p") if "description" in p.attrib.get("class", ""))
        self.assertTrue(beginning.startswith("A shell. ") and beginning.endswith(" …") and len(beginning.encode()) <= 704)
        self.assertEqual((beginning[:-len(" …")] + " " + rest).count("é"), 400)
        self.assertTrue(rest.endswith("é The end."))

    def test_search(self):
        digest = self.with_images()
        service = Service(self)
        answer = service.get("/search?q=%20CVE-2014-0160")
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "./vulnerabilities/CVE-2014-0160"))
        self.assertEqual(service.get("/search?q=ghsa-fg7x-g82r-94qc").headers["Location"], "./vulnerabilities/ghsa-fg7x-g82r-94qc")
        self.assertIn("Nothing found for", text(self.page(service, "/search?q=usn-tool")))
        self.assertEqual([r[1:4] for r in self.rows(self.page(service, "/search?q=openssl"), "Packages")],
                         [["libssl", "1.0.1e-1", "deb"], ["openssl", "1.0.1e-1", "deb"]])
        self.assertIn(digest[:19], text(self.page(service, "/search?q=" + digest[:15])))
        nothing = text(self.page(service, "/search?q=nothing-like-it"))
        self.assertTrue("No image has a package" in nothing and "No image has this in a name" in nothing)

    def test_many_images_of_a_package(self):
        """A search and a vulnerability have pages, each found by the image before it."""
        self.update(self.feeds())
        for i in range(53):
            self.indexed(debian_layer(stanza("openssl", "1.0.%d" % (i % 2)), stanza("zlib", str(i))), name="image%d" % i)
        service = Service(self)
        for path, table in (("/search?q=openssl", "Packages"), ("/vulnerabilities/CVE-2014-0160", "Images")):
            first = self.page(service, path)
            link = [a.attrib["href"] for a in first.iter("a") if a.attrib.get("rel") == "next"][0]
            second = self.page(service, "/" + link.lstrip("./"))
            rows = [self.rows(tree, table) for tree in (first, second)]
            self.assertEqual([len(r) for r in rows], [50, 3])
            self.assertEqual(len({r[0] for r in rows[0] + rows[1]}), 53)
            self.assertFalse([a for a in second.iter("a") if a.attrib.get("rel") == "next"])
            self.assertIn("First page", text(second))
            if table == "Images":
                self.assertIn("53 images of those that are indexed here have it", text(first))
                self.assertIn("53 images of those that are indexed here have it", text(second))
            changed = service.get(path + ("&" if "?" in path else "?") + "after=1.x.3")
            self.assertEqual(changed.status, 400)

    def settled(self, service, path):
        """The page when all images have been judged, which is done after they were indexed."""
        deadline = time.monotonic() + 60
        while True:
            tree = self.page(service, path)
            if "being judged again" not in text(tree) and not [e for e in tree.iter("span") if text(e) == "not judged yet"]:
                return tree
            self.assertLess(time.monotonic(), deadline, service.messages()[-2000:])
            time.sleep(0.1)

    def test_list(self):
        mine, other = self.with_images(), self.indexed(debian_layer(stanza("zlib", "1")), name="other")
        service = Service(self)
        rows = self.rows(self.settled(service, "/images"), "Images")
        self.assertEqual([r[1:3] for r in rows], [["High 2Medium 1Low 2Unknown 1 1 not judged", "3"], ["nothing found", "0"]])
        both = [mine, other]
        for query, digests in (("q=" + mine[:20], [mine]), ("q=" + other[7:20], [other]), ("q=nowhere", []), ("repository=example.org/none", []),
                               ("severity=high", [mine]), ("severity=critical", []), ("severity=unknown", [mine]), ("fixable=1", [mine]), ("kev=1", []),
                               ("severity=only-high", [mine]), ("severity=only-medium", []), ("severity=none", [other]), ("severity=only-", both),
                               ("severity=unjudged", []), ("order=newest", both[::-1])):
            rows = [r for r in self.rows(self.page(service, "/images?" + query), "Images") if len(r) > 1]
            self.assertEqual([d for r in rows for d in both if d[:19] in r[0]], digests, query)

    def test_pages_of_the_list(self):
        """Each image is on one page, whatever the order, and the filter goes with the pages."""
        self.update(self.feeds(TRACKER))
        digests = {self.indexed(debian_layer(stanza("openssl", "1.0.1e-%d" % i)), name="image%d" % i) for i in range(53)}
        service = Service(self)
        self.settled(service, "/images")
        for path in ("/images?fixable=1", "/images?order=newest&fixable=1"):
            found, pages = [], 0
            while path:
                tree = self.settled(service, path)
                found += [a.attrib["href"] for a in tree.iter("a") if "images/sha256" in a.attrib["href"]]
                more = [a.attrib["href"] for a in tree.iter("a") if a.attrib.get("rel") == "next"]
                path = urllib.parse.urljoin(path, more[0]) if more else None
                self.assertTrue(not path or "fixable=1" in path)
                pages += 1
            self.assertEqual((len(found), pages), (53, 2))
            self.assertEqual({urllib.parse.unquote(f.rsplit("/", 1)[1]) for f in found}, digests)

    def test_overview(self):
        self.with_images()
        self.indexed(debian_layer(stanza("zlib", "1")), name="other")
        service = Service(self)
        self.settled(service, "/images")
        tree = self.page(service, "/")
        table = [t for t in tree.iter("table") if text(t.find("caption")) == "Images by their worst finding"][0]
        self.assertEqual({text(r[0]): text(r[1]) for r in table.find("tbody")},
                         {"Critical": "0", "High": "1", "Medium": "0", "Low": "0", "Negligible": "0", "Unknown": "0", "Nothing found": "1",
                          "Not judged yet": "0"})
        for row in table.find("tbody"):  # what a number counts is what its link lists
            listed = self.rows(self.page(service, urllib.parse.urljoin("/", row[0].find("a").attrib["href"])), "Images")
            self.assertEqual(len([r for r in listed if len(r) > 1]), int(text(row[1])), text(row[0]))
        self.assertIn("1 image is judged in part", text(tree))
        self.assertIn("debian loaded", text(tree))
        self.assertIn("nvd missing", text(tree))

    def test_overview_of_what_was_not_read(self):
        """An image of which a part was not read is not listed as one in which nothing was found and no more, though it shares its
        packages, and what is found in them, with one that is whole; nor is one without packages."""
        self.update(self.feeds(TRACKER))
        self.indexed(debian_layer(stanza("zlib", "1")), name="whole")
        r = self.run_clarion("index", self.image(debian_layer(stanza("zlib", "1"), extra=[("lib/apk/db/installed", "-> installed")]), name="partly"))
        self.assertEqual(r.code, 3, r)
        self.indexed(debian_layer(), name="empty")
        service = Service(self)
        rows = self.rows(self.settled(service, "/images"), "Images")
        self.assertEqual(sorted(r[1] for r in rows), ["nothing can be said", "nothing found", "nothing found judged in part"])
        self.assertIn("2 images are judged in part", text(self.page(service, "/")))
        self.assertEqual(service.get("/api/v1/summary").doc["incomplete"], 2)

    def test_notifications(self):
        """What an update changed, and for whom."""
        digest = self.with_images()
        service = Service(self)
        self.assertIn("There is none", text(self.page(service, "/notifications")))
        later = dict(TRACKER, openssl=dict(TRACKER["openssl"], **{"CVE-2030-9": tracker_entry(urgency="high", bookworm="7-1")}))
        deadline = time.monotonic() + 60
        self.update(self.feeds(later, name="later"))
        while True:
            tree = self.page(service, "/notifications")
            if self.rows(tree, "Notifications"):
                break
            self.assertLess(time.monotonic(), deadline, service.messages()[-2000:])
            time.sleep(0.1)
        row = self.rows(tree, "Notifications")[0]
        self.assertEqual((row[1], row[2], row[4]), ("debian", "1", "no target is configured"))
        link = [a.attrib["href"] for a in tree.iter("a") if "notifications/" in a.attrib["href"]][0]
        items = self.rows(self.page(service, urllib.parse.urljoin("/notifications", link)), "Items")
        self.assertEqual([(r[0], r[1], r[2], r[5]) for r in items], [("new", "High", "CVE-2030-9", "7-1")])
        self.assertIn(digest[:19], items[0][6])

    def test_feeds(self):
        self.with_images()
        rows = {r[-1]: r for r in self.rows(self.page(Service(self), "/feeds"), "Feeds")}
        debian, nvd = rows["https://security-tracker.debian.org/tracker/data/json"], [r for r in rows.values() if r[0].startswith("nvd")][0]
        self.assertEqual(debian[1:3], ["loaded", "4"])
        self.assertEqual(nvd[1:4], ["missing", "0", "never"])
        self.assertIn("run `clarion update`", nvd[5])

    # ---- errors -----------------------------------------------------------------------------------------------------

    def test_errors_are_pages(self):
        self.with_images()
        service = Service(self)
        unknown = "sha256:" + "0" * 64
        for path, words in (("/images/" + unknown, "This image is not indexed"), ("/images/nonsense", "no digest of an image"), ("/images/", "no digest"),
                            ("/vulnerabilities/CVE-1999-1", "No feed that is loaded knows"), ("/notifications/1234", "no such notification"),
                            ("/notifications/00000000-0000-4000-8000-000000000000", "no such notification")):
            with self.subTest(path):
                tree = self.page(service, path, status=404)
                self.assertIn(words, text(tree.find("body").find("main")))
        self.assertIn("no such page of the list", text(self.page(service, "/images?after=x", status=400)))
        # Somebody typed an image's name: the page leads to our own files from there, too. A slash within an id is no step.
        for path, root in (("/images/docker.io/library/nginx", "../../../"), ("/images/a%2Fb", "../"), ("/vulnerabilities/x/", "../../"),
                           ("/images/a%2Fb/c", "../../"), ("/images/" + "/" * 1000, "../" * 16)):
            tree = self.page(service, path, status=404)
            self.assertTrue([e for e in tree.iter("link") if re.fullmatch(re.escape(root) + r"assets/clarion\.[0-9a-f]+\.css", e.attrib["href"])], path)
        for path in ("/images/%s?page=99999999999999999999" % unknown, "/images/%s?severity=x&page=-1" % unknown):
            self.assertEqual(service.get(path).status, 404)

    def test_no_feeds_yet(self):
        """Without any feed nothing is clean: each page says what to do, and the image's that nothing can be said."""
        service = Service(self)
        self.assertEqual(self.rows(self.page(service, "/images"), "Images"), [["No image is indexed yet: clarion index IMAGE indexes one."]])
        self.assertEqual(self.rows(self.page(service, "/images?fixable=1"), "Images"), [["No image that is indexed is like that."]])
        self.assertEqual(text(self.page(service, "/search?q=zlib").find("body").find("main").find("h1")), "Nothing found for “zlib”")
        digest = self.indexed(debian_layer(*PACKAGES))
        for path in ("/", "/images", "/images/" + digest, "/feeds"):
            tree = self.page(service, path)
            self.assertIn("No vulnerability data yet", text(tree))
            self.assertIn("clarion update", text(tree))
            self.assertNotIn("service's own updater", text(tree))  # it is switched off in tests
        self.assertIn("Nothing can be said about this image", text(self.page(service, "/images/" + digest)))
        self.assertIn("3 deb", text(self.page(service, "/images/%s?show=coverage" % digest)))

    def test_feed_that_cannot_be_read(self):
        """Each page says so and goes on with what there is; `clarion where` and the API, which promise all, refuse."""
        digest = self.with_images()
        for segment in os.listdir(os.path.join(self.data, "segments")):
            if segment.endswith(".segment"):
                os.unlink(os.path.join(self.data, "segments", segment))
        service = Service(self)
        for path, status in (("/", 200), ("/images/" + digest, 200), ("/search?q=openssl", 200), ("/vulnerabilities/CVE-2014-0160", 404)):
            self.assertRegex(text(self.page(service, path, status=status)), r"what these feeds say is missing from every page: .*debian\.", path)
        self.assertEqual(service.get("/api/v1/vulnerabilities/CVE-2014-0160/images").status, 500)

    def test_unknown_distribution(self):
        """An image that cannot be judged says so above all."""
        self.update(self.feeds())
        digest = self.indexed(clarion.tar_of([("var/lib/dpkg/status", stanza("openssl", "1"))]))
        tree = self.page(Service(self), "/images/" + digest)
        self.assertIn("This image is not judged as a whole", text(tree))
        self.assertIn("Its distribution is not known", text(tree))

    def test_modes(self):
        """The page goes with the role that makes reports."""
        for mode, status in (("matcher", 200), ("indexer", 404), ("notifier", 404)):
            service = Service(self, {"notifier": {"webhook": {"target": "http://127.0.0.1:9/", "callback": "http://127.0.0.1:9/"}}}, "--mode", mode)
            self.assertEqual(service.get("/").status, status, mode)
            service.end()

    def test_assets(self):
        service = Service(self)
        names = re.findall(r'(?:href|src)="\./(assets/[^"]+)"', service.get("/").body.decode())
        self.assertEqual(len(set(names)), 4)
        for name in names:
            plain, packed = service.get("/" + name), service.get("/" + name, Accept_Encoding="gzip")
            self.assertEqual((plain.status, packed.status, packed.headers["Content-Encoding"]), (200, 200, "gzip"))
            self.assertEqual(gzip.decompress(packed.body), plain.body)
            self.assertEqual(plain.headers["Cache-Control"], "public, max-age=31536000, immutable")
            self.assertRegex(name, r"\.[0-9a-f]{16}\.(css|js|svg)$")
            self.assertEqual(service.ask("HEAD", "/" + name).body, b"")
        self.assertEqual(service.get("/assets/clarion.css").status, 404)
        self.assertEqual(service.get("/assets/../clarion.css").status, 404)


class Login(Base):
    def session(self, service, answer):
        """The cookies that an answer sets."""
        return {c.split("=")[0]: c.split(";")[0].split("=", 1)[1] for c in answer.headers.get_all("Set-Cookie") or []}

    def form(self, service):
        answer = service.get("/login")
        self.assertEqual((answer.status, answer.headers["Cache-Control"]), (200, "no-store"))
        self.look(answer)
        field = [e.attrib["value"] for e in parsed(self, answer).iter("input") if e.attrib["name"] == "form"][0]
        return field, self.session(service, answer)["clarion_login"]

    def login(self, service, value, next_page="", **headers):
        field, cookie = self.form(service)
        headers = dict({"Cookie": "clarion_login=" + cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}, **headers)
        return service.ask("POST", "/login", body=urllib.parse.urlencode({"form": field, "token": value, "next": next_page}),
                           **{k.replace("-", "_"): v for k, v in headers.items()})

    def good(self, **claims):
        return token(KEY, dict({"iss": "quay", "exp": int(time.time()) + 600}, **claims))

    def test_nothing_without(self):
        """Who has no session is sent to log in, and then to where they wanted to go; assets are for all."""
        digest = self.with_images()
        service = Service(self, LOCKED)
        for path in self.all_paths(digest):
            answer = service.get(path)
            self.assertEqual((answer.status, answer.body), (303, b""), path)
            self.assertRegex(answer.headers["Location"], r"^(\./|\.\./)login\?next=")
        answer = service.get("/images/%s?show=layers&page=1" % digest)
        wanted = urllib.parse.parse_qs(answer.headers["Location"].split("?")[1])["next"][0]
        self.assertEqual(wanted, "images/%s?show=layers&page=1" % digest)
        answer = self.login(service, self.good(), wanted)
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "./images/%s?show=layers&page=1" % digest.replace(":", "%3A")))
        for name in re.findall(r'(?:href|src)="\./(assets/[^"]+)"', service.get("/login").body.decode()):
            self.assertEqual(service.get("/" + name).status, 200)

    def test_session(self):
        digest = self.with_images()
        service = Service(self, LOCKED)
        answer = self.login(service, self.good())
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "./"))
        cookie = [c for c in answer.headers.get_all("Set-Cookie") if c.startswith("clarion_session=")][0]
        for part in ("HttpOnly", "SameSite=Strict"):
            self.assertIn("; " + part, cookie)
        self.assertNotIn("Secure", cookie)
        self.assertNotIn("Path", cookie)  # so it holds below a proxy's prefix as well
        self.assertLessEqual(int(re.search(r"Max-Age=(\d+)", cookie).group(1)), 615)
        session = "clarion_session=" + self.session(service, answer)["clarion_session"]
        for path in self.all_paths(digest):
            self.page(service, path, Cookie=session)
        self.assertEqual(service.get("/images", Authorization="Bearer " + self.good()).status, 200)
        self.assertEqual(service.get("/images", Authorization="Bearer x").status, 401)
        # It is a session of pages, not a token of the API.
        self.assertEqual(service.get("/api/v1/images", Cookie=session).status, 401)
        self.assertEqual(service.get("/api/v1/images", Authorization="Bearer " + session.split("=")[1]).status, 401)
        for other in (session[:-1] + ("0" if session[-1] != "0" else "1"), session.replace("=", "=9", 1), "clarion_session=", "clarion_session=1.2.3",
                      session.rsplit(".", 1)[0], "clarion_session=99999999999." + session.split(".", 1)[1]):
            self.assertEqual(service.get("/", Cookie=other).status, 303, other)
        self.assertIn("; Secure", [c for c in self.login(service, self.good(), X_Forwarded_Proto="https").headers.get_all("Set-Cookie")
                                   if c.startswith("clarion_session=")][0])

    def test_bad_tokens(self):
        service = Service(self, LOCKED, "--limit", "page_tries=6")
        now = int(time.time())
        bad = ["", "x", self.good(iss="nobody"), self.good(exp=now - 600), token(b"another key", {"iss": "quay"}), "a.b.c"]
        for value in bad:
            answer = self.login(service, value, "images?q=\">")
            self.assertEqual(answer.status, 403, value)
            self.assertEqual([e.attrib["value"] for e in parsed(self, answer).iter("input") if e.attrib["name"] == "next"], ["images?q=\">"])
            self.look(answer)
            self.assertNotIn("clarion_session", self.session(service, answer))
            self.assertIn("This token is not good", text(parsed(self, answer)))
        answer = self.login(service, self.good())  # even with a good one, after so many
        self.assertEqual(answer.status, 429)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertNotIn(self.good(), service.messages())

    def test_from_elsewhere(self):
        """What other sites make a browser send changes nothing."""
        self.with_images()
        service = Service(self, LOCKED)
        field, cookie = self.form(service)
        body = urllib.parse.urlencode({"form": field, "token": self.good()})
        mine = {"Cookie": "clarion_login=" + cookie}
        for headers in (dict(mine, Sec_Fetch_Site="cross-site"), dict(mine, Sec_Fetch_Site="same-site"), dict(mine, Origin="https://evil.example"), {},
                        {"Cookie": "clarion_login=" + "0" * 32}, dict(mine, Origin="null")):
            answer = service.ask("POST", "/login", body=body, **headers)
            self.assertEqual(answer.status, 403, headers)
            self.look(answer)
            self.assertNotIn("clarion_session", self.session(service, answer))
        answer = service.ask("POST", "/login", body=body, Origin="http://127.0.0.1:%d" % service.port, **mine)
        self.assertEqual(answer.status, 303)
        session = {"Cookie": "clarion_session=" + self.session(service, answer)["clarion_session"]}
        tree = self.page(service, "/", **session)
        leave = urllib.parse.urlencode({"form": [e.attrib["value"] for e in tree.iter("input") if e.attrib["name"] == "form"][0]})
        for given, headers in ((leave, dict(session, Sec_Fetch_Site="cross-site")), ("form=0", session), ("", session), (leave, {})):
            self.assertEqual(service.ask("POST", "/logout", body=given, **headers).status, 403)
        self.assertEqual(service.get("/logout", **session).status, 405)
        answer = service.ask("POST", "/logout", body=leave, Sec_Fetch_Site="same-origin", **session)
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "./login"))
        self.assertIn("clarion_session=; Max-Age=0", answer.headers["Set-Cookie"])

    def test_only_to_pages_of_ours(self):
        service = Service(self, LOCKED)
        for place in ("//evil.example/", "/\\evil.example", "https://evil.example/", "../../x", "javascript:alert(1)"):
            answer = self.login(service, self.good(), place)
            self.assertEqual(answer.status, 303)
            self.assertEqual(urllib.parse.urljoin("http://here.example/login", answer.headers["Location"]).split("/")[2], "here.example")
        for query in ("q=a..b", "q=..%2F..", "q=\\\\evil.example"):
            self.assertEqual(self.login(service, self.good(), "search?" + query).headers["Location"], "./search?" + query)
        self.assertEqual(service.get("/images/a/b").headers["Location"], "../../login?next=images%2Fa%2Fb")

    def test_without_authentication(self):
        service = Service(self)
        for method, body in (("GET", None), ("POST", "token=x")):
            answer = service.ask(method, "/login", body=body)
            self.assertEqual((answer.status, answer.headers["Location"]), (303, "./"))
        self.assertNotIn("Log out", text(self.page(service, "/")))


if __name__ == "__main__":
    unittest.main()
