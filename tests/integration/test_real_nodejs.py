"""Packages of Node.js as npm installs them, against npm's own listing."""
import json
import os
import unittest

import clarion
from clarion import files_below, need_tool, tar_of


def listed(tree):
    for p in tree.get("dependencies", {}).values():
        yield p["name"], p["version"]
        yield from listed(p)


@need_tool("npm")
class RealNodejs(clarion.Case):
    def test_installed(self):
        """Scoped, nested, and one that is installed under another name."""
        app = self.path("app")
        os.makedirs(app)
        with open(os.path.join(app, "package.json"), "w", encoding="utf-8") as f:
            json.dump({"name": "app", "version": "1.0.0"}, f)
        self.tool("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=20000",
                  "@sindresorhus/is@4.0.0", "debug@4.3.4", "ms@1.0.0", "old@npm:ms@2.0.0", cwd=app, network=True)
        truth = sorted(set(listed(json.loads(self.tool("npm", "ls", "--all", "--json", "--long", cwd=app)))))
        self.assertEqual({name for name, _ in truth}, {"@sindresorhus/is", "debug", "ms"})
        r = self.run_clarion("index", self.image(tar_of(files_below(app, "app"))))
        self.assertEqual(r.code, 0, r)
        self.assertEqual(sorted({(p["name"], p["version"]) for p in r.doc["packages"] if p["kind"] == "npm"}), truth)
        self.assertIn("app/node_modules/debug/node_modules/ms/package.json", [p["path"] for p in r.doc["packages"]])


if __name__ == "__main__":
    unittest.main()
