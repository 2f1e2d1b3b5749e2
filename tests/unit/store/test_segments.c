// Segments' way between nodes: given to the server whole, taken by others and checked, removed when nobody needs them.
// Without a server there is one folder, and nothing to do.
#include "base/buf.h"
#include "base/file.h"
#include "store/segments.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

#include "opened.h"

// The store in its folder, and another node of the same database with a folder of its own.
struct fixture {
    struct opened in;
    char folder[64];
    struct store_home home;
    struct store other;
    struct arena arena;
    struct digest digest;
    struct buf bytes;
};

static int open_both(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    *state = f;
    snprintf(f->folder, sizeof f->folder, "/tmp/clarion-test-XXXXXX");
    if (!opened_store(&f->in, &err) || mkdtemp(f->folder) == NULL ||
        !store_home_make(f->folder, slice_str(f->in.url), 0, &f->home, &err) ||
        !store_open(&f->home, &f->other, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    for (size_t i = 0; i < 3000000; i++) // three pieces, and not the same three times
        buf_addc(&f->bytes, (char)(i % 251 + i / 100000));
    f->digest = digest_of(buf_slice(&f->bytes));
    return 0;
}

static int close_both(void **state)
{
    struct fixture *f = *state;
    char command[128];
    store_close(&f->other);
    store_home_free(&f->home);
    arena_free(&f->arena);
    buf_free(&f->bytes);
    int code = opened_close(&f->in);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    free(f);
    return code + system(command);
}

static const char *path_in(struct fixture *f, const struct store *s)
{
    return arena_printf(&f->arena, "%s/%s.segment", s->segments, digest_hex(&f->digest)).p;
}

static void put_file(struct fixture *f)
{
    struct error err;
    assert_true(file_write_atomic(path_in(f, &f->in.store), buf_slice(&f->bytes), &err));
}

static int64_t count(struct fixture *f, const char *table)
{
    int64_t n = 0;
    struct error err;
    const struct db_request request = {
        .sql = arena_printf(&f->arena, "SELECT count(*) FROM %s", table).p, .row = opened_number, .context = &n};
    assert_true(db_batch(f->in.store.db, &request, 1, &err));
    return n;
}

static void test_alone(void **state)
{
    struct fixture *f = *state;
    struct error err;
    if (opened_on_server())
        skip();
    put_file(f);
    assert_true(store_segment_give(&f->in.store, &f->digest, &err));
    assert_true(store_segment_fetch(&f->other, &f->digest, &err)); // its folder has it, or has not
    assert_int_equal(count(f, "shared_segment") + count(f, "shared_segment_chunk"), 0);
    assert_int_equal(access(path_in(f, &f->other), F_OK), -1);
}

static void test_handed_on(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct buf got BUF_AUTO = {0};
    if (!opened_on_server())
        skip();
    assert_false(store_segment_fetch(&f->other, &f->digest, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(store_segment_give(&f->in.store, &f->digest, &err)); // the folder does not have it
    assert_false(store_segment_fetch(&f->other, &f->digest, &err));   // what was begun is not there
    put_file(f);
    assert_true(store_segment_give(&f->in.store, &f->digest, &err));
    assert_true(store_segment_give(&f->in.store, &f->digest, &err)); // again is no harm
    assert_int_equal(count(f, "shared_segment_chunk"), 3);
    assert_true(store_segment_fetch(&f->other, &f->digest, &err));
    assert_true(file_read(path_in(f, &f->other), f->bytes.n + 1, &got, &err));
    assert_true(slice_eq(buf_slice(&got), buf_slice(&f->bytes)));
}

// What another node, or a disk, made of it is not believed, and leaves nothing behind.
static void test_damaged(void **state)
{
    static const char *const harm[] = {
        "UPDATE shared_segment_chunk SET packed = (SELECT packed FROM shared_segment_chunk WHERE number = 0)",
        "UPDATE shared_segment_chunk SET packed = substr(packed, 1, 100) WHERE number = 1",
        "DELETE FROM shared_segment_chunk WHERE number = 2",
    };
    struct fixture *f = *state;
    struct error err;
    if (!opened_on_server())
        skip();
    put_file(f);
    for (size_t i = 0; i < sizeof harm / sizeof harm[0]; i++) {
        assert_true(store_segment_give(&f->in.store, &f->digest, &err));
        assert_true(db_exec(f->in.store.db, harm[i], &err));
        assert_false(store_segment_fetch(&f->other, &f->digest, &err));
        assert_non_null(strstr(err.text, f->digest.text));
        assert_int_equal(access(path_in(f, &f->other), F_OK), -1);
        assert_true(db_exec(f->in.store.db, "DELETE FROM shared_segment", &err));
    }
}

static void test_forgotten(void **state)
{
    struct fixture *f = *state;
    struct error err;
    if (!opened_on_server())
        skip();
    put_file(f);
    assert_true(store_segment_give(&f->in.store, &f->digest, &err));
    assert_true(store_segments_forget(&f->in.store, &err)); // it may be about to be recorded
    assert_int_equal(count(f, "shared_segment"), 1);
    const struct feed_result result = {
        .feed = SLICE("debian"), .segment = &f->digest, .records = 1, .confirmed = true, .keep = 1};
    assert_true(store_feed_record(&f->in.store, &result, &err));
    assert_true(db_exec(f->in.store.db, "UPDATE shared_segment SET given = 1", &err));
    assert_true(store_segments_forget(&f->other, &err));
    assert_int_equal(count(f, "shared_segment"), 1); // it is in force
    struct digest next = digest_of(SLICE("another"));
    const struct feed_result newer = {
        .feed = SLICE("debian"), .segment = &next, .records = 1, .confirmed = true, .keep = 1};
    assert_true(store_feed_record(&f->in.store, &newer, &err));
    assert_true(store_segments_forget(&f->other, &err));
    assert_int_equal(count(f, "shared_segment") + count(f, "shared_segment_chunk"), 0);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_both, close_both)
    const struct CMUnitTest tests[] = {TEST(test_alone), TEST(test_handed_on), TEST(test_damaged),
                                       TEST(test_forgotten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
