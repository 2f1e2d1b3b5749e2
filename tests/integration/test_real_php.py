"""PHP packages as Composer installs them, against Composer's own listing."""
import json
import os
import unittest

import clarion
from clarion import files_below, need_tool, tar_of


@need_tool("composer")
class RealPhp(clarion.Case):
    def write(self, name, document):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            json.dump(document, f)

    def test_installed(self):
        """From folders, so that no network is needed; one of them as a link, one for development only."""
        repositories = [{"packagist": False}]
        for name, version, link in (("lib", "v1.2.3", False), ("linked", "2.0.0-beta1", True), ("dev-tool", "3.0", False)):
            self.write("%s/composer.json" % name, {"name": "acme/" + name, "version": version, "type": "library"})
            repositories.append({"type": "path", "url": "../" + name, "options": {"symlink": link}})
        self.write("app/composer.json", {"name": "acme/app", "repositories": repositories, "minimum-stability": "dev",
                                         "require": {"acme/lib": "*", "acme/linked": "*"}, "require-dev": {"acme/dev-tool": "*"},
                                         "config": {"vendor-dir": "lib/third-party"}})
        env = dict(os.environ, COMPOSER_ALLOW_SUPERUSER="1", COMPOSER_HOME=self.path("home"), COMPOSER_DISABLE_NETWORK="1")
        self.tool("composer", "install", "--no-interaction", "--no-progress", cwd=self.path("app"), env=env)
        shown = json.loads(self.tool("composer", "show", "--format", "json", cwd=self.path("app"), env=env))
        truth = sorted((p["name"], p["version"]) for p in shown["installed"])
        self.assertEqual(len(truth), 3)
        r = self.run_clarion("index", self.image(tar_of(files_below(self.path("app"), "var/www"))))
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.names(r.doc), truth)
        self.assertEqual({(p["kind"], p["path"]) for p in r.doc["packages"]},
                         {("composer", "var/www/lib/third-party/composer/installed.json")})


if __name__ == "__main__":
    unittest.main()
