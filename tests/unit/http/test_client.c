// One client for many threads: how many requests are under way at once, bodies that wait for their reader or are left
// in the middle, and what goes to whom.
#include "http/client.h"

#include "http_test.h"

#define THREADS 24

struct fixture {
    struct server server;
    struct limits limits;
    struct address_rules allow;
    struct http_client *client;
    struct error err;
    // What the server saw.
    atomic_int now, most, requests;
    atomic_int failures; // answers that are 503, before the others
};

static struct slice body_of_size(size_t n)
{
    char *bytes = arena_alloc(&arena, n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(i * 7);
    return slice_of(bytes, n);
}

static struct slice big;

static bool answer(int client, struct slice request, void *context)
{
    struct fixture *f = context;
    int now = atomic_fetch_add(&f->now, 1) + 1, most = atomic_load(&f->most);
    char head[128];
    bool more = true;
    atomic_fetch_add(&f->requests, 1);
    while (now > most && !atomic_compare_exchange_weak(&f->most, &most, now))
        ;
    if (atomic_fetch_sub(&f->failures, 1) > 0) {
        more = say(client, SLICE("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"));
    } else if (slice_find_slice(request, SLICE("GET /big")) >= 0) {
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", big.n);
        more = say(client, slice_str(head)) && say(client, big);
    } else {
        usleep(20000);
        // Counted down before the last byte: who has it all may ask again at once.
        more = say(client, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhell"));
        atomic_fetch_sub(&f->now, 1);
        return more && say(client, SLICE("o"));
    }
    atomic_fetch_sub(&f->now, 1);
    return more;
}

static int fixture_new(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->limits = limits_default();
    f->limits.fetch_connections = 8;
    f->limits.fetch_host_connections = 3;
    server_start(&f->server, answer, f);
    struct http_options options = {.limits = &f->limits, .first_wait = 0.01};
    f->client = http_client_new(&options);
    *state = f;
    return address_rules_add(&f->allow, &arena, SLICE("127.0.0.0/8"), &f->err) ? 0 : -1;
}

static int fixture_free(void **state)
{
    struct fixture *f = *state;
    http_client_free(&f->client);
    server_stop(&f->server);
    free(f);
    return 0;
}

static bool get(struct fixture *f, const char *host, const char *path, struct arena *a, struct http_answer *answer,
                struct error *err)
{
    struct http_request request = {.url = arena_printf(a, "http://%s:%u%s", host, f->server.port, path),
                                   .allow = &f->allow};
    return http_send(f->client, &request, a, answer, err);
}

struct asker {
    struct fixture *f;
    const char *host;
    bool fine;
};

static void *ask_some(void *argument)
{
    struct asker *asker = argument;
    struct arena a ARENA_AUTO = {0};
    asker->fine = true;
    for (int i = 0; i < 5 && asker->fine; i++) {
        struct http_answer got;
        struct error err;
        struct buf body BUF_AUTO = {0};
        asker->fine = get(asker->f, asker->host, "/", &a, &got, &err) && got.status == 200 &&
                      reader_read_all(got.body, &body, 100, "it", &err) && slice_eq(buf_slice(&body), SLICE("hello"));
        reader_close(&got.body);
    }
    return NULL;
}

static void ask_by_threads(struct fixture *f, size_t hosts)
{
    static const char *const names[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"};
    pthread_t threads[THREADS];
    struct asker askers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){f, names[i % hosts], false};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_some, &askers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(askers[i].fine);
    }
    assert_int_equal(atomic_load(&f->requests), THREADS * 5);
}

static void test_at_most_so_many_to_one_host(void **state)
{
    struct fixture *f = *state;
    ask_by_threads(f, 1);
    assert_int_equal(atomic_load(&f->most), 3);
}

// The server listens on one of the loopback addresses only, so that the others are other hosts that refuse.
static void test_one_busy_host_holds_up_no_other(void **state)
{
    struct fixture *f = *state;
    struct http_answer held[3], other;
    struct error err;
    for (size_t i = 0; i < 3; i++)
        assert_true(get(f, "127.0.0.1", "/big", &arena, &held[i], &err));
    assert_false(get(f, "127.0.0.2", "/", &arena, &other, &err));
    assert_int_equal(err.code, ERR_NETWORK);
    for (size_t i = 0; i < 3; i++)
        reader_close(&held[i].body);
    assert_true(get(f, "127.0.0.1", "/", &arena, &other, &err));
    http_answer_drop(&other);
}

static void test_a_body_waits_for_its_reader(void **state)
{
    struct fixture *f = *state;
    struct http_answer slow, fast;
    struct buf body BUF_AUTO = {0};
    struct error err;
    assert_true(get(f, "127.0.0.1", "/big", &arena, &slow, &err));
    assert_int_equal(slow.length, big.n);
    for (int i = 0; i < 10; i++) {
        assert_true(get(f, "127.0.0.1", "/", &arena, &fast, &err));
        http_answer_drop(&fast);
    }
    assert_true(reader_read_all(slow.body, &body, big.n, "it", &err));
    assert_true(slice_eq(buf_slice(&body), big));
    reader_close(&slow.body);
}

// Waiting for its reader, a body is not slow.
static void test_a_body_that_waits_is_not_given_up(void **state)
{
    struct fixture *f = *state;
    struct limits hasty = f->limits;
    hasty.fetch_slow_seconds = 1;
    struct http_options options = {.limits = &hasty};
    struct http_client *client HTTP_CLIENT_AUTO = http_client_new(&options);
    struct http_request request = {.url = arena_printf(&arena, "http://127.0.0.1:%u/big", f->server.port),
                                   .allow = &f->allow};
    struct http_answer got;
    struct buf body BUF_AUTO = {0};
    struct error err;
    assert_true(http_send(client, &request, &arena, &got, &err));
    usleep(3500000);
    if (!reader_read_all(got.body, &body, big.n, "it", &err))
        fail_msg("%s", err.text);
    assert_true(slice_eq(buf_slice(&body), big));
    reader_close(&got.body);
}

static void test_bodies_left_in_the_middle(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        struct http_answer got;
        struct slice chunk;
        struct error err;
        assert_true(get(f, "127.0.0.1", "/big", &arena, &got, &err));
        assert_true(i % 2 == 0 || reader_next(got.body, &chunk, &err));
        reader_close(&got.body);
    }
}

static void test_tries(void **state)
{
    struct fixture *f = *state;
    struct http_answer got;
    struct error err;
    atomic_store(&f->failures, 3);
    assert_true(get(f, "127.0.0.1", "/", &arena, &got, &err));
    http_answer_drop(&got);
    assert_int_equal(atomic_load(&f->requests), 4);
    atomic_store(&f->failures, 100);
    assert_false(get(f, "127.0.0.1", "/?signature=s3cret", &arena, &got, &err));
    assert_int_equal(atomic_load(&f->requests), 8);
    assert_non_null(strstr(err.text, "after 4 tries: http://127.0.0.1"));
    assert_non_null(strstr(err.text, "503"));
    assert_null(strstr(err.text, "s3cret"));
    struct http_request once = {
        .url = arena_printf(&arena, "http://127.0.0.1:%u/", f->server.port), .allow = &f->allow, .once = true};
    assert_true(http_send(f->client, &once, &arena, &got, &err));
    assert_int_equal(got.status, 503);
    http_answer_drop(&got);
}

static void test_refused_addresses(void **state)
{
    struct fixture *f = *state;
    struct http_answer got;
    struct error err;
    const char *url = arena_printf(&arena, "http://127.0.0.1:%u/", f->server.port).p;
    struct http_request request = {.url = slice_str(url)};
    assert_false(http_send(f->client, &request, &arena, &got, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    // Also over a connection that another's rules let stand.
    assert_true(get(f, "127.0.0.1", "/", &arena, &got, &err));
    http_answer_drop(&got);
    assert_false(http_send(f->client, &request, &arena, &got, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_non_null(strstr(err.text, "add \"127.0.0.1\" to indexer.fetch.allow"));
    assert_int_equal(atomic_load(&f->requests), 1);
}

static void test_headers_that_cannot_be_sent(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[][2] = {
        {"A", "x\r\nB: y"}, {"Host", "x"}, {"A: b\r\nC", "x"}, {"", "x"}, {"A\n", "x"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct secret *value SECRET_AUTO = secret_new(slice_str(wrong[i][1]));
        struct http_header header = {slice_str(wrong[i][0]), value};
        struct http_request request = {.url = arena_printf(&arena, "http://127.0.0.1:%u/", f->server.port),
                                       .allow = &f->allow,
                                       .headers = &header,
                                       .headers_n = 1};
        struct http_answer got;
        struct error err;
        assert_false(http_send(f->client, &request, &arena, &got, &err));
        assert_int_equal(err.code, ERR_FORMAT);
    }
    assert_int_equal(atomic_load(&f->requests), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_most_so_many_to_one_host, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_one_busy_host_holds_up_no_other, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_a_body_waits_for_its_reader, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_a_body_that_waits_is_not_given_up, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_bodies_left_in_the_middle, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_tries, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_refused_addresses, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_headers_that_cannot_be_sent, fixture_new, fixture_free),
    };
    big = body_of_size(4 * MIB);
    int failed = cmocka_run_group_tests_name("client", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
