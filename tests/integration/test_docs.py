"""The documentation as a site: all pages, nothing fetched from elsewhere, and a reference of each operation of the API."""
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import clarion

ROOT = os.path.dirname(clarion.HERE)


@clarion.need_tool("mkdocs")
class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="clarion-docs-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        done = subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "build-docs.py"), cls.folder], capture_output=True, text=True,
                              check=False)
        cls.made = (done.returncode, done.stdout, done.stderr)

    def read(self, *name):
        with open(os.path.join(self.folder, *name), encoding="utf-8") as f:
            return f.read()

    def test_all_pages_are_there_and_led_to(self):
        self.assertEqual(self.made, (0, "", ""))
        first = self.read("index.html")
        pages = [name[:-3] for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md")]
        for page in pages + ["api-reference", "contributing", "changes"]:
            self.assertTrue(os.path.exists(os.path.join(self.folder, page + ".html")), page)
            self.assertRegex(first, 'href="(./)?%s.html"' % page)

    def test_nothing_comes_from_elsewhere(self):
        for where, _, names in os.walk(self.folder):
            for name in names:
                if not name.endswith((".html", ".css")):
                    continue
                text = self.read(os.path.relpath(os.path.join(where, name), self.folder))
                fetched = re.findall(r'<(?:script|img|iframe)\b[^>]*\bsrc="([^"]*)"', text) + re.findall(r'<link\b[^>]*\bhref="([^"]*)"', text) + \
                    re.findall(r"url\(['\"]?([^'\")]+)", text) + re.findall(r"@import[^;]*", text)
                for place in fetched:
                    self.assertNotRegex(place, r"^(https?:)?//", name)

    def test_pages_link_to_what_is_there(self):
        for name in sorted(os.listdir(self.folder)):
            if not name.endswith(".html") or name == "404.html":
                continue
            for link in re.findall(r'<a\b[^>]*\bhref="([^"]*)"', self.read(name)):
                page, _, anchor = html.unescape(link).partition("#")
                if re.match("[a-z]+:", page) or page in (".", ""):
                    page = name if page == "" else None
                if page is None:
                    continue
                self.assertTrue(os.path.exists(os.path.join(self.folder, page)), (name, link))
                if anchor and page.endswith(".html"):
                    self.assertRegex(self.read(page), r'\bid="%s"' % re.escape(anchor), (name, link))

    def test_search(self):
        places = {entry["location"].split("#")[0] for entry in json.loads(self.read("search", "search_index.json"))["docs"]}
        self.assertLessEqual({"tour.html", "operations.html", "api-reference.html"}, places)

    def test_reference_has_each_operation(self):
        text = html.unescape(re.sub("<[^>]*>", "", self.read("api-reference.html")))
        with open(os.path.join(ROOT, "src", "service", "openapi.json"), encoding="utf-8") as f:
            document = json.load(f)
        count = 0
        for path, item in document["paths"].items():
            for method in item:
                if method in ("get", "put", "post", "delete", "head"):
                    self.assertIn("%s %s" % (method.upper(), path), text)
                    count += 1
        self.assertGreater(count, 10)
        for name in document["components"]["schemas"]:
            self.assertRegex(text, r"(?m)^%s" % re.escape(name))


if __name__ == "__main__":
    unittest.main()
