// dnf's histories of transactions, made by SQLite itself.
#include "fixture.h"

#include "scan/sqlite_file.h"

#include <sqlite3.h>

#define DNF4 "var/lib/dnf/history.sqlite"
#define DNF5 "usr/lib/sysimage/libdnf5/transaction_history.sqlite"

// The tables that matter, with comments, constraints and another order of columns where a reader could stumble.
#define SCHEMA4                                                                                                        \
    "CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT NOT NULL /* repository ID, aka 'repoid' */);"              \
    "CREATE TABLE trans_item (id INTEGER PRIMARY KEY AUTOINCREMENT, trans_id INTEGER REFERENCES trans(id),\n"          \
    " item_id INTEGER, -- item_id, repo_id: (both)\n"                                                                  \
    " repo_id INTEGER REFERENCES repo(id), action INTEGER NOT NULL, reason INTEGER, state INTEGER);"                   \
    "CREATE TABLE rpm (item_id INTEGER UNIQUE NOT NULL, name TEXT NOT NULL CHECK (name <> ',('),"                      \
    " epoch INTEGER NOT NULL, version TEXT NOT NULL, release TEXT NOT NULL, arch TEXT NOT NULL,"                       \
    " CONSTRAINT rpm_unique_nevra UNIQUE (name, epoch, version, release, arch));"

#define SCHEMA5                                                                                                        \
    "CREATE TABLE \"repo\" (\"id\" INTEGER, \"repoid\" TEXT NOT NULL, PRIMARY KEY(\"id\"));"                           \
    "CREATE TABLE \"pkg_name\" (\"id\" INTEGER, \"name\" TEXT NOT NULL UNIQUE, PRIMARY KEY(\"id\"));"                  \
    "CREATE TABLE \"arch\" (\"id\" INTEGER, \"name\" TEXT NOT NULL UNIQUE, PRIMARY KEY(\"id\"));"                      \
    "CREATE TABLE \"trans_item\" (\"id\" INTEGER, \"trans_id\" INTEGER, \"item_id\" INTEGER, \"repo_id\" INTEGER,"     \
    " \"action_id\" INTEGER NOT NULL, \"reason_id\" INTEGER NOT NULL, \"state_id\" INTEGER NOT NULL,"                  \
    " PRIMARY KEY(\"id\" AUTOINCREMENT));"                                                                             \
    "CREATE TABLE \"rpm\" (\"item_id\" INTEGER NOT NULL UNIQUE, [name_id] INTEGER NOT NULL, `epoch` INTEGER NOT NULL," \
    " \"version\" TEXT NOT NULL, \"release\" TEXT NOT NULL, \"arch_id\" INTEGER NOT NULL);"

#define REPOSITORIES                                                                                                   \
    "INSERT INTO repo VALUES (1, 'baseos'), (2, 'appstream'), (3, '@System'), (4, '@commandline'), (5, '');"

static void make(const char *sql, struct buf *out)
{
    sqlite3 *db;
    sqlite3_int64 size;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA page_size = 512", NULL, NULL, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    buf_add(out, slice_of((const char *)bytes, (size_t)size));
    sqlite3_free(bytes);
    sqlite3_close(db);
}

// "name version arch repository", one a package.
static void assert_origins(const struct fixture *f, const char *expected)
{
    struct buf text BUF_AUTO = {0};
    assert_int_equal(f->findings.dbs_n, 1);
    assert_slice(f->findings.dbs[0].scanner, "dnf");
    for (size_t i = 0; i < f->findings.dbs[0].n; i++) {
        const struct package *p = &f->findings.dbs[0].packages[i];
        assert_slice(p->kind, "rpm");
        buf_addf(&text, "%.*s %.*s %.*s %.*s\n", SLICE_ARG(p->name), SLICE_ARG(p->version), SLICE_ARG(p->arch),
                 SLICE_ARG(p->repository));
    }
    assert_slice(buf_slice(&text), expected);
}

static const struct {
    const char *what, *path, *sql, *origins, *skips;
} examples[] = {
    {"dnf 4", DNF4,
     SCHEMA4 REPOSITORIES
     "INSERT INTO rpm VALUES (7, 'bash', 0, '5.1', '6.el9', 'x86_64'), (9, 'openssl', 1, '3.0', '2', 'noarch');"
     "INSERT INTO trans_item VALUES (1, 1, 7, 1, 1, 1, 1), (2, 1, 9, 2, 1, 1, 1)",
     "bash 5.1-6.el9 x86_64 baseos\nopenssl 1:3.0-2 noarch appstream\n", ""},
    {"dnf 5", DNF5,
     SCHEMA5 REPOSITORIES
     "INSERT INTO pkg_name VALUES (300, 'openssl'), (2, 'bash'); INSERT INTO arch VALUES (1, 'noarch'), (2, 'x86_64');"
     "INSERT INTO rpm VALUES (7, 2, 0, '5.1', '6.el9', 2), (-9, 300, 4294967295, '3.0', '2', 1);"
     "INSERT INTO trans_item VALUES (1, 1, 7, 1, 1, 1, 1), (2, 1, -9, 2, 1, 1, 1)",
     "bash 5.1-6.el9 x86_64 baseos\nopenssl 4294967295:3.0-2 noarch appstream\n", ""},
    {"the newest counts, and @System says nothing", DNF4,
     SCHEMA4 REPOSITORIES
     "INSERT INTO rpm VALUES (1, 'a', 0, '1', '1', 'x'), (2, 'b', 0, '1', '1', 'x'), (3, 'c', 0, '1', '1', 'x'),"
     " (4, 'd', 0, '1', '1', 'x'), (5, 'e', 0, '1', '1', 'x'), (6, 'f', 0, '1', '1', 'x');"
     "INSERT INTO trans_item VALUES (-5, 1, 1, 1, 1, 1, 1), (9, 1, 1, 2, 1, 1, 1), (10, 1, 1, 3, 8, 1, 1),"
     " (11, 1, 2, 1, 1, 1, 1), (12, 1, 2, 4, 1, 1, 1), (13, 1, 3, 4, 1, 1, 1), (14, 1, 3, 1, 9, 1, 1),"
     " (15, 1, 4, 3, 1, 1, 1), (16, 1, 5, 5, 1, 1, 1), (17, 1, 99, 1, 1, 1, 1)",
     "a 1-1 x appstream\nc 1-1 x baseos\n", ""},
    {"nothing was ever installed", DNF4, SCHEMA4, "", ""},
    {"rows that dnf does not make", DNF4,
     SCHEMA4 REPOSITORIES
     "INSERT INTO repo VALUES (6, x'00');"
     "INSERT INTO rpm VALUES (1, 'a', 0, '1', '1', 'x'), (2, '', 0, '1', '1', 'x'), (3, 'c', -1, '1', '1', 'x'),"
     " (4, 'd', 0, '', '1', 'x'), (5, 'e', 0, '1', '', 'x'), ('six', 'f', 0, '1', '1', 'x'), (7, 'g', 1 << 32, '1', '1', 'x');"
     "INSERT INTO trans_item VALUES (1, 1, 1, 1, 1, 1, 1), (2, 1, 1, 77, 1, 1, 1), (3, 1, NULL, 1, 1, 1, 1),"
     " (4, 1, 1, NULL, 1, 1, 1)",
     "a 1-1 x baseos\n",
     "row 6 of table repo does not have what dnf puts there\n"
     "row 2 of table rpm does not have what dnf puts there\nrow 3 of table rpm does not have what dnf puts there\n"
     "row 4 of table rpm does not have what dnf puts there\nrow 5 of table rpm does not have what dnf puts there\n"
     "row 6 of table rpm does not have what dnf puts there\nrow 7 of table rpm does not have what dnf puts there\n"
     "row 2 of table trans_item does not have what dnf puts there\n"
     "row 3 of table trans_item does not have what dnf puts there\n"
     "row 4 of table trans_item does not have what dnf puts there\n"},
    {"a name that is nowhere", DNF5,
     SCHEMA5 REPOSITORIES "INSERT INTO pkg_name VALUES (1, 'a'); INSERT INTO arch VALUES (1, 'x');"
                          "INSERT INTO rpm VALUES (1, 2, 0, '1', '1', 1), (2, 1, 0, '1', '1', 2)",
     "",
     "row 1 of table rpm does not have what dnf puts there\nrow 2 of table rpm does not have what dnf puts there\n"},
    {"a number twice", DNF4,
     "CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT);"
     "CREATE TABLE trans_item (id INTEGER PRIMARY KEY, item_id, repo_id);"
     "CREATE TABLE rpm (item_id, name, epoch, version, release, arch);" REPOSITORIES
     "INSERT INTO rpm VALUES (1, 'a', 0, '1', '1', 'x'), (1, 'b', 0, '1', '1', 'x');"
     "INSERT INTO trans_item VALUES (1, 1, 1)",
     "a 1-1 x baseos\n", "number 1 stands twice in table rpm\n"},
    {"no table", DNF4, "CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT)", "",
     "has no table rpm with a column item_id; which repositories packages came from is not known\n"},
    {"no column", DNF5, "CREATE TABLE repo (id INTEGER PRIMARY KEY, CONSTRAINT x CHECK (id <> 'repoid'), UNIQUE (id))",
     "", "has no table repo with a column repoid; which repositories packages came from is not known\n"},
};

static void test_histories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf file BUF_AUTO = {0};
        print_message("%s\n", examples[i].what);
        make(examples[i].sql, &file);
        fixture_scan(&f, examples[i].path, buf_slice(&file));
        assert_origins(&f, examples[i].origins);
        assert_skips(&f.findings, examples[i].skips);
    }
}

// An empty or foreign file tells nothing, and stands in the place of that of a lower layer all the same.
static void test_other_files(void **state)
{
    (void)state;
    struct fixture empty FIXTURE_AUTO = fixture_new(), other FIXTURE_AUTO = fixture_new();
    fixture_scan(&empty, DNF4, SLICE(""));
    assert_origins(&empty, "");
    assert_skips(&empty.findings, "");
    fixture_scan(&other, DNF4, SLICE("no database"));
    assert_origins(&other, "");
    assert_skips(&other.findings, "is no SQLite database; which repositories packages came from is not known\n");
}

// Many rows, in an order that is none: every one of them is found again.
static void test_many(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf file BUF_AUTO = {0};
    make(SCHEMA4 REPOSITORIES "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)"
                              "INSERT INTO rpm SELECT i * 7919 % 5000 * 1000003, 'p' || i, 0, '1', '1', 'x' FROM n;"
                              "INSERT INTO trans_item SELECT NULL, 1, item_id, 1 + item_id % 2, 1, 1, 1 FROM rpm",
         &file);
    fixture_scan(&f, DNF4, buf_slice(&file));
    assert_skips(&f.findings, "");
    assert_int_equal(f.findings.dbs[0].n, 5000);
    for (uint64_t i = 0; i < 5000; i++)
        assert_slice(f.findings.dbs[0].packages[i].repository, i * 7919 % 5000 % 2 == 0 ? "baseos" : "appstream");
}

static void test_limit(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf file BUF_AUTO = {0};
    f.limits.packages = 7; // five of them are repositories
    make(SCHEMA4 REPOSITORIES "INSERT INTO rpm VALUES (1, 'a', 0, '1', '1', 'x'), (2, 'b', 0, '1', '1', 'x'),"
                              " (3, 'c', 0, '1', '1', 'x'), (4, 'd', 0, '1', '1', 'x');"
                              "INSERT INTO trans_item (item_id, repo_id, action) VALUES (1, 1, 1), (3, 1, 1)",
         &file);
    fixture_scan(&f, DNF4, buf_slice(&file));
    assert_origins(&f, "a 1-1 x baseos\n");
    assert_skips(&f.findings,
                 "more packages and names than the 7 that limit packages allows; where the others came from "
                 "is not known\n");
}

// Whatever one byte says: nothing is read outside of the file, and nothing is lost that would be a package.
static void test_flips(void **state)
{
    (void)state;
    struct buf file BUF_AUTO = {0};
    make(examples[1].sql, &file);
    for (size_t i = 0; i < file.n; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        char before = file.p[i];
        file.p[i] = (char)(before ^ (1 << i % 8));
        fixture_scan(&f, DNF5, buf_slice(&file));
        file.p[i] = before;
        for (size_t s = 0; s < f.findings.skips_n; s++)
            assert_false(f.findings.skips[s].lost);
        assert_true(f.findings.dbs[0].n <= 2);
    }
}

static void test_cut(void **state)
{
    (void)state;
    struct buf file BUF_AUTO = {0};
    make(examples[0].sql, &file);
    for (size_t n = 0; n < file.n; n += 100) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        fixture_scan(&f, DNF4, slice_of(file.p, n));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_true(n == 0 || f.findings.skips_n != 0);
    }
}

static void test_columns(void **state)
{
    (void)state;
    const struct {
        const char *sql;
        int place; // of the column "x", -1 for none
    } tables[] = {
        {"CREATE TABLE t (x)", 0},
        {"CREATE TABLE t(a,X TEXT)", 1},
        {"CREATE TABLE \"x(\" (a, [b,x], 'c''x', \"x\" INTEGER)", 3},
        {"CREATE TABLE t (a DECIMAL(10, 2) DEFAULT (',x'), `x`)", 1},
        {"CREATE TABLE t (a, /* x, ( */ b -- , x\n, x)", 2},
        {"CREATE TABLE t (a x, b CHECK (1, x))", -1},
        {"CREATE TABLE t (a) x, x", -1},
        {"CREATE TABLE t (a, /* x", -1},
        {"CREATE TABLE t (a, \"x", 1},
        {"CREATE TABLE t )x(", -1},
        {"x", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct sqlite_table table = {.sql = slice_str(tables[i].sql)};
        unsigned place;
        int found = sqlite_find_column(&table, "x", &place) ? (int)place : -1;
        if (found != tables[i].place)
            fail_msg("%s: %d", tables[i].sql, found);
    }
}

static void test_integers(void **state)
{
    (void)state;
    const struct {
        struct slice record;
        bool is_one;
        int64_t value;
    } records[] = {
        {SLICE("\x02\x08"), true, 0},
        {SLICE("\x02\x09"), true, 1},
        {SLICE("\x02\x01\xff"), true, -1},
        {SLICE("\x02\x02\x01\x00"), true, 256},
        {SLICE("\x02\x03\xff\xff\x00"), true, -256},
        {SLICE("\x02\x04\x7f\xff\xff\xff"), true, INT32_MAX},
        {SLICE("\x02\x05\x80\x00\x00\x00\x00\x00"), true, -(INT64_C(1) << 47)},
        {SLICE("\x02\x06\x80\x00\x00\x00\x00\x00\x00\x00"), true, INT64_MIN},
        {SLICE("\x02\x00"), false, 0},
        {SLICE("\x02\x07\x00\x00\x00\x00\x00\x00\x00\x00"), false, 0},
        {SLICE("\x02\x0f\x31"), false, 0},
        {SLICE("\x02\x02\x01"), false, 0},
        {SLICE("\x01"), false, 0},
        {SLICE(""), false, 0},
    };
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        int64_t value = 0;
        assert_int_equal(sqlite_integer(records[i].record, 0, &value), records[i].is_one);
        assert_true(!records[i].is_one || value == records[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories), cmocka_unit_test(test_other_files), cmocka_unit_test(test_many),
        cmocka_unit_test(test_limit),     cmocka_unit_test(test_flips),       cmocka_unit_test(test_cut),
        cmocka_unit_test(test_columns),   cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
