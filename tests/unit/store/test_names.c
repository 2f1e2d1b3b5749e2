// Names of images: tags that move and go, what comes late or twice, and the queue of events.
#include "base/clock.h"
#include "store/event_queue.h"
#include "store/leases.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

#include "opened.h"

#define REPOSITORY "r.example/team/app"

struct fixture {
    struct opened in;
    struct limits limits;
    struct arena arena;
};

static int open_store(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    *state = f;
    f->limits = limits_default();
    return opened_store(&f->in, &err) ? 0 : -1;
}

static int close_store(void **state)
{
    struct fixture *f = *state;
    int code = opened_close(&f->in);
    arena_free(&f->arena);
    free(f);
    return code;
}

static void push(struct fixture *f, const char *tag, const char *content, int64_t at)
{
    struct error err;
    const struct name_push p = {SLICE(REPOSITORY), slice_str(tag), digest_of(slice_str(content)), at};
    if (!store_name_put(&f->in.store, &p, NULL, 0, f->limits.tag_history, &err))
        fail_msg("%s", err.text);
}

static void gone(struct fixture *f, const char *tag, const char *content, int64_t at)
{
    struct error err;
    struct event_step step = {.deleted = true,
                              .gone = {.repository = SLICE(REPOSITORY), .tag = slice_str(tag), .at = at}};
    size_t queued;
    if (content != NULL)
        step.gone.manifest = digest_of(slice_str(content));
    if (!store_event_accept(&f->in.store, &step, 1, &f->limits, &queued, &err))
        fail_msg("%s", err.text);
}

// "1 2 (3)": the tags of an image, those that it had in parentheses; "@": it is there without one.
static void names_are(struct fixture *f, const char *content, const char *expected)
{
    struct error err;
    struct image_name *names;
    size_t n;
    char text[256] = "";
    struct digest digest = digest_of(slice_str(content));
    if (!store_image_names(&f->in.store, &digest, &f->arena, &names, &n, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++) {
        const struct image_name *name = &names[i];
        size_t used = strlen(text);
        assert_true(slice_eq(name->repository, SLICE(REPOSITORY)));
        if (name->tag.n == 0)
            snprintf(text + used, sizeof text - used, "%s@", i != 0 ? " " : "");
        else
            snprintf(text + used, sizeof text - used, name->until == 0 ? "%s%.*s" : "%s(%.*s)", i != 0 ? " " : "",
                     SLICE_ARG(name->tag));
    }
    assert_string_equal(text, expected);
}

static void moves(void **state)
{
    struct fixture *f = *state;
    push(f, "1", "a", 10);
    push(f, "latest", "a", 20);
    names_are(f, "a", "1 latest");
    push(f, "latest", "b", 30);
    names_are(f, "a", "1 (latest)");
    names_are(f, "b", "latest");
    push(f, "latest", "a", 25); // late
    push(f, "latest", "b", 30); // again
    names_are(f, "b", "latest");
    push(f, "latest", "a", 40);
    names_are(f, "a", "1 latest (latest)");
    names_are(f, "b", "@ (latest)");
    push(f, "", "c", 50);
    names_are(f, "c", "@");
}

static void goes(void **state)
{
    struct fixture *f = *state;
    push(f, "1", "a", 10);
    push(f, "2", "a", 10);
    gone(f, "1", NULL, 5); // it was pushed since
    names_are(f, "a", "1 2");
    gone(f, "1", NULL, 15);
    names_are(f, "a", "2 (1)");
    push(f, "1", "a", 12); // told late: it has been deleted since
    names_are(f, "a", "2 (1)");
    gone(f, "", "a", 20);
    names_are(f, "a", "(1) (2)");
    push(f, "2", "a", 30);
    push(f, "3", "b", 30);
    gone(f, "", NULL, 40);
    names_are(f, "a", "(1) (2) (2)");
    names_are(f, "b", "(3)");
    gone(f, "9", NULL, 50); // never there
    push(f, "2", "b", 0);   // somebody saw it there
    names_are(f, "b", "2 (3)");
    push(f, "2", "a", 1); // any push that is told counts after that
    names_are(f, "a", "2 (1) (2) (2)");
}

static void forgets_old_places(void **state)
{
    struct fixture *f = *state;
    f->limits.tag_history = 2;
    for (int i = 0; i < 6; i++) {
        char content[8];
        snprintf(content, sizeof content, "%d", i);
        push(f, "latest", content, 10 + i);
    }
    names_are(f, "5", "latest");
    names_are(f, "4", "@ (latest)");
    names_are(f, "3", "@ (latest)");
    names_are(f, "2", "@");
}

static void leads_to_members(void **state)
{
    struct fixture *f = *state;
    struct error err;
    const struct name_member members[] = {{digest_of(SLICE("amd64")), SLICE("linux/amd64")},
                                          {digest_of(SLICE("arm64")), SLICE("linux/arm64")}};
    const struct name_push p = {SLICE(REPOSITORY), SLICE("1"), digest_of(SLICE("index")), 10};
    assert_true(store_name_put(&f->in.store, &p, members, 2, 10, &err));
    assert_true(store_index_members(&f->in.store, &p.manifest, members, 2, &err)); // again is no harm
    names_are(f, "amd64", "1");
    names_are(f, "arm64", "1");
    gone(f, "", "index", 20);
    names_are(f, "arm64", "(1)");
}

// ---- the list -------------------------------------------------------------------------------------------------------

static void put_image(struct fixture *f, const char *digest, const char *reference)
{
    struct error err;
    struct stored_image image = {.reference = slice_str(reference), .kind = SLICE("registry"), .indexed = 1};
    const struct digest state = digest_of(SLICE("state"));
    assert_true(digest_parse(slice_str(digest), &image.manifest, &err));
    assert_true(digest_parse(slice_str(digest), &image.config, &err));
    assert_true(store_image_put(&f->in.store, &state, &image, NULL, 0, NULL, &err));
}

#define REST30 "000000000000000000000000000000"
#define REST60 REST30 REST30

// Three images, and the index that the third is of.
static const char *const listed[] = {"sha256:1234" REST60, "sha256:12f0" REST60, "sha512:12ff" REST60 REST60 "0000"};
static const char listed_index[] = "sha256:abcd" REST60;

static void lists(void **state)
{
    struct fixture *f = *state;
    struct error err;
    static const struct {
        const char *repository, *tag;
        uint64_t most;
        int after; // as an index into `listed`; -1: from the start
        const char *images;
    } cases[] = {
        {"", "", 9, -1, "012"},       {"", "", 1, -1, "0"},          {"", "", 9, 0, "12"},
        {"", "", 9, 2, ""},           {"", "1", 9, -1, "2"},         {"", "2", 9, -1, ""},
        {REPOSITORY, "", 9, -1, "2"}, {REPOSITORY, "1", 9, -1, "2"}, {REPOSITORY, "2", 9, -1, ""},
    };
    put_image(f, listed[0], "oci:first");
    put_image(f, listed[1], "oci:second");
    put_image(f, listed[2], "oci:third");
    struct name_member member = {.platform = SLICE("linux/amd64")};
    struct name_push p = {.repository = SLICE(REPOSITORY), .tag = SLICE("1"), .pushed = 10};
    assert_true(digest_parse(slice_str(listed[2]), &member.manifest, &err));
    assert_true(digest_parse(slice_str(listed_index), &p.manifest, &err));
    assert_true(store_name_put(&f->in.store, &p, &member, 1, 10, &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image_query query = {
            .repository = slice_str(cases[i].repository), .tag = slice_str(cases[i].tag), .most = cases[i].most};
        struct listed_image *images;
        size_t n;
        char found[8] = "";
        if (cases[i].after >= 0)
            assert_true(digest_parse(slice_str(listed[cases[i].after]), &query.after, &err));
        if (!store_image_list(&f->in.store, &query, &f->arena, &images, &n, &err))
            fail_msg("%s", err.text);
        for (size_t k = 0; k < n; k++)
            for (size_t l = 0; l < sizeof listed / sizeof listed[0]; l++)
                if (strcmp(images[k].manifest.text, listed[l]) == 0)
                    found[strlen(found)] = (char)('0' + l);
        if (strcmp(found, cases[i].images) != 0)
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, found, cases[i].images);
    }
}

// ---- the queue ------------------------------------------------------------------------------------------------------

static struct event_step told(const char *id, const char *repository, const char *content)
{
    return (struct event_step){.event = {.form = SLICE("distribution"),
                                         .sender_id = slice_str(id),
                                         .repository = slice_str(repository),
                                         .tag = SLICE("1"),
                                         .manifest = digest_of(slice_str(content)),
                                         .pushed = 10}};
}

// The next one, for this process; an id of 0 when there is none.
static struct queued_event next(struct fixture *f, int64_t now, int64_t *due)
{
    struct queued_event e = {0};
    struct error err;
    bool found;
    if (!store_event_next(&f->in.store, now, &f->arena, &e, &found, due, &err))
        fail_msg("%s", err.text);
    return found ? e : (struct queued_event){0};
}

static void queues(void **state)
{
    struct fixture *f = *state;
    struct error err;
    size_t queued, n;
    int64_t due;
    const struct event_step steps[] = {told("1", "r/a", "a"), told("2", "r/b", "b"), told("1", "r/a", "c"),
                                       told("", "r/b", "b"), told("3", "r/a", "d")};
    assert_true(store_event_accept(&f->in.store, steps, 5, &f->limits, &queued, &err));
    assert_int_equal(queued, 3);
    int64_t now = clock_now(); // not before: they are due from the second on in which they were accepted
    struct queued_event a = next(f, now, &due), b = next(f, now, &due);
    assert_true(slice_eq(a.repository, SLICE("r/a")) && digest_eq(&a.manifest, &steps[0].event.manifest));
    assert_true(slice_eq(b.repository, SLICE("r/b")));
    assert_true(store_event_retry(&f->in.store, b.id, now + 100, SLICE("why"), &err));
    assert_int_equal(next(f, now, &due).id, 0); // somebody works on r/a
    assert_true(due > now && due <= now + LEASE_SECONDS + 2);
    assert_true(store_event_release(&f->in.store, a.id, &err));
    assert_int_equal(next(f, now, &due).id, a.id);
    assert_true(store_event_end(&f->in.store, a.id, "done", SLICE(""), &f->limits, &err));
    struct queued_event second = next(f, now, &due);
    assert_true(digest_eq(&second.manifest, &steps[4].event.manifest));
    assert_true(store_event_end(&f->in.store, second.id, "done", SLICE(""), &f->limits, &err));
    assert_int_equal(next(f, now, &due).id, 0);
    assert_int_equal(due, now + 100);
    // Known by its sender's id although it has ended.
    assert_true(store_event_accept(&f->in.store, steps, 1, &f->limits, &queued, &err));
    assert_int_equal(queued, 0);
    struct queued_event *list;
    assert_true(store_event_list(&f->in.store, SLICE(""), 0, 10, &f->arena, &list, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(list[0].tries, 1);
    assert_true(slice_eq(list[0].reason, SLICE("why")));
}

// Who has taken one and is heard of no more has it no longer; who says that it works on it does.
static void taken_over(void **state)
{
    struct fixture *f = *state;
    struct error err;
    size_t queued;
    int64_t due, now = clock_now();
    const struct event_step step = told("1", "r/a", "a");
    struct opened other = f->in;
    assert_true(store_home_make(f->in.folder, slice_str(f->in.url), 0, &other.home, &err));
    assert_true(store_open(&other.home, &other.store, &err));
    assert_true(store_event_accept(&f->in.store, &step, 1, &f->limits, &queued, &err));
    struct queued_event e = next(f, now, &due);
    struct fixture g = {.in = other};
    g.in.store.home = &g.in.home;
    assert_int_equal(next(&g, now, &due).id, 0);
    assert_true(db_run(f->in.store.db, &err, "UPDATE event SET until = ?1", db_int(1)));
    struct worked_on ours = {.events = {&e.id, 1, 1}}, others = {.events = {&(int64_t){e.id + 1}, 1, 1}};
    assert_true(store_leases_renew(&f->in.store, &ours, &err));
    assert_int_equal(next(&g, now, &due).id, 0);
    assert_true(db_run(f->in.store.db, &err, "UPDATE event SET until = ?1", db_int(1)));
    assert_true(store_leases_renew(&f->in.store, &others, &err)); // whatever else the process works on
    assert_int_equal(next(&g, now, &due).id, e.id);
    // It is not ours any more: without effect.
    assert_true(store_leases_renew(&f->in.store, &ours, &err));
    assert_true(store_event_release(&f->in.store, e.id, &err));
    assert_true(store_event_retry(&f->in.store, e.id, now, SLICE("why"), &err));
    assert_true(store_event_end(&f->in.store, e.id, "failed", SLICE("why"), &f->limits, &err));
    assert_int_equal(next(f, now, &due).id, 0);
    assert_true(store_event_end(&g.in.store, e.id, "done", SLICE(""), &f->limits, &err));
    uint64_t done = 0;
    assert_true(store_event_count(&f->in.store, "done", &done, &err));
    assert_int_equal(done, 1);
    arena_free(&g.arena);
    store_close(&g.in.store);
    store_home_free(&g.in.home);
}

static void leases(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct store_home home;
    struct store other;
    const struct slice x = SLICE("layer x");
    bool got;
    assert_true(store_home_make(f->in.folder, slice_str(f->in.url), 0, &home, &err));
    assert_true(store_open(&home, &other, &err));
    assert_true(store_lease_take(&f->in.store, x, &got, &err) && got);
    assert_true(store_lease_take(&other, x, &got, &err) && !got);
    assert_true(store_leases_drop(&other, &x, 1, &err));
    assert_true(store_lease_take(&other, x, &got, &err) && !got);
    assert_true(store_leases_drop(&f->in.store, &x, 1, &err));
    assert_true(store_lease_take(&other, x, &got, &err) && got);
    assert_true(db_run(other.db, &err, "UPDATE shared_lease SET until = ?1", db_int(1)));
    assert_true(store_lease_take(&f->in.store, x, &got, &err) && got);
    store_close(&other);
    store_home_free(&home);
}

#define RACERS 4
#define PUSHES 60

struct racer {
    struct fixture *f;
    pthread_t thread;
    int64_t done[PUSHES];
    size_t n;
    struct error err;
};

static atomic_uint working[5]; // by repository

static void *race(void *argument)
{
    struct racer *r = argument;
    struct store_home home;
    struct store store = {0};
    struct arena a = {0};
    struct queued_event e;
    bool found = true;
    int64_t due = 0;
    bool ok = store_home_make(r->f->in.folder, slice_str(r->f->in.url), 0, &home, &r->err) &&
              store_open(&home, &store, &r->err);
    while (ok && (found || due != INT64_MAX)) {
        ok = store_event_next(&store, clock_now(), &a, &e, &found, &due, &r->err);
        if (!ok || !found) {
            usleep(1000);
            continue;
        }
        atomic_uint *here = &working[e.repository.p[2] - 'a'];
        ok = atomic_fetch_add(here, 1) == 0 || error_set(&r->err, ERR_USAGE, "two work on one repository");
        usleep(500);
        atomic_fetch_sub(here, 1);
        r->done[r->n++] = e.id;
        ok = ok && store_event_end(&store, e.id, "done", SLICE(""), &r->f->limits, &r->err);
    }
    arena_free(&a);
    store_close(&store);
    store_home_free(&home);
    return NULL;
}

// Several processes work a queue off: each event once, those of a repository one after the other.
static void worked_off_by_many(void **state)
{
    struct fixture *f = *state;
    struct racer racers[RACERS] = {0};
    struct error err;
    size_t queued, sum = 0;
    bool seen[PUSHES + 1] = {0};
    for (int i = 0; i < PUSHES; i++) {
        char id[16], repository[8];
        snprintf(id, sizeof id, "%d", i);
        snprintf(repository, sizeof repository, "r/%c", 'a' + i % 5);
        const struct event_step step = told(id, repository, id);
        assert_true(store_event_accept(&f->in.store, &step, 1, &f->limits, &queued, &err));
    }
    for (size_t i = 0; i < RACERS; i++) {
        racers[i].f = f;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        if (racers[i].err.code != ERR_NONE)
            fail_msg("%s", racers[i].err.text);
        for (size_t k = 0; k < racers[i].n; k++) {
            assert_false(seen[racers[i].done[k]]);
            seen[racers[i].done[k]] = true;
        }
        sum += racers[i].n;
    }
    assert_int_equal(sum, PUSHES);
}

// One that was put off comes when its time has come: behind those that have waited for longer, whatever came first.
static void those_that_wait_longest_come_first(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct queued_event e;
    size_t queued;
    int64_t due, now = clock_now();
    const struct event_step steps[] = {told("1", "r/a", "a"), told("2", "r/b", "b"), told("3", "r/c", "c")};
    const char *const order[] = {"r/b", "r/c", "r/a"};
    assert_true(store_event_accept(&f->in.store, steps, 3, &f->limits, &queued, &err));
    e = next(f, now, &due);
    assert_true(slice_eq(e.repository, SLICE("r/a")));
    assert_true(store_event_retry(&f->in.store, e.id, now + 10, SLICE("why"), &err));
    for (size_t i = 0; i < 3; i++) {
        e = next(f, now + 10, &due);
        assert_true(slice_eq(e.repository, slice_str(order[i])));
        assert_true(store_event_end(&f->in.store, e.id, "done", SLICE(""), &f->limits, &err));
    }
    assert_int_equal(next(f, now + 10, &due).id, 0);
    assert_int_equal(due, INT64_MAX);
}

static void queue_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct error err;
    size_t queued;
    uint64_t n;
    const struct event_step steps[] = {told("1", "r/a", "a"), told("2", "r/b", "b")};
    f->limits.event_queue = 1;
    assert_false(store_event_accept(&f->in.store, steps, 2, &f->limits, &queued, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "event_queue"));
    assert_true(store_event_count(&f->in.store, "waiting", &n, &err));
    assert_int_equal(n, 0); // nothing of it
    f->limits.event_queue = 100;
    f->limits.event_history = 3;
    for (int i = 0; i < 10; i++) {
        int64_t due;
        char id[8];
        snprintf(id, sizeof id, "%d", i);
        const struct event_step step = told(id, "r/a", id);
        assert_true(store_event_accept(&f->in.store, &step, 1, &f->limits, &queued, &err));
        struct queued_event e = next(f, clock_now(), &due);
        assert_true(e.id != 0);
        assert_true(store_event_end(&f->in.store, e.id, "failed", SLICE("why"), &f->limits, &err));
    }
    assert_true(store_event_count(&f->in.store, "failed", &n, &err));
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(moves, open_store, close_store),
        cmocka_unit_test_setup_teardown(goes, open_store, close_store),
        cmocka_unit_test_setup_teardown(forgets_old_places, open_store, close_store),
        cmocka_unit_test_setup_teardown(leads_to_members, open_store, close_store),
        cmocka_unit_test_setup_teardown(lists, open_store, close_store),
        cmocka_unit_test_setup_teardown(queues, open_store, close_store),
        cmocka_unit_test_setup_teardown(taken_over, open_store, close_store),
        cmocka_unit_test_setup_teardown(leases, open_store, close_store),
        cmocka_unit_test_setup_teardown(worked_off_by_many, open_store, close_store),
        cmocka_unit_test_setup_teardown(those_that_wait_longest_come_first, open_store, close_store),
        cmocka_unit_test_setup_teardown(queue_is_bounded, open_store, close_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
