"""dnf's history of transactions beside rpm's database: which repository each package came from."""
import os
import sqlite3
import tempfile
import unittest

import clarion
from clarion import tar_of
from integration.hostile import rpmdb

OS_RELEASE = 'ID="almalinux"\nVERSION_ID="9.4"\nNAME="AlmaLinux"\n'
DNF4 = "var/lib/dnf/history.sqlite"
DNF5 = "usr/lib/sysimage/libdnf5/transaction_history.sqlite"
MANIFEST = "root/buildinfo/content_manifests/x-1-1.json"

INSTALLED = rpmdb.sqlite([rpmdb.header("bash", "5.1.8", "4.el9"), rpmdb.header("openssl", "3.0.1", "41.el9", epoch=1),
                          rpmdb.header("tzdata", "2024a", "1.el9", arch="noarch"), rpmdb.header("local", "1", "1")])

# The tables and columns of the two versions.
TABLES4 = """
CREATE TABLE trans (id INTEGER PRIMARY KEY AUTOINCREMENT, dt_begin INTEGER NOT NULL, dt_end INTEGER,
    rpmdb_version_begin TEXT, rpmdb_version_end TEXT, releasever TEXT NOT NULL, user_id INTEGER NOT NULL, cmdline TEXT,
    state INTEGER NOT NULL);
CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT NOT NULL);
CREATE TABLE console_output (id INTEGER PRIMARY KEY, trans_id INTEGER REFERENCES trans(id),
    file_descriptor INTEGER NOT NULL, line TEXT NOT NULL);
CREATE TABLE item (id INTEGER PRIMARY KEY, item_type INTEGER NOT NULL);
CREATE TABLE trans_item (id INTEGER PRIMARY KEY AUTOINCREMENT, trans_id INTEGER REFERENCES trans(id),
    item_id INTEGER REFERENCES item(id), repo_id INTEGER REFERENCES repo(id), action INTEGER NOT NULL /* (enum) */,
    reason INTEGER NOT NULL /* (enum) */, state INTEGER NOT NULL /* (enum) */);
CREATE TABLE item_replaced_by (trans_item_id INTEGER REFERENCES trans_item(id),
    by_trans_item_id INTEGER REFERENCES trans_item(id), PRIMARY KEY (trans_item_id, by_trans_item_id));
CREATE TABLE rpm (item_id INTEGER UNIQUE NOT NULL, name TEXT NOT NULL, epoch INTEGER NOT NULL, version TEXT NOT NULL,
    release TEXT NOT NULL, arch TEXT NOT NULL, FOREIGN KEY(item_id) REFERENCES item(id),
    CONSTRAINT rpm_unique_nevra UNIQUE (name, epoch, version, release, arch));
CREATE TABLE config (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE INDEX trans_item_trans_id ON trans_item(trans_id);
INSERT INTO config VALUES ('version', '1.2');
ALTER TABLE trans ADD comment TEXT DEFAULT '';
INSERT INTO trans VALUES (1, 1, 2, 'a', 'b', '9', 0, 'install', 1, '');
"""
TABLES5 = """
CREATE TABLE "repo" ("id" INTEGER, "repoid" TEXT NOT NULL, PRIMARY KEY("id"));
CREATE TABLE "pkg_name" ("id" INTEGER, "name" TEXT NOT NULL UNIQUE, PRIMARY KEY("id"));
CREATE TABLE "arch" ("id" INTEGER, "name" TEXT NOT NULL UNIQUE, PRIMARY KEY("id"));
CREATE TABLE "item" ("id" INTEGER, PRIMARY KEY("id"));
CREATE TABLE "trans_item_action" ("id" INTEGER, "name" TEXT, PRIMARY KEY("id"));
CREATE TABLE "trans_item" ("id" INTEGER, "trans_id" INTEGER, "item_id" INTEGER, "repo_id" INTEGER,
    "action_id" INTEGER NOT NULL, "reason_id" INTEGER NOT NULL, "state_id" INTEGER NOT NULL,
    PRIMARY KEY("id" AUTOINCREMENT), FOREIGN KEY("item_id") REFERENCES "item"("id"));
CREATE TABLE "rpm" ("item_id" INTEGER NOT NULL UNIQUE, "name_id" INTEGER NOT NULL, "epoch" INTEGER NOT NULL,
    "version" TEXT NOT NULL, "release" TEXT NOT NULL, "arch_id" INTEGER NOT NULL,
    FOREIGN KEY("name_id") REFERENCES "pkg_name"("id"), FOREIGN KEY("arch_id") REFERENCES "arch"("id"),
    CONSTRAINT "rpm_unique_nevra" UNIQUE ("name_id", "epoch", "version", "release", "arch_id"));
INSERT INTO "trans_item_action" VALUES (1, 'Install'), (5, 'Remove');
"""


def history(path, transactions, page_size=4096):
    """transactions: (name, epoch, version, release, arch, repository), oldest first."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "db")
        db = sqlite3.connect(name)
        db.execute("PRAGMA page_size = %d" % page_size)
        db.executescript(TABLES4 if path == DNF4 else TABLES5)

        def number(table, column, text):
            row = db.execute("SELECT id FROM %s WHERE %s = ?" % (table, column), (text,)).fetchone()
            return row[0] if row else db.execute("INSERT INTO %s (%s) VALUES (?)" % (table, column), (text,)).lastrowid

        items = {}
        for *package, repository in transactions:
            if tuple(package) not in items:
                items[tuple(package)] = item = len(items) + 1
                rpm = list(package)
                if path == DNF5:
                    rpm[0], rpm[4] = number("pkg_name", "name", rpm[0]), number("arch", "name", rpm[4])
                db.execute("INSERT INTO rpm VALUES (?, ?, ?, ?, ?, ?)", [item] + rpm)
            db.execute("INSERT INTO trans_item VALUES (NULL, 1, ?, ?, 1, 2, 1)",
                       (items[tuple(package)], number("repo", "repoid", repository)))
        db.commit()
        db.close()
        with open(name, "rb") as f:
            return f.read()


BASH, OPENSSL = ("bash", 0, "5.1.8", "4.el9", "x86_64"), ("openssl", 1, "3.0.1", "41.el9", "x86_64")
TZDATA, LOCAL = ("tzdata", 0, "2024a", "1.el9", "noarch"), ("local", 0, "1", "1", "x86_64")
TRANSACTIONS = [BASH + ("old",), BASH + ("baseos",), BASH + ("@System",), OPENSSL + ("appstream",), LOCAL + ("baseos",),
                LOCAL + ("@commandline",), ("tzdata", 0, "2023a", "1.el9", "noarch", "never"),
                ("openssl", 0, "3.0.1", "41.el9", "x86_64", "never")]
ORIGINS = {"bash": "baseos", "openssl": "appstream", "local": "", "tzdata": ""}


class Dnf(clarion.Case):
    def reported(self, *layers):
        r = self.run_clarion("index", "--format", "json", self.image(*[tar_of(layer) for layer in layers]))
        self.assertEqual(r.code, 0, r)
        return r.doc

    def origins(self, doc):
        return {p["name"]: p["repository"] for p in doc["packages"]}

    def test_both_versions(self):
        for path in (DNF4, DNF5):
            for page_size in (512, 65536):
                with self.subTest(path=path, page_size=page_size):
                    made = history(path, TRANSACTIONS, page_size)
                    doc = self.reported([("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, INSTALLED), (path, made)])
                    self.assertEqual(doc["coverage"]["skipped"], [])
                    self.assertEqual(self.origins(doc), ORIGINS)
                    self.assertEqual([(r["id"], r["path"], r["layer"]) for r in doc["repositories"]],
                                     [(name, path, doc["layers"][0]["digest"]) for name in ("appstream", "baseos")])

    def test_again_from_the_store(self):
        image = self.image(tar_of([("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, INSTALLED),
                                   (DNF4, history(DNF4, TRANSACTIONS))]))
        first, again = (self.run_clarion("index", "--format", "json", image).doc for _ in range(2))
        self.assertEqual(self.origins(first), ORIGINS)
        self.assertEqual((again["packages"], again["repositories"]), (first["packages"], first["repositories"]))

    def test_many(self):
        more = [("p%d" % i, 0, "1", "1", "x86_64", "repo-%d" % (i % 7)) for i in range(3000)]
        installed = rpmdb.sqlite([rpmdb.header("p%d" % i, "1", "1") for i in range(3000)])
        for path in (DNF4, DNF5):
            with self.subTest(path=path):
                doc = self.reported([("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, installed), (path, history(path, more))])
                self.assertEqual(self.origins(doc), {p[0]: p[5] for p in more})
                self.assertEqual(len(doc["repositories"]), 7)

    def test_upper_layer(self):
        base = [("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, INSTALLED), (DNF4, history(DNF4, TRANSACTIONS))]
        doc = self.reported(base, [(DNF4, history(DNF4, [TZDATA + ("later",)]))])
        self.assertEqual(self.origins(doc), {"bash": "", "openssl": "", "local": "", "tzdata": "later"})
        self.assertEqual([r["layer"] for r in doc["repositories"]], [doc["layers"][1]["digest"]])

    def test_content_manifests(self):
        for hint, repositories in (("true", ["appstream", "baseos"]), ("false", ["set"])):
            with self.subTest(hint=hint):
                doc = self.reported([("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, INSTALLED),
                                     (DNF4, history(DNF4, TRANSACTIONS)),
                                     (MANIFEST, '{"content_sets": ["set"], "from_dnf_hint": %s}' % hint)])
                self.assertEqual([r["id"] for r in doc["repositories"]], repositories)
                self.assertEqual(self.origins(doc), ORIGINS)

    def test_damaged(self):
        made = history(DNF4, TRANSACTIONS)
        for damaged in (b"none", made[:len(made) // 2], made[:4096] + b"\xff" * (len(made) - 4096)):
            with self.subTest(size=len(damaged)):
                doc = self.reported([("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, INSTALLED), (DNF4, damaged)])
                self.assertEqual(sorted(self.origins(doc)), sorted(ORIGINS))
                self.assertEqual({s["path"] for s in doc["coverage"]["skipped"]}, {DNF4})

    def test_too_large(self):
        r = self.run_clarion("index", "--format", "json", "--limit", "dnf_history_bytes=1K",
                             self.image(tar_of([("etc/os-release", OS_RELEASE), (rpmdb.SQLITE, INSTALLED),
                                                (DNF4, history(DNF4, TRANSACTIONS))])))
        self.assertEqual(len(r.doc["packages"]), 4)
        self.assertIn("dnf_history_bytes", r.doc["coverage"]["skipped"][0]["reason"])


if __name__ == "__main__":
    unittest.main()
