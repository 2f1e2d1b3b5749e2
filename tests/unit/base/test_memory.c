// arena, buf, reader, file.
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

static void test_arena(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    char *small = arena_alloc(&a, 3);
    char *large = arena_alloc(&a, 1000000);
    char *next = arena_alloc(&a, 3);
    // A large piece does not take the rest of the block away from small ones.
    assert_ptr_equal(next, small + _Alignof(max_align_t));
    memset(large, 1, 1000000);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(small[i], 0);
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "x").p, "7-x");
    struct slice copy = arena_dup(&a, SLICE("a\0b"));
    assert_int_equal(copy.n, 3);
    assert_int_equal(copy.p[3], 0);

    VEC(int) numbers = {0};
    for (int i = 0; i < 1000; i++)
        VEC_PUSH(&a, &numbers) = i;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers.v[i], i);
    arena_free(&a);
    assert_int_equal(a.used, 0);
}

static void test_buf(void **state)
{
    (void)state;
    struct buf b BUF_AUTO = {0};
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%03d", i);
    buf_add(&b, (struct slice){NULL, 0});
    buf_adds(&b, "end");
    assert_int_equal(b.n, 3003);
    assert_int_equal(memcmp(b.p + 2997, "999end", 7), 0);
}

struct fixture {
    char folder[64];
};

static int make_folder(void **state)
{
    struct fixture *f = malloc(sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/clarion-test-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    int code = system(command);
    free(f);
    return code;
}

static void test_files(void **state)
{
    struct fixture *f = *state;
    char path[128], deep[128];
    struct error err;
    struct buf got BUF_AUTO = {0};
    snprintf(path, sizeof path, "%s/file", f->folder);
    assert_false(file_read(path, 100, &got, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(file_write_atomic(path, SLICE("first"), &err));
    assert_true(file_write_atomic(path, SLICE("second"), &err));
    assert_true(file_read(path, 6, &got, &err));
    assert_true(slice_eq(buf_slice(&got), SLICE("second")));
    assert_false(file_read(path, 5, &got, &err));
    assert_int_equal(err.code, ERR_LIMIT);

    snprintf(deep, sizeof deep, "%s/a/b/c", f->folder);
    assert_true(dir_make(deep, &err));
    assert_true(dir_make(deep, &err)); // again is fine
    struct stat st;
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    snprintf(deep, sizeof deep, "%s/file/x", f->folder);
    assert_false(dir_make(deep, &err));
    // A name that cannot be written leaves no temporary file behind.
    assert_false(file_write_atomic(deep, SLICE("x"), &err));
}

static void test_readers(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct error err;
    snprintf(path, sizeof path, "%s/file", f->folder);
    struct buf big BUF_AUTO = {0}, got BUF_AUTO = {0};
    for (int i = 0; i < 300000; i++)
        buf_addf(&big, "%d,", i);
    assert_true(file_write_atomic(path, buf_slice(&big), &err));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    int fd = fileno(file);

    struct reader *whole READER_AUTO = reader_of_fd(fd, false);
    assert_true(reader_read_all(whole, &got, big.n, "it", &err));
    assert_true(slice_eq(buf_slice(&got), buf_slice(&big)));

    got.n = 0;
    struct reader *part READER_AUTO = reader_of_range(fd, 1000, 500000);
    assert_true(reader_read_all(part, &got, 500000, "it", &err));
    assert_true(slice_eq(buf_slice(&got), slice_of(big.p + 1000, 500000)));

    got.n = 0;
    struct reader *beyond READER_AUTO = reader_of_range(fd, big.n - 5, 10);
    assert_false(reader_read_all(beyond, &got, 500000, "it", &err));
    assert_int_equal(err.code, ERR_FORMAT);

    got.n = 0;
    struct reader *memory READER_AUTO = reader_of_slice(buf_slice(&big));
    assert_false(reader_read_all(memory, &got, big.n - 1, "the thing", &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(strncmp(err.text, "the thing is larger", 19), 0);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_buf),
        cmocka_unit_test_setup_teardown(test_files, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_readers, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
