#include "fixture.h"
#include "rpmdbs.h"
#include "scan/rpm_header.h"

#include <unistd.h>

#define SQLITE "var/lib/rpm/rpmdb.sqlite"
#define LOG    "var/lib/rpm/rpmdb.sqlite-wal"
#define NDB    "usr/lib/sysimage/rpm/Packages.db"
#define BDB    "var/lib/rpm/Packages"

// Lets the scanner read bytes in a buffer of their own size; false when it says that the file is something else.
static bool try_scan(struct fixture *f, const char *path, struct slice content, struct error *err)
{
    char *copy = must_alloc(content.n);
    memcpy(copy, content.p, content.n);
    struct scan_output out = {.arena = &f->arena, .findings = &f->findings, .limits = &f->limits};
    struct scan_file file = {.path = slice_str(path), .content = slice_of(copy, content.n), .mode = 0644};
    bool read = scanner_named(SLICE("rpm"))->scan(&file, &out, err);
    free(copy);
    return read;
}

// What is added to a plain package, "a" of version 1-2.
struct extra {
    uint32_t tag, type;
    const char *text; // strings, one a line
    uint32_t number;
};

static void add_extra(struct made_header *h, const struct extra *e)
{
    if (e->type == INT32)
        add_numbers(h, e->tag, &e->number, 1);
    else
        add_strings(h, e->tag, e->type, e->text);
}

static struct made_header plain(const char *name, const char *version, const char *release)
{
    struct made_header h = {0};
    add_strings(&h, RPM_NAME, STRING, name);
    add_strings(&h, RPM_VERSION, STRING, version);
    add_strings(&h, RPM_RELEASE, STRING, release);
    return h;
}

static void add_files(struct made_header *h, const char *folders, const char *names, const uint32_t *indexes, size_t n)
{
    add_strings(h, RPM_DIRNAMES, STRING_ARRAY, folders);
    add_strings(h, RPM_BASENAMES, STRING_ARRAY, names);
    add_numbers(h, RPM_DIRINDEXES, indexes, n);
}

// Small packages, a large one that needs pages of its own, a key.
static void some_packages(struct made_headers *all)
{
    for (size_t i = 0; i < 20; i++) {
        char name[16];
        struct buf text BUF_AUTO = {0};
        snprintf(name, sizeof name, "p%02zu", i);
        struct made_header h = plain(name, "1.0", "2.el9");
        add_strings(&h, RPM_ARCH, STRING, i % 2 == 0 ? "x86_64" : "noarch");
        add_strings(&h, RPM_SOURCERPM, STRING, "src-3-4.src.rpm");
        for (size_t j = 0; j < (i == 7 ? 2000 : 1); j++)
            buf_adds(&text, "A text. ");
        add_strings(&h, 1005, I18NSTRING, text.p);
        end_header(all, &h);
    }
    struct made_header key = plain("gpg-pubkey", "fd431d51", "4ae0493b");
    end_header(all, &key);
}

static const char *const same_packages =
    "p00 1.0-2.el9 x86_64 src 3-4\np01 1.0-2.el9 noarch src 3-4\np02 1.0-2.el9 x86_64 src 3-4\n"
    "p03 1.0-2.el9 noarch src 3-4\np04 1.0-2.el9 x86_64 src 3-4\np05 1.0-2.el9 noarch src 3-4\n"
    "p06 1.0-2.el9 x86_64 src 3-4\np07 1.0-2.el9 noarch src 3-4\np08 1.0-2.el9 x86_64 src 3-4\n"
    "p09 1.0-2.el9 noarch src 3-4\np10 1.0-2.el9 x86_64 src 3-4\np11 1.0-2.el9 noarch src 3-4\n"
    "p12 1.0-2.el9 x86_64 src 3-4\np13 1.0-2.el9 noarch src 3-4\np14 1.0-2.el9 x86_64 src 3-4\n"
    "p15 1.0-2.el9 noarch src 3-4\np16 1.0-2.el9 x86_64 src 3-4\np17 1.0-2.el9 noarch src 3-4\n"
    "p18 1.0-2.el9 x86_64 src 3-4\np19 1.0-2.el9 noarch src 3-4\n"
    "gpg-pubkey fd431d51-4ae0493b  gpg-pubkey fd431d51-4ae0493b\n";

static const struct container {
    const char *path;
    void (*make)(const struct made_headers *headers, unsigned page_size, bool big_endian, struct buf *out);
    unsigned page_size;
    bool big_endian;
} containers[] = {
    {SQLITE, make_sqlite, 512, false}, {SQLITE, make_sqlite, 4096, false}, {SQLITE, make_sqlite, 65536, false},
    {NDB, make_ndb, 4096, false},      {BDB, make_bdb, 512, false},        {BDB, make_bdb, 512, true},
    {BDB, make_bdb, 4096, false},      {BDB, make_bdb, 4096, true},        {BDB, make_bdb, 32768, false},
};
#define CONTAINERS (sizeof containers / sizeof containers[0])

static void test_containers(void **state)
{
    (void)state;
    struct made_headers all HEADERS_AUTO = {0};
    some_packages(&all);
    for (size_t i = 0; i < CONTAINERS; i++) {
        const struct container *c = &containers[i];
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf file BUF_AUTO = {0};
        print_message("%s, pages of %u bytes\n", c->path, c->page_size);
        c->make(&all, c->page_size, c->big_endian, &file);
        fixture_scan(&f, c->path, buf_slice(&file));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].scanner, "rpm");
        assert_slice(f.findings.dbs[0].packages[0].kind, "rpm");
        assert_packages(&f.findings.dbs[0], same_packages);
        assert_skips(&f.findings, "");
    }
}

// Enough rows for a tree of three levels.
static void test_deep_tree(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    sqlite3 *db;
    sqlite3_int64 size;
    struct made_headers none = {0}, one HEADERS_AUTO = {0};
    struct made_header h = plain("a", "1", "2");
    struct buf *header = end_header(&one, &h);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    sql(db, "PRAGMA page_size = 512");
    fill_sqlite(db, &none);
    for (size_t i = 0; i < 2000; i++) {
        sqlite3_stmt *insert;
        assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO Packages VALUES (?, ?)", -1, &insert, NULL), SQLITE_OK);
        sqlite3_bind_int64(insert, 1, (sqlite3_int64)(i * i * 1000003)); // numbers of all lengths
        sqlite3_bind_blob(insert, 2, header->p, (int)header->n, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
        sqlite3_finalize(insert);
    }
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    fixture_scan(&f, SQLITE, slice_of((const char *)bytes, (size_t)size));
    sqlite3_free(bytes);
    sqlite3_close(db);
    assert_int_equal(f.findings.dbs[0].n, 2000);
    assert_skips(&f.findings, "");
}

static void test_headers(void **state)
{
    (void)state;
    const struct {
        const char *what;
        struct extra extra[4];
        const char *packages, *module, *skips;
    } examples[] = {
        {"nothing more", {{0}}, "a 1-2  a 1-2\n", "", ""},
        {"epoch", {{RPM_EPOCH, INT32, NULL, 4}}, "a 4:1-2  a 4:1-2\n", "", ""},
        {"epoch of 0", {{RPM_EPOCH, INT32, NULL, 0}}, "a 1-2  a 1-2\n", "", ""},
        {"the largest epoch", {{RPM_EPOCH, INT32, NULL, 0xffffffff}}, "a 4294967295:1-2  a 4294967295:1-2\n", "", ""},
        {"epoch of another type", {{RPM_EPOCH, STRING, "4", 0}}, "", "", "lost: header 1, a: EPOCH is of type 6\n"},
        {"source",
         {{RPM_SOURCERPM, STRING, "lib-b-1.2-3.el9.src.rpm", 0}, {RPM_ARCH, STRING, "x86_64", 0}},
         "a 1-2 x86_64 lib-b 1.2-3.el9\n",
         "",
         ""},
        {"source that may not be given away",
         {{RPM_SOURCERPM, STRING, "b-1-3.nosrc.rpm", 0}},
         "a 1-2  b 1-3\n",
         "",
         ""},
        {"no source",
         {{RPM_SOURCERPM, STRING, "b-1.src.rpm", 0}},
         "a 1-2  a 1-2\n",
         "",
         "header 1, a: SOURCERPM \"b-1.src.rpm\" is no name of a source package\n"},
        {"source without a name",
         {{RPM_SOURCERPM, STRING, "-1-2.src.rpm", 0}},
         "a 1-2  a 1-2\n",
         "",
         "header 1, a: SOURCERPM \"-1-2.src.rpm\" is no name of a source package\n"},
        {"module",
         {{RPM_MODULARITYLABEL, STRING, "nodejs:18:9020020230327152102:rhel9", 0}},
         "a 1-2  a 1-2\n",
         "nodejs:18",
         ""},
        {"short module", {{RPM_MODULARITYLABEL, STRING, "nodejs:18", 0}}, "a 1-2  a 1-2\n", "nodejs:18", ""},
        {"a name that rpm replaced", {{RPM_NAME, STRING, "b", 0}}, "b 1-2  b 1-2\n", "", ""},
        {"an array of names", {{RPM_NAME, STRING_ARRAY, "b\nc", 0}}, "b 1-2  b 1-2\n", "", ""},
        {"a name in a language", {{RPM_NAME, I18NSTRING, "b", 0}}, "b 1-2  b 1-2\n", "", ""},
        {"a name of numbers", {{RPM_NAME, INT32, NULL, 1}}, "", "", "lost: header 1: NAME is of type 4\n"},
        {"no name", {{RPM_NAME, STRING, "", 0}}, "", "", "lost: header 1: no NAME\n"},
        {"no version", {{RPM_VERSION, STRING, "", 0}}, "", "", "lost: header 1, a: no VERSION\n"},
        {"no release", {{RPM_RELEASE, STRING, "", 0}}, "", "", "lost: header 1, a: no RELEASE\n"},
        {"a key", {{RPM_NAME, STRING, "gpg-pubkey", 0}}, "gpg-pubkey 1-2  gpg-pubkey 1-2\n", "", ""},
        {"an architecture of another type",
         {{RPM_ARCH, BIN, "x", 0}},
         "a 1-2  a 1-2\n",
         "",
         "header 1, a: ARCH is of type 7\n"},
        {"files without folders",
         {{RPM_BASENAMES, STRING_ARRAY, "x", 0}},
         "a 1-2  a 1-2\n",
         "",
         "header 1, a: DIRINDEXES and BASENAMES are not of the same length\n"},
        {"a file in no folder",
         {{RPM_BASENAMES, STRING_ARRAY, "x", 0},
          {RPM_DIRNAMES, STRING_ARRAY, "/", 0},
          {RPM_DIRINDEXES, INT32, NULL, 1}},
         "a 1-2  a 1-2\n",
         "",
         "header 1, a: file 0 is in none of the 1 DIRNAMES\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct made_headers all HEADERS_AUTO = {0};
        struct buf file BUF_AUTO = {0};
        struct made_header h = plain("a", "1", "2");
        print_message("%s\n", examples[i].what);
        for (size_t j = 0; j < 4 && examples[i].extra[j].tag != 0; j++)
            add_extra(&h, &examples[i].extra[j]);
        end_header(&all, &h);
        make_ndb(&all, 0, false, &file);
        fixture_scan(&f, NDB, buf_slice(&file));
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        assert_skips(&f.findings, examples[i].skips);
        if (f.findings.dbs[0].n != 0)
            assert_slice(f.findings.dbs[0].packages[0].module, examples[i].module);
    }
}

// Headers whose bytes contradict themselves.
static void test_damaged_headers(void **state)
{
    (void)state;
    const struct {
        const char *what;
        size_t at; // of a big-endian number of four bytes
        uint32_t value;
        const char *skips;
    } examples[] = {
        {"no entries", 0, 0, "lost: header 1: 0 entries and 12 bytes of data do not make up the header's 84 bytes\n"},
        {"too many entries", 0, 0x10000,
         "lost: header 1: 65536 entries and 12 bytes of data do not make up the header's 84 bytes\n"},
        {"too much data", 4, 0xffffffff,
         "lost: header 1: 4 entries and 4294967295 bytes of data do not make up the header's 84 bytes\n"},
        {"a name behind the data", 16, 12, "lost: header 1: NAME is not in the header's data\n"},
        {"a name in front of the data", 16, 0xfffffff0, "lost: header 1: NAME is not in the header's data\n"},
        {"no names", 20, 0, "lost: header 1: NAME is not in the header's data\n"},
        {"a release without an end", 48, 11, "lost: header 1, a: RELEASE has no end\n"},
        {"an epoch that breaks off", 64, 9, "lost: header 1, a: EPOCH is not in the header's data\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct made_headers all HEADERS_AUTO = {0};
        struct buf file BUF_AUTO = {0};
        struct made_header h = plain("a", "1", "2");
        const uint32_t epoch = 0x01010101;
        print_message("%s\n", examples[i].what);
        add_numbers(&h, RPM_EPOCH, &epoch, 1);
        end_header(&all, &h);
        assert_int_equal(all.bytes[0].n, 84);
        put_at(&all.bytes[0], examples[i].at, examples[i].value, 4, true);
        make_bdb(&all, 512, true, &file);
        fixture_scan(&f, BDB, buf_slice(&file));
        assert_int_equal(f.findings.dbs[0].n, 0);
        assert_skips(&f.findings, examples[i].skips);
    }
}

static void test_files(void **state)
{
    (void)state;
    struct made_headers all HEADERS_AUTO = {0};
    struct arena a ARENA_AUTO = {0};
    struct buf path BUF_AUTO = {0}, paths BUF_AUTO = {0};
    struct limits limits = limits_default();
    struct rpm_header header;
    struct rpm_files files;
    struct error err;
    struct made_header h = plain("a", "1", "2");
    const uint32_t indexes[] = {1, 0, 2, 1};
    add_files(&h, "/usr/bin/\n/etc/\n/", "a.conf\na\nroot\n", indexes, 4);
    end_header(&all, &h);
    assert_true(rpm_header_open(buf_slice(&all.bytes[0]), &header, &err));
    assert_true(rpm_files_open(&header, &limits, &a, &files, &err));
    while (rpm_files_next(&files, &path)) {
        buf_add(&paths, buf_slice(&path));
        buf_addc(&paths, '\n');
    }
    assert_slice(buf_slice(&paths), "/etc/a.conf\n/usr/bin/a\n/root\n/etc/\n");
    limits.rpm_package_files = 3;
    assert_false(rpm_files_open(&header, &limits, &a, &files, &err));
    assert_string_equal(err.text, "BASENAMES has 4 entries, more than the 3 that limit rpm_package_files allows");
}

// ---- Damaged containers ---------------------------------------------------------------------------------------------

struct damage {
    const char *what;
    size_t at; // of a number of four bytes
    uint32_t value;
    size_t cut; // bytes that are left, 0 for all
    const char *packages, *skips;
};

// Two packages; the second one is larger than a page.
static void two_packages(struct made_headers *all)
{
    struct buf text BUF_AUTO = {0};
    struct made_header a = plain("a", "1", "1"), b = plain("b", "1", "1");
    end_header(all, &a);
    for (size_t i = 0; i < 150; i++)
        buf_adds(&text, "A text. ");
    add_strings(&b, 1005, I18NSTRING, text.p);
    end_header(all, &b);
}

static void expect_damage(const struct container *c, const struct damage *examples, size_t n)
{
    struct made_headers all HEADERS_AUTO = {0};
    two_packages(&all);
    for (size_t i = 0; i < n; i++) {
        const struct damage *e = &examples[i];
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf file BUF_AUTO = {0};
        print_message("%s\n", e->what);
        c->make(&all, c->page_size, c->big_endian, &file);
        if (e->at != 0)
            put_at(&file, e->at, e->value, 4, c->big_endian);
        if (e->cut != 0)
            file.n = e->cut;
        fixture_scan(&f, c->path, buf_slice(&file));
        assert_packages(&f.findings.dbs[0], e->packages);
        assert_skips(&f.findings, e->skips);
    }
}

#define EXPECT_DAMAGE(container, examples) expect_damage(container, examples, sizeof(examples) / sizeof(examples)[0])

#define A  "a 1-1  a 1-1\n"
#define AB A "b 1-1  b 1-1\n"

// Page 1 has a, page 2 b, whose header is on the pages 3 to 5.
static void test_damaged_bdb(void **state)
{
    (void)state;
    const struct damage examples[] = {
        {"not at all", 0, 0, 0, AB, ""},
        {"a chain that bites its tail", 4 * 512 + 16, 3, 0, A,
         "lost: page 3 is used twice\nlost: header 2 breaks off\n"},
        {"a chain that leads out", 4 * 512 + 16, 0xffffffff, 0, A,
         "lost: page 4294967295 is not there: the file has 7\nlost: header 2 breaks off\n"},
        {"a chain to a hash page", 4 * 512 + 16, 1, 0, A,
         "lost: page 1 is not the overflow page that it should be\nlost: header 2 breaks off\n"},
        {"another page's number", 4 * 512 + 8, 9, 0, A,
         "lost: page 4 is not the overflow page that it should be\nlost: header 2 breaks off\n"},
        {"a size beyond all", 3 * 512 - 9, 0xffffffff, 0, A,
         "lost: header 2 has 4294967295 bytes, more than the 67108864 that limit rpm_header_bytes allows\n"},
        {"a size beyond the file", 3 * 512 - 9, 6000, 0, A,
         "lost: header 2 has 6000 bytes, more than the file has beside the other headers\n"},
        {"more items than fit", 512 + 20, 0x0000fffe, 0, "b 1-1  b 1-1\n", "lost: page 1 is damaged\n"},
        {"an odd item", 512 + 20, 3, 0, "b 1-1  b 1-1\n", "lost: page 1 is damaged\n"},
        {"an item behind the page", 2 * 512 + 26, 0x02000200, 0, A, "lost: page 2 is damaged\n"},
        {"an unknown page", 2 * 512 + 23, 0x00630000, 0, A, "lost: page 2 is of type 99, which a hash does not have\n"},
        {"cut off", 0, 0, 5 * 512 + 100, A,
         "lost: has 5 pages of the 7 that it was written with\nlost: page 5 is not there: the file has 5\n"
         "lost: header 2 breaks off\n"},
    };
    const struct container bdb = {BDB, make_bdb, 512, false};
    EXPECT_DAMAGE(&bdb, examples);
}

static void test_damaged_ndb(void **state)
{
    (void)state;
    const struct damage examples[] = {
        {"not at all", 0, 0, 0, AB, ""},
        {"no slot", 32, 0, 0, "b 1-1  b 1-1\n", "lost: 1 of its slots are damaged, the first at byte 32\n"},
        {"a free slot", 40, 0, 0, "b 1-1  b 1-1\n", ""},
        {"another package", 36, 7, 0, "b 1-1  b 1-1\n", "lost: header 7 is not where its slot says\n"},
        {"the same package twice", 72, 256, 0, A, "lost: header 2 is not where its slot says\n"},
        {"behind the end", 40, 0x0fffffff, 0, "b 1-1  b 1-1\n", "lost: header 1 stands behind the file's end\n"},
        {"a size beyond all", 44, 0xffffffff, 0, "b 1-1  b 1-1\n",
         "lost: header 1 has 68719476720 bytes, more than the 67108864 that limit rpm_header_bytes allows\n"},
        {"another size", 4096 + 12, 3, 0, "b 1-1  b 1-1\n", "lost: header 1 is of another size than its slot says\n"},
        {"another byte", 4096 + 20, 3, 0, "b 1-1  b 1-1\n",
         "lost: header 1 has another checksum than it was written with\n"},
        {"more slots than file", 12, 2, 0, AB,
         "lost: has 5504 bytes, fewer than the 8192 of its slots\nlost: 88 of its slots are damaged, the first at byte 4096\n"},
        {"no page of slots", 12, 0, 0, "", "lost: has slots beyond the 0 bytes that its head has for them\n"},
        {"fewer slots than there are", 4096, 0x746f6c53, 0, "b 1-1  b 1-1\n",
         "lost: has slots beyond the 4096 bytes that its head has for them\nlost: header 1 is not where its slot says\n"},
        {"cut off", 0, 0, 4200, A, "lost: header 2 stands behind the file's end\n"},
    };
    const struct container ndb = {NDB, make_ndb, 4096, false};
    EXPECT_DAMAGE(&ndb, examples);
}

// Page 1 leads to page 6, which has the schema. Page 2 is the root of Packages, with both rows; that of b goes on on
// the pages 7 and 8.
static void test_damaged_sqlite(void **state)
{
    (void)state;
    const struct damage examples[] = {
        {"not at all", 0, 0, 0, AB, ""},
        {"a schema in a circle", 108, 1, 0, "", "lost: page 1 is used twice\nlost: has no table Packages\n"},
        {"a schema that leads out", 108, 0, 0, "",
         "lost: page 0 is not there: the file has 8\nlost: has no table Packages\n"},
        {"a page of an index", 512, 0x0a000000, 0, "", "lost: page 2 is no page of a table\n"},
        {"more rows than fit", 513, 0x0000ffff, 0, "", "lost: page 2 is no page of a table\n"},
        {"a row behind the page", 520, 0xffff00aa, 0, "b 1-1  b 1-1\n", "lost: page 2 has a row that breaks off\n"},
        {"a row twice", 520, 0x00aa00aa, 0, "b 1-1  b 1-1\n", "lost: page 7 is used twice\nlost: row 2 breaks off\n"},
        {"a row of a size beyond all", 682, 0xffffff7f, 0, A,
         "lost: header 0 has 268435455 bytes, more than the 67108864 that limit rpm_header_bytes allows\n"},
        {"a row without a header", 957, 0x01030001, 0, "b 1-1  b 1-1\n", "lost: row 1 holds no header\n"},
        {"a chain that bites its tail", 3072, 7, 0, A, "lost: page 7 is used twice\nlost: row 2 breaks off\n"},
        {"a chain that ends early", 3072, 0, 0, A,
         "lost: page 0 is not there: the file has 8\nlost: row 2 breaks off\n"},
        {"cut off", 0, 0, 7 * 512 + 100, A,
         "lost: has 7 pages of the 8 that it was written with\nlost: page 8 is not there: the file has 7\n"
         "lost: row 2 breaks off\n"},
    };
    const struct container sqlite = {SQLITE, make_sqlite, 512, true};
    EXPECT_DAMAGE(&sqlite, examples);
}

// Whatever one byte says: no byte is read outside of the file, and no package is made up. What is missing is told,
// except where the byte makes a container say in good form that there is nothing.
static void test_flips(void **state)
{
    (void)state;
    struct made_headers all HEADERS_AUTO = {0};
    some_packages(&all);
    for (size_t i = 0; i < CONTAINERS; i++) {
        const struct container *c = &containers[i];
        struct buf file BUF_AUTO = {0};
        size_t silent = 0, most = 0;
        uint32_t random = 1;
        c->make(&all, c->page_size, c->big_endian, &file);
        for (size_t j = 0; j < 1000; j++) {
            struct fixture f FIXTURE_AUTO = fixture_new();
            // Half of them in the first bytes, where the container's own words are denser.
            random = random * 1664525 + 1013904223;
            size_t at = (random >> 4) % (j % 2 == 0 ? file.n : 2048);
            random = random * 1664525 + 1013904223;
            char was = file.p[at];
            file.p[at] = (char)(random >> 24);
            struct error err;
            bool read = try_scan(&f, c->path, buf_slice(&file), &err);
            file.p[at] = was;
            size_t packages = read ? f.findings.dbs[0].n : 0;
            assert_true(packages <= 21); // with the key, when its name is no key's any more
            most += packages >= 19;
            silent += read && packages < 20 && f.findings.skips_n == 0;
        }
        print_message("%s, pages of %u bytes: %zu with all but one, %zu silent\n", c->path, c->page_size, most, silent);
        assert_true(most > 500);
        assert_true(silent < 10);
    }
}

static void test_other_files(void **state)
{
    (void)state;
    static char head[4096];
    const struct {
        const char *path;
        struct slice head;
        const char *reason;
    } examples[] = {
        {SQLITE, SLICE("SQLite format 2"), "is no SQLite database"},
        {SQLITE, SLICE("RpmP"), "is no SQLite database"},
        {SQLITE, SLICE("SQLite format 3\0\x03\x00"), "has pages of 768 bytes, which SQLite does not know"},
        {SQLITE, SLICE("SQLite format 3\0\x02\x00\1\1\xff"), "has pages of 512 bytes, which SQLite does not know"},
        {NDB, SLICE("SQLite format 3"), "is no NDB database"},
        {NDB, SLICE("RpmP\1"), "is an NDB database of version 1; only version 0 is known"},
        {BDB, SLICE("RpmP"), "is no hash of Berkeley DB"},
        {BDB, SLICE("............\x62\x31\x05\0"), "is a b-tree of Berkeley DB; rpm keeps packages in a hash"},
        {BDB, SLICE("............\0\x05\x31\x62"), "is a b-tree of Berkeley DB; rpm keeps packages in a hash"},
        {BDB, SLICE("............\x61\x15\x06\0\7"), "is a hash of version 7 of Berkeley DB; 8 to 10 are known"},
        {BDB, SLICE("............\0\x06\x15\x61\0\0\0\x0b"),
         "is a hash of version 11 of Berkeley DB; 8 to 10 are known"},
        {BDB, SLICE("............\x61\x15\x06\0\x09\0\0\0\0\0\0\1"),
         "has pages of 16777216 bytes, which Berkeley DB does not know"},
        {BDB, SLICE("............\x61\x15\x06\0\x09\0\0\0\0\3\0\0"),
         "has pages of 768 bytes, which Berkeley DB does not know"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct error err;
        memset(head, 0, sizeof head);
        memcpy(head, examples[i].head.p, examples[i].head.n);
        assert_false(try_scan(&f, examples[i].path, slice_of(head, sizeof head), &err));
        assert_string_equal(err.text, examples[i].reason);
        assert_false(try_scan(&f, examples[i].path, slice_of(head, 20), &err));
        assert_int_equal(f.findings.dbs_n, 0);
        // One of no bytes is one that nothing was ever installed in.
        fixture_scan(&f, examples[i].path, SLICE(""));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_skips(&f.findings, "");
    }
}

// ---- The write-ahead log --------------------------------------------------------------------------------------------

static void read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    int c;
    while ((c = getc(f)) != EOF)
        buf_addc(out, (char)c);
    fclose(f);
}

// The log of a database that was not closed: three transactions of one page each after the first ones.
static void make_log(struct buf *log)
{
    char folder[] = "/tmp/clarion-test-XXXXXX", path[64], log_path[64];
    sqlite3 *db;
    struct made_headers all HEADERS_AUTO = {0};
    two_packages(&all);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/db", folder);
    snprintf(log_path, sizeof log_path, "%s/db-wal", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sql(db, "PRAGMA journal_mode = WAL");
    sql(db, "PRAGMA wal_autocheckpoint = 0");
    fill_sqlite(db, &all);
    sql(db, "DELETE FROM Packages WHERE hnum = 1");
    read_file(log_path, log);
    sqlite3_close(db);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void test_log(void **state)
{
    (void)state;
    struct buf log BUF_AUTO = {0};
    make_log(&log);
    size_t frame = 24 + 4096, frames = (log.n - 32) / frame;
    assert_true(frames > 5);
    struct {
        const char *what;
        size_t length, flip; // a byte to change, 0 for none
        size_t pages;
    } examples[] = {
        {"whole", log.n, 0, frames},
        {"empty", 0, 0, 0},
        {"no frame", 32, 0, 0},
        {"not a log", log.n, 1, 0},
        {"another salt in the head", log.n, 17, 0},
        {"the last frame breaks off", log.n - 1, 0, frames - 1},
        {"the last frame is damaged", log.n, log.n - 1, frames - 1},
        {"the last frame is of an earlier log", log.n, log.n - frame + 9, frames - 1},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct arena a ARENA_AUTO = {0};
        print_message("%s\n", examples[i].what);
        log.p[examples[i].flip] ^= examples[i].flip != 0 ? 1 : 0;
        fixture_scan(&f, LOG, slice_of(log.p, examples[i].length));
        log.p[examples[i].flip] ^= examples[i].flip != 0 ? 1 : 0;
        assert_int_equal(f.findings.dbs_n, 0);
        assert_skips(&f.findings,
                     examples[i].pages == 0
                         ? ""
                         : arena_printf(&a,
                                        "lost: holds %zu pages that an interrupted rpm has not written into the "
                                        "database beside it: packages may be missing, or reported though they are "
                                        "gone; `rpm --rebuilddb`, when the image is built, settles it\n",
                                        examples[i].pages)
                               .p);
    }
}

// ---- Limits and paths -----------------------------------------------------------------------------------------------

static void test_limits(void **state)
{
    (void)state;
    struct made_headers all HEADERS_AUTO = {0};
    two_packages(&all);
    struct made_header c = plain("c23456789", "1", "1"), d = plain("d", "1", "1");
    const uint32_t indexes[] = {0, 0};
    end_header(&all, &c);
    add_files(&d, "/", "a\nb", indexes, 2);
    end_header(&all, &d);
    for (size_t i = 0; i < CONTAINERS; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct buf file BUF_AUTO = {0};
        f.limits.rpm_header_bytes = 1000;
        f.limits.field_bytes = 8;
        f.limits.rpm_package_files = 1;
        containers[i].make(&all, containers[i].page_size, containers[i].big_endian, &file);
        fixture_scan(&f, containers[i].path, buf_slice(&file));
        assert_packages(&f.findings.dbs[0], A "d 1-1  d 1-1\n");
        assert_int_equal(f.findings.skips_n, 3);
        assert_true(slice_ends(f.findings.skips[0].reason,
                               SLICE(" bytes, more than the 1000 that limit rpm_header_bytes allows")));
        assert_slice(f.findings.skips[1].reason, "the package's name is longer than 8 bytes (limit field_bytes)");
        assert_slice(f.findings.skips[2].reason,
                     "header 4, d: BASENAMES has 2 entries, more than the 1 that limit rpm_package_files allows");
        assert_true(f.findings.skips[0].lost && f.findings.skips[1].lost && !f.findings.skips[2].lost);
    }
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(is_wanted("var/lib/rpm/Packages"));
    assert_true(is_wanted("var/lib/rpm/Packages.db"));
    assert_true(is_wanted("usr/share/rpm/rpmdb.sqlite"));
    assert_true(is_wanted("usr/lib/sysimage/rpm/rpmdb.sqlite-wal"));
    assert_true(is_wanted("usr/lib/sysimage/rpm-ostree-base-db/rpmdb.sqlite"));
    assert_false(is_wanted("var/lib/rpm/rpmdb.sqlite-shm"));
    assert_false(is_wanted("var/lib/rpm/Name"));
    assert_false(is_wanted("srv/var/lib/rpm/Packages"));
    assert_false(is_wanted("var/lib/rpm"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_containers),  cmocka_unit_test(test_deep_tree),
        cmocka_unit_test(test_headers),     cmocka_unit_test(test_damaged_headers),
        cmocka_unit_test(test_files),       cmocka_unit_test(test_damaged_bdb),
        cmocka_unit_test(test_damaged_ndb), cmocka_unit_test(test_damaged_sqlite),
        cmocka_unit_test(test_flips),       cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_log),         cmocka_unit_test(test_limits),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
