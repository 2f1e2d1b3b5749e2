// The layer pass: what a layer's members come to as findings.
#include "layer/capture.h"

#include "archives.h"
#include "layer/path.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

#define STATUS(name)    "Package: " name "\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
#define INSTALLED(name) "P:" name "\nV:1\n\n"

static struct limits limits;

static int default_limits(void **state)
{
    (void)state;
    limits = limits_default();
    return 0;
}

// Findings as lines, in the order in which they stand.
static void describe(const struct findings *f, struct buf *out)
{
    for (size_t i = 0; i < f->dbs_n; i++) {
        buf_addf(out, "db %.*s:", (int)f->dbs[i].path.n, f->dbs[i].path.p);
        for (size_t j = 0; j < f->dbs[i].n; j++)
            buf_addf(out, " %.*s", (int)f->dbs[i].packages[j].name.n, f->dbs[i].packages[j].name.p);
        buf_addc(out, '\n');
    }
    for (size_t i = 0; i < f->releases_n; i++)
        buf_addf(out, "release %.*s: %.*s\n", (int)f->releases[i].path.n, f->releases[i].path.p,
                 (int)f->releases[i].id.n, f->releases[i].id.p);
    for (size_t i = 0; i < f->whiteouts_n; i++)
        buf_addf(out, "whiteout %.*s\n", (int)f->whiteouts[i].n, f->whiteouts[i].p);
    for (size_t i = 0; i < f->opaques_n; i++)
        buf_addf(out, "opaque %.*s\n", (int)f->opaques[i].n, f->opaques[i].p);
    for (size_t i = 0; i < f->links_n; i++)
        buf_addf(out, "link %.*s -> %.*s\n", (int)f->links[i].path.n, f->links[i].path.p, (int)f->links[i].target.n,
                 f->links[i].target.p);
    for (size_t i = 0; i < f->nondirs_n; i++)
        buf_addf(out, "nondir %.*s\n", (int)f->nondirs[i].n, f->nondirs[i].p);
    for (size_t i = 0; i < f->folders_n; i++)
        buf_addf(out, "folder %.*s\n", (int)f->folders[i].n, f->folders[i].p);
    for (size_t i = 0; i < f->skips_n; i++)
        buf_addf(out, "%s %.*s: %.*s\n", f->skips[i].lost ? "lost" : "skip", (int)f->skips[i].path.n,
                 f->skips[i].path.p, (int)f->skips[i].reason.n, f->skips[i].reason.p);
}

static bool capture(const struct buf *tar, struct arena *a, struct findings *f, size_t piece, struct error *err)
{
    struct reader *r READER_AUTO = reader_in_pieces(buf_slice(tar), piece);
    return capture_layer(r, SUBJECT_LAYER, &limits, a, f, err);
}

static void gives(const struct buf *tar, const char *wanted)
{
    const size_t pieces[] = {100, 512, 1 << 20};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct findings f;
        struct error err = {0};
        struct buf out BUF_AUTO = {0};
        if (!capture(tar, &a, &f, pieces[i], &err))
            fail_msg("%s", err.text);
        describe(&f, &out);
        buf_adds(&out, "");
        assert_string_equal(out.p, wanted);
        assert_int_equal(f.bytes, tar->n);
        assert_int_equal(f.skips_total, f.skips_n);
    }
}

static void add_link(struct buf *tar, char type, const char *path, const char *target)
{
    add_header(tar, type, path, target, 0);
}

static void test_databases(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_header(&t, '5', "./", "", 0);
    add_header(&t, '5', "./var/lib/dpkg/", "", 0);
    add_file(&t, "./var/lib/dpkg/status", STATUS("a") "\n" STATUS("b"));
    add_file(&t, "usr/bin/tool", STATUS("no database here"));
    add_file(&t, "var/lib/dpkg/status.d/c", STATUS("c"));
    add_file(&t, "lib/apk/db/installed", INSTALLED("d"));
    add_file(&t, "etc/os-release", "ID=Debian\n");
    add_file(&t, "etc/alpine-release", "3.10\n");
    add_end(&t);
    gives(&t, "db var/lib/dpkg/status: a b\n"
              "db var/lib/dpkg/status.d/c: c\n"
              "db lib/apk/db/installed: d\n"
              "release etc/os-release: debian\n"
              "release etc/alpine-release: alpine\n"
              "nondir usr/bin/tool\n");
    struct arena a ARENA_AUTO = {0};
    struct findings f;
    struct error err;
    assert_true(capture(&t, &a, &f, 512, &err));
    assert_int_equal(f.entries, 8);
}

// An empty database is one all the same: it says that nothing is installed any more.
static void test_empty_database(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "var/lib/dpkg/status", "");
    gives(&t, "db var/lib/dpkg/status:\n");
}

static void test_last_member_wins(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "var/lib/dpkg/status", STATUS("a"));
    add_file(&t, "etc/os-release", "ID=a\n");
    add_file(&t, "lib/apk/db/installed", INSTALLED("a"));
    add_file(&t, "var/lib/dpkg/status.d/a", STATUS("a"));
    add_link(&t, '2', "usr/x", "a");
    add_link(&t, '2', "usr/y", "a");
    add_link(&t, '2', "usr/z", "a");
    // Once more, as a link, below a file, as a link again, as a folder.
    add_file(&t, "var/lib/dpkg/status", STATUS("b"));
    add_link(&t, '2', "etc/os-release", "b");
    add_file(&t, "lib/apk", "");
    add_file(&t, "var/lib/dpkg/status.d", "");
    add_link(&t, '2', "usr/x", "b");
    add_header(&t, '5', "usr/y", "", 0);
    add_header(&t, '5', "usr", "", 0);
    gives(&t, "db var/lib/dpkg/status: b\n"
              "link usr/z -> a\n"
              "link etc/os-release -> b\n"
              "link usr/x -> b\n"
              "nondir lib/apk\n"
              "nondir var/lib/dpkg/status.d\n"
              "folder usr/y\n"
              "folder usr\n");
    // What comes after the file that took a folder's place stands.
    add_header(&t, '5', "lib/apk", "", 0);
    add_file(&t, "lib/apk/db/installed", INSTALLED("c"));
    add_file(&t, "usr", "");
    add_link(&t, '2', "usr/w", "a");
    gives(&t, "db var/lib/dpkg/status: b\n"
              "db lib/apk/db/installed: c\n"
              "link etc/os-release -> b\n"
              "link usr/w -> a\n"
              "nondir var/lib/dpkg/status.d\n"
              "nondir usr\n"
              "folder usr/y\n"
              "folder usr\n"
              "folder lib/apk\n");
}

// What stands where lower layers have a database, or on the way to it, and is none.
static void test_nondirs(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "var/lib", "");
    add_link(&t, '3', "etc/os-release", "");
    add_link(&t, '1', "usr", "bin");
    add_header(&t, '5', "var/lib/dpkg/status", "", 0); // a folder where a file is looked for
    add_header(&t, '5', "var/lib/dpkg/status.d", "", 0);
    add_file(&t, "opt", "");
    add_file(&t, "etc/motd", "");
    gives(&t, "nondir var/lib\n"
              "nondir etc/os-release\n"
              "nondir usr\n"
              "nondir var/lib/dpkg/status\n"
              "nondir opt\n"
              "nondir etc/motd\n");
}

// Files that may stand where a lower layer has a folder with packages in it, or a program, each remembered once, with a
// limit.
static void test_replacing_files(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool remembered;
    } files[] = {
        {"app", true},
        {"srv/app.d", true},
        {"srv/www/app", true},
        {"a/b/c/d/e/f", true},
        {"usr/local/lib/python3.9/site-packages/x-1.0.dist-info", true},
        {"opt/a/b/c/x-1.0-py3.9.egg", true},
        {"app/web/node_modules/chart.js", true},
        {"app/web/node_modules/@scope/socket.io", true},
        {"usr/share/java", true},
        {"usr/share/doc/bash/copyright", false},
        {"usr/bin/a-tool", true},
        {"usr/local/sbin/x", true},
        {"usr/lib/git-core/libexec/x", true},
        {"usr/lib/libz.so.1", true},
        {"opt/app/lib/module.py", false},
    };
    struct buf t BUF_AUTO = {0};
    struct buf wanted BUF_AUTO = {0};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        add_file(&t, files[i].path, "");
        add_file(&t, files[i].path, "again");
        if (files[i].remembered)
            buf_addf(&wanted, "nondir %s\n", files[i].path);
    }
    buf_addc(&wanted, '\0');
    gives(&t, wanted.p);
    limits.replacing_files = 2;
    t.n = 0;
    add_file(&t, "a", "");
    add_file(&t, "b", "");
    add_file(&t, "c", "");
    add_file(&t, "d", "");
    add_file(&t, "lib", "");
    gives(&t, "nondir a\n"
              "nondir b\n"
              "nondir lib\n"
              "skip : more files and folders that may replace others than the 2 that limit replacing_files allows; "
              "what the rest replaces may still be reported\n");
    limits = limits_default();
}

// Folders that may stand where a lower layer has a file with packages in it.
static void test_replacing_folders(void **state)
{
    (void)state;
    static const char *const folders[] = {"app",           "app/tool",       "app/web.war",  "srv/a/b/x-1.0.egg-info",
                                          "srv/a/b/c.jar", "srv/a/bin/tool", "srv/a/b/tool", "usr/share/doc/zlib",
                                          "opt/a/b/c/x.d"};
    struct buf t BUF_AUTO = {0};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        add_bytes(&t, '5', folders[i], SLICE(""));
    gives(&t, "folder app\nfolder app/tool\nfolder app/web.war\nfolder srv/a/b/x-1.0.egg-info\nfolder srv/a/b/c.jar\n"
              "folder srv/a/bin/tool\n");
    limits.replacing_files = 1;
    gives(&t, "folder app\n"
              "skip : more files and folders that may replace others than the 1 that limit replacing_files allows; "
              "what the rest replaces may still be reported\n");
}

static void test_whiteouts(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "etc/.wh.motd", "");
    add_file(&t, ".wh.usr", "");
    add_file(&t, "opt/.wh..wh..opq", "");
    add_file(&t, ".wh..wh..opq", "");
    add_header(&t, '5', "srv/.wh.folder/", "", 0);
    add_file(&t, "a/.wh..hidden", "");
    // aufs's own books
    add_header(&t, '5', ".wh..wh.plnk", "", 0);
    add_file(&t, ".wh..wh.plnk/123.4", "");
    add_link(&t, '1', ".wh..wh.aufs", "x");
    add_header(&t, '5', "b/.wh..wh.orph", "", 0);
    // of nothing
    add_file(&t, ".wh.", "");
    add_file(&t, "etc/.wh..", "");
    add_file(&t, "etc/.wh...", "");
    // no marks
    add_file(&t, "etc/.whatever", "");
    add_file(&t, "etc/.wh", "");
    add_file(&t, "etc/x.wh.y", "");
    add_file(&t, "etc/.wh.d/file", "");
    gives(&t, "whiteout etc/motd\n"
              "whiteout usr\n"
              "whiteout srv/folder\n"
              "whiteout a/.hidden\n"
              "opaque opt\n"
              "opaque \n"
              "nondir etc/.whatever\n"
              "nondir etc/.wh\n"
              "nondir etc/x.wh.y\n"
              "nondir etc/.wh.d/file\n"
              "skip .wh.: a whiteout of no file; ignored\n"
              "skip etc/.wh..: a whiteout of no file; ignored\n"
              "skip etc/.wh...: a whiteout of no file; ignored\n");
    // Marks concern the layers below, not this one's own members.
    t.n = 0;
    add_file(&t, "var/lib/dpkg/status", STATUS("a"));
    add_file(&t, "var/lib/dpkg/.wh.status", "");
    add_file(&t, "var/.wh..wh..opq", "");
    gives(&t, "db var/lib/dpkg/status: a\nwhiteout var/lib/dpkg/status\nopaque var\n");
}

static void test_names(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    limits.path_bytes = 30;
    add_file(&t, "../../var/lib/dpkg/status", STATUS("evil"));
    add_file(&t, "a/../../etc/os-release", "ID=evil\n");
    add_link(&t, '2', "../x", "y");
    add_file(&t, "..", "");
    add_file(&t, ".", "");
    add_file(&t, "0123456789012345678901234567890", "");
    add_link(&t, '2', "long", "0123456789012345678901234567890");
    add_file(&t, "x/../var/lib/dpkg/status", STATUS("good"));
    add_file(&t, "/lib/apk/db/installed", INSTALLED("good"));
    gives(&t, "db var/lib/dpkg/status: good\n"
              "db lib/apk/db/installed: good\n"
              "lost ../../var/lib/dpkg/status: climbs out of the image's root; ignored\n"
              "lost a/../../etc/os-release: climbs out of the image's root; ignored\n"
              "lost ../x: climbs out of the image's root; ignored\n"
              "lost ..: climbs out of the image's root; ignored\n"
              "skip : a member in the place of the image's root that is no folder; ignored\n"
              "lost 012345678901234567890123456789: a name longer than the 30 bytes that limit path_bytes allows; "
              "ignored\n"
              "lost long: a symbolic link whose target is longer than the 30 bytes that limit path_bytes allows; "
              "ignored\n");
}

static void test_targets(void **state)
{
    (void)state;
    const struct {
        const char *link, *target, *wanted;
    } cases[] = {
        {"etc/os-release", "../usr/lib/os-release", "usr/lib/os-release"},
        {"lib", "usr/lib", "usr/lib"},
        {"a/b/c", "d", "a/b/d"},
        {"a/b/c", "/d", "d"},
        {"a/b/c", "../../../../d", "d"},
        {"a/b/c", "./.././/x/", "a/x"},
        {"a", "", ""},
        {"a/b", "", "a"},
        {"a", "/", ""},
        {"a", "..", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out BUF_AUTO = {0};
        path_of_target(slice_str(cases[i].link), slice_str(cases[i].target), &out);
        assert_int_equal(out.n, strlen(cases[i].wanted));
        assert_memory_equal(out.p, cases[i].wanted, out.n);
    }
}

// Databases that links move are found at their own place, when that comes after the link.
static void test_symlinks(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_link(&t, '2', "etc/os-release", "../opt/release");
    add_file(&t, "opt/release", "ID=moved\n");
    add_file(&t, "opt/other", "ID=other\n");
    add_link(&t, '2', "var/lib", "/data");
    add_file(&t, "data/dpkg/status", STATUS("a"));
    add_file(&t, "data/dpkg/status.d/b", STATUS("b"));
    add_file(&t, "data/dpkg/status.d/b.md5sums", "");
    add_file(&t, "data/dpkg/status.d/deeper/b", STATUS("b"));
    add_link(&t, '2', "data/dpkg", "../more");
    gives(&t, "release opt/release: moved\n"
              "link etc/os-release -> ../opt/release\n"
              "link var/lib -> /data\n"
              "link data/dpkg -> ../more\n"
              "nondir opt/other\n");
    // A folder that is moved as a whole: its files are read as those of the folder, and told of under their own names.
    t.n = 0;
    add_link(&t, '2', "var/lib/dpkg/status.d", "../../../packages");
    add_file(&t, "packages/b", "Package: b\nVersion: 1\n\nPackage: c\n");
    add_file(&t, "packages/b.md5sums", "");
    add_file(&t, "packages/deeper/b", STATUS("b"));
    add_link(&t, '1', "packages/c", "packages/b");
    gives(&t, "db packages/b: b\n"
              "db packages/b.md5sums: b\n" // which files it owns
              "db packages/c: b\n"
              "link var/lib/dpkg/status.d -> ../../../packages\n"
              "nondir packages/deeper/b\n"
              "skip packages/b: line 4: no Version\n");
    t.n = 0;
    add_link(&t, '2', "var/lib", "/data");
    add_link(&t, '2', "data/dpkg", "../more");
    add_file(&t, "more/status", STATUS("c"));
    // Link upon link, in both orders.
    add_link(&t, '2', "new", "newer/newest");
    add_link(&t, '2', "lib", "new");
    add_file(&t, "newer/newest/apk/db/installed", INSTALLED("d"));
    gives(&t, "db more/status: c\n"
              "db newer/newest/apk/db/installed: d\n"
              "link var/lib -> /data\n"
              "link data/dpkg -> ../more\n"
              "link new -> newer/newest\n"
              "link lib -> new\n");
    // A file on the way to where a link leads hides what lower layers have there.
    t.n = 0;
    add_link(&t, '2', "lib", "x/y");
    add_file(&t, "x", "");
    gives(&t, "link lib -> x/y\nnondir x\n");
}

// What has the name of a database is read wherever it stands, as long as it is one: a link of another layer may lead
// there.
static void test_namesakes(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "usr/share/dpkg/database/status", STATUS("a") "\nPackage: b\nStatus: install ok installed\n");
    add_file(&t, "opt/status.d/c", "Package: c\nVersion: 1\n");
    add_file(&t, "opt/db/installed", INSTALLED("d"));
    add_file(&t, "srv/status", "up since Monday: yes\n\nstate: fine\n");
    add_file(&t, "srv/installed", "yes\n");
    add_file(&t, "srv/status.d/unit", "running\n");
    add_link(&t, '1', "srv/x/status", "srv/status");
    add_link(&t, '1', "srv/y/status", "usr/share/dpkg/database/status");
    gives(&t, "db usr/share/dpkg/database/status: a\n"
              "db opt/status.d/c: c\n"
              "db opt/db/installed: d\n"
              "db srv/y/status: a\n"
              "nondir srv/status\n"
              "nondir srv/installed\n"
              "nondir srv/status.d/unit\n"
              "nondir srv/x/status\n"
              "skip usr/share/dpkg/database/status: line 6: no Version\n");
    // One that cannot be read whole is no loss as such: should it be a database after all, the merged image tells so.
    limits.dpkg_status_bytes = 100;
    t.n = 0;
    add_file(&t, "opt/status", STATUS("a") "Description: longer than the limit, by some bytes at least\n");
    gives(&t, "nondir opt/status\n");
    limits = limits_default();
    limits.line_bytes = 100;
    t.n = 0;
    add_file(&t, "opt/status",
             STATUS("a") "\nPackage: 0123456789012345678901234567890123456789012345678901234567890123"
                         "456789012345678901234567890123456789\n");
    gives(&t, "nondir opt/status\n");
}

// A folder takes the place of a file that lower layers have, in a folder that a scanner looks for, too.
static void test_folder_for_file(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_header(&t, '5', "var/lib/dpkg/status.d/", "", 0);
    add_header(&t, '5', "var/lib/dpkg/status.d/libc6/", "", 0);
    add_header(&t, '5', "var/lib/dpkg/status.d/libc6.md5sums/", "", 0);
    add_header(&t, '5', "lib/apk/db/installed/", "", 0);
    add_header(&t, '5', "opt/status/", "", 0);
    gives(&t, "nondir var/lib/dpkg/status.d/libc6\n"
              "nondir var/lib/dpkg/status.d/libc6.md5sums\n"
              "nondir lib/apk/db/installed\n"
              "folder opt/status\n");
}

// Each link stands for what the file has, and counts as much.
static void test_hard_links_limits(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "var/lib/dpkg/status.d/a", STATUS("a"));
    add_link(&t, '1', "var/lib/dpkg/status.d/b", "var/lib/dpkg/status.d/a");
    add_link(&t, '1', "var/lib/dpkg/status.d/c", "var/lib/dpkg/status.d/a");
    limits.packages = 2;
    gives(&t, "db var/lib/dpkg/status.d/a: a\n"
              "db var/lib/dpkg/status.d/b: a\n"
              "nondir var/lib/dpkg/status.d/c\n"
              "lost var/lib/dpkg/status.d/c: more than 2 packages in one layer (limit packages)\n");
    limits = limits_default();
    t.n = 0;
    add_file(&t, "var/lib/dpkg/info/a.list", "/usr/bin/a\n/usr/bin/b\n");
    add_link(&t, '1', "var/lib/dpkg/info/b.list", "var/lib/dpkg/info/a.list");
    add_link(&t, '1', "var/lib/dpkg/info/c.list", "var/lib/dpkg/info/a.list");
    limits.owned_files = 4;
    gives(&t,
          "db var/lib/dpkg/info/a.list: a\n"
          "db var/lib/dpkg/info/b.list: a\n"
          "db var/lib/dpkg/info/c.list: a\n"
          "skip var/lib/dpkg/info/c.list: packages own more files than the 4 that limit owned_files allows; the owner "
          "of those that this one lists is not known\n");
}

#define HEX_31        "0123456789abcdef0123456789abcde"
#define STORED(first) "root/.local/share/pnpm/store/v10/files/" first "/" HEX_31 HEX_31 HEX_31 HEX_31 "00"

// Names of more than the hundred bytes that a header has room for.
static void add_stored(struct buf *tar, const char *path, const char *content)
{
    PAX(tar, 'x', "path", path);
    add_file(tar, "x", content);
}

static void add_link_to_stored(struct buf *tar, const char *path, const char *target)
{
    PAX(tar, 'x', "linkpath", target);
    add_link(tar, '1', path, "x");
}

// A store of packages comes first in the archive and has the contents; where they lie in it they are not installed.
static void test_hard_links_to_a_store(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "root/.bun/install/cache/a@1/package.json", "{\"name\":\"a\",\"version\":\"1\"}");
    add_file(&t, "root/.bun/install/cache/a@1/cjs/package.json", "{\"type\":\"commonjs\"}");
    add_stored(&t, STORED("0a"), "{\"name\":\"b\",\"version\":\"1\"}");
    add_stored(&t, STORED("0b"), "no JSON");
    add_stored(&t, STORED("0c"), "{\"name\":\"unused\",\"version\":\"1\"}");
    add_stored(&t, STORED("xy"), "{\"name\":\"x\",\"version\":\"1\"}");
    add_link(&t, '1', "usr/src/app/node_modules/a/package.json", "root/.bun/install/cache/a@1/package.json");
    add_link_to_stored(&t, "usr/src/app/node_modules/.pnpm/b@1/node_modules/b/package.json", STORED("0a"));
    add_link_to_stored(&t, "usr/src/b/package.json", STORED("0a"));
    add_link(&t, '1', "usr/src/b/node_modules/b/package.json", "usr/src/b/package.json");
    add_link_to_stored(&t, "usr/src/app/node_modules/c/package.json", STORED("0b"));
    add_link_to_stored(&t, "usr/src/app/node_modules/x/package.json", STORED("xy"));
    gives(
        &t,
        "db usr/src/app/node_modules/a/package.json: a\n"
        "db usr/src/app/node_modules/.pnpm/b@1/node_modules/b/package.json: b\n"
        "db usr/src/b/node_modules/b/package.json: b\n"
        "nondir " STORED(
            "0a") "\n"
                  "nondir " STORED(
                      "0b") "\n"
                            "nondir " STORED(
                                "0c") "\n"
                                      "nondir " STORED(
                                          "xy") "\n"
                                                "nondir usr/src/app/node_modules/c/package.json\n"
                                                "nondir usr/src/app/node_modules/x/package.json\n"
                                                "lost usr/src/app/node_modules/c/package.json: a hard link to " STORED(
                                                    "0b") ", whose contents stand under "
                                                          "that name only\n"
                                                          "lost usr/src/app/node_modules/x/package.json: a hard link to " STORED(
                                                              "xy") ", whose contents stand under "
                                                                    "that name only\n");
}

static void test_symlink_loops(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_link(&t, '2', "var/lib/dpkg/status", "status");
    add_link(&t, '2', "etc/os-release", "../usr/lib/os-release");
    add_link(&t, '2', "usr/lib/os-release", "../../etc/os-release");
    add_link(&t, '2', "lib", "lib");
    gives(&t, "link var/lib/dpkg/status -> status\n"
              "link etc/os-release -> ../usr/lib/os-release\n"
              "link usr/lib/os-release -> ../../etc/os-release\n"
              "link lib -> lib\n");
    // One that grows with each turn comes to its limit.
    t.n = 0;
    add_link(&t, '2', "lib", "lib/lib");
    gives(&t, "link lib -> lib/lib\n"
              "lost lib: one more symbolic link at a package database's path than the 64 that limit database_links "
              "allows\n");
}

static void test_hard_links(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "usr/lib/os-release", "ID=a\n");
    add_link(&t, '1', "etc/os-release", "./usr/lib/os-release");
    add_file(&t, "var/lib/dpkg/status.d/a", STATUS("a"));
    add_link(&t, '1', "var/lib/dpkg/status.d/b", "var/lib/dpkg/status.d/a");
    add_link(&t, '1', "var/lib/dpkg/status.d/c", "/var/lib/dpkg/status.d/b");
    // The link keeps what the file had.
    add_file(&t, "var/lib/dpkg/status.d/a", STATUS("later"));
    // Contents that were not kept, of another kind, or outside.
    add_file(&t, "elsewhere", STATUS("x"));
    add_link(&t, '1', "var/lib/dpkg/status", "elsewhere");
    add_link(&t, '1', "etc/alpine-release", "etc/os-release");
    add_link(&t, '1', "lib/apk/db/installed", "../etc/passwd");
    add_link(&t, '1', "usr/bin/hard", "usr/bin/soft");
    gives(&t, "db var/lib/dpkg/status.d/b: a\n"
              "db var/lib/dpkg/status.d/c: a\n"
              "db var/lib/dpkg/status.d/a: later\n"
              "release usr/lib/os-release: a\n"
              "release etc/os-release: a\n"
              "nondir elsewhere\n"
              "nondir var/lib/dpkg/status\n"
              "nondir etc/alpine-release\n"
              "nondir lib/apk/db/installed\n"
              "nondir usr/bin/hard\n"
              "lost var/lib/dpkg/status: a hard link to elsewhere, whose contents stand under that name only\n"
              "lost etc/alpine-release: a hard link to etc/os-release, whose contents stand under that name only\n"
              "lost lib/apk/db/installed: a hard link to ../etc/passwd, whose contents stand under that name only\n");
    // A file that was replaced before the link is not the file that it names.
    t.n = 0;
    add_file(&t, "var/lib/dpkg/status.d/a", STATUS("a"));
    add_link(&t, '2', "var/lib/dpkg/status.d/a", "x");
    add_link(&t, '1', "var/lib/dpkg/status.d/b", "var/lib/dpkg/status.d/a");
    gives(&t, "link var/lib/dpkg/status.d/a -> x\n"
              "nondir var/lib/dpkg/status.d/b\n"
              "lost var/lib/dpkg/status.d/b: a hard link to var/lib/dpkg/status.d/a, whose contents stand under that "
              "name only\n");
}

static void test_sizes(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    limits.release_file_bytes = 6;
    add_file(&t, "etc/os-release", "ID=abc\n");
    add_file(&t, "usr/lib/os-release", "ID=ab\n");
    // Claims of terabytes cost nothing.
    PAX(&t, 'x', "GNU.sparse.size", "17592186044416", "GNU.sparse.map", "0,2");
    add_file(&t, "etc/lsb-release", "ab");
    PAX(&t, 'x', "GNU.sparse.size", "4", "GNU.sparse.map", "0,1,2,2");
    add_file(&t, "etc/alpine-release", "3.1");
    gives(&t, "release usr/lib/os-release: ab\n"
              "release etc/alpine-release: alpine\n"
              "nondir etc/os-release\n"
              "nondir etc/lsb-release\n"
              "lost etc/os-release: has 7 bytes, more than the 6 that limit release_file_bytes allows\n"
              "lost etc/lsb-release: has 17592186044416 bytes, more than the 6 that limit release_file_bytes allows\n");
    limits.sparse_extents = 1;
    gives(&t, "release usr/lib/os-release: ab\n"
              "nondir etc/os-release\n"
              "nondir etc/lsb-release\n"
              "nondir etc/alpine-release\n"
              "lost etc/os-release: has 7 bytes, more than the 6 that limit release_file_bytes allows\n"
              "lost etc/lsb-release: has 17592186044416 bytes, more than the 6 that limit release_file_bytes allows\n"
              "lost etc/alpine-release: a sparse file of more than the 1 extents that limit sparse_extents allows\n");
}

// Some scanners need no more than a file's beginning: what is behind it costs nothing and loses nothing.
static void test_prefixes(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    limits.package_head_bytes = 700;
    struct buf text BUF_AUTO = {0};
    buf_adds(&text, "Name: a\nVersion: 1\n");
    while (text.n < 3000)
        buf_adds(&text, "Classifier: x\n");
    add_bytes(&t, '0', "x/a-1.dist-info/METADATA", buf_slice(&text));
    buf_adds(&text, "Name: b\n");
    add_bytes(&t, '0', "x/b.egg-info", slice_from(buf_slice(&text), sizeof "Name: a\nVersion: 1"));
    PAX(&t, 'x', "GNU.sparse.size", "17592186044416", "GNU.sparse.map", "0,20");
    add_file(&t, "x/c-1.dist-info/METADATA", "Name: c\nVersion: 2\n\n");
    add_file(&t, "etc/os-release", "ID=a\n");
    gives(&t, "db x/a-1.dist-info/METADATA: a\n"
              "db x/c-1.dist-info/METADATA: c\n"
              "release etc/os-release: a\n"
              "nondir x/b.egg-info\n"
              "lost x/b.egg-info: its first 700 bytes (limit package_head_bytes) have no Name\n");
}

static void test_links_limit(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    limits.layer_links = 2;
    add_link(&t, '2', "a", "x");
    add_file(&t, ".wh.b", "");
    add_link(&t, '2', "c", "x");
    add_file(&t, ".wh.d", "");
    add_file(&t, ".wh..wh..opq", "");
    add_file(&t, "etc/os-release", "ID=a\n");
    gives(&t,
          "release etc/os-release: a\n"
          "whiteout b\n"
          "link a -> x\n"
          "lost : more symbolic links and whiteouts than the 2 that limit layer_links allows; the rest is ignored\n");
}

// A broken archive gives what stands before the break.
static void test_broken(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings f;
    struct error err;
    struct buf t BUF_AUTO = {0}, out BUF_AUTO = {0};
    add_file(&t, "etc/os-release", "ID=a\n");
    add_file(&t, "etc/os-release", "ID=b\n");
    size_t good = t.n;
    add_file(&t, "var/lib/dpkg/status", STATUS("a"));
    for (size_t n = good + 1; n < t.n; n += 13) {
        struct buf cut = {.p = t.p, .n = n, .cap = n};
        assert_false(capture(&cut, &a, &f, 512, &err));
        assert_int_equal(err.code, ERR_FORMAT);
        out.n = 0;
        describe(&f, &out);
        assert_true(slice_find_slice(buf_slice(&out), SLICE("release etc/os-release: b\n")) >= 0);
    }
    assert_non_null(strstr(err.text, "var/lib/dpkg/status: the archive is cut short"));
    limits.layer_entries = 2;
    assert_false(capture(&t, &a, &f, 512, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(f.releases_n, 1);
    t.n = 0;
    gives(&t, "");
}

// Folders upon folders, each with a link: the table of places must not take the depth's square.
static void test_deep(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings f;
    struct error err;
    struct buf t BUF_AUTO = {0}, name BUF_AUTO = {0};
    while (name.n + 2 < limits.path_bytes) {
        buf_adds(&name, "d/");
        if (name.n % 64 != 0)
            continue;
        add_bytes(&t, 'L', "././@LongLink", buf_slice(&name));
        add_link(&t, '2', "x", "y");
    }
    for (int i = 0; i < 20000; i++) {
        char path[32];
        snprintf(path, sizeof path, "%d/%d", i % 7, i);
        add_link(&t, '2', path, "y");
    }
    assert_true(capture(&t, &a, &f, 4096, &err));
    assert_int_equal(f.links_n, 20000 + 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_databases, default_limits),
        cmocka_unit_test_setup(test_empty_database, default_limits),
        cmocka_unit_test_setup(test_last_member_wins, default_limits),
        cmocka_unit_test_setup(test_nondirs, default_limits),
        cmocka_unit_test_setup(test_replacing_files, default_limits),
        cmocka_unit_test_setup(test_replacing_folders, default_limits),
        cmocka_unit_test_setup(test_whiteouts, default_limits),
        cmocka_unit_test_setup(test_names, default_limits),
        cmocka_unit_test_setup(test_targets, default_limits),
        cmocka_unit_test_setup(test_symlinks, default_limits),
        cmocka_unit_test_setup(test_namesakes, default_limits),
        cmocka_unit_test_setup(test_folder_for_file, default_limits),
        cmocka_unit_test_setup(test_symlink_loops, default_limits),
        cmocka_unit_test_setup(test_hard_links, default_limits),
        cmocka_unit_test_setup(test_hard_links_limits, default_limits),
        cmocka_unit_test_setup(test_hard_links_to_a_store, default_limits),
        cmocka_unit_test_setup(test_sizes, default_limits),
        cmocka_unit_test_setup(test_prefixes, default_limits),
        cmocka_unit_test_setup(test_links_limit, default_limits),
        cmocka_unit_test_setup(test_broken, default_limits),
        cmocka_unit_test_setup(test_deep, default_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
