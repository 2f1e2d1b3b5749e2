"""Images with archives of the real tools: Maven's own listing is the truth, the JDK's jar puts them together."""
import os
import re
import shutil
import subprocess
import unittest

import clarion
from clarion import OS_RELEASE, tar_of

# Small ones, built by Maven (with pom.properties), by Gradle, and by Ant.
WANTED = ["commons-io:commons-io:2.6", "org.slf4j:slf4j-api:1.7.30", "com.fasterxml.jackson.core:jackson-annotations:2.9.8",
          "org.springframework:spring-jcl:5.3.17", "org.ow2.asm:asm-tree:9.1", "javax.inject:javax.inject:1",
          "aopalliance:aopalliance:1.0"]

DEPENDENCY = """<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>
<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"""
PROJECT = """<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>shop</artifactId>
<version>2.0</version><dependencies>%s</dependencies></project>"""


@unittest.skipUnless(shutil.which("mvn") and shutil.which("jar"), "wants Maven and a JDK (mvn, jar)")
class RealJava(clarion.Case):
    def maven(self, *goals):
        done = subprocess.run(["mvn", "-B", "-q", *goals], cwd=self.path("project"), capture_output=True, text=True, check=False,
                              timeout=300)
        if done.returncode != 0:
            self.skipTest("Maven could not get the archives: " + done.stdout[-300:])

    def jar(self, target, folder):
        subprocess.run(["jar", "--create", "--file", target, "-C", folder, "."], check=True)
        with open(target, "rb") as f:
            return f.read()

    def make_project(self):
        """The archives' folder, and Maven's list of them: {(name, version)}."""
        os.makedirs(self.path("project"))
        with open(self.path("project", "pom.xml"), "w", encoding="utf-8") as f:
            f.write(PROJECT % "".join(DEPENDENCY % tuple(x.split(":")) for x in WANTED))
        self.maven("dependency:copy-dependencies", "-DoutputDirectory=" + self.path("war", "WEB-INF", "lib"),
                   "dependency:list", "-DoutputFile=" + self.path("list.txt"))
        with open(self.path("list.txt"), encoding="utf-8") as f:
            text = re.sub(r"\x1b\[[0-9;]*m", "", f.read())
        return {(g + ":" + a, v) for g, a, v in re.findall(r"^\s+([\w.-]+):([\w.-]+):jar:([\w.-]+):", text, re.M)}

    def packages(self, image):
        r = self.run_clarion("index", "--format", "json", image)
        self.assertEqual(r.code, 0, r)
        return {(p["name"], p["version"], p["path"]) for p in r.doc["packages"] if p["kind"] == "maven"}

    def test_plain_war_and_ear(self):
        truth = self.make_project()
        self.assertEqual(len(truth), len(WANTED))
        folder = self.path("war", "WEB-INF", "lib")
        files = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as f:
                files.append(("opt/lib/" + name, f.read()))
        os.makedirs(self.path("ear"))
        files.append(("opt/shop.war", self.jar(self.path("ear", "shop-2.0.war"), self.path("war"))))
        files.append(("opt/all.ear", self.jar(self.path("all.ear"), self.path("ear"))))
        found = self.packages(self.image(tar_of([("etc/os-release", OS_RELEASE), *files])))

        def below(place):
            return {(n, v) for n, v, path in found if path.startswith(place)}
        self.assertEqual(below("opt/lib/"), truth)
        self.assertEqual(below("opt/shop.war!WEB-INF/lib/"), truth)
        self.assertEqual(below("opt/all.ear!shop-2.0.war!WEB-INF/lib/"), truth)
        for name, version, path in found:
            if path.startswith("opt/lib/"):
                self.assertEqual(path, "opt/lib/%s-%s.jar" % (name.split(":")[1], version))


if __name__ == "__main__":
    unittest.main()
