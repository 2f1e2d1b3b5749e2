// Fetching one file: https, http, or a folder that mirrors them; conditional, resumed, retried, bounded.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/reader.h"

// What the upstream said of a file when it was last read, to ask whether it has changed.
struct fetch_validators {
    struct slice etag;          // with its quotes
    struct slice last_modified; // as sent
};

enum fetch_result { FETCH_OK, FETCH_UNCHANGED, FETCH_ABSENT, FETCH_FAILED };

struct feed_place;
struct fetcher;

// `mirror` as in struct update_options. `spool` is a folder for unnamed temporary files (O_TMPFILE): a download is
// complete before it is parsed, so that a body cut short never reaches a parser. Keeps connections alive. Never NULL.
struct fetcher *fetcher_new(const char *mirror, const char *spool, const struct limits *limits);
void fetcher_free(struct fetcher **f);

// What is to be fetched elsewhere, as in struct update_options; must live as long.
void fetcher_set_places(struct fetcher *f, const struct feed_place *places, size_t n);

// Told how far a file is, in bytes: first of its download, then, `reading`, of what its parser has taken of it. `total`
// 0: nobody knows. `context` must live as long. NULL: nobody is told.
typedef void fetch_watch_fn(void *context, const char *url, bool reading, uint64_t done, uint64_t total);
void fetcher_set_watch(struct fetcher *f, fetch_watch_fn *watch, void *context);

// Asked often, at least each second: from a true on whatever is fetched fails with ERR_REFUSED. NULL: nobody is asked.
typedef bool fetch_stopping_fn(void *context);
void fetcher_set_stopping(struct fetcher *f, fetch_stopping_fn *stopping, void *context);

// Fetches `url`. With FETCH_OK: `*body` reads the bytes, unpacked when the file is gzip, bzip2, xz or zstd (told by its
// first bytes), and `validators` are replaced by the new ones, in the arena. FETCH_FAILED fills `err`: URL, status or
// reason, and how often it was tried. Retries on connection errors, 429 and 5xx (obeying Retry-After up to a bound),
// and resumes a body that broke off with a range request when the server has validators.
enum fetch_result fetch(struct fetcher *f, const char *url, struct fetch_validators *validators, struct arena *a,
                        struct reader **body, struct error *err);

// The same, but as it was sent: `*file` is a descriptor at the beginning of the file, for the caller to close.
enum fetch_result fetch_file(struct fetcher *f, const char *url, struct fetch_validators *validators, struct arena *a,
                             int *file, struct error *err);

// Seconds before the second try (1 unless set); each further one waits twice as long. For tests.
void fetch_set_first_wait(struct fetcher *f, double seconds);
