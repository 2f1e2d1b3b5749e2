// The queue of a target, and what the store keeps of notifications, through every change of state.
#include "notify/items.h"
#include "notify/queue.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../store/opened.h"

#define NOW 1764000000

// ---- a store with notifications, and a target that does as it is told -----------------------------------------------

struct fixture {
    struct opened in;
    struct arena arena;
    struct limits limits;
    atomic_bool stopping;
    // The target:
    struct error answer; // code ERR_NONE: it takes what it gets
    char got[512];       // the ids' last digits, in the order in which it got them
    size_t items;        // of the last one
    uint64_t said[2];    // how many items and images that is said to have
    bool taken;          // by another process
    int claims;          // that were not released
};

static bool claim(void *claimer, struct store *store, const struct target *target, bool *got, struct error *err)
{
    struct fixture *f = claimer;
    (void)store, (void)target, (void)err;
    *got = !f->taken;
    f->claims += *got;
    return true;
}

static void release(void *claimer, struct store *store, const struct target *target)
{
    struct fixture *f = claimer;
    (void)store, (void)target;
    f->claims--;
}

static bool deliver(void *state, const struct delivery *delivery, struct error *err)
{
    struct fixture *f = state;
    struct arena a ARENA_AUTO = {0};
    struct notice_item *items;
    size_t n;
    struct slice after = SLICE("");
    strncat(f->got, delivery->notice->feed.p, sizeof f->got - strlen(f->got) - 1);
    f->items = 0;
    f->said[0] = delivery->notice->items;
    f->said[1] = delivery->notice->images;
    do { // page by page
        if (!delivery->items.read(delivery->items.context, after, 2, &a, &items, &n, err))
            return false;
        f->items += n;
        after = n != 0 ? items[n - 1].id : after;
    } while (n != 0);
    *err = f->answer;
    return f->answer.code == ERR_NONE;
}

static const struct target_kind kind = {.name = "test", .deliver = deliver};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    *state = f;
    f->limits = limits_default();
    f->limits.delivery_attempts = 3;
    return opened_store(&f->in, &err) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    int code = opened_close(&f->in);
    arena_free(&f->arena);
    free(f);
    return code;
}

static void put_image(struct fixture *f, const char *name)
{
    struct error err;
    struct digest state = digest_of(SLICE("state"));
    struct stored_layer layer = {.digest = digest_of(SLICE("layer"))};
    struct stored_image image = {.manifest = digest_of(slice_str(name)),
                                 .reference = slice_str(name),
                                 .layers = &layer,
                                 .layers_n = 1,
                                 .indexed = NOW};
    assert_true(store_image_put(&f->in.store, &state, &image, NULL, 0, NULL, &err));
}

static const struct slice flaws[] = {
    SLICE("{\"vulnerability\":\"CVE-1\",\"severity\":\"High\",\"severity_clair\":\"High\"}"),
    SLICE("{\"vulnerability\":\"CVE-2\",\"severity\":\"Low\",\"severity_clair\":\"Low\"}")};

// Of a feed of that name: three items in two images, to the targets "a" and "b".
static bool put(struct fixture *f, const char *feed, const char *segment, const char *before, char uuid[UUID_TEXT])
{
    struct error err;
    struct slice targets[] = {SLICE("a"), SLICE("b")};
    struct digest one = digest_of(SLICE("one")), two = digest_of(SLICE("two"));
    struct slice manifests[] = {digest_slice(&one), digest_slice(&two)};
    const struct new_item items[] = {{0, 0, 0, NOTICE_ADDED}, {1, 0, 0, NOTICE_ADDED}, {1, 1, 0, NOTICE_REMOVED}};
    struct pending_update update = {
        .feed = slice_str(feed), .ref = SLICE("ref"), .segment = digest_of(slice_str(segment)), .updated = NOW - 5};
    if (before != NULL)
        update.notified = digest_of(slice_str(before));
    bool taken = false;
    assert_true(store_make_uuid(uuid, &err));
    const struct new_notification n = {.uuid = slice_str(uuid),
                                       .update = &update,
                                       .made = NOW,
                                       .manifests = manifests,
                                       .images_n = 2,
                                       .flaws = flaws,
                                       .flaws_n = 2,
                                       .items = items,
                                       .items_n = 3,
                                       .held_back = 4,
                                       .targets = targets,
                                       .targets_n = 2};
    if (!store_notification_put(&f->in.store, &n, &taken, &err))
        fail_msg("%s", err.text);
    return taken;
}

static enum queue_outcome step(struct fixture *f, const char *target, bool consumes, int64_t now)
{
    struct error err;
    enum queue_outcome outcome;
    int64_t wait;
    const struct target t = {&kind, target, consumes, f};
    const struct queue q = {&f->in.store, &t, &f->limits, &f->stopping, claim, release, f};
    if (!queue_step(&q, now, &outcome, &wait, &err))
        fail_msg("%s", err.text);
    assert_true(outcome == QUEUE_WAITING ? wait > 0 : wait == 0);
    assert_int_equal(f->claims, 0);
    return outcome;
}

static struct stored_notification get(struct fixture *f, const char *uuid)
{
    struct stored_notification n;
    struct error err;
    bool found;
    assert_true(store_notification_get(&f->in.store, slice_str(uuid), &f->arena, &n, &found, &err));
    assert_true(found);
    return n;
}

static void assert_counts(struct fixture *f, const char *target, unsigned created, unsigned delivered, unsigned failed)
{
    uint64_t counts[DELIVERY_STATES];
    struct error err;
    assert_true(store_delivery_count(&f->in.store, slice_str(target), counts, &err));
    assert_int_equal(created, counts[DELIVERY_CREATED]);
    assert_int_equal(delivered, counts[DELIVERY_DELIVERED]);
    assert_int_equal(failed, counts[DELIVERY_FAILED]);
}

static size_t count_items(struct fixture *f, const char *uuid)
{
    struct stored_notification n = get(f, uuid);
    struct stored_items source = {&f->in.store, &n};
    struct notice_items items = notice_items_of(&source);
    struct notice_item *list;
    struct error err;
    size_t found;
    assert_true(items.read(items.context, SLICE(""), 100, &f->arena, &list, &found, &err));
    return found;
}

// ---- states ---------------------------------------------------------------------------------------------------------

static void test_after(void **state)
{
    struct fixture *f = *state;
    const struct error later = {ERR_NETWORK, "no answer"}, never = {ERR_REFUSED, "401"};
    struct stored_delivery d = {0};
    f->limits.delivery_first_wait_seconds = 10;
    f->limits.delivery_most_wait_seconds = 30;
    f->limits.delivery_attempts = 5;
    static const int64_t waits[] = {10, 20, 30, 30};
    for (size_t i = 0; i < 4; i++) {
        struct stored_delivery soon = d;
        queue_after(&soon, &later, &f->limits, NOW, UINT32_MAX, &f->arena);
        assert_int_equal(NOW + waits[i] / 2, soon.next);
        queue_after(&d, &later, &f->limits, NOW, 0, &f->arena);
        assert_int_equal(DELIVERY_CREATED, d.state);
        assert_int_equal(NOW + waits[i], d.next);
        assert_true(slice_eq(d.error, SLICE("no answer")));
    }
    queue_after(&d, &later, &f->limits, NOW, 0, &f->arena);
    assert_int_equal(DELIVERY_FAILED, d.state);
    d = (struct stored_delivery){0};
    queue_after(&d, &never, &f->limits, NOW, 0, &f->arena);
    assert_int_equal(DELIVERY_FAILED, d.state);
    d = (struct stored_delivery){.error = SLICE("old"), .next = NOW};
    queue_after(&d, NULL, &f->limits, NOW, 0, &f->arena);
    assert_int_equal(DELIVERY_DELIVERED, d.state);
    assert_int_equal(0, d.error.n);
    f->limits.delivery_first_wait_seconds = UINT64_MAX; // nothing overflows
    f->limits.delivery_most_wait_seconds = UINT64_MAX;
    d = (struct stored_delivery){.attempts = 1};
    queue_after(&d, &later, &f->limits, NOW, 0, &f->arena);
    assert_int_equal((int64_t)NOW + INT32_MAX, d.next);
}

static void test_in_order(void **state)
{
    struct fixture *f = *state;
    char first[UUID_TEXT], second[UUID_TEXT];
    put_image(f, "one");
    put_image(f, "two");
    assert_int_equal(QUEUE_EMPTY, step(f, "a", false, NOW));
    assert_true(put(f, "x", "1", NULL, first));
    assert_true(put(f, "y", "1", NULL, second));
    assert_counts(f, "a", 2, 0, 0);
    f->answer = (struct error){ERR_NETWORK, "no answer"};
    assert_int_equal(QUEUE_FAILED, step(f, "a", false, NOW));
    assert_int_equal(QUEUE_WAITING, step(f, "a", false, NOW)); // the second one waits, too
    f->taken = true;
    assert_int_equal(QUEUE_WAITING, step(f, "b", false, NOW)); // somebody else delivers
    f->taken = false;
    assert_string_equal("x", f->got);
    f->answer = (struct error){0};
    assert_int_equal(QUEUE_DELIVERED, step(f, "b", false, NOW)); // other targets do not
    assert_int_equal(QUEUE_DELIVERED, step(f, "b", false, NOW));
    assert_int_equal(QUEUE_EMPTY, step(f, "b", false, NOW));
    assert_string_equal("xxy", f->got);
    assert_int_equal(3, f->items);
    assert_int_equal(QUEUE_DELIVERED, step(f, "a", false, NOW + 1000));
    assert_int_equal(QUEUE_DELIVERED, step(f, "a", false, NOW + 1000));
    assert_string_equal("xxyxy", f->got);
    assert_counts(f, "", 0, 4, 0);
}

static void test_given_up_and_retried(void **state)
{
    struct fixture *f = *state;
    char first[UUID_TEXT], second[UUID_TEXT];
    struct error err;
    uint64_t n;
    put_image(f, "one");
    put(f, "x", "1", NULL, first);
    put(f, "y", "1", NULL, second);
    f->answer = (struct error){ERR_NETWORK, "no answer"};
    assert_int_equal(QUEUE_FAILED, step(f, "a", false, NOW));
    assert_int_equal(QUEUE_FAILED, step(f, "a", false, NOW + 10000));
    assert_int_equal(QUEUE_GIVEN_UP, step(f, "a", false, NOW + 20000));
    assert_counts(f, "a", 1, 0, 1);
    f->answer = (struct error){0};
    assert_int_equal(QUEUE_DELIVERED, step(f, "a", false, NOW + 20000)); // those behind it go on
    assert_string_equal("xxxy", f->got);
    assert_true(store_delivery_retry(&f->in.store, get(f, second).row, NOW, &n, &err));
    assert_int_equal(0, n);
    assert_true(store_delivery_retry(&f->in.store, get(f, first).row, NOW, &n, &err));
    assert_int_equal(1, n);
    assert_int_equal(QUEUE_DELIVERED, step(f, "a", false, NOW + 20000));
    assert_counts(f, "a", 0, 2, 0);
}

static void test_stopping_notes_no_failure(void **state)
{
    struct fixture *f = *state;
    char uuid[UUID_TEXT];
    put_image(f, "one");
    put(f, "x", "1", NULL, uuid);
    f->answer = (struct error){ERR_REFUSED, "broken off"};
    atomic_store(&f->stopping, true);
    assert_int_equal(QUEUE_STOPPED, step(f, "a", false, NOW));
    assert_counts(f, "a", 1, 0, 0);
    f->answer = (struct error){0}; // it came through all the same
    assert_int_equal(QUEUE_DELIVERED, step(f, "a", false, NOW));
    assert_counts(f, "a", 0, 1, 0);
}

// A process that ends between the delivery and its note: another one delivers it again.
static void test_crash_before_the_note(void **state)
{
    struct fixture *f = *state;
    char uuid[UUID_TEXT];
    struct error err;
    put_image(f, "one");
    put(f, "x", "1", NULL, uuid);
    assert_true(db_exec(f->in.store.db,
                        opened_on_server()
                            ? "ALTER TABLE delivery ADD CONSTRAINT crash CHECK (state < 0) NOT VALID"
                            : "CREATE TRIGGER crash BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ABORT, 'crash'); END",
                        &err));
    const struct target t = {&kind, "a", false, f};
    const struct queue q = {&f->in.store, &t, &f->limits, &f->stopping, claim, release, f};
    enum queue_outcome outcome;
    int64_t wait;
    assert_false(queue_step(&q, NOW, &outcome, &wait, &err));
    store_close(&f->in.store);
    assert_true(store_open(&f->in.home, &f->in.store, &err));
    assert_true(db_exec(f->in.store.db,
                        opened_on_server() ? "ALTER TABLE delivery DROP CONSTRAINT crash" : "DROP TRIGGER crash",
                        &err));
    assert_counts(f, "a", 1, 0, 0);
    assert_int_equal(QUEUE_DELIVERED, step(f, "a", false, NOW));
    assert_string_equal("xx", f->got);
}

static void test_consumed(void **state)
{
    struct fixture *f = *state;
    char uuid[UUID_TEXT];
    struct error err;
    uint64_t removed;
    put_image(f, "one");
    put_image(f, "two");
    put(f, "x", "1", NULL, uuid);
    assert_int_equal(QUEUE_DELIVERED, step(f, "a", true, NOW));
    assert_int_equal(NOW, get(f, uuid).deleted);
    assert_true(store_notifications_collect(&f->in.store, 0, &removed, &err)); // "b" is still to have it
    assert_int_equal(3, count_items(f, uuid));
    assert_int_equal(QUEUE_DELIVERED, step(f, "b", true, NOW));
    assert_true(store_notifications_collect(&f->in.store, 0, &removed, &err));
    assert_int_equal(0, count_items(f, uuid));
    assert_int_equal(0, removed);
}

// Images are forgotten while a delivery waits: what is told is what is left, and nothing when nothing is.
static void test_images_are_forgotten(void **state)
{
    struct fixture *f = *state;
    char uuid[UUID_TEXT];
    struct error err;
    bool found;
    struct digest one = digest_of(SLICE("one")), two = digest_of(SLICE("two"));
    put_image(f, "one");
    put_image(f, "two");
    put(f, "x", "1", NULL, uuid);
    f->answer = (struct error){ERR_NETWORK, "no answer"};
    assert_int_equal(QUEUE_FAILED, step(f, "a", false, NOW));
    assert_true(f->items == 3 && f->said[0] == 3 && f->said[1] == 2);
    f->answer = (struct error){0};
    assert_true(store_image_delete(&f->in.store, &two, &found, &err));
    assert_int_equal(QUEUE_DELIVERED, step(f, "b", false, NOW));
    assert_true(f->items == 1 && f->said[0] == 1 && f->said[1] == 1);
    put_image(f, "two"); // indexed anew
    struct stored_notification n = get(f, uuid);
    assert_true(store_notification_left(&f->in.store, &n, &err));
    assert_true(n.items == 3 && n.images == 2);
    assert_true(store_image_delete(&f->in.store, &one, &found, &err) &&
                store_image_delete(&f->in.store, &two, &found, &err));
    assert_int_equal(QUEUE_GONE, step(f, "a", false, NOW + 1000));
    assert_int_equal(QUEUE_EMPTY, step(f, "a", false, NOW + 1000));
    assert_string_equal("xx", f->got);
    assert_counts(f, "", 0, 2, 0);
    assert_true(get(f, uuid).items == 3); // as it was made
}

// ---- what the store keeps -------------------------------------------------------------------------------------------

static void test_once(void **state)
{
    struct fixture *f = *state;
    char uuid[UUID_TEXT];
    put_image(f, "one");
    assert_true(put(f, "x", "1", NULL, uuid));
    assert_false(put(f, "x", "1", NULL, uuid)); // somebody was faster
    assert_false(put(f, "x", "2", NULL, uuid));
    assert_true(put(f, "x", "2", "1", uuid));
    assert_counts(f, "a", 2, 0, 0);
}

static void test_images_that_go(void **state)
{
    struct fixture *f = *state;
    char uuid[UUID_TEXT];
    struct error err;
    bool found;
    struct digest two = digest_of(SLICE("two"));
    put_image(f, "one");
    put_image(f, "two");
    put(f, "x", "1", NULL, uuid);
    assert_int_equal(3, count_items(f, uuid));
    put_image(f, "two"); // indexed anew: the same image
    assert_int_equal(3, count_items(f, uuid));
    assert_true(store_image_delete(&f->in.store, &two, &found, &err) && found);
    assert_int_equal(1, count_items(f, uuid));
}

static void test_retention(void **state)
{
    struct fixture *f = *state;
    char uuid[UUID_TEXT];
    struct error err;
    uint64_t removed;
    bool found;
    struct stored_notification n;
    put_image(f, "one");
    put(f, "x", "1", NULL, uuid);
    assert_true(store_notification_delete(&f->in.store, SLICE("nobody's"), &found, &err) && !found);
    assert_true(store_notifications_collect(&f->in.store, NOW + 1, &removed, &err));
    assert_int_equal(0, removed); // it is to be delivered
    step(f, "a", false, NOW);
    step(f, "b", false, NOW);
    assert_true(store_notifications_collect(&f->in.store, NOW, &removed, &err));
    assert_int_equal(0, removed); // it is not old enough
    assert_true(store_notifications_collect(&f->in.store, NOW + 1, &removed, &err));
    assert_int_equal(1, removed);
    assert_true(store_notification_get(&f->in.store, slice_str(uuid), &f->arena, &n, &found, &err));
    assert_false(found);
    assert_counts(f, "", 0, 0, 0);
}

static void test_item_ids(void **state)
{
    char first[UUID_TEXT], later[UUID_TEXT];
    struct slice uuid = SLICE("f94debb3-a45b-4243-b1f6-b1668cb3ea2c");
    (void)state;
    notice_item_id(uuid, 0, first);
    notice_item_id(uuid, 0xabcdef, later);
    assert_string_equal("f94debb3-a45b-8243-81f6-b16600000000", first);
    assert_string_equal("f94debb3-a45b-8243-81f6-b16600abcdef", later);
    assert_int_equal(0, notice_item_behind(uuid, SLICE("")));
    assert_int_equal(0, notice_item_behind(uuid, SLICE("00000000-0000-0000-0000-000000000000")));
    assert_int_equal(1, notice_item_behind(uuid, slice_str(first)));
    assert_int_equal(0xabcdf0, notice_item_behind(uuid, slice_str(later)));
    assert_true(notice_item_behind(uuid, SLICE("ffffffff-ffff-ffff-ffff-ffffffffffff")) == UINT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_after),
        TEST(test_in_order),
        TEST(test_given_up_and_retried),
        TEST(test_stopping_notes_no_failure),
        TEST(test_crash_before_the_note),
        TEST(test_consumed),
        TEST(test_images_are_forgotten),
        TEST(test_once),
        TEST(test_images_that_go),
        TEST(test_retention),
        cmocka_unit_test(test_item_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
