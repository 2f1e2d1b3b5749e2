// What two segments say otherwise: against cases told in words, and against sets of records made by chance.
#include "advisory/advisory.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

static struct segment *make(struct fixture *f, const struct advisory *records, size_t n)
{
    struct segment_builder *b = segment_builder_new("test", NULL);
    struct digest digest = {0};
    struct error err = {0};
    uint64_t kept;
    for (size_t i = 0; i < n; i++)
        if (!segment_add(b, &records[i], &f->limits, &err))
            fail_msg("%s", err.text);
    // A look-up wants the scope to be declared.
    for (size_t i = 0; i < n; i++)
        segment_add_scope(b, records[i].scope);
    if (!segment_write(b, f->folder, &digest, &kept, &err))
        fail_msg("%s", err.text);
    segment_builder_free(&b);
    struct segment *s = segment_open(f->folder, &digest, &err);
    if (s == NULL)
        fail_msg("%s", err.text);
    return s;
}

static void write_records(struct buf *out, char sign, const struct advisory *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addf(out, " %c%s:%.*s", sign, advisory_status_name(records[i].status), SLICE_ARG(records[i].bound));
}

static bool write_change(void *context, const struct segment_change *c, struct error *err)
{
    static const char *const kinds[] = {
        [SEGMENT_ADDED] = "added", [SEGMENT_CHANGED] = "changed", [SEGMENT_REMOVED] = "removed"};
    (void)err;
    const struct advisory *any = c->after_n != 0 ? c->after : c->before;
    buf_addf(context, "%s %.*s %.*s %.*s", kinds[c->kind], SLICE_ARG(any->package), SLICE_ARG(any->scope),
             SLICE_ARG(any->vulnerability));
    write_records(context, '-', c->before, c->before_n);
    write_records(context, '+', c->after, c->after_n);
    buf_addc(context, '\n');
    return true;
}

static void assert_diff(struct segment *before, struct segment *after, const char *want)
{
    struct buf got BUF_AUTO = {0};
    struct error err = {0};
    if (!segment_diff(before, after, write_change, &got, &err))
        fail_msg("%s", err.text);
    if (!slice_eq(buf_slice(&got), slice_str(want)))
        fail_msg("got:\n%.*swanted:\n%s", (int)got.n, got.p, want);
}

#define FIXED(s, p, v, fix, ...)                                                                                       \
    {                                                                                                                  \
        .scope = SLICE(s), .package = SLICE(p), .vulnerability = SLICE(v), .status = ADVISORY_FIXED,                   \
        .bound = SLICE(fix), __VA_ARGS__                                                                               \
    }

static void test_cases(void **state)
{
    struct fixture *f = *state;
    static const struct advisory before[] = {
        FIXED("x:1", "bash", "CVE-1", "1"),
        FIXED("x:1", "bash", "CVE-2", "1"),
        FIXED("x:1", "bash", "CVE-3", "1", .severity = SLICE("low")),
        FIXED("x:1", "bash", "CVE-4", "1", .description = SLICE("a word")),
        FIXED("x:1", "bash", "CVE-5", "1", .introduced = SLICE("0.1")),
        FIXED("x:1", "bash", "CVE-5", "2", .introduced = SLICE("1.1")),
        FIXED("x:1", "bash", "CVE-7", "1", .aliases = SLICE("GHSA-1")),
        FIXED("x:1", "bash", "CVE-8", "1", .cvss = SLICE("CVSS:3.1/1"), .links = SLICE("https://one.example")),
        FIXED("x:1", "bash", "CVE-9", "1", .cvss = SLICE("CVSS:3.1/1"), .links = SLICE("https://one.example")),
        FIXED("x:2", "bash", "CVE-1", "1"),
        FIXED("x:1", "gone", "CVE-1", "1"),
        FIXED("x:0", "zlib", "CVE-1", "1"),
    };
    static const struct advisory after[] = {
        FIXED("x:1", "apt", "CVE-9", "7"),
        FIXED("x:1", "bash", "CVE-1", "1"),
        FIXED("x:1", "bash", "CVE-3", "1", .severity = SLICE("high")),
        FIXED("x:1", "bash", "CVE-4", "1", .description = SLICE("another word")),
        FIXED("x:1", "bash", "CVE-5", "1", .introduced = SLICE("0.1")),
        FIXED("x:1", "bash", "CVE-6", "1"),
        FIXED("x:1", "bash", "CVE-7", "1", .aliases = SLICE("GHSA-1 GHSA-2")),
        FIXED("x:1", "bash", "CVE-8", "1", .cvss = SLICE("CVSS:3.1/2"), .links = SLICE("https://one.example")),
        FIXED("x:1", "bash", "CVE-9", "1", .cvss = SLICE("CVSS:3.1/1"), .links = SLICE("https://other.example")),
        FIXED("x:2", "bash", "CVE-1", "1.1"),
        {.scope = SLICE("x:0"), .package = SLICE("zlib"), .vulnerability = SLICE("CVE-1"), .status = ADVISORY_AFFECTED},
        FIXED("x:3", "zlib", "CVE-1", "1"),
    };
    struct segment *a = make(f, before, sizeof before / sizeof before[0]);
    struct segment *b = make(f, after, sizeof after / sizeof after[0]);
    assert_diff(a, b,
                "added apt x:1 CVE-9 +fixed:7\n"
                "removed bash x:1 CVE-2 -fixed:1\n"
                "changed bash x:1 CVE-3 -fixed:1 +fixed:1\n"
                "changed bash x:1 CVE-5 -fixed:2\n"
                "added bash x:1 CVE-6 +fixed:1\n"
                "changed bash x:1 CVE-7 -fixed:1 +fixed:1\n"
                "changed bash x:1 CVE-8 -fixed:1 +fixed:1\n"
                "changed bash x:2 CVE-1 -fixed:1 +fixed:1.1\n"
                "removed gone x:1 CVE-1 -fixed:1\n"
                "changed zlib x:0 CVE-1 -fixed:1 +affected:\n"
                "added zlib x:3 CVE-1 +fixed:1\n");
    struct segment *again = make(f, after, sizeof after / sizeof after[0]);
    assert_diff(b, again, "");
    segment_close(&again);
    segment_close(&a);
    assert_diff(NULL, b,
                "added apt x:1 CVE-9 +fixed:7\n"
                "added bash x:1 CVE-1 +fixed:1\n"
                "added bash x:1 CVE-3 +fixed:1\n"
                "added bash x:1 CVE-4 +fixed:1\n"
                "added bash x:1 CVE-5 +fixed:1\n"
                "added bash x:1 CVE-6 +fixed:1\n"
                "added bash x:1 CVE-7 +fixed:1\n"
                "added bash x:1 CVE-8 +fixed:1\n"
                "added bash x:1 CVE-9 +fixed:1\n"
                "added bash x:2 CVE-1 +fixed:1.1\n"
                "added zlib x:0 CVE-1 +affected:\n"
                "added zlib x:3 CVE-1 +fixed:1\n");
    segment_close(&b);
}

// ---- by chance ------------------------------------------------------------------------------------------------------

// Few names, so that sides meet often: record number n is one of 3 packages, 3 scopes, 3 vulnerabilities, 3 versions.
#define KINDS 81

static struct advisory numbered(struct arena *a, unsigned n)
{
    return (struct advisory){.package = arena_printf(a, "p%u", n / 27),
                             .scope = arena_printf(a, "s%u", n / 9 % 3),
                             .vulnerability = arena_printf(a, "v%u", n / 3 % 3),
                             .status = ADVISORY_FIXED,
                             .bound = arena_printf(a, "%u", n % 3)};
}

static struct segment *chosen(struct fixture *f, struct arena *a, const bool has[static KINDS])
{
    struct advisory records[KINDS];
    size_t n = 0;
    for (unsigned i = 0; i < KINDS; i++)
        if (has[i])
            records[n++] = numbered(a, i);
    return make(f, records, n);
}

// The same answer from the sets themselves.
static void expect(struct buf *out, const bool before[static KINDS], const bool after[static KINDS])
{
    for (unsigned group = 0; group < KINDS; group += 3) {
        struct buf gone BUF_AUTO = {0}, come BUF_AUTO = {0};
        bool had = false, has = false;
        for (unsigned i = group; i < group + 3; i++) {
            had = had || before[i];
            has = has || after[i];
            if (before[i] && !after[i])
                buf_addf(&gone, " -fixed:%u", i % 3);
            if (after[i] && !before[i])
                buf_addf(&come, " +fixed:%u", i % 3);
        }
        if (gone.n + come.n != 0)
            buf_addf(out, "%s p%u s%u v%u%.*s%.*s\n",
                     !had   ? "added"
                     : !has ? "removed"
                            : "changed",
                     group / 27, group / 9 % 3, group / 3 % 3, (int)gone.n, gone.n != 0 ? gone.p : "", (int)come.n,
                     come.n != 0 ? come.p : "");
    }
}

static void test_by_chance(void **state)
{
    struct fixture *f = *state;
    srandom(1);
    for (int round = 0; round < 60; round++) {
        struct arena a ARENA_AUTO = {0};
        struct buf want BUF_AUTO = {0};
        bool before[KINDS], after[KINDS];
        long share = 1 + round % 9;
        for (unsigned i = 0; i < KINDS; i++) {
            before[i] = random() % 10 < share;
            after[i] = random() % 4 != 0 ? before[i] : random() % 10 < share;
        }
        expect(&want, before, after);
        buf_addc(&want, '\0');
        struct segment *x = chosen(f, &a, before), *y = chosen(f, &a, after);
        assert_diff(x, y, want.p);
        segment_close(&x);
        segment_close(&y);
    }
}

// ---- ending ---------------------------------------------------------------------------------------------------------

static bool stop(void *context, const struct segment_change *change, struct error *err)
{
    (void)change;
    ++*(int *)context;
    return error_set(err, ERR_IO, "enough");
}

static void test_stop(void **state)
{
    struct fixture *f = *state;
    static const struct advisory records[] = {FIXED("x:1", "a", "CVE-1", "1"), FIXED("x:1", "b", "CVE-1", "1")};
    struct segment *s = make(f, records, 2);
    struct error err = {0};
    int told = 0;
    assert_false(segment_diff(NULL, s, stop, &told, &err));
    assert_int_equal(told, 1);
    assert_string_equal(err.text, "enough");
    assert_diff(NULL, s, "added a x:1 CVE-1 +fixed:1\nadded b x:1 CVE-1 +fixed:1\n"); // from the beginning again
    segment_close(&s);
}

// Step by step, and again from the beginning, also from the middle.
static void test_rewind(void **state)
{
    struct fixture *f = *state;
    static const struct advisory before[] = {FIXED("x:1", "a", "CVE-1", "1"), FIXED("x:1", "b", "CVE-1", "1"),
                                             FIXED("x:1", "c", "CVE-1", "1"), FIXED("x:1", "c", "CVE-2", "1")};
    static const struct advisory after[] = {FIXED("x:1", "a", "CVE-1", "1"), FIXED("x:1", "b", "CVE-1", "2"),
                                            FIXED("x:1", "c", "CVE-3", "1")};
    static const enum segment_step steps[] = {SEGMENT_STEP_SAME,   SEGMENT_STEP_CHANGE, SEGMENT_STEP_CHANGE,
                                              SEGMENT_STEP_CHANGE, SEGMENT_STEP_CHANGE, SEGMENT_STEP_END,
                                              SEGMENT_STEP_END};
    struct segment *x = make(f, before, 4), *y = make(f, after, 3);
    struct segment_change change;
    struct error err = {0};
    struct segment_diff *d = segment_diff_new(x, y, &err);
    assert_non_null(d);
    for (size_t all = 0; all <= sizeof steps / sizeof steps[0]; all++) {
        for (size_t i = 0; i < all; i++)
            assert_int_equal(segment_diff_next(d, &change, &err), steps[i]);
        segment_diff_rewind(d);
    }
    segment_diff_free(&d);
    segment_close(&x);
    segment_close(&y);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {TEST(test_cases), TEST(test_by_chance), TEST(test_stop), TEST(test_rewind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
