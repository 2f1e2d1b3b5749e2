#include "feed/download.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "http/headers.h"
#include "http/retry.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRIES           4  // in a row that got nowhere
#define MOST_TRIES      40 // at all: a server that gives a little each time is given up too
#define CONNECT_SECONDS 30L
#define SLOW_BYTES      1024L // a second, for limits.feed_slow_seconds: the connection is given up
#define LOOK_SECONDS    0.2   // between two looks whether to stop, while it waits
#define TRY_SECONDS     3600L
#define MOST_REDIRECTS  10L
#define BUFFER_BYTES    (256L * 1024)
#define HEADER_BYTES    (256 * 1024) // of all answers of one try
#define PAGE_BYTES      (64 * 1024)  // of an error's page that is read on, for the sake of the connection
#define VALIDATOR_BYTES 500

struct downloader {
    const char *spool;
    const struct limits *limits;
    CURL *curl;
    double first_wait;
    download_watch_fn *watch;
    void *watch_context;
    fetch_stopping_fn *stopping;
    void *stopping_context;
};

struct downloader *downloader_new(const char *spool, const struct limits *limits)
{
    struct downloader *d = must_alloc(sizeof *d);
    *d = (struct downloader){.spool = spool, .limits = limits, .curl = curl_easy_init(), .first_wait = 1};
    return d;
}

void downloader_free(struct downloader **d)
{
    if (*d == NULL)
        return;
    curl_easy_cleanup((*d)->curl);
    free(*d);
    *d = NULL;
}

void downloader_set_first_wait(struct downloader *d, double seconds)
{
    d->first_wait = seconds;
}

void downloader_set_stopping(struct downloader *d, fetch_stopping_fn *stopping, void *context)
{
    d->stopping = stopping;
    d->stopping_context = context;
}

static bool is_stopping(const struct downloader *d)
{
    return d->stopping != NULL && d->stopping(d->stopping_context);
}

void downloader_set_watch(struct downloader *d, download_watch_fn *watch, void *context)
{
    d->watch = watch;
    d->watch_context = context;
}

// One download, over all its tries.
struct transfer {
    struct downloader *d;
    struct arena *arena;
    int fd;                                  // of the temporary file
    uint64_t size;                           // bytes in it
    struct fetch_validators of_file, of_try; // of the answer that those bytes come from; of this try's answer
    bool strong;                             // those of the file promise the same bytes
    bool resuming;                           // this try asks for the rest
    bool conditional;                        // it asks whether the file has changed
    bool started;                            // its body has
    long status;
    bool has_range;
    struct content_range range;
    struct slice date; // of this try's answer
    size_t header_bytes, page_bytes;
    enum { FAULT_NONE, FAULT_HEADERS, FAULT_LIMIT, FAULT_WRITE, FAULT_RANGE } fault; // why this side broke it off
    int write_errno;
    char reason[CURL_ERROR_SIZE];
};

// ---- an answer ------------------------------------------------------------------------------------------------------

// A validator is sent back some day: what would not fit into a header line is none.
static struct slice validator(struct transfer *t, struct slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < ' ' || value.p[i] > '~')
            return SLICE("");
    return value.n <= VALIDATOR_BYTES ? arena_dup(t->arena, value) : SLICE("");
}

static size_t take_header(char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *t = context;
    struct slice line = slice_of(bytes, size * n), value;
    t->header_bytes += line.n;
    if (t->header_bytes > HEADER_BYTES) {
        t->fault = FAULT_HEADERS;
        return 0;
    }
    if (slice_starts(line, SLICE("HTTP/"))) { // a new answer: after a redirect, or "100 Continue"
        t->of_try = (struct fetch_validators){0};
        t->date = SLICE("");
        t->has_range = false;
    } else if (header_line(line, "etag", &value)) {
        t->of_try.etag = validator(t, value);
    } else if (header_line(line, "last-modified", &value)) {
        t->of_try.last_modified = validator(t, value);
    } else if (header_line(line, "date", &value)) {
        t->date = validator(t, value);
    } else if (header_line(line, "content-range", &value)) {
        t->has_range = content_range_parse(value, &t->range);
    }
    return line.n;
}

static bool has_content(const struct transfer *t)
{
    return t->status == 200 || t->status == 206;
}

// Whether the validators promise the same bytes.
static bool names_bytes(const struct fetch_validators *v, struct slice date)
{
    const struct validators all = {v->etag, v->last_modified, date};
    return validators_strong(&all).n != 0;
}

// The first bytes of a body: the rest of what is there, or a new beginning.
static bool start_body(struct transfer *t)
{
    t->started = true;
    curl_easy_getinfo(t->d->curl, CURLINFO_RESPONSE_CODE, &t->status);
    if (t->status == 206) {
        // Nothing but the rest was asked for.
        if (!t->resuming || !t->has_range || t->range.first != t->size)
            t->fault = FAULT_RANGE;
        return t->fault == FAULT_NONE;
    }
    if (t->status != 200)
        return true;
    t->size = 0;
    t->of_file = t->of_try;
    t->strong = names_bytes(&t->of_file, t->date);
    if (ftruncate(t->fd, 0) == 0 && lseek(t->fd, 0, SEEK_SET) == 0)
        return true;
    t->write_errno = errno;
    t->fault = FAULT_WRITE;
    return false;
}

static bool keep(struct transfer *t, struct slice bytes)
{
    if (bytes.n > t->d->limits->feed_bytes || t->size > t->d->limits->feed_bytes - bytes.n) {
        t->fault = FAULT_LIMIT;
        return false;
    }
    while (bytes.n > 0) {
        ssize_t written = write(t->fd, bytes.p, bytes.n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            t->write_errno = errno;
            t->fault = FAULT_WRITE;
            return false;
        }
        t->size += (size_t)written;
        bytes = slice_from(bytes, (size_t)written);
    }
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *t = context;
    if (!t->started && !start_body(t))
        return 0;
    if (has_content(t))
        return keep(t, slice_of(bytes, size * n)) ? size * n : 0;
    t->page_bytes += size * n;
    return t->page_bytes <= PAGE_BYTES ? size * n : 0;
}

// libcurl calls it also when nothing comes. What is not 0 ends the transfer.
static int watch_transfer(void *context, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up)
{
    struct transfer *t = context;
    bool body = t->started && has_content(t) && total > 0 && done >= 0;
    (void)up_total, (void)up;
    // What a resumed try has is behind what was there before.
    uint64_t before = body && t->size > (uint64_t)done ? t->size - (uint64_t)done : 0;
    if (t->d->watch != NULL)
        t->d->watch(t->d->watch_context, t->size, body ? before + (uint64_t)total : 0);
    return is_stopping(t->d);
}

// ---- a request ------------------------------------------------------------------------------------------------------

static void add_header(struct curl_slist **list, struct arena *a, const char *name, struct slice value)
{
    *list = curl_slist_append(*list, arena_printf(a, "%s: %.*s", name, SLICE_ARG(value)).p);
}

static struct curl_slist *request_headers(struct transfer *t, const struct fetch_validators *known)
{
    // Unpacked behind the temporary file, not by libcurl: so its bytes are those that the validators speak of.
    struct curl_slist *list = curl_slist_append(NULL, "Accept-Encoding: gzip, zstd");
    const struct fetch_validators *v = &t->of_file;
    if (t->resuming) {
        add_header(&list, t->arena, "If-Range", v->etag.n != 0 ? v->etag : v->last_modified);
        add_header(&list, t->arena, "Range", arena_printf(t->arena, "bytes=%llu-", (unsigned long long)t->size));
    } else if (known->etag.n != 0) {
        add_header(&list, t->arena, "If-None-Match", known->etag);
    } else if (known->last_modified.n != 0) {
        add_header(&list, t->arena, "If-Modified-Since", known->last_modified);
    }
    return list;
}

static long slow_seconds(const struct limits *limits)
{
    return limits->feed_slow_seconds < TRY_SECONDS ? (long)limits->feed_slow_seconds : TRY_SECONDS;
}

static void set_options(struct transfer *t, const char *url, struct curl_slist *headers)
{
    CURL *c = t->d->curl;
    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    // What was asked for under TLS does not come without it.
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, strncmp(url, "https:", 6) == 0 ? "https" : "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, MOST_REDIRECTS);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "clarion/" CLARION_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, TRY_SECONDS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, slow_seconds(t->d->limits));
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->reason);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    if (t->d->watch != NULL || t->d->stopping != NULL) {
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, watch_transfer);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    }
}

static CURLcode perform(struct transfer *t, const char *url, const struct fetch_validators *known)
{
    t->resuming = t->size > 0 && t->strong;
    t->conditional = !t->resuming && known->etag.n + known->last_modified.n != 0;
    t->started = t->has_range = false;
    t->fault = FAULT_NONE;
    t->status = 0;
    t->header_bytes = t->page_bytes = 0;
    t->reason[0] = '\0';
    struct curl_slist *headers = request_headers(t, known);
    set_options(t, url, headers);
    CURLcode code = curl_easy_perform(t->d->curl);
    curl_easy_getinfo(t->d->curl, CURLINFO_RESPONSE_CODE, &t->status);
    // An empty body never reached take_body.
    if (code == CURLE_OK && !t->started)
        start_body(t);
    curl_easy_setopt(t->d->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(t->d->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    return code;
}

// ---- what came of it ------------------------------------------------------------------------------------------------

enum outcome { DONE, AGAIN, GIVE_UP };

static enum outcome judge_fault(struct transfer *t, struct error *err)
{
    switch (t->fault) {
    case FAULT_LIMIT:
        error_set(err, ERR_LIMIT, "has more than %llu bytes (limit feed_bytes)",
                  (unsigned long long)t->d->limits->feed_bytes);
        return GIVE_UP;
    case FAULT_WRITE:
        errno = t->write_errno;
        error_errno(err, "cannot keep the download in %s", t->d->spool);
        return GIVE_UP;
    case FAULT_HEADERS:
        error_set(err, ERR_NETWORK, "the server's answer has more than %d bytes of header", HEADER_BYTES);
        return GIVE_UP;
    default:
        t->size = 0; // what is there does not go with what is sent
        error_set(err, ERR_NETWORK, "the server sent another part than the one asked for");
        return AGAIN;
    }
}

static enum outcome judge_status(struct transfer *t, struct error *err)
{
    if (t->status == 206 && t->range.total != UINT64_MAX && t->size != t->range.total) {
        error_set(err, ERR_NETWORK, "the server sent %llu of %llu bytes", (unsigned long long)t->size,
                  (unsigned long long)t->range.total);
        return AGAIN;
    }
    if (has_content(t) || (t->status == 304 && t->conditional) || t->status == 404 || t->status == 410)
        return DONE;
    error_set(err, ERR_NETWORK, "the server answered %ld%s", t->status,
              t->status == 304 ? " to a request without a condition" : "");
    if (t->status == 416) // what is there is no part of the file any more
        t->size = 0;
    return t->status == 408 || t->status == 416 || t->status == 429 || t->status >= 500 ? AGAIN : GIVE_UP;
}

static enum outcome judge(struct transfer *t, CURLcode code, struct error *err)
{
    if (is_stopping(t->d)) {
        error_set(err, ERR_REFUSED, "broken off, since the program stops");
        return GIVE_UP;
    }
    if (t->fault != FAULT_NONE)
        return judge_fault(t, err);
    bool long_page = code == CURLE_WRITE_ERROR && !has_content(t);
    if (code == CURLE_OK || long_page)
        return judge_status(t, err);
    error_set(err, ERR_NETWORK, "%s%s", t->reason[0] != '\0' ? t->reason : curl_easy_strerror(code),
              strstr(t->reason, "too slow") != NULL ? " (limit feed_slow_seconds)" : "");
    bool final = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
                 code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_PEER_FAILED_VERIFICATION;
    return final ? GIVE_UP : AGAIN;
}

static void wait_before(struct transfer *t, unsigned try)
{
    curl_off_t wanted = 0; // Retry-After, as seconds whichever way it is written
    if (curl_easy_getinfo(t->d->curl, CURLINFO_RETRY_AFTER, &wanted) != CURLE_OK || wanted < 0)
        wanted = 0;
    double end = clock_monotonic() + retry_seconds(t->d->first_wait, try, (double)wanted);
    for (double left; !is_stopping(t->d) && (left = end - clock_monotonic()) > 0;)
        retry_sleep(left < LOOK_SECONDS ? left : LOOK_SECONDS);
}

static enum fetch_result finish(struct transfer *t, struct fetch_validators *validators, int *file, struct error *err)
{
    if (t->status == 304)
        return FETCH_UNCHANGED;
    if (!has_content(t)) {
        error_set(err, ERR_NOT_FOUND, "the server answered %ld", t->status);
        return FETCH_ABSENT;
    }
    if (lseek(t->fd, 0, SEEK_SET) < 0) {
        error_errno(err, "cannot rewind");
        return FETCH_FAILED;
    }
    *validators = t->of_file;
    *file = t->fd;
    t->fd = -1;
    return FETCH_OK;
}

enum fetch_result download(struct downloader *d, const char *url, struct fetch_validators *validators, struct arena *a,
                           int *file, struct error *err)
{
    struct transfer t = {.d = d, .arena = a, .fd = fd_temporary(d->spool, err)};
    enum fetch_result result = FETCH_FAILED;
    enum outcome outcome = t.fd >= 0 ? AGAIN : GIVE_UP;
    int tries = 0, in_vain = 0;
    while (outcome == AGAIN && in_vain < TRIES && tries < MOST_TRIES) {
        if (tries++ != 0)
            wait_before(&t, in_vain > 0 ? (unsigned)in_vain : 1);
        uint64_t before = t.size;
        CURLcode code = perform(&t, url, validators);
        outcome = judge(&t, code, err);
        // A download that gets on is carried on as long as it does; one that does not, TRIES times.
        in_vain = t.resuming && t.size > before + before / 8 ? 0 : in_vain + 1;
        if (outcome == AGAIN)
            log_info("try %d: %s", tries, err->text);
    }
    if (outcome == DONE)
        result = finish(&t, validators, file, err);
    fd_close(&t.fd);
    if (result == FETCH_FAILED && tries > 1)
        error_wrap(err, "after %d tries", tries);
    return result;
}
