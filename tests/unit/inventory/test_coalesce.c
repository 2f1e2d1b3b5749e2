// Layered findings and what they come to.
#include "layers.h"

#define STATUS  "db var/lib/dpkg/status "
#define APK     "db lib/apk/db/installed "
#define USR_APK "db usr/lib/apk/db/installed "

#define RPM     "var/lib/rpm/"
#define USR_RPM "usr/lib/sysimage/rpm/"

#define MOST_LAYERS 6

struct example {
    const char *what;
    const char *layers[MOST_LAYERS]; // base first; "=N" is layer N again
    const char *expected; // "NAME=VERSION@LAYER", then "<OWNER", then "DB:" before the first of another database,
                          // then "[ID VERSION]", then "lost PATH" and "remark PATH"
};

static struct slice describe(struct arena *a, const struct inventory *inventory)
{
    struct slice text = SLICE(""), db = SLICE("");
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        const char *new_db = slice_eq(p->db, db) ? "" : ": ";
        text = arena_printf(a, "%.*s%.*s%s%.*s=%.*s@%zu ", (int)text.n, text.p, *new_db ? (int)p->db.n : 0, p->db.p,
                            new_db, SLICE_ARG(p->package.name), SLICE_ARG(p->package.version), p->layer);
        if (p->owner.n != 0)
            text = arena_printf(a, "%.*s<%.*s ", (int)text.n, text.p, SLICE_ARG(p->owner));
        db = p->db;
    }
    if (inventory->distribution.known)
        text = arena_printf(a, "%.*s[%.*s %.*s] ", (int)text.n, text.p, SLICE_ARG(inventory->distribution.id),
                            SLICE_ARG(inventory->distribution.version_id));
    for (size_t i = 0; i < inventory->skips_n; i++)
        text =
            arena_printf(a, "%.*s%s %.*s@%zu ", (int)text.n, text.p, inventory->skips[i].skip.lost ? "lost" : "remark",
                         SLICE_ARG(inventory->skips[i].skip.path), inventory->skips[i].layer);
    return slice_trim(text);
}

static void merge(struct arena *a, const struct example *e, struct inventory *inventory)
{
    struct findings *findings = ARENA_NEW(a, struct findings, MOST_LAYERS);
    const struct findings *layers[MOST_LAYERS];
    size_t n = 0;
    for (; n < MOST_LAYERS && e->layers[n] != NULL; n++) {
        if (e->layers[n][0] == '=') {
            layers[n] = layers[e->layers[n][1] - '0'];
            continue;
        }
        findings[n] = layer(a, e->layers[n]);
        layers[n] = &findings[n];
    }
    struct limits limits = limits_default();
    coalesce(a, layers, n, &limits, inventory);
}

static void expect(const struct example *e)
{
    struct arena a ARENA_AUTO = {0};
    struct inventory inventory;
    merge(&a, e, &inventory);
    struct slice got = describe(&a, &inventory);
    if (!slice_eq(got, slice_str(e->expected)))
        fail_msg("%s: %.*s, not %s", e->what, (int)got.n, got.p, e->expected);
}

#define EXPECT_ALL(examples)                                                                                           \
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples)[0]; i++)                                                \
    expect(&(examples)[i])

static void test_databases(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"no layer", {NULL}, ""},
        {"an empty layer", {""}, ""},
        {"one layer", {STATUS "b=1 a=2"}, "var/lib/dpkg/status: a=2@0 b=1@0"},
        {"the newest database counts",
         {STATUS "a=1 b=1 c=1", "", STATUS "a=2 c=1"},
         "var/lib/dpkg/status: a=2@2 c=1@0"},
        {"an emptied database", {STATUS "a=1", "db var/lib/dpkg/status"}, ""},
        {"a package that came back",
         {STATUS "a=1", STATUS "b=1", STATUS "a=1 b=1"},
         "var/lib/dpkg/status: a=1@2 b=1@1"},
        {"a version that came back", {STATUS "a=1", STATUS "a=2", STATUS "a=1"}, "var/lib/dpkg/status: a=1@2"},
        {"layers between say nothing", {STATUS "a=1", "file etc", "", STATUS "a=1"}, "var/lib/dpkg/status: a=1@0"},
        {"files that list themselves among what replaces",
         {"file var/lib/dpkg/status\n" STATUS "a=1", "file var/lib/dpkg/status\n" STATUS "a=1 b=1"},
         "var/lib/dpkg/status: a=1@0 b=1@1"},
        {"several databases",
         {STATUS "a=1", APK "a=1", "db var/lib/dpkg/status.d/x x=1\ndb var/lib/dpkg/status.d/a a=2"},
         "lib/apk/db/installed: a=1@1 var/lib/dpkg/status: a=1@0 var/lib/dpkg/status.d/a: a=2@2 "
         "var/lib/dpkg/status.d/x: x=1@2"},
        {"the same layer twice", {STATUS "a=1", "=0"}, "var/lib/dpkg/status: a=1@0"},
        {"the same layer twice, another between", {STATUS "a=1", STATUS "a=2", "=0"}, "var/lib/dpkg/status: a=1@2"},
        {"an entry that stands twice", {STATUS "a=1 b=1 a=1 a=2"}, "var/lib/dpkg/status: a=1@0 a=2@0 b=1@0"},
        {"a database that no path leads to", {"db opt/dpkg/status a=1"}, ""},
    };
    EXPECT_ALL(examples);
}

static void test_one_a_folder(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"the first in order, whatever the layer",
         {"db " RPM "rpmdb.sqlite a=1", "db " RPM "Packages.db b=1", "db " RPM "Packages c=1"},
         RPM "rpmdb.sqlite: a=1@0 remark " RPM "Packages.db@1 remark " RPM "Packages@2"},
        {"whatever the order in the layer",
         {"db " RPM "Packages c=1\ndb " RPM "Packages.db b=1"},
         RPM "Packages.db: b=1@0 remark " RPM "Packages@0"},
        {"the first is gone",
         {"db " RPM "rpmdb.sqlite a=1\ndb " RPM "Packages c=1", "whiteout " RPM "rpmdb.sqlite"},
         RPM "Packages: c=1@0"},
        {"in two folders",
         {"db " RPM "Packages a=1\ndb " USR_RPM "rpmdb.sqlite b=1"},
         RPM "Packages: a=1@0 " USR_RPM "rpmdb.sqlite: b=1@0"},
        {"in one folder by two ways",
         {"link var/lib/rpm ../../" USR_RPM "\ndb " USR_RPM "Packages a=1", "db " USR_RPM "Packages.db b=1"},
         USR_RPM "Packages.db: b=1@1 remark " USR_RPM "Packages@0"},
        {"in no effect at all", {"db srv/rpm/rpmdb.sqlite a=1\ndb srv/rpm/Packages b=1"}, ""},
    };
    EXPECT_ALL(examples);
}

static void test_whiteouts(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"of the database", {STATUS "a=1", "whiteout var/lib/dpkg/status"}, ""},
        {"of a folder above", {STATUS "a=1", "whiteout var"}, ""},
        {"of another file",
         {STATUS "a=1", "whiteout var/lib/dpkg/status-old\nwhiteout va\nwhiteout var/lib/dpkg/status/x"},
         "var/lib/dpkg/status: a=1@0"},
        {"does not hide what the same layer has",
         {STATUS "a=1", "whiteout var/lib/dpkg\n" STATUS "a=1 b=1"},
         "var/lib/dpkg/status: a=1@0 b=1@1"},
        {"nor what comes above", {STATUS "a=1", "whiteout var", STATUS "a=1"}, "var/lib/dpkg/status: a=1@2"},
        {"in the lowest layer", {"whiteout var\n" STATUS "a=1"}, "var/lib/dpkg/status: a=1@0"},
        {"an opaque folder", {STATUS "a=1", "opaque var/lib/dpkg"}, ""},
        {"an opaque folder far above", {STATUS "a=1", "opaque var"}, ""},
        {"an opaque root",
         {STATUS "a=1\nrelease etc/os-release debian 12", "opaque /\n" APK "b=1"},
         "lib/apk/db/installed: b=1@1"},
        {"an opaque folder that has it itself",
         {STATUS "a=1", "opaque var/lib/dpkg\n" STATUS "a=1"},
         "var/lib/dpkg/status: a=1@0"},
        {"an opaque folder elsewhere",
         {STATUS "a=1", "opaque var/lib/dpkg/status\nopaque var/lib/dpk\nopaque usr"},
         "var/lib/dpkg/status: a=1@0"},
        {"a file in the place of a folder", {STATUS "a=1", "file var/lib"}, ""},
        {"a folder in the place of a file", {STATUS "a=1", "folder var/lib/dpkg/status"}, ""},
        {"a folder that both have", {STATUS "a=1", "folder var/lib/dpkg"}, "var/lib/dpkg/status: a=1@0"},
        {"a link in the place of a folder", {STATUS "a=1", "link var/lib ../srv"}, ""},
        {"one package of a folder of them",
         {"db var/lib/dpkg/status.d/a a=1\ndb var/lib/dpkg/status.d/b b=1", "whiteout var/lib/dpkg/status.d/a"},
         "var/lib/dpkg/status.d/b: b=1@0"},
    };
    EXPECT_ALL(examples);
}

static void test_links(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"merged usr", {"link lib usr/lib\n" USR_APK "a=1"}, "usr/lib/apk/db/installed: a=1@0"},
        {"merged usr, written through the link in a later layer",
         {"link lib usr/lib\n" USR_APK "a=1", APK "a=1 b=1"},
         "usr/lib/apk/db/installed: a=1@0 b=1@1"},
        {"merged usr, written through the link in the same layer",
         {"link lib usr/lib\n" APK "a=1"},
         "usr/lib/apk/db/installed: a=1@0"},
        {"an absolute link", {"link lib /usr/lib/\n" USR_APK "a=1", APK "b=1"}, "usr/lib/apk/db/installed: b=1@1"},
        {"a whiteout through a link", {"link lib usr/lib\n" USR_APK "a=1", "whiteout lib/apk/db/installed"}, ""},
        {"an opaque folder that is a link", {"link lib usr/lib\n" USR_APK "a=1", "opaque lib"}, ""},
        {"a whiteout of the link alone",
         {"link lib usr/lib\n" USR_APK "a=1", "whiteout lib\n" APK "a=1"},
         "lib/apk/db/installed: a=1@1 usr/lib/apk/db/installed: a=1@0"},
        {"a link at the database",
         {"link var/lib/dpkg/status ../../../srv/./db/../status\ndb srv/status a=1"},
         "srv/status: a=1@0"},
        {"a link at its folder", {"link var/lib/dpkg /opt/dpkg\ndb opt/dpkg/status a=1"}, "opt/dpkg/status: a=1@0"},
        {"a link at a folder of databases",
         {"link var/lib/dpkg/status.d /opt/parts\ndb opt/parts/a a=1", "db opt/parts/b b=1\ndb opt/b b=2"},
         "opt/parts/a: a=1@0 opt/parts/b: b=1@1"},
        {"more .. than there are folders",
         {"link var/lib/dpkg/status ../../../../../../srv/status\ndb srv/status a=1"},
         "srv/status: a=1@0"},
        {"a .. at the root", {"link var/lib/dpkg/status /../srv/status\ndb srv/status a=1"}, "srv/status: a=1@0"},
        {"links one after the other",
         {"link var/lib/dpkg /a\nlink a b", "link b /c/d\nlink c/d ../e\ndb e/status a=1"},
         "e/status: a=1@1"},
        {"a link replaced by a file",
         {"link var/lib/dpkg/status /srv/status\ndb srv/status a=1", STATUS "b=1"},
         "var/lib/dpkg/status: b=1@1"},
        {"a file replaced by a link",
         {STATUS "a=1\ndb srv/status b=1", "link var/lib/dpkg/status /srv/status"},
         "srv/status: b=1@0"},
        {"a file and a link at one place in one layer",
         {"link var/lib/dpkg/status /srv/status\n" STATUS "a=1"},
         "var/lib/dpkg/status: a=1@0"},
        {"what lies behind an old link does not come back", {USR_APK "a=1", "link usr srv", "whiteout usr"}, ""},
        {"a loop at the database", {"link var/lib/dpkg/status status"}, "lost var/lib/dpkg/status@0"},
        {"a loop in a known distribution",
         {"release etc/os-release debian 12\nlink var/lib/dpkg/status status"},
         "[debian 12] lost var/lib/dpkg/status@0"},
        {"a loop of two",
         {"", "link var/lib/dpkg/status other\nlink var/lib/dpkg/other status"},
         "lost var/lib/dpkg/status@1"},
        {"a loop above", {"link lib/apk/db ../../lib/apk/db"}, "lost lib/apk/db/installed@0"},
        {"a loop under a database", {STATUS "a=1", "link var/lib/dpkg/status status"}, "lost var/lib/dpkg/status@1"},
        {"a loop that was removed", {"link var/lib/dpkg/status status", "whiteout var/lib/dpkg/status"}, ""},
        {"a link to nothing", {"", "link var/lib/dpkg/status /nowhere"}, "lost var/lib/dpkg/status@1"},
        {"a folder that is a link to nothing",
         {"link var/lib/dpkg /nowhere"},
         "lost var/lib/dpkg/status@0 lost var/lib/dpkg/status.d@0"},
        {"links far above the database say nothing",
         {"link lib usr/lib\nlink var private/var\nlink usr/lib64 lib"},
         ""},
        {"a path through a loop cannot be", {"link lib lib", APK "a=1"}, "lost lib/apk/db/installed@0"},
    };
    EXPECT_ALL(examples);
}

static void test_distribution(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"os-release in etc first", {"release usr/lib/os-release b 1\nrelease etc/os-release a 2"}, "[a 2]"},
        {"then in usr",
         {"release usr/lib/os-release b 1\nrelease etc/lsb-release c 1\nrelease usr/lib/os.release.d/os-release-a d 1"},
         "[b 1]"},
        {"then any",
         {"release usr/lib/os.release.d/os-release-b b 1\nrelease usr/lib/os.release.d/os-release-a a 1\n"
          "release etc/lsb-release c 1"},
         "[a 1]"},
        {"then lsb-release",
         {"release etc/debian_version debian 12", "release etc/lsb-release ubuntu 22.04"},
         "[ubuntu 22.04]"},
        {"then alpine-release",
         {"release etc/debian_version debian 12\nrelease etc/alpine-release alpine 3.18.4"},
         "[alpine 3.18.4]"},
        {"then debian_version", {"release etc/debian_version debian 12"}, "[debian 12]"},
        {"a file that names none", {"release etc/os-release\nrelease etc/debian_version debian 12"}, "[debian 12]"},
        {"none", {"release etc/os-release"}, ""},
        {"a newer one", {"release etc/os-release debian 11", "release etc/os-release debian 12"}, "[debian 12]"},
        {"one removed", {"release etc/os-release debian 11", "whiteout etc"}, ""},
        {"a link",
         {"link etc/os-release ../usr/lib/os-release", "release usr/lib/os-release debian 12"},
         "[debian 12]"},
        {"a link to a variant",
         {"link etc/os-release ../usr/lib/os-release\nlink usr/lib/os-release ./os.release.d/os-release-b\n"
          "release usr/lib/os.release.d/os-release-a a 1\nrelease usr/lib/os.release.d/os-release-b b 1"},
         "[b 1]"},
        {"a loop, and nothing else",
         {"link etc/os-release ../usr/lib/os-release\nlink usr/lib/os-release ../../etc/os-release"},
         "lost etc/os-release@0 lost usr/lib/os-release@0"},
        {"a loop, and another file",
         {"link etc/os-release os-release", "release etc/alpine-release alpine 3.18.4"},
         "[alpine 3.18.4] remark etc/os-release@0"},
        {"a link to nothing", {"link etc/os-release ../../../../etc/nothing"}, "lost etc/os-release@0"},
        {"a link to what is no release file",
         {"link etc/os-release ../var/lib/dpkg/status\n" STATUS "a=1"},
         "var/lib/dpkg/status: a=1@0"},
    };
    EXPECT_ALL(examples);
}

static void test_skips(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"what is lost, and remarks",
         {"lost var/lib/dpkg/status", "remark x"},
         "lost var/lib/dpkg/status@0 remark x@1"},
        {"lost, but replaced",
         {"lost var/lib/dpkg/status\nlost y", STATUS "a=1"},
         "var/lib/dpkg/status: a=1@1 remark var/lib/dpkg/status@0 lost y@0"},
        {"lost, but removed", {"lost var/lib/dpkg/status", "whiteout var/lib"}, "remark var/lib/dpkg/status@0"},
        {"lost again", {"lost var/lib/dpkg/status", "whiteout var/lib", "=0"}, "lost var/lib/dpkg/status@2"},
        {"replaced by what is lost",
         {STATUS "a=1", "file var/lib/dpkg/status\nlost var/lib/dpkg/status"},
         "lost var/lib/dpkg/status@1"},
        {"part of a file",
         {STATUS "a=1\nlost var/lib/dpkg/status"},
         "var/lib/dpkg/status: a=1@0 lost var/lib/dpkg/status@0"},
        {"the whole layer", {"lost", "opaque /"}, "lost @0"},
        {"a path that climbs out", {"lost ../../etc/passwd", "whiteout etc/passwd2"}, "lost ../../etc/passwd@0"},
    };
    EXPECT_ALL(examples);
}

static void test_skips_are_bounded(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings f = layer(&a, "remark a\nremark b\nremark c\nlost d\nlost e\nlost f\n");
    f.skips_total = 10;
    const struct findings *layers[] = {&f, &f};
    struct limits limits = limits_default();
    limits.skips = 2;
    struct inventory inventory;
    coalesce(&a, layers, 2, &limits, &inventory);
    assert_int_equal(inventory.skips_n, 4);
    assert_int_equal(inventory.skips_total, 10);
    assert_slice(inventory.skips[3].skip.path, "e");
}

static void test_hops(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct slice text = SLICE("link var/lib/dpkg/status /l0\n");
    for (int i = 0; i < 9; i++)
        text = arena_printf(&a, "%slink l%d l%d\n", text.p, i, i + 1);
    text = arena_printf(&a, "%sdb l9 a=1\n", text.p);
    struct findings f = layer(&a, text.p);
    const struct findings *layers[] = {&f};
    struct limits limits = limits_default();
    struct inventory inventory;
    limits.symlink_hops = 10;
    coalesce(&a, layers, 1, &limits, &inventory);
    assert_int_equal(inventory.packages_n, 1);
    limits.symlink_hops = 9;
    coalesce(&a, layers, 1, &limits, &inventory);
    assert_int_equal(inventory.packages_n, 0);
    assert_int_equal(inventory.skips_n, 1);
    assert_true(inventory.skips[0].skip.lost);
}

static void test_steps(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings base = layer(&a, STATUS "a=1\n"), hostile = layer(&a, "link a/b/c/d/e x\nlink a/b/c/d/f x\n");
    const struct findings *layers[] = {&base, &hostile};
    struct limits limits = limits_default();
    struct inventory inventory;
    limits.merge_steps = 15;
    coalesce(&a, layers, 2, &limits, &inventory);
    assert_int_equal(inventory.packages_n, 1);
    assert_int_equal(inventory.skips_n, 1);
    assert_true(inventory.skips[0].skip.lost);
    assert_true(slice_find_slice(inventory.skips[0].skip.reason, SLICE("limit merge_steps")) >= 0);
    limits.merge_steps = 1000;
    coalesce(&a, layers, 2, &limits, &inventory);
    assert_int_equal(inventory.skips_n, 0);
}

// Sorted by kind, name, version, arch, database, whatever the order that they were found in.
static void test_order(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"order",
         {STATUS "b=2 b=10 a=1\ndb var/lib/dpkg/status.d/a a=1\n" APK "z=1"},
         "lib/apk/db/installed: z=1@0 var/lib/dpkg/status: a=1@0 var/lib/dpkg/status.d/a: a=1@0 "
         "var/lib/dpkg/status: b=10@0 b=2@0"},
    };
    EXPECT_ALL(examples);
    struct arena a ARENA_AUTO = {0};
    struct findings f = layer(&a, STATUS "a=1 a=1\n");
    f.dbs[0].packages[0].arch = SLICE("i386");
    const struct findings *layers[] = {&f};
    struct limits limits = limits_default();
    struct inventory inventory;
    coalesce(&a, layers, 1, &limits, &inventory);
    assert_int_equal(inventory.packages_n, 2);
    assert_slice(inventory.packages[0].package.arch, "amd64");
    assert_string_equal(inventory.packages[0].scanner, "dpkg");
}

#define SITE  "usr/lib/python3/dist-packages/"
#define JINJA SITE "jinja2.egg-info/PKG-INFO"
#define LIST  "var/lib/dpkg/info/python3-jinja2.list"

// Who owns what is decided in the merged image, not in a layer.
static void test_owners(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"a list in the same layer",
         {STATUS "python3-jinja2=3\nowns " LIST " python3-jinja2 " JINJA "\nby python " JINJA " jinja2=3"},
         "var/lib/dpkg/status: python3-jinja2=3@0 " JINJA ": jinja2=3@0 <deb:python3-jinja2"},
        {"a file of a later layer in the place of the package's",
         {STATUS "python3-jinja2=3\nowns " LIST " python3-jinja2 " JINJA, "by python " JINJA " jinja2=4"},
         "var/lib/dpkg/status: python3-jinja2=3@0 " JINJA ": jinja2=4@1 <deb:python3-jinja2"},
        {"a list of a later layer",
         {"by python " JINJA " jinja2=3", STATUS "python3-jinja2=3\nowns " LIST " python3-jinja2 " JINJA},
         "var/lib/dpkg/status: python3-jinja2=3@1 " JINJA ": jinja2=3@0 <deb:python3-jinja2"},
        {"a package that was removed, and left its list",
         {STATUS "python3-jinja2=3\nowns " LIST " python3-jinja2 " JINJA "\nby python " JINJA " jinja2=3",
          STATUS "bash=5"},
         "var/lib/dpkg/status: bash=5@1 " JINJA ": jinja2=3@0"},
        {"a list that was removed",
         {STATUS "python3-jinja2=3\nowns " LIST " python3-jinja2 " JINJA "\nby python " JINJA " jinja2=3",
          "whiteout " LIST},
         "var/lib/dpkg/status: python3-jinja2=3@0 " JINJA ": jinja2=3@0"},
        {"a list that leads through a link",
         {STATUS "python3-jinja2=3\nlink lib usr/lib\nowns " LIST
                 " python3-jinja2 lib/python3/dist-packages/jinja2.egg-info/PKG-INFO\nby python " JINJA " jinja2=3"},
         "var/lib/dpkg/status: python3-jinja2=3@0 " JINJA ": jinja2=3@0 <deb:python3-jinja2"},
        {"what pip put beside it",
         {STATUS "python3-jinja2=3\nowns " LIST " python3-jinja2 " JINJA "\nby python " SITE
                 "jinja2-4.dist-info/METADATA jinja2=4"},
         "var/lib/dpkg/status: python3-jinja2=3@0 " SITE "jinja2-4.dist-info/METADATA: jinja2=4@0"},
    };
    EXPECT_ALL(examples);
}

// What several scanners found in one file stands side by side, and goes together.
static void test_several_scanners(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"in one layer", {"by go usr/bin/x a=1\nby rust usr/bin/x b=1"}, "usr/bin/x: b=1@0 a=1@0"},
        {"the newest of each, and its origin",
         {"by go usr/bin/x a=1\nby rust usr/bin/x b=1", "by go usr/bin/x a=1\nby rust usr/bin/x b=2"},
         "usr/bin/x: b=2@1 a=1@0"},
        {"only one of them is left",
         {"by go usr/bin/x a=1\nby rust usr/bin/x b=1", "by go usr/bin/x a=2"},
         "usr/bin/x: a=2@1"},
        {"none is", {"by go usr/bin/x a=1\nby rust usr/bin/x b=1", "file usr/bin/x"}, ""},
        {"a folder that a file replaces", {"by go opt/app/bin/x a=1\nby rust opt/app/bin/y b=1", "file opt/app"}, ""},
    };
    EXPECT_ALL(examples);
}

// "NAME=REPOSITORY" of each package, then "[REPOSITORY PATH LAYER]" of each repository of the image.
static void test_origins(void **state)
{
    (void)state;
#define DNF4     "db var/lib/dnf/history.sqlite "
#define DNF5     "db usr/lib/sysimage/libdnf5/transaction_history.sqlite "
#define MANIFEST "db root/buildinfo/content_manifests/x.json "
#define AT_DNF4  " var/lib/dnf/history.sqlite "
#define PACKAGES "db " RPM "rpmdb.sqlite a=1 b=1:2-3 c=4\n"
    static const struct example examples[] = {
        {"beside the packages",
         {PACKAGES DNF4 "c=4@two b=1:2-3@one z=1@three\n"},
         "a= b=one c=two [one" AT_DNF4 "0] [two" AT_DNF4 "0]"},
        {"of that version only", {PACKAGES DNF4 "a=2@one b=2-3@one\n"}, "a= b= c="},
        {"of an upper layer", {PACKAGES, DNF4 "a=1@one\n"}, "a=one b= c= [one" AT_DNF4 "1]"},
        {"replaced", {PACKAGES DNF4 "a=1@one c=4@one\n", DNF4 "a=1@two\n"}, "a=two b= c= [two" AT_DNF4 "1]"},
        {"removed", {PACKAGES DNF4 "a=1@one\n", "whiteout var/lib/dnf\n"}, "a= b= c="},
        {"of dnf 5 before dnf 4",
         {DNF4 "a=1@old c=4@old\n", PACKAGES DNF5 "a=1@new\n"},
         "a=new b= c=old [new usr/lib/sysimage/libdnf5/transaction_history.sqlite 1] [old" AT_DNF4 "0]"},
        {"in two databases",
         {PACKAGES DNF4 "a=1@one\n", "db " USR_RPM "rpmdb.sqlite a=1\n"},
         "a=one a=one b= c= [one" AT_DNF4 "0]"},
        {"where a manifest names sets",
         {PACKAGES DNF4 "a=1@one\n" MANIFEST "set\n"},
         "a=one b= c= [set root/buildinfo/content_manifests/x.json 0]"},
        {"where labels name a CPE",
         {PACKAGES DNF4 "a=1@one\n" MANIFEST "cpe:/a:x\n"},
         "a=one b= c= [cpe:/a:x root/buildinfo/content_manifests/x.json 0] [one" AT_DNF4 "0]"},
        {"of another package manager", {STATUS "a=1\n" DNF4 "a=1@one\n"}, "a="},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct inventory inventory;
        merge(&a, &examples[i], &inventory);
        struct slice got = SLICE("");
        for (size_t p = 0; p < inventory.packages_n; p++)
            got = arena_printf(&a, "%.*s%.*s=%.*s ", SLICE_ARG(got), SLICE_ARG(inventory.packages[p].package.name),
                               SLICE_ARG(inventory.packages[p].package.repository));
        for (size_t r = 0; r < inventory.repositories_n; r++)
            got = arena_printf(&a, "%.*s[%.*s %.*s %zu] ", SLICE_ARG(got), SLICE_ARG(inventory.repositories[r].id),
                               SLICE_ARG(inventory.repositories[r].path), inventory.repositories[r].layer);
        if (!slice_eq(slice_trim(got), slice_str(examples[i].expected)))
            fail_msg("%s: %.*s, not %s", examples[i].what, SLICE_ARG(got), examples[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_several_scanners),
        cmocka_unit_test(test_databases),
        cmocka_unit_test(test_one_a_folder),
        cmocka_unit_test(test_whiteouts),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_skips),
        cmocka_unit_test(test_skips_are_bounded),
        cmocka_unit_test(test_hops),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
