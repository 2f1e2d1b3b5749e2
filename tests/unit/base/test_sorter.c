// More items than memory is given for: spools and sorters, in memory and in files.
#include "base/sorter.h"
#include "base/spool.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/clarion-test-XXXXXX");
    *state = folder;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

// Temporary files have no name, so nothing may be left in it.
static int remove_folder(void **state)
{
    int result = rmdir(*state);
    free(*state);
    return result;
}

// ---- spools ---------------------------------------------------------------------------------------------------------

static void expect_bytes(const struct spool *s, uint64_t offset, struct slice want)
{
    struct buf room BUF_AUTO = {0};
    struct slice got;
    struct error err;
    assert_true(spool_read(s, offset, want.n, &room, &got, &err));
    assert_true(slice_eq(got, want));
}

static void check_spool(const char *folder)
{
    struct spool s = spool_new(folder, 8);
    struct error err;
    assert_int_equal(spool_size(&s), 0);
    expect_bytes(&s, 0, SLICE(""));
    assert_true(spool_add(&s, SLICE("abcdef"), &err));
    assert_true(spool_add(&s, SLICE("ghij"), &err));
    assert_true(spool_add(&s, SLICE("a text that is longer than the memory"), &err));
    assert_true(spool_add(&s, SLICE("!"), &err));
    assert_int_equal(spool_size(&s), 48);
    assert_int_equal(s.in_file != 0, folder != NULL);
    expect_bytes(&s, 0, SLICE("abcdefghij"));
    expect_bytes(&s, 4, SLICE("efghija text"));
    expect_bytes(&s, 42, SLICE("emory!"));
    expect_bytes(&s, 47, SLICE("!"));
    spool_cut(&s, 47);
    assert_true(spool_add(&s, SLICE("?"), &err));
    expect_bytes(&s, 42, SLICE("emory?"));
    spool_cut(&s, 7);
    assert_true(spool_add(&s, SLICE("XYZ and more, so that it is written"), &err));
    expect_bytes(&s, 5, SLICE("fgXYZ and"));
    spool_cut(&s, 0);
    assert_int_equal(spool_size(&s), 0);
    assert_true(spool_add(&s, SLICE("0123456789"), &err));
    assert_true(spool_add(&s, SLICE("anew"), &err));
    expect_bytes(&s, 0, SLICE("0123456789anew"));
    spool_free(&s);
}

static void test_spool(void **state)
{
    check_spool(NULL);
    check_spool(*state);
}

static void test_no_folder(void **state)
{
    (void)state;
    struct spool s = spool_new("/nonexistent", 4);
    struct error err;
    assert_true(spool_add(&s, SLICE("abcd"), &err));
    assert_false(spool_add(&s, SLICE("e"), &err));
    assert_non_null(strstr(err.text, "/nonexistent"));
    spool_free(&s);
}

// ---- sorters --------------------------------------------------------------------------------------------------------

static int by_value(const void *a, const void *b, void *context)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    ++*(size_t *)context;
    return (x > y) - (x < y);
}

static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

// Sorts `n` random numbers below `range`, and reads them twice.
static void check_sorter(const char *folder, size_t n, uint32_t range)
{
    size_t compared = 0;
    struct sorter *s = sorter_new(sizeof(uint32_t), 256, folder, by_value, &compared);
    struct error err;
    uint64_t seed = n;
    char *there = calloc(range, 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t value = draw(&seed) % range;
        there[value] = 1;
        assert_true(sorter_add(s, &value, &err));
    }
    for (int time = 0; time < 2; time++) {
        const void *item;
        assert_true(sorter_start(s, &err));
        for (uint32_t value = 0; value < range; value++) {
            if (!there[value])
                continue;
            assert_true(sorter_next(s, &item, &err));
            assert_non_null(item);
            assert_int_equal(*(const uint32_t *)item, value);
        }
        assert_true(sorter_next(s, &item, &err));
        assert_null(item);
        assert_true(sorter_next(s, &item, &err));
        assert_null(item);
    }
    free(there);
    sorter_free(&s);
}

static void test_sorter(void **state)
{
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, 128, 1000, 50000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        check_sorter(NULL, counts[i], 1000);
        check_sorter(*state, counts[i], 1000);
        check_sorter(*state, counts[i], 1000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spool, make_folder, remove_folder),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test_setup_teardown(test_sorter, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
