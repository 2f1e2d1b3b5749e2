"""From an image to a report: layers, databases, reuse, coverage, exit codes."""
import gzip
import json
import os
import stat
import unittest

import clarion
from clarion import OS_RELEASE, OciLayout, debian_layer, digest, stanza, tar_of, tracker_entry

TRACKER = {
    "openssl": {
        "CVE-2014-0160": tracker_entry(urgency="high", bookworm="3.0.9-1"),
        "CVE-2023-9999": tracker_entry(urgency="low", bookworm=None),
        "CVE-2010-0001": tracker_entry(bookworm="0"),
        "CVE-2024-1111": tracker_entry(status="undetermined", bookworm=None),
    },
    "zlib": {"CVE-2022-37434": tracker_entry(urgency="medium", bookworm="1:1.2.13.dfsg-2")},
}
LIBSSL = stanza("libssl3", "3.0.8-1+b1", source="openssl (3.0.8-1)")
OPENSSL = stanza("openssl", "3.0.8-1")
ZLIB = stanza("zlib1g", "1:1.2.13.dfsg-1", source="zlib")


class Scan(clarion.Case):
    def setUp(self):
        super().setUp()
        self.update(self.feeds(TRACKER))

    def test_findings_follow_the_tracker(self):
        r = self.scan(self.image(debian_layer(LIBSSL, OPENSSL, ZLIB)))
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.findings(r.doc), [
            ("libssl3", "CVE-2014-0160", "3.0.9-1"), ("libssl3", "CVE-2023-9999", ""),
            ("openssl", "CVE-2014-0160", "3.0.9-1"), ("openssl", "CVE-2023-9999", ""),
            ("zlib1g", "CVE-2022-37434", "1:1.2.13.dfsg-2")])
        self.assertEqual(r.doc["schema"], "clarion/report/1")
        self.assertEqual(r.doc["coverage"]["distribution"], "recognised")
        self.assertEqual(r.doc["errors"], [])
        self.assertEqual([f["severity"] for f in r.doc["findings"]][0], "High")

    def test_exit_codes(self):
        image = self.image(debian_layer(LIBSSL))
        self.assertEqual(self.scan(image, "--fail-on", "critical").code, 0)
        self.assertEqual(self.scan(image, "--fail-on", "high").code, 1)
        self.assertEqual(self.scan(image, "--fail-on", "LOW").code, 1)
        only_open = self.image(debian_layer(stanza("openssl", "3.0.9-1")), name="open")
        self.assertEqual(self.scan(only_open, "--fail-on", "low").code, 1)
        self.assertEqual(self.scan(only_open, "--fail-on", "low", "--only-fixed").code, 0)

    def test_without_feeds_nothing_is_clean(self):
        image = self.image(debian_layer(LIBSSL))
        empty = self.path("empty")
        r = self.scan(image, data=empty)
        self.assertEqual(r.code, 3)
        self.assertIn("run `clarion update`", r.err)
        self.assertEqual(len(r.doc["packages"]), 1)
        self.assertEqual([(f["feed"], f["state"]) for f in r.doc["coverage"]["feeds"]], [("debian", "missing")])
        table = self.run_clarion("scan", image, data=empty)
        self.assertIn("NOT JUDGED", table.out)

    def test_unknown_distribution(self):
        layer = tar_of([("etc/os-release", 'ID=exotic\nVERSION_ID="1"\n'), ("var/lib/dpkg/status", LIBSSL)])
        r = self.scan(self.image(layer), "--fail-on", "critical")
        self.assertEqual(r.code, 3)
        self.assertEqual(r.doc["coverage"]["distribution"], "unknown")
        self.assertEqual(r.doc["coverage"]["unmatched_kinds"], ["deb"])
        self.assertIn("could be judged", r.err)

    def test_no_packages_is_no_failure(self):
        r = self.scan(self.image(tar_of([("bin/tool", "x")])), "--fail-on", "low")
        self.assertEqual((r.code, r.doc["packages"]), (0, []))

    def test_distribution_without_packages_is_suspicious(self):
        """Taking the package database away must not make an image look clean."""
        for name, text in (("debian", OS_RELEASE), ("other", 'ID=rhel\nVERSION_ID="9.0"\n')):
            image = self.image(tar_of([("etc/os-release", text)]), name=name)
            self.assertEqual(self.scan(image).code, 0)
            self.assertEqual(self.scan(image, "--fail-on", "critical").code, 3)
            self.assertIn("NOT JUDGED", self.run_clarion("scan", image).out)

    def test_second_scan_reads_no_layer(self):
        image = self.image(debian_layer(LIBSSL), tar_of([("srv/x", "y")]))
        first = self.scan(image).doc
        self.assertEqual([x["indexed"] for x in first["layers"]], ["now", "now"])
        for layer in first["layers"]:  # reading these bytes would be an error: they are not those of the digest
            path = os.path.join(image[4:], "blobs", "sha256", layer["digest"][7:])
            with open(path, "r+b") as f:
                f.write(b"\0" * os.path.getsize(path))
        second = self.scan(image)
        self.assertEqual(second.code, 0, second)
        self.assertEqual([x["indexed"] for x in second.doc["layers"]], ["before", "before"])
        self.assertEqual(second.doc["findings"], first["findings"])

    def test_shared_layer_is_read_once(self):
        base = debian_layer(LIBSSL)
        self.scan(self.image(base, name="one"))
        r = self.scan(self.image(base, tar_of([("srv/x", "y")]), name="two"))
        self.assertEqual([x["indexed"] for x in r.doc["layers"]], ["before", "now"])
        self.assertEqual(len(r.doc["findings"]), 2)

    def test_same_inputs_same_bytes(self):
        image = self.image(debian_layer(LIBSSL, OPENSSL, ZLIB))
        self.scan(image)
        self.assertEqual(self.scan(image).out, self.scan(image).out)

    def test_report_needs_no_image(self):
        image = self.image(debian_layer(LIBSSL))
        doc = self.scan(image).doc
        os.rename(image[4:], self.path("away"))
        r = self.run_clarion("report", "--format", "json", doc["image"]["manifest"][:20])
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.doc["findings"], doc["findings"])
        self.assertEqual(self.run_clarion("report", "sha256:00").code, 3)

    def test_layers_and_whiteouts(self):
        base = debian_layer(LIBSSL, ZLIB)
        upgraded = debian_layer(stanza("libssl3", "3.0.9-1", source="openssl"), ZLIB)
        doc = self.scan(self.image(base, upgraded)).doc
        self.assertEqual(self.names(doc), [("libssl3", "3.0.9-1"), ("zlib1g", "1:1.2.13.dfsg-1")])
        layers = {p["name"]: p["layer"] for p in doc["packages"]}
        self.assertEqual(layers["zlib1g"], doc["layers"][0]["digest"])
        self.assertEqual(layers["libssl3"], doc["layers"][1]["digest"])
        for name, gone in (("file", "var/lib/dpkg/.wh.status"), ("folder", "var/lib/.wh.dpkg"),
                           ("opaque", "var/lib/dpkg/.wh..wh..opq"), ("high", ".wh.var")):
            doc = self.scan(self.image(base, tar_of([(gone, "")]), name=name)).doc
            self.assertEqual(doc["packages"], [], gone)
        for name, kept in (("other", "var/lib/dpkg/.wh.status-old"), ("odd", ".wh..wh.plnk"), ("self", "var/.wh..")):
            doc = self.scan(self.image(base, tar_of([(kept, "")]), name=name)).doc
            self.assertEqual(len(doc["packages"]), 2, kept)

    def test_states_other_than_installed(self):
        states = ["deinstall ok config-files", "purge ok not-installed", "install reinstreq half-installed", "hold ok installed"]
        doc = self.scan(self.image(debian_layer(*[stanza("p%d" % i, "1", status=s) for i, s in enumerate(states)]))).doc
        self.assertEqual(self.names(doc), [("p3", "1")])

    def test_multi_arch(self):
        doc = self.scan(self.image(debian_layer(stanza("libc6", "2", arch="amd64"), stanza("libc6", "2", arch="i386")))).doc
        self.assertEqual(sorted(p["arch"] for p in doc["packages"]), ["amd64", "i386"])

    def test_distroless(self):
        one = tar_of([("usr/lib/os-release", OS_RELEASE), ("var/lib/dpkg/status.d/libssl3", LIBSSL),
                      ("var/lib/dpkg/status.d/libssl3.md5sums", "0  usr/lib/x\n")])
        two = tar_of([("var/lib/dpkg/status.d/zlib1g", ZLIB)])
        doc = self.scan(self.image(one, two)).doc
        self.assertEqual([n for n, _ in self.names(doc)], ["libssl3", "zlib1g"])
        self.assertEqual(doc["image"]["distribution"], {"id": "debian", "version": "12"})

    def test_symlinked_os_release_and_usr_merge(self):
        apk = "C:Q1x\nP:openssl\nV:3.1.3-r0\nA:x86_64\no:openssl\n\n"
        release = 'ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n'
        layers = [tar_of([("etc/os-release", "-> ../usr/lib/os-release"), ("lib", "-> usr/lib"),
                          ("usr/lib/os-release", release), ("usr/lib/apk/db/installed", apk)]),
                  tar_of([("lib/apk/db/installed", apk.replace("3.1.3", "3.1.2"))])]
        doc = self.scan(self.image(*layers)).doc
        self.assertEqual(self.names(doc), [("openssl", "3.1.2-r0")])
        self.assertEqual(self.findings(doc), [("openssl", "CVE-2023-5363", "3.1.4-r0")])

    def test_database_moved_by_a_link_of_another_layer(self):
        """An upper layer has the database at its real place, as overlayfs writes it: no link in that layer tells."""
        at = "usr/share/dpkg/database/status"
        base = tar_of([("etc/os-release", OS_RELEASE), ("var/lib/dpkg", "-> ../../usr/share/dpkg/database"), (at, LIBSSL)])
        doc = self.scan(self.image(base, tar_of([(at, LIBSSL + ZLIB)]), name="above")).doc
        self.assertEqual([n for n, _ in self.names(doc)], ["libssl3", "zlib1g"])
        self.assertEqual([doc["layers"].index(x) for p in doc["packages"] for x in doc["layers"] if x["digest"] == p["layer"]], [0, 1])
        link = tar_of([("var/lib/dpkg", "-> ../../usr/share/dpkg/database")])
        r = self.scan(self.image(tar_of([("etc/os-release", OS_RELEASE), (at, LIBSSL)]), link, name="below"))
        self.assertEqual((r.code, [n for n, _ in self.names(r.doc)]), (0, ["libssl3"]), r)
        r = self.scan(self.image(tar_of([("etc/os-release", OS_RELEASE), (at, LIBSSL)]), name="astray"))
        self.assertEqual((r.code, r.doc["packages"]), (0, []), r)  # nothing leads there: a copy, or another root's
        r = self.scan(self.image(base, tar_of([(at, "no database any more\n")]), name="spoilt"))
        self.assertEqual((r.code, r.doc["packages"]), (3, []), r)

    def test_folder_in_place_of_a_package(self):
        at = "var/lib/dpkg/status.d/libssl3"
        doc = self.scan(self.image(tar_of([("etc/os-release", OS_RELEASE), (at, LIBSSL)]), tar_of([(at, None)]))).doc
        self.assertEqual(doc["packages"], [])

    def test_folder_in_place_of_a_file(self):
        """Whatever tells of a package; a folder of several layers is one folder."""
        metadata = "usr/lib/python3/dist-packages/a-1.dist-info/METADATA"
        package = "app/node_modules/b/package.json"
        pom = "app/web.war/META-INF/maven/g/c/pom.properties"
        below = tar_of([("etc/os-release", OS_RELEASE), (metadata, "Name: a\nVersion: 1\n\n"),
                        (package, '{"name":"b","version":"1"}'), (pom, "groupId=g\nartifactId=c\nversion=1\n")])
        doc = self.scan(self.image(below, tar_of([("app/web.war", None)]), name="one")).doc
        self.assertEqual(self.names(doc), [("a", "1"), ("b", "1"), ("g:c", "1")])
        doc = self.scan(self.image(below, tar_of([("app/web.war", None), (metadata, None), (package, None)]), name="two")).doc
        self.assertEqual(self.names(doc), [("g:c", "1")])

    def test_forms(self):
        """The same root in every form that a layer and an image can have gives the same inventory."""
        import subprocess
        layer = debian_layer(LIBSSL, ZLIB)
        want = self.names(self.scan(self.image(layer)).doc)
        zst = subprocess.run(["zstd", "-q", "-c"], input=layer, capture_output=True, check=True).stdout
        half = len(layer) // 1024 * 512
        members = gzip.compress(layer[:half]) + gzip.compress(layer[half:])
        kind = "application/vnd.oci.image.layer.v1.tar"
        forms = {
            "plain": [(layer, kind, digest(layer))],
            "zstd": [(zst, kind + "+zstd", digest(layer))],
            "members": [(members, kind + "+gzip", digest(layer))],
            "docker": [(gzip.compress(layer), "application/vnd.docker.image.rootfs.diff.tar.gzip", digest(layer))],
        }
        for name, layers in forms.items():
            r = self.scan(self.image(*layers, name=name))
            self.assertEqual((r.code, self.names(r.doc)), (0, want), (name, r))
        root = self.path("root")
        for name, text in (("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", LIBSSL + ZLIB)):
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as f:
                f.write(text)
        self.assertEqual(self.names(self.scan("dir:" + root).doc), want)
        self.assertEqual(self.names(self.scan(root).doc), want)
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode()
        name = digest(config)[7:] + ".json"
        archive = tar_of([("abc/layer.tar", layer), (name, config), ("manifest.json", json.dumps(
            [{"Config": name, "RepoTags": ["example.test/x:1"], "Layers": ["abc/layer.tar"]}]))])
        for suffix, data in ((".tar", archive), (".tar.gz", gzip.compress(archive))):
            path = self.path("saved" + suffix)
            with open(path, "wb") as f:
                f.write(data)
            for target in ("docker-archive:" + path, path):
                self.assertEqual(self.names(self.scan(target).doc), want, target)
        layout = self.path("image")
        path = self.path("layout.tar")
        subprocess.run(["tar", "-C", layout, "-cf", path, "."], check=True)
        for target in ("oci-archive:" + path, path, layout):
            self.assertEqual(self.names(self.scan(target).doc), want, target)

    def test_platforms(self):
        layout = OciLayout(self.path("multi"))
        layout.add([debian_layer(LIBSSL)], platform={"os": "linux", "architecture": "arm64"})
        layout.add([debian_layer(ZLIB)], platform={"os": "linux", "architecture": "s390x"})
        target = "oci:" + layout.folder
        self.assertEqual([n for n, _ in self.names(self.scan(target, "--platform", "linux/arm64").doc)], ["libssl3"])
        self.assertEqual([n for n, _ in self.names(self.scan(target, "--platform", "linux/s390x").doc)], ["zlib1g"])
        r = self.scan(target, "--platform", "linux/riscv64")
        self.assertEqual(r.code, 3)
        self.assertIn("linux/arm64", r.err)
        self.assertIn("linux/s390x", r.err)

    def test_tags(self):
        layout = OciLayout(self.path("tags"))
        layout.add([debian_layer(LIBSSL)], tag="1")
        layout.add([debian_layer(ZLIB)], tag="2")
        target = "oci:" + layout.folder
        for tag, want in (("1", "libssl3"), ("2", "zlib1g"), ("@0", "libssl3"), ("@1", "zlib1g")):
            self.assertEqual([n for n, _ in self.names(self.scan(target + ":" + tag).doc)], [want])
        for asked, words in ((target, "name one behind a colon: 1, 2"), (target + ":3", "there are: 1, 2")):
            r = self.scan(asked)
            self.assertNotEqual(r.code, 0)
            self.assertIn(words, r.err)

    def test_explain(self):
        image = self.image(debian_layer(LIBSSL, ZLIB))
        r = self.run_clarion("explain", image, "CVE-2014-0160")
        self.assertEqual(r.code, 0, r)
        self.assertIn("libssl3 3.0.8-1+b1: affected", r.out)
        for word in ("3.0.9-1", "3.0.8-1", "bookworm", "dpkg"):
            self.assertIn(word, r.out)
        self.assertIn("not affected", self.run_clarion("explain", image, "CVE-2010-0001", "libssl3").out)
        self.assertIn("undetermined", self.run_clarion("explain", image, "CVE-2024-1111").out)
        r = self.run_clarion("explain", image, "CVE-2014-0160", "zlib1g")
        self.assertIn("no record", r.out)
        self.assertIn("has no package nothing", self.run_clarion("explain", image, "CVE-2014-0160", "nothing").out)

    def test_advisories_show(self):
        r = self.run_clarion("advisories", "show", "CVE-2014-0160")
        self.assertEqual(r.code, 0, r)
        self.assertRegex(r.out, r"debian:bookworm +openssl +affected, fixed in 3\.0\.9-1 \(high\)")
        self.assertEqual(self.run_clarion("advisories", "show", "CVE-1-1").code, 3)

    def test_undetermined_is_no_finding(self):
        doc = self.scan(self.image(debian_layer(LIBSSL))).doc
        self.assertNotIn("CVE-2024-1111", [f["vulnerability"] for f in doc["findings"]])
        self.assertIn("CVE-2024-1111", json.dumps(doc["coverage"]))

    def test_clair_formats(self):
        image = self.image(debian_layer(LIBSSL, ZLIB))
        report = self.run_clarion("scan", "--format", "clair", image).doc
        names = sorted(v["name"] for v in report["vulnerabilities"].values())
        self.assertIn("CVE-2024-1111", names)  # Clair counts undetermined records
        for environments in report["environments"].values():
            for e in environments:
                self.assertEqual(e["package_db"], "var/lib/dpkg/status")
                self.assertRegex(e["introduced_in"], "^sha256:[0-9a-f]{64}$")
                self.assertIsInstance(e["distribution_id"], str)
        index = self.run_clarion("index", "--format", "clair", image).doc
        self.assertEqual((index["state"], index["success"], index["err"]), ("IndexFinished", True, ""))
        self.assertEqual(len(index["packages"]), 2)

    def test_output_goes_where_the_path_leads(self):
        """A link is followed; what is no file, a pipe or a device, is written to and stays what it is."""
        image, target, link, pipe = self.image(debian_layer(LIBSSL)), self.path("t.json"), self.path("link"), self.path("pipe")
        with open(target, "w", encoding="utf-8") as f:
            f.write("former")
        os.symlink(target, link)
        self.assertEqual(self.scan(image, "--output", link).code, 0)
        self.assertTrue(os.path.islink(link))
        with open(target, encoding="utf-8") as f:
            self.assertEqual(json.load(f)["schema"], "clarion/report/1")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.assertEqual(self.scan(image, "--output", pipe).code, 0)
        self.assertEqual(json.loads(os.read(reader, 1 << 20))["schema"], "clarion/report/1")
        os.close(reader)
        self.assertEqual(self.scan(image, "--output", os.devnull).code, 0)
        self.assertTrue(stat.S_ISCHR(os.stat(os.devnull).st_mode))

    def test_hostile_names_stay_text(self):
        layer = debian_layer(stanza("libssl3\x1b[31m", "3.0.8-1\x07", source="openssl"))
        image = self.image(layer)
        table = self.run_clarion("scan", image)
        self.assertNotIn("\x1b", table.out + table.err)
        self.assertNotIn("\x07", table.out + table.err)

    def test_packages_of_languages(self):
        """What no loaded feed speaks of is listed, counted and told of by its kind, whatever the distribution is."""
        layer = debian_layer(stanza("openssl", "1.0.1e-1"), extra=[
            ("opt/venv/lib/python3.11/site-packages/Jinja2-3.1.2.dist-info/METADATA", "Name: Jinja2\nVersion: 3.1.2\n\n")])
        r = self.scan(self.image(layer))
        self.assertEqual([(p["kind"], p["name"]) for p in r.doc["packages"]], [("deb", "openssl"), ("python", "Jinja2")])
        self.assertEqual(r.doc["coverage"]["unmatched_kinds"], ["python"])
        table = self.scan(self.image(layer), "--format", "table")
        self.assertIn("Not judged: 1 python package: the feed osv-pypi is missing: it was never loaded", table.out)


if __name__ == "__main__":
    unittest.main()
