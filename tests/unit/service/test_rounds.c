// Rounds of a thread: as often as they say, and the pause in between ends when they are to.
#include "service/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <semaphore.h>

struct counter {
    sem_t done;
    unsigned n, last; // rounds, and the one that is the last
    double pause;
};

static double count(void *context)
{
    struct counter *c = context;
    double next = ++c->n == c->last ? ROUNDS_END : c->pause;
    sem_post(&c->done);
    return next;
}

// The number of rounds until it is told to stop after so many.
static unsigned run(double first, double pause, unsigned last, unsigned wanted)
{
    struct counter c = {.last = last, .pause = pause};
    struct rounds rounds = {.round = count, .context = &c};
    struct error err;
    sem_init(&c.done, 0, 0);
    assert_true(rounds_start(&rounds, first, "counts", &err));
    assert_false(rounds_stopping(&rounds));
    for (unsigned i = 0; i < wanted; i++)
        sem_wait(&c.done);
    rounds_stop(&rounds);
    sem_destroy(&c.done);
    return c.n;
}

// An hour would be longer than a test may take.
static void test_stopped_in_a_pause(void **state)
{
    (void)state;
    assert_int_equal(run(3600, 3600, 0, 0), 0);
    assert_int_equal(run(0, 3600, 0, 1), 1);
}

static void test_many(void **state)
{
    (void)state;
    assert_true(run(0, 0, 0, 100) >= 100);
}

static void test_ends_by_itself(void **state)
{
    (void)state;
    assert_int_equal(run(0, 0, 3, 3), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_in_a_pause),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_ends_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
