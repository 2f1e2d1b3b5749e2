// Images whose layers a client names by URI: what is asked for, with which headers, and what becomes of broken bodies.
#include "image/remote.h"

#include "../http/http_test.h"

#define SIZE ((size_t)3 * 1024 * 1024)

struct fixture {
    struct server server;
    struct limits limits;
    struct address_rules allow;
    struct http_client *client;
    struct image image;
    pthread_mutex_t lock;
    struct buf asked; // the requests' headers, one after the other
    int cuts;         // answers that end early, before the others
    bool changes;     // each answer has another ETag
};

static char bytes[SIZE];

static bool answer(int client, struct slice request, void *context)
{
    struct fixture *f = context;
    char head[512];
    unsigned long from = 0;
    pthread_mutex_lock(&f->lock);
    buf_add(&f->asked, request);
    bool cut = f->cuts-- > 0;
    int tag = f->changes ? f->cuts : 0;
    pthread_mutex_unlock(&f->lock);
    if (slice_find_slice(request, SLICE("GET /gone")) >= 0)
        return say(client, SLICE("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    if (slice_find_slice(request, SLICE("GET /moved")) >= 0) {
        snprintf(head, sizeof head,
                 "HTTP/1.1 302 Found\r\nLocation: http://localhost:%u/layer\r\nContent-Length: 0\r\n\r\n",
                 f->server.port);
        return say(client, slice_str(head));
    }
    ptrdiff_t range = slice_find_slice(request, SLICE("Range: bytes="));
    char if_range[64];
    snprintf(if_range, sizeof if_range, "If-Range: \"t%d\"", tag);
    if (range >= 0 && slice_find_slice(request, slice_str(if_range)) >= 0)
        from = strtoul(request.p + range + 13, NULL, 10);
    snprintf(head, sizeof head,
             "HTTP/1.1 %s\r\nETag: \"t%d\"\r\nContent-Range: bytes %lu-%zu/%zu\r\nContent-Length: %zu\r\n\r\n",
             from != 0 ? "206 Partial Content" : "200 OK", tag, from, SIZE - 1, SIZE, SIZE - from);
    size_t sent = cut ? (SIZE - from) / 2 : SIZE - from;
    return say(client, slice_str(head)) && say(client, slice_of(bytes + from, sent)) && !cut;
}

static int fixture_new(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    f->limits = limits_default();
    pthread_mutex_init(&f->lock, NULL);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * i >> 7);
    server_start(&f->server, answer, f);
    struct http_options options = {.limits = &f->limits, .first_wait = 0.01};
    f->client = http_client_new(&options);
    *state = f;
    return address_rules_add(&f->allow, &arena, SLICE("127.0.0.1"), &err) ? 0 : -1;
}

static int fixture_free(void **state)
{
    struct fixture *f = *state;
    image_close(&f->image);
    http_client_free(&f->client);
    server_stop(&f->server);
    pthread_mutex_destroy(&f->lock);
    buf_free(&f->asked);
    free(f);
    arena_free(&arena);
    return 0;
}

static struct slice uri(const struct fixture *f, const char *path)
{
    return arena_printf(&arena, "http://127.0.0.1:%u%s", f->server.port, path);
}

static void open_image(struct fixture *f, const struct address_rules *allow, const struct remote_layer *layer)
{
    struct error err;
    struct digest manifest = digest_of(SLICE("x"));
    if (!remote_image(f->client, allow, &f->limits, &manifest, layer, 1, &arena, &f->image, &err))
        fail_msg("%s", err.text);
}

static bool read_layer(struct fixture *f, struct error *err)
{
    struct digest digest, expected = digest_of(slice_of(bytes, SIZE));
    uint64_t n;
    struct reader *r READER_AUTO = image_open_layer(&f->image, 0, err);
    if (r == NULL || !digest_reader(r, &expected, &digest, &n, err))
        return false;
    assert_int_equal(n, SIZE);
    assert_true(digest_eq(&digest, &expected));
    return true;
}

static size_t count(struct fixture *f, const char *what)
{
    size_t n = 0;
    struct slice rest = buf_slice(&f->asked);
    for (ptrdiff_t at; (at = slice_find_slice(rest, slice_str(what))) >= 0; n++)
        rest = slice_from(rest, (size_t)at + 1);
    return n;
}

static void test_headers_stay_with_their_origin(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct secret *token SECRET_AUTO = secret_new(SLICE("Bearer t0ken")), *empty SECRET_AUTO = secret_new(SLICE(""));
    struct http_header headers[] = {{SLICE("Authorization"), token}, {SLICE("X-Empty"), empty}};
    struct remote_layer layer = {digest_of(slice_of(bytes, SIZE)), uri(f, "/moved"), headers, 2};
    address_rules_add(&f->allow, &arena, SLICE("localhost"), &err);
    open_image(f, &f->allow, &layer);
    if (!read_layer(f, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count(f, "GET /"), 2);
    assert_int_equal(count(f, "Authorization: Bearer t0ken"), 1);
    assert_int_equal(count(f, "X-Empty:\r\n"), 1);
    assert_true(slice_find_slice(buf_slice(&f->asked), SLICE("t0ken")) <
                slice_find_slice(buf_slice(&f->asked), SLICE("GET /layer")));
}

static void test_broken_bodies_are_carried_on(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct remote_layer layer = {digest_of(slice_of(bytes, SIZE)), uri(f, "/layer"), NULL, 0};
    f->cuts = 3;
    open_image(f, &f->allow, &layer);
    if (!read_layer(f, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count(f, "If-Range: \"t0\""), 3);
    assert_int_equal(count(f, "Range: bytes=1572864-"), 1);
}

// Another state of the file: its whole is sent, and what was read is passed over. That these are other bytes is for the
// digest to tell.
static void test_a_file_that_changes(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct remote_layer layer = {digest_of(slice_of(bytes, SIZE)), uri(f, "/layer"), NULL, 0};
    f->cuts = 1;
    f->changes = true;
    open_image(f, &f->allow, &layer);
    if (!read_layer(f, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count(f, "GET /"), 2);
}

static void test_failures(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct digest manifest = digest_of(SLICE("x"));
    struct remote_layer layer = {manifest, uri(f, "/gone?signature=s3cret"), NULL, 0};
    open_image(f, &f->allow, &layer);
    assert_false(read_layer(f, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_null(strstr(err.text, "s3cret"));
    open_image(f, NULL, &layer);
    assert_false(read_layer(f, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    layer.uri = SLICE("file:///etc/passwd");
    open_image(f, &f->allow, &layer);
    assert_false(read_layer(f, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    f->limits.manifest_layers = 0;
    assert_false(remote_image(f->client, NULL, &f->limits, &manifest, &layer, 1, &arena, &f->image, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_too_large(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct remote_layer layer = {digest_of(slice_of(bytes, SIZE)), uri(f, "/layer"), NULL, 0};
    struct limits small = f->limits;
    small.fetch_layer_bytes = 1 * MIB;
    struct http_options options = {.limits = &small};
    struct http_client *client HTTP_CLIENT_AUTO = http_client_new(&options);
    struct digest manifest = digest_of(SLICE("x"));
    assert_true(remote_image(client, &f->allow, &small, &manifest, &layer, 1, &arena, &f->image, &err));
    assert_false(read_layer(f, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "fetch_layer_bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_headers_stay_with_their_origin, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_broken_bodies_are_carried_on, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_a_file_that_changes, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_failures, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_too_large, fixture_new, fixture_free),
    };
    return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
