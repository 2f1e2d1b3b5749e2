// Fetching, from a server that answers each request with the next bytes of a script, right or wrong, and from a folder.
#include "feed/feed.h"
#include "feed/fetch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

#define URL       "https://feeds.example/a/file.json"
#define MOST_SENT 16

struct fixture {
    char folder[64];
    struct limits limits;
    struct arena arena;
    struct fetch_validators validators;
    struct error err;
    struct buf body;
    const struct feed_place *places;
    size_t places_n;
    const char *login; // before the server's address
    double seconds;    // that the last fetch took
    // The script: what is sent in answer to each request, byte by byte with a pause where that is wanted.
    struct slice sent[MOST_SENT];
    size_t sent_n;
    size_t trickled; // the number of the answer that is sent slowly, from 1
    // What was asked.
    struct buf asked;
};

static int fixture_new(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/clarion-test-XXXXXX");
    f->limits = limits_default();
    f->login = "";
    *state = f;
    return mkdtemp(f->folder) != NULL ? 0 : -1;
}

static int fixture_free(void **state)
{
    struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    arena_free(&f->arena);
    buf_free(&f->body);
    buf_free(&f->asked);
    free(f);
    return system(command);
}

// ---- the server -----------------------------------------------------------------------------------------------------

static void answer(struct fixture *f, struct slice bytes)
{
    assert_true(f->sent_n < MOST_SENT);
    f->sent[f->sent_n++] = bytes;
}
#define ANSWER(f, text) answer((f), SLICE(text))

static void serve_one(const struct fixture *f, int client, int log, size_t i)
{
    char byte;
    struct buf request BUF_AUTO = {0};
    struct error err;
    while (!slice_ends(buf_slice(&request), SLICE("\r\n\r\n")) && read(client, &byte, 1) == 1)
        buf_addc(&request, byte);
    fd_write_all(log, buf_slice(&request), &err);
    struct slice bytes = f->sent[i];
    if (i + 1 == f->trickled) {
        while (bytes.n != 0 && fd_write_all(client, slice_of(bytes.p, 1), &err)) {
            bytes = slice_from(bytes, 1);
            usleep(50000);
        }
        return;
    }
    // The rest of a connection is thrown away by neither side: the client reads all of it, then sees the end.
    fd_write_all(client, bytes, &err);
    shutdown(client, SHUT_WR);
    while (read(client, &byte, 1) > 0) {
    }
}

static void serve(const struct fixture *f, int listener, int log)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < f->sent_n; i++) {
        int client FD_AUTO = accept(listener, NULL, NULL);
        if (client >= 0)
            serve_one(f, client, log, i);
    }
    _exit(0);
}

static int listen_somewhere(int *port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    assert_true(listener >= 0 && bind(listener, (struct sockaddr *)&at, n) == 0 && listen(listener, 8) == 0 &&
                getsockname(listener, (struct sockaddr *)&at, &n) == 0);
    *port = ntohs(at.sin_port);
    return listener;
}

// ---- fetching -------------------------------------------------------------------------------------------------------

static enum fetch_result fetch_from(struct fixture *f, const char *mirror, const char *url)
{
    struct fetcher *fetcher = fetcher_new(mirror, f->folder, &f->limits);
    struct reader *body READER_AUTO = NULL;
    f->err = (struct error){0};
    f->body.n = 0;
    fetch_set_first_wait(fetcher, 0.001);
    fetcher_set_places(fetcher, f->places, f->places_n);
    double start = clock_monotonic();
    enum fetch_result result = fetch(fetcher, url, &f->validators, &f->arena, &body, &f->err);
    f->seconds = clock_monotonic() - start;
    assert_int_equal(result == FETCH_OK, body != NULL);
    if (body != NULL && !reader_read_all(body, &f->body, MIB, "the body", &f->err))
        fail_msg("%s", f->err.text);
    fetcher_free(&fetcher);
    return result;
}

// A URL is fetched elsewhere by the longest beginning that has a place, before any mirror; what is not there is not
// looked for at the upstream.
static void test_other_places(void **state)
{
    struct fixture *f = *state;
    struct error err;
    const char *home = arena_printf(&f->arena, "%s/places", f->folder).p;
    const struct feed_place places[] = {
        {SLICE("https://a.example/"), arena_printf(&f->arena, "%s/", home)},
        {SLICE("https://a.example/one/file.json"), arena_printf(&f->arena, "file://%s/other", home)},
    };
    assert_true(mkdir(home, 0700) == 0 && mkdir(arena_printf(&f->arena, "%s/one", home).p, 0700) == 0);
    static const char *const files[] = {"other", "one/second.json", "index.html", "a b"};
    for (size_t i = 0; i < 4; i++)
        assert_true(file_write_atomic(arena_printf(&f->arena, "%s/%s", home, files[i]).p, slice_str(files[i]), &err));
    static const struct {
        const char *url;
        enum fetch_result result;
        const char *body;
    } cases[] = {
        {"https://a.example/one/file.json", FETCH_OK, "other"},
        {"https://a.example/one/second.json", FETCH_OK, "one/second.json"},
        {"https://a.example/", FETCH_OK, "index.html"},
        {"https://a.example/a%20b", FETCH_OK, "a b"},
        {"https://a.example/none", FETCH_ABSENT, ""},
        {"https://a.example/one/../other", FETCH_FAILED, ""},
        {"https://b.example/one", FETCH_FAILED, ""}, // at the mirror, which is no folder
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f->validators = (struct fetch_validators){0};
        f->places = places;
        f->places_n = 2;
        assert_int_equal(fetch_from(f, "/does/not/exist", cases[i].url), cases[i].result);
        assert_true(slice_eq(buf_slice(&f->body), slice_str(cases[i].body)));
    }
}

// As users write them.
static void test_places_are_checked(void **state)
{
    static const struct {
        const char *text, *from, *to; // from NULL: not one
    } cases[] = {
        {"kev=http://m/kev.json", NULL, "http://m/kev.json"},
        {"https://a/=/srv/a=b", "https://a/", "/srv/a=b"},
        {"https://a/=file:///srv", "https://a/", "file:///srv"},
        {"nothing=http://m/", NULL, NULL},
        {"kev", NULL, NULL},
        {"kev=", NULL, NULL},
        {"kev=srv/a", NULL, NULL},
        {"kev=ftp://m/", NULL, NULL},
        {"kev=https://", NULL, NULL},
        {"=http://m/", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct feed_place place;
        struct error err = {0};
        assert_int_equal(feed_place_parse(slice_str(cases[i].text), &place, &err), cases[i].to != NULL);
        if (cases[i].to == NULL) {
            assert_int_equal(err.code, ERR_USAGE);
            continue;
        }
        const char *from = cases[i].from != NULL ? cases[i].from : feed_named(SLICE("kev"))->url;
        assert_true(slice_eq(place.from, slice_str(from)) && slice_eq(place.to, slice_str(cases[i].to)));
    }
}

// Fetches from a server that follows the script, which is then forgotten.
static enum fetch_result fetch_scripted(struct fixture *f)
{
    int port, log FD_AUTO = open(f->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int listener FD_AUTO = listen_somewhere(&port);
    pid_t child = fork();
    if (child == 0)
        serve(f, listener, log);
    fd_close(&listener); // so that requests beyond the script are refused
    enum fetch_result result = fetch_from(f, arena_printf(&f->arena, "http://%s127.0.0.1:%d/", f->login, port).p, URL);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(lseek(log, 0, SEEK_SET), 0);
    struct reader *r READER_AUTO = reader_of_fd(log, false);
    struct error err;
    f->asked.n = 0;
    assert_true(reader_read_all(r, &f->asked, MIB, "the requests", &err));
    f->sent_n = f->trickled = 0;
    return result;
}

static size_t requests(struct fixture *f)
{
    size_t n = 0;
    struct slice rest = buf_slice(&f->asked), line;
    while (slice_next_line(&rest, &line))
        n += slice_starts(line, SLICE("GET "));
    return n;
}

// Whether the request with that number, from 1, has the header line.
static bool asked(struct fixture *f, size_t number, const char *header)
{
    size_t n = 0;
    struct slice rest = buf_slice(&f->asked), line;
    while (slice_next_line(&rest, &line)) {
        n += slice_starts(line, SLICE("GET "));
        if (n == number && slice_starts(line, slice_str(header)))
            return true;
    }
    return false;
}

static void assert_ok(struct fixture *f, const char *body, const char *etag, size_t asked_n)
{
    enum fetch_result result = fetch_scripted(f);
    if (result != FETCH_OK)
        fail_msg("result %d: %s", result, f->err.text);
    if (!slice_eq(buf_slice(&f->body), slice_str(body)))
        fail_msg("\"%.*s\" instead of \"%s\"", SLICE_ARG(buf_slice(&f->body)), body);
    assert_true(slice_eq(f->validators.etag, slice_str(etag)));
    assert_int_equal(requests(f), asked_n);
}

static void assert_failed(struct fixture *f, enum error_code code, const char *text, size_t asked_n)
{
    assert_int_equal(fetch_scripted(f), FETCH_FAILED);
    if (f->err.code != code || strstr(f->err.text, text) == NULL)
        fail_msg("%d \"%s\" instead of \"%s\"", (int)f->err.code, f->err.text, text);
    assert_int_equal(requests(f), asked_n);
}

// ---- answers --------------------------------------------------------------------------------------------------------

#define BUSY            "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
#define FINE            "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 4\r\n\r\nbody"
#define CUT(validators) "HTTP/1.1 200 OK\r\n" validators "Content-Length: 10\r\n\r\n01234"

// ---- what is asked --------------------------------------------------------------------------------------------------

static void test_plain(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nLast-Modified: then\r\nContent-Length: 4\r\n\r\nbody");
    assert_ok(f, "body", "\"1\"", 1);
    assert_true(slice_eq(f->validators.last_modified, SLICE("then")));
    assert_true(asked(f, 1, "GET /feeds.example/a/file.json HTTP/1.1"));
    assert_true(asked(f, 1, "Accept-Encoding: gzip, zstd\r"));
    assert_true(asked(f, 1, "User-Agent: clarion/"));
    assert_false(asked(f, 1, "If-") || asked(f, 1, "Range"));

    ANSWER(f, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    f->validators = (struct fetch_validators){0};
    assert_ok(f, "", "", 1);
    ANSWER(f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\nETag: \"late\"\r\n\r\n");
    assert_ok(f, "body", "", 1);
}

static void test_conditional(void **state)
{
    struct fixture *f = *state;
    f->validators = (struct fetch_validators){SLICE("W/\"1\""), SLICE("then")};
    ANSWER(f, "HTTP/1.1 304 Not Modified\r\nETag: \"other\"\r\n\r\n");
    assert_int_equal(fetch_scripted(f), FETCH_UNCHANGED);
    assert_true(asked(f, 1, "If-None-Match: W/\"1\"\r"));
    assert_false(asked(f, 1, "If-Modified-Since"));
    assert_true(slice_eq(f->validators.etag, SLICE("W/\"1\"")));

    f->validators = (struct fetch_validators){.last_modified = SLICE("then")};
    ANSWER(f, "HTTP/1.1 304 Not Modified\r\n\r\n");
    assert_int_equal(fetch_scripted(f), FETCH_UNCHANGED);
    assert_true(asked(f, 1, "If-Modified-Since: then\r"));

    f->validators = (struct fetch_validators){SLICE("\"1\""), SLICE("then")};
    ANSWER(f, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew");
    assert_ok(f, "new", "", 1); // the former validators do not speak of the new bytes
    assert_int_equal(f->validators.last_modified.n, 0);
}

// "Unchanged" as an answer to somebody who has nothing is a fault.
static void test_unchanged_unasked(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "HTTP/1.1 304 Not Modified\r\n\r\n");
    assert_failed(f, ERR_NETWORK, "the server answered 304 to a request without a condition", 1);
    ANSWER(f, CUT("ETag: \"1\"\r\n")); // nor is it one to a request for the rest
    ANSWER(f, "HTTP/1.1 304 Not Modified\r\n\r\n");
    f->validators.etag = SLICE("\"0\"");
    assert_failed(f, ERR_NETWORK, "the server answered 304 to a request without a condition", 2);
}

// Validators are sent back as they are: what would make another header of it is none.
static void test_odd_validators(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "HTTP/1.1 200 OK\r\nETag: \"a\x01\"\r\nLast-Modified: \xff\r\nContent-Length: 1\r\n\r\n1");
    assert_ok(f, "1", "", 1);
    assert_int_equal(f->validators.last_modified.n, 0);
    struct buf long_one BUF_AUTO = {0};
    buf_adds(&long_one, "HTTP/1.1 200 OK\r\nETag: ");
    for (int i = 0; i < 501; i++)
        buf_addc(&long_one, 'x');
    buf_adds(&long_one, "\r\nContent-Length: 1\r\n\r\n1");
    answer(f, buf_slice(&long_one));
    assert_ok(f, "1", "", 1);
}

// ---- tries ----------------------------------------------------------------------------------------------------------

static void test_statuses(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nsad.");
    assert_int_equal(fetch_scripted(f), FETCH_ABSENT);
    assert_non_null(strstr(f->err.text, "the server answered 404"));
    ANSWER(f, "HTTP/1.1 410 Gone\r\n\r\n");
    assert_int_equal(fetch_scripted(f), FETCH_ABSENT);
    ANSWER(f, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    assert_failed(f, ERR_NETWORK, "the server answered 403", 1);
    ANSWER(f, "HTTP/1.1 204 No Content\r\n\r\n");
    assert_failed(f, ERR_NETWORK, "the server answered 204", 1);
    static const char *const passing[] = {"408", "429", "500", "502", "503", "504"};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        answer(f,
               arena_printf(&f->arena, "HTTP/1.1 %s X\r\nETag: \"page\"\r\nContent-Length: 4\r\n\r\npage", passing[i]));
        ANSWER(f, FINE);
        f->validators = (struct fetch_validators){0};
        assert_ok(f, "body", "\"1\"", 2);
    }
}

static void test_tries_end(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++)
        ANSWER(f, BUSY);
    assert_failed(f, ERR_NETWORK, "feeds.example/a/file.json: after 4 tries: the server answered 503", 4);
    for (int i = 0; i < 5; i++)
        ANSWER(f, "SSH-2.0-OpenSSH_9.2\r\n");
    assert_int_equal(fetch_scripted(f), FETCH_FAILED);
    assert_true(requests(f) <= 4);
    assert_failed(f, ERR_NETWORK, "after 4 tries", 0); // nobody there
}

static void test_retry_after(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "HTTP/1.1 429 Slowly\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
    ANSWER(f, FINE);
    assert_ok(f, "body", "\"1\"", 2);
    assert_true(f->seconds >= 1);
}

// The page of an error is thrown away, however long it is.
static void test_long_error_page(void **state)
{
    struct fixture *f = *state;
    struct buf page BUF_AUTO = {0};
    buf_adds(&page, "HTTP/1.1 503 Busy\r\nContent-Length: 1000000\r\n\r\n");
    while (page.n < 300000)
        buf_adds(&page, "We are sorry. ");
    answer(f, buf_slice(&page));
    ANSWER(f, FINE);
    assert_ok(f, "body", "\"1\"", 2);
}

// ---- a body that breaks off -----------------------------------------------------------------------------------------

static void test_resume(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, CUT("ETag: \"1\"\r\n"));
    ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789");
    assert_ok(f, "0123456789", "\"1\"", 2);
    assert_true(asked(f, 2, "Range: bytes=5-\r"));
    assert_true(asked(f, 2, "If-Range: \"1\"\r"));

    // In pieces, a server error between them.
    ANSWER(f, CUT("ETag: \"1\"\r\n"));
    ANSWER(f, BUSY);
    ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/*\r\nContent-Length: 5\r\n\r\n56");
    ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 7-9/10\r\n\r\n789");
    f->validators = (struct fetch_validators){0};
    assert_ok(f, "0123456789", "\"1\"", 4);
    assert_true(asked(f, 3, "Range: bytes=5-\r") && asked(f, 4, "Range: bytes=7-\r"));
}

static void test_changed_meanwhile(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, CUT("ETag: \"1\"\r\n"));
    ANSWER(f, "HTTP/1.1 200 OK\r\nETag: \"2\"\r\nContent-Length: 3\r\n\r\nnew");
    assert_ok(f, "new", "\"2\"", 2);
    ANSWER(f, CUT("ETag: \"1\"\r\n"));
    ANSWER(f, "HTTP/1.1 404 Not Found\r\n\r\n");
    assert_int_equal(fetch_scripted(f), FETCH_ABSENT);
}

// Without a validator that promises the same bytes it begins anew.
static void test_no_strong_validator(void **state)
{
    struct fixture *f = *state;
    static const char *const weak[] = {
        CUT(""),
        CUT("ETag: W/\"1\"\r\n"),
        CUT("Last-Modified: Tue, 24 Nov 2026 04:45:10 GMT\r\n"),
        CUT("Last-Modified: Tue, 24 Nov 2026 04:45:10 GMT\r\nDate: Tue, 24 Nov 2026 04:45:10 GMT\r\n"),
        CUT("Last-Modified: lately\r\nDate: Tue, 24 Nov 2026 04:45:10 GMT\r\n"),
    };
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        answer(f, slice_str(weak[i]));
        ANSWER(f, FINE);
        f->validators = (struct fetch_validators){0};
        assert_ok(f, "body", "\"1\"", 2);
        assert_false(asked(f, 2, "Range") || asked(f, 2, "If-"));
    }
    f->validators = (struct fetch_validators){0};
    ANSWER(f, CUT("Last-Modified: Tue, 24 Nov 2026 04:45:10 GMT\r\nDate: Tue, 24 Nov 2026 04:45:11 GMT\r\n"));
    ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789");
    assert_ok(f, "0123456789", "", 2);
    assert_true(asked(f, 2, "If-Range: Tue, 24 Nov 2026 04:45:10 GMT\r"));
}

// Another part than the one asked for is not put behind the one that is there.
static void test_wrong_part(void **state)
{
    struct fixture *f = *state;
    static const char *const parts[] = {
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789",
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 9-5/10\r\nContent-Length: 5\r\n\r\n56789",
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-10/10\r\nContent-Length: 5\r\n\r\n56789",
        "HTTP/1.1 206 Part\r\nContent-Range: lines 5-9/10\r\nContent-Length: 5\r\n\r\n56789",
        "HTTP/1.1 206 Part\r\nContent-Length: 5\r\n\r\n56789",
        "HTTP/1.1 206 Part\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 416 No\r\nContent-Range: bytes */3\r\nContent-Length: 0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ANSWER(f, CUT("ETag: \"1\"\r\n"));
        answer(f, slice_str(parts[i]));
        ANSWER(f, FINE);
        f->validators = (struct fetch_validators){0};
        assert_ok(f, "body", "\"1\"", 3);
        assert_false(asked(f, 3, "Range"));
    }
    for (int i = 0; i < 4; i++) // and a part when the whole was asked for
        ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-3/4\r\nContent-Length: 4\r\n\r\nbody");
    assert_failed(f, ERR_NETWORK, "after 4 tries: the server sent another part", 4);
}

static void test_wrong_length(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++)
        ANSWER(f, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nless than that");
    assert_failed(f, ERR_NETWORK, "after 4 tries", 4);
    ANSWER(f, CUT("ETag: \"1\"\r\n"));
    ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-7/10\r\nContent-Length: 3\r\n\r\n567"); // less than all
    ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 8-9/10\r\nContent-Length: 2\r\n\r\n89");
    f->validators = (struct fetch_validators){0};
    assert_ok(f, "0123456789", "\"1\"", 3);
    // More than it says: what it says counts, and the parser has the last word.
    ANSWER(f, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody and more");
    assert_ok(f, "body", "", 1);
}

// A byte now and then is no download.
static void test_trickle(void **state)
{
    struct fixture *f = *state;
    f->limits.feed_slow_seconds = 1;
    ANSWER(f,
           "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n..........................................................."
           "...........................................................................................");
    f->trickled = 1;
    ANSWER(f, FINE);
    assert_ok(f, "body", "\"1\"", 2);
    assert_true(f->seconds > 0.5 && f->seconds < 6);
}

// ---- redirects ------------------------------------------------------------------------------------------------------

// Every answer has a connection of its own, and a client that is not told may send the next request on the old one.
#define CLOSING "Connection: close\r\n"

static void test_redirects(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "HTTP/1.1 302 Over there\r\nLocation: /other\r\nETag: \"redirect\"\r\n" CLOSING
              "Content-Length: 2\r\n\r\nhi");
    ANSWER(f, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
    assert_ok(f, "body", "", 2);
    assert_true(asked(f, 2, "GET /other "));

    for (int i = 0; i < 15; i++)
        ANSWER(f, "HTTP/1.1 302 Here\r\nLocation: /feeds.example/a/file.json\r\n" CLOSING "Content-Length: 0\r\n\r\n");
    assert_failed(f, ERR_NETWORK, "redirects", 11);

    static const char *const elsewhere[] = {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        answer(f, arena_printf(&f->arena, "HTTP/1.1 302 There\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                               elsewhere[i]));
        assert_failed(f, ERR_NETWORK, "rotocol", 1);
    }
}

// ---- bounds ---------------------------------------------------------------------------------------------------------

static void test_too_large(void **state)
{
    struct fixture *f = *state;
    f->limits.feed_bytes = 4;
    ANSWER(f, FINE);
    assert_ok(f, "body", "\"1\"", 1);
    ANSWER(f, "HTTP/1.1 200 OK\r\n\r\nbody.");
    assert_failed(f, ERR_LIMIT, "more than 4 bytes (limit feed_bytes)", 1);
    f->limits.feed_bytes = 7; // also in parts
    ANSWER(f, CUT("ETag: \"1\"\r\n"));
    ANSWER(f, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789");
    assert_failed(f, ERR_LIMIT, "more than 7 bytes (limit feed_bytes)", 2);
}

static void test_many_headers(void **state)
{
    struct fixture *f = *state;
    struct buf many BUF_AUTO = {0};
    buf_adds(&many, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 300; i++)
        buf_addf(&many, "X-%d: %01000d\r\n", i, i);
    buf_adds(&many, "Content-Length: 4\r\n\r\nbody");
    answer(f, buf_slice(&many));
    assert_failed(f, ERR_NETWORK, "more than 262144 bytes of header", 1);
}

static void test_packed(void **state)
{
    struct fixture *f = *state;
    char gz[512];
    struct isal_zstream s;
    isal_deflate_init(&s);
    s.gzip_flag = IGZIP_GZIP;
    s.end_of_stream = 1;
    s.next_in = (uint8_t *)(uintptr_t) "body";
    s.avail_in = 4;
    s.next_out = (uint8_t *)gz;
    s.avail_out = sizeof gz;
    assert_int_equal(isal_deflate(&s), COMP_OK);
    static const char *const how[] = {"Content-Encoding: gzip", "Content-Type: application/gzip"};
    for (size_t i = 0; i < 2; i++) {
        struct buf packed BUF_AUTO = {0};
        buf_addf(&packed, "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %u\r\n\r\n", how[i], s.total_out);
        buf_add(&packed, slice_of(gz, s.total_out));
        answer(f, buf_slice(&packed));
        assert_ok(f, "body", "", 1);
    }
}

static void test_no_password_in_errors(void **state)
{
    struct fixture *f = *state;
    f->login = "somebody:secret@";
    ANSWER(f, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    assert_failed(f, ERR_NETWORK, "http://127.0.0.1:", 1);
    assert_true(asked(f, 1, "Authorization: Basic "));
    assert_null(strstr(f->err.text, "secret"));
    assert_null(strstr(f->err.text, "somebody"));
}

static void test_spool_that_is_not_there(void **state)
{
    struct fixture *f = *state;
    struct fetcher *fetcher = fetcher_new(NULL, "/nonexistent/folder", &f->limits);
    struct reader *body = NULL;
    assert_int_equal(fetch(fetcher, URL, &f->validators, &f->arena, &body, &f->err), FETCH_FAILED);
    assert_int_equal(f->err.code, ERR_IO);
    fetcher_free(&fetcher);
}

// ---- a folder -------------------------------------------------------------------------------------------------------

static void put(struct fixture *f, const char *text)
{
    struct error err;
    assert_true(dir_make(arena_printf(&f->arena, "%s/m/feeds.example/a", f->folder).p, &err));
    assert_true(file_write_atomic(arena_printf(&f->arena, "%s/m/feeds.example/a/file.json", f->folder).p,
                                  slice_str(text), &err));
}

static void test_folder(void **state)
{
    struct fixture *f = *state;
    put(f, "one");
    const char *const mirrors[] = {arena_printf(&f->arena, "%s/m", f->folder).p,
                                   arena_printf(&f->arena, "%s/m///", f->folder).p,
                                   arena_printf(&f->arena, "file://%s/m", f->folder).p};
    for (size_t i = 0; i < 3; i++) {
        f->validators = (struct fetch_validators){0};
        assert_int_equal(fetch_from(f, mirrors[i], URL), FETCH_OK);
        assert_true(slice_eq(buf_slice(&f->body), SLICE("one")));
        assert_true(slice_starts(f->validators.etag, SLICE("\"sha256:")));
        assert_int_equal(fetch_from(f, mirrors[i], URL), FETCH_UNCHANGED);
    }
    put(f, "two");
    assert_int_equal(fetch_from(f, mirrors[0], URL), FETCH_OK);
    assert_int_equal(fetch_from(f, mirrors[0], "https://feeds.example/a/other.json"), FETCH_ABSENT);
    assert_int_equal(fetch_from(f, mirrors[0], "https://feeds.example/a/file.json/x"), FETCH_ABSENT);
}

static void test_folder_faults(void **state)
{
    struct fixture *f = *state;
    const char *mirror = arena_printf(&f->arena, "%s/m", f->folder).p;
    assert_int_equal(fetch_from(f, mirror, URL), FETCH_FAILED);
    assert_non_null(strstr(f->err.text, "is no folder"));
    put(f, "one");
    assert_int_equal(fetch_from(f, mirror, "https://feeds.example/a/../../../x"), FETCH_FAILED);
    assert_non_null(strstr(f->err.text, "leads out of the mirror"));
    assert_int_equal(fetch_from(f, mirror, "https://feeds.example/a"), FETCH_FAILED);
    assert_int_equal(mkfifo(arena_printf(&f->arena, "%s/m/feeds.example/a/pipe", f->folder).p, 0600), 0);
    assert_int_equal(fetch_from(f, mirror, "https://feeds.example/a/pipe"), FETCH_FAILED);
    f->limits.feed_bytes = 2;
    assert_int_equal(fetch_from(f, mirror, URL), FETCH_FAILED);
    assert_int_equal(f->err.code, ERR_LIMIT);
    assert_non_null(strstr(f->err.text, "feed_bytes"));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_new, fixture_free)
    const struct CMUnitTest tests[] = {
        TEST(test_plain),
        TEST(test_conditional),
        TEST(test_unchanged_unasked),
        TEST(test_odd_validators),
        TEST(test_statuses),
        TEST(test_tries_end),
        TEST(test_retry_after),
        TEST(test_long_error_page),
        TEST(test_resume),
        TEST(test_changed_meanwhile),
        TEST(test_no_strong_validator),
        TEST(test_wrong_part),
        TEST(test_wrong_length),
        TEST(test_trickle),
        TEST(test_redirects),
        TEST(test_too_large),
        TEST(test_many_headers),
        TEST(test_packed),
        TEST(test_no_password_in_errors),
        TEST(test_spool_that_is_not_there),
        TEST(test_folder),
        TEST(test_folder_faults),
        TEST(test_other_places),
        cmocka_unit_test(test_places_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
