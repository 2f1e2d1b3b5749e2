// Finished answers: what was put there comes back, and the least recently asked for makes room.
#include "service/cache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// cmocka wants the above first
#include <cmocka.h>

static bool has(struct cache *cache, const char *tag, const char *answer)
{
    struct buf out BUF_AUTO = {0};
    bool found = cache_get(cache, slice_str(tag), &out);
    if (found && answer != NULL)
        assert_true(slice_eq(buf_slice(&out), slice_str(answer)));
    return found;
}

static void kept_and_replaced(void **state)
{
    (void)state;
    struct cache *cache = cache_new(13);
    assert_false(has(cache, "a", NULL));
    cache_put(cache, SLICE("a"), SLICE("1234"));
    cache_put(cache, SLICE("b"), SLICE("5678"));
    cache_put(cache, SLICE("a"), SLICE("1234"));
    assert_true(has(cache, "b", "5678"));
    assert_true(has(cache, "a", "1234"));
    cache_put(cache, SLICE("c"), SLICE("90")); // there is room for that
    assert_true(has(cache, "b", "5678"));
    assert_true(has(cache, "c", "90"));
    cache_put(cache, SLICE("d"), SLICE("xyz")); // not for that: the oldest is "a"
    assert_false(has(cache, "a", NULL));
    assert_true(has(cache, "b", NULL) && has(cache, "c", NULL) && has(cache, "d", "xyz"));
    cache_put(cache, SLICE("e"), SLICE("0123456789"));
    assert_false(has(cache, "b", NULL) || has(cache, "c", NULL) || has(cache, "d", NULL));
    assert_true(has(cache, "e", "0123456789"));
    cache_put(cache, SLICE("f"), SLICE("0123456789012")); // never: the tag counts, too
    assert_false(has(cache, "f", NULL));
    assert_true(has(cache, "e", NULL));
    cache_free(&cache);
    cache = cache_new(0);
    cache_put(cache, SLICE("a"), SLICE("1"));
    assert_false(has(cache, "a", NULL));
    cache_free(&cache);
}

// Threads that put and get while what they get is thrown away.
static void *work(void *argument)
{
    struct cache *cache = argument;
    for (unsigned i = 0; i < 3000; i++) {
        char tag[16], answer[400];
        snprintf(tag, sizeof tag, "t%u", i % 37);
        memset(answer, (int)('a' + i % 37 % 26), sizeof answer);
        struct buf out BUF_AUTO = {0};
        if (!cache_get(cache, slice_str(tag), &out))
            cache_put(cache, slice_str(tag), slice_of(answer, sizeof answer));
        else if (!slice_eq(buf_slice(&out), slice_of(answer, sizeof answer)))
            return cache;
    }
    return NULL;
}

static void several_threads(void **state)
{
    (void)state;
    struct cache *cache = cache_new(4000);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, cache), 0);
    for (size_t i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kept_and_replaced), cmocka_unit_test(several_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
