// One file over HTTP into an unnamed temporary file: conditional, resumed, retried, bounded. Used by fetch.c.
#pragma once

#include "feed/fetch.h"

struct downloader;

// Never NULL. `spool` and `limits` must outlive it.
struct downloader *downloader_new(const char *spool, const struct limits *limits);
void downloader_free(struct downloader **d); // NULL is fine

// Seconds before the second try; each further one waits twice as long.
void downloader_set_first_wait(struct downloader *d, double seconds);

// Told how far a download is, at least once a second while it goes on; `total` 0: the server does not say.
typedef void download_watch_fn(void *context, uint64_t done, uint64_t total);
void downloader_set_watch(struct downloader *d, download_watch_fn *watch, void *context);

// As fetcher_set_stopping().
void downloader_set_stopping(struct downloader *d, fetch_stopping_fn *stopping, void *context);

// As fetch_file().
enum fetch_result download(struct downloader *d, const char *url, struct fetch_validators *validators, struct arena *a,
                           int *file, struct error *err);
