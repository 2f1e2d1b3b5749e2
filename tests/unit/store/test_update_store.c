// Feeds' updates: generations in and out again, what is kept of them and for how long, and what becomes of the files.
#include "base/buf.h"
#include "base/file.h"
#include "store/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

#include "opened.h"

#define KEPT 20 // updates of each feed

struct fixture {
    struct opened in;
    struct arena arena;
    struct error err;
};

static int open_store(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    setenv("SOURCE_DATE_EPOCH", "1000", 1);
    return opened_store(&f->in, &f->err) ? 0 : -1;
}

static int close_store(void **state)
{
    struct fixture *f = *state;
    int code = opened_close(&f->in);
    arena_free(&f->arena);
    unsetenv("SOURCE_DATE_EPOCH");
    free(f);
    return code;
}

static const char *segment_path(struct fixture *f, const struct digest *digest)
{
    return arena_printf(&f->arena, "%s/%s.segment", f->in.store.segments, digest_hex(digest)).p;
}

static struct digest make_segment(struct fixture *f, const char *feed, int number)
{
    struct digest digest = digest_of(arena_printf(&f->arena, "%s %d", feed, number));
    assert_true(file_write_atomic(segment_path(f, &digest), SLICE("x"), &f->err));
    return digest;
}

static bool is_there(struct fixture *f, const struct digest *digest)
{
    return access(segment_path(f, digest), F_OK) == 0;
}

static void at(int64_t seconds)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)seconds);
    setenv("SOURCE_DATE_EPOCH", text, 1);
}

static void record(struct fixture *f, const struct feed_result *result)
{
    if (!store_feed_record(&f->in.store, result, &f->err))
        fail_msg("%s", f->err.text);
}

static void assert_note(struct fixture *f, const char *want)
{
    struct slice note;
    assert_true(store_feed_note(&f->in.store, SLICE("a"), &f->arena, &note, &f->err));
    assert_true(slice_eq(note, slice_str(want)));
}

static struct digest update(struct fixture *f, const char *feed, int number)
{
    struct digest digest = make_segment(f, feed, number);
    struct feed_result result = {
        .feed = slice_str(feed), .segment = &digest, .records = 7, .confirmed = true, .keep = KEPT};
    record(f, &result);
    store_collect(&f->in.store);
    return digest;
}

static struct generation current(struct fixture *f)
{
    struct generation g;
    assert_true(store_generation(&f->in.store, &f->arena, &g, &f->err));
    return g;
}

static bool count_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}

static int64_t count(struct fixture *f, const char *sql)
{
    int64_t n = -1;
    assert_true(db_query(f->in.store.db, sql, NULL, 0, count_row, &n, &f->err));
    return n;
}

// A run that began before another one was recorded changes nothing, unless it comes to the same.
static void test_overtaken(void **state)
{
    struct fixture *f = *state;
    struct digest none = {0}, one = update(f, "a", 1), two = make_segment(f, "a", 2), late = make_segment(f, "a", 3);
    const struct {
        const struct digest *former, *segment;
        bool recorded;
    } runs[] = {{&none, &late, false}, {&none, NULL, false}, {&none, &one, true}, {&one, &two, true},
                {&one, &late, false},  {&one, &two, true},   {&two, NULL, true}};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        struct generation before = current(f);
        const struct feed_result result = {.feed = SLICE("a"),
                                           .segment = runs[i].segment,
                                           .former = runs[i].former,
                                           .records = 7,
                                           .error = SLICE("of this run"),
                                           .keep = KEPT};
        assert_int_equal(store_feed_record(&f->in.store, &result, &f->err), runs[i].recorded);
        struct generation after = current(f);
        assert_true(runs[i].recorded ||
                    (slice_eq(before.id, after.id) && slice_eq(before.feeds[0].error, after.feeds[0].error)));
    }
    assert_true(digest_eq(&current(f).feeds[0].segment, &two));
}

static void test_nothing_yet(void **state)
{
    struct fixture *f = *state;
    struct generation g = current(f);
    assert_int_equal(g.feeds_n + g.id.n, 0);
    assert_false(store_generation_at(&f->in.store, SLICE("2030-01-01"), &f->arena, &g, &f->err));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
}

static void test_generation(void **state)
{
    struct fixture *f = *state;
    struct digest b = update(f, "b", 1);
    struct generation one = current(f);
    at(2000);
    struct digest a = update(f, "a", 1);
    struct generation two = current(f);
    assert_int_equal(two.feeds_n, 2);
    assert_true(slice_eq(two.feeds[0].feed, SLICE("a")) && digest_eq(&two.feeds[0].segment, &a));
    assert_true(slice_eq(two.feeds[1].feed, SLICE("b")) && digest_eq(&two.feeds[1].segment, &b));
    assert_int_equal(two.feeds[0].updated, 2000);
    assert_int_equal(two.feeds[1].updated, 1000);
    assert_int_equal(two.feeds[1].records, 7);
    assert_int_equal(two.feeds[1].ref.n, 36);
    assert_int_equal(two.created, 2000);
    assert_int_equal(two.id.n, 16);
    assert_false(slice_eq(one.id, two.id));

    // The same segment again confirms, and makes nothing new.
    at(3000);
    update(f, "a", 1);
    struct generation same = current(f);
    assert_true(slice_eq(same.id, two.id) && slice_eq(same.feeds[0].ref, two.feeds[0].ref));
    assert_int_equal(same.created, 2000);
    assert_int_equal(same.feeds[0].checked, 3000);
    assert_int_equal(same.feeds[1].checked, 1000);

    // The same set of segments has the same name, whatever way led to it.
    update(f, "a", 2);
    assert_false(slice_eq(current(f).id, two.id));
    update(f, "a", 1);
    assert_true(slice_eq(current(f).id, two.id));
}

static void test_failure(void **state)
{
    struct fixture *f = *state;
    struct feed_result failed = {.feed = SLICE("a"), .error = SLICE("it broke"), .keep = KEPT};
    record(f, &failed);
    struct generation g = current(f);
    assert_int_equal(g.id.n, 0);
    assert_int_equal(g.feeds_n, 1); // known, though it never gave anything
    assert_true(slice_eq(g.feeds[0].error, SLICE("it broke")) && g.feeds[0].segment.text[0] == '\0');
    assert_int_equal(g.feeds[0].checked, 0);
    assert_int_equal(g.feeds[0].tried, 1000);
    struct digest a = update(f, "a", 1);
    at(2000);
    record(f, &failed);
    g = current(f);
    assert_int_equal(g.feeds_n, 1);
    assert_true(digest_eq(&g.feeds[0].segment, &a)); // what it had stays in force
    assert_true(slice_eq(g.feeds[0].error, SLICE("it broke")));
    assert_int_equal(g.feeds[0].checked, 1000);
    assert_int_equal(g.feeds[0].tried, 2000);
}

static void assert_file(const struct feed_file *got, const struct feed_file *want)
{
    assert_true(slice_eq(got->url, want->url) && slice_eq(got->scope, want->scope));
    assert_true(slice_eq(got->etag, want->etag) && slice_eq(got->last_modified, want->last_modified));
    assert_true(slice_eq(got->error, want->error));
    assert_int_equal(got->checked, want->checked);
    assert_int_equal(got->version, want->version);
    assert_int_equal(got->added, want->added);
    assert_int_equal(got->left_out_n, want->left_out_n);
    for (size_t i = 0; i < want->left_out_n; i++) {
        assert_true(slice_eq(got->left_out[i].reason, want->left_out[i].reason));
        assert_int_equal(got->left_out[i].records, want->left_out[i].records);
    }
}

static size_t files_of(struct fixture *f, const char *feed, struct feed_file **files)
{
    size_t n;
    assert_true(store_feed_files(&f->in.store, slice_str(feed), &f->arena, files, &n, &f->err));
    return n;
}

// Files belong to the segment in force: another segment comes with others, a run that makes none leaves them.
static void test_files(void **state)
{
    struct fixture *f = *state;
    struct file_left_out left_out[] = {{SLICE("has no name"), 3}, {SLICE("is odd"), 1}};
    const struct feed_file files[] = {
        {SLICE("https://x/2"), SLICE("s:2"), SLICE("\"2\""), SLICE(""), SLICE("bad"), 5, 3, 100, left_out, 2},
        {SLICE("https://x/1"), SLICE("s:1"), SLICE(""), SLICE("then"), SLICE(""), 6, 4, 7, NULL, 0},
    };
    struct digest one = make_segment(f, "a", 1), two = make_segment(f, "a", 2);
    struct feed_result result = {.feed = SLICE("a"),
                                 .segment = &one,
                                 .records = 7,
                                 .confirmed = true,
                                 .files = files,
                                 .files_n = 2,
                                 .keep = KEPT};
    struct feed_file *got;
    record(f, &result);
    result.segment = NULL;
    result.files = NULL;
    record(f, &result);
    assert_int_equal(files_of(f, "a", &got), 2);
    assert_file(&got[0], &files[1]);
    assert_file(&got[1], &files[0]);
    result.files = files;
    result.files_n = 1;
    result.segment = &two;
    record(f, &result);
    assert_int_equal(files_of(f, "a", &got), 1);
    assert_file(&got[0], &files[0]);
    assert_int_equal(files_of(f, "b", &got), 0);
    assert_int_equal(count(f, "SELECT count(*) FROM feed_file"), 3); // the former segment's too
}

static struct kept_update before(struct fixture *f, const char *feed)
{
    struct kept_update to;
    if (!store_update_before(&f->in.store, slice_str(feed), &f->arena, &to, &f->err))
        fail_msg("%s", f->err.text);
    return to;
}

// What was in force before is so again, with its files, its times and a ref of its own; the other feeds are as they
// are.
static void test_rollback(void **state)
{
    struct fixture *f = *state;
    const struct feed_file old = {.url = SLICE("https://x/1"), .etag = SLICE("old")};
    struct digest one = make_segment(f, "a", 1);
    struct feed_result result = {.feed = SLICE("a"),
                                 .segment = &one,
                                 .records = 7,
                                 .confirmed = true,
                                 .files = &old,
                                 .files_n = 1,
                                 .keep = KEPT};
    record(f, &result);
    struct generation first = current(f);
    struct kept_update to;
    assert_false(store_update_before(&f->in.store, SLICE("a"), &f->arena, &to, &f->err));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
    at(2000);
    struct digest two = update(f, "a", 2), other = update(f, "b", 1);
    at(3000);
    to = before(f, "a");
    assert_true(digest_eq(&to.segment, &one) && !to.in_force);
    assert_true(store_rollback(&f->in.store, &to, &f->err));
    struct generation g = current(f);
    assert_int_equal(g.created, 3000);
    assert_true(digest_eq(&g.feeds[0].segment, &one) && digest_eq(&g.feeds[1].segment, &other));
    assert_int_equal(g.feeds[0].updated, 1000);
    assert_int_equal(g.feeds[0].checked, 1000);
    assert_int_equal(g.feeds[0].records, 7);
    assert_false(slice_eq(g.feeds[0].ref, first.feeds[0].ref));
    struct feed_file *got;
    assert_int_equal(files_of(f, "a", &got), 1);
    assert_file(&got[0], &old);
    to = before(f, "a"); // and back
    assert_true(digest_eq(&to.segment, &two));
    update(f, "a", 2);
    g = current(f);
    assert_true(digest_eq(&g.feeds[0].segment, &two));
    assert_int_equal(g.feeds[0].checked, 3000);
}

static void test_import(void **state)
{
    struct fixture *f = *state;
    struct digest a1 = update(f, "a", 1);
    struct generation one = current(f), g;
    const struct feed_result failed = {.feed = SLICE("b"), .error = SLICE("it broke"), .keep = KEPT};
    record(f, &failed);
    struct feed_file file = {.url = SLICE("https://x/1"), .etag = SLICE("e")}, *got;
    struct feed_import imports[] = {
        {.feed = SLICE("a"), .segment = a1, .records = 7, .made = 900, .checked = 4000, .files = &file, .files_n = 1},
        {.feed = SLICE("b"),
         .segment = make_segment(f, "b", 1),
         .records = 8,
         .made = 900,
         .checked = 4000,
         .files = &file,
         .files_n = 1},
    };
    at(5000);
    assert_true(store_import(&f->in.store, imports, 1, KEPT, &f->err));
    g = current(f); // the same segment, later confirmed
    assert_true(slice_eq(g.id, one.id) && slice_eq(g.feeds[0].ref, one.feeds[0].ref));
    assert_int_equal(g.created, 1000);
    assert_int_equal(g.feeds[0].checked, 4000);
    assert_int_equal(g.feeds[0].updated, 1000);
    imports[0].checked = 10; // not later: nothing changes
    assert_true(store_import(&f->in.store, imports, 2, KEPT, &f->err));
    g = current(f);
    assert_int_equal(g.feeds_n, 2);
    assert_int_equal(g.created, 5000);
    assert_int_equal(g.feeds[0].checked, 4000);
    assert_int_equal(g.feeds[1].checked, 4000);
    assert_int_equal(g.feeds[1].updated, 900);
    assert_int_equal(g.feeds[1].records, 8);
    assert_int_equal(g.feeds[1].error.n, 0);
    assert_int_equal(files_of(f, "b", &got), 1);
    assert_file(&got[0], &file);
}

static void test_history(void **state)
{
    struct fixture *f = *state;
    struct kept_update *updates, found;
    struct kept_generation *generations;
    size_t n;
    update(f, "b", 1);
    update(f, "a", 1);
    at(2000);
    struct digest last = update(f, "b", 2);
    assert_true(store_updates(&f->in.store, &f->arena, &updates, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(digest_eq(&updates[0].segment, &last) && updates[0].in_force && updates[1].in_force);
    assert_false(updates[2].in_force);
    assert_int_equal(updates[0].generations, 1);
    assert_int_equal(updates[1].generations, 2);
    assert_int_equal(updates[2].generations, 2);
    assert_int_equal(updates[0].made, 2000);
    assert_true(store_update_of(&f->in.store, updates[2].ref, &f->arena, &found, &f->err));
    assert_true(digest_eq(&found.segment, &updates[2].segment));
    assert_false(store_update_of(&f->in.store, SLICE("x"), &f->arena, &found, &f->err));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
    assert_true(store_generations(&f->in.store, &f->arena, &generations, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(slice_eq(generations[0].changed, SLICE("b")) && slice_eq(generations[1].changed, SLICE("a")));
    assert_true(slice_eq(generations[2].changed, SLICE("b")) && slice_eq(generations[0].id, current(f).id));
}

// A row that cannot be written takes the whole record back.
static void test_note_stays_until_another(void **state)
{
    struct fixture *f = *state;
    struct feed_result result = {.feed = SLICE("a"), .confirmed = true, .note = SLICE("since then"), .keep = KEPT};
    struct arena a ARENA_AUTO = {0};
    struct kept_update before;
    assert_note(f, "");
    update(f, "a", 1);
    record(f, &result);
    result.note = (struct slice){0}; // leaves it
    record(f, &result);
    assert_note(f, "since then");
    update(f, "a", 2); // also under another segment
    assert_note(f, "since then");
    result.note = SLICE("");
    record(f, &result);
    assert_note(f, "");
    assert_true(store_update_before(&f->in.store, SLICE("a"), &a, &before, &f->err));
    assert_true(store_rollback(&f->in.store, &before, &f->err));
    assert_note(f, "since then"); // what was known of the upstream then
}

static void test_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    update(f, "a", 1);
    struct generation before = current(f);
    const struct feed_file twice[] = {{.url = SLICE("https://x/1")}, {.url = SLICE("https://x/1")}};
    struct digest digest = make_segment(f, "a", 2);
    struct feed_result result = {.feed = SLICE("a"),
                                 .segment = &digest,
                                 .records = 9,
                                 .confirmed = true,
                                 .error = SLICE("new"),
                                 .files = twice,
                                 .files_n = 2,
                                 .note = SLICE("of a run that is not recorded"),
                                 .keep = KEPT};
    assert_false(store_feed_record(&f->in.store, &result, &f->err));
    assert_int_equal(f->err.code, ERR_STORE);
    assert_int_equal(count(f, "SELECT count(*) FROM feed_file"), 0);
    assert_note(f, "");
    struct generation after = current(f);
    assert_true(slice_eq(before.id, after.id) && after.feeds[0].error.n == 0);
    update(f, "a", 3); // and the next one goes through
}

static void test_as_of(void **state)
{
    struct fixture *f = *state;
    struct generation g, kept[3];
    for (int i = 0; i < 3; i++) {
        at(86400 * (i + 1) + 3600);
        update(f, "a", i);
        kept[i] = current(f);
    }
    static const struct {
        const char *when;
        int index;
    } cases[] = {{"1970-01-02", 0},           {"1970-01-03", 1},           {"1970-01-09", 2},
                 {"1970-01-03T00:59:59Z", 0}, {"1970-01-03T01:00:00Z", 1}, {"1970-01-01", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool found = store_generation_at(&f->in.store, slice_str(cases[i].when), &f->arena, &g, &f->err);
        assert_int_equal(found, cases[i].index >= 0);
        assert_true(!found || slice_eq(g.id, kept[cases[i].index].id));
    }
    for (int i = 0; i < 3; i++) {
        assert_true(store_generation_at(&f->in.store, kept[i].id, &f->arena, &g, &f->err));
        assert_int_equal(g.created, kept[i].created);
        assert_true(store_generation_at(&f->in.store, kept[i].feeds[0].ref, &f->arena, &g, &f->err));
        assert_true(slice_eq(g.id, kept[i].id));
    }
    assert_false(store_generation_at(&f->in.store, SLICE("' OR 1 --"), &f->arena, &g, &f->err));
}

// Twenty updates of each feed stay, with their files, however often another feed changes; what is older goes.
static void test_retention(void **state)
{
    struct fixture *f = *state;
    struct digest busy[3 * KEPT], quiet[3];
    for (int i = 0; i < 3; i++)
        quiet[i] = update(f, "quiet", i);
    for (int i = 0; i < 3 * KEPT; i++)
        busy[i] = update(f, "busy", i);
    for (int i = 0; i < 3 * KEPT; i++)
        assert_int_equal(is_there(f, &busy[i]), i >= 2 * KEPT);
    for (int i = 0; i < 3; i++)
        assert_true(is_there(f, &quiet[i]));
    assert_int_equal(count(f, "SELECT count(*) FROM update_operation WHERE feed = 'busy'"), KEPT);
    assert_int_equal(count(f, "SELECT count(*) FROM update_operation WHERE feed = 'quiet'"), 3);
    assert_int_equal(count(f, "SELECT count(*) FROM generation WHERE id NOT IN (SELECT generation_id FROM "
                              "generation_part)"),
                     0);
    // Each generation that is left is whole.
    assert_int_equal(count(f, "SELECT count(*) FROM generation_part LEFT JOIN update_operation u ON u.id = update_id "
                              "WHERE u.id IS NULL"),
                     0);
    assert_true(count(f, "SELECT count(*) FROM generation") >= KEPT);
    // The quiet feed's part of the present is its third update still.
    struct generation g = current(f);
    assert_int_equal(g.feeds_n, 2);
    assert_true(digest_eq(&g.feeds[0].segment, &busy[3 * KEPT - 1]) && digest_eq(&g.feeds[1].segment, &quiet[2]));
}

// With many feeds each run makes many generations: the run before is there all the same.
static void test_retention_of_many_feeds(void **state)
{
    struct fixture *f = *state;
    enum { FEEDS = 30 };
    struct generation g;
    for (int run = 0; run < 2; run++) {
        at((run + 1) * 86400);
        for (int feed = 0; feed < FEEDS; feed++)
            update(f, arena_printf(&f->arena, "feed%02d", feed).p, run);
    }
    assert_true(store_generation_at(&f->in.store, SLICE("1970-01-02"), &f->arena, &g, &f->err));
    assert_int_equal(g.feeds_n, FEEDS);
    for (size_t i = 0; i < g.feeds_n; i++)
        assert_true(is_there(f, &g.feeds[i].segment));
}

static void put(struct fixture *f, const char *name)
{
    assert_true(file_write_atomic(arena_printf(&f->arena, "%s/%s", f->in.store.segments, name).p, SLICE("x"), &f->err));
}

static bool there(struct fixture *f, const char *name)
{
    return access(arena_printf(&f->arena, "%s/%s", f->in.store.segments, name).p, F_OK) == 0;
}

// Of files that no update made, segments and what builders and imports have left go, and nothing else; and nothing at
// all while somebody holds the segments: what they are about to record, or to open, stays.
static void test_collection(void **state)
{
    struct fixture *f = *state;
    int held = -1;
    struct digest used = update(f, "a", 1), old = make_segment(f, "x", 1);
    put(f, "README");
    put(f, ".building-1-debian");
    assert_int_equal(mkdir(arena_printf(&f->arena, "%s/.building-1-import", f->in.store.segments).p, 0700), 0);
    put(f, ".building-1-import/x.segment");
    assert_true(store_hold_segments(&f->in.store, &held, &f->err));
    store_collect(&f->in.store);
    assert_true(is_there(f, &old) && there(f, ".building-1-debian") && there(f, ".building-1-import/x.segment"));
    fd_close(&held);
    int fd FD_AUTO = open(segment_path(f, &old), O_RDONLY | O_CLOEXEC);
    store_collect(&f->in.store);
    assert_true(is_there(f, &used) && there(f, "README"));
    assert_false(is_there(f, &old) || there(f, ".building-1-debian") || there(f, ".building-1-import"));
    char byte;
    assert_int_equal(read(fd, &byte, 1), 1); // whoever has it open reads on
    assert_int_equal(byte, 'x');
}

static bool plan_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    buf_add(context, db_column(row, 3));
    buf_addc(context, '\n');
    return true;
}

// The look-ups by a column that grows find their rows by an index.
static void test_indexes(void **state)
{
    struct fixture *f = *state;
    static const char *const statements[] = {
        "SELECT id FROM update_operation WHERE feed = 'x' ORDER BY id DESC LIMIT 1 OFFSET 20",
        "SELECT count(*) FROM update_operation WHERE segment = 'x'",
        "SELECT id FROM update_operation WHERE ref = 'x'",
        "SELECT generation_id FROM generation_part WHERE update_id = 1",
        "SELECT update_id FROM generation_part WHERE generation_id = 1",
        "SELECT url FROM feed_file WHERE update_id = 1 ORDER BY url",
        "SELECT reason FROM feed_file_left_out WHERE file_id = 1 ORDER BY reason",
        "SELECT id FROM image WHERE manifest BETWEEN x'12a0' AND x'12af' AND (0 = 0 OR length(manifest) = 0) ORDER BY "
        "manifest",
        "SELECT manifest FROM index_member WHERE '' = '' AND (parent BETWEEN x'12a0' AND x'12af' AND (0 = 0 OR "
        "length(parent) = 0))",
        "SELECT findings FROM layer_findings JOIN layer ON layer.id = layer_id WHERE digest = x'00' AND state_id = 1",
        "SELECT set_id FROM package_set_member WHERE package_id = 1",
        "SELECT package_id FROM package_set_member WHERE set_id = 1",
        "SELECT id FROM package WHERE source_name = 'x'",
        "SELECT id FROM package WHERE name = 'x'",
        "SELECT manifest FROM image WHERE set_id = 1",
        "SELECT id FROM image WHERE chain_id = 1",
        "SELECT id FROM layer_chain WHERE layer_id = 1",
        "SELECT id FROM layer_chain WHERE parent = 1",
    };
    if (opened_on_server())
        skip(); // whose plans follow what is in the tables
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct buf plan BUF_AUTO = {0};
        const char *sql = arena_printf(&f->arena, "EXPLAIN QUERY PLAN %s", statements[i]).p;
        assert_true(db_query(f->in.store.db, sql, NULL, 0, plan_row, &plan, &f->err));
        struct slice text = buf_slice(&plan);
        if (text.n == 0 || slice_find_slice(text, SLICE("SCAN")) >= 0 ||
            slice_find_slice(text, SLICE("TEMP B-TREE")) >= 0)
            fail_msg("%s:\n%.*s", statements[i], SLICE_ARG(text));
    }
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_store, close_store)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_yet),    TEST(test_generation),
        TEST(test_failure),        TEST(test_files),
        TEST(test_all_or_nothing), TEST(test_as_of),
        TEST(test_retention),      TEST(test_retention_of_many_feeds),
        TEST(test_indexes),        TEST(test_note_stays_until_another),
        TEST(test_collection),     TEST(test_rollback),
        TEST(test_import),         TEST(test_history),
        TEST(test_overtaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
