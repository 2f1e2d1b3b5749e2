// Segments: out what went in, the same bytes for the same records, and an error for a file that is not one of ours.
#include "advisory/advisory.h"
#include "advisory/segment_format.h"
#include "base/buf.h"
#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

struct fixture {
    char folder[64];
    struct limits limits;
};

static int make_folder(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/clarion-test-XXXXXX");
    f->limits = limits_default();
    *state = f;
    return mkdtemp(f->folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", ((struct fixture *)*state)->folder);
    free(*state);
    return system(command);
}

#define RECORD(s, p, v, st, fixed, sev, desc, li, al)                                                                  \
    {                                                                                                                  \
        .scope = SLICE(s), .package = SLICE(p), .vulnerability = SLICE(v), .status = (st), .bound = SLICE(fixed),      \
        .severity = SLICE(sev), .description = SLICE(desc), .links = SLICE(li), .aliases = SLICE(al)                   \
    }

// In the order in which look-ups give them.
static const struct advisory records[] = {
    RECORD("x:1", "bash", "CVE-2014-6271", ADVISORY_FIXED, "4.2-1", "high", "Shellshock.", "https://a.example/1", ""),
    RECORD("x:1", "bash", "CVE-2014-6271", ADVISORY_FIXED, "4.3-1", "high", "Shellshock.", "https://a.example/1", ""),
    RECORD("x:1", "bash", "CVE-2014-7169", ADVISORY_AFFECTED, "", "low", "More of it.", "", "AFTER-SHOCK SHOCK-2"),
    RECORD("x:2", "bash", "CVE-2014-6271", ADVISORY_NOT_AFFECTED, "", "high", "Shellshock.", "https://a.example/1", ""),
    RECORD("x:1", "zlib", "CVE-2014-6271", ADVISORY_UNDETERMINED, "", "", "Of zlib.", "", ""),
    RECORD("x:1", "zlib", "CVE-2018-25032", ADVISORY_FIXED, "1:1.2.12", "", "", "", ""),
    RECORD("x:2", "zlib", "TEMP-1", ADVISORY_FIXED, "1:1.2.12", "", "", "", "A1"),
};
#define RECORDS (sizeof records / sizeof records[0])

static void add(struct fixture *f, struct segment_builder *b, const struct advisory *r)
{
    struct error err = {0};
    if (!segment_add(b, r, &f->limits, &err))
        fail_msg("%s", err.text);
}

static struct digest write_out(struct fixture *f, struct segment_builder *b, uint64_t want)
{
    struct digest digest = {0};
    struct error err = {0};
    uint64_t n = 0;
    if (!segment_write(b, f->folder, &digest, &n, &err))
        fail_msg("%s", err.text);
    assert_int_equal(n, want);
    segment_builder_free(&b);
    return digest;
}

static struct digest write_records(struct fixture *f)
{
    struct segment_builder *b = segment_builder_new("test", NULL);
    for (size_t i = 0; i < RECORDS; i++)
        add(f, b, &records[i]);
    segment_add_scope(b, SLICE("x:empty"));
    return write_out(f, b, RECORDS);
}

static struct segment *open_segment(struct fixture *f, const struct digest *digest)
{
    struct error err = {0};
    struct segment *s = segment_open(f->folder, digest, &err);
    if (s == NULL)
        fail_msg("%s", err.text);
    return s;
}

static void assert_slice(struct slice got, struct slice want)
{
    if (!slice_eq(got, want))
        fail_msg("\"%.*s\" instead of \"%.*s\"", SLICE_ARG(got), SLICE_ARG(want));
}

static void assert_record(const struct advisory *got, const struct advisory *want)
{
    assert_slice(got->scope, want->scope);
    assert_slice(got->package, want->package);
    assert_slice(got->vulnerability, want->vulnerability);
    assert_int_equal(got->status, want->status);
    assert_slice(got->bound, want->bound);
    assert_slice(got->severity, want->severity);
    assert_slice(got->description, want->description);
    assert_slice(got->links, want->links);
    assert_slice(got->aliases, want->aliases);
}

static int files_in(struct fixture *f)
{
    char command[128], line[16] = "";
    snprintf(command, sizeof command, "ls -A %s | wc -l", f->folder);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_non_null(fgets(line, sizeof line, out));
    pclose(out);
    return (int)strtol(line, NULL, 10);
}

static void test_look_up(void **state)
{
    struct fixture *f = *state;
    struct digest digest = write_records(f);
    struct segment *s = open_segment(f, &digest);
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    assert_true(segment_lookup(s, SLICE("x:1"), SLICE("bash"), &a, &got, &err));
    assert_true(segment_lookup(s, SLICE("x:2"), SLICE("bash"), &a, &got, &err)); // appends
    assert_true(segment_lookup(s, SLICE("x:1"), SLICE("zlib"), &a, &got, &err));
    assert_true(segment_lookup(s, SLICE("x:2"), SLICE("zlib"), &a, &got, &err));
    assert_true(segment_lookup(s, SLICE("x:3"), SLICE("zlib"), &a, &got, &err));
    assert_true(segment_lookup(s, SLICE("x:empty"), SLICE("zlib"), &a, &got, &err));
    assert_true(segment_lookup(s, SLICE("x:1"), SLICE("bas"), &a, &got, &err));
    assert_true(segment_lookup(s, SLICE("x:1"), SLICE(""), &a, &got, &err));
    segment_close(&s); // the text lives in the arena
    assert_int_equal(got.n, RECORDS);
    for (size_t i = 0; i < RECORDS; i++)
        assert_record(&got.v[i], &records[i]);
}

static void test_brief_look_up(void **state)
{
    struct fixture *f = *state;
    struct digest digest = write_records(f);
    struct segment *s = open_segment(f, &digest);
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    assert_true(segment_lookup_brief(s, SLICE("x:1"), SLICE("bash"), &a, &got, &err));
    assert_int_equal(got.n, 3);
    assert_int_equal(got.v[2].description.n + got.v[2].links.n + got.v[2].aliases.n, 0);
    assert_true(segment_describe(s, &got.v[2], &a, &err));
    assert_record(&got.v[2], &records[2]);
    got.v[2].note = 999;
    assert_false(segment_describe(s, &got.v[2], &a, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    segment_close(&s);
}

static void test_vulnerability(void **state)
{
    struct fixture *f = *state;
    struct digest digest = write_records(f);
    struct segment *s = open_segment(f, &digest);
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    assert_true(segment_vulnerability(s, SLICE("CVE-2014-6271"), &a, &got, &err));
    assert_true(segment_vulnerability(s, SLICE("TEMP-1"), &a, &got, &err));
    assert_true(segment_vulnerability(s, SLICE("CVE-2014-627"), &a, &got, &err));
    assert_true(segment_vulnerability(s, SLICE("cve-2018-25032"), &a, &got, &err));
    assert_true(segment_vulnerability(s, SLICE("Temp-1"), &a, &got, &err));
    assert_true(segment_vulnerability(s, SLICE("temp-"), &a, &got, &err));
    segment_close(&s);
    const size_t want[] = {0, 1, 3, 4, 6, 5, 6};
    assert_int_equal(got.n, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < got.n; i++)
        assert_record(&got.v[i], &records[want[i]]);
}

static void test_scopes_and_count(void **state)
{
    struct fixture *f = *state;
    struct digest digest = write_records(f);
    struct segment *s = open_segment(f, &digest);
    assert_int_equal(segment_count(s), RECORDS);
    assert_true(segment_has_scope(s, SLICE("x:1")));
    assert_true(segment_has_scope(s, SLICE("x:2")));
    assert_true(segment_has_scope(s, SLICE("x:empty")));
    assert_false(segment_has_scope(s, SLICE("x:")));
    assert_false(segment_has_scope(s, SLICE("x:3")));
    segment_close(&s);
}

// Whatever the order, and however often: the same bytes. Other records: others.
static void test_same_records_same_bytes(void **state)
{
    struct fixture *f = *state;
    struct digest first = write_records(f);
    struct segment_builder *b = segment_builder_new("test", NULL);
    segment_add_scope(b, SLICE("x:empty"));
    for (size_t round = 0; round < 3; round++)
        for (size_t i = RECORDS; i-- > 0;)
            add(f, b, &records[(i * 3) % RECORDS]);
    for (size_t i = 0; i < 100; i++)
        segment_add_scope(b, i % 2 == 0 ? SLICE("x:1") : SLICE("x:empty"));
    struct digest again = write_out(f, b, RECORDS);
    assert_string_equal(first.text, again.text);

    b = segment_builder_new("test", NULL);
    for (size_t i = 0; i < RECORDS; i++)
        add(f, b, &records[i]);
    struct digest other = write_out(f, b, RECORDS); // without the empty scope
    assert_string_not_equal(first.text, other.text);
}

static void test_rewind(void **state)
{
    struct fixture *f = *state;
    struct digest first = write_records(f);
    struct segment_builder *b = segment_builder_new("test", NULL);
    for (size_t i = 0; i < 3; i++)
        add(f, b, &records[i]);
    struct segment_mark mark = segment_mark(b);
    struct advisory broken = RECORD("x:9", "broken", "CVE-1-1", ADVISORY_FIXED, "9", "s", "d", "l", "a");
    add(f, b, &broken);
    segment_add_scope(b, SLICE("x:9"));
    assert_int_equal(segment_builder_count(b), 4);
    segment_rewind(b, mark);
    assert_int_equal(segment_builder_count(b), 3);
    for (size_t i = 3; i < RECORDS; i++)
        add(f, b, &records[i]);
    segment_add_scope(b, SLICE("x:empty"));
    struct digest again = write_out(f, b, RECORDS);
    assert_string_equal(first.text, again.text);
}

static void test_carry(void **state)
{
    struct fixture *f = *state;
    struct digest first = write_records(f);
    struct segment *from = open_segment(f, &first);
    struct segment_builder *b = segment_builder_new("test", NULL);
    struct error err;
    assert_false(segment_carry(b, from, SLICE("x:3"), &f->limits, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(segment_carry(b, from, SLICE("x:2"), &f->limits, &err));
    assert_int_equal(segment_builder_count(b), 2);
    assert_true(segment_carry(b, from, SLICE("x:1"), &f->limits, &err));
    assert_true(segment_carry(b, from, SLICE("x:empty"), &f->limits, &err));
    segment_close(&from);
    struct digest again = write_out(f, b, RECORDS);
    assert_string_equal(first.text, again.text);
}

static void test_empty(void **state)
{
    struct fixture *f = *state;
    struct digest digest = write_out(f, segment_builder_new("test", NULL), 0);
    struct segment *s = open_segment(f, &digest);
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    assert_int_equal(segment_count(s), 0);
    assert_true(segment_lookup(s, SLICE("x"), SLICE("y"), &a, &got, &err));
    assert_true(segment_vulnerability(s, SLICE("CVE-2014-0160"), &a, &got, &err));
    assert_int_equal(got.n, 0);
    segment_close(&s);
}

// Text is bytes: NUL, quotes and what is no UTF-8 come back as they were.
static void test_odd_text(void **state)
{
    struct fixture *f = *state;
    struct advisory odd = RECORD("s\0s", "p'\0\"p", "CVE\xff", ADVISORY_FIXED, "\0", "\0\0", "d\0d", "\xc3\x28", "\0");
    struct segment_builder *b = segment_builder_new("test", NULL);
    add(f, b, &odd);
    struct digest digest = write_out(f, b, 1);
    struct segment *s = open_segment(f, &digest);
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    assert_true(segment_lookup(s, odd.scope, odd.package, &a, &got, &err));
    assert_true(segment_vulnerability(s, odd.vulnerability, &a, &got, &err));
    assert_int_equal(got.n, 2);
    assert_record(&got.v[0], &odd);
    assert_record(&got.v[1], &odd);
    segment_close(&s);
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    struct segment_builder *b = segment_builder_new("test", NULL);
    struct error err = {0};
    f->limits.feed_records = 2;
    add(f, b, &records[0]);
    add(f, b, &records[1]);
    assert_false(segment_add(b, &records[2], &f->limits, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "feed_records"));

    f->limits = limits_default();
    f->limits.feed_text_bytes = 100;
    assert_false(segment_add(b, &records[2], &f->limits, &err));
    assert_non_null(strstr(err.text, "feed_text_bytes"));

    f->limits = limits_default();
    struct advisory r = records[0];
    r.package = SLICE("");
    assert_false(segment_add(b, &r, &f->limits, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    segment_builder_free(&b);
}

static void test_fits(void **state)
{
    struct fixture *f = *state;
    static char text[ADVISORY_FIELD_BYTES + 1];
    memset(text, 'x', sizeof text);
    struct slice longest = slice_of(text, ADVISORY_FIELD_BYTES), over = slice_of(text, sizeof text);
    for (int i = 0; i < 5; i++) {
        struct advisory r = records[0];
        struct slice *const fields[] = {&r.scope, &r.package, &r.vulnerability, &r.bound, &r.severity};
        *fields[i] = longest;
        assert_true(advisory_fits(&r, &f->limits));
        *fields[i] = over;
        assert_false(advisory_fits(&r, &f->limits));
        *fields[i] = SLICE("");
        assert_int_equal(advisory_fits(&r, &f->limits), i > 3);
    }
    struct advisory unbounded = records[0];
    unbounded.status = ADVISORY_LAST_AFFECTED;
    assert_true(advisory_fits(&unbounded, &f->limits));
    unbounded.status = ADVISORY_AFFECTED;
    assert_false(advisory_fits(&unbounded, &f->limits));
    f->limits.field_bytes = 4;
    assert_false(advisory_fits(&records[0], &f->limits));
    f->limits.field_bytes = UINT64_MAX; // the form's own bound stays
    struct advisory r = records[0];
    r.package = over;
    assert_false(advisory_fits(&r, &f->limits));
}

// A long description is cut within what a record holds, never within a character; a long list loses its last members.
static void test_long_texts(void **state)
{
    struct fixture *f = *state;
    static char text[2 * ADVISORY_TEXT_BYTES];
    struct segment_builder *b = segment_builder_new("test", NULL);
    struct advisory r = records[0];
    // Of two bytes each: the first 64 KiB less three end within one.
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 == 0 ? '\xc3' : '\xa4';
    r.description = slice_of(text, sizeof text);
    r.links = slice_of(text, ADVISORY_TEXT_BYTES); // just fits
    add(f, b, &r);
    static char list[2 * ADVISORY_TEXT_BYTES];
    memset(list, 'a', sizeof list);
    list[ADVISORY_TEXT_BYTES - 10] = list[ADVISORY_TEXT_BYTES] = ' ';
    r = records[2];
    r.aliases = slice_of(list, sizeof list);       // the blank is the first byte too many
    r.links = slice_of(list + 1, sizeof list - 1); // and here the last that is not
    r.description = slice_of(text, ADVISORY_TEXT_BYTES);
    add(f, b, &r);
    r = records[4];
    r.aliases = slice_of(text, sizeof text); // no blank at all
    add(f, b, &r);
    struct digest digest = write_out(f, b, 3);
    struct segment *s = open_segment(f, &digest);
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    assert_true(segment_lookup(s, SLICE("x:1"), SLICE("bash"), &a, &got, &err));
    assert_true(segment_lookup(s, SLICE("x:1"), SLICE("zlib"), &a, &got, &err));
    assert_int_equal(got.n, 3);
    assert_int_equal(got.v[0].description.n, ADVISORY_TEXT_BYTES - 1);
    assert_true(slice_ends(got.v[0].description, SLICE("\xc3\xa4\xe2\x80\xa6")));
    assert_int_equal(got.v[0].links.n, ADVISORY_TEXT_BYTES);
    assert_int_equal(got.v[1].aliases.n, ADVISORY_TEXT_BYTES);
    assert_int_equal(got.v[1].links.n, ADVISORY_TEXT_BYTES - 1);
    assert_int_equal(got.v[1].description.n, ADVISORY_TEXT_BYTES);
    assert_int_equal(got.v[2].aliases.n, 0);
    assert_slice(got.v[2].description, records[4].description);
    segment_close(&s);
}

// Records of one package in one scope that would unpack to more than a reader takes.
static void test_too_large_a_block(void **state)
{
    struct fixture *f = *state;
    static char text[ADVISORY_FIELD_BYTES];
    struct segment_builder *b = segment_builder_new("test", NULL);
    struct digest digest;
    struct error err = {0};
    uint64_t n;
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 10000; i++) {
        struct advisory r = records[0];
        char number[8];
        snprintf(number, sizeof number, "%07d", i);
        memcpy(text + sizeof text - 7, number, 7);
        r.vulnerability = r.bound = slice_of(text, sizeof text);
        add(f, b, &r);
    }
    assert_false(segment_write(b, f->folder, &digest, &n, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "bash in x:1"));
    segment_builder_free(&b);
    assert_int_equal(files_in(f), 0);
}

// More than the builder holds in memory: what went through files makes the same segment.
static void test_temporary_files(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 450000 };
    struct digest digests[2];
    for (int filed = 0; filed < 2; filed++) {
        struct segment_builder *b = segment_builder_new("test", filed != 0 ? f->folder : NULL);
        struct segment_mark mark = {0};
        for (int i = 0; i < MANY; i++) {
            char package[16], id[16], description[64];
            // Backwards in the second time, since the order in which they come says nothing.
            int n = filed != 0 ? MANY - 1 - i : i;
            snprintf(package, sizeof package, "p%d", n % 977);
            snprintf(id, sizeof id, "CVE-%d", n % 50021);
            snprintf(description, sizeof description, "what is to be said of %d", n % 20000);
            struct advisory r = {.scope = SLICE("x:1"),
                                 .package = slice_str(package),
                                 .vulnerability = slice_str(id),
                                 .description = slice_str(description)};
            add(f, b, &r);
            if (i == MANY - 30000) { // and what comes behind the mark comes twice
                mark = segment_mark(b);
                for (int more = 0; more < 60000; more++)
                    add(f, b,
                        &(struct advisory){.scope = SLICE("y"), .package = SLICE("y"), .vulnerability = SLICE("y")});
                segment_rewind(b, mark);
            }
        }
        uint64_t n;
        struct error err;
        assert_true(segment_write(b, f->folder, &digests[filed], &n, &err));
        assert_int_equal(n, MANY);
        segment_builder_free(&b);
    }
    assert_true(digest_eq(&digests[0], &digests[1]));
    assert_int_equal(files_in(f), 1);
}

// Many texts and records: the tables in memory have to grow.
static void test_many(void **state)
{
    struct fixture *f = *state;
    enum { PACKAGES = 300, IDS = 40 };
    struct segment_builder *b = segment_builder_new("test", NULL);
    for (int p = 0; p < PACKAGES; p++)
        for (int v = 0; v < IDS; v++) {
            struct arena a ARENA_AUTO = {0};
            struct advisory r = {.scope = SLICE("x:1"),
                                 .package = arena_printf(&a, "p%d", p),
                                 .vulnerability = arena_printf(&a, "CVE-2020-%04d", p + v),
                                 .status = ADVISORY_FIXED,
                                 .bound = arena_printf(&a, "%d", v),
                                 .description = arena_printf(&a, "d%d", p * v)};
            add(f, b, &r);
        }
    struct digest digest = write_out(f, b, PACKAGES * IDS);
    struct segment *s = open_segment(f, &digest);
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    assert_true(segment_lookup(s, SLICE("x:1"), SLICE("p123"), &a, &got, &err));
    assert_int_equal(got.n, IDS);
    assert_slice(got.v[7].vulnerability, SLICE("CVE-2020-0130"));
    assert_slice(got.v[7].bound, SLICE("7"));
    assert_slice(got.v[7].description, SLICE("d861"));
    got.n = 0;
    assert_true(segment_vulnerability(s, SLICE("CVE-2020-0100"), &a, &got, &err));
    assert_int_equal(got.n, IDS);
    segment_close(&s);
}

// ---- files that are not ours ----------------------------------------------------------------------------------------

static void path_of(struct fixture *f, const struct digest *digest, char path[static 256])
{
    snprintf(path, 256, "%s/%s" SEGMENT_SUFFIX, f->folder, digest_hex(digest));
}

static void replace(struct fixture *f, const struct digest *digest, struct slice bytes)
{
    char path[256];
    struct error err;
    path_of(f, digest, path);
    assert_true(file_write_atomic(path, bytes, &err));
}

static void refused(struct fixture *f, const struct digest *digest, enum error_code code, const char *what)
{
    struct error err = {0};
    struct segment *s = segment_open(f->folder, digest, &err);
    if (s != NULL)
        fail_msg("opened, though %s", what);
    assert_int_equal(err.code, code);
}

static void test_verify(void **state)
{
    struct fixture *f = *state;
    struct digest digest = write_records(f), none = digest_of(SLICE("none"));
    struct error err;
    char path[256];
    assert_true(segment_verify(f->folder, &digest, &err));
    path_of(f, &digest, path);
    int fd FD_AUTO = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd_write_all(fd, SLICE("x"), &err));
    assert_false(segment_verify(f->folder, &digest, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    assert_false(segment_verify(f->folder, &none, &err));
    refused(f, &none, ERR_NOT_FOUND, "there is none");
}

static void test_no_segment(void **state)
{
    struct fixture *f = *state;
    struct digest digest = digest_of(SLICE("x"));
    replace(f, &digest, SLICE(""));
    refused(f, &digest, ERR_FORMAT, "it is empty");
    replace(f, &digest,
            SLICE("This is no database, but it is longer than the header of one, which has 100 bytes. "
                  "So here is some more."));
    refused(f, &digest, ERR_FORMAT, "it is text");
}

// Runs SQL on a segment.
static void change(struct fixture *f, const struct digest *digest, const char *sql)
{
    char path[256];
    sqlite3 *db;
    path_of(f, digest, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void test_other_tables(void **state)
{
    struct fixture *f = *state;
    static const char *const changes[] = {
        "PRAGMA application_id=1",
        "PRAGMA user_version=1",
        "PRAGMA user_version=99",
        "CREATE VIEW extra AS SELECT 1",
        "CREATE TABLE extra (x)",
        "CREATE TRIGGER extra AFTER INSERT ON scope BEGIN SELECT 1; END",
        "DROP INDEX package_name",
        "DROP TABLE note",
        "DROP TABLE block; CREATE VIEW block AS SELECT 1 AS id, x'00' AS records",
        "ALTER TABLE note ADD COLUMN more TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE note ADD COLUMN more TEXT AS (upper(links))",
        "UPDATE scope SET id = id + 5",
        "UPDATE scope SET name = 'x:0' WHERE id = 3",
        "UPDATE trait SET severity = CAST(zeroblob(5000) AS TEXT) WHERE id = 1",
        "UPDATE trait SET id = id + 1 WHERE id = (SELECT max(id) FROM trait)",
        "DELETE FROM meta",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct digest digest = write_records(f);
        change(f, &digest, changes[i]);
        refused(f, &digest, ERR_FORMAT, changes[i]);
    }
}

// What is long or strange in the rows themselves comes to light when it is asked for, as an error.
static void test_other_rows(void **state)
{
    struct fixture *f = *state;
    static const char *const changes[] = {
        "UPDATE note SET description = CAST(zeroblob(65537) AS TEXT)",
        "UPDATE note SET aliases = CAST(zeroblob(70000000) AS TEXT) WHERE id = 1",
        "DELETE FROM note",
        "UPDATE block SET records = zeroblob(70000000) WHERE id = (SELECT min(id) FROM block)",
        "UPDATE block SET records = x''",
        "UPDATE block SET records = 7",
        "UPDATE block SET records = x'7f' || records",
        "DELETE FROM trait",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct digest digest = write_records(f);
        change(f, &digest, changes[i]);
        struct segment *s = open_segment(f, &digest);
        struct segment_builder *b = segment_builder_new("test", NULL);
        struct arena a ARENA_AUTO = {0};
        struct error err = {0};
        advisory_vec got = {0};
        if (segment_lookup(s, SLICE("x:1"), SLICE("bash"), &a, &got, &err))
            fail_msg("looked up, after %s", changes[i]);
        assert_int_equal(err.code, ERR_FORMAT);
        if (segment_vulnerability(s, SLICE("CVE-2014-6271"), &a, &got, &err))
            fail_msg("found, after %s", changes[i]);
        if (segment_carry(b, s, SLICE("x:1"), &f->limits, &err))
            fail_msg("carried, after %s", changes[i]);
        segment_builder_free(&b);
        segment_close(&s);
    }
}

// Asks for everything; what comes of it does not matter, as long as it comes to an end.
static void ask_all(struct segment *s, struct segment_builder *into, const struct limits *limits)
{
    struct arena a ARENA_AUTO = {0};
    struct error err;
    advisory_vec got = {0};
    for (size_t i = 0; i < RECORDS; i++) {
        segment_lookup(s, records[i].scope, records[i].package, &a, &got, &err);
        segment_vulnerability(s, records[i].vulnerability, &a, &got, &err);
        segment_carry(into, s, records[i].scope, limits, &err);
    }
}

static void test_damaged_bytes(void **state)
{
    struct fixture *f = *state;
    struct digest digest = write_records(f);
    struct buf good BUF_AUTO = {0};
    struct error err;
    char path[256];
    path_of(f, &digest, path);
    assert_true(file_read(path, MIB, &good, &err));
    size_t opened = 0, step = 37;
    for (size_t at = 0; at < good.n; at += step) {
        char before = good.p[at];
        good.p[at] = (char)(before ^ (1 << (at % 8)));
        int fd FD_AUTO = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        assert_true(fd_write_all(fd, buf_slice(&good), &err));
        good.p[at] = before;
        struct segment *s = segment_open(f->folder, &digest, &err);
        struct segment_builder *b = segment_builder_new("test", NULL);
        if (s != NULL)
            ask_all(s, b, &f->limits);
        opened += s != NULL;
        segment_builder_free(&b);
        segment_close(&s);
    }
    assert_true(opened > 0); // most bytes of a page are free space
    for (size_t n = 0; n < good.n; n += 1000) {
        int fd FD_AUTO = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        assert_true(fd_write_all(fd, slice_of(good.p, n), &err));
        struct segment *s = segment_open(f->folder, &digest, &err);
        assert_true(s != NULL || err.code == ERR_FORMAT);
        struct segment_builder *b = segment_builder_new("test", NULL);
        if (s != NULL)
            ask_all(s, b, &f->limits);
        segment_builder_free(&b);
        segment_close(&s);
    }
}

// ---- what goes wrong while writing ----------------------------------------------------------------------------------

// A file size limit stands in for a full disk: writing fails in the middle.
static void test_full_disk(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    if (child == 0) {
        struct segment_builder *b = segment_builder_new("test", NULL);
        struct digest digest;
        struct error err = {0};
        uint64_t n;
        for (size_t i = 0; i < RECORDS; i++)
            add(f, b, &records[i]);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){10000, 10000});
        bool written = segment_write(b, f->folder, &digest, &n, &err);
        segment_builder_free(&b);
        _exit(!written && strstr(err.text, "disk full") != NULL ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(files_in(f), 0);
}

static void test_no_folder(void **state)
{
    struct fixture *f = *state;
    struct segment_builder *b = segment_builder_new("test", NULL);
    struct digest digest;
    struct error err = {0};
    uint64_t n;
    add(f, b, &records[0]);
    assert_false(segment_write(b, "/nonexistent/folder", &digest, &n, &err));
    assert_int_equal(err.code, ERR_STORE);
    segment_builder_free(&b);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_look_up),
        TEST(test_brief_look_up),
        TEST(test_vulnerability),
        TEST(test_scopes_and_count),
        TEST(test_same_records_same_bytes),
        TEST(test_rewind),
        TEST(test_carry),
        TEST(test_empty),
        TEST(test_odd_text),
        TEST(test_limits),
        TEST(test_fits),
        TEST(test_long_texts),
        TEST(test_too_large_a_block),
        TEST(test_temporary_files),
        TEST(test_many),
        TEST(test_verify),
        TEST(test_no_segment),
        TEST(test_other_tables),
        TEST(test_other_rows),
        TEST(test_damaged_bytes),
        TEST(test_full_disk),
        TEST(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
