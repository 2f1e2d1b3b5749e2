"""Gems that came with Ruby, and one that RubyGems builds and installs, against what Ruby itself makes of their text."""
import json
import os
import unittest

import clarion
from clarion import files_below, need_tool, tar_of

LIST = ("puts JSON.dump([Gem::Specification.dirs, Gem::Specification.map { |s| "
        "[s.name, s.version.to_s, s.platform.to_s, s.loaded_from] }])")


@need_tool("gem")
class RealRuby(clarion.Case):
    maxDiff = None
    def test_installed(self):
        with open(self.path("tool.gemspec"), "w", encoding="utf-8") as f:
            f.write("Gem::Specification.new do |s|\n  s.name = 'tool-9s'\n  s.version = ['1', '2', 'rc1'].join('.')\n"
                    "  s.summary = 'A tool'\n  s.authors = ['A']\n  s.platform = 'java'\n  s.files = []\nend\n")
        env = dict(os.environ, GEM_HOME=self.path("gems"))
        self.tool("gem", "build", "tool.gemspec", cwd=self.folder)
        self.tool("gem", "install", "--local", "--force", "--no-document", "--platform", "java", "tool-9s-1.2.rc1-java.gem",
                  cwd=self.folder, env=env)
        folders, specs = json.loads(self.tool("ruby", "-rjson", "-e", LIST, env=env))
        files = []
        for folder in folders:
            files += files_below(folder, folder.lstrip("/"))
        r = self.run_clarion("index", self.image(tar_of(files)))
        self.assertEqual(r.code, 0, r)
        found = {p["path"]: (p["name"], p["version"], p["arch"]) for p in r.doc["packages"] if p["kind"] == "gem"}
        truth = {path.lstrip("/"): (name, version, "" if platform == "ruby" else platform)
                 for name, version, platform, path in specs}
        # Ruby leaves out gems of other platforms than its own, such as the one made here.
        truth.setdefault(self.path("gems", "specifications", "tool-9s-1.2.rc1-java.gemspec").lstrip("/"),
                         ("tool-9s", "1.2.rc1", "java"))
        self.assertEqual({path: found.get(path) for path in truth}, truth)
        # Of a gem that is there twice Ruby tells one.
        self.assertEqual(set(found.values()), set(truth.values()))
        self.assertGreater(len(truth), 10)


if __name__ == "__main__":
    unittest.main()
